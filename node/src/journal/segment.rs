//! One file of the journal: a header that ties it to all that came before, then groups of records.
//!
//! A segment is written by one run of the node, each of its places once, under a key of its own:
//! so a sector that comes back from an earlier time cannot pass for a current one.

use super::MAX_PAYLOAD;
use super::record::Sealed;
use crate::seal::{FolderKey, MacKey, SealKey, TAG, Unreadable, sha256};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

const MAGIC: &[u8; 8] = b"uputseg1";
const PLAIN: usize = 8 + 8 + 8 + 32 + 32;
/// Bytes of a segment's header.
pub(super) const HEADER: usize = PLAIN + 32;

/// What a segment says of itself.
pub(super) struct Header {
    /// Its own number, as in its name; the first is 1.
    pub(super) segment: u64,
    /// The number of its first record.
    pub(super) first: u64,
    /// The chain hash over all groups before it.
    pub(super) chain: [u8; 32],
    /// What makes its key its own.
    pub(super) salt: [u8; 32],
}

impl Header {
    pub(super) fn encode(&self, mac: &MacKey) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.segment.to_be_bytes());
        bytes.extend_from_slice(&self.first.to_be_bytes());
        bytes.extend_from_slice(&self.chain);
        bytes.extend_from_slice(&self.salt);
        let mac = mac.mac(&[&bytes]);
        bytes.extend_from_slice(&mac);
        bytes
    }

    pub(super) fn decode(bytes: &[u8], mac: &MacKey) -> Result<Self, Unreadable> {
        let (plain, rest) = bytes.split_first_chunk::<PLAIN>().ok_or(Unreadable)?;
        mac.verify(plain, rest.first_chunk::<32>().ok_or(Unreadable)?)?;
        let (magic, fields) = plain.split_first_chunk::<8>().ok_or(Unreadable)?;
        let (segment, fields) = fields.split_first_chunk::<8>().ok_or(Unreadable)?;
        let (first, fields) = fields.split_first_chunk::<8>().ok_or(Unreadable)?;
        let (chain, salt) = fields.split_first_chunk::<32>().ok_or(Unreadable)?;
        if magic != MAGIC {
            return Err(Unreadable);
        }
        Ok(Self {
            segment: u64::from_be_bytes(*segment),
            first: u64::from_be_bytes(*first),
            chain: *chain,
            salt: *salt.first_chunk::<32>().ok_or(Unreadable)?,
        })
    }

    pub(super) fn key(&self, keys: &FolderKey) -> SealKey {
        keys.seal_key("uput/node/segment", &self.salt)
    }
}

/// The file name of a segment.
pub(super) fn name(segment: u64) -> String {
    format!("{segment:08}.seg")
}

/// The next chain hash.
pub(super) fn chain(before: &[u8; 32], group: &[u8]) -> [u8; 32] {
    sha256(&[before, group])
}

/// Walks the groups of a segment's bytes, authenticating each before it counts. [NOD-2] [NOD-7]
pub(super) struct Groups<'a> {
    bytes: &'a [u8],
    key: &'a SealKey,
    scratch: Zeroizing<Vec<u8>>,
    /// Where the next group begins.
    pub(super) at: usize,
    /// The number of the next record.
    pub(super) number: u64,
    /// The chain hash up to here.
    pub(super) chain: [u8; 32],
    /// Which kinds of record there were.
    pub(super) kinds: BTreeSet<u16>,
}

impl<'a> Groups<'a> {
    /// `bytes` are the whole file, its header included.
    pub(super) fn new(bytes: &'a [u8], header: &Header, key: &'a SealKey) -> Self {
        // It never grows, so no plaintext stays behind in a buffer that was left.
        let scratch = Zeroizing::new(Vec::with_capacity(bytes.len().min(MAX_PAYLOAD + TAG)));
        Self { bytes, key, scratch, at: HEADER, number: header.first, chain: header.chain, kinds: BTreeSet::new() }
    }

    /// Appends to `offsets` where the records of the next group begin; `false` when no whole,
    /// authentic group follows.
    pub(super) fn next(&mut self, offsets: &mut Vec<u32>) -> bool {
        let known = offsets.len();
        let (mut at, mut number) = (self.at, self.number);
        loop {
            let sealed = self.bytes.get(at..).and_then(Sealed::parse);
            let authentic = sealed.filter(|sealed| sealed.is_authentic(self.key, number, &mut self.scratch));
            let (Some(sealed), Ok(offset)) = (authentic, u32::try_from(at)) else {
                offsets.truncate(known);
                return false;
            };
            offsets.push(offset);
            self.kinds.insert(sealed.kind);
            at += sealed.len();
            number += 1;
            if sealed.ends_group {
                break;
            }
        }
        let group = self.bytes.get(self.at..at).unwrap_or_default();
        self.chain = chain(&self.chain, group);
        (self.at, self.number) = (at, number);
        true
    }

    /// Whether something other than preallocated zeros follows.
    pub(super) fn has_rest(&self) -> bool {
        self.bytes.get(self.at..).unwrap_or_default().iter().any(|byte| *byte != 0)
    }
}
