//! What the journal holds of logs: our own, those that we witness, and what convicts somebody.

use prost::Message;

use super::{Writes, points, points_with, queue_key, waits};
use crate::{
    storage::{Position, Record},
    store::Tree,
};

/// Entries: kind and ID to the record that holds them.
pub const LOGGED: Tree = Tree::new("logged");
/// Records that hold entries: position to nothing.
pub const ENTRIES: Tree = Tree::new("log entries");
/// Closed ticks: number of the first to the record.
pub const TICKS: Tree = Tree::new("ticks");

/// Our witnesses: OrgId to the newest record.
pub const WITNESSES: Tree = Tree::new("witnesses");
/// Checkpoints of ours that were cosigned: size and OrgId of the witness to the record.
pub const COSIGNED: Tree = Tree::new("cosigned");
/// The same: OrgId of the witness to the newest record.
pub const COSIGNED_BY: Tree = Tree::new("cosigned by");
/// Logs that we witness: OrgId to the newest record, whatever the incarnation.
pub const HELD: Tree = Tree::new("held logs");
/// Logs that we witness and that began anew after a loss: OrgId and incarnation to the record.
pub const BROKEN: Tree = Tree::new("broken logs");
/// Checkpoints of others that came with proofs: OrgId, incarnation and size to the record.
pub const CHECKPOINTS: Tree = Tree::new("checkpoints");
/// Proofs of others: OrgId, kind and ID of what is shown to the record.
pub const SHOWN: Tree = Tree::new("shown");
/// Up to where our proofs went to the other parties: to the newest record.
pub const HANDED: Tree = Tree::new("handed");
/// What convicts somebody: OrgId and position to the record.
pub const CONTRADICTIONS: Tree = Tree::new("contradictions");

/// Something that was done, received or looked at, as it stands in our log.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct KeptEntry {
    /// 32 random bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub nonce: Vec<u8>,
    /// What it is, as in a log proof.
    #[prost(uint32, tag = "2")]
    pub kind: u32,
    /// Its ID.
    #[prost(bytes = "vec", tag = "3")]
    pub id: Vec<u8>,
    /// OrgId of the other party, if it is an event or a head: it gets our proof. In no hash.
    #[prost(bytes = "vec", tag = "4")]
    pub other: Vec<u8>,
}

/// The entries of one commit.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct EntriesRecord {
    /// In order.
    #[prost(message, repeated, tag = "1")]
    pub entries: Vec<KeptEntry>,
}

/// One or more ticks that are closed.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct TickRecord {
    /// Its number, or that of the first.
    #[prost(uint64, tag = "1")]
    pub tick: u64,
    /// How many entries it has.
    #[prost(uint32, tag = "2")]
    pub entries: u32,
    /// Root of its entries, or 32 random bytes if it has none.
    #[prost(bytes = "vec", tag = "3")]
    pub root: Vec<u8>,
    /// Position up to which its entries stand in the journal.
    #[prost(uint64, tag = "4")]
    pub end: u64,
    /// How many ticks after it were missed: their roots follow from the seed. [LOG-63]
    #[prost(uint64, tag = "5")]
    pub missed: u64,
    /// 32 random bytes; empty if none was missed.
    #[prost(bytes = "vec", tag = "6")]
    pub seed: Vec<u8>,
}

/// Whom this organisation asks to cosign its checkpoints.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct WitnessRecord {
    /// OrgId.
    #[prost(bytes = "vec", tag = "1")]
    pub organisation: Vec<u8>,
    /// It is asked no more.
    #[prost(bool, tag = "2")]
    pub gone: bool,
    /// Which account said so.
    #[prost(bytes = "vec", tag = "3")]
    pub account: Vec<u8>,
    /// When, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub time: u64,
}

/// A checkpoint of ours that a witness has cosigned.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct CosignedRecord {
    /// OrgId of the witness.
    #[prost(bytes = "vec", tag = "1")]
    pub witness: Vec<u8>,
    /// How many ticks it covers.
    #[prost(uint64, tag = "2")]
    pub size: u64,
    /// The signed note, with our line and the witness's.
    #[prost(bytes = "vec", tag = "3")]
    pub note: Vec<u8>,
    /// When it was cosigned, as the witness says, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub time: u64,
}

/// A checkpoint of somebody else that we have cosigned.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct HeldRecord {
    /// OrgId of whose log it is.
    #[prost(bytes = "vec", tag = "1")]
    pub organisation: Vec<u8>,
    /// The signed note, with its line and ours.
    #[prost(bytes = "vec", tag = "2")]
    pub note: Vec<u8>,
    /// Incarnation of its node.
    #[prost(uint32, tag = "3")]
    pub incarnation: u32,
    /// When we cosigned it, seconds since 1970.
    #[prost(uint64, tag = "4")]
    pub time: u64,
    /// How many ticks it covers.
    #[prost(uint64, tag = "5")]
    pub size: u64,
    /// A new incarnation did not show how it continues the one before. [LOG-34]
    #[prost(bool, tag = "6")]
    pub broken: bool,
}

