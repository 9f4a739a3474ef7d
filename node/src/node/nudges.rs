//! What calls, and waking whoever is on duty.
//!
//! Guarantees that an attempt is on disk before anything is sent, that what calls is read anew from the trails after every
//! start, and that nobody is called about a woman who excluded that person. Leaves when and whom to `on_call`, and what a
//! trail says to the core.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use tokio::sync::Notify;
use uput_core::{
    attention, escalation,
    id::{OrgId, TrailId},
    rejection::Rejection,
    state::{Reading, Side},
    status, task, telephone,
    time::{Seconds, Span},
};

use super::{Node, on_call::locked, trails::Loaded};
use crate::{
    account::{AccountId, Caller},
    case::Sight,
    clock::{self, SystemEntropy},
    on_call::{self, Attempt, Call, Channels, DutyId, Plan, Reached},
    record::{self, NudgeRecord, Ordered, Outline},
    storage::Position,
};

/// How many trails are looked at in one go after the start.
const TOGETHER: usize = 1000;
/// Outcomes of an attempt, as in its record.
const BEGUN: u32 = 0;
const SENT: u32 = 1;
const FAILED: u32 = 2;

/// What is known of the trails that need somebody.
#[derive(Default)]
pub(super) struct Calls {
    state: Mutex<State>,
    new: Notify,
    /// Held by whoever nudges: one at a time.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    needy: BTreeMap<TrailId, Needy>,
    /// Something was written in them.
    touched: BTreeSet<TrailId>,
    /// Not looked at since the start.
    unseen: BTreeSet<TrailId>,
}

/// A trail that needs somebody, now or from a time on.
struct Needy {
    peer: OrgId,
    /// Since when something waits for a person; none: nothing does.
    waits: Option<Seconds>,
    /// From when on the next step is a telephone.
    telephone: Option<Seconds>,
    /// From when on the next body is to be asked.
    escalation: Option<Seconds>,
    /// When somebody took the call.
    taken: Option<Seconds>,
    /// How long the agreement gives.
    patience: Option<Span>,
}

impl Calls {
    /// Something was written in a trail.
    pub(super) fn touch(&self, trail: TrailId) {
        locked(&self.state).touched.insert(trail);
        self.look();
    }

    /// Something else has changed.
    pub(super) fn look(&self) {
        self.new.notify_one();
    }
}

impl Needy {
    /// Since when it calls. [ONC-20] [ONC-21]
    fn since(&self, now: Seconds) -> Option<Seconds> {
        let come = |due: &Seconds| *due < now && self.taken.is_none_or(|taken| taken <= *due);
        let times = [self.waits, self.telephone.filter(come), self.escalation.filter(come)];
        times.into_iter().flatten().min()
    }

    fn telephone_now(&self, now: Seconds) -> bool {
        self.telephone.is_some_and(|due| due < now)
    }

    /// Whether the next step is somebody's here, by the time alone. [ONC-30] [TIM-20]
    fn moves_up(&self, now: Seconds) -> bool {
        self.telephone_now(now) || self.escalation.is_some_and(|due| due < now)
    }
}

impl Node {
    /// After the start every trail is looked at once whose outline says that it calls, or that has none.
    pub fn look_at_everything(&self) {
        let mut state = locked(&self.on_call.calls.state);
        for entry in self.storage.index().with_prefix(record::OUTLINES, b"") {
            let Ok((key, value)) = entry else {
                tracing::error!("the trails cannot be listed");
                return;
            };
            let calls = Ordered::parse(&value).is_none_or(|ordered| ordered.calls);
            state.unseen.extend(TrailId::parse(&key).ok().filter(|_| calls));
        }
    }

