//! The disk of a house: the node's simulated one, or one on which a call of the journal was forgotten.

use std::{io, sync::Arc};

use uput_node::disk::{Disk, DiskFile, SimulatedDisk};

/// A disk that makes durable what it is told to; with `forgets`, never the journal. A sync that does nothing leaves the
/// same bytes as one that the node forgot. [SIM-20]
pub struct HouseDisk {
    /// What there is.
    pub inner: SimulatedDisk,
    /// Whether syncs of the journal do nothing.
    pub forgets: bool,
}

struct Forgetful(Arc<dyn DiskFile>);

impl HouseDisk {
    fn wrap(&self, path: &str, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        if self.forgets && path.starts_with("journal") { Arc::new(Forgetful(file)) } else { file }
    }
}

impl Disk for HouseDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.inner.list(folder)
    }

    fn create_folder(&self, path: &str) -> io::Result<()> {
        self.inner.create_folder(path)
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.inner.create(path).map(|file| self.wrap(path, file))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.inner.open(path).map(|file| self.wrap(path, file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.inner.remove(path)
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        self.inner.sync_folder(path)
    }

    fn free(&self) -> io::Result<u64> {
        self.inner.free()
    }
}

impl DiskFile for Forgetful {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.0.allocate(length)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
