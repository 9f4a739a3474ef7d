//! What the inbox shows of a trail, kept with the event that changed it.
//!
//! Guarantees that it is sealed as the event's evidence is, and that in the clear of a record stands only what orders a
//! list. Leaves to the node what an outline says.

use prost::Message;
use uput_core::wire;

use super::{Writes, points_with};
use crate::{
    storage::{Position, Record},
    store::Tree,
};

/// Outlines: trail ID to the newest outline and its place in the list; to the opening alone where there is none yet.
pub const OUTLINES: Tree = Tree::new("outlines");

/// How a trail stands after an event of it. [NOD-37]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct OutlineRecord {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// Encoded [`Outline`] under the evidence key.
    #[prost(bytes = "vec", tag = "2")]
    pub outline: Vec<u8>,
    /// When the trail's newest event was stored, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub changed: u64,
    /// We owe the next step.
    #[prost(bool, tag = "4")]
    pub waits: bool,
    /// It calls a person, or will by the telephone. [ONC-20]
    #[prost(bool, tag = "5")]
    pub calls: bool,
}

/// A trail as a list shows it, as far as that depends on its events alone.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct Outline {
    /// OrgId of the other party.
    #[prost(bytes = "vec", tag = "1")]
    pub other: Vec<u8>,
    /// Without events, without the other party's name, without what depends on the time or on what was delivered.
    #[prost(message, optional, tag = "2")]
    pub trail: Option<wire::Trail>,
}

/// What the index knows of an outline: enough to put the trail into its place of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ordered {
    /// Where the outline is.
    pub position: Position,
    /// When the trail changed.
    pub changed: u64,
    /// We owe the next step.
    pub waits: bool,
    /// It calls a person, or will by the telephone.
    pub calls: bool,
}

impl Ordered {
    fn to_bytes(self) -> Vec<u8> {
        let flags = u8::from(self.waits) | (u8::from(self.calls) << 1);
        [&self.position.number().to_be_bytes(), &self.changed.to_be_bytes(), [flags].as_slice()].concat()
    }

    /// From a value of the index; `None` if no outline was kept.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (position, rest) = value.split_first_chunk::<8>()?;
        let (changed, rest) = rest.split_first_chunk::<8>()?;
        let [flags] = rest else { return None };
        let position = Position::new(u64::from_be_bytes(*position));
        let changed = u64::from_be_bytes(*changed);
        Some(Self { position, changed, waits: flags & 1 != 0, calls: flags & 2 != 0 })
    }
}

pub(super) fn project(outline: &OutlineRecord, record: &Record) -> Writes {
    let OutlineRecord { changed, waits, calls, .. } = *outline;
    let ordered = Ordered { position: record.position, changed, waits, calls };
    vec![points_with(OUTLINES, &outline.trail, ordered.to_bytes())]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [NOD-37]
    #[test]
    fn an_opening_alone_is_no_outline() {
        for (waits, calls) in [(true, false), (false, true), (true, true), (false, false)] {
            let ordered = Ordered { position: Position::new(7), changed: 9, waits, calls };
            assert!(Ordered::parse(&ordered.to_bytes()) == Some(ordered));
        }
        assert!(Ordered::parse(&7_u64.to_be_bytes()).is_none());
    }
}
