//! How a data folder is sealed: specs/node.md, section 1.3, and nothing else.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::{hkdf, hmac};

use crate::failed::{Failed, Outcome};

/// Bytes of a nonce.
pub(super) const NONCE: usize = 12;
/// Bytes of a tag.
pub(super) const TAG: usize = 16;

/// The secret from which every key of one folder is derived.
pub(super) struct FolderKey(hkdf::Prk);

impl FolderKey {
    pub(super) fn new(storage: &[u8; 32], folder: &[u8]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, folder).extract(storage))
    }

    pub(super) fn derive(&self, purpose: &str, salt: &[u8]) -> Outcome<[u8; 32]> {
        let mut key = [0; 32];
        let info = [purpose.as_bytes(), salt];
        let filled = self.0.expand(&info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut key));
        filled.map(|()| key).map_err(|_| Failed::because("HKDF refused"))
    }

    pub(super) fn is_mac(&self, purpose: &str, bytes: &[u8], mac: &[u8]) -> Outcome<bool> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.derive(purpose, &[])?);
        Ok(hmac::verify(&key, bytes, mac).is_ok())
    }
}

/// Opens nonce, ciphertext and tag; none: it does not open.
pub(super) fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
    open_apart(key, nonce, aad, body)
}

/// Opens ciphertext and tag whose nonce stands elsewhere.
pub(super) fn open_apart(key: &[u8; 32], nonce: &[u8; NONCE], aad: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let mut plain = body.to_vec();
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?);
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = key.open_in_place(nonce, Aad::from(aad), &mut plain).ok()?.len();
    plain.truncate(length);
    Some(plain)
}

/// Seals as a node would: only what a test plants.
pub(super) fn seal_apart(key: &[u8; 32], nonce: &[u8; NONCE], aad: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let mut body = plain.to_vec();
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut body).ok()?;
    Some(body)
}

/// SHA-256 of the parts, one after the other.
pub(super) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &parts.concat()).as_ref());
    hash
}
