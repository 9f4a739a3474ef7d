//! How a trail stands, in one row.
//!
//! Guarantees that a row of a list says what the trail itself would say: both are made of the same outline, which is a
//! function of the trail's events, and dressed with what depends on the time, on names and on what was delivered when it
//! is shown. Leaves to `outlines` where the row stands.

use std::sync::Arc;

use prost::Message;
use uput_core::{
    bounds::Bounded,
    escalation,
    event::Event,
    id::{EventId, OrgId, TrailId},
    rejection::Rejection,
    state::{Counterpart, Headline, Offer, Reading, Side, Stage},
    time::{Seconds, Span},
    timer::{Step, Steps},
    wire::{self, Act, TimerKind},
};

use super::{
    Node,
    journal::OpenError,
    outbox::{Refused, Standing},
    outlines::Outlined,
    telephone,
    trails::{Loaded, unseal},
};
use crate::{
    case::{Sight, Viewer},
    clock,
    record::{OUTLINES, Ordered, Outline, OutlineRecord},
    storage::{KeyKind, Position, StorageError},
};

/// By how many seconds two clocks may differ before one of them is said to be wrong. [TIM-40] [TIM-74]
const LEEWAY: u64 = 600;
/// Under which part of a trail an outline is sealed. [NOD-22]
const PART: &[u8] = b"outline";

impl Node {
    /// Puts every trail into its place of the list. [NOD-37]
    pub(super) fn read_outlines(&self) -> Result<(), OpenError> {
        for entry in self.storage.index().with_prefix(OUTLINES, b"") {
            let (key, value) = entry.map_err(StorageError::from)?;
            let trail = TrailId::parse(&key).map_err(OpenError::Unreadable)?;
            self.head_clock.touch(trail);
            match Ordered::parse(&value) {
                Some(ordered) => self.outlines.set(trail, ordered.changed, ordered.waits, Outlined::Kept(ordered)),
                None => self.compute_outline(&trail).map_err(OpenError::Unreadable)?,
            }
        }
        Ok(())
    }

    /// For a trail of a program that kept no outlines.
    fn compute_outline(&self, id: &TrailId) -> Result<(), Rejection> {
        let Some(loaded) = self.load(id)? else { return Ok(()) };
        let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
        let outline = self.outline(&loaded, &reading, loaded.changed())?;
        let (changed, waits) = (loaded.changed(), waits_for_us(&outline));
        self.outlines.set(*id, changed, waits, Outlined::Computed(Arc::new(outline)));
        Ok(())
    }

    /// The record of how a trail stands, to be committed with the event that was stored last.
    pub(super) fn outline_record(&self, loaded: &Loaded, changed: u64) -> Result<OutlineRecord, Rejection> {
        let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
        let outline = self.outline(loaded, &reading, changed)?;
        Ok(OutlineRecord {
            trail: loaded.trail.id().to_vec(),
            outline: loaded.seal_evidence(&outline.encode_to_vec(), PART)?,
            changed,
            waits: waits_for_us(&outline),
            calls: self.calls_somebody(loaded, &reading, &outline),
        })
    }

    /// Takes in an outline that was committed.
    pub(super) fn outlined(&self, trail: TrailId, kept: &OutlineRecord, position: Position) {
        let ordered = Ordered { position, changed: kept.changed, waits: kept.waits, calls: kept.calls };
        self.outlines.set(trail, kept.changed, kept.waits, Outlined::Kept(ordered));
        self.head_clock.touch(trail);
    }

    /// Of that trail no further event goes: it waits for us. [NOD-34]
    pub(super) fn broken_off(&self, refused: &Refused) {
        if let Some(trail) = refused.item.trail.filter(|_| refused.item.event) {
            self.outlines.break_off(&trail);
        }
    }

    /// The row of a trail; none if it cannot be read any more.
    pub(super) fn row(&self, trail: &TrailId, now: Seconds) -> Result<Option<wire::Trail>, Rejection> {
        let outline = self.outlined_as(trail)?;
        outline.map(|outline| self.dress(outline, trail, now)).transpose()
    }

    /// Who the other party of a trail is, without reading the trail itself; none where its outline does not say so.
    pub(super) fn outlined_other(&self, trail: &TrailId) -> Result<Option<OrgId>, Rejection> {
        self.outlined_as(trail)?.map(|outline| OrgId::parse(&outline.other)).transpose()
    }

