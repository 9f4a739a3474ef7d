//! What was shown is in the chain, whatever happens to the disk.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use uput_core::{id::TrailId, rejection::Rejection, wire::Role};
use uput_node::{
    access::Why,
    account::Caller,
    case::CaseId,
    disk::{PowerLoss, SimulatedDisk},
    node::Node,
    record,
    storage::{IndexHome, Options, Storage},
};

use crate::{
    document, entries, hotline, opened, person,
    town::{House, reopened},
    verified,
};

fn files(folder: &Path, within: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder.join(within)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        match folder.join(&path).is_dir() {
            _ if path == "index" || path == "LOCK" => {}
            true => files(folder, &path, found),
            false => drop(found.insert(path.clone(), std::fs::read(folder.join(&path)).unwrap())),
        }
    }
}

fn on(disk: &SimulatedDisk, house: &House) -> Arc<Node> {
    let options = Options { reserve: 4096, segment: 16 << 10, group: 64, knows: record::is_known };
    let key = house.storage_key();
    let disk = Arc::new(disk.clone());
    house.open_with(Storage::open_on(disk, IndexHome::Memory, &key, options, record::project).unwrap())
}

async fn on_a_simulated_disk() -> (SimulatedDisk, [House; 4], Caller, TrailId, CaseId) {
    let (node, houses) = hotline().await;
    let by = person(&node, Role::CaseWorker).await;
    let (trail, case) = opened(&node, &by).await;
    drop(node);
    drop(reopened(&houses[0]).await);
    let mut found = BTreeMap::new();
    files(houses[0].path(), "", &mut found);
    (SimulatedDisk::from_snapshot(found), houses, by, trail, case)
}

/// [ACL-2] [NOD-13]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_shown() {
    let (disk, houses, by, trail, case) = on_a_simulated_disk().await;
    let node = on(&disk, &houses[0]);
    node.show(&by, &trail, true).await.unwrap();
    disk.limit(Some(disk.used()));
    let mut shown = 1;
    let full = loop {
        match node.show(&by, &trail, shown % 2 == 0).await {
            Ok(_) => shown += 1,
            Err(rejection) => break rejection,
        }
        assert!(shown < 2_000, "the disk never got full");
    };
    assert_eq!(full, Rejection::DiskFull);
    for values in [true, false] {
        assert_eq!(node.show(&by, &trail, values).await.err(), Some(Rejection::DiskFull));
    }
    assert_eq!(node.list_accesses(&by, &case, &Why::default()).await.err(), Some(Rejection::DiskFull));
    assert_eq!(node.visible_trails(&by), [trail], "lists go on");
    disk.limit(None);
    let log = document(&node, &by, &case).await;
    assert_eq!(entries(&log).len(), shown + 1, "exactly what was shown");
    verified(&log, &houses[0], None);
}

/// [ACL-2] [ACL-3] After a loss of power at any moment the chain has no gap, and what was shown is in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_loss_of_power_leaves_a_whole_chain_with_all_that_was_shown() {
    let (disk, houses, by, trail, case) = on_a_simulated_disk().await;
    let node = on(&disk, &houses[0]);
    let mut shown = Vec::new();
    for _ in 0..6 {
        node.show(&by, &trail, true).await.unwrap();
        shown.push(disk.operations());
    }
    drop(node);
    let begin = shown[0];
    for (seed, operations) in (begin..=disk.operations()).enumerate() {
        let after = disk.after(operations, PowerLoss::ALL[seed % PowerLoss::ALL.len()], seed as u64);
        let node = on(&after, &houses[0]);
        let log = document(&node, &by, &case).await;
        verified(&log, &houses[0], None);
        let least = shown.iter().filter(|done| **done <= operations).count();
        assert!(entries(&log).len() > least, "seed {seed}: {operations} operations");
    }
}
