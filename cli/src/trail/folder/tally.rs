//! What many bundles amount to: totals by verdict, by check, and by who answered how late.
//!
//! Guarantees that a deadline counts once, in however many bundles its trail stands, and only in authentic ones: neither a copy
//! nor a second exporter makes anybody later. [CLI-131]

use std::collections::BTreeMap;

use serde::Serialize;
use uput_core::time::Span;
use uput_core::verdict::{Check, Conformance, Deadline, Outcome, Report, YesNo};

use super::answers::Step;
use crate::exit::Exit;
use crate::label;
use crate::output::Page;

/// Counts of one bundle, or of many.
#[derive(Default)]
pub(super) struct Tally {
    exits: BTreeMap<u8, u64>,
    checks: BTreeMap<(u8, String), Checked>,
    deadlines: BTreeMap<Step, Kept>,
}

/// How one deadline was kept, by the bundle that knows best.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    /// Late by its own word, or proven late: no other bundle takes that back.
    late: bool,
    /// It was met, or ended.
    done: bool,
    doubtful: bool,
    seconds: u64,
    /// Name and ID.
    owed_by: (String, String),
}

/// How one requirement fared.
#[derive(Clone, Copy, Default, Serialize)]
struct Checked {
    passed: u64,
    failed: u64,
    not_checkable: u64,
    not_applicable: u64,
}

/// How one organisation kept one timer.
#[derive(Clone, Default, Serialize)]
struct Timer {
    deadlines: u64,
    in_time: u64,
    /// By its own word, or proven.
    late: u64,
    /// By somebody else's clock, or with a time that cannot be true.
    doubtful: u64,
    /// Not met, and not due yet as far as anybody signed.
    open: u64,
    /// Seconds, of those that are late; 0 if none.
    longest_late: u64,
}

/// What is said in the end.
#[derive(Serialize)]
pub(super) struct Totals {
    bundles: u64,
    not_looked_at: u64,
    by_exit_code: Vec<ByExit>,
    by_check: Vec<ByCheck>,
    by_timer: Vec<ByTimer>,
}

#[derive(Serialize)]
struct ByExit {
    exit_code: u8,
    bundles: u64,
}

#[derive(Serialize)]
struct ByCheck {
    requirement: String,
    #[serde(flatten)]
    counts: Checked,
}

#[derive(Serialize)]
struct ByTimer {
    owed_by: String,
    owed_by_id: String,
    timer: String,
    #[serde(flatten)]
    counts: Timer,
}

impl Tally {
    /// Of one report.
    pub(super) fn of(report: &Report) -> Self {
        let mut tally = Self { exits: [(report.exit.code(), 1)].into(), ..Self::default() };
        for (at, check) in report.checks.iter().enumerate() {
            let place = u8::try_from(at).unwrap_or(u8::MAX);
            tally.checks.entry((place, check.requirement.to_owned())).or_default().count(check);
        }
        let authentic = report.authentic == YesNo::Yes;
        for (trail, deadline) in
            report.trail.iter().flat_map(|trail| report.deadlines.iter().map(move |one| (trail, one)))
        {
            if authentic {
                let step = (trail.clone(), deadline.timer.clone(), deadline.from.clone());
                tally.deadlines.insert(step, Kept::of(deadline));
            }
        }
        tally
    }

    /// Of a file that could not be read.
    pub(super) fn unread() -> Self {
        Self { exits: [(Exit::Failed.code(), 1)].into(), ..Self::default() }
    }

    /// Takes the counts of another.
    pub(super) fn add(&mut self, other: Self) {
        for (exit, count) in other.exits {
            *self.exits.entry(exit).or_default() += count;
        }
        for (check, counts) in other.checks {
            self.checks.entry(check).or_default().add(counts);
        }
        for (step, kept) in other.deadlines {
            match self.deadlines.get_mut(&step) {
                Some(own) => *own = kept.max(std::mem::take(own)),
                None => drop(self.deadlines.insert(step, kept)),
            }
        }
    }

    /// As it is said.
    pub(super) fn totals(self, not_looked_at: u64) -> Totals {
        let checks = self.checks.into_iter();
        // By the name of who owed it, so that the rows stand in that order, by its ID, and by the timer.
        let mut timers: BTreeMap<((String, String), String), Timer> = BTreeMap::new();
        for ((_, timer, _), kept) in self.deadlines {
            timers.entry((kept.owed_by.clone(), timer)).or_default().count(&kept);
        }
        Totals {
            bundles: self.exits.values().sum(),
            not_looked_at,
            by_exit_code: self.exits.into_iter().map(|(exit_code, bundles)| ByExit { exit_code, bundles }).collect(),
            by_check: checks.map(|((_, requirement), counts)| ByCheck { requirement, counts }).collect(),
            by_timer: timers
                .into_iter()
                .map(|(((owed_by, owed_by_id), timer), counts)| ByTimer { owed_by, owed_by_id, timer, counts })
                .collect(),
        }
    }
}

