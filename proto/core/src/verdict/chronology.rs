//! Claimed times held against the causal order.
//!
//! Guarantees that whoever dates an event back before what it has seen, or on after what has seen it, is noticed where
//! that decides something. Says nothing of which of two times is false.

use std::collections::BTreeMap;

use crate::{event::Event, id::EventId, trail::Trail};

/// Of each event: the latest that it or its past claims, and the earliest that it or what has seen it claims.
pub(super) struct Chronology<'a> {
    latest: BTreeMap<EventId, &'a Event>,
    earliest: BTreeMap<EventId, &'a Event>,
}

impl<'a> Chronology<'a> {
    /// Of a trail.
    pub(super) fn of(trail: &'a Trail) -> Self {
        let order: Vec<&Event> = trail.settled().into_iter().map(|event| -> &Event { event }).collect();
        let (mut latest, mut earliest) = (BTreeMap::new(), BTreeMap::new());
        for event in &order {
            let before = parents(event).filter_map(|parent| latest.get(&parent).copied());
            let last =
                before.fold(*event, |one: &Event, other: &Event| if other.time > one.time { other } else { one });
            latest.insert(event.id, last);
        }
        for event in order.iter().rev() {
            let first: &Event = earliest.entry(event.id).or_insert(*event);
            for parent in parents(event).filter_map(|parent| trail.event(&parent)) {
                let own = earliest.entry(parent.id).or_insert(parent);
                if first.time < own.time {
                    *own = first;
                }
            }
        }
        Self { latest, earliest }
    }

    /// What claims the latest time among an event and its past.
    pub(super) fn latest(&self, event: &'a Event) -> &'a Event {
        self.latest.get(&event.id).copied().unwrap_or(event)
    }

    /// What claims the earliest time among an event and those that have it in their past.
    pub(super) fn earliest(&self, event: &'a Event) -> &'a Event {
        self.earliest.get(&event.id).copied().unwrap_or(event)
    }
}

fn parents(event: &Event) -> impl Iterator<Item = EventId> {
    [event.prev, event.seen].into_iter().flatten()
}
