//! Whoever has the journal and its key writes another log: what shows it, and to whom.

use std::{collections::BTreeMap, path::Path};

use uput_core::{
    access_log::{AccessEntry, pseudonym, verify},
    id::PersonTag,
    verdict::Exit,
    wire::{AccessReason, Role},
};
use uput_node::{
    account::Caller,
    case::CaseId,
    node::Node,
    record::{self, AccessRecord},
    storage::{Commit, Position},
};

use crate::{
    because, document, entries, hotline, opened, person,
    town::{House, reopened},
    trust, verified,
};

/// Four looks of a supervisor at a case, and the document of them; the node is gone, its folder stays.
async fn looked_at() -> ([House; 4], Caller, CaseId, Vec<u8>) {
    let (node, houses) = hotline().await;
    let (by, supervisor) = (person(&node, Role::CaseWorker).await, person(&node, Role::Supervisor).await);
    let (trail, case) = opened(&node, &by).await;
    for _ in 0..2 {
        node.show(&by, &trail, true).await.unwrap();
        node.show_because(&supervisor, &trail, true, &because(AccessReason::Handover)).await.unwrap();
    }
    let first = document(&node, &by, &case).await;
    verified(&first, &houses[0], None);
    drop(node);
    drop(reopened(&houses[0]).await);
    (houses, by, case, first)
}

/// The chain as it stands in the journal.
fn chain(house: &House, case: &CaseId) -> Vec<AccessRecord> {
    let storage = house.open_storage();
    let all = storage.records(Position::new(0)).filter_map(|kept| record::read::<AccessRecord>(&kept.unwrap()));
    let mut chain: Vec<AccessRecord> = all.filter(|kept| kept.case == case.to_vec()).collect();
    chain.sort_by_key(|kept| kept.entry().unwrap().number);
    chain
}

/// What somebody with the storage key writes in place of it: the index believes the newest.
async fn write(house: &House, records: &[AccessRecord]) {
    let storage = house.open_storage();
    let records = records.iter().map(record::draft).collect();
    storage.commit(Commit { keys: Vec::new(), records }).await.unwrap();
}

/// The record with another entry.
fn with(kept: &AccessRecord, entry: &AccessEntry) -> AccessRecord {
    AccessRecord { entry: entry.encode(), time: entry.time.get(), ..kept.clone() }
}

/// A chain of these entries that holds together.
fn rechained(case: &CaseId, kept: &[AccessRecord], mut change: impl FnMut(&mut AccessEntry)) -> Vec<AccessRecord> {
    let (mut before, mut of_trail) = (None, BTreeMap::new());
    let mut renew = |kept: &AccessRecord| {
        let mut entry = kept.entry().unwrap();
        change(&mut entry);
        entry.previous = before;
        entry.previous_of_trail = entry.trail.and_then(|trail| of_trail.get(&trail).copied());
        before = Some(entry.id());
        entry.trail.map(|trail| of_trail.insert(trail, entry.id()));
        AccessRecord { case: case.to_vec(), ..with(kept, &entry) }
    };
    kept.iter().map(&mut renew).collect()
}

fn somebody_else(case: &CaseId) -> PersonTag {
    pseudonym(case.bytes(), &[77; 16])
}

/// [ACL-23] [ACL-24] An entry that was exchanged, left out or put elsewhere, by somebody who has the storage key and nothing else:
/// the chain does not hold, for whoever sees it, also for the first time.
#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_exchanged_left_out_or_moved_are_found_without_an_earlier_document() {
    let (houses, by, case, first) = looked_at().await;
    let kept = chain(&houses[0], &case);
    assert_eq!(kept.len(), 5);
    let entry = |at: usize| kept[at].entry().unwrap();
    let exchanged = vec![with(&kept[1], &AccessEntry { person: somebody_else(&case), ..entry(1) })];
    let moved = vec![
        with(&kept[1], &AccessEntry { number: 1, ..entry(2) }),
        with(&kept[2], &AccessEntry { number: 2, ..entry(1) }),
    ];
    // The second is gone, and what comes after it has moved up.
    let left_out: Vec<_> =
        (2..5).map(|at| with(&kept[at], &AccessEntry { number: at as u64 - 1, ..entry(at) })).collect();
    for (what, forged) in [("exchanged", exchanged), ("moved", moved), ("left out", left_out)] {
        write(&houses[0], &forged).await;
        let node = reopened(&houses[0]).await;
        let log = document(&node, &by, &case).await;
        let alone = verify(&log, &trust(&houses[0]), None, None).exit;
        assert!(matches!(alone, Exit::NotAuthentic | Exit::Incomplete), "{what}: {alone:?}");
        let beside = verify(&log, &trust(&houses[0]), Some(&first), None).exit;
        assert!(matches!(beside, Exit::NotAuthentic | Exit::Incomplete | Exit::Equivocation), "{what}: {beside:?}");
        drop(node);
        drop(reopened(&houses[0]).await);
        write(&houses[0], &kept).await;
    }
}

/// [ACL-29] [ACL-31] A whole chain written anew holds together, and only an earlier document shows that it is another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_is_written_anew_contradicts_the_document_that_she_holds() {
    let (houses, by, case, first) = looked_at().await;
    let kept = chain(&houses[0], &case);
    let theirs = kept[1].entry().unwrap().person;
    write(
        &houses[0],
        &rechained(&case, &kept, |entry| {
            if entry.person == theirs {
                entry.person = somebody_else(&case);
            }
        }),
    )
    .await;
    let node = reopened(&houses[0]).await;
    let log = document(&node, &by, &case).await;
    assert!(entries(&log).iter().all(|entry| entry.person != theirs), "the look has another face");
    verified(&log, &houses[0], None);
    assert_eq!(verify(&log, &trust(&houses[0]), Some(&first), None).exit, Exit::Equivocation);
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// [ACL-29] The folder of this morning in place of that of tonight: the look in between is gone, and her document tells.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_folder_that_is_put_back_contradicts_the_document_that_she_holds() {
    let (houses, by, case, _) = looked_at().await;
    let morning = tempfile::tempdir().unwrap();
    copy(houses[0].path(), morning.path());
    let node = reopened(&houses[0]).await;
    let supervisor = person(&node, Role::Supervisor).await;
    node.list_accesses(&supervisor, &case, &because(AccessReason::Supervision)).await.unwrap();
    let tonight = document(&node, &by, &case).await;
    drop(node);
    drop(reopened(&houses[0]).await);
    std::fs::remove_dir_all(houses[0].path()).unwrap();
    std::fs::create_dir(houses[0].path()).unwrap();
    copy(morning.path(), houses[0].path());
    let node: std::sync::Arc<Node> = reopened(&houses[0]).await;
    let log = document(&node, &by, &case).await;
    verified(&log, &houses[0], None);
    assert_eq!(verify(&log, &trust(&houses[0]), Some(&tonight), None).exit, Exit::Equivocation);
}
