//! What the journal holds of challenges: our own, those that we put as a witness, and what became of either.

use prost::Message;

use super::{Writes, points, queue_key, waits};
use crate::{storage::Record, store::Tree};

/// Challenges of ours: trail ID and position.
pub const CHALLENGES: Tree = Tree::new("challenges");
/// What became of challenges: the part, the ID of the challenge and the organisation, to the newest record.
pub const PUT: Tree = Tree::new("put challenges");

/// A challenge that this organisation signed.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ChallengeRecord {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// Encoded `Envelope` under the evidence key.
    #[prost(bytes = "vec", tag = "2")]
    pub envelope: Vec<u8>,
    /// OrgIds of the witnesses that shall put it.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub witnesses: Vec<Vec<u8>>,
    /// When it was stored, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub stored: u64,
}

/// Which part this organisation has in a challenge that goes through a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Part {
    /// Never written.
    Unspecified = 0,
    /// It is the witness.
    Witness = 1,
    /// It shall answer.
    Asked = 2,
    /// It challenged.
    Challenger = 3,
}

/// How a challenge stands that goes through a witness.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct PutRecord {
    /// What this organisation is in it.
    #[prost(enumeration = "Part", tag = "1")]
    pub part: i32,
    /// ID of the challenge.
    #[prost(bytes = "vec", tag = "2")]
    pub challenge: Vec<u8>,
    /// OrgId: of the challenger at the witness, of the witness at both others.
    #[prost(bytes = "vec", tag = "3")]
    pub with: Vec<u8>,
    /// OrgId of whoever shall answer.
    #[prost(bytes = "vec", tag = "4")]
    pub asked: Vec<u8>,
    /// The sealed letter that is put; at the witness, until that party has it.
    #[prost(bytes = "vec", tag = "5")]
    pub letter: Vec<u8>,
    /// Encoded `Envelope` of the witness's newest countersignature; empty: there is none.
    #[prost(bytes = "vec", tag = "6")]
    pub said: Vec<u8>,
    /// ID of the head that answers; empty: there is none.
    #[prost(bytes = "vec", tag = "7")]
    pub head: Vec<u8>,
    /// Number of the rejection with which it was not taken; 0: it was, or nobody knows yet.
    #[prost(uint32, tag = "8")]
    pub code: u32,
    /// When that party's machine had it, seconds since 1970; 0: not yet. At the witness.
    #[prost(uint64, tag = "9")]
    pub put: u64,
    /// Until when the newest countersignature speaks, seconds since 1970. At the witness.
    #[prost(uint64, tag = "10")]
    pub until: u64,
    /// How many countersignatures were kept so far. At the challenger.
    #[prost(uint32, tag = "11")]
    pub heard: u32,
    /// OrgId of whoever is told this; empty: nobody.
    #[prost(bytes = "vec", tag = "12")]
    pub to: Vec<u8>,
    /// When it was stored, seconds since 1970.
    #[prost(uint64, tag = "13")]
    pub stored: u64,
}

impl ChallengeRecord {
    /// What the index shows of it.
    pub(super) fn project(&self, record: &Record) -> Writes {
        let here = points(CHALLENGES, &queue_key(&self.trail, record.position), record);
        std::iter::once(here).chain(self.witnesses.iter().map(|witness| waits(witness, record))).collect()
    }
}

impl PutRecord {
    /// What the index shows of it.
    pub(super) fn project(&self, record: &Record) -> Writes {
        let here = points(PUT, &put_key(self.part(), &self.challenge, &self.with), record);
        let waits = (!self.to.is_empty()).then(|| waits(&self.to, record));
        std::iter::once(here).chain(waits).collect()
    }
}

/// Key of a challenge by the part in it; with nobody the beginning of all keys of that challenge.
#[must_use]
pub fn put_key(part: Part, challenge: &[u8], with: &[u8]) -> Vec<u8> {
    [&(part as i32).to_be_bytes()[..], challenge, with].concat()
}
