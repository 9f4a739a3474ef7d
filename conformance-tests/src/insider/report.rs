//! What was allowed beside what was obtained, as a table; each difference as a story; and each lie that was not found out.

use std::collections::BTreeMap;
use std::fmt;

use super::lie::{LIES, Lie};
use super::obtain::Obtained;
use super::oracle::{Case, EVERYBODY, Item, Items, LISTS, List, Who, allowed, counted, judged, listed};
use super::world::Made;

/// What a run has found.
#[derive(Default)]
pub struct Report {
    rows: BTreeMap<Who, Row>,
    shapes: u64,
    cases: usize,
    stories: Vec<String>,
    told_apart: Vec<(Lie, usize)>,
}

#[derive(Default)]
struct Row {
    calls: u64,
    bytes: u64,
    methods: usize,
    allowed: usize,
    obtained: usize,
    missing: usize,
    surplus: usize,
}

/// A difference between what was obtained and what is allowed.
struct Difference {
    surplus: bool,
    story: String,
}

impl Report {
    /// How many differences there are.
    #[must_use]
    pub fn differences(&self) -> usize {
        self.rows.values().map(|row| row.missing + row.surplus).sum()
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

    /// Wrong rules that this run could not tell from those that hold.
    #[must_use]
    pub fn not_told_apart(&self) -> Vec<String> {
        let blind = self.told_apart.iter().filter(|(_, differences)| *differences == 0);
        blind.map(|(lie, _)| format!("{lie:?}")).collect()
    }

    /// Whether each set is the one that the rules allow, and would not have been under any wrong rule.
    #[must_use]
    pub fn well(&self) -> bool {
        self.differences() == 0 && self.not_told_apart().is_empty()
    }

    /// Holds what everybody obtained against the rules, and against every lie.
    pub(super) fn judge(cases: &[Made], shapes: u64, all: &BTreeMap<Who, Obtained>) -> Self {
        let rules: Vec<Case> = cases.iter().map(|made| made.rules.clone()).collect();
        let mut report = Self { shapes, cases: cases.len(), ..Self::default() };
        for (who, obtained) in all {
            let differences = differences(*who, obtained, &rules, None);
            let surplus = differences.iter().filter(|difference| difference.surplus).count();
            let row = Row {
                calls: obtained.calls,
                bytes: obtained.bytes,
                methods: obtained.methods.len(),
                allowed: lawful(*who, &rules),
                obtained: obtained.items.len()
                    + LISTS.into_iter().map(|list| held(obtained, list).len()).sum::<usize>(),
                missing: differences.len() - surplus,
                surplus,
            };
            report.rows.insert(*who, row);
            report.stories.extend(differences.into_iter().map(|difference| difference.story));
        }
        for story in &mut report.stories {
            let number = story.split("case ").nth(1).and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
            if let Some(made) = number.and_then(|number| cases.get(number)) {
                story.push_str(&format!("\n    {}", made.story()));
            }
        }
        for lie in LIES {
            let of = |who| all.get(&who).map_or(0, |obtained| differences(who, obtained, &rules, Some(lie)).len());
            report.told_apart.push((lie, EVERYBODY.into_iter().map(of).sum()));
        }
        report
    }
}

/// How many items the rules allow: of each case, and in each list.
fn lawful(who: Who, rules: &[Case]) -> usize {
    let lists = LISTS.into_iter().filter(|_| who != Who::Operator);
    allowed(who, rules, None).len() + lists.map(|list| listed(list, who, rules, None).len()).sum::<usize>()
}

/// Everything in which the two differ, in both directions.
fn differences(who: Who, obtained: &Obtained, rules: &[Case], lie: Option<Lie>) -> Vec<Difference> {
    let mut all = compare(who, "", &obtained.items, &allowed(who, rules, lie), obtained);
    // The folder answers no list.
    if who == Who::Operator {
        return all;
    }
    for list in LISTS {
        let (held, listed) = (held(obtained, list), listed(list, who, rules, lie));
        all.extend(compare(who, &format!(" in the list {list:?}"), &held, &listed, obtained));
    }
    let count = counted(who, rules, lie);
    if obtained.counted != Some(count) {
        let told = obtained.counted.unwrap_or_default();
        all.push(Difference {
            surplus: told > count,
            story: format!("{who:?} is told of {told} trails, not of {count}"),
        });
    }
    all
}

/// What stood in a list, as far as it is judged by that.
fn held(obtained: &Obtained, list: List) -> Items {
    let all = obtained.lists.get(&list).into_iter().flatten();
    all.filter(|(_, item)| judged(list, *item)).copied().collect()
}

fn compare(who: Who, place: &str, obtained: &Items, allowed: &Items, by: &Obtained) -> Vec<Difference> {
    let tell = |(number, item): &(usize, Item)| {
        let surplus = obtained.contains(&(*number, *item));
        let verb = if surplus { "obtained what the rules do not allow" } else { "did not obtain what the rules allow" };
        let mut first = by.by.get(&(*number, *item)).map(|by| format!(", first by {by}")).unwrap_or_default();
        if let Item::Answered(look) = item {
            first.extend(by.refused.get(&(*number, *look)).map(|why| format!(", refused with {why}")));
        }
        Difference { surplus, story: format!("{who:?} {verb}{place}: {item:?} of case {number}:{first}") }
    };
    obtained.symmetric_difference(allowed).map(tell).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} cases; {} byte strings looked for", self.cases, self.shapes)?;
        let head = ["methods", "tries", "bytes", "allowed", "obtained", "missing", "surplus"];
        write!(f, "{:<19}", "who")?;
        head.iter().try_for_each(|name| write!(f, " {name:>11}"))?;
        writeln!(f)?;
        for (who, row) in &self.rows {
            write!(f, "{:<19}", format!("{who:?}"))?;
            let counts = [row.methods, row.calls as usize, row.bytes as usize, row.allowed, row.obtained];
            counts.iter().chain(&[row.missing, row.surplus]).try_for_each(|count| write!(f, " {count:>11}"))?;
            writeln!(f)?;
        }
        writeln!(f, "each of {} wrong rules would have made so many differences:", self.told_apart.len())?;
        for (lie, differences) in &self.told_apart {
            writeln!(f, "  {:<24} {differences:>8}", format!("{lie:?}"))?;
        }
        self.stories.iter().take(40).try_for_each(|story| writeln!(f, "DIFFERENT {story}"))?;
        self.not_told_apart().iter().try_for_each(|lie| writeln!(f, "NOT TOLD APART {lie}"))?;
        writeln!(f, "{} differences", self.differences())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insider::oracle::{Said, Sight, sight};
    use std::collections::BTreeSet;

