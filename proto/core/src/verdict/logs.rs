//! What the logs in a bundle show: by when something was there, and by when it was not there yet.
//!
//! Guarantees that a time rests on checkpoints and cosignatures that verified, by witnesses that the log's organisation
//! named, that the trust file names, and that have no hand in the trail; everything else shows nothing, and is counted.
//! Leaves to people whether a witness lies.

use std::collections::{BTreeMap, BTreeSet};

use super::{Breach, Exit, Where, demand::Demand, findings::Findings, keyring::Keyring, names::Names};
use crate::{
    bundle::Bundle,
    event::Event,
    id::{Id, OrgId},
    key::{KeyChain, KeyRecord},
    log::{Checkpoint, Cosignature, EntryKind, LogProof, Origin, SignedCheckpoint, Tick},
    rejection::Rejection,
    time::Seconds,
    trail::Trail,
    trust::{TrustFile, WitnessDemand},
};

/// Everything of the logs that verified.
pub(super) struct Logs {
    roots: BTreeMap<Id, Root>,
    entries: BTreeMap<(OrgId, EntryKind, Id), Vec<Place>>,
    rule: WitnessDemand,
    parties: Vec<OrgId>,
    /// Proofs and checkpoints that show nothing.
    pub(super) idle: (u64, u64),
}

/// A checkpoint that its log signed, and when each witness cosigned it: first, last.
struct Root {
    checkpoint: Checkpoint,
    base: Tick,
    cosigned: BTreeMap<OrgId, (Seconds, Seconds)>,
}

/// Where an entry stands.
struct Place {
    index: u64,
    within: u32,
    under: Id,
}

/// By when something was there.
pub(super) struct Proven {
    /// Who cosigned a checkpoint that covers it.
    pub(super) witnesses: BTreeSet<OrgId>,
    /// When as many as the rule demands, one at least, had cosigned.
    pub(super) time: Option<Seconds>,
}

impl Logs {
    /// Verifies every checkpoint and every proof, by the rule that is in force. [BUN-72]
    pub(super) fn verify(
        bundle: &Bundle,
        keyring: &Keyring,
        trust: &TrustFile,
        rule: WitnessDemand,
        parties: [OrgId; 2],
    ) -> Self {
        let mut logs =
            Self { roots: BTreeMap::new(), entries: BTreeMap::new(), rule, parties: parties.to_vec(), idle: (0, 0) };
        for bytes in &bundle.checkpoints {
            logs.idle.1 += u64::from(logs.take_checkpoint(bytes, bundle, keyring, trust).is_none());
        }
        for proof in &bundle.proofs {
            logs.idle.0 += u64::from(logs.take_proof(proof).is_none());
        }
        logs
    }

    fn take_checkpoint(&mut self, bytes: &[u8], bundle: &Bundle, keyring: &Keyring, trust: &TrustFile) -> Option<()> {
        let signed = SignedCheckpoint::parse(bytes).ok()?;
        let owner = signed.claimed().origin.organisation;
        let chain = keyring.chain(&owner).filter(|_| self.parties.contains(&owner))?;
        let key = records(chain).map(KeyRecord::signing_key).find(|key| signed.names(key))?;
        let checkpoint = signed.verify(key).ok()?;
        let base = Tick(chain.first().log_base_tick());
        let named: BTreeSet<OrgId> = records(chain).flat_map(|record| record.witnesses().iter().copied()).collect();
        let empty = Root { checkpoint, base, cosigned: BTreeMap::new() };
        let root = self.roots.entry(checkpoint.id()).or_insert(empty);
        for own in signed.cosignatures() {
            // The exporter chooses what is here, and can sign whatever it likes today.
            let apart = own.witness != owner && own.witness != bundle.exporter;
            let Some(time) = verify_witness(&own, keyring, trust).filter(|_| apart && named.contains(&own.witness))
            else {
                continue;
            };
            // Signed before so many ticks were over, it was no witness's. [LOG-32]
            if checkpoint.size <= Tick::closed(base, time).saturating_add(1) {
                let times = root.cosigned.entry(own.witness).or_insert((time, time));
                *times = (times.0.min(time), times.1.max(time));
            }
        }
        Some(())
    }

