//! A folder of an earlier format, and one in which a newer program wrote.

use super::super::folder::{VERSION, earlier};
use super::*;
use crate::disk::PowerLoss;
use crate::journal::head;

/// Where the label stands in each slot of the head (specs/storage.md, STO-22).
const LABELS: [usize; 2] = [1024, 4096 + 1024];

/// A folder as a program of format 1 left it, with a record.
fn of_format_1() -> SimulatedDisk {
    let disk = made();
    commit(&open(disk.clone()).unwrap(), &[b"acknowledged"], vec![]);
    let text = earlier(&disk, &key(), 1);
    let mut files = disk.snapshot();
    let head = files.get_mut(head::FILE).unwrap();
    for place in LABELS {
        head[place..place + text.len()].copy_from_slice(&text);
    }
    files.insert("FORMAT".to_owned(), text);
    SimulatedDisk::from_snapshot(files)
}

fn format(disk: &SimulatedDisk) -> Vec<u8> {
    disk.snapshot()["FORMAT"].clone()
}

/// [UPG-1] [UPG-4]
#[test]
fn a_folder_of_the_first_format_is_taken_over_and_what_was_replaced_is_copied() {
    let disk = of_format_1();
    let (before, files) = (format(&disk), disk.snapshot());
    assert!(before.starts_with(b"uput node data folder\nformat 1\n"));
    let storage = open(disk.clone()).unwrap();
    assert_eq!(storage.read(Position::START).unwrap().payload.as_slice(), b"acknowledged");
    assert_eq!(commit(&storage, &[b"next"], vec![]), [Position::new(1)]);
    drop(storage);
    let now = disk.snapshot();
    assert_eq!(now["FORMAT"], earlier(&disk, &key(), VERSION));
    assert!(LABELS.iter().all(|place| now["head"][*place..].starts_with(&now["FORMAT"])), "beside the head too");
    assert_eq!((&now["FORMAT.format-1"], &now["head.format-1"]), (&before, &files["head"]));
    // The next start finds it whole: nobody goes back any more.
    drop(open(disk.clone()).unwrap());
    assert!(!disk.snapshot().keys().any(|name| name.contains(".format-")));
}

/// [UPG-1] The number is proved by the key like all else that FORMAT says.
#[test]
fn a_number_that_was_made_smaller_is_no_earlier_format() {
    let disk = made();
    drop(open(disk.clone()).unwrap());
    let (sound, mut files) = (format(&disk), disk.snapshot());
    let forged = String::from_utf8(sound.clone()).unwrap().replace(&format!("format {VERSION}"), "format 1");
    files.insert("FORMAT".to_owned(), forged.into_bytes());
    let found = SimulatedDisk::from_snapshot(files);
    drop(open(found.clone()).unwrap());
    assert_eq!(format(&found), sound, "written again from beside the head");
    assert!(!found.snapshot().contains_key("FORMAT.format-1"));
}

/// [UPG-5] Power is cut after each operation of the start that takes a folder over, in each model.
#[test]
fn a_folder_is_taken_over_whole_or_not_at_all() {
    let disk = of_format_1();
    let (first, from) = (format(&disk), disk.operations());
    drop(open(disk.clone()).unwrap());
    let mut formats = std::collections::BTreeMap::new();
    for point in from..=disk.operations() {
        for model in PowerLoss::ALL {
            let found = disk.after(point, model, point as u64);
            let now = format(&found);
            assert!(now == first || now == earlier(&disk, &key(), VERSION), "half a FORMAT at {point}, {model:?}");
            *formats.entry(now).or_insert(0) += 1;
            let storage = open(found.clone()).unwrap();
            assert_eq!(storage.read(Position::START).unwrap().payload.as_slice(), b"acknowledged");
            drop(storage);
            assert_eq!(format(&found), earlier(&disk, &key(), VERSION), "the next start goes on, {point}, {model:?}");
        }
    }
    assert_eq!(formats.len(), 2, "the power was cut before and after");
}

/// [UPG-4] Where there is no space for the copies nothing is taken over, and nothing is lost.
#[test]
fn a_full_disk_takes_nothing_over() {
    let disk = of_format_1();
    let before = disk.snapshot();
    disk.limit(Some(disk.used()));
    assert!(matches!(open(disk.clone()), Err(StorageError::Full)));
    assert_eq!(format(&disk), before["FORMAT"]);
    disk.limit(None);
    assert_eq!(open(disk).unwrap().read(Position::START).unwrap().payload.as_slice(), b"acknowledged");
}

fn with_kind(kind: u16) -> SimulatedDisk {
    let disk = made();
    let storage = open(disk.clone()).unwrap();
    let records = vec![Draft { kind, payload: Zeroizing::new(vec![1]) }, draft(b"known")];
    wait(storage.commit(Commit { keys: vec![], records })).unwrap();
    drop(storage);
    disk
}

fn open_by_one_that_knows_seven(disk: &SimulatedDisk) -> Result<Storage, StorageError> {
    let options = Options { knows: |kind| kind == 7, ..SMALL };
    Storage::open_on(Arc::new(disk.clone()), IndexHome::Memory, &key(), options, project)
}

/// [UPG-2]
#[test]
fn a_program_that_was_put_back_refuses_what_it_must_not_pass_over_and_touches_nothing() {
    for kind in [8, super::super::PASSED_OVER - 1] {
        let disk = with_kind(kind);
        let before = disk.snapshot();
        let refused = open_by_one_that_knows_seven(&disk).err().unwrap();
        assert!(matches!(refused, StorageError::NewerRecords(found) if found == kind), "{refused}");
        assert!(refused.to_string().contains("Start the version of uputd that wrote them"), "{refused}");
        assert!(disk.snapshot() == before);
    }
}

/// [UPG-3]
#[test]
fn what_may_be_passed_over_is_kept_and_there_again_for_whom_it_says_something() {
    let disk = with_kind(super::super::PASSED_OVER);
    let storage = open_by_one_that_knows_seven(&disk).unwrap();
    assert_eq!(storage.parked(), [super::super::PASSED_OVER]);
    commit(&storage, &[b"said by the older one"], vec![]);
    drop(storage);
    let storage = open(disk).unwrap();
    assert!(storage.parked().is_empty());
    let kept: Vec<_> = storage.records(Position::START).map(|record| record.unwrap().kind).collect();
    assert_eq!(kept, [super::super::PASSED_OVER, 7, 7]);
}
