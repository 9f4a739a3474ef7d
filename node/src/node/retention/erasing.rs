//! Destroying what is over.
//!
//! Guarantees that the keys are gone before anything says so, that the peer hears it once, and that no record, no row of
//! the index and no letter brings back what was erased. [RET-16] [RET-19] [RET-24] [NOD-83]

use uput_core::{
    envelope::Verified,
    event::{Event, Statement},
    id::{EventId, OrgId, TrailId},
    rejection::Rejection,
    state::Side,
    step::{self, Draft},
    time::Seconds,
    wire::{PurgeManner, RetentionPart},
};

use super::{ErasureRecord, Node};
use crate::{
    clock,
    node::{
        journal::{OpenError, all},
        trails::Loaded,
    },
    record::{self, ApprovalRecord, RETURNED, ReturnedRecord, SettledRecord},
    storage::{Commit, KeyKind, StorageError},
};

impl Node {
    /// Whether there is something of it left to erase, or to say that it was.
    pub(super) fn is_left(&self, trail: &TrailId, part: RetentionPart) -> bool {
        let keys = self.key_names(trail).filter_map(|name| self.storage.trail_keys(&name));
        if part == RetentionPart::Evidence {
            return self.retentions.gone(trail).is_none();
        }
        let mut keys = keys;
        keys.any(|keys| keys.value.is_some()) || self.is_unsaid(trail)
    }

    /// Whether values of it were noted, destroyed, and nobody has said so yet: the node stopped in between. [RET-18]
    fn is_unsaid(&self, trail: &TrailId) -> bool {
        let state = self.retentions.lock();
        let Some(noted) = state.noted.get(&(*trail, RetentionPart::Values.into())) else { return false };
        let mut erased = state.erased.get(trail).into_iter().flatten();
        !erased.any(|erased| erased.time >= noted.noted)
    }

    /// The names of all keys that a trail has or had, in the key book.
    fn key_names(&self, trail: &TrailId) -> impl Iterator<Item = [u8; 32]> {
        let names = (0..).map(|generation| record::key_name(trail, generation));
        names.take_while(|name| self.storage.trail_keys(name).is_some())
    }

    /// Destroys the values of a trail whose retention is over, and says so. Tells whether it did. [RET-16]
    pub(super) async fn erase_values_by_time(&self, trail: &TrailId, now: Seconds) -> Result<bool, Rejection> {
        // [CAS-113] What is said from the record now is said before.
        let _alone = match self.case_of(trail) {
            Some(case) => self.cases.record_changes(&case).await,
            None => None,
        };
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let mut loaded = held.take().ok_or(Rejection::NoSuchTrail)?;
        let due = self.resting(&loaded)?.due(RetentionPart::Values);
        // What was said, or held, since it was looked at counts.
        let over = due.filter(|due| now >= *due && self.noted(trail, RetentionPart::Values, *due).is_some());
        let Some(due) = over.filter(|_| !self.is_on_hold(trail)) else {
            *held = Some(loaded);
            return Ok(false);
        };
        let erasure = ErasureRecord { due: due.get(), ..self.erasure_of(&loaded, now)? };
        let said = self.purged_by_time(&loaded, &erasure);
        self.erase_values(&mut loaded)?;
        match said {
            Some(said) => self.say_erased(&mut held, loaded, said, erasure).await?,
            None => {
                let _settling = self.settling();
                self.keep(&erasure).await?;
                self.retentions.erased(erasure);
                *held = Some(loaded);
            }
        }
        Ok(true)
    }

    /// What the receiver says by itself; none for the opener, and where it had nothing of what was disclosed.
    fn purged_by_time(&self, loaded: &Loaded, erasure: &ErasureRecord) -> Option<Verified<Event>> {
        let told = |id: &Vec<u8>| {
            let event = EventId::parse(id).ok().and_then(|id| loaded.trail.event(&id));
            event.is_some_and(|event| {
                loaded.trail.side(&event.author) == Some(Side::Opener)
                    && event.terms.is_some_and(|terms| terms.stage > 0)
            })
        };
        // [BAK-52] [STO-41] What is said is said by a node that knows what it had said.
        if !self.is_resumed(loaded) || self.refuse_put_back(&loaded.other(&self.me.organisation)).is_err() {
            return None;
        }
        if loaded.trail.party(Side::Peer) != self.me.organisation || !erasure.events.iter().any(told) {
            return None;
        }
        let time = clock::now().floor(loaded.agreement.grain());
        let statement = Statement::Purged(PurgeManner::Destroyed);
        let draft = Draft { statement, terms: None, slots: Vec::new(), time, occurred: None };
        // Where its act has no such word nothing is said.
        step::append(&loaded.trail, &self.me.author(&self.me.keys()), draft).ok()
    }

