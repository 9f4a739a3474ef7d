//! Envelopes: bytes, what they are, and who signed them.
//!
//! Guarantees: an [`Envelope`] is bounded, its signatures are sorted and no key signs twice; its body is never encoded
//! again. A [`Verified`] value was parsed from bytes whose signatures verified first, by keys that the caller named.
//! Leaves to others: which keys those must be, and what the body means.

use std::fmt::Write;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::codec;
use crate::id::{Id, KeyId};
use crate::key::{PublicKey, SIGNATURE_LENGTH, SigningKey};
use crate::rejection::Rejection;
use crate::wire;

/// Longest media type, in bytes. [ENV-2]
pub const MAX_TYPE: usize = 100;
/// Longest body of every type but [`MediaType::BUNDLE`] and [`MediaType::ACCESS_LOG`], in bytes. [ENV-3]
pub const MAX_BODY: usize = 64 * 1024;
/// Longest body of a bundle, in bytes. [ENV-3]
pub const MAX_BUNDLE: usize = 64 * 1024 * 1024;
/// Longest body of an access log, in bytes. [ENV-3]
pub const MAX_ACCESS_LOG: usize = 16 * 1024 * 1024;
/// Most signatures. [ENV-4]
pub const MAX_SIGNATURES: usize = 256;

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType(&'static str);

impl MediaType {
    /// An event of version 1.
    pub const EVENT: Self = Self("application/vnd.uput.event.v1+protobuf");
    /// A key record.
    pub const KEY_RECORD: Self = Self("application/vnd.uput.key-record.v1+protobuf");
    /// An agreement.
    pub const AGREEMENT: Self = Self("application/vnd.uput.agreement.v1+protobuf");
    /// A head statement.
    pub const HEAD: Self = Self("application/vnd.uput.head.v1+protobuf");
    /// A challenge.
    pub const CHALLENGE: Self = Self("application/vnd.uput.challenge.v1+protobuf");
    /// A witness's word on a challenge.
    pub const COUNTERSIGNATURE: Self = Self("application/vnd.uput.countersignature.v1+protobuf");
    /// A bundle.
    pub const BUNDLE: Self = Self("application/vnd.uput.bundle.v1+protobuf");
    /// What is attested of a person for somebody further on.
    pub const ATTESTATION: Self = Self("application/vnd.uput.attestation.v1+protobuf");
    /// Whose a letter is that somebody carries by hand.
    pub const CARRIAGE: Self = Self("application/vnd.uput.carriage.v1+protobuf");
    /// The accesses to a case.
    pub const ACCESS_LOG: Self = Self("application/vnd.uput.access-log.v1+protobuf");

    /// As it stands in the envelope.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The bytes that are signed and whose digest is the ID: DSSE pre-authentication encoding. [ENV-7]
#[must_use]
pub fn pae(media_type: &str, body: &[u8]) -> Vec<u8> {
    // "DSSEv1", two lengths and four spaces, with room to spare.
    let mut text = String::with_capacity(64 + media_type.len() + body.len());
    // Cannot fail: a text takes what is written.
    let _ = write!(text, "DSSEv1 {} {media_type} {} ", media_type.len(), body.len());
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Bytes with their type and signatures: well-formed, nothing verified. Copies share them.
#[derive(Clone)]
pub struct Envelope(Arc<Content>);

#[derive(Clone)]
struct Content {
    media_type: String,
    /// What the signatures sign. It ends with the body, so that the body is kept once.
    signed: Vec<u8>,
    body_length: usize,
    signatures: Vec<(KeyId, [u8; SIGNATURE_LENGTH])>,
    /// Once somebody has asked: nobody asks for the ID of a bundle, which may be long.
    id: OnceLock<Id>,
}

impl PartialEq for Envelope {
    fn eq(&self, other: &Self) -> bool {
        // Type and body stand in what is signed.
        self.0.signed == other.0.signed && self.0.signatures == other.0.signatures
    }
}

impl Eq for Envelope {}

impl Envelope {
    /// From its canonical bytes.
    ///
    /// # Errors
    /// [`Rejection::TooLarge`], [`Rejection::Malformed`], [`Rejection::NotCanonical`], [`Rejection::WrongSigners`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        if bytes.len() > MAX_BUNDLE + MAX_BODY {
            return Err(Rejection::TooLarge);
        }
        Self::from_wire(codec::decode(bytes)?)
    }

    /// From a message that came inside a canonical one.
    ///
    /// # Errors
    /// As [`Envelope::parse`].
    pub fn from_wire(envelope: wire::Envelope) -> Result<Self, Rejection> {
        let wire::Envelope { r#type: media_type, body, signatures } = envelope;
        if signatures.len() > MAX_SIGNATURES {
            return Err(Rejection::TooLarge); // [ENV-4]
        }
        let signatures = signatures.iter().map(parse_signature).collect::<Result<Vec<_>, _>>()?;
        Self::new(media_type, &body, signatures)
    }

    fn new(
        media_type: String,
        body: &[u8],
        signatures: Vec<(KeyId, [u8; SIGNATURE_LENGTH])>,
    ) -> Result<Self, Rejection> {
        // [ENV-2] Printable ASCII without space, so that a type can neither hide nor imitate a length in the PAE.
        if media_type.is_empty() || media_type.len() > MAX_TYPE || !media_type.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Rejection::Malformed);
        }
        if body.is_empty() {
            return Err(Rejection::Malformed);
        }
        if body.len() > max_body(&media_type) {
            return Err(Rejection::TooLarge); // [ENV-3]
        }
        // [ENV-4]
        if signatures.is_empty() || !signatures.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(Rejection::WrongSigners);
        }
        let signed = pae(&media_type, body);
        Ok(Self(Arc::new(Content { media_type, signed, body_length: body.len(), signatures, id: OnceLock::new() })))
    }

    /// Signs a body with every key given; the order of the keys does not matter.
    ///
    /// # Errors
    /// [`Rejection::TooLarge`] for a body over its limit, [`Rejection::WrongSigners`] for no key or one key twice,
    /// [`Rejection::Malformed`] for an empty body.
    pub fn sign(media_type: MediaType, body: Vec<u8>, keys: &[&SigningKey]) -> Result<Self, Rejection> {
        let signed = pae(media_type.as_str(), &body);
        let mut signatures: Vec<_> = keys.iter().map(|key| (key.public().id(), key.sign(&signed))).collect();
        signatures.sort_unstable();
        Self::new(media_type.as_str().to_owned(), &body, signatures)
    }

    /// As a message.
    #[must_use]
    pub fn to_wire(&self) -> wire::Envelope {
        let Content { media_type, signatures, .. } = &*self.0;
        let signatures = signatures
            .iter()
            .map(|(key_id, signature)| wire::Signature { key_id: key_id.to_vec(), signature: signature.to_vec() });
        wire::Envelope { r#type: media_type.clone(), body: self.body().to_vec(), signatures: signatures.collect() }
    }

    /// Its canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(&self.to_wire())
    }

    /// What it is called by everybody: covers type and body, never a signature.
    #[must_use]
    pub fn id(&self) -> Id {
        *self.0.id.get_or_init(|| Id::of(&self.0.signed)) // [ENV-8]
    }

    /// What the body says it is; may be a type that is not known here.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.0.media_type
    }

    /// Whether the body says it is of this type.
    #[must_use]
    pub fn is(&self, media_type: MediaType) -> bool {
        self.0.media_type == media_type.as_str()
    }

    /// The signed bytes, not verified.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        let start = self.0.signed.len().saturating_sub(self.0.body_length);
        self.0.signed.get(start..).unwrap_or_default()
    }

    /// The keys that it names as its signers, ascending, not verified.
    pub fn signers(&self) -> impl Iterator<Item = KeyId> {
        self.0.signatures.iter().map(|(key_id, _)| *key_id)
    }

    /// Adds the signatures that another copy has and this one has not. Verify both copies before: a signature that
    /// was never checked would displace a good one that comes later. [ENV-12]
    ///
    /// # Errors
    /// [`Rejection::Malformed`] if the other envelope signs something else, [`Rejection::TooLarge`] for too many.
    pub fn merge(&mut self, other: &Self) -> Result<(), Rejection> {
        if self.id() != other.id() {
            return Err(Rejection::Malformed);
        }
        let mut all = self.0.signatures.clone();
        all.extend(other.0.signatures.iter().filter(|(key_id, _)| self.signers().all(|own| own != *key_id)));
        if all.len() > MAX_SIGNATURES {
            return Err(Rejection::TooLarge);
        }
        all.sort_unstable();
        Arc::make_mut(&mut self.0).signatures = all;
        Ok(())
    }
}

