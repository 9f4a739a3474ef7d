//! What the journal holds of places: in the clear, as nothing of it is about a person.

use prost::Message;

use crate::store::Tree;

/// What services have: service type to the newest record.
pub const CAPACITIES: Tree = Tree::new("capacities");
/// What trails take: trail ID to the newest record.
pub const PLACES: Tree = Tree::new("places");

/// How many places a service has from now on. [PLC-1]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct CapacityRecord {
    /// The service type.
    #[prost(int32, tag = "1")]
    pub service: i32,
    /// Places.
    #[prost(uint32, tag = "2")]
    pub places: u32,
    /// So many more for a short time.
    #[prost(uint32, tag = "3")]
    pub overflow: u32,
    /// Seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub time: u64,
    /// Which account said so. [ACC-20]
    #[prost(bytes = "vec", tag = "5")]
    pub account: Vec<u8>,
}

/// What a trail takes from now on: in the commit of the event that takes it or gives it back. [PLC-2]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct PlaceRecord {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// The service type.
    #[prost(int32, tag = "2")]
    pub service: i32,
    /// How many; 0: it gave them back.
    #[prost(uint32, tag = "3")]
    pub places: u32,
    /// Until when, seconds since 1970; 0: it was accepted.
    #[prost(uint64, tag = "4")]
    pub until: u64,
    /// Why more was taken than there is, as the code of the request; 0: it was not. [PLC-5]
    #[prost(int32, tag = "5")]
    pub overbooked: i32,
    /// Seconds since 1970.
    #[prost(uint64, tag = "6")]
    pub time: u64,
    /// Which account did it; empty: the other side. [ACC-20]
    #[prost(bytes = "vec", tag = "7")]
    pub account: Vec<u8>,
    /// The first of the trails that are about the same stay. [PLC-11]
    #[prost(bytes = "vec", tag = "8")]
    pub stay: Vec<u8>,
}
