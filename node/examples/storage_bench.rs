//! How many commits a second become durable, against bare syncs of the same disk in the same run.
//!
//! `cargo run --release -p uput-node --example storage_bench [FOLDER [TRAILS]]`; the folder must not exist. With so many trails
//! (100,000 if nothing is said), each with its keys and one record, a folder is then filled and opened, and what it takes is said;
//! it is backed up, once more after an hour of little, and restored, each beside a plain copy of the folder in the same run.
//! Absolute figures belong to one machine on one day: read the ratios.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark stops at the first thing that fails")]

use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uput_core::keyfile::{Lock, NodeSecrets};
use uput_core::time::Seconds;
use uput_node::backup::{Holders, Identities, Making, Opening, new_identity};
use uput_node::clock::SystemEntropy;
use uput_node::disk::RealDisk;
use uput_node::node_key::Sources;
use uput_node::storage::{Commit, Draft, NewTrailKeys, Options, Position, Record, Storage, StorageKey};
use uput_node::store::{IndexValue, IndexWrite, Tree};
use zeroize::Zeroizing;

const SPAN: Duration = Duration::from_secs(3);
const PAYLOAD: usize = 600;
const KEY: [u8; 32] = [0x5A; 32];
const TREE: Tree = Tree::new("bench");

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "storage-bench".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir(folder).unwrap();
    let bare = bare_syncs(&folder.join("bare"));
    println!("bare fdatasync of {PAYLOAD} B          {bare:>9.0}/s");
    for writers in [1, 64, 512] {
        let dir = folder.join(format!("data-{writers}"));
        let (commits, median, slow) = commits(&dir, writers);
        let ratio = commits / bare;
        println!(
            "{writers:>3} writers {commits:>9.0} commits/s {ratio:>7.2} per bare sync, p50 {median:?}, p99 {slow:?}"
        );
        reopen(&dir);
    }
    let trails = std::env::args().nth(2).map_or(100_000, |count| count.parse().unwrap());
    let dir = folder.join("data-trails");
    fill(&dir, trails);
    println!("{trails} trails, each with its keys and one record of {PAYLOAD} B; bytes a trail:");
    for part in ["journal", "keybook", "index"] {
        println!("    {part:<8} {:>8.0}", size(&dir.join(part)) as f64 / trails as f64);
    }
    reopen(&dir);
    back_up(folder, &dir);
    std::fs::remove_dir_all(folder).unwrap();
}

/// A first backup, one of a thousandth more, and a restoration, against copies of the same files.
fn back_up(folder: &Path, dir: &Path) {
    let bytes = size(&dir.join("journal")) + size(&dir.join("keybook"));
    let copied = timed(|| copy(dir, &folder.join("copy")));
    let rate = |took: Duration| bytes as f64 / took.as_secs_f64() / f64::from(1 << 20);
    println!("{} MiB of journal and key book: copied and synced at {:.0} MiB/s", bytes >> 20, rate(copied));
    let mut secrets = NodeSecrets::generate(&mut SystemEntropy);
    secrets.storage = Zeroizing::new(KEY);
    std::fs::write(dir.join("node.key"), secrets.write(&Lock::Clear).unwrap().as_bytes()).unwrap();
    let people = ["a.txt", "b.txt"].map(|name| new_identity(&folder.join(name)).unwrap());
    let (holders, to, keys) = (Holders::parse(&people).unwrap(), folder.join("backups"), folder.join("keys"));
    let now = Seconds::new(1_795_000_000).unwrap();
    let (secrets, holders) = (&dir.join("node.key"), &holders);
    let make = || {
        let making = Making { folder: dir, secrets, to: &to, keys: &keys, holders, now };
        making.make(&key(), &mut |_| ()).unwrap()
    };
    let first = timed(make);
    println!("    first backup {first:?}, {:.0} MiB/s, {:.2} of the copy", rate(first), rate(first) / rate(copied));
    add_a_thousandth(dir);
    println!("    one after a thousandth more {:?}", timed(make));
    let identities = Identities::read(&folder.join("a.txt")).unwrap();
    let sources = Sources::default();
    let opening = Opening { from: &to, keys: &keys, identities: &identities, number: None, sources: &sources };
    let restored = timed(|| opening.put_together(&RealDisk::new(&folder.join("restored")), &mut |_| ()).unwrap());
    println!(
        "    restored and checked {restored:?}, {:.0} MiB/s, {:.2} of the copy",
        rate(restored),
        rate(restored) / rate(copied)
    );
}

fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    run();
    began.elapsed()
}