fn max_body(media_type: &str) -> usize {
    match media_type {
        bundle if bundle == MediaType::BUNDLE.as_str() => MAX_BUNDLE,
        log if log == MediaType::ACCESS_LOG.as_str() => MAX_ACCESS_LOG,
        _ => MAX_BODY,
    }
}

fn parse_signature(signature: &wire::Signature) -> Result<(KeyId, [u8; SIGNATURE_LENGTH]), Rejection> {
    let bytes = signature.signature.as_slice().try_into().map_err(|_| Rejection::Malformed)?;
    Ok((KeyId::parse(&signature.key_id)?, bytes))
}

/// Evidence that a value was parsed from bytes whose signatures had verified.
///
/// Only [`verify_one`] and [`verify_every`] make one:
/// ```compile_fail,E0451
/// use uput_core::envelope::{Envelope, Verified};
/// fn forge(envelope: Envelope) -> Verified<u8> {
///     Verified { value: 1, envelope }
/// }
/// ```
/// ```compile_fail,E0624
/// use uput_core::envelope::{Envelope, Verified};
/// fn forge(envelope: Envelope) -> Verified<u8> {
///     Verified::new(1, envelope)
/// }
/// ```
/// Nor can what was verified be exchanged afterwards:
/// ```compile_fail,E0596
/// use uput_core::envelope::Verified;
/// fn exchange(verified: &mut Verified<u8>) {
///     let value: &mut u8 = &mut *verified;
///     *value = 2;
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Verified<T> {
    value: T,
    envelope: Envelope,
}

