//! A trail as programs see it.

use serde::Serialize;
use uput_core::catalogue::Label;
use uput_core::wire::{self, Act, AttestationStanding, ContactFit, LegalBasis, ServiceType};

use crate::code::word_of;
use crate::label;
use crate::moment;
use crate::request::hex;
use crate::trail::challenge::ChallengeView;

/// A trail without its events.
#[derive(Serialize)]
pub(crate) struct TrailView {
    trail: String,
    peer: String,
    ours: bool,
    act: Option<String>,
    service: Option<String>,
    agreement: String,
    headline: String,
    counterpart: Option<CounterpartView>,
    stage: u32,
    notes: Vec<String>,
    owed: u32,
    undelivered: u64,
    telephone_due: Option<String>,
    unconfirmed: u32,
    overdue: bool,
    deadlines: Vec<DeadlineView>,
    endings: Vec<EndingView>,
    escalation: Option<EscalationView>,
    /// Challenges of this organisation, the newest first. [CLI-137]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    challenges: Vec<ChallengeView>,
    /// The earlier trail, if whoever asks sees it here. [EVT-27]
    about: Option<String>,
    changed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventView>>,
}

#[derive(Serialize)]
struct DeadlineView {
    timer: String,
    due: Option<String>,
    met: Option<String>,
    overdue: bool,
    ours: bool,
    from: Option<String>,
    from_ours: bool,
    met_ours: bool,
    ended: bool,
    stands: Option<String>,
    came: Option<String>,
    leeway: u64,
    /// Of *deliver*: by when witnesses show the opening; none: no witness does. [TIM-84]
    proven: Option<String>,
}

/// What ends; the time is null where it stands in a value.
#[derive(Serialize)]
struct EndingView {
    what: String,
    until: Option<String>,
    stands: String,
    ours: bool,
}

/// Who is asked next.
#[derive(Serialize)]
struct EscalationView {
    due: Option<String>,
    now: bool,
    missed: String,
    act: Option<String>,
    service: Option<String>,
    peers: Vec<String>,
}

#[derive(Serialize)]
struct EventView {
    event: String,
    author: String,
    ours: bool,
    seq: u64,
    kind: String,
    code: Option<String>,
    /// Number of the task in its plan. [EVT-28]
    task: Option<u32>,
    time: Option<String>,
    occurred: Option<String>,
    stored: Option<String>,
    /// By when witnesses show that it was there, and which; none: no witness does. [TIM-86]
    proven: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    delivered: Option<String>,
    /// Of a withdrawal: when the receiver's machine said that its time is over. [CAS-105]
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<String>,
    void_reason: Option<String>,
    findings: Vec<String>,
    basis: Option<String>,
    fields: Vec<FieldView>,
    stripped: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withheld: Vec<String>,
    /// Labels whose words were let pass. [NST-11]
    knowingly: Vec<String>,
    evidence: Option<String>,
    telephone: Option<String>,
    telephone_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attested: Option<AttestedView>,
}

/// Whose word part of an event is. [ONW-11]
#[derive(Serialize)]
struct AttestedView {
    organisation: String,
    name: Option<String>,
    day: Option<String>,
    labels: Vec<String>,
    standing: Option<&'static str>,
}

/// What other systems call the headline.
#[derive(Serialize)]
struct CounterpartView {
    fhir_status: String,
    fhir_business_status: String,
    primero_transition: String,
    primero_status: String,
}

/// A label, and its value where that was asked for and is still here.
#[derive(Serialize)]
pub(crate) struct FieldView {
    pub(crate) label: String,
    pub(crate) value: Option<String>,
}

impl TrailView {
    /// Without events.
    pub(crate) fn of(trail: wire::Trail) -> Self {
        Self {
            trail: hex(&trail.trail),
            peer: trail.peer,
            ours: trail.ours,
            act: word_of::<Act>(trail.act),
            service: word_of::<ServiceType>(trail.service_type),
            agreement: hex(&trail.agreement),
            headline: trail.headline,
            counterpart: trail.counterpart.map(CounterpartView::of),
            stage: trail.stage,
            notes: trail.notes,
            owed: trail.owed,
            undelivered: trail.undelivered,
            telephone_due: moment::utc(trail.telephone_due),
            unconfirmed: trail.unconfirmed,
            overdue: trail.deadlines.iter().any(|deadline| deadline.overdue && deadline.met == 0),
            deadlines: trail.deadlines.into_iter().map(DeadlineView::of).collect(),
            endings: trail.endings.into_iter().map(EndingView::of).collect(),
            escalation: trail.escalation.map(EscalationView::of),
            challenges: trail.challenges.iter().map(ChallengeView::of).collect(),
            about: Some(hex(&trail.about)).filter(|about| !about.is_empty()),
            changed: moment::utc(trail.changed),
            contact: word_of::<ContactFit>(trail.contact),
            events: None,
        }
    }