    fn outlined_as(&self, trail: &TrailId) -> Result<Option<Outline>, Rejection> {
        match self.outlines.outlined(trail) {
            None => Ok(None),
            Some(Outlined::Computed(outline)) => Ok(Some(Outline::clone(&outline))),
            Some(Outlined::Kept(ordered)) => {
                let kept: OutlineRecord = self.at(ordered.position)?;
                // [NOD-9] Without its evidence key there is nothing left of it to show.
                let Some(keys) = self.storage.trail_keys(trail.as_bytes()).filter(|keys| keys.evidence.is_some())
                else {
                    return Ok(None);
                };
                let plain = unseal(&keys, trail, &kept.outline, KeyKind::Evidence, PART)?;
                Outline::decode(plain.as_slice()).map(Some).map_err(|_| Rejection::ReadFailed)
            }
        }
    }

    /// An outline with what is true now: names, what is late, what the other party does not have.
    pub(super) fn dress(&self, outline: Outline, id: &TrailId, now: Seconds) -> Result<wire::Trail, Rejection> {
        let other = OrgId::parse(&outline.other)?;
        let mut trail = outline.trail.ok_or(Rejection::ReadFailed)?;
        trail.peer = self.directory.name(&other);
        self.run_from_what_is_shown(&mut trail, &other, id);
        for deadline in &mut trail.deadlines {
            deadline.overdue = is_overdue(deadline, now);
        }
        trail.notes.extend(telephone::notes(&trail, now));
        if let Some(next) = &mut trail.escalation {
            next.now = next.due < now.get();
            next.case = self.cases.of(id).map(|case| case.id.to_vec()).unwrap_or_default();
            let name =
                |peer: &String| OrgId::from_hex(peer).map_or_else(|_| peer.clone(), |id| self.directory.name(&id));
            next.peers = next.peers.iter().map(name).collect();
            trail.notes.extend(next.now.then(|| format!("no {} yet: ask the next body", next.missed)));
        }
        stand(&mut trail, &self.outbox.queue(&other).standing(id));
        Ok(trail)
    }

    /// Names the earlier trail that one is about to whoever sees it, if it is one with the same organisation. To everybody else
    /// it is not here. [EVT-27]
    pub(super) fn name_about(&self, row: &mut wire::Trail, viewer: &Viewer) {
        if row.about.is_empty() {
            return;
        }
        let seen = |about: &TrailId| self.cases.sight_of_trail(viewer, about) >= Sight::Outline;
        let about = TrailId::parse(&row.about).ok().filter(seen);
        let earlier = about.and_then(|about| self.row(&about, clock::now()).ok().flatten());
        if earlier.is_none_or(|earlier| earlier.peer != row.peer) {
            row.about.clear();
            row.notes.push("about a trail that is not here".to_owned());
        }
    }

    /// All of a trail but its events and what is true only now.
    pub(super) fn outline(&self, loaded: &Loaded, reading: &Reading, changed: u64) -> Result<Outline, Rejection> {
        let opening = loaded.trail.opening()?;
        let us = self.me.organisation;
        let ours = loaded.trail.opening_event()?.author == us;
        let beside = telephone::Beside::of(loaded, reading);
        let trail = wire::Trail {
            trail: loaded.trail.id().to_vec(),
            ours,
            act: opening.act.into(),
            service_type: opening.service_type.into(),
            agreement: opening.agreement.to_vec(),
            headline: reading.headline.word().to_owned(),
            stage: match reading.stage {
                Stage::Enquiry => 0,
                Stage::Need => 1,
                Stage::Identity => 2,
            },
            notes: notes(reading, ours),
            owed: if ours { 0 } else { u32::try_from(reading.owed.len()).unwrap_or(u32::MAX) },
            deadlines: deadlines(loaded, reading, ours, changed),
            changed,
            telephone_due: beside.due,
            unconfirmed: beside.unconfirmed,
            counterpart: Some(counterpart(reading, opening.act)),
            escalation: if ours { next_body(loaded, reading, &us, changed) } else { None },
            about: opening.about.map(|id| id.to_vec()).unwrap_or_default(),
            ..wire::Trail::default()
        };
        Ok(Outline { other: loaded.other(&us).to_vec(), trail: Some(trail) })
    }
}

impl Loaded {
    /// When an event was stored here; what is being committed is not beside the trail yet, and is stored `now`.
    pub(super) fn stored(&self, event: EventId, now: u64) -> Option<Seconds> {
        Seconds::new(self.beside.get(&event).map_or(now, |beside| beside.stored))
    }

    /// When its newest event was stored.
    pub(super) fn changed(&self) -> u64 {
        self.beside.values().max_by_key(|beside| beside.position).map_or(0, |beside| beside.stored)
    }
}

