//! What the journal holds of retentions, of erasures and of legal holds: in the clear, as nothing of it is about a person.
//! [RET-16]

use prost::Message;
use uput_core::wire::RetentionPart;

use super::{CHALLENGES, EVENTS, HEADS, OUTLINES, WORDS, Writes, event_key, points, queue_key};
use crate::{
    storage::{Position, Record},
    store::{IndexWrite, Tree},
};

/// Days seen: "day" to the newest record.
pub const DAYS: Tree = Tree::new("days seen");
/// What is noted: trail ID and part to the newest record.
pub const NOTED: Tree = Tree::new("noted");
/// What was erased: trail ID, part and position to the record.
pub const ERASED: Tree = Tree::new("erased");
/// Holds: ID to the newest record.
pub const HOLDS: Tree = Tree::new("holds");
/// Own purges that came back after a restore: trail ID to the newest record.
pub const RETURNED: Tree = Tree::new("returned");

/// A day on which this node ran with a clock that was not doubted. [RET-6]
#[derive(Clone, Copy, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct DayRecord {
    /// Days since 1970.
    #[prost(uint64, tag = "1")]
    pub day: u64,
    /// How many such days there were, with it.
    #[prost(uint64, tag = "2")]
    pub seen: u64,
}

/// People are told that something ends. [RET-5]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct NotedRecord {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// Values or evidence.
    #[prost(enumeration = "RetentionPart", tag = "2")]
    pub part: i32,
    /// When it ends, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub due: u64,
    /// Since when people are told, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub noted: u64,
    /// How many days had been seen then.
    #[prost(uint64, tag = "5")]
    pub seen: u64,
}

/// Something was erased. [RET-16] [RET-19]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ErasureRecord {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// Values or evidence.
    #[prost(enumeration = "RetentionPart", tag = "2")]
    pub part: i32,
    /// When, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub time: u64,
    /// Why, as the code of the schema.
    #[prost(int32, tag = "4")]
    pub reason: i32,
    /// IDs of the events whose values were here.
    #[prost(bytes = "vec", repeated, tag = "5")]
    pub events: Vec<Vec<u8>>,
    /// When it ended, seconds since 1970; 0: it was not the clock that ended it.
    #[prost(uint64, tag = "6")]
    pub due: u64,
    /// OrgId of the other party.
    #[prost(bytes = "vec", tag = "7")]
    pub other: Vec<u8>,
    /// ID of the agreement.
    #[prost(bytes = "vec", tag = "8")]
    pub agreement: Vec<u8>,
    /// Of evidence: how many records of events there were.
    #[prost(uint32, tag = "9")]
    pub records: u32,
    /// Of evidence: the positions of its heads.
    #[prost(uint64, repeated, tag = "10")]
    pub heads: Vec<u64>,
    /// Of evidence: the positions of our challenges.
    #[prost(uint64, repeated, tag = "11")]
    pub challenges: Vec<u64>,
}

/// An own `purged` came back to a node that was restored: what must be destroyed with the commit that brought it. [BAK-60]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ReturnedRecord {
    /// Trail ID.
    #[prost(bytes = "vec", tag = "1")]
    pub trail: Vec<u8>,
    /// Of how many generations of its value key, from the first.
    #[prost(uint32, tag = "2")]
    pub generations: u32,
    /// When it came back, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub time: u64,
}

/// A legal hold as it stands. [RET-10]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct HoldRecord {
    /// Hold ID.
    #[prost(bytes = "vec", tag = "1")]
    pub hold: Vec<u8>,
    /// Trail ID; empty: it is on a case.
    #[prost(bytes = "vec", tag = "2")]
    pub trail: Vec<u8>,
    /// Case ID; empty: it is on a trail.
    #[prost(bytes = "vec", tag = "3")]
    pub case: Vec<u8>,
    /// Why, as the code of the schema.
    #[prost(int32, tag = "4")]
    pub reason: i32,
    /// When it was set, seconds since 1970.
    #[prost(uint64, tag = "5")]
    pub set: u64,
    /// Until when it stands, seconds since 1970.
    #[prost(uint64, tag = "6")]
    pub until: u64,
    /// Which account set it.
    #[prost(bytes = "vec", tag = "7")]
    pub set_by: Vec<u8>,
    /// Whose that account is.
    #[prost(bytes = "vec", tag = "8")]
    pub set_person: Vec<u8>,
    /// Which account confirmed it; empty: nobody has.
    #[prost(bytes = "vec", tag = "9")]
    pub confirmed_by: Vec<u8>,
    /// Which account said first that it shall end; empty: nobody has.
    #[prost(bytes = "vec", tag = "10")]
    pub ending_by: Vec<u8>,
    /// Whose that account is.
    #[prost(bytes = "vec", tag = "11")]
    pub ending_person: Vec<u8>,
    /// Which account said it second; empty: nobody has.
    #[prost(bytes = "vec", tag = "12")]
    pub ended_by: Vec<u8>,
    /// When it ended, seconds since 1970; 0: it stands.
    #[prost(uint64, tag = "13")]
    pub ended: u64,
}

/// Key of what is noted of a trail.
#[must_use]
pub fn noted_key(trail: &[u8], part: i32) -> Vec<u8> {
    [trail, &part.to_be_bytes()].concat()
}

pub(super) fn project_noted(noted: &NotedRecord, record: &Record) -> Writes {
    vec![points(NOTED, &noted_key(&noted.trail, noted.part), record)]
}

/// With the evidence goes what the index shows of the trail. [RET-19]
pub(super) fn project_erasure(erasure: &ErasureRecord, record: &Record) -> Writes {
    let key = [noted_key(&erasure.trail, erasure.part), record.position.number().to_be_bytes().to_vec()].concat();
    let mut writes = vec![points(ERASED, &key, record)];
    if erasure.part != i32::from(RetentionPart::Evidence) {
        return writes;
    }
    for ordinal in 0..erasure.records {
        let key = event_key(&erasure.trail, ordinal);
        writes.extend([EVENTS, WORDS].map(|tree| IndexWrite::delete(tree, &key).ok()));
    }
    let heads = erasure.heads.iter().map(|head| queue_key(&erasure.trail, Position::new(*head)));
    writes.extend(heads.map(|key| IndexWrite::delete(HEADS, &key).ok()));
    let asked = erasure.challenges.iter().map(|position| queue_key(&erasure.trail, Position::new(*position)));
    writes.extend(asked.map(|key| IndexWrite::delete(CHALLENGES, &key).ok()));
    writes.push(IndexWrite::delete(OUTLINES, &erasure.trail).ok());
    writes
}
