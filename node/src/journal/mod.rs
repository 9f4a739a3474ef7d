//! The journal: the truth of a node, an append-only row of sealed, numbered, chained records. [STO-1]
//!
//! Guarantees: a record is served exactly as it was written, or an error is; what was acknowledged
//! and is missing, changed or out of place is found when the journal is opened, before anything is
//! served; a group of records (one commit) is there whole or not at all. Leaves to others: when to
//! acknowledge (`storage`), what a record means (its writer), rollback of the whole folder to an
//! earlier state (peers and witnesses).

mod copying;
pub(crate) mod head;
mod reader;
mod record;
mod segment;
mod writer;

pub(crate) use copying::{Pieces, Reach};
pub(crate) use reader::Reader;
pub use reader::Records;
pub use record::{Draft, Position, Record};
pub(crate) use writer::{Journal, Unfit};

use crate::disk::{Disk, DiskFile, Failure};
use crate::seal::{FolderKey, MacKey, SealKey};
use crate::storage::StorageError;
use head::ReadHead;
use segment::{Groups, Header};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Its folder in the data folder.
pub(crate) const FOLDER: &str = "journal";
/// The longest payload of a record: above the largest thing a node receives.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// The name of a segment's file.
pub(crate) fn segment_name(segment: u64) -> String {
    segment::name(segment)
}

/// A segment whose records were all authenticated.
struct Segment {
    number: u64,
    first: u64,
    key: Arc<SealKey>,
    /// Where its records begin.
    offsets: Vec<u32>,
    /// Where the last one ends.
    end: u32,
    /// Kept open while it is being written.
    file: Option<Arc<dyn DiskFile>>,
}

/// A journal that was read completely and agrees with the head; nothing was changed yet.
pub(crate) struct Examined {
    segments: Vec<Segment>,
    number: u64,
    chain: [u8; 32],
    tail: Option<Tail>,
    unfinished: Vec<String>,
    kinds: BTreeSet<u16>,
}

/// What follows the acknowledged records in the last segment.
struct Tail {
    path: String,
    /// Whole groups, not acknowledged: they are completed.
    whole: Vec<u8>,
    /// Where they begin.
    from: u64,
    /// The file goes on behind them: a torn group or preallocated space, dropped.
    surplus: bool,
}

impl Examined {
    /// Reads and authenticates every record, and compares with the head. Changes nothing.
    pub(crate) fn read(disk: &dyn Disk, keys: &FolderKey, head: &ReadHead) -> Result<Self, StorageError> {
        let names = disk.list(FOLDER).map_err(StorageError::gone(FOLDER, "missing"))?;
        let (names, unfinished) = names.into_iter().partition(|name| !name.ends_with(".new"));
        let mut examined =
            Self { segments: Vec::new(), number: 0, chain: [0; 32], tail: None, unfinished, kinds: BTreeSet::new() };
        let mut walk = Walk { disk, keys, mac: mac(keys), head, met: false };
        walk.meet(&examined, FOLDER)?;
        for (index, name) in names.iter().enumerate() {
            let path = format!("{FOLDER}/{name}");
            if *name != segment::name(index as u64 + 1) {
                return Err(StorageError::damaged(&path, "a segment before it is missing"));
            }
            walk.segment(&mut examined, &path, index + 1 == names.len())?;
        }
        if !walk.met {
            let last = names.last().map_or(FOLDER.to_owned(), |name| format!("{FOLDER}/{name}"));
            return Err(StorageError::damaged(&last, "it ends before what was acknowledged"));
        }
        Ok(examined)
    }

    /// How many records there are, the completed ones included.
    pub(crate) fn records(&self) -> u64 {
        self.number
    }

    /// The chain hash over them.
    pub(crate) fn chain(&self) -> [u8; 32] {
        self.chain
    }

    /// Which kinds of record there are.
    pub(crate) const fn kinds(&self) -> &BTreeSet<u16> {
        &self.kinds
    }

    /// Completes or drops what was not acknowledged, durably.
    fn settle(&self, disk: &dyn Disk) -> Result<(), Failure> {
        for name in &self.unfinished {
            disk.remove(&format!("{FOLDER}/{name}"))?;
        }
        let Some(tail) = self.tail.as_ref().filter(|tail| tail.surplus || !tail.whole.is_empty()) else {
            return Ok(());
        };
        let file = disk.open(&tail.path)?;
        // Written again, not only synced: after a failed sync the system may call pages clean that
        // never reached the disk, and a sync of those would promise nothing.
        file.write_at(tail.from, &tail.whole)?;
        file.set_len(tail.from + tail.whole.len() as u64)?;
        file.sync().map_err(Failure::Fatal)
    }
}

struct Walk<'a> {
    disk: &'a dyn Disk,
    keys: &'a FolderKey,
    mac: MacKey,
    head: &'a ReadHead,
    /// The place that the head names was passed, with the chain hash that it names.
    met: bool,
}

impl Walk<'_> {
    fn segment(&mut self, so_far: &mut Examined, path: &str, last: bool) -> Result<(), StorageError> {
        let damaged = |what| StorageError::damaged(path, what);
        let bytes = self.disk.read(path).map_err(StorageError::io("reading the journal"))?;
        let header = Header::decode(&bytes, &self.mac).map_err(|_| damaged("its header does not open"))?;
        let number = so_far.segments.len() as u64 + 1;
        if (header.segment, header.first, header.chain) != (number, so_far.number, so_far.chain) {
            return Err(damaged("it does not continue the segment before it"));
        }
        let key = Arc::new(header.key(self.keys));
        let mut groups = Groups::new(&bytes, &header, &key);
        let (mut offsets, mut acknowledged) = (Vec::new(), groups.at);
        while groups.next(&mut offsets) {
            (so_far.number, so_far.chain) = (groups.number, groups.chain);
            self.meet(so_far, path)?;
            if groups.number <= self.head.head.records {
                acknowledged = groups.at;
            }
        }
        so_far.kinds.append(&mut groups.kinds);
        if !last && groups.at != bytes.len() {
            return Err(damaged("a record does not open"));
        }
        if last && groups.has_rest() && (!self.met || self.head.doubtful) {
            return Err(damaged("a record does not open"));
        }
        let end = u32::try_from(groups.at).map_err(|_| damaged("it is too long"))?;
        so_far.tail = last.then(|| Tail {
            path: path.to_owned(),
            whole: bytes.get(acknowledged..groups.at).unwrap_or_default().to_vec(),
            from: acknowledged as u64,
            surplus: groups.at != bytes.len(),
        });
        so_far.segments.push(Segment { number, first: header.first, key, offsets, end, file: None });
        Ok(())
    }

    /// At each end of a group: is this the place that the head names? [NOD-6]
    fn meet(&mut self, so_far: &Examined, path: &str) -> Result<(), StorageError> {
        if so_far.number == self.head.head.records {
            if so_far.chain != self.head.head.chain {
                return Err(StorageError::damaged(path, "it is not what was acknowledged"));
            }
            self.met = true;
        }
        Ok(())
    }
}

fn mac(keys: &FolderKey) -> MacKey {
    keys.mac_key("uput/node/segment header")
}
