//! What the rules allow, written from specs/cases.md, specs/roles.tsv and specs/staff-keys.md alone.

use std::collections::BTreeSet;

/// Who works at the receiving organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// A case worker, to whom some cases are assigned.
    Worker,
    /// A case worker to whom none is.
    Colleague,
    /// A case worker in the team that has some.
    Member,
    /// A case worker whom she excluded from some, by name or by hand.
    Excluded,
    /// A supervisor whom she excluded from some.
    ExcludedSupervisor,
    /// A supervisor.
    Supervisor,
    /// Takes calls.
    Intake,
    /// Checks.
    Auditor,
    /// A program with every scope that there is for reading.
    Machine,
    /// Runs the node, by the interface alone.
    Administrator,
    /// The administrator with the folder, the storage key, every key in the key book, log and command line.
    Operator,
}

/// Everybody.
pub(super) const EVERYBODY: [Who; 11] = [
    Who::Worker,
    Who::Colleague,
    Who::Member,
    Who::Excluded,
    Who::ExcludedSupervisor,
    Who::Supervisor,
    Who::Intake,
    Who::Auditor,
    Who::Machine,
    Who::Administrator,
    Who::Operator,
];

/// What can be had of a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// The case's ID.
    Case,
    /// The ID of its trail.
    Trail,
    /// IDs of its events.
    Events,
    /// The organisation's own number.
    FileNumber,
    /// A value that was disclosed, by its label.
    Value(&'static str),
    /// A value that only the record of the case holds.
    Record,
    /// A refusal that is not the one for what is not there, or a yes.
    Told,
}

/// What the rules speak of.
#[derive(Clone, Debug, Default)]
pub(super) struct Case {
    pub(super) persons: BTreeSet<Who>,
    pub(super) team: bool,
    pub(super) excluded: BTreeSet<Who>,
    /// Of which case this is a part, for good.
    pub(super) into: Option<usize>,
    pub(super) values: Vec<&'static str>,
    /// Somebody said something in it since it was opened.
    pub(super) events: bool,
    pub(super) file_number: bool,
    pub(super) record: bool,
}

/// How much somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sight {
    None,
    Outline,
    Values,
}

/// A rule: who sees how much. The one that holds is [`sight`].
pub(super) type Rule = fn(Who, &Case) -> Sight;

/// The whole of a case: what became a part of it counts with it. [CAS-16]
pub(super) fn whole(cases: &[Case], number: usize) -> Option<Case> {
    let root = cases.get(number)?.into.unwrap_or(number);
    let mut whole = cases.get(root)?.clone();
    for part in cases.iter().filter(|part| part.into == Some(root)) {
        whole.persons.extend(part.persons.iter().copied());
        whole.team |= part.team;
        whole.excluded.extend(part.excluded.iter().copied());
    }
    whole.persons = &whole.persons - &whole.excluded;
    Some(whole)
}

/// [CAS-5] [CAS-6] [CAS-7]
pub(super) fn sight(who: Who, case: &Case) -> Sight {
    let nobodys = case.persons.is_empty() && !case.team;
    let has = case.persons.contains(&who) || case.team && who == Who::Member;
    match who {
        _ if case.excluded.contains(&who) => Sight::None,
        Who::Administrator | Who::Operator => Sight::None,
        Who::Auditor => Sight::Outline,
        Who::Intake if nobodys => Sight::Outline,
        Who::Intake => Sight::None,
        _ if nobodys => Sight::Outline,
        Who::Supervisor | Who::ExcludedSupervisor => Sight::Values,
        _ if has => Sight::Values,
        _ => Sight::None,
    }
}

/// All that somebody may obtain, of every case.
pub(super) fn allowed(who: Who, cases: &[Case], sealed: bool, rule: Rule) -> BTreeSet<(usize, Item)> {
    let mut all = BTreeSet::new();
    for (number, case) in cases.iter().enumerate() {
        let Some(whole) = whole(cases, number) else { continue };
        let operator = who == Who::Operator;
        let sight = if operator { Sight::Values } else { rule(who, &whole) };
        let mut add = |item| all.insert((number, item));
        if sight >= Sight::Outline {
            add(Item::Trail);
            if case.events {
                add(Item::Events);
            }
            // The name of a case that became a part of another is told to nobody any more; the folder keeps it.
            if case.into.is_none() || operator {
                add(Item::Case);
            }
        }
        if sight < Sight::Values {
            continue;
        }
        if case.file_number {
            add(Item::FileNumber);
        }
        // What is sealed to staff opens with a person's own key: neither the folder nor a machine has one. [STF-15]
        if !sealed || !matches!(who, Who::Operator | Who::Machine) {
            for label in &case.values {
                add(Item::Value(label));
            }
            if case.record {
                add(Item::Record);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases() -> Vec<Case> {
        let only = |who| BTreeSet::from([who]);
        vec![
            Case { persons: only(Who::Worker), excluded: only(Who::Excluded), values: vec!["name"], ..Case::default() },
            Case { team: true, values: vec!["name"], into: Some(0), ..Case::default() },
            Case { values: vec!["name"], ..Case::default() },
        ]
    }

    #[test]
    fn a_rule_that_is_wrong_in_one_line_is_another_set() {
        let wrong: [(Rule, Who); 4] = [
            (
                |who, case| {
                    sight(who, &Case { excluded: BTreeSet::new(), persons: BTreeSet::from([who]), ..case.clone() })
                },
                Who::Excluded,
            ),
            (|who, case| if who == Who::Administrator { Sight::Outline } else { sight(who, case) }, Who::Administrator),
            (|who, case| if who == Who::Auditor { Sight::Values } else { sight(who, case) }, Who::Auditor),
            (|who, case| if who == Who::Colleague { Sight::Outline } else { sight(who, case) }, Who::Colleague),
        ];
        for (rule, who) in wrong {
            assert_ne!(allowed(who, &cases(), false, rule), allowed(who, &cases(), false, sight), "{who:?}");
        }
    }

    #[test]
    fn a_join_joins_who_has_it_and_whom_she_excluded() {
        let both = whole(&cases(), 1).unwrap_or_default();
        assert_eq!(both.persons, BTreeSet::from([Who::Worker]));
        assert_eq!(sight(Who::Member, &both), Sight::Values);
        assert_eq!(sight(Who::Excluded, &both), Sight::None);
        assert!(!allowed(Who::Auditor, &cases(), false, sight).contains(&(1, Item::Case)));
        assert!(allowed(Who::Operator, &cases(), true, sight).contains(&(1, Item::Case)));
        assert!(!allowed(Who::Operator, &cases(), true, sight).contains(&(0, Item::Value("name"))));
    }
}
