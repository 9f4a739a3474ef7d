//! Checking a disclosure against the commitments of its event.

use std::collections::BTreeSet;

use super::{
    Content, Disclosed, DisclosedSlot, SlotSecrets,
    commitment::{LENGTH, Place, SlotKeys, slot_commitment, value_commitment},
    disclosed,
};
use crate::{event::SLOT_COUNTS, id::OrgId, rejection::Rejection, sensitive::Sensitive, wire};
use wire::{disclosure::Form, slot_disclosure::Content as Wire};

/// Opens slots of an event: checks every commitment, then the catalogue.
///
/// `slots` are those of the event that the disclosure names, `nonce` that of the trail's opening, `author` the event's.
///
/// # Errors
/// [`Rejection::Malformed`] if its parts do not have their shape, [`Rejection::BadDisclosure`] if it does not match, or
/// opens one label twice. [DIS-10] A foreign label is no error: see [`DisclosedSlot::is_foreign`].
pub fn open(
    disclosure: &wire::Disclosure,
    slots: &[u8],
    nonce: &[u8; LENGTH],
    author: &OrgId,
) -> Result<Disclosed, Rejection> {
    let commitments: Vec<&[u8]> = slots.chunks(LENGTH).collect();
    if !slots.len().is_multiple_of(LENGTH) || commitments.is_empty() || !SLOT_COUNTS.contains(&commitments.len()) {
        return Err(Rejection::BadDisclosure);
    }
    let place = Place { nonce, author, index: 0 };
    let opened = match disclosure.form.as_ref().ok_or(Rejection::Malformed)? {
        Form::Whole(whole) => open_whole(whole, &commitments, place)?,
        Form::Some(some) => open_some(some, &commitments, place)?,
    };
    // [DIS-10] No label stands twice in one event, but for foreign slots, which are dropped.
    let mut seen = BTreeSet::new();
    let mut own = opened.slots().iter().filter(|slot| !slot.is_foreign()).filter_map(DisclosedSlot::label);
    if own.all(|label| seen.insert(label)) { Ok(opened) } else { Err(Rejection::BadDisclosure) }
}

fn open_whole(whole: &wire::WholeDisclosure, commitments: &[&[u8]], place: Place<'_>) -> Result<Disclosed, Rejection> {
    let secrets = SlotSecrets { labels: secret(&whole.label_secret)?, values: secret(&whole.value_secret)? };
    if whole.fields.len() != commitments.len() {
        return Err(Rejection::BadDisclosure);
    }
    let keys = SlotKeys::of(&secrets);
    let mut slots = Vec::with_capacity(commitments.len());
    for ((index, field), commitment) in (0..).zip(&whole.fields).zip(commitments) {
        let place = Place { index, ..place };
        let content = Content::of_field(&field.label, Sensitive::new(field.value.clone()));
        let slot = DisclosedSlot::opened(place, &keys, &field.label, &field.value, content);
        slot.verify(place, &field.label, commitment)?;
        slots.push(slot);
    }
    Ok(disclosed::whole(secrets, slots))
}

fn open_some(some: &wire::SlotDisclosures, commitments: &[&[u8]], place: Place<'_>) -> Result<Disclosed, Rejection> {
    let ascending = some.slots.is_sorted_by(|a, b| a.index < b.index);
    if some.slots.is_empty() || !ascending {
        return Err(Rejection::Malformed);
    }
    let slots: Result<Vec<_>, _> = some.slots.iter().map(|slot| open_one(slot, commitments, place)).collect();
    slots.map(disclosed::some)
}

fn open_one(slot: &wire::SlotDisclosure, commitments: &[&[u8]], place: Place<'_>) -> Result<DisclosedSlot, Rejection> {
    let index = u16::try_from(slot.index).map_err(|_| Rejection::BadDisclosure)?;
    let commitment = commitments.get(usize::from(index)).ok_or(Rejection::BadDisclosure)?;
    let place = Place { index, ..place };
    let (value_key, value_commitment, content) = match slot.content.as_ref().ok_or(Rejection::Malformed)? {
        Wire::ValueCommitment(v) => (None, bytes(v)?, Content::of_label(&slot.label)),
        Wire::Opened(opened) => {
            let key = secret(&opened.value_key)?;
            let v = value_commitment(&key, place, &slot.label, &opened.value);
            (Some(key), v, Content::of_field(&slot.label, Sensitive::new(opened.value.clone())))
        }
    };
    let one = DisclosedSlot::single(index, secret(&slot.label_key)?, value_key, value_commitment, content);
    one.verify(place, &slot.label, commitment)?;
    Ok(one)
}

impl DisclosedSlot {
    /// Whether it is what was committed to; over the label as received, known or not.
    fn verify(&self, place: Place<'_>, label: &str, commitment: &[u8]) -> Result<(), Rejection> {
        let made = slot_commitment(self.label_key(), place, label, self.value_commitment());
        if made == commitment { Ok(()) } else { Err(Rejection::BadDisclosure) }
    }
}

fn secret(field: &[u8]) -> Result<Sensitive<[u8; LENGTH]>, Rejection> {
    bytes(field).map(Sensitive::new)
}

fn bytes(field: &[u8]) -> Result<[u8; LENGTH], Rejection> {
    field.try_into().map_err(|_| Rejection::Malformed)
}
