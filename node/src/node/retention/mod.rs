//! What ends by the time of what is kept here, and what was erased.
//!
//! Guarantees that a retention begins in no trail that lives, that what is erased stays erased whatever letter comes, and
//! that every erasure is known with its reason. Leaves to `run` when something is due, to `erasing` how it is destroyed,
//! and to `holds` what keeps it.

mod erasing;
mod holds;
mod listing;
mod run;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use uput_core::{
    bundle::Erasure,
    event::Statement,
    id::{EventId, OrgId, TrailId},
    rejection::Rejection,
    state::{Reading, Verdict},
    time::{Seconds, Span},
    wire::{ErasureReason, RetentionPart},
};

use super::{
    Node,
    journal::{OpenError, all},
    outline::deadlines,
    trails::Loaded,
};
use crate::{
    clock,
    record::{self, DAYS, DayRecord, ERASED, ErasureRecord, HOLDS, HoldRecord, NOTED, NotedRecord},
};

pub use holds::{HoldId, OnWhat};
pub use listing::ListedRetentions;
pub use run::Passed;

/// What is known of retentions and holds.
#[derive(Default)]
pub(super) struct Retentions(Mutex<State>);

#[derive(Default)]
struct State {
    day: DayRecord,
    /// When the last day was counted in this run, by how long it lasts.
    counted: Option<Duration>,
    resting: BTreeMap<TrailId, (u64, Resting)>,
    noted: BTreeMap<(TrailId, i32), NotedRecord>,
    erased: BTreeMap<TrailId, Vec<ErasureRecord>>,
    holds: BTreeMap<HoldId, HoldRecord>,
}

/// How the retention of a trail runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Resting {
    /// None: the trail lives.
    begins: Option<Seconds>,
    changed: u64,
    values: Span,
    evidence: Span,
    demonstration: bool,
}

impl Resting {
    /// When a part of it ends.
    fn due(&self, part: RetentionPart) -> Option<Seconds> {
        let span = if part == RetentionPart::Evidence { self.evidence } else { self.values };
        self.begins.map(|begins| begins.after(span))
    }
}

impl Retentions {
    // A panic while the lock was held leaves at worst something noted that is noted again.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in an erasure that is on disk.
    pub(super) fn erased(&self, kept: ErasureRecord) {
        if let Ok(trail) = TrailId::parse(&kept.trail) {
            self.lock().erased.entry(trail).or_default().push(kept);
        }
    }

    /// With whom a trail was of which nothing is kept any more; none: it is not such a trail. [RET-24]
    pub(super) fn gone(&self, trail: &TrailId) -> Option<OrgId> {
        let state = self.lock();
        let erased = state.erased.get(trail)?.iter().find(|erased| erased.part() == RetentionPart::Evidence)?;
        OrgId::parse(&erased.other).ok()
    }

    /// The events of a trail whose values were erased.
    fn events_erased(&self, trail: &TrailId) -> BTreeSet<Vec<u8>> {
        let state = self.lock();
        state.erased.get(trail).into_iter().flatten().flat_map(|erased| erased.events.clone()).collect()
    }
}

impl Node {
    /// Reads what was noted, erased and held, and destroys what was to be destroyed when the node stopped. [RET-18]
    /// [RET-19]
    pub(super) fn read_retentions(&self) -> Result<(), OpenError> {
        let mut state = self.retentions.lock();
        state.day = all::<DayRecord>(&self.storage, DAYS)?.last().copied().unwrap_or_default();
        for noted in all::<NotedRecord>(&self.storage, NOTED)? {
            let trail = TrailId::parse(&noted.trail).map_err(OpenError::Unreadable)?;
            state.noted.insert((trail, noted.part), noted);
        }
        for hold in all::<HoldRecord>(&self.storage, HOLDS)? {
            let id = HoldId::parse(&hold.hold).ok_or(OpenError::Unreadable(Rejection::Malformed))?;
            state.holds.insert(id, hold);
        }
        drop(state);
        for erased in all::<ErasureRecord>(&self.storage, ERASED)? {
            let trail = TrailId::parse(&erased.trail).map_err(OpenError::Unreadable)?;
            let whole = erased.part() == RetentionPart::Evidence;
            self.retentions.erased(erased);
            if whole {
                self.destroy_keys(&trail)?;
            }
        }
        Ok(())
    }

