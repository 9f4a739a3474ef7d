//! Who refused what was asked, and for how long nobody answered, over all bundles of a folder.
//!
//! Guarantees that every row says on whose word each of its times rests, that what stands in two bundles is one row, that a
//! trail which any bundle shows answered is not silent, and that no bundle that is not authentic counts. No value is in it.
//! [CLI-100]

use std::collections::BTreeMap;

use serde::Serialize;
use uput_core::time::Span;
use uput_core::verdict::{Conformance, Deadline, Entry, Report, YesNo};

use crate::label;
use crate::moment;
use crate::output::Page;

/// What a receiver says to a request. [EVT-21]
const ANSWERS: [&str; 7] =
    ["held", "accepted", "partly_accepted", "waitlisted", "declined", "redirected", "misdirected"];
/// Those of them that are a no.
const REFUSALS: [&str; 3] = ["declined", "redirected", "misdirected"];

/// A time, whose word it is, and by when witnesses show that it was said.
#[derive(Clone, Serialize)]
struct Stamp {
    time: u64,
    by: String,
    proven: Option<u64>,
}

/// A request that was refused, or that nobody answered.
#[derive(Clone, Serialize)]
pub(super) struct Answer {
    trail: String,
    asked_by: String,
    asked_of: String,
    act: String,
    asked: Stamp,
    /// `refused` or `no_answer`.
    came_to: &'static str,
    /// The kind and code of a refusal.
    kind: Option<String>,
    code: Option<String>,
    /// The refusal.
    event: Option<String>,
    /// When it was refused, or until when there was no answer.
    until: Stamp,
    /// From the one to the other.
    seconds: u64,
    /// What the second time rests on.
    rests_on: String,
    files: Vec<String>,
    #[serde(skip)]
    weight: u8,
}

/// What one bundle, or many, show.
#[derive(Default)]
pub(super) struct Answers {
    refused: BTreeMap<(u64, String, String), Answer>,
    silent: BTreeMap<String, Answer>,
    answered: BTreeMap<String, ()>,
}

impl Answers {
    /// Of one report.
    pub(super) fn of(file: &str, report: &Report) -> Self {
        let mut answers = Self::default();
        let [opener, peer] = report.completeness.parties.as_slice() else { return answers };
        let opening = report.timeline.iter().find(|entry| entry.kind == "opened" && entry.author == opener.party);
        let (Some(trail), Some(opening), YesNo::Yes) = (&report.trail, opening, report.authentic) else {
            return answers;
        };
        let asked = |until, seconds, rests_on, weight| Answer {
            trail: trail.clone(),
            asked_by: opener.party.name.clone(),
            asked_of: peer.party.name.clone(),
            act: opening.code.clone(),
            asked: stamp(opening),
            came_to: "no_answer",
            kind: None,
            code: None,
            event: None,
            until,
            seconds,
            rests_on,
            files: vec![file.to_owned()],
            weight,
        };
        let said = |entry: &&Entry| entry.author == peer.party && entry.void.is_none();
        for entry in report.timeline.iter().filter(said).filter(|entry| ANSWERS.contains(&entry.kind.as_str())) {
            answers.answered.insert(trail.clone(), ());
            if REFUSALS.contains(&entry.kind.as_str()) {
                let seconds = entry.time.saturating_sub(opening.time);
                let rests_on = format!("{} signed it, and the time is its word", peer.party.name);
                let rests_on = entry.proven.map_or(rests_on, |time| {
                    format!("{} signed it; witnesses show that it was there at {}", peer.party.name, said_at(time))
                });
                let row = Answer {
                    came_to: "refused",
                    kind: Some(entry.kind.clone()),
                    code: Some(entry.code.clone()).filter(|code| !code.is_empty()),
                    event: Some(entry.event.clone()),
                    ..asked(stamp(entry), seconds, rests_on, 0)
                };
                answers.refused.insert((entry.time, trail.clone(), entry.event.clone()), row);
            }
        }
        if answers.answered.is_empty() {
            let (until, rests_on, weight) = silence(report);
            let seconds = until.time.saturating_sub(opening.time);
            answers.silent.insert(trail.clone(), asked(until, seconds, rests_on, weight));
        }
        answers
    }

