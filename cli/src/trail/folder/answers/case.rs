//! One report, as far as it says what was asked and what came of it.
//!
//! Guarantees that what is due, met or ended is what the verdict decided, and that nothing is added to it but an ending of the
//! whole trail, and a telephone call that the asking party reports.

use uput_core::verdict::{Claim, Conformance, Deadline, Entry, Organisation, Outcome, Report, YesNo};

use super::{Answer, CameTo, Stamp};
use crate::moment;

/// Where a step of these is due, somebody waits for the receiver. [TIM-20]
const AWAITED: [&str; 5] = ["deliver", "acknowledge", "answer", "contact", "decision"];
/// Those of them that a call on the telephone can stand for.
const SPOKEN: [&str; 3] = ["deliver", "acknowledge", "answer"];
/// What is a no to what was asked.
const REFUSALS: [&str; 3] = ["declined", "redirected", "misdirected"];
/// Where one of these fails, the step may be what is missing. [BUN-59]
const WHOLE: [&str; 5] = ["BUN-24", "BUN-30", "BUN-31", "BUN-32", "BUN-35"];

/// A report of a trail with both of its parties.
pub(super) struct Case<'a> {
    file: &'a str,
    report: &'a Report,
    pub(super) trail: &'a str,
    opener: &'a Organisation,
    peer: &'a Organisation,
    opening: &'a Entry,
}

impl<'a> Case<'a> {
    pub(super) fn of(file: &'a str, report: &'a Report) -> Option<Self> {
        let [opener, peer] = report.completeness.parties.as_slice() else { return None };
        let (opener, peer) = (&opener.party, &peer.party);
        let opening = report.timeline.iter().find(|entry| entry.kind == "opened" && entry.author == *opener)?;
        Some(Self { file, report, trail: report.trail.as_ref()?, opener, peer, opening })
    }

    /// Each effective no of the receiver, by its event.
    pub(super) fn refusals(&self) -> Vec<(String, Answer)> {
        let said = self.report.timeline.iter().filter(|entry| self.refuses(entry));
        said.map(|entry| (entry.event.clone(), self.refusal(entry))).collect()
    }

