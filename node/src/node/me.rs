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
}

impl Me {
    /// From what the folder and the key file hold.
    pub(super) fn new(chain: KeyChain, incarnation: u32, signing: SigningKey, sealing: Vec<SealingSecret>) -> Self {
        Self { organisation: chain.organisation(), incarnation, signing, sealing, chain: RwLock::new(Arc::new(chain)) }
    }

    /// Own key records.
    pub fn chain(&self) -> Arc<KeyChain> {
        self.chain.read().unwrap_or_else(PoisonError::into_inner).clone()
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
