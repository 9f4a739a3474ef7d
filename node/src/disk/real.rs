//! The disk of this machine.
//!
//! Guarantees: files and folders are readable by their owner only; a sync is a real one; an error names the file inside the
//! folder, which says nothing of anybody. Leaves to others: locking the folder against a second process.

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
        for entry in fs::read_dir(self.path(folder)).map_err(of(folder))? {
            names.push(entry.map_err(of(folder))?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn create_folder(&self, path: &str) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(self.path(path)).map_err(of(path))
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        RealFile::open(&options, &self.path(path), path)
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        RealFile::open(OpenOptions::new().read(true).write(true), &self.path(path), path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to)).map_err(of(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(path)).map_err(of(path))
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
        File::open(self.path(path)).and_then(|folder| folder.sync_all()).map_err(of(path))
    }
}

/// A file, and its path inside the folder when it was opened.
struct RealFile {
    file: File,
    path: String,
}

impl RealFile {
    fn open(options: &OpenOptions, at: &Path, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = options.open(at).map_err(of(path))?;
        Ok(Arc::new(Self { file, path: path.to_owned() }))
    }
}

impl DiskFile for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata().map_err(of(&self.path))?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset).map_err(of(&self.path))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset).map_err(of(&self.path))
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        let allocated = match fallocate(&self.file, FallocateFlags::empty(), 0, length) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill(&self.file, length),
            allocated => allocated.map_err(io::Error::from),
        };
        allocated.map_err(of(&self.path))
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length).map_err(of(&self.path))
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data().map_err(of(&self.path))
    }
}

/// For `map_err`: says which file it was, and stays of the same kind. [NOD-11]
fn of(path: &str) -> impl Fn(io::Error) -> io::Error + '_ {
    let path = if path.is_empty() { "the folder" } else { path };
    move |error| io::Error::new(error.kind(), format!("{path}: {error}"))
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
    let mut at = file.metadata()?.len();
    while at < length {
        let part = usize::try_from(length - at).unwrap_or(usize::MAX).min(zeros.len());
        let (zeros, _) = zeros.split_at(part);
        file.write_all_at(zeros, at)?;
        at += part as u64;
    }
    Ok(())
}
