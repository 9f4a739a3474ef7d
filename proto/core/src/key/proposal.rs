//! A key record between the node, which holds its new keys, and the organisation key, which lies in a safe.
//!
//! Guarantees that what is shown to whoever signs follows the records that stand before it in the same file, that the node's
//! keys have signed it, and that nobody signs who is not asked. Leaves to people whether those records are theirs.

use crate::codec;
use crate::envelope::{Envelope, MediaType, verify_every};
use crate::key::{KeyChain, KeyRecord, KeyRecordDraft, PublicKey, SigningKey};
use crate::rejection::Rejection;
use crate::wire;

/// Records of an organisation, and the one that is to follow them. [KEY-23]
pub struct Proposal {
    before: KeyChain,
    record: KeyRecord,
    envelope: Envelope,
}

/// Whose signatures a record still lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// That of the organisation key which it names.
    pub organisation: bool,
    /// It names another organisation key than the record before, and neither that one nor enough of the recovery set has
    /// signed: so many of the set would be enough; none, if there is no set.
    pub approval: Option<Option<u32>>,
}

impl Proposal {
    /// A record that the node's keys have signed, and nobody else yet.
    ///
    /// # Errors
    /// [`Rejection::BrokenChain`] if it does not follow the newest of `before`, or what of it is out of bounds.
    pub fn new(
        before: &KeyChain,
        draft: KeyRecordDraft,
        organisation: &PublicKey,
        signing: &SigningKey,
        tls: &SigningKey,
    ) -> Result<Self, Rejection> {
        let body = codec::encode(&draft.into_wire(organisation, signing.public(), tls.public()));
        Self::of(before.clone(), Envelope::sign(MediaType::KEY_RECORD, body, &[signing, tls])?)
    }

    /// From the bytes of a `KeyChain` message whose last record may lack signatures. [KEY-23]
    ///
    /// # Errors
    /// Why the records before do not verify, [`Rejection::BrokenChain`] if the last does not follow the newest of them,
    /// [`Rejection::UnknownSigner`] or [`Rejection::BadSignature`] for a signature that it bears,
    /// [`Rejection::WrongSigners`] if the node's own are not there.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let mut records = codec::decode::<wire::KeyChain>(bytes)?.records;
        let last = records.pop().ok_or(Rejection::BrokenChain)?;
        let before = records.into_iter().map(Envelope::from_wire).collect::<Result<Vec<_>, _>>()?;
        Self::of(KeyChain::verify(&before)?, Envelope::from_wire(last)?)
    }

    fn of(before: KeyChain, envelope: Envelope) -> Result<Self, Rejection> {
        let record = KeyRecord::parse(&envelope, Some(before.newest()))?;
        if before.predecessor_of(&record)?.id() != before.newest_id() {
            return Err(Rejection::BrokenChain);
        }
        let proposal = Self { before, record, envelope };
        let asked = proposal.asked();
        verify_every(proposal.envelope.clone(), MediaType::KEY_RECORD, &asked, |_| Ok(()))?;
        if proposal.lacks(proposal.record.signing_key()) || proposal.lacks(proposal.record.tls_key()) {
            return Err(Rejection::WrongSigners);
        }
        Ok(proposal)
    }

    /// Everybody who may sign it.
    fn asked(&self) -> Vec<&PublicKey> {
        let (newest, record) = (self.before.newest(), &self.record);
        let mut asked = vec![record.organisation_key(), record.signing_key(), record.tls_key()];
        if newest.organisation_key() != record.organisation_key() {
            asked.push(newest.organisation_key());
            asked.extend(self.helpers());
        }
        asked
    }

    /// The recovery set of the record before, but for keys that this one names itself: they count as none of it. [KEY-27]
    fn helpers(&self) -> impl Iterator<Item = &PublicKey> {
        let own = [self.record.organisation_key(), self.record.signing_key(), self.record.tls_key()];
        let keys = self.before.newest().recovery().into_iter().flat_map(|recovery| &recovery.keys);
        keys.filter(move |key| !own.contains(key))
    }

    /// Whether a key would stand beside one that it is to stand in for: with both, the record is nobody's. [KEY-29]
    fn excludes(&self, key: &PublicKey) -> bool {
        let old = self.before.newest().organisation_key();
        if old == self.record.organisation_key() {
            return false;
        }
        if key == old {
            return self.helpers().any(|helper| !self.lacks(helper));
        }
        !self.lacks(old) && self.helpers().any(|helper| helper == key)
    }

    fn lacks(&self, key: &PublicKey) -> bool {
        self.envelope.signers().all(|signer| signer != key.id())
    }

    /// The records that it follows.
    #[must_use]
    pub const fn before(&self) -> &KeyChain {
        &self.before
    }

    /// What is proposed.
    #[must_use]
    pub const fn record(&self) -> &KeyRecord {
        &self.record
    }

    /// Whose signatures are not there yet; none, if it is complete.
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        let newest = self.before.newest();
        let organisation = self.lacks(self.record.organisation_key());
        let replaced = newest.organisation_key() != self.record.organisation_key();
        let left = newest.recovery().map(|recovery| {
            let signed = self.helpers().filter(|key| !self.lacks(key)).count();
            recovery.threshold.saturating_sub(u32::try_from(signed).unwrap_or(u32::MAX))
        });
        let approval = (replaced && self.lacks(newest.organisation_key()) && left != Some(0)).then_some(left);
        (organisation || approval.is_some()).then_some(Missing { organisation, approval })
    }

    /// Whether a key is asked: of the recovery set only until the older organisation key has signed, and that one only until
    /// one of the set has. [KEY-29]
    #[must_use]
    pub fn asks(&self, key: &PublicKey) -> bool {
        self.asked().contains(&key) && !self.excludes(key)
    }

    /// Signs it. Signed by this key before, nothing changes.
    ///
    /// # Errors
    /// [`Rejection::WrongSigners`] for a key that is not asked, or is not asked any more.
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), Rejection> {
        if !self.asks(key.public()) {
            return Err(Rejection::WrongSigners);
        }
        let own = Envelope::sign(MediaType::KEY_RECORD, self.envelope.body().to_vec(), &[key])?;
        self.envelope.merge(&own)
    }

    /// The records with this one as the newest.
    ///
    /// # Errors
    /// [`Rejection::WrongSigners`] while signatures are missing.
    pub fn chain(&self) -> Result<KeyChain, Rejection> {
        let mut chain = self.before.clone();
        chain.extend(&self.envelope)?;
        Ok(chain)
    }

    /// The record with the signatures that it has.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// For the file that goes to the safe and back: what precedes it, then itself. Branches that do not count are left out.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let before = self.before.line();
        let records = before.chain([&self.envelope]).map(Envelope::to_wire).collect();
        codec::encode(&wire::KeyChain { records })
    }
}
