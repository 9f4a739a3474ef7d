//! Whether state, rule, basis, profile and times were kept.

use super::{
    Conformance, chronology::Chronology, demand::Demand, findings::Findings, names::Names, opened::Opened,
    tellings::Tellings,
};
use crate::{
    agreement::{Agreement, Judgement, Refused, Request, Told},
    catalogue::Field,
    event::{Event, Statement},
    id::EventId,
    rejection::Rejection,
    state::{Finding, Reading, Verdict},
    task,
    time::Seconds,
    trail::Trail,
    trust::moment,
    wire,
};

/// What the state says of each event. [BUN-53] [BUN-54]
pub(super) fn check_state(trail: &Trail, reading: &Reading, names: &Names<'_>, findings: &mut Findings) {
    findings.reach(Demand::Void);
    findings.reach(Demand::Conduct);
    for event in trail.events() {
        let Some(Verdict::Void(reason)) = reading.events.get(&event.id).map(|judged| judged.verdict) else { continue };
        let sentence = format!("{} of {} is void: {reason}", event.statement.name(), names.of(&event.author));
        findings.against_past(Demand::Void, Conformance::No, event.id, sentence);
    }
    for finding in &reading.findings {
        let (demand, id, sentence) = say(*finding);
        // What its author had was its own, whatever else there is.
        match demand {
            Demand::StaleSeen => findings.against(demand, Conformance::No, Some(id), sentence),
            _ => findings.against_past(demand, Conformance::No, id, sentence),
        }
    }
    for id in reading.fresh_basis.keys() {
        let terms = trail.event(id).and_then(|event| event.terms);
        if terms.is_none_or(|terms| terms.basis == wire::LegalBasis::NoneNeededNonpersonal) {
            let sentence = "it sets a withdrawal aside without a fresh legal basis";
            findings.against_past(Demand::Conduct, Conformance::No, *id, sentence);
        }
    }
}

pub(super) const fn say(finding: Finding) -> (Demand, EventId, &'static str) {
    match finding {
        Finding::Overdisclosed(id) => {
            (Demand::Conduct, id, "it discloses without right; its values are dropped unread")
        }
        Finding::AfterWithdrawal(id) => {
            (Demand::Conduct, id, "contact or service after a withdrawal that its author had seen")
        }
        Finding::HandedOverWithoutRight(id) => {
            (Demand::Conduct, id, "handed over outside the network without the right to")
        }
        Finding::NoPlan(id) => (Demand::Conduct, id, "it reports on a task of something that is no plan of this trail"),
        Finding::NotAgreed(id) => (Demand::Conduct, id, "it acts together with one who had not said yes to it"),
        Finding::StaleSeen(id) => (Demand::StaleSeen, id, "its author had more than it says here that it has seen"),
    }
}

/// What the agreement says of each event. [BUN-55] [BUN-56] [BUN-57] [BUN-58]
pub(super) fn check_agreement(
    trail: &Trail,
    agreement: &Agreement,
    opened: &Opened,
    chronology: &Chronology<'_>,
    names: &Names<'_>,
    findings: &mut Findings,
) {
    for demand in [Demand::Terms, Demand::Profile, Demand::Validity, Demand::Grain] {
        findings.reach(demand);
    }
    let Ok(opening) = trail.opening_event() else { return };
    let tellings = Tellings::of(trail, opening, agreement, opened);
    for event in trail.events() {
        check_terms((opening, event), agreement, opened, tellings.before(event), names, findings);
        check_date(opening, event, agreement, chronology, names, findings);
        if event.terms.is_none() && discloses(&event.statement) {
            let sentence = format!("{} names no rule and no legal basis", event.statement.name());
            findings.against(Demand::Terms, Conformance::No, Some(event.id), sentence);
        }
        if trail.oversteps(event) {
            let sentence = "it discloses at a stage that had not been reached";
            findings.against_past(Demand::Terms, Conformance::No, event.id, sentence);
        }
        if trail.is_baseless(event) {
            let sentence = "it rests on a basis on which the opener had disclosed nothing";
            findings.against_past(Demand::Terms, Conformance::No, event.id, sentence);
        }
        check_grain(event, agreement, findings);
        check_hold(event, findings);
        if let Statement::Retained { article } = event.statement
            && agreement.article(article).is_none()
        {
            let sentence = format!("it cites article {article}, which the agreement does not list");
            findings.against(Demand::Terms, Conformance::No, Some(event.id), sentence);
        }
    }
}

