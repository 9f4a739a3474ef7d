//! What the journal holds of a change that is followed to the trails of a case: kind 14, the newest whole state.
//!
//! Guarantees that a change which was broken off is found again: its record stands in the commit of the new values, before
//! anything is said, and says what is to be said where. What it was is sealed under the case's evidence key. [CAS-53]

use prost::Message;

use crate::store::Tree;

/// Changes: case ID and ID of the change to the newest record.
pub const FOLLOW_UPS: Tree = Tree::new("follow ups");
/// Changes that are not followed to every trail yet: ID of the change.
pub const FOLLOWING: Tree = Tree::new("following");

/// A change, or how far it is now.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct FollowUpRecord {
    /// ID of the change: 16 random bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub follow_up: Vec<u8>,
    /// Case ID.
    #[prost(bytes = "vec", tag = "2")]
    pub case: Vec<u8>,
    /// Encoded [`Followed`] under the case's evidence key.
    #[prost(bytes = "vec", tag = "3")]
    pub sealed: Vec<u8>,
    /// When it was made, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub time: u64,
    /// Who made it. [ACC-20]
    #[prost(bytes = "vec", tag = "5")]
    pub account: Vec<u8>,
    /// Digest of the request that made it.
    #[prost(bytes = "vec", tag = "6")]
    pub request: Vec<u8>,
    /// Every trail has been looked at, and nothing waits for a second person.
    #[prost(bool, tag = "7")]
    pub complete: bool,
}

/// What is sealed.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct Followed {
    /// What changed, as its word in the table.
    #[prost(string, tag = "1")]
    pub change: String,
    /// Every trail of the case.
    #[prost(message, repeated, tag = "2")]
    pub trails: Vec<FollowedStep>,
    /// Who said that she withdraws; empty: not said.
    #[prost(string, tag = "3")]
    pub said_by: String,
    /// The trail that she chose; empty: the change is another one. [CAS-80]
    #[prost(bytes = "vec", tag = "4")]
    pub chosen: Vec<u8>,
}

/// What becomes of it in a trail.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct FollowedStep {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// What is said, as words of the table.
    #[prost(string, repeated, tag = "2")]
    pub say: Vec<String>,
    /// Why not everything, as a word of the table, or the code of what refused it.
    #[prost(string, tag = "3")]
    pub why: String,
    /// What a person does, as a word of the table.
    #[prost(string, tag = "4")]
    pub todo: String,
    /// The approval that is waited for; empty: none. [CAS-79]
    #[prost(bytes = "vec", tag = "5")]
    pub approval: Vec<u8>,
}

/// Key of a change of a case.
#[must_use]
pub fn follow_up_key(record: &FollowUpRecord) -> Vec<u8> {
    [record.case.as_slice(), &record.follow_up].concat()
}
