//! The list of cases: which is where, without looking at the others.
//!
//! Guarantees that a page costs what is on it, however many cases there are, and that a case keeps its place as long as it is
//! there: whoever reads page after page misses none and gets none twice, whatever is added or given on meanwhile. Leaves to
//! `case` who sees what. Memory: about 200 bytes a case.

use std::{
    collections::{BTreeSet, HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use uput_core::sensitive::Sensitive;

use super::orders::{Group, Orders};
use crate::case::{Case, CaseId};

/// The cases in the order in which they are shown.
#[derive(Default)]
pub(super) struct CaseList {
    state: RwLock<State>,
    /// Under keys of its own: where a number stands says nothing about it.
    hasher: RandomState,
}

#[derive(Default)]
struct State {
    entries: HashMap<CaseId, Entry>,
    open: Orders<CasePlace>,
    closed: Orders<CasePlace>,
    /// By the hash of the own file number; some others may be there too.
    numbers: HashMap<u64, BTreeSet<CasePlace>>,
}

/// Where a case is found.
struct Entry {
    place: CasePlace,
    groups: Vec<Group>,
    closed: bool,
    number: Option<u64>,
}

/// Where a case stands: the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CasePlace {
    before: u64,
    case: CaseId,
}

/// A part of the list; whoever is given it looks at each once more.
pub(super) enum Part<'a> {
    /// Cases of some groups, the closed ones too or not.
    Groups(&'a [Group], Closed),
    /// Cases with a file number.
    Numbered(&'a Sensitive<String>),
}

/// Whether closed cases are wanted too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    Too,
    Not,
}

impl CasePlace {
    const BYTES: usize = 8 + 16;

    const fn of(case: &Case) -> Self {
        Self { before: u64::MAX - case.created, case: case.id }
    }

    /// Which case.
    pub(super) const fn case(&self) -> &CaseId {
        &self.case
    }

    /// For a page token, which seals it.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.extend_from_slice(&self.before.to_be_bytes());
        bytes.extend_from_slice(&self.case.to_vec());
        bytes
    }

    /// From a page token.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (before, case) = bytes.split_first_chunk::<8>()?;
        Some(Self { before: u64::from_be_bytes(*before), case: CaseId::parse(case)? })
    }
}

impl CaseList {
    /// Takes in a case, or what it is now.
    pub(super) fn set(&self, case: &Case) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.forget(&case.id);
        // What was joined into another is listed as that.
        if case.into.is_some() {
            return;
        }
        let groups = [Group::All].into_iter().chain(Group::of(case)).collect();
        let number = case.external_ref.as_ref().map(|number| self.hash(&number.text));
        state.keep(Entry { place: CasePlace::of(case), groups, closed: case.closed != 0, number });
    }

    /// The next places after one in a part of the list, at most so many.
    pub(super) fn next(&self, part: &Part<'_>, after: Option<CasePlace>, most: usize) -> Vec<CasePlace> {
        use std::ops::Bound::{Excluded, Unbounded};
        let state = self.read();
        match part {
            Part::Groups(groups, Closed::Not) => state.open.next(groups, after, most),
            Part::Groups(groups, Closed::Too) => {
                let mut places = state.open.next(groups, after, most);
                places.extend(state.closed.next(groups, after, most));
                places.sort_unstable();
                places.truncate(most);
                places
            }
            Part::Numbered(number) => {
                let numbered = state.numbers.get(&self.hash(number)).into_iter();
                let from = after.map_or(Unbounded, Excluded);
                numbered.flat_map(|places| places.range((from, Unbounded))).take(most).copied().collect()
            }
        }
    }

    /// How many cases are in some groups, at most, closed ones too.
    pub(super) fn count_in(&self, groups: &[Group]) -> usize {
        let state = self.read();
        groups.iter().map(|group| state.open.count(group) + state.closed.count(group)).sum()
    }

    fn hash(&self, number: &Sensitive<String>) -> u64 {
        // Hashed to find it; compared by whoever shows it.
        self.hasher.hash_one(number.expose())
    }

    // A panic while the lock was held leaves at worst a case in an old place.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, entry: Entry) {
        let orders = if entry.closed { &mut self.closed } else { &mut self.open };
        orders.insert(&entry.groups, entry.place);
        if let Some(number) = entry.number {
            self.numbers.entry(number).or_default().insert(entry.place);
        }
        self.entries.insert(entry.place.case, entry);
    }

    fn forget(&mut self, case: &CaseId) {
        let Some(entry) = self.entries.remove(case) else { return };
        let orders = if entry.closed { &mut self.closed } else { &mut self.open };
        orders.remove(&entry.groups, &entry.place);
        let Some(number) = entry.number else { return };
        if let Some(places) = self.numbers.get_mut(&number) {
            places.remove(&entry.place);
            if places.is_empty() {
                self.numbers.remove(&number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::PersonId, case::FileNumber};

    fn case(n: u8, created: u64) -> Case {
        Case::new(CaseId::new([n; 16]), created)
    }

    fn numbered(n: u8, number: &str) -> Case {
        let text = Sensitive::new(number.to_owned());
        Case { external_ref: Some(FileNumber { text, sealed: Vec::new() }), ..case(n, 1) }
    }

    fn listed(list: &CaseList, part: &Part<'_>) -> Vec<CaseId> {
        list.next(part, None, 100).iter().map(|place| place.case).collect()
    }

    /// [CAS-22]
    #[test]
    fn the_newest_comes_first_and_every_case_stands_where_it_belongs() {
        let list = CaseList::default();
        let (ana, nobody) = (PersonId::new([9; 16]), [Group::Nobody]);
        for (n, created) in [(1, 5), (2, 7), (3, 6)] {
            list.set(&case(n, created));
        }
        let ids = |numbers: &[u8]| numbers.iter().map(|n| CaseId::new([*n; 16])).collect::<Vec<_>>();
        assert_eq!(listed(&list, &Part::Groups(&nobody, Closed::Not)), ids(&[2, 3, 1]));
        list.set(&Case { persons: [ana].into(), ..case(3, 6) });
        list.set(&Case { closed: 9, ..case(1, 5) });
        list.set(&Case { into: Some(CaseId::new([3; 16])), ..case(2, 7) });
        assert_eq!(listed(&list, &Part::Groups(&nobody, Closed::Not)), ids(&[]));
        assert_eq!(listed(&list, &Part::Groups(&nobody, Closed::Too)), ids(&[1]));
        assert_eq!(listed(&list, &Part::Groups(&[Group::Person(ana)], Closed::Not)), ids(&[3]));
        assert_eq!(listed(&list, &Part::Groups(&[Group::All], Closed::Too)), ids(&[3, 1]));
        assert_eq!(list.count_in(&[Group::All]), 2);
    }

    /// [CAS-18]
    #[test]
    fn a_file_number_leads_to_the_cases_that_have_it_now() {
        let list = CaseList::default();
        let number = |text: &str| Sensitive::new(text.to_owned());
        (1..4).for_each(|n| list.set(&numbered(n, "12/2026")));
        assert_eq!(listed(&list, &Part::Numbered(&number("12/2026"))).len(), 3);
        list.set(&numbered(2, "13/2026"));
        list.set(&Case { external_ref: None, ..numbered(3, "") });
        assert_eq!(listed(&list, &Part::Numbered(&number("12/2026"))), [CaseId::new([1; 16])]);
        assert_eq!(listed(&list, &Part::Numbered(&number("13/2026"))), [CaseId::new([2; 16])]);
        assert!(listed(&list, &Part::Numbered(&number("14/2026"))).is_empty());
    }
}
