//! Approvals: what one person asked, and what another one said to it.

use prost::Message;

use crate::account::{ApprovalId, PersonId};

/// An approval, or what it is now. Nothing in it says whom it is about but sealed. [APR-9]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ApprovalRecord {
    /// Approval ID.
    #[prost(bytes = "vec", tag = "1")]
    pub approval: Vec<u8>,
    /// What needs two people: a code of the schema.
    #[prost(int32, tag = "2")]
    pub kind: i32,
    /// Digest of the exact request.
    #[prost(bytes = "vec", tag = "3")]
    pub digest: Vec<u8>,
    /// Who asked. [ACC-20]
    #[prost(bytes = "vec", tag = "4")]
    pub account: Vec<u8>,
    /// Whose accounts those are: who asked, and on whose behalf.
    #[prost(bytes = "vec", repeated, tag = "5")]
    pub persons: Vec<Vec<u8>>,
    /// The trail that it concerns; empty: one that would be opened, or none.
    #[prost(bytes = "vec", tag = "6")]
    pub trail: Vec<u8>,
    /// The case that it concerns; empty: none.
    #[prost(bytes = "vec", tag = "7")]
    pub case: Vec<u8>,
    /// What would happen, under the evidence key of its own.
    #[prost(bytes = "vec", tag = "8")]
    pub summary: Vec<u8>,
    /// Why, in words, under the value key of its own; empty: nothing was said.
    #[prost(bytes = "vec", tag = "9")]
    pub words: Vec<u8>,
    /// Why: a code of the schema.
    #[prost(int32, tag = "10")]
    pub reason: i32,
    /// When it was asked, seconds since 1970.
    #[prost(uint64, tag = "11")]
    pub asked: u64,
    /// When it ends, seconds since 1970.
    #[prost(uint64, tag = "12")]
    pub until: u64,
    /// Which account decided; empty: none has. [ACC-20]
    #[prost(bytes = "vec", tag = "13")]
    pub decided_by: Vec<u8>,
    /// Whose account that is.
    #[prost(bytes = "vec", tag = "14")]
    pub approver: Vec<u8>,
    /// It may not happen.
    #[prost(bool, tag = "15")]
    pub refused: bool,
    /// When it was decided, seconds since 1970; 0: it was not.
    #[prost(uint64, tag = "16")]
    pub decided: u64,
    /// When it happened, seconds since 1970; 0: it did not.
    #[prost(uint64, tag = "17")]
    pub used: u64,
    /// An administrator had made a way into the account that decided, within a week before. [APR-10]
    #[prost(bool, tag = "18")]
    pub fresh: bool,
    /// Persons whom she excludes with the very words that it would say. [APR-11]
    #[prost(bytes = "vec", repeated, tag = "19")]
    pub excluded: Vec<Vec<u8>>,
}

/// Under which name the key book holds the keys of an approval.
#[must_use]
pub fn approval_key_name(approval: &ApprovalId) -> [u8; 32] {
    *uput_core::id::Id::of(&[b"uput/node/approval".as_slice(), &approval.to_vec()].concat()).as_bytes()
}

/// Under which name the key book holds the key of a person's pseudonyms. [DIS-16]
#[must_use]
pub fn actor_key_name(person: &PersonId) -> [u8; 32] {
    *uput_core::id::Id::of(&[b"uput/node/actor".as_slice(), &person.to_vec()].concat()).as_bytes()
}
