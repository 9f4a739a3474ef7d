//! Copying the acknowledged bytes of a journal while a node writes to it.
//!
//! Guarantees that what is given is authentic, follows what was copied before, and ends where a head says; reads only.
//! A segment is written once and never changed, so what was copied once is never copied again. [BAK-20]

use super::segment::{self, Groups, Header};
use super::{FOLDER, head::Head};
use crate::disk::Disk;
use crate::seal::FolderKey;
use crate::storage::StorageError;

/// How far a copy reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The segment that it ends in; the first is 1.
    pub(crate) segment: u64,
    /// Bytes of that segment that are in it.
    pub(crate) offset: u64,
    /// Records.
    pub(crate) records: u64,
    /// The chain hash over them.
    pub(crate) chain: [u8; 32],
}

impl Reach {
    /// Of a copy of nothing.
    pub(crate) const START: Self = Self { segment: 1, offset: 0, records: 0, chain: [0; 32] };
}

/// Bytes of one segment.
pub(crate) struct Piece {
    /// Which.
    pub(crate) segment: u64,
    /// Where they begin.
    pub(crate) offset: u64,
    /// They, whole groups, the first with the segment's header.
    pub(crate) bytes: Vec<u8>,
}

/// What is acknowledged behind `from`, one piece of a segment after the other.
pub(crate) struct Pieces<'a> {
    pub(crate) disk: &'a dyn Disk,
    pub(crate) keys: &'a FolderKey,
    pub(crate) head: &'a Head,
    pub(crate) from: Reach,
}

impl Pieces<'_> {
    /// The next piece; none when the head is reached.
    pub(crate) fn next(&mut self) -> Result<Option<Piece>, StorageError> {
        loop {
            if self.from.records > self.head.records {
                return Err(StorageError::damaged(FOLDER, "it ends before what was backed up"));
            }
            if self.from.records == self.head.records {
                let same = self.from.chain == self.head.chain;
                return if same {
                    Ok(None)
                } else {
                    Err(StorageError::damaged(FOLDER, "it is not what was backed up"))
                };
            }
            let before = self.from;
            let piece = self.of_segment()?;
            let (segment, offset) = (self.from.segment + 1, 0);
            if self.from.records < self.head.records {
                self.from = Reach { segment, offset, ..self.from };
            }
            if !piece.is_empty() {
                return Ok(Some(Piece { segment: before.segment, offset: before.offset, bytes: piece }));
            }
        }
    }

    /// What there is in the segment in hand.
    fn of_segment(&mut self) -> Result<Vec<u8>, StorageError> {
        let path = format!("{FOLDER}/{}", segment::name(self.from.segment));
        let damaged = |what| StorageError::damaged(&path, what);
        let bytes = self.disk.read(&path).map_err(StorageError::gone(&path, "it is missing"))?;
        let header = Header::decode(&bytes, &super::mac(self.keys)).map_err(|_| damaged("its header does not open"))?;
        let key = header.key(self.keys);
        let mut groups = Groups::new(&bytes, &header, &key);
        let from = usize::try_from(self.from.offset).map_err(|_| damaged("it is too long"))?;
        while groups.at < from && groups.next(&mut Vec::new()) {}
        // At its beginning the header counts as not copied yet.
        let continues = header.segment == self.from.segment
            && (groups.number, groups.chain) == (self.from.records, self.from.chain)
            && (from == 0 || groups.at == from);
        if !continues {
            return Err(damaged("it does not follow what was backed up"));
        }
        while groups.number < self.head.records && groups.next(&mut Vec::new()) {}
        self.from = Reach { offset: groups.at as u64, records: groups.number, chain: groups.chain, ..self.from };
        Ok(bytes.get(from..groups.at).unwrap_or_default().to_vec())
    }
}
