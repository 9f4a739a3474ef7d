//! The data folder itself: whose it is, who has it open, what is kept for bad days.

use super::space::{Scarce, Space};
use super::{StorageError, letters};
use crate::disk::{Disk, DiskFile, Failure};
use crate::journal::head::HeadFile;
use crate::seal::{FolderKey, StorageKey, fill_random, sha256};
use rustix::fs::{FlockOperation, flock};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

pub(crate) const FORMAT: &str = "FORMAT";
const LOCK: &str = "LOCK";
const RESERVE: &str = "RESERVE";
pub(super) const INDEX: &str = "index";
pub(super) const QUARANTINE: &str = "quarantine";
const OURS: &str = "uput node data folder";
/// The format that this program writes; older ones are taken over. [UPG-1]
pub(crate) const VERSION: u32 = 2;

/// Refuses if anything of a data folder is already there.
pub(super) fn refuse_existing(disk: &dyn Disk) -> Result<(), StorageError> {
    use crate::{journal, keybook};
    let ours =
        [FORMAT, RESERVE, journal::FOLDER, journal::head::FILE, keybook::FOLDER, INDEX, QUARANTINE, letters::FOLDER];
    let names = disk.list("").map_err(StorageError::io("reading the folder"))?;
    match names.into_iter().find(|name| ours.contains(&name.as_str())) {
        Some(name) => Err(StorageError::Exists(name)),
        None => Ok(()),
    }
}

/// Gives a new folder its identity. It is written last, so that a folder whose making was cut off
/// is not taken for a whole one.
pub(super) struct Identity {
    folder: [u8; 16],
}

impl Identity {
    pub(super) fn fresh() -> Result<Self, StorageError> {
        let mut folder = [0; 16];
        fill_random(&mut folder)?;
        Ok(Self { folder })
    }

    pub(super) fn keys(&self, key: &StorageKey) -> FolderKey {
        FolderKey::new(key, &self.folder)
    }

    pub(super) fn write(&self, disk: &dyn Disk, keys: &FolderKey) -> Result<(), Failure> {
        disk.replace("", FORMAT, text(&self.folder, keys, VERSION).as_bytes())
    }

    /// Reads whose folder it is. Touches nothing. A `FORMAT` that is damaged or gone is read from beside the head, where
    /// the check of the key proves it. [NOD-3] [STO-22]
    pub(super) fn read(disk: &dyn Disk, key: &StorageKey) -> Result<Known, StorageError> {
        let read = match disk.read(FORMAT) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StorageError::Foreign),
            // It may well be ours: a disk that was mounted read-only, another user's folder.
            Err(error) => return Err(StorageError::io("opening FORMAT; nothing in this folder was touched")(error)),
            Ok(bytes) => Self::parse(&bytes, key).map(|known| Known { text: bytes, lost: false, ..known }),
        };
        match read {
            Ok(known) => Ok(known),
            Err(newer @ StorageError::Newer(_)) => Err(newer),
            Err(refused) => {
                let mut labels = HeadFile::labels(disk).into_iter();
                let found = labels.find_map(|text| Some(Known { text: text.clone(), ..Self::parse(&text, key).ok()? }));
                found.ok_or(refused)
            }
        }
    }

    /// What a text says, as one that was read from beside the head.
    fn parse(bytes: &[u8], key: &StorageKey) -> Result<Known, StorageError> {
        let text = str::from_utf8(bytes).map_err(|_| StorageError::Foreign)?;
        let mut lines = text.lines();
        let ours = lines.next() == Some(OURS);
        let version = lines.next().and_then(|line| line.strip_prefix("format ")?.parse::<u32>().ok());
        let version = version.filter(|version| ours && *version > 0).ok_or(StorageError::Foreign)?;
        if version > VERSION {
            return Err(StorageError::Newer(version));
        }
        let damaged = || StorageError::damaged(FORMAT, "it is not as it was written");
        let folder = lines.next().and_then(|line| unhex(line.strip_prefix("folder ")?));
        let folder = folder.ok_or_else(damaged)?;
        let keys = FolderKey::new(key, &folder);
        let expected = lines.next().and_then(|line| line.strip_prefix("key check ")).ok_or_else(damaged)?;
        let known = Known { keys, folder, version, text: Vec::new(), lost: true };
        if expected == check(&known.keys, version) { Ok(known) } else { Err(StorageError::WrongKey) }
    }
}

/// The keys of a folder that somebody else may have open; nothing is changed. [BAK-20]
pub(crate) fn keys(disk: &dyn Disk, key: &StorageKey) -> Result<(FolderKey, [u8; 16]), StorageError> {
    let known = Identity::read(disk, key)?;
    Ok((known.keys, known.folder))
}

/// Whose folder it is.
pub(super) struct Known {
    pub(super) keys: FolderKey,
    folder: [u8; 16],
    /// Its format.
    pub(super) version: u32,
    /// What `FORMAT` says, or should say.
    pub(super) text: Vec<u8>,
    /// The file does not say it any more.
    pub(super) lost: bool,
}

