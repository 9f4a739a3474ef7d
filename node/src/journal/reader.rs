//! Reading records by position, while others are being written.

use super::record::Sealed;
use super::segment::{self, Groups, Header};
use super::{FOLDER, Position, Record, Segment};
use crate::disk::{Disk, DiskFile};
use crate::seal::{FolderKey, SealKey};
use crate::storage::StorageError;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Reads what was published; shared by all readers and the writer.
pub(crate) struct Reader {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) segments: RwLock<Vec<Segment>>,
    /// The closed segment that was read last.
    recent: Mutex<Option<(u64, Arc<dyn DiskFile>)>>,
}

/// Where a record lies.
struct Place {
    segment: u64,
    offset: u32,
    length: usize,
    key: Arc<SealKey>,
    file: Option<Arc<dyn DiskFile>>,
}

impl Reader {
    pub(super) fn new(disk: Arc<dyn Disk>, segments: Vec<Segment>) -> Self {
        Self { disk, segments: RwLock::new(segments), recent: Mutex::default() }
    }

    /// The record at a position, authenticated. [NOD-8]
    pub(crate) fn read(&self, at: Position) -> Result<Record, StorageError> {
        let place = self.place(at).ok_or(StorageError::NoSuchRecord(at))?;
        let path = format!("{FOLDER}/{}", segment::name(place.segment));
        let damaged = || StorageError::damaged(&path, "a record does not open");
        let file = match place.file {
            Some(file) => file,
            None => self.closed(place.segment, &path).map_err(StorageError::io("opening the journal"))?,
        };
        let mut bytes = vec![0; place.length];
        match file.read_at(u64::from(place.offset), &mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(damaged());
            }
            read => read.map_err(StorageError::io("reading the journal"))?,
        }
        let sealed = Sealed::parse(&bytes).ok_or_else(damaged)?;
        sealed.open(&place.key, at.number()).ok_or_else(damaged)
    }

    /// All published records from a position on.
    pub(crate) fn records(&self, from: Position) -> Records<'_> {
        Records { reader: self, next: Some(from) }
    }

    /// After the last published record.
    pub(crate) fn end(&self) -> Position {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let after = |segment: &Segment| segment.first.saturating_add(segment.offsets.len() as u64);
        Position::new(segments.last().map_or(0, after))
    }

    /// The chain hash over the first `records`, if a group ends there.
    pub(crate) fn chain_at(&self, records: u64, keys: &FolderKey) -> Result<Option<[u8; 32]>, StorageError> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let Some(segment) = segments.iter().rev().find(|segment| segment.first <= records) else {
            return Ok((records == 0).then_some([0; 32]));
        };
        let path = format!("{FOLDER}/{}", segment::name(segment.number));
        let bytes = self.disk.read(&path).map_err(StorageError::io("reading the journal"))?;
        let header = Header::decode(&bytes, &super::mac(keys))
            .map_err(|_| StorageError::damaged(&path, "its header does not open"))?;
        let mut groups = Groups::new(&bytes, &header, &segment.key);
        while groups.number < records && groups.next(&mut Vec::new()) {}
        Ok((groups.number == records).then_some(groups.chain))
    }

    fn closed(&self, segment: u64, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = recent.as_ref().filter(|(number, _)| *number == segment) {
            return Ok(Arc::clone(file));
        }
        let file = self.disk.open(path)?;
        *recent = Some((segment, Arc::clone(&file)));
        Ok(file)
    }

    fn place(&self, at: Position) -> Option<Place> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let after = segments.partition_point(|segment| segment.first <= at.number());
        // Segments without records share their first number with the next: the last one counts.
        let segment = segments.get(after.checked_sub(1)?)?;
        let index = usize::try_from(at.number() - segment.first).ok()?;
        let offset = *segment.offsets.get(index)?;
        let end = segment.offsets.get(index + 1).copied().unwrap_or(segment.end);
        Some(Place {
            segment: segment.number,
            offset,
            length: usize::try_from(end.checked_sub(offset)?).ok()?,
            key: Arc::clone(&segment.key),
            file: segment.file.clone(),
        })
    }
}

/// Records in their order; ends after the last one, or after the first that cannot be read.
pub struct Records<'a> {
    reader: &'a Reader,
    next: Option<Position>,
}

impl Iterator for Records<'_> {
    type Item = Result<Record, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.next.take()?;
        match self.reader.read(at) {
            Err(StorageError::NoSuchRecord(_)) => None,
            Ok(record) => {
                self.next = Some(at.next());
                Some(Ok(record))
            }
            Err(error) => Some(Err(error)),
        }
    }
}
