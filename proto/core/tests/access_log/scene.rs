//! The accesses to one invented case at one invented organisation.

use uput_core::{
    access_log::{AccessChain, AccessEntry, AccessLog, OpenedWords, case_tag, commit_words, pseudonym},
    envelope::Envelope,
    id::{AccessId, Id, TrailId},
    sensitive::Sensitive,
    time::Seconds,
    wire::{AccessKind, AccessReason, AccessStanding, Role},
};

use crate::sample::{Organisation, World};

const CASE: [u8; 16] = [7; 16];
pub(crate) const OTHER_CASE: [u8; 16] = [8; 16];
pub(crate) const SALT: [u8; 32] = [9; 32];
pub(crate) const WORDS: &str = "an invented reason";
pub(crate) const NONCE: [u8; 32] = [3; 32];

fn trail(name: &str) -> TrailId {
    Id::of(name.as_bytes()).into()
}

/// A chain that grows.
pub(crate) struct Growing {
    case: [u8; 16],
    pub(crate) entries: Vec<(AccessId, AccessEntry)>,
}

impl Growing {
    pub(crate) fn new(case: [u8; 16]) -> Self {
        Self { case, entries: Vec::new() }
    }

    /// One more access, a minute after the one before.
    pub(crate) fn add(&mut self, person: u8, trail: Option<TrailId>, change: impl FnOnce(&mut AccessEntry)) {
        let of_trail = self.entries.iter().rev().find(|(_, entry)| trail.is_some() && entry.trail == trail);
        let number = self.entries.len() as u64;
        let mut entry = AccessEntry {
            previous: self.entries.last().map(|(id, _)| *id),
            number,
            time: Seconds::new(crate::sample::MIDNIGHT + 60 * number).unwrap(),
            trail,
            previous_of_trail: of_trail.map(|(id, _)| *id),
            person: pseudonym(&self.case, &[person; 16]),
            on_behalf_of: None,
            role: Role::CaseWorker,
            kind: AccessKind::ValuesShown,
            reason: AccessReason::OwnWork,
            standing: AccessStanding::Assigned,
            words: None,
        };
        change(&mut entry);
        self.entries.push((entry.id(), entry));
    }

    pub(crate) fn chain(&self) -> AccessChain {
        AccessChain { tag: case_tag(&self.case), entries: self.entries.clone() }
    }
}

/// Six accesses by four people, one of them with words, one by a machine for somebody.
pub(crate) fn six() -> Growing {
    let mut chain = Growing::new(CASE);
    chain.add(1, Some(trail("first")), |entry| {
        entry.kind = AccessKind::LabelsShown;
        entry.standing = AccessStanding::NobodyHadIt;
    });
    chain.add(1, Some(trail("first")), |_| {});
    chain.add(2, None, |entry| {
        entry.kind = AccessKind::CaseShown;
        entry.role = Role::Supervisor;
        entry.standing = AccessStanding::Supervisor;
        entry.reason = AccessReason::Other;
        entry.words = Some(commit_words(&SALT, WORDS));
    });
    chain.add(3, Some(trail("second")), |entry| {
        entry.role = Role::Integration;
        entry.on_behalf_of = Some(pseudonym(&CASE, &[1; 16]));
    });
    chain.add(4, Some(trail("first")), |entry| {
        entry.kind = AccessKind::Exported;
        entry.role = Role::Auditor;
        entry.standing = AccessStanding::Auditor;
        entry.reason = AccessReason::Audit;
    });
    chain.add(1, None, |entry| {
        entry.kind = AccessKind::LogExported;
        entry.reason = AccessReason::ClientRequest;
    });
    chain
}

/// A case that was joined into the other, with the trail that came from there.
pub(crate) fn joined() -> (Growing, Growing) {
    let (mut own, mut other) = (six(), Growing::new(OTHER_CASE));
    other.add(2, Some(trail("third")), |_| {});
    let before = other.entries[0].0;
    own.add(2, Some(trail("third")), |entry| entry.previous_of_trail = Some(before));
    (own, other)
}

/// The document of these chains.
pub(crate) fn document(by: &Organisation, chains: Vec<AccessChain>) -> AccessLog {
    let last = chains.iter().flat_map(|chain| &chain.entries).map(|(_, entry)| entry.time).max();
    AccessLog {
        organisation: by.id,
        key: by.newest(),
        time: last.unwrap_or(Seconds::EPOCH),
        nonce: None,
        records: by.records.clone(),
        chains,
        words: Vec::new(),
    }
}

pub(crate) fn opened(entries: &[(AccessId, AccessEntry)], words: &str) -> Vec<OpenedWords> {
    let with_words = entries.iter().filter(|(_, entry)| entry.words.is_some());
    let open = |(id, _): &(AccessId, AccessEntry)| OpenedWords {
        access: *id,
        salt: SALT,
        words: Sensitive::new(words.to_owned()),
    };
    with_words.map(open).collect()
}

pub(crate) fn signed(world: &World, log: &AccessLog) -> Vec<u8> {
    log.sign(world.hotline.signing()).unwrap().to_bytes()
}

/// Bytes with the signature of another body, as somebody on the way can make them.
pub(crate) fn passed_off(world: &World, log: &AccessLog, as_signed: &AccessLog) -> Vec<u8> {
    let signature = as_signed.sign(world.hotline.signing()).unwrap().to_wire().signatures;
    let altered = log.sign(world.hotline.signing()).unwrap().to_wire();
    let envelope = Envelope::from_wire(uput_core::wire::Envelope { signatures: signature, ..altered }).unwrap();
    envelope.to_bytes()
}
