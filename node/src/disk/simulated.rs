//! A disk in memory that remembers every operation, so that its power can be cut after each.
//!
//! Guarantees: it behaves like a real disk to its user; [`SimulatedDisk::after`] gives a disk as
//! a machine might find it when the power failed at that point, under one of several models, and
//! the same seed gives the same disk. Leaves to others: deciding what had to survive.

use super::power::{Dice, Operation, PowerLoss, Survivor, folder_of, write};
use super::{Disk, DiskFile};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

    fn size(&self) -> io::Result<u64> {
        Ok(self.state().capacity.unwrap_or(u64::MAX))
    }

    fn taken(&self) -> io::Result<u64> {
        Ok(self.state().used())
    }

    fn free(&self) -> io::Result<u64> {
        let state = self.state();
        Ok(state.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(state.used())))
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

fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
