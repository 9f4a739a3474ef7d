//! What is kept of staff keys, of what is sealed to them, and of their recovery. Never a secret in the clear.

use prost::Message;
use uput_core::id::TrailId;

/// A staff key or a team key, or what it is now.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct StaffKeyRecord {
    /// Key ID.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// Public half.
    #[prost(bytes = "vec", tag = "2")]
    pub public: Vec<u8>,
    /// Whose; empty: a team's.
    #[prost(bytes = "vec", tag = "3")]
    pub person: Vec<u8>,
    /// Which team's; empty: a person's.
    #[prost(bytes = "vec", tag = "4")]
    pub team: Vec<u8>,
    /// Of a team key: its secret, sealed to each member.
    #[prost(bytes = "vec", repeated, tag = "5")]
    pub wraps: Vec<Vec<u8>>,
    /// Which key of this node, from 1: the order in which they were made.
    #[prost(uint32, tag = "6")]
    pub number: u32,
    /// Seconds since 1970.
    #[prost(uint64, tag = "7")]
    pub created: u64,
    /// Who made it. [ACC-20]
    #[prost(bytes = "vec", tag = "8")]
    pub account: Vec<u8>,
    /// When it began to count, seconds since 1970; 0: it does not.
    #[prost(uint64, tag = "9")]
    pub confirmed: u64,
    /// Who compared it; empty: nobody had to.
    #[prost(bytes = "vec", tag = "10")]
    pub confirmed_by: Vec<u8>,
    /// How many shares bring it back; 0: it is not shared.
    #[prost(uint32, tag = "11")]
    pub needed: u32,
    /// How many there are.
    #[prost(uint32, tag = "12")]
    pub made: u32,
}

/// A key pair to which values are sealed, or what it is now.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct BoxRecord {
    /// Trail ID, or what stands for a case.
    #[prost(bytes = "vec", tag = "1")]
    pub subject: Vec<u8>,
    /// Which of its boxes, from 1.
    #[prost(uint32, tag = "2")]
    pub number: u32,
    /// Public half.
    #[prost(bytes = "vec", tag = "3")]
    pub public: Vec<u8>,
    /// Its secret, sealed to each reader.
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub wraps: Vec<Vec<u8>>,
    /// The person to whom alone it is sealed; empty: whoever may read.
    #[prost(bytes = "vec", tag = "5")]
    pub named: Vec<u8>,
    /// When it became so, seconds since 1970.
    #[prost(uint64, tag = "6")]
    pub changed: u64,
    /// Who made it so; empty: the node.
    #[prost(bytes = "vec", tag = "7")]
    pub account: Vec<u8>,
    /// Case ID; empty: it is a trail's, or that of words.
    #[prost(bytes = "vec", tag = "8")]
    pub case: Vec<u8>,
}

/// A share of a staff key, or what it is now.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ShareRecord {
    /// Of which key.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// Which, from 1.
    #[prost(uint32, tag = "2")]
    pub number: u32,
    /// Key of the colleague who holds it.
    #[prost(bytes = "vec", tag = "3")]
    pub holder: Vec<u8>,
    /// The share, sealed to that key.
    #[prost(bytes = "vec", tag = "4")]
    pub sealed: Vec<u8>,
    /// What the share is known by.
    #[prost(bytes = "vec", tag = "5")]
    pub digest: Vec<u8>,
    /// The share, sealed to the newest key it was given to; empty: none.
    #[prost(bytes = "vec", tag = "6")]
    pub given: Vec<u8>,
    /// When it was made or given, seconds since 1970.
    #[prost(uint64, tag = "7")]
    pub changed: u64,
    /// Who did it. [ACC-20]
    #[prost(bytes = "vec", tag = "8")]
    pub account: Vec<u8>,
}

/// What the organisation seals to its staff.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct SealingRecord {
    /// Every value; otherwise what agreements ask for.
    #[prost(bool, tag = "1")]
    pub staff_only: bool,
    /// How many shares bring a key back.
    #[prost(uint32, tag = "2")]
    pub needed: u32,
    /// How many are made.
    #[prost(uint32, tag = "3")]
    pub made: u32,
    /// Since when, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub time: u64,
    /// Who said so. [ACC-20]
    #[prost(bytes = "vec", tag = "5")]
    pub account: Vec<u8>,
}

/// Key of a box, or of a share: what it belongs to, and its number.
#[must_use]
pub fn numbered(of: &[u8], number: u32) -> Vec<u8> {
    [of, &number.to_be_bytes()].concat()
}

/// What the box stands for whose secret is the key of words. [CAS-68]
#[must_use]
pub fn word_box_name() -> [u8; 32] {
    *uput_core::id::Id::of(b"uput/node/staff words").as_bytes()
}

/// Under which name the key book holds the key of an event that is on its way. [STF-12]
#[must_use]
pub fn dispatch_key_name(trail: &TrailId, ordinal: u32) -> [u8; 32] {
    let name = [b"uput/node/dispatch".as_slice(), trail.as_bytes(), &ordinal.to_be_bytes()].concat();
    *uput_core::id::Id::of(&name).as_bytes()
}