/// A proof of ours on its way to the other party of what it shows. [LOG-97]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ProofRecord {
    /// OrgId of that party.
    #[prost(bytes = "vec", tag = "1")]
    pub to: Vec<u8>,
    /// Encoded `LogProof`.
    #[prost(bytes = "vec", tag = "2")]
    pub proof: Vec<u8>,
    /// The checkpoint that it names, a signed note; and the one before it that does not cover it yet, if there is one.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub notes: Vec<Vec<u8>>,
    /// How many ticks are handed out with it.
    #[prost(uint64, tag = "4")]
    pub size: u64,
    /// When it was stored, seconds since 1970; 0: an earlier program did not say. [DEL-8]
    #[prost(uint64, tag = "5")]
    pub stored: u64,
}

/// Somebody's proof of what we share with it. [LOG-98]
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ShownRecord {
    /// OrgId of whose log it is.
    #[prost(bytes = "vec", tag = "1")]
    pub organisation: Vec<u8>,
    /// Encoded `LogProof`.
    #[prost(bytes = "vec", tag = "2")]
    pub proof: Vec<u8>,
    /// The checkpoints that came with it, signed notes: first the one that it names.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub notes: Vec<Vec<u8>>,
    /// Incarnation of that log.
    #[prost(uint32, tag = "4")]
    pub incarnation: u32,
    /// How many ticks the checkpoint covers that it names.
    #[prost(uint64, tag = "5")]
    pub size: u64,
    /// Kind and ID of each entry that is shown and was not before, as in [`logged_key`].
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub things: Vec<Vec<u8>>,
}

/// Two checkpoints of one log that cannot both be.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct ContradictionRecord {
    /// OrgId of whose log it is.
    #[prost(bytes = "vec", tag = "1")]
    pub organisation: Vec<u8>,
    /// Encoded `LogContradiction`: a file that anybody can verify.
    #[prost(bytes = "vec", tag = "2")]
    pub evidence: Vec<u8>,
    /// When it was found, seconds since 1970.
    #[prost(uint64, tag = "3")]
    pub time: u64,
}

impl EntriesRecord {
    /// What the index shows of it.
    pub(super) fn project(&self, record: &Record) -> Writes {
        let here = points(ENTRIES, &record.position.number().to_be_bytes(), record);
        let logged = self.entries.iter().map(|entry| points(LOGGED, &logged_key(entry.kind, &entry.id), record));
        std::iter::once(here).chain(logged).collect()
    }
}

/// Key of an entry.
#[must_use]
pub fn logged_key(kind: u32, id: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes(), id].concat()
}

/// The position in a key of [`ENTRIES`].
#[must_use]
pub fn entries_at(key: &[u8]) -> Option<Position> {
    Some(Position::new(u64::from_be_bytes(key.try_into().ok()?)))
}

/// What the index shows of a closed tick.
pub(super) fn project_tick(tick: &TickRecord, record: &Record) -> Writes {
    vec![points(TICKS, &tick.tick.to_be_bytes(), record)]
}

impl CosignedRecord {
    pub(super) fn project(&self, record: &Record) -> Writes {
        let by_size = points(COSIGNED, &cosigned_key(self.size, &self.witness), record);
        vec![by_size, points(COSIGNED_BY, &self.witness, record)]
    }
}

/// Key of a cosigned checkpoint: the smaller first.
#[must_use]
pub fn cosigned_key(size: u64, witness: &[u8]) -> Vec<u8> {
    [&size.to_be_bytes(), witness].concat()
}

impl HeldRecord {
    pub(super) fn project(&self, record: &Record) -> Writes {
        let broken = points(BROKEN, &[&self.organisation[..], &self.incarnation.to_be_bytes()].concat(), record);
        vec![points(HELD, &self.organisation, record), broken.filter(|_| self.broken)]
    }
}

impl ProofRecord {
    pub(super) fn project(&self, record: &Record) -> Writes {
        vec![waits(&self.to, record), points_with(HANDED, b"handed", self.size.to_be_bytes().to_vec())]
    }
}

impl ShownRecord {
    pub(super) fn project(&self, record: &Record) -> Writes {
        let checkpoint = checkpoint_key(&self.organisation, self.incarnation, self.size);
        let things = self.things.iter().map(|thing| points(SHOWN, &[&self.organisation[..], thing].concat(), record));
        std::iter::once(points(CHECKPOINTS, &checkpoint, record)).chain(things).collect()
    }
}

/// Key of somebody's checkpoint.
#[must_use]
pub fn checkpoint_key(organisation: &[u8], incarnation: u32, size: u64) -> Vec<u8> {
    [organisation, &incarnation.to_be_bytes(), &size.to_be_bytes()].concat()
}

/// What the index shows of a contradiction.
pub(super) fn project_contradiction(found: &ContradictionRecord, record: &Record) -> Writes {
    vec![points(CONTRADICTIONS, &queue_key(&found.organisation, record.position), record)]
}
