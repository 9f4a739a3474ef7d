//! Our own log in memory: which ticks are closed, and the tree over them. [LOG-60]
//!
//! Guarantees that ticks follow each other without a gap and that none is opened again. Everything in it is rebuilt from the
//! journal. Leaves to the node writing records before they are taken in, and to the core what hashes mean.

mod missed;
mod witnesses;

use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;
use uput_core::{
    log::{Hash, Tick, Tree},
    rejection::Rejection,
    time::Seconds,
};

pub use missed::missed_root;
pub use witnesses::{Asked, Held, Standing, Witnesses};

use crate::{record::TickRecord, storage::Position};

/// More ticks than this were not missed: the clock is wrong. Five years. [LOG-64]
pub const MOST_MISSED: u64 = 5 * 366 * 144;

/// Our log.
pub struct Log {
    state: RwLock<State>,
    /// Held while a tick is closed.
    pub(crate) closing: tokio::sync::Mutex<()>,
    size: watch::Sender<u64>,
    /// Why the last tick could not be closed.
    stuck: Mutex<Option<Rejection>>,
}

struct State {
    base: u64,
    tree: Tree,
    /// Ticks that were closed by a record of their own, and up to where in the journal their entries stand.
    ends: Vec<(u64, Position)>,
}

/// What is to be closed by now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed {
    /// The tick that is open.
    pub tick: u64,
    /// Where in the journal its entries begin.
    pub from: Position,
    /// How many ticks after it have passed too.
    pub missed: u64,
}

impl Log {
    /// A log without a tick.
    #[must_use]
    pub fn new(base: u64) -> Self {
        let state = State { base, tree: Tree::default(), ends: Vec::new() };
        Self {
            state: RwLock::new(state),
            closing: tokio::sync::Mutex::default(),
            size: watch::channel(0).0,
            stuck: Mutex::default(),
        }
    }

    /// Takes in ticks that were closed.
    ///
    /// # Errors
    /// [`Rejection::ReadFailed`] if they are not the next ones.
    pub fn take(&self, kept: &TickRecord) -> Result<(), Rejection> {
        let mut state = self.write();
        let root = Hash::from_slice(&kept.root).ok_or(Rejection::ReadFailed)?;
        if kept.tick != state.open_tick() || kept.missed > MOST_MISSED {
            return Err(Rejection::ReadFailed);
        }
        state.tree.append(Hash::leaf(&Tick(kept.tick).leaf(kept.entries, &root)));
        state.ends.push((kept.tick, Position::new(kept.end)));
        for number in (kept.tick.saturating_add(1)..).take(usize::try_from(kept.missed).unwrap_or(usize::MAX)) {
            let root = Hash::new(missed_root(&kept.seed, number));
            state.tree.append(Hash::leaf(&Tick(number).leaf(0, &root)));
        }
        let size = state.tree.size();
        drop(state);
        self.size.send_replace(size);
        Ok(())
    }

    /// What the clock has passed; none if the open tick lasts, or if the clock cannot be believed. [LOG-62] [LOG-64]
    #[must_use]
    pub fn passed(&self, now: Seconds) -> Option<Passed> {
        let state = self.read();
        let open = state.open_tick();
        let missed = Tick::of(now).0.checked_sub(open.checked_add(1)?)?;
        let from = state.ends.last().map_or(Position::new(0), |(_, end)| *end);
        (missed <= MOST_MISSED).then_some(Passed { tick: open, from, missed })
    }

    /// How many ticks the clock is beyond the open one, whether it is believed or not; below 0: it is behind.
    #[must_use]
    pub fn behind(&self, now: Seconds) -> i64 {
        let open = self.read().open_tick();
        i64::try_from(Tick::of(now).0).unwrap_or(i64::MAX).saturating_sub(i64::try_from(open).unwrap_or(i64::MAX))
    }

