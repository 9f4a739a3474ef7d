//! A trail as people see it.

use uput_core::{
    bounds::Bounded,
    catalogue::Field,
    event::{Decision, Event, Statement},
    id::{OrgId, TrailId},
    rejection::Rejection,
    safe_contact::{Intent, guard_trail},
    state::{Reading, Verdict},
    task,
    telephone::agreed,
    time::Seconds,
    wire::{self, AccessKind, ContactFit},
};

use super::{Node, accesses::Of, endings::without_reviewed, report::AHEAD, telephone, trails::Loaded};
use crate::{
    access::Why,
    account::Caller,
    case::Sight,
    clock,
    record::{EVENTS, EventRecord},
};

impl Node {
    /// A trail with its events, for whoever need not say why; with `values`, also what was disclosed.
    ///
    /// # Errors
    /// As [`Node::show_because`].
    pub async fn show(&self, caller: &Caller, id: &TrailId, values: bool) -> Result<wire::Trail, Rejection> {
        self.show_because(caller, id, values, &Why::default()).await
    }

    /// The same for a reason, by whoever is not about to reach her.
    ///
    /// # Errors
    /// As [`Node::show_to_reach`].
    pub async fn show_because(
        &self,
        caller: &Caller,
        id: &TrailId,
        values: bool,
        why: &Why,
    ) -> Result<wire::Trail, Rejection> {
        self.show_to_reach(caller, id, values, Intent::default(), why).await
    }

