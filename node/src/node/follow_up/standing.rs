//! How far a change has come in each trail.
//!
//! Guarantees that *delivered* and *seen* rest on signed events of the other side alone.

use uput_core::{
    event::Statement,
    id::{EventId, Id, OrgId, TrailId},
    rejection::Rejection,
    sent::Shown,
    time::Seconds,
    wire,
};

use super::{saying::request_id, second::NOT_APPROVED};
use crate::{
    account::By,
    clock,
    follow_up::{Change, Do, Say, Why},
    node::{Node, trails::Loaded},
    record::{self, FollowUpRecord, Followed, FollowedStep},
};

impl Node {
    pub(super) fn view_plan(&self, change: Change, followed: &Followed) -> wire::FollowedChange {
        let trails = followed.trails.iter().map(|step| self.view_nothing_yet(step));
        wire::FollowedChange {
            change: change.word().to_owned(),
            time: clock::now().get(),
            trails: trails.collect(),
            ..wire::FollowedChange::default()
        }
    }

    fn view_nothing_yet(&self, step: &FollowedStep) -> wire::FollowedTrail {
        let said = if step.say.is_empty() { wire::FollowState::NothingSaid } else { wire::FollowState::ToBeSaid };
        wire::FollowedTrail {
            trail: step.trail.clone(),
            say: step.say.clone(),
            state: said.into(),
            why: plain(&step.why),
            todo: plain(&step.todo),
            ..wire::FollowedTrail::default()
        }
    }

    pub(super) async fn view_change(
        &self,
        kept: &FollowUpRecord,
        followed: &Followed,
    ) -> Result<wire::FollowedChange, Rejection> {
        let mut trails = Vec::new();
        for step in &followed.trails {
            trails.push(self.view_followed(kept, step).await?);
        }
        let confirmed = |trail: &&wire::FollowedTrail| {
            let state = trail.state();
            trail.say.is_empty() || matches!(state, wire::FollowState::Delivered | wire::FollowState::Seen)
        };
        let unconfirmed = trails.iter().filter(|trail| !confirmed(trail)).count();
        Ok(wire::FollowedChange {
            follow_up: kept.follow_up.clone(),
            change: followed.change.clone(),
            time: kept.time,
            complete: kept.complete,
            unconfirmed: u32::try_from(unconfirmed).unwrap_or(u32::MAX),
            trails,
        })
    }

    /// How far a change has come in one trail. [CAS-55]
    async fn view_followed(
        &self,
        kept: &FollowUpRecord,
        step: &FollowedStep,
    ) -> Result<wire::FollowedTrail, Rejection> {
        let mut view = self.view_nothing_yet(step);
        let trail = TrailId::parse(&step.trail)?;
        let mut held = self.trails.hold(&trail).await;
        // [CAS-117] One that cannot be read hides no other.
        let Some(loaded) = self.ensure_loaded(&mut held, &trail).ok().and(held.as_ref()) else {
            let row = self.row(&trail, clock::now()).ok().flatten();
            view.peer = row.map(|row| row.peer).unwrap_or_default();
            return Ok(view);
        };
        let other = loaded.other(&self.me.organisation);
        view.peer = self.directory.name(&other);
        let (mut states, mut from) = (Vec::new(), 0);
        for say in step.say.iter().filter_map(|word| Say::parse(word)) {
            let digest = request_of(kept, &trail, say).ok_or(Rejection::ReadFailed)?;
            let Some(position) = self.indexed(record::REQUESTS, &digest) else {
                let waits = self.may_be_approved(step);
                states.push(if waits { wire::FollowState::NeedsApproval } else { wire::FollowState::ToBeSaid });
                continue;
            };
            let found = loaded.beside.iter().find(|(_, beside)| beside.position == position);
            let (event, beside) = found.ok_or(Rejection::ReadFailed)?;
            view.events.push(event.to_vec());
            view.said = view.said.max(beside.stored);
            let claimed = loaded.trail.event(event).ok_or(Rejection::ReadFailed)?.time;
            let found = self.witnessed(&loaded.agreement, &other, *event, true);
            from = from.max(said_from(claimed, found.map(|found| found.shown)).get());
            let come = Come::of(loaded, event, &other);
            view.delivered = view.delivered.max(come.delivered);
            view.seen = view.seen.max(come.seen);
            states.push(come.state());
        }
        if self.may_be_approved(step) {
            view.approval.clone_from(&step.approval);
        } else if !step.approval.is_empty() {
            (view.why, view.todo) = (NOT_APPROVED.to_owned(), Do::Telephone.word().to_owned());
        }
        if let Some(state) = states.into_iter().min_by_key(|state| come_so_far(*state)) {
            let broken = self.outbox.queue(&other).standing(&trail).broken.is_some();
            let waits = state == wire::FollowState::OnItsWay;
            view.state = if broken && waits { wire::FollowState::Refused } else { state }.into();
            view.overdue = is_overdue(loaded, &view, from, clock::now().get());
        }
        Ok(view)
    }
}

