//! The key book: the only place where a trail's two keys are written, and where they are destroyed. [STO-2]
//!
//! Guarantees: a key that was added is there after a power loss, before anything that it seals; an
//! erased key cannot be got back from any file of the folder with any key that is left, because
//! the book is written anew under a new book key and the old book key is destroyed; missing or
//! changed entries are found when the book is opened. Leaves to others: copies in memory of those
//! who hold a key, copies that a drive or a file system keeps below the files, backups.

mod entry;
mod examined;
mod trail_keys;

pub(crate) use examined::Examined;
pub use trail_keys::{KeyKind, NewTrailKeys, TrailKey, TrailKeys};

use crate::disk::{Disk, DiskFile, Failure};
use crate::journal::head::Head;
use crate::seal::{FolderKey, NoRandomness, SealKey, random};
use entry::Place;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// Its folder in the data folder.
pub(crate) const FOLDER: &str = "keybook";

/// All keys, for those who look them up.
#[derive(Default)]
pub(crate) struct Keys(RwLock<HashMap<[u8; 32], TrailKeys>>);

impl Keys {
    pub(crate) fn get(&self, trail: &[u8; 32]) -> Option<TrailKeys> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(trail).cloned()
    }

    pub(crate) fn contains(&self, trail: &[u8; 32]) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(trail)
    }
}

/// The writing half; there is one, and the committer owns it.
pub(crate) struct KeyBook {
    disk: Arc<dyn Disk>,
    wrap: SealKey,
    keys: Arc<Keys>,
    book: Book,
    waiting: Vec<([u8; 32], TrailKeys)>,
    /// A generation whose key is still to be destroyed.
    doomed: Option<u64>,
}

/// One generation of the book.
struct Book {
    generation: u64,
    key: SealKey,
    file: Arc<dyn DiskFile>,
    end: Place,
    /// Where the waiting entries, written and not yet published, begin.
    published: Place,
}

impl KeyBook {
    /// Makes the first generation, empty.
    pub(crate) fn create(disk: &Arc<dyn Disk>, keys: &FolderKey) -> Result<Head, Failure> {
        let book = Book::write(disk.as_ref(), &wrap_key(keys), 1, std::iter::empty())?;
        let mut head = Head { sequence: 0, records: 0, chain: [0; 32], generation: 0, entries: 0, book: [0; 32] };
        book.cover(&mut head);
        Ok(head)
    }

    /// All keys, for those who look them up.
    pub(crate) fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys)
    }

    /// Puts how far the book durably reaches into a head.
    pub(crate) fn cover(&self, head: &mut Head) {
        self.book.cover(head);
    }

    /// Appends and syncs; the keys are found by others after [`KeyBook::publish`]. [NOD-9]
    pub(crate) fn add(&mut self, added: &[&NewTrailKeys]) -> Result<(), Failure> {
        if added.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(added.len() * entry::ENTRY);
        let mut end = self.book.end;
        for new in added {
            let sealed = entry::seal(&self.book.key, &end, &new.trail, &new.keys()).map_err(fatal)?;
            end = end.after(&sealed);
            bytes.extend_from_slice(&sealed);
        }
        if let Err(failure) = self.book.file.write_at(self.book.length(), &bytes) {
            self.book.cut()?;
            return Err(failure.into());
        }
        self.book.file.sync().map_err(Failure::Fatal)?;
        self.book.end = end;
        self.waiting.extend(added.iter().map(|new| (new.trail, new.keys())));
        Ok(())
    }

    /// Takes back what was added since the last publish.
    pub(crate) fn take_back(&mut self) -> Result<(), Failure> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.waiting.clear();
        self.book.end = self.book.published;
        self.book.cut()
    }

    /// Lets others find what was added.
    pub(crate) fn publish(&mut self) {
        self.book.published = self.book.end;
        let mut keys = self.keys.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.extend(self.waiting.drain(..));
    }

    /// [NOD-12] Destroys keys: durable when it returns. Nothing may be waiting. Erasing what is not there is
    /// no error.
    pub(crate) fn erase(&mut self, erased: &[([u8; 32], KeyKind)]) -> Result<(), Failure> {
        let mut left = self.keys.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut changed = false;
        for (trail, kind) in erased {
            changed |= match kind {
                KeyKind::Whole => left.remove(trail).is_some(),
                _ => left.get_mut(trail).is_some_and(|keys| keys.erase(*kind)),
            };
        }
        if changed {
            let next = self.book.generation + 1;
            let book = Book::write(self.disk.as_ref(), &self.wrap, next, left.iter())?;
            self.doomed = Some(std::mem::replace(&mut self.book, book).generation);
            *self.keys.0.write().unwrap_or_else(PoisonError::into_inner) = left;
        }
        if let Some(old) = self.doomed {
            destroy(self.disk.as_ref(), old)?;
            self.doomed = None;
        }
        Ok(())
    }
}