    /// With events.
    pub(crate) fn with_events(mut trail: wire::Trail) -> Self {
        let events = std::mem::take(&mut trail.events);
        Self { events: Some(events.into_iter().map(EventView::of).collect()), ..Self::of(trail) }
    }
}

/// What is asked, for people: the act and the service.
pub(crate) fn asks(trail: &wire::Trail) -> String {
    format!("{}: {}", label::of_number::<Act>(trail.act), label::of_number::<ServiceType>(trail.service_type))
}

/// The newest value of each label: later events correct earlier ones.
pub(crate) fn disclosed(trail: &wire::Trail) -> Vec<FieldView> {
    let mut fields: Vec<FieldView> = Vec::new();
    for field in trail.events.iter().filter(|event| event.void_reason.is_empty()).flat_map(|event| &event.fields) {
        let value = Some(field.value.clone()).filter(|value| !value.is_empty());
        match fields.iter_mut().find(|known| known.label == field.label) {
            Some(known) => known.value = value,
            None => fields.push(FieldView { label: field.label.clone(), value }),
        }
    }
    fields.sort_by_key(|field| catalogue_place(&field.label));
    fields
}

/// Where a label stands in the catalogue: people read labels in that order, and an event has them in none.
pub(crate) fn catalogue_place(label: &str) -> Option<usize> {
    Label::ALL.iter().position(|known| known.name() == label)
}

impl CounterpartView {
    fn of(counterpart: wire::Counterpart) -> Self {
        Self {
            fhir_status: counterpart.fhir_status,
            fhir_business_status: counterpart.fhir_business_status,
            primero_transition: counterpart.primero_transition,
            primero_status: counterpart.primero_status,
        }
    }
}

impl DeadlineView {
    fn of(deadline: wire::Deadline) -> Self {
        Self {
            timer: deadline.timer,
            due: moment::utc(deadline.due),
            met: moment::utc(deadline.met),
            overdue: deadline.overdue,
            ours: deadline.ours,
            from: moment::utc(deadline.from),
            from_ours: deadline.from_ours,
            met_ours: deadline.met_ours,
            ended: deadline.ended,
            stands: moment::utc(deadline.stands),
            came: moment::utc(deadline.came),
            leeway: deadline.leeway,
            proven: moment::utc(deadline.proven),
        }
    }
}

impl EndingView {
    fn of(ending: wire::Ending) -> Self {
        Self { what: ending.what, until: moment::utc(ending.until), stands: ending.stands, ours: ending.ours }
    }
}

impl EscalationView {
    fn of(next: wire::Escalation) -> Self {
        Self {
            due: moment::utc(next.due),
            now: next.now,
            missed: next.missed,
            act: word_of::<Act>(next.act),
            service: word_of::<ServiceType>(next.service_type),
            peers: next.peers,
        }
    }
}

impl EventView {
    fn of(event: wire::TrailEvent) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            event: hex(&event.event),
            author: event.author,
            ours: event.ours,
            seq: event.seq,
            kind: event.kind,
            code: some(event.code),
            task: Some(event.task).filter(|task| *task != 0),
            time: moment::utc(event.time),
            occurred: moment::utc(event.occurred),
            stored: moment::utc(event.stored),
            proven: moment::utc(event.proven),
            witnesses: event.witnesses,
            not_before: moment::utc(event.not_before),
            not_after: moment::utc(event.not_after),
            delivered: moment::utc(event.delivered),
            settled: moment::utc(event.settled),
            void_reason: some(event.void_reason),
            findings: event.findings,
            basis: word_of::<LegalBasis>(event.basis),
            fields: event
                .fields
                .into_iter()
                .map(|field| FieldView { label: field.label, value: some(field.value) })
                .collect(),
            stripped: event.stripped,
            withheld: event.withheld,
            knowingly: event.knowingly,
            evidence: some(hex(&event.evidence)),
            telephone: some(event.telephone),
            telephone_by: some(hex(&event.telephone_by)),
            attested: event.attested.map(AttestedView::of),
        }
    }
}

/// The word of whose word it is.
const fn standing(standing: AttestationStanding) -> Option<&'static str> {
    match standing {
        AttestationStanding::Unspecified => None,
        AttestationStanding::Verified => Some("verified"),
        AttestationStanding::UnknownSigner => Some("unknown_signer"),
        AttestationStanding::DoesNotMatch => Some("does_not_match"),
        AttestationStanding::Uncompared => Some("uncompared"),
    }
}

impl AttestedView {
    fn of(attested: wire::Attested) -> Self {
        Self {
            standing: standing(attested.standing()),
            organisation: hex(&attested.organisation),
            name: Some(attested.name).filter(|name| !name.is_empty()),
            day: moment::utc(attested.day),
            labels: attested.labels,
        }
    }
}
