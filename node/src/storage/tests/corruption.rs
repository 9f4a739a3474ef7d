//! Files are damaged in every way we could think of: what is served is right, or nothing is.

use super::workload::{Erasures, History, Loss, run};
use super::*;
use std::collections::BTreeMap;
use std::ops::Bound::Unbounded;

type Files = BTreeMap<String, Vec<u8>>;

struct Damaged {
    disk: SimulatedDisk,
    history: History,
    earlier: Files,
    now: Files,
}

/// A folder with several segments and a rewritten key book, and how it was halfway.
fn folder(seed: u64) -> Damaged {
    let disk = made();
    let history = run(&disk, disk.clone(), 60, Erasures::Some, seed);
    let halfway = history.commits[30].at;
    let earlier = disk.after(halfway, crate::disk::PowerLoss::Names, 0).snapshot();
    Damaged { now: disk.snapshot(), disk, history, earlier }
}

/// Damages one file; `None` if nothing changed by it.
fn damage(folder: &Damaged, dice: &mut Dice) -> Option<(String, Files)> {
    let mut files = folder.now.clone();
    let paths: Vec<_> = files.keys().filter(|path| *path != "RESERVE").cloned().collect();
    let path = paths[dice.below(paths.len())].clone();
    let old = files[&path].clone();
    let mut bytes = old.clone();
    let sectors = bytes.len().div_ceil(512);
    let range = |sector: usize| sector * 512..(sector * 512 + 512).min(old.len());
    let (one, two) = (range(dice.below(sectors)), range(dice.below(sectors)));
    let how = ["flip", "zero", "swap", "cut", "stale sector", "stale file", "gone", "noise"][dice.below(8)];
    match how {
        "flip" => {
            let bit = dice.below(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        "zero" => bytes[one].fill(0),
        "swap" if one.len() == two.len() => {
            bytes[one.clone()].copy_from_slice(&old[two.clone()]);
            bytes[two].copy_from_slice(&old[one]);
        }
        "cut" => bytes.truncate(dice.below(old.len())),
        "stale sector" => {
            let stale = folder.earlier.get(&path)?.get(one.clone())?.to_vec();
            bytes[one].copy_from_slice(&stale);
        }
        "stale file" => bytes = folder.earlier.get(&path)?.clone(),
        "noise" => bytes[one].iter_mut().for_each(|byte| *byte = dice.roll() as u8),
        _ => {}
    }
    if how == "gone" {
        files.remove(&path);
    } else if bytes == old {
        return None;
    } else {
        files.insert(path.clone(), bytes);
    }
    Some((format!("{how} {path}"), files))
}

/// Files that a refused opening must leave alone.
pub(super) fn without_quarantine(files: Files) -> Files {
    files.into_iter().filter(|(path, _)| !path.starts_with("quarantine")).collect()
}

#[test]
fn damage_is_found_or_repaired_and_no_wrong_byte_is_served() {
    let campaign = rounds("UPUT_CORRUPTIONS", 2000);
    let mut dice = Dice(2026);
    let mut outcomes = BTreeMap::new();
    let mut done = 0;
    'folders: for seed in 0.. {
        let folder = folder(seed);
        for _ in 0..200 {
            let Some((what, files)) = damage(&folder, &mut dice) else { continue };
            let damaged = SimulatedDisk::from_snapshot(files.clone());
            let outcome = match folder.history.check(damaged.clone(), folder.disk.operations()) {
                Ok(()) => "harmless or repaired",
                Err(Loss::NotOpened(_)) => {
                    assert!(without_quarantine(damaged.snapshot()) == files, "{what}: touched");
                    "found, nothing touched"
                }
                Err(loss) => panic!("folder {seed}, {what}: {loss:?}"),
            };
            *outcomes.entry(outcome).or_insert(0) += 1;
            done += 1;
            if done == campaign {
                break 'folders;
            }
        }
    }
    println!("{done} corruptions: {outcomes:?}");
    assert!(outcomes.values().all(|count| *count > campaign / 20), "{outcomes:?}");
}

#[test]
fn damage_under_a_running_node_is_an_error_and_never_a_wrong_byte() {
    let mut dice = Dice(9);
    let (mut refused, mut right) = (0, 0);
    for seed in 0..10 {
        let folder = folder(seed);
        for _ in 0..20 {
            let disk = SimulatedDisk::from_snapshot(folder.now.clone());
            let storage = open(disk.clone()).unwrap();
            let records = storage.records(Position::START).count() as u64;
            let expected: Vec<_> = (0..records).map(|at| storage.read(Position::new(at)).unwrap().payload).collect();
            let segments: Vec<_> = disk.list("journal").unwrap();
            let file = disk.open(&format!("journal/{}", segments[dice.below(segments.len())])).unwrap();
            let length = file.len().unwrap();
            file.write_at(dice.below(length as usize - 64) as u64, &dice.roll().to_be_bytes()).unwrap();
            for (at, expected) in expected.iter().enumerate() {
                match storage.read(Position::new(at as u64)) {
                    Ok(record) => {
                        assert!(record.payload == *expected, "folder {seed}: wrong bytes of record {at}");
                        right += 1;
                    }
                    Err(StorageError::Damaged { .. }) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }
    assert!(refused > 100 && right > refused, "{refused} refused, {right} right");
}

#[test]
fn a_damaged_file_is_copied_to_quarantine_once() {
    let folder = folder(1);
    let mut files = folder.now.clone();
    files.get_mut("journal/00000001.seg").unwrap()[700] ^= 1;
    let disk = SimulatedDisk::from_snapshot(files.clone());
    for _ in 0..3 {
        let Err(StorageError::Damaged { file, .. }) = open(disk.clone()) else { panic!("opened") };
        assert_eq!(file, "journal/00000001.seg");
    }
    let copies: Vec<_> = disk.list("quarantine").unwrap();
    assert_eq!(copies.len(), 1);
    assert_eq!(disk.read(&format!("quarantine/{}", copies[0])).unwrap(), files["journal/00000001.seg"]);
}

#[test]
fn one_lost_head_slot_is_repaired_and_two_are_damage() {
    let folder = folder(2);
    let with_slots = |slots: &[usize]| {
        let mut files = folder.now.clone();
        for slot in slots {
            files.get_mut("head").unwrap()[slot * 4096..][..4096].fill(0xEE);
        }
        folder.history.check(SimulatedDisk::from_snapshot(files), folder.disk.operations())
    };
    assert_eq!(with_slots(&[0]), Ok(()));
    assert_eq!(with_slots(&[1]), Ok(()));
    assert!(matches!(with_slots(&[0, 1]), Err(Loss::NotOpened(_))));
}

#[test]
fn a_bit_that_flips_in_sled_costs_time_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data");
    Storage::create(&dir, &key(), SMALL).unwrap();
    let open = || Storage::open(&dir, &key(), SMALL, project).unwrap();
    let storage = open();
    for number in 0..400u64 {
        commit(&storage, &[format!("{number} {}", "x".repeat(500)).as_bytes()], vec![]);
    }
    drop(storage);
    let mut dice = Dice(4);
    let mut rebuilt = 0;
    for round in 0..rounds("UPUT_INDEX_FLIPS", 40) {
        let db = dir.join("index/db");
        let mut bytes = std::fs::read(&db).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        let bit = dice.below(used * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&db, bytes).unwrap();
        let storage = open();
        for number in 0..400u64 {
            let found = storage.index().get(TREE, &number.to_be_bytes()).unwrap().unwrap();
            assert!(found.starts_with(format!("{number} ").as_bytes()), "round {round}");
        }
        assert_eq!(storage.index().range(TREE, Unbounded, Unbounded).count(), 400);
        rebuilt = std::fs::read_dir(dir.join("quarantine")).map_or(0, Iterator::count);
    }
    println!("rebuilt {rebuilt} times");
    assert!(rebuilt > 0);
}
