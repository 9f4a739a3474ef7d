//! This organisation: who it is, and the keys that its node holds.
//!
//! Guarantees that what is signed under a key record is on disk before the record that follows it. The organisation key is
//! not among the keys: it signs outside the node.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    sync::{RwLockReadGuard, RwLockWriteGuard},
    time::Instant,
};
use uput_core::{
    id::{KeyId, KeyRecordId, OrgId},
    key::{KeyChain, KeyRecord, SealingSecret, SigningKey},
    step::Author,
};

/// How long it is waited until nothing is being said.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(2);

/// Own identity and the node's secrets.
pub struct Me {
    /// This organisation.
    pub organisation: OrgId,
    /// Incarnation of this node.
    pub incarnation: u32,
    keys: RwLock<Arc<Keys>>,
    /// Own key records as a peer has shown them, if there were any that this node did not make.
    shown: RwLock<Option<Arc<KeyChain>>>,
    /// Held while something is signed and until it is on disk; whole, while the keys change.
    speaking: tokio::sync::RwLock<()>,
}

/// Key records, and the secrets of the newest.
pub(super) struct Keys {
    pub(super) chain: Arc<KeyChain>,
    pub(super) signing: SigningKey,
    /// Newest first; after those of the newest record the ones whose grace has not ended.
    pub(super) sealing: Vec<SealingSecret>,
    pub(super) retired: Vec<Retired>,
}

/// A sealing key that no record names any more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Retired {
    pub(super) key: KeyId,
    /// When it is destroyed, seconds since 1970.
    pub(super) until: u64,
}

impl Keys {
    /// Whether these are the secrets of the newest record, all of them. [NOD-80]
    pub(super) fn are_whole(&self) -> bool {
        let newest = self.chain.newest();
        let held = |key| self.sealing.iter().any(|secret| secret.public() == key);
        newest.signing_key() == self.signing.public() && newest.sealing_keys().iter().all(held)
    }
}

impl Me {
    /// From what the folder and the key file hold.
    pub(super) fn new(keys: Keys, incarnation: u32) -> Self {
        Self {
            organisation: keys.chain.organisation(),
            incarnation,
            keys: RwLock::new(Arc::new(keys)),
            shown: RwLock::default(),
            speaking: tokio::sync::RwLock::default(),
        }
    }

    /// Own key records.
    pub fn chain(&self) -> Arc<KeyChain> {
        Arc::clone(&self.keys().chain)
    }

    /// Key records and secrets, as they are now.
    pub(super) fn keys(&self) -> Arc<Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Other keys from now on.
    pub(super) fn set_keys(&self, keys: Keys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Takes in own key records that somebody else has made. [NOD-36]
    pub(super) fn set_shown(&self, shown: KeyChain) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(shown));
    }

    /// Own key records with those that somebody else has made.
    pub(super) fn shown(&self) -> KeyChain {
        let (own, shown) = (self.chain(), self.shown.read().unwrap_or_else(PoisonError::into_inner).clone());
        let mut all = KeyChain::clone(&own);
        // Ours come first, so that ours stay the chain; what was kept has verified, and one that does not attach is no proof.
        for envelope in shown.iter().flat_map(|shown| shown.envelopes()) {
            let _ = all.extend(envelope);
        }
        all
    }

    /// How many key records of this organisation were shown that this node did not make.
    pub(super) fn forged(&self) -> usize {
        let (shown, own) = (self.shown(), self.chain());
        // One that the recovery set has overruled speaks for nobody. [KEY-28]
        let overruled: Vec<_> = shown.overruled().map(KeyRecord::id).collect();
        let news = |id| own.envelopes().all(|made| made.id() != id) && !overruled.contains(&id.into());
        shown.envelopes().filter(|record| news(record.id())).count()
    }

    /// The newest of them.
    pub fn key_record(&self) -> KeyRecordId {
        self.keys().chain.newest_id()
    }

    /// As the author of an event, under these keys.
    pub(super) fn author<'a>(&self, keys: &'a Keys) -> Author<'a> {
        Author {
            organisation: self.organisation,
            key_record: keys.chain.newest_id(),
            signing: &keys.signing,
            incarnation: self.incarnation,
        }
    }

    /// Taken before something is signed that the log will show, and held until it is on disk: so nothing stands in the log
    /// after the record that replaced its key. May be taken again while it is held. [NOD-81]
    pub(super) async fn speak(&self) -> RwLockReadGuard<'_, ()> {
        self.speaking.read().await
    }

    /// Waits until nothing is being said; none if that does not come.
    pub(super) async fn fall_silent(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        let until = Instant::now() + PATIENCE;
        // Tried, not queued for: behind somebody who queues, who speaks already could not speak again.
        loop {
            if let Ok(silent) = self.speaking.try_write() {
                return Some(silent);
            }
            if Instant::now() >= until {
                return None;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
