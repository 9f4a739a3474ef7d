//! The list of trails: which is where, without reading any of them.
//!
//! Guarantees that a page costs what is on it, however many trails there are, and that a trail stands where its newest
//! committed event puts it. Leaves to `outline` what a row says. Memory: about 200 bytes a trail.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uput_core::{id::TrailId, time::Seconds};

use super::orders::{Group, Orders};
use crate::{
    case::Case,
    record::{Ordered, Outline},
};

/// The trails in the order in which they are shown.
#[derive(Default)]
pub(super) struct Outlines {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<TrailId, Entry>,
    orders: Orders<Place>,
    /// In which groups a trail is, beside that of all.
    groups: HashMap<TrailId, Vec<Group>>,
    /// When the newest change was.
    newest: u64,
}

/// Where a trail stands in a list: what waits for us first, then what changed last. [NOD-37]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    rests: bool,
    before: u64,
    trail: TrailId,
}

/// What is known of a trail in the list.
#[derive(Clone)]
struct Entry {
    outlined: Outlined,
    changed: u64,
    waits: bool,
    /// An event of ours will never reach the other party.
    broken: bool,
    /// The next step is a telephone.
    telephone: bool,
}

/// Where the outline of a trail is.
#[derive(Clone)]
pub(super) enum Outlined {
    /// In the journal.
    Kept(Ordered),
    /// Here: it was opened by a program that kept none, and nothing was added since.
    Computed(Arc<Outline>),
}

impl Place {
    const BYTES: usize = 1 + 8 + 32;

    fn of(trail: TrailId, entry: &Entry) -> Self {
        Self { rests: !(entry.waits || entry.broken || entry.telephone), before: u64::MAX - entry.changed, trail }
    }

    /// Whose it is.
    pub(super) const fn trail(&self) -> &TrailId {
        &self.trail
    }

    /// Whether the next step is ours.
    pub(super) const fn waits(&self) -> bool {
        !self.rests
    }

    /// For a page token, which seals it.
    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (rests, rest) = bytes.split_at_mut(1);
        let (before, trail) = rest.split_at_mut(8);
        rests.copy_from_slice(&[u8::from(self.rests)]);
        before.copy_from_slice(&self.before.to_be_bytes());
        trail.copy_from_slice(self.trail.as_bytes());
        bytes
    }

    /// From a page token.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (rests, rest) = bytes.split_first()?;
        let (before, trail) = rest.split_first_chunk::<8>()?;
        Some(Self { rests: *rests != 0, before: u64::from_be_bytes(*before), trail: TrailId::parse(trail).ok()? })
    }
}

impl Outlines {
    /// Takes in how a trail stands now.
    pub(super) fn set(&self, trail: TrailId, changed: u64, waits: bool, outlined: Outlined) {
        let mut state = self.lock();
        let before = state.entries.get(&trail).map(|entry| Place::of(trail, entry));
        let (broken, telephone) =
            state.entries.get(&trail).map_or_else(Default::default, |at| (at.broken, at.telephone));
        let entry = Entry { outlined, changed, waits, broken, telephone };
        state.place(before, Place::of(trail, &entry));
        state.entries.insert(trail, entry);
        state.newest = state.newest.max(changed);
    }

    /// A trail is broken off: it waits for us from now on. [NOD-34]
    pub(super) fn break_off(&self, trail: &TrailId) {
        let mut state = self.lock();
        let Some(entry) = state.entries.get_mut(trail) else { return };
        let before = Place::of(*trail, entry);
        entry.broken = true;
        let now = Place::of(*trail, entry);
        state.place(Some(before), now);
    }

    /// Whether the next step in a trail is a telephone: it waits for us meanwhile. [ONC-30]
    pub(super) fn telephone(&self, trail: &TrailId, telephone: bool) {
        let mut state = self.lock();
        let Some(entry) = state.entries.get_mut(trail).filter(|entry| entry.telephone != telephone) else { return };
        let before = Place::of(*trail, entry);
        entry.telephone = telephone;
        let now = Place::of(*trail, entry);
        state.place(Some(before), now);
    }

    /// Lists the trails of a case by whoever has it now.
    pub(super) fn assign(&self, case: &Case) {
        let (mut state, groups) = (self.lock(), Group::of(case));
        for trail in &case.trails {
            state.regroup(*trail, groups.clone());
        }
    }

    /// Where the outline of a trail is; none if there is no such trail.
    pub(super) fn outlined(&self, trail: &TrailId) -> Option<Outlined> {
        self.lock().entries.get(trail).map(|entry| entry.outlined.clone())
    }

