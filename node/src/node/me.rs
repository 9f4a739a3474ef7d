//! This organisation: who it is, and the keys that its node holds.
//!
//! The organisation key is not among them: it signs outside the node.

use std::sync::{Arc, PoisonError, RwLock};

use uput_core::{
    id::{KeyRecordId, OrgId},
    key::{KeyChain, SealingSecret, SigningKey},
    step::Author,
};

/// Own identity and the node's secrets.
pub struct Me {
    /// This organisation.
    pub organisation: OrgId,
    /// Incarnation of this node.
    pub incarnation: u32,
    pub(super) signing: SigningKey,
    pub(super) sealing: Vec<SealingSecret>,
    chain: RwLock<Arc<KeyChain>>,
    /// Own key records as a peer has shown them, if there were any that this node did not make.
    shown: RwLock<Option<Arc<KeyChain>>>,
}

impl Me {
    /// From what the folder and the key file hold.
    pub(super) fn new(chain: KeyChain, incarnation: u32, signing: SigningKey, sealing: Vec<SealingSecret>) -> Self {
        let (organisation, shown) = (chain.organisation(), RwLock::default());
        Self { organisation, incarnation, signing, sealing, chain: RwLock::new(Arc::new(chain)), shown }
    }

    /// Own key records.
    pub fn chain(&self) -> Arc<KeyChain> {
        self.chain.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in own key records that somebody else has made. [NOD-36]
    pub(super) fn set_shown(&self, shown: KeyChain) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(shown));
    }

    /// Own key records with those that somebody else has made.
    pub(super) fn shown(&self) -> Arc<KeyChain> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner).clone();
        shown.unwrap_or_else(|| self.chain())
    }

    /// How many key records of this organisation were shown that this node did not make.
    pub(super) fn forged(&self) -> usize {
        let (shown, own) = (self.shown(), self.chain());
        shown.envelopes().filter(|record| own.envelopes().all(|made| made.id() != record.id())).count()
    }

    /// The newest of them.
    pub fn key_record(&self) -> KeyRecordId {
        self.chain.read().unwrap_or_else(PoisonError::into_inner).newest_id()
    }

    /// As the author of an event.
    pub(super) fn author(&self) -> Author<'_> {
        Author {
            organisation: self.organisation,
            key_record: self.key_record(),
            signing: &self.signing,
            incarnation: self.incarnation,
        }
    }
}
