//! Which key a line of a note names, looked up and not tried one after the other.
//!
//! Guarantees that a line is verified by the keys that its four bytes name and by no others, however long a chain is, and
//! that a cosignature counts only by whom BUN-72 lets count.

use std::collections::{BTreeMap, BTreeSet};

use super::keyring::Keyring;
use crate::{
    bundle::Bundle,
    id::OrgId,
    key::{KeyChain, KeyRecord, PublicKey},
    log::{Checkpoint, Cosignature, NoteKey, Origin, SignatureType, SignedCheckpoint, Tick},
    time::Seconds,
    trust::{TrustFile, WitnessDemand},
};

/// Keys by the four bytes that a line gives.
type Named<'k> = BTreeMap<[u8; 4], Vec<&'k PublicKey>>;

/// The keys of logs and of witnesses.
pub(super) struct Hints<'k> {
    keyring: &'k Keyring,
    trust: &'k TrustFile,
    bundle: &'k Bundle,
    parties: [OrgId; 2],
    parties_count: bool,
    /// Whom the records of each party name as witnesses.
    named: BTreeMap<OrgId, BTreeSet<OrgId>>,
    logs: BTreeMap<Origin, Named<'k>>,
    witnesses: BTreeMap<OrgId, Named<'k>>,
}

impl<'k> Hints<'k> {
    pub(super) fn new(
        keyring: &'k Keyring,
        trust: &'k TrustFile,
        bundle: &'k Bundle,
        parties: [OrgId; 2],
        rule: WitnessDemand,
    ) -> Self {
        let witnesses = |chain| records(chain).flat_map(|record| record.witnesses().iter().copied()).collect();
        let named = parties.iter().filter_map(|party| Some((*party, witnesses(keyring.chain(party)?)))).collect();
        Self {
            keyring,
            trust,
            bundle,
            parties,
            parties_count: rule.number > 0 && !rule.independent,
            named,
            logs: BTreeMap::new(),
            witnesses: BTreeMap::new(),
        }
    }

    /// The first tick of a party's log.
    pub(super) fn base(&self, owner: &OrgId) -> Option<Tick> {
        Some(Tick(self.keyring.chain(owner)?.first().log_base_tick()))
    }

    /// What a party's log says, if a key of its chain signed it that counts so far; and whether that key is disowned. [BUN-107]
    pub(super) fn verify_log(&mut self, signed: &SignedCheckpoint) -> Option<(Checkpoint, bool)> {
        let origin = signed.claimed().origin;
        let chain = self.keyring.chain(&origin.organisation).filter(|_| self.parties.contains(&origin.organisation))?;
        let own =
            self.logs.entry(origin).or_insert_with(|| keys(&origin.text(), SignatureType::Ed25519, records(chain)));
        let keys = own.get(&signed.key()?.id)?;
        let (key, checkpoint) = keys.iter().find_map(|key| Some((key, signed.verify(key).ok()?)))?;
        let disowned = chain.disowning(key).and_then(KeyRecord::disowned);
        disowned.is_none_or(|disowned| disowned.reaches(&checkpoint)).then_some((checkpoint, disowned.is_some()))
    }

    /// When a witness cosigned whom the log's organisation names, and the trust file too: no party of the trail, unless a
    /// rule says that it may, and never by a key from before the record that the trust file demands. [BUN-72]
    pub(super) fn verify_witness(&mut self, owner: &OrgId, own: &Cosignature<'_>) -> Option<Seconds> {
        let witness = own.witness;
        // The exporter chooses what is here, and can sign whatever it likes today.
        let apart = witness != *owner && !self.bundle.chose(&witness);
        let may = self.parties_count || !self.parties.contains(&witness);
        if !apart || !may || !self.named.get(owner)?.contains(&witness) {
            return None;
        }
        let (keyring, trust) = (self.keyring, self.trust);
        let known = self.witnesses.entry(witness).or_insert_with(|| {
            let counting = counting(&witness, keyring, trust);
            keys(&own.key().name, SignatureType::Cosignature, counting.into_iter())
        });
        known.get(&own.key().id)?.iter().find_map(|key| own.verify(key).ok())
    }
}

/// The records of a witness from the one on that the trust file demands: a key that it retired before may be anybody's.
fn counting<'k>(witness: &OrgId, keyring: &'k Keyring, trust: &TrustFile) -> Vec<&'k KeyRecord> {
    let minimum = trust.organisation(witness).and_then(|entry| keyring.record(witness, &entry.minimum));
    let chain = keyring.chain(witness).zip(minimum);
    let from = |(chain, minimum): (&'k KeyChain, &KeyRecord)| {
        let number = minimum.number();
        // What a thief cosigns says nothing, and when it was signed nothing shows. [BUN-107]
        let own = move |record: &&KeyRecord| chain.disowning(record.signing_key()).is_none();
        records(chain).filter(move |record| record.number() >= number).filter(own)
    };
    chain.into_iter().flat_map(from).collect()
}

fn keys<'k>(name: &str, kind: SignatureType, records: impl Iterator<Item = &'k KeyRecord>) -> Named<'k> {
    let mut named = Named::new();
    for key in records.map(KeyRecord::signing_key) {
        named.entry(NoteKey::of(name, kind, key).id).or_default().push(key);
    }
    named
}

/// The records of a chain, of both branches of a forked one.
fn records(chain: &KeyChain) -> impl Iterator<Item = &KeyRecord> {
    chain.records().chain(chain.rivals())
}
