//! What a caller sees when nothing goes wrong, and when it asks for what cannot be.

use super::*;
use crate::storage::{CommitError, KeyKind, MAX_PAYLOAD};
use std::os::unix::fs::PermissionsExt;

#[test]
fn what_was_committed_is_there_after_reopening() {
    let disk = made();
    let keys = NewTrailKeys::generate([1; 32]).unwrap();
    let value = keys.value.clone();
    let storage = open(disk.clone()).unwrap();
    let first = commit(&storage, &[b"one", b"two"], vec![keys]);
    assert_eq!(first, [Position::new(0), Position::new(1)]);
    for number in 0..200u64 {
        commit(&storage, &[&number.to_be_bytes()], vec![]);
    }
    for reopened in [storage, open_again(&disk)] {
        assert_eq!(reopened.records(Position::START).count(), 202);
        assert_eq!(reopened.read(Position::new(1)).unwrap().payload.as_slice(), b"two");
        assert_eq!(reopened.read(Position::new(1)).unwrap().kind, 7);
        assert_eq!(reopened.read(Position::new(201)).unwrap().payload.as_slice(), 199u64.to_be_bytes());
        assert!(matches!(reopened.read(Position::new(202)), Err(StorageError::NoSuchRecord(_))));
        let found = reopened.index().get(TREE, &0u64.to_be_bytes()).unwrap().unwrap();
        assert_eq!(found.as_slice(), b"one");
        assert_eq!(reopened.trail_keys(&[1; 32]).unwrap().value.unwrap().expose(), value.expose());
        assert!(reopened.trail_keys(&[2; 32]).is_none());
    }
}

fn open_again(disk: &SimulatedDisk) -> Storage {
    open(SimulatedDisk::from_snapshot(disk.snapshot())).unwrap()
}

#[test]
fn a_trail_gets_its_keys_once() {
    let storage = open(made()).unwrap();
    commit(&storage, &[b"opening"], vec![NewTrailKeys::generate([1; 32]).unwrap()]);
    let again = || vec![NewTrailKeys::generate([1; 32]).unwrap()];
    let refused = wait(storage.commit(Commit { keys: again(), records: vec![draft(b"again")] }));
    assert_eq!(refused, Err(CommitError::KeysExist));
    let twice = (0..2).map(|_| NewTrailKeys::generate([2; 32]).unwrap()).collect();
    let refused = wait(storage.commit(Commit { keys: twice, records: vec![] }));
    assert_eq!(refused, Err(CommitError::KeysExist));
    assert_eq!(storage.records(Position::START).count(), 1);
}

#[test]
fn what_no_segment_can_hold_is_refused_and_the_rest_goes_on() {
    let storage = open(made()).unwrap();
    for length in [SMALL.segment, MAX_PAYLOAD + 1] {
        let refused = wait(storage.commit(Commit { keys: vec![], records: vec![draft(&vec![0; length])] }));
        assert_eq!(refused, Err(CommitError::TooLarge(length)));
    }
    assert_eq!(commit(&storage, &[b"small"], vec![]), [Position::START]);
}

#[test]
fn one_erased_key_leaves_the_other() {
    let disk = made();
    let storage = open(disk.clone()).unwrap();
    commit(&storage, &[], vec![NewTrailKeys::generate([1; 32]).unwrap()]);
    storage.erase(&[1; 32], KeyKind::Value).unwrap();
    storage.erase(&[1; 32], KeyKind::Value).unwrap();
    storage.erase(&[9; 32], KeyKind::Evidence).unwrap();
    for reopened in [storage, open_again(&disk)] {
        let keys = reopened.trail_keys(&[1; 32]).unwrap();
        assert!(keys.value.is_none());
        assert!(keys.evidence.is_some());
    }
}

#[test]
fn many_writers_at_once_get_each_its_own_place() {
    let storage = Arc::new(open(made()).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let writers: Vec<_> = (0..64u8)
        .map(|writer| {
            let storage = Arc::clone(&storage);
            runtime.spawn(async move {
                let mut places = Vec::new();
                for _ in 0..20 {
                    let records = vec![draft(&[writer; 10]), draft(&[writer; 20])];
                    let commit = Commit { keys: vec![], records };
                    places.extend(storage.commit(commit).await.unwrap().into_inner());
                }
                (writer, places)
            })
        })
        .collect();
    for writer in writers {
        let (writer, places) = runtime.block_on(writer).unwrap();
        assert_eq!(places.len(), 40);
        for pair in places.chunks(2) {
            assert_eq!(pair[0].next(), pair[1]);
            assert_eq!(storage.read(pair[0]).unwrap().payload.as_slice(), [writer; 10]);
            assert_eq!(storage.read(pair[1]).unwrap().payload.as_slice(), [writer; 20]);
        }
    }
    assert_eq!(storage.records(Position::START).count(), 64 * 40);
}

#[test]
fn a_real_folder_is_made_locked_reopened_and_its_index_rebuilt() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data");
    Storage::create(&dir, &key(), SMALL).unwrap();
    assert!(matches!(Storage::create(&dir, &key(), SMALL), Err(StorageError::Exists(_))));
    let open = || Storage::open(&dir, &key(), SMALL, project);
    let storage = open().unwrap();
    assert!(matches!(open(), Err(StorageError::InUse)));
    for number in 0..300u64 {
        commit(&storage, &[&number.to_be_bytes()], vec![]);
    }
    drop(storage);
    let check = |storage: Storage| {
        for number in 0..300u64 {
            let found = storage.index().get(TREE, &number.to_be_bytes()).unwrap().unwrap();
            assert_eq!(found.as_slice(), number.to_be_bytes());
        }
    };
    check(open().unwrap());
    std::fs::remove_dir_all(dir.join("index")).unwrap();
    check(open().unwrap());
    for entry in std::fs::read_dir(dir.join("index")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::write(path, [0xA5; 5000]).unwrap();
        }
    }
    check(open().unwrap());
    assert!(dir.join("quarantine/index-1").exists());
    for entry in std::fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} is open to others [NOD-16]", entry.file_name());
    }
}