    /// Destroys all that is left of a trail. Tells whether it did. [RET-19]
    pub(super) async fn erase_evidence(&self, trail: &TrailId, now: Seconds) -> Result<bool, Rejection> {
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let due = self.resting(loaded)?.due(RetentionPart::Evidence);
        let over = due.filter(|due| now >= *due && self.noted(trail, RetentionPart::Evidence, *due).is_some());
        let Some(due) = over.filter(|_| !self.is_on_hold(trail)) else { return Ok(false) };
        let other = loaded.other(&self.me.organisation);
        let heads = self.positions(record::HEADS, trail.as_bytes())?;
        let asked = self.positions(record::CHALLENGES, trail.as_bytes())?;
        let erasure = ErasureRecord {
            part: RetentionPart::Evidence.into(),
            due: due.get(),
            events: Vec::new(),
            records: loaded.ordinal(),
            heads: heads.iter().map(|head| head.number()).collect(),
            challenges: asked.iter().map(|position| position.number()).collect(),
            ..self.erasure_of(loaded, now)?
        };
        // What is on its way is waited for.
        let queue = self.outbox.queue(&other);
        let Some(waited) = queue.take_out(trail) else { return Ok(false) };
        let positions: Vec<u64> = waited.iter().map(|(position, _)| position.number()).collect();
        let settled = SettledRecord { organisation: other.to_vec(), positions, ..SettledRecord::default() };
        let settled = Some(settled).filter(|settled| !settled.positions.is_empty());
        let mut records = vec![record::draft(&erasure)];
        records.extend(settled.iter().map(record::draft));
        let settling = self.settling();
        if let Err(rejection) = self.commit(Commit { keys: Vec::new(), records }).await {
            queue.push(waited);
            return Err(rejection);
        }
        self.retentions.erased(erasure);
        drop(settling);
        *held = None;
        self.forget_trail(trail);
        tokio::task::block_in_place(|| self.destroy_keys(trail)).map_err(|error| {
            tracing::error!(%error, "the keys of a trail were not destroyed; the next start does it");
            Rejection::DiskFull
        })?;
        Ok(true)
    }

    fn forget_trail(&self, trail: &TrailId) {
        self.outlines.forget(trail);
        self.endings.set(*trail, Vec::new());
        self.forget_words(trail);
        self.retentions.lock().resting.remove(trail);
    }

    /// Destroys every key that a trail has.
    pub(super) fn destroy_keys(&self, trail: &TrailId) -> Result<(), StorageError> {
        let kinds = [KeyKind::Value, KeyKind::Evidence];
        let left = |name: &[u8; 32], kind: KeyKind| {
            self.storage.trail_keys(name).is_some_and(|keys| match kind {
                KeyKind::Value => keys.value.is_some(),
                _ => keys.evidence.is_some(),
            })
        };
        let names: Vec<[u8; 32]> = self.key_names(trail).collect();
        let keys = names.iter().flat_map(|name| kinds.map(|kind| (*name, kind)));
        let keys: Vec<_> = keys.filter(|(name, kind)| left(name, *kind)).collect();
        if keys.is_empty() { Ok(()) } else { self.storage.erase_all(&keys) }
    }

    /// At a start: destroys the values of which an own `purged` came back, if the node stopped before it had. What a trail that
    /// was reopened since has under later keys stays. [BAK-60]
    pub(in crate::node) fn destroy_returned(&self) -> Result<(), OpenError> {
        let mut left = Vec::new();
        for returned in all::<ReturnedRecord>(&self.storage, RETURNED)? {
            let trail = TrailId::parse(&returned.trail).map_err(OpenError::Unreadable)?;
            let names = (0..returned.generations).map(|generation| record::key_name(&trail, generation));
            let has = |name: &[u8; 32]| self.storage.trail_keys(name).is_some_and(|keys| keys.value.is_some());
            left.extend(names.filter(has).map(|name| (name, KeyKind::Value)));
        }
        if left.is_empty() { Ok(()) } else { Ok(self.storage.erase_all(&left)?) }
    }

    /// The same of why a second person was asked in it. [APR-9]
    pub(in crate::node) fn destroy_words_of_returned(&self) -> Result<(), OpenError> {
        let returned = all::<ReturnedRecord>(&self.storage, RETURNED)?;
        let before = |kept: &ApprovalRecord, back: &ReturnedRecord| kept.trail == back.trail && kept.asked <= back.time;
        self.destroy_words_of_approvals(|kept| returned.iter().any(|back| before(kept, back)))?;
        Ok(())
    }

    /// Whether a trail is one of which nothing is kept any more, and what a peer hears: to anybody else it is not here.
    /// [RET-24] [EVT-23]
    pub(in crate::node) fn refuse_gone(&self, trail: &TrailId, from: &OrgId) -> Result<(), Rejection> {
        match self.retentions.gone(trail) {
            Some(other) if other == *from => Err(Rejection::RetentionOver),
            Some(_) => Err(Rejection::NoSuchTrail),
            None => Ok(()),
        }
    }
}
