//! What the journal holds of what one case says about her: kind 13, the newest whole state.
//!
//! Guarantees nothing in the clear but random numbers and times: labels, values and the digests of words are sealed under
//! the case's value key. [CAS-40]

use prost::Message;

use crate::store::Tree;

/// Values of cases: case ID to the newest record.
pub const CASE_VALUES: Tree = Tree::new("case values");

/// What is held about her in a case, or what it is now.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct CaseValuesRecord {
    /// Case ID.
    #[prost(bytes = "vec", tag = "1")]
    pub case: Vec<u8>,
    /// Encoded [`Holding`] under the case's value key.
    #[prost(bytes = "vec", tag = "2")]
    pub sealed: Vec<u8>,
    /// When this state was written, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub time: u64,
    /// Who wrote it. [ACC-20]
    #[prost(bytes = "vec", tag = "4")]
    pub account: Vec<u8>,
    /// Digest of the request that made it.
    #[prost(bytes = "vec", tag = "5")]
    pub request: Vec<u8>,
}

/// What is sealed.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct Holding {
    /// One for each label.
    #[prost(message, repeated, tag = "1")]
    pub fields: Vec<HeldField>,
    /// OrgIds of organisations that she excluded.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub excluded_organisations: Vec<Vec<u8>>,
    /// Digests that programs made under keys of their own.
    #[prost(bytes = "vec", tag = "3")]
    pub given_words: Vec<u8>,
    /// What is noted of the case, which the node has to read. [CAS-90]
    #[prost(message, repeated, tag = "4")]
    pub marks: Vec<HeldMark>,
    /// Case IDs that were joined into the case, ascending, of which this state has all that they knew. [CAS-119]
    #[prost(bytes = "vec", repeated, tag = "5")]
    pub merged: Vec<Vec<u8>>,
    /// `given_words` as they are kept where a trail told a value: under the value key of each such trail, one inside the
    /// other. [CAS-120]
    #[prost(bytes = "vec", tag = "6")]
    pub told_words: Vec<u8>,
}

/// What is noted of a case, whether it stands, and since when.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct HeldMark {
    /// As in the schema.
    #[prost(int32, tag = "1")]
    pub kind: i32,
    /// A label that is withheld; empty otherwise.
    #[prost(string, tag = "2")]
    pub label: String,
    /// Whether it stands.
    #[prost(bool, tag = "3")]
    pub stands: bool,
    /// Since when, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub since: u64,
}

/// One label with its value. As it is kept, what a trail told is in `told` alone. [CAS-113]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct HeldField {
    /// From the catalogue.
    #[prost(string, tag = "1")]
    pub label: String,
    /// Its value.
    #[prost(string, tag = "2")]
    pub value: String,
    /// Since when, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub since: u64,
    /// ID of the trail that it was taken from; empty: it was typed.
    #[prost(bytes = "vec", tag = "4")]
    pub taken_from: Vec<u8>,
    /// The value as it is sealed to a box; `value` is empty then. [CAS-47]
    #[prost(bytes = "vec", tag = "5")]
    pub sealed: Vec<u8>,
    /// ID of the case for which it was sealed.
    #[prost(bytes = "vec", tag = "6")]
    pub sealed_for: Vec<u8>,
    /// Digests of its words that a program made under a key of its own.
    #[prost(bytes = "vec", tag = "7")]
    pub words: Vec<u8>,
    /// Whether its words were let pass knowingly. [NST-11]
    #[prost(bool, tag = "8")]
    pub knowingly: bool,
    /// Which value key of that trail the value was under.
    #[prost(uint32, tag = "9")]
    pub generation: u32,
    /// Encoded [`Told`] under that value key; empty: it was typed.
    #[prost(bytes = "vec", tag = "10")]
    pub told: Vec<u8>,
}

/// What of a field goes with the values of the trail that told it. [CAS-113]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct Told {
    /// As in the field.
    #[prost(string, tag = "1")]
    pub value: String,
    /// As in the field.
    #[prost(bytes = "vec", tag = "2")]
    pub sealed: Vec<u8>,
    /// As in the field.
    #[prost(bytes = "vec", tag = "3")]
    pub words: Vec<u8>,
}

/// Associated data of it.
pub const CASE_VALUES_PART: &[u8] = b"values";
/// Part of what a trail told, in the associated data under the trail's key. [CAS-113]
pub const TOLD_PART: &[u8] = b"record";
/// Part of digests of all words together, in the associated data under the key of each trail that told some. [CAS-120]
pub const TOLD_WORDS_PART: &[u8] = b"record words";