    /// Every trail, in no order.
    pub(super) fn trails(&self) -> Vec<TrailId> {
        self.lock().entries.keys().copied().collect()
    }

    /// Which outline of a trail is the newest: another number says that something happened in it.
    pub(super) fn mark(&self, trail: &TrailId) -> Option<u64> {
        self.lock().entries.get(trail).map(|entry| match &entry.outlined {
            Outlined::Kept(ordered) => ordered.position.number(),
            Outlined::Computed(_) => 0,
        })
    }

    /// A trail of which nothing is kept any more is in no list. [RET-19]
    pub(super) fn forget(&self, trail: &TrailId) {
        let mut state = self.lock();
        let place = state.entries.remove(trail).map(|entry| Place::of(*trail, &entry));
        let groups = state.groups.remove(trail).unwrap_or_default();
        if let Some(place) = place {
            state.orders.remove([Group::All].iter().chain(&groups), &place);
        }
    }

    /// When something was last recorded in any trail, by the clock of then.
    pub(super) fn newest(&self) -> Option<Seconds> {
        Seconds::new(self.lock().newest)
    }

    /// How many trails there are.
    pub(super) fn count(&self) -> usize {
        self.lock().entries.len()
    }

    /// How many of them are in a group.
    pub(super) fn count_in(&self, group: &Group) -> usize {
        self.lock().orders.count(group)
    }

    /// The next places after one in any of some groups, each once, at most so many.
    pub(super) fn next(&self, groups: &[Group], after: Option<Place>, most: usize) -> Vec<Place> {
        self.lock().orders.next(groups, after, most)
    }

    // A panic while the lock was held leaves at worst a trail in an old place.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn place(&mut self, before: Option<Place>, now: Place) {
        let groups = || [Group::All].iter().chain(self.groups.get(&now.trail).into_iter().flatten());
        if let Some(before) = before {
            self.orders.remove(groups(), &before);
        }
        self.orders.insert(groups(), now);
    }

    /// Puts a trail into other groups.
    fn regroup(&mut self, trail: TrailId, groups: Vec<Group>) {
        let place = self.entries.get(&trail).map(|entry| Place::of(trail, entry));
        let before = self.groups.insert(trail, groups.clone()).unwrap_or_default();
        let Some(place) = place else { return };
        self.orders.remove(before.iter().filter(|group| !groups.contains(group)), &place);
        self.orders.insert(groups.iter().filter(|group| !before.contains(group)), place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Position;
    use uput_core::id::Id;

    fn trail(n: u8) -> TrailId {
        TrailId::from(Id::of(&[n]))
    }

    fn set(outlines: &Outlines, n: u8, changed: u64, waits: bool) {
        let ordered = Ordered { position: Position::new(0), changed, waits, calls: false };
        outlines.set(trail(n), changed, waits, Outlined::Kept(ordered));
    }

    fn all(outlines: &Outlines) -> Vec<TrailId> {
        outlines.next(&[Group::All], None, usize::MAX).iter().map(|place| place.trail).collect()
    }

    /// [NOD-37]
    #[test]
    fn what_waits_comes_first_then_what_changed_last() {
        let outlines = Outlines::default();
        for (n, changed, waits) in [(1, 5, false), (2, 7, true), (3, 9, false), (4, 3, true)] {
            set(&outlines, n, changed, waits);
        }
        assert_eq!(all(&outlines), [2, 4, 3, 1].map(trail));
        set(&outlines, 1, 10, false);
        outlines.break_off(&trail(3));
        assert_eq!(all(&outlines), [3, 2, 4, 1].map(trail));
        set(&outlines, 3, 11, false);
        assert_eq!(all(&outlines), [3, 2, 4, 1].map(trail), "it stays broken off");
        outlines.telephone(&trail(1), true);
        assert_eq!(all(&outlines), [3, 1, 2, 4].map(trail));
        outlines.telephone(&trail(1), false);
        assert_eq!(all(&outlines), [3, 2, 4, 1].map(trail));
        assert_eq!(outlines.count(), 4);
    }

    /// [API-9]
    #[test]
    fn pages_follow_each_other_also_when_the_last_row_has_moved() {
        let outlines = Outlines::default();
        (0..20).for_each(|n| set(&outlines, n, u64::from(n), false));
        let first = outlines.next(&[Group::All], None, 5);
        set(&outlines, 15, 100, true);
        let second = outlines.next(&[Group::All], first.last().copied(), 5);
        assert_eq!(first.iter().chain(&second).map(|place| place.trail).collect::<Vec<_>>(), {
            (10..20).rev().map(trail).collect::<Vec<_>>()
        });
        assert_eq!(Place::parse(&second[0].to_bytes()), Some(second[0]));
    }
}
