//! How early something was there, and how early the party that owes a step had it.
//!
//! Guarantees that whoever is accused has every sound sign on its side, whoever gave it, and that it is reckoned to have
//! had something only by its own log or by what it signed itself: that somebody else wrote a thing down hands it to nobody.
//! [BUN-77] [BUN-100]

use std::collections::BTreeMap;

use super::{doubt::Doubts, heads::Heads, logs::Logs};
use crate::{event::Event, id::EventId, log::EntryKind, state::Side, time::Seconds, trail::Trail};

/// Of every event of a trail, as far as anything shows it.
pub(super) struct Known {
    there: BTreeMap<EventId, Seconds>,
    had: BTreeMap<EventId, Seconds>,
}

impl Known {
    /// Of a trail, for the party that owes a step, or is accused. What is in doubt says nothing against it. [BUN-126]
    pub(super) fn of(trail: &Trail, heads: &Heads, logs: &Logs, side: Side, doubts: &Doubts) -> Self {
        let mut known = Self { there: BTreeMap::new(), had: BTreeMap::new() };
        let (other, owing) = (trail.party(side.other()), trail.party(side));
        for event in trail.events() {
            let claimed = (event.author == other).then_some(event.time);
            earlier(&mut known.there, event.id, logs.first_sight(event).into_iter().chain(claimed));
            let own = (event.author == owing && doubts.itself(&event.id).is_none()).then_some(event.time);
            let proven = own.and_then(|_| logs.event(event).time);
            let received = logs.logged(&owing, EntryKind::ReceivedEvent, event.id.into());
            earlier(&mut known.had, event.id, own.into_iter().chain(proven).chain(received));
        }
        for (head, named) in heads
            .all()
            .flat_map(|head| [head.own_last, head.seen_last].into_iter().flatten().map(move |named| (head, named)))
        {
            let claimed = (head.author == other).then_some(head.time);
            earlier(&mut known.there, named, logs.first_sight_of_head(head.id()).into_iter().chain(claimed));
            if head.author == owing {
                let logged = logs.logged(&owing, EntryKind::Head, head.id());
                earlier(&mut known.had, named, logged.into_iter().chain([head.time]));
            }
        }
        known.carry_back(trail);
        known
    }

    /// What has an event in its past shows that event too.
    fn carry_back(&mut self, trail: &Trail) {
        for event in trail.settled().into_iter().rev() {
            for parent in parents(event) {
                for times in [&mut self.there, &mut self.had] {
                    let time = times.get(&event.id).copied();
                    earlier(times, parent, time);
                }
            }
        }
    }

    /// The earliest time at which an event of the owing party was there: by any cosignature, or by what the other party
    /// claims of itself.
    pub(super) fn there(&self, event: &EventId) -> Option<Seconds> {
        self.there.get(event).copied()
    }

    /// When the owing party had an event of the other one at the latest, and never before that claims to be written.
    pub(super) fn had(&self, event: &Event) -> Option<Seconds> {
        self.had.get(&event.id).map(|time| event.time.max(*time))
    }
}

fn earlier(times: &mut BTreeMap<EventId, Seconds>, event: EventId, found: impl IntoIterator<Item = Seconds>) {
    for time in found {
        let known = times.entry(event).or_insert(time);
        *known = time.min(*known);
    }
}

fn parents(event: &Event) -> impl Iterator<Item = EventId> {
    [event.prev, event.seen].into_iter().flatten()
}

/// Of a head, whether it, or what it counts, has an event in its past.
pub(super) fn has_seen(trail: &Trail, head: &crate::head::Head, event: EventId) -> bool {
    let seen = |last: EventId| last == event || trail.history().has_seen(last, event);
    [head.own_last, head.seen_last].into_iter().flatten().any(seen)
}
