//! Key chains: an organisation's key records from the first on.
//!
//! Guarantees: every record was signed by all keys that it names and by the organisation key that it replaces, and
//! follows the one before without a gap, or was signed by enough of the recovery set in place of that organisation key. Two
//! successors of one record are both kept, as proof; the one that the recovery set has signed counts.
//! Leaves to others: from which log position on a record counts, and what people do about a fork that nobody decided.

use std::collections::BTreeSet;

use crate::envelope::{Envelope, MediaType, verify_exactly};
use crate::id::{KeyId, KeyRecordId, OrgId};
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
    /// The recovery set of the record before has signed it, in place of the organisation key. [KEY-27]
    recovered: bool,
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
        // Signed anew or wrongly, it is still the record that is here: an ID covers no signature.
        if self.links().chain(&self.twins).any(|link| link.envelope.id() == envelope.id()) {
            return Ok(Change::Known);
        }
        let record = KeyRecord::parse(envelope, Some(self.newest()))?;
        let before = self.predecessor_of(&record)?;
        self.check_disowned(&record, before)?;
        let recovered = verify_signers(&record, Some(before), envelope)?;
        self.take(Link { record, envelope: envelope.clone(), recovered })
    }

    /// Where `record` attaches.
    pub(super) fn predecessor_of(&self, record: &KeyRecord) -> Result<&KeyRecord, Rejection> {
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

    /// What is disowned is the signing key of a record before, and never returns; what lay beside it goes too. [KEY-32]
    fn check_disowned(&self, record: &KeyRecord, before: &KeyRecord) -> Result<(), Rejection> {
        let earlier = || self.records().take_while(|earlier| earlier.number() < record.number());
        let known = |key: &KeyId| earlier().any(|earlier| earlier.signing_key().id() == *key);
        let own = record.disowned().map(|disowned| disowned.key);
        let kept = |key: KeyId| before.signing_key().id() == key && record.keeps_keys_of(before);
        let disowned = earlier().chain([record]).filter_map(KeyRecord::disowned);
        let returns = disowned.into_iter().any(|disowned| record.names(&disowned.key));
        if returns || own.is_some_and(|key| !known(&key) || kept(key)) {
            return Err(Rejection::WrongSigners);
        }
        Ok(())
    }

    fn take(&mut self, link: Link) -> Result<Change, Rejection> {
        if self.later.len() + self.twins.len() + 1 >= MAX_RECORDS {
            return Err(Rejection::TooLarge); // [KEY-14]
        }
        if link.record.number() > self.newest().number() {
            self.later.push(link);
            return Ok(Change::Extended);
        }
        let place = usize::try_from(link.record.number()).unwrap_or(usize::MAX).saturating_sub(1);
        match self.later.get(place) {
            None => {
                self.later.push(link);
                Ok(Change::Extended)
            }
            // [KEY-28] Whoever holds the organisation key signs what he likes, but not for the recovery set.
            Some(rival) if link.recovered && !rival.recovered => {
                // What followed the other one is nobody's word any more; that one itself is kept as the proof.
                self.twins.extend(self.later.drain(place..).take(1));
                self.twins.retain(|twin| twin.record.number() <= link.record.number());
                self.later.push(link);
                Ok(Change::Extended)
            }
            Some(_) => {
                self.twins.push(link);
                Ok(Change::Forked)
            }
        }
    }

    /// The successor in the chain beside which a second one stands, if it was decided that it counts. [KEY-28]
    fn is_decided(&self, twin: &Link) -> bool {
        let place = usize::try_from(twin.record.number()).unwrap_or(usize::MAX).saturating_sub(1);
        !twin.recovered && self.later.get(place).is_some_and(|link| link.recovered)
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

    /// Whether some record has two successors, and nobody has decided which counts: nothing new may be disclosed to this
    /// organisation. [KEY-16]
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.rivals().next().is_some()
    }

    /// Second successors that may count as well as the first: nobody has decided. [KEY-28]
    pub fn rivals(&self) -> impl Iterator<Item = &KeyRecord> {
        self.twins.iter().filter(|twin| !self.is_decided(twin)).map(|link| &link.record)
    }

    /// Second successors that do not count, because the recovery set has signed the other one. [KEY-28]
    pub fn overruled(&self) -> impl Iterator<Item = &KeyRecord> {
        self.twins.iter().filter(|twin| self.is_decided(twin)).map(|link| &link.record)
    }

    /// The record that disowns the signing key that a record of this organisation names, whichever record that is; of
    /// several the lowest number, and of rivals of one number the lowest ID. [KEY-31]
    #[must_use]
    pub fn disowning(&self, key: &PublicKey) -> Option<&KeyRecord> {
        let key = key.id();
        let all = self.records().chain(self.rivals());
        all.filter(|record| record.disowned().is_some_and(|disowned| disowned.key == key))
            .min_by_key(|record| (record.number(), record.id()))
    }

    /// Whether a recovery set has signed a record of it: its organisation key was lost, or stolen. [KEY-27]
    #[must_use]
    pub fn was_recovered(&self) -> bool {
        self.later.iter().any(|link| link.recovered)
    }

    /// Second successors, decided or not, as they came.
    pub fn twins(&self) -> impl Iterator<Item = &KeyRecord> {
        self.twins.iter().map(|link| &link.record)
    }

    /// Everything that proves this chain, twins last: [`KeyChain::verify`] takes it again.
    pub fn envelopes(&self) -> impl Iterator<Item = &Envelope> {
        self.links().chain(&self.twins).map(|link| &link.envelope)
    }

    /// The envelopes of the records, first to newest, without twins.
    pub fn line(&self) -> impl Iterator<Item = &Envelope> {
        self.links().map(|link| &link.envelope)
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
        Ok(Self { record, envelope: envelope.clone(), recovered: false })
    }
}

/// Every Ed25519 key that the record names, and the organisation key that it replaces or enough of the recovery set in its
/// place; nobody else. Tells whether it was the recovery set. [KEY-12] [KEY-27]
fn verify_signers(record: &KeyRecord, before: Option<&KeyRecord>, envelope: &Envelope) -> Result<bool, Rejection> {
    let mut keys = vec![record.organisation_key(), record.signing_key(), record.tls_key()];
    let replaced = before.filter(|before| before.organisation_key() != record.organisation_key());
    let helpers = replaced.and_then(|before| helpers(record, before, envelope));
    let recovered = helpers.is_some();
    match helpers {
        Some(helpers) => keys.extend(helpers),
        None => keys.extend(replaced.map(KeyRecord::organisation_key)),
    }
    verify_exactly(envelope, MediaType::KEY_RECORD, &keys)?;
    Ok(recovered)
}

/// The keys of the recovery set of the record before that an envelope names as its signers, if they are enough. Where the
/// organisation key has signed itself, nobody stands in for it. Named once each, as an envelope names no key twice.
fn helpers<'a>(record: &KeyRecord, before: &'a KeyRecord, envelope: &Envelope) -> Option<Vec<&'a PublicKey>> {
    let recovery = before.recovery()?;
    let named: BTreeSet<KeyId> = envelope.signers().collect();
    let own = [record.organisation_key(), record.signing_key(), record.tls_key()];
    let helpers: Vec<_> = recovery.keys.iter().filter(|key| named.contains(&key.id()) && !own.contains(key)).collect();
    let enough = u32::try_from(helpers.len()).is_ok_and(|count| count >= recovery.threshold);
    (enough && !named.contains(&before.organisation_key().id())).then_some(helpers)
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
            disowned: None,
            door_key: None,
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
