//! What is in doubt, and what rests on it.
//!
//! Guarantees that nothing is broken by an event that nobody can say who wrote, and that a sentence says which one it is.
//! Leaves to [`disowned`](super::disowned) which events those are. [BUN-125]

use std::collections::{BTreeMap, BTreeSet};

use crate::{event::Event, id::EventId, trail::Trail};

/// The events in doubt of one trail. [BUN-106]
#[derive(Default)]
pub(super) struct Doubts {
    doubted: BTreeSet<EventId>,
    /// What has some of them in its past, each with the first of these by ID.
    after: BTreeMap<EventId, EventId>,
}

impl Doubts {
    /// Those of a trail.
    pub(super) fn of(trail: &Trail, doubted: &BTreeSet<EventId>) -> Self {
        let doubted: BTreeSet<EventId> = doubted.iter().copied().filter(|id| trail.event(id).is_some()).collect();
        let mut after: BTreeMap<EventId, EventId> = BTreeMap::new();
        if doubted.is_empty() {
            return Self { doubted, after };
        }
        for event in trail.settled() {
            let parents = [event.prev, event.seen].into_iter().flatten();
            let first =
                parents.flat_map(|parent| doubted.get(&parent).into_iter().chain(after.get(&parent))).min().copied();
            after.extend(first.map(|first| (event.id, first)));
        }
        Self { doubted, after }
    }

    /// The event itself, if it is in doubt.
    pub(super) fn itself(&self, event: &EventId) -> Option<EventId> {
        self.doubted.get(event).copied()
    }

    /// The event itself, or the first of its past.
    pub(super) fn beneath(&self, event: &EventId) -> Option<EventId> {
        self.itself(event).or_else(|| self.after.get(event).copied())
    }

    /// What a timer rests on: the event that started it, with its past, and the one that met or ended it.
    pub(super) fn beneath_timer(&self, from: &Event, to: Option<&Event>) -> Option<EventId> {
        self.beneath(&from.id).or_else(|| to.and_then(|to| self.itself(&to.id)))
    }
}

/// A sentence that says on what it rests.
pub(super) fn resting(sentence: &str, on: &EventId) -> String {
    format!("{sentence} (event {on} is in doubt)")
}
