//! Ed25519 public keys, and which of them are admitted.
//!
//! Guarantees: one key has one byte string, and no key makes one signature valid for many messages.
//! Leaves to others: whether somebody holds the secret; a key record proves that by a signature of every key it names.

use curve25519_dalek::edwards::CompressedEdwardsY;
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::id::{Id, KeyId};
use crate::rejection::Rejection;

/// Bytes of a signature.
pub const SIGNATURE_LENGTH: usize = 64;

/// What precedes the 32 key bytes in the SubjectPublicKeyInfo of RFC 8410.
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// An Ed25519 public key that was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Admits a key: y < p, on the curve, no zero with a sign, and not of small order. [KEY-2]
    ///
    /// # Errors
    /// [`Rejection::WeakKey`].
    pub fn admit(bytes: &[u8; 32]) -> Result<Self, Rejection> {
        let point = CompressedEdwardsY(*bytes).decompress().ok_or(Rejection::WeakKey)?;
        // Decompression reduces y and forgives the sign of zero, so only equality shows that there is one encoding.
        if point.compress().as_bytes() != bytes || point.is_small_order() {
            return Err(Rejection::WeakKey);
        }
        Ok(Self(*bytes))
    }

    /// Admits a key from a field of a message.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] unless it is 32 bytes, else as [`PublicKey::admit`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        Self::admit(bytes.try_into().map_err(|_| Rejection::Malformed)?)
    }

    /// Its ID. [KEY-1]
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.0)
    }

    /// Checks one signature by the cofactorless equation, S < L. [KEY-3]
    ///
    /// # Errors
    /// [`Rejection::BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &[u8; SIGNATURE_LENGTH]) -> Result<(), Rejection> {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).map_err(|_| Rejection::BadSignature)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its SubjectPublicKeyInfo in DER, 44 bytes (RFC 8410).
    #[must_use]
    pub fn to_spki(&self) -> Vec<u8> {
        [SPKI_PREFIX.as_slice(), &self.0].concat()
    }

    /// SHA-256 of its SubjectPublicKeyInfo: what a TLS certificate is compared with. [KEY-15]
    #[must_use]
    pub fn tls_pin(&self) -> [u8; 32] {
        *Id::of(&self.to_spki()).as_bytes()
    }
}
