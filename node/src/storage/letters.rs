//! Letters that lie here for somebody else, each in a file of its own: beside the journal, which only grows. [RLY-14]
//!
//! Guarantees that a letter is on disk, whole, when [`Letters::keep`] returned, and gone when [`Letters::remove`] did; that
//! without the folder's key nobody reads who left it for whom. Leaves to others what letters mean, and how many there are.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use crate::disk::{Disk, Failure};
use crate::seal::SealKey;

/// Where they lie.
pub(super) const FOLDER: &str = "mailbox";
/// What a file is called that was not written to its end.
const FRESH: &str = ".new";

/// The letters of one folder.
pub struct Letters {
    disk: Arc<dyn Disk>,
    key: SealKey,
    /// The folder's own name is on disk.
    made: AtomicBool,
}

impl Letters {
    pub(super) fn new(disk: Arc<dyn Disk>, key: SealKey) -> Self {
        Self { disk, key, made: AtomicBool::new(false) }
    }

    /// Of a disk of its own.
    #[cfg(test)]
    pub(crate) fn on(disk: Arc<dyn Disk>, key: &[u8; 32]) -> Self {
        Self::new(disk, SealKey::new(key))
    }

    /// The numbers of what lies there, ascending. What a crash left half written is removed.
    ///
    /// # Errors
    /// Of the disk.
    pub fn numbers(&self) -> io::Result<Vec<u64>> {
        let names = match self.disk.list(FOLDER) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            names => names?,
        };
        for cut_off in names.iter().filter(|name| name.ends_with(FRESH)) {
            self.disk.remove(&format!("{FOLDER}/{cut_off}"))?;
        }
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Writes one, durably.
    ///
    /// # Errors
    /// Of the disk; then it is as if it had not been written.
    pub fn keep(&self, number: u64, plain: &[u8]) -> io::Result<()> {
        let sealed = self.key.seal(&aad(number), plain).map_err(|_| io::ErrorKind::Other)?;
        let written = self.make().and_then(|()| self.disk.replace(FOLDER, &name(number), &sealed));
        written.map_err(|failure| {
            // It may stand there all the same: nobody was told so.
            let _ = self.disk.remove(&path(number));
            // What was cut off takes room on a disk that has none.
            let _ = self.disk.remove(&format!("{}{FRESH}", path(number)));
            match failure {
                Failure::Full => io::ErrorKind::StorageFull.into(),
                Failure::Fatal(error) => error,
            }
        })
    }

    /// Reads one.
    ///
    /// # Errors
    /// Of the disk, and `InvalidData` if it is not as it was written.
    pub fn read(&self, number: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        let sealed = self.disk.read(&path(number))?;
        self.key.open(&aad(number), &sealed).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    /// Removes one, durably. One that is not there is no error.
    ///
    /// # Errors
    /// Of the disk.
    pub fn remove(&self, number: u64) -> io::Result<()> {
        match self.disk.remove(&path(number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.disk.sync_folder(FOLDER)
    }

    /// Makes the folder, before the first letter.
    fn make(&self) -> Result<(), Failure> {
        if !self.made.load(Ordering::Acquire) {
            self.disk.create_folder(FOLDER)?;
            self.disk.sync_folder("").map_err(Failure::Fatal)?;
            self.made.store(true, Ordering::Release);
        }
        Ok(())
    }
}

fn aad(number: u64) -> Vec<u8> {
    [b"uput/node/mailbox/".as_slice(), &number.to_be_bytes()].concat()
}

fn name(number: u64) -> String {
    format!("{number:020}")
}

fn path(number: u64) -> String {
    format!("{FOLDER}/{}", name(number))
}
