//! Ticks: ten minutes of a log, with everything in them or nothing.
//!
//! Guarantees the leaf of a tick, the same length and look whether anything happened or not. Leaves the clock, and the
//! random bytes of a tick without entries, to the caller.

use super::{
    entry::Entry,
    tree::{Hash, Tree},
};
use crate::{rejection::Rejection, time::Seconds};

/// Seconds of a tick. [LOG-4]
pub const TICK: u64 = 600;

/// Number of a tick: tick t begins at second 600 t since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(pub u64);

/// The entries of one tick, in the order of the journal.
#[derive(Clone)]
pub struct Batch {
    tick: Tick,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Entries(Box<Tree>),
    Empty(Hash),
}

impl Tick {
    /// The tick in which a second falls.
    #[must_use]
    pub const fn of(time: Seconds) -> Self {
        Self(time.get() / TICK)
    }

    /// When it begins, in seconds since 1970.
    #[must_use]
    pub const fn begins(self) -> u64 {
        self.0.saturating_mul(TICK)
    }

    /// When it is over, in seconds since 1970.
    #[must_use]
    pub const fn ends(self) -> u64 {
        self.begins().saturating_add(TICK)
    }

    /// Where its leaf stands in a log that begins with `base`; `None` before it. [LOG-6]
    #[must_use]
    pub const fn index(self, base: Self) -> Option<u64> {
        self.0.checked_sub(base.0)
    }

    /// How many ticks of a log that begins with `base` are over at a time: the size that the clock allows. [LOG-6]
    #[must_use]
    pub const fn closed(base: Self, now: Seconds) -> u64 {
        Self::of(now).0.saturating_sub(base.0)
    }

    /// The bytes of its leaf: `"uput/v1/tick" ‖ u64 tick ‖ u32 n ‖ R`. [LOG-5]
    #[must_use]
    pub fn leaf(self, entries: u32, root: &Hash) -> Vec<u8> {
        let mut bytes = b"uput/v1/tick".to_vec();
        bytes.extend_from_slice(&self.0.to_be_bytes());
        bytes.extend_from_slice(&entries.to_be_bytes());
        bytes.extend_from_slice(root.as_bytes());
        bytes
    }
}

impl Batch {
    /// A tick with its entries; `random` stands for the root if there are none. [LOG-4]
    ///
    /// # Errors
    /// [`Rejection::TooLarge`] for more entries than a `u32` counts.
    pub fn new(tick: Tick, entries: &[Entry], random: [u8; 32]) -> Result<Self, Rejection> {
        u32::try_from(entries.len()).map_err(|_| Rejection::TooLarge)?;
        if entries.is_empty() {
            return Ok(Self::empty(tick, random));
        }
        let mut tree = Tree::default();
        entries.iter().for_each(|entry| tree.append(Hash::leaf(&entry.to_bytes())));
        Ok(Self { tick, content: Content::Entries(Box::new(tree)) })
    }

    /// A tick in which nothing happened, or for which the node was off.
    #[must_use]
    pub const fn empty(tick: Tick, random: [u8; 32]) -> Self {
        Self { tick, content: Content::Empty(Hash::new(random)) }
    }

    /// Which tick it is.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        self.tick
    }

    /// How many entries it has.
    #[must_use]
    pub fn count(&self) -> u32 {
        match &self.content {
            // Cannot fail: `new` has counted them.
            Content::Entries(tree) => u32::try_from(tree.size()).unwrap_or(u32::MAX),
            Content::Empty(_) => 0,
        }
    }

    /// Its root: of the tree of its entries, or the random bytes.
    #[must_use]
    pub fn root(&self) -> Hash {
        match &self.content {
            Content::Entries(tree) => tree.root(),
            Content::Empty(random) => *random,
        }
    }

    /// The hash that is appended to the log's tree.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        Hash::leaf(&self.tick.leaf(self.count(), &self.root()))
    }

    /// The path from an entry to the root; `None` if there is no such entry.
    #[must_use]
    pub fn path(&self, index: u32) -> Option<Vec<Hash>> {
        match &self.content {
            Content::Entries(tree) => tree.inclusion(u64::from(index), tree.size()),
            Content::Empty(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::Id, log::EntryKind, log::included};

    #[test]
    fn a_leaf_has_one_length_and_hides_its_count() {
        let entry = Entry { nonce: [1; 32], kind: EntryKind::OwnEvent, id: Id::of(b"x") };
        let (some, none) = (Batch::new(Tick(5), &[entry], [9; 32]).unwrap(), Batch::empty(Tick(5), [9; 32]));
        assert_eq!((some.count(), none.count()), (1, 0));
        assert_eq!(some.root(), Hash::leaf(&entry.to_bytes()));
        assert_eq!(none.root(), Hash::new([9; 32]));
        assert_eq!(Tick(5).leaf(1, &some.root()).len(), 56);
        assert_ne!(some.leaf_hash(), none.leaf_hash());
    }

    #[test]
    fn every_entry_leads_to_the_root() {
        let entries: Vec<Entry> =
            (0..7_u8).map(|n| Entry { nonce: [n + 1; 32], kind: EntryKind::Head, id: Id::of(&[n]) }).collect();
        let batch = Batch::new(Tick(5), &entries, [9; 32]).unwrap();
        for (index, entry) in (0..).zip(&entries) {
            let path = batch.path(index).unwrap();
            assert!(included(&Hash::leaf(&entry.to_bytes()), index.into(), 7, &path, &batch.root()));
        }
        assert!(batch.path(7).is_none());
    }

    #[test]
    fn the_clock_gives_the_size() {
        let at = |second| Seconds::new(second).unwrap();
        assert_eq!(Tick::of(at(1199)), Tick(1));
        assert_eq!(Tick::closed(Tick(1), at(1199)), 0);
        assert_eq!(Tick::closed(Tick(1), at(1200)), 1);
        assert_eq!((Tick(0).index(Tick(1)), Tick(4).index(Tick(1))), (None, Some(3)));
    }
}
