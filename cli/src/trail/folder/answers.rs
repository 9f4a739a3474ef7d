//! What was asked and refused, or not done when it was due, over all bundles of a folder.
//!
//! Guarantees that a step is called due and not made only where the verdict says so of a bundle in which nothing is missing,
//! and never if any authentic bundle of its trail shows it made; that every row says on whose word both of its times rest;
//! that what stands in two bundles is one row; and that no bundle that is not authentic counts. No value is in it. [CLI-100]

mod case;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uput_core::time::Span;
use uput_core::verdict::{Report, YesNo};

use self::case::Case;
use crate::label;
use crate::moment;
use crate::output::Page;

/// A time, whose word it is, and by when witnesses show that what it is of was there.
#[derive(Clone, PartialEq, Eq, Serialize)]
struct Stamp {
    time: u64,
    by: String,
    proven: Option<u64>,
}

/// What became of something that was asked. [CLI-128]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum CameTo {
    /// What is here has gaps: the step may be what is missing.
    SomethingMissing,
    /// It was not made, and whether it was due is in doubt.
    InDoubt,
    /// It was due and not made.
    NotMade,
    /// The receiver answered by telephone, as the asking party says.
    ByTelephone,
    /// The trail was ended before the step was made.
    Ended,
    /// The receiver said no.
    Refused,
}

/// A request that was refused, or a step that was not made.
#[derive(Clone, Serialize)]
pub(super) struct Answer {
    trail: String,
    asked_by: String,
    asked_of: String,
    act: String,
    asked: Stamp,
    came_to: CameTo,
    /// The timer of a step that was not made; none of a refusal.
    timer: Option<String>,
    /// The kind and code of what came: a refusal, an ending, a telephone call.
    kind: Option<String>,
    code: Option<String>,
    /// That event.
    event: Option<String>,
    /// From when the length is counted, and when that came, or until when nothing had.
    since: Option<Stamp>,
    until: Option<Stamp>,
    /// From the one to the other; none where the second claims to be before the first.
    seconds: Option<u64>,
    /// Whose word both times are, and what the verdict says of it.
    rests_on: String,
    files: Vec<String>,
    /// Whether it rests on what the silent party admits, or its log proves.
    #[serde(skip)]
    sure: bool,
}

/// A step: its trail, its timer, the event that started it.
pub(super) type Step = (String, String, String);

/// What one bundle, or many, show.
#[derive(Default)]
pub(super) struct Answers {
    refused: BTreeMap<(String, String), Answer>,
    steps: BTreeMap<Step, Answer>,
    missing: BTreeMap<Step, Answer>,
    made: BTreeSet<Step>,
}

impl Answers {
    /// Of one report.
    pub(super) fn of(file: &str, report: &Report) -> Self {
        let mut answers = Self::default();
        let case = if report.authentic == YesNo::Yes { Case::of(file, report) } else { None };
        let Some(case) = case else { return answers };
        for (event, row) in case.refusals() {
            answers.refused.insert((case.trail.to_owned(), event), row);
        }
        for deadline in case.awaited() {
            let step = (case.trail.to_owned(), deadline.timer.clone(), deadline.from.clone());
            if deadline.met.is_some() {
                answers.made.insert(step);
            } else if let Some(row) = case.row(deadline) {
                let rows =
                    if row.came_to == CameTo::SomethingMissing { &mut answers.missing } else { &mut answers.steps };
                rows.insert(step, row);
            }
        }
        if let Some(row) = case.without_agreement() {
            answers.missing.insert((case.trail.to_owned(), String::new(), String::new()), row);
        }
        answers
    }

    /// Takes those of another bundle.
    pub(super) fn add(&mut self, other: Self) {
        join(&mut self.refused, other.refused);
        join(&mut self.steps, other.steps);
        join(&mut self.missing, other.missing);
        self.made.extend(other.made);
    }

    /// In the order in which they were asked.
    pub(super) fn rows(self) -> Vec<Answer> {
        let Self { refused, steps, missing, made } = self;
        let open = steps.into_iter().chain(missing).filter(|(step, _)| !made.contains(step)).map(|(_, row)| row);
        let mut rows: Vec<Answer> = refused.into_values().chain(open).collect();
        rows.sort_by(|one, two| one.place().cmp(&two.place()));
        rows
    }
}

