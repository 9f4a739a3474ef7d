//! A disk in memory that remembers every operation, so that its power can be cut after each.
//!
//! Guarantees: it behaves like a real disk to its user; [`SimulatedDisk::after`] gives a disk as
//! a machine might find it when the power failed at that point, under one of several models, and
//! the same seed gives the same disk. Leaves to others: deciding what had to survive.

use super::{Disk, DiskFile};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a power loss does to operations that no sync made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerLoss {
    /// Nothing un-synced survives: neither bytes nor names.
    Unsynced,
    /// Of each un-synced write, each sector of 512 bytes survives or not.
    Torn,
    /// Each un-synced operation survives or not, whatever came before or after it.
    Reordered,
    /// All bytes survive, un-synced names do not.
    Names,
}

impl PowerLoss {
    /// Every model.
    pub const ALL: [Self; 4] = [Self::Unsynced, Self::Torn, Self::Reordered, Self::Names];
}

/// The disk; clones are the same disk.
#[derive(Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: Vec<Vec<u8>>,
    names: BTreeMap<String, usize>,
    log: Vec<Operation>,
    capacity: Option<u64>,
}

enum Operation {
    Write { file: usize, offset: u64, bytes: Vec<u8> },
    Resize { file: usize, length: u64 },
    Sync { file: usize },
    Name { path: String, file: usize },
    Rename { from: String, to: String },
    Remove { path: String },
    SyncFolder { folder: String },
}

impl SimulatedDisk {
    /// An empty disk of unlimited size.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on all files together may have this many bytes (`None`: no limit).
    pub fn limit(&self, capacity: Option<u64>) {
        self.state().capacity = capacity;
    }

    /// Bytes in all named files.
    pub fn used(&self) -> u64 {
        self.state().used()
    }

    /// How many operations were recorded.
    pub fn operations(&self) -> usize {
        self.state().log.len()
    }

    /// Everything that ever had a name and its last content, also what was removed since.
    pub fn remains(&self) -> Vec<Vec<u8>> {
        self.state().files.clone()
    }

    /// Names and contents of all files.
    pub fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let content = |file: &usize| state.files.get(*file).cloned().unwrap_or_default();
        state.names.iter().map(|(name, file)| (name.clone(), content(file))).collect()
    }

    /// A disk with these files, all durable.
    pub fn from_snapshot(files: BTreeMap<String, Vec<u8>>) -> Self {
        let disk = Self::new();
        {
            let mut state = disk.state();
            for (name, bytes) in files {
                let file = state.files.len();
                let length = bytes.len() as u64;
                state.log.push(Operation::Name { path: name.clone(), file });
                state.log.push(Operation::SyncFolder { folder: folder_of(&name).to_owned() });
                state.log.push(Operation::Write { file, offset: 0, bytes: bytes.clone() });
                state.log.push(Operation::Resize { file, length });
                state.log.push(Operation::Sync { file });
                state.files.push(bytes);
                state.names.insert(name, file);
            }
        }
        disk
    }

    /// The disk that is found when the power failed after the first `operations`.
    pub fn after(&self, operations: usize, loss: PowerLoss, seed: u64) -> Self {
        let state = self.state();
        let mut survivor = Survivor::default();
        for operation in state.log.iter().take(operations) {
            survivor.note(operation);
        }
        Self::from_snapshot(survivor.fail(loss, &mut Dice(seed)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = *self.state().names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(SimulatedFile { disk: self.clone(), file }))
    }
}

impl State {
    fn used(&self) -> u64 {
        let length = |file: &usize| self.files.get(*file).map_or(0, |bytes| bytes.len() as u64);
        self.names.values().map(length).sum()
    }

    fn resize(&mut self, file: usize, length: u64) -> io::Result<()> {
        let (used, capacity) = (self.used(), self.capacity);
        let bytes = self.files.get_mut(file).ok_or(io::ErrorKind::NotFound)?;
        let grown = length.saturating_sub(bytes.len() as u64);
        if grown > 0 && capacity.is_some_and(|capacity| used + grown > capacity) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        bytes.resize(usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?, 0);
        Ok(())
    }
}

impl Disk for SimulatedDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let state = self.state();
        let inside = state.names.keys().filter(|path| folder_of(path) == folder);
        Ok(inside.map(|path| name_of(path).to_owned()).collect())
    }

    fn create_folder(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = state.files.len();
        state.files.push(Vec::new());
        state.names.insert(path.to_owned(), file);
        state.log.push(Operation::Name { path: path.to_owned(), file });
        drop(state);
        self.file(path)
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.file(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let file = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), file);
        state.log.push(Operation::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.state();
        state.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        state.log.push(Operation::Remove { path: path.to_owned() });
        Ok(())
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        self.state().log.push(Operation::SyncFolder { folder: path.to_owned() });
        Ok(())
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    file: usize,
}

