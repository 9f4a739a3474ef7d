//! The timers as the specification says them: every event is asked about every other. [EVT-21]

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{
    act,
    event::{Event, Opening, Statement},
    id::EventId,
    legal_basis::Basis,
    state::{Duty, Reading, Side, Values, Verdict},
    timer::Step,
    trail::Trail,
    wire::{Act, TimerKind},
};

/// Effective events in the one order of [`Trail::settled`], and who the receiver is.
pub(crate) struct Plain<'a> {
    events: Vec<&'a Event>,
    trail: &'a Trail,
    owed: &'a BTreeMap<EventId, BTreeSet<Duty>>,
}

impl<'a> Plain<'a> {
    /// Of a trail and its reading.
    pub(crate) fn new(trail: &'a Trail, reading: &'a Reading) -> Self {
        let effective =
            |event: &&Event| reading.events.get(&event.id).is_some_and(|judged| judged.verdict == Verdict::Effective);
        let settled = trail.settled().into_iter();
        let events = settled.map(|event| -> &Event { event }).filter(effective).collect();
        Self { events, trail, owed: &reading.owed }
    }

    /// Every timer of a kind that was started.
    pub(crate) fn of(&self, kind: TimerKind) -> Vec<Step<'a>> {
        let opening = || self.events.iter().filter(|event| event.opening().is_some()).copied();
        match kind {
            TimerKind::Deliver => opening().map(|from| self.delivery(from)).collect(),
            TimerKind::Acknowledge => {
                let meets = if self.is_given_at_once() { acknowledges_or_gives } else { acknowledges };
                opening().filter_map(|of| self.after_delivery(kind, of, meets)).collect()
            }
            TimerKind::Answer => {
                let needs = self.events.iter().filter(|event| event.statement == Statement::Need).copied();
                let meets = if self.is_given_at_once() { answers_or_gives } else { answers };
                opening().chain(needs).filter_map(|of| self.after_delivery(kind, of, meets)).collect()
            }
            TimerKind::Contact => {
                let asking = self.events.iter().filter(|event| self.asks_contact(event)).copied();
                asking.filter_map(|of| self.after_delivery(kind, of, contacts)).collect()
            }
            TimerKind::Decision => opening().filter_map(|of| self.after_delivery(kind, of, decides)).collect(),
            TimerKind::Stay => {
                let started = self.events.iter().find(|event| event.statement == Statement::Started).copied();
                started
                    .and_then(|from| self.until(kind, from, |event| ends_stay(&event.statement)))
                    .into_iter()
                    .collect()
            }
            TimerKind::Purge => self.purges(),
            TimerKind::Unspecified => Vec::new(),
        }
    }

    /// Whether what is asked can be given as the answer: advice, information, a meeting, a visit.
    fn is_given_at_once(&self) -> bool {
        self.trail.opening().ok().and_then(|opening| act::row(opening.act)).is_some_and(|row| row.yes == 0)
    }

    /// Whether the trail was opened at stage 2, or on a duty: whom a law makes answer ends no deadline of its own.
    fn is_under_law(&self) -> bool {
        let terms = self.trail.opening_event().ok().and_then(|opening| opening.terms);
        let basis = terms.and_then(|terms| Basis::of(terms.basis));
        self.trail.opened_at() == 2 || basis.is_some_and(Basis::is_law)
    }

    /// Whether it is the peer's own ending, which does not help it out of a timer.
    fn is_no_way_out(&self, kind: TimerKind, event: &Event) -> bool {
        let ends = matches!(event.statement, Statement::Closed(_) | Statement::Misdirected);
        let bound = matches!(kind, TimerKind::Acknowledge | TimerKind::Decision);
        ends && bound && self.by_peer(event) && self.is_under_law()
    }

    fn delivery(&self, from: &'a Event) -> Step<'a> {
        let to = self.delivered(from);
        Step { kind: TimerKind::Deliver, from, to, ended: false }
    }

    fn delivered(&self, of: &Event) -> Option<&'a Event> {
        self.events.iter().find(|event| self.by_peer(event) && event.statement == Statement::Delivered(of.id)).copied()
    }

    fn after_delivery(&self, kind: TimerKind, of: &Event, meets: fn(&Statement) -> bool) -> Option<Step<'a>> {
        let from = self.delivered(of)?;
        let met = |event: &Event| self.by_peer(event) && meets(&event.statement) && !self.is_no_way_out(kind, event);
        // Who answered before its machine said so owes nothing more.
        let before = self.events.iter().any(|event| met(event) && self.saw(event, of) && self.saw(from, event));
        if before { None } else { self.until(kind, from, met) }
    }

    /// From an event to the first that it has not seen and that meets the timer, or ends the trail. None if its author
    /// knew that nothing was to be expected any more. An ending that crossed counts, however its author dates it.
    fn until(&self, kind: TimerKind, from: &'a Event, meets: impl Fn(&Event) -> bool) -> Option<Step<'a>> {
        if !self.trail.history().is_expectant(from.id) && !self.is_ended_by_peer_alone(kind, from) {
            return None;
        }
        let later = |event: &&Event| event.id != from.id && !self.saw(from, event);
        let ends = |event: &Event| {
            let ends = self.ends(event) || (kind == TimerKind::Contact && refuses(&event.statement));
            ends && !self.is_no_way_out(kind, event)
        };
        let to = self.events.iter().copied().filter(later).find(|event| meets(event) || ends(event));
        Some(Step { kind, from, to, ended: to.is_some_and(|event| !meets(event)) })
    }

    /// Whether nothing ended the trail, for whoever knew this event, but what is no way out.
    fn is_ended_by_peer_alone(&self, kind: TimerKind, from: &Event) -> bool {
        let mut endings =
            self.events.iter().filter(|event| self.saw(from, event) && (self.ends(event) || refuses(&event.statement)));
        endings.all(|event| self.is_no_way_out(kind, event))
    }

    /// One timer for all disclosures that came to be owed by one event. An ordinary closing does not start it.
    fn purges(&self) -> Vec<Step<'a>> {
        let disclosures = self.trail.history().disclosures().collect::<Vec<_>>();
        let mut steps: Vec<Step<'a>> = Vec::new();
        for (from, to) in disclosures.into_iter().flat_map(|disclosure| self.purges_of(disclosure)) {
            match steps.iter_mut().find(|step| step.from.id == from.id) {
                Some(step) => step.to = step.to.zip(to).map(|(one, other)| self.later(one, other)),
                None => steps.push(Step { kind: TimerKind::Purge, from, to, ended: false }),
            }
        }
        steps
    }

    /// What made the receiver owe the values of a disclosure, and the purge that covered them. A duty that a reopening
    /// set aside before the purge is none.
    fn purges_of(&self, disclosure: EventId) -> Option<(&'a Event, Option<&'a Event>)> {
        let history = self.trail.history();
        let owes = |event: &Event| history.values_at(event.id, disclosure) == Values::Owed;
        let set_aside = |event: &Event| {
            let reopened = self.events.iter().filter(|again| again.statement == Statement::Reopened);
            let mut after = reopened.filter(|again| self.saw(again, event));
            after.any(|again| history.values_at(again.id, disclosure) == Values::Held)
        };
        let place = self
            .events
            .iter()
            .position(|event| self.starts_purge(event, disclosure) && owes(event) && !set_aside(event))?;
        let (before, after) = self.events.split_at_checked(place)?;
        let covers = |event: &&&Event| {
            let purges = matches!(event.statement, Statement::Purged(_) | Statement::Retained { .. });
            purges && self.by_peer(event) && history.has_seen(event.id, disclosure)
        };
        let (from, to) = (*after.first()?, after.iter().find(covers).copied());
        // Purged before it was asked for: nothing is owed, and nothing is late.
        let covered = before.iter().any(|event| covers(&event));
        if covered || (to.is_none() && !self.owed.contains_key(&disclosure)) { None } else { Some((from, to)) }
    }

    /// What asks for a purge of a disclosure that it has seen; or, if they crossed, the delivery of the disclosure.
    fn starts_purge(&self, event: &Event, disclosure: EventId) -> bool {
        let history = self.trail.history();
        if self.asks_purge(event) {
            return history.has_seen(event.id, disclosure);
        }
        let asked = || self.events.iter().filter(|asks| self.asks_purge(asks) && self.saw(event, asks));
        let crossed = || asked().any(|asks| !history.has_seen(asks.id, disclosure));
        self.by_peer(event) && event.statement == Statement::Delivered(disclosure) && crossed()
    }

    fn later(&self, one: &'a Event, other: &'a Event) -> &'a Event {
        if self.saw(other, one) { other } else { one }
    }

    fn saw(&self, event: &Event, other: &Event) -> bool {
        self.trail.history().has_seen(event.id, other.id)
    }

    /// Who she is; of a visit the request itself, which says where and when and may never say who.
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

    /// Under law a withdrawal is an objection and stops nothing: else an authority could end its own deadline.
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

fn answers(statement: &Statement) -> bool {
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

fn contacts(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::ContactMade
            | Statement::CouldNotReach(_)
            | Statement::Visited(_)
            | Statement::Started
            | Statement::Provided(_)
    )
}

fn refuses(statement: &Statement) -> bool {
    matches!(statement, Statement::Declined(_) | Statement::Redirected(_))
}

fn decides(statement: &Statement) -> bool {
    matches!(statement, Statement::Decision(_))
}

fn ends_stay(statement: &Statement) -> bool {
    matches!(statement, Statement::Provided(_) | Statement::Closed(_))
}

fn stops(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Withdrawn | Statement::Revoked(_) | Statement::Misdirected | Statement::ChosenElsewhere
    )
}
