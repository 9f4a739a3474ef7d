//! What the rules allow, written from specs/cases.md, case-record.md, access-log.md, staff-keys.md and roles.tsv alone: no node
//! is asked.
//!
//! Guarantees that the answer is a function of how the cases were made. Each [`Lie`] is the same rules with one line that is
//! wrong: what a node obeys that has this fault.

use std::collections::BTreeSet;

use super::lie::Lie;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// The case's ID.
    Case,
    /// The ID of its trail.
    Trail,
    /// The ID of one of its events, in the order in which they were made.
    Event(usize),
    /// The organisation's own number.
    FileNumber,
    /// A label that was disclosed.
    Label(&'static str),
    /// A value that was disclosed, by its label and its place.
    Value(usize, &'static str),
    /// A value that only the record of the case holds.
    Record,
    /// Words with which somebody said why they look.
    Words,
    /// The ID of a change that is followed.
    FollowUp,
    /// The ID of what was asked about its glass.
    Approval,
    /// The words with which that was asked.
    ApprovalWords,
    /// A call that looks at it was answered.
    Answered(Look),
    /// What only the sender knows: never disclosed, or not yet.
    Sender(&'static str),
    /// A refusal that is not the one for what is not there, or a yes.
    Told,
}

/// A call that looks at one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    Trail,
    Values,
    Case,
    Record,
    RecordValues,
    FollowUps,
    Accesses,
    AccessDocument,
    Exclusions,
    Bundle,
}

/// All of them.
const LOOKS: [Look; 10] = [
    Look::Trail,
    Look::Values,
    Look::Case,
    Look::Record,
    Look::RecordValues,
    Look::FollowUps,
    Look::Accesses,
    Look::AccessDocument,
    Look::Exclusions,
    Look::Bundle,
];

/// A value that was disclosed.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) label: &'static str,
    /// Who has a key for the box in which it lies, if it is sealed to staff. [STF-11]
    pub(super) readers: BTreeSet<Who>,
}

/// What the rules speak of.
#[derive(Clone, Debug, Default)]
pub(super) struct Case {
    pub(super) persons: BTreeSet<Who>,
    pub(super) team: bool,
    pub(super) excluded: BTreeSet<Who>,
    /// It was opened here, by whoever takes calls.
    pub(super) by_intake: bool,
    /// Of which case this is a part, for good.
    pub(super) into: Option<usize>,
    pub(super) sealed: bool,
    pub(super) values: Vec<Said>,
    /// How many events are known.
    pub(super) events: usize,
    /// Its values were erased.
    pub(super) purged: bool,
    pub(super) file_number: bool,
    pub(super) record: bool,
    pub(super) words: bool,
    pub(super) follow_up: bool,
    /// The colleague broke the glass, and the second supervisor approved it.
    pub(super) glass: bool,
}

/// How much somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sight {
    None,
    Outline,
    Values,
}

/// What was obtained, or may be, of which case.
pub(super) type Items = BTreeSet<(usize, Item)>;

