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
        // Decompression reduces y, so it is held against p before. Zero with a sign, which decompression may forgive, is
        // the x of two points of small order only.
        let point = CompressedEdwardsY(*bytes).decompress().filter(|_| is_reduced(bytes)).ok_or(Rejection::WeakKey)?;
        if point.is_small_order() { Err(Rejection::WeakKey) } else { Ok(Self(*bytes)) }
    }

    /// Admits a key from a field of a message.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] unless it is 32 bytes, else as [`PublicKey::admit`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        Self::admit(bytes.try_into().map_err(|_| Rejection::Malformed)?)
    }

    /// Admits a key that a person wrote down: 64 hexadecimal digits.
    ///
    /// # Errors
    /// As [`PublicKey::parse`].
    pub fn from_hex(text: &str) -> Result<Self, Rejection> {
        Self::admit(KeyId::from_hex(text)?.as_bytes())
    }

    /// As [`PublicKey::parse`]; a key that was admitted is not judged again.
    pub(super) fn parse_beside(bytes: &[u8], admitted: &[Self]) -> Result<Self, Rejection> {
        let known = admitted.iter().find(|key| key.0 == *bytes);
        known.map_or_else(|| Self::parse(bytes), |known| Ok(*known))
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

/// Whether y < p = 2^255 - 19: little-endian, without the highest bit, which is the sign of x.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    *lowest < 0xed || highest & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every y from p on has an encoding that would reduce; none is admitted, and y just below p is judged by the curve.
    #[test]
    fn a_y_that_would_reduce_is_not_admitted() {
        for sign in [0, 0x80] {
            for lowest in 0..=0xff {
                let mut bytes = [0xff; 32];
                (bytes[0], bytes[31]) = (lowest, 0x7f | sign);
                let point = CompressedEdwardsY(bytes).decompress();
                let one_encoding = point.is_some_and(|point| point.compress().0 == bytes && !point.is_small_order());
                assert_eq!(PublicKey::admit(&bytes).is_ok(), one_encoding, "{lowest:02x} {sign:02x}");
                assert!(lowest < 0xed || PublicKey::admit(&bytes).is_err());
            }
        }
    }

    /// Zero with a sign: y = 1 and y = -1.
    #[test]
    fn a_zero_with_a_sign_is_not_admitted() {
        let mut one = [0; 32];
        (one[0], one[31]) = (1, 0x80);
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        for bytes in [one, minus_one] {
            assert_eq!(PublicKey::admit(&bytes), Err(Rejection::WeakKey));
        }
    }
}
