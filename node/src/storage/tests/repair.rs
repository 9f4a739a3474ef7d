//! What is kept twice is repaired; what is not is refused, with what helps.

use super::*;

/// A folder that was opened once, with a commit.
fn used() -> SimulatedDisk {
    let disk = made();
    commit(&open(disk.clone()).unwrap(), &[b"acknowledged"], vec![]);
    disk
}

/// [STO-22]
#[test]
fn a_lost_format_is_written_again_from_beside_the_head() {
    let sound = used().snapshot();
    let mut other_id = sound["FORMAT"].clone();
    other_id[50] ^= 1;
    for lost in [None, Some(Vec::new()), Some(vec![0; 512]), Some(other_id)] {
        let mut files = sound.clone();
        match &lost {
            None => files.remove("FORMAT"),
            Some(bytes) => files.insert("FORMAT".to_owned(), bytes.clone()),
        };
        let disk = SimulatedDisk::from_snapshot(files);
        let storage = open(disk.clone()).unwrap();
        assert_eq!(storage.read(Position::START).unwrap().payload.as_slice(), b"acknowledged");
        assert_eq!(disk.snapshot()["FORMAT"], sound["FORMAT"]);
        // Never deleted: what stood there is put aside. [STO-21]
        let kept = disk.list("quarantine").unwrap();
        assert_eq!(kept.len(), usize::from(lost.is_some()), "{kept:?}");
    }
}

/// [STO-22] A copy that another key proves is nobody's: it opens nothing, and nothing is touched.
#[test]
fn a_lost_format_opens_nothing_for_another_storage_key() {
    let mut files = used().snapshot();
    files.remove("FORMAT");
    let disk = SimulatedDisk::from_snapshot(files.clone());
    let other = StorageKey::new(Zeroizing::new([1; 32]));
    let opened = Storage::open_on(Arc::new(disk.clone()), IndexHome::Memory, &other, SMALL, project);
    assert!(matches!(opened, Err(StorageError::Foreign)));
    assert!(disk.snapshot() == files);
}

/// [STO-23]
#[test]
fn a_refusal_names_the_file_and_what_helps() {
    let mut files = used().snapshot();
    files.get_mut("journal/00000001.seg").unwrap()[150] ^= 1;
    let Err(refused) = open(SimulatedDisk::from_snapshot(files)) else { panic!("opened") };
    let said = refused.to_string();
    assert!(said.contains("journal/00000001.seg is damaged"), "{said}");
    assert!(said.contains("restore it from its newest backup"), "{said}");
}
