//! X-Wing keys, to which letters are sealed.
//!
//! Guarantees: a public key parses (its ML-KEM half is reduced), a secret is cleared on drop and never printed.
//! Leaves to others: the letter itself, and when an old secret is destroyed.

use std::sync::Arc;

use hpke::kem::{Kem, XWing};
use hpke::{Deserializable, Serializable};
use zeroize::Zeroizing;

use crate::id::KeyId;
use crate::rejection::Rejection;

/// Bytes of a public key.
pub const SEALING_PUBLIC_LENGTH: usize = 1216;
/// Bytes of an encapsulated key.
pub const ENCAPSULATED_LENGTH: usize = 1120;

/// A public key that letters are sealed to. [KEY-4]
#[derive(Clone)]
pub struct SealingPublic {
    key: Arc<<XWing as Kem>::PublicKey>,
    id: KeyId,
}

impl SealingPublic {
    /// From 1216 bytes.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] for another length, [`Rejection::WeakKey`] for a key that is not reduced.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        if bytes.len() != SEALING_PUBLIC_LENGTH {
            return Err(Rejection::Malformed);
        }
        let key = <XWing as Kem>::PublicKey::from_bytes(bytes).map_err(|_| Rejection::WeakKey)?;
        Ok(Self::new(key))
    }

    fn new(key: <XWing as Kem>::PublicKey) -> Self {
        let id = KeyId::of(&key.to_bytes());
        Self { key: Arc::new(key), id }
    }

    /// Its ID. [KEY-1]
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The 1216 bytes.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.key.to_bytes().to_vec()
    }

    pub(crate) fn key(&self) -> &<XWing as Kem>::PublicKey {
        &self.key
    }
}

impl PartialEq for SealingPublic {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
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
        let public = SealingPublic::new(XWing::sk_to_pk(&key));
        Self { seed: Zeroizing::new(*seed), key, public }
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &SealingPublic {
        &self.public
    }

    /// ID of its public half.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.public.id
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
