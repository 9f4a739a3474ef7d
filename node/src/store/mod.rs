//! The index: what makes finding fast. It can be deleted at any time and is rebuilt from the journal.
//!
//! Guarantees: an index that is not exactly what the journal's records project to is not used.
//! Leaves to others: durability (the journal), secrecy of keys (only values are sealed: put nothing
//! personal into a key).

#[cfg(test)]
mod contract;
mod index;
mod memory;
#[cfg(test)]
mod oracle;
mod sled;

pub use index::{Index, IndexValue, IndexWrite, MAX_KEY, MAX_VALUE, TooLarge, Tree};
pub(crate) use index::{Verified, Watermark};
pub use memory::MemoryStore;
pub use sled::SledStore;

use std::ops::Bound;

/// One key and its new value; `None` deletes.
pub type Change = (Vec<u8>, Option<Vec<u8>>);
/// What a range gives.
pub type Entries<'a> = Box<dyn DoubleEndedIterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> + 'a>;

/// An ordered map from bytes to bytes, below the index. [STO-4]
///
/// - Durability: none is promised. After a crash a store may have any earlier content or fail to
///   open; [`Index`] finds out.
/// - Ordering: keys by their bytes. A read sees all batches applied before it.
/// - Conflict: there is one writer; in one batch the last change of a key counts. Readers see all of
///   a batch or nothing of it for one key, but may see one key before and one after a batch.
/// - If it lies: an attacker who changes its files gets changed values refused ([`Index`] seals
///   them) and changes made while the node is closed found at its start; while the node runs he can
///   withhold a value or show an older one of the same key, and he sees all keys.
pub trait Store: Send + Sync {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Makes all changes, or none.
    fn apply(&self, batch: Vec<Change>) -> Result<(), StoreError>;
    /// The entries between two bounds, in order.
    fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Entries<'_>;
    /// Writes to disk what can be; helps the next start, promises nothing.
    fn flush(&self) -> Result<(), StoreError>;
}

/// Why the index could not be read or written. Reopening the storage rebuilds it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store below failed.
    #[error("the index failed: {0}")]
    Failed(String),
    /// The disk is full.
    #[error("the index found the disk full")]
    Full,
    /// A value is not what was written.
    #[error("a value in the index does not open")]
    Unreadable,
}
