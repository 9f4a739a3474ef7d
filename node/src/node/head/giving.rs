//! Heads on a clock: each open trail is stated from time to time, and at the end of each timer, to the other party, who
//! is asked for the same.
//!
//! Guarantees that what is said is on disk and in the log first, that a clock that is not believed says nothing, and
//! that all of it is found again in the journal after a stop. Leaves to `due` when.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use uput_core::{
    id::{Id, OrgId, TrailId},
    rejection::Rejection,
    state::Side,
    time::{Seconds, Span},
    wire,
};

use super::{
    Rest,
    due::{Due, Known, Said},
};
use crate::{
    clock::{self, SystemEntropy},
    node::{Node, outline::deadlines, trails::Loaded},
    peer::PeerState,
    shutdown::Shutdown,
};

/// How often it is looked for what is due.
const LOOK: Duration = Duration::from_secs(30);
/// The same while there are more than one look reads: others come in between.
const SOON: Duration = Duration::from_secs(1);
/// Trails that are read at one look.
const TOGETHER: usize = 64;
/// After an error.
const LATER: Span = Span(3600);

/// When each open trail is looked at next. Not kept: everything is looked at after a start.
#[derive(Default)]
pub(in crate::node) struct HeadClock {
    next: Mutex<BTreeMap<TrailId, Option<Seconds>>>,
    /// When the other party was asked last.
    asked: Mutex<HashMap<TrailId, Seconds>>,
}

impl HeadClock {
    /// Something has happened in a trail, or the node was started.
    pub(in crate::node) fn touch(&self, trail: TrailId) {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).insert(trail, None);
    }

    fn set(&self, trail: TrailId, again: Option<Seconds>) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        match again {
            Some(again) => drop(next.insert(trail, Some(again))),
            None => drop(next.remove(&trail)),
        }
    }

    /// Some of the trails whose time has come. A time that is further away than any can be was set by another clock.
    fn due(&self, now: Seconds) -> Vec<TrailId> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let furthest = now.after(Span(32 * 86_400));
        let come = |again: &Option<Seconds>| again.is_none_or(|again| again <= now || again > furthest);
        next.iter().filter(|(_, again)| come(again)).map(|(trail, _)| *trail).take(TOGETHER).collect()
    }

    fn asked(&self, trail: &TrailId) -> Option<Seconds> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(trail).copied()
    }

    fn ask(&self, trail: TrailId, now: Seconds) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(trail, now);
    }

    fn forget(&self, trail: &TrailId) {
        self.set(*trail, None);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(trail);
    }
}

impl Node {
    /// Gives heads and asks for them, until `shutdown`. [NOD-90]
    pub async fn keep_heads(&self, shutdown: Shutdown) {
        loop {
            let more = self.give_heads(clock::now()).await == TOGETHER;
            tokio::select! {
                () = shutdown.requested() => return,
                () = tokio::time::sleep(if more { SOON } else { LOOK }) => (),
            }
        }
    }

    /// Gives and asks what is due at a moment; how many trails were looked at. [NOD-90] [NOD-91]
    pub async fn give_heads(&self, now: Seconds) -> usize {
        // [NOD-92] A head is a word on a time: none is given by a clock that may be wrong.
        if !self.may_end_by_time() {
            return 0;
        }
        let due = self.head_clock.due(now);
        for trail in &due {
            match self.give_head(trail, now).await {
                Ok(Some(again)) => self.head_clock.set(*trail, Some(again)),
                Ok(None) | Err(Rejection::NoSuchTrail) => self.head_clock.forget(trail),
                Err(rejection) => {
                    tracing::warn!(%rejection, "a head was not given; it is tried again");
                    self.head_clock.set(*trail, Some(now.after(LATER)));
                }
            }
        }
        due.len()
    }

    /// What is due in one trail; when to look again. None: it is settled.
    async fn give_head(&self, trail: &TrailId, now: Seconds) -> Result<Option<Seconds>, Rejection> {
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_mut().ok_or(Rejection::NoSuchTrail)?;
        if loaded.rest() == Rest::Settled {
            return Ok(None);
        }
        // [BAK-52]
        if !self.is_resumed(loaded) {
            return Ok(Some(now.after(LATER)));
        }
        let other = loaded.other(&self.me.organisation);
        if self.directory.state_of(&other) != Some(PeerState::Confirmed) {
            return Ok(Some(now.after(LATER)));
        }
        let Due { give, ask, again } = self.heads_known(loaded, &other)?.due(now);
        if give {
            let head = self.own_head_at(loaded, None, now)?;
            self.keep_head_at(loaded, head, Some(&other), now).await?;
        }
        if ask {
            // [LET-9] The question is not kept: after a stop it is asked again if the answer is not here.
            // [NOD-110] If a challenge waits for an answer it is asked with that.
            let nonce = self.open_nonce(loaded)?.unwrap_or_else(|| SystemEntropy.bytes());
            self.outbox.queue(&other).ask(*trail, nonce);
            self.head_clock.ask(*trail, now);
        }
        Ok(Some(again))
    }

    fn heads_known(&self, loaded: &Loaded, other: &OrgId) -> Result<Known, Rejection> {
        let trail = loaded.trail.id();
        let [ours, theirs] = loaded.unmet(&self.me.organisation)?;
        Ok(Known {
            changed: Seconds::new(loaded.changed()).unwrap_or(Seconds::EPOCH),
            grain: Span(loaded.agreement.grain().seconds()),
            given: loaded.said(&self.me.organisation, |id| loaded.told.contains(id)),
            had: loaded.said(other, |_| true),
            ours,
            theirs,
            waits: self.outbox.queue(other).has_head(&trail),
            asked: self.head_clock.asked(&trail),
        })
    }
}

impl Loaded {
    /// Heads of one party, as they count for the clock.
    pub(super) fn said(&self, author: &OrgId, counts: impl Fn(&Id) -> bool) -> Vec<Said> {
        let heads = self.heads.iter().filter(|envelope| counts(&envelope.id()));
        let heads = heads.filter_map(|envelope| Some((envelope.id(), super::Head::parse(envelope.body()).ok()?)));
        heads
            .filter(|(_, head)| head.author == *author)
            .map(|(id, head)| Said {
                claimed: head.time,
                stored: self.head_times.get(&id).copied().unwrap_or(head.time),
            })
            .collect()
    }

    /// Ends of timers that are not met: those that `us` owes, and those of the other party.
    pub(super) fn unmet(&self, us: &OrgId) -> Result<[Vec<Seconds>; 2], Rejection> {
        let reading = self.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let opened = self.trail.party(Side::Opener) == *us;
        let unmet = |deadline: &wire::Deadline| deadline.met == 0;
        let all = deadlines(self, &reading, opened, self.changed());
        let (ours, theirs): (Vec<_>, Vec<_>) = all.into_iter().filter(unmet).partition(|deadline| deadline.ours);
        Ok([ours, theirs].map(|ends| ends.iter().filter_map(|end| Seconds::new(end.due)).collect()))
    }
}
