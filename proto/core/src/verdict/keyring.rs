//! The key chains of a bundle.
//!
//! Guarantees that every key it gives out stands in a chain that was verified from the organisation's first record, and,
//! of a forked chain, on the branch that the trust file demands, if it demands one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Breach, Exit, Where, demand::Demand, findings::Findings, names::Names};
use crate::{
    bundle::{Bundle, List},
    id::{KeyId, KeyRecordId, OrgId},
    key::{KeyChain, KeyRecord, PublicKey},
    rejection::Rejection,
    trust::TrustFile,
};

/// Verified chains by organisation.
pub(super) struct Keyring {
    chains: BTreeMap<OrgId, KeyChain>,
    /// Chains with branches, as they stand in the bundle.
    forked: Vec<KeyChain>,
}

impl Keyring {
    /// Verifies every chain. [BUN-20]
    pub(super) fn verify(bundle: &Bundle, trust: &TrustFile, findings: &mut Findings) -> Self {
        let mut chains = BTreeMap::new();
        let mut forked = Vec::new();
        for (index, records) in bundle.chains.iter().enumerate() {
            findings.reach(Demand::Chains);
            match KeyChain::verify(records) {
                Ok(chain) => {
                    let minimum = trust.organisation(&chain.organisation()).map(|entry| entry.minimum);
                    let branch = minimum.and_then(|minimum| branch_of(&chain, &minimum));
                    forked.extend(chain.is_forked().then(|| chain.clone()));
                    chains.entry(chain.organisation()).or_insert(branch.unwrap_or(chain));
                }
                Err(rejection) => {
                    let place = Where::part(bundle.place(List::Chains, index));
                    findings.reject(Demand::Chains, Exit::NotAuthentic, place, rejection);
                }
            }
        }
        Self { chains, forked }
    }

    /// The chain of an organisation.
    pub(super) fn chain(&self, organisation: &OrgId) -> Option<&KeyChain> {
        self.chains.get(organisation)
    }

    /// A key record of an organisation; of a forked chain each branch counts, because the organisation signed both.
    pub(super) fn record(&self, organisation: &OrgId, id: &KeyRecordId) -> Option<&KeyRecord> {
        let chain = self.chain(organisation)?;
        chain.record(id).or_else(|| chain.rivals().find(|record| record.id() == *id))
    }

    /// The signing key that a record names.
    ///
    /// # Errors
    /// [`Rejection::UnknownSigner`] if the record is not in the organisation's chain.
    pub(super) fn signing_key(&self, organisation: &OrgId, id: &KeyRecordId) -> Result<&PublicKey, Rejection> {
        self.record(organisation, id).map(KeyRecord::signing_key).ok_or(Rejection::UnknownSigner)
    }

    /// The record that disowns the signing key of the record that an organisation names. [KEY-31]
    pub(super) fn disowning(&self, organisation: &OrgId, id: &KeyRecordId) -> Option<&KeyRecord> {
        self.chain(organisation)?.disowning(self.record(organisation, id)?.signing_key())
    }

    /// Every record whose signing key its organisation disowns, with the first record that says so. [KEY-31] [BUN-114]
    pub(super) fn stolen(&self) -> BTreeMap<(OrgId, KeyRecordId), &KeyRecord> {
        let mut found = BTreeMap::new();
        for chain in self.chains.values() {
            let all = || chain.records().chain(chain.rivals());
            let mut said: BTreeMap<KeyId, &KeyRecord> = BTreeMap::new();
            for record in all() {
                let Some(disowned) = record.disowned() else { continue };
                let known = said.entry(disowned.key).or_insert(record);
                if (record.number(), record.id()) < (known.number(), known.id()) {
                    *known = record;
                }
            }
            let named = all().filter(|_| !said.is_empty());
            let named = named.filter_map(|record| Some((record.id(), *said.get(&record.signing_key().id())?)));
            found.extend(named.map(|(id, by)| ((chain.organisation(), id), by)));
        }
        found
    }

    /// Every chain.
    pub(super) fn chains(&self) -> impl Iterator<Item = &KeyChain> {
        self.chains.values()
    }

    /// A signing key by its ID, with whose it is.
    pub(super) fn find_signing(&self, id: &KeyId) -> Option<(OrgId, &PublicKey)> {
        let records = self.chains.values().flat_map(|chain| chain.records().chain(chain.rivals()));
        records.map(|record| (record.organisation(), record.signing_key())).find(|(_, key)| key.id() == *id)
    }

