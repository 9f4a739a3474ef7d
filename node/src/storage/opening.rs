//! Making and opening a folder on any disk: check everything, then change what must be changed.

use super::committer::{Committer, Indexed};
use super::folder::{Identity, Reserve, quarantine};
use super::space::Space;
use super::{Letters, Options, Project, Storage, StorageError, upgrade};
use crate::disk::{Disk, Failure};
use crate::journal::head::{Head, HeadFile, ReadHead};
use crate::journal::{self, Journal, Position, Reader};
use crate::keybook::{self, KeyBook};
use crate::seal::{FolderKey, StorageKey};
use crate::search::SearchKey;
use crate::store::{Index, MemoryStore, SledStore, Store, StoreError, Verified, Watermark};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// Records that are projected before they are applied to the index together.
const REPLAY: usize = 512;

/// Where the index lives.
pub enum IndexHome {
    /// sled, in the first folder; what is damaged is moved to the second.
    Folder(PathBuf, PathBuf),
    /// In memory, rebuilt at each opening.
    Memory,
}

impl Storage {
    /// As [`Storage::create`], on any disk.
    pub fn create_on(disk: &Arc<dyn Disk>, key: &StorageKey, options: Options) -> Result<(), StorageError> {
        let identity = Identity::fresh()?;
        let keys = identity.keys(key);
        let make = || -> Result<(), Failure> {
            disk.create_folder(journal::FOLDER)?;
            disk.create_folder(keybook::FOLDER)?;
            let head = KeyBook::create(disk, &keys)?;
            HeadFile::create(disk.as_ref(), &keys, head)?;
            let space = Arc::new(Space::new(disk, options.reserve));
            if !Reserve::open(disk, options.reserve, space)?.hold()? {
                return Err(Failure::Full);
            }
            disk.sync_folder("").map_err(Failure::Fatal)?;
            identity.write(disk.as_ref(), &keys)
        };
        make().map_err(failed("making the data folder"))
    }

    /// As [`Storage::open`], on any disk. The caller keeps others out.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        home: IndexHome,
        key: &StorageKey,
        options: Options,
        project: impl Project,
    ) -> Result<Self, StorageError> {
        let opened = Self::open_checked(Arc::clone(&disk), home, key, options, project);
        // Whoever opens it says what is damaged; here it is only put aside. [API-22]
        if let Err(StorageError::Damaged { file, .. }) = &opened
            && let Err(error) = quarantine(disk.as_ref(), file)
        {
            tracing::error!(file, %error, "no copy could be put into quarantine");
        }
        opened
    }

    /// Reads and authenticates all that a folder holds but its index, as a start does, and changes nothing. [BAK-30]
    pub(crate) fn examine(disk: &dyn Disk, key: &StorageKey) -> Result<Head, StorageError> {
        let keys = Identity::read(disk, key)?.keys;
        let read = ReadHead::beside(disk, &keys)?;
        let records = journal::Examined::read(disk, &keys, &read)?;
        keybook::Examined::read(disk, &keys, &read)?;
        Ok(Head { records: records.records(), chain: records.chain(), ..read.head })
    }

    fn open_checked(
        disk: Arc<dyn Disk>,
        home: IndexHome,
        key: &StorageKey,
        options: Options,
        mut project: impl Project,
    ) -> Result<Self, StorageError> {
        let known = Identity::read(disk.as_ref(), key)?;
        let keys = known.keys.clone();
        let (mut head_file, read) = HeadFile::open(disk.as_ref(), &keys)?;
        let records = journal::Examined::read(disk.as_ref(), &keys, &read)?;
        let book = keybook::Examined::read(disk.as_ref(), &keys, &read)?;
        let parked = upgrade::demand_known(records.kinds(), options.knows)?;
        // [NOD-5] Everything that counts is there. From here on files are changed.
        let reach = Watermark { records: records.records(), chain: records.chain() };
        let failed = failed("completing what a crash cut off");
        known.mend(disk.as_ref()).map_err(&failed)?;
        let mut head = read.head;
        upgrade::take_over(disk.as_ref(), &known, &mut head_file, &mut head).map_err(&failed)?;
        let segment = options.segment.clamp(4096, 1 << 30);
        let journal = Journal::start(Arc::clone(&disk), &keys, records, segment).map_err(&failed)?;
        let book = book.start(Arc::clone(&disk)).map_err(&failed)?;
        let space = Arc::new(Space::new(&disk, options.reserve));
        let mut reserve = Reserve::open(&disk, options.reserve, Arc::clone(&space))
            .map_err(StorageError::io("opening the reserve"))?;
        reserve.hold().map_err(&failed)?;
        let reader = journal.reader();
        let opening = Opening { home: &home, keys: &keys, reader: &reader, reach };
        let index = Arc::new(opening.index(&mut project, &mut reserve)?);
        let found = book.keys();
        let indexed = Indexed { index: Arc::clone(&index), project: Box::new(project) };
        head.sequence += 1;
        journal.cover(&mut head);
        book.cover(&mut head);
        head_file.write(&head).map_err(&failed)?;
        let (group, full) = (options.group.max(1), Arc::new(AtomicBool::new(false)));
        let shown = Arc::new(AtomicU64::new(reach.records));
        let committer = Committer {
            journal,
            book,
            head_file,
            head,
            reserve,
            indexed,
            group,
            full: Arc::clone(&full),
            shown: Arc::clone(&shown),
        };
        #[cfg(not(feature = "simulation"))]
        let (jobs, committer) = {
            let (jobs, thread) = committer.start().map_err(StorageError::io("starting the committer"))?;
            (Some(jobs), Some(thread))
        };
        #[cfg(feature = "simulation")]
        let (jobs, committer, inline) = {
            let (jobs, inline) = super::committer::Inline::new(committer);
            (Some(jobs), None, inline)
        };
        let tokens = keys.seal_key("uput/node/token", &[]);
        let letters = Arc::new(Letters::new(disk, keys.seal_key("uput/node/mailbox", &[])));
        let search = SearchKey::new(&keys.derive("uput/node/search", &[]));
        Ok(Self {
            journal: reader,
            index,
            keys: found,
            full,
            space,
            shown,
            tokens,
            letters,
            search,
            parked,
            jobs,
            committer,
            #[cfg(feature = "simulation")]
            inline,
            _lock: None,
        })
    }
}

