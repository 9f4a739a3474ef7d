//! The data folder of a node: journal, key book and index behind one door.
//!
//! Guarantees: what [`Storage::commit`] returned is durable and is there again, whole, after any
//! crash or power loss; a commit is kept whole or not at all; damage is found when the folder is
//! opened, and then nothing in it is changed; the index shows exactly what the records project to.
//! Leaves to others: what records mean, sealing them under trail keys ([`crate::seal`]), rollback of
//! the whole folder (peers, witnesses), backups.

pub mod command;
mod committer;
mod error;
pub(crate) mod folder;
mod letters;
mod opening;
mod queue;
mod rebuilding;
mod space;
#[cfg(test)]
mod tests;
mod upgrade;

pub use crate::journal::{Draft, MAX_PAYLOAD, Position, Record, Records};
pub use crate::keybook::{KeyKind, NewTrailKeys, TrailKey, TrailKeys};
pub use crate::seal::StorageKey;
pub use committer::Durable;
pub use error::{CommitError, StorageError};
pub use letters::Letters;
pub use opening::IndexHome;
pub use rebuilding::Rebuilt;
pub use space::{Left, Scarce};
pub use upgrade::PASSED_OVER;

use crate::disk::{Disk, RealDisk};
use crate::journal::Reader;
use crate::keybook::Keys;
use crate::seal::{NoRandomness, SealKey, Unreadable};
use crate::search::SearchKey;
use crate::store::{Index, IndexWrite};
use queue::Job;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// Sizes that tests make small, and what is known of records.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Bytes kept aside for a full disk.
    pub reserve: u64,
    /// Bytes of a journal segment: 4 KiB to 1 GiB.
    pub segment: usize,
    /// Commits that one sync may serve.
    pub group: usize,
    /// Which kinds of record the program knows. [UPG-2]
    pub knows: fn(u16) -> bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { reserve: 64 << 20, segment: 16 << 20, group: 1024, knows: |_| true }
    }
}

/// One thing that happened: kept whole or not at all. Its changes of the index are not given but
/// projected from its records, now and whenever the index is rebuilt, so that both cannot differ.
#[derive(Default)]
pub struct Commit {
    /// Keys of trails that have none yet.
    pub keys: Vec<NewTrailKeys>,
    /// The records, in order.
    pub records: Vec<Draft>,
}

/// A projection: the index changes of one record, a function of the record alone (no clock, no keys,
/// no index, no configuration), because it is computed again whenever the index is rebuilt. It must not panic.
pub trait Project: FnMut(&Record) -> Vec<IndexWrite> + Send + 'static {}
impl<F: FnMut(&Record) -> Vec<IndexWrite> + Send + 'static> Project for F {}

/// An open data folder.
pub struct Storage {
    journal: Arc<Reader>,
    index: Arc<Index>,
    keys: Arc<Keys>,
    full: Arc<AtomicBool>,
    space: Arc<space::Space>,
    shown: Arc<AtomicU64>,
    tokens: SealKey,
    letters: Arc<Letters>,
    search: SearchKey,
    parked: Vec<u16>,
    jobs: Option<UnboundedSender<Job>>,
    committer: Option<JoinHandle<()>>,
    #[cfg(feature = "simulation")]
    inline: committer::Inline,
    _lock: Option<File>,
}

