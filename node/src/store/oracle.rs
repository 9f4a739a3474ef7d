//! redb as a third store, for the contract alone: made by others, on another design, it must agree with both of ours.

use super::*;
use redb::backends::InMemoryBackend;
use redb::{Database, TableDefinition};
use std::fmt::Display;

const ENTRIES: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("entries");

/// A redb database with one table, in memory.
pub(super) struct RedbStore(Database);

impl RedbStore {
    pub(super) fn new() -> Self {
        let store = Self(Database::builder().create_with_backend(InMemoryBackend::new()).unwrap());
        // A table is there once it was opened to be written.
        store.apply(Vec::new()).unwrap();
        store
    }
}

fn failed(error: impl Display) -> StoreError {
    StoreError::Failed(error.to_string())
}

impl Store for RedbStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let table = self.0.begin_read().map_err(failed)?.open_table(ENTRIES).map_err(failed)?;
        Ok(table.get(key).map_err(failed)?.map(|value| value.value().to_vec()))
    }

    fn apply(&self, batch: Vec<Change>) -> Result<(), StoreError> {
        let begun = self.0.begin_write().map_err(failed)?;
        {
            let mut table = begun.open_table(ENTRIES).map_err(failed)?;
            for (key, value) in batch {
                match value {
                    Some(value) => table.insert(key.as_slice(), value.as_slice()).map_err(failed)?,
                    None => table.remove(key.as_slice()).map_err(failed)?,
                };
            }
        }
        begun.commit().map_err(failed)
    }

    fn range(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Entries<'_> {
        // redb has no word on bounds between which nothing can be.
        if let (Bound::Included(low) | Bound::Excluded(low), Bound::Included(high) | Bound::Excluded(high)) = (from, to)
            && low > high
        {
            return Box::new(std::iter::empty());
        }
        let table = self.0.begin_read().unwrap().open_table(ENTRIES).unwrap();
        let entries: Vec<_> = table
            .range::<&[u8]>((from, to))
            .unwrap()
            .map(|entry| entry.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).map_err(failed))
            .collect();
        Box::new(entries.into_iter())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A small seeded generator (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// Few bytes, also 0 and 255, in keys that begin alike: what a wrong order would confuse.
    fn key(&mut self) -> Vec<u8> {
        (0..self.below(5)).map(|_| [0, 1, 2, 127, 128, 255][self.below(6) as usize]).collect()
    }
}

/// How many seeds, and operations of each; both can be made larger.
fn count(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// [STO-5]
#[test]
#[allow(clippy::print_stdout, reason = "a campaign prints its figures")]
fn sled_memory_and_redb_agree_on_the_same_operations() {
    let (seeds, operations) = (count("UPUT_STORE_SEEDS", 6), count("UPUT_STORE_OPERATIONS", 600));
    for seed in 0..seeds {
        let folder = tempfile::tempdir().unwrap();
        let sled = SledStore::open(folder.path()).unwrap();
        let (memory, redb) = (MemoryStore::default(), RedbStore::new());
        let stores: [&dyn Store; 3] = [&sled, &memory, &redb];
        let mut dice = Dice(seed);
        for operation in 0..operations {
            let here = format!("seed {seed}, operation {operation}");
            match dice.below(4) {
                0 => put_into(&stores, &mut dice),
                1 => {
                    let key = dice.key();
                    let [sled, memory, redb] = stores.map(|store| store.get(&key).unwrap());
                    assert!(sled == memory && memory == redb, "{here}: get {key:?}");
                }
                _ => ranges_agree(&stores, &mut dice, &here),
            }
        }
    }
    println!("{seeds} seeds of {operations} operations, three stores agree");
}

fn put_into(stores: &[&dyn Store; 3], dice: &mut Dice) {
    let batch: Vec<Change> = (0..dice.below(6))
        .map(|_| {
            let key = dice.key();
            (key, (dice.below(3) > 0).then(|| vec![dice.below(256) as u8; dice.below(4096) as usize]))
        })
        .collect();
    stores.iter().for_each(|store| store.apply(batch.clone()).unwrap());
}

fn ranges_agree(stores: &[&dyn Store; 3], dice: &mut Dice, here: &str) {
    let (low, high) = (dice.key(), dice.key());
    let mut bound = |key| match dice.below(3) {
        0 => Bound::Included(key),
        1 => Bound::Excluded(key),
        _ => Bound::Unbounded,
    };
    let (from, to) = (bound(low.as_slice()), bound(high.as_slice()));
    let read = |store: &dyn Store| store.range(from, to).collect::<Result<Vec<_>, _>>().unwrap();
    let back = |store: &dyn Store| store.range(from, to).rev().collect::<Result<Vec<_>, _>>().unwrap();
    let [sled, memory, redb] = stores.map(read);
    assert!(sled == memory && memory == redb, "{here}: {from:?} to {to:?}");
    let [sled, memory, redb] = stores.map(back);
    assert!(sled == memory && memory == redb, "{here}: {from:?} to {to:?}, backwards");
}
