//! Timers of the agreement: which event started one, and which met it.
//!
//! Guarantees that only effective events start or meet a timer, that none runs for what could not be expected any more,
//! and that whoever has the same events says the same, in whatever order they came. Leaves to others what a delay is
//! worth, and on whose word it is one.

mod purge;
mod wait;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    act,
    event::{Event, Opening, Statement},
    id::EventId,
    legal_basis::Basis,
    state::{Duty, Reading, Set, Side, Verdict},
    trail::Trail,
    wire::{Act, TimerKind},
};
use wait::Wait;

/// A timer that was started.
pub struct Step<'a> {
    /// Which timer.
    pub kind: TimerKind,
    /// What started it.
    pub from: &'a Event,
    /// What met it, or ended it.
    pub to: Option<&'a Event>,
    /// Whether `to` only ended it: the trail ended before it was met.
    pub ended: bool,
}

/// Effective events in the one order of [`Trail::settled`], and who the receiver is.
pub struct Steps<'a> {
    events: Vec<Known<'a>>,
    /// Where in it each event is said to be delivered for the first time.
    deliveries: BTreeMap<EventId, usize>,
    trail: &'a Trail,
    owed: &'a BTreeMap<EventId, BTreeSet<Duty>>,
}

/// An event, its place in the history of the trail, and what it has in its past.
struct Known<'a> {
    event: &'a Event,
    place: usize,
    past: &'a Set,
}

