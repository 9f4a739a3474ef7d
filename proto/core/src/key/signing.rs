//! Ed25519 secret keys.
//!
//! Guarantees: nothing prints a secret; our copy of the seed is cleared on drop.
//! Leaves to others: the copy of the expanded key that the signature library keeps, which is not cleared.

use ring::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::public::{PublicKey, SIGNATURE_LENGTH};

/// Bytes of a seed.
pub const SEED_LENGTH: usize = 32;

/// What precedes the seed in the PrivateKeyInfo of RFC 8410.
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A secret key that signs.
///
/// It cannot be printed:
/// ```compile_fail,E0277
/// let key = uput_core::key::SigningKey::from_seed(&[7; 32]);
/// println!("{key:?}");
/// ```
/// nor copied without a word:
/// ```compile_fail,E0599
/// let key = uput_core::key::SigningKey::from_seed(&[7; 32]);
/// let _ = key.clone();
/// ```
pub struct SigningKey {
    seed: Zeroizing<[u8; SEED_LENGTH]>,
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl SigningKey {
    /// From 32 random bytes.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a seed of 32 bytes makes a key, and its public half is always admitted")]
    pub fn from_seed(seed: &[u8; SEED_LENGTH]) -> Self {
        // Cannot fail: the library refuses lengths other than 32 only.
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed has 32 bytes");
        // Cannot fail: RFC 8032 clamps the secret to a multiple of 8 between 2^254 and 2^255, never one of the order.
        let public = PublicKey::parse(pair.public_key().as_ref()).expect("a derived key is of large order");
        Self { seed: Zeroizing::new(*seed), pair, public }
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs; one key and one message give one signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        let mut signature = [0; SIGNATURE_LENGTH];
        // The library's signatures are of this length; were one not, the zeros left behind would not verify.
        for (to, from) in signature.iter_mut().zip(self.pair.sign(message).as_ref()) {
            *to = *from;
        }
        signature
    }

    /// The secret, for a key file. Each use must say why it may.
    #[must_use]
    pub fn expose_seed(&self) -> &[u8; SEED_LENGTH] {
        &self.seed
    }

    /// The secret as PrivateKeyInfo in DER (PKCS #8, RFC 8410), for the TLS library. Each use must say why it may.
    #[must_use]
    pub fn expose_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([PKCS8_PREFIX.as_slice(), self.seed.as_slice()].concat())
    }
}
