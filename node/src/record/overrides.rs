//! Overrides: what one person did against the ordinary rule, and what somebody else said of one afterwards.
//!
//! Guarantees nothing personal: random IDs, codes and times only. What two people answered for is their approval.

use prost::Message;
use uput_core::wire::ReviewOutcome;

use crate::store::Tree;

/// Overrides of one person: ID to the record.
pub const OVERRIDES: Tree = Tree::new("overrides");
/// Reviews: ID of the override to the record.
pub const REVIEWS: Tree = Tree::new("reviews");

/// Something that one person did against the ordinary rule: kind 41. [APR-21]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct OverrideRecord {
    /// Its ID.
    #[prost(bytes = "vec", tag = "1")]
    pub override_id: Vec<u8>,
    /// What was overridden: a code of the schema.
    #[prost(int32, tag = "2")]
    pub kind: i32,
    /// Who did it. [ACC-20]
    #[prost(bytes = "vec", tag = "3")]
    pub account: Vec<u8>,
    /// Whose account that is; empty: not known here.
    #[prost(bytes = "vec", tag = "4")]
    pub person: Vec<u8>,
    /// Trail ID; empty: the record of a case.
    #[prost(bytes = "vec", tag = "5")]
    pub trail: Vec<u8>,
    /// Case ID; empty: that of the trail.
    #[prost(bytes = "vec", tag = "6")]
    pub case: Vec<u8>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "7")]
    pub time: u64,
    /// Why more places were promised, as the code of the request; 0: none were.
    #[prost(int32, tag = "8")]
    pub overbooking: i32,
    /// Why she was named beside others, as the code of the request; 0: she was not.
    #[prost(int32, tag = "9")]
    pub beside: i32,
}

/// What somebody who had no part in it found: kind 40. [APR-22]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ReviewRecord {
    /// ID of the override.
    #[prost(bytes = "vec", tag = "1")]
    pub override_id: Vec<u8>,
    /// What: a code of the schema.
    #[prost(int32, tag = "2")]
    pub outcome: i32,
    /// Why: a code of the schema.
    #[prost(int32, tag = "3")]
    pub reason: i32,
    /// Who reviewed it. [ACC-20]
    #[prost(bytes = "vec", tag = "4")]
    pub account: Vec<u8>,
    /// Whose account that is.
    #[prost(bytes = "vec", tag = "5")]
    pub person: Vec<u8>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "6")]
    pub time: u64,
}

impl ReviewRecord {
    /// What was found.
    pub(crate) fn outcome(&self) -> ReviewOutcome {
        ReviewOutcome::try_from(self.outcome).unwrap_or_default()
    }
}