/// Who says what became of a task, as far as whose it is is open: what is closed is held against nobody. [EVT-35]
pub(super) fn check_tasks(
    (trail, reading): (&Trail, &Reading),
    agreement: &Agreement,
    opened: &Opened,
    findings: &mut Findings,
) {
    for event in trail.events() {
        let Statement::Task { plan, .. } = event.statement else { continue };
        // Of what is no plan something else is said. [STA-9]
        let Some(disclosed) = opened.of(&plan).filter(|_| reading.plans.contains(&plan)) else { continue };
        let fields: Vec<Field> = disclosed.fields().cloned().collect();
        if task::is_of_the_other(trail, agreement, event, &fields) {
            let sentence = "it says what became of a task that is the other party's";
            let on = findings.doubts.beneath(&event.id).or_else(|| findings.doubts.itself(&plan));
            findings.against_unless(on, Demand::Conduct, Conformance::No, Some(event.id), sentence);
        }
    }
}

fn check_terms(
    (opening, event): (&Event, &Event),
    agreement: &Agreement,
    opened: &Opened,
    told: Told,
    names: &Names<'_>,
    findings: &mut Findings,
) {
    let Some(request) = Request::of(opening, event) else { return };
    let slots = event.slots.len() / 32;
    let said = |why: &str| format!("{} of {}: {why}", event.statement.name(), names.of(&event.author));
    match agreement.judge_labels_after(&request, opened.of(&event.id), slots, told) {
        // [BAS-46] What is to be said of the end, `ends` says.
        Judgement::Yes | Judgement::EndUnknown => {}
        Judgement::No(refused) => {
            findings.against(demand(&refused), Conformance::No, Some(event.id), said(&refused.to_string()));
        }
        Judgement::NotCheckable => {
            let closed = opened.closed(&event.id, slots);
            let why = if closed > 0 {
                format!("{closed} of {slots} slots are closed, and a closed slot is not a slot within profile")
            } else {
                String::from(
                    "a value is closed by which its labels are judged: which she ticked, or what an attestation says",
                )
            };
            findings.against(Demand::Profile, Conformance::NotCheckable, Some(event.id), said(&why));
        }
    }
}

/// A disclosure that claims to be made while the agreement lasted, and stands after what claims to be made when it had
/// ended, or before what claims to be made when it had not begun. [BUN-57]
fn check_date(
    opening: &Event,
    event: &Event,
    agreement: &Agreement,
    chronology: &Chronology<'_>,
    names: &Names<'_>,
    findings: &mut Findings,
) {
    let bound = Request::of(opening, event).is_some_and(|request| request.needs_force());
    if !bound || !agreement.is_in_force(event.time) {
        return;
    }
    let (latest, earliest) = (chronology.latest(event), chronology.earliest(event));
    let contradicts = if latest.time >= agreement.valid_until() {
        Some((latest, "it has seen", "the agreement had ended"))
    } else if earliest.time < agreement.valid_from() {
        Some((earliest, "has seen it", "the agreement had not begun"))
    } else {
        None
    };
    if let Some((other, order, when)) = contradicts {
        let sentence = format!(
            "{} of {} claims {}, and an event of {} that {order} claims {}, when {when}: one of the two is false",
            event.statement.name(),
            names.of(&event.author),
            moment(event.time),
            names.of(&other.author),
            moment(other.time)
        );
        findings.against(Demand::Validity, Conformance::NotCheckable, Some(event.id), sentence);
    }
}

/// What moves a trail to a stage, or replaces values, discloses, and says on which basis.
const fn discloses(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Need | Statement::Identity | Statement::Corrected | Statement::Minutes | Statement::Plan
    )
}

const fn demand(refused: &Refused) -> Demand {
    match refused.rejection {
        Rejection::AgreementNotInForce => Demand::Validity,
        Rejection::OutsideProfile => Demand::Profile,
        _ => Demand::Terms,
    }
}

/// A place that was over when it was held: nothing was held, or its author's clock was ahead. [PLC-14]
fn check_hold(event: &Event, findings: &mut Findings) {
    if let Statement::Held { until } = event.statement
        && until < event.time
    {
        let sentence = format!("it holds a place until {}, and claims {}", moment(until), moment(event.time));
        findings.against(Demand::Conduct, Conformance::NotCheckable, Some(event.id), sentence);
    }
}

fn check_grain(event: &Event, agreement: &Agreement, findings: &mut Findings) {
    let fits = |time: Option<Seconds>| time.is_none_or(|time| time.fits(agreement.grain()));
    if !fits(Some(event.time)) || !fits(event.occurred) {
        findings.against(Demand::Grain, Conformance::No, Some(event.id), Rejection::BadGrain.to_string());
    }
}
