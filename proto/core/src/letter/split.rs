//! Splitting content that is larger than a letter.
//!
//! Guarantees: every part fits a letter; an event, what opens it and the evidence that its body names stay together;
//! what others depend on comes first. Leaves to others that the parts arrive in this order.

use core::mem::take;

use prost::Message;

use crate::envelope::pae;
use crate::id::Id;
use crate::letter::largest_content;
use crate::rejection::Rejection;
use crate::wire::{Envelope, LetterContent};

/// Splits content so that each part fits a letter; content that fits stays whole. [LET-8]
///
/// # Errors
/// [`Rejection::TooLarge`] if one event with its disclosures and evidence does not fit.
pub fn split(content: LetterContent) -> Result<Vec<LetterContent>, Rejection> {
    if content.encoded_len() <= largest_content() {
        return Ok(vec![content]);
    }
    let mut parts: Vec<LetterContent> = Vec::new();
    let mut filled = 0;
    for unit in units(content) {
        let length = unit.encoded_len();
        if length > largest_content() {
            return Err(Rejection::TooLarge);
        }
        match parts.last_mut() {
            // Every field is repeated, so lengths add up.
            Some(part) if filled + length <= largest_content() => {
                append(part, unit);
                filled += length;
            }
            _ => {
                parts.push(unit);
                filled = length;
            }
        }
    }
    Ok(parts)
}

/// What must not be torn apart, in the order in which it is needed.
fn units(mut content: LetterContent) -> Vec<LetterContent> {
    let empty = LetterContent::default;
    let mut units = Vec::new();
    units.extend(take(&mut content.key_records).into_iter().map(|e| LetterContent { key_records: vec![e], ..empty() }));
    units.extend(take(&mut content.agreements).into_iter().map(|e| LetterContent { agreements: vec![e], ..empty() }));
    units.extend(event_units(&mut content));
    units.extend(take(&mut content.disclosures).into_iter().map(|d| LetterContent { disclosures: vec![d], ..empty() }));
    units.extend(take(&mut content.heads).into_iter().map(|e| LetterContent { heads: vec![e], ..empty() }));
    units.extend(take(&mut content.proofs).into_iter().map(|p| LetterContent { proofs: vec![p], ..empty() }));
    units.extend(take(&mut content.checkpoints).into_iter().map(|c| LetterContent { checkpoints: vec![c], ..empty() }));
    let requests = take(&mut content.head_requests).into_iter();
    units.extend(requests.map(|r| LetterContent { head_requests: vec![r], ..empty() }));
    let challenges = take(&mut content.challenges).into_iter();
    units.extend(challenges.map(|e| LetterContent { challenges: vec![e], ..empty() }));
    let put = take(&mut content.put_challenges).into_iter();
    units.extend(put.map(|p| LetterContent { put_challenges: vec![p], ..empty() }));
    let answers = take(&mut content.put_answers).into_iter();
    units.extend(answers.map(|a| LetterContent { put_answers: vec![a], ..empty() }));
    let said = take(&mut content.countersignatures).into_iter();
    units.extend(said.map(|e| LetterContent { countersignatures: vec![e], ..empty() }));
    let words = take(&mut content.relay_words).into_iter();
    units.extend(words.map(|w| LetterContent { relay_words: vec![w], ..empty() }));
    units.extend(take(&mut content.lost).into_iter().map(|l| LetterContent { lost: vec![l], ..empty() }));
    units
}

/// Each event with the evidence that it names and what opens either; then the evidence that none names.
fn event_units(content: &mut LetterContent) -> Vec<LetterContent> {
    let evidence: Vec<_> = take(&mut content.evidence).into_iter().map(|envelope| (id(&envelope), envelope)).collect();
    let mut named = vec![false; evidence.len()];
    let mut units = Vec::new();
    for event in take(&mut content.events) {
        let mut ids = vec![id(&event)];
        let mut unit = LetterContent::default();
        for ((evidence_id, envelope), named) in evidence.iter().zip(&mut named) {
            if names(&event, evidence_id) {
                *named = true;
                ids.push(*evidence_id);
                unit.evidence.push(envelope.clone());
            }
        }
        unit.events.push(event);
        units.push((ids, unit));
    }
    let rest = evidence.into_iter().zip(named).filter(|(_, named)| !named).map(|((id, envelope), _)| (id, envelope));
    units.extend(rest.map(|(id, e)| (vec![id], LetterContent { evidence: vec![e], ..LetterContent::default() })));
    for (ids, unit) in &mut units {
        let opens = |event: &[u8]| ids.iter().any(|id| id.as_bytes() == event);
        unit.disclosures.extend(content.disclosures.extract_if(.., |disclosure| opens(&disclosure.event)));
    }
    units.into_iter().map(|(_, unit)| unit).collect()
}

/// Whether the ID stands anywhere in the event's body: true of every event version, also of those not known here.
fn names(event: &Envelope, id: &Id) -> bool {
    event.body.windows(id.as_bytes().len()).any(|window| window == id.as_bytes())
}

fn id(envelope: &Envelope) -> Id {
    Id::of(&pae(&envelope.r#type, &envelope.body))
}

fn append(part: &mut LetterContent, mut unit: LetterContent) {
    part.events.append(&mut unit.events);
    part.disclosures.append(&mut unit.disclosures);
    part.heads.append(&mut unit.heads);
    part.key_records.append(&mut unit.key_records);
    part.agreements.append(&mut unit.agreements);
    part.proofs.append(&mut unit.proofs);
    part.checkpoints.append(&mut unit.checkpoints);
    part.evidence.append(&mut unit.evidence);
    part.head_requests.append(&mut unit.head_requests);
    part.challenges.append(&mut unit.challenges);
    part.put_challenges.append(&mut unit.put_challenges);
    part.put_answers.append(&mut unit.put_answers);
    part.countersignatures.append(&mut unit.countersignatures);
    part.relay_words.append(&mut unit.relay_words);
    part.lost.append(&mut unit.lost);
}