impl DiskFile for SimulatedFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().files.get(self.file).map_or(0, |bytes| bytes.len() as u64))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let state = self.disk.state();
        let bytes = state.files.get(self.file).map_or(&[] as &[u8], Vec::as_slice);
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = start.saturating_add(buffer.len());
        buffer.copy_from_slice(bytes.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let end = offset.saturating_add(bytes.len() as u64);
        if end > state.files.get(self.file).map_or(0, |bytes| bytes.len() as u64) {
            state.resize(self.file, end)?;
        }
        if let Some(content) = state.files.get_mut(self.file) {
            write(content, offset, bytes);
        }
        state.log.push(Operation::Write { file: self.file, offset, bytes: bytes.to_vec() });
        Ok(())
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        if self.len()? < length {
            self.set_len(length)?;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.resize(self.file, length)?;
        state.log.push(Operation::Resize { file: self.file, length });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.state().log.push(Operation::Sync { file: self.file });
        Ok(())
    }
}

/// What is durable, and what waits for a sync, while the recorded operations pass by.
#[derive(Default)]
struct Survivor<'a> {
    files: BTreeMap<usize, (Vec<u8>, Vec<&'a Operation>)>,
    names: BTreeMap<String, usize>,
    renamed: Vec<&'a Operation>,
}

impl<'a> Survivor<'a> {
    fn note(&mut self, operation: &'a Operation) {
        match operation {
            Operation::Write { file, .. } | Operation::Resize { file, .. } => {
                self.files.entry(*file).or_default().1.push(operation);
            }
            Operation::Sync { file } => {
                let (durable, waiting) = self.files.entry(*file).or_default();
                waiting.drain(..).for_each(|operation| apply(durable, operation));
            }
            Operation::SyncFolder { folder } => {
                let (synced, waiting) = std::mem::take(&mut self.renamed)
                    .into_iter()
                    .partition(|operation| folder_changed(operation) == Some(folder));
                self.renamed = waiting;
                synced.into_iter().for_each(|operation| self.name(operation));
            }
            Operation::Name { .. } | Operation::Rename { .. } | Operation::Remove { .. } => {
                self.renamed.push(operation);
            }
        }
    }

    fn name(&mut self, operation: &Operation) {
        match operation {
            Operation::Name { path, file } => {
                self.names.insert(path.clone(), *file);
            }
            Operation::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Operation::Remove { path } => {
                self.names.remove(path);
            }
            Operation::Write { .. }
            | Operation::Resize { .. }
            | Operation::Sync { .. }
            | Operation::SyncFolder { .. } => {}
        }
    }

    fn fail(mut self, loss: PowerLoss, dice: &mut Dice) -> BTreeMap<String, Vec<u8>> {
        let keeps_names = matches!(loss, PowerLoss::Torn | PowerLoss::Reordered);
        for operation in std::mem::take(&mut self.renamed) {
            if keeps_names && dice.even() {
                self.name(operation);
            }
        }
        for (durable, waiting) in self.files.values_mut() {
            for operation in waiting.drain(..) {
                match loss {
                    PowerLoss::Unsynced => {}
                    PowerLoss::Names => apply(durable, operation),
                    PowerLoss::Reordered if dice.even() => apply(durable, operation),
                    PowerLoss::Reordered => {}
                    PowerLoss::Torn => tear(durable, operation, dice),
                }
            }
        }
        let content = |file| self.files.get(&file).map(|(bytes, _)| bytes.clone()).unwrap_or_default();
        self.names.iter().map(|(name, file)| (name.clone(), content(*file))).collect()
    }
}

fn apply(content: &mut Vec<u8>, operation: &Operation) {
    match operation {
        Operation::Write { offset, bytes, .. } => write(content, *offset, bytes),
        Operation::Resize { length, .. } => {
            content.resize(usize::try_from(*length).unwrap_or_default(), 0);
        }
        _ => {}
    }
}

fn tear(content: &mut Vec<u8>, operation: &Operation, dice: &mut Dice) {
    const SECTOR: u64 = 512;
    let Operation::Write { offset, bytes, .. } = operation else {
        return apply(content, operation);
    };
    let (mut at, mut rest) = (*offset, bytes.as_slice());
    while !rest.is_empty() {
        let room = usize::try_from(SECTOR - at % SECTOR).unwrap_or_default();
        let (sector, left) = rest.split_at(room.min(rest.len()));
        if dice.even() {
            write(content, at, sector);
        }
        at += sector.len() as u64;
        rest = left;
    }
}

fn write(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let start = usize::try_from(offset).unwrap_or_default();
    let end = start.saturating_add(bytes.len());
    if content.len() < end {
        content.resize(end, 0);
    }
    if let Some(place) = content.get_mut(start..end) {
        place.copy_from_slice(bytes);
    }
}

fn folder_changed(operation: &Operation) -> Option<&str> {
    match operation {
        Operation::Name { path, .. } | Operation::Remove { path } => Some(folder_of(path)),
        Operation::Rename { to, .. } => Some(folder_of(to)),
        _ => None,
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// A small seeded generator (SplitMix64), so that a failing point can be replayed.
struct Dice(u64);

impl Dice {
    fn even(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) & 1 == 0
    }
}
