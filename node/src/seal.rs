//! Sealing at rest: what is written can be read only with its key, at its place, as it was written.
//!
//! Guarantees: ChaCha20-Poly1305 with a fresh random nonce per seal; whatever stands in `aad` is
//! bound to the sealed bytes; a wrong key, a changed byte or another `aad` gives [`Unreadable`] and
//! no plaintext. Leaves to others: where keys live, and what they put in `aad`.
//!
//! ChaCha20-Poly1305 and not AES-256-GCM: it runs in constant time on the old machines a shelter
//! has, without AES instructions, and a repeated nonce would cost one message and not the
//! authentication key. Nonces are random and not counted, so that a restored backup or a resumed
//! virtual machine cannot repeat one; keys are narrow (one per segment, book, index folder, trail),
//! so that 96 random bits stay far from a collision.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hkdf, hmac};
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub(crate) const NONCE: usize = 12;
/// Bytes of an authentication tag.
pub(crate) const TAG: usize = 16;
/// What sealing adds to a plaintext.
pub const SEAL_OVERHEAD: usize = NONCE + TAG;

/// The sealed bytes do not open: wrong key, changed bytes, or another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes do not open")]
pub struct Unreadable;

/// The system gave no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no randomness")]
pub struct NoRandomness;

/// The one key from which all keys of a data folder are derived. It is not stored in the folder. [NOD-16]
pub struct StorageKey(Zeroizing<[u8; 32]>);

impl StorageKey {
    /// Takes 32 secret bytes.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

/// Seals under one of a trail's keys (or any 32-byte key that seals few messages).
pub fn seal(key: &[u8; 32], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, NoRandomness> {
    SealKey::new(key).seal(aad, plaintext)
}

/// Opens what [`seal`] made under the same key and `aad`.
pub fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    SealKey::new(key).open(aad, sealed)
}

/// Fills an array from the system's randomness.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}

/// Fills a slice from the system's randomness.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
}

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    to_array(context.finish().as_ref())
}

/// A key derived for one folder: two folders under one storage key share nothing.
#[derive(Clone)]
pub(crate) struct FolderKey(hkdf::Prk);

impl FolderKey {
    pub(crate) fn new(key: &StorageKey, folder: &[u8; 16]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, folder).extract(key.0.as_ref()))
    }

    /// The key for one purpose; `salt` keeps two of the same purpose apart.
    pub(crate) fn derive(&self, purpose: &str, salt: &[u8]) -> Zeroizing<[u8; 32]> {
        let info = [purpose.as_bytes(), salt];
        let mut key = Zeroizing::new([0; 32]);
        let filled = self.0.expand(&info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(key.as_mut()));
        debug_assert!(filled.is_ok(), "32 bytes are the length that HKDF-SHA256 was asked for");
        key
    }

    pub(crate) fn seal_key(&self, purpose: &str, salt: &[u8]) -> SealKey {
        SealKey::new(&self.derive(purpose, salt))
    }

    pub(crate) fn mac_key(&self, purpose: &str) -> MacKey {
        MacKey(hmac::Key::new(hmac::HMAC_SHA256, self.derive(purpose, &[]).as_ref()))
    }
}

/// A key that authenticates small plain structures: head slots, segment headers, index entries.
pub(crate) struct MacKey(hmac::Key);

impl MacKey {
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        to_array(context.sign().as_ref())
    }

    pub(crate) fn verify(&self, bytes: &[u8], mac: &[u8]) -> Result<(), Unreadable> {
        hmac::verify(&self.0, bytes, mac).map_err(|_| Unreadable)
    }
}

/// One AEAD key.
pub(crate) struct SealKey(LessSafeKey);

impl SealKey {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        #[allow(clippy::expect_used, reason = "the key has the 32 bytes that ChaCha20-Poly1305 takes")]
        let unbound = UnboundKey::new(&CHACHA20_POLY1305, key).expect("32 bytes");
        Self(LessSafeKey::new(unbound))
    }

    /// nonce, ciphertext, tag in one allocation.
    pub(crate) fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let nonce = random::<NONCE>()?;
        let mut sealed = Vec::with_capacity(plaintext.len() + SEAL_OVERHEAD);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let (_, body) = sealed.split_at_mut(NONCE);
        let tag = self.seal_in_place(&nonce, aad, body);
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE>().ok_or(Unreadable)?;
        let mut plain = Zeroizing::new(body.to_vec());
        let length = self.open_in_place(nonce, aad, &mut plain)?;
        plain.truncate(length);
        Ok(plain)
    }

    /// Seals `body` where it stands; the tag is the caller's to append. `nonce` must be fresh.
    pub(crate) fn seal_in_place(&self, nonce: &[u8; NONCE], aad: &[u8], body: &mut [u8]) -> [u8; TAG] {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        #[allow(clippy::expect_used, reason = "ring refuses only bodies beyond 256 GiB")]
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(bound(aad)), body).expect("below 256 GiB");
        to_array(tag.as_ref())
    }

    /// Opens `body` (ciphertext and tag) where it stands; returns the length of the plaintext.
    pub(crate) fn open_in_place(&self, nonce: &[u8; NONCE], aad: &[u8], body: &mut [u8]) -> Result<usize, Unreadable> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.0.open_in_place(nonce, Aad::from(bound(aad)), body).map_err(|_| Unreadable)?;
        Ok(plain.len())
    }
}

/// What is bound to the sealed bytes: all of it.
#[cfg(not(test))]
const fn bound(aad: &[u8]) -> &[u8] {
    aad
}

/// The same in a test build, in which the storage's tests plant the fault that nothing is bound: they must find it. This
/// function is in no other build. [STO-34]
#[cfg(test)]
fn bound(aad: &[u8]) -> &[u8] {
    static REMOVED: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
        std::env::var("UPUT_TEST_MUTANT").is_ok_and(|name| name == "associated data removed")
    });
    if *REMOVED { &[] } else { aad }
}

/// Copies what ring returns as a slice of known length.
fn to_array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    debug_assert_eq!(bytes.len(), N);
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_bytes_open_only_as_they_were_sealed() {
        let (key, other) = ([7; 32], [8; 32]);
        let sealed = seal(&key, b"place", b"value").unwrap();
        assert_eq!(open(&key, b"place", &sealed).unwrap().as_slice(), b"value");
        assert_eq!(open(&other, b"place", &sealed), Err(Unreadable));
        assert_eq!(open(&key, b"elsewhere", &sealed), Err(Unreadable));
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&key, b"place", &flipped), Err(Unreadable));
        }
        for length in 0..sealed.len() {
            assert_eq!(open(&key, b"place", &sealed[..length]), Err(Unreadable));
        }
        assert_ne!(sealed, seal(&key, b"place", b"value").unwrap());
    }

    #[test]
    fn two_folders_and_two_purposes_share_no_key() {
        let key = StorageKey::new(Zeroizing::new([1; 32]));
        let (a, b) = (FolderKey::new(&key, &[1; 16]), FolderKey::new(&key, &[2; 16]));
        assert_ne!(a.derive("x", b"").as_ref(), b.derive("x", b"").as_ref());
        assert_ne!(a.derive("x", b"").as_ref(), a.derive("y", b"").as_ref());
        assert_ne!(a.derive("x", b"1").as_ref(), a.derive("x", b"2").as_ref());
    }
}