impl<T> Verified<T> {
    const fn new(value: T, envelope: Envelope) -> Self {
        Self { value, envelope }
    }

    /// The envelope that was verified.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// ID of the envelope.
    #[must_use]
    pub fn id(&self) -> Id {
        self.envelope.id()
    }

    /// Gives up the evidence, keeps the envelope.
    #[must_use]
    pub fn into_envelope(self) -> Envelope {
        self.envelope
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Exactly one signature, by this key; the body is parsed after it has verified. [ENV-10]
///
/// # Errors
/// [`Rejection::WrongType`], [`Rejection::WrongSigners`], [`Rejection::BadSignature`], or what `parse` refuses.
pub fn verify_one<T>(
    envelope: Envelope,
    media_type: MediaType,
    key: &PublicKey,
    parse: impl FnOnce(&[u8]) -> Result<T, Rejection>,
) -> Result<Verified<T>, Rejection> {
    verify_exactly(&envelope, media_type, &[key])?;
    Ok(Verified::new(parse(envelope.body())?, envelope))
}

/// At least one signature, each by one of these keys, each valid; the body is parsed after they have verified. Whose
/// signature is still missing is for the caller to say. [ENV-11]
///
/// # Errors
/// [`Rejection::WrongType`], [`Rejection::UnknownSigner`] for a signature by another key, [`Rejection::BadSignature`],
/// or what `parse` refuses.
pub fn verify_every<T>(
    envelope: Envelope,
    media_type: MediaType,
    keys: &[&PublicKey],
    parse: impl FnOnce(&[u8]) -> Result<T, Rejection>,
) -> Result<Verified<T>, Rejection> {
    expect_type(&envelope, media_type)?;
    let keys: Vec<(KeyId, &PublicKey)> = keys.iter().map(|key| (key.id(), *key)).collect();
    for (key_id, signature) in &envelope.0.signatures {
        let (_, key) = keys.iter().find(|(id, _)| id == key_id).ok_or(Rejection::UnknownSigner)?;
        key.verify(&envelope.0.signed, signature)?;
    }
    Ok(Verified::new(parse(envelope.body())?, envelope))
}

/// One valid signature by each of these keys, which are distinct, and no other signature.
pub(crate) fn verify_exactly(envelope: &Envelope, media_type: MediaType, keys: &[&PublicKey]) -> Result<(), Rejection> {
    expect_type(envelope, media_type)?;
    verify_signers(envelope, keys)
}

/// The same of an envelope of any type.
pub(crate) fn verify_signers(envelope: &Envelope, keys: &[&PublicKey]) -> Result<(), Rejection> {
    let Content { signed, signatures, .. } = &*envelope.0;
    let mut expected: Vec<_> = keys.iter().map(|key| (key.id(), key)).collect();
    expected.sort_unstable_by_key(|(key_id, _)| *key_id);
    if !envelope.signers().eq(expected.iter().map(|(key_id, _)| *key_id)) {
        return Err(Rejection::WrongSigners);
    }
    expected.iter().zip(signatures).try_for_each(|((_, key), (_, signature))| key.verify(signed, signature))
}

fn expect_type(envelope: &Envelope, media_type: MediaType) -> Result<(), Rejection> {
    if envelope.is(media_type) { Ok(()) } else { Err(Rejection::WrongType) } // [ENV-9]
}
