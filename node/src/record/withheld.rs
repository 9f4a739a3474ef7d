//! What the journal holds of values that are not sent any more: in the clear, as nothing of it is about a person.

use prost::Message;

use crate::store::Tree;

/// Events whose values did not go: event ID to the record.
pub const WITHHELD: Tree = Tree::new("withheld");

/// The values of an event of ours do not go to its peer. Kept before the letter leaves without them. [LET-21]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct WithheldRecord {
    /// Event ID.
    #[prost(bytes = "vec", tag = "1")]
    pub event: Vec<u8>,
    /// Number of the rejection that says why.
    #[prost(uint32, tag = "2")]
    pub rejection: u32,
    /// Seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub time: u64,
}
