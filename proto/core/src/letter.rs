//! Letters: the sealed container in which envelopes and disclosures travel.
//!
//! Guarantees: a carrier reads the recipient, a key ID, whether it may relay, and one of three sizes; what opens was sealed to this
//! organisation and arrived unchanged, padding included. Nothing signed refers to a letter.
//! Leaves to others: who sealed it (every envelope inside says that for itself), and keeping it, which nobody does.

pub mod carriage;
mod split;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, XWing};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use zeroize::{Zeroize, Zeroizing};

pub use split::split;

use crate::codec;
use crate::entropy::{Entropy, Source};
use crate::id::{KeyId, OrgId};
use crate::key::{ENCAPSULATED_LENGTH, KeyRecord, SUITE, SealingSecret};
use crate::rejection::Rejection;
use crate::wire;

/// The sizes of a letter, in bytes. [LET-2]
pub const SIZE_CLASSES: [usize; 3] = [8 * 1024, 32 * 1024, 128 * 1024];

const INFO: &[u8] = b"uput/v1/letter";
const LENGTH: usize = 4;
const TAG: usize = 16;

/// Over whose node a letter goes. [RLY-17]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// From whoever brings it, over a line, or by hand.
    Direct,
    /// Over the node of a third organisation, which says nothing with it.
    Relayed,
}

/// What a carrier can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LetterHeader {
    /// To whom.
    pub recipient: OrgId,
    /// Under which of its keys.
    pub sealing_key: KeyId,
    /// Over whose node.
    pub passage: Passage,
}

/// What a letter to us contained.
pub struct Opened {
    /// As the carrier saw it.
    pub header: LetterHeader,
    /// Canonical; every envelope and disclosure in it is still to be verified.
    pub content: wire::LetterContent,
}

/// Seals content to the newest sealing key of a record, in the smallest size that holds it. [LET-5]
///
/// # Errors
/// [`Rejection::TooLarge`] if it does not fit the largest size: [`split`] it.
pub fn seal(
    recipient: &KeyRecord,
    content: &wire::LetterContent,
    random: &mut impl Entropy,
) -> Result<Vec<u8>, Rejection> {
    seal_for(recipient, Passage::Direct, content, random)
}

/// Seals content as [`seal`] does, for its way over a relay. [RLY-17]
///
/// # Errors
/// As [`seal`].
pub fn seal_relayed(
    recipient: &KeyRecord,
    content: &wire::LetterContent,
    random: &mut impl Entropy,
) -> Result<Vec<u8>, Rejection> {
    seal_for(recipient, Passage::Relayed, content, random)
}

fn seal_for(
    recipient: &KeyRecord,
    passage: Passage,
    content: &wire::LetterContent,
    random: &mut impl Entropy,
) -> Result<Vec<u8>, Rejection> {
    let key = recipient.sealing_keys().first().ok_or(Rejection::Malformed)?;
    let header = LetterHeader { recipient: recipient.organisation(), sealing_key: key.id(), passage };
    let padded = pad(content, passage)?;
    let mode = OpModeS::<XWing>::Base;
    let (encapsulated, ciphertext) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &mode,
        key.key()?,
        &info(&header),
        &padded,
        &[],
        &mut Source(random),
    )
    .map_err(|_| Rejection::Malformed)?;
    let encapsulated = encapsulated.to_bytes().to_vec();
    Ok(codec::encode(&wire::Letter { header: Some(header.to_wire()), encapsulated, ciphertext }))
}

/// Reads what a carrier can read; nothing is verified.
///
/// # Errors
/// [`Rejection::TooLarge`], [`Rejection::Malformed`], [`Rejection::NotCanonical`], [`Rejection::NeedsUpgrade`].
pub fn read_header(letter: &[u8]) -> Result<LetterHeader, Rejection> {
    Ok(parse(letter)?.0)
}

