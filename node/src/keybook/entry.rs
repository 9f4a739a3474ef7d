//! The sealed forms in the key book: the wrapped book key, the book's beginning, its entries.

use super::{TrailKey, TrailKeys};
use crate::seal::{NoRandomness, SEAL_OVERHEAD, SealKey, Unreadable, sha256};
use zeroize::Zeroizing;

const BOOK_MAGIC: &[u8; 8] = b"uputbook";
const KEY_MAGIC: &[u8; 8] = b"uputbkey";
const PLAIN: usize = 32 + 1 + 32 + 32;
/// Bytes of a book's beginning.
pub(super) const BEGINNING: usize = 8 + 8 + 8 + SEAL_OVERHEAD;
/// Bytes of an entry.
pub(super) const ENTRY: usize = PLAIN + SEAL_OVERHEAD;
const HAS_VALUE: u8 = 1;
const HAS_EVIDENCE: u8 = 2;

/// The file in which the key of one generation of the book lies, under the node's storage key.
pub(super) fn wrap(wrap: &SealKey, generation: u64, key: &[u8; 32]) -> Result<Vec<u8>, NoRandomness> {
    let mut file = [KEY_MAGIC.as_slice(), &generation.to_be_bytes()].concat();
    let sealed = wrap.seal(&file, key)?;
    file.extend_from_slice(&sealed);
    Ok(file)
}

/// The book key in such a file.
pub(super) fn unwrap(wrap: &SealKey, generation: u64, file: &[u8]) -> Result<Zeroizing<[u8; 32]>, Unreadable> {
    let (aad, sealed) = file.split_first_chunk::<16>().ok_or(Unreadable)?;
    let plain = wrap.open(aad, sealed)?;
    let expected = [KEY_MAGIC.as_slice(), &generation.to_be_bytes()].concat();
    let key = plain.first_chunk::<32>().filter(|_| plain.len() == 32 && *aad == *expected);
    key.map(|key| Zeroizing::new(*key)).ok_or(Unreadable)
}

/// A book's beginning: which generation, and with how many entries it was written.
pub(super) fn begin(key: &SealKey, generation: u64, entries: u64) -> Result<Vec<u8>, NoRandomness> {
    let mut bytes = [BOOK_MAGIC.as_slice(), &generation.to_be_bytes(), &entries.to_be_bytes()].concat();
    let sealed = key.seal(&bytes, &[])?;
    bytes.extend_from_slice(&sealed);
    Ok(bytes)
}

/// With how many entries the book was written.
pub(super) fn read_beginning(key: &SealKey, generation: u64, bytes: &[u8; BEGINNING]) -> Result<u64, Unreadable> {
    let (aad, sealed) = bytes.split_first_chunk::<24>().ok_or(Unreadable)?;
    key.open(aad, sealed)?;
    let (magic, fields) = aad.split_first_chunk::<8>().ok_or(Unreadable)?;
    let (found, entries) = fields.split_first_chunk::<8>().ok_or(Unreadable)?;
    if magic != BOOK_MAGIC || u64::from_be_bytes(*found) != generation {
        return Err(Unreadable);
    }
    Ok(u64::from_be_bytes(*entries.first_chunk::<8>().ok_or(Unreadable)?))
}

/// Where an entry stands: its number, and the chain hash over all before it. Both are sealed in.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) number: u64,
    pub(super) chain: [u8; 32],
}

impl Place {
    /// Behind a book's beginning.
    pub(super) fn first(beginning: &[u8]) -> Self {
        Self { number: 0, chain: sha256(&[beginning]) }
    }

    /// Behind this entry.
    pub(super) fn after(&self, entry: &[u8]) -> Self {
        Self { number: self.number + 1, chain: sha256(&[&self.chain, entry]) }
    }

    fn aad(&self) -> [u8; 40] {
        let mut aad = [0; 40];
        let (number, chain) = aad.split_at_mut(8);
        number.copy_from_slice(&self.number.to_be_bytes());
        chain.copy_from_slice(&self.chain);
        aad
    }
}

pub(super) fn seal(key: &SealKey, place: &Place, trail: &[u8; 32], keys: &TrailKeys) -> Result<Vec<u8>, NoRandomness> {
    let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN));
    plain.extend_from_slice(trail);
    let held = keys.value.as_ref().map_or(0, |_| HAS_VALUE) | keys.evidence.as_ref().map_or(0, |_| HAS_EVIDENCE);
    plain.push(held);
    for key in [&keys.value, &keys.evidence] {
        plain.extend_from_slice(key.as_ref().map_or(&[0; 32], |key| key.expose()));
    }
    key.seal(&place.aad(), &plain)
}

pub(super) fn open(key: &SealKey, place: &Place, entry: &[u8]) -> Result<([u8; 32], TrailKeys), Unreadable> {
    let plain = key.open(&place.aad(), entry)?;
    let (trail, rest) = plain.split_first_chunk::<32>().ok_or(Unreadable)?;
    let (held, rest) = rest.split_first().ok_or(Unreadable)?;
    let (value, rest) = rest.split_first_chunk::<32>().ok_or(Unreadable)?;
    let evidence = rest.first_chunk::<32>().ok_or(Unreadable)?;
    let keys = TrailKeys {
        value: (held & HAS_VALUE != 0).then(|| TrailKey::from_bytes(value)),
        evidence: (held & HAS_EVIDENCE != 0).then(|| TrailKey::from_bytes(evidence)),
    };
    Ok((*trail, keys))
}
