//! The telephone beside the trail: when it is the next step, and what became of what was agreed by it.
//!
//! Guarantees that both follow from the events and a time that is given, so that both parties read the same; that the
//! receiver's clock alone puts nothing off; and that what one party recorded of a call stays its word until the other has
//! signed the same. Leaves to others who telephones whom, and under which number.

use crate::{
    agreement::Timer,
    event::{Event, Statement},
    id::EventId,
    state::{Reading, Verdict},
    time::{Seconds, Span},
    timer::Steps,
    trail::Trail,
    wire::{PhoneAnswer, TimerKind},
};

/// From when on the next step is a telephone: delivery or acknowledgement was due then, and is missing. [ONC-30]
///
/// None if nothing is missing, if the trail has ended, if the act has no such timer, or if they have spoken already.
#[must_use]
pub fn due(trail: &Trail, reading: &Reading, timers: &[Timer]) -> Option<Seconds> {
    let opened = trail.opening_event().ok()?;
    let act = opened.opening()?.act;
    let answered = reading.answer.is_some() || !reading.acknowledged.is_empty();
    if !reading.live || answered || has_spoken(trail, reading) {
        return None;
    }
    let span = |kind| timers.iter().find(|timer| timer.act == act && timer.kind == kind).map(|timer| timer.span);
    let steps = Steps::new(trail, reading);
    let arrived = span(TimerKind::Deliver).map(|within| opened.time.after(within));
    match steps.of(TimerKind::Deliver).first()?.to {
        None => arrived,
        Some(delivered) => {
            let within = span(TimerKind::Acknowledge)?;
            let missing = steps.of(TimerKind::Acknowledge).into_iter().any(|step| step.to.is_none());
            // Its author's word: not before it was asked, and not after it had to be there.
            let from = delivered.time.max(opened.time).min(arrived.unwrap_or(delivered.time).max(opened.time));
            missing.then(|| from.after(within))
        }
    }
}

/// Whether the next step is a telephone. [ONC-30]
#[must_use]
pub fn now(trail: &Trail, reading: &Reading, timers: &[Timer], now: Seconds) -> bool {
    due(trail, reading, timers).is_some_and(|due| due < now)
}

/// How long a person of the receiver has to acknowledge an opening of this trail, if the agreement says so.
#[must_use]
pub fn patience(trail: &Trail, timers: &[Timer]) -> Option<Span> {
    let act = trail.opening().ok()?.act;
    timers.iter().find(|timer| timer.act == act && timer.kind == TimerKind::Acknowledge).map(|timer| timer.span)
}

/// What the sender recorded of a call, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The `phoned` event.
    pub event: EventId,
    /// What was said.
    pub answer: PhoneAnswer,
    /// What became of it.
    pub standing: Standing,
}

/// What became of an answer by telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the sender's word.
    Unconfirmed,
    /// The receiver has signed the same.
    Confirmed(EventId),
    /// The receiver has signed something else.
    Contradicted(EventId),
    /// The sender has recorded a later call.
    Replaced(EventId),
}

/// Every effective answer by telephone, in the one order of [`Trail::settled`]. [STA-28]
#[must_use]
pub fn agreed(trail: &Trail, reading: &Reading) -> Vec<Agreed> {
    let spoken = spoken(trail, reading);
    let calls = spoken.iter().zip(1..).filter_map(|(call, after)| Some((call, said(call.event)?, after)));
    calls
        .map(|(call, answer, after)| {
            let past = |later: &Spoken<'_>| trail.history().past(later.place).contains(call.place);
            let mut later = spoken.iter().skip(after).filter(|later| later.epoch == call.epoch);
            let first = later.find(|later| past(later)).map(|later| later.event);
            Agreed { event: call.event.id, answer, standing: standing(answer, first) }
        })
        .collect()
}

/// An effective call or answer, the epoch in which it counts, and its place in the history.
struct Spoken<'a> {
    event: &'a Event,
    epoch: u32,
    place: usize,
}

fn spoken<'a>(trail: &'a Trail, reading: &Reading) -> Vec<Spoken<'a>> {
    let spoken = |event: &'a Event| {
        let judged = reading.events.get(&event.id).filter(|judged| judged.verdict == Verdict::Effective)?;
        let place = trail.history().place(event.id)?;
        Some(Spoken { event, epoch: judged.epoch, place })
    };
    let says = |event: &Event| said(event).is_some() || is_yes(&event.statement).is_some();
    let settled = trail.settled().into_iter().map(|event| -> &Event { event });
    settled.filter(|event| says(event)).filter_map(spoken).collect()
}

/// By the first that says something of it: a later call, or an answer, which is effective from the receiver alone.
fn standing(answer: PhoneAnswer, after: Option<&Event>) -> Standing {
    let Some(event) = after else { return Standing::Unconfirmed };
    match is_yes(&event.statement) {
        Some(yes) if yes == (answer == PhoneAnswer::Yes) => Standing::Confirmed(event.id),
        Some(_) => Standing::Contradicted(event.id),
        None => Standing::Replaced(event.id),
    }
}

/// A yes or a no that the sender heard by telephone; that nobody answered is nothing to confirm.
fn said(event: &Event) -> Option<PhoneAnswer> {
    match event.statement {
        Statement::Phoned(answer @ (PhoneAnswer::Yes | PhoneAnswer::No)) => Some(answer),
        _ => None,
    }
}

/// What an answer comes to; none if it is no answer.
const fn is_yes(statement: &Statement) -> Option<bool> {
    match statement {
        Statement::Held { .. } | Statement::Accepted | Statement::PartlyAccepted(_) => Some(true),
        Statement::Waitlisted | Statement::Declined(_) | Statement::Redirected(_) | Statement::Misdirected => {
            Some(false)
        }
        _ => None,
    }
}

/// Whether they have spoken since it was last reopened.
fn has_spoken(trail: &Trail, reading: &Reading) -> bool {
    let newest = |event: &Event| {
        reading
            .events
            .get(&event.id)
            .is_some_and(|judged| judged.verdict == Verdict::Effective && judged.epoch == reading.epoch)
    };
    trail.events().any(|event| said(event).is_some() && newest(event))
}
