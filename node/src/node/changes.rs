//! What changed, in the order of the journal.
//!
//! Guarantees that whoever goes on from a cursor is told everything since that they may see now, once and in order, also
//! after a restart; that a change is told only when reading shows it; and that a cursor tells nothing and is nobody
//! else's. The journal is the list: nothing is kept beside it. Leaves to `concern` what a record is about.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use uput_core::{rejection::Rejection, wire};

use super::{Node, concern::Concern};
use crate::{
    account::{AccountId, Caller},
    storage::Position,
};

/// Records that are looked at before others get their turn.
const AT_A_TIME: usize = 256;
/// Records whose concerns are remembered: those that many watch at once.
const REMEMBERED: usize = 16 * 1024;
/// Watches of one account at once.
const OF_ONE: usize = 8;
/// Watches of all accounts at once.
const OF_ALL: usize = 128;

/// What is needed to tell changes, beside the journal.
pub(super) struct Changes {
    unsettled: Mutex<Unsettled>,
    bell: watch::Sender<()>,
    recent: Mutex<BTreeMap<u64, Arc<[Concern]>>>,
    watching: Mutex<HashMap<AccountId, usize>>,
}

/// Commits that are under way, by where the journal ended when they began.
#[derive(Default)]
struct Unsettled {
    begun: BTreeMap<u64, u64>,
    next: u64,
}

/// A commit that is under way. What it writes, and what comes after it, is told when this is dropped: when what was
/// written is in memory too, where it is decided who may see it. [API-42]
pub(super) struct Settling<'a> {
    changes: &'a Changes,
    number: u64,
}

/// Where somebody is in the journal: so many records, and so many concerns of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    position: u64,
    told: u32,
}

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning<'a> {
    /// With what comes.
    Now,
    /// With the first record.
    Everything,
    /// After what was told.
    After(&'a [u8]),
}

/// What somebody is told together.
pub struct Told {
    /// Oldest first.
    pub changes: Vec<wire::Change>,
    /// There may be more already.
    pub more: bool,
}

/// A place among those who watch.
pub struct Watcher {
    node: Arc<Node>,
    account: AccountId,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            unsettled: Mutex::default(),
            bell: watch::Sender::new(()),
            recent: Mutex::default(),
            watching: Mutex::default(),
        }
    }
}

impl Cursor {
    const BYTES: usize = 8 + 4;

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (position, told) = bytes.split_at_mut(8);
        position.copy_from_slice(&self.position.to_be_bytes());
        told.copy_from_slice(&self.told.to_be_bytes());
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (position, told) = bytes.split_first_chunk::<8>()?;
        Some(Self { position: u64::from_be_bytes(*position), told: u32::from_be_bytes(told.try_into().ok()?) })
    }
}

impl Node {
    /// Where to begin for a caller.
    ///
    /// # Errors
    /// [`Rejection::BadCursor`] if it is not one of theirs, or says more than the journal holds.
    pub fn cursor(&self, caller: &Caller, beginning: Beginning<'_>) -> Result<Cursor, Rejection> {
        let end = self.settled_end();
        match beginning {
            Beginning::Now => Ok(Cursor { position: end, told: 0 }),
            Beginning::Everything => Ok(Cursor { position: 0, told: 0 }),
            Beginning::After(sealed) => {
                let plain = self.storage.open_token(&self.cursor_aad(caller), sealed);
                let cursor = plain.ok().and_then(|plain| Cursor::parse(&plain)).ok_or(Rejection::BadCursor)?;
                // A folder that was put back to an earlier state has not written that far.
                if cursor.position > self.storage.end().number() { Err(Rejection::BadCursor) } else { Ok(cursor) }
            }
        }
    }

    /// A cursor for a caller: as long as any other, and never the same twice. [API-41]
    ///
    /// # Errors
    /// [`Rejection::ReadFailed`] if the system gives no randomness.
    pub fn sealed_cursor(&self, caller: &Caller, cursor: Cursor) -> Result<Vec<u8>, Rejection> {
        let sealed = self.storage.seal_token(&self.cursor_aad(caller), &cursor.to_bytes());
        sealed.map_err(|_| Rejection::ReadFailed)
    }

