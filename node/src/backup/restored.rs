//! The mark in a folder that was restored and that no node has opened since. [BAK-50]

use std::fs::File;
use std::path::Path;

use super::BackupError;
use super::error::io;

/// Its name in the data folder.
pub const RESTORED: &str = "RESTORED";

/// From which backup a folder was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Which.
    pub number: u64,
    /// When it was made, seconds since 1970.
    pub made: u64,
}

impl Restored {
    /// Reads the mark; none: the folder was not restored, or a node has begun a new incarnation since.
    ///
    /// # Errors
    /// [`BackupError`]: it is there and cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, BackupError> {
        let path = folder.join(RESTORED);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(io("reading", &path))?,
        };
        let damaged = || BackupError::Damaged { file: RESTORED.to_owned(), what: "it is not as it was written" };
        Self::parse(&text).map(Some).ok_or_else(damaged)
    }

    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let rest = std::str::from_utf8(text).ok()?.strip_prefix("uput restored 1\nnumber ")?;
        let (number, made) = rest.split_once("\nmade ")?;
        Some(Self { number: number.parse().ok()?, made: made.trim_end().parse().ok()? })
    }

    pub(super) fn text(&self) -> String {
        format!("uput restored 1\nnumber {}\nmade {}\n", self.number, self.made)
    }

    /// Takes the mark away, durably.
    ///
    /// # Errors
    /// [`BackupError::Io`].
    pub fn remove(folder: &Path) -> Result<(), BackupError> {
        let path = folder.join(RESTORED);
        std::fs::remove_file(&path).map_err(io("removing", &path))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("syncing", folder))
    }
}
