//! An erasure by the time that is stopped after any of its writes: the next start ends it, and nothing is said twice.

use std::collections::BTreeSet;
use std::path::Path;

use uput_node::{
    disk::{PowerLoss, SimulatedDisk},
    node::Passed,
    record,
    storage::{IndexHome, Options, Storage},
};

use super::*;

/// What a disk holds of a trail after a stop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Left {
    value: bool,
    evidence: bool,
    /// What was erased stands in the list, with when and why.
    said: bool,
}

/// A folder as it is on a disk whose power can be cut after each operation.
fn disk_of(house: &House) -> SimulatedDisk {
    let mut files = BTreeMap::new();
    read_files(house.path(), "", &mut files);
    SimulatedDisk::from_snapshot(files)
}

fn read_files(folder: &Path, within: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder.join(within)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        match folder.join(&path).is_dir() {
            // The index can be made again, and nobody else is in the copy.
            _ if path == "index" || path == "LOCK" => {}
            true => read_files(folder, &path, found),
            false => drop(found.insert(path.clone(), std::fs::read(folder.join(&path)).unwrap())),
        }
    }
}

fn storage_on(disk: &SimulatedDisk, house: &House) -> Storage {
    let options = Options { reserve: 4096, segment: 16 << 10, group: 64, knows: record::is_known };
    let disk = Arc::new(disk.clone());
    Storage::open_on(disk, IndexHome::Memory, &house.storage_key(), options, record::project).unwrap()
}

/// What is left before a node opens the disk. [RET-18]
fn keys_left(disk: &SimulatedDisk, house: &House, trail: &TrailId) -> (bool, bool) {
    let storage = storage_on(disk, house);
    let keys = storage.trail_keys(trail.as_bytes()).unwrap();
    (keys.value.is_some(), keys.evidence.is_some())
}

fn is_said(node: &Node, part: RetentionPart) -> bool {
    let rows = node.list_retentions(&worker(), clock::now()).rows;
    rows.iter().any(|row| row.part() == part && row.state() == RetentionState::Erased)
}

/// The shelter alone, with a closed trail of which it was noted that this part ends.
async fn noted(part: RetentionPart) -> (SimulatedDisk, [House; 4], TrailId, Seconds) {
    let pair = pair().await;
    let (trail, _) = closed(&pair).await;
    let (values, evidence) = spans(&pair);
    let Pair { hotline, shelter, houses, .. } = pair;
    let span = if part == RetentionPart::Values { values } else { evidence };
    if part == RetentionPart::Evidence {
        assert_eq!(over(&shelter, values).await.1.values, 1);
    }
    assert_eq!(shelter.end_retentions(later(span + 60), RUNNING).await.noted, 1);
    drop((hotline, shelter));
    drop(reopened(&houses[1]).await);
    let disk = disk_of(&houses[1]);
    (disk, houses, trail, later(span + 60 + WARNING))
}

/// Erases on a disk, and looks at what a stop after each operation of it leaves; `check` goes on from there.
async fn at_each_stop(part: RetentionPart, erased: Passed) -> BTreeSet<Left> {
    let (disk, houses, trail, after) = noted(part).await;
    let node = houses[1].open_with(storage_on(&disk, &houses[1]));
    let begun = disk.operations();
    assert_eq!(node.end_retentions(after, RUNNING).await, erased);
    let done = disk.operations();
    drop(node);
    let mut seen = BTreeSet::new();
    for (seed, operations) in (begun..=done).enumerate() {
        // Each model at each fourth operation, and what no sync had made durable at all of them.
        for loss in BTreeSet::from([0, seed % PowerLoss::ALL.len()]).into_iter().map(|at| PowerLoss::ALL[at]) {
            let stopped = disk.after(operations, loss, seed as u64);
            let (value, evidence) = keys_left(&stopped, &houses[1], &trail);
            let node = houses[1].open_with(storage_on(&stopped, &houses[1]));
            let said = is_said(&node, part);
            seen.insert(Left { value, evidence, said });
            assert!(said || operations < done, "{operations} {loss:?}: what was said stays");
            if part == RetentionPart::Values {
                assert!(!said || !value, "{operations} {loss:?}: it is said of a key that is there");
            }
            let rest = if said { Passed::default() } else { erased };
            assert_eq!(node.end_retentions(after, RUNNING).await, rest, "{operations} {loss:?}");
            assert_eq!(node.end_retentions(after, RUNNING).await, Passed::default(), "{operations} {loss:?}: once");
            assert!(is_said(&node, part), "{operations} {loss:?}");
            if part == RetentionPart::Values {
                let said = kinds(&node, &trail).await;
                let purged = said.iter().filter(|kind| *kind == "purged").count();
                assert_eq!(purged, 1, "{operations} {loss:?}: {said:?}");
            }
            drop(node);
            let (value, evidence) = keys_left(&stopped, &houses[1], &trail);
            assert!(!value, "{operations} {loss:?}");
            assert_eq!(evidence, part == RetentionPart::Values, "{operations} {loss:?}");
        }
    }
    seen
}

/// [RET-18] [RET-16]
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_of_values_that_is_stopped_after_any_write_is_ended_and_said_once() {
    let seen = at_each_stop(RetentionPart::Values, Passed { values: 1, ..Passed::default() }).await;
    // Before, between the keys and the word, and after.
    let evidence = true;
    let between = [(true, false), (false, false), (false, true)];
    let all: BTreeSet<Left> = between.map(|(value, said)| Left { value, evidence, said }).into();
    assert_eq!(seen, all);
}

/// [RET-18] [RET-19] The word is first: from then on nothing is served, whatever keys are left.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_of_evidence_that_is_stopped_after_any_write_is_ended_by_the_next_start() {
    let seen = at_each_stop(RetentionPart::Evidence, Passed { evidence: 1, ..Passed::default() }).await;
    let value = false;
    let between = [(true, false), (true, true), (false, true)];
    let all: BTreeSet<Left> = between.map(|(evidence, said)| Left { value, evidence, said }).into();
    assert_eq!(seen, all);
}
