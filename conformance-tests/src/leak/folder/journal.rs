//! The journal, opened with the storage key: specs/node.md, sections 1.3 and 2.

use std::path::Path;

use super::seal::{FolderKey, NONCE, TAG, open_apart, seal_apart, sha256};
use crate::failed::{Failed, Outcome};

/// Bytes of a segment's header.
const HEADER: usize = 8 + 8 + 8 + 32 + 32 + 32;
/// Bytes of a record before its ciphertext.
const BEFORE: usize = 4 + 2 + 2 + 8 + NONCE;

/// A record as the storage key shows it.
pub(crate) struct Record {
    /// What it is. [NOD-20]
    pub(crate) kind: u16,
    /// Its bytes.
    pub(crate) payload: Vec<u8>,
}

/// One file of the journal.
struct Segment<'a> {
    bytes: &'a [u8],
    key: [u8; 32],
    first: u64,
    chain: [u8; 32],
}

/// Every record of a stopped node, in order, each authenticated; a damaged one is an error.
pub(super) fn read(folder: &Path, keys: &FolderKey) -> Outcome<Vec<Record>> {
    let mut names: Vec<_> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Outcome<_>>()?;
    names.sort_unstable();
    let (mut records, mut chain) = (Vec::new(), [0; 32]);
    for name in names {
        let bytes = std::fs::read(name)?;
        let segment = Segment::open(&bytes, keys)?;
        if (segment.first, segment.chain) != (records.len() as u64, chain) {
            return Err(Failed::because("a segment does not continue the one before"));
        }
        chain = segment.read(&mut records)?;
    }
    Ok(records)
}

/// A segment with one more record, as a node that leaks would have written it.
pub(super) fn with_record(bytes: &[u8], keys: &FolderKey, record: &Record) -> Outcome<Vec<u8>> {
    let segment = Segment::open(bytes, keys)?;
    let mut before = Vec::new();
    segment.read(&mut before)?;
    let end = segment.places().last().map_or(HEADER, |(at, length, ..)| at + BEFORE + length + TAG);
    let mut longer = bytes.get(..end).unwrap_or_default().to_vec();
    let length = u32::try_from(record.payload.len()).map_err(|_| Failed::because("too long a record"))?;
    let number = segment.first + before.len() as u64;
    let nonce = [9; NONCE];
    let aad = [
        &length.to_be_bytes()[..],
        &record.kind.to_be_bytes(),
        &1_u16.to_be_bytes(),
        &number.to_be_bytes(),
        nonce.as_slice(),
    ]
    .concat();
    let body = seal_apart(&segment.key, &nonce, &aad, &record.payload);
    longer.extend(aad);
    longer.extend(body.ok_or_else(|| Failed::because("a record could not be sealed"))?);
    Ok(longer)
}

impl<'a> Segment<'a> {
    fn open(bytes: &'a [u8], keys: &FolderKey) -> Outcome<Self> {
        let wrong = || Failed::because("a segment's header does not open");
        let header = bytes.first_chunk::<HEADER>().ok_or_else(wrong)?;
        let (plain, mac) = header.split_at(HEADER - 32);
        if !plain.starts_with(b"uputseg1") || !keys.is_mac("uput/node/segment header", plain, mac)? {
            return Err(wrong());
        }
        let part = |at: usize, length: usize| plain.get(at..at + length).unwrap_or_default();
        let first = u64::from_be_bytes(part(16, 8).try_into().map_err(|_| wrong())?);
        let chain = part(24, 32).try_into().map_err(|_| wrong())?;
        Ok(Self { bytes, key: keys.derive("uput/node/segment", part(56, 32))?, first, chain })
    }

    /// Appends its records, and returns the chain hash behind them.
    fn read(&self, records: &mut Vec<Record>) -> Outcome<[u8; 32]> {
        let (mut chain, mut group) = (self.chain, HEADER);
        for (at, length, kind, flags) in self.places() {
            let (header, body) = (self.slice(at, BEFORE), self.slice(at + BEFORE, length + TAG));
            let nonce = header.last_chunk::<NONCE>();
            let payload = nonce.and_then(|nonce| open_apart(&self.key, nonce, header, body));
            let payload = payload.ok_or_else(|| Failed::because("a record does not open"))?;
            records.push(Record { kind, payload });
            let end = at + BEFORE + length + TAG;
            if flags == 1 {
                chain = sha256(&[&chain, self.slice(group, end - group)]);
                group = end;
            }
        }
        Ok(chain)
    }

    /// Where each record begins, the length of its payload, kind and flags. Behind the last one nothing but zeros.
    fn places(&self) -> Vec<(usize, usize, u16, u16)> {
        let (mut at, mut places) = (HEADER, Vec::new());
        while let Some(header) = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<BEFORE>()) {
            let [a, b, c, d, kind, sort, flag, flags, ..] = *header;
            if header.iter().all(|byte| *byte == 0) {
                break;
            }
            let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
            places.push((at, length, u16::from_be_bytes([kind, sort]), u16::from_be_bytes([flag, flags])));
            at = at.saturating_add(length).saturating_add(BEFORE + TAG);
        }
        places
    }

    fn slice(&self, at: usize, length: usize) -> &'a [u8] {
        self.bytes.get(at..at.saturating_add(length)).unwrap_or_default()
    }
}