/// The digest of the request under which a change is said in a trail: in the name of whoever made it, or of nobody.
/// [CAS-54] [CAS-101]
pub(super) fn request_of(kept: &FollowUpRecord, trail: &TrailId, say: Say) -> Option<Vec<u8>> {
    let request_id = request_id(&kept.follow_up, trail, say);
    if kept.account.is_empty() {
        return Some(Id::of(request_id.as_bytes()).as_bytes().to_vec());
    }
    Some(record::request_digest(&By::parse(&kept.account)?, &request_id))
}

/// States in the order of how far they are.
const fn come_so_far(state: wire::FollowState) -> i32 {
    match state {
        wire::FollowState::NeedsApproval => wire::FollowState::ToBeSaid as i32,
        other => other as i32,
    }
}

/// How far an event has come at the other side.
struct Come {
    delivered: u64,
    seen: u64,
}

impl Come {
    fn of(loaded: &Loaded, event: &EventId, other: &OrgId) -> Self {
        let history = loaded.trail.history();
        let theirs = loaded.trail.events().filter(|said| said.author == *other && history.has_seen(said.id, *event));
        let (mut delivered, mut seen) = (u64::MAX, u64::MAX);
        for said in theirs {
            delivered = delivered.min(said.time.get());
            // What a machine says by itself is no person's word.
            let machine =
                matches!(said.statement, Statement::Delivered(_) | Statement::Purged(wire::PurgeManner::Unopened))
                    || (matches!(said.statement, Statement::Purged(_)) && said.slots.is_empty());
            seen = if machine { seen } else { seen.min(said.time.get()) };
        }
        let known = |time: u64| if time == u64::MAX { 0 } else { time };
        Self { delivered: known(delivered), seen: known(seen) }
    }

    const fn state(&self) -> wire::FollowState {
        match (self.delivered, self.seen) {
            (0, _) => wire::FollowState::OnItsWay,
            (_, 0) => wire::FollowState::Delivered,
            _ => wire::FollowState::Seen,
        }
    }
}

/// From when on the time to deliver what was said runs: the time that it claims, until witnesses show it. [CAS-130]
fn said_from(claimed: Seconds, shown: Option<Shown>) -> Seconds {
    shown.map_or(claimed, |shown| shown.sent(claimed))
}

/// Whether the agreement's time for what is unconfirmed has passed: to deliver it from when it counts as said, and then to
/// look at it. [CAS-56]
fn is_overdue(loaded: &Loaded, view: &wire::FollowedTrail, from: u64, now: u64) -> bool {
    let Ok(opening) = loaded.trail.opening() else { return false };
    let span = |kind: wire::TimerKind| {
        let mut timers = loaded.agreement.timers().iter();
        timers.find(|timer| timer.act == opening.act && timer.kind == kind).map(|timer| timer.span.0)
    };
    let passed = |from: u64, span: Option<u64>| span.is_some_and(|span| now > from.saturating_add(span));
    match view.state() {
        wire::FollowState::OnItsWay | wire::FollowState::Refused => passed(from, span(wire::TimerKind::Deliver)),
        wire::FollowState::Delivered => passed(view.delivered, span(wire::TimerKind::Acknowledge)),
        _ => false,
    }
}

/// A word of the table, for people: none where there is nothing.
fn plain(word: &str) -> String {
    if word == Why::Nothing.word() { String::new() } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CAS-130]
    #[test]
    fn a_change_is_overdue_from_when_witnesses_show_it_and_else_from_the_time_that_it_claims() {
        let at = |time| Seconds::new(time).unwrap();
        let from =
            |by: u64, until: Option<u64>| said_from(at(10_000), Some(Shown { by: at(by), until: until.map(at) })).get();
        assert_eq!(said_from(at(10_000), None).get(), 10_000);
        assert_eq!(from(10_500, Some(9_900)), 10_500);
        assert_eq!(from(9_000, None), 9_000, "our clock was ahead");
        assert_eq!(from(99_000, None), 11_200, "the witness was away");
    }
}
