//! The embedded store, sled 0.34.7, as an index only: its `flush` is no sync, and a damaged file is
//! cut or panics on opening. Both are harmless here, because the journal holds the truth.

use super::{Change, Entries, Store, StoreError};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Small and steady on a small machine; the default would be 1 GB.
const CACHE: u64 = 64 << 20;
const FLUSH_EVERY_MS: u64 = 500;

/// A sled database with one tree.
pub struct SledStore(::sled::Db);

impl SledStore {
    /// Opens or makes the database in a folder. A panic inside sled is an error here.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let config = ::sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE)
            .flush_every_ms(Some(FLUSH_EVERY_MS))
            .mode(::sled::Mode::HighThroughput);
        guarded(|| config.open()).map(Self)
    }
}

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(guarded(|| self.0.get(key))?.map(|value| value.to_vec()))
    }

    fn apply(&self, batch: Vec<Change>) -> Result<(), StoreError> {
        let mut changes = ::sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        guarded(|| self.0.apply_batch(changes))
    }

    fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Entries<'_> {
        Box::new(Found(self.0.range::<&[u8], _>((from, to))))
    }

    fn flush(&self) -> Result<(), StoreError> {
        guarded(|| self.0.flush()).map(|_| ())
    }
}

/// A range of sled, its panics caught.
struct Found(::sled::Iter);

impl Iterator for Found {
    type Item = Result<(Vec<u8>, Vec<u8>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        guarded(|| self.0.next().transpose()).map(|found| found.map(owned)).transpose()
    }
}

impl DoubleEndedIterator for Found {
    fn next_back(&mut self) -> Option<Self::Item> {
        guarded(|| self.0.next_back().transpose()).map(|found| found.map(owned)).transpose()
    }
}

fn owned((key, value): (::sled::IVec, ::sled::IVec)) -> (Vec<u8>, Vec<u8>) {
    (key.to_vec(), value.to_vec())
}

/// Turns sled's errors and panics into ours.
fn guarded<T>(call: impl FnOnce() -> ::sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| failed(&error)),
        Err(_) => Err(StoreError::Failed("sled panicked".to_owned())),
    }
}

fn failed(error: &::sled::Error) -> StoreError {
    match error {
        ::sled::Error::Io(error)
            if matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) =>
        {
            StoreError::Full
        }
        other => StoreError::Failed(other.to_string()),
    }
}
