//! The few things a disk must do for us, so that the same code runs on a real one and on one whose
//! power we can cut at any point.
//!
//! Guarantees of an implementation: nothing is durable before [`DiskFile::sync`] (bytes and length)
//! or [`Disk::sync_folder`] (names) returned `Ok`; afterwards it is. No order holds between two
//! un-synced operations. A failed sync says nothing about what is durable: callers must not retry.
//! Paths are relative to one data folder, with `/`. What an attacker gains if the disk lies: old or
//! missing bytes; the callers authenticate all they read.

mod power;
mod real;
mod simulated;

pub use power::PowerLoss;
pub use real::RealDisk;
pub(crate) use real::taken;
pub use simulated::SimulatedDisk;

use std::io;
use std::sync::Arc;

/// Names and files of one data folder.
pub trait Disk: Send + Sync {
    /// The names in a folder, sorted.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
    /// Makes a folder; it may exist.
    fn create_folder(&self, path: &str) -> io::Result<()>;
    /// Makes an empty file that must not exist.
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens an existing file for reading and writing.
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Gives a file another name, atomically replacing what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file's name.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &str) -> io::Result<()>;

    /// Bytes that can still be written to this disk.
    fn free(&self) -> io::Result<u64>;
    /// Bytes that the disk has, free or not; one that does not say is large.
    fn size(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }
    /// Bytes that the files of the folder take, at most a second ago; a disk that does not say gives them nothing.
    fn taken(&self) -> io::Result<u64> {
        Ok(0)
    }

    /// The whole content of a file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.open(path)?.read_all()
    }

    /// Writes a small file so that under its name stands all of it or what stood there before.
    fn replace(&self, folder: &str, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let (fresh, path) = (join(folder, &format!("{name}.new")), join(folder, name));
        match self.remove(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let file = self.create(&fresh)?;
        file.write_at(0, bytes)?;
        file.sync().map_err(Failure::Fatal)?;
        self.rename(&fresh, &path)?;
        self.sync_folder(folder).map_err(Failure::Fatal)
    }
}

/// One file.
#[allow(clippy::len_without_is_empty, reason = "nobody asks whether a file on disk is empty")]
pub trait DiskFile: Send + Sync {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Fills `buffer` from `offset`; an early end is `UnexpectedEof`.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Grows the file to `length` zero bytes whose space is taken now, or fails with no space.
    fn allocate(&self, length: u64) -> io::Result<()>;
    /// Cuts or grows the file.
    fn set_len(&self, length: u64) -> io::Result<()>;
    /// Makes bytes and length durable.
    fn sync(&self) -> io::Result<()>;

    /// The whole content.
    fn read_all(&self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = vec![0; length];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }
}

/// Why something could not be written.
#[derive(Debug)]
pub enum Failure {
    /// No space: nothing is damaged, and nothing of it counts.
    Full,
    /// Anything else, above all a failed sync: what is durable is not known any more, and no retry
    /// can find out.
    Fatal(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Fatal(error),
        }
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