impl Known {
    /// What `FORMAT` says once the folder is one of this version.
    pub(super) fn taken_over(&self) -> Vec<u8> {
        text(&self.folder, &self.keys, VERSION).into_bytes()
    }

    /// Writes `FORMAT` again if it was lost; what stood there is kept in quarantine. [STO-22]
    pub(super) fn mend(&self, disk: &dyn Disk) -> Result<(), Failure> {
        if self.lost {
            tracing::warn!("FORMAT was damaged or gone, and is written again from its copy beside the head");
            quarantine(disk, FORMAT)?;
            disk.replace("", FORMAT, &self.text)?;
        }
        Ok(())
    }
}

/// `FORMAT` as a program of an earlier format wrote it.
#[cfg(test)]
pub(super) fn earlier(disk: &dyn Disk, key: &StorageKey, version: u32) -> Vec<u8> {
    let known = Identity::read(disk, key).unwrap_or_else(|error| panic!("{error}"));
    text(&known.folder, &known.keys, version).into_bytes()
}

/// Held while a process has the folder open; the system lets go of it when the process ends. [NOD-4]
pub(super) fn lock(dir: &Path) -> Result<File, StorageError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(dir.join(LOCK)).map_err(StorageError::io("opening the lock"))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| StorageError::InUse)?;
    Ok(file)
}

/// Copies a damaged file, so that whatever happens to the original later, this state remains.
pub(super) fn quarantine(disk: &dyn Disk, path: &str) -> io::Result<()> {
    let Ok(bytes) = disk.read(path) else {
        return Ok(());
    };
    let hash = sha256(&[&bytes]);
    let (short, _) = hash.split_at(8);
    let name = format!("{}-{}", path.replace('/', "-"), hex(short));
    disk.create_folder(QUARANTINE)?;
    if disk.list(QUARANTINE)?.contains(&name) {
        return Ok(());
    }
    match disk.replace(QUARANTINE, &name, &bytes) {
        Ok(()) => Ok(()),
        Err(Failure::Full) => Err(io::ErrorKind::StorageFull.into()),
        Err(Failure::Fatal(error)) => Err(error),
    }
}

/// [NOD-13] Space kept aside, given back when the disk is full, so that a node can still open, erase, read
/// and end. While it is given back nothing is recorded.
pub(super) struct Reserve {
    space: Arc<Space>,
    file: Arc<dyn DiskFile>,
    size: u64,
    held: bool,
    /// Little was left when somebody last looked, and it was said.
    low: bool,
}

impl Reserve {
    pub(super) fn open(disk: &Arc<dyn Disk>, size: u64, space: Arc<Space>) -> io::Result<Self> {
        let file = match disk.open(RESERVE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => disk.create(RESERVE)?,
            opened => opened?,
        };
        let held = file.len()? >= size;
        Ok(Self { space, file, size, held, low: false })
    }

    /// Whether it is there, after trying to take it.
    pub(super) fn hold(&mut self) -> Result<bool, Failure> {
        if !self.held {
            match self.file.allocate(self.size).map_err(Failure::from) {
                Ok(()) => self.held = true,
                Err(Failure::Full) => self.file.set_len(0)?,
                fatal => fatal?,
            }
        }
        Ok(self.held)
    }

    /// Whether it is there and a quarter of it is free besides. sled does not outlive a full disk, so
    /// recording must stop before sled finds one.
    pub(super) fn has_room(&mut self) -> Result<bool, Failure> {
        let taken = if self.held { 0 } else { self.size };
        self.warn()?;
        Ok(self.space.bytes()? >= taken + self.size / 4 && self.hold()?)
    }

    /// Says once that little is left, before there is nothing. [STO-36]
    fn warn(&mut self) -> Result<(), Failure> {
        let left = self.space.left()?;
        if left.is_low() && !self.low {
            let what = match left.of {
                Scarce::Disk => "on the disk",
                Scarce::Quota => "below the bound of the folder (quota_mib)",
            };
            tracing::warn!(mib = left.bytes >> 20, "little space is left {what}: soon nothing is taken in any more");
        }
        self.low = left.is_low();
        Ok(())
    }

    pub(super) fn release(&mut self) -> Result<(), Failure> {
        self.held = false;
        Ok(self.file.set_len(0)?)
    }
}

fn text(folder: &[u8; 16], keys: &FolderKey, version: u32) -> String {
    format!("{OURS}\nformat {version}\nfolder {}\nkey check {}\n", hex(folder), check(keys, version))
}

/// Proves key, folder and number together; in format 1 it did not prove the number. [UPG-1]
fn check(keys: &FolderKey, version: u32) -> String {
    let number = version.to_be_bytes();
    let salt: &[u8] = if version == 1 { &[] } else { &number };
    hex(keys.derive("uput/node/check", salt).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // cannot fail: writing to a String.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}
