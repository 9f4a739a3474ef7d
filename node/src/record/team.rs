//! Teams: colleagues who are assigned together.

use prost::Message;

use crate::account::TeamId;

/// A team, or what it is now.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct TeamRecord {
    /// Team ID.
    #[prost(bytes = "vec", tag = "1")]
    pub team: Vec<u8>,
    /// Its name, under a key of its own in the key book.
    #[prost(bytes = "vec", tag = "2")]
    pub name: Vec<u8>,
    /// The persons who are in it, ascending.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub members: Vec<Vec<u8>>,
    /// When it became so, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub changed: u64,
    /// Who made it so. [ACC-20]
    #[prost(bytes = "vec", tag = "5")]
    pub account: Vec<u8>,
}

/// Under which name the key book holds the key of a team's name. [ACC-60]
#[must_use]
pub fn team_key_name(team: &TeamId) -> [u8; 32] {
    *uput_core::id::Id::of(&[b"uput/node/team".as_slice(), &team.to_vec()].concat()).as_bytes()
}
