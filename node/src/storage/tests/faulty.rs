//! A disk that does one thing wrong, for some of its files.

use super::*;
use crate::disk::DiskFile;
use std::io;
use std::sync::Mutex;

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// Syncs say that they were done.
    NoSync,
    /// Writes and syncs say that they were done.
    NoWrite,
    /// A write stops in the middle: no space.
    FullWrite,
    /// A sync fails.
    BadSync,
}

/// The disk; clones are the same one.
#[derive(Clone)]
pub(super) struct FaultyDisk {
    inner: Arc<dyn Disk>,
    files: &'static str,
    fault: Arc<Mutex<Fault>>,
}

impl FaultyDisk {
    /// Does something wrong with the files whose paths begin with `files`.
    pub(super) fn new(inner: &SimulatedDisk, files: &'static str, fault: Fault) -> Self {
        Self::over(Arc::new(inner.clone()), files, fault)
    }

    /// The same over any disk.
    pub(super) fn over(inner: Arc<dyn Disk>, files: &'static str, fault: Fault) -> Self {
        Self { inner, files, fault: Arc::new(Mutex::new(fault)) }
    }

    pub(super) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    fn wrap(&self, path: &str, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        if path.starts_with(self.files) {
            return Arc::new(FaultyFile { inner: file, fault: Arc::clone(&self.fault) });
        }
        file
    }
}

impl Disk for FaultyDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.inner.list(folder)
    }
    fn create_folder(&self, path: &str) -> io::Result<()> {
        self.inner.create_folder(path)
    }
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(path, self.inner.create(path)?))
    }
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(path, self.inner.open(path)?))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, path: &str) -> io::Result<()> {
        self.inner.remove(path)
    }
    fn free(&self) -> io::Result<u64> {
        self.inner.free()
    }
    fn sync_folder(&self, path: &str) -> io::Result<()> {
        self.inner.sync_folder(path)
    }
}

struct FaultyFile {
    inner: Arc<dyn DiskFile>,
    fault: Arc<Mutex<Fault>>,
}

impl FaultyFile {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }
}

impl DiskFile for FaultyFile {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.inner.read_at(offset, buffer)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        match self.fault() {
            Fault::NoWrite => Ok(()),
            Fault::FullWrite => {
                self.inner.write_at(offset, &bytes[..bytes.len() / 2])?;
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => self.inner.write_at(offset, bytes),
        }
    }
    fn allocate(&self, length: u64) -> io::Result<()> {
        self.inner.allocate(length)
    }
    fn set_len(&self, length: u64) -> io::Result<()> {
        self.inner.set_len(length)
    }
    fn sync(&self) -> io::Result<()> {
        match self.fault() {
            Fault::NoWrite | Fault::NoSync => Ok(()),
            Fault::BadSync => Err(io::Error::other("input/output error (made by the test)")),
            _ => self.inner.sync(),
        }
    }
}
