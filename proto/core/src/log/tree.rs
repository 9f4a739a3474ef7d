//! Trees: RFC 6962, section 2.1.
//!
//! Guarantees: a tree keeps every complete subtree, so that a path costs a few look-ups at any size it ever had; a check
//! accepts exactly the one path that leads to the root, no shorter and no longer one.
//! Leaves to others: what a leaf says, and who signed the root.

use std::fmt;

use ring::digest;

/// Longest path: one hash for each bit of a size, and one before a consistency path.
pub const MAX_PATH: usize = 65;

/// SHA-256 as it stands in a tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// An append-only tree: 64 bytes a leaf.
#[derive(Clone, Default)]
pub struct Tree {
    /// Hashes of complete subtrees: of leaves, of pairs, of fours.
    levels: Vec<Vec<Hash>>,
}

impl Hash {
    /// From its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From a field of a message; `None` for another length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// A leaf: H(00 ‖ bytes). [LOG-1]
    #[must_use]
    pub fn leaf(bytes: &[u8]) -> Self {
        Self::of(&[&[0], bytes])
    }

    /// A node: H(01 ‖ left ‖ right). [LOG-1]
    #[must_use]
    pub fn node(left: &Self, right: &Self) -> Self {
        Self::of(&[&[1], &left.0, &right.0])
    }

    /// The root of a tree without leaves: H of nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(&[])
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        parts.iter().for_each(|part| context.update(part));
        let mut hash = [0; 32];
        hash.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self(hash)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bytes, for a field of a message.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({})", crate::id::hex(&self.0))
    }
}

impl Tree {
    /// Adds a leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(own) = self.levels.get_mut(level) else { return };
            own.push(hash);
            // A second one of a pair completes the node above.
            let [.., left, right] = own.as_slice() else { return };
            if own.len() % 2 == 1 {
                return;
            }
            hash = Hash::node(left, right);
        }
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The hash of a leaf.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.levels.first()?.get(usize::try_from(index).ok()?).copied()
    }

    /// The root of all its leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root_at(self.size()).unwrap_or_else(Hash::empty)
    }

    /// The root that it had at a size; `None` if it never had it.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        match size {
            0 => Some(Hash::empty()),
            size if size > self.size() => None,
            size => self.range(0, size),
        }
    }

    /// The path from a leaf to the root at a size, from the bottom up. [LOG-7]
    #[must_use]
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut path, mut low, mut count, mut place) = (Vec::new(), 0, size, index);
        while count > 1 {
            let left = split(count);
            if place < left {
                path.push(self.range(low + left, count - left)?);
                count = left;
            } else {
                path.push(self.range(low, left)?);
                (low, count, place) = (low + left, count - left, place - left);
            }
        }
        path.reverse();
        Some(path)
    }

    /// The path from a smaller size to a larger one: RFC 6962's, and before it, if the smaller size is a power of two, the
    /// root at that size. [LOG-8]
    #[must_use]
    pub fn consistency(&self, smaller: u64, larger: u64) -> Option<Vec<Hash>> {
        if smaller == 0 || smaller >= larger || larger > self.size() {
            return None;
        }
        let (mut path, mut low, mut count, mut rest) = (Vec::new(), 0, larger, smaller);
        while rest < count {
            let left = split(count);
            if rest <= left {
                path.push(self.range(low + left, count - left)?);
                count = left;
            } else {
                path.push(self.range(low, left)?);
                (low, count, rest) = (low + left, count - left, rest - left);
            }
        }
        path.push(self.range(low, count)?);
        path.reverse();
        Some(path)
    }

    /// The root of `count` leaves from `low` on; `low` is a multiple of the least power of two not below `count`.
    fn range(&self, low: u64, count: u64) -> Option<Hash> {
        let (mut low, mut count, mut lefts) = (low, count, Vec::new());
        while !count.is_power_of_two() {
            let left = split(count);
            lefts.push(self.complete(low, left)?);
            (low, count) = (low + left, count - left);
        }
        let last = self.complete(low, count)?;
        Some(lefts.iter().rev().fold(last, |right, left| Hash::node(left, &right)))
    }

    /// A complete subtree.
    fn complete(&self, low: u64, count: u64) -> Option<Hash> {
        let level = count.trailing_zeros();
        self.levels.get(usize::try_from(level).ok()?)?.get(usize::try_from(low >> level).ok()?).copied()
    }
}

/// The largest power of two below `count`, which is at least 2.
const fn split(count: u64) -> u64 {
    let half = count.saturating_sub(1);
    if half == 0 { 0 } else { 1 << half.ilog2() }
}

/// Whether `path` leads from the leaf at `index` to the root of a tree of `size` leaves. [LOG-7]
#[must_use]
pub fn included(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    path_root(leaf, index, size, path).as_ref() == Some(root)
}