    fn take_proof(&mut self, proof: &crate::wire::LogProof) -> Option<()> {
        let proof = LogProof::parse(proof).ok()?;
        let root = self.roots.get(&proof.checkpoint())?;
        let index = proof.check(root.base, &root.checkpoint).ok()?;
        for one in proof.shown() {
            let place = Place { index, within: one.index, under: proof.checkpoint() };
            self.entries.entry((proof.party(), one.entry.kind, one.entry.id)).or_default().push(place);
        }
        Some(())
    }

    /// Those whose cosignature of a checkpoint counts: no party of the trail, unless a rule says that it may. [BUN-72]
    fn counted<'a>(&'a self, root: &'a Root) -> impl Iterator<Item = (OrgId, (Seconds, Seconds))> + 'a {
        let parties_count = self.rule.number > 0 && !self.rule.independent;
        let counts = move |witness: &OrgId| parties_count || !self.parties.contains(witness);
        root.cosigned.iter().filter(move |(witness, _)| counts(witness)).map(|(witness, times)| (*witness, *times))
    }

    /// How many cosignatures a time needs.
    fn needed(&self) -> usize {
        usize::try_from(self.rule.number).unwrap_or(usize::MAX).max(1)
    }

    /// By when an event was there, by the logs of both parties. [BUN-73]
    pub(super) fn event(&self, event: &Event) -> Proven {
        let kind = |party: &OrgId| if *party == event.author { EntryKind::OwnEvent } else { EntryKind::ReceivedEvent };
        let places = self.parties.iter().flat_map(|party| self.places(party, kind(party), event.id.into()));
        self.proven(places)
    }

