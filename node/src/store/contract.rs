//! What every store must do, held against a plain map; and what the index adds, over every store.

use super::*;
use crate::seal::{FolderKey, StorageKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

const TREE: Tree = Tree::new("tree");
const OTHER: Tree = Tree::new("true");

fn with_each_store(test: impl Fn(Arc<dyn Store>)) {
    test(Arc::new(MemoryStore::default()));
    let folder = tempfile::tempdir().unwrap();
    test(Arc::new(SledStore::open(folder.path()).unwrap()));
    test(Arc::new(super::oracle::RedbStore::new()));
}

/// Lets a test look below the index.
struct Shared(Arc<dyn Store>);

impl Store for Shared {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key)
    }
    fn apply(&self, batch: Vec<Change>) -> Result<(), StoreError> {
        self.0.apply(batch)
    }
    fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Entries<'_> {
        self.0.range(from, to)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.0.flush()
    }
}

fn index(store: &Arc<dyn Store>) -> Index {
    let keys = FolderKey::new(&StorageKey::new(Zeroizing::new([1; 32])), &[2; 16]);
    Index::open(Box::new(Shared(Arc::clone(store))), &keys).unwrap()
}

fn put(tree: Tree, key: &[u8], value: &[u8]) -> IndexWrite {
    IndexWrite::put(tree, key, IndexValue::try_from(value.to_vec()).unwrap()).unwrap()
}

fn mark(records: u64) -> Watermark {
    Watermark { records, chain: [records as u8; 32] }
}

#[test]
fn every_store_does_what_a_map_does() {
    with_each_store(|store| {
        let mut model = BTreeMap::new();
        let mut random = 1u64;
        let mut next = |bound: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % bound
        };
        for _ in 0..300 {
            let mut batch = Vec::new();
            for _ in 0..next(8) {
                let key = vec![next(4) as u8; next(4) as usize + 1];
                let value = (next(3) > 0).then(|| vec![next(256) as u8; next(50) as usize]);
                batch.push((key, value));
            }
            for (key, value) in batch.clone() {
                match value {
                    Some(value) => model.insert(key, value),
                    None => model.remove(&key),
                };
            }
            store.apply(batch).unwrap();
            let probe = vec![next(4) as u8; next(4) as usize + 1];
            assert_eq!(store.get(&probe).unwrap(), model.get(&probe).cloned());
        }
        let all: Vec<_> = model.clone().into_iter().collect();
        fn read(store: &dyn Store, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Vec<(Vec<u8>, Vec<u8>)> {
            store.range(from, to).map(Result::unwrap).collect()
        }
        assert_eq!(read(store.as_ref(), Bound::Unbounded, Bound::Unbounded), all);
        for (low, high) in [(0u8, 3u8), (1, 2), (2, 2), (3, 1)] {
            let (low, high) = ([low], [high]);
            for from in [Bound::Included(&low[..]), Bound::Excluded(&low[..]), Bound::Unbounded] {
                for to in [Bound::Included(&high[..]), Bound::Excluded(&high[..]), Bound::Unbounded] {
                    let inside = |key: &[u8]| {
                        let after = match from {
                            Bound::Included(low) => key >= low,
                            Bound::Excluded(low) => key > low,
                            Bound::Unbounded => true,
                        };
                        let before = match to {
                            Bound::Included(high) => key <= high,
                            Bound::Excluded(high) => key < high,
                            Bound::Unbounded => true,
                        };
                        after && before
                    };
                    let expected: Vec<_> = all.iter().filter(|(key, _)| inside(key)).cloned().collect();
                    assert_eq!(read(store.as_ref(), from, to), expected);
                    let back: Vec<_> = store.range(from, to).rev().map(Result::unwrap).collect();
                    assert_eq!(back, expected.into_iter().rev().collect::<Vec<_>>());
                }
            }
        }
        store.flush().unwrap();
    });
}

#[test]
fn trees_keep_to_themselves_and_to_the_order_of_their_keys() {
    with_each_store(|store| {
        let index = index(&store);
        let writes = vec![put(OTHER, b"a", b"other"), put(TREE, b"b", b"2"), put(TREE, b"a", b"1")];
        index.apply(writes, mark(1)).unwrap();
        index.apply(vec![put(TREE, b"ab", b"3"), put(TREE, &[255; MAX_KEY], b"4")], mark(2)).unwrap();
        let keys = |entries: &mut dyn Iterator<Item = _>| {
            entries.map(|entry: Result<(Vec<u8>, Zeroizing<Vec<u8>>), StoreError>| entry.unwrap().0).collect::<Vec<_>>()
        };
        let all = keys(&mut index.range(TREE, Bound::Unbounded, Bound::Unbounded));
        assert_eq!(all, [b"a".to_vec(), b"ab".to_vec(), b"b".to_vec(), vec![255; MAX_KEY]]);
        assert_eq!(keys(&mut index.with_prefix(TREE, b"a")), [b"a".to_vec(), b"ab".to_vec()]);
        let last = index.range(TREE, Bound::Unbounded, Bound::Excluded(b"b".as_slice())).next_back();
        assert_eq!(last.unwrap().unwrap().1.as_slice(), b"3");
        assert_eq!(index.get(OTHER, b"a").unwrap().unwrap().as_slice(), b"other");
        index.apply(vec![IndexWrite::delete(TREE, b"a").unwrap()], mark(3)).unwrap();
        assert_eq!(index.get(TREE, b"a").unwrap(), None);
    });
}

#[test]
fn a_value_opens_only_under_its_own_key() {
    with_each_store(|store| {
        let index = index(&store);
        index.apply(vec![put(TREE, b"a", b"one"), put(TREE, b"b", b"two")], mark(1)).unwrap();
        let raw = |key: &[u8]| [b"\x04tree", key].concat();
        let moved = store.get(&raw(b"a")).unwrap().unwrap();
        assert!(!moved.windows(3).any(|window| window == b"one"));
        store.apply(vec![(raw(b"b"), Some(moved))]).unwrap();
        assert_eq!(index.get(TREE, b"b"), Err(StoreError::Unreadable));
    });
}

#[test]
fn an_index_that_lost_or_gained_an_entry_or_went_back_is_not_complete() {
    with_each_store(|store| {
        let complete = || matches!(index(&store).verify().unwrap(), Verified::Complete(_));
        let first = index(&store);
        first.apply(vec![put(TREE, b"a", b"1"), put(TREE, b"b", b"2")], mark(1)).unwrap();
        let key = b"\x04treea".to_vec();
        let old = store.get(&key).unwrap();
        first.apply(vec![put(TREE, b"a", b"3"), put(TREE, b"a", b"4")], mark(2)).unwrap();
        let new = store.get(&key).unwrap();
        assert!(matches!(index(&store).verify().unwrap(), Verified::Complete(found) if found == mark(2)));
        for damage in [None, old] {
            store.apply(vec![(key.clone(), damage)]).unwrap();
            assert!(!complete());
            store.apply(vec![(key.clone(), new.clone())]).unwrap();
            assert!(complete());
        }
        store.apply(vec![(b"\x04treez".to_vec(), new)]).unwrap();
        assert!(!complete());
    });
}

#[test]
fn what_is_too_long_is_refused_by_type() {
    assert!(IndexValue::try_from(vec![0; MAX_VALUE]).is_ok());
    assert_eq!(IndexValue::try_from(vec![0; MAX_VALUE + 1]).err(), Some(TooLarge(MAX_VALUE + 1)));
    assert_eq!(IndexWrite::delete(TREE, &[0; MAX_KEY + 1]).err(), Some(TooLarge(MAX_KEY + 1)));
}
