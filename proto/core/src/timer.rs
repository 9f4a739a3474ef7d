//! Timers of the agreement: which event started one, and which met it.
//!
//! Guarantees that only effective events start or meet a timer. Leaves to others what a
//! delay is worth, and on whose word it is one.

use crate::{
    event::{Event, Statement},
    state::{Reading, Side, Verdict},
    trail::Trail,
    wire::TimerKind,
};

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

/// Effective events in causal order, and who the receiver is.
pub struct Steps<'a> {
    events: Vec<&'a Event>,
    trail: &'a Trail,
    owes: bool,
}

impl<'a> Steps<'a> {
    /// Of a trail and its reading.
    #[must_use]
    pub fn new(trail: &'a Trail, reading: &Reading) -> Self {
        let effective =
            |event: &&Event| reading.events.get(&event.id).is_some_and(|judged| judged.verdict == Verdict::Effective);
        let events = trail.events().map(|event| -> &Event { event }).filter(effective).collect();
        Self { events, trail, owes: !reading.owed.is_empty() }
    }

    /// Every timer of a kind that was started. [EVT-21]
    #[must_use]
    pub fn of(&self, kind: TimerKind) -> Vec<Step<'a>> {
        let opening = || self.events.iter().filter(|event| event.opening().is_some()).copied();
        match kind {
            TimerKind::Deliver => opening().map(|from| self.delivery(from)).collect(),
            TimerKind::Acknowledge => opening().filter_map(|of| self.after_delivery(kind, of, acknowledges)).collect(),
            TimerKind::Answer => {
                let needs = self.events.iter().filter(|event| event.statement == Statement::Need).copied();
                opening().chain(needs).filter_map(|of| self.after_delivery(kind, of, answers)).collect()
            }
            TimerKind::Contact => {
                let identities = self.events.iter().filter(|event| self.gives_identity(event)).copied();
                identities.filter_map(|of| self.after_delivery(kind, of, contacts)).collect()
            }
            TimerKind::Decision => opening().filter_map(|of| self.after_delivery(kind, of, decides)).collect(),
            TimerKind::Stay => {
                let started = self.events.iter().find(|event| event.statement == Statement::Started).copied();
                started.map(|from| self.until(kind, from, |event| ends_stay(&event.statement))).into_iter().collect()
            }
            TimerKind::Purge => self.purge().into_iter().collect(),
            TimerKind::Unspecified => Vec::new(),
        }
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
        Some(self.until(kind, from, |event| self.by_peer(event) && meets(&event.statement)))
    }

    /// From an event to the first after it that meets the timer, or ends the trail.
    fn until(&self, kind: TimerKind, from: &'a Event, meets: impl Fn(&Event) -> bool) -> Step<'a> {
        let mut later = self.events.iter().skip_while(|event| event.id != from.id).skip(1).copied();
        let to = later.find(|event| meets(event) || self.ends(event));
        Step { kind, from, to, ended: to.is_some_and(|event| !meets(event)) }
    }

    /// From what makes the receiver owe a purge. An ordinary closing does not.
    fn purge(&self) -> Option<Step<'a>> {
        let disclosed = |event: &&&Event| event.terms.is_some_and(|terms| terms.stage > 0);
        let first = self.events.iter().position(|event| disclosed(&event))?;
        let mut later = self.events.iter().skip(first).skip_while(|event| !self.asks_purge(event)).copied();
        let from = later.next()?;
        let to = later.find(|event| {
            self.by_peer(event) && matches!(event.statement, Statement::Purged(_) | Statement::Retained { .. })
        });
        // Purged before it was asked for: nothing is owed, and nothing is late.
        if to.is_none() && !self.owes { None } else { Some(Step { kind: TimerKind::Purge, from, to, ended: false }) }
    }

    fn gives_identity(&self, event: &Event) -> bool {
        event.statement == Statement::Identity || (event.opening().is_some() && self.trail.opened_at() == 2)
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
        Statement::ContactMade | Statement::CouldNotReach(_) | Statement::Started | Statement::Provided(_)
    )
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
