//! The numbers that one party has used in a trail.

use crate::id::EventId;

/// Events of one author by number; more than one under a number is an equivocation.
#[derive(Clone, Default)]
pub(super) struct Chain(Vec<Vec<EventId>>);

impl Chain {
    /// How many numbers are used. Numbers have no gap, because each event names its predecessor.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The first event that came with the highest number.
    pub(super) fn last(&self) -> Option<EventId> {
        self.0.last().and_then(|twins| twins.first()).copied()
    }

    /// Events with this number.
    pub(super) fn numbered(&self, seq: u64) -> &[EventId] {
        usize::try_from(seq).ok().and_then(|seq| self.0.get(seq)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn insert(&mut self, seq: u64, id: EventId) {
        match usize::try_from(seq).ok().and_then(|seq| self.0.get_mut(seq)) {
            Some(twins) => twins.push(id),
            None => self.0.push(vec![id]),
        }
    }
}
