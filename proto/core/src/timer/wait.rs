//! What the timers of one kind wait for, looked up for many that were started in one trail.
//!
//! Guarantees the same answer as asking every event about every timer. The events of both parties form chains, so that what
//! a later start has in its past holds what an earlier one had, and is not asked again; only where chains fork it is.

use super::{Known, Step, Steps, refuses};
use crate::{event::Event, wire::TimerKind};

/// Indices into the one order of effective events, each list ascending.
pub(super) struct Wait<'s, 'a> {
    steps: &'s Steps<'a>,
    kind: TimerKind,
    met: Vec<usize>,
    /// What meets it or ends it.
    over: Vec<usize>,
    /// What ends it for whoever knew it: all endings and every no, but the peer's own where that is no way out.
    shut: Vec<usize>,
    /// The last start that was asked about, and how many of `over` are it or in its past without a gap.
    last: Option<(usize, usize)>,
}

impl<'s, 'a> Wait<'s, 'a> {
    pub(super) fn new(steps: &'s Steps<'a>, kind: TimerKind, meets: impl Fn(&Event) -> bool) -> Self {
        let mut wait = Self { steps, kind, met: Vec::new(), over: Vec::new(), shut: Vec::new(), last: None };
        for (index, Known { event, .. }) in steps.events.iter().enumerate() {
            let (met, out) = (meets(event), !steps.is_no_way_out(kind, event));
            let ends = steps.ends(event) || (kind == TimerKind::Contact && refuses(&event.statement));
            wait.met.extend(met.then_some(index));
            wait.over.extend((met || (ends && out)).then_some(index));
            wait.shut.extend((out && (steps.ends(event) || refuses(&event.statement))).then_some(index));
        }
        wait
    }

    /// Whether something that meets it has the one event in its past, and is in the past of the other.
    pub(super) fn is_met_between(&self, of: usize, from: usize) -> bool {
        let events = &self.steps.events;
        let (Some(of_it), Some(start)) = (events.get(of), events.get(from)) else { return false };
        // What has an event in its past stands behind it.
        let first = self.met.partition_point(|met| *met <= of);
        let between = self.met.iter().skip(first).take_while(|met| **met < from).filter_map(|met| events.get(*met));
        let mut between = between.filter(|met| met.past.contains(of_it.place));
        between.any(|met| start.past.contains(met.place))
    }

    /// From an event to the first that it has not seen and that meets the timer, or ends the trail. None if its author
    /// knew that nothing was to be expected any more. An ending that crossed counts, however its author dates it.
    pub(super) fn until(&mut self, from: usize) -> Option<Step<'a>> {
        let start = self.steps.events.get(from)?;
        if !self.steps.trail.history().is_expectant(start.event.id) && self.is_shut_before(start) {
            return None;
        }
        let over = self.first_after(from, start).and_then(|over| Some((over, self.steps.event(over)?)));
        let ended = over.is_some_and(|(over, _)| self.met.binary_search(&over).is_err());
        Some(Step { kind: self.kind, from: start.event, to: over.map(|(_, event)| event), ended })
    }

    fn first_after(&mut self, from: usize, start: &Known<'_>) -> Option<usize> {
        let seen = |index: usize| self.steps.events.get(index).is_some_and(|known| start.past.contains(known.place));
        let mut skipped = self.last.filter(|(last, _)| seen(*last)).map_or(0, |(_, skipped)| skipped);
        while self.over.get(skipped).is_some_and(|over| *over == from || seen(*over)) {
            skipped += 1;
        }
        self.last = Some((from, skipped));
        self.over.get(skipped).copied()
    }

    /// Whether anything ended the trail for whoever knew this event.
    fn is_shut_before(&self, start: &Known<'_>) -> bool {
        let mut shut = self.shut.iter().filter_map(|shut| self.steps.events.get(*shut));
        shut.any(|shut| start.past.contains(shut.place))
    }
}