impl<'a> Steps<'a> {
    /// Of a trail and its reading.
    #[must_use]
    pub fn new(trail: &'a Trail, reading: &'a Reading) -> Self {
        let effective =
            |event: &&Event| reading.events.get(&event.id).is_some_and(|judged| judged.verdict == Verdict::Effective);
        let settled = trail.settled().into_iter().map(|event| -> &Event { event }).filter(effective);
        let history = trail.history();
        let known = |event: &'a Event| {
            let place = history.place(event.id)?;
            Some(Known { event, place, past: history.past(place) })
        };
        let events: Vec<Known<'a>> = settled.filter_map(known).collect();
        let mut deliveries = BTreeMap::new();
        for (index, known) in
            events.iter().enumerate().filter(|(_, known)| known.event.author == trail.party(Side::Peer))
        {
            if let Statement::Delivered(id) = known.event.statement {
                deliveries.entry(id).or_insert(index);
            }
        }
        Self { events, deliveries, trail, owed: &reading.owed }
    }

    /// Every timer of a kind that was started. [EVT-21]
    #[must_use]
    pub fn of(&self, kind: TimerKind) -> Vec<Step<'a>> {
        let all = |is: &dyn Fn(&Event) -> bool| -> Vec<usize> {
            let numbered = self.events.iter().enumerate();
            numbered.filter(|(_, known)| is(known.event)).map(|(index, _)| index).collect()
        };
        let openings = all(&|event| event.opening().is_some());
        match kind {
            TimerKind::Deliver => openings.into_iter().filter_map(|from| self.delivery(from)).collect(),
            TimerKind::Acknowledge => {
                let meets = if self.is_given_at_once() { acknowledges_or_gives } else { acknowledges };
                self.after_delivery(kind, openings, meets)
            }
            TimerKind::Answer => {
                let meets = if self.is_given_at_once() { answers_or_gives } else { answers };
                let needs = all(&|event| event.statement == Statement::Need);
                self.after_delivery(kind, openings.into_iter().chain(needs), meets)
            }
            TimerKind::Contact => self.after_delivery(kind, all(&|event| self.asks_contact(event)), contacts),
            TimerKind::Decision => self.after_delivery(kind, openings, decides),
            TimerKind::Stay => {
                let mut wait = Wait::new(self, kind, |event| ends_stay(&event.statement));
                let started = self.events.iter().position(|known| known.event.statement == Statement::Started);
                started.and_then(|from| wait.until(from)).into_iter().collect()
            }
            TimerKind::Purge => self.purges(),
            TimerKind::Unspecified => Vec::new(),
        }
    }

    /// Whether what is asked can be given as the answer: advice, information, a meeting, a visit. [EVT-32]
    fn is_given_at_once(&self) -> bool {
        self.trail.opening().ok().and_then(|opening| act::row(opening.act)).is_some_and(|row| row.yes == 0)
    }

    /// Whether the trail was opened at stage 2, or on a duty: whom a law makes answer ends no deadline of its own. [EVT-33]
    fn is_under_law(&self) -> bool {
        let terms = self.trail.opening_event().ok().and_then(|opening| opening.terms);
        let basis = terms.and_then(|terms| Basis::of(terms.basis));
        self.trail.opened_at() == 2 || basis.is_some_and(Basis::is_law)
    }

    /// Whether it is the peer's own ending, which does not help it out of a timer. [EVT-33]
    fn is_no_way_out(&self, kind: TimerKind, event: &Event) -> bool {
        let ends = matches!(event.statement, Statement::Closed(_) | Statement::Misdirected);
        let bound = matches!(kind, TimerKind::Acknowledge | TimerKind::Decision);
        ends && bound && self.by_peer(event) && self.is_under_law()
    }

    fn delivery(&self, from: usize) -> Option<Step<'a>> {
        let from = self.event(from)?;
        let to = self.deliveries.get(&from.id).and_then(|to| self.event(*to));
        Some(Step { kind: TimerKind::Deliver, from, to, ended: false })
    }

    /// One for each of these that was delivered, and that nobody had answered before its machine said so: whoever did owes
    /// nothing more.
    fn after_delivery(
        &self,
        kind: TimerKind,
        of: impl IntoIterator<Item = usize>,
        meets: fn(&Statement) -> bool,
    ) -> Vec<Step<'a>> {
        let met = |event: &Event| self.by_peer(event) && meets(&event.statement) && !self.is_no_way_out(kind, event);
        let mut wait = Wait::new(self, kind, met);
        let of = of.into_iter().filter_map(|of| Some((of, *self.deliveries.get(&self.event(of)?.id)?)));
        of.filter_map(|(of, from)| if wait.is_met_between(of, from) { None } else { wait.until(from) }).collect()
    }

    fn event(&self, index: usize) -> Option<&'a Event> {
        self.events.get(index).map(|known| known.event)
    }

    /// Who she is; of a visit the request itself, which says where and when and may never say who. [EVT-21]
    fn asks_contact(&self, event: &Event) -> bool {
        let at_once = |opening: &Opening| opening.act == Act::Visit || self.trail.opened_at() == 2;
        event.statement == Statement::Identity || event.opening().is_some_and(at_once)
    }

    fn ends(&self, event: &Event) -> bool {
        matches!(event.statement, Statement::Closed(_)) || self.stops(event)
    }

    fn asks_purge(&self, event: &Event) -> bool {
        event.statement == Statement::PurgeAsked || self.stops(event)
    }

    /// Under law a withdrawal is an objection and stops nothing: else an authority could end its own deadline. [STA-13]
    fn stops(&self, event: &Event) -> bool {
        let objection = event.statement == Statement::Withdrawn && self.trail.opened_at() == 2;
        stops(&event.statement) && !objection
    }

    fn by_peer(&self, event: &Event) -> bool {
        event.author == self.trail.party(Side::Peer)
    }
}

fn acknowledges(statement: &Statement) -> bool {
    *statement == Statement::Acknowledged || answers(statement)
}

/// What is asked for is given, which says yes as well.
fn answers_or_gives(statement: &Statement) -> bool {
    answers(statement) || matches!(statement, Statement::Provided(_))
}

fn acknowledges_or_gives(statement: &Statement) -> bool {
    acknowledges(statement) || answers_or_gives(statement)
}

const fn answers(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Held { .. }
            | Statement::Accepted
            | Statement::PartlyAccepted(_)
            | Statement::Waitlisted
            | Statement::Declined(_)
            | Statement::Redirected(_)
            | Statement::Misdirected
    )
}

const fn contacts(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::ContactMade
            | Statement::CouldNotReach(_)
            | Statement::Visited(_)
            | Statement::Started
            | Statement::Provided(_)
    )
}

const fn refuses(statement: &Statement) -> bool {
    matches!(statement, Statement::Declined(_) | Statement::Redirected(_))
}

const fn decides(statement: &Statement) -> bool {
    matches!(statement, Statement::Decision(_))
}

const fn ends_stay(statement: &Statement) -> bool {
    matches!(statement, Statement::Provided(_) | Statement::Closed(_))
}

const fn stops(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Withdrawn | Statement::Revoked(_) | Statement::Misdirected | Statement::ChosenElsewhere
    )
}
