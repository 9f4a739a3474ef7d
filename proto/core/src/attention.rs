//! What of the other party's waits for a person here.
//!
//! Guarantees that only effective events wait, that one which a person of this party has seen before writing does not, and
//! that nothing but the events decides. Leaves to others whom to wake, and when (`telephone` says when waiting is not
//! enough).

use crate::{
    event::{Event, Statement},
    state::{Reading, Side, Verdict},
    trail::Trail,
    wire,
};

/// The other party's events that nobody of `side` has answered, acknowledged, or written anything after. [ONC-20]
#[must_use]
pub fn waiting<'a>(trail: &'a Trail, reading: &Reading, side: Side) -> Vec<&'a Event> {
    let (us, history) = (trail.party(side), trail.history());
    let effective = |event: &Event| {
        reading.events.get(&event.id).is_some_and(|judged| judged.verdict == Verdict::Effective && judged.side != side)
    };
    let written: Vec<&Event> = trail
        .events()
        .map(|event| -> &Event { event })
        .filter(|event| event.author == us && is_a_persons(event))
        .collect();
    let calls = trail.events().map(|event| -> &Event { event }).filter(|event| effective(event) && wakes(event));
    calls.filter(|event| !written.iter().any(|own| history.has_seen(own.id, event.id))).collect()
}

/// What a machine says by itself is nobody's acknowledgement.
const fn is_a_persons(event: &Event) -> bool {
    match event.statement {
        Statement::Delivered(_) | Statement::Purged(wire::PurgeManner::Unopened) => false,
        // [RET-16] Who says it stands in a slot, unless the clock did it.
        Statement::Purged(_) => !event.slots.is_empty(),
        _ => true,
    }
}

/// The kinds that ask for a person: a question, an answer, a danger, an ending that somebody must act on. [ONC-20]
const fn wakes(event: &Event) -> bool {
    event.opening().is_some()
        || matches!(
            event.statement,
            Statement::Need
                | Statement::Identity
                | Statement::Corrected
                | Statement::Warned(_)
                | Statement::Phoned(_)
                | Statement::ChosenElsewhere
                | Statement::Withdrawn
                | Statement::Revoked(_)
                | Statement::Reopened
                | Statement::TransferOffered
                | Statement::Held { .. }
                | Statement::Accepted
                | Statement::PartlyAccepted(_)
                | Statement::Waitlisted
                | Statement::Declined(_)
                | Statement::Redirected(_)
                | Statement::Misdirected
                | Statement::CouldNotReach(_)
                | Statement::Minutes
                | Statement::Plan
                | Statement::Task { .. }
                | Statement::Escalated(_)
        )
}
