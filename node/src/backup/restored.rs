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
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(io("reading", &path))?,
        };
        let parsed = text.strip_prefix("uput restored 1\nnumber ").and_then(|rest| rest.split_once("\nmade "));
        let parsed = parsed.and_then(|(number, made)| Some((number.parse().ok()?, made.trim_end().parse().ok()?)));
        let (number, made) =
            parsed.ok_or(BackupError::Damaged { file: RESTORED.to_owned(), what: "it is not as it was written" })?;
        Ok(Some(Self { number, made }))
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
