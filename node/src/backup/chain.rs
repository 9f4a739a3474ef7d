//! How far the backups in a folder reach, for the next one: it begins where the last one ended. [BAK-23]

use std::path::Path;

use super::BackupError;
use super::error::io;
use super::manifest::{parse_reach, reach, unhex};
use crate::disk::{Disk, RealDisk};
use crate::journal::Reach;
use crate::seal::{FolderKey, fill_random};
use crate::storage::folder::hex;

/// Its name beside the backups.
pub(super) const CHAIN: &str = "CHAIN";

/// The chain in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// Its ID.
    pub(super) id: [u8; 16],
    /// How many backups are in it.
    pub(super) number: u64,
    /// SHA-256 of the last one's file.
    pub(super) last: [u8; 32],
    /// How far they reach.
    pub(super) to: Reach,
}

impl Chain {
    /// A chain of no backup.
    pub(super) fn begin() -> Result<Self, BackupError> {
        let mut id = [0; 16];
        fill_random(&mut id).map_err(|error| BackupError::Io(error.to_string()))?;
        Ok(Self { id, number: 0, last: [0; 32], to: Reach::START })
    }

    /// Reads it. None: the folder holds none. It is authentic, as nobody but the node's own keys made it.
    pub(super) fn read(folder: &Path, keys: &FolderKey) -> Result<Option<Self>, BackupError> {
        let path = folder.join(CHAIN);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(io("reading", &path))?,
        };
        Self::parse(&text, keys).map(Some).ok_or(BackupError::BrokenChain("its CHAIN is not what this node wrote"))
    }

    pub(super) fn write(&self, folder: &Path, keys: &FolderKey) -> Result<(), BackupError> {
        let path = folder.join(CHAIN);
        let plain = self.plain();
        let mac = hex(&keys.mac_key("uput/node/backup").mac(&[plain.as_bytes()]));
        let text = format!("{plain}mac {mac}\n");
        RealDisk::new(folder).replace("", CHAIN, text.as_bytes()).map_err(|failure| match failure {
            crate::disk::Failure::Full => io("writing", &path)(std::io::ErrorKind::StorageFull.into()),
            crate::disk::Failure::Fatal(error) => io("writing", &path)(error),
        })
    }

    fn plain(&self) -> String {
        let (id, last) = (hex(&self.id), hex(&self.last));
        format!("uput backup chain 1\nid {id}\nnumber {}\nlast {last}\nto {}\n", self.number, reach(&self.to))
    }

    fn parse(text: &str, keys: &FolderKey) -> Option<Self> {
        let (plain, mac) = text.split_at(text.rfind("mac ")?);
        let mac: [u8; 32] = unhex(mac.strip_prefix("mac ")?.strip_suffix('\n')?)?;
        keys.mac_key("uput/node/backup").verify(plain.as_bytes(), &mac).ok()?;
        let mut lines = plain.lines().skip(1);
        let mut line = |word: &str| lines.next()?.strip_prefix(word)?.strip_prefix(' ');
        Some(Self {
            id: unhex(line("id")?)?,
            number: line("number")?.parse().ok()?,
            last: unhex(line("last")?)?,
            to: parse_reach(line("to")?)?,
        })
    }
}
