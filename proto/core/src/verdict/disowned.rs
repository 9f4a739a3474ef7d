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
    logs::Logs,
    names::Names,
    pact,
};
use crate::{
    bundle::Bundle,
    envelope::Verified,
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
    keyring: &'a Keyring,
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
        Self { keyring, entries }
    }

    /// Whether a key that is not disowned signed it, or a proof shows it in its author's log.
    fn is_own(&self, author: &OrgId, key: &KeyRecordId, kind: EntryKind, id: Id) -> bool {
        let Some(record) = self.keyring.disowning(author, key) else { return true };
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
) -> Vec<EventId> {
    if !keyring.chains().flat_map(|chain| chain.records().chain(chain.rivals())).any(|one| one.disowned().is_some()) {
        return Vec::new();
    }
    let shown = Shown::of(bundle, keyring);
    let told: BTreeMap<EventId, Told> = events.told().map(|one| (one.id, one)).collect();
    let counted = shown.events(&told, heads);
    let stolen: Vec<&Told> = told.values().filter(|one| !counted.contains(&one.id)).collect();
    // [BUN-106] Whoever counts more of its own events has written that number itself, and nothing shows that it is this one.
    let counts = |head: &Head, one: &Told| head.author == one.author && head.own_count > one.seq;
    let own = |head: &&Verified<Head>| shown.is_own(&head.author, &head.key, EntryKind::Head, head.id());
    let counted_by_itself = |one: &Told| heads.all().filter(own).any(|head| counts(head, one));
    let open: Vec<&Told> = stolen.iter().copied().filter(|one| !counted_by_itself(one)).collect();
    let doubted = in_doubt(bundle, keyring, trust, events, &told, &open);
    for one in stolen.iter().filter(|one| !doubted.contains(&one.id)) {
        events.disown(&one.id, findings);
    }
    heads.disown(|head| shown.is_own(&head.author, &head.key, EntryKind::Head, head.id()), findings);
    evidence.disown(|event| shown.is_own(&event.author, &event.key, EntryKind::OwnEvent, event.id.into()), findings);
    doubted
}

/// What the other party had before it heard of the theft, and nothing else has the number of. [BUN-106]
fn in_doubt(
    bundle: &Bundle,
    keyring: &Keyring,
    trust: &TrustFile,
    events: &Events,
    told: &BTreeMap<EventId, Told>,
    stolen: &[&Told],
) -> Vec<EventId> {
    let Some(opening) = events.opening(bundle).filter(|_| !stolen.is_empty()) else { return Vec::new() };
    let Some(said) = opening.opening() else { return Vec::new() };
    let parties = [opening.author, said.peer];
    let agreement = pact::verify(bundle, said.agreement, keyring, trust, &mut Findings::default());
    let rule = assurance::rule(trust, agreement.as_deref());
    let logs = Logs::verify(bundle, keyring, trust, rule, parties);
    let alone =
        |one: &Told| told.values().filter(|other| (other.author, other.seq) == (one.author, one.seq)).count() == 1;
    let had = |one: &Told| {
        let other = parties.iter().find(|party| **party != one.author);
        let record = keyring.disowning(&one.author, &one.key);
        other.zip(record).is_some_and(|(other, record)| was_had(&logs, other, one.id, record))
    };
    stolen.iter().filter(|one| parties.contains(&one.author) && alone(one) && had(one)).map(|one| one.id).collect()
}

/// Whether enough witnesses saw an event in the log of who received it, before the record that disowns its key.
fn was_had(logs: &Logs, by: &OrgId, event: EventId, record: &KeyRecord) -> bool {
    let heard = logs.spots(by, EntryKind::KeyRecord, record.id().into());
    let received = logs.spots(by, EntryKind::ReceivedEvent, event.into()).into_iter();
    let before = received.filter(|(view, spot)| heard.get(view).is_some_and(|heard| spot.place < heard.place));
    logs.is_enough(&before.map(|(view, _)| view.witness).collect())
}

/// Says which events are in doubt; none of them is kept.
pub(super) fn say(
    doubted: &[EventId],
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
