//! What the journal holds of a case: kind 12, the newest whole state.
//!
//! Guarantees nothing personal in the clear: IDs are random, the file number is sealed under the case's own key. [CAS-2]

use prost::Message;

use crate::{case::CaseId, store::Tree};

/// Cases: ID to the newest record.
pub const CASES: Tree = Tree::new("cases");

/// A case, or what it is now.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct CaseRecord {
    /// Case ID.
    #[prost(bytes = "vec", tag = "1")]
    pub case: Vec<u8>,
    /// Trail IDs, ascending.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub trails: Vec<Vec<u8>>,
    /// Person IDs of those who have it, ascending.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub persons: Vec<Vec<u8>>,
    /// Team IDs of those who have it, ascending.
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub teams: Vec<Vec<u8>>,
    /// Whom she excluded, and what was decided about it.
    #[prost(message, repeated, tag = "5")]
    pub exclusions: Vec<ExclusionEntry>,
    /// Person ID of whoever opened it; empty: it arrived.
    #[prost(bytes = "vec", tag = "6")]
    pub opened_by: Vec<u8>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "7")]
    pub created: u64,
    /// Seconds since 1970 at which it was closed; 0: it is open.
    #[prost(uint64, tag = "8")]
    pub closed: u64,
    /// The organisation's own file number, under the case's value key; empty if none.
    #[prost(bytes = "vec", tag = "9")]
    pub external_ref: Vec<u8>,
    /// Case IDs that were joined into it, ascending.
    #[prost(bytes = "vec", repeated, tag = "10")]
    pub joined: Vec<Vec<u8>>,
    /// Case ID into which it was joined; empty: none.
    #[prost(bytes = "vec", tag = "11")]
    pub into: Vec<u8>,
    /// Who broke the glass.
    #[prost(message, repeated, tag = "12")]
    pub glass: Vec<GlassEntry>,
    /// Account ID of whoever changed it last; empty: nobody here did. [ACC-20]
    #[prost(bytes = "vec", tag = "13")]
    pub account: Vec<u8>,
    /// When this state was written, seconds since 1970.
    #[prost(uint64, tag = "14")]
    pub time: u64,
    /// Digests of the names that she excluded, under the case's value key; empty if none. [CAS-33]
    #[prost(bytes = "vec", tag = "15")]
    pub names: Vec<u8>,
    /// When what is held about her was erased, seconds since 1970; 0: it was not. [CAS-48]
    #[prost(uint64, tag = "16")]
    pub erased: u64,
}

/// A person whom she excluded, or may have.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ExclusionEntry {
    /// Person ID.
    #[prost(bytes = "vec", tag = "1")]
    pub person: Vec<u8>,
    /// How sure: a `Ground`.
    #[prost(uint32, tag = "2")]
    pub ground: u32,
    /// What a supervisor decided: a `Ruling`.
    #[prost(uint32, tag = "3")]
    pub ruling: u32,
    /// Person ID of whoever decided, or excluded by hand; empty: nobody.
    #[prost(bytes = "vec", tag = "4")]
    pub by: Vec<u8>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "5")]
    pub time: u64,
}

/// A person who broke the glass.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct GlassEntry {
    /// Person ID.
    #[prost(bytes = "vec", tag = "1")]
    pub person: Vec<u8>,
    /// Until when it stays open, seconds since 1970.
    #[prost(uint64, tag = "2")]
    pub until: u64,
    /// Person ID of whoever approved.
    #[prost(bytes = "vec", tag = "3")]
    pub approved_by: Vec<u8>,
}

/// Under which name the key book holds the keys of a case. [CAS-2]
#[must_use]
pub fn case_key_name(case: &CaseId) -> [u8; 32] {
    *uput_core::id::Id::of(&[b"uput/node/case".as_slice(), &case.to_vec()].concat()).as_bytes()
}

/// Associated data of what is sealed under a case's value key in its record.
#[must_use]
pub fn case_aad(case: &CaseId, part: &[u8]) -> Vec<u8> {
    [b"uput/node/case/".as_slice(), part, b"/", &case.to_vec()].concat()
}
