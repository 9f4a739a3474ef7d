//! X-Wing keys, to which letters are sealed.
//!
//! Guarantees: a public key parses (its ML-KEM half is reduced), a secret is cleared on drop and never printed.
//! Leaves to others: the letter itself, and when an old secret is destroyed.

use std::sync::{Arc, OnceLock};

use hpke::kem::{Kem, XWing};
use hpke::{Deserializable, Serializable};
use zeroize::Zeroizing;

use crate::id::KeyId;
use crate::rejection::Rejection;

/// Bytes of a public key.
pub const SEALING_PUBLIC_LENGTH: usize = 1216;
/// Bytes of an encapsulated key.
pub const ENCAPSULATED_LENGTH: usize = 1120;
/// Bytes that hold the numbers of the ML-KEM half, two in three bytes; a seed and the X25519 half come after them.
const NUMBERS_LENGTH: usize = 1152;
/// What those numbers are reduced by.
const MODULUS: u16 = 3329;

/// A public key that letters are sealed to. [KEY-4]
///
/// Who verifies a record needs to know that the key is one, and who seals needs what is computed from it: much more work,
/// done when it is needed and kept for the next letter.
#[derive(Clone)]
pub struct SealingPublic(Arc<Sealing>);

type Key = <XWing as Kem>::PublicKey;

struct Sealing {
    bytes: [u8; SEALING_PUBLIC_LENGTH],
    id: KeyId,
    key: OnceLock<Key>,
}

impl SealingPublic {
    /// From 1216 bytes.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] for another length, [`Rejection::WeakKey`] for a key that is not reduced.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let bytes: &[u8; SEALING_PUBLIC_LENGTH] = bytes.try_into().map_err(|_| Rejection::Malformed)?;
        if is_reduced(bytes) { Ok(Self::new(*bytes, OnceLock::new())) } else { Err(Rejection::WeakKey) }
    }

    fn new(bytes: [u8; SEALING_PUBLIC_LENGTH], key: OnceLock<Key>) -> Self {
        let id = KeyId::of(&bytes);
        Self(Arc::new(Sealing { bytes, id, key }))
    }

    /// Its ID. [KEY-1]
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.0.id
    }

    /// The 1216 bytes.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.bytes.to_vec()
    }

    /// Ready to seal with.
    ///
    /// # Errors
    /// Never: what the library refuses was refused before.
    pub(crate) fn key(&self) -> Result<&Key, Rejection> {
        match self.0.key.get() {
            Some(key) => Ok(key),
            None => {
                let key = Key::from_bytes(&self.0.bytes).map_err(|_| Rejection::WeakKey)?;
                Ok(self.0.key.get_or_init(|| key))
            }
        }
    }
}

/// Whether every number of the ML-KEM half is below the modulus, as FIPS 203 demands of an encapsulation key. Any X25519
/// half is a key.
fn is_reduced(bytes: &[u8; SEALING_PUBLIC_LENGTH]) -> bool {
    let (triples, _) = bytes.split_at(NUMBERS_LENGTH).0.as_chunks::<3>();
    triples.iter().all(|[low, both, high]| {
        let first = u16::from(*low) | u16::from(both & 15) << 8;
        let second = u16::from(both >> 4) | u16::from(*high) << 4;
        first < MODULUS && second < MODULUS
    })
}

impl PartialEq for SealingPublic {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for SealingPublic {}

/// The secret that opens letters.
///
/// It cannot be printed:
/// ```compile_fail,E0277
/// let secret = uput_core::key::SealingSecret::from_seed(&[7; 32]);
/// println!("{secret:?}");
/// ```
pub struct SealingSecret {
    seed: Zeroizing<[u8; 32]>,
    key: <XWing as Kem>::PrivateKey,
    public: SealingPublic,
}

impl SealingSecret {
    /// From 32 random bytes, which are the X-Wing decapsulation key. [KEY-4]
    #[must_use]
    #[allow(clippy::expect_used, reason = "32 bytes make a decapsulation key")]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        // Cannot fail: the library refuses lengths other than 32 only.
        let key = <XWing as Kem>::PrivateKey::from_bytes(seed).expect("a seed has 32 bytes");
        let public = XWing::sk_to_pk(&key);
        let mut bytes = [0; SEALING_PUBLIC_LENGTH];
        bytes.copy_from_slice(&public.to_bytes());
        let public = SealingPublic::new(bytes, OnceLock::from(public));
        Self { seed: Zeroizing::new(*seed), key, public }
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &SealingPublic {
        &self.public
    }

    /// ID of its public half.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.public.id()
    }

    /// The secret, for a key file. Each use must say why it may.
    #[must_use]
    pub fn expose_seed(&self) -> &[u8; 32] {
        &self.seed
    }

    pub(crate) const fn key(&self) -> &<XWing as Kem>::PrivateKey {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is admitted is what the library takes, so that sealing never finds out what parsing should have.
    #[test]
    fn a_key_is_admitted_exactly_if_the_library_takes_it() {
        let key = SealingSecret::from_seed(&[7; 32]).public().to_vec();
        let mut admitted = 0;
        for place in (0..SEALING_PUBLIC_LENGTH - 1).step_by(3).chain([1150, 1151, 1152, 1183, 1184, 1214]) {
            for number in [0, 3328, 3329, 4095_u16] {
                for pair in [[number, 0], [0, number]] {
                    let mut bytes = key.clone();
                    let [first, second] = pair.map(u32::from);
                    let three = (first | second << 12).to_le_bytes();
                    let end = SEALING_PUBLIC_LENGTH.min(place + 3);
                    bytes[place..end].copy_from_slice(&three[..end - place]);
                    let ours = SealingPublic::parse(&bytes);
                    assert_eq!(ours.is_ok(), Key::from_bytes(&bytes).is_ok(), "{place} {pair:?}");
                    admitted += usize::from(ours.is_ok_and(|key| key.key().is_ok() && key.to_vec() == bytes));
                }
            }
        }
        assert!(admitted > 1000);
    }
}
