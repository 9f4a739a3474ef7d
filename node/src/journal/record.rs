//! One record: its place in the journal's numbering, its kind, its payload, and its sealed form.

use super::MAX_PAYLOAD;
use crate::seal::{NONCE, SealKey, TAG};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes before the sealed payload: length, kind, flags, number, nonce. All are authenticated.
pub(super) const HEADER: usize = 4 + 2 + 2 + 8 + NONCE;

/// The number of a record: the first is 0, and none is left out or used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// Where the journal begins.
    pub const START: Self = Self(0);

    /// The position with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number, to be kept in an index.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The position after it.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A record to be written. What `kind` and `payload` mean is its writer's matter.
pub struct Draft {
    /// The writer's kind.
    pub kind: u16,
    /// The writer's bytes, at most [`super::MAX_PAYLOAD`] of them.
    pub payload: Zeroizing<Vec<u8>>,
}

/// A record that was read, unchanged since it was written.
pub struct Record {
    /// Its number.
    pub position: Position,
    /// The writer's kind.
    pub kind: u16,
    /// The writer's bytes.
    pub payload: Zeroizing<Vec<u8>>,
}

/// Bytes that a payload of this length takes in a segment.
pub(super) const fn sealed_len(payload: usize) -> usize {
    HEADER + payload + TAG
}

/// Appends a sealed record to `out`.
pub(super) fn seal(
    out: &mut Vec<u8>,
    key: &SealKey,
    draft: &Draft,
    number: u64,
    ends_group: bool,
    nonce: &[u8; NONCE],
) {
    let start = out.len();
    // cannot fail: the journal refuses payloads beyond MAX_PAYLOAD before they come here.
    let length = u32::try_from(draft.payload.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&draft.kind.to_be_bytes());
    out.extend_from_slice(&u16::from(ends_group).to_be_bytes());
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(nonce);
    out.extend_from_slice(&draft.payload);
    let (_, record) = out.split_at_mut(start);
    let (header, body) = record.split_at_mut(HEADER);
    let tag = key.seal_in_place(nonce, header, body);
    out.extend_from_slice(&tag);
}

/// The parsed, not yet authenticated, beginning of a record, and its bytes.
pub(super) struct Sealed<'a> {
    header: &'a [u8; HEADER],
    body: &'a [u8],
    nonce: [u8; NONCE],
    pub(super) kind: u16,
    pub(super) number: u64,
    pub(super) ends_group: bool,
}

impl<'a> Sealed<'a> {
    /// Reads a record at the start of `bytes`; `None` if there cannot be one.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
        let (length, fields) = header.split_first_chunk::<4>()?;
        let (kind, fields) = fields.split_first_chunk::<2>()?;
        let (flags, fields) = fields.split_first_chunk::<2>()?;
        let (number, nonce) = fields.split_first_chunk::<8>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|length| *length <= MAX_PAYLOAD)?;
        Some(Self {
            header,
            body: rest.get(..length.checked_add(TAG)?)?,
            nonce: *nonce.first_chunk::<NONCE>()?,
            kind: u16::from_be_bytes(*kind),
            number: u64::from_be_bytes(*number),
            ends_group: match u16::from_be_bytes(*flags) {
                0 => false,
                1 => true,
                _ => return None,
            },
        })
    }

    /// Bytes that the record takes.
    pub(super) fn len(&self) -> usize {
        HEADER + self.body.len()
    }

    /// The record, if it is authentic and has this number.
    pub(super) fn open(&self, key: &SealKey, number: u64) -> Option<Record> {
        let mut payload = Zeroizing::new(self.body.to_vec());
        let length = self.open_into(key, number, &mut payload)?;
        payload.truncate(length);
        Some(Record { position: Position(number), kind: self.kind, payload })
    }

    /// Whether the record is authentic and has this number; `scratch` is room to work in.
    pub(super) fn is_authentic(&self, key: &SealKey, number: u64, scratch: &mut Vec<u8>) -> bool {
        scratch.clear();
        scratch.extend_from_slice(self.body);
        self.open_into(key, number, scratch).is_some()
    }

    fn open_into(&self, key: &SealKey, number: u64, body: &mut [u8]) -> Option<usize> {
        if self.number != number {
            return None;
        }
        key.open_in_place(&self.nonce, self.header, body).ok()
    }
}
