//! The access log: every access is on disk, in the chain of its case, before anything is shown. [ACL-1]
//!
//! Guarantees that each entry names the one before in its case and in its trail, also when two look at once, and that what
//! could not be recorded is not shown. Leaves to the calls to say what they show, and to `access` what is unusual.

mod document;
mod listing;
mod watching;

pub use document::AccessDocument;
pub use watching::UnusualAccesses;

use std::sync::{Arc, Mutex as StdMutex, MutexGuard as StdGuard, PoisonError};

use tokio::sync::{Mutex, MutexGuard};
use uput_core::{
    access_log::{AccessEntry, commit_words, pseudonym},
    id::{AccessId, TrailId},
    rejection::Rejection,
    sensitive::Sensitive,
    wire::AccessKind,
};
use zeroize::Zeroizing;

use super::Node;
use crate::{
    access::{Unusual, Why, standing_of},
    account::Caller,
    case::{Case, CaseId},
    clock::{self, SystemEntropy},
    record::{self, AccessRecord, access_aad, access_key_name},
    seal,
    storage::{Commit, Draft, NewTrailKeys, Position},
};

/// How many chains grow at once.
const PLACES: usize = 64;

/// Where chains grow, and what is unusual in them.
pub(super) struct Accesses {
    places: Vec<Mutex<()>>,
    unusual: StdMutex<Unusual>,
}

/// Of what something is shown.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// A trail.
    Trail(TrailId),
    /// The record of a case.
    Case(CaseId),
}

/// The newest access of a chain.
struct Tip {
    position: Position,
    id: Option<AccessId>,
    entry: Option<AccessEntry>,
}

impl Default for Accesses {
    fn default() -> Self {
        Self { places: (0..PLACES).map(|_| Mutex::default()).collect(), unusual: StdMutex::default() }
    }
}

