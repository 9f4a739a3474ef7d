//! A withdrawal that arrives, and what becomes of it in the trails that rest on what was received there.
//!
//! Guarantees that it is followed once, without anybody's doing, also after a stop, to exactly those trails; and that how
//! long it takes shows in no answer to whoever said it. Leaves to the table in `follow_up` what is said in a trail.

use std::{collections::BTreeSet, sync::Arc};

use uput_core::{
    event::Statement,
    id::{EventId, Id, TrailId},
    rejection::Rejection,
};

use super::{saying::Given, sealed_follow_up, standing::request_of};
use crate::{
    clock,
    follow_up::{Change, Say},
    node::{Node, known::Known},
    record::{CASE_REQUESTS, FOLLOW_UPS, FollowUpRecord, Followed, ONWARD, follow_up_key, parse_onward_key},
};

/// First bytes of what the request of such a change is the digest of.
const REQUEST: &[u8] = b"uput/node/withdrawn-before/";

impl Node {
    /// Follows what arrived before, and then whatever arrives, onward: until it is dropped. [CAS-101]
    pub async fn follow_onward(self: Arc<Self>) {
        match self.received_and_passed_on() {
            Ok(received) => self.cascades.add(received),
            Err(rejection) => tracing::error!(%rejection, "what rests on what cannot be read"),
        }
        loop {
            for received in self.cascades.take() {
                if let Err(rejection) = self.cascade(&received).await {
                    tracing::error!(%rejection, "a withdrawal is not followed onward until the next start");
                }
            }
            self.cascades.arrived().await;
        }
    }

    /// What a withdrawal that stands in a trail becomes in those that rest on it. [CAS-101]
    async fn cascade(&self, received: &TrailId) -> Result<(), Rejection> {
        let onward = self.resting_on(received)?;
        let Some(withdrawal) = self.withdrawn_in(received).await?.filter(|_| !onward.is_empty()) else { return Ok(()) };
        let case = self.case_of(received).and_then(|id| self.whole_case(&id)).ok_or(Rejection::NoSuchCase)?;
        let _alone = self.cases.record_changes(&case.id).await;
        let request = Id::of(&[REQUEST, withdrawal.as_bytes()].concat());
        if let Some(position) = self.indexed(CASE_REQUESTS, request.as_bytes()) {
            let made: FollowUpRecord = self.at(position)?;
            let newest = self.indexed(FOLLOW_UPS, &follow_up_key(&made)).ok_or(Rejection::ReadFailed)?;
            return self.follow_by_itself(self.at(newest)?).await;
        }
        let mut trails = Vec::new();
        for trail in &onward {
            trails.push(self.plan_in(trail, Change::WithdrawnBefore, &Known::default(), &Given::default()).await?);
        }
        let followed = Followed { change: Change::WithdrawnBefore.word().to_owned(), trails, ..Followed::default() };
        let key = self.case_keys(&case.id).and_then(|keys| keys.evidence).ok_or(Rejection::ReadFailed)?;
        let kept = FollowUpRecord {
            follow_up: request.as_bytes().iter().copied().take(16).collect(),
            case: case.id.to_vec(),
            sealed: sealed_follow_up(&key, &case.id, &followed)?,
            time: clock::now().get(),
            account: Vec::new(),
            request: request.as_bytes().to_vec(),
            complete: false,
        };
        self.keep(&kept).await?;
        self.follow_by_itself(kept).await
    }

    /// Says what is to be said in each trail, on nobody's word but the withdrawal's; writes down what became of it.
    pub(super) async fn follow_by_itself(&self, kept: FollowUpRecord) -> Result<(), Rejection> {
        if kept.complete {
            return Ok(());
        }
        let mut followed = self.opened_follow_up(&kept)?;
        for step in &mut followed.trails {
            let trail = TrailId::parse(&step.trail)?;
            let mut said = Vec::new();
            for word in std::mem::take(&mut step.say) {
                let say = Say::parse(&word).ok_or(Rejection::ReadFailed)?;
                let request = request_of(&kept, &trail, say).ok_or(Rejection::ReadFailed)?;
                match self.record_itself(&trail, &say.statement(), request).await {
                    Ok(()) => said.push(word),
                    Err(refused) => step.cannot_be_said(&refused),
                }
            }
            step.say = said;
        }
        let case = super::case_of(&kept)?;
        let key = self.case_keys(&case).and_then(|keys| keys.evidence).ok_or(Rejection::StepNotAllowed)?;
        let sealed = sealed_follow_up(&key, &case, &followed)?;
        self.keep(&FollowUpRecord { sealed, complete: true, ..kept }).await.map(drop)
    }

    /// The withdrawal that stops a trail, if one does and the other side opened it.
    async fn withdrawn_in(&self, received: &TrailId) -> Result<Option<EventId>, Rejection> {
        let mut held = self.trails.hold(received).await;
        self.ensure_loaded(&mut held, received)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let withdraws =
            |id: &&EventId| loaded.trail.event(id).is_some_and(|event| event.statement == Statement::Withdrawn);
        Ok(reading.stops.iter().find(withdraws).copied())
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
