//! What was allowed beside what was obtained, as a table, and the first difference as a story.

use std::collections::BTreeMap;
use std::fmt;

use super::obtain::Obtained;
use super::oracle::{Case, EVERYBODY, Rule, Who, allowed, sight};
use super::world::Made;

/// What a run has found.
#[derive(Default)]
pub struct Report {
    rows: BTreeMap<Who, Row>,
    shapes: u64,
    cases: u64,
    stories: Vec<String>,
}

#[derive(Default)]
struct Row {
    cases: usize,
    calls: u64,
    bytes: u64,
    allowed: usize,
    obtained: usize,
    more: usize,
    less: usize,
}

impl Report {
    /// How many differences there are.
    #[must_use]
    pub fn differences(&self) -> usize {
        self.rows.values().map(|row| row.more + row.less).sum()
    }

    /// How many items were obtained by everybody together.
    #[must_use]
    pub fn obtained(&self) -> usize {
        self.rows.values().map(|row| row.obtained).sum()
    }

    /// How many people and machines tried.
    #[must_use]
    pub fn people(&self) -> usize {
        self.rows.len()
    }

    pub(super) const fn looked_for(&mut self, shapes: u64) {
        self.shapes += shapes;
    }

    pub(super) fn judge(&mut self, cases: &[Made], sealed: bool, all: &BTreeMap<Who, Obtained>) {
        self.judge_by(cases, sealed, all, sight);
    }

    /// The rule is named so that a test can put a wrong one there.
    fn judge_by(&mut self, cases: &[Made], sealed: bool, all: &BTreeMap<Who, Obtained>, rule: Rule) {
        let rules: Vec<Case> = cases.iter().map(|made| made.rules.clone()).collect();
        self.cases += cases.len() as u64;
        for who in EVERYBODY {
            let (Some(obtained), allowed) = (all.get(&who), allowed(who, &rules, sealed, rule)) else { continue };
            let row = self.rows.entry(who).or_default();
            row.cases += cases.len();
            row.calls += obtained.calls;
            row.bytes += obtained.bytes;
            row.allowed += allowed.len();
            row.obtained += obtained.items.len();
            for (number, item) in obtained.items.symmetric_difference(&allowed) {
                let leaked = obtained.items.contains(&(*number, item.clone()));
                if leaked {
                    row.more += 1
                } else {
                    row.less += 1
                }
                let by = obtained.by.get(&(*number, item.clone())).map_or("", String::as_str);
                let story = cases.get(*number).map_or("", |made| made.story.as_str());
                let verb =
                    if leaked { "obtained what the rules do not allow" } else { "did not obtain what the rules allow" };
                self.stories.push(format!(
                    "{who:?} {verb}: {item:?} of case {number} (sealed to staff: {sealed}; {story}){}{by}",
                    if by.is_empty() { "" } else { ", by " },
                ));
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} cases; {} byte strings looked for", self.cases, self.shapes)?;
        writeln!(
            f,
            "{:<20} {:>6} {:>8} {:>12} {:>8} {:>9} {:>6} {:>6}",
            "who", "cases", "tries", "bytes", "allowed", "obtained", "more", "less"
        )?;
        for (who, row) in &self.rows {
            writeln!(
                f,
                "{:<20} {:>6} {:>8} {:>12} {:>8} {:>9} {:>6} {:>6}",
                format!("{who:?}"),
                row.cases,
                row.calls,
                row.bytes,
                row.allowed,
                row.obtained,
                row.more,
                row.less
            )?;
        }
        for story in self.stories.iter().take(40) {
            writeln!(f, "DIFFERENT {story}")?;
        }
        writeln!(f, "{} differences", self.differences())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insider::oracle::{Item, Sight};
    use std::collections::BTreeSet;

    /// What people obtain who get exactly what the rules allow.
    fn lawful(cases: &[Made]) -> BTreeMap<Who, Obtained> {
        let rules: Vec<Case> = cases.iter().map(|made| made.rules.clone()).collect();
        let of = |who| Obtained { items: allowed(who, &rules, false, sight), ..Obtained::default() };
        EVERYBODY.into_iter().map(|who| (who, of(who))).collect()
    }

    fn cases() -> Vec<Made> {
        let of = |persons: &[Who], excluded: &[Who]| {
            let (persons, excluded) = (persons.iter().copied().collect(), excluded.iter().copied().collect());
            let rules = Case { persons, excluded, values: vec!["name"], file_number: true, ..Case::default() };
            Made { rules, story: "invented".to_owned(), ..Made::default() }
        };
        vec![of(&[Who::Worker], &[Who::ExcludedSupervisor]), of(&[], &[]), of(&[Who::Excluded], &[Who::Excluded])]
    }

    /// The judge bites: each rule that is wrong in one line is told from the one that holds.
    #[test]
    fn a_judge_with_a_wrong_rule_finds_differences() {
        let cases = cases();
        let mut right = Report::default();
        right.judge(&cases, false, &lawful(&cases));
        assert_eq!(right.differences(), 0, "{right}");
        assert!(right.obtained() > 20);
        let wrong: [Rule; 5] = [
            |who, case| sight(who, &Case { excluded: BTreeSet::new(), ..case.clone() }),
            |who, case| if who == Who::Administrator { Sight::Outline } else { sight(who, case) },
            |who, case| if who == Who::Auditor { Sight::Values } else { sight(who, case) },
            |who, case| if who == Who::Colleague { sight(who, case).max(Sight::Outline) } else { sight(who, case) },
            |who, case| if who == Who::Supervisor { Sight::Outline } else { sight(who, case) },
        ];
        for rule in wrong {
            let mut report = Report::default();
            report.judge_by(&cases, false, &lawful(&cases), rule);
            assert!(report.differences() > 0 && report.to_string().contains("DIFFERENT"));
        }
    }

    #[test]
    fn a_refusal_that_tells_is_a_difference() {
        let cases = cases();
        let mut all = lawful(&cases);
        if let Some(obtained) = all.get_mut(&Who::Colleague) {
            obtained.take([(0, Item::Told)].into(), "a refusal of another length");
        }
        let mut report = Report::default();
        report.judge(&cases, false, &all);
        assert_eq!(report.differences(), 1);
        assert!(report.to_string().contains("a refusal of another length"), "{report}");
    }
}
