//! The one order in which the parts of a bundle stand. [BUN-3]

use std::collections::{BTreeMap, BTreeSet};

use super::{BundleDraft, Erasure, List};
use crate::{
    codec,
    envelope::Envelope,
    event::EventPrefix,
    id::{EventId, Id},
    rejection::Rejection,
    wire,
};

/// What an event is ordered by: author, number, ID.
type EventKey = ([u8; 32], u64, Id);

/// Puts every part where it must stand, each once.
pub(super) fn arrange(draft: &mut BundleDraft) {
    for chain in &mut draft.chains {
        let first = first_run(chain);
        chain.get_mut(first..).unwrap_or_default().sort_by_key(record_key);
    }
    draft.chains.sort_by_key(|records| records.first().map(Envelope::id));
    draft.chains.dedup_by_key(|records| records.first().map(Envelope::id));
    for list in [&mut draft.agreements, &mut draft.heads, &mut draft.challenges, &mut draft.evidence] {
        list.sort_by_key(Envelope::id);
        list.dedup_by_key(|envelope| envelope.id());
    }
    draft.events.sort_by_key(|event| event_key(event, &EventPrefix::parse(event.id(), event.body())));
    draft.events.dedup_by_key(|envelope| envelope.id());
    let places = event_places(draft);
    draft.disclosures.sort_by_key(|disclosure| place_of(&disclosure.event, &places));
    draft.proofs.sort_by(|a, b| (&a.party, a.tick, &a.checkpoint).cmp(&(&b.party, b.tick, &b.checkpoint)));
    draft.erasures.sort_by_key(Erasure::place);
    draft.checkpoints.sort();
    draft.checkpoints.dedup();
}

/// Adds the records of the same chain that it lacks: what goes on first, second successors behind.
pub(super) fn merge_chain(ours: &mut Vec<Envelope>, theirs: &[Envelope]) {
    let (run, tail) = theirs.split_at(first_run(theirs));
    let seconds = ours.split_off(first_run(ours));
    // Where both go on alike the longer one goes on; the first of one that goes on otherwise is a second successor.
    let alike = ours.iter().zip(run).take_while(|(a, b)| a.id() == b.id()).count();
    if alike == ours.len() {
        ours.extend(run.iter().skip(alike).cloned());
    }
    let here: BTreeSet<Id> = ours.iter().map(Envelope::id).collect();
    let mut behind: Vec<Envelope> =
        seconds.into_iter().chain(run.iter().skip(alike).cloned()).chain(tail.iter().cloned()).collect();
    behind.retain(|record| !here.contains(&record.id()));
    behind.sort_by_key(record_key);
    behind.dedup_by_key(|record| record.id());
    ours.extend(behind);
}

/// The first part that does not stand after the one before it.
pub(super) fn disorder(content: &BundleDraft, prefixes: &[Result<EventPrefix, Rejection>]) -> Option<(List, usize)> {
    let places = event_places(content);
    let events: Vec<_> = content.events.iter().zip(prefixes).collect();
    let found = [
        (List::Chains, descent(&content.chains, |records| records.first().map(Envelope::id))),
        (List::Agreements, descent(&content.agreements, Envelope::id)),
        (List::Events, descent(&events, |(event, prefix)| event_key(event, prefix))),
        (List::Heads, descent(&content.heads, Envelope::id)),
        (List::Challenges, descent(&content.challenges, Envelope::id)),
        (List::Disclosures, descent(&content.disclosures, |part| place_of(&part.event, &places))),
        (List::Proofs, descent(&content.proofs, |proof| (&proof.party, proof.tick, &proof.checkpoint))),
        (List::Checkpoints, descent(&content.checkpoints, |checkpoint| checkpoint)),
        (List::Evidence, descent(&content.evidence, Envelope::id)),
        (List::Erasures, descent(&content.erasures, Erasure::place)),
    ];
    let within = || content.chains.iter().position(|chain| tail_descends(chain)).map(|index| (List::Chains, index));
    found.into_iter().find_map(|(list, index)| index.map(|index| (list, index))).or_else(within)
}

/// How many records stand one after the other from the first on; second successors follow.
fn first_run(chain: &[Envelope]) -> usize {
    (0_u32..)
        .zip(chain)
        .take_while(|(place, record)| record_key(record).is_some_and(|(number, _)| number == *place))
        .count()
}

/// Whether second successors stand otherwise than by number and ID, or a record stands there again.
fn tail_descends(chain: &[Envelope]) -> bool {
    // One record has no successors: it is not read for its number.
    if chain.len() < 2 {
        return false;
    }
    let (run, tail) = chain.split_at(first_run(chain));
    let again = |record: &Envelope| run.iter().any(|before| before.id() == record.id());
    descent(tail, record_key).is_some() || tail.iter().any(again)
}

/// What a second successor is ordered by: number, ID.
fn record_key(envelope: &Envelope) -> Option<(u32, Id)> {
    let record: wire::KeyRecord = codec::decode(envelope.body()).ok()?;
    Some((record.number, envelope.id()))
}

/// The index of the first part whose key is not greater than that of the part before.
fn descent<'a, T, K: Ord>(parts: &'a [T], key: impl Fn(&'a T) -> K) -> Option<usize> {
    let keys: Vec<K> = parts.iter().map(key).collect();
    keys.iter().zip(keys.iter().skip(1)).position(|(before, after)| before >= after).map(|index| index + 1)
}

fn event_key(event: &Envelope, prefix: &Result<EventPrefix, Rejection>) -> Option<EventKey> {
    let prefix = prefix.as_ref().ok()?;
    Some((*prefix.author.as_bytes(), prefix.seq, event.id()))
}

fn event_places(content: &BundleDraft) -> BTreeMap<Id, usize> {
    content.events.iter().map(Envelope::id).zip(0..).collect()
}

fn place_of(event: &[u8], places: &BTreeMap<Id, usize>) -> Option<usize> {
    places.get(&EventId::parse(event).ok()?.into()).copied()
}