impl ByTimer {
    /// Its name, and where another organisation is called so too, its ID. [CLI-74]
    fn whose(&self, rows: &[Self]) -> String {
        let another = |row: &Self| row.owed_by == self.owed_by && row.owed_by_id != self.owed_by_id;
        if rows.iter().any(another) { format!("{} ({})", self.owed_by, self.owed_by_id) } else { self.owed_by.clone() }
    }
}

impl Checked {
    fn count(&mut self, check: &Check) {
        let count = match check.outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed => &mut self.failed,
            Outcome::NotCheckable => &mut self.not_checkable,
            Outcome::NotApplicable => &mut self.not_applicable,
        };
        *count += 1;
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.not_checkable += other.not_checkable;
        self.not_applicable += other.not_applicable;
    }
}

impl Kept {
    fn of(deadline: &Deadline) -> Self {
        Self {
            late: deadline.verdict == Some(Conformance::No),
            done: deadline.done.is_some(),
            doubtful: deadline.verdict.is_some(),
            seconds: deadline.late.unwrap_or_default(),
            owed_by: (deadline.owed_by.name.clone(), deadline.owed_by.id.clone()),
        }
    }
}

impl Timer {
    /// Late is what its own clock admits, or its log proves; nobody is late by somebody else's word.
    fn count(&mut self, kept: &Kept) {
        self.deadlines += 1;
        match kept {
            Kept { late: true, .. } => {
                self.late += 1;
                self.longest_late = self.longest_late.max(kept.seconds);
            }
            Kept { doubtful: true, .. } => self.doubtful += 1,
            Kept { done: true, .. } => self.in_time += 1,
            Kept { .. } => self.open += 1,
        }
    }
}

/// The totals for people. Of the checks those that failed or could not be judged somewhere.
pub(super) fn write(totals: &Totals, page: &mut Page) {
    page.line("");
    page.line(format!("{} bundles; {} other files were not looked at", totals.bundles, totals.not_looked_at));
    let exits = totals.by_exit_code.iter();
    page.table(["EXIT", "BUNDLES"], exits.map(|row| [u64::from(row.exit_code), row.bundles].map(|n| n.to_string())));
    write_checks(&totals.by_check, page);
    write_timers(&totals.by_timer, page);
}

fn write_checks(checks: &[ByCheck], page: &mut Page) {
    let told: Vec<_> =
        checks.iter().filter(|check| check.counts.failed > 0 || check.counts.not_checkable > 0).collect();
    page.line("");
    page.line(format!("{} checks hold in every bundle to which they apply", checks.len() - told.len()));
    if told.is_empty() {
        return;
    }
    let rows = told.into_iter().map(|ByCheck { requirement, counts }| {
        let [passed, failed, unclear, none] =
            [counts.passed, counts.failed, counts.not_checkable, counts.not_applicable].map(|n| n.to_string());
        [requirement.clone(), passed, failed, unclear, none]
    });
    page.table(["CHECK", "PASSED", "FAILED", "UNCLEAR", "NOTHING"], rows);
}

fn write_timers(timers: &[ByTimer], page: &mut Page) {
    if timers.is_empty() {
        return;
    }
    page.line("");
    page.line(
        "Timers, each deadline once: late is what a party admits by its own clock, or its log proves; what rests on another clock is in doubt",
    );
    let rows = timers.iter().map(|row @ ByTimer { timer, counts, .. }| {
        let [all, in_time, late, doubtful, open] =
            [counts.deadlines, counts.in_time, counts.late, counts.doubtful, counts.open].map(|n| n.to_string());
        let longest = if counts.late == 0 { String::new() } else { Span(counts.longest_late).to_string() };
        [row.whose(timers), label::shown("timer_kind", timer), all, in_time, late, longest, doubtful, open]
    });
    page.table(["OWED BY", "TIMER", "ALL", "IN TIME", "LATE", "LONGEST", "IN DOUBT", "OPEN"], rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owed(trail: &str, id: &str, name: &str) -> Tally {
        let kept = Kept { owed_by: (name.to_owned(), id.to_owned()), ..Kept::default() };
        let step = (trail.to_owned(), "answer".to_owned(), "opening".to_owned());
        Tally { deadlines: [(step, kept)].into(), ..Tally::default() }
    }

    #[test]
    fn two_organisations_with_one_name_are_counted_apart_and_told_by_their_ids() {
        // [CLI-74]
        let mut tally = owed("t1", "aa01", "Shelter A");
        [owed("t2", "aa02", "Shelter A"), owed("t3", "aa01", "Shelter A"), owed("t4", "aa03", "Shelter B")]
            .into_iter()
            .for_each(|other| tally.add(other));
        let totals = tally.totals(0);
        let counted: Vec<_> =
            totals.by_timer.iter().map(|row| (row.whose(&totals.by_timer), row.counts.deadlines)).collect();
        let expected = [("Shelter A (aa01)", 2), ("Shelter A (aa02)", 1), ("Shelter B", 1)];
        assert_eq!(counted, expected.map(|(name, count)| (name.to_owned(), count)));
    }
}
