//! What a queue gives to somebody who carries letters by hand, and what the peer shows to have.

use std::collections::BTreeSet;

use uput_core::id::TrailId;

use super::{Queue, Waiting};
use crate::storage::Position;

impl Queue {
    /// What waits or is on its way, oldest first, and whether it may go now. [CAR-5]
    pub(in crate::node) fn all(&self) -> Vec<(Position, Waiting, bool)> {
        let state = self.lock();
        let flying = state.flying.values().flatten().map(|(position, item)| (*position, *item));
        let waiting = state.waiting.iter().map(|(position, item)| (*position, *item));
        let may_go = |position, item| !state.holds(&item) && !state.awaits(&position, &item);
        let mut all: Vec<_> =
            flying.chain(waiting).map(|(position, item)| (position, item, may_go(position, item))).collect();
        all.sort_unstable_by_key(|(position, ..)| *position);
        all
    }

    /// Waits until anything changes: what came, or what may go now.
    pub(in crate::node) fn changes(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// Events of a trail that wait.
    pub(in crate::node) fn events_of(&self, trail: &TrailId) -> Vec<Position> {
        let state = self.lock();
        let of_it = |item: &Waiting| item.event && item.trail.as_ref() == Some(trail);
        state.waiting.iter().filter(|(_, item)| of_it(item)).map(|(position, _)| *position).collect()
    }

    /// The peer has shown that it has these events of a trail. While something of that trail is on its way its receipt says
    /// so. [CAR-7]
    pub(in crate::node) fn shown(&self, trail: &TrailId, positions: &BTreeSet<Position>) {
        let mut state = self.lock();
        if state.busy.contains(trail) {
            return;
        }
        let items: Vec<(Position, Waiting)> =
            positions.iter().filter_map(|position| Some((*position, state.waiting.remove(position)?))).collect();
        if items.is_empty() {
            return;
        }
        state.next_ticket = state.next_ticket.wrapping_add(1);
        let ticket = state.next_ticket;
        state.busy.insert(*trail);
        state.flying.insert(ticket, items);
        state.shown.push(ticket);
    }

    /// Whether an item travels in a letter of its own.
    pub(in crate::node) fn goes_alone(&self, position: &Position) -> bool {
        self.lock().alone.contains(position)
    }

    /// The peer has answered for these items, which went another way than its line. Those that still wait become a letter
    /// with a receipt: its name; none if all are gone, or on a line now, whose receipt says it. [RLY-10]
    pub(in crate::node) fn answered_for(&self, positions: &[Position]) -> Option<u64> {
        let mut state = self.lock();
        let items: Vec<(Position, Waiting)> =
            positions.iter().filter_map(|position| Some((*position, state.waiting.remove(position)?))).collect();
        let (busy, free): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|(_, item)| item.trail.is_some_and(|trail| state.busy.contains(&trail)));
        state.waiting.extend(busy);
        if free.is_empty() {
            return None;
        }
        state.next_ticket = state.next_ticket.wrapping_add(1);
        let ticket = state.next_ticket;
        state.busy.extend(free.iter().filter_map(|(_, item)| item.trail));
        state.flying.insert(ticket, free);
        Some(ticket)
    }

    /// The peer has refused a letter that held these items. One of several is not said to be the bad one, however few of them
    /// still wait: each goes once more by itself. An item that was alone becomes a letter with a receipt: its name. [RLY-10]
    pub(in crate::node) fn refused_for(&self, positions: &[Position]) -> Option<u64> {
        if positions.len() <= 1 {
            return self.answered_for(positions);
        }
        let mut state = self.lock();
        let waiting: Vec<Position> =
            positions.iter().filter(|position| state.waiting.contains_key(position)).copied().collect();
        state.alone.extend(waiting);
        drop(state);
        self.changed.notify_waiters();
        None
    }

    /// What was shown since somebody asked last, as if it had been sent and waited for its receipt.
    pub(in crate::node) fn take_shown(&self) -> Vec<u64> {
        std::mem::take(&mut self.lock().shown)
    }
}