/// The root to which `path` leads from the leaf at `index` of `size`, if it has the length for that. [LOG-7]
#[must_use]
pub fn path_root(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size || path.len() > MAX_PATH {
        return None;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for step in path {
        if last == 0 {
            return None;
        }
        if place % 2 == 1 || place == last {
            hash = Hash::node(step, &hash);
            (place, last) = climb(place, last);
        } else {
            hash = Hash::node(&hash, step);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

/// The root of the first `smaller` leaves of the tree of `larger` leaves with this root, if `path` shows it. [LOG-8]
#[must_use]
pub fn prefix_root(smaller: u64, larger: u64, root: &Hash, path: &[Hash]) -> Option<Hash> {
    if smaller == 0 || smaller >= larger || path.len() > MAX_PATH {
        return None;
    }
    let (seed, steps) = path.split_first()?;
    let (mut place, mut last) = (smaller - 1, larger - 1);
    while place % 2 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut before, mut after) = (*seed, *seed);
    for step in steps {
        if last == 0 {
            return None;
        }
        if place % 2 == 1 || place == last {
            before = Hash::node(step, &before);
            after = Hash::node(step, &after);
            (place, last) = climb(place, last);
        } else {
            after = Hash::node(&after, step);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0 && after == *root).then_some(before)
}

/// Whether the tree of the smaller size is the beginning of the larger one. [LOG-8]
#[must_use]
pub fn consistent(smaller: (u64, &Hash), larger: (u64, &Hash), path: &[Hash]) -> bool {
    if smaller.0 == larger.0 {
        return path.is_empty() && smaller.1 == larger.1;
    }
    prefix_root(smaller.0, larger.0, larger.1, path).as_ref() == Some(smaller.1)
}

/// Past the levels at which a last, lone subtree has no neighbour.
const fn climb(mut place: u64, mut last: u64) -> (u64, u64) {
    while place.is_multiple_of(2) && place != 0 {
        (place, last) = (place >> 1, last >> 1);
    }
    (place, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u64 = 130;

    fn tree(size: u64) -> Tree {
        let mut tree = Tree::default();
        (0..size).for_each(|n| tree.append(Hash::leaf(&n.to_be_bytes())));
        tree
    }

    /// The definition of RFC 6962, word for word.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::empty(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(usize::try_from(split(leaves.len() as u64)).unwrap());
                Hash::node(&defined(left), &defined(right))
            }
        }
    }

    #[test]
    fn every_root_is_the_defined_one() {
        let all = tree(MOST);
        let leaves: Vec<Hash> = (0..MOST).map(|index| all.leaf(index).unwrap()).collect();
        for size in 0..=MOST {
            assert_eq!(all.root_at(size).unwrap(), defined(&leaves[..usize::try_from(size).unwrap()]));
            assert_eq!(tree(size).root(), all.root_at(size).unwrap());
        }
        assert!(all.root_at(MOST + 1).is_none());
    }

    #[test]
    fn every_leaf_of_every_size_is_included_once() {
        let all = tree(MOST);
        for size in 1..=MOST {
            let root = all.root_at(size).unwrap();
            for index in 0..size {
                let (leaf, path) = (all.leaf(index).unwrap(), all.inclusion(index, size).unwrap());
                assert!(included(&leaf, index, size, &path, &root));
                assert!(!included(&leaf, index + 1, size, &path, &root));
                let longer = [&path[..], &[root]].concat();
                assert!(!included(&leaf, index, size, &longer, &root));
                assert!(path.is_empty() || !included(&leaf, index, size, &path[1..], &root));
            }
            assert!(all.inclusion(size, size).is_none());
        }
    }

    #[test]
    fn every_size_is_the_beginning_of_every_larger_one() {
        let all = tree(MOST);
        for larger in 1..=MOST {
            let root = all.root_at(larger).unwrap();
            for smaller in 1..larger {
                let (before, path) = (all.root_at(smaller).unwrap(), all.consistency(smaller, larger).unwrap());
                assert!(consistent((smaller, &before), (larger, &root), &path));
                assert!(!consistent((smaller, &root), (larger, &root), &path));
                let longer = [&path[..], &[root]].concat();
                assert!(!consistent((smaller, &before), (larger, &root), &longer));
                assert!(!consistent((smaller, &before), (larger, &root), &path[..path.len() - 1]));
            }
            assert!(all.consistency(larger, larger).is_none());
            assert!(consistent((larger, &root), (larger, &root), &[]));
        }
        assert!(all.consistency(0, 3).is_none());
    }

    #[test]
    fn every_flipped_bit_of_a_path_is_refused() {
        let all = tree(MOST);
        let flips = |path: &[Hash], check: &dyn Fn(&[Hash]) -> bool| {
            for step in 0..path.len() {
                for bit in 0..256 {
                    let mut other = path.to_vec();
                    other[step].0[bit / 8] ^= 1 << (bit % 8);
                    assert!(!check(&other));
                }
            }
        };
        for (index, size) in [(0, 1), (0, 2), (3, 7), (6, 7), (64, 65), (100, 130), (129, 130)] {
            let (leaf, root) = (all.leaf(index).unwrap(), all.root_at(size).unwrap());
            let path = all.inclusion(index, size).unwrap();
            flips(&path, &|other| included(&leaf, index, size, other, &root));
        }
        for (smaller, larger) in [(1, 2), (3, 7), (4, 7), (64, 130), (65, 130), (129, 130)] {
            let (before, root) = (all.root_at(smaller).unwrap(), all.root_at(larger).unwrap());
            let path = all.consistency(smaller, larger).unwrap();
            flips(&path, &|other| consistent((smaller, &before), (larger, &root), other));
        }
    }

    #[test]
    fn sizes_that_no_tree_has_do_no_harm() {
        let hash = Hash::empty();
        let path = [hash; MAX_PATH];
        assert!(!included(&hash, u64::MAX - 1, u64::MAX, &path, &hash));
        assert!(!included(&hash, 0, 0, &[], &hash));
        assert!(prefix_root(u64::MAX - 1, u64::MAX, &hash, &path).is_none());
        assert!(prefix_root(0, 1, &hash, &path).is_none());
        assert!(prefix_root(1, 2, &hash, &[]).is_none());
    }
}
