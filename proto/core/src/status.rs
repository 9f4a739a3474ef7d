//! What ends by the time: `status(state, now)`.
//!
//! Guarantees that nothing here changes a state, and that both parties read the same from the same events and values.
//! Leaves to people, and to the events they sign, what follows when something has ended. [STA-27]

use crate::{
    agreement::Agreement,
    bounds::Bounded,
    catalogue::{Field, Label},
    event::{Decision, Event, Statement},
    id::EventId,
    state::{Reading, Side, Stage},
    time::{Seconds, Span},
    timer::Steps,
    trail::Trail,
    wire::{DecisionType, TimerKind},
};

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// The request that nobody has answered.
    Request,
    /// The place that is held.
    Hold,
    /// What a body decided.
    Decision,
    /// The stay, by the agreement's timer.
    Stay,
    /// Her consent, or her guardian's.
    Consent,
    /// Another basis.
    Basis,
    /// The time for a second person to review a disclosure without consent.
    Review,
    /// A protective measure.
    Measure,
    /// The mandate of whoever came in another's place.
    Mandate,
    /// What somebody has to do by a plan.
    Task,
    /// The agreement that the trail is pinned to.
    Agreement,
}

/// Something that ends at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// What.
    pub what: What,
    /// The last second of it.
    pub until: Seconds,
    /// The event that says so.
    pub event: EventId,
    /// Whose it is to see to.
    pub side: Side,
}

/// How an end stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stands {
    /// It is far.
    Ahead,
    /// It is near.
    Soon,
    /// It is over.
    Over,
}

impl What {
    /// Each of them.
    pub const ALL: [Self; 11] = [
        Self::Request,
        Self::Hold,
        Self::Decision,
        Self::Stay,
        Self::Consent,
        Self::Basis,
        Self::Review,
        Self::Measure,
        Self::Mandate,
        Self::Task,
        Self::Agreement,
    ];

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Hold => "hold",
            Self::Decision => "decision",
            Self::Stay => "stay",
            Self::Consent => "consent",
            Self::Basis => "basis",
            Self::Review => "review",
            Self::Measure => "measure",
            Self::Mandate => "mandate",
            Self::Task => "task",
            Self::Agreement => "agreement",
        }
    }

    /// What a value under that label says the end of.
    #[must_use]
    pub const fn of(label: Label) -> Option<Self> {
        match label {
            Label::ConsentUntil => Some(Self::Consent),
            Label::BasisUntil | Label::DecisionUntil => Some(Self::Basis),
            Label::ReviewBy => Some(Self::Review),
            Label::ProtectiveOrderUntil => Some(Self::Measure),
            Label::MandateUntil => Some(Self::Mandate),
            _ => None,
        }
    }
}

impl Ending {
    /// How it stands, with a warning so long ahead. [TIM-10]
    #[must_use]
    pub fn stands(&self, now: Seconds, ahead: Span) -> Stands {
        stands(self.until, now, ahead)
    }
}

/// How an end stands. [TIM-10]
#[must_use]
pub fn stands(until: Seconds, now: Seconds, ahead: Span) -> Stands {
    match until.since(now) {
        None => Stands::Over,
        Some(left) if left <= ahead => Stands::Soon,
        Some(_) => Stands::Ahead,
    }
}

/// What ends in a trail, by its codes and the agreement alone; nothing once it has ended. [TIM-11]
#[must_use]
pub fn endings(trail: &Trail, reading: &Reading, agreement: &Agreement) -> Vec<Ending> {
    let Ok(opened) = trail.opening_event() else { return Vec::new() };
    if !reading.live {
        return Vec::new();
    }
    // [AGR-20] It is in force before that time, and not in it.
    let until = Seconds::new(agreement.valid_until().get().saturating_sub(1)).unwrap_or(agreement.valid_until());
    let mut endings = vec![Ending { what: What::Agreement, until, event: opened.id, side: Side::Opener }];
    let request = opened.opening().and_then(|opening| opening.expiry).filter(|_| reading.answer.is_none());
    endings.extend(request.map(|until| Ending { what: What::Request, until, event: opened.id, side: Side::Opener }));
    endings.extend(hold(trail, reading));
    endings.extend(decisions(trail, reading));
    endings.extend(stay(trail, reading, agreement));
    endings
}