    /// What people obtain who get exactly what the rules allow.
    fn lawful(cases: &[Made]) -> BTreeMap<Who, Obtained> {
        let rules: Vec<Case> = cases.iter().map(|made| made.rules.clone()).collect();
        let of = |who| Obtained {
            items: allowed(who, &rules, None),
            lists: LISTS.into_iter().map(|list| (list, listed(list, who, &rules, None))).collect(),
            counted: Some(counted(who, &rules, None)),
            ..Obtained::default()
        };
        EVERYBODY.into_iter().map(|who| (who, of(who))).collect()
    }

    fn cases() -> Vec<Made> {
        let of = |persons: &[Who], excluded: &[Who]| {
            let (persons, excluded) = (persons.iter().copied().collect(), excluded.iter().copied().collect());
            let values = vec![Said { label: "name", readers: BTreeSet::from([Who::Worker]) }];
            let rules = Case { persons, excluded, values, file_number: true, ..Case::default() };
            Made { rules, ..Made::default() }
        };
        vec![of(&[Who::Worker], &[Who::ExcludedSupervisor]), of(&[], &[]), of(&[Who::Excluded], &[Who::Excluded])]
    }

    #[test]
    fn who_obtains_what_the_rules_allow_makes_no_difference() {
        let report = Report::judge(&cases(), 0, &lawful(&cases()));
        assert_eq!(report.differences(), 0, "{report}");
        assert!(report.obtained() > 50 && report.people() == 11);
        // No team, no join, no box and no purge is among these.
        let blind = report.not_told_apart();
        assert!(blind.contains(&"TeamForgotten".to_owned()) && !blind.contains(&"ExclusionForgotten".to_owned()));
        assert!(!report.well());
    }

    #[test]
    fn one_item_too_many_and_one_too_few_are_each_a_difference() {
        let cases = cases();
        for (who, item) in [(Who::Colleague, (0, Item::Told)), (Who::Administrator, (0, Item::Trail))] {
            let mut all = lawful(&cases);
            all.entry(who).or_default().take([item].into(), "a call that told");
            let report = Report::judge(&cases, 0, &all);
            assert_eq!(report.differences(), 1);
            assert!(report.to_string().contains("a call that told"), "{report}");
        }
        let mut all = lawful(&cases);
        assert!(all.entry(Who::Worker).or_default().items.remove(&(0, Item::Value(0, "name"))));
        assert_eq!(Report::judge(&cases, 0, &all).differences(), 1);
        let mut all = lawful(&cases);
        all.entry(Who::Auditor).or_default().lists.remove(&List::Watch);
        assert!(Report::judge(&cases, 0, &all).differences() > 0);
        let mut all = lawful(&cases);
        all.entry(Who::Intake).or_default().counted = Some(3);
        assert_eq!(Report::judge(&cases, 0, &all).differences(), 1);
    }

    #[test]
    fn a_lie_is_another_rule() {
        let Some(made) = cases().pop() else { return };
        assert_eq!(sight(Who::Excluded, &made.rules, None), Sight::None);
        assert_ne!(sight(Who::Excluded, &made.rules, Some(Lie::ExclusionForgotten)), Sight::None);
    }
}
