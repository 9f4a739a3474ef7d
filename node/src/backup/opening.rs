//! Opening backups: all files of a chain, one after the other, into a folder. [BAK-30]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ring::digest;
use uput_core::keyfile::KeyFile;

use super::archive;
use super::error::io;
use super::making::{BOOK, Progress, finished, read_book_key};
use super::manifest::{MANIFEST, Manifest};
use super::recipients::Identities;
use super::restored::{RESTORED, Restored};
use super::{BackupError, file_name, numbers};
use crate::disk::{Disk, Failure};
use crate::journal::{self, Reach, segment_name};
use crate::keybook;
use crate::node_key::{NODE_KEY, Sources};
use crate::seal::{StorageKey, sha256};
use crate::storage::{Storage, StorageError, folder::FORMAT};

/// What is to be opened.
pub struct Opening<'a> {
    /// Where the backups lie.
    pub from: &'a Path,
    /// Where the keys of their key books lie.
    pub keys: &'a Path,
    /// What opens both.
    pub identities: &'a Identities,
    /// Which backup; none: the newest, and it must be the newest that was made.
    pub number: Option<u64>,
    /// Who knows the passphrase of the node's secrets, if they take one.
    pub sources: &'a Sources,
}

/// What was opened, and found to be good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which backup.
    pub number: u64,
    /// When it was made, seconds since 1970, by the node's computer.
    pub made: u64,
    /// Records of its journal.
    pub records: u64,
    /// Keys in its key book.
    pub keys: u64,
}

