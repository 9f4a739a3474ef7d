//! Key chains: an organisation's key records from the first on.
//!
//! Guarantees: every record was signed by all keys that it names and by the organisation key that it replaces, and
//! follows the one before without a gap. Two successors of one record are both kept, as proof.
//! Leaves to others: from which log position on a record counts, and what people do about a fork.

use crate::envelope::{Envelope, MediaType, verify_exactly};
use crate::id::{KeyRecordId, OrgId};
use crate::key::{KeyRecord, PublicKey};
use crate::rejection::Rejection;

/// Most records of one chain: one a week for 78 years. [KEY-14]
const MAX_RECORDS: usize = 4096;

/// What a record changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was here already.
    Known,
    /// It is the newest now.
    Extended,
    /// It is a second successor of a record; both are kept, new disclosures must stop.
    Forked,
}

/// An organisation's records, verified from the first on.
#[derive(Clone)]
pub struct KeyChain {
    first: Link,
    later: Vec<Link>,
    /// Second successors of records of this chain, in the order in which they came.
    twins: Vec<Link>,
}

#[derive(Clone)]
struct Link {
    record: KeyRecord,
    envelope: Envelope,
}

impl KeyChain {
    /// Verifies records that start with the organisation's first one. [KEY-13]
    ///
    /// # Errors
    /// [`Rejection::BrokenChain`] if the first is not a first record or one does not follow, and what
    /// [`KeyChain::extend`] refuses.
    pub fn verify(envelopes: &[Envelope]) -> Result<Self, Rejection> {
        let (first, later) = envelopes.split_first().ok_or(Rejection::BrokenChain)?;
        let mut chain = Self { first: Link::first(first)?, later: Vec::new(), twins: Vec::new() };
        for envelope in later {
            chain.extend(envelope)?;
        }
        Ok(chain)
    }

    /// Takes one more record. On an error nothing has changed. [KEY-13]
    ///
    /// # Errors
    /// [`Rejection::MissingPredecessor`] if records before it are not here, [`Rejection::BrokenChain`] if it does not
    /// continue this chain, [`Rejection::WrongSigners`], [`Rejection::BadSignature`], or what does not parse.
    pub fn extend(&mut self, envelope: &Envelope) -> Result<Change, Rejection> {
        if self.links().chain(&self.twins).any(|link| link.envelope == *envelope) {
            return Ok(Change::Known);
        }
        let record = KeyRecord::parse(envelope, Some(self.newest()))?;
        let before = self.predecessor_of(&record)?;
        verify_signers(&record, Some(before.organisation_key()), envelope)?;
        // Signed again with other valid signatures, it is still the same record: an ID covers no signature.
        if self.links().chain(&self.twins).any(|link| link.record.id() == record.id()) {
            return Ok(Change::Known);
        }
        self.take(Link { record, envelope: envelope.clone() })
    }

    /// Where `record` attaches.
    fn predecessor_of(&self, record: &KeyRecord) -> Result<&KeyRecord, Rejection> {
        let previous = record.previous().ok_or(Rejection::BrokenChain)?;
        if record.organisation() != self.organisation() {
            return Err(Rejection::BrokenChain);
        }
        match self.record(&previous) {
            Some(before) if before.number().checked_add(1) == Some(record.number()) => Ok(before),
            Some(_) => Err(Rejection::BrokenChain),
            None if self.newest().number() < record.number() - 1 => Err(Rejection::MissingPredecessor),
            None => Err(Rejection::BrokenChain),
        }
    }

    fn take(&mut self, link: Link) -> Result<Change, Rejection> {
        if self.later.len() + self.twins.len() + 1 >= MAX_RECORDS {
            return Err(Rejection::TooLarge); // [KEY-14]
        }
        if link.record.number() > self.newest().number() {
            self.later.push(link);
            Ok(Change::Extended)
        } else {
            self.twins.push(link);
            Ok(Change::Forked)
        }
    }

    /// Whose chain it is.
    #[must_use]
    pub const fn organisation(&self) -> OrgId {
        self.first.record.organisation()
    }

    /// The first record.
    #[must_use]
    pub const fn first(&self) -> &KeyRecord {
        &self.first.record
    }

