//! Who is asked next when an answer is missing: the agreement's ladder, held against the events.
//!
//! Guarantees that a step comes up only for what is missing, and never twice; that both parties and every verifier read the same;
//! and that nothing is sent by it. Leaves to people whether they ask, under which basis, and with which labels.

use crate::{
    agreement::{Agreement, EscalationStep},
    bounds::Bounded,
    event::{Event, Statement},
    id::EventId,
    state::{Reading, Verdict},
    time::Seconds,
    timer::Steps,
    trail::Trail,
    wire::{Act, ServiceType, TimerKind},
};

/// The next step of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// The kind of body that is asked.
    pub service_type: ServiceType,
    /// What is missing.
    pub missed: TimerKind,
    /// From when on it is to be asked.
    pub due: Seconds,
}

/// The next step for a trail, now or later; none if nothing is missing, if the trail has ended, or if all were asked. `stored`:
/// when whoever asks had an event on disk, as no timer runs from later; none for whoever has no such word. [TIM-4] [TIM-20] [TIM-60]
#[must_use]
pub fn next(
    trail: &Trail,
    reading: &Reading,
    agreement: &Agreement,
    stored: impl Fn(EventId) -> Option<Seconds>,
) -> Option<Next> {
    let act = trail.opening().ok()?.act;
    let asked = asked(trail, reading);
    let steps = missing(trail, reading, agreement, stored).into_iter().filter_map(|(missed, since)| {
        let step = first(agreement, (act, missed), asked.clone())?;
        Some(Next { service_type: step.service_type, missed, due: since.after(step.after) })
    });
    steps.min_by_key(|next| next.due)
}

/// The first step of the ladder of an act and a timer that was not asked yet. [TIM-60]
fn first(
    agreement: &Agreement,
    (act, missed): (Act, TimerKind),
    mut asked: Vec<ServiceType>,
) -> Option<&EscalationStep> {
    let mut ladder = agreement.escalation().iter().filter(|step| step.covers(act, missed));
    ladder.find(|step| match asked.iter().position(|service| *service == step.service_type) {
        Some(place) => {
            asked.remove(place);
            false
        }
        None => true,
    })
}

/// What is missing, and since when: every timer that ends, or ended, unmet.
fn missing(
    trail: &Trail,
    reading: &Reading,
    agreement: &Agreement,
    stored: impl Fn(EventId) -> Option<Seconds>,
) -> Vec<(TimerKind, Seconds)> {
    let Ok(opening) = trail.opening() else { return Vec::new() };
    let (steps, bounded) = (Steps::new(trail, reading), Bounded::of(trail));
    // [TIM-3] [TIM-4] The other side's clock alone puts nothing off.
    let start = |from: &Event| {
        let stands = bounded.around(from.id).settle(from.time);
        stored(from.id).map_or(stands, |stored| stored.min(stands))
    };
    let timers = EscalationStep::MISSED.into_iter();
    // [EVT-33] Whom a law makes answer stays asked when it has closed; every other ending stops these two as well.
    let stays = |kind: &TimerKind| reading.live || matches!(kind, TimerKind::Acknowledge | TimerKind::Decision);
    let timers = timers.filter(stays).filter_map(|kind| Some((kind, agreement.timer(opening.act, kind)?)));
    timers
        .flat_map(|(kind, span)| {
            let unmet = steps.of(kind).into_iter().filter(|step| step.to.is_none());
            unmet.map(|step| (kind, start(step.from).after(span))).collect::<Vec<_>>()
        })
        .collect()
}

/// The kinds of body that were asked already, in this trail's own words.
fn asked(trail: &Trail, reading: &Reading) -> Vec<ServiceType> {
    let effective = |id| reading.events.get(&id).is_some_and(|judged| judged.verdict == Verdict::Effective);
    let said = trail.events().filter(|event| effective(event.id));
    said.filter_map(|event| match event.statement {
        Statement::Escalated(service) => Some(service),
        _ => None,
    })
    .collect()
}