impl Book {
    /// Writes a generation durably: first the book, then, atomically, the key that makes it count.
    fn write<'a>(
        disk: &dyn Disk,
        wrap: &SealKey,
        generation: u64,
        keys: impl ExactSizeIterator<Item = (&'a [u8; 32], &'a TrailKeys)>,
    ) -> Result<Self, Failure> {
        let book_key = Zeroizing::new(random::<32>().map_err(fatal)?);
        let key = SealKey::new(&book_key);
        let mut bytes = entry::begin(&key, generation, keys.len() as u64).map_err(fatal)?;
        let mut end = Place::first(&bytes);
        for (trail, keys) in keys {
            let sealed = entry::seal(&key, &end, trail, keys).map_err(fatal)?;
            end = end.after(&sealed);
            bytes.extend_from_slice(&sealed);
        }
        let wrapped = entry::wrap(wrap, generation, &book_key).map_err(fatal)?;
        let written = write_book(disk, generation, &bytes)
            .and_then(|file| disk.replace(FOLDER, &key_name(generation), &wrapped).map(|()| file));
        if matches!(written, Err(Failure::Full)) {
            drop_unfinished(disk, generation)?;
        }
        Ok(Self { generation, key, file: written?, end, published: end })
    }

    fn length(&self) -> u64 {
        entry::BEGINNING as u64 + self.end.number * entry::ENTRY as u64
    }

    /// Durably drops what is behind the last entry.
    fn cut(&mut self) -> Result<(), Failure> {
        self.file.set_len(self.length())?;
        self.file.sync().map_err(Failure::Fatal)
    }

    fn cover(&self, head: &mut Head) {
        head.generation = self.generation;
        (head.entries, head.book) = (self.end.number, self.end.chain);
    }
}

/// The two files of a generation, as far as a head says; none if an erasure has put another one in its place meanwhile.
/// [BAK-20]
pub(crate) fn copy(disk: &dyn Disk, head: &Head) -> Option<[(String, Vec<u8>); 2]> {
    let named = [key_name(head.generation), book_name(head.generation)].map(|name| format!("{FOLDER}/{name}"));
    let [key, mut book] = [disk.read(&named[0]).ok()?, disk.read(&named[1]).ok()?];
    let length = usize::try_from(head.entries).ok()?.checked_mul(entry::ENTRY)?.checked_add(entry::BEGINNING)?;
    // A key that was overwritten while it was read is no key.
    let whole = book.len() >= length && key.iter().any(|byte| *byte != 0);
    book.truncate(length);
    let [key_name, book_name] = named;
    whole.then_some([(key_name, key), (book_name, book)])
}

fn write_book(disk: &dyn Disk, generation: u64, bytes: &[u8]) -> Result<Arc<dyn DiskFile>, Failure> {
    let path = format!("{FOLDER}/{}", book_name(generation));
    remove_if_there(disk, &path)?;
    let file = disk.create(&path)?;
    file.write_at(0, bytes)?;
    file.sync().map_err(Failure::Fatal)?;
    disk.sync_folder(FOLDER).map_err(Failure::Fatal)?;
    Ok(file)
}

/// Overwrites and removes the key of a generation, then removes its book. Repeating it is harmless,
/// so that it can be finished after a power loss.
fn destroy(disk: &dyn Disk, generation: u64) -> Result<(), Failure> {
    let path = format!("{FOLDER}/{}", key_name(generation));
    match disk.open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => {
            let file = opened?;
            let noise = vec![0; usize::try_from(file.len()?).unwrap_or_default()];
            file.write_at(0, &noise)?;
            file.sync().map_err(Failure::Fatal)?;
            disk.remove(&path)?;
        }
    }
    remove_if_there(disk, &format!("{FOLDER}/{}", book_name(generation)))?;
    disk.sync_folder(FOLDER).map_err(Failure::Fatal)
}

fn drop_unfinished(disk: &dyn Disk, generation: u64) -> Result<(), Failure> {
    remove_if_there(disk, &format!("{FOLDER}/{}.new", key_name(generation)))?;
    remove_if_there(disk, &format!("{FOLDER}/{}", book_name(generation)))
}

fn remove_if_there(disk: &dyn Disk, path: &str) -> Result<(), Failure> {
    match disk.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => Ok(removed?),
    }
}

fn wrap_key(keys: &FolderKey) -> SealKey {
    keys.seal_key("uput/node/key book", &[])
}

fn key_name(generation: u64) -> String {
    format!("{generation:012}.key")
}

fn book_name(generation: u64) -> String {
    format!("{generation:012}.book")
}

fn fatal(error: NoRandomness) -> Failure {
    Failure::Fatal(io::Error::other(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    /// [NOD-12] What could not be opened is not taken for gone: its key may still be there.
    #[test]
    fn an_old_key_that_cannot_be_opened_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::new(folder.path());
        disk.create_folder(FOLDER).unwrap();
        destroy(&disk, 1).unwrap_or_else(|_| panic!("nothing is there"));
        let book = format!("{FOLDER}/{}", book_name(1));
        disk.create(&book).unwrap();
        // Not even root writes into a folder as into a file.
        disk.create_folder(&format!("{FOLDER}/{}", key_name(1))).unwrap();
        let Err(Failure::Fatal(error)) = destroy(&disk, 1) else { panic!("it was passed over") };
        assert!(error.to_string().contains(&key_name(1)), "{error}");
        assert!(disk.open(&book).is_ok(), "an erasure that is not done goes on at the next start");
    }
}