/// Says what the other party does not have.
fn stand(trail: &mut wire::Trail, standing: &Standing) {
    trail.undelivered = standing.undelivered;
    trail.notes.extend(standing.broken.map(|refused| broken_off(&refused)));
}

/// The code of a rejection by its number.
pub(super) fn refusal(number: u32) -> String {
    Rejection::from_number(number).map_or_else(|| format!("rejection {number}"), |known| known.code().to_owned())
}

/// Says that an event of ours will never reach the other party, nor what follows it. [NOD-34]
fn broken_off(refused: &Refused) -> String {
    let code = refusal(refused.code);
    match refused.unsent {
        true => format!(
            "broken off: an event of ours could not be sent ({code}), and nothing we said since has reached them: \
             telephone, and open a new trail"
        ),
        false => format!(
            "broken off: they refused an event of ours for good ({code}), and nothing we said since has reached \
             them: telephone, and open a new trail"
        ),
    }
}

/// What other systems call it. [MAP-5]
fn counterpart(reading: &Reading, act: wire::Act) -> wire::Counterpart {
    let found = Counterpart::of(reading, act);
    wire::Counterpart {
        fhir_status: found.line.task().to_owned(),
        fhir_business_status: found.line.business().to_owned(),
        primero_transition: found.transition.word().to_owned(),
        primero_status: found.transition_status.to_owned(),
    }
}

/// Things that stand beside the headline.
fn notes(reading: &Reading, ours: bool) -> Vec<String> {
    let mut notes = Vec::from_iter(responsibility(&reading.offer, ours).map(str::to_owned));
    let mut note = |holds: bool, words: &str| {
        if holds {
            notes.push(words.to_owned());
        }
    };
    let yes = matches!(reading.headline, Headline::Accepted | Headline::PartlyAccepted);
    note(yes && !reading.covering, "accepted for an earlier need: ask again");
    note(!reading.objections.is_empty(), "she objected; the law basis stands");
    note(!reading.warnings.is_empty(), "warned");
    note(!reading.acknowledged.is_empty(), "acknowledged by a person");
    note(!reading.decisions.is_empty(), "a decision is recorded");
    note(!reading.owed.is_empty(), "values are to be purged or retained under law");
    note(reading.epoch > 0, "reopened");
    note(!reading.crossings.is_empty(), "events crossed");
    notes
}

/// Who is responsible for her, once that was offered: before, whoever asked is. [NOD-65] [STA-18]
const fn responsibility(offer: &Offer, ours: bool) -> Option<&'static str> {
    Some(match (offer, ours) {
        (Offer::None, _) => return None,
        (Offer::Open(_), true) => "we are responsible: they have not taken what we offered",
        (Offer::Open(_), false) => "they are responsible: we have not taken what they offered",
        (Offer::Taken(_), true) => "both are responsible: complete the transfer, or recall the offer",
        (Offer::Taken(_), false) => "both are responsible until they complete the transfer",
        (Offer::Completed(_), true) => "they are responsible: the transfer is completed",
        (Offer::Completed(_), false) => "we are responsible: the transfer is completed",
    })
}

/// Every timer that was started, what is due first.
pub(super) fn deadlines(loaded: &Loaded, reading: &Reading, ours: bool, changed: u64) -> Vec<wire::Deadline> {
    let Ok(opening) = loaded.trail.opening() else { return Vec::new() };
    let steps = Steps::new(&loaded.trail, reading);
    let bounded = Bounded::of(&loaded.trail);
    let timers = loaded.agreement.timers().iter().filter(|timer| timer.act == opening.act);
    let started = timers.flat_map(|timer| steps.of(timer.kind).into_iter().map(|step| (step, timer.span)));
    let us = loaded.trail.party(if ours { Side::Opener } else { Side::Peer });
    let mut deadlines: Vec<wire::Deadline> =
        started.map(|(step, span)| deadline(loaded, (&bounded, changed), &step, span, us)).collect();
    deadlines.sort_by_key(|deadline| deadline.due);
    deadlines
}

fn deadline(loaded: &Loaded, known: (&Bounded, u64), step: &Step<'_>, span: Span, us: OrgId) -> wire::Deadline {
    let (from, from_ours) = match step.kind {
        // [TIM-76] A stay ends at one time for both.
        TimerKind::Stay => (known.0.around(step.from.id).settle(step.from.time), step.from.author == us),
        _ => start(loaded, known, step.from, us),
    };
    let came = |event: &Event| match event.author == us {
        true => loaded.delivered(&event.id),
        false => loaded.stored(event.id, known.1),
    };
    wire::Deadline {
        timer: uput_core::agreement::name_of(step.kind),
        due: from.after(span).get(),
        met: step.to.map_or(0, |event| event.time.get()),
        // Said when it is shown.
        overdue: false,
        // Every step with a timer is the receiver's.
        ours: us == loaded.trail.party(Side::Peer),
        from: from.get(),
        from_ours,
        met_ours: step.to.is_some_and(|event| event.author == us),
        ended: step.ended,
        stands: step.to.map_or(0, |event| known.0.around(event.id).settle(event.time).get()),
        came: step.to.and_then(came).map_or(0, Seconds::get),
        leeway: span.0.min(LEEWAY),
        // Witnesses show it later, and no event tells: it is said when it is shown.
        proven: 0,
    }
}