    /// Takes those of another bundle.
    pub(super) fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        for (key, row) in other.refused {
            match self.refused.get_mut(&key) {
                Some(own) => own.join(row),
                None => drop(self.refused.insert(key, row)),
            }
        }
        for (trail, row) in other.silent {
            match self.silent.get_mut(&trail) {
                Some(own) => own.join(row),
                None => drop(self.silent.insert(trail, row)),
            }
        }
    }

    /// In the order in which they were asked.
    pub(super) fn rows(self) -> Vec<Answer> {
        let Self { refused, silent, answered } = self;
        let silent = silent.into_iter().filter(|(trail, _)| !answered.contains_key(trail)).map(|(_, row)| row);
        let mut rows: Vec<Answer> = refused.into_values().chain(silent).collect();
        rows.sort_by(|one, two| {
            (one.asked.time, &one.trail, one.until.time).cmp(&(two.asked.time, &two.trail, two.until.time))
        });
        rows
    }
}

impl Answer {
    /// What another bundle says of the same: what is proven before what is a word, and then what reaches further.
    fn join(&mut self, other: Self) {
        let mut files = std::mem::take(&mut self.files);
        let rank = |row: &Self| (row.until.proven.is_some(), row.weight, row.until.time);
        files.extend(other.files.iter().cloned());
        if rank(&other) > rank(self) {
            *self = other;
        }
        files.sort_unstable();
        files.dedup();
        self.files = files;
    }

    fn cells(&self) -> [String; 7] {
        let what = match (&self.kind, &self.code) {
            (Some(kind), Some(code)) => format!("{}: {}", label::shown("kind", kind), label::detail(kind, code)),
            (Some(kind), None) => label::shown("kind", kind),
            _ => "no answer".to_owned(),
        };
        let there = self.asked.proven.map(|time| format!(", there by {}", moment::local(time)));
        [
            moment::local(self.asked.time) + &there.unwrap_or_default(),
            self.asked_of.clone(),
            what,
            moment::local(self.until.time),
            Span(self.seconds).to_string(),
            self.rests_on.clone(),
            self.trail.chars().take(8).collect(),
        ]
    }
}

fn stamp(entry: &Entry) -> Stamp {
    Stamp { time: entry.time, by: entry.author.name.clone(), proven: entry.proven }
}

/// Until when nothing had come, on whose word: what a log proves, else what the silent party signed, else the exporter.
fn silence(report: &Report) -> (Stamp, String, u8) {
    let weight = |deadline: &Deadline| match deadline.verdict {
        Some(Conformance::No) if deadline.sentence.ends_with(": proven") => 3,
        Some(Conformance::No) => 2,
        _ => 1,
    };
    let unmet = report.deadlines.iter().filter(|deadline| deadline.done.is_none());
    let late = unmet.filter_map(|deadline| Some((weight(deadline), deadline.due + deadline.late?, deadline)));
    if let Some((weight, time, deadline)) = late.max_by_key(|(weight, time, _)| (*weight, *time)) {
        let stamp = Stamp { time, by: deadline.word.clone(), proven: (weight == 3).then_some(time) };
        return (stamp, deadline.sentence.clone(), weight);
    }
    let exported = report.exported.as_ref();
    let (time, by) = exported.map_or((0, String::new()), |exported| (exported.time, exported.by.name.clone()));
    let rests_on = format!("that nothing had come is the word of {by}");
    (Stamp { time, by, proven: None }, rests_on, 0)
}

fn said_at(time: u64) -> String {
    moment::utc(time).unwrap_or_default()
}

/// The table of them.
pub(super) const HEADING: [&str; 7] =
    ["ASKED", "OF", "CAME TO", "AT, OR UNTIL", "AFTER", "WHAT THAT RESTS ON", "TRAIL"];

/// The sentence above the table.
pub(super) fn sentence(rows: &[Answer]) -> String {
    let refused = rows.iter().filter(|row| row.came_to == "refused").count();
    let silent = rows.len() - refused;
    format!(
        "{refused} refusals, and {silent} requests without an answer; when something was asked is the word of whoever asked, and `there by` what witnesses show"
    )
}

/// The rows for people.
pub(super) fn cells(rows: &[Answer]) -> Vec<[String; 7]> {
    rows.iter().map(Answer::cells).collect()
}

/// Writes them.
pub(super) fn write(rows: &[Answer], page: &mut Page) {
    if rows.is_empty() {
        return;
    }
    page.line("");
    page.line(sentence(rows));
    page.table(HEADING, cells(rows));
}