    /// Whether a trail calls, now or by the telephone.
    pub(super) fn calls_somebody(&self, loaded: &Loaded, reading: &Reading, outline: &Outline) -> bool {
        let side = loaded.trail.side(&self.me.organisation);
        let waits = side.is_some_and(|side| !attention::waiting(&loaded.trail, reading, side).is_empty());
        // What ends in it is looked up after the start. [TIM-13]
        let ends = reading.live && !reading.outstanding.is_empty();
        let ends = ends || task::plan(&loaded.trail, reading).is_some();
        let ends = ends || !status::endings(&loaded.trail, reading, &loaded.agreement).is_empty();
        let asks = outline.trail.as_ref().is_some_and(|trail| trail.escalation.is_some());
        waits || ends || asks || outline.trail.as_ref().is_some_and(|trail| trail.telephone_due != 0)
    }

    /// Something that no event says has changed in a trail: it is looked at again.
    pub(super) fn look_at_trail(&self, trail: TrailId) {
        self.on_call.calls.touch(trail);
    }

    /// Waits until something may have changed who must be woken.
    pub async fn something_new(&self) {
        self.on_call.calls.new.notified().await;
    }

    /// Wakes whoever is due now; tells when to look again. [ONC-40]
    pub async fn nudge(&self, channels: &Channels, now: Seconds) -> Option<Seconds> {
        let _turn = self.on_call.calls.turn.lock().await;
        let unseen = self.look_again().await;
        on_call::settle(&mut self.on_call.attempts(), now);
        self.settle_calls(now);
        self.say_telephones(now);
        let step = self.step(now);
        for plan in &step.plans {
            self.attempt(channels, plan, now).await;
        }
        let telephone = self.next_telephone(now);
        let soon = unseen.then_some(now);
        [self.step(now).again, telephone, soon].into_iter().flatten().min()
    }

    /// Somebody sees to what waits in a trail. [ONC-21]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`].
    pub async fn take_call(&self, by: &Caller, trail: &TrailId) -> Result<(), Rejection> {
        // [CAS-20] Before anything is read.
        self.demand(by, trail, Sight::Outline)?;
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let taken = NudgeRecord {
            attempt: SystemEntropy.bytes::<16>().to_vec(),
            time: clock::now().get(),
            trail: trail.to_vec(),
            account: by.account.to_vec(),
            until: newest(loaded).map_or(0, Position::number),
            ..NudgeRecord::default()
        };
        self.keep(&taken).await?;
        self.on_call.calls.touch(*trail);
        Ok(())
    }

    /// Calls that somebody on duty may be told of, with all others. [ONC-22]
    fn calls(&self, now: Seconds) -> Vec<Call> {
        self.calls_in(now, &|_| true)
    }

    /// Those of the trails that are wanted.
    pub(super) fn calls_in(&self, now: Seconds, wanted: &dyn Fn(&TrailId) -> bool) -> Vec<Call> {
        let (on_duty, next) = (self.on_duty(now), self.on_call.settings().next);
        let state = locked(&self.on_call.calls.state);
        let needy = state.needy.iter().filter(|(trail, _)| wanted(trail));
        let calling = needy.filter_map(|(trail, needy)| Some((trail, needy, needy.since(now)?)));
        calling
            .map(|(trail, needy, since)| Call {
                peer: needy.peer,
                since,
                next: needy.patience.map_or(next, |patience| patience.min(next)),
                may: on_duty.iter().filter(|(_, by)| self.may_be_told(&by.account, trail)).map(|(id, _)| *id).collect(),
            })
            .collect()
    }

    /// Whether one of the trails that are wanted says that the next step is a telephone.
    pub(super) fn telephones(&self, now: Seconds, wanted: &dyn Fn(&TrailId) -> bool) -> bool {
        let state = locked(&self.on_call.calls.state);
        state.needy.iter().any(|(trail, needy)| wanted(trail) && needy.telephone_now(now))
    }