struct Opening<'a> {
    home: &'a IndexHome,
    keys: &'a FolderKey,
    reader: &'a Reader,
    reach: Watermark,
}

impl Opening<'_> {
    /// The index, complete up to the newest record.
    fn index(&self, project: &mut impl Project, reserve: &mut Reserve) -> Result<Index, StorageError> {
        let first = match self.complete(project) {
            Err(StorageError::Index(StoreError::Full)) => {
                reserve.release().map_err(failed("giving back the reserve"))?;
                self.complete(project)
            }
            other => other,
        };
        match first {
            Err(StorageError::Index(error)) => {
                tracing::warn!(%error, "the index is set aside and rebuilt from the journal");
                self.set_aside()?;
                self.complete(project)
            }
            other => other,
        }
    }

    fn complete(&self, project: &mut impl Project) -> Result<Index, StorageError> {
        let store: Box<dyn Store> = match self.home {
            IndexHome::Folder(folder, _) => {
                own_folder(folder).map_err(StorageError::io("making the index"))?;
                Box::new(SledStore::open(folder)?)
            }
            IndexHome::Memory => Box::new(MemoryStore::default()),
        };
        let index = Index::open(store, self.keys)?;
        let Verified::Complete(from) = index.verify()? else {
            return Err(StoreError::Unreadable.into());
        };
        if from.records > self.reach.records || self.reader.chain_at(from.records, self.keys)? != Some(from.chain) {
            return Err(StoreError::Unreadable.into());
        }
        self.replay(&index, from, project)?;
        Ok(index)
    }

    /// Applies the records that the index lacks. The watermark moves only at the end: applying a
    /// record twice changes nothing.
    fn replay(&self, index: &Index, from: Watermark, project: &mut impl Project) -> Result<(), StorageError> {
        let mut writes = Vec::new();
        for (count, record) in self.reader.records(Position::new(from.records)).enumerate() {
            writes.extend(project(&record?));
            if count % REPLAY == REPLAY - 1 {
                index.apply(std::mem::take(&mut writes), from)?;
            }
        }
        Ok(index.apply(writes, self.reach)?)
    }

    fn set_aside(&self) -> Result<(), StorageError> {
        let IndexHome::Folder(folder, quarantine) = self.home else {
            return Ok(());
        };
        move_aside(folder, quarantine).map_err(StorageError::io("setting the index aside"))
    }
}

/// What sled writes is open to all by default; its folder is not.
fn own_folder(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn move_aside(folder: &Path, quarantine: &Path) -> std::io::Result<()> {
    own_folder(quarantine)?;
    let free = (1..).map(|number: u64| quarantine.join(format!("index-{number}"))).find(|path| !path.exists());
    match free {
        Some(path) if folder.exists() => fs::rename(folder, path),
        _ => Ok(()),
    }
}

/// For `map_err`: says what was being done.
fn failed(doing: &'static str) -> impl Fn(Failure) -> StorageError {
    move |failure| match failure {
        Failure::Full => StorageError::Full,
        Failure::Fatal(source) => StorageError::Io { doing, source },
    }
}
