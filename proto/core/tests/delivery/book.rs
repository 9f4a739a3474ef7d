//! Events by number, and what the core makes of them: [`History`] judges, nothing of it is written again here.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use uput_core::id::EventId;
use uput_core::state::{History, Kind, Node, Reading, Side, Verdict};

use crate::few::Few;

/// An event by its number.
pub(crate) type Number = u8;
/// Events of one trail, in the order in which they came.
pub(crate) type Events = Few<Number, 10>;

/// What an event is. Two that differ in anything are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Event {
    pub(crate) trail: usize,
    pub(crate) side: Side,
    /// Its place in its author's chain.
    pub(crate) seq: usize,
    pub(crate) kind: Kind,
    pub(crate) prev: Option<Number>,
    pub(crate) seen: Option<Number>,
    pub(crate) hand: Hand,
}

/// Who signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Hand {
    /// Its author.
    Author,
    /// Its author, once more.
    Again,
    /// A thief.
    Thief,
}

impl Event {
    /// Whether a person says it; the node says the others by itself.
    pub(crate) fn is_said(&self) -> bool {
        self.kind != Kind::Delivered && self.hand != Hand::Thief
    }
}

/// What a house makes of the events of a trail.
pub(crate) struct View {
    pub(crate) history: History,
    pub(crate) verdicts: BTreeMap<Number, Verdict>,
    pub(crate) reading: Reading,
}

/// Every event that was ever said, and every view that was ever had.
#[derive(Default)]
pub(crate) struct Book {
    events: Vec<Event>,
    numbers: HashMap<Event, Number>,
    views: HashMap<(Events, bool), Rc<View>>,
}

impl Book {
    pub(crate) fn number(&mut self, event: Event) -> Number {
        let next = Number::try_from(self.events.len()).expect("few events");
        let events = &mut self.events;
        *self.numbers.entry(event).or_insert_with(|| {
            events.push(event);
            next
        })
    }

    pub(crate) fn event(&self, number: Number) -> &Event {
        &self.events[usize::from(number)]
    }

    /// How many numbers one side has used.
    pub(crate) fn count(&self, events: &Events, side: Side) -> usize {
        self.of(events, side).map(|number| self.event(number).seq + 1).max().unwrap_or(0)
    }

    /// The first that came with the highest number.
    pub(crate) fn last(&self, events: &Events, side: Side) -> Option<Number> {
        let highest = self.count(events, side);
        self.of(events, side).find(|number| self.event(*number).seq + 1 == highest)
    }

    pub(crate) fn of<'a>(&'a self, events: &'a Events, side: Side) -> impl Iterator<Item = Number> + 'a {
        events.all().iter().copied().filter(move |number| self.event(*number).side == side)
    }

    /// What the core makes of them. By arrival, an event counts if it would have been allowed when it came.
    pub(crate) fn view(&mut self, events: &Events, by_arrival: bool) -> Rc<View> {
        if let Some(view) = self.views.get(&(*events, by_arrival)) {
            return Rc::clone(view);
        }
        let (mut history, mut verdicts) = (History::new(), BTreeMap::new());
        for number in events.all() {
            let node = self.node(*number);
            let allowed = history.may(node.side, node.kind, node.names);
            let judged = history.append(node).expect("what came before it is there");
            let on_arrival =
                if node.kind.opens() { judged } else { allowed.map_or_else(Verdict::Void, |()| Verdict::Effective) };
            verdicts.insert(*number, if by_arrival { on_arrival } else { judged });
        }
        let reading = history.reading().expect("it has an opening");
        let view = Rc::new(View { history, verdicts, reading });
        self.views.insert((*events, by_arrival), Rc::clone(&view));
        view
    }

    fn node(&self, number: Number) -> Node {
        let event = self.event(number);
        let names = (event.kind == Kind::Delivered).then_some(event.seen).flatten();
        Node {
            id: id(number),
            side: event.side,
            kind: event.kind,
            prev: event.prev.map(id),
            seen: event.seen.map(id),
            names: names.map(id),
            version_ok: true,
            act: None,
            decision: None,
        }
    }

    pub(crate) fn views(&self) -> usize {
        self.views.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }
}

fn id(number: Number) -> EventId {
    EventId::new([number.checked_add(1).expect("few events"); 32])
}