impl Opening<'_> {
    /// Puts the folder back together on an empty disk and checks all of it as a node does that starts. It is a restored
    /// one: its node begins a new incarnation.
    ///
    /// # Errors
    /// [`BackupError`]: what lies on the disk is of no use then.
    pub fn put_together(&self, disk: &dyn Disk, progress: Progress<'_>) -> Result<Opened, BackupError> {
        let number = self.number()?;
        // Before anything is written: whoever mistypes tries again.
        let key = self.storage_key(number)?;
        disk.create_folder("").and_then(|()| disk.create_folder(journal::FOLDER)).map_err(writing)?;
        let mut before: Option<(Manifest, [u8; 32])> = None;
        let mut newest = BTreeMap::new();
        for n in 1..=number {
            let (manifest, digest, files) = self.open(n, disk, progress)?;
            follows(&manifest, n, before.as_ref())?;
            newest = files;
            before = Some((manifest, digest));
        }
        let (manifest, _) = before.ok_or(BackupError::Missing(number))?;
        let book = newest.remove(BOOK).ok_or_else(|| damaged(&file_name(number), "its key book is missing"))?;
        self.put_book(number, &book, disk)?;
        let format = newest.remove(FORMAT).ok_or_else(|| damaged(&file_name(number), "its FORMAT is missing"))?;
        if newest
            .get(RESTORED)
            .is_none_or(|text| Restored::parse(text) != Some(Restored { number, made: manifest.made }))
        {
            return Err(damaged(&file_name(number), "it does not say from which backup it is restored"));
        }
        for (name, bytes) in &newest {
            put(disk, name, bytes)?;
        }
        disk.sync_folder("").map_err(writing)?;
        // [NOD-3] Written last: what was cut off is no data folder.
        put(disk, FORMAT, &format)?;
        disk.sync_folder("").map_err(writing)?;
        let found = Storage::examine(disk, &key)?;
        let same = (found.records, found.chain) == (manifest.to.records, manifest.to.chain);
        if !same || found.generation != manifest.generation || found.entries != manifest.entries {
            return Err(damaged(&file_name(number), "it holds something else than it says"));
        }
        Ok(Opened { number, made: manifest.made, records: found.records, keys: found.entries })
    }

    /// Which backup is opened. [BAK-32]
    fn number(&self) -> Result<u64, BackupError> {
        let here = numbers(self.from)?;
        let found = here.last().copied().unwrap_or(0);
        if let Some(number) = self.number {
            return if here.contains(&number) { Ok(number) } else { Err(BackupError::Missing(number)) };
        }
        if found == 0 {
            return Err(BackupError::Missing(1));
        }
        match numbers(self.keys)?.last().copied() {
            Some(newest) if newest > found => Err(BackupError::RolledBack { newest, found }),
            _ => Ok(found),
        }
    }

    /// The key of the folder, from the secrets near the beginning of a backup.
    fn storage_key(&self, number: u64) -> Result<StorageKey, BackupError> {
        let name = file_name(number);
        let file = File::open(self.from.join(&name)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BackupError::Missing(number),
            _ => BackupError::Io(format!("reading {name}: {error}")),
        })?;
        let mut archive = archive::Reader::new(self.identities.decrypt(file, &name)?);
        let wrong = |_| damaged(&name, "it ends too early or was changed");
        while let Some(found) = archive.next().map_err(wrong)? {
            if found.name == NODE_KEY {
                return self.opened_key(&found.bytes);
            }
        }
        Err(damaged(&name, "its node.key is missing"))
    }

    fn opened_key(&self, file: &[u8]) -> Result<StorageKey, BackupError> {
        let wrong = |error: &dyn std::fmt::Display| BackupError::KeyFile(format!("{NODE_KEY}: {error}"));
        let text = std::str::from_utf8(file).map_err(|error| wrong(&error))?;
        let file = KeyFile::parse(text).map_err(|error| wrong(&error))?;
        let words = match file.is_locked() {
            true => {
                self.sources.passphrase("passphrase that the node had then: ").map_err(|failure| wrong(&failure))?
            }
            false => None,
        };
        let secrets =
            file.open_node_secrets(words.as_ref().map(|words| words.as_str())).map_err(|error| wrong(&error))?;
        Ok(StorageKey::new(secrets.storage.clone()))
    }

    /// Opens one: its journal goes to the disk, its other files are given.
    #[allow(clippy::type_complexity, reason = "three things of one file, said where they are used")]
    fn open(
        &self,
        number: u64,
        disk: &dyn Disk,
        progress: Progress<'_>,
    ) -> Result<(Manifest, [u8; 32], BTreeMap<String, zeroize::Zeroizing<Vec<u8>>>), BackupError> {
        let name = file_name(number);
        let path = self.from.join(&name);
        let opened = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BackupError::Missing(number)),
            opened => opened.map_err(io("reading", &path))?,
        };
        let mut file = Hashing::new(opened);
        let mut archive = archive::Reader::new(self.identities.decrypt(&mut file, &name)?);
        let (mut listed, mut files) = (Vec::new(), BTreeMap::new());
        let manifest = loop {
            let wrong = |_| damaged(&name, "it ends too early or was changed");
            let found = archive.next().map_err(wrong)?.ok_or_else(|| damaged(&name, "its MANIFEST is missing"))?;
            progress(found.bytes.len() as u64);
            if found.name == MANIFEST {
                let text = std::str::from_utf8(&found.bytes).ok();
                let manifest = text.and_then(Manifest::parse);
                if archive.next().map_err(wrong)?.is_some() {
                    return Err(damaged(&name, "something follows its MANIFEST"));
                }
                break manifest.ok_or_else(|| damaged(&name, "its MANIFEST does not read"))?;
            }
            listed.push((found.name.clone(), found.bytes.len() as u64, sha256(&[&found.bytes])));
            match found.name.strip_prefix(journal::FOLDER) {
                Some(_) => append(disk, &name, &found)?,
                None => drop(files.insert(found.name, found.bytes)),
            }
        };
        drop(archive);
        let says = manifest.files.iter().map(|file| (file.name.clone(), file.length, file.digest));
        if !says.eq(listed) {
            return Err(damaged(&name, "its files are not those that its MANIFEST lists"));
        }
        Ok((manifest, file.end().map_err(io("reading", &path))?, files))
    }

    /// Opens the key book by its own key, which lies elsewhere. [BAK-13]
    fn put_book(&self, number: u64, sealed: &[u8], disk: &dyn Disk) -> Result<(), BackupError> {
        let path = self.keys.join(file_name(number));
        if !path.exists() {
            return Err(BackupError::PastItsBound(number));
        }
        let name = path.display().to_string();
        let text = read_book_key(&path, self.identities)?;
        let key = Identities::parse(&text).ok_or_else(|| damaged(&name, "it is no key"))?;
        let mut archive = archive::Reader::new(key.decrypt(sealed, BOOK)?);
        disk.create_folder(keybook::FOLDER).map_err(writing)?;
        while let Some(file) = archive.next().map_err(|_| damaged(BOOK, "it ends too early or was changed"))? {
            if !is_plain(file.name.strip_prefix(keybook::FOLDER).and_then(|rest| rest.strip_prefix('/'))) {
                return Err(damaged(BOOK, "it holds a file that is no part of a key book"));
            }
            put(disk, &file.name, &file.bytes)?;
        }
        disk.sync_folder(keybook::FOLDER).map_err(writing)
    }
}

