//! Since when witnesses show that an event was there, for the people of this node. [TIM-84]
//!
//! Guarantees that a time rests on cosignatures that verify, by organisations whose keys were compared here and which have no hand in
//! the trail. Leaves to [`sent`](uput_core::sent) what follows for a timer, and to the verdict what it is worth to a third.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{Mutex, PoisonError},
};

use prost::Message;
use uput_core::{
    agreement::{Agreement, WitnessRule},
    id::{EventId, Id, OrgId, TrailId},
    key::KeyChain,
    log::{EntryKind, SignedCheckpoint, Tick},
    rejection::Rejection,
    sent::Shown,
    time::Seconds,
    wire,
};

use super::{super::Node, proving::named_in};
use crate::{
    peer::PeerState,
    record::{self, CosignedRecord, KeptEntry, ShownRecord},
    store::StoreError,
};

/// So many cosigned checkpoints are looked at for the first one of each witness: a week of ticks.
const LOOKED_AT: usize = 1008;
/// So many times are remembered.
const REMEMBERED: usize = 100_000;

/// What witnesses show of an event, and which.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::node) struct Witnessed {
    pub(in crate::node) shown: Shown,
    pub(in crate::node) by: Vec<OrgId>,
}

/// What was found once: it is asked for with each row of each list.
#[derive(Default)]
pub(in crate::node) struct Remembered(Mutex<HashMap<EventId, Witnessed>>);

/// Of each witness the first time by which its cosignature covers something, or the last until which it does not.
type Times = BTreeMap<OrgId, Seconds>;

impl Remembered {
    fn get(&self, event: &EventId) -> Option<Witnessed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(event).cloned()
    }

    fn set(&self, event: EventId, found: &Witnessed) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(event, found.clone());
    }

    fn forget(&self, event: &EventId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(event);
    }
}

impl Node {
    /// What witnesses show of an event of a trail with that party; none if that is nothing, or if it cannot be read: then its time is
    /// its author's word.
    pub(in crate::node) fn witnessed(
        &self,
        agreement: &Agreement,
        other: &OrgId,
        event: EventId,
        ours: bool,
    ) -> Option<Witnessed> {
        // [BUN-99] What contradicts itself shows nothing, whatever it showed before.
        if self.contradicts_itself(other) || self.contradicts_itself(&self.me.organisation) {
            return None;
        }
        if let Some(known) = self.witnessing.since.get(&event) {
            return Some(known);
        }
        let found = self.find_witnessed(agreement.witnesses(), other, event, ours).unwrap_or_else(|rejection| {
            tracing::error!(%rejection, "a proof of the log could not be read");
            None
        })?;
        self.witnessing.since.set(event, &found);
        Some(found)
    }

    fn find_witnessed(
        &self,
        rule: WitnessRule,
        other: &OrgId,
        event: EventId,
        ours: bool,
    ) -> Result<Option<Witnessed>, Rejection> {
        let (mut first, mut last) = (Times::new(), Times::new());
        let counts = |by: &OrgId| self.counts_here(by, other, rule);
        self.own_times(event.into(), ours, &counts, (&mut first, &mut last))?;
        self.their_times(other, event.into(), ours, &counts, (&mut first, &mut last))?;
        let needed = usize::try_from(rule.number).unwrap_or(usize::MAX).max(1);
        let mut by: Vec<(Seconds, OrgId)> = first.into_iter().map(|(witness, time)| (time, witness)).collect();
        by.sort_unstable();
        let mut until: Vec<Seconds> = last.into_values().collect();
        until.sort_unstable_by(|one, other| other.cmp(one));
        let at = |place: usize| place.checked_sub(1);
        let Some((time, _)) = at(needed).and_then(|place| by.get(place)).copied() else { return Ok(None) };
        let until = at(needed).and_then(|place| until.get(place)).copied();
        by.truncate(needed);
        Ok(Some(Witnessed { shown: Shown { by: time, until }, by: by.into_iter().map(|(_, by)| by).collect() }))
    }

    /// Whose cosignature counts here: of somebody whose key was compared, and of a party of the trail only where the agreement says
    /// so. [BUN-72]
    fn counts_here(&self, by: &OrgId, other: &OrgId, rule: WitnessRule) -> bool {
        let us = *by == self.me.organisation;
        let party_counts = rule.number > 0 && !rule.independent;
        let known = us || self.directory.state_of(by) == Some(PeerState::Confirmed);
        known && (party_counts || !(us || by == other))
    }

    /// What our own log shows: since when it has the event, and, of an event of ours, until when it had not.
    fn own_times(
        &self,
        id: Id,
        ours: bool,
        counts: &dyn Fn(&OrgId) -> bool,
        (first, last): (&mut Times, &mut Times),
    ) -> Result<(), Rejection> {
        let kind = if ours { EntryKind::OwnEvent } else { EntryKind::ReceivedEvent };
        let Some(tick) = self.logged_in(kind, &id) else { return Ok(()) };
        let index = tick.saturating_sub(self.log.base());
        let tree = |from, to| self.storage.index().range(record::COSIGNED, from, to);
        let (over, below) = (index.saturating_add(1).to_be_bytes(), index.to_be_bytes());
        let after = tree(Bound::Included(over.as_slice()), Bound::Unbounded);
        self.of_each(after, &self.me.chain(), counts, first, |_, time| Some(time))?;
        if ours {
            let before = tree(Bound::Unbounded, Bound::Excluded(below.as_slice())).rev();
            self.of_each(before, &self.me.chain(), counts, last, |size, time| {
                self.reaches(self.log.base(), size, time)
            })?;
        }
        Ok(())
    }

