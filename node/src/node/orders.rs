//! What is listed by itself: sets of trails or cases, each in its order.
//!
//! Guarantees that the next of a few sets cost what is taken of them, however many others there are. Leaves to `case` who
//! sees what: a set may hold something that somebody who is given it does not see.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::wire::Role;

use crate::{
    account::{PersonId, TeamId},
    case::{Case, Viewer},
};

/// A set that is listed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// Every one.
    All,
    /// Those that nobody has.
    Nobody,
    /// Those that a person has, or broke the glass of.
    Person(PersonId),
    /// Those that a team has.
    Team(TeamId),
    /// Those of cases that a person opened.
    Opened(PersonId),
}

/// Sets of places; a place says what it is of, and where that stands.
pub(super) struct Orders<P>(BTreeMap<Group, BTreeSet<P>>);

impl Group {
    /// The groups that a case and its trails are in, beside that of all.
    pub(super) fn of(case: &Case) -> Vec<Self> {
        let persons = case.persons.iter().chain(case.glass.keys()).map(|person| Self::Person(*person));
        let teams = case.teams.iter().map(|team| Self::Team(*team));
        let opened = case.opened_by.map(Self::Opened);
        let nobody = case.is_nobodys().then_some(Self::Nobody);
        let mut groups: Vec<Self> = persons.chain(teams).chain(opened).chain(nobody).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The groups in which somebody finds all that they see, and other things.
    pub(super) fn seen_by(viewer: &Viewer) -> Vec<Self> {
        match viewer.role {
            Role::Supervisor | Role::Auditor => vec![Self::All],
            Role::Intake => vec![Self::Nobody, Self::Opened(viewer.person)],
            Role::CaseWorker | Role::Integration => [Self::Nobody].into_iter().chain(Self::had_by(viewer)).collect(),
            Role::Administrator | Role::Unspecified => Vec::new(),
        }
    }

    /// The groups of what they or a team of theirs have, and of what they broke the glass of.
    pub(super) fn had_by(viewer: &Viewer) -> Vec<Self> {
        let teams = viewer.teams.iter().map(|team| Self::Team(*team));
        [Self::Person(viewer.person)].into_iter().chain(teams).collect()
    }
}

impl<P> Default for Orders<P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<P: Ord + Copy> Orders<P> {
    /// Puts a place into groups.
    pub(super) fn insert<'a>(&mut self, groups: impl IntoIterator<Item = &'a Group>, place: P) {
        for group in groups {
            self.0.entry(*group).or_default().insert(place);
        }
    }

    /// Takes a place out of groups.
    pub(super) fn remove<'a>(&mut self, groups: impl IntoIterator<Item = &'a Group>, place: &P) {
        for group in groups {
            if let Some(order) = self.0.get_mut(group) {
                order.remove(place);
                if order.is_empty() {
                    self.0.remove(group);
                }
            }
        }
    }

    /// The next places after one in any of some groups, each once, at most so many.
    pub(super) fn next(&self, groups: &[Group], after: Option<P>, most: usize) -> Vec<P> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        let orders = groups.iter().filter_map(|group| self.0.get(group));
        // The first few of each are enough for the first few of all.
        let mut found: Vec<P> = orders.flat_map(|order| order.range((from, Unbounded)).take(most)).copied().collect();
        found.sort_unstable();
        found.dedup();
        found.truncate(most);
        found
    }

    /// How many places are in a group.
    pub(super) fn count(&self, group: &Group) -> usize {
        self.0.get(group).map_or(0, BTreeSet::len)
    }
}
