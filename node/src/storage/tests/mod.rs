//! The storage as a whole, on a simulated disk and on a real one.
//!
//! The campaigns of [`power`] and [`corruption`] are compiled a second time by the example `storage_campaign`, which
//! runs them with a seed and a count; the tests run a slice.

#![allow(clippy::print_stdout, reason = "a campaign prints its figures")]

pub(crate) mod corruption;
#[cfg(test)]
mod door;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod faults;
mod faulty;
#[cfg(test)]
mod killed;
pub(crate) mod power;
#[cfg(test)]
mod rebuilt;
#[cfg(test)]
mod repair;
#[cfg(test)]
mod teeth;
#[cfg(test)]
mod upgrade;
mod workload;

use super::{Commit, Draft, IndexHome, NewTrailKeys, Options, Position, Record, Storage, StorageError};
use crate::disk::{Disk, SimulatedDisk};
use crate::seal::StorageKey;
use crate::store::{IndexValue, IndexWrite, Tree};
use faulty::{Fault, FaultyDisk};
use std::sync::Arc;
use zeroize::Zeroizing;

const TREE: Tree = Tree::new("payload");
/// Small, so that a few commits fill several segments.
const SMALL: Options = Options { reserve: 4096, segment: 4096, group: 1024, knows: |_| true };

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
    Storage::open_on(with_mutant(Arc::new(disk)), IndexHome::Memory, &key(), SMALL, project)
}

/// Names the fault that [`teeth`] plants into the processes that it starts.
const MUTANT: &str = "UPUT_TEST_MUTANT";

/// The disk as a committer would use it that forgot the journal's sync, or the head: what is not called and what does
/// nothing leave the same bytes.
fn with_mutant(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    match std::env::var(MUTANT).as_deref() {
        Ok("sync removed") => Arc::new(FaultyDisk::over(disk, "journal", Fault::NoSync)),
        Ok("head removed") => Arc::new(FaultyDisk::over(disk, "head", Fault::NoWrite)),
        _ => disk,
    }
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

/// How many times a campaign repeats; an environment variable makes it longer.
fn rounds(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A small seeded generator (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound.max(1) as u64) as usize
    }
}
