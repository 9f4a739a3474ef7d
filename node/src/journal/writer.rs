//! Writing: groups are staged in memory, written and synced together, and only then published.

use super::head::Head;
use super::record::{self, sealed_len};
use super::segment::{self, HEADER, Header};
use super::{Draft, Examined, FOLDER, MAX_PAYLOAD, Position, Reader, Segment};
use crate::disk::{Disk, DiskFile, Failure};
use crate::seal::{FolderKey, MacKey, NONCE, NoRandomness, SealKey, fill_random, random};
use std::sync::{Arc, PoisonError};

/// The writing half; there is one, and the committer owns it.
pub(crate) struct Journal {
    reader: Arc<Reader>,
    keys: FolderKey,
    mac: MacKey,
    segment_size: usize,
    next_segment: u64,
    current: Option<Current>,
    durable: Reach,
    staged: Reach,
    buffer: Vec<u8>,
    offsets: Vec<u32>,
    nonces: Vec<u8>,
}

/// How far the journal reaches.
#[derive(Clone, Copy)]
struct Reach {
    records: u64,
    chain: [u8; 32],
}

/// The segment that this run writes.
struct Current {
    file: Arc<dyn DiskFile>,
    key: Arc<SealKey>,
    at: usize,
}

/// Why a group cannot be staged now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It would fit into a fresh segment.
    Now,
    /// It fits into none, or a payload is too long.
    Ever,
}

impl Journal {
    /// Settles the tail and begins to write; the first write makes a new segment, because no place
    /// is ever written twice.
    pub(crate) fn start(
        disk: Arc<dyn Disk>,
        keys: &FolderKey,
        examined: Examined,
        segment_size: usize,
    ) -> Result<Self, Failure> {
        examined.settle(disk.as_ref())?;
        let reach = Reach { records: examined.number, chain: examined.chain };
        Ok(Self {
            next_segment: examined.segments.len() as u64 + 1,
            reader: Arc::new(Reader::new(disk, examined.segments)),
            mac: super::mac(keys),
            keys: keys.clone(),
            segment_size,
            current: None,
            durable: reach,
            staged: reach,
            buffer: Vec::new(),
            offsets: Vec::new(),
            nonces: Vec::new(),
        })
    }

    /// The reading half.
    pub(crate) fn reader(&self) -> Arc<Reader> {
        Arc::clone(&self.reader)
    }

    /// Puts how far the journal durably reaches into a head.
    pub(crate) fn cover(&self, head: &mut Head) {
        (head.records, head.chain) = (self.durable.records, self.durable.chain);
    }

    /// Whether a group can be staged into the current segment.
    pub(crate) fn fits(&self, drafts: &[Draft]) -> Result<(), Unfit> {
        let length: usize = drafts.iter().map(|draft| sealed_len(draft.payload.len())).sum();
        if length > self.segment_size - HEADER || drafts.iter().any(|draft| draft.payload.len() > MAX_PAYLOAD) {
            return Err(Unfit::Ever);
        }
        let used = self.current.as_ref().map(|current| current.at + self.buffer.len());
        if used.is_none_or(|used| used + length > self.segment_size) { Err(Unfit::Now) } else { Ok(()) }
    }

    /// Closes the current segment and makes a new one. Nothing may be staged.
    pub(crate) fn turn(&mut self) -> Result<(), Failure> {
        self.close_segment()?;
        let disk = Arc::clone(&self.reader.disk);
        let fresh = format!("{FOLDER}/{}.new", segment::name(self.next_segment));
        let made = self.make_segment(disk.as_ref(), &fresh);
        if matches!(made, Err(Failure::Full)) {
            disk.remove(&fresh).map_err(Failure::Fatal)?;
        }
        made
    }

