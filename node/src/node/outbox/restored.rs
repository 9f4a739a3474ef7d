//! What a queue holds back, and asks first, where the node was restored. [BAK-53]

use std::collections::{BTreeSet, HashMap, HashSet};

use uput_core::{id::TrailId, rejection::Rejection};

use super::{Queue, Waiting};
use crate::storage::Position;

/// Trails about which a peer is asked because it seems to know more, since the start: who names trails without end is asked
/// no more.
const MOST_SUSPECTED: usize = 64;

/// Seconds in which a peer may ask so often for all that there is with it.
const DAY: u64 = 86_400;
const MOST_TOLD: u32 = 4;

/// What may go from a node that was restored. [BAK-53]
#[derive(Default)]
pub(super) struct Restored {
    /// Trails of which the peer has said where they stand.
    pub(super) resumed: HashSet<TrailId>,
    /// Heads that ask.
    pub(super) asks: HashSet<Position>,
    /// Trails that were asked about since the start.
    pub(super) about: HashSet<TrailId>,
}

/// What is not here, and is asked for: a trail, or none for all of them.
#[derive(Default)]
pub(super) struct Lost {
    wanted: BTreeSet<Option<TrailId>>,
    /// What letters on their way ask for.
    asking: HashMap<u64, BTreeSet<Option<TrailId>>>,
    /// Since when, and how often, the peer was told all that there is with it.
    told: (u64, u32),
    /// Of a suspicion: trails that were asked about since the start.
    suspected: HashSet<TrailId>,
}

impl Lost {
    pub(super) fn all() -> Self {
        Self { wanted: BTreeSet::from([None]), ..Self::default() }
    }

    pub(super) fn take(&mut self) -> BTreeSet<Option<TrailId>> {
        std::mem::take(&mut self.wanted)
    }

    pub(super) fn flies(&mut self, ticket: u64, lost: &BTreeSet<Option<TrailId>>) {
        if !lost.is_empty() {
            self.asking.insert(ticket, lost.clone());
        }
    }

    pub(super) fn lands(&mut self, ticket: u64) {
        self.asking.remove(&ticket);
    }

    /// What was not answered is asked again, unless the peer does not know the question.
    pub(super) fn again(&mut self, ticket: u64, alone: bool) {
        let lost = self.asking.remove(&ticket).unwrap_or_default();
        self.wanted.extend(lost.into_iter().filter(|_| !alone));
    }
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
        if !state.lost.asking.values().flatten().any(|asked| *asked == Some(trail)) {
            state.lost.wanted.insert(Some(trail));
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Asks whether the peer has more of a trail than is here: of each once, and of so many since the start. [STO-40]
    pub(in crate::node) fn ask_whether_more(&self, trail: TrailId) {
        let mut state = self.lock();
        if state.lost.suspected.len() >= MOST_SUSPECTED || !state.lost.suspected.insert(trail) {
            return;
        }
        drop(state);
        self.ask_for_lost(trail);
    }

    /// Whether the peer may be told now of all that there is with it: all trails are looked at for that. [BAK-59]
    pub(in crate::node) fn allow_all(&self, now: u64) -> Result<(), Rejection> {
        let told = &mut self.lock().lost.told;
        if now.abs_diff(told.0) >= DAY {
            *told = (now, 0);
        }
        told.1 = told.1.saturating_add(1);
        if told.1 > MOST_TOLD { Err(Rejection::TooMany) } else { Ok(()) }
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
