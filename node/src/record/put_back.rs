//! That this folder seems to have been put back to an earlier state. [STO-42]

use prost::Message;

use super::{Writes, points};
use crate::{storage::Record, store::Tree};

/// What shows that the folder was put back: OrgId of who showed it to the newest record.
pub const PUT_BACK: Tree = Tree::new("put back");

/// Somebody knows more of this organisation than its node.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct PutBackRecord {
    /// OrgId of who showed it.
    #[prost(bytes = "vec", tag = "1")]
    pub by: Vec<u8>,
    /// The key record of this organisation whose key signed what was shown: so it concerns everybody. Empty: it is their
    /// word, and concerns them.
    #[prost(bytes = "vec", tag = "2")]
    pub key: Vec<u8>,
    /// The incarnation of this node then. A later one has reconciled it.
    #[prost(uint32, tag = "3")]
    pub incarnation: u32,
    /// When it was shown, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub time: u64,
    /// Of a word: the trail that it is about.
    #[prost(bytes = "vec", tag = "5")]
    pub trail: Vec<u8>,
}

pub(super) fn project(shown: &PutBackRecord, record: &Record) -> Writes {
    vec![points(PUT_BACK, &shown.by, record)]
}
