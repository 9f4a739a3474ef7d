//! Opening the key book: everything is read and compared with the head before anything is changed.

use super::entry::{self, BEGINNING, ENTRY, Place};
use super::{Book, FOLDER, KeyBook, Keys, TrailKeys, book_name, destroy, key_name, remove_if_there, wrap_key};
use crate::disk::{Disk, Failure};
use crate::journal::head::{Head, ReadHead};
use crate::seal::{FolderKey, SealKey};
use crate::storage::StorageError;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// A key book that agrees with the head; nothing was changed yet.
pub(crate) struct Examined {
    generation: u64,
    key: SealKey,
    wrap: SealKey,
    keys: HashMap<[u8; 32], TrailKeys>,
    end: Place,
    /// Entries that no head covers, and where they begin.
    whole: Vec<u8>,
    from: u64,
    /// Names that an earlier run left behind.
    names: Vec<String>,
}

impl Examined {
    /// Reads the newest generation. Changes nothing.
    pub(crate) fn read(disk: &dyn Disk, keys: &FolderKey, read: &ReadHead) -> Result<Self, StorageError> {
        let names = disk.list(FOLDER).map_err(StorageError::gone(FOLDER, "missing"))?;
        let generation = newest(&names).ok_or_else(|| StorageError::damaged(FOLDER, "its key is missing"))?;
        let wrap = wrap_key(keys);
        let key_path = format!("{FOLDER}/{}", key_name(generation));
        let wrapped = disk.read(&key_path).map_err(StorageError::io("reading the key book"))?;
        let key = entry::unwrap(&wrap, generation, &wrapped);
        let key = SealKey::new(&*key.map_err(|_| StorageError::damaged(&key_path, "it does not open"))?);
        let path = format!("{FOLDER}/{}", book_name(generation));
        let bytes = disk.read(&path).map_err(StorageError::gone(&path, "it is missing"))?;
        let mut pages = Pages { path: &path, key: &key, generation, head: &read.head, covered: false };
        let (end, covered_at, keys) = pages.read(&bytes)?;
        let from = BEGINNING + covered_at * ENTRY;
        let to = BEGINNING + usize::try_from(end.number).unwrap_or_default() * ENTRY;
        if read.doubtful && bytes.len() > to {
            return Err(StorageError::damaged(&path, "an entry does not open"));
        }
        let whole = bytes.get(from..to).unwrap_or_default().to_vec();
        Ok(Self { generation, key, wrap, keys, end, whole, from: from as u64, names })
    }

    /// Completes or drops what was not acknowledged and finishes an erasure that was cut off.
    pub(crate) fn start(self, disk: Arc<dyn Disk>) -> Result<KeyBook, Failure> {
        let file = disk.open(&format!("{FOLDER}/{}", book_name(self.generation)))?;
        let length = self.from + self.whole.len() as u64;
        if !self.whole.is_empty() || file.len()? != length {
            // Written again, not only synced: see the journal's settling.
            file.write_at(self.from, &self.whole)?;
            file.set_len(length)?;
            file.sync().map_err(Failure::Fatal)?;
        }
        for name in self.names {
            if name.ends_with(".new") {
                remove_if_there(disk.as_ref(), &format!("{FOLDER}/{name}"))?;
            } else if let Some(other) = generation_of(&name).filter(|other| *other != self.generation) {
                destroy(disk.as_ref(), other)?;
            }
        }
        let book = Book { generation: self.generation, key: self.key, file, end: self.end, published: self.end };
        let keys = Arc::new(Keys(RwLock::new(self.keys)));
        Ok(KeyBook { disk, wrap: self.wrap, keys, book, waiting: Vec::new(), doomed: None })
    }
}

struct Pages<'a> {
    path: &'a str,
    key: &'a SealKey,
    generation: u64,
    head: &'a Head,
    covered: bool,
}

type Read = (Place, usize, HashMap<[u8; 32], TrailKeys>);

impl Pages<'_> {
    /// All entries, where they end, and how many of them a head or the book's beginning covers.
    fn read(&mut self, bytes: &[u8]) -> Result<Read, StorageError> {
        let damaged = |what| StorageError::damaged(self.path, what);
        let (beginning, rest) = bytes.split_first_chunk::<BEGINNING>().ok_or(damaged("it is too short"))?;
        let written = entry::read_beginning(self.key, self.generation, beginning)
            .map_err(|_| damaged("its beginning does not open"))?;
        let expected = self.expected(written)?;
        let mut end = Place::first(beginning);
        let mut keys = HashMap::new();
        let (entries, _) = rest.as_chunks::<ENTRY>();
        self.meet(&end)?;
        for sealed in entries {
            let Ok((trail, held)) = entry::open(self.key, &end, sealed) else {
                break;
            };
            keys.insert(trail, held);
            end = end.after(sealed);
            self.meet(&end)?;
        }
        if end.number < expected || !self.covered {
            return Err(StorageError::damaged(self.path, "an entry does not open or is missing"));
        }
        Ok((end, usize::try_from(expected).unwrap_or_default(), keys))
    }

    /// How many entries must be there.
    fn expected(&mut self, written: u64) -> Result<u64, StorageError> {
        if self.generation == self.head.generation {
            return Ok(self.head.entries.max(written));
        }
        // Rewritten by an erasure that was cut off before the head said so.
        self.covered = true;
        if self.generation == self.head.generation + 1 {
            return Ok(written);
        }
        Err(StorageError::damaged(self.path, "it is not what was acknowledged"))
    }

    fn meet(&mut self, end: &Place) -> Result<(), StorageError> {
        if self.generation == self.head.generation && end.number == self.head.entries {
            if end.chain != self.head.book {
                return Err(StorageError::damaged(self.path, "it is not what was acknowledged"));
            }
            self.covered = true;
        }
        Ok(())
    }
}

fn newest(names: &[String]) -> Option<u64> {
    names.iter().filter(|name| name.ends_with(".key")).filter_map(|name| generation_of(name)).max()
}

fn generation_of(name: &str) -> Option<u64> {
    name.split_once('.')?.0.parse().ok()
}
