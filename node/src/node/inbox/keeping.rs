//! What a letter led to, on disk: all its trails in one commit, with the cases that they are in.
//!
//! Guarantees that either all of it is kept or nothing, and that what is shown of a trail is what is kept.

use std::collections::BTreeMap;

use uput_core::{
    envelope::Envelope,
    id::{EventId, OrgId, TrailId},
    rejection::Rejection,
};

use super::{
    super::{
        Node,
        cases::draft_of,
        journal::beside,
        log::logged,
        outbox::Waiting,
        places,
        trails::{Loaded, verify_event},
    },
    Taken,
};
use crate::{
    case::{Case, CaseId},
    clock,
    record::{self, EventRecord, Evidence, OutlineRecord, ReturnedRecord, WithdrawalRecord},
    storage::{Commit, NewTrailKeys, Position},
};

/// What an own `purged` that came back destroys: every value key of when it came.
fn returned_of(loaded: &Loaded) -> ReturnedRecord {
    let generations = u32::try_from(loaded.ended).unwrap_or(u32::MAX);
    ReturnedRecord { trail: loaded.trail.id().to_vec(), generations, time: clock::now().get() }
}

impl Node {
    /// Commits what a letter led to on all its trails at once, and queues the answers. If it fails, the trails in hand
    /// are dropped and read anew from the journal, and the peer sends what the letter held one by one.
    pub(super) async fn commit_taken(&self, from: &OrgId, mut taken: Vec<Taken>) -> Result<(), Rejection> {
        let mut commit = Commit::default();
        for Taken { loaded, changes, .. } in &mut taken {
            commit.keys.append(&mut changes.keys);
            // [NOD-37] Stored at once, they have one time: the outline, which is made before, knows no other.
            let at = changes.records.last().map(|(kept, _, _)| kept.stored);
            changes.records.iter_mut().zip(at.into_iter().cycle()).for_each(|((kept, _, _), at)| kept.stored = at);
            commit.records.extend(changes.records.iter().map(|(kept, _, _)| record::draft(kept)));
            // A head counts events: none while one is in hand that is not kept.
            let whole = loaded.trail.len() == loaded.beside.len().saturating_add(changes.records.len());
            changes.head = if changes.rests && whole { self.offered(loaded).ok() } else { None };
            commit.records.extend(changes.head.iter().map(|(_, head)| record::draft(head)));
            changes.outline = self.outline_after(loaded, &changes.records, whole)?;
            commit.records.extend(changes.outline.iter().map(record::draft));
        }
        // [CAS-102]
        let withdrawals: Vec<WithdrawalRecord> = taken.iter().flat_map(|taken| self.withdrawals_taken(taken)).collect();
        let weighed = taken.iter().filter(|taken| !taken.changes.named.is_empty() || taken.changes.is_sealed());
        let mut weighed: Vec<TrailId> = weighed.map(|taken| taken.loaded.trail.id()).collect();
        weighed.extend(taken.iter().filter_map(|taken| self.earlier_of(&taken.loaded)));
        let _names = self.cases.names_stay().await;
        let _alone = self.hold_cases(&weighed).await;
        let (cases, mut keys) = self.cases_of_taken(&taken)?;
        commit.keys.append(&mut keys);
        // Behind all that waits for somebody.
        commit.records.extend(cases.iter().map(|case| draft_of(case, None)));
        // [PLC-2] What they end gives back what it took.
        let kept = taken.iter().filter(|taken| !taken.changes.records.is_empty());
        let given = kept.map(|taken| self.place_change(&taken.loaded, None, &[])).collect::<Result<Vec<_>, _>>()?;
        commit.records.extend(given.iter().flatten().map(places::Change::draft));
        commit.records.extend(withdrawals.iter().map(record::draft));
        // [BAK-60] After a crash the start destroys what is destroyed below.
        let returned = taken.iter().filter(|taken| taken.changes.purged);
        commit.records.extend(returned.map(|taken| record::draft(&returned_of(&taken.loaded))));
        for Taken { loaded, changes, .. } in &mut taken {
            let case = cases.iter().find(|case| case.trails.contains(&loaded.trail.id()));
            if let Some(new) = changes.boxed.take() {
                commit.records.push(record::draft(&self.wrap_box(loaded, new, case)?));
            } else if changes.is_sealed() && self.is_spent(loaded, case) {
                // [STF-18] Somebody was excluded meanwhile: it comes again, and is sealed to a new box.
                return Err(Rejection::NoStaffKey);
            }
        }
        commit.records.extend(logged(taken.iter().flat_map(|taken| taken.logged(from))));
        let _settling = self.settling();
        let positions = match commit.records.is_empty() {
            true => Vec::new(),
            false => self.commit(commit).await?.into_inner(),
        };
        given.iter().flatten().for_each(|place| self.promised.took(place));
        for case in cases {
            self.set_case(case);
        }
        let mut positions = positions.into_iter();
        // [CAS-101] What is done about it is nothing that whoever brought it waits for.
        let withdrawn = taken.iter().filter(|taken| taken.changes.withdrawn).map(|taken| taken.loaded.trail.id());
        self.cascades.add(withdrawn.collect::<Vec<_>>());
        self.withdrawals.add(withdrawals);
        let mut replies = Vec::new();
        for Taken { mut held, mut loaded, changes } in taken {
            let trail = Some(loaded.trail.id());
            self.on_call.calls.touch(loaded.trail.id());
            if changes.purged {
                // Before the words of what follows it are noted.
                self.erase_ended(&mut loaded)?;
            }
            for ((kept, evidence, event), position) in changes.records.into_iter().zip(&mut positions) {
                self.note_words(&kept);
                loaded.beside.insert(event, beside(position, &kept, evidence)?);
                if !kept.to.is_empty() {
                    replies.push((position, Waiting { trail, event: true, since: kept.stored }));
                } else if changes.returned {
                    replies.push((position, Waiting { trail, event: false, since: kept.stored }));
                }
            }
            // A position is taken only for a head that is there: the next one belongs to the next trail.
            if let Some((envelope, _)) = changes.head
                && let Some(position) = positions.next()
            {
                loaded.heads.push(envelope);
                replies.push((position, Waiting { trail, event: false, since: clock::now().get() }));
            }
            if let Some(outline) = changes.outline
                && let Some(position) = positions.next()
            {
                self.outlined(loaded.trail.id(), &outline, position);
            }
            self.note_shown(from, &loaded);
            // An event that was admitted and then refused is in no record: the journal knows the trail without it.
            *held = (loaded.trail.len() == loaded.beside.len()).then_some(loaded);
        }
        self.outbox.queue(from).push(replies);
        Ok(())
    }