    /// Organisations that records of these organisations name as witnesses.
    pub(super) fn witnesses<'a>(&'a self, of: &'a BTreeSet<OrgId>) -> impl Iterator<Item = OrgId> + 'a {
        let chains = self.chains.iter().filter(|(organisation, _)| of.contains(organisation));
        chains.flat_map(|(_, chain)| chain.records()).flat_map(|record| record.witnesses().iter().copied())
    }

    /// Organisations that have a chain here.
    pub(super) fn organisations(&self) -> impl Iterator<Item = &OrgId> {
        self.chains.keys()
    }

    /// Holds the signers against the trust file. Nothing inside a bundle adds trust. [BUN-21] [BUN-22]
    pub(super) fn hold_against(
        &self,
        trust: &TrustFile,
        signers: &BTreeSet<OrgId>,
        names: &Names<'_>,
        findings: &mut Findings,
    ) {
        for organisation in signers {
            findings.reach(Demand::Trusted);
            let place = Where::id(organisation);
            let Some(entry) = trust.organisation(organisation) else {
                let sentence = format!("{} signed, and the trust file does not name it", names.of(organisation));
                findings.fail(Demand::Trusted, Exit::UnknownSigner, place, sentence);
                continue;
            };
            let Some(chain) = self.chain(organisation) else { continue };
            findings.reach(Demand::Minimum);
            if self.record(organisation, &entry.minimum).is_none() {
                let newest = chain.newest().number();
                let sentence = format!(
                    "the key records of {} end at number {newest}, before the one that the trust file demands",
                    entry.name
                );
                findings.fail(Demand::Minimum, Exit::UnknownSigner, place, sentence);
            }
        }
    }

    /// Shows forks as what they are: a breach that the organisation's own signatures prove. [BUN-25]
    pub(super) fn show_forks(&self, names: &Names<'_>, findings: &mut Findings) {
        if !self.chains.is_empty() {
            findings.reach(Demand::OneChain);
        }
        for chain in &self.forked {
            for twin in chain.rivals() {
                let rival = chain.records().find(|record| record.number() == twin.number());
                let by = names.show(&chain.organisation());
                let sentence = format!(
                    "two key records with number {} bear {}'s signature: its key was used in two places, or is stolen",
                    twin.number(),
                    by.name
                );
                findings.fail(Demand::OneChain, Exit::Equivocation, Where::id(twin.id()), sentence.clone());
                let proof = rival.into_iter().chain([twin]).map(|record| record.id().to_string()).collect();
                findings.breach(Breach { by, requirement: Demand::OneChain.requirement(), proof, sentence });
            }
        }
    }

    /// Says up to which record the keys of each organisation are here.
    pub(super) fn say(&self, shown: &BTreeSet<OrgId>, names: &Names<'_>, findings: &mut Findings) {
        for (organisation, chain) in &self.chains {
            let (name, newest) = (names.of(organisation), chain.newest().number());
            // [BUN-75] Of one record there is nothing to choose from.
            let logged = newest > 0 && shown.contains(organisation);
            let word = if logged { String::from("shown by its log") } else { format!("{name}'s own word") };
            findings.words.push(format!(
                "Key records of {name} are here up to number {newest}; which of them counted when is {word}."
            ));
        }
    }
}

/// The branch of a forked chain on which a record stands: it, what is before it, and what follows it. None if the chain
/// has no branch there, and none if the record is not in it. [BUN-25]
fn branch_of(chain: &KeyChain, minimum: &KeyRecordId) -> Option<KeyChain> {
    let on = |twin: bool, record: &KeyRecord| match chain.position(minimum) {
        Some(place) => !twin || record.number() > place,
        None => {
            let demanded = chain.twins().find(|other| other.id() == *minimum).map_or(0, KeyRecord::number);
            record.id() == *minimum || (!twin && record.number() < demanded)
        }
    };
    let here = chain.position(minimum).is_some() || chain.twins().any(|twin| twin.id() == *minimum);
    let records = chain.records().map(|record| (false, record)).chain(chain.twins().map(|twin| (true, twin)));
    let envelopes: Vec<_> = records
        .zip(chain.envelopes())
        .filter(|((twin, record), _)| on(*twin, record))
        .map(|(_, own)| own.clone())
        .collect();
    let parted = chain.is_forked() && here;
    parted.then(|| KeyChain::verify(&envelopes).ok()).flatten()
}