/// Opens a letter with those of our secrets that still exist. [LET-7]
///
/// # Errors
/// [`Rejection::WrongRecipient`] if it is for somebody else, [`Rejection::StaleKey`] if its key is not among `keys`,
/// [`Rejection::NotSealedForUs`] if it does not open, and what does not parse.
pub fn open(letter: &[u8], us: OrgId, keys: &[SealingSecret]) -> Result<Opened, Rejection> {
    let (header, letter) = parse(letter)?;
    if header.recipient != us {
        return Err(Rejection::WrongRecipient);
    }
    let key = keys.iter().find(|key| key.id() == header.sealing_key).ok_or(Rejection::StaleKey)?;
    let encapsulated =
        <XWing as Kem>::EncappedKey::from_bytes(&letter.encapsulated).map_err(|_| Rejection::Malformed)?;
    let padded = single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        key.key(),
        &encapsulated,
        &info(&header),
        &letter.ciphertext,
        &[],
    )
    .map_err(|_| Rejection::NotSealedForUs)?;
    Ok(Opened { header, content: unpad(&Zeroizing::new(padded))? })
}

/// Bytes of content that a letter of the largest size holds, over a line. [LET-2]
#[must_use]
pub fn largest_content() -> usize {
    SIZE_CLASSES.last().map_or(0, |class| capacity(*class, Passage::Direct))
}

impl LetterHeader {
    fn to_wire(self) -> wire::LetterHeader {
        wire::LetterHeader {
            suite: SUITE,
            recipient: self.recipient.to_vec(),
            sealing_key: self.sealing_key.to_vec(),
            relayed: self.passage == Passage::Relayed,
        }
    }
}

/// "uput/v1/letter" and the encoded header: HPKE binds what the carrier reads. [LET-4]
fn info(header: &LetterHeader) -> Vec<u8> {
    [INFO, &codec::encode(&header.to_wire())].concat()
}

/// The form of a letter: its size is a class, its fields have their lengths. [LET-2] [LET-3]
fn parse(bytes: &[u8]) -> Result<(LetterHeader, wire::Letter), Rejection> {
    if SIZE_CLASSES.last().is_some_and(|largest| bytes.len() > *largest) {
        return Err(Rejection::TooLarge);
    }
    if !SIZE_CLASSES.contains(&bytes.len()) {
        return Err(Rejection::Malformed);
    }
    let letter: wire::Letter = codec::decode(bytes)?;
    let header = letter.header.as_ref().ok_or(Rejection::Malformed)?;
    if header.suite != SUITE {
        return Err(if header.suite > SUITE { Rejection::NeedsUpgrade } else { Rejection::Malformed });
    }
    let header = LetterHeader {
        recipient: OrgId::parse(&header.recipient)?,
        sealing_key: KeyId::parse(&header.sealing_key)?,
        passage: if header.relayed { Passage::Relayed } else { Passage::Direct },
    };
    if letter.encapsulated.len() != ENCAPSULATED_LENGTH {
        return Err(Rejection::Malformed);
    }
    Ok((header, letter))
}

/// Length, content, zeros, up to what the smallest fitting size holds. [LET-5]
fn pad(content: &wire::LetterContent, passage: Passage) -> Result<Zeroizing<Vec<u8>>, Rejection> {
    let mut content = Zeroizing::new(codec::encode(content));
    let room = SIZE_CLASSES.iter().map(|class| capacity(*class, passage)).find(|room| content.len() <= *room);
    let room = room.ok_or(Rejection::TooLarge)?;
    let length = u32::try_from(content.len()).map_err(|_| Rejection::TooLarge)?;
    // One allocation, so that growing leaves no copy behind.
    let mut padded = Zeroizing::new(Vec::with_capacity(LENGTH + room));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(&content);
    padded.resize(LENGTH + room, 0);
    content.zeroize();
    Ok(padded)
}

/// The content, if nothing but zeros follows it. [LET-6]
fn unpad(padded: &[u8]) -> Result<wire::LetterContent, Rejection> {
    let (length, rest) = padded.split_first_chunk::<LENGTH>().ok_or(Rejection::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Rejection::Malformed)?;
    let (content, padding) = rest.split_at_checked(length).ok_or(Rejection::Malformed)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(Rejection::NotCanonical);
    }
    codec::decode(content)
}

/// Bytes of content that a letter of this size holds. [LET-2] [RLY-17]
fn capacity(class: usize, passage: Passage) -> usize {
    let mark = if passage == Passage::Relayed { 2 } else { 0 };
    // Header 2 + 70 and the mark, encapsulated key 3 + 1120, tag of the ciphertext field 1.
    let sealed = class - 72 - mark - 1123 - 1;
    // The ciphertext's own length takes two bytes below 16 KiB, else three.
    let prefix = if sealed - 2 < 1 << 14 { 2 } else { 3 };
    sealed - prefix - TAG - LENGTH
}
