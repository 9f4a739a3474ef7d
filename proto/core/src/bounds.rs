//! Between which times an event was signed, on the word of the party that did not write it.
//!
//! Guarantees that a bound rests on one signed event of the other party alone, and on the order that both have signed:
//! nobody signs what it has not seen. Leaves to logs and witnesses what is proven to a third, and to the verdict what
//! follows where two words contradict each other.

use std::collections::BTreeMap;

use crate::{
    event::Event,
    id::{EventId, OrgId},
    state::Side,
    time::Seconds,
    trail::Trail,
};

/// A time, and whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What its event claims.
    pub time: Seconds,
    /// Who claims it.
    pub word: OrgId,
    /// The event that says it.
    pub event: EventId,
}

/// What the other party has signed about when an event was signed. [TIM-2]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// It was signed no earlier: it has seen this.
    pub after: Option<Bound>,
    /// It was signed no later: this has seen it.
    pub before: Option<Bound>,
}

/// The bounds of every event of a trail.
pub struct Bounded(BTreeMap<EventId, Bounds>);

impl Bounded {
    /// Of a trail.
    #[must_use]
    pub fn of(trail: &Trail) -> Self {
        let order: Vec<&Event> = trail.settled().into_iter().map(|event| -> &Event { event }).collect();
        let parties = [Side::Opener, Side::Peer].map(|side| trail.party(side));
        let mut bounds: BTreeMap<EventId, Bounds> = BTreeMap::new();
        for word in parties {
            let after = latest(order.iter().copied(), word);
            let before = earliest(order.iter().rev().copied(), word);
            for event in order.iter().filter(|event| event.author != word) {
                let found = Bounds { after: after.get(&event.id).copied(), before: before.get(&event.id).copied() };
                bounds.insert(event.id, found);
            }
        }
        Self(bounds)
    }

    /// Those of one event.
    #[must_use]
    pub fn around(&self, event: EventId) -> Bounds {
        self.0.get(&event).copied().unwrap_or_default()
    }
}

impl Bounds {
    /// A claimed time, as far as the other party lets it stand: no earlier than what the event has seen, and no later than
    /// what has seen it. Where these two contradict each other, the earlier one. [TIM-3]
    #[must_use]
    pub fn settle(&self, claimed: Seconds) -> Seconds {
        let from = self.after.map_or(claimed, |after| after.time.max(claimed));
        self.before.map_or(from, |before| before.time.min(from))
    }
}

/// The latest that one party claims among what each event has in its past.
fn latest<'a>(order: impl Iterator<Item = &'a Event>, word: OrgId) -> BTreeMap<EventId, Bound> {
    let mut with: BTreeMap<EventId, Bound> = BTreeMap::new();
    let mut past: BTreeMap<EventId, Bound> = BTreeMap::new();
    for event in order {
        let before = parents(event).filter_map(|parent| with.get(&parent).copied());
        let last = before.max_by_key(|bound| bound.time);
        past.extend(last.map(|bound| (event.id, bound)));
        let own = (event.author == word).then(|| bound_of(event));
        let last = last.into_iter().chain(own).max_by_key(|bound| bound.time);
        with.extend(last.map(|bound| (event.id, bound)));
    }
    past
}

/// The earliest that one party claims among what has each event in its past; from the last event on.
fn earliest<'a>(order: impl Iterator<Item = &'a Event>, word: OrgId) -> BTreeMap<EventId, Bound> {
    let mut later: BTreeMap<EventId, Bound> = BTreeMap::new();
    for event in order {
        let own = (event.author == word).then(|| bound_of(event));
        let first = own.into_iter().chain(later.get(&event.id).copied()).min_by_key(|bound| bound.time);
        for (parent, bound) in parents(event).filter_map(|parent| Some((parent, first?))) {
            let known = later.entry(parent).or_insert(bound);
            // Of two that claim one time the first.
            if bound.time <= known.time {
                *known = bound;
            }
        }
    }
    later
}

const fn bound_of(event: &Event) -> Bound {
    Bound { time: event.time, word: event.author, event: event.id }
}

fn parents(event: &Event) -> impl Iterator<Item = EventId> {
    [event.prev, event.seen].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    fn bound(time: u64) -> Bound {
        Bound { time: at(time), word: Id::of(b"somebody").into(), event: Id::of(b"an event").into() }
    }

    fn at(time: u64) -> Seconds {
        Seconds::new(time).unwrap()
    }

    /// [TIM-3]
    #[test]
    fn a_claim_stands_between_what_it_saw_and_what_saw_it() {
        let both = Bounds { after: Some(bound(100)), before: Some(bound(200)) };
        assert_eq!([50, 150, 300].map(|claimed| both.settle(at(claimed))), [100, 150, 200].map(at));
        assert_eq!(Bounds::default().settle(at(50)), at(50));
        let contradicting = Bounds { after: Some(bound(200)), before: Some(bound(100)) };
        assert_eq!(contradicting.settle(at(300)), at(100), "the earlier one: nobody waits longer for it");
    }
}
