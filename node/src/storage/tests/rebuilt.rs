//! The index built anew beside the old one. [STO-38]

use super::*;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

const RECORDS: u64 = 3_000;
const ROOMY: Options = Options { reserve: 4096, segment: 1 << 20, group: 64, knows: |_| true };

/// One key that is written again and again, as rows of a list are.
fn one_row(record: &Record) -> Vec<IndexWrite> {
    let value = IndexValue::try_from(record.payload.to_vec()).unwrap();
    vec![IndexWrite::put(TREE, b"row", value).unwrap()]
}

fn opened(dir: &Path) -> Storage {
    Storage::open(dir, &key(), ROOMY, one_row).unwrap()
}

fn row(storage: &Storage) -> Vec<u8> {
    storage.index().get(TREE, b"row").unwrap().unwrap().to_vec()
}

fn filled(dir: &Path) {
    Storage::create(dir, &key(), ROOMY).unwrap();
    let storage = opened(dir);
    for number in 0..RECORDS / 50 {
        let payloads: Vec<Vec<u8>> = (0..50).map(|one| vec![(number * 50 + one) as u8; 900]).collect();
        commit(&storage, &payloads.iter().map(Vec::as_slice).collect::<Vec<_>>(), vec![]);
    }
}

fn rebuild(dir: &Path, told: &Arc<AtomicU64>) -> Result<crate::storage::Rebuilt, StorageError> {
    let told = Arc::clone(told);
    let progress = move |_| {
        told.fetch_add(1, Ordering::Relaxed);
    };
    Storage::rebuild_index(dir, &key(), ROOMY, one_row, progress)
}

#[test]
fn an_index_that_was_built_anew_shows_the_same_and_takes_less() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("node");
    filled(&dir);
    let before = row(&opened(&dir));
    let told = Arc::new(AtomicU64::new(0));
    let rebuilt = rebuild(&dir, &told).unwrap();
    assert_eq!((rebuilt.records, told.load(Ordering::Relaxed)), (RECORDS, RECORDS));
    assert!(rebuilt.after < rebuilt.before, "{rebuilt:?}");
    assert_eq!(row(&opened(&dir)), before);
    assert_eq!(told.load(Ordering::Relaxed), RECORDS, "the start took what was built");
}

#[test]
fn a_rebuilding_that_was_cut_off_or_refused_leaves_an_index() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("node");
    filled(&dir);
    let open_one = opened(&dir);
    let before = row(&open_one);
    let told = Arc::new(AtomicU64::new(0));
    assert!(matches!(rebuild(&dir, &told), Err(StorageError::InUse)));
    drop(open_one);
    // Between the two names, and before them.
    std::fs::rename(dir.join("index"), dir.join("index.old")).unwrap();
    std::fs::create_dir(dir.join("index.new")).unwrap();
    std::fs::write(dir.join("index.new/db"), b"half").unwrap();
    assert_eq!(row(&opened(&dir)), before);
    assert!(!dir.join("index.old").exists() && !dir.join("index.new").exists());
    // A damaged journal builds nothing, and the old index stays.
    let segment = dir.join("journal/00000001.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[300] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    assert!(matches!(rebuild(&dir, &told), Err(StorageError::Damaged { .. })));
    assert!(dir.join("index").exists() && !dir.join("index.new").exists());
}
