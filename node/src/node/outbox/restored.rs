//! What a queue holds back, and asks first, where the node was restored. [BAK-53]

use std::collections::{BTreeSet, HashMap, HashSet};

use uput_core::id::TrailId;

use super::{Queue, Waiting};
use crate::storage::Position;

/// What may go from a node that was restored. [BAK-53]
#[derive(Default)]
pub(super) struct Restored {
    /// Trails of which the peer has said where they stand.
    pub(super) resumed: HashSet<TrailId>,
    /// Heads that ask.
    pub(super) asks: HashSet<Position>,
    /// Trails that were asked about since the start.
    pub(super) about: HashSet<TrailId>,
    /// What is still to be asked for: a trail, or none for all of them.
    pub(super) lost: BTreeSet<Option<TrailId>>,
    /// What letters on their way ask for.
    pub(super) asking: HashMap<u64, BTreeSet<Option<TrailId>>>,
}

impl Queue {
    /// A head that asks where a trail stands goes before anything else of it. [BAK-51]
    pub(in crate::node) fn asks_by(&self, position: Position, item: Waiting) {
        let mut state = self.lock();
        if let Some(restored) = &mut state.restored {
            restored.asks.insert(position);
            restored.about.extend(item.trail);
        }
        state.waiting.insert(position, item);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Whether a trail was asked about since the start.
    pub(in crate::node) fn has_asked_about(&self, trail: &TrailId) -> bool {
        self.lock().restored.as_ref().is_some_and(|restored| restored.about.contains(trail))
    }

    /// Whether what waits of a trail may go.
    pub(in crate::node) fn is_resumed(&self, trail: &TrailId) -> bool {
        self.lock().restored.as_ref().is_none_or(|restored| restored.resumed.contains(trail))
    }

    /// From now on what waits of a trail goes.
    pub(in crate::node) fn resume(&self, trail: TrailId) {
        self.lock().restored.iter_mut().for_each(|restored| restored.resumed.extend([trail]));
        self.changed.notify_waiters();
    }

    /// Asks for all of a trail that is not here. [BAK-57]
    pub(in crate::node) fn ask_for_lost(&self, trail: TrailId) {
        let mut state = self.lock();
        let asked = state.restored.iter().flat_map(|restored| restored.asking.values()).flatten();
        if !asked.clone().any(|asked| *asked == Some(trail)) {
            state.restored.iter_mut().for_each(|restored| restored.lost.extend([Some(trail)]));
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// The trails and positions of a letter on its way, if it is one that asks.
    pub(in crate::node) fn asked_in(&self, ticket: u64) -> Option<(Position, TrailId)> {
        let state = self.lock();
        let [(position, item)] = state.flying.get(&ticket)?.as_slice() else { return None };
        let asks = state.restored.as_ref().is_some_and(|restored| restored.asks.contains(position));
        item.trail.filter(|_| asks).map(|trail| (*position, trail))
    }

    /// Adds what is on disk and does not wait yet.
    pub(in crate::node) fn push_again(&self, items: impl IntoIterator<Item = (Position, Waiting)>) {
        let mut state = self.lock();
        for (position, item) in items {
            let flies = state.flying.values().flatten().any(|(flying, _)| *flying == position);
            if !flies {
                state.waiting.entry(position).or_insert(item);
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }
}
