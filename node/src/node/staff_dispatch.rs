//! What is on its way stays readable to the node until it has arrived, under a key of its own.
//!
//! Guarantees that the key of an event that was delivered, refused for good, or held because one before it was, is
//! destroyed: soon after, or at the next start. Leaves to the key book that a destroyed key is gone.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use uput_core::{
    id::{OrgId, TrailId},
    rejection::Rejection,
};
use zeroize::Zeroizing;

use super::{Node, journal::OpenError};
use crate::{
    record::{self, EventRecord},
    seal,
    storage::{KeyKind, NewTrailKeys, Position, StorageError},
};

/// How long keys are gathered, at least, before they are destroyed together: each time the key book is written anew.
const GATHERED: Duration = Duration::from_secs(1);
/// So many times as long as the last time took, so that commits never wait for it more than a twentieth of the time.
const SHARE: u32 = 20;

/// Names of keys that are to be destroyed.
#[derive(Default)]
pub(super) struct Arrived(Mutex<Gathered>);

#[derive(Default)]
struct Gathered {
    names: Vec<[u8; 32]>,
    /// How long it took to destroy the last ones.
    took: Duration,
}

impl Node {
    /// A key for an event that will be on its way. [STF-12]
    pub(super) fn dispatch_key(&self, name: [u8; 32]) -> Result<NewTrailKeys, Rejection> {
        NewTrailKeys::generate(name).map_err(|_| Rejection::Malformed)
    }

    /// These items of a queue are settled: their keys are destroyed, together with others that are settled soon after.
    /// [STF-12]
    pub(super) fn arrived(self: &Arc<Self>, to: &OrgId, positions: &[Position]) {
        let names: Vec<[u8; 32]> = positions.iter().filter_map(|position| self.dispatched(to, *position)).collect();
        if names.is_empty() {
            return;
        }
        let mut waiting = self.arrived.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, pause) = (waiting.names.is_empty(), GATHERED.max(waiting.took * SHARE));
        waiting.names.extend(names);
        drop(waiting);
        if first {
            let node = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                // The committer works meanwhile on a thread of its own; this one only waits.
                let _ = tokio::task::spawn_blocking(move || node.destroy_arrived()).await;
            });
        }
    }

    /// Destroys what was gathered. What fails is tried again at the next start.
    fn destroy_arrived(&self) {
        let gathered = || self.arrived.0.lock().unwrap_or_else(PoisonError::into_inner);
        let names = std::mem::take(&mut gathered().names);
        let begun = Instant::now();
        if let Err(error) = self.destroy(&names) {
            tracing::error!(%error, "keys of what has arrived were not destroyed; the next start does it");
        }
        gathered().took = begun.elapsed();
    }

    fn destroy(&self, names: &[[u8; 32]]) -> Result<(), StorageError> {
        let whole: Vec<_> = names.iter().map(|name| (*name, KeyKind::Whole)).collect();
        self.storage.erase_all(&whole)
    }

    /// At a start: destroys the keys of what was settled when there was no time left for it.
    pub(super) fn destroy_left_over(&self) -> Result<(), OpenError> {
        let held = self.held_for_good();
        let mut left = Vec::new();
        for entry in self.storage.index().with_prefix(record::DISPATCHED, b"") {
            let (key, name) = entry.map_err(StorageError::from)?;
            let queued = self.storage.index().get(record::QUEUE, &key).map_err(StorageError::from)?.is_some();
            let waits = queued && !held.contains(&key);
            let name: Option<[u8; 32]> = name.as_slice().try_into().ok();
            left.extend(name.filter(|name| !waits && self.storage.trail_keys(name).is_some()));
        }
        if left.is_empty() { Ok(()) } else { Ok(self.destroy(&left)?) }
    }

    /// The name of an item's key, if it has one still.
    fn dispatched(&self, to: &OrgId, position: Position) -> Option<[u8; 32]> {
        let key = record::queue_key(to.as_bytes(), position);
        let name: [u8; 32] =
            self.storage.index().get(record::DISPATCHED, &key).ok().flatten()?.as_slice().try_into().ok()?;
        self.storage.trail_keys(&name).map(|_| name)
    }

    /// Places in the queues of what never goes any more. [NOD-34]
    fn held_for_good(&self) -> BTreeSet<Vec<u8>> {
        let peers = self.directory.peers().into_iter().map(|peer| peer.organisation);
        let held = |to: OrgId| {
            let held = self.outbox.queue(&to).held().into_iter();
            held.map(move |position| record::queue_key(to.as_bytes(), position)).collect::<Vec<_>>()
        };
        peers.flat_map(held).collect()
    }
}

impl Node {
    /// The values of an event that is on its way, from what is under its own key.
    pub(super) fn on_the_way(
        &self,
        trail: &TrailId,
        event: &EventRecord,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Rejection> {
        let name = record::dispatch_key_name(trail, event.ordinal);
        let key = self.storage.trail_keys(&name).and_then(|keys| keys.value).ok_or(Rejection::ReadFailed)?;
        // The key opens what is sent to the peer.
        seal::open(key.expose(), &name, sealed).map_err(|_| Rejection::ReadFailed)
    }
}
