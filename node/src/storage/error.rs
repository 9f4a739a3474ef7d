//! What can go wrong with a data folder, in words for the person who runs it.

use crate::journal::Position;
use crate::seal::NoRandomness;
use crate::store::StoreError;
use std::io;

/// Why a data folder was not made, not opened or not read.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No `FORMAT` file, or not ours: nothing was touched.
    #[error("this folder is not a node's data folder; nothing in it was touched")]
    Foreign,
    /// Written by a newer version: nothing was touched.
    #[error("this data folder has format {0}, which this version cannot read; nothing in it was touched")]
    Newer(u32),
    /// Holds records that a newer version wrote and that none may pass over: nothing was touched.
    #[error(
        "this data folder holds records of kind {0}, which this version does not know and must not pass over; nothing in it \
         was touched. Start the version of uputd that wrote them, or a later one"
    )]
    NewerRecords(u16),
    /// The storage key is another one: nothing was touched.
    #[error("this is not the storage key of this data folder; nothing in it was touched")]
    WrongKey,
    /// Another process has the folder open.
    #[error("another process has this data folder open")]
    InUse,
    /// A new folder was asked for where one, or the rest of one, already is.
    #[error("{0} already exists here; a data folder is made only where there is none")]
    Exists(String),
    /// A file is not what was acknowledged. A copy lies in `quarantine`, the file is as it was found.
    #[error(
        "{file} is damaged ({what}); it was left as it is; if it could be copied, the copy lies in quarantine. \
         Keep this folder, and restore it from its newest backup"
    )]
    Damaged {
        /// Path inside the data folder.
        file: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// There is no record at this position.
    #[error("the journal has no record {0}")]
    NoSuchRecord(Position),
    /// The disk failed.
    #[error("{doing}: {source}; see to the disk, then try again")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The disk is full.
    #[error("the disk is full; make space, nothing acknowledged is lost")]
    Full,
    /// The index failed; reopening rebuilds it.
    #[error(transparent)]
    Index(#[from] StoreError),
    /// The system gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The storage is closing.
    #[error("the storage is closed")]
    Closed,
}

impl StorageError {
    /// Whether reading again would end the same way: what was asked for is damaged or gone, not out of reach.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::NoSuchRecord(_))
    }

    pub(crate) fn damaged(file: &str, what: &'static str) -> Self {
        Self::Damaged { file: file.to_owned(), what }
    }

    /// For `map_err`: a file that is not there is damage, and one that cannot be reached now is not. [NOD-5]
    pub(crate) fn gone(file: &str, what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::damaged(file, what),
            _ => Self::Io { doing: "opening the data folder", source },
        }
    }

    /// For `map_err`: says what was being done.
    pub(crate) fn io(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

/// Why a commit was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// No space: nothing of this commit was kept; reading goes on.
    #[error("the disk is full: nothing was recorded; make space and try again")]
    Full,
    /// More than one commit may hold: nothing of it was kept.
    #[error("a commit of {0} bytes is beyond what the journal takes")]
    TooLarge(usize),
    /// The trail already has keys, perhaps from a commit that was cut off: use those. Nothing of
    /// this commit was kept.
    #[error("this trail already has keys")]
    KeysExist,
    /// Recorded and durable, but the index could not follow: reopen, which rebuilds it.
    #[error("recorded, but the index failed; restart the node to rebuild it")]
    IndexFailed,
    /// An earlier commit left the index behind: nothing is recorded until the storage is reopened.
    #[error("not recorded: the index failed earlier; restart the node to rebuild it")]
    IndexBehind,
    /// The system gave no randomness: nothing was kept.
    #[error("not recorded: the system gave no randomness")]
    NoRandomness,
    /// The storage is closing.
    #[error("not recorded: the storage is closed")]
    Closed,
}
