//! A disk that has no space left while letters come and people write.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use uput_core::{rejection::Rejection, wire::ReceiptOutcome};
use uput_node::{
    clock,
    disk::SimulatedDisk,
    node::Post,
    peer::Mailroom,
    record,
    storage::{IndexHome, Options, Storage},
};

use crate::{
    said::Said,
    town::{House, enquiry, fields},
    yard::{STORED, Yard, later, yard},
};

/// Every file of a folder but the index, which is made anew.
fn files(folder: &Path, within: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder.join(within)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        if path == "index" || path == "LOCK" {
            continue;
        }
        match entry.file_type().unwrap().is_dir() {
            true => files(folder, &path, found),
            false => drop(found.insert(path.clone(), std::fs::read(folder.join(&path)).unwrap())),
        }
    }
}

/// The shelter's node goes on, on a disk whose space the test decides.
async fn moved(yard: Yard) -> (Yard, SimulatedDisk) {
    let Yard { hotline, shelter, shelter_house, lipa, centre, agreement } = yard;
    drop(shelter);
    drop(crate::town::reopened(&shelter_house).await);
    let mut found = BTreeMap::new();
    files(shelter_house.path(), "", &mut found);
    let disk = SimulatedDisk::from_snapshot(found);
    let options = Options { reserve: 4096, segment: 16 << 10, group: 64, knows: record::is_known };
    let key = shelter_house.storage_key();
    let storage = Storage::open_on(Arc::new(disk.clone()), IndexHome::Memory, &key, options, record::project).unwrap();
    let shelter = House::open_with(&shelter_house, storage);
    (Yard { hotline, shelter, shelter_house, lipa, centre, agreement }, disk)
}

/// [NOD-13] [EVT-17]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_puts_letters_off_tells_its_user_and_loses_nothing() {
    let (yard, disk) = moved(yard().await).await;
    disk.limit(Some(disk.used() + (64 << 10)));
    let mut stored: Vec<Said> = Vec::new();
    let put_off = loop {
        let opening = yard.enquiry();
        match yard.say(&[&opening]).await {
            STORED => stored.push(opening),
            answer => {
                assert_eq!(answer, later(Rejection::DiskFull));
                break opening;
            }
        }
        assert!(stored.len() < 200, "the disk never got full");
    };
    assert!(!stored.is_empty());
    let service_type = uput_core::wire::ServiceType::Psychosocial;
    let ours = || uput_node::node::NewTrail { service_type, fields: fields(&[("adults", "1")]), ..enquiry("hotline") };
    assert_eq!(yard.shelter.open_trail(ours()).await.err().unwrap().rejection(), Rejection::DiskFull);
    assert!(!yard.knows(&put_off).await);
    for opening in &stored {
        assert!(yard.knows(opening).await, "what was acknowledged is here and is read");
    }
    disk.limit(None);
    assert_eq!(yard.say(&[&put_off]).await, STORED, "it goes on by itself");
    assert!(yard.shelter.open_trail(ours()).await.is_ok());
    assert_eq!(yard.shelter.trail_ids().unwrap().len(), stored.len() + 2);
}

/// [STO-35] [STO-37] What bounds the folder stops what comes in, and nothing that goes out.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_at_its_bound_puts_letters_off_says_so_and_delivers_what_waits() {
    let Yard { hotline, shelter, shelter_house, lipa, centre, agreement } = yard().await;
    drop(shelter);
    drop(crate::town::reopened(&shelter_house).await);
    let mut found = BTreeMap::new();
    files(shelter_house.path(), "", &mut found);
    let disk = SimulatedDisk::from_snapshot(found);
    let options = Options { reserve: 4096, segment: 16 << 10, group: 64, knows: |_| true };
    let key = shelter_house.storage_key();
    let storage = Storage::open_on(Arc::new(disk.clone()), IndexHome::Memory, &key, options, record::project).unwrap();
    storage.set_quota(Some(disk.used() + (64 << 10)));
    let shelter = House::open_with(&shelter_house, storage);
    let yard = Yard { hotline, shelter, shelter_house, lipa, centre, agreement };
    let mut stored = 0;
    while yard.say(&[&yard.enquiry()]).await == STORED {
        stored += 1;
        assert!(stored < 200, "the bound was never reached");
    }
    assert!(stored > 0);
    assert_eq!(yard.say(&[&yard.enquiry()]).await, later(Rejection::DiskFull));
    let check = yard.shelter.checks(clock::now()).into_iter().find(|check| check.name == "disk").unwrap();
    assert_eq!(check.level(), uput_core::wire::CheckLevel::Error);
    assert!(check.finding.contains("quota_mib") && check.remedy.contains("index rebuild"), "{}", check.finding);
    // What the shelter owes is sent and settled all the same.
    let post = Post(yard.shelter.clone());
    let mut sent = 0;
    while yard.shelter.queued().items > 0 {
        let letter = post.next_letter(&yard.hotline.id).await;
        sent += letter.letter.len();
        post.settle(&yard.hotline.id, letter.ticket, ReceiptOutcome::Stored, 0).await;
    }
    assert!(sent > 0, "nothing was sent");
    assert!(disk.used() > 0);
}