    /// How the retention of a trail in hand runs, whether anything in it is owed or not. [RET-1] [RET-2]
    fn resting(&self, loaded: &Loaded) -> Result<Resting, Rejection> {
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let (retention, changed) = (loaded.agreement.retention(), loaded.changed());
        let ours = loaded.trail.opening_event()?.author == self.me.organisation;
        let said = loaded.trail.events().filter(|event| {
            let effective = reading.events.get(&event.id).is_some_and(|one| one.verdict == Verdict::Effective);
            effective && !is_of_the_end(&event.statement)
        });
        let stored = said.filter_map(|event| loaded.stored(event.id, changed));
        // [RET-1] What is neither met nor ended is waited for until its end, and no longer.
        let timers = deadlines(loaded, &reading, ours, changed).into_iter();
        let open = timers.filter(|deadline| deadline.met == 0 && deadline.timer != "purge");
        let open = open.filter_map(|deadline| Seconds::new(deadline.due));
        Ok(Resting {
            begins: stored.chain(open).max().filter(|_| !reading.live),
            changed,
            values: retention.values,
            evidence: retention.evidence,
            demonstration: loaded.agreement.is_demonstration(),
        })
    }

    /// The events of a trail in hand whose values are here, or were until just now: those that no erasure names.
    /// [RET-16]
    pub(super) fn unerased(&self, loaded: &Loaded) -> Result<Vec<EventId>, Rejection> {
        let erased = self.retentions.events_erased(&loaded.trail.id());
        let mut events = Vec::new();
        for (event, beside) in loaded.beside.iter().filter(|(event, _)| !erased.contains(&event.to_vec())) {
            let kept: record::EventRecord = self.at(beside.position)?;
            if !kept.values.is_empty() {
                events.push(*event);
            }
        }
        events.sort_unstable();
        Ok(events)
    }

    /// The record of an erasure of values that a person asked for with `purged`. [RET-17]
    pub(super) fn purged_by_person(&self, loaded: &Loaded, now: Seconds) -> Result<ErasureRecord, Rejection> {
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        let reason = match () {
            () if says(loaded, &reading, |said| matches!(said, Statement::Withdrawn)) => ErasureReason::Withdrawn,
            () if says(loaded, &reading, |said| matches!(said, Statement::PurgeAsked)) => ErasureReason::Asked,
            () => ErasureReason::Ended,
        };
        Ok(ErasureRecord { reason: reason.into(), ..self.erasure_of(loaded, now)? })
    }

    fn erasure_of(&self, loaded: &Loaded, now: Seconds) -> Result<ErasureRecord, Rejection> {
        Ok(ErasureRecord {
            trail: loaded.trail.id().to_vec(),
            part: RetentionPart::Values.into(),
            time: now.get(),
            reason: ErasureReason::Retention.into(),
            events: self.unerased(loaded)?.iter().map(|event| event.to_vec()).collect(),
            due: 0,
            other: loaded.other(&self.me.organisation).to_vec(),
            agreement: loaded.agreement.id().to_vec(),
            records: 0,
            heads: Vec::new(),
            challenges: Vec::new(),
        })
    }

    /// What a bundle says of what was erased. [RET-20]
    pub(super) fn erasures_in(&self, loaded: &Loaded) -> Vec<Erasure> {
        let (mut said, grain) = (BTreeMap::<(Seconds, i32), Erasure>::new(), loaded.agreement.grain());
        let kept = self.retentions.lock().erased.get(&loaded.trail.id()).cloned().unwrap_or_default();
        for erased in kept.iter().filter(|erased| erased.part() == RetentionPart::Values) {
            let has_slots = |id: &EventId| loaded.trail.event(id).is_some_and(|event| !event.slots.is_empty());
            let events = erased.events.iter().filter_map(|id| EventId::parse(id).ok()).filter(has_slots);
            let events: BTreeSet<EventId> = events.collect();
            let reason = ErasureReason::try_from(erased.reason).unwrap_or_default();
            if let Some(time) = Seconds::new(erased.time).filter(|_| !events.is_empty()) {
                // [RET-21] What was erased by a clock that was ahead was erased before this, too.
                let time = time.min(clock::now()).floor(grain);
                let one = Erasure { time, reason, events: BTreeSet::new() };
                said.entry((time, erased.reason)).or_insert(one).events.extend(events);
            }
        }
        said.into_values().collect()
    }
}

/// What begins no retention: a machine's word, and what follows from the end. [RET-1]
const fn is_of_the_end(statement: &Statement) -> bool {
    matches!(statement, Statement::Delivered(_) | Statement::Purged(_) | Statement::Retained { .. })
}

fn says(loaded: &Loaded, reading: &Reading, what: impl Fn(&Statement) -> bool) -> bool {
    let effective = |id: &EventId| reading.events.get(id).is_some_and(|one| one.verdict == Verdict::Effective);
    loaded.trail.events().any(|event| effective(&event.id) && what(&event.statement))
}
