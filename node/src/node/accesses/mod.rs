//! The access log: every access is on disk, in the chain of its case, before anything is shown. [ACL-1]
//!
//! Guarantees that each entry names the one before in its case and in its trail, also when two look at once, and that what
//! could not be recorded is not shown. Leaves to the calls to say what they show, and to `access` what is unusual.

mod document;
mod listing;
mod watching;
mod words;

pub use document::AccessDocument;
pub use watching::UnusualAccesses;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex as StdMutex, MutexGuard as StdGuard, PoisonError},
};

use tokio::sync::{Mutex, MutexGuard};
use uput_core::{
    access_log::{AccessEntry, pseudonym},
    id::{AccessId, TrailId},
    log::EntryKind,
    rejection::Rejection,
    wire::{AccessKind, OverrideKind},
};

use super::{
    Node,
    log::{Logged, logged},
    overrides::About,
};
use crate::{
    access::{Unusual, Why, is_outside, standing_of},
    account::Caller,
    case::{Case, CaseId},
    clock,
    record::{self, AccessRecord},
    storage::{Commit, NewTrailKeys, Position},
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
        Some(self.places.get(place(case))?.lock().await)
    }

    /// The same for several: always in the same order, so that nobody waits for each other.
    async fn hold_all(&self, cases: &BTreeSet<CaseId>) -> Vec<MutexGuard<'_, ()>> {
        let places: BTreeSet<usize> = cases.iter().map(place).collect();
        let mut held = Vec::new();
        for place in places.into_iter().filter_map(|place| self.places.get(place)) {
            held.push(place.lock().await);
        }
        held
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
        self.keep_access_with(caller, of, kind, why, Commit::default()).await
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
        with: Commit,
    ) -> Result<(), Rejection> {
        loop {
            let id = self.case_at(of)?.id;
            let held = self.accesses.hold(&id).await;
            // It may have been joined into another while this waited, or she may have excluded whoever asks.
            let case = self.case_at(of)?;
            if case.id == id {
                let kept = self.grow(caller, &case, of, kind, why, with).await;
                drop(held);
                return kept;
            }
        }
    }

    /// The same for several cases in one commit. Gives those that may be shown: a case that they may not see any more, or
    /// for which they would have to say why, is left out.
    ///
    /// # Errors
    /// [`Rejection::DiskFull`]: nothing was recorded, and nothing may be shown.
    pub(super) async fn keep_accesses(
        &self,
        caller: &Caller,
        cases: &BTreeSet<CaseId>,
        kind: AccessKind,
        why: &Why,
    ) -> Result<Vec<CaseId>, Rejection> {
        let _held = self.accesses.hold_all(cases).await;
        let (mut commit, mut shown, mut all_seen) = (Commit::default(), Vec::new(), Vec::new());
        let mut looked = Vec::new();
        for case in cases.iter().filter_map(|id| self.case(id)) {
            match self.next_access(caller, &case, Of::Case(case.id), kind, why) {
                Ok((next, key)) => {
                    commit.records.push(record::draft(&next));
                    commit.keys.extend(key);
                    looked.extend(told(&next));
                    all_seen.extend(next.entry().and_then(|entry| next.seen(&entry)));
                    shown.push(case.id);
                }
                Err(Rejection::NoSuchCase | Rejection::NeedsReason) => {}
                Err(other) => return Err(other),
            }
        }
        commit.records.extend(logged(looked));
        if !shown.is_empty() {
            self.commit(commit).await?;
        }
        let mut unusual = self.accesses.unusual();
        all_seen.into_iter().for_each(|seen| unusual.take(seen));
        Ok(shown)
    }

    /// The same to the record of a case as it will be with that commit: by somebody who sees it from then on. Hold the case.
    ///
    /// # Errors
    /// As [`Node::keep_access`].
    pub(super) async fn keep_access_as(
        &self,
        caller: &Caller,
        case: &Case,
        kind: AccessKind,
        why: &Why,
        with: Commit,
    ) -> Result<(), Rejection> {
        let _held = self.accesses.hold(&case.id).await;
        self.grow(caller, case, Of::Case(case.id), kind, why, with).await
    }

    /// Adds an access to the chain of a case, as that is or will be with the same commit. Nobody else may add to it.
    async fn grow(
        &self,
        caller: &Caller,
        case: &Case,
        of: Of,
        kind: AccessKind,
        why: &Why,
        with: Commit,
    ) -> Result<(), Rejection> {
        let (next, key) = self.next_access(caller, case, of, kind, why)?;
        let keys = with.keys.into_iter().chain(key).collect();
        // [APR-21] [SAF-7]
        let about = match of {
            Of::Trail(trail) => About::Trail(trail),
            Of::Case(_) => About::Case(case.id),
        };
        let outside = is_outside(kind).then(|| self.overridden(OverrideKind::ReachedOutside, &caller.by(), about));
        let drafts = outside.iter().map(record::draft);
        let records =
            std::iter::once(record::draft(&next)).chain(with.records).chain(drafts).chain(logged(told(&next)));
        let records = records.collect();
        self.commit(Commit { keys, records }).await?;
        outside.into_iter().for_each(|record| self.overrides.set(record));
        if let Some(seen) = next.entry().and_then(|entry| next.seen(&entry)) {
            self.accesses.unusual().take(seen);
        }
        Ok(())
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
    ) -> Result<(AccessRecord, Option<NewTrailKeys>), Rejection> {
        let (trail, denied) = match of {
            Of::Trail(trail) => (Some(trail), Rejection::NoSuchTrail),
            Of::Case(_) => (None, Rejection::NoSuchCase),
        };
        let viewer = self.viewer(caller);
        let standing = standing_of(case, &viewer).ok_or(denied)?;
        let reason = why.code(standing, kind)?;
        let (before, of_trail) = (self.case_tip(&case.id)?, self.trail_tip(trail)?);
        let last = before.as_ref().and_then(|tip| tip.entry.as_ref());
        let number = last.map_or(0, |entry| entry.number.saturating_add(1));
        let words = self.seal_words(case, number, &why.words)?;
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
        Ok((record, keys))
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

/// What the log tells of an access.
fn told(access: &AccessRecord) -> Option<Logged> {
    access.entry().map(|entry| Logged::new(EntryKind::Access, entry.id()))
}

/// Where the chain of a case grows.
fn place(case: &CaseId) -> usize {
    case.bytes().first().copied().map_or(0, usize::from) % PLACES
}
