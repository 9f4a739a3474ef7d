//! What a stolen key signed: what of it is shown to be its organisation's, and what is not.
//!
//! Guarantees that nothing counts by a key that its organisation disowns but what stands under the root that the disowning
//! record names, and what somebody signed by another key of the same organisation rests on. What the other party only had
//! before it heard of the theft is in doubt, and never kept. Leaves to people whether there was a theft. [BUN-104] [BUN-105]

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Conformance, assurance,
    demand::Demand,
    events::{Events, Told},
    evidence::Evidence,
    findings::Findings,
    heads::Heads,
    keyring::Keyring,
    logs::{Logs, Spot},
    names::Names,
    pact,
    views::View,
};
use crate::{
    bundle::Bundle,
    head::Head,
    id::{EventId, Id, KeyRecordId, OrgId},
    key::KeyRecord,
    log::{Checkpoint, EntryKind, LogProof, Origin, Tick},
    trust::TrustFile,
    wire,
};

/// The checkpoints up to which stolen keys count, by their IDs.
pub(super) struct Lines(BTreeMap<Id, (Tick, Checkpoint)>);

impl Lines {
    /// Those that the records of every chain draw.
    pub(super) fn of(keyring: &Keyring) -> Self {
        let mut lines = BTreeMap::new();
        for chain in keyring.chains() {
            for record in chain.records().chain(chain.rivals()) {
                let line = record.disowned().and_then(|disowned| disowned.checkpoint(chain.organisation()));
                let Some(line) = line else { continue };
                // One line, however many records draw it: its ID holds whose log it is.
                lines.insert(line.id(), (Tick(chain.first().log_base_tick()), line));
            }
        }
        Self(lines)
    }

    /// A proof that holds under one of them, with whose log that is and the index of the leaf.
    pub(super) fn of_proof(&self, proof: &wire::LogProof) -> Option<(LogProof, Origin, u64)> {
        let proof = LogProof::parse(proof).ok()?;
        let (base, line) = self.0.get(&proof.checkpoint())?;
        let index = proof.check(*base, line).ok()?;
        Some((proof, line.origin, index))
    }
}

/// What is shown to be of an organisation although a stolen key signed it.
struct Shown<'a> {
    /// Records whose signing key is stolen, each with the one that says so.
    stolen: BTreeMap<(OrgId, KeyRecordId), &'a KeyRecord>,
    /// Under which line, and what.
    entries: BTreeSet<(Id, EntryKind, Id)>,
}

impl<'a> Shown<'a> {
    fn of(bundle: &Bundle, keyring: &'a Keyring) -> Self {
        let lines = Lines::of(keyring);
        let mut entries = BTreeSet::new();
        for (proof, ..) in bundle.proofs.iter().filter_map(|proof| lines.of_proof(proof)) {
            entries.extend(proof.shown().iter().map(|one| (proof.checkpoint(), one.entry.kind, one.entry.id)));
        }
        Self { stolen: keyring.stolen(), entries }
    }

    /// The record that disowns the signing key of the record that an organisation names.
    fn disowning(&self, author: &OrgId, key: &KeyRecordId) -> Option<&'a KeyRecord> {
        self.stolen.get(&(*author, *key)).copied()
    }

    /// Whether a key that is not disowned signed it, or a proof shows it in its author's log.
    fn is_own(&self, author: &OrgId, key: &KeyRecordId, kind: EntryKind, id: Id) -> bool {
        let Some(record) = self.disowning(author, key) else { return true };
        let line = record.disowned().and_then(|disowned| disowned.checkpoint(*author));
        line.is_some_and(|line| self.entries.contains(&(line.id(), kind, id)))
    }

    /// The events that are shown, and those that rest on the organisation's own later word. [BUN-105]
    fn events(&self, told: &BTreeMap<EventId, Told>, heads: &Heads) -> BTreeSet<EventId> {
        let own = told.values().filter(|one| self.is_own(&one.author, &one.key, EntryKind::OwnEvent, one.id.into()));
        let own = own.map(|one| (one.author, one.id));
        let heads = heads.all().filter(|head| self.is_own(&head.author, &head.key, EntryKind::Head, head.id()));
        let headed = heads.filter_map(|head| Some((head.author, head.own_last?)));
        let mut next: Vec<(OrgId, EventId)> = own.chain(headed).collect();
        let mut counted = BTreeSet::new();
        while let Some((author, id)) = next.pop() {
            // Nobody vouches for another one's event.
            let Some(one) = told.get(&id).filter(|one| one.author == author) else { continue };
            if counted.insert(id) {
                next.extend(one.prev.map(|prev| (author, prev)));
            }
        }
        counted
    }
}

