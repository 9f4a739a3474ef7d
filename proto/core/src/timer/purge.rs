//! The timer of a purge: what made the receiver owe values, and what covered them.
//!
//! Guarantees that each disclosure is looked up among what asks and what covers once, all those of one event together.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::{Step, Steps};
use crate::{
    event::{Event, Statement},
    state::{Fact, Set},
    wire::TimerKind,
};

/// What counted for nobody who knew a later reopening: its index, its place, and what was held and not owed then.
type Reopening = (usize, usize, OnceCell<Set>);

impl<'a> Steps<'a> {
    /// One timer for all disclosures that came to be owed by one event. An ordinary closing does not start it.
    pub(super) fn purges(&self) -> Vec<Step<'a>> {
        let history = self.trail.history();
        let (covered, owing) = (self.covered(), self.owing());
        let mut started: Vec<(usize, Option<usize>)> = Vec::new();
        let mut timers: BTreeMap<usize, usize> = BTreeMap::new();
        for place in history.with(Fact::Values).iter() {
            let Some(from) = owing.get(&place).copied() else { continue };
            let to = covered.get(&place).copied();
            // Purged before it was asked for: nothing is owed, and nothing is late.
            let before = to.is_some_and(|to| to < from);
            let still = history.id(place).is_some_and(|id| self.owed.contains_key(&id));
            if before || (to.is_none() && !still) {
                continue;
            }
            match timers.get(&from).and_then(|timer| started.get_mut(*timer)) {
                Some((_, last)) => *last = last.zip(to).map(|(one, other)| self.later(one, other)),
                None => {
                    timers.insert(from, started.len());
                    started.push((from, to));
                }
            }
        }
        let step = |(from, to): (usize, Option<usize>)| {
            let (from, to) = (self.event(from)?, to.and_then(|to| self.event(to)));
            Some(Step { kind: TimerKind::Purge, from, to, ended: false })
        };
        started.into_iter().filter_map(step).collect()
    }

    /// By the place of a disclosure the first purge that has it in its past.
    fn covered(&self) -> BTreeMap<usize, usize> {
        let (mut covered, mut left) = (BTreeMap::new(), self.trail.history().with(Fact::Values).clone());
        for (index, known) in self.events.iter().enumerate() {
            let purges = matches!(known.event.statement, Statement::Purged(_) | Statement::Retained { .. });
            if purges && self.by_peer(known.event) {
                let all = left.and(known.past);
                covered.extend(all.iter().map(|place| (place, index)));
                left = left.minus(&all);
            }
        }
        covered
    }

    /// By the place of a disclosure what made the receiver owe its values. A duty that a reopening set aside before the
    /// purge is none.
    fn owing(&self) -> BTreeMap<usize, usize> {
        let (mut owing, mut left) = (BTreeMap::new(), self.trail.history().with(Fact::Values).clone());
        let reopenings = self.reopenings();
        let mut asking = Vec::new();
        for (index, known) in self.events.iter().enumerate() {
            let asked = if self.asks_purge(known.event) {
                asking.push(index);
                left.and(known.past)
            } else {
                self.crossed(known.event, known.past, &asking)
                    .filter(|place| left.contains(*place))
                    .into_iter()
                    .collect()
            };
            if asked.is_empty() {
                continue;
            }
            let owed = self.not_set_aside(index, asked.and(&self.trail.history().owed_at(known.place)), &reopenings);
            owing.extend(owed.iter().map(|place| (place, index)));
            left = left.minus(&owed);
        }
        owing
    }

    /// The disclosure that this delivers, if a request to purge that its author had seen crossed it.
    fn crossed(&self, event: &Event, past: &Set, asking: &[usize]) -> Option<usize> {
        let Statement::Delivered(id) = event.statement else { return None };
        let place = self.trail.history().place(id).filter(|_| self.by_peer(event))?;
        let mut asking = asking.iter().filter_map(|index| self.events.get(*index));
        asking.any(|asks| past.contains(asks.place) && !asks.past.contains(place)).then_some(place)
    }

    fn reopenings(&self) -> Vec<Reopening> {
        let numbered = self.events.iter().enumerate();
        let reopened = numbered.filter(|(_, known)| known.event.statement == Statement::Reopened);
        reopened.map(|(index, known)| (index, known.place, OnceCell::new())).collect()
    }

    /// Of what an event made to be owed, what no reopening that has seen it gave back.
    fn not_set_aside(&self, index: usize, mut owed: Set, reopenings: &[Reopening]) -> Set {
        let (history, first) = (self.trail.history(), reopenings.partition_point(|(again, ..)| *again <= index));
        let Some(known) = self.events.get(index) else { return owed };
        for (_, place, kept) in reopenings.iter().skip(first) {
            if owed.is_empty() {
                break;
            }
            if history.past(*place).contains(known.place) {
                owed = owed.minus(kept.get_or_init(|| history.kept_at(*place)));
            }
        }
        owed
    }

    fn later(&self, one: usize, other: usize) -> usize {
        let seen = |(one, other): (&super::Known<'_>, &super::Known<'_>)| other.past.contains(one.place);
        if self.events.get(one).zip(self.events.get(other)).is_some_and(seen) { other } else { one }
    }
}
