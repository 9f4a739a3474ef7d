//! What the journal holds of what goes on to others: which copy of an attestation went to whom (kind 38), which trail
//! rests on what was received in which (kind 39), and which withdrawal has its time here until when (kind 42).
//!
//! Guarantees random numbers and times only: no label, no value, nobody's name. Nothing in a record of kind 42 depends on
//! whether anything went onward. [ONW-4] [CAS-100] [CAS-102]

use prost::Message;
use uput_core::id::{EventId, TrailId};

use super::{Writes, points};
use crate::{
    storage::Record,
    store::{IndexWrite, Tree},
};

/// Copies that were given: the copy to the record.
pub const COPIES: Tree = Tree::new("copies");
/// What rests on what was received: the trail received and the one opened onward, to the record.
pub const ONWARD: Tree = Tree::new("onward");

/// Withdrawals whose time is not over: the trail and the withdrawal, to the record.
pub const WITHDRAWALS: Tree = Tree::new("withdrawals");

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

/// That a withdrawal stands in a trail that was received, and until when what follows from it has time.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct WithdrawalRecord {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// ID of the withdrawal.
    #[prost(bytes = "vec", tag = "2")]
    pub withdrawal: Vec<u8>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub due: u64,
    /// The unit of the agreement's times, seconds.
    #[prost(uint64, tag = "4")]
    pub grain: u64,
    /// It was said that the time is over.
    #[prost(bool, tag = "5")]
    pub settled: bool,
}

impl WithdrawalRecord {
    /// The trail and the withdrawal.
    #[must_use]
    pub fn names(&self) -> Option<(TrailId, EventId)> {
        Some((TrailId::parse(&self.trail).ok()?, EventId::parse(&self.withdrawal).ok()?))
    }

    pub(super) fn project(&self, record: &Record) -> Writes {
        let key = [&*self.trail, &*self.withdrawal].concat();
        vec![if self.settled { IndexWrite::delete(WITHDRAWALS, &key).ok() } else { points(WITHDRAWALS, &key, record) }]
    }
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
