//! Withdrawals in trails that were received, until the time for what follows from them is over, and that it is.
//!
//! Guarantees that what is said then, and when, is a function of the withdrawal, the agreement and whether this node runs:
//! never of whether anything went onward, or of who has answered there. What waits when a node stops is found again in the
//! journal when it starts. Leaves to `follow_up` what goes onward, and to people what is purged. [CAS-104]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use uput_core::{
    bounds::Bounded,
    event::Statement,
    head::Head,
    id::{EventId, TrailId},
    log::EntryKind,
    rejection::Rejection,
    state::Side,
    time::Seconds,
    wire::TimerKind,
};

use super::{
    Node,
    journal::{OpenError, all},
    log::{Logged, logged},
    outbox::Waiting,
    outline::start,
    trails::Loaded,
};
use crate::{
    clock,
    record::{self, WITHDRAWALS, WithdrawalRecord},
    storage::Commit,
};

/// The longest sleep: a clock may be set meanwhile.
const LONGEST: u64 = 60;

/// Withdrawals that have time, the next to end first.
#[derive(Default)]
pub(super) struct Withdrawals {
    waiting: Mutex<BTreeSet<Timed>>,
    new: Notify,
}

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Timed {
    due: u64,
    trail: TrailId,
    withdrawal: EventId,
    grain: u64,
}

impl Timed {
    fn of(kept: &WithdrawalRecord) -> Option<Self> {
        let (trail, withdrawal) = kept.names()?;
        Some(Self { due: kept.due, trail, withdrawal, grain: kept.grain })
    }

    /// Not before the next unit of the agreement's times: how long a start takes does not show. [CAS-103]
    fn not_before(self, now: u64) -> Self {
        let next = now.saturating_add(1).next_multiple_of(self.grain.max(1));
        if self.due < now { Self { due: next, ..self } } else { self }
    }

    fn settled(&self) -> WithdrawalRecord {
        WithdrawalRecord {
            trail: self.trail.to_vec(),
            withdrawal: self.withdrawal.to_vec(),
            due: self.due,
            grain: self.grain,
            settled: true,
        }
    }
}

impl Withdrawals {
    /// More of them, which are on disk.
    pub(super) fn add(&self, kept: impl IntoIterator<Item = WithdrawalRecord>) {
        let timed = kept.into_iter().filter_map(|kept| Timed::of(&kept));
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(timed);
        self.new.notify_one();
    }

    fn put(&self, timed: Timed) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(timed);
    }

    /// When the next one ends.
    fn next(&self) -> Option<u64> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).first().map(|timed| timed.due)
    }

    /// The first whose time is over, which waits no longer.
    fn take(&self, now: u64) -> Option<Timed> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let due = waiting.first().is_some_and(|timed| timed.due <= now);
        if due { waiting.pop_first() } else { None }
    }
}

impl Node {
    /// Until when what follows from an event has time, if it is a withdrawal that stops a trail which we received. What is
    /// kept of that in the commit of the event. [CAS-102]
    pub(super) fn withdrawal(&self, loaded: &Loaded, event: &EventId, stored: u64) -> Option<WithdrawalRecord> {
        let withdrawal = loaded.trail.event(event).filter(|event| event.statement == Statement::Withdrawn)?;
        let received = loaded.trail.party(Side::Peer) == self.me.organisation;
        let stops = loaded.trail.reading().ok()?.stops.contains(event);
        let span = loaded.agreement.timer(loaded.trail.opening().ok()?.act, TimerKind::Purge)?;
        let (from, _) = start(loaded, (&Bounded::of(&loaded.trail), stored), withdrawal, self.me.organisation);
        let grain = loaded.agreement.grain().seconds();
        let kept = WithdrawalRecord {
            trail: loaded.trail.id().to_vec(),
            withdrawal: event.to_vec(),
            due: from.after(span).get().next_multiple_of(grain),
            grain,
            settled: false,
        };
        (received && stops).then_some(kept)
    }

    pub(super) fn read_withdrawals(&self) -> Result<(), OpenError> {
        self.withdrawals.add(all::<WithdrawalRecord>(&self.storage, WITHDRAWALS)?);
        Ok(())
    }

    /// Says of each withdrawal when its time is over: until it is dropped. [CAS-103]
    pub async fn say_settled(self: Arc<Self>) {
        // What was over while this node was off is said together, at the next full unit.
        let now = clock::now().get();
        while let Some(late) = self.withdrawals.take(now.saturating_sub(1)) {
            self.withdrawals.put(late.not_before(now));
        }
        loop {
            while let Some(over) = self.withdrawals.take(clock::now().get()) {
                match self.settle_withdrawal(&over).await {
                    Ok(()) => {}
                    Err(Rejection::DiskFull) => {
                        let due = clock::now().get().saturating_add(LONGEST);
                        self.withdrawals.put(Timed { due, ..over });
                    }
                    Err(rejection) => tracing::error!(%rejection, "a withdrawal is not settled until the next start"),
                }
            }
            let next = self.withdrawals.next().map(pause);
            tokio::select! {
                () = self.withdrawals.new.notified() => {}
                () = tokio::time::sleep(next.unwrap_or(Duration::from_secs(LONGEST))) => {}
            }
        }
    }

    async fn settle_withdrawal(&self, over: &Timed) -> Result<(), Rejection> {
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(&over.trail).await;
        self.ensure_loaded(&mut held, &over.trail)?;
        let loaded = held.as_mut().ok_or(Rejection::NoSuchTrail)?;
        let (head, kept) = self.settled_head(loaded, over.withdrawal)?;
        let mut records = vec![record::draft(&kept), record::draft(&over.settled())];
        let to = loaded.other(&self.me.organisation);
        records.extend(logged([Logged::with(EntryKind::Head, head.id(), to)]));
        let commit = Commit { keys: Vec::new(), records };
        let positions = self.commit(commit).await?.into_inner();
        loaded.told.insert(head.id());
        loaded.heads.push(head);
        let waiting = Waiting { trail: Some(over.trail), event: false, since: clock::now().get() };
        self.outbox.queue(&to).push(positions.first().map(|at| (*at, waiting)));
        Ok(())
    }
}

impl Loaded {
    /// When the receiver's machine said that the time of a withdrawal is over, as it claims. [CAS-105]
    pub(super) fn settled(&self, withdrawal: &EventId) -> Option<Seconds> {
        let receiver = self.trail.party(Side::Peer);
        let mut said = self.heads_of(&receiver).filter(|head| head.settled == Some(*withdrawal));
        said.next().map(|head: Head| head.time)
    }
}

/// How long until a second begins, at most a minute.
fn pause(due: u64) -> Duration {
    let left = due.saturating_sub(clock::now().get()).min(LONGEST);
    // Past the beginning of this second already.
    Duration::from_millis((left * 1000).saturating_sub(clock::milliseconds() % 1000).max(1))
}
