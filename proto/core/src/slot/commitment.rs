//! How fields become commitments.

use ring::hmac;

use super::{Disclosed, DisclosedSlot, disclosed};
use crate::{
    agreement::Minimised, catalogue::Field, event::SLOT_COUNTS, id::OrgId, rejection::Rejection, sensitive::Sensitive,
};

/// Bytes of a secret, a key or a commitment.
pub(super) const LENGTH: usize = 32;

/// The two secrets of one event, random, used for no other.
#[derive(Clone)]
pub struct SlotSecrets {
    /// S: opens the labels.
    pub labels: Sensitive<[u8; LENGTH]>,
    /// T: opens the values; destroyed with them.
    pub values: Sensitive<[u8; LENGTH]>,
}

/// What every commitment of an event is bound to. [DIS-5]
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) nonce: &'a [u8; LENGTH],
    pub(super) author: &'a OrgId,
    pub(super) index: u16,
}

/// Commits to fields: the bytes of the event's slots, and all that opens them.
///
/// `entropy` is 32 random bytes that decide the order and are forgotten. Fields are padded with empty slots to the
/// next count; no field at all takes no slot.
///
/// # Errors
/// [`Rejection::TooLarge`] if there are more than 64 fields.
pub fn commit(
    fields: Minimised,
    nonce: &[u8; LENGTH],
    author: &OrgId,
    secrets: SlotSecrets,
    entropy: &Sensitive<[u8; LENGTH]>,
) -> Result<(Vec<u8>, Disclosed), Rejection> {
    let fields = fields.into_fields();
    let count = SLOT_COUNTS.into_iter().find(|count| *count >= fields.len()).ok_or(Rejection::TooLarge)?;
    let mut padded: Vec<Option<Field>> = fields.into_iter().map(Some).collect();
    padded.resize_with(count, || None);
    shuffle(&mut padded, entropy);
    let mut bytes = Vec::with_capacity(count * LENGTH);
    let mut slots = Vec::with_capacity(count);
    let keys = SlotKeys::of(&secrets);
    for (index, field) in (0..).zip(padded) {
        let place = Place { nonce, author, index };
        let slot = DisclosedSlot::make(place, &keys, field);
        bytes.extend_from_slice(&slot.commitment(place));
        slots.push(slot);
    }
    Ok((bytes, disclosed::whole(secrets, slots)))
}

/// The secrets of one event, ready to give the keys of its slots. [DIS-4]
pub(super) struct SlotKeys {
    labels: hmac::Key,
    values: hmac::Key,
}

impl SlotKeys {
    pub(super) fn of(secrets: &SlotSecrets) -> Self {
        // The secrets are the keys of this function and of no other.
        let key = |secret: &Sensitive<[u8; LENGTH]>| hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        Self { labels: key(&secrets.labels), values: key(&secrets.values) }
    }

    /// s_i.
    pub(super) fn label(&self, index: u16) -> Sensitive<[u8; LENGTH]> {
        Sensitive::new(sign(&self.labels, &[&index.to_be_bytes()]))
    }

    /// t_i.
    pub(super) fn value(&self, index: u16) -> Sensitive<[u8; LENGTH]> {
        Sensitive::new(sign(&self.values, &[&index.to_be_bytes()]))
    }
}

/// v. [DIS-5]
pub(super) fn value_commitment(
    key: &Sensitive<[u8; LENGTH]>,
    place: Place<'_>,
    label: &str,
    value: &str,
) -> [u8; LENGTH] {
    let index = place.index.to_be_bytes();
    let ((label_length, label), (value_length, value)) = (prefixed(label), prefixed(value));
    let (nonce, author) = (place.nonce, place.author.as_bytes());
    // The key is what the value is committed under.
    mac(key.expose(), &[b"uput/v1/value", nonce, author, &index, &label_length, label, &value_length, value])
}

/// c. [DIS-5]
pub(super) fn slot_commitment(
    key: &Sensitive<[u8; LENGTH]>,
    place: Place<'_>,
    label: &str,
    value: &[u8; LENGTH],
) -> [u8; LENGTH] {
    let index = place.index.to_be_bytes();
    let (length, label) = prefixed(label);
    // The key is what the label is committed under.
    mac(key.expose(), &[b"uput/v1/slot", place.nonce, place.author.as_bytes(), &index, &length, label, value])
}

/// L(x): length in four bytes, then the bytes.
fn prefixed(text: &str) -> ([u8; 4], &[u8]) {
    (u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes(), text.as_bytes())
}

fn mac(key: &[u8; LENGTH], parts: &[&[u8]]) -> [u8; LENGTH] {
    sign(&hmac::Key::new(hmac::HMAC_SHA256, key), parts)
}

fn sign(key: &hmac::Key, parts: &[&[u8]]) -> [u8; LENGTH] {
    let mut context = hmac::Context::with_key(key);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; LENGTH];
    // HMAC-SHA256 gives 32 bytes.
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// Fisher and Yates, with numbers drawn from the entropy. [DIS-6]
fn shuffle<T>(items: &mut [T], entropy: &Sensitive<[u8; LENGTH]>) {
    for last in (1..items.len()).rev() {
        items.swap(last, draw(entropy, last));
    }
}

/// A number from 0 to `last`, at most 63. Of 64 bits, so that the bias of the remainder is below 2^-58.
fn draw(entropy: &Sensitive<[u8; LENGTH]>, last: usize) -> usize {
    let range = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
    // The entropy is the key of its own stream; each step draws once.
    let block = mac(entropy.expose(), &[b"uput/v1/order", &range.to_be_bytes()]);
    let number = block.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    usize::try_from(number % range).unwrap_or(last)
}
