//! An erased key is gone: from all files, from all that was ever removed, with all keys that are left.

use super::*;
use crate::seal::{FolderKey, SealKey};
use crate::storage::{Commit, Draft, KeyKind, NewTrailKeys, Options, Storage, StorageKey};

/// Keys in the book of which some end together.
const MANY: u32 = 2_000;

/// Everything that can be read with the storage key, from every file that ever was, as it is now:
/// raw bytes, book keys, and every entry at every place under every book key.
fn everything_readable(disk: &SimulatedDisk) -> Vec<Vec<u8>> {
    let keys = folder_keys(disk);
    let wrap = keys.seal_key("uput/node/key book", &[]);
    let files = disk.remains();
    let mut readable = files.clone();
    let book_keys: Vec<_> = files.iter().filter_map(|file| wrap.open(file.get(..16)?, file.get(16..)?).ok()).collect();
    for book_key in &book_keys {
        readable.push(book_key.to_vec());
        let key = SealKey::new(book_key.first_chunk().unwrap());
        for file in &files {
            readable.extend(entries(&key, file));
        }
    }
    readable
}

/// What the entries of a book say, read as the book's own code reads them.
fn entries(key: &SealKey, file: &[u8]) -> Vec<Vec<u8>> {
    const BEGINNING: usize = 52;
    const ENTRY: usize = 125;
    let mut found = Vec::new();
    let Some(beginning) = file.get(..BEGINNING) else { return found };
    let mut chain = crate::seal::sha256(&[beginning]);
    for (number, entry) in file[BEGINNING..].chunks(ENTRY).enumerate() {
        let aad = [(number as u64).to_be_bytes().as_slice(), &chain].concat();
        found.extend(key.open(&aad, entry).ok().map(|plain| plain.to_vec()));
        chain = crate::seal::sha256(&[&chain, entry]);
    }
    found
}

fn folder_keys(disk: &SimulatedDisk) -> FolderKey {
    let format = String::from_utf8(disk.read("FORMAT").unwrap()).unwrap();
    let folder = format.lines().find_map(|line| line.strip_prefix("folder ")).unwrap();
    FolderKey::new(&key(), &u128::from_str_radix(folder, 16).unwrap().to_be_bytes())
}

fn holds(readable: &[Vec<u8>], secret: &[u8; 32]) -> bool {
    readable.iter().any(|bytes| bytes.windows(32).any(|window| window == secret))
}

#[test]
fn an_erased_key_cannot_be_got_back_from_anything_that_is_left() {
    let disk = made();
    let storage = open(disk.clone()).unwrap();
    let mut secrets = Vec::new();
    for trail in 0..20u8 {
        let new = NewTrailKeys::generate([trail; 32]).unwrap();
        secrets.push([*new.value.expose(), *new.evidence.expose()]);
        commit(&storage, &[b"opening"], vec![new]);
    }
    // The control: the search finds keys that are there.
    let before = everything_readable(&disk);
    assert!(secrets.iter().flatten().all(|secret| holds(&before, secret)));
    storage.erase(&[3; 32], KeyKind::Value).unwrap();
    storage.erase(&[5; 32], KeyKind::Value).unwrap();
    storage.erase(&[5; 32], KeyKind::Evidence).unwrap();
    commit(&storage, &[b"after"], vec![NewTrailKeys::generate([99; 32]).unwrap()]);
    drop(storage);
    let after = everything_readable(&disk);
    for (trail, [value, evidence]) in secrets.iter().enumerate() {
        assert_eq!(holds(&after, value), ![3, 5].contains(&trail), "value key of {trail}");
        assert_eq!(holds(&after, evidence), trail != 5, "evidence key of {trail}");
    }
    let reopened = open(disk).unwrap();
    assert!(reopened.trail_keys(&[3; 32]).unwrap().value.is_none());
    assert!(reopened.trail_keys(&[5; 32]).unwrap().evidence.is_none());
    assert!(reopened.trail_keys(&[99; 32]).unwrap().value.is_some());
}