/// What an hour brings: records in what is there.
fn add_a_thousandth(dir: &Path) {
    let storage = Storage::open(dir, &key(), Options::default(), project).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..(storage.records(Position::START).count() / 1000).max(1) {
        let records = vec![Draft { kind: 1, payload: Zeroizing::new(vec![7; PAYLOAD]) }];
        runtime.block_on(storage.commit(Commit { keys: vec![], records })).unwrap();
    }
}

/// Journal and key book, read and written in pieces and synced, as whoever copies files does it.
fn copy(from: &Path, to: &Path) {
    for part in ["journal", "keybook"] {
        std::fs::create_dir_all(to.join(part)).unwrap();
        for entry in std::fs::read_dir(from.join(part)).unwrap() {
            let name = entry.unwrap().file_name();
            std::fs::copy(from.join(part).join(&name), to.join(part).join(&name)).unwrap();
            std::fs::File::open(to.join(part).join(&name)).unwrap().sync_all().unwrap();
        }
    }
}

/// Writes of one record's size into a file whose space is there, each followed by a sync.
fn bare_syncs(path: &Path) -> f64 {
    let file = OpenOptions::new().create_new(true).write(true).open(path).unwrap();
    file.write_all_at(&vec![0; 16 << 20], 0).unwrap();
    file.sync_all().unwrap();
    let began = Instant::now();
    let mut count = 0;
    while began.elapsed() < SPAN {
        file.write_all_at(&[7; PAYLOAD], count * PAYLOAD as u64 % (16 << 20)).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    count as f64 / began.elapsed().as_secs_f64()
}

fn commits(dir: &Path, writers: usize) -> (f64, Duration, Duration) {
    let key = key();
    Storage::create(dir, &key, Options::default()).unwrap();
    let storage = Arc::new(Storage::open(dir, &key, Options::default(), project).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let began = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| runtime.spawn(write(Arc::clone(&storage), Arc::clone(&stop), Arc::clone(&count))))
        .collect();
    std::thread::sleep(SPAN);
    stop.store(true, Ordering::Relaxed);
    let mut times: Vec<Duration> = tasks.into_iter().flat_map(|task| runtime.block_on(task).unwrap()).collect();
    let took = began.elapsed();
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    (count.load(Ordering::Relaxed) as f64 / took.as_secs_f64(), at(50), at(99))
}

/// Trails as a node makes them, 64 at once.
fn fill(dir: &Path, trails: u64) {
    let key = key();
    Storage::create(dir, &key, Options::default()).unwrap();
    let storage = Arc::new(Storage::open(dir, &key, Options::default(), project).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let next = Arc::new(AtomicU64::new(0));
    let writer = || {
        let (storage, next) = (Arc::clone(&storage), Arc::clone(&next));
        async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= trails {
                    return;
                }
                let mut trail = [0; 32];
                trail[..8].copy_from_slice(&number.to_be_bytes());
                let keys = vec![NewTrailKeys::generate(trail).unwrap()];
                let records = vec![Draft { kind: 1, payload: Zeroizing::new(vec![7; PAYLOAD]) }];
                storage.commit(Commit { keys, records }).await.unwrap();
            }
        }
    };
    let writers: Vec<_> = (0..64).map(|_| runtime.spawn(writer())).collect();
    writers.into_iter().for_each(|writer| runtime.block_on(writer).unwrap());
}

/// Bytes of all files below a folder, as they are allocated.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let found = entry.metadata().unwrap();
            if found.is_dir() { size(&entry.path()) } else { found.blocks() * 512 }
        })
        .sum()
}

async fn write(storage: Arc<Storage>, stop: Arc<AtomicBool>, count: Arc<AtomicU64>) -> Vec<Duration> {
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let records = vec![Draft { kind: 1, payload: Zeroizing::new(vec![7; PAYLOAD]) }];
        storage.commit(Commit { keys: vec![], records }).await.unwrap();
        count.fetch_add(1, Ordering::Relaxed);
        times.push(began.elapsed());
    }
    times
}

/// What a start costs: everything is read and checked; then once more without the index.
fn reopen(dir: &Path) {
    let open = || {
        let began = Instant::now();
        let storage = Storage::open(dir, &key(), Options::default(), project).unwrap();
        (began.elapsed(), storage)
    };
    let (checked, storage) = open();
    let records = storage.records(Position::START).count();
    drop(storage);
    std::fs::remove_dir_all(dir.join("index")).unwrap();
    let (rebuilt, _) = open();
    println!("    {records} records: opened in {checked:?}, with the index rebuilt in {rebuilt:?}");
}

fn project(record: &Record) -> Vec<IndexWrite> {
    let value = IndexValue::try_from(vec![7; 64]).unwrap();
    vec![IndexWrite::put(TREE, &record.position.number().to_be_bytes(), value).unwrap()]
}

fn key() -> StorageKey {
    StorageKey::new(Zeroizing::new(KEY))
}
