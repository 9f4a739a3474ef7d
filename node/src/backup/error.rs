//! Why a backup is not made, not good, or not taken, in words for whoever runs the node.

use std::io;
use std::path::Path;

use crate::exit::{Exit, Failure};
use crate::storage::StorageError;

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// [BAK-10]
    #[error(
        "a backup goes to at least two recipients who are not the same: one key that is lost or stolen must not decide"
    )]
    TooFewRecipients,
    /// Not what age-keygen writes.
    #[error("{0} is no recipient: it must be the line that begins with age1")]
    NotARecipient(String),
    /// No key in it.
    #[error("{0} holds no line that begins with AGE-SECRET-KEY-1")]
    NotAnIdentity(String),
    /// [BAK-13]
    #[error("the keys of key books must lie elsewhere than the backups: whoever finds the one must not find the other")]
    OnePlace,
    /// Another one is being made.
    #[error("another backup is being made into this folder")]
    InUse,
    /// [BAK-23]
    #[error("{0}; begin a new chain in an empty folder")]
    BrokenChain(&'static str),
    /// The node was erasing all the time.
    #[error("the folder changed each time that it was read; try again")]
    Restless,
    /// The keys do not open it.
    #[error("{0} was not made for this key")]
    WrongKey(String),
    /// Changed, truncated, or something else.
    #[error("{file} is not as it was made ({what})")]
    Damaged {
        /// Which file.
        file: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// [BAK-31]
    #[error("{file} does not follow the one before it ({what}): a file of another backup or of an earlier time")]
    OutOfOrder {
        /// Which file.
        file: String,
        /// What differs.
        what: &'static str,
    },
    /// [BAK-32]
    #[error(
        "backup {newest} was begun, and the newest here is {found}: if making it was cut off, --number {found} is the \
             newest there is; if it was made it is missing here, and what came between them is not in {found}"
    )]
    RolledBack {
        /// The newest that was made.
        newest: u64,
        /// The newest that is here.
        found: u64,
    },
    /// No backup of that number.
    #[error("there is no backup {0} here")]
    Missing(u64),
    /// [BAK-14]
    #[error(
        "the key of the key book of backup {0} is not here: past its bound it is destroyed, and with it every trail"
    )]
    PastItsBound(u64),
    /// [BAK-2]
    #[error(
        "the folder of keys has keys of another chain: give a folder of its own, and destroy the other one within 30 \
             days"
    )]
    KeysOfAnother,
    /// The data folder, or what became of it.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The disk.
    #[error("{0}")]
    Io(String),
    /// The node's key file.
    #[error("{0}")]
    KeyFile(String),
}

/// For `map_err`: what was being done with which file.
pub(super) fn io(doing: &str, path: &Path) -> impl Fn(io::Error) -> BackupError {
    let place = format!("{doing} {}", path.display());
    move |error| BackupError::Io(format!("{place}: {error}"))
}

impl BackupError {
    /// The exit code of a command that ends so. [BAK-40]
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::TooFewRecipients
            | Self::NotARecipient(_)
            | Self::OnePlace
            | Self::KeysOfAnother
            | Self::Missing(_) => Exit::Usage,
            Self::NotAnIdentity(_) | Self::WrongKey(_) | Self::PastItsBound(_) | Self::KeyFile(_) => Exit::Key,
            Self::InUse | Self::Restless | Self::Io(_) => Exit::Failed,
            _ => Exit::Folder,
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        Self::new(error.exit(), &error)
    }
}
