//! A withdrawal that arrives, and what becomes of it in the trails that rest on what was received there.
//!
//! Guarantees that it is followed without anybody's doing, whoever said it, also after a stop, to exactly those trails and
//! to the ones that come to rest on it later; that nothing is said twice, and nothing given up because a disk was full; and
//! that how long it takes shows in no answer to whoever said it. Leaves to the table in `follow_up` what is said in a trail.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use uput_core::{
    event::Statement,
    id::{EventId, Id, TrailId},
    rejection::Rejection,
    state::Side,
};

use super::{saying::Given, sealed_follow_up, standing::request_of};
use crate::{
    clock,
    follow_up::{Change, Say},
    node::{Node, known::Known},
    record::{self, CASE_REQUESTS, FOLLOW_UPS, FollowUpRecord, Followed, ONWARD, follow_up_key, parse_onward_key},
    storage::Commit,
};

/// First bytes of what the request of such a change is the digest of.
const REQUEST: &[u8] = b"uput/node/withdrawn-before/";
/// After how long what could not be followed is tried again, at first and at most.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

impl Node {
    /// Follows what arrived before, and then whatever arrives, onward: until it is dropped. [CAS-101]
    pub async fn follow_onward(self: Arc<Self>) {
        match self.received_and_passed_on() {
            Ok(received) => self.cascades.add(received),
            Err(rejection) => tracing::error!(%rejection, "what rests on what cannot be read"),
        }
        let [mut wait, most] = AGAIN;
        loop {
            let mut failed = BTreeSet::new();
            for received in self.cascades.take() {
                if let Err(rejection) = self.cascade(&received).await {
                    tracing::error!(%rejection, "a withdrawal is not followed onward yet; it is tried again");
                    failed.insert(received);
                }
            }
            if failed.is_empty() {
                wait = AGAIN[0];
                self.cascades.arrived().await;
            } else {
                self.cascades.put_back(failed);
                let _ = tokio::time::timeout(wait, self.cascades.arrived()).await;
                wait = wait.saturating_mul(2).min(most);
            }
        }
    }

    /// What every withdrawal that stands in a trail becomes in those that rest on it. One that is told onward, and set aside
    /// there by her fresh word, is no answer to the next one. [CAS-101]
    async fn cascade(&self, received: &TrailId) -> Result<(), Rejection> {
        let onward = self.resting_on(received)?;
        if onward.is_empty() {
            return Ok(());
        }
        let mut all = Ok(());
        for withdrawal in self.withdrawn_in(received).await? {
            all = all.and(self.cascade_one(received, &onward, withdrawal).await);
        }
        all
    }

    async fn cascade_one(
        &self,
        received: &TrailId,
        onward: &BTreeSet<TrailId>,
        withdrawal: EventId,
    ) -> Result<(), Rejection> {
        let case = self.case_of(received).and_then(|id| self.whole_case(&id)).ok_or(Rejection::NoSuchCase)?;
        let _alone = self.cases.record_changes(&case.id).await;
        let request = Id::of(&[REQUEST, withdrawal.as_bytes()].concat());
        let made = match self.indexed(CASE_REQUESTS, request.as_bytes()) {
            Some(position) => {
                let made: FollowUpRecord = self.at(position)?;
                let newest = self.indexed(FOLLOW_UPS, &follow_up_key(&made)).ok_or(Rejection::ReadFailed)?;
                self.at(newest)?
            }
            None => FollowUpRecord {
                follow_up: request.as_bytes().iter().copied().take(16).collect(),
                case: case.id.to_vec(),
                time: clock::now().get(),
                request: request.as_bytes().to_vec(),
                ..FollowUpRecord::default()
            },
        };
        let mut followed = if made.sealed.is_empty() { Followed::default() } else { self.opened_follow_up(&made)? };
        Change::WithdrawnBefore.word().clone_into(&mut followed.change);
        // What came to rest on it after it was followed is followed as well.
        let new = onward.iter().filter(|trail| !followed.trails.iter().any(|step| step.trail == trail.to_vec()));
        // One that cannot be read now keeps the others from nothing.
        let (mut steps, mut planned) = (Vec::new(), Ok(()));
        for trail in new {
            match self.plan_in(trail, Change::WithdrawnBefore, &Known::default(), &Given::default()).await {
                Ok(step) => steps.push(step),
                Err(rejection) => planned = Err(rejection),
            }
        }
        if steps.is_empty() {
            return self.follow_by_itself(made).await.and(planned);
        }
        followed.trails.extend(steps);
        let whose = super::case_of(&made)?;
        let mut keys = Vec::new();
        let key = match self.case_keys(&whose) {
            Some(keys) => keys.evidence.ok_or(Rejection::StepNotAllowed)?,
            // A case that others were joined into may have none yet.
            None => {
                self.case_key(&whose, &mut keys)?;
                keys.first().map(|new| new.evidence.clone()).ok_or(Rejection::StepNotAllowed)?
            }
        };
        let kept = FollowUpRecord { sealed: sealed_follow_up(&key, &whose, &followed)?, complete: false, ..made };
        self.commit(Commit { keys, records: vec![record::draft(&kept)] }).await?;
        self.follow_by_itself(kept).await.and(planned)
    }

