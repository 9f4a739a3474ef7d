//! Closing ticks that the clock has passed, and reading them back.

use std::{ops::Bound, time::Duration};

use uput_core::{
    id::Id,
    log::{Batch, Entry, EntryKind, Tick},
    rejection::Rejection,
    time::Seconds,
};

use super::super::{Node, OpenError};
use crate::{
    clock::{self, SystemEntropy},
    log::Passed,
    record::{self, EntriesRecord, KeptEntry, TickRecord},
    shutdown::Shutdown,
    storage::{Commit, Position, StorageError},
};

/// How often the clock is looked at. A tick has ten minutes; a computer may have slept meanwhile.
const LOOK: Duration = Duration::from_secs(20);

impl Node {
    /// Closes ticks when the clock passes them, until `shutdown`. [LOG-62]
    pub async fn keep_ticking(&self, shutdown: Shutdown) {
        loop {
            // [TIM-91] Whoever sets the clock right waits for no peer that was measured before.
            self.confirm_clock();
            // What could not be closed is said by `checks`, and tried again. [LOG-100]
            let _ = self.close_ticks(clock::now()).await;
            self.hand_proofs().await;
            // [RLY-12] What could not be told stays, and is told next time.
            let _ = self.empty_mailbox(clock::now()).await;
            tokio::select! {
                () = shutdown.requested() => return,
                () = tokio::time::sleep(LOOK) => (),
            }
        }
    }

    /// Closes every tick that has passed at a moment. [LOG-62]
    ///
    /// # Errors
    /// [`Rejection::DiskFull`], [`Rejection::ReadFailed`]: it stays open.
    pub async fn close_ticks(&self, now: Seconds) -> Result<(), Rejection> {
        if self.log.passed(now).is_none() {
            return Ok(());
        }
        let _alone = self.log.closing.lock().await;
        let Some(passed) = self.log.passed(now) else { return Ok(()) };
        let closed = self.close(passed).await;
        self.log.closed(closed);
        closed
    }

    async fn close(&self, passed: Passed) -> Result<(), Rejection> {
        let kept = self.closed(passed)?;
        let commit = Commit { keys: Vec::new(), records: vec![record::draft(&kept)] };
        self.storage.commit(commit).await.map_err(|error| {
            tracing::error!(%error, "a tick of the log was not closed");
            Rejection::DiskFull
        })?;
        self.log.take(&kept)
    }

    /// The record that closes a tick, and those after it in which nothing was done. [LOG-61] [LOG-63]
    fn closed(&self, passed: Passed) -> Result<TickRecord, Rejection> {
        // What is on disk and not in the index yet belongs to the next tick.
        let end = self.storage.shown();
        let entries = self.entries_between(passed.from, end)?.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let batch = Batch::new(Tick(passed.tick), &entries, SystemEntropy.bytes())?;
        Ok(TickRecord {
            tick: passed.tick,
            entries: batch.count(),
            root: batch.root().to_vec(),
            end: end.number(),
            missed: passed.missed,
            seed: if passed.missed == 0 { Vec::new() } else { SystemEntropy.bytes::<32>().to_vec() },
        })
    }

    /// What stands in the log between two positions of the journal, in order.
    pub(super) fn entries_between(&self, from: Position, to: Position) -> Result<Vec<KeptEntry>, Rejection> {
        let (from, to) = (from.number().to_be_bytes(), to.number().to_be_bytes());
        let bounds = (Bound::Included(from.as_slice()), Bound::Excluded(to.as_slice()));
        let mut entries = Vec::new();
        for found in self.storage.index().range(record::ENTRIES, bounds.0, bounds.1) {
            let position = found.ok().and_then(|(key, _)| record::entries_at(&key)).ok_or(Rejection::ReadFailed)?;
            entries.extend(self.at::<EntriesRecord>(position)?.entries);
        }
        Ok(entries)
    }

    /// Reads the log back. [LOG-60]
    pub(in crate::node) fn read_log(&self) -> Result<(), OpenError> {
        for found in self.storage.index().with_prefix(record::TICKS, b"") {
            let (_, value) = found.map_err(StorageError::from)?;
            let position = record::position(&value).ok_or(OpenError::Unreadable(Rejection::ReadFailed))?;
            let kept: TickRecord = self.at(position).map_err(OpenError::Unreadable)?;
            self.log.take(&kept).map_err(OpenError::Unreadable)?;
        }
        Ok(())
    }
}

/// An entry as the log commits to it.
pub(super) fn entry(kept: &KeptEntry) -> Result<Entry, Rejection> {
    let nonce = kept.nonce.as_slice().try_into().map_err(|_| Rejection::ReadFailed)?;
    let kind = EntryKind::from_number(kept.kind).map_err(|_| Rejection::ReadFailed)?;
    Ok(Entry { nonce, kind, id: Id::parse(&kept.id).map_err(|_| Rejection::ReadFailed)? })
}