/// Whether a file follows the one before it. [BAK-31]
fn follows(manifest: &Manifest, number: u64, before: Option<&(Manifest, [u8; 32])>) -> Result<(), BackupError> {
    let name = file_name(number);
    let wrong = |what| Err(BackupError::OutOfOrder { file: name.clone(), what });
    if manifest.number != number {
        return wrong("its number is another one");
    }
    let Some((last, digest)) = before else {
        let first = manifest.before == [0; 32] && manifest.from == Reach::START;
        return if first { Ok(()) } else { wrong("it is not the first of its chain") };
    };
    if (manifest.folder, manifest.chain) != (last.folder, last.chain) {
        return wrong("it is of another chain");
    }
    if manifest.before != *digest {
        return wrong("it names another file before it");
    }
    if manifest.from == last.to { Ok(()) } else { wrong("its journal begins elsewhere") }
}

/// Adds a piece of the journal behind what is there of its segment.
fn append(disk: &dyn Disk, of: &str, file: &archive::File) -> Result<(), BackupError> {
    let wrong = || BackupError::OutOfOrder { file: of.to_owned(), what: "a piece of its journal is out of its place" };
    let place = file.name.strip_prefix(journal::FOLDER).and_then(|rest| rest.strip_prefix('/'));
    let (segment, offset) = place.and_then(|place| place.split_once('@')).ok_or_else(wrong)?;
    let number: u64 = segment.strip_suffix(".seg").and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    let offset: u64 = offset.parse().map_err(|_| wrong())?;
    if segment_name(number) != segment {
        return Err(wrong());
    }
    let path = format!("{}/{segment}", journal::FOLDER);
    let target = if offset == 0 { disk.create(&path) } else { disk.open(&path) }.map_err(|_| wrong())?;
    if target.len().map_err(writing)? != offset {
        return Err(wrong());
    }
    target.write_at(offset, &file.bytes).and_then(|()| target.sync()).map_err(writing)?;
    disk.sync_folder(journal::FOLDER).map_err(writing)
}

fn put(disk: &dyn Disk, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
    let file_name = name.rsplit('/').next();
    if !is_plain(file_name) || name.split('/').count() > 2 {
        return Err(damaged(name, "it is no name of a file in a data folder"));
    }
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    disk.replace(folder, file, bytes).map_err(|failure| match failure {
        Failure::Full => BackupError::Storage(StorageError::Full),
        Failure::Fatal(error) => writing(error),
    })
}

/// A name of letters, digits, dots and hyphens that begins with a letter or digit.
fn is_plain(name: Option<&str>) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    name.is_some_and(|name| name.bytes().all(plain) && name.bytes().next().is_some_and(|byte| byte != b'.'))
}

fn damaged(file: &str, what: &'static str) -> BackupError {
    BackupError::Damaged { file: file.to_owned(), what }
}

fn writing(error: io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BackupError::Storage(StorageError::Full),
        _ => BackupError::Io(format!("writing: {error}")),
    }
}

/// Bytes on their way, and their SHA-256.
pub(super) struct Hashing<R> {
    from: R,
    so_far: digest::Context,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, so_far: digest::Context::new(&digest::SHA256) }
    }

    /// Of all that there is.
    pub(super) fn whole(from: R) -> io::Result<[u8; 32]> {
        Self::new(from).end()
    }

    /// Reads what is left, and gives the digest of everything.
    pub(super) fn end(mut self) -> io::Result<[u8; 32]> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(finished(self.so_far))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.so_far.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
