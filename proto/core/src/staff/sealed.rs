//! Bytes sealed to a staff key, a team key or a box.
//!
//! Guarantees: only the secret of the key that is named opens them, only at the place that they were sealed for, whole and
//! unchanged; of their length no more is seen than a multiple of 256.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, XWing};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use zeroize::Zeroizing;

use crate::catalogue::Label;
use crate::codec;
use crate::entropy::{Entropy, Source};
use crate::id::{EventId, Id, KeyId};
use crate::key::{ENCAPSULATED_LENGTH, SUITE, SealingPublic, SealingSecret};
use crate::rejection::Rejection;
use crate::wire;

/// Before every info string: letters have another. [STF-3]
const INFO: &[u8] = b"uput/v1/staff/";
const LENGTH: usize = 4;
/// What a padded content is a multiple of. [STF-4]
const STEP: usize = 256;
/// Longest content: a disclosure never is longer.
const MAX: usize = 128 * 1024;

/// What is sealed, and to what it belongs. [STF-3]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The values of an event, to a box.
    Values(EventId),
    /// Values of a case, to a box: the digest that names the case and the entry.
    Case([u8; 32]),
    /// The secret of a box, to a staff or team key.
    Box(KeyId),
    /// The secret of a team key, to a staff key.
    Team(KeyId),
    /// A share of the secret of a staff key, to a colleague's; its number.
    Share(KeyId, u8),
    /// The same share, given back to the new key of whose it is.
    Given(KeyId, u8),
    /// What a node drew, to whoever says that they hold a staff key. [STF-25]
    Proof,
}

impl Place {
    /// The value of a label in the record of a case, whose ID has 16 bytes. [CAS-47]
    #[must_use]
    pub fn of_case(case: &[u8], label: Label) -> Self {
        let name = [b"uput/v1/staff/case".as_slice(), case, label.name().as_bytes()].concat();
        Self::Case(*Id::of(&name).as_bytes())
    }

    /// Its word, and what follows the key in the info.
    fn parts(&self) -> (&'static [u8], Vec<u8>) {
        match self {
            Self::Values(event) => (b"values", event.to_vec()),
            Self::Case(digest) => (b"case", digest.to_vec()),
            Self::Box(key) => (b"box", key.to_vec()),
            Self::Team(key) => (b"team", key.to_vec()),
            Self::Share(key, number) => (b"share", [key.as_bytes().as_slice(), &[*number]].concat()),
            Self::Given(key, number) => (b"given", [key.as_bytes().as_slice(), &[*number]].concat()),
            Self::Proof => (b"proof", Vec::new()),
        }
    }

    /// The info: prefix, word, "/", the ID of the key, and what it belongs to.
    fn info(&self, key: &KeyId) -> Vec<u8> {
        let (word, belongs) = self.parts();
        [INFO, word, b"/", key.as_bytes(), &belongs].concat()
    }
}

/// Seals bytes to a key. [STF-2]
///
/// # Errors
/// [`Rejection::TooLarge`] for more than 128 KiB.
pub fn seal(
    to: &SealingPublic,
    place: &Place,
    content: &[u8],
    random: &mut impl Entropy,
) -> Result<Vec<u8>, Rejection> {
    let padded = pad(content)?;
    let (encapsulated, ciphertext) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::<XWing>::Base,
        to.key()?,
        &place.info(&to.id()),
        &padded,
        &[],
        &mut Source(random),
    )
    .map_err(|_| Rejection::Malformed)?;
    let encapsulated = encapsulated.to_bytes().to_vec();
    Ok(codec::encode(&wire::Sealed { suite: SUITE, key: to.id().to_vec(), encapsulated, ciphertext }))
}

/// To which key bytes are sealed; nothing is verified.
///
/// # Errors
/// [`Rejection::Malformed`], [`Rejection::NotCanonical`], [`Rejection::NeedsUpgrade`].
pub fn recipient(sealed: &[u8]) -> Result<KeyId, Rejection> {
    parse(sealed).map(|(key, _)| key)
}

/// Opens what was sealed to this key for this place. [STF-2]
///
/// # Errors
/// [`Rejection::WrongRecipient`] if it names another key, [`Rejection::NotSealedForUs`] if it does not open, and what does
/// not parse.
pub fn open(sealed: &[u8], place: &Place, key: &SealingSecret) -> Result<Zeroizing<Vec<u8>>, Rejection> {
    let (named, message) = parse(sealed)?;
    if named != key.id() {
        return Err(Rejection::WrongRecipient);
    }
    let encapsulated =
        <XWing as Kem>::EncappedKey::from_bytes(&message.encapsulated).map_err(|_| Rejection::Malformed)?;
    let padded = single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        key.key(),
        &encapsulated,
        &place.info(&named),
        &message.ciphertext,
        &[],
    )
    .map_err(|_| Rejection::NotSealedForUs)?;
    unpad(&Zeroizing::new(padded))
}

fn parse(bytes: &[u8]) -> Result<(KeyId, wire::Sealed), Rejection> {
    let message: wire::Sealed = codec::decode(bytes)?;
    if message.suite != SUITE {
        return Err(if message.suite > SUITE { Rejection::NeedsUpgrade } else { Rejection::Malformed });
    }
    if message.encapsulated.len() != ENCAPSULATED_LENGTH {
        return Err(Rejection::Malformed);
    }
    Ok((KeyId::parse(&message.key)?, message))
}

/// Length, content, zeros, up to the next multiple. [STF-4]
fn pad(content: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejection> {
    let length = u32::try_from(content.len()).ok().filter(|_| content.len() <= MAX).ok_or(Rejection::TooLarge)?;
    let whole = (LENGTH + content.len()).next_multiple_of(STEP);
    // One allocation, so that growing leaves no copy behind.
    let mut padded = Zeroizing::new(Vec::with_capacity(whole));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(content);
    padded.resize(whole, 0);
    Ok(padded)
}

/// The content, if nothing but zeros follows it, and no more of them than it takes.
fn unpad(padded: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejection> {
    let (length, rest) = padded.split_first_chunk::<LENGTH>().ok_or(Rejection::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Rejection::Malformed)?;
    let (content, padding) = rest.split_at_checked(length).ok_or(Rejection::Malformed)?;
    let whole = LENGTH.saturating_add(length).next_multiple_of(STEP);
    if padding.iter().any(|byte| *byte != 0) || padded.len() != whole {
        return Err(Rejection::NotCanonical);
    }
    Ok(Zeroizing::new(content.to_vec()))
}
