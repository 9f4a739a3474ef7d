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
    holds: Held,
    /// It said so already when it was asked about this size, and was asked anew.
    again: u64,
    /// What it is asked.
    asked: Option<Asked>,
    /// It is not asked about this size again, nor about a smaller one.
    done: u64,
}

/// What a witness holds of our log.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Held {
    /// How many ticks; 0: nothing.
    pub size: u64,
    /// It is of an older incarnation whose leaves were lost: no path leads from there. [LOG-34]
    pub lost: bool,
}

/// What a witness is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The size to be cosigned.
    pub size: u64,
    /// The size from which the path leads there.
    pub known: u64,
    /// There is no such path: leaves were lost.
    pub lost: bool,
}

impl Witnesses {
    /// Takes in what a witness cosigned, now or before the node was started.
    pub fn cosigned(&self, by: &OrgId, size: u64, time: u64) {
        let mut all = self.lock();
        let standing = all.entry(*by).or_default();
        if size >= standing.size || standing.holds.lost {
            let (holds, done) = (Held { size, lost: false }, size.max(standing.done));
            *standing = Standing { size, time, holds, done, ..Standing::default() };
        }
        drop(all);
        self.changed.notify_waiters();
    }

    /// Takes in what a witness cosigned of an older incarnation: the new one is not cosigned yet. [LOG-34]
    pub fn cosigned_before(&self, by: &OrgId, holds: Held, time: u64) {
        *self.lock().entry(*by).or_default() = Standing { size: holds.size, time, holds, ..Standing::default() };
    }

    /// What a witness is to be asked when the log has so many ticks; none: nothing.
    #[must_use]
    pub fn next(&self, by: &OrgId, size: u64) -> Option<Asked> {
        let mut all = self.lock();
        let standing = all.entry(*by).or_default();
        if size <= standing.done {
            return None;
        }
        let Held { size: holds, lost } = standing.holds;
        let asked = Asked { size, known: if lost { holds } else { holds.min(size) }, lost };
        standing.asked = Some(asked);
        Some(asked)
    }

    /// What a witness was asked last and has not answered.
    #[must_use]
    pub fn asked(&self, by: &OrgId) -> Option<Asked> {
        self.lock().get(by).and_then(|standing| standing.asked)
    }

    /// It holds something else than the question began with. Once it is asked anew from there, whatever it says then.
    pub fn stale(&self, by: &OrgId, holds: Held, code: u32) {
        let mut all = self.lock();
        let standing = all.entry(*by).or_default();
        let Some(asked) = standing.asked.take() else { return };
        let same = holds == Held { size: asked.known, lost: asked.lost };
        let beyond = !holds.lost && holds.size > asked.size;
        if !beyond {
            standing.holds = holds;
        }
        if same || beyond || standing.again == asked.size {
            (standing.refused, standing.done) = (code, asked.size);
        } else {
            standing.again = asked.size;
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

    /// Somebody else may be asked now.
    pub fn look_again(&self) {
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

    fn asked(size: u64, known: u64) -> Asked {
        Asked { size, known, lost: false }
    }

    fn held(size: u64) -> Held {
        Held { size, lost: false }
    }

    fn witness() -> OrgId {
        OrgId::new([3; 32])
    }

    /// [LOG-74]
    #[test]
    fn a_witness_that_holds_another_size_is_asked_anew_from_there_once() {
        let (witnesses, by) = (Witnesses::default(), witness());
        assert_eq!(witnesses.next(&by, 9), Some(asked(9, 0)));
        witnesses.stale(&by, held(4), CODE);
        assert_eq!(witnesses.next(&by, 9), Some(asked(9, 4)));
        witnesses.stale(&by, held(4), CODE);
        assert_eq!(witnesses.next(&by, 9), None, "it says the same again");
        assert_eq!(witnesses.standing(&by).refused, CODE);
        assert_eq!(witnesses.next(&by, 10), Some(asked(10, 4)), "of the next tick");
        witnesses.stale(&by, held(11), CODE);
        assert_eq!(witnesses.next(&by, 10), None, "it holds more than there is");
    }

    /// [LOG-72] [LOG-74]
    #[test]
    fn what_is_cosigned_is_not_asked_again() {
        let (witnesses, by) = (Witnesses::default(), witness());
        witnesses.cosigned(&by, 5, 1000);
        assert_eq!(witnesses.next(&by, 5), None);
        assert_eq!(witnesses.next(&by, 6), Some(asked(6, 5)));
        assert_eq!(witnesses.next(&by, 7), Some(asked(7, 5)), "the stream was lost meanwhile");
        witnesses.refused(&by, CODE);
        assert_eq!((witnesses.next(&by, 7), witnesses.standing(&by).refused), (None, CODE));
        witnesses.cosigned(&by, 8, 2000);
        let standing = witnesses.standing(&by);
        assert_eq!((standing.size, standing.time, standing.refused, witnesses.asked(&by)), (8, 2000, 0, None));
    }

    /// [LOG-74]
    #[test]
    fn a_witness_that_says_something_else_each_time_is_not_asked_without_end() {
        let (witnesses, by) = (Witnesses::default(), witness());
        let mut questions = 0;
        while witnesses.next(&by, 9).is_some() {
            questions += 1;
            witnesses.stale(&by, held(1 + questions % 2), CODE);
        }
        assert_eq!(questions, 2);
        assert_eq!(witnesses.next(&by, 10), Some(asked(10, 1)), "of the next tick, from what it said last");
    }

    /// [LOG-34] [LOG-74]
    #[test]
    fn where_leaves_were_lost_no_path_is_sent_and_the_new_incarnation_is_asked_about() {
        let (witnesses, by) = (Witnesses::default(), witness());
        witnesses.cosigned_before(&by, Held { size: 20, lost: true }, 1000);
        let asked = Asked { size: 3, known: 20, lost: true };
        assert_eq!(witnesses.next(&by, 3), Some(asked));
        witnesses.cosigned(&by, 3, 2000);
        assert_eq!((witnesses.standing(&by).size, witnesses.next(&by, 3)), (3, None));
        assert_eq!(witnesses.next(&by, 4), Some(super::Asked { size: 4, known: 3, lost: false }));
    }
}
