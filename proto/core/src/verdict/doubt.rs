//! What is in doubt, and what rests on it.
//!
//! Guarantees that nothing is broken by an event that nobody can say who wrote, and that a sentence says which one it is.
//! Leaves to [`disowned`](super::disowned) which events those are. [BUN-125] [BUN-129]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    event::Event,
    id::EventId,
    state::{Judged, Reading, Verdict, row},
    trail::Trail,
};

/// The events in doubt of one trail. [BUN-106]
#[derive(Default)]
pub(super) struct Doubts {
    doubted: BTreeSet<EventId>,
    /// What has some of them in its past, each with the first of these by ID.
    after: BTreeMap<EventId, EventId>,
    /// The same of those that change the state. [BUN-129]
    moved: BTreeMap<EventId, EventId>,
}

impl Doubts {
    /// Those of a trail, as far as its state can be read.
    pub(super) fn of(trail: &Trail, reading: Option<&Reading>, doubted: &BTreeSet<EventId>) -> Self {
        let doubted: BTreeSet<EventId> = doubted.iter().copied().filter(|id| trail.event(id).is_some()).collect();
        let moving = |id: &EventId| reading.is_none_or(|reading| reading.events.get(id).is_none_or(adds_facts));
        let moving = doubted.iter().copied().filter(moving).collect();
        Self { after: resting_on(trail, &doubted), moved: resting_on(trail, &moving), doubted }
    }

    /// The event itself, if it is in doubt.
    pub(super) fn itself(&self, event: &EventId) -> Option<EventId> {
        self.doubted.get(event).copied()
    }

    /// The event itself, or the first of its past.
    pub(super) fn beneath(&self, event: &EventId) -> Option<EventId> {
        self.itself(event).or_else(|| self.after.get(event).copied())
    }

    /// The event itself, or the first of its past that changes the state. [BUN-129]
    pub(super) fn beneath_state(&self, event: &EventId) -> Option<EventId> {
        self.itself(event).or_else(|| self.moved.get(event).copied())
    }

    /// What a timer rests on: the event that started it, with its past, and the one that met or ended it.
    pub(super) fn beneath_timer(&self, from: &Event, to: Option<&Event>) -> Option<EventId> {
        self.beneath(&from.id).or_else(|| to.and_then(|to| self.itself(&to.id)))
    }
}

/// Whether the state is another one with it than without it. [BUN-129]
fn adds_facts(judged: &Judged) -> bool {
    let adds = row(judged.side, judged.kind).is_some_and(|row| !row.facts.is_empty());
    judged.verdict == Verdict::Effective && adds
}

/// What has some of these in its past, each with the first of them by ID.
fn resting_on(trail: &Trail, these: &BTreeSet<EventId>) -> BTreeMap<EventId, EventId> {
    let mut after: BTreeMap<EventId, EventId> = BTreeMap::new();
    let events = trail.settled().into_iter().take_while(|_| !these.is_empty());
    for event in events {
        let parents = [event.prev, event.seen].into_iter().flatten();
        let first = parents.flat_map(|parent| these.get(&parent).into_iter().chain(after.get(&parent))).min().copied();
        after.extend(first.map(|first| (event.id, first)));
    }
    after
}

/// A sentence that says on what it rests.
pub(super) fn resting(sentence: &str, on: &EventId) -> String {
    format!("{sentence} (event {on} is in doubt)")
}
