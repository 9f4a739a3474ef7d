//! What the journal holds of relays: between whom this node relays, whom it reaches over one, what it left there, and what
//! depositors are told. What lies here for others is no record. [RLY-14]

use prost::Message;

use super::{Writes, points, queue_key, waits};
use crate::{
    storage::{Position, Record},
    store::{IndexWrite, Tree},
};

/// Between whom this node relays: both OrgIds, the smaller first, to the newest record.
pub const CONSENTS: Tree = Tree::new("relay consents");
/// Over whom a peer is reached: its OrgId to the newest record.
pub const ROUTES: Tree = Tree::new("relay routes");
/// What lies at a relay: OrgId of the recipient and position of the item to the record.
pub const LEFT: Tree = Tree::new("left with relays");

/// That this node relays between two peers, or does not any more. [RLY-1]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ConsentRecord {
    /// OrgId of the smaller one.
    #[prost(bytes = "vec", tag = "1")]
    pub first: Vec<u8>,
    /// OrgId of the larger one.
    #[prost(bytes = "vec", tag = "2")]
    pub second: Vec<u8>,
    /// Most letters that one may leave for the other; 0: nothing is taken in.
    #[prost(uint32, tag = "3")]
    pub letters: u32,
    /// Most bytes of them.
    #[prost(uint64, tag = "4")]
    pub bytes: u64,
    /// After how many days one is removed.
    #[prost(uint32, tag = "5")]
    pub days: u32,
    /// Which account said so. [ACC-20]
    #[prost(bytes = "vec", tag = "6")]
    pub account: Vec<u8>,
}

/// Over which relay a peer is reached. [RLY-2]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct RouteRecord {
    /// OrgId of the peer.
    #[prost(bytes = "vec", tag = "1")]
    pub organisation: Vec<u8>,
    /// OrgId of the relay; empty: none.
    #[prost(bytes = "vec", tag = "2")]
    pub relay: Vec<u8>,
    /// Which account chose it. [ACC-20]
    #[prost(bytes = "vec", tag = "3")]
    pub account: Vec<u8>,
}

/// That a relay has a letter on its disk, or does not have it any more. [RLY-6]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct LeftRecord {
    /// OrgId of the recipient.
    #[prost(bytes = "vec", tag = "1")]
    pub organisation: Vec<u8>,
    /// OrgId of the relay; empty: they lie there no more.
    #[prost(bytes = "vec", tag = "2")]
    pub relay: Vec<u8>,
    /// The pack.
    #[prost(bytes = "vec", tag = "3")]
    pub pack: Vec<u8>,
    /// SHA-256 of the letter.
    #[prost(bytes = "vec", tag = "4")]
    pub letter: Vec<u8>,
    /// ID of the key that it is sealed to.
    #[prost(bytes = "vec", tag = "5")]
    pub sealing_key: Vec<u8>,
    /// Positions of the items in it.
    #[prost(uint64, repeated, tag = "6")]
    pub positions: Vec<u64>,
    /// When, seconds since 1970.
    #[prost(uint64, tag = "7")]
    pub time: u64,
    /// Since when each of the items was there first, without a word of the recipient; in the same order.
    #[prost(uint64, repeated, tag = "8")]
    pub since: Vec<u64>,
}

/// What a depositor is told of letters that do not lie here any more. [RLY-12]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct GoneRecord {
    /// OrgId of the depositor.
    #[prost(bytes = "vec", tag = "1")]
    pub to: Vec<u8>,
    /// OrgId of whom they were for.
    #[prost(bytes = "vec", tag = "2")]
    pub recipient: Vec<u8>,
    /// SHA-256 of each.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub letters: Vec<Vec<u8>>,
    /// Number of the rejection.
    #[prost(uint32, tag = "4")]
    pub code: u32,
}

impl LeftRecord {
    /// What the index shows of it.
    pub(super) fn project(&self, record: &Record) -> Writes {
        let write = |position: &u64| {
            let key = queue_key(&self.organisation, Position::new(*position));
            if self.relay.is_empty() { IndexWrite::delete(LEFT, &key).ok() } else { points(LEFT, &key, record) }
        };
        self.positions.iter().map(write).collect()
    }
}

impl GoneRecord {
    /// What the index shows of it.
    pub(super) fn project(&self, record: &Record) -> Writes {
        vec![waits(&self.to, record)]
    }
}

/// Key of a consent.
#[must_use]
pub fn consent_key(consent: &ConsentRecord) -> Vec<u8> {
    [consent.first.as_slice(), &consent.second].concat()
}