    fn proven<'a>(&'a self, places: impl Iterator<Item = &'a Place>) -> Proven {
        let mut first: BTreeMap<OrgId, Seconds> = BTreeMap::new();
        for root in places.filter_map(|place| self.roots.get(&place.under)) {
            for (witness, (time, _)) in self.counted(root) {
                let known = first.entry(witness).or_insert(time);
                *known = time.min(*known);
            }
        }
        let mut times: Vec<Seconds> = first.values().copied().collect();
        times.sort_unstable();
        Proven { time: times.get(self.needed() - 1).copied(), witnesses: first.into_keys().collect() }
    }

    /// Until when a party's log shows that something was not in it yet: the latest cosigned checkpoint that does not
    /// reach its leaf, and no later than the last tick that this one counts. [BUN-74]
    pub(super) fn absent_until(&self, party: &OrgId, kind: EntryKind, id: Id) -> Option<Seconds> {
        let places = self.places(party, kind, id);
        // Of a log in which it stands twice, the first counts.
        let place = places.filter(|place| self.is_witnessed(place)).min_by_key(|place| place.index)?;
        let origin = self.roots.get(&place.under)?.checkpoint.origin;
        let before =
            self.roots.values().filter(|root| root.checkpoint.origin == origin && root.checkpoint.size <= place.index);
        before.filter_map(|root| self.reaches(root)).max()
    }

    /// Up to when a checkpoint shows everything that its log had.
    fn reaches(&self, root: &Root) -> Option<Seconds> {
        let mut times: Vec<Seconds> = self.counted(root).map(|(_, (_, last))| last).collect();
        times.sort_unstable_by(|one, two| two.cmp(one));
        let cosigned = times.get(self.needed() - 1)?;
        let closed = Seconds::new(Tick(root.base.0.saturating_add(root.checkpoint.size)).begins())?;
        Some(closed.min(*cosigned))
    }

    fn places(&self, party: &OrgId, kind: EntryKind, id: Id) -> impl Iterator<Item = &Place> {
        self.entries.get(&(*party, kind, id)).into_iter().flatten()
    }

    fn is_witnessed(&self, place: &Place) -> bool {
        self.proven(std::iter::once(place)).time.is_some()
    }

    /// Where a party's own log has something, under a witnessed checkpoint. [BUN-75]
    fn position(&self, party: &OrgId, kind: EntryKind, id: Id) -> Option<(Origin, u64, u32)> {
        let places = self.places(party, kind, id).filter(|place| self.is_witnessed(place));
        let place = places.min_by_key(|place| (place.index, place.within))?;
        Some((self.roots.get(&place.under)?.checkpoint.origin, place.index, place.within))
    }

    /// No event stands in its author's log after the record that replaced its key; the organisations of which the log
    /// shows, for every event and every later record, which came first. [BUN-75]
    pub(super) fn check_positions(&self, trail: &Trail, keyring: &Keyring, findings: &mut Findings) -> BTreeSet<OrgId> {
        // Of whoever signed no event here nothing shows which record counted.
        let mut shown: BTreeSet<OrgId> = trail.events().map(|event| event.author).collect();
        for event in trail.events() {
            let named = keyring.record(&event.author, &event.key).map(KeyRecord::number);
            let own = self.position(&event.author, EntryKind::OwnEvent, event.id.into());
            let later = keyring.chain(&event.author).into_iter().flat_map(KeyChain::records);
            for record in later.filter(|record| Some(record.number()) > named) {
                let retired = self.position(&event.author, EntryKind::KeyRecord, record.id().into());
                let (Some(own), Some(retired)) = (own, retired) else {
                    shown.remove(&event.author);
                    continue;
                };
                if own.0 != retired.0 {
                    shown.remove(&event.author);
                    continue;
                }
                findings.reach(Demand::Positions);
                if retired < own {
                    let place = Where::id(event.id).field("key");
                    findings.reject(Demand::Positions, Exit::UnknownSigner, place, Rejection::RevokedSigner);
                }
            }
            if named.is_none() || own.is_none() {
                shown.remove(&event.author);
            }
        }
        shown
    }

    /// Two checkpoints of one origin and size with two roots. [BUN-76]
    pub(super) fn check_split(&self, names: &Names<'_>, findings: &mut Findings) {
        let mut sizes: BTreeMap<(Origin, u64), &Root> = BTreeMap::new();
        for root in self.roots.values() {
            findings.reach(Demand::OneLog);
            let own = root.checkpoint;
            let Some(other) = sizes.insert((own.origin, own.size), root) else { continue };
            let by = names.show(&own.origin.organisation);
            let sentence =
                format!("{} signed two checkpoints of its log with size {} and two roots", by.name, own.size);
            findings.fail(Demand::OneLog, Exit::Equivocation, Where::id(hex(own.id())), sentence.clone());
            let proof = [other.checkpoint.id(), own.id()].map(hex).to_vec();
            findings.breaches.push(Breach { by, requirement: Demand::OneLog.requirement(), proof, sentence });
        }
    }
}

fn hex(id: Id) -> String {
    crate::id::hex(id.as_bytes())
}

/// The records of a chain, of both branches of a forked one.
fn records(chain: &KeyChain) -> impl Iterator<Item = &KeyRecord> {
    chain.records().chain(chain.twins())
}

/// When a witness that the trust file names, and whose chain reaches the record that it demands, cosigned.
fn verify_witness(own: &Cosignature<'_>, keyring: &Keyring, trust: &TrustFile) -> Option<Seconds> {
    let minimum = trust.organisation(&own.witness)?.minimum;
    let chain = keyring.chain(&own.witness)?;
    keyring.record(&own.witness, &minimum)?;
    records(chain).find_map(|record| own.verify(record.signing_key()).ok())
}