/// Whether it passed unmet, or what met it was late: by the time that stands, or, of the other party's, by when it came.
/// [TIM-74]
const fn is_overdue(deadline: &wire::Deadline, now: Seconds) -> bool {
    if deadline.met == 0 {
        return now.get() > deadline.due;
    }
    // An outline of a program that kept no such time has none.
    let stands = if deadline.stands == 0 { deadline.met } else { deadline.stands };
    let came_late = !deadline.met_ours && deadline.came > deadline.due.saturating_add(deadline.leeway);
    stands > deadline.due || came_late
}

/// From when on a timer runs here, and whether that is our word: what they claim counts between what we said before and
/// after it, and no later than we had it. [TIM-4]
pub(super) fn start(loaded: &Loaded, (bounded, changed): (&Bounded, u64), from: &Event, us: OrgId) -> (Seconds, bool) {
    if from.author == us {
        return (from.time, true);
    }
    let settled = bounded.around(from.id).settle(from.time);
    let when = loaded.stored(from.id, changed).map_or(settled, |stored| stored.min(settled));
    (when, when != from.time)
}

/// Who is asked next, and what, by a rule of the agreement; the names are put in when it is shown. [TIM-20]
fn next_body(loaded: &Loaded, reading: &Reading, us: &OrgId, changed: u64) -> Option<wire::Escalation> {
    let (agreement, opening) = (&loaded.agreement, loaded.trail.opening().ok()?);
    let next = escalation::next(&loaded.trail, reading, agreement, |event| loaded.stored(event, changed))?;
    let asked = |act: Act| {
        let may = |them: &OrgId| agreement.rule_for(act, us, them, next.service_type).is_some();
        agreement.parties().map(|party| party.organisation).filter(may).map(|id| id.to_string()).collect::<Vec<_>>()
    };
    // The same again, if a rule allows it; else what the law demands to be told.
    let acts = [opening.act, Act::Notification, Act::Referral];
    let found = acts.into_iter().map(|act| (act, asked(act))).find(|(_, peers)| !peers.is_empty());
    let (act, peers) = found.unwrap_or((Act::Unspecified, Vec::new()));
    Some(wire::Escalation {
        due: next.due.get(),
        missed: uput_core::agreement::name_of(next.missed),
        service_type: next.service_type.into(),
        act: act.into(),
        peers,
        ..wire::Escalation::default()
    })
}

/// Whether we owe the next step: a timer of ours runs, values are to be purged, or what was said by telephone confirmed.
fn waits_for_us(outline: &Outline) -> bool {
    let waits = |trail: &wire::Trail| {
        let confirm = trail.unconfirmed > 0 && !trail.ours;
        confirm || trail.owed > 0 || trail.deadlines.iter().any(|deadline| deadline.ours && deadline.met == 0)
    };
    outline.trail.as_ref().is_some_and(waits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Due at 1,000, with a leeway of 100; now it is 5,000.
    fn late(met: u64, stands: u64, came: u64, met_ours: bool) -> bool {
        let deadline =
            wire::Deadline { due: 1_000, leeway: 100, met, stands, came, met_ours, ..wire::Deadline::default() };
        is_overdue(&deadline, Seconds::new(5_000).unwrap())
    }

    /// [TIM-74]
    #[test]
    fn an_answer_that_is_dated_back_is_late_and_one_within_the_leeway_is_not() {
        assert!(late(0, 0, 0, false), "nothing met it");
        assert!(!late(900, 900, 1_000, false) && !late(900, 900, 1_100, false));
        assert!(late(900, 900, 1_101, false), "it says 900, and came after the leeway");
        assert!(late(900, 1_001, 1_050, false), "it has seen what was said after the end");
        assert!(late(1_001, 1_001, 1_001, false), "on its own word");
        assert!(!late(900, 900, 4_000, true), "of our own the other's machine decides nothing");
        assert!(!late(900, 0, 0, false), "kept by a program that knew no more");
    }
}
