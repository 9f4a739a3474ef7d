//! A store in memory: for tests and simulations, and the model that the other one is held against.

use super::{Change, Entries, Store, StoreError};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock};

/// A map behind a lock; gone when it is dropped.
#[derive(Default)]
pub struct MemoryStore(RwLock<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Store for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn apply(&self, batch: Vec<Change>) -> Result<(), StoreError> {
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch {
            match value {
                Some(value) => map.insert(key, value),
                None => map.remove(&key),
            };
        }
        Ok(())
    }

    fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Entries<'_> {
        if is_empty(from, to) {
            return Box::new(std::iter::empty());
        }
        let map = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = map.range::<[u8], _>((from, to));
        let found: Vec<_> = found.map(|(key, value)| Ok((key.clone(), value.clone()))).collect();
        Box::new(found.into_iter())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Bounds between which nothing can be; `BTreeMap` would panic on some of them.
fn is_empty(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}