    /// What the receiver is waited for.
    pub(super) fn awaited(&self) -> impl Iterator<Item = &'a Deadline> {
        self.report.deadlines.iter().filter(|deadline| AWAITED.contains(&deadline.timer.as_str()))
    }

    /// What became of a step that was not made; none if it is not due.
    pub(super) fn row(&self, deadline: &Deadline) -> Option<Answer> {
        let ending = self.ending(deadline);
        if ending.is_some_and(|entry| self.refuses(entry)) {
            return None;
        }
        let missing: Vec<&str> = self.missing().collect();
        if !missing.is_empty() {
            let due = ending.is_some() || deadline.verdict.is_some();
            return due.then(|| self.gap(Some(deadline), &missing.join(" ")));
        }
        if let Some(entry) = ending {
            return Some(self.ended(deadline, entry));
        }
        match (deadline.late, deadline.verdict, self.call(deadline)) {
            (None, None, _) => None,
            (_, _, Some(call)) => Some(self.telephoned(deadline, call)),
            (Some(_), ..) => Some(self.not_made(deadline, CameTo::NotMade)),
            (None, Some(_), None) => Some(self.not_made(deadline, CameTo::InDoubt)),
        }
    }

    /// What was due its agreement says; where that is not here, nobody is called silent, and not because somebody answered.
    pub(super) fn without_agreement(&self) -> Option<Answer> {
        let asked = self.report.standing.as_ref().is_some_and(|standing| standing.headline == "asked");
        let unknown = self.report.agreement.is_none() && asked;
        unknown
            .then(|| self.gap(None, "the agreement is not here or not accepted, and says what was due: BUN-45 BUN-46"))
    }

    fn refuses(&self, entry: &Entry) -> bool {
        entry.author == *self.peer && entry.void.is_none() && REFUSALS.contains(&entry.kind.as_str())
    }

    fn missing(&self) -> impl Iterator<Item = &'static str> {
        let failed = self.report.checks.iter().filter(|check| check.outcome == Outcome::Failed);
        failed.map(|check| check.requirement).filter(|requirement| WHOLE.contains(requirement))
    }

    fn entry(&self, event: &str) -> Option<&'a Entry> {
        self.report.timeline.iter().find(|entry| entry.event == event)
    }

    /// The event that ended a timer; of one that no ending stops, the first that ended the trail. [BUN-120] [BUN-121]
    fn ending(&self, deadline: &Deadline) -> Option<&'a Entry> {
        if let Some(event) = &deadline.ended {
            return self.entry(event);
        }
        let standing = self.report.standing.as_ref().filter(|_| deadline.timer == "deliver")?;
        let open = deadline.done.is_none() && deadline.proven.is_none();
        self.report.timeline.iter().find(|entry| open && standing.ended_by.contains(&entry.event))
    }

    /// The last call of the asking party, in which the receiver said yes or no, after what it is waited for was said.
    fn call(&self, deadline: &Deadline) -> Option<&'a Entry> {
        if !SPOKEN.contains(&deadline.timer.as_str()) {
            return None;
        }
        let start = self.entry(&deadline.from)?;
        let said = if start.kind == "delivered" { start.names.as_deref()? } else { start.event.as_str() };
        let after = self.report.timeline.iter().skip_while(|entry| entry.event != said);
        let calls =
            after.filter(|entry| entry.kind == "phoned" && entry.author == *self.opener && entry.void.is_none());
        calls.filter(|entry| ["yes", "no"].contains(&entry.code.as_str())).last()
    }

    fn refusal(&self, entry: &Entry) -> Answer {
        let met = self
            .report
            .deadlines
            .iter()
            .find(|deadline| deadline.timer == "answer" && deadline.met.as_ref() == Some(&entry.event));
        let since = met.map_or_else(|| stamp(self.opening), |deadline| self.began(deadline));
        let peer = &self.peer.name;
        let row = self.between(since, stamp(entry), format!("{peer} signed its no"));
        Answer { came_to: CameTo::Refused, ..row.said(entry) }
    }

    fn ended(&self, deadline: &Deadline, entry: &Entry) -> Answer {
        let what = match deadline.ended {
            Some(_) => deadline.sentence.clone(),
            None => format!("{} ended the trail, which asks for nothing any more", entry.author.name),
        };
        let row = self.between(self.began(deadline), stamp(entry), self.by_agreement(what));
        self.of_step(Answer { came_to: CameTo::Ended, ..row.said(entry) }, deadline)
    }

    fn telephoned(&self, deadline: &Deadline, call: &Entry) -> Answer {
        let named = format!("(event {})", call.event);
        let said = self.report.words.iter().find(|sentence| sentence.contains(&named)).map_or("", String::as_str);
        let what = self.by_agreement(format!("{said} {}", deadline.sentence));
        let row = self.between(self.began(deadline), stamp(call), what);
        self.of_step(Answer { came_to: CameTo::ByTelephone, ..row.said(call) }, deadline)
    }

    fn not_made(&self, deadline: &Deadline, came_to: CameTo) -> Answer {
        let what = self.by_agreement(deadline.sentence.clone());
        let row = match (&deadline.proven, &deadline.until) {
            (Some(proven), _) => {
                let name = &deadline.owed_by.name;
                let until = Stamp {
                    by: format!("witnesses of {name}'s log"),
                    proven: Some(proven.until.time),
                    ..claimed(&proven.until)
                };
                self.between(claimed(&proven.since), until, what)
            }
            (None, Some(until)) => self.between(self.began(deadline), claimed(until), what),
            (None, None) => self.blank(what),
        };
        self.of_step(Answer { came_to, ..row }, deadline)
    }

    fn gap(&self, deadline: Option<&Deadline>, why: &str) -> Answer {
        let by = self.report.exported.as_ref().map(|exported| exported.by.name.as_str()).unwrap_or_default();
        let row = self.blank(format!("what {by} exported has gaps, and nobody is called silent by it: {why}"));
        deadline.map_or_else(|| row.clone(), |deadline| self.of_step(row.clone(), deadline))
    }

    fn of_step(&self, row: Answer, deadline: &Deadline) -> Answer {
        let sure = deadline.verdict == Some(Conformance::No) && row.came_to != CameTo::SomethingMissing;
        Answer { timer: Some(deadline.timer.clone()), sure, ..row }
    }

    /// What its agreement gives may be somebody's invention, if nobody trusts it. [BUN-47]
    fn by_agreement(&self, what: String) -> String {
        match &self.report.agreement {
            Some(agreement) if agreement.trusted == YesNo::No => {
                format!("{what} (by an agreement that the trust file does not name)")
            }
            _ => what,
        }
    }

    /// When a timer began, on the word of whoever said what started it.
    fn began(&self, deadline: &Deadline) -> Stamp {
        let proven = self.entry(&deadline.from).and_then(|entry| entry.proven);
        Stamp { proven, ..claimed(&deadline.began) }
    }

    fn between(&self, since: Stamp, until: Stamp, what: String) -> Answer {
        let seconds = until.time.checked_sub(since.time);
        let against = if seconds.is_none() { ", which is before it: one of the two clocks is wrong" } else { "" };
        let rests_on = format!("from {} to {}{against}; {what}", since.said(), until.said());
        Answer { since: Some(since), until: Some(until), seconds, ..self.blank(rests_on) }
    }

    fn blank(&self, rests_on: String) -> Answer {
        Answer {
            trail: self.trail.to_owned(),
            asked_by: self.opener.name.clone(),
            asked_of: self.peer.name.clone(),
            act: self.opening.code.clone(),
            asked: stamp(self.opening),
            came_to: CameTo::SomethingMissing,
            timer: None,
            kind: None,
            code: None,
            event: None,
            since: None,
            until: None,
            seconds: None,
            rests_on,
            files: vec![self.file.to_owned()],
            sure: false,
        }
    }
}

impl Answer {
    /// With what came.
    fn said(self, entry: &Entry) -> Self {
        Self {
            kind: Some(entry.kind.clone()),
            code: Some(entry.code.clone()).filter(|code| !code.is_empty()),
            event: Some(entry.event.clone()),
            ..self
        }
    }
}

impl Stamp {
    /// The time, and whose word it is.
    fn said(&self) -> String {
        let time = moment::utc(self.time).unwrap_or_default();
        match self.proven {
            Some(proven) if proven == self.time => format!("{time} on the word of {}", self.by),
            Some(proven) => {
                let proven = moment::utc(proven).unwrap_or_default();
                format!("{time} on {}'s word (witnesses show that it was there at {proven})", self.by)
            }
            None => format!("{time} on {}'s word", self.by),
        }
    }
}

fn stamp(entry: &Entry) -> Stamp {
    Stamp { time: entry.time, by: entry.author.name.clone(), proven: entry.proven }
}

fn claimed(claim: &Claim) -> Stamp {
    Stamp { time: claim.time, by: claim.by.name.clone(), proven: None }
}
