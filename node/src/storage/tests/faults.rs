//! A full disk, a failed sync, a folder that is not ours.

use super::corruption::without_quarantine;
use super::faulty::{Fault, FaultyDisk};
use super::*;
use crate::storage::{CommitError, KeyKind};
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;

fn try_commit(storage: &Storage, payload: &[u8]) -> Result<(), CommitError> {
    let keys = vec![];
    wait(storage.commit(Commit { keys, records: vec![draft(payload)] })).map(|_| ())
}

#[test]
fn a_full_disk_refuses_commits_serves_reads_and_goes_on_when_there_is_space() {
    let disk = made();
    let storage = open(disk.clone()).unwrap();
    commit(&storage, &[b"first"], vec![NewTrailKeys::generate([1; 32]).unwrap()]);
    disk.limit(Some(disk.used() + 2 * SMALL.segment as u64));
    let mut recorded = 1;
    while try_commit(&storage, &[7; 900]).is_ok() {
        recorded += 1;
        assert!(recorded < 100, "the disk never got full");
    }
    assert_eq!(try_commit(&storage, b"x"), Err(CommitError::Full));
    assert_eq!(disk.snapshot()["RESERVE"].len(), 0, "the reserve is given back");
    assert_eq!(storage.read(Position::START).unwrap().payload.as_slice(), b"first");
    storage.erase(&[1; 32], KeyKind::Value).unwrap();
    drop(storage);
    let storage = open(disk.clone()).unwrap();
    assert_eq!(storage.records(Position::START).count(), recorded);
    assert_eq!(try_commit(&storage, &[7; 900]), Err(CommitError::Full));
    disk.limit(None);
    assert_eq!(try_commit(&storage, b"again"), Ok(()));
    assert_eq!(disk.snapshot()["RESERVE"].len() as u64, SMALL.reserve);
    assert_eq!(storage.records(Position::START).count(), recorded + 1);
}

/// [STO-35] [STO-36]
#[test]
fn a_bound_is_warned_of_before_it_stops_what_is_recorded_and_erasing_goes_on() {
    let disk = made();
    let storage = open(disk.clone()).unwrap();
    commit(&storage, &[b"first"], vec![NewTrailKeys::generate([1; 32]).unwrap()]);
    assert!(!storage.left().unwrap().is_low(), "nothing bounds it");
    let quota = disk.used() + 40 * SMALL.segment as u64;
    storage.set_quota(Some(quota));
    let (mut recorded, mut warned) = (1_usize, 0_usize);
    while try_commit(&storage, &[7; 900]).is_ok() {
        recorded += 1;
        assert!(recorded < 1000, "the bound was never reached");
        assert!(disk.used() <= quota, "more than the bound");
        let left = storage.left().unwrap();
        warned += usize::from(left.is_low() && left.of == crate::storage::Scarce::Quota);
    }
    assert!(warned > 0, "nothing was said before");
    assert!(warned < recorded / 2, "it was said from the beginning");
    assert!(storage.is_full());
    assert_eq!(storage.read(Position::START).unwrap().payload.as_slice(), b"first");
    storage.erase(&[1; 32], KeyKind::Value).unwrap();
    storage.set_quota(Some(2 * quota));
    assert_eq!(try_commit(&storage, b"again"), Ok(()));
    assert!(!storage.is_full());
    assert_eq!(storage.records(Position::START).count(), recorded + 1);
}

#[test]
fn a_write_that_stops_in_the_middle_leaves_nothing_of_its_commit() {
    for files in ["journal", "keybook"] {
        let disk = made();
        let faulty = FaultyDisk::new(&disk, files, Fault::None);
        let storage = open(faulty.clone()).unwrap();
        commit(&storage, &[b"before"], vec![]);
        let new = |trail| vec![NewTrailKeys::generate([trail; 32]).unwrap()];
        faulty.set(Fault::FullWrite);
        let records = || vec![draft(b"half"), draft(b"way")];
        let refused = wait(storage.commit(Commit { keys: new(1), records: records() }));
        assert_eq!(refused, Err(CommitError::Full));
        assert!(storage.trail_keys(&[1; 32]).is_none());
        faulty.set(Fault::None);
        let check = |storage: &Storage, count| {
            assert_eq!(storage.records(Position::START).count(), count);
            assert!(storage.trail_keys(&[1; 32]).is_none());
        };
        check(&storage, 1);
        check(&open(SimulatedDisk::from_snapshot(disk.snapshot())).unwrap(), 1);
        commit(&storage, &[b"after"], new(2));
        drop(storage);
        let storage = open(disk).unwrap();
        check(&storage, 2);
        assert!(storage.trail_keys(&[2; 32]).unwrap().value.is_some());
    }
}

/// Runs itself again in a process of its own, because a failed sync ends the process.
#[test]
fn a_failed_sync_ends_the_process_with_a_clear_line() {
    const CHILD: &str = "UPUT_TEST_FAILED_SYNC";
    if let Ok(files) = std::env::var(CHILD) {
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
        let faulty = FaultyDisk::new(&made(), String::leak(files), Fault::None);
        let storage = open(faulty.clone()).unwrap();
        commit(&storage, &[b"before"], vec![]);
        faulty.set(Fault::BadSync);
        let _ = try_commit(&storage, b"never acknowledged");
        println!("still alive");
        return;
    }
    for files in ["journal", "head"] {
        let name = "storage::tests::faults::a_failed_sync_ends_the_process_with_a_clear_line";
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, files)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stderr).into_owned();
        assert_eq!(child.status.signal(), Some(6), "{files}: {said}");
        assert!(said.contains("the node stops now"), "{said}");
        assert!(!String::from_utf8_lossy(&child.stdout).contains("still alive"));
    }
}

#[test]
fn a_folder_that_is_not_ours_is_refused_and_not_touched() {
    let ours = made().snapshot();
    let with_format = |text: &str| {
        let mut files = ours.clone();
        files.insert("FORMAT".to_owned(), text.as_bytes().to_vec());
        files
    };
    let format = String::from_utf8(ours["FORMAT"].clone()).unwrap();
    let foreign: BTreeMap<_, _> = [("photo.jpg".to_owned(), vec![1, 2, 3])].into();
    let refused = |files: BTreeMap<String, Vec<u8>>| {
        let disk = SimulatedDisk::from_snapshot(files.clone());
        let Err(error) = open(disk.clone()) else { panic!("opened") };
        assert!(without_quarantine(disk.snapshot()) == files);
        error
    };
    assert!(matches!(refused(foreign), StorageError::Foreign));
    assert!(matches!(refused(with_format("something else\n")), StorageError::Foreign));
    assert!(matches!(refused(with_format(&format.replace("format 2", "format 3"))), StorageError::Newer(3)));
    assert!(matches!(refused(with_format(&format[..60])), StorageError::Damaged { .. }));
}

#[test]
fn another_storage_key_opens_nothing_and_touches_nothing() {
    let disk = made();
    let before = disk.snapshot();
    let other = StorageKey::new(Zeroizing::new([1; 32]));
    let opened = Storage::open_on(Arc::new(disk.clone()), IndexHome::Memory, &other, SMALL, project);
    assert!(matches!(opened, Err(StorageError::WrongKey)));
    assert!(disk.snapshot() == before);
}

#[test]
fn a_folder_in_which_another_program_keeps_files_is_left_alone_on_the_real_disk() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("photo.jpg"), b"not ours").unwrap();
    let opened = Storage::open(home.path(), &key(), SMALL, project);
    assert!(matches!(opened, Err(StorageError::Foreign)));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}
