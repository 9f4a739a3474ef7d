//! The numbers that parties signed, whatever became of the events.
//!
//! Guarantees that an event which rests on a gap, or is of a newer version, counts like any other where only signatures
//! count: an exporter hides no contradiction by leaving something out. [BUN-33] [BUN-35] [BUN-36]

use std::collections::BTreeMap;

use crate::{
    event::{Event, EventPrefix},
    id::{EventId, OrgId},
};

/// What every version of an event says of its place.
#[derive(Clone, Copy)]
pub(super) struct Numbered {
    pub(super) id: EventId,
    pub(super) author: OrgId,
    pub(super) incarnation: u32,
    pub(super) seq: u64,
}

/// Every event whose signature holds, by its number.
pub(super) struct Numbers {
    all: BTreeMap<(OrgId, u64), Vec<Numbered>>,
    by_id: BTreeMap<EventId, Numbered>,
}

impl Numbers {
    /// Those that were read, in their order, and then those of newer versions.
    pub(super) fn of<'e>(read: impl Iterator<Item = &'e Event>, parked: &[EventPrefix]) -> Self {
        let mut numbers = Self { all: BTreeMap::new(), by_id: BTreeMap::new() };
        read.map(Numbered::from).chain(parked.iter().map(Numbered::from)).for_each(|event| numbers.add(event));
        numbers
    }

    fn add(&mut self, event: Numbered) {
        if self.by_id.insert(event.id, event).is_none() {
            self.all.entry((event.author, event.seq)).or_default().push(event);
        }
    }

    /// Those of one author with one number.
    pub(super) fn numbered(&self, author: &OrgId, seq: u64) -> &[Numbered] {
        self.all.get(&(*author, seq)).map_or(&[], Vec::as_slice)
    }

    /// That one.
    pub(super) fn event(&self, id: &EventId) -> Option<&Numbered> {
        self.by_id.get(id)
    }

    /// Those of one author, by number.
    pub(super) fn of_author(&self, author: OrgId) -> impl Iterator<Item = &[Numbered]> {
        self.all.range((author, 0)..=(author, u64::MAX)).map(|(_, events)| events.as_slice())
    }
}

impl From<&Event> for Numbered {
    fn from(event: &Event) -> Self {
        Self { id: event.id, author: event.author, incarnation: event.incarnation, seq: event.seq }
    }
}

impl From<&EventPrefix> for Numbered {
    fn from(event: &EventPrefix) -> Self {
        Self { id: event.id, author: event.author, incarnation: event.incarnation, seq: event.seq }
    }
}
