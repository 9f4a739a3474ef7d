//! The events of a trail with their causal pasts and verdicts, appended parents first.
//!
//! Guarantees that what was said about an event never changes by what is appended later. // [STA-3]
//! Leaves to others: finding the order (`evaluate`), what the facts amount to (`view`).

use std::collections::BTreeMap;

use super::crossing::crossings;
use super::fact::Fact;
use super::kind::{Kind, Side};
use super::node::{Broken, Node, Verdict, VoidReason};
use super::predicate::Predicate;
use super::reading::Reading;
use super::set::Set;
use super::table::row;
use super::view::View;
use crate::act;
use crate::id::EventId;
use crate::wire::{Act, DecisionType};

/// A trail that grows. Two histories of the same events read the same.
#[derive(Clone, Debug)]
pub struct History {
    entries: Vec<Entry>,
    places: BTreeMap<EventId, usize>,
    facts: Vec<Set>,
    decisions: BTreeMap<Option<DecisionType>, [Set; 2]>,
    nowhere: Set,
    act: Option<Act>,
}

/// Where the values of a disclosure stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Not disclosed yet, or purged, or kept under law.
    Absent,
    /// The receiver has them, for all that is known, and owes nothing.
    Held,
    /// The receiver must purge them or keep them under law.
    Owed,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) node: Node,
    pub(super) verdict: Verdict,
    pub(super) epoch: u32,
    past: Set,
    prev: Option<usize>,
    named: Option<usize>,
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