    /// Says what is to be said in each trail, on nobody's word but the withdrawal's; writes down what became of it.
    pub(super) async fn follow_by_itself(&self, kept: FollowUpRecord) -> Result<(), Rejection> {
        if kept.complete {
            return Ok(());
        }
        let (mut followed, mut all) = (self.opened_follow_up(&kept)?, Ok(()));
        for step in &mut followed.trails {
            let trail = TrailId::parse(&step.trail)?;
            let mut said = Vec::new();
            for word in std::mem::take(&mut step.say) {
                let say = Say::parse(&word).ok_or(Rejection::ReadFailed)?;
                let request = request_of(&kept, &trail, say).ok_or(Rejection::ReadFailed)?;
                match self.record_itself(&trail, &say.statement(), request).await {
                    Ok(()) => said.push(word),
                    // Said so far is not said again; the rest is tried again, and the other trails hear it now.
                    Err(refused) if passes(refused.rejection()) => all = Err(refused.rejection()),
                    Err(refused) => step.cannot_be_said(&refused),
                }
            }
            step.say = said;
        }
        all?;
        let case = super::case_of(&kept)?;
        let key = self.case_keys(&case).and_then(|keys| keys.evidence).ok_or(Rejection::StepNotAllowed)?;
        let sealed = sealed_follow_up(&key, &case, &followed)?;
        self.keep(&FollowUpRecord { sealed, complete: true, ..kept }).await.map(drop)
    }

    /// The withdrawals that stop a trail which the other side opened: whoever of the two said it, she said it to them. [CAS-101]
    pub(in crate::node) async fn withdrawn_in(&self, received: &TrailId) -> Result<Vec<EventId>, Rejection> {
        let mut held = self.trails.hold(received).await;
        self.ensure_loaded(&mut held, received)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        if loaded.trail.side(&self.me.organisation) != Some(Side::Peer) {
            return Ok(Vec::new());
        }
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let withdraws =
            |id: &EventId| loaded.trail.event(id).is_some_and(|event| event.statement == Statement::Withdrawn);
        Ok(reading.stops.iter().filter(|id| withdraws(id)).copied().collect())
    }

    /// The trails that rest on what was received in one. [CAS-100]
    fn resting_on(&self, received: &TrailId) -> Result<BTreeSet<TrailId>, Rejection> {
        Ok(self.passed_on(received.as_bytes())?.into_iter().map(|(_, onward)| onward).collect())
    }

    fn received_and_passed_on(&self) -> Result<BTreeSet<TrailId>, Rejection> {
        Ok(self.passed_on(b"")?.into_iter().map(|(received, _)| received).collect())
    }

    fn passed_on(&self, prefix: &[u8]) -> Result<Vec<(TrailId, TrailId)>, Rejection> {
        let entries = self.storage.index().with_prefix(ONWARD, prefix);
        let pair = |entry: Result<(Vec<u8>, _), _>| {
            let (key, _) = entry.map_err(|_| Rejection::ReadFailed)?;
            parse_onward_key(&key).ok_or(Rejection::ReadFailed)
        };
        entries.map(pair).collect()
    }
}

/// Whether what failed may succeed later by itself.
const fn passes(rejection: Rejection) -> bool {
    matches!(rejection, Rejection::ReadFailed | Rejection::DiskFull | Rejection::TooMany)
}