/// Leaves out what is signed by a stolen key and not shown; gives what is in doubt.
pub(super) fn settle(
    bundle: &Bundle,
    keyring: &Keyring,
    trust: &TrustFile,
    (events, heads, evidence): (&mut Events, &mut Heads, &mut Evidence),
    findings: &mut Findings,
) -> BTreeSet<EventId> {
    if !keyring.chains().flat_map(|chain| chain.records().chain(chain.rivals())).any(|one| one.disowned().is_some()) {
        return BTreeSet::new();
    }
    let shown = Shown::of(bundle, keyring);
    let told: BTreeMap<EventId, Told> = events.told().map(|one| (one.id, one)).collect();
    let counted = shown.events(&told, heads);
    let stolen: Vec<&Told> = told.values().filter(|one| !counted.contains(&one.id)).collect();
    let own = heads.all().filter(|head| shown.is_own(&head.author, &head.key, EntryKind::Head, head.id()));
    let numbers = Numbers::of(told.values(), own.map(|head| &**head));
    let open = stolen.iter().copied().filter(|one| numbers.are_free(one)).collect::<Vec<_>>();
    let doubted = in_doubt(bundle, keyring, trust, events, &shown, &open);
    events.disown(&stolen.iter().map(|one| one.id).filter(|id| !doubted.contains(id)).collect(), findings);
    heads.disown(|head| shown.is_own(&head.author, &head.key, EntryKind::Head, head.id()), findings);
    evidence.disown(|event| shown.is_own(&event.author, &event.key, EntryKind::OwnEvent, event.id.into()), findings);
    doubted
}

/// Which numbers events have, and up to which number somebody counts its own: looked up once for all events. [BUN-114]
struct Numbers {
    used: BTreeMap<(OrgId, u64), usize>,
    counted: BTreeMap<OrgId, u64>,
}

impl Numbers {
    fn of<'a>(told: impl Iterator<Item = &'a Told>, heads: impl Iterator<Item = &'a Head>) -> Self {
        let mut numbers = Self { used: BTreeMap::new(), counted: BTreeMap::new() };
        for one in told {
            *numbers.used.entry((one.author, one.seq)).or_default() += 1;
        }
        for head in heads {
            let known = numbers.counted.entry(head.author).or_default();
            *known = head.own_count.max(*known);
        }
        numbers
    }

    /// Whether nothing else has the number of an event. Whoever counts more of its own has written that number itself, and
    /// nothing shows that it is this one. [BUN-106]
    fn are_free(&self, one: &Told) -> bool {
        self.counted.get(&one.author).is_none_or(|count| *count <= one.seq)
            && self.used.get(&(one.author, one.seq)) == Some(&1)
    }
}

