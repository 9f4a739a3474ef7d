//! The rota and the nudges, in the journal.
//!
//! Guarantees that in the clear of a record stand only random IDs, times and codes. Leaves the seal of an address to the
//! node.

use prost::Message;
use uput_core::id::Id;

use super::{Writes, points};
use crate::{on_call::DutyId, storage::Record, store::Tree};

/// Duties: ID to the newest record.
pub const DUTIES: Tree = Tree::new("duties");
/// Attempts: the hour in which they began, then the attempt's ID, to the newest record.
pub const NUDGES: Tree = Tree::new("nudges");
/// Trails in which somebody took a call: trail ID to the newest record that says so.
pub const TAKEN: Tree = Tree::new("taken");

/// A line of the rota, or that it is gone. [ONC-5]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct DutyRecord {
    /// Duty ID.
    #[prost(bytes = "vec", tag = "1")]
    pub duty: Vec<u8>,
    /// Account ID of who is on duty; empty in a holiday.
    #[prost(bytes = "vec", tag = "2")]
    pub account: Vec<u8>,
    /// Who is called first.
    #[prost(uint32, tag = "3")]
    pub order: u32,
    /// Days of the week on which it begins, Monday the lowest bit; 0: it is not weekly.
    #[prost(uint32, tag = "4")]
    pub days: u32,
    /// Weekly: minutes since midnight. Else: seconds since 1970.
    #[prost(uint64, tag = "5")]
    pub from: u64,
    /// Likewise.
    #[prost(uint64, tag = "6")]
    pub until: u64,
    /// It is a holiday.
    #[prost(bool, tag = "7")]
    pub holiday: bool,
    /// A `DutyChannel`.
    #[prost(uint32, tag = "8")]
    pub channel: u32,
    /// The address, under a key of its own in the key book.
    #[prost(bytes = "vec", tag = "9")]
    pub address: Vec<u8>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "10")]
    pub created: u64,
    /// Who made it.
    #[prost(bytes = "vec", tag = "11")]
    pub created_by: Vec<u8>,
    /// Seconds since 1970 at which it was taken off; 0: it holds.
    #[prost(uint64, tag = "12")]
    pub removed: u64,
    /// Who took it off.
    #[prost(bytes = "vec", tag = "13")]
    pub removed_by: Vec<u8>,
}

/// An attempt to wake somebody, or that somebody took a call. [ONC-43]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct NudgeRecord {
    /// Random, 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub attempt: Vec<u8>,
    /// When it began, seconds since 1970.
    #[prost(uint64, tag = "2")]
    pub time: u64,
    /// Duty ID; empty: a call was taken.
    #[prost(bytes = "vec", tag = "3")]
    pub duty: Vec<u8>,
    /// OrgIds of those whose calls were due.
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub peers: Vec<Vec<u8>>,
    /// 0: it begins; 1: it was handed over; 2: it failed.
    #[prost(uint32, tag = "5")]
    pub outcome: u32,
    /// The trail whose call was taken.
    #[prost(bytes = "vec", tag = "6")]
    pub trail: Vec<u8>,
    /// Who took it.
    #[prost(bytes = "vec", tag = "7")]
    pub account: Vec<u8>,
    /// Position of the newest event that it is about.
    #[prost(uint64, tag = "8")]
    pub until: u64,
}

/// An attempt is found by its hour, a call that was taken by its trail.
pub(super) fn project_nudge(nudge: &NudgeRecord, record: &Record) -> Writes {
    match nudge.trail.is_empty() {
        true => vec![points(NUDGES, &nudge_key(nudge.time, &nudge.attempt), record)],
        false => vec![points(TAKEN, &nudge.trail, record)],
    }
}

/// Key of an attempt.
fn nudge_key(time: u64, attempt: &[u8]) -> Vec<u8> {
    [&nudge_hour(time), attempt].concat()
}

/// Keys of the attempts of an hour begin so.
#[must_use]
pub fn nudge_hour(time: u64) -> [u8; 8] {
    (time / 3600).to_be_bytes()
}

/// Under which name the key book holds the key of a duty's address. [ONC-5]
#[must_use]
pub fn duty_key_name(duty: &DutyId) -> [u8; 32] {
    *Id::of(&[b"uput/node/duty".as_slice(), &duty.to_vec()].concat()).as_bytes()
}

/// Associated data of a duty's address. [ONC-5]
#[must_use]
pub fn duty_aad(duty: &DutyId) -> Vec<u8> {
    [b"uput/node/duty/".as_slice(), &duty.to_vec()].concat()
}
