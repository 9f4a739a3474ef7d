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
    let history = run(&disk, disk.clone(), 44, Erasures::Some, seed);
    let halfway = history.commits[22].at;
    let earlier = disk.after(halfway, crate::disk::PowerLoss::Names, 0).snapshot();
    Damaged { now: disk.snapshot(), disk, history, earlier }
}

/// What is done to a file. [STO-20]
const WAYS: [&str; 9] =
    ["flip", "zero", "swap", "cut", "stale sector", "stale file", "misdirected sector", "gone", "noise"];

/// Damages one file; `None` if nothing changed by it.
fn damage(folder: &Damaged, dice: &mut Dice) -> Option<(&'static str, String, Files)> {
    let mut files = folder.now.clone();
    let paths: Vec<_> = files.keys().cloned().collect();
    let path = paths[dice.below(paths.len())].clone();
    let elsewhere = &files[&paths[dice.below(paths.len())]];
    let old = files[&path].clone();
    let mut bytes = old.clone();
    let sectors = bytes.len().div_ceil(512);
    let range = |sector: usize| sector * 512..(sector * 512 + 512).min(old.len());
    let (one, two) = (range(dice.below(sectors)), range(dice.below(sectors)));
    let how = WAYS[dice.below(WAYS.len())];
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
        // It was to be written into another file, at any of its sectors.
        "misdirected sector" => {
            let from = dice.below(elsewhere.len().div_ceil(512)) * 512;
            let sector = &elsewhere[from..(from + one.len()).min(elsewhere.len())];
            bytes[one.start..one.start + sector.len()].copy_from_slice(sector);
        }
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
    Some((how, path, files))
}

/// Files that a refused opening must leave alone.
pub(super) fn without_quarantine(files: Files) -> Files {
    files.into_iter().filter(|(path, _)| !path.starts_with("quarantine")).collect()
}

/// How many damages of each kind came to what.
pub(crate) type Outcomes = BTreeMap<(&'static str, &'static str), usize>;

/// Damages folders in so many ways, one at a time, and says what came of them. Stops at the first wrong byte. [STO-31]
pub(crate) fn campaign(seed: u64, wanted: usize) -> Outcomes {
    let mut dice = Dice(seed);
    let mut outcomes = Outcomes::new();
    let mut done = 0;
    for seed in seed.. {
        let folder = folder(seed);
        for _ in 0..200 {
            if done == wanted {
                return outcomes;
            }
            let Some((how, path, files)) = damage(&folder, &mut dice) else { continue };
            let damaged = SimulatedDisk::from_snapshot(files.clone());
            let outcome = match folder.history.check(damaged.clone(), folder.disk.operations()) {
                // What is kept aside is space, and what it holds is nothing.
                Ok(()) if path == "RESERVE" => "nothing stood there",
                Ok(()) if path.starts_with("head") || path == "FORMAT" => "repaired",
                Ok(()) => "nothing stood there",
                Err(Loss::NotOpened(said)) => {
                    assert!(without_quarantine(damaged.snapshot()) == files, "{how} {path}: touched");
                    assert!(says_what_helps(&said), "{how} {path}: {said}");
                    "refused"
                }
                Err(loss) => panic!("folder {seed}, {how} {path}: {loss:?}"),
            };
            *outcomes.entry((how, outcome)).or_insert(0) += 1;
            done += 1;
        }
    }
    outcomes
}

/// A refusal names what helps.
fn says_what_helps(said: &str) -> bool {
    said.contains("restore it from its newest backup") || said.contains("nothing in it was touched")
}

/// The share of what was damaged where something stood that was repaired, in words.
pub(crate) fn shares(outcomes: &Outcomes) -> String {
    let sum = |what: &str| outcomes.iter().filter(|((_, found), _)| *found == what).map(|(_, n)| n).sum::<usize>();
    let (repaired, refused, nothing) = (sum("repaired"), sum("refused"), sum("nothing stood there"));
    let struck = repaired + refused;
    format!(
        "{} corruptions: {struck} struck what is kept, all found: {repaired} repaired ({:.1} %), {refused} refused; \
         {nothing} struck nothing; 0 wrong bytes served",
        struck + nothing,
        100.0 * repaired as f64 / struck.max(1) as f64,
    )
}

/// [STO-31]
#[test]
fn damage_is_found_or_repaired_and_no_wrong_byte_is_served() {
    let outcomes = campaign(rounds("UPUT_SEED", 2026) as u64, rounds("UPUT_CORRUPTIONS", 10_000));
    println!("{}", shares(&outcomes));
    for what in ["repaired", "refused"] {
        assert!(outcomes.keys().any(|(_, found)| *found == what), "{what}: {outcomes:?}");
    }
    for how in WAYS {
        assert!(outcomes.keys().any(|(did, _)| *did == how), "{how}: {outcomes:?}");
    }
}

/// A torn tail and a damaged one look alike: the head tells them apart, wherever the end is. [STO-3]
#[test]
fn a_journal_that_was_cut_is_found_out_wherever_it_was_cut() {
    let disk = made();
    let history = run(&disk, disk.clone(), 12, Erasures::None, 5);
    let files = disk.snapshot();
    let last = files.keys().rfind(|path| path.starts_with("journal/")).unwrap().clone();
    let end = files[&last].iter().rposition(|byte| *byte != 0).unwrap();
    for length in (0..end).step_by(7) {
        let mut cut = files.clone();
        cut.get_mut(&last).unwrap().truncate(length);
        let found = history.check(SimulatedDisk::from_snapshot(cut), disk.operations());
        assert!(matches!(found, Err(Loss::NotOpened(_))), "cut at {length} of {end}: {found:?}");
    }
    let mut whole = files.clone();
    whole.get_mut(&last).unwrap().truncate(end + 1);
    assert_eq!(history.check(SimulatedDisk::from_snapshot(whole), disk.operations()), Ok(()));
}

/// Every bit that says what a record is and where it stands, changed under a running node. [NOD-8] [STO-34]
#[test]
fn no_changed_header_of_a_record_is_served() {
    const HEADER: usize = 28;
    let disk = made();
    let storage = open(disk.clone()).unwrap();
    commit(&storage, &[b"an invented record"], vec![]);
    let path = format!("journal/{}", disk.list("journal").unwrap()[0]);
    let file = disk.open(&path).unwrap();
    // Behind the segment's header.
    let at = 120;
    let mut sound = [0; HEADER];
    file.read_at(at, &mut sound).unwrap();
    for bit in 0..HEADER * 8 {
        let mut changed = sound;
        changed[bit / 8] ^= 1 << (bit % 8);
        file.write_at(at, &changed).unwrap();
        assert!(matches!(storage.read(Position::START), Err(StorageError::Damaged { .. })), "bit {bit} is served");
    }
    file.write_at(at, &sound).unwrap();
    assert_eq!(storage.read(Position::START).unwrap().kind, 7);
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
