//! The index built anew beside the old one, because its file never shrinks. [STO-38]
//!
//! Guarantees that at any moment an index is there that a start takes, or none, which a start builds: what is exchanged here
//! holds nothing that the journal does not.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::folder::{self, Identity, QUARANTINE};
use super::{IndexHome, Options, Project, Record, Storage, StorageError};
use crate::disk::{Disk, RealDisk, taken};
use crate::seal::StorageKey;

/// Where it is built, and where the old one stands while the two are exchanged.
const FRESH: &str = "index.new";
const OLD: &str = "index.old";

/// What a rebuilding did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Records that the new index shows.
    pub records: u64,
    /// Bytes that the old one took.
    pub before: u64,
    /// Bytes that the new one takes.
    pub after: u64,
}

impl Storage {
    /// Builds the index of a folder anew, while nobody has it open. `progress` is told the number of each record.
    ///
    /// # Errors
    /// As [`Storage::open`]; then the old index is as it was.
    pub fn rebuild_index(
        dir: &Path,
        key: &StorageKey,
        options: Options,
        mut project: impl Project,
        mut progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<Rebuilt, StorageError> {
        let failed = StorageError::io("exchanging the index");
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(dir));
        Identity::read(disk.as_ref(), key)?;
        let _lock = folder::lock(dir)?;
        remove_left_over(dir).map_err(&failed)?;
        let (index, fresh) = (dir.join(folder::INDEX), dir.join(FRESH));
        let before = taken(&index).map_err(&failed)?;
        let counted = move |record: &Record| {
            progress(record.position.number());
            project(record)
        };
        let home = IndexHome::Folder(fresh.clone(), dir.join(QUARANTINE));
        let built = Self::open_on(disk, home, key, options, counted).and_then(|storage| {
            storage.index.flush()?;
            Ok(storage.end().number())
        });
        let records = match built {
            Ok(records) => records,
            Err(error) => {
                remove_left_over(dir).map_err(&failed)?;
                return Err(error);
            }
        };
        exchange(dir, &index, &fresh).map_err(&failed)?;
        Ok(Rebuilt { records, before, after: taken(&index).map_err(&failed)? })
    }
}

fn exchange(dir: &Path, index: &Path, fresh: &Path) -> io::Result<()> {
    if index.exists() {
        fs::rename(index, dir.join(OLD))?;
    }
    fs::rename(fresh, index)?;
    File::open(dir)?.sync_all()?;
    remove_left_over(dir)
}

/// What a rebuilding that was cut off left behind: it holds nothing that is needed.
pub(super) fn remove_left_over(dir: &Path) -> io::Result<()> {
    [FRESH, OLD].iter().try_for_each(|name| match fs::remove_dir_all(dir.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    })
}