/// The whole of a case: what became a part of it counts with it. [CAS-16]
pub(super) fn whole(cases: &[Case], number: usize, lie: Option<Lie>) -> Option<Case> {
    let root = cases.get(number)?.into.unwrap_or(number);
    if lie == Some(Lie::JoinForgotten) {
        return cases.get(number).cloned();
    }
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
pub(super) fn sight(who: Who, case: &Case, lie: Option<Lie>) -> Sight {
    let lies = |one| lie == Some(one);
    let nobodys = case.persons.is_empty() && !case.team;
    let in_team = case.team && who == Who::Member && !lies(Lie::TeamForgotten);
    let excluded = case.excluded.contains(&who) && !lies(Lie::ExclusionForgotten);
    let spared = lies(Lie::SupervisorNotExcluded) && who == Who::ExcludedSupervisor
        || lies(Lie::WorkerNotExcluded) && who == Who::Excluded;
    match who {
        _ if excluded && !spared => Sight::None,
        Who::Administrator | Who::Operator if lies(Lie::AdministratorLooks) => Sight::Outline,
        Who::Administrator | Who::Operator => Sight::None,
        Who::Auditor if lies(Lie::AuditorReads) => Sight::Values,
        Who::Auditor => Sight::Outline,
        Who::Intake if nobodys || lies(Lie::IntakeStays) => Sight::Outline,
        Who::Intake if case.by_intake && !lies(Lie::OpenerForgotten) => Sight::Outline,
        Who::Intake => Sight::None,
        _ if nobodys && lies(Lie::NobodysIsRead) => Sight::Values,
        _ if nobodys => Sight::Outline,
        Who::Supervisor | Who::ExcludedSupervisor => Sight::Values,
        _ if case.persons.contains(&who) || in_team => Sight::Values,
        // Within the day that a run does not last. [CAS-9]
        Who::Colleague if case.glass && !lies(Lie::GlassForgotten) => Sight::Values,
        _ if lies(Lie::ColleagueLooks) => Sight::Outline,
        _ => Sight::None,
    }
}

/// All that somebody may obtain, of every case.
pub(super) fn allowed(who: Who, cases: &[Case], lie: Option<Lie>) -> Items {
    let mut all = BTreeSet::new();
    for (number, case) in cases.iter().enumerate() {
        let Some(whole) = whole(cases, number, lie) else { continue };
        let sight = if who == Who::Operator { Sight::Values } else { sight(who, &whole, lie) };
        all.extend(of_case(who, case, sight, lie).into_iter().map(|item| (number, item)));
        if who != Who::Operator {
            let has = whole.persons.contains(&who) || whole.team && who == Who::Member;
            let looks = LOOKS.into_iter().filter(|look| answered(*look, who, has, sight, lie));
            all.extend(looks.map(|look| (number, Item::Answered(look))));
        }
    }
    all
}

/// What stands in answers, or in the folder, about one case.
fn of_case(who: Who, case: &Case, sight: Sight, lie: Option<Lie>) -> Vec<Item> {
    let lies = |one| lie == Some(one);
    let operator = who == Who::Operator;
    let mut all = Vec::new();
    if sight >= Sight::Outline {
        all.push(Item::Trail);
        all.extend((0..case.events).map(Item::Event));
        // What the folder shows are bytes: nobody answers there.
        if !operator {
            all.extend(case.values.iter().map(|said| Item::Label(said.label)));
        }
        // The ID of a case that became a part of another is told to nobody any more; the folder keeps it. [CAS-16]
        if case.into.is_none() || operator || lies(Lie::OldNameTold) {
            all.push(Item::Case);
        }
        // Intake has no call that lists changes. The folder has them in the clear. [CAS-53] [CAS-55]
        if case.follow_up && who != Who::Intake {
            all.push(Item::FollowUp);
        }
    }
    // Who asked for the glass named the case. [APR-7]
    let asked = who == Who::Colleague;
    let supervises = matches!(who, Who::Supervisor | Who::ExcludedSupervisor) && sight >= Sight::Outline;
    // Of a case that became a part of another nobody decides on a glass any more; that it was broken is reviewed. [APR-20]
    let decides = supervises && case.into.is_none();
    if case.glass && supervises && !decides {
        all.push(Item::Approval);
    }
    if case.glass && (asked || decides || operator || lies(Lie::ApprovalsIgnoreSight) && who != Who::Auditor) {
        all.extend([Item::Approval, Item::ApprovalWords, Item::Case]);
    }
    let values = sight == Sight::Values;
    let outline = sight == Sight::Outline;
    if case.file_number && (values || outline && lies(Lie::NumberToWhoLooks)) {
        all.push(Item::FileNumber);
    }
    if case.record && (values || outline && lies(Lie::RecordToWhoLooks)) {
        all.push(Item::Record);
    }
    if case.words && (values || outline && who != Who::Intake && lies(Lie::WordsToWhoLooks)) {
        all.push(Item::Words);
    }
    for (place, said) in case.values.iter().enumerate() {
        // What is sealed to staff opens with a key of a reader: neither the folder nor a machine has one. [STF-15]
        let opens = !case.sealed || said.readers.contains(&who) || lies(Lie::SealForgotten);
        let kept = !case.purged || lies(Lie::PurgeForgotten);
        if values && kept && opens {
            all.push(Item::Value(place, said.label));
        }
    }
    if lies(Lie::UndisclosedArrives) && operator {
        all.push(Item::Sender("record"));
    }
    all
}

/// Whether a call that looks at a case is answered: [roles.tsv], and how much must be seen for it.
fn answered(look: Look, who: Who, has: bool, sight: Sight, lie: Option<Lie>) -> bool {
    let supervises = matches!(who, Who::Supervisor | Who::ExcludedSupervisor);
    let machine = who == Who::Machine;
    let works = matches!(who, Who::Worker | Who::Colleague | Who::Member | Who::Excluded);
    let outline = sight >= Sight::Outline;
    let values = sight == Sight::Values;
    match look {
        Look::Trail | Look::Case | Look::Record => outline,
        Look::Values | Look::RecordValues => values && (works || supervises || machine),
        // [CAS-55] [ACL-7]
        Look::FollowUps | Look::Accesses => outline && who != Who::Intake,
        // Not who broke the glass, and no machine. [ACL-8]
        Look::AccessDocument => values && (supervises || works && (has || lie == Some(Lie::GlassTakesTheLog))),
        // [CAS-36]
        Look::Exclusions if lie == Some(Lie::ExclusionsTold) => outline && (works || supervises),
        Look::Exclusions => values && works || outline && supervises,
        Look::Bundle => outline && (supervises || machine || who == Who::Auditor),
    }
}

/// A call that lists, and whose answer must be exactly what the rules say, nothing left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Trails,
    TrailsByBeginning,
    Cases,
    CasesByNumber,
    Search,
    Changes,
    Watch,
}

