//! Named trees of sealed values over a [`Store`], which know how far they follow the journal and
//! whether they are complete.
//!
//! A digest over all entries (a sum of keyed hashes, so that it is cheap to keep) is sealed together
//! with the watermark. sled can lose entries without saying so; the digest says so.

use super::{Change, Store, StoreError};
use crate::seal::{FolderKey, MacKey, SEAL_OVERHEAD, SealKey, random};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// The longest value: sealed it stays within the 4 KiB that sled keeps out of its blob files.
pub const MAX_VALUE: usize = 4096 - SEAL_OVERHEAD;
/// The longest key.
pub const MAX_KEY: usize = 512;
const SALT: &[u8] = b"\0salt";
const WATERMARK: &[u8] = b"\0watermark";

/// The name of a tree: one word, known when the program is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tree(&'static str);

impl Tree {
    /// Names a tree; the build fails if the name is empty or beyond 32 bytes.
    #[allow(clippy::panic, reason = "evaluated when a constant is built")]
    pub const fn new(name: &'static str) -> Self {
        assert!(!name.is_empty() && name.len() <= 32, "a tree's name has 1 to 32 bytes");
        Self(name)
    }

    fn key(self, key: &[u8]) -> Vec<u8> {
        let mut full = Vec::with_capacity(1 + self.0.len() + key.len());
        // cannot fail: a name has at most 32 bytes.
        full.push(u8::try_from(self.0.len()).unwrap_or(u8::MAX));
        full.extend_from_slice(self.0.as_bytes());
        full.extend_from_slice(key);
        full
    }

    fn strip(self, full: &[u8]) -> Vec<u8> {
        full.get(1 + self.0.len()..).unwrap_or_default().to_vec()
    }
}

/// A value within [`MAX_VALUE`].
pub struct IndexValue(Zeroizing<Vec<u8>>);

/// A key or value is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are too long for the index")]
pub struct TooLarge(pub usize);

impl TryFrom<Vec<u8>> for IndexValue {
    type Error = TooLarge;

    fn try_from(bytes: Vec<u8>) -> Result<Self, TooLarge> {
        if bytes.len() > MAX_VALUE { Err(TooLarge(bytes.len())) } else { Ok(Self(Zeroizing::new(bytes))) }
    }
}

/// One change of the index, projected from a record.
pub struct IndexWrite {
    key: Vec<u8>,
    value: Option<IndexValue>,
}

impl IndexWrite {
    /// Sets a key. Keys are not sealed: nothing personal in them. [NOD-15]
    pub fn put(tree: Tree, key: &[u8], value: IndexValue) -> Result<Self, TooLarge> {
        Self::change(tree, key, Some(value))
    }

    /// Deletes a key.
    pub fn delete(tree: Tree, key: &[u8]) -> Result<Self, TooLarge> {
        Self::change(tree, key, None)
    }

    fn change(tree: Tree, key: &[u8], value: Option<IndexValue>) -> Result<Self, TooLarge> {
        if key.len() > MAX_KEY {
            return Err(TooLarge(key.len()));
        }
        Ok(Self { key: tree.key(key), value })
    }
}

/// Up to where the journal is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Watermark {
    /// How many records.
    pub(crate) records: u64,
    /// The journal's chain hash over them.
    pub(crate) chain: [u8; 32],
}

/// What the check of an opened index found.
pub(crate) enum Verified {
    /// It is complete up to here.
    Complete(Watermark),
    /// It is not what was written.
    Damaged,
}

/// The index of a data folder. Readers share it; only the committer writes it.
pub struct Index {
    store: Box<dyn Store>,
    seal: SealKey,
    mac: MacKey,
    digest: Mutex<Digest>,
}

impl Index {
    /// Takes an opened store; a new one is marked as belonging to this folder.
    pub(crate) fn open(store: Box<dyn Store>, keys: &FolderKey) -> Result<Self, StoreError> {
        let salt = match store.get(SALT)? {
            Some(salt) => salt,
            None => {
                let salt = random::<32>().map_err(|error| StoreError::Failed(error.to_string()))?;
                store.apply(vec![(SALT.to_vec(), Some(salt.to_vec()))])?;
                salt.to_vec()
            }
        };
        let seal = keys.seal_key("uput/node/index 3", &salt);
        Ok(Self { store, seal, mac: keys.mac_key("uput/node/index digest"), digest: Mutex::default() })
    }

    /// Reads everything and compares it with the digest. [NOD-14]
    pub(crate) fn verify(&self) -> Result<Verified, StoreError> {
        let mut digest = Digest::default();
        for entry in self.store.range(Bound::Excluded([1].as_slice()), Bound::Unbounded) {
            let (key, value) = entry?;
            digest.add(self.hash(&key, &value));
        }
        let (watermark, expected) = match self.store.get(WATERMARK)? {
            None => (Watermark::default(), Digest::default()),
            Some(sealed) => match self.seal.open(WATERMARK, &sealed).map(|plain| decode(&plain)) {
                Ok(Some(found)) => found,
                _ => return Ok(Verified::Damaged),
            },
        };
        if digest != expected {
            return Ok(Verified::Damaged);
        }
        *self.digest.lock().unwrap_or_else(PoisonError::into_inner) = digest;
        Ok(Verified::Complete(watermark))
    }

