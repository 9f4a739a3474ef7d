//! Who is asked to cosign our checkpoints, and how far each has come.
//!
//! Guarantees that one question about one size is asked again only after the witness said what it holds, so that two nodes
//! which do not agree do not talk without end. Leaves to the node keeping what was cosigned.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, futures::Notified};
use uput_core::id::OrgId;

/// Our witnesses.
#[derive(Default)]
pub struct Witnesses {
    by: Mutex<BTreeMap<OrgId, Standing>>,
    /// Whom people chose.
    chosen: Mutex<BTreeSet<OrgId>>,
    changed: Notify,
}

/// How far a witness has come.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Standing {
    /// How many ticks it has cosigned; 0: none.
    pub size: u64,
    /// When, as it says, seconds since 1970.
    pub time: u64,
    /// Number of the rejection with which it answered last; 0: none.
    pub refused: u32,
    /// How many ticks of ours it holds that this node does not have; 0: none. Somebody else signs, or an older folder was
    /// put back.
    pub ahead: u64,
    /// What it holds, as it said: where the next path begins.
    holds: u64,
    /// What it is asked.
    asked: Option<Asked>,
    /// It is not asked about this size again, nor about a smaller one.
    done: u64,
}

/// What a witness is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The size to be cosigned.
    pub size: u64,
    /// The size from which the path leads there.
    pub known: u64,
}

impl Witnesses {
    /// Takes in what a witness cosigned, now or before the node was started.
    pub fn cosigned(&self, by: &OrgId, size: u64, time: u64) {
        let mut all = self.lock();
        let standing = all.entry(*by).or_default();
        if size >= standing.size {
            *standing = Standing { size, time, holds: size, done: size.max(standing.done), ..Standing::default() };
        }
        drop(all);
        self.changed.notify_waiters();
    }

    /// What a witness is to be asked when the log has so many ticks; none: nothing.
    #[must_use]
    pub fn next(&self, by: &OrgId, size: u64) -> Option<Asked> {
        let mut all = self.lock();
        let standing = all.entry(*by).or_default();
        if size <= standing.done {
            return None;
        }
        let asked = Asked { size, known: standing.holds.min(size) };
        standing.asked = Some(asked);
        Some(asked)
    }

    /// What a witness was asked last and has not answered.
    #[must_use]
    pub fn asked(&self, by: &OrgId) -> Option<Asked> {
        self.lock().get(by).and_then(|standing| standing.asked)
    }

    /// It holds another size than the question began with. Once it is asked anew from there.
    pub fn stale(&self, by: &OrgId, holds: u64, code: u32) {
        let mut all = self.lock();
        let standing = all.entry(*by).or_default();
        let Some(asked) = standing.asked.take() else { return };
        if holds == asked.known || holds > asked.size {
            (standing.refused, standing.done) = (code, asked.size);
        } else {
            standing.holds = holds;
        }
        drop(all);
        self.changed.notify_waiters();
    }

    /// It holds a log of ours that is longer than this node's.
    pub fn ahead(&self, by: &OrgId, size: u64) {
        self.lock().entry(*by).or_default().ahead = size;
    }

    /// It did not cosign: it is asked again about the next tick.
    pub fn refused(&self, by: &OrgId, code: u32) {
        let mut all = self.lock();
        let standing = all.entry(*by).or_default();
        let Some(asked) = standing.asked.take() else { return };
        (standing.refused, standing.done) = (code, asked.size);
    }

    /// How far a witness has come.
    #[must_use]
    pub fn standing(&self, by: &OrgId) -> Standing {
        self.lock().get(by).copied().unwrap_or_default()
    }

    /// Whom people chose.
    #[must_use]
    pub fn chosen(&self) -> BTreeSet<OrgId> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// People chose somebody, or do not any more.
    pub fn choose(&self, peer: OrgId, chosen: bool) {
        let mut all = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        if chosen {
            all.insert(peer)
        } else {
            all.remove(&peer)
        };
        drop(all);
        self.changed.notify_waiters();
    }

    /// Waits until somebody else may be asked, or something else. Ask for it before looking.
    pub fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// A panic while the lock was held left at worst one question that is not asked again before the next tick.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<OrgId, Standing>> {
        self.by.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: u32 = 120;

    fn witness() -> OrgId {
        OrgId::new([3; 32])
    }

    /// [LOG-74]
    #[test]
    fn a_witness_that_holds_another_size_is_asked_anew_from_there_once() {
        let (witnesses, by) = (Witnesses::default(), witness());
        assert_eq!(witnesses.next(&by, 9), Some(Asked { size: 9, known: 0 }));
        witnesses.stale(&by, 4, CODE);
        assert_eq!(witnesses.next(&by, 9), Some(Asked { size: 9, known: 4 }));
        witnesses.stale(&by, 4, CODE);
        assert_eq!(witnesses.next(&by, 9), None, "it says the same again");
        assert_eq!(witnesses.standing(&by).refused, CODE);
        assert_eq!(witnesses.next(&by, 10), Some(Asked { size: 10, known: 4 }), "of the next tick");
        witnesses.stale(&by, 11, CODE);
        assert_eq!(witnesses.next(&by, 10), None, "it holds more than there is");
    }

    /// [LOG-72] [LOG-74]
    #[test]
    fn what_is_cosigned_is_not_asked_again() {
        let (witnesses, by) = (Witnesses::default(), witness());
        witnesses.cosigned(&by, 5, 1000);
        assert_eq!(witnesses.next(&by, 5), None);
        assert_eq!(witnesses.next(&by, 6), Some(Asked { size: 6, known: 5 }));
        assert_eq!(witnesses.next(&by, 7), Some(Asked { size: 7, known: 5 }), "the stream was lost meanwhile");
        witnesses.refused(&by, CODE);
        assert_eq!((witnesses.next(&by, 7), witnesses.standing(&by).refused), (None, CODE));
        witnesses.cosigned(&by, 8, 2000);
        let standing = witnesses.standing(&by);
        assert_eq!((standing.size, standing.time, standing.refused, witnesses.asked(&by)), (8, 2000, 0, None));
    }
}