    /// The attempts of the last hours that count. One that only began is made again. [ONC-43]
    pub(super) fn recent_attempts(&self, now: Seconds) -> Result<Vec<Attempt>, Rejection> {
        let mut attempts = Vec::new();
        // And as far ahead: a clock that was set back forgets none.
        for hours in 0..=2 * on_call::MEMORY.0 / 3600 {
            let hour = record::nudge_hour(now.get().saturating_sub(on_call::MEMORY.0).saturating_add(hours * 3600));
            for position in self.positions(record::NUDGES, &hour)? {
                let kept: NudgeRecord = self.at(position)?;
                attempts.extend(attempt_of(&kept)?);
            }
        }
        attempts.sort_by_key(|attempt| attempt.time);
        Ok(attempts)
    }

    fn step(&self, now: Seconds) -> on_call::Step {
        on_call::plan(&self.calls(now), &self.on_call.attempts(), now)
    }

    /// What was stored before the clock was set back calls since now at the latest. [ONC-44]
    fn settle_calls(&self, now: Seconds) {
        for needy in locked(&self.on_call.calls.state).needy.values_mut() {
            needy.waits = needy.waits.map(|since| since.min(now));
        }
    }

    /// Trails move up in the list when their time has come.
    fn say_telephones(&self, now: Seconds) {
        let state = locked(&self.on_call.calls.state);
        for (trail, needy) in &state.needy {
            self.outlines.telephone(trail, needy.moves_up(now));
        }
    }

    fn next_telephone(&self, now: Seconds) -> Option<Seconds> {
        let state = locked(&self.on_call.calls.state);
        let dues = state.needy.values().flat_map(|needy| [needy.telephone, needy.escalation]).flatten();
        dues.filter(|due| *due >= now).min().map(|due| due.after(Span(1)))
    }

    /// Reads the trails in which something may have changed; whether there are more.
    async fn look_again(&self) -> bool {
        let (trails, more) = {
            let mut state = locked(&self.on_call.calls.state);
            let mut trails = std::mem::take(&mut state.touched);
            while trails.len() < TOGETHER
                && let Some(trail) = state.unseen.pop_last()
            {
                trails.insert(trail);
            }
            (trails, !state.unseen.is_empty())
        };
        for trail in trails {
            if let Err(rejection) = self.look_at(&trail).await {
                tracing::error!(%rejection, "a trail could not be looked at");
            }
        }
        more
    }

    async fn look_at(&self, trail: &TrailId) -> Result<(), Rejection> {
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let needy = held.as_ref().map(|loaded| self.needy(loaded)).transpose()?.flatten();
        // [TIM-70] Who must be woken comes first: where values cannot be read somebody is needed all the more.
        self.set_needy(*trail, needy);
        if let Some(loaded) = held.as_ref() {
            let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
            self.endings.set(*trail, self.endings_in(loaded, &reading)?);
        }
        Ok(())
    }

    fn set_needy(&self, trail: TrailId, needy: Option<Needy>) {
        let mut state = locked(&self.on_call.calls.state);
        match needy {
            Some(needy) => drop(state.needy.insert(trail, needy)),
            None => {
                state.needy.remove(&trail);
                self.outlines.telephone(&trail, false);
            }
        }
    }

    fn needy(&self, loaded: &Loaded) -> Result<Option<Needy>, Rejection> {
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let taken = match self.indexed(record::TAKEN, loaded.trail.id().as_bytes()) {
            Some(position) => Some(self.at::<NudgeRecord>(position)?),
            None => None,
        };
        let timers = loaded.agreement.timers();
        let sent = self.sent_again(loaded);
        let moved = |due: Option<Seconds>| due.map(|due| sent.as_ref().map_or(due, |sent| sent.moves(due)));
        let needy = Needy {
            peer: loaded.other(&self.me.organisation),
            waits: self.waits(loaded, &reading, taken.as_ref().map(|taken| taken.until)),
            telephone: moved(telephone::due(&loaded.trail, &reading, timers)),
            escalation: moved(self.next_asked(loaded, &reading)),
            taken: taken.and_then(|taken| Seconds::new(taken.time)),
            patience: telephone::patience(&loaded.trail, timers),
        };
        let calls = |needy: &Needy| [needy.waits, needy.telephone, needy.escalation].iter().any(Option::is_some);
        Ok(Some(needy).filter(calls))
    }

