//! The storage as a whole, on a simulated disk and on a real one.

mod door;

use super::{Commit, Draft, IndexHome, NewTrailKeys, Options, Position, Record, Storage, StorageError};
use crate::disk::{Disk, SimulatedDisk};
use crate::seal::StorageKey;
use crate::store::{IndexValue, IndexWrite, Tree};
use std::sync::Arc;
use zeroize::Zeroizing;

const TREE: Tree = Tree::new("payload");
/// Small, so that a few commits fill several segments.
const SMALL: Options = Options { reserve: 4096, segment: 4096, group: 1024 };

fn key() -> StorageKey {
    StorageKey::new(Zeroizing::new([0x5A; 32]))
}

/// A disk with a fresh data folder.
fn made() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    Storage::create_on(&shared, &key(), SMALL).unwrap();
    disk
}

fn open(disk: impl Disk + 'static) -> Result<Storage, StorageError> {
    Storage::open_on(Arc::new(disk), IndexHome::Memory, &key(), SMALL, project)
}

/// The index maps a record's position to the first bytes of its payload.
fn project(record: &Record) -> Vec<IndexWrite> {
    let value = record.payload.iter().copied().take(64).collect::<Vec<_>>();
    let value = IndexValue::try_from(value).unwrap();
    vec![IndexWrite::put(TREE, &record.position.number().to_be_bytes(), value).unwrap()]
}

fn draft(payload: &[u8]) -> Draft {
    Draft { kind: 7, payload: Zeroizing::new(payload.to_vec()) }
}

fn commit(storage: &Storage, payloads: &[&[u8]], keys: Vec<NewTrailKeys>) -> Vec<Position> {
    let records = payloads.iter().map(|payload| draft(payload)).collect();
    wait(storage.commit(Commit { keys, records })).unwrap().into_inner()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
