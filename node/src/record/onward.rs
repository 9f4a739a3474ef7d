//! What the journal holds of what goes on to others: which copy of an attestation went to whom (kind 38), and which trail
//! rests on what was received in which (kind 39).
//!
//! Guarantees random numbers only: no label, no value, nobody's name. [ONW-4] [CAS-100]

use prost::Message;
use uput_core::id::TrailId;

use crate::store::Tree;

/// Copies that were given: the copy to the record.
pub const COPIES: Tree = Tree::new("copies");
/// What rests on what was received: the trail received and the one opened onward, to the record.
pub const ONWARD: Tree = Tree::new("onward");

/// To whom a copy went.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct CopyRecord {
    /// ID of the copy's envelope.
    #[prost(bytes = "vec", tag = "1")]
    pub copy: Vec<u8>,
    /// OrgId.
    #[prost(bytes = "vec", tag = "2")]
    pub organisation: Vec<u8>,
    /// When, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub time: u64,
}

/// That something which was received in one trail was disclosed in another.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct OnwardRecord {
    /// ID of the trail in which it was received.
    #[prost(bytes = "vec", tag = "1")]
    pub received: Vec<u8>,
    /// ID of the trail in which it was disclosed.
    #[prost(bytes = "vec", tag = "2")]
    pub onward: Vec<u8>,
    /// When, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub time: u64,
}

/// Key of what rests in one trail on another.
#[must_use]
pub fn onward_key(received: &[u8], onward: &[u8]) -> Vec<u8> {
    [received, onward].concat()
}

/// Received and onward trail of a key.
#[must_use]
pub fn parse_onward_key(key: &[u8]) -> Option<(TrailId, TrailId)> {
    let (received, onward) = key.split_at_checked(32)?;
    Some((TrailId::parse(received).ok()?, TrailId::parse(onward).ok()?))
}