fn join<K: Ord>(own: &mut BTreeMap<K, Answer>, other: BTreeMap<K, Answer>) {
    for (key, row) in other {
        match own.get_mut(&key) {
            Some(known) => known.join(row),
            None => drop(own.insert(key, row)),
        }
    }
}

impl Answer {
    /// What another bundle says of the same: what is proven or admitted before what is a word, then what is known better,
    /// and then what reaches further.
    fn join(&mut self, other: Self) {
        let mut files = std::mem::take(&mut self.files);
        files.extend(other.files.iter().cloned());
        if other.rank() > self.rank() {
            *self = other;
        }
        files.sort_unstable();
        files.dedup();
        self.files = files;
    }

    fn rank(&self) -> (bool, CameTo, bool, u64, &str) {
        let until = self.until.as_ref();
        let proven = until.is_some_and(|stamp| stamp.proven.is_some());
        (self.sure, self.came_to, proven, until.map_or(0, |stamp| stamp.time), &self.rests_on)
    }

    fn place(&self) -> (u64, &str, u64, CameTo, Option<&str>, Option<&str>) {
        let until = self.until.as_ref().map_or(0, |stamp| stamp.time);
        (self.asked.time, &self.trail, until, self.came_to, self.timer.as_deref(), self.event.as_deref())
    }

    fn cells(&self) -> [String; 7] {
        let there = self.asked.proven.map(|time| format!(", there by {}", moment::local(time)));
        [
            moment::local(self.asked.time) + &there.unwrap_or_default(),
            self.asked_of.clone(),
            self.what(),
            self.until.as_ref().map_or_else(String::new, |stamp| moment::local(stamp.time)),
            self.seconds.map_or_else(String::new, |seconds| Span(seconds).to_string()),
            self.rests_on.clone(),
            self.trail.chars().take(8).collect(),
        ]
    }

    fn what(&self) -> String {
        let said = match (&self.kind, &self.code) {
            (Some(kind), Some(code)) => format!("{}: {}", label::shown("kind", kind), label::detail(kind, code)),
            (Some(kind), None) => label::shown("kind", kind),
            _ => String::new(),
        };
        let timer = self.timer.as_ref().map(|timer| label::shown("timer_kind", timer)).unwrap_or_default();
        let by = self.until.as_ref().map(|stamp| stamp.by.as_str()).unwrap_or_default();
        match self.came_to {
            CameTo::Refused => said,
            CameTo::Ended => format!("ended by {by} ({said}); not made: {timer}"),
            CameTo::ByTelephone => format!("{said}, on {by}'s word; not signed: {timer}"),
            CameTo::NotMade => format!("not made: {timer}"),
            CameTo::InDoubt => format!("not made, and it is in doubt whether it was due: {timer}"),
            CameTo::SomethingMissing if timer.is_empty() => String::from("SOMETHING IS MISSING"),
            CameTo::SomethingMissing => format!("SOMETHING IS MISSING; not here: {timer}"),
        }
    }
}

/// The table of them.
pub(super) const HEADING: [&str; 7] =
    ["ASKED", "OF", "CAME TO", "AT, OR UNTIL", "AFTER", "WHAT THAT RESTS ON", "TRAIL"];

/// The sentence above the table.
pub(super) fn sentence(rows: &[Answer]) -> String {
    let count = |what: &[CameTo]| rows.iter().filter(|row| what.contains(&row.came_to)).count();
    let silent = rows.iter().filter(|row| row.came_to == CameTo::NotMade);
    let trails: BTreeSet<&String> = silent.map(|row| &row.trail).collect();
    let mut said = format!(
        "{} refusals, and {} steps in {} trails that were due and not made",
        count(&[CameTo::Refused]),
        count(&[CameTo::NotMade]),
        trails.len()
    );
    for (what, words) in [
        (CameTo::Ended, "that an ending came before"),
        (CameTo::ByTelephone, "in whose place somebody telephoned"),
        (CameTo::InDoubt, "of which it is in doubt whether they were due"),
        (CameTo::SomethingMissing, "that may be what is missing"),
    ] {
        match count(&[what]) {
            0 => {}
            many => said.push_str(&format!("; {many} {words}")),
        }
    }
    said.push_str("; when something was asked is the word of whoever asked, and `there by` what witnesses show");
    said
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
