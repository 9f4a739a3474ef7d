//! The disk of this machine.
//!
//! Guarantees: files and folders are readable by their owner only; a sync is a real one. Leaves to
//! others: locking the folder against a second process.

use super::{Disk, DiskFile};
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One folder of the real file system.
pub struct RealDisk {
    root: PathBuf,
    /// What its files took when they were last measured.
    measured: Mutex<Option<(Instant, u64)>>,
}

/// What was measured is believed so long.
const BELIEVED: Duration = Duration::from_secs(1);

impl RealDisk {
    /// A disk that sees nothing outside `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), measured: Mutex::new(None) }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

impl Disk for RealDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path(folder))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn create_folder(&self, path: &str) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(self.path(path))
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        Ok(Arc::new(options.open(self.path(path))?))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(OpenOptions::new().read(true).write(true).open(self.path(path))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(path))
    }

    fn free(&self) -> io::Result<u64> {
        let found = statvfs(&self.root)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn size(&self) -> io::Result<u64> {
        let found = statvfs(&self.root)?;
        Ok(found.f_blocks.saturating_mul(found.f_frsize))
    }

    fn taken(&self) -> io::Result<u64> {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        match *measured {
            Some((when, bytes)) if when.elapsed() < BELIEVED => Ok(bytes),
            _ => {
                let bytes = taken(&self.root)?;
                *measured = Some((Instant::now(), bytes));
                Ok(bytes)
            }
        }
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        File::open(self.path(path))?.sync_all()
    }
}

impl DiskFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        FileExt::read_exact_at(self, buffer, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        match fallocate(self, FallocateFlags::empty(), 0, length) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill(self, length),
            allocated => Ok(allocated?),
        }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        File::set_len(self, length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Bytes that a folder's files take on the disk; what goes away meanwhile takes none.
pub(crate) fn taken(folder: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut bytes = 0_u64;
    for entry in entries {
        let entry = entry?;
        bytes = bytes.saturating_add(match entry.metadata() {
            Ok(found) if found.is_dir() => taken(&entry.path())?,
            Ok(found) => found.blocks().saturating_mul(512),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        });
    }
    Ok(bytes)
}

/// For file systems that cannot reserve.
fn fill(file: &File, length: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = DiskFile::len(file)?;
    while at < length {
        let part = usize::try_from(length - at).unwrap_or(usize::MAX).min(zeros.len());
        let (zeros, _) = zeros.split_at(part);
        FileExt::write_all_at(file, zeros, at)?;
        at += part as u64;
    }
    Ok(())
}