    /// The first that each witness has in that order.
    fn of_each<E>(
        &self,
        kept: impl Iterator<Item = Result<(Vec<u8>, E), StoreError>>,
        chain: &KeyChain,
        counts: &dyn Fn(&OrgId) -> bool,
        times: &mut Times,
        time_of: impl Fn(u64, Seconds) -> Option<Seconds>,
    ) -> Result<(), Rejection> {
        let wanted = chain.newest().witnesses().iter().filter(|by| counts(by)).count().max(1);
        for found in kept.take(LOOKED_AT) {
            if times.len() >= wanted {
                break;
            }
            let (key, _) = found.map_err(|_| Rejection::ReadFailed)?;
            let size = key.first_chunk().copied().map(u64::from_be_bytes).ok_or(Rejection::ReadFailed)?;
            let position = self.indexed(record::COSIGNED, &key).ok_or(Rejection::ReadFailed)?;
            let kept: CosignedRecord = self.at(position)?;
            let note = SignedCheckpoint::parse(&kept.note).map_err(|_| Rejection::ReadFailed)?;
            // Of an older incarnation whose leaves were lost it shows nothing.
            if self.log.in_tree(|tree| tree.root_at(size)) != Some(note.claimed().root) {
                continue;
            }
            for (witness, time) in self.lines_that_count(&note, chain, counts) {
                if let Some(time) = time_of(size, time) {
                    times.entry(witness).or_insert(time);
                }
            }
        }
        Ok(())
    }

    /// The same by what the other party handed out of its log. [LOG-98]
    fn their_times(
        &self,
        other: &OrgId,
        id: Id,
        ours: bool,
        counts: &dyn Fn(&OrgId) -> bool,
        (first, last): (&mut Times, &mut Times),
    ) -> Result<(), Rejection> {
        let kind = if ours { EntryKind::ReceivedEvent } else { EntryKind::OwnEvent };
        let thing = record::logged_key(u32::from(kind.number()), id.as_bytes());
        let key = [other.as_bytes().as_slice(), &thing].concat();
        let (Some(position), Some(chain)) = (self.indexed(record::SHOWN, &key), self.directory.chain(other)) else {
            return Ok(());
        };
        let kept: ShownRecord = self.at(position)?;
        let proof = wire::LogProof::decode(kept.proof.as_slice()).map_err(|_| Rejection::ReadFailed)?;
        let base = chain.first().log_base_tick();
        let index = proof.tick.saturating_sub(base);
        for note in &kept.notes {
            let note = SignedCheckpoint::parse(note).map_err(|_| Rejection::ReadFailed)?;
            let size = note.claimed().size;
            for (witness, time) in self.lines_that_count(&note, &chain, counts) {
                if size > index {
                    let known = first.entry(witness).or_insert(time);
                    *known = time.min(*known);
                } else if let Some(time) = self.reaches(base, size, time).filter(|_| size < index && !ours) {
                    let known = last.entry(witness).or_insert(time);
                    *known = time.max(*known);
                }
            }
        }
        Ok(())
    }

    /// Up to when a checkpoint shows what its log had: no later than the last tick that it counts. [BUN-74]
    fn reaches(&self, base: u64, size: u64, time: Seconds) -> Option<Seconds> {
        Seconds::new(Tick(base.saturating_add(size)).begins()).map(|closed| closed.min(time))
    }

    /// Cosignatures of a checkpoint of that organisation that count. [BUN-72]
    fn lines_that_count(
        &self,
        note: &SignedCheckpoint,
        chain: &KeyChain,
        counts: &dyn Fn(&OrgId) -> bool,
    ) -> Vec<(OrgId, Seconds)> {
        let (named, base, size) = (named_in(chain), Tick(chain.first().log_base_tick()), note.claimed().size);
        let lines = note.cosignatures().filter(|line| {
            named.contains(&line.witness) && line.witness != chain.organisation() && counts(&line.witness)
        });
        lines
            .filter_map(|line| {
                let witness = self.chain_of(&line.witness)?;
                let keys = witness.records().map(|record| record.signing_key());
                let time = keys.filter(|key| witness.disowning(key).is_none()).find_map(|key| line.verify(key).ok())?;
                // Signed before so many ticks were over, it was no witness's. [LOG-32]
                (size <= Tick::closed(base, time).saturating_add(1)).then_some((line.witness, time))
            })
            .collect()
    }

    fn contradicts_itself(&self, organisation: &OrgId) -> bool {
        let shown = self.positions(record::CONTRADICTIONS, organisation.as_bytes()).map_or(0, |found| found.len());
        shown > 0 || self.chain_of(organisation).is_some_and(|chain| chain.is_forked())
    }

    /// Looks again at who must be woken, in trails whose opening is witnessed now. [TIM-84]
    pub(super) fn look_at_witnessed(&self, sizes: std::ops::Range<u64>) {
        for index in sizes.rev().take(LOOKED_AT) {
            let Some((from, end)) = self.log.span(self.log.base().saturating_add(index)) else { continue };
            for entry in self.entries_between(from, end).unwrap_or_default() {
                self.look_at_entry(&entry);
            }
        }
    }

    fn look_at_entry(&self, entry: &KeptEntry) {
        if let Ok(id) = Id::parse(&entry.id) {
            self.look_at_opening(id);
        }
    }

    /// The same, if that is the opening of a trail, of which something else is known now.
    pub(super) fn look_at_opening(&self, id: Id) {
        self.witnessing.since.forget(&id.into());
        let trail = TrailId::from(id);
        if self.outlines.outlined(&trail).is_some() {
            self.look_at_trail(trail);
        }
    }
}