    /// [CAR-7] What the peer's newest event has in its past has arrived there.
    fn note_shown(&self, from: &OrgId, loaded: &Loaded) {
        let (queue, id) = (self.outbox.queue(from), loaded.trail.id());
        let waiting = queue.events_of(&id);
        let Some(last) = loaded.trail.side(from).and_then(|side| loaded.trail.last(side)) else { return };
        let place = |position: &Position| loaded.beside.iter().find(|(_, beside)| beside.position == *position);
        let seen = |position: &&Position| {
            place(position).is_some_and(|(event, _)| loaded.trail.history().has_seen(last, *event))
        };
        queue.shown(&id, &waiting.iter().filter(seen).copied().collect());
    }

    /// The withdrawals that a letter brought to a trail which we received.
    fn withdrawals_taken<'a>(&'a self, taken: &'a Taken) -> impl Iterator<Item = WithdrawalRecord> + 'a {
        let kept = taken.changes.records.iter().filter(|_| taken.changes.withdrawn);
        kept.filter_map(|(kept, _, event)| self.withdrawal(&taken.loaded, event, kept.stored))
    }

    /// How a trail stands with what is kept of a letter; none if that is nothing. `whole`: the trail in hand holds no
    /// other event.
    fn outline_after(
        &self,
        loaded: &Loaded,
        kept: &[(EventRecord, Evidence, EventId)],
        whole: bool,
    ) -> Result<Option<OutlineRecord>, Rejection> {
        let Some(changed) = kept.last().map(|(record, ..)| record.stored) else { return Ok(None) };
        if whole {
            return self.outline_record(loaded, changed).map(Some);
        }
        let before = self.load(&loaded.trail.id())?;
        let mut events = kept.iter().map(|(_, evidence, _)| {
            verify_event(Envelope::parse(&evidence.envelope)?, |organisation| self.chain_of(organisation))
        });
        let mut as_kept = match before {
            Some(before) => before,
            None => {
                let opening = events.next().ok_or(Rejection::ReadFailed)??;
                let keys = loaded.keys.first().cloned().ok_or(Rejection::ReadFailed)?;
                Loaded::begin(opening, loaded.agreement.clone(), keys)?
            }
        };
        for event in events {
            as_kept.trail.admit(event?)?;
        }
        self.outline_record(&as_kept, changed).map(Some)
    }

