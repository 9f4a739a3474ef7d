//! The log of this node: what stands in it, and when a tick is closed.
//!
//! Guarantees that whatever is kept of what the log tells is in it with the same commit, and that a tick that is closed is on
//! disk before anybody is told of it. Leaves to `crate::log` the tree.

mod asking;
mod chosen;
mod evidence;
mod handing;
mod proving;
mod shown;
mod since;
mod status;
mod ticking;
mod witnessing;

pub(super) use proving::{InLogs, Thing};
pub(super) use since::Witnessed;
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
    record::{self, AccessRecord, ChallengeRecord, EntriesRecord, EventRecord, HeadRecord, Kept, KeptEntry},
    storage::{Commit, Draft},
};

/// Something that the log tells.
pub(super) struct Logged {
    kind: EntryKind,
    id: Id,
    /// The other party, if it is an event or a head.
    other: Option<OrgId>,
}

impl Logged {
    /// An access, or somebody's agreement or key record.
    pub(super) fn new(kind: EntryKind, id: impl Into<Id>) -> Self {
        Self { kind, id: id.into(), other: None }
    }

    /// An event or a head of a trail with that party, whoever signed it: our proof of it goes there. [LOG-97]
    pub(super) fn with(kind: EntryKind, id: impl Into<Id>, other: OrgId) -> Self {
        Self { kind, id: id.into(), other: Some(other) }
    }

    /// As it is kept, under a nonce of its own.
    fn kept(self) -> KeptEntry {
        KeptEntry {
            nonce: SystemEntropy.bytes::<32>().to_vec(),
            kind: u32::from(self.kind.number()),
            id: self.id.as_bytes().to_vec(),
            other: self.other.map(|other| other.to_vec()).unwrap_or_default(),
        }
    }
}

/// The record that puts something into the log, for the commit that keeps it; none if there is nothing. [LOG-60]
pub(super) fn logged(things: impl IntoIterator<Item = Logged>) -> Option<Draft> {
    let entries: Vec<KeptEntry> = things.into_iter().map(Logged::kept).collect();
    (!entries.is_empty()).then(|| record::draft(&EntriesRecord { entries }))
}

/// Whether a commit puts all that it keeps of events, heads, challenges and accesses into the log.
pub(super) fn is_logged(commit: &Commit) -> bool {
    let kept = |kind: u16| commit.records.iter().filter(|draft| draft.kind == kind).count();
    let entries = commit.records.iter().filter(|draft| draft.kind == EntriesRecord::KIND);
    let entries = entries.filter_map(|draft| EntriesRecord::decode(draft.payload.as_slice()).ok());
    let entries: Vec<KeptEntry> = entries.flat_map(|record| record.entries).collect();
    let told = |kinds: &[EntryKind]| {
        let numbers: Vec<u32> = kinds.iter().map(|kind| u32::from(kind.number())).collect();
        entries.iter().filter(|entry| numbers.contains(&entry.kind)).count()
    };
    told(&[EntryKind::OwnEvent, EntryKind::ReceivedEvent]) >= kept(EventRecord::KIND)
        && told(&[EntryKind::Head]) >= kept(HeadRecord::KIND)
        && told(&[EntryKind::Access]) >= kept(AccessRecord::KIND)
        && told(&[EntryKind::Challenge]) >= kept(ChallengeRecord::KIND)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(records: Vec<Draft>) -> Commit {
        Commit { keys: Vec::new(), records }
    }

    /// [LOG-60]
    #[test]
    fn a_commit_that_keeps_more_than_it_tells_is_noticed() {
        let id = Id::of(b"an invented event");
        let event = || record::draft(&EventRecord::default());
        let told = |kind| logged([Logged::new(kind, id)]).unwrap();
        assert!(is_logged(&commit(vec![])));
        assert!(is_logged(&commit(vec![event(), told(EntryKind::OwnEvent)])));
        assert!(is_logged(&commit(vec![event(), told(EntryKind::ReceivedEvent)])));
        assert!(!is_logged(&commit(vec![event()])));
        assert!(!is_logged(&commit(vec![event(), event(), told(EntryKind::OwnEvent)])));
        assert!(!is_logged(&commit(vec![event(), told(EntryKind::Head)])), "one kind does not stand for another");
        assert!(!is_logged(&commit(vec![record::draft(&HeadRecord::default())])));
        assert!(!is_logged(&commit(vec![record::draft(&AccessRecord::default())])));
        assert!(!is_logged(&commit(vec![record::draft(&ChallengeRecord::default())])));
    }
}