/// What ends by the values of the opener's disclosures: of each kind the newest says it. The fields of each event, in the
/// order of the events; those that are nobody's any more are not given. [TIM-12]
pub fn of_values<'a>(fields: impl Iterator<Item = (EventId, &'a Field)>) -> Vec<Ending> {
    let mut endings: Vec<Ending> = Vec::new();
    for (event, field) in fields {
        let Some((what, until)) = What::of(field.label()).zip(field.until()) else { continue };
        endings.retain(|known| known.what != what);
        endings.push(Ending { what, until, event, side: Side::Opener });
    }
    endings
}

/// The place that is held, while nothing else was answered since.
fn hold(trail: &Trail, reading: &Reading) -> Option<Ending> {
    let answer = trail.event(&reading.answer?.event)?;
    match answer.statement {
        // [TIM-75] Whoever must choose: the opener, while it has not said what she needs.
        Statement::Held { until } => {
            let side = if reading.stage == Stage::Enquiry { Side::Opener } else { Side::Peer };
            Some(Ending { what: What::Hold, until, event: answer.id, side })
        }
        _ => None,
    }
}

/// Of each type the newest ground, if it ends.
fn decisions(trail: &Trail, reading: &Reading) -> Vec<Ending> {
    let mut newest: Vec<(DecisionType, Option<Ending>)> = Vec::new();
    for event in trail.settled().into_iter().filter(|event| reading.decisions.contains(&event.id)) {
        let Statement::Decision(Decision { kind, expiry, .. }) = event.statement else { continue };
        let side = trail.side(&event.author).unwrap_or(Side::Opener);
        newest.retain(|(known, _)| *known != kind);
        newest.push((kind, expiry.map(|until| Ending { what: What::Decision, until, event: event.id, side })));
    }
    newest.into_iter().filter_map(|(_, ending)| ending).collect()
}

fn stay(trail: &Trail, reading: &Reading, agreement: &Agreement) -> Option<Ending> {
    let span = agreement.timer(trail.opening().ok()?.act, TimerKind::Stay)?;
    let step = Steps::new(trail, reading).of(TimerKind::Stay).into_iter().find(|step| step.to.is_none())?;
    let from: &Event = step.from;
    // [TIM-3] Her bed is not longer hers by a clock that is ahead.
    let from_then = Bounded::of(trail).around(from.id).settle(from.time);
    Some(Ending { what: What::Stay, until: from_then.after(span), event: from.id, side: Side::Peer })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::Id, sensitive::Sensitive};

    fn at(time: u64) -> Seconds {
        Seconds::new(time).unwrap()
    }

    /// [TIM-10]
    #[test]
    fn an_end_is_far_then_near_then_over() {
        let stands_at = |now| stands(at(1000), at(now), Span(100));
        assert_eq!([899, 900, 1000, 1001].map(stands_at), [Stands::Ahead, Stands::Soon, Stands::Soon, Stands::Over]);
    }

    /// [TIM-12]
    #[test]
    fn the_newest_value_of_a_kind_says_when_it_ends() {
        let field = |label, value: &str| Field::new(label, Sensitive::new(value.to_owned())).unwrap();
        let (first, second): (EventId, EventId) = (Id::of(b"1").into(), Id::of(b"2").into());
        let fields = [
            (first, field(Label::ConsentUntil, "2026-11-22")),
            (first, field(Label::Name, "An Invented Name")),
            (first, field(Label::MandateUntil, "2026-11-23T10:00Z")),
            (second, field(Label::ConsentUntil, "2026-12-31")),
        ];
        let ends = of_values(fields.iter().map(|(event, field)| (*event, field)));
        let shown: Vec<_> = ends.iter().map(|ending| (ending.what, ending.event, ending.side)).collect();
        assert_eq!(shown, [(What::Mandate, first, Side::Opener), (What::Consent, second, Side::Opener)]);
    }
}