    /// What the cases of the trails that a letter added to become with it, as far as it changes them. [CAS-12] [CAS-30]
    fn cases_of_taken(&self, taken: &[Taken]) -> Result<(Vec<Case>, Vec<NewTrailKeys>), Rejection> {
        // Two trails of one letter may be of one case.
        let (mut cases, mut keys) = (BTreeMap::<CaseId, Case>::new(), Vec::<NewTrailKeys>::new());
        for Taken { loaded, changes, .. } in taken.iter().filter(|taken| !taken.changes.records.is_empty()) {
            let (trail, named) = (loaded.trail.id(), &changes.named);
            let case = match self.cases.of(&trail) {
                Some(_) if named.is_empty() => continue,
                Some(case) => cases.entry(case.id).or_insert_with(|| Case::clone(&case)),
                None => {
                    let case = self.case_of_arrived(loaded, taken, &cases)?;
                    let place = cases.entry(case.id).or_insert_with(|| case.clone());
                    place.trails.insert(trail);
                    place
                }
            };
            self.exclude_named(case, named, &mut keys)?;
        }
        Ok((cases.into_values().collect(), keys))
    }

    /// The earlier trail that one which has no case yet is about, if that has one.
    fn earlier_of(&self, loaded: &Loaded) -> Option<TrailId> {
        let about = loaded.trail.opening().ok()?.about?;
        let arrived = self.cases.of(&loaded.trail.id()).is_none();
        self.cases.of(&about).filter(|case| arrived && case.closed == 0 && case.erased == 0).map(|_| about)
    }

    /// The case of a trail that arrived: that of the earlier one with the same organisation which it is about, or one of nobody.
    /// [CAS-12] [CAS-111]
    fn case_of_arrived(
        &self,
        loaded: &Loaded,
        taken: &[Taken],
        cases: &BTreeMap<CaseId, Case>,
    ) -> Result<Case, Rejection> {
        let (trail, us) = (loaded.trail.id(), &self.me.organisation);
        // Of one letter all are with the same organisation.
        let about = loaded.trail.opening()?.about.filter(|about| taken.iter().any(|t| t.loaded.trail.id() == *about));
        if let Some(case) = about.and_then(|about| cases.values().find(|case| case.trails.contains(&about))) {
            return Ok(case.clone());
        }
        let Some(about) = self.earlier_of(loaded) else { return Ok(Self::case_to_arrive(trail)) };
        let same = self.load(&about)?.is_some_and(|earlier| earlier.other(us) == loaded.other(us));
        match self.cases.of(&about).filter(|_| same) {
            Some(case) => Ok(Case::clone(&case)),
            None => Ok(Self::case_to_arrive(trail)),
        }
    }
}
