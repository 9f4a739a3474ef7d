//! The one order in which the parts of a bundle stand. [BUN-3]

use std::collections::BTreeMap;

use super::{BundleDraft, List};
use crate::{codec, envelope::Envelope, event::EventPrefix, id::Id, wire};

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
    draft.events.sort_by_key(event_key);
    draft.events.dedup_by_key(|envelope| envelope.id());
    let places = event_places(draft);
    draft.disclosures.sort_by_key(|disclosure| places.get(&disclosure.event).copied());
    draft.proofs.sort_by(|a, b| (&a.party, a.tick).cmp(&(&b.party, b.tick)));
    draft.checkpoints.sort();
    draft.checkpoints.dedup();
}

/// The first part that does not stand after the one before it.
pub(super) fn disorder(content: &BundleDraft) -> Option<(List, usize)> {
    let places = event_places(content);
    let found = [
        (List::Chains, descent(&content.chains, |records| records.first().map(Envelope::id))),
        (List::Agreements, descent(&content.agreements, Envelope::id)),
        (List::Events, descent(&content.events, event_key)),
        (List::Heads, descent(&content.heads, Envelope::id)),
        (List::Challenges, descent(&content.challenges, Envelope::id)),
        (List::Disclosures, descent(&content.disclosures, |part| places.get(&part.event).copied())),
        (List::Proofs, descent(&content.proofs, |proof| (proof.party.clone(), proof.tick))),
        (List::Checkpoints, descent(&content.checkpoints, Clone::clone)),
        (List::Evidence, descent(&content.evidence, Envelope::id)),
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

/// Whether second successors stand otherwise than by number and ID.
fn tail_descends(chain: &[Envelope]) -> bool {
    descent(chain.get(first_run(chain)..).unwrap_or_default(), record_key).is_some()
}

/// What a second successor is ordered by: number, ID.
fn record_key(envelope: &Envelope) -> Option<(u32, Id)> {
    let record: wire::KeyRecord = codec::decode(envelope.body()).ok()?;
    Some((record.number, envelope.id()))
}

/// The index of the first part whose key is not greater than that of the part before.
fn descent<T, K: Ord>(parts: &[T], key: impl Fn(&T) -> K) -> Option<usize> {
    let later = parts.iter().skip(1);
    parts.iter().zip(later).position(|(before, after)| key(before) >= key(after)).map(|index| index + 1)
}

fn event_key(envelope: &Envelope) -> Option<EventKey> {
    let prefix = EventPrefix::parse(envelope.id(), envelope.body()).ok()?;
    Some((*prefix.author.as_bytes(), prefix.seq, envelope.id()))
}

fn event_places(content: &BundleDraft) -> BTreeMap<Vec<u8>, usize> {
    content.events.iter().enumerate().map(|(place, event)| (event.id().as_bytes().to_vec(), place)).collect()
}
