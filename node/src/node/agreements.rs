//! Agreements that this node holds, and who has signed them.
//!
//! Guarantees that what it gives out as signed was signed by every party, as far as their key records are known here.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use uput_core::{
    agreement::{Agreement, SignedAgreement, missing_signatures},
    envelope::Envelope,
    id::{AgreementId, OrgId},
    key::KeyChain,
    rejection::Rejection,
};

/// All agreements.
#[derive(Default)]
pub(super) struct Agreements {
    held: RwLock<BTreeMap<AgreementId, Held>>,
}

/// One agreement.
#[derive(Clone)]
pub struct Held {
    /// What it says.
    pub agreement: Arc<Agreement>,
    /// With the signatures known here.
    pub envelope: Envelope,
    /// Evidence that all have signed, once they have.
    pub signed: Option<Arc<SignedAgreement>>,
}

impl Held {
    /// From an envelope; every signature on it is verified, and must be a party's.
    pub fn new(envelope: Envelope, chains: &[Arc<KeyChain>]) -> Result<Self, Rejection> {
        let agreement = Arc::new(Agreement::parse(envelope.id(), envelope.body())?);
        let signed = match SignedAgreement::verify(envelope.clone(), chains.iter().map(Arc::as_ref)) {
            Ok(signed) => Some(Arc::new(signed)),
            Err(Rejection::AgreementNotSigned | Rejection::UnknownSigner) => None,
            Err(other) => return Err(other),
        };
        Ok(Self { agreement, envelope, signed })
    }

    /// Parties that have not signed.
    pub fn missing(&self, chains: &[Arc<KeyChain>]) -> Vec<OrgId> {
        missing_signatures(&self.envelope, chains.iter().map(Arc::as_ref)).unwrap_or_default()
    }
}

impl Agreements {
    /// Takes in an agreement, or the same with more signatures.
    pub(super) fn set(&self, held: Held) {
        let id = held.agreement.id();
        self.held.write().unwrap_or_else(PoisonError::into_inner).insert(id, held);
    }

    /// One agreement.
    pub(super) fn get(&self, id: &AgreementId) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