impl History {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        let facts = vec![Set::default(); Fact::ALL.len()];
        let (entries, places, decisions) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { entries, places, facts, decisions, nowhere: Set::default(), act: None }
    }

    /// Appends an event whose parents are there, and judges it. An event that is there already changes nothing.
    ///
    /// # Errors
    /// [`Broken`] if the event does not continue this trail.
    pub fn append(&mut self, node: Node) -> Result<Verdict, Broken> {
        if let Some(entry) = self.find(node.id) {
            return if entry.node == node { Ok(entry.verdict) } else { Err(Broken::Contradiction(node.id)) };
        }
        let past = self.past_of(&node)?;
        self.act = self.act.or(node.act);
        let named = node.names.and_then(|id| self.places.get(&id).copied());
        let view = View::new(self, past.clone());
        let epoch = view.epoch();
        let verdict = judge(&node, named, &view, self.act);
        let facts = if verdict == Verdict::Effective { facts_of(&node, &view) } else { Vec::new() };
        let epoch = epoch.saturating_add(u32::from(facts.contains(&Fact::Epoch))); // [STA-10]
        let place = self.entries.len();
        for fact in facts {
            if let Some(set) = self.facts.get_mut(fact as usize) {
                set.insert(place);
            }
            if let Some(side) = [Fact::Grounds, Fact::NoGrounds].iter().position(|of| *of == fact) {
                let of_its_type = self.decisions.entry(node.decision).or_default();
                of_its_type.iter_mut().skip(side).take(1).for_each(|set| set.insert(place));
            }
        }
        self.places.insert(node.id, place);
        let prev = node.prev.and_then(|id| self.place(id));
        self.entries.push(Entry { node, verdict, epoch, past, prev, named });
        Ok(verdict)
    }

    /// Whether this event, appended now by an author that has everything in its past, would be effective. // [STA-4]
    ///
    /// # Errors
    /// The reason why it would be void.
    pub fn may(&self, side: Side, kind: Kind, names: Option<EventId>) -> Result<(), VoidReason> {
        let named = names.and_then(|id| self.place(id));
        judge_kind(side, kind, named, &self.whole(), self.act)
    }

    /// What can be read from all of it.
    ///
    /// # Errors
    /// [`Broken::Openings`] if there is nothing yet.
    pub fn reading(&self) -> Result<Reading, Broken> {
        let mut reading = self.reading_without_crossings()?;
        reading.crossings = crossings(self, &self.whole());
        Ok(reading)
    }

    /// The same, but for the pairs that crossed, of which there can be as many as the events of one party times those of
    /// the other: none is listed. For whoever judges what strangers send.
    ///
    /// # Errors
    /// [`Broken::Openings`] if there is nothing yet.
    pub fn reading_without_crossings(&self) -> Result<Reading, Broken> {
        self.id(0).map(|opening| Reading::of(opening, self, &self.whole())).ok_or(Broken::Openings)
    }

    /// What could be read by one who had these events, and what is in their past: what their author knew.
    ///
    /// # Errors
    /// [`Broken::ParentMissing`] for an event that is not there; [`Broken::Openings`] for none.
    pub fn reading_at(&self, events: &[EventId]) -> Result<Reading, Broken> {
        let mut part = Set::default();
        for event in events {
            let place = self.place(*event).ok_or(Broken::ParentMissing(*event))?;
            part.join(self.past(place));
            part.insert(place);
        }
        let opening = self.id(0).filter(|_| !events.is_empty()).ok_or(Broken::Openings)?;
        let view = View::new(self, part);
        Ok(Reading { crossings: crossings(self, &view), ..Reading::of(opening, self, &view) })
    }

    /// The stage reached in the epoch for one who knew these events and their past.
    #[must_use]
    pub fn stage_at(&self, events: &[EventId]) -> u32 {
        u32::from(self.known(events).stage())
    }

    /// The decisions that are a ground for one who knew these events and their past. [STA-70]
    #[must_use]
    pub fn grounds_at(&self, events: &[EventId]) -> Vec<EventId> {
        self.known(events).grounds().iter().filter_map(|place| self.id(place)).collect()
    }

    /// Whether a yes covers the need for one who knew these events and their past. [STA-15]
    #[must_use]
    pub fn is_covered_at(&self, events: &[EventId]) -> bool {
        self.known(events).covered()
    }

    fn known(&self, events: &[EventId]) -> View<'_> {
        let mut part = Set::default();
        for place in events.iter().filter_map(|event| self.place(*event)) {
            part.join(self.past(place));
            part.insert(place);
        }
        View::new(self, part)
    }

    /// Whether one event has the other in its past.
    #[must_use]
    pub fn has_seen(&self, event: EventId, other: EventId) -> bool {
        let (Some(place), Some(other)) = (self.place(event), self.place(other)) else { return false };
        self.past(place).contains(other)
    }

    /// Whether one who knew this event and its past could still expect something of the receiver: the trail was live,
    /// and the answer was not a no. [EVT-21]
    #[must_use]
    pub fn is_expectant(&self, event: EventId) -> bool {
        self.view_at(event).is_some_and(|view| view.live() && !view.refused())
    }

    /// Whether the past of this event has a yes that covers the need. [STA-15]
    #[must_use]
    pub fn is_accepted_before(&self, event: EventId) -> bool {
        self.place(event).is_some_and(|place| View::new(self, self.past(place).clone()).covered())
    }

    /// Where the values of a disclosure stood for one who knew this event and its past. [STA-16] [STA-17]
    #[must_use]
    pub fn values_at(&self, event: EventId, disclosure: EventId) -> Values {
        let (Some(view), Some(place)) = (self.view_at(event), self.place(disclosure)) else { return Values::Absent };
        if !view.outstanding().contains(place) {
            Values::Absent
        } else if view.owed().contains(place) {
            Values::Owed
        } else {
            Values::Held
        }
    }

    /// What the receiver owed for one who knew the event at a place and its past. [STA-17]
    pub(crate) fn owed_at(&self, place: usize) -> Set {
        self.view_of(place).owed()
    }

    /// What the receiver held and did not owe, for one who knew the event at a place and its past.
    pub(crate) fn kept_at(&self, place: usize) -> Set {
        let view = self.view_of(place);
        view.outstanding().minus(&view.owed())
    }

    /// What an event has in its past of the disclosures whose values counted for one who knew it. [STA-16]
    pub(crate) fn told_before(&self, event: EventId) -> Set {
        let Some(place) = self.place(event) else { return Set::default() };
        self.view_of(place).outstanding().and(self.past(place))
    }

    /// Whether any of these is among those events or in their past.
    pub(crate) fn is_any_known(&self, these: &Set, events: impl Iterator<Item = EventId>) -> bool {
        let mut places = events.filter_map(|event| self.place(event));
        places.any(|place| these.contains(place) || these.meets(self.past(place)))
    }

    /// The effective events that disclose values, in the order in which they came.
    pub fn disclosures(&self) -> impl Iterator<Item = EventId> {
        self.with(Fact::Values).iter().filter_map(|place| self.id(place))
    }

    fn view_at(&self, event: EventId) -> Option<View<'_>> {
        self.place(event).map(|place| self.view_of(place))
    }

    fn view_of(&self, place: usize) -> View<'_> {
        let mut part = self.past(place).clone();
        part.insert(place);
        View::new(self, part)
    }

    /// [`History::may`], of a part.
    pub(super) fn may_in(&self, part: &View<'_>, side: Side, kind: Kind) -> Result<(), VoidReason> {
        judge_kind(side, kind, None, part, self.act)
    }

    pub(super) fn whole(&self) -> View<'_> {
        let mut all = Set::default();
        (0..self.entries.len()).for_each(|place| all.insert(place));
        View::new(self, all)
    }

    /// The events of a part, with their places.
    pub(super) fn entries(&self, part: &Set) -> impl Iterator<Item = (usize, &Entry)> {
        part.iter().filter_map(|place| self.entries.get(place).map(|entry| (place, entry)))
    }

    fn find(&self, id: EventId) -> Option<&Entry> {
        self.places.get(&id).and_then(|place| self.entries.get(*place))
    }

    fn past_of(&self, node: &Node) -> Result<Set, Broken> {
        let mut past = Set::default();
        for parent in [node.prev, node.seen].into_iter().flatten() {
            let place = self.places.get(&parent).copied().ok_or(Broken::ParentMissing(parent))?;
            past.join(self.past(place));
            past.insert(place);
        }
        match (opens(node), past.is_empty()) {
            (true, true) if self.entries.is_empty() => Ok(past),
            (true, _) => Err(Broken::Openings),
            (false, true) => Err(Broken::Rootless(node.id)),
            (false, false) => Ok(past),
        }
    }

    /// The effective events that carry a fact.
    pub(crate) fn with(&self, fact: Fact) -> &Set {
        self.facts.get(fact as usize).unwrap_or(&self.nowhere)
    }

    pub(crate) fn past(&self, place: usize) -> &Set {
        self.entries.get(place).map_or(&self.nowhere, |entry| &entry.past)
    }

    /// All that is in the past of any of these. The past of what is in another's past is in it already, so that a chain
    /// costs no more than its last event.
    pub(super) fn pasts(&self, places: &Set) -> Set {
        let (mut pasts, mut left) = (Set::default(), places.clone());
        while let Some(place) = left.last() {
            pasts.join(self.past(place));
            left.remove(place);
            left = left.minus(self.past(place));
        }
        pasts
    }

    /// What the trail is.
    pub(super) fn act(&self) -> Option<&'static act::Row> {
        self.act.and_then(act::row)
    }

    /// The decisions of each type: those that grant, and those that refuse.
    pub(super) fn decisions(&self) -> impl Iterator<Item = &[Set; 2]> {
        self.decisions.values()
    }

    /// The grounds that a decision which refuses takes away: those of its type in its past. // [STA-70]
    pub(super) fn taken_away(&self, refusal: usize) -> Set {
        let of_its_type = self.entries.get(refusal).and_then(|entry| self.decisions.get(&entry.node.decision));
        of_its_type.map_or_else(Set::default, |[grounds, _]| grounds.and(self.past(refusal)))
    }

    pub(crate) fn place(&self, id: EventId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// The places of what its author wrote before an event, newest first.
    pub(super) fn chain(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        let before = |place: &usize| self.entries.get(*place).and_then(|entry| entry.prev);
        std::iter::successors(before(&place), before)
    }

    pub(super) fn epoch(&self, place: usize) -> u32 {
        self.entries.get(place).map_or(0, |entry| entry.epoch)
    }

    pub(crate) fn id(&self, place: usize) -> Option<EventId> {
        self.entries.get(place).map(|entry| entry.node.id)
    }

    pub(super) fn kind(&self, place: usize) -> Kind {
        self.entries.get(place).map_or(Kind::Delivered, |entry| entry.node.kind)
    }

    pub(super) fn by_peer(&self, place: usize) -> bool {
        self.entries.get(place).is_some_and(|entry| entry.node.side == Side::Peer)
    }

    pub(super) fn named(&self, place: usize) -> Option<usize> {
        self.entries.get(place).and_then(|entry| entry.named)
    }
}