    /// The value of a key.
    pub fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let key = tree.key(key);
        let Some(sealed) = self.store.get(&key)? else {
            return Ok(None);
        };
        self.seal.open(&key, &sealed).map(Some).map_err(|_| StoreError::Unreadable)
    }

    /// The entries of a tree between two bounds, in the order of their keys.
    pub fn range<'a>(
        &'a self,
        tree: Tree,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = Result<(Vec<u8>, Zeroizing<Vec<u8>>), StoreError>> + use<'a> {
        let from = match from {
            Bound::Unbounded => Bound::Included(tree.key(&[])),
            bound => bound.map(|key| tree.key(key)),
        };
        let to = match to {
            // Longer than any key of the tree, and before any other tree.
            Bound::Unbounded => Bound::Excluded(tree.key(&[u8::MAX; MAX_KEY + 1])),
            bound => bound.map(|key| tree.key(key)),
        };
        let entries = self.store.range(from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
        entries.map(move |entry| {
            let (key, sealed) = entry?;
            let value = self.seal.open(&key, &sealed).map_err(|_| StoreError::Unreadable)?;
            Ok((tree.strip(&key), value))
        })
    }

    /// The entries of a tree whose keys begin with `prefix`, in the order of their keys.
    pub fn with_prefix<'a>(
        &'a self,
        tree: Tree,
        prefix: &[u8],
    ) -> impl DoubleEndedIterator<Item = Result<(Vec<u8>, Zeroizing<Vec<u8>>), StoreError>> + use<'a> {
        let mut end = prefix.to_vec();
        end.resize(MAX_KEY + 1, u8::MAX);
        self.range(tree, Bound::Included(prefix), Bound::Excluded(&end))
    }

    /// Applies what a batch of records projects to, all of it or nothing.
    pub(crate) fn apply(&self, writes: Vec<IndexWrite>, reached: Watermark) -> Result<(), StoreError> {
        let last: BTreeMap<_, _> = writes.into_iter().map(|write| (write.key, write.value)).collect();
        let mut digest = *self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch: Vec<Change> = Vec::with_capacity(last.len() + 1);
        for (key, value) in last {
            if let Some(old) = self.store.get(&key)? {
                digest.remove(self.hash(&key, &old));
            }
            let sealed = value.map(|value| self.sealed(&key, &value.0)).transpose()?;
            if let Some(sealed) = &sealed {
                digest.add(self.hash(&key, sealed));
            }
            batch.push((key, sealed));
        }
        let watermark = self.sealed(WATERMARK, &encode(&reached, &digest))?;
        batch.push((WATERMARK.to_vec(), Some(watermark)));
        self.store.apply(batch)?;
        *self.digest.lock().unwrap_or_else(PoisonError::into_inner) = digest;
        Ok(())
    }

    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }

    fn sealed(&self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.seal.seal(key, value).map_err(|error| StoreError::Failed(error.to_string()))
    }

    fn hash(&self, key: &[u8], sealed: &[u8]) -> [u8; 32] {
        self.mac.mac(&[&(key.len() as u64).to_be_bytes(), key, sealed])
    }
}

/// The sum of the hashes of all entries, in four lanes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Digest([u64; 4]);

impl Digest {
    fn add(&mut self, hash: [u8; 32]) {
        self.combine(hash, u64::wrapping_add);
    }

    fn remove(&mut self, hash: [u8; 32]) {
        self.combine(hash, u64::wrapping_sub);
    }

    fn combine(&mut self, hash: [u8; 32], operation: fn(u64, u64) -> u64) {
        let (lanes, _) = hash.as_chunks::<8>();
        for (sum, lane) in self.0.iter_mut().zip(lanes) {
            *sum = operation(*sum, u64::from_be_bytes(*lane));
        }
    }
}

fn encode(watermark: &Watermark, digest: &Digest) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + 32 + 32);
    bytes.extend_from_slice(&watermark.records.to_be_bytes());
    bytes.extend_from_slice(&watermark.chain);
    for lane in digest.0 {
        bytes.extend_from_slice(&lane.to_be_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<(Watermark, Digest)> {
    let (records, rest) = bytes.split_first_chunk::<8>()?;
    let (chain, rest) = rest.split_first_chunk::<32>()?;
    let mut digest = Digest::default();
    let (lanes, _) = rest.first_chunk::<32>()?.as_chunks::<8>();
    for (to, lane) in digest.0.iter_mut().zip(lanes) {
        *to = u64::from_be_bytes(*lane);
    }
    Some((Watermark { records: u64::from_be_bytes(*records), chain: *chain }, digest))
}
