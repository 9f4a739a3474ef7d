//! What a queue holds back, and asks first, where the node was restored. [BAK-53]

use std::collections::{BTreeSet, HashMap, HashSet};

use uput_core::{id::TrailId, rejection::Rejection};

use super::{MOST_REQUESTS, Queue, Waiting};
use crate::storage::Position;

/// Trails about which a peer is asked because it seems to know more, since the start: who names trails without end is asked
/// no more.
const MOST_SUSPECTED: usize = 64;

/// Seconds in which a peer may ask so often for all that there is with it.
const DAY: u64 = 86_400;
const MOST_TOLD: u32 = 4;
/// Trails of which a peer is asked for all at a time: who names trails without end is put off. [BAK-57]
const MOST_LOST: usize = 1024;

/// What may go from a node that was restored. [BAK-53]
#[derive(Default)]
pub(super) struct Restored {
    /// Trails of which the peer has said where they stand.
    pub(super) resumed: HashSet<TrailId>,
    /// Heads that ask.
    pub(super) asks: HashSet<Position>,
    /// What waits for no word on its trail.
    pub(super) gives: HashSet<Position>,
    /// Trails that were asked about since the start.
    pub(super) about: HashSet<TrailId>,
    /// Trails that were asked for whole since the start, because less of them came than was counted.
    pub(super) short: HashSet<TrailId>,
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

    /// What the next letter asks for: as much as the peer answers in one. [BAK-57]
    pub(super) fn take(&mut self) -> BTreeSet<Option<TrailId>> {
        let rest = self.wanted.iter().nth(MOST_REQUESTS).copied();
        let rest = rest.map(|first| self.wanted.split_off(&first)).unwrap_or_default();
        std::mem::replace(&mut self.wanted, rest)
    }

    pub(super) fn flies(&mut self, ticket: u64, lost: &BTreeSet<Option<TrailId>>) {
        if !lost.is_empty() {
            self.asking.insert(ticket, lost.clone());
        }
    }

    pub(super) fn lands(&mut self, ticket: u64) {
        self.asking.remove(&ticket);
    }

    /// What was not answered is asked again.
    pub(super) fn again(&mut self, ticket: u64) {
        self.wanted.extend(self.asking.remove(&ticket).unwrap_or_default());
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

    /// The peer does not have the trail that a letter asked about: what waits of it goes, and with it the question once
    /// more. Until the letter is done nothing of the trail goes, so that none of it leaves the question behind. [BAK-56]
    pub(in crate::node) fn asks_again(&self, ticket: u64, position: Position, trail: TrailId) {
        let mut state = self.lock();
        let waits = state.waiting.values().any(|item| item.event && item.trail == Some(trail));
        if let Some(restored) = &mut state.restored {
            restored.resumed.insert(trail);
            if waits {
                let since = crate::clock::now().get();
                state.waiting.insert(position, Waiting { trail: Some(trail), event: false, since });
            }
        }
        drop(state);
        self.done(ticket);
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

    /// Takes out, of what waits of a trail, the questions that were answered, and what the other party `has`. [BAK-53]
    pub(in crate::node) fn take_answered(&self, trail: &TrailId, has: impl Fn(Position) -> bool) -> Vec<Position> {
        let mut state = self.lock();
        let Some(restored) = &state.restored else { return Vec::new() };
        let asks = |at: &Position| restored.asks.contains(at) && !restored.gives.contains(at);
        let over =
            |(at, item): &(&Position, &Waiting)| item.trail == Some(*trail) && (asks(at) || (item.event && has(**at)));
        let over: Vec<Position> = state.waiting.iter().filter(over).map(|(at, _)| *at).collect();
        for at in &over {
            state.alone.remove(at);
            if let Some(item) = state.waiting.remove(at) {
                state.gave(&item);
            }
        }
        over
    }

    /// Asks for all of a trail that is not here. [BAK-57]
    ///
    /// # Errors
    /// [`Rejection::TooMany`]: so many are asked for and not answered yet.
    pub(in crate::node) fn ask_for_lost(&self, trail: TrailId) -> Result<(), Rejection> {
        let mut state = self.lock();
        let flies = state.lost.asking.values().flatten().any(|asked| *asked == Some(trail));
        if !flies && !state.lost.wanted.contains(&Some(trail)) {
            let asked = state.lost.asking.values().map(BTreeSet::len).sum::<usize>();
            if state.lost.wanted.len().saturating_add(asked) >= MOST_LOST {
                return Err(Rejection::TooMany);
            }
            state.lost.wanted.insert(Some(trail));
        }
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// The same of a trail of which less is here than the peer counts: once since the start, whatever comes.
    pub(in crate::node) fn ask_for_short(&self, trail: TrailId) -> Result<(), Rejection> {
        let first = |restored: &mut Restored| restored.short.insert(trail);
        let first = self.lock().restored.as_mut().is_some_and(first);
        if first { self.ask_for_lost(trail) } else { Ok(()) }
    }

    /// The peer refused a letter: what it asks for is asked for no more.
    pub(in crate::node) fn forget_lost(&self, ticket: u64) {
        self.lock().lost.lands(ticket);
    }

    /// Asks whether the peer has more of a trail than is here: of each once, and of so many since the start. [STO-40]
    pub(in crate::node) fn ask_whether_more(&self, trail: TrailId) {
        let mut state = self.lock();
        if state.lost.suspected.len() >= MOST_SUSPECTED || !state.lost.suspected.insert(trail) {
            return;
        }
        drop(state);
        // So many at a time are never asked about.
        self.ask_for_lost(trail).ok();
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

    /// Adds what is on disk and does not wait yet, and what no word on its trail holds back: a peer that was restored is given
    /// it, or it is for somebody else. [BAK-54]
    pub(in crate::node) fn give(&self, items: impl IntoIterator<Item = (Position, Waiting)>) {
        let mut state = self.lock();
        for (position, item) in items {
            if let Some(restored) = &mut state.restored {
                restored.gives.insert(position);
            }
            let flies = state.flying.values().flatten().any(|(flying, _)| *flying == position);
            if !flies {
                state.waiting.entry(position).or_insert(item);
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }
}
