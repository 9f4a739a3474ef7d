//! The head: a small synced word on how far journal and key book reach.
//!
//! Guarantees: whatever was acknowledged is covered by a readable slot. Two slots are written
//! alternately, each holds its content twice, in two sectors, so that neither a torn write nor one
//! bad sector leaves less than the last acknowledged state. Between the copies stands a label, the text of `FORMAT`, so
//! that its loss does not take the folder. Leaves to others: comparing it.

use crate::disk::{Disk, DiskFile, Failure};
use crate::seal::{FolderKey, MacKey};
use crate::storage::StorageError;
use std::sync::Arc;

/// Its name in the data folder.
pub(crate) const FILE: &str = "head";
const MAGIC: &[u8; 8] = b"uputhead";
const SLOT: usize = 4096;
const COPIES: [usize; 2] = [0, SLOT / 2];
/// Where in a slot the label stands, and its longest.
const LABEL: usize = SLOT / 4;
const LABEL_MOST: usize = 512;
const PLAIN: usize = 8 + 8 + 8 + 32 + 8 + 8 + 32;

/// How far everything reaches that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Counts the writes of the head itself.
    pub(crate) sequence: u64,
    /// Records in the journal.
    pub(crate) records: u64,
    /// The chain hash over them.
    pub(crate) chain: [u8; 32],
    /// How often the key book was rewritten.
    pub(crate) generation: u64,
    /// Entries in the key book.
    pub(crate) entries: u64,
    /// The chain hash over them.
    pub(crate) book: [u8; 32],
}

/// The open file.
pub(crate) struct HeadFile {
    file: Arc<dyn DiskFile>,
    mac: MacKey,
    slot: Vec<u8>,
    label: Vec<u8>,
}

/// What was read: the newest head, and whether the slot that might hold a newer one is unreadable.
pub(crate) struct ReadHead {
    pub(crate) head: Head,
    pub(crate) doubtful: bool,
}

impl HeadFile {
    /// Makes the file, durable but for its name.
    pub(crate) fn create(disk: &dyn Disk, keys: &FolderKey, head: Head) -> Result<(), Failure> {
        let mut file = Self { file: disk.create(FILE)?, mac: mac(keys), slot: Vec::new(), label: Vec::new() };
        file.write(&head)?;
        file.write(&Head { sequence: head.sequence + 1, ..head })
    }

    /// Opens and reads it.
    pub(crate) fn open(disk: &dyn Disk, keys: &FolderKey) -> Result<(Self, ReadHead), StorageError> {
        let file = disk.open(FILE).map_err(StorageError::gone(FILE, "missing"))?;
        let bytes = file.read_all().map_err(StorageError::io("reading the head"))?;
        let mac = mac(keys);
        let read = read(&mac, &bytes)?;
        Ok((Self { file, mac, slot: Vec::with_capacity(SLOT), label: Vec::new() }, read))
    }

    /// From now on each write puts this beside the head; what is too long is left out.
    pub(crate) fn set_label(&mut self, label: &[u8]) {
        self.label = label.get(..LABEL_MOST).map_or_else(|| label.to_vec(), |_| Vec::new());
    }

    /// The labels that stand in the file, whoever wrote them: nothing of them is authenticated here.
    pub(crate) fn labels(disk: &dyn Disk) -> Vec<Vec<u8>> {
        let bytes = disk.read(FILE).unwrap_or_default();
        let place = |slot: usize| bytes.get(slot + LABEL..slot + LABEL + LABEL_MOST);
        let text = |place: &[u8]| place.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        [0, SLOT].into_iter().filter_map(place).map(text).filter(|text| !text.is_empty()).collect()
    }