    /// Seals a group behind what is already staged. The caller asked [`Journal::fits`].
    pub(crate) fn stage(&mut self, drafts: &[Draft]) -> Result<Vec<Position>, NoRandomness> {
        let Some(current) = &self.current else {
            return Ok(Vec::new());
        };
        self.nonces.resize(drafts.len() * NONCE, 0);
        fill_random(&mut self.nonces)?;
        let start = self.buffer.len();
        let mut positions = Vec::with_capacity(drafts.len());
        let (nonces, _) = self.nonces.as_chunks::<NONCE>();
        for (index, (draft, nonce)) in drafts.iter().zip(nonces).enumerate() {
            let offset = current.at + self.buffer.len();
            // cannot fail: `fits` keeps offsets within a segment, and a segment within 4 GiB.
            self.offsets.push(u32::try_from(offset).unwrap_or(u32::MAX));
            let last = index + 1 == drafts.len();
            record::seal(&mut self.buffer, &current.key, draft, self.staged.records, last, nonce);
            positions.push(Position::new(self.staged.records));
            self.staged.records += 1;
        }
        if let Some(group) = self.buffer.get(start..).filter(|group| !group.is_empty()) {
            self.staged.chain = segment::chain(&self.staged.chain, group);
        }
        Ok(positions)
    }

    /// Writes and syncs what is staged. If there is no space, nothing of it remains.
    pub(crate) fn write(&mut self) -> Result<(), Failure> {
        let Some(current) = self.current.as_mut().filter(|_| !self.buffer.is_empty()) else {
            return Ok(());
        };
        match current.file.write_at(current.at as u64, &self.buffer).map_err(Failure::from) {
            Ok(()) => {}
            Err(Failure::Full) => {
                // The place may hold a part of it, so it is not written again: the segment ends.
                self.drop_staged();
                self.close_segment()?;
                return Err(Failure::Full);
            }
            fatal => return fatal,
        }
        current.file.sync().map_err(Failure::Fatal)?;
        current.at += self.buffer.len();
        self.buffer.clear();
        self.durable = self.staged;
        Ok(())
    }

    /// Lets readers see what was written.
    pub(crate) fn publish(&mut self) {
        let mut segments = self.reader.segments.write().unwrap_or_else(PoisonError::into_inner);
        if let (Some(segment), Some(current)) = (segments.last_mut(), &self.current) {
            segment.offsets.append(&mut self.offsets);
            segment.end = u32::try_from(current.at).unwrap_or(u32::MAX);
        }
    }

    /// Forgets what is staged and not written.
    pub(crate) fn drop_staged(&mut self) {
        self.buffer.clear();
        self.offsets.clear();
        self.staged = self.durable;
    }

    fn close_segment(&mut self) -> Result<(), Failure> {
        let Some(current) = self.current.take() else {
            return Ok(());
        };
        current.file.set_len(current.at as u64)?;
        current.file.sync().map_err(Failure::Fatal)?;
        let mut segments = self.reader.segments.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = segments.last_mut() {
            segment.file = None;
        }
        Ok(())
    }

    fn make_segment(&mut self, disk: &dyn Disk, fresh: &str) -> Result<(), Failure> {
        let salt = random().map_err(|error| Failure::Fatal(std::io::Error::other(error)))?;
        let Reach { records: first, chain } = self.durable;
        let header = Header { segment: self.next_segment, first, chain, salt };
        let file = disk.create(fresh)?;
        file.allocate(self.segment_size as u64)?;
        file.write_at(0, &header.encode(&self.mac))?;
        file.sync().map_err(Failure::Fatal)?;
        disk.rename(fresh, &format!("{FOLDER}/{}", segment::name(header.segment)))?;
        disk.sync_folder(FOLDER).map_err(Failure::Fatal)?;
        let key = Arc::new(header.key(&self.keys));
        let mut segments = self.reader.segments.write().unwrap_or_else(PoisonError::into_inner);
        segments.push(Segment {
            number: header.segment,
            first,
            key: Arc::clone(&key),
            offsets: Vec::new(),
            end: HEADER as u32,
            file: Some(Arc::clone(&file)),
        });
        drop(segments);
        self.next_segment += 1;
        self.current = Some(Current { file, key, at: HEADER });
        Ok(())
    }
}