/// Whether a node opens a trail: an opening counts as one only if the opener says it.
pub(super) fn opens(node: &Node) -> bool {
    node.side == Side::Opener && node.kind.opens()
}

fn judge(node: &Node, named: Option<usize>, past: &View<'_>, act: Option<Act>) -> Verdict {
    let pinned = node.version_ok || opens(node) || node.kind == Kind::Delivered;
    // [STA-6]
    let judged = if pinned { judge_kind(node.side, node.kind, named, past, act) } else { Err(VoidReason::Version) };
    judged.map_or_else(Verdict::Void, |()| Verdict::Effective)
}

// [STA-5]
fn judge_kind(
    side: Side,
    kind: Kind,
    named: Option<usize>,
    past: &View<'_>,
    act: Option<Act>,
) -> Result<(), VoidReason> {
    if kind == Kind::Delivered {
        return Ok(());
    }
    let row = row(side, kind).ok_or(VoidReason::WrongSide)?;
    if act.and_then(act::row).is_some_and(|act| act.leaves_out(side, kind)) {
        return Err(VoidReason::NotInAct); // [STA-40]
    }
    let mut furthest: Option<(usize, Predicate)> = None;
    for alternative in row.pre {
        let Some(held) = alternative.iter().position(|predicate| !predicate.holds(past, named)) else {
            return Ok(());
        };
        if let Some(failed) = alternative.get(held) {
            furthest = match furthest {
                Some((further, _)) if further >= held => furthest,
                _ => Some((held, *failed)),
            };
        }
    }
    furthest.map_or(Ok(()), |(_, predicate)| Err(VoidReason::Unmet(predicate)))
}

/// The facts of an effective event; those of a reopening depend on what it found.
fn facts_of(node: &Node, past: &View<'_>) -> Vec<Fact> {
    let mut facts = row(node.side, node.kind).map(|row| row.facts.to_vec()).unwrap_or_default();
    if facts.contains(&Fact::Restate) && !past.with(Fact::Values).is_empty() {
        facts.extend([Fact::Stage1, Fact::Values, Fact::Question]); // [STA-22]
    }
    if facts.contains(&Fact::Resume) && !past.outstanding().is_empty() {
        facts.push(Fact::Stage1); // [STA-22]
    }
    facts
}
