//! Values that waited in the queue and have no right to go any more.
//!
//! Guarantees that the values of an event leave only if, when the letter is sealed, nothing that this node knows has ended
//! what it was said for, and that an event which went without its values never goes with them. Leaves to the post that
//! the event itself goes on, so that what follows it can arrive.

use uput_core::{
    agreement::Request,
    event::Event,
    id::{EventId, OrgId, TrailId},
    rejection::Rejection,
    state::Verdict,
    wire,
};

use super::{Node, trails::Loaded};
use crate::{
    clock,
    record::{WITHHELD, WithheldRecord},
};

impl Node {
    /// Why the values of an event do not go to its peer, if they do not: that stands in the journal before it is told.
    /// [LET-20] [LET-21]
    pub(super) async fn withhold(
        &self,
        to: &OrgId,
        trail: &TrailId,
        disclosure: &wire::Disclosure,
    ) -> Result<Option<Rejection>, Rejection> {
        let id = EventId::parse(&disclosure.event)?;
        if let Some(why) = self.withheld(&id)? {
            return Ok(Some(why));
        }
        let why = {
            let mut held = self.trails.hold(trail).await;
            self.ensure_loaded(&mut held, trail)?;
            let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
            let event = loaded.trail.event(&id).ok_or(Rejection::ReadFailed)?;
            self.has_ended(to, loaded, event, disclosure)?
        };
        if let Some(why) = why {
            tracing::warn!(%why, "values that waited are not sent any more");
            let (rejection, time) = (why.number(), clock::now().get());
            self.keep(&WithheldRecord { event: id.to_vec(), rejection, time }).await?;
        }
        Ok(why)
    }

    /// Why the values of an event were not sent, if they were not. [LET-21]
    pub(super) fn withheld(&self, event: &EventId) -> Result<Option<Rejection>, Rejection> {
        let Some(position) = self.indexed(WITHHELD, event.as_bytes()) else { return Ok(None) };
        let kept: WithheldRecord = self.at(position)?;
        // What a newer version withheld stays withheld.
        Ok(Some(Rejection::from_number(kept.rejection).unwrap_or(Rejection::EndedMeanwhile)))
    }

    /// [LET-20]
    fn has_ended(
        &self,
        to: &OrgId,
        loaded: &Loaded,
        event: &Event,
        disclosure: &wire::Disclosure,
    ) -> Result<Option<Rejection>, Rejection> {
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let effective = reading.events.get(&event.id).is_some_and(|judged| judged.verdict == Verdict::Effective);
        if !effective || reading.owed.contains_key(&event.id) {
            return Ok(Some(Rejection::EndedMeanwhile));
        }
        let Some(request) = loaded.request(event).filter(|request| request.occasion.discloses()) else {
            return Ok(None);
        };
        let refused = self.refuses_now(to, loaded, &request)?;
        if refused.is_some() {
            return Ok(refused);
        }
        let disclosed = loaded.open(event, disclosure)?;
        let lapsed = loaded.agreement.has_lapsed(&request, &disclosed, clock::now());
        Ok(lapsed.then_some(Rejection::BasisEnded))
    }

    /// She excluded the peer, or the agreement suspends one of the two.
    fn refuses_now(&self, to: &OrgId, loaded: &Loaded, request: &Request<'_>) -> Result<Option<Rejection>, Rejection> {
        let case = self.cases.of(&loaded.trail.id()).ok_or(Rejection::ReadFailed)?;
        let allowed = self.refuse_excluded(&case, to).and_then(|()| match request.needs_force() {
            true => self.versions().may_disclose(&request.opening.agreement, [&self.me.organisation, to]),
            false => Ok(()),
        });
        match allowed {
            Err(rejection @ (Rejection::ReadFailed | Rejection::KeyLocked)) => Err(rejection),
            allowed => Ok(allowed.err()),
        }
    }
}