/// What the other party had before it heard of the theft. [BUN-106]
fn in_doubt(
    bundle: &Bundle,
    keyring: &Keyring,
    trust: &TrustFile,
    events: &Events,
    shown: &Shown<'_>,
    stolen: &[&Told],
) -> BTreeSet<EventId> {
    let Some(opening) = events.opening(bundle).filter(|_| !stolen.is_empty()) else { return BTreeSet::new() };
    let Some(said) = opening.opening() else { return BTreeSet::new() };
    let parties = [opening.author, said.peer];
    let agreement = pact::verify(bundle, said.agreement, keyring, trust, &mut Findings::default());
    let rule = assurance::rule(trust, agreement.as_deref());
    let logs = Logs::verify(bundle, keyring, trust, rule, parties);
    let mut heard: BTreeMap<(OrgId, KeyRecordId), BTreeMap<View, Spot>> = BTreeMap::new();
    let mut had = |one: &Told| {
        let (Some(other), Some(record)) =
            (parties.iter().find(|party| **party != one.author), shown.disowning(&one.author, &one.key))
        else {
            return false;
        };
        let of = |record: &KeyRecord| logs.spots(other, EntryKind::KeyRecord, record.id().into());
        let heard = heard.entry((*other, record.id())).or_insert_with(|| of(record));
        was_had(&logs, other, one.id, heard)
    };
    stolen.iter().filter(|one| parties.contains(&one.author) && had(one)).map(|one| one.id).collect()
}

/// Whether enough witnesses saw an event in the log of who received it, before it heard of the theft.
fn was_had(logs: &Logs, by: &OrgId, event: EventId, heard: &BTreeMap<View, Spot>) -> bool {
    let received = logs.spots(by, EntryKind::ReceivedEvent, event.into()).into_iter();
    let before = received.filter(|(view, spot)| heard.get(view).is_some_and(|heard| spot.place < heard.place));
    logs.is_enough(&before.map(|(view, _)| view.witness).collect())
}

/// Says which events are in doubt; none of them is kept.
pub(super) fn say(
    doubted: &BTreeSet<EventId>,
    authors: impl Fn(&EventId) -> Option<(OrgId, OrgId)>,
    names: &Names<'_>,
    findings: &mut Findings,
) {
    for id in doubted {
        let Some((author, other)) = authors(id) else {
            let why = String::from("it is signed by a key that its author disowns, and nothing of its author shows it");
            findings.against(Demand::Signed, Conformance::NotCheckable, Some(*id), why);
            continue;
        };
        let (by, other) = (names.of(&author), names.of(&other));
        let why = format!("it is signed by a key that {by} disowns, and nothing of {by} shows it");
        findings.against(Demand::Signed, Conformance::NotCheckable, Some(*id), why);
        findings.words.push(format!(
            "Event {id} is signed by a key that {by} disowns: {other} had it before it heard of that, and nothing shows that {by} wrote it."
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::TrailId, time::Seconds};

    /// [BUN-106]
    #[test]
    fn a_number_is_free_if_one_event_has_it_and_no_head_counts_it() {
        let (of, other) = (OrgId::new([1; 32]), OrgId::new([2; 32]));
        let told: Vec<Told> = (0..1000).map(|seq| event(of, seq, seq)).chain([event(of, 7, 1000)]).collect();
        let heads: Vec<Head> = [(of, 3), (of, 5), (other, 900)].map(|(author, count)| head(author, count)).into();
        let numbers = Numbers::of(told.iter(), heads.iter());
        for one in &told {
            let alone = told.iter().filter(|two| (two.author, two.seq) == (one.author, one.seq)).count() == 1;
            let counted = heads.iter().any(|head| head.author == one.author && head.own_count > one.seq);
            assert_eq!(numbers.are_free(one), alone && !counted, "number {}", one.seq);
        }
    }

    fn event(author: OrgId, seq: u64, number: u64) -> Told {
        let mut id = [9; 32];
        for (byte, of) in id.iter_mut().zip(number.to_be_bytes()) {
            *byte = of;
        }
        Told { id: EventId::new(id), author, key: KeyRecordId::new([3; 32]), seq, prev: None }
    }

    fn head(author: OrgId, own_count: u64) -> Head {
        let key = KeyRecordId::new([3; 32]);
        Head {
            trail: TrailId::new([4; 32]),
            author,
            key,
            incarnation: 0,
            own_count,
            own_last: None,
            seen_count: 0,
            seen_last: None,
            peer_key: key,
            closes: None,
            time: Seconds::new(60).unwrap(),
            nonce: None,
            settled: None,
        }
    }
}