    /// Moves a cursor on, over at most so many records, until so many changes are found that the caller may see.
    ///
    /// # Errors
    /// [`Rejection::ReadFailed`].
    pub async fn tell(
        &self,
        caller: &Caller,
        cursor: &mut Cursor,
        most: usize,
        records: usize,
    ) -> Result<Told, Rejection> {
        let viewer = self.viewer(caller);
        let mut changes = Vec::new();
        for looked in 1..=records {
            // [API-42] What is not in memory yet is not told yet.
            if cursor.position >= self.settled_end() {
                return Ok(Told { changes, more: false });
            }
            let concerns = self.concerns_at(cursor.position)?;
            let told = usize::try_from(cursor.told).unwrap_or(usize::MAX);
            for concern in concerns.iter().skip(told) {
                if changes.len() >= most {
                    return Ok(Told { changes, more: true });
                }
                changes.extend(self.change(caller, &viewer, concern));
                cursor.told = cursor.told.saturating_add(1);
            }
            *cursor = Cursor { position: cursor.position.saturating_add(1), told: 0 };
            if looked % AT_A_TIME == 0 {
                // A long way through what the caller may not see holds nobody up. [API-44]
                tokio::task::yield_now().await;
            }
        }
        Ok(Told { changes, more: true })
    }

    /// Hears when something was written.
    #[must_use]
    pub fn bell(&self) -> watch::Receiver<()> {
        self.changes.bell.subscribe()
    }

    /// A place among those who watch. [API-45]
    ///
    /// # Errors
    /// [`Rejection::TooMany`].
    pub fn watcher(self: &Arc<Self>, caller: &Caller) -> Result<Watcher, Rejection> {
        let mut watching = self.changes.watching();
        let (all, own) = (watching.values().sum::<usize>(), watching.get(&caller.account).copied().unwrap_or_default());
        if all >= OF_ALL || own >= OF_ONE {
            return Err(Rejection::TooMany);
        }
        watching.insert(caller.account, own.saturating_add(1));
        Ok(Watcher { node: Arc::clone(self), account: caller.account })
    }

    /// To be held from before a commit until what it changed is in memory.
    pub(super) fn settling(&self) -> Settling<'_> {
        let mut unsettled = self.changes.unsettled();
        let number = unsettled.next;
        unsettled.next = number.wrapping_add(1);
        // What is written from here on comes after this.
        unsettled.begun.insert(number, self.storage.end().number());
        Settling { changes: &self.changes, number }
    }

    /// Somebody may want to look.
    pub(super) fn ring(&self) {
        self.changes.bell.send_replace(());
    }

    /// Up to where memory holds what the journal says.
    fn settled_end(&self) -> u64 {
        let unsettled = self.changes.unsettled();
        let end = self.storage.end().number();
        unsettled.begun.values().copied().min().unwrap_or(end).min(end)
    }

    /// What a record is about: from memory if it is new.
    fn concerns_at(&self, position: u64) -> Result<Arc<[Concern]>, Rejection> {
        if let Some(known) = self.changes.recent().get(&position) {
            return Ok(Arc::clone(known));
        }
        let concerns: Arc<[Concern]> = self.read_concerns(Position::new(position))?.into();
        let mut recent = self.changes.recent();
        recent.insert(position, Arc::clone(&concerns));
        if recent.len() > REMEMBERED {
            recent.pop_first();
        }
        Ok(concerns)
    }

    fn cursor_aad(&self, caller: &Caller) -> Vec<u8> {
        let incarnation = self.me.incarnation.to_be_bytes();
        [b"uput/node/cursor/".as_slice(), &incarnation, &caller.by().to_vec()].concat()
    }
}

impl Changes {
    // A panic while one of these was held leaves the maps whole: each change is one insertion or removal.
    fn unsettled(&self) -> MutexGuard<'_, Unsettled> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<[Concern]>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watching(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        self.changes.unsettled().begun.remove(&self.number);
        self.changes.bell.send_replace(());
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watching = self.node.changes.watching();
        let left = watching.get(&self.account).map_or(0, |own| own.saturating_sub(1));
        if left == 0 {
            watching.remove(&self.account);
        } else {
            watching.insert(self.account, left);
        }
    }
}