impl Accesses {
    /// Waits until nobody else adds to the chain of that case.
    async fn hold(&self, case: &CaseId) -> Option<MutexGuard<'_, ()>> {
        let first = case.to_vec().first().copied().map_or(0, usize::from);
        Some(self.places.get(first % PLACES)?.lock().await)
    }

    fn unusual(&self) -> StdGuard<'_, Unusual> {
        // A panic while the lock was held leaves counters that miss one access at most.
        self.unusual.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    /// Records that somebody is about to be shown something. Only what it returned may be followed by showing. [ACL-2]
    ///
    /// # Errors
    /// [`Rejection::NeedsReason`] to who does not have the case and says nothing; [`Rejection::NoSuchTrail`] or
    /// [`Rejection::NoSuchCase`] to who may not see it any more; [`Rejection::DiskFull`].
    pub(super) async fn keep_access(
        &self,
        caller: &Caller,
        of: Of,
        kind: AccessKind,
        why: &Why,
    ) -> Result<(), Rejection> {
        self.keep_access_with(caller, of, kind, why, Vec::new()).await
    }

    /// The same, with what else is to be kept in the same commit.
    ///
    /// # Errors
    /// As [`Node::keep_access`].
    pub(super) async fn keep_access_with(
        &self,
        caller: &Caller,
        of: Of,
        kind: AccessKind,
        why: &Why,
        more: Vec<Draft>,
    ) -> Result<(), Rejection> {
        loop {
            let case = self.case_at(of)?;
            let held = self.accesses.hold(&case.id).await;
            // The case may have been joined into another while this waited.
            if self.case_at(of)?.id == case.id {
                let (next, keys) = self.next_access(caller, &case, of, kind, why)?;
                let records = std::iter::once(record::draft(&next)).chain(more).collect();
                self.commit(Commit { keys, records }).await?;
                drop(held);
                if let Some(seen) = next.entry().and_then(|entry| next.seen(&entry)) {
                    self.accesses.unusual().take(seen);
                }
                return Ok(());
            }
        }
    }

    fn case_at(&self, of: Of) -> Result<Arc<Case>, Rejection> {
        match of {
            Of::Trail(trail) => self.case_of(&trail).and_then(|case| self.case(&case)).ok_or(Rejection::NoSuchTrail),
            Of::Case(case) => self.case(&case).ok_or(Rejection::NoSuchCase),
        }
    }

    /// The next entry of a chain that nobody else adds to meanwhile, and the key of its words if it is their first.
    fn next_access(
        &self,
        caller: &Caller,
        case: &Case,
        of: Of,
        kind: AccessKind,
        why: &Why,
    ) -> Result<(AccessRecord, Vec<NewTrailKeys>), Rejection> {
        let (trail, denied) = match of {
            Of::Trail(trail) => (Some(trail), Rejection::NoSuchTrail),
            Of::Case(_) => (None, Rejection::NoSuchCase),
        };
        let viewer = self.viewer(caller);
        let standing = standing_of(case, &viewer).ok_or(denied)?;
        let reason = why.code(standing)?;
        let (before, of_trail) = (self.case_tip(&case.id)?, self.trail_tip(trail)?);
        let last = before.as_ref().and_then(|tip| tip.entry.as_ref());
        let number = last.map_or(0, |entry| entry.number.saturating_add(1));
        let words = self.seal_words(&case.id, number, &why.words)?;
        let entry = AccessEntry {
            previous: before.as_ref().and_then(|tip| tip.id),
            number,
            // [ACL-3] A clock that was set back does not turn the order round.
            time: last.map_or(viewer.now, |entry| entry.time.max(viewer.now)),
            trail,
            previous_of_trail: of_trail.as_ref().and_then(|tip| tip.id),
            person: pseudonym(case.id.bytes(), caller.person.bytes()),
            on_behalf_of: caller.on_behalf_of.map(|person| pseudonym(case.id.bytes(), person.person.bytes())),
            role: viewer.role,
            kind,
            reason,
            standing,
            words: words.as_ref().map(|words| words.tag),
        };
        let (keys, words) = words.map_or_else(Default::default, |words| (words.key, words.sealed));
        let record = AccessRecord {
            trail: trail.map(|trail| trail.to_vec()).unwrap_or_default(),
            previous: of_trail.map_or(0, |tip| tip.position.number().saturating_add(1)),
            time: entry.time.get(),
            account: caller.by().to_vec(),
            what: 0,
            case: case.id.to_vec(),
            entry: entry.encode(),
            person: caller.person.to_vec(),
            on_behalf_of: caller.on_behalf_of.map(|person| person.person.to_vec()).unwrap_or_default(),
            words,
        };
        Ok((record, keys.into_iter().collect()))
    }

    /// The newest access of a case.
    fn case_tip(&self, case: &CaseId) -> Result<Option<Tip>, Rejection> {
        let newest = self.storage.index().with_prefix(record::CASE_ACCESSES, &case.to_vec()).next_back();
        let Some(entry) = newest else { return Ok(None) };
        let position = entry.ok().and_then(|(_, value)| record::position(&value)).ok_or(Rejection::ReadFailed)?;
        self.tip_at(position).map(Some)
    }

    /// The newest access to a trail; one of an earlier version has no ID.
    fn trail_tip(&self, trail: Option<TrailId>) -> Result<Option<Tip>, Rejection> {
        let position = trail.and_then(|trail| self.indexed(record::ACCESSES, trail.as_bytes()));
        position.map(|position| self.tip_at(position)).transpose()
    }

    fn tip_at(&self, position: Position) -> Result<Tip, Rejection> {
        let record: AccessRecord = self.at(position)?;
        let entry = record.entry();
        Ok(Tip { position, id: entry.as_ref().map(AccessEntry::id), entry })
    }

    /// Seals words under the key of the case's accesses, which is made with the first. Hold the chain. [ACL-6]
    fn seal_words(
        &self,
        case: &CaseId,
        number: u64,
        words: &Sensitive<String>,
    ) -> Result<Option<SealedWords>, Rejection> {
        // Looked at to see whether there are any; they go on sealed.
        if words.expose().trim().is_empty() {
            return Ok(None);
        }
        let name = access_key_name(case);
        let (key, value) = match self.storage.trail_keys(&name) {
            Some(keys) => (None, keys.value.ok_or(Rejection::StepNotAllowed)?),
            None => {
                let new = NewTrailKeys::generate(name).map_err(|_| Rejection::Malformed)?;
                let value = new.value.clone();
                (Some(new), value)
            }
        };
        let salt: [u8; 32] = SystemEntropy.bytes();
        let plain = Zeroizing::new([salt.as_slice(), words.expose().as_bytes()].concat());
        let sealed = seal::seal(value.expose(), &access_aad(case, number), &plain);
        let sealed = sealed.map_err(|_| Rejection::Malformed)?;
        Ok(Some(SealedWords { key, sealed, tag: commit_words(&salt, words.expose()) }))
    }

    /// Salt and words of a reason; none if there are none, or their key was destroyed.
    fn open_words(&self, record: &AccessRecord) -> Option<([u8; 32], Sensitive<String>)> {
        let case = CaseId::parse(&record.case)?;
        let key = self.storage.trail_keys(&access_key_name(&case))?.value?;
        // The key opens them for whoever sees values of the case.
        let plain = seal::open(key.expose(), &access_aad(&case, record.entry()?.number), &record.words).ok()?;
        let (salt, words) = plain.split_first_chunk::<32>()?;
        Some((*salt, Sensitive::new(String::from_utf8(words.to_vec()).ok()?)))
    }

    /// Reads back what rules need of the last ninety days.
    pub(super) fn read_accesses(&self) -> Result<(), super::OpenError> {
        let from = clock::now().get().saturating_sub(crate::access::KEPT).to_be_bytes();
        let (from, to) = (std::ops::Bound::Included(from.as_slice()), std::ops::Bound::Unbounded);
        let mut unusual = self.accesses.unusual();
        for entry in self.storage.index().range(record::ACCESS_TIMES, from, to) {
            let (key, value) = entry.map_err(crate::storage::StorageError::from)?;
            unusual.take(record::read_time(&key, &value).map_err(super::OpenError::Unreadable)?);
        }
        Ok(())
    }
}

/// Words of a reason on their way to the journal.
struct SealedWords {
    key: Option<NewTrailKeys>,
    sealed: Vec<u8>,
    tag: uput_core::id::WordsTag,
}
