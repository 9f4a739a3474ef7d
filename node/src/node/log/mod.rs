//! The log of this node: what stands in it, and when a tick is closed.
//!
//! Guarantees that whatever is kept of what the log tells is in it with the same commit, and that a tick that is closed is on
//! disk before anybody is told of it. Leaves to `crate::log` the tree.

mod asking;
mod chosen;
mod evidence;
mod status;
mod ticking;
mod witnessing;

pub(super) use witnessing::{Witnessing, refused};

use prost::Message;
use uput_core::{
    envelope::Envelope,
    id::{Id, OrgId},
    key::KeyChain,
    log::EntryKind,
};

use super::Node;
use crate::{
    clock::SystemEntropy,
    record::{self, AccessRecord, EntriesRecord, EventRecord, HeadRecord, Kept, KeptEntry},
    storage::{Commit, Draft},
};

/// Something that the log tells.
pub(super) struct Logged {
    kind: EntryKind,
    id: Id,
    /// Who sent it, if it is an event that was received.
    from: Option<OrgId>,
}

impl Logged {
    /// What this node did or looked at, or somebody's agreement, key record or head.
    pub(super) fn new(kind: EntryKind, id: impl Into<Id>) -> Self {
        Self { kind, id: id.into(), from: None }
    }

    /// An event of another organisation.
    pub(super) fn received(id: impl Into<Id>, from: OrgId) -> Self {
        Self { kind: EntryKind::ReceivedEvent, id: id.into(), from: Some(from) }
    }

    /// As it is kept, under a nonce of its own.
    fn kept(self) -> KeptEntry {
        KeptEntry {
            nonce: SystemEntropy.bytes::<32>().to_vec(),
            kind: u32::from(self.kind.number()),
            id: self.id.as_bytes().to_vec(),
            from: self.from.map(|from| from.to_vec()).unwrap_or_default(),
        }
    }
}

/// The record that puts something into the log, for the commit that keeps it; none if there is nothing. [LOG-60]
pub(super) fn logged(things: impl IntoIterator<Item = Logged>) -> Option<Draft> {
    let entries: Vec<KeptEntry> = things.into_iter().map(Logged::kept).collect();
    (!entries.is_empty()).then(|| record::draft(&EntriesRecord { entries }))
}

/// Whether a commit puts all that it keeps of events, heads and accesses into the log.
pub(super) fn is_logged(commit: &Commit) -> bool {
    let told = [EventRecord::KIND, HeadRecord::KIND, AccessRecord::KIND];
    let kept = commit.records.iter().filter(|draft| told.contains(&draft.kind)).count();
    let entries = commit.records.iter().filter(|draft| draft.kind == EntriesRecord::KIND);
    let entries = entries.filter_map(|draft| EntriesRecord::decode(draft.payload.as_slice()).ok());
    entries.map(|record| record.entries.len()).sum::<usize>() >= kept
}

impl Node {
    /// The same of key records that are not in the log yet.
    pub(super) fn logged_keys(&self, chain: &KeyChain) -> Option<Draft> {
        let new = chain.envelopes().map(Envelope::id).filter(|id| !self.is_logged(EntryKind::KeyRecord, id));
        logged(new.map(|id| Logged::new(EntryKind::KeyRecord, id)))
    }

    /// Whether something is in the log.
    pub(super) fn is_logged(&self, kind: EntryKind, id: &Id) -> bool {
        self.indexed(record::LOGGED, &record::logged_key(u32::from(kind.number()), id.as_bytes())).is_some()
    }
}