    /// How many ticks are closed.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.read().tree.size()
    }

    /// The first tick.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.read().base
    }

    /// Tells of every tick that is closed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.size.subscribe()
    }

    /// Remembers how the last attempt to close a tick ended.
    pub(crate) fn closed(&self, ended: Result<(), Rejection>) {
        *self.stuck.lock().unwrap_or_else(PoisonError::into_inner) = ended.err();
    }

    /// Why the log stands still; none if it does not. [LOG-100]
    #[must_use]
    pub fn stuck(&self) -> Option<Rejection> {
        *self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks something up in the tree.
    pub fn in_tree<T>(&self, look: impl FnOnce(&Tree) -> T) -> T {
        look(&self.read().tree)
    }

    /// The closed tick whose entries stand around a position of the journal; none if it is open yet.
    #[must_use]
    pub fn tick_of(&self, position: Position) -> Option<u64> {
        let state = self.read();
        let at = state.ends.partition_point(|(_, end)| *end <= position);
        state.ends.get(at).map(|(tick, _)| *tick)
    }

    /// From where to where in the journal the entries of a closed tick stand; none of a tick that was missed.
    #[must_use]
    pub fn span(&self, tick: u64) -> Option<(Position, Position)> {
        let state = self.read();
        let at = state.ends.binary_search_by_key(&tick, |(tick, _)| *tick).ok()?;
        let from = at.checked_sub(1).and_then(|before| state.ends.get(before));
        Some((from.map_or(Position::new(0), |(_, end)| *end), state.ends.get(at)?.1))
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open_tick(&self) -> u64 {
        self.base.saturating_add(self.tree.size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(tick: u64, end: u64, missed: u64) -> TickRecord {
        TickRecord { tick, entries: 0, root: vec![7; 32], end, missed, seed: vec![9; 32] }
    }

    fn at(tick: u64) -> Seconds {
        Seconds::new(Tick(tick).begins() + 1).unwrap()
    }

    /// [LOG-61] [LOG-62]
    #[test]
    fn ticks_follow_each_other_and_none_is_opened_again() {
        let log = Log::new(100);
        assert_eq!(log.passed(at(100)), None, "the first tick is open");
        assert_eq!(log.passed(at(99)), None, "the clock was set back");
        assert_eq!(log.passed(at(101)), Some(Passed { tick: 100, from: Position::new(0), missed: 0 }));
        log.take(&closed(100, 5, 0)).unwrap();
        assert_eq!(log.take(&closed(100, 5, 0)), Err(Rejection::ReadFailed), "it is closed");
        assert_eq!(log.take(&closed(102, 5, 0)), Err(Rejection::ReadFailed), "a gap");
        assert_eq!(log.passed(at(100)), None, "a clock that jumps back opens nothing");
        log.take(&closed(101, 9, 3)).unwrap();
        assert_eq!((log.size(), log.passed(at(104)), log.passed(at(105))), (5, None, None));
        assert_eq!(log.passed(at(108)), Some(Passed { tick: 105, from: Position::new(9), missed: 2 }));
    }

    /// [LOG-61]
    #[test]
    fn what_belongs_to_a_tick_follows_from_the_journal() {
        let log = Log::new(100);
        log.take(&closed(100, 5, 0)).unwrap();
        log.take(&closed(101, 9, 3)).unwrap();
        let tick = |position| log.tick_of(Position::new(position));
        assert_eq!([tick(0), tick(4), tick(5), tick(8), tick(9)], [Some(100), Some(100), Some(101), Some(101), None]);
        assert_eq!(log.span(101), Some((Position::new(5), Position::new(9))));
        assert_eq!(log.span(102), None, "nothing was done while the node was off");
    }

    /// [LOG-64]
    #[test]
    fn a_clock_that_is_years_ahead_closes_nothing() {
        let log = Log::new(100);
        assert!(log.passed(at(101 + MOST_MISSED)).is_some());
        assert_eq!(log.passed(at(102 + MOST_MISSED)), None);
        assert!(log.behind(at(102 + MOST_MISSED)) > 0);
        assert_eq!(log.behind(at(98)), -2);
    }
}