    /// A trail with its events; with `values`, also what was disclosed, and of how she is reached as much as what is
    /// intended allows. The access is recorded before. [ACL-2] [SAF-2]
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`]; [`Rejection::CaseNotTaken`]; [`Rejection::NeedsReason`]; [`Rejection::DiskFull`].
    pub async fn show_to_reach(
        &self,
        caller: &Caller,
        id: &TrailId,
        values: bool,
        intent: Intent,
        why: &Why,
    ) -> Result<wire::Trail, Rejection> {
        let wanted = if values { Sight::Values } else { Sight::Outline };
        self.demand(caller, id, wanted)?;
        let mut held = self.trails.hold(id).await;
        // An exclusion that came while this waited counts.
        self.demand(caller, id, wanted)?;
        self.ensure_loaded(&mut held, id)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
        let outline = self.outline(loaded, &reading, loaded.changed())?;
        let mut view = self.dress(outline, id, clock::now())?;
        let sight = self.cases.sight_of_trail(&self.viewer(caller), id);
        self.name_about(&mut view, &self.viewer(caller));
        let known = without_reviewed(self.endings_in(loaded, &reading)?, &loaded.trail.id(), &self.reviewed_trails());
        view.challenges = self.view_challenges(loaded, clock::now())?;
        view.endings = self.shown_endings(&known, view.ours, sight, clock::now());
        if values {
            self.add_boxes(&mut view, loaded, caller)?;
        }
        let agreed = agreed(&loaded.trail, &reading);
        let bounded = Bounded::of(&loaded.trail);
        for event in loaded.trail.events() {
            let mut shown = self.view_event(loaded, &reading, event, values)?;
            (shown.telephone, shown.telephone_by) = telephone::standing(&agreed, &event.id);
            // [TIM-86]
            self.add_proven(&mut shown, loaded, event);
            // [TIM-2]
            let bounds = bounded.around(event.id);
            shown.not_before = bounds.after.map_or(0, |bound| bound.time.get());
            shown.not_after = bounds.before.map_or(0, |bound| bound.time.get());
            view.events.push(shown);
        }
        let kind = if values {
            let sealed = view.events.iter().any(|event| event.sealed.is_some());
            let shown = if sealed { AccessKind::SealedValuesGiven } else { AccessKind::ValuesShown };
            contact_kind(guard_trail(&mut view, intent, self.her_minute()), intent).unwrap_or(shown)
        } else {
            AccessKind::LabelsShown
        };
        // [ACL-2] From here on it is shown, and not before.
        self.keep_access(caller, Of::Trail(*id), kind, why).await?;
        Ok(view)
    }

    /// A trail with its values, to be compared with and not to be shown: nobody is asked, and nothing is recorded. None if it
    /// is here no more.
    pub(super) async fn told_in(&self, id: &TrailId) -> Result<Option<wire::Trail>, Rejection> {
        let mut held = self.trails.hold(id).await;
        match self.ensure_loaded(&mut held, id) {
            Err(Rejection::NoSuchTrail) => return Ok(None),
            loaded => loaded?,
        }
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let reading = loaded.trail.reading().map_err(|_| Rejection::Malformed)?;
        let outline = self.outline(loaded, &reading, loaded.changed())?;
        let mut told = self.dress(outline, id, clock::now())?;
        for event in loaded.trail.events() {
            told.events.push(self.view_event(loaded, &reading, event, true)?);
        }
        Ok(Some(told))
    }

    /// Every trail that is here. For the node itself: it asks nobody who may know.
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

    /// How many trails there are.
    #[must_use]
    pub fn trail_count(&self) -> usize {
        self.outlines.count()
    }

    /// Whether somebody else's task is spoken of, for whoever may read the plan. [EVT-35]
    fn is_of_the_other(
        &self,
        loaded: &Loaded,
        reading: &Reading,
        event: &Event,
        values: bool,
    ) -> Result<bool, Rejection> {
        let Statement::Task { plan, .. } = &event.statement else { return Ok(false) };
        let plan = loaded.trail.event(plan).filter(|plan| values && reading.plans.contains(&plan.id));
        let Some(plan) = plan else { return Ok(false) };
        let fields = self.readable(loaded, plan)?;
        Ok(task::is_of_the_other(&loaded.trail, &loaded.agreement, event, &fields))
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
        #[cfg(feature = "simulation")]
        let verdict = crate::simulated::by_arrival(&loaded.trail, event)
            .map(|counts| counts.err().map_or(Verdict::Effective, Verdict::Void))
            .or(verdict);
        let findings = reading.findings.iter().filter(|finding| finding.event() == event.id);
        let fields = self.fields(loaded, event, values)?;
        Ok(wire::TrailEvent {
            attested: self.view_attested(&fields),
            event: event.id.to_vec(),
            author: self.author(&event.author),
            ours: event.author == self.me.organisation,
            seq: event.seq,
            kind: event.statement.name().to_owned(),
            code: event.statement.code(),
            task: event.statement.task().unwrap_or_default(),
            time: event.time.get(),
            occurred: event.occurred.map_or(0, Seconds::get),
            stored: beside.stored,
            settled: loaded.settled(&event.id).map_or(0, Seconds::get),
            delivered: loaded.delivered(&event.id).map_or(0, Seconds::get),
            void_reason: match verdict {
                Some(Verdict::Void(reason)) => reason.to_string(),
                _ => String::new(),
            },
            findings: findings
                .map(|finding| finding.word())
                .chain(loaded.trail.oversteps(event).then_some("stage_not_reached"))
                .chain(loaded.trail.is_contradicted(event).then_some("contradicted"))
                .chain(loaded.trail.is_baseless(event).then_some("basis_not_said"))
                .chain(self.is_of_the_other(loaded, reading, event, values)?.then_some("not_the_owner"))
                .chain(is_from_the_future(event, beside.stored).then_some("from_the_future"))
                .chain((event.author == self.me.organisation && beside.clock_set).then_some("clock_set"))
                .chain(self.had_outlived(loaded, event)?.then_some("basis_had_ended"))
                .map(str::to_owned)
                .chain(beside.lowered.map(|rejection| rejection.code().to_ascii_lowercase()))
                .chain(self.withheld(&event.id)?.map(|rejection| rejection.code().to_ascii_lowercase()))
                .collect(),
            fields,
            sealed: if values { self.sealed_values(loaded, event)? } else { None },
            stripped: beside.stripped.clone(),
            knowingly: beside.knowingly.clone(),
            basis: event.terms.map_or(wire::LegalBasis::Unspecified, |terms| terms.basis).into(),
            evidence: match event.statement {
                Statement::Decision(Decision { evidence: Some(id), .. }) => id.to_vec(),
                _ => Vec::new(),
            },
            ..Default::default()
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

/// What an access is called that showed how to reach her; none if it did not. [SAF-7]
pub(super) const fn contact_kind(fit: ContactFit, intent: Intent) -> Option<AccessKind> {
    match fit {
        ContactFit::Outside => Some(AccessKind::ContactShownOutside),
        // What is given sealed is opened on the same word.
        ContactFit::Sealed if intent.outside => Some(AccessKind::ContactShownOutside),
        ContactFit::Fits => Some(AccessKind::ContactShown),
        _ => None,
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