/// All of them.
pub(super) const LISTS: [List; 7] =
    [List::Trails, List::TrailsByBeginning, List::Cases, List::CasesByNumber, List::Search, List::Changes, List::Watch];

/// Which items a list is judged by; what else stands in it counts as obtained anyway.
pub(super) const fn judged(list: List, item: Item) -> bool {
    match list {
        List::Trails | List::TrailsByBeginning => matches!(item, Item::Trail),
        List::Cases | List::Changes | List::Watch => matches!(item, Item::Case | Item::Trail),
        List::CasesByNumber | List::Search => matches!(item, Item::Case),
    }
}

/// What that list holds for somebody. [CAS-22] [CAS-65] [API-40]
pub(super) fn listed(list: List, who: Who, cases: &[Case], lie: Option<Lie>) -> Items {
    let mut all = BTreeSet::new();
    let searches = !matches!(who, Who::Intake | Who::Auditor | Who::Administrator | Who::Operator);
    for (number, case) in cases.iter().enumerate() {
        let Some(whole) = whole(cases, number, lie) else { continue };
        let mut sight = sight(who, &whole, lie);
        if lie.is_some_and(|lie| lie.ignores_sight(list)) && who != Who::Operator {
            sight = Sight::Values;
        }
        let root = (case.into.unwrap_or(number), Item::Case);
        let outline = sight >= Sight::Outline;
        let values = sight == Sight::Values;
        match list {
            List::Trails | List::TrailsByBeginning if outline => all.extend([(number, Item::Trail)]),
            List::Cases | List::Changes | List::Watch if outline => all.extend([(number, Item::Trail), root]),
            List::CasesByNumber if values && case.file_number => all.extend([root]),
            List::Search if values && searches && found_by_word(case, lie) => all.extend([root]),
            _ => {}
        }
    }
    all
}

/// Of which label a word is asked for, where the case has no record. [CAS-63]
pub(super) const SEARCHED: &str = "name";

/// Whether the word that is asked for finds it: of its record, else of her name. [CAS-60] [CAS-67] [CAS-68]
fn found_by_word(case: &Case, lie: Option<Lie>) -> bool {
    let kept = !case.purged || lie == Some(Lie::PurgeForgotten);
    let named = case.values.iter().any(|said| said.label == SEARCHED);
    case.record || named && kept && (!case.sealed || lie == Some(Lie::SealForgotten))
}

/// How many trails somebody is told that there are. [CAS-24]
pub(super) fn counted(who: Who, cases: &[Case], lie: Option<Lie>) -> u64 {
    if matches!(who, Who::Administrator | Who::Operator) || lie == Some(Lie::CountsAll) {
        return cases.len() as u64;
    }
    listed(List::Trails, who, cases, lie).len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases() -> Vec<Case> {
        let only = |who| BTreeSet::from([who]);
        let values = vec![Said { label: "name", readers: only(Who::Worker) }];
        vec![
            Case {
                persons: only(Who::Worker),
                excluded: only(Who::Excluded),
                values: values.clone(),
                ..Case::default()
            },
            Case { team: true, values: values.clone(), into: Some(0), sealed: true, ..Case::default() },
            Case { values, ..Case::default() },
        ]
    }

    #[test]
    fn a_join_joins_who_has_it_and_whom_she_excluded() {
        let both = whole(&cases(), 1, None).unwrap_or_default();
        assert_eq!(both.persons, BTreeSet::from([Who::Worker]));
        assert_eq!(sight(Who::Member, &both, None), Sight::Values);
        assert_eq!(sight(Who::Excluded, &both, None), Sight::None);
        assert!(!allowed(Who::Auditor, &cases(), None).contains(&(1, Item::Case)));
        assert!(allowed(Who::Operator, &cases(), None).contains(&(1, Item::Case)));
    }

    #[test]
    fn what_is_sealed_opens_for_its_readers_alone() {
        let value = (1, Item::Value(0, "name"));
        let open: Vec<Who> =
            EVERYBODY.into_iter().filter(|who| allowed(*who, &cases(), None).contains(&value)).collect();
        assert_eq!(open, [Who::Worker]);
        assert!(allowed(Who::Operator, &cases(), None).contains(&(0, Item::Value(0, "name"))));
    }

    #[test]
    fn what_nobody_has_is_listed_to_who_may_take_it_and_read_by_nobody() {
        for who in EVERYBODY {
            let all = allowed(who, &cases(), None);
            let sees = !matches!(who, Who::Administrator);
            assert_eq!(all.contains(&(2, Item::Trail)), sees, "{who:?}");
            assert_eq!(all.contains(&(2, Item::Value(0, "name"))), who == Who::Operator, "{who:?}");
        }
        assert_eq!(counted(Who::Colleague, &cases(), None), 1);
        assert_eq!(counted(Who::Administrator, &cases(), None), 3);
    }
}