impl Storage {
    /// Makes a data folder; other files may be in it, none of ours.
    pub fn create(dir: &Path, key: &StorageKey, options: Options) -> Result<(), StorageError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(dir));
        disk.create_folder("").map_err(StorageError::io("making the data folder"))?;
        folder::refuse_existing(disk.as_ref())?;
        let _lock = folder::lock(dir)?;
        Self::create_on(&disk, key, options)
    }

    /// Opens a data folder, checks all of it, and replays into the index what it lacks.
    pub fn open(dir: &Path, key: &StorageKey, options: Options, project: impl Project) -> Result<Self, StorageError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(dir));
        folder::Identity::read(disk.as_ref(), key)?;
        let lock = folder::lock(dir)?;
        rebuilding::remove_left_over(dir).map_err(StorageError::io("removing what a rebuilding left"))?;
        let home = IndexHome::Folder(dir.join(folder::INDEX), dir.join(folder::QUARANTINE));
        let mut storage = Self::open_on(disk, home, key, options, project)?;
        storage._lock = Some(lock);
        Ok(storage)
    }

    /// Records a commit. When it returns `Ok`, the records are durable and the index shows them [NOD-1]. If
    /// the future is dropped the commit may still be made.
    pub async fn commit(&self, commit: Commit) -> Result<Durable<Vec<Position>>, CommitError> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(CommitError::Closed)?;
        jobs.send(Job::Commit { commit, reply }).map_err(|_| CommitError::Closed)?;
        #[cfg(feature = "simulation")]
        {
            crate::simulated::disk_works().await;
            self.inline.work();
        }
        answer.await.map_err(|_| CommitError::Closed)?
    }

    /// Whether the disk was full when something was last to be recorded.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Kinds of records that were here at the start and that this program passes over: a newer one wrote them. [UPG-3]
    pub fn parked(&self) -> &[u16] {
        &self.parked
    }

    /// From now on all files of the folder together may take so many bytes; none: as many as the disk has. [STO-35]
    pub fn set_quota(&self, bytes: Option<u64>) {
        self.space.set_quota(bytes);
    }

    /// What is left for the folder. [STO-36]
    pub fn left(&self) -> Result<Left, StorageError> {
        self.space.left().map_err(StorageError::io("looking at the space"))
    }

    /// The record at a position.
    pub fn read(&self, at: Position) -> Result<Record, StorageError> {
        self.journal.read(at)
    }

    /// The records from a position on, up to the newest.
    pub fn records(&self, from: Position) -> Records<'_> {
        self.journal.records(from)
    }

    /// Where the next record will be.
    pub fn end(&self) -> Position {
        self.journal.end()
    }

    /// Up to where the index shows every record.
    pub fn shown(&self) -> Position {
        Position::new(self.shown.load(Ordering::Acquire))
    }

    /// The index, to be read; only commits write it.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The key under which words of this folder become digests. [CAS-61]
    pub fn search_key(&self) -> &SearchKey {
        &self.search
    }

    /// The keys of a trail: `None` if it never had any. Ask before making new ones: after a crash a
    /// trail can have keys and no records yet.
    pub fn trail_keys(&self, trail: &[u8; 32]) -> Option<TrailKeys> {
        self.keys.get(trail)
    }

    /// Seals a word that is given out and comes back, such as a cursor: nobody else reads one, or makes one.
    pub fn seal_token(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        self.tokens.seal(aad, plain)
    }

    /// Opens what [`Storage::seal_token`] made in this folder under the same `aad`.
    pub fn open_token(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        self.tokens.open(aad, sealed)
    }

    /// What lies here for others. [RLY-14]
    pub fn letters(&self) -> Arc<Letters> {
        Arc::clone(&self.letters)
    }

    /// Destroys one key of a trail, durably and for good. Blocks for a few syncs; the time grows with
    /// the number of trails.
    pub fn erase(&self, trail: &[u8; 32], which: KeyKind) -> Result<(), StorageError> {
        let (reply, answer) = mpsc::channel();
        let jobs = self.jobs.as_ref().ok_or(StorageError::Closed)?;
        jobs.send(Job::Erase { trail: *trail, which, reply }).map_err(|_| StorageError::Closed)?;
        #[cfg(feature = "simulation")]
        self.inline.work();
        answer.recv().map_err(|_| StorageError::Closed)?
    }

    /// Destroys several keys, as [`Storage::erase`] does one: the key book is written anew once for many of them.
    pub fn erase_all(&self, keys: &[([u8; 32], KeyKind)]) -> Result<(), StorageError> {
        let jobs = self.jobs.as_ref().ok_or(StorageError::Closed)?;
        let mut answers = Vec::with_capacity(keys.len());
        for (trail, which) in keys {
            let (reply, answer) = mpsc::channel();
            jobs.send(Job::Erase { trail: *trail, which: *which, reply }).map_err(|_| StorageError::Closed)?;
            answers.push(answer);
        }
        #[cfg(feature = "simulation")]
        self.inline.work();
        answers.into_iter().try_for_each(|answer| answer.recv().map_err(|_| StorageError::Closed)?)
    }
}

impl Drop for Storage {
    /// Finishes what was handed in, then closes.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(committer) = self.committer.take() {
            let _ = committer.join();
        }
    }
}
