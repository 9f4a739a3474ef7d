//! Agreements that this node holds, and who has signed them.
//!
//! Guarantees that what it gives out as signed was signed by every party, as far as their key records are known here.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use uput_core::{
    agreement::{Agreement, Lineage, SignedAgreement, missing_signatures},
    envelope::{Envelope, MediaType, pae},
    id::{AgreementId, OrgId},
    key::{KeyChain, KeyRecord, PublicKey},
    rejection::Rejection,
    time::Seconds,
    wire,
};

use crate::account::AccountId;

/// Who brought an agreement.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    /// One of our own.
    Account(&'a AccountId),
    /// Another organisation.
    Peer(&'a OrgId),
}

impl<'a> Origin<'a> {
    /// The organisation, if it was one.
    pub(super) const fn peer(self) -> Option<&'a OrgId> {
        match self {
            Self::Peer(peer) => Some(peer),
            Self::Account(_) => None,
        }
    }

    /// The account, if it was one.
    pub(super) const fn account(self) -> Option<&'a AccountId> {
        match self {
            Self::Account(account) => Some(account),
            Self::Peer(_) => None,
        }
    }
}

/// Every version that all its parties have signed, at one moment.
pub(super) struct Standing {
    signed: Vec<Arc<SignedAgreement>>,
    now: Seconds,
}

impl Standing {
    fn lineage(&self) -> Lineage<'_> {
        Lineage::new(self.signed.iter().map(Arc::as_ref))
    }

    /// Whether something new may be opened. [AGR-32] [AGR-34]
    pub(super) fn may_open(&self, version: &AgreementId, pair: [&OrgId; 2]) -> Result<(), Rejection> {
        self.lineage().may_open(version, pair, self.now)
    }

    /// Whether something new may be disclosed in a trail. [AGR-33] [AGR-34]
    pub(super) fn may_disclose(&self, version: &AgreementId, pair: [&OrgId; 2]) -> Result<(), Rejection> {
        self.lineage().may_disclose(version, pair, self.now)
    }

    /// The version that has replaced another one between all that sign that one.
    pub(super) fn replaced_for_all(&self, agreement: &Agreement) -> Option<AgreementId> {
        let parties: Vec<OrgId> = agreement.signing().map(|party| party.organisation).collect();
        let first = parties.first()?;
        let by = |other| self.lineage().replaced_by(&agreement.id(), [first, other], self.now).map(|later| later.id());
        let newest = by(parties.last()?)?;
        parties.iter().all(|other| by(other).is_some()).then_some(newest)
    }

    /// The version that gave one up, or one that it follows. [AGR-76]
    pub(super) fn given_up_by(&self, version: &AgreementId) -> Option<AgreementId> {
        self.lineage().given_up_by(version)
    }

    /// Parties that have signed two versions after one. [AGR-36]
    pub(super) fn forks(&self) -> Vec<(OrgId, [AgreementId; 2])> {
        self.lineage().forks()
    }
}

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
    /// Whose letter brought it first; none: it was proposed here.
    pub brought_by: Option<OrgId>,
}

impl Held {
    /// From an envelope. A signature that does not verify refuses it; one that is not known here to be a party's is left
    /// out: it could be forged, and would displace the good one that comes later. [ENV-12]
    pub fn new(envelope: Envelope, chains: &[Arc<KeyChain>]) -> Result<Self, Rejection> {
        if !envelope.is(MediaType::AGREEMENT) {
            return Err(Rejection::WrongType);
        }
        let agreement = Arc::new(Agreement::parse(envelope.id(), envelope.body())?);
        let envelope = verified_only(&envelope, &agreement, chains)?;
        let signed = match SignedAgreement::verify(envelope.clone(), chains.iter().map(Arc::as_ref)) {
            Ok(signed) => Some(Arc::new(signed)),
            Err(Rejection::AgreementNotSigned | Rejection::UnknownSigner) => None,
            Err(other) => return Err(other),
        };
        Ok(Self { agreement, envelope, signed, brought_by: None })
    }

    /// Parties that have not signed.
    pub fn missing(&self, chains: &[Arc<KeyChain>]) -> Vec<OrgId> {
        missing_signatures(&self.envelope, chains.iter().map(Arc::as_ref)).unwrap_or_default()
    }
}

/// The envelope with those signatures alone that were verified under an organisation key of a party.
fn verified_only(envelope: &Envelope, agreement: &Agreement, chains: &[Arc<KeyChain>]) -> Result<Envelope, Rejection> {
    let signed = pae(envelope.media_type(), envelope.body());
    let parties = chains.iter().filter(|chain| agreement.party(&chain.organisation()).is_some());
    let keys: Vec<&PublicKey> = parties.flat_map(|chain| chain.records()).map(KeyRecord::organisation_key).collect();
    let mut wire = envelope.to_wire();
    let mut verified = Vec::new();
    for signature in std::mem::take(&mut wire.signatures) {
        let Some(key) = keys.iter().find(|key| key.id().to_vec() == signature.key_id) else { continue };
        let bytes = signature.signature.as_slice().try_into().map_err(|_| Rejection::Malformed)?;
        key.verify(&signed, bytes)?;
        verified.push(signature);
    }
    if verified.is_empty() {
        return Err(Rejection::UnknownSigner);
    }
    Envelope::from_wire(wire::Envelope { signatures: verified, ..wire })
}

impl Agreements {
    /// Takes in an agreement, or the same with more signatures.
    pub(super) fn set(&self, held: Held) {
        let id = held.agreement.id();
        self.held.write().unwrap_or_else(PoisonError::into_inner).insert(id, held);
    }

    /// Every version that counts, now.
    pub(super) fn standing(&self, now: Seconds) -> Standing {
        Standing { signed: self.all().into_iter().filter_map(|held| held.signed).collect(), now }
    }

    /// Whether a version that is offered may be kept beside those that are here. `ours`, if this organisation would sign
    /// it now, says which others it has signed.
    ///
    /// # Errors
    /// [`Rejection::NotAnAmendment`].
    pub(super) fn admit(&self, offered: &Held, ours: Option<&dyn Fn(&Held) -> bool>) -> Result<(), Rejection> {
        let Some(previous) = offered.agreement.previous() else { return Ok(()) };
        // [AGR-31] What is not here or not signed by all yet cannot be compared.
        let before = self.get(&previous).filter(|before| before.signed.is_some());
        let amends = before.is_none_or(|before| offered.agreement.may_amend(&before.agreement));
        let id = offered.agreement.id();
        let twin = |other: &&Held| other.agreement.previous() == Some(previous) && other.agreement.id() != id;
        // [AGR-36] [AGR-78] One successor only, once it counts; before that, none but what gives up the others.
        let bars = |other: &Held, signed: &dyn Fn(&Held) -> bool| {
            other.signed.is_some() || (signed(other) && !offered.agreement.gives_up().contains(&other.agreement.id()))
        };
        let others = self.all();
        let barred = ours.is_some_and(|signed| others.iter().filter(twin).any(|other| bars(other, signed)));
        if !amends || barred { Err(Rejection::NotAnAmendment) } else { Ok(()) }
    }

    /// One agreement.
    pub(super) fn get(&self, id: &AgreementId) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Whether any of them is for demonstration.
    pub(super) fn any_demonstration(&self) -> bool {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.values().any(|held| held.agreement.is_demonstration())
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