#[test]
fn an_erasure_cut_off_at_any_point_is_whole_or_not_begun_and_is_finished_at_the_next_start() {
    use crate::disk::PowerLoss;
    let disk = made();
    let storage = open(disk.clone()).unwrap();
    let new = NewTrailKeys::generate([1; 32]).unwrap();
    let secret = *new.value.expose();
    commit(&storage, &[b"opening"], vec![new]);
    let from = disk.operations();
    storage.erase(&[1; 32], KeyKind::Value).unwrap();
    let (mut kept, mut gone) = (0, 0);
    for point in from..=disk.operations() {
        for model in PowerLoss::ALL {
            let found = disk.after(point, model, point as u64);
            let reopened = open(found.clone()).unwrap();
            let keys = reopened.trail_keys(&[1; 32]).unwrap();
            assert!(keys.evidence.is_some());
            match keys.value {
                Some(value) => kept += usize::from(value.expose() == &secret && point < disk.operations()),
                None => gone += usize::from(!holds(&everything_readable(&found), &secret)),
            }
        }
    }
    assert_eq!(kept + gone, (disk.operations() - from + 1) * PowerLoss::ALL.len());
    assert!(kept > 0 && gone > 0);
}

/// [STF-12] Keys of one use that end together end in one rewriting, and leave no entry.
#[test]
fn keys_of_one_use_end_together_and_leave_nothing() {
    let record = || Draft { kind: 0x7ea5, payload: zeroize::Zeroizing::new(vec![1]) };
    let name = |number: u32| *uput_core::id::Id::of(&number.to_be_bytes()).as_bytes();
    let folder = tempfile::tempdir().unwrap();
    let key = || StorageKey::new(zeroize::Zeroizing::new([7; 32]));
    let options = Options { reserve: 4096, segment: 1 << 20, group: 64, knows: |_| true };
    Storage::create(folder.path(), &key(), options).unwrap();
    let open = || Storage::open(folder.path(), &key(), options, |_: &Record| Vec::new()).unwrap();
    let storage = open();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for first in (0..MANY).step_by(1000) {
        let keys = (first..(first + 1000).min(MANY)).map(|number| NewTrailKeys::generate(name(number)).unwrap());
        runtime.block_on(storage.commit(Commit { keys: keys.collect(), records: vec![record()] })).unwrap();
    }
    let ended: Vec<_> = (0..100).map(|number| (name(number), KeyKind::Whole)).collect();
    let begun = std::time::Instant::now();
    storage.erase_all(&ended).unwrap();
    println!("{} keys of {MANY} ended in {:?}", ended.len(), begun.elapsed());
    drop(storage);
    let storage = open();
    assert!(ended.iter().all(|(name, _)| storage.trail_keys(name).is_none()));
    assert!((100..MANY).all(|number| storage.trail_keys(&name(number)).is_some_and(|keys| keys.value.is_some())));
}

/// [NOD-84] [RET-25] What was copied of the journal opens with no key that the newest key book has, and none of its book keys
/// is one of before.
#[test]
fn an_older_journal_with_the_newest_key_book_gives_nothing() {
    let disk = made();
    let storage = open(disk.clone()).unwrap();
    let new = NewTrailKeys::generate([1; 32]).unwrap();
    let sealed = crate::seal::seal(new.value.expose(), b"a place", b"a planted value").unwrap();
    commit(&storage, &[&sealed], vec![new]);
    let copied = storage.records(Position::new(0)).last().unwrap().unwrap().payload.to_vec();
    assert_eq!(copied, sealed);
    let opens = |readable: &[Vec<u8>]| {
        let keys = readable.iter().filter(|part| part.len() == 97).flat_map(|part| part.windows(32));
        let mut keys = keys.filter_map(|key| key.first_chunk::<32>());
        keys.any(|key| crate::seal::open(key, b"a place", &copied).is_ok())
    };
    let before = everything_readable(&disk);
    assert!(opens(&before), "the control: with the key book of then it opens");
    storage.erase(&[1; 32], KeyKind::Value).unwrap();
    drop(storage);
    let after = everything_readable(&disk);
    assert!(!opens(&after));
    let book_keys =
        |readable: &[Vec<u8>]| -> Vec<Vec<u8>> { readable.iter().filter(|part| part.len() == 32).cloned().collect() };
    let (old, new) = (book_keys(&before), book_keys(&after));
    assert!(!old.is_empty() && !new.is_empty() && new.iter().all(|key| !old.contains(key)), "another key each time");
}
