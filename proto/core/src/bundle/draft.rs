//! What goes into a bundle.

use std::collections::BTreeSet;

use super::{Bundle, Erasure, order};
use crate::{
    codec,
    envelope::{Envelope, MediaType},
    id::{KeyRecordId, OrgId, TrailId},
    key::SigningKey,
    rejection::Rejection,
    time::Seconds,
    wire,
};

/// The content of a bundle; in a draft the parts may be in any order and repeated.
#[derive(Clone)]
pub struct BundleDraft {
    /// The trail.
    pub trail: TrailId,
    /// Who exports it: a party of the trail.
    pub exporter: OrgId,
    /// The exporter's newest key record.
    pub key: KeyRecordId,
    /// Why it is exported.
    pub purpose: wire::Purpose,
    /// When, as the exporter claims.
    pub time: Seconds,
    /// Key records of each organisation that signed anything here, each from the first on, second successors last.
    pub chains: Vec<Vec<Envelope>>,
    /// The agreement version that the opening names.
    pub agreements: Vec<Envelope>,
    /// Every event of the trail.
    pub events: Vec<Envelope>,
    /// Heads of both parties.
    pub heads: Vec<Envelope>,
    /// Challenges that were put to a party.
    pub challenges: Vec<Envelope>,
    /// What opens slots; at most one an event.
    pub disclosures: Vec<wire::Disclosure>,
    /// Log proofs.
    pub proofs: Vec<wire::LogProof>,
    /// Signed notes.
    pub checkpoints: Vec<Vec<u8>>,
    /// Decisions of other trails that events here name.
    pub evidence: Vec<Envelope>,
    /// What the exporter has erased of the trail. [RET-20]
    pub erasures: Vec<Erasure>,
}

impl BundleDraft {
    /// Puts the parts into the canonical order and signs. The same content makes the same bytes. [BUN-3] [BUN-4]
    ///
    /// # Errors
    /// What [`Bundle::parse`] would refuse of it.
    pub fn build(mut self, key: &SigningKey) -> Result<Vec<u8>, Rejection> {
        order::arrange(&mut self);
        let bytes = Envelope::sign(MediaType::BUNDLE, self.encode(), &[key])?.to_bytes();
        Bundle::parse(&bytes)?;
        Ok(bytes)
    }

    /// Takes in what another one of the same trail holds, each part once; of two openings of one event its own stays.
    pub(super) fn take_in(&mut self, other: &Self) {
        for theirs in &other.chains {
            let first = theirs.first().map(Envelope::id);
            match self.chains.iter_mut().find(|ours| ours.first().map(Envelope::id) == first) {
                Some(ours) => order::merge_chain(ours, theirs),
                None => self.chains.push(theirs.clone()),
            }
        }
        self.agreements.extend_from_slice(&other.agreements);
        self.events.extend_from_slice(&other.events);
        self.heads.extend_from_slice(&other.heads);
        self.challenges.extend_from_slice(&other.challenges);
        self.evidence.extend_from_slice(&other.evidence);
        self.checkpoints.extend_from_slice(&other.checkpoints);
        let opened: BTreeSet<Vec<u8>> = self.disclosures.iter().map(|opened| opened.event.clone()).collect();
        let more = other.disclosures.iter().filter(|more| !opened.contains(&more.event));
        self.disclosures.extend(more.cloned());
        // Two of one tick stay both: each stands under its own checkpoint, and they may contradict each other.
        self.proofs.extend_from_slice(&other.proofs);
        order::arrange(self);
        self.proofs.dedup();
    }

    fn encode(&self) -> Vec<u8> {
        let list = |parts: &[Envelope]| parts.iter().map(Envelope::to_wire).collect();
        let chain = |records: &Vec<Envelope>| wire::KeyChain { records: list(records) };
        codec::encode(&wire::Bundle {
            trail: self.trail.to_vec(),
            exporter: self.exporter.to_vec(),
            key: self.key.to_vec(),
            purpose: self.purpose.into(),
            time: self.time.get(),
            chains: self.chains.iter().map(chain).collect(),
            agreements: list(&self.agreements),
            events: list(&self.events),
            heads: list(&self.heads),
            challenges: list(&self.challenges),
            disclosures: self.disclosures.clone(),
            proofs: self.proofs.clone(),
            checkpoints: self.checkpoints.clone(),
            evidence: list(&self.evidence),
            erasures: self.erasures.iter().map(Erasure::to_wire).collect(),
        })
    }
}
