//! A trail as people see it.

use std::collections::BTreeMap;

use uput_core::{
    catalogue::Field,
    event::{Decision, Event, Statement},
    id::{OrgId, TrailId},
    rejection::Rejection,
    state::{Headline, Reading, Stage, Verdict},
    time::Seconds,
    timer::Steps,
    wire,
};

use super::{
    Node,
    outbox::{Refused, Standing},
    report::AHEAD,
    trails::Loaded,
};
use crate::{
    account::AccountId,
    clock,
    record::{AccessRecord, Accessed, EVENTS, EventRecord},
};

impl Node {
    /// A trail with its events; with `values`, what was disclosed is shown to that account, and the access recorded.
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`].
    pub async fn show(&self, id: &TrailId, values: Option<&AccountId>) -> Result<wire::Trail, Rejection> {
        let mut held = self.trails.hold(id).await;
        self.ensure_loaded(&mut held, id)?;
        let loaded = held.as_mut().ok_or(Rejection::NoSuchTrail)?;
        if let Some(by) = values {
            self.keep_access(loaded, by, Accessed::Shown).await?;
        }
        let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
        let mut view = self.outline(loaded, &reading)?;
        stand(&mut view, &self.outbox.queue(&loaded.other(&self.me.organisation)).standing(id));
        for event in loaded.trail.events() {
            view.events.push(self.view_event(loaded, &reading, event, values.is_some())?);
        }
        Ok(view)
    }

    /// Every trail without its events, what waits for us first, then the newest.
    ///
    /// # Errors
    /// Why a trail cannot be read.
    pub async fn list(&self, waiting: bool) -> Result<Vec<wire::Trail>, Rejection> {
        let mut trails: BTreeMap<OrgId, Vec<(TrailId, wire::Trail)>> = BTreeMap::new();
        for id in self.trail_ids()? {
            let mut held = self.trails.hold(&id).await;
            self.ensure_loaded(&mut held, &id)?;
            let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
            let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
            let outline = self.outline(loaded, &reading)?;
            trails.entry(loaded.other(&self.me.organisation)).or_default().push((id, outline));
        }
        let mut outlines = Vec::new();
        for (other, trails) in trails {
            // Each queue once, and after the trails: what was recorded meanwhile is never taken for delivered.
            let standings = self.outbox.queue(&other).standings();
            for (id, mut outline) in trails {
                let standing = standings.get(&id).copied().unwrap_or_default();
                stand(&mut outline, &standing);
                outlines.push((standing.broken.is_some() || waits_for_us(&outline), outline));
            }
        }
        outlines.retain(|(waits, _)| *waits || !waiting);
        outlines.sort_by_key(|(waits, trail)| (!waits, u64::MAX - trail.changed, trail.trail.clone()));
        Ok(outlines.into_iter().map(|(_, outline)| outline).collect())
    }

    /// The trail whose ID begins so.
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`] if there is none; [`Rejection::BadValue`] if there is more than one.
    pub fn trail_id(&self, beginning: &[u8]) -> Result<TrailId, Rejection> {
        if beginning.len() < 4 || beginning.len() > 32 {
            return Err(Rejection::NoSuchTrail);
        }
        let mut found = None;
        for entry in self.storage.index().with_prefix(EVENTS, beginning) {
            let (key, _) = entry.map_err(|_| Rejection::Malformed)?;
            let id = TrailId::parse(key.get(..32).unwrap_or_default())?;
            if found.is_some_and(|found| found != id) {
                return Err(Rejection::BadValue);
            }
            found = Some(id);
        }
        found.ok_or(Rejection::NoSuchTrail)
    }

    /// How many trails there are.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn trail_ids(&self) -> Result<Vec<TrailId>, Rejection> {
        let mut ids: Vec<TrailId> = Vec::new();
        for entry in self.storage.index().with_prefix(EVENTS, b"") {
            let (key, _) = entry.map_err(|_| Rejection::Malformed)?;
            let id = TrailId::parse(key.get(..32).unwrap_or_default())?;
            if ids.last() != Some(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// Records that somebody looks at values, or takes a bundle. [ACC-20]
    pub(super) async fn keep_access(
        &self,
        loaded: &mut Loaded,
        by: &AccountId,
        what: Accessed,
    ) -> Result<(), Rejection> {
        let record = AccessRecord {
            trail: loaded.trail.id().to_vec(),
            previous: loaded.last_access.map_or(0, |position| position.number().saturating_add(1)),
            time: clock::now().get(),
            account: by.to_vec(),
            what: what as u32,
        };
        loaded.last_access = Some(self.keep(&record).await?);
        Ok(())
    }

    /// All of a trail but its events and how it stands towards the other party.
    fn outline(&self, loaded: &Loaded, reading: &Reading) -> Result<wire::Trail, Rejection> {
        let opening = loaded.trail.opening()?;
        let us = self.me.organisation;
        let other = loaded.other(&us);
        let ours = loaded.trail.opening_event()?.author == us;
        Ok(wire::Trail {
            trail: loaded.trail.id().to_vec(),
            peer: self.directory.name(&other),
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
            notes: notes(reading),
            owed: if ours { 0 } else { u32::try_from(reading.owed.len()).unwrap_or(u32::MAX) },
            deadlines: deadlines(loaded, reading, ours),
            events: Vec::new(),
            changed: loaded.beside.values().map(|beside| beside.stored).max().unwrap_or(0),
            undelivered: 0,
        })
    }

    fn view_event(
        &self,
        loaded: &Loaded,
        reading: &Reading,
        event: &Event,
        values: bool,
    ) -> Result<wire::TrailEvent, Rejection> {
        let beside = loaded.beside.get(&event.id).ok_or(Rejection::Malformed)?;
        let verdict = reading.events.get(&event.id).map(|judged| judged.verdict);
        let findings = reading.findings.iter().filter(|finding| finding.event() == event.id);
        Ok(wire::TrailEvent {
            event: event.id.to_vec(),
            author: self.author(&event.author),
            ours: event.author == self.me.organisation,
            seq: event.seq,
            kind: event.statement.name().to_owned(),
            code: event.statement.code(),
            time: event.time.get(),
            occurred: event.occurred.map_or(0, Seconds::get),
            stored: beside.stored,
            delivered: loaded.delivered(&event.id).map_or(0, Seconds::get),
            void_reason: match verdict {
                Some(Verdict::Void(reason)) => reason.to_string(),
                _ => String::new(),
            },
            findings: findings
                .map(|finding| finding.word())
                .chain(loaded.trail.oversteps(event).then_some("stage_not_reached"))
                .chain(is_from_the_future(event, beside.stored).then_some("from_the_future"))
                .map(str::to_owned)
                .chain(beside.lowered.map(|rejection| rejection.code().to_ascii_lowercase()))
                .collect(),
            fields: self.fields(loaded, event, values)?,
            stripped: beside.stripped.clone(),
            basis: event.terms.map_or(wire::LegalBasis::Unspecified, |terms| terms.basis).into(),
            evidence: match event.statement {
                Statement::Decision(Decision { evidence: Some(id), .. }) => id.to_vec(),
                _ => Vec::new(),
            },
        })
    }

    fn author(&self, organisation: &OrgId) -> String {
        if *organisation == self.me.organisation { "us".to_owned() } else { self.directory.name(organisation) }
    }

    /// What was disclosed with an event, as far as the agreement lets it be read.
    fn fields(&self, loaded: &Loaded, event: &Event, values: bool) -> Result<Vec<wire::Field>, Rejection> {
        if event.slots.is_empty() {
            return Ok(Vec::new());
        }
        let beside = loaded.beside.get(&event.id).ok_or(Rejection::Malformed)?;
        let kept: EventRecord = self.at(beside.position)?;
        let disclosed = if values { loaded.values(event, &kept) } else { None };
        let Some(disclosed) = disclosed else {
            return Ok(readable_labels(loaded, event, &kept, &beside.stripped));
        };
        let request = loaded.request(event).ok_or(Rejection::Malformed)?;
        let shown = |field: &Field| wire::Field {
            label: field.label().name().to_owned(),
            // The reader asked for values, and the access is recorded.
            value: field.value().expose().clone(),
        };
        Ok(loaded.agreement.strip(&request, &disclosed).kept.iter().map(shown).collect())
    }
}

/// Labels of an event without those that were dropped when it came: what the agreement lets be read was decided then,
/// with the values. [NOD-24]
fn readable_labels(loaded: &Loaded, event: &Event, kept: &EventRecord, stripped: &[String]) -> Vec<wire::Field> {
    let Some(disclosed) = loaded.labels(event, kept) else { return Vec::new() };
    let names = disclosed.labels().map(|label| label.name().to_owned());
    let readable = names.filter(|name| !stripped.contains(name));
    readable.map(|label| wire::Field { label, value: String::new() }).collect()
}

/// Whether an event claims a time that this node's clock had not reached when it was stored. [EVT-25]
fn is_from_the_future(event: &Event, stored: u64) -> bool {
    let claimed = event.occurred.map_or(event.time, |occurred| occurred.max(event.time));
    claimed.get() > stored.saturating_add(AHEAD.0)
}

/// The code of a rejection by its number.
pub(super) fn refusal(number: u32) -> String {
    Rejection::from_number(number).map_or_else(|| format!("rejection {number}"), |known| known.code().to_owned())
}

/// Says what the other party does not have.
fn stand(trail: &mut wire::Trail, standing: &Standing) {
    trail.undelivered = standing.undelivered;
    trail.notes.extend(standing.broken.map(|refused| broken_off(&refused)));
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

/// Things that stand beside the headline.
fn notes(reading: &Reading) -> Vec<String> {
    let mut notes = Vec::new();
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

/// Every timer that was started, what is due first.
fn deadlines(loaded: &Loaded, reading: &Reading, ours: bool) -> Vec<wire::Deadline> {
    let Ok(opening) = loaded.trail.opening() else { return Vec::new() };
    let steps = Steps::new(&loaded.trail, reading);
    let now = clock::now();
    let timers = loaded.agreement.timers().iter().filter(|timer| timer.act == opening.act);
    let mut deadlines: Vec<wire::Deadline> = timers
        .flat_map(|timer| steps.of(timer.kind).into_iter().map(|step| (step, timer.span)))
        .map(|(step, span)| {
            let due = step.from.time.after(span);
            let met = step.to.map(|event| event.time);
            wire::Deadline {
                timer: uput_core::agreement::name_of(step.kind),
                due: due.get(),
                met: met.map_or(0, Seconds::get),
                overdue: met.unwrap_or(now) > due,
                // Every step with a timer is the receiver's.
                ours: !ours,
            }
        })
        .collect();
    deadlines.sort_by_key(|deadline| deadline.due);
    deadlines
}

/// Whether we owe the next step: a timer of ours runs, or values are to be purged.
fn waits_for_us(trail: &wire::Trail) -> bool {
    trail.owed > 0 || trail.deadlines.iter().any(|deadline| deadline.ours && deadline.met == 0)
}
