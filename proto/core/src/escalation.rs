//! Who is asked next when an answer is missing: the agreement's ladder, held against the events.
//!
//! Guarantees that a step comes up only for what is missing, and never twice; that both parties and every verifier read the same;
//! and that nothing is sent by it. Leaves to people whether they ask, under which basis, and with which labels.

use crate::{
    agreement::Agreement,
    bounds::Bounded,
    event::{Event, Statement},
    id::EventId,
    state::{Reading, Verdict},
    time::Seconds,
    timer::Steps,
    trail::Trail,
    wire::{ServiceType, TimerKind},
};

/// The timers whose end brings up the ladder. How long a stay lasts, and what is purged late, is nobody else's to answer.
const MISSED: [TimerKind; 5] =
    [TimerKind::Deliver, TimerKind::Acknowledge, TimerKind::Answer, TimerKind::Contact, TimerKind::Decision];

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
/// when whoever asks had an event on disk, as no timer runs from later; none for whoever has no such word. [TIM-4] [TIM-20]
#[must_use]
pub fn next(
    trail: &Trail,
    reading: &Reading,
    agreement: &Agreement,
    stored: impl Fn(EventId) -> Option<Seconds>,
) -> Option<Next> {
    if !reading.live {
        return None;
    }
    let (missed, since) = missing(trail, reading, agreement, stored)?;
    let mut asked = asked(trail, reading);
    let mut ladder = agreement.escalation().iter();
    let step = ladder.find(|step| match asked.iter().position(|service| *service == step.service_type) {
        Some(place) => {
            asked.remove(place);
            false
        }
        None => true,
    })?;
    Some(Next { service_type: step.service_type, missed, due: since.after(step.after) })
}

/// What is missing, and since when: the first timer that ends, or ended, unmet.
fn missing(
    trail: &Trail,
    reading: &Reading,
    agreement: &Agreement,
    stored: impl Fn(EventId) -> Option<Seconds>,
) -> Option<(TimerKind, Seconds)> {
    let act = trail.opening().ok()?.act;
    let (steps, bounded) = (Steps::new(trail, reading), Bounded::of(trail));
    // [TIM-3] [TIM-4] The other side's clock alone puts nothing off.
    let start = |from: &Event| {
        let stands = bounded.around(from.id).settle(from.time);
        stored(from.id).map_or(stands, |stored| stored.min(stands))
    };
    let timers = MISSED.into_iter().filter_map(|kind| Some((kind, agreement.timer(act, kind)?)));
    let open = timers.flat_map(|(kind, span)| {
        let unmet = steps.of(kind).into_iter().filter(|step| step.to.is_none());
        unmet.map(|step| (kind, start(step.from).after(span))).collect::<Vec<_>>()
    });
    open.min_by_key(|(_, due)| *due)
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