    /// The newest record.
    #[must_use]
    pub fn newest(&self) -> &KeyRecord {
        &self.later.last().unwrap_or(&self.first).record
    }

    /// ID of the newest record.
    #[must_use]
    pub fn newest_id(&self) -> KeyRecordId {
        self.newest().id()
    }

    /// A record of this chain; a twin is not found.
    #[must_use]
    pub fn record(&self, id: &KeyRecordId) -> Option<&KeyRecord> {
        self.records().find(|record| record.id() == *id)
    }

    /// Position of a record in this chain, from 0.
    #[must_use]
    pub fn position(&self, id: &KeyRecordId) -> Option<u32> {
        self.record(id).map(KeyRecord::number)
    }

    /// The node's signing key that a record of this chain names.
    #[must_use]
    pub fn signing_key_of(&self, id: &KeyRecordId) -> Option<&PublicKey> {
        self.record(id).map(KeyRecord::signing_key)
    }

    /// The records, first to newest, without twins.
    pub fn records(&self) -> impl Iterator<Item = &KeyRecord> {
        self.links().map(|link| &link.record)
    }

    /// Whether some record has two successors: nothing new may be disclosed to this organisation. [KEY-16]
    #[must_use]
    pub const fn is_forked(&self) -> bool {
        !self.twins.is_empty()
    }

    /// Second successors, as they came.
    pub fn twins(&self) -> impl Iterator<Item = &KeyRecord> {
        self.twins.iter().map(|link| &link.record)
    }

    /// Everything that proves this chain, twins last: [`KeyChain::verify`] takes it again.
    pub fn envelopes(&self) -> impl Iterator<Item = &Envelope> {
        self.links().chain(&self.twins).map(|link| &link.envelope)
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        core::iter::once(&self.first).chain(&self.later)
    }
}

impl Link {
    fn first(envelope: &Envelope) -> Result<Self, Rejection> {
        let record = KeyRecord::parse(envelope, None)?;
        if record.number() != 0 {
            return Err(Rejection::BrokenChain);
        }
        verify_signers(&record, None, envelope)?;
        Ok(Self { record, envelope: envelope.clone() })
    }
}

/// Every Ed25519 key that the record names, the organisation key that it replaces, and nobody else. [KEY-12]
fn verify_signers(record: &KeyRecord, before: Option<&PublicKey>, envelope: &Envelope) -> Result<(), Rejection> {
    let mut keys = vec![record.organisation_key(), record.signing_key(), record.tls_key()];
    keys.extend(before.filter(|before| *before != record.organisation_key()));
    verify_exactly(envelope, MediaType::KEY_RECORD, &keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyRecordDraft, SealingSecret, SigningKey, sign_key_record};
    use crate::time::Seconds;

    fn minute(count: u64) -> Seconds {
        Seconds::new(60 * count).unwrap()
    }

    fn sign(draft: KeyRecordDraft) -> Envelope {
        let [organisation, signing, tls] = [1, 2, 3].map(|n| SigningKey::from_seed(&[n; 32]));
        sign_key_record(draft, &organisation, &signing, &tls, None).unwrap()
    }

    fn first() -> Envelope {
        sign(KeyRecordDraft {
            after: None,
            number: 0,
            sealing_keys: vec![SealingSecret::from_seed(&[4; 32]).public().clone()],
            endpoints: vec![],
            witnesses: vec![],
            recovery: None,
            log_base_tick: 0,
            time: minute(1),
            end: minute(9),
        })
    }

    #[test]
    fn a_chain_has_a_greatest_length() {
        let mut chain = KeyChain::verify(&[first()]).unwrap();
        let next = |chain: &KeyChain, end| sign(KeyRecordDraft::after(chain.newest(), minute(1), minute(end)));
        chain.extend(&next(&chain, 9)).unwrap();
        // The second record, so often that there is room for one more.
        chain.later = vec![chain.later[0].clone(); MAX_RECORDS - 2];
        assert_eq!(chain.extend(&next(&chain, 10)), Ok(Change::Extended));
        assert_eq!(chain.extend(&next(&chain, 11)), Err(Rejection::TooLarge));
    }
}