    /// Writes and syncs a head; its slot follows from its sequence number.
    pub(crate) fn write(&mut self, head: &Head) -> Result<(), Failure> {
        fill(&mut self.slot, &self.mac, head);
        if let Some(place) = self.slot.get_mut(LABEL..LABEL + self.label.len()) {
            place.copy_from_slice(&self.label);
        }
        self.file.write_at(head.sequence % 2 * SLOT as u64, &self.slot)?;
        self.file.sync().map_err(Failure::Fatal)
    }
}

impl ReadHead {
    /// What a head says that somebody else may be writing meanwhile: one of its two slots is always whole.
    pub(crate) fn beside(disk: &dyn Disk, keys: &FolderKey) -> Result<Self, StorageError> {
        let bytes = disk.read(FILE).map_err(StorageError::io("reading the head"))?;
        read(&mac(keys), &bytes)
    }
}

fn read(mac: &MacKey, bytes: &[u8]) -> Result<ReadHead, StorageError> {
    let slots = [0, SLOT].map(|slot| newest(mac, bytes, slot));
    let newest = slots.iter().flatten().max_by_key(|head| head.sequence);
    let head = *newest.ok_or_else(|| StorageError::damaged(FILE, "no slot is readable"))?;
    Ok(ReadHead { head, doubtful: slots.iter().any(Option::is_none) })
}

fn newest(mac: &MacKey, bytes: &[u8], slot: usize) -> Option<Head> {
    let copies = COPIES.iter().filter_map(|copy| decode(mac, bytes.get(slot + copy..)?));
    copies.max_by_key(|head| head.sequence)
}

fn decode(mac: &MacKey, bytes: &[u8]) -> Option<Head> {
    let (plain, rest) = bytes.split_first_chunk::<PLAIN>()?;
    mac.verify(plain, rest.first_chunk::<32>()?).ok()?;
    let (magic, fields) = plain.split_first_chunk::<8>()?;
    let (sequence, fields) = fields.split_first_chunk::<8>()?;
    let (records, fields) = fields.split_first_chunk::<8>()?;
    let (chain, fields) = fields.split_first_chunk::<32>()?;
    let (generation, fields) = fields.split_first_chunk::<8>()?;
    let (entries, fields) = fields.split_first_chunk::<8>()?;
    (magic == MAGIC).then_some(Head {
        sequence: u64::from_be_bytes(*sequence),
        records: u64::from_be_bytes(*records),
        chain: *chain,
        generation: u64::from_be_bytes(*generation),
        entries: u64::from_be_bytes(*entries),
        book: *fields.first_chunk::<32>()?,
    })
}

/// The whole file as it is when a head was written and nothing after it.
pub(crate) fn encoded(keys: &FolderKey, head: Head) -> Vec<u8> {
    let (mac, mut slot) = (mac(keys), Vec::with_capacity(SLOT));
    let next = Head { sequence: head.sequence + 1, ..head };
    let in_order = if head.sequence.is_multiple_of(2) { [head, next] } else { [next, head] };
    let mut file = Vec::with_capacity(2 * SLOT);
    for head in in_order {
        fill(&mut slot, &mac, &head);
        file.extend_from_slice(&slot);
    }
    file
}

/// A slot: twice the same, each with its MAC.
fn fill(slot: &mut Vec<u8>, mac: &MacKey, head: &Head) {
    slot.clear();
    for copy in COPIES {
        slot.resize(copy, 0);
        let start = slot.len();
        encode(head, slot);
        let mac = mac.mac(&[slot.get(start..).unwrap_or_default()]);
        slot.extend_from_slice(&mac);
    }
    slot.resize(SLOT, 0);
}

fn mac(keys: &FolderKey) -> MacKey {
    keys.mac_key("uput/node/head")
}

fn encode(head: &Head, out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&head.sequence.to_be_bytes());
    out.extend_from_slice(&head.records.to_be_bytes());
    out.extend_from_slice(&head.chain);
    out.extend_from_slice(&head.generation.to_be_bytes());
    out.extend_from_slice(&head.entries.to_be_bytes());
    out.extend_from_slice(&head.book);
}