    /// From when on the next body is to be asked, in a trail of ours. [TIM-20]
    fn next_asked(&self, loaded: &Loaded, reading: &Reading) -> Option<Seconds> {
        let ours = loaded.trail.side(&self.me.organisation) == Some(Side::Opener);
        let stored = |event| loaded.stored(event, clock::now().get());
        let next = if ours { escalation::next(&loaded.trail, reading, &loaded.agreement, stored) } else { None };
        next.map(|next| next.due)
    }

    /// Since when something waits for a person that came after what somebody took.
    fn waits(&self, loaded: &Loaded, reading: &Reading, taken: Option<u64>) -> Option<Seconds> {
        let side = loaded.trail.side(&self.me.organisation)?;
        let waiting = attention::waiting(&loaded.trail, reading, side).into_iter();
        let beside = waiting.filter_map(|event| loaded.beside.get(&event.id));
        let news = beside.filter(|beside| taken.is_none_or(|taken| beside.position.number() > taken));
        news.filter_map(|beside| Seconds::new(beside.stored)).min()
    }

    /// Whom she excluded is not called about her; everybody else may be, since a nudge says nothing. [ONC-22]
    fn may_be_told(&self, account: &AccountId, trail: &TrailId) -> bool {
        let Ok(account) = self.accounts.account(&account.to_vec()) else { return false };
        let case = self.case_of(trail).and_then(|case| self.case(&case));
        !case.is_some_and(|case| case.excludes(&account.person))
    }

    /// Tells one duty. [ONC-43]
    async fn attempt(&self, channels: &Channels, plan: &Plan, now: Seconds) {
        let Some((_, reached)) = self.on_duty(now).into_iter().find(|(id, _)| *id == plan.to) else { return };
        let mut kept = NudgeRecord {
            attempt: SystemEntropy.bytes::<16>().to_vec(),
            time: now.get(),
            duty: plan.to.to_vec(),
            peers: plan.peers.iter().map(|peer| peer.to_vec()).collect(),
            outcome: BEGUN,
            ..NudgeRecord::default()
        };
        // Where the disk is full somebody must hear of it all the same.
        let _begun = self.keep(&kept).await;
        let failed = !send(channels, &reached).await;
        kept.outcome = if failed { FAILED } else { SENT };
        let attempt = Attempt { time: now, duty: plan.to, peers: plan.peers.clone(), failed };
        self.on_call.attempts().push(attempt);
        let _ended = self.keep(&kept).await;
    }
}

/// Whether it was handed over.
async fn send(channels: &Channels, reached: &Reached) -> bool {
    let sent = channels.send(reached.channel, &reached.address).await;
    if let Err(failed) = &sent {
        // The channel and a word of ours, never the address.
        tracing::warn!(channel = %reached.channel, %failed, "a nudge was not handed over");
    }
    sent.is_ok()
}

fn attempt_of(kept: &NudgeRecord) -> Result<Option<Attempt>, Rejection> {
    if kept.outcome == BEGUN {
        return Ok(None);
    }
    Ok(Some(Attempt {
        time: Seconds::new(kept.time).ok_or(Rejection::Malformed)?,
        duty: DutyId::parse(&kept.duty).ok_or(Rejection::Malformed)?,
        peers: kept.peers.iter().map(|peer| OrgId::parse(peer)).collect::<Result<_, _>>()?,
        failed: kept.outcome == FAILED,
    }))
}

/// The newest record of a trail's events.
fn newest(loaded: &Loaded) -> Option<Position> {
    loaded.beside.values().map(|beside| beside.position).max()
}
