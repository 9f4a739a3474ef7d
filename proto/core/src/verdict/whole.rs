//! What two bundles of one trail hold together, and what an exporter of one of them had of it.
//!
//! Guarantees that an event of a newer version, and one that rests on a gap, is compared like any other: fields 1 to 10
//! say who signed it and what it follows.

use std::collections::{BTreeMap, BTreeSet};

use super::{events::Connected, examination::Examination, findings::Findings, heads::Heads};
use crate::{
    bundle::Bundle,
    event::{Event, EventPrefix},
    id::{EventId, OrgId},
    time::{Seconds, Span},
    trail::Trail,
    trust::TrustFile,
};

/// The coarsest grain of an event's claimed time: it may have been signed so much later.
const GRAIN: Span = Span(60);

/// What every version of an event says.
#[derive(Clone)]
pub(super) struct Signed {
    pub(super) id: EventId,
    pub(super) author: OrgId,
    pub(super) seq: u64,
    pub(super) time: Seconds,
    pub(super) kind: String,
    prev: Option<EventId>,
    seen: Option<EventId>,
}

/// Everything that verified.
pub(super) struct Whole {
    /// In the order of a timeline.
    order: Vec<EventId>,
    events: BTreeMap<EventId, Signed>,
    heads: Heads,
}

impl Whole {
    /// Of one bundle, or of two as one.
    pub(super) fn of(bundle: &Bundle, trust: &TrustFile) -> Self {
        let (Connected { trail, loose }, parked, heads) =
            Examination::of_parts(bundle, trust, Findings::default()).connected();
        let read = trail.iter().flat_map(Trail::events).chain(&loose).map(|event| Signed::from(&**event));
        let all: Vec<Signed> = read.chain(parked.iter().map(Signed::from)).collect();
        let order = all.iter().map(|event| event.id).collect();
        Self { order, events: all.into_iter().map(|event| (event.id, event)).collect(), heads }
    }

    /// Every event.
    pub(super) fn events(&self) -> impl Iterator<Item = &Signed> {
        self.order.iter().filter_map(|id| self.events.get(id))
    }

    /// Which events an exporter had when it exported, by the order of what was signed: what stands in the bundle follows
    /// them. What the other party alone follows shows only what the exporter itself had written. [BUN-97]
    pub(super) fn had(&self, bundle: &Bundle, here: &BTreeSet<EventId>) -> BTreeSet<EventId> {
        let shown: BTreeSet<_> = bundle.heads.iter().map(|head| head.id()).collect();
        let heads = || self.heads.all().filter(|head| shown.contains(&head.id()));
        let counted = |own: bool| {
            let of = move |author: &OrgId| (*author == bundle.exporter) == own;
            let by_heads = heads().filter(move |head| of(&head.author));
            let by_heads = by_heads.flat_map(|head| [head.own_last, head.seen_last]).flatten();
            let events = self.events().filter(move |event| of(&event.author) && here.contains(&event.id));
            self.past(by_heads.chain(events.map(|event| event.id)))
        };
        let mut had = counted(true);
        let by_other = counted(false).into_iter().filter(|id| self.is_by(id, &bundle.exporter));
        had.extend(by_other.collect::<Vec<_>>());
        had
    }

    /// When it was exported: no earlier than anything that the exporter signed and shows in it, whatever it claims. [BUN-97]
    pub(super) fn exported(&self, bundle: &Bundle, here: &BTreeSet<EventId>) -> Seconds {
        let shown: BTreeSet<_> = bundle.heads.iter().map(|head| head.id()).collect();
        let events = self.events().filter(|event| event.author == bundle.exporter && here.contains(&event.id));
        let heads = self.heads.of(&bundle.exporter).filter(|head| shown.contains(&head.id()));
        let times = events.map(|event| event.time).chain(heads.map(|head| head.time));
        times.fold(bundle.time, Seconds::max)
    }

    /// Which events an exporter had when it exported, if all that it dates is true. [BUN-97]
    pub(super) fn had_by_dates(&self, bundle: &Bundle, exported: Seconds) -> BTreeSet<EventId> {
        let heads = self.heads.of(&bundle.exporter).filter(|head| head.time < exported);
        let by_heads = heads.flat_map(|head| [head.own_last, head.seen_last]).flatten();
        let own = self.events().filter(|event| event.author == bundle.exporter);
        let before = own.filter(|event| event.time.after(GRAIN) <= exported);
        self.past(by_heads.chain(before.map(|event| event.id)))
    }

    fn is_by(&self, id: &EventId, author: &OrgId) -> bool {
        self.events.get(id).is_some_and(|event| event.author == *author)
    }

    /// These, and everything that they follow.
    fn past(&self, last: impl Iterator<Item = EventId>) -> BTreeSet<EventId> {
        let (mut past, mut open) = (BTreeSet::new(), last.collect::<Vec<_>>());
        while let Some(id) = open.pop() {
            let Some(event) = self.events.get(&id).filter(|event| past.insert(event.id)) else { continue };
            open.extend([event.prev, event.seen].into_iter().flatten());
        }
        past
    }
}

impl From<&Event> for Signed {
    fn from(event: &Event) -> Self {
        let kind = event.statement.name().to_owned();
        let &Event { id, author, seq, time, prev, seen, .. } = event;
        Self { id, author, seq, time, kind, prev, seen }
    }
}

impl From<&EventPrefix> for Signed {
    fn from(event: &EventPrefix) -> Self {
        let &EventPrefix { id, author, seq, time, prev, seen, .. } = event;
        Self { id, author, seq, time, kind: String::from("needs_upgrade"), prev, seen }
    }
}
