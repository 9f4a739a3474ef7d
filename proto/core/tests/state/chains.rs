//! Two chains that grow, one event after another.

use uput_core::id::EventId;
use uput_core::state::{History, Kind, Node, Side, Verdict, VoidReason};
use uput_core::wire::Act;

/// A trail of two honest chains of effective events.
#[derive(Clone, Default)]
pub(crate) struct Chains {
    pub(crate) history: History,
    pub(crate) nodes: Vec<Node>,
    /// The causal past of each node, one bit for each place, from the pointers alone.
    pub(crate) pasts: Vec<u64>,
    /// What its opening asks; none: anything.
    pub(crate) act: Option<Act>,
    common: [Option<EventId>; 2],
}

impl Chains {
    /// Appends an event that has seen all of the other chain; none if it would be void.
    pub(crate) fn say(&mut self, side: Side, kind: Kind) -> Option<EventId> {
        let said = self.append(side, kind, self.last(side.other()))?;
        self.common = [self.last(Side::Opener), self.last(Side::Peer)];
        Some(said)
    }

    /// The same, having seen what both had seen when they last spoke in turn.
    pub(crate) fn cross(&mut self, side: Side, kind: Kind) -> Option<EventId> {
        let [opener, peer] = self.common;
        self.append(side, kind, if side == Side::Opener { peer } else { opener })
    }

    /// The same, continuing the party's own event of this number, as if it had said nothing since.
    pub(crate) fn fork(&mut self, side: Side, kind: Kind, after: u8) -> Option<EventId> {
        let prev = self.nth(side, after)?;
        let seen = self.nodes[self.place(prev)].seen;
        self.add(Node { prev: Some(prev), seen, ..self.next(side, kind, None) })
    }

    /// The same, with what it has newly seen.
    pub(crate) fn append(&mut self, side: Side, kind: Kind, seen: Option<EventId>) -> Option<EventId> {
        self.add(self.next(side, kind, seen))
    }

    fn add(&mut self, node: Node) -> Option<EventId> {
        if self.history.append(node) != Ok(Verdict::Effective) {
            return None;
        }
        let parents = [node.prev, node.seen].into_iter().flatten();
        self.pasts.push(parents.fold(0, |past, parent| past | self.view(parent)));
        self.nodes.push(node);
        Some(node.id)
    }

    /// Grown by an event that has seen so many of the other chain; none if it would be void.
    pub(crate) fn grown(&self, side: Side, kind: Kind, seen: u8) -> Option<Self> {
        let mut grown = self.clone();
        grown.append(side, kind, self.nth(side.other(), seen))?;
        Some(grown)
    }

    /// What a party would write next.
    pub(crate) fn next(&self, side: Side, kind: Kind, seen: Option<EventId>) -> Node {
        let mut id = [0; 32];
        id[0] = if side == Side::Opener { 1 } else { 2 };
        id[1] = u8::try_from(self.own(side).count() + 1).unwrap();
        let before = self.own(side).last();
        let prev = before.map(|node| node.id);
        let seen = seen.or(before.and_then(|node| node.seen));
        let names = if kind == Kind::TransferTaken { self.offer() } else { None };
        Node {
            id: EventId::new(id),
            side,
            kind,
            prev,
            seen,
            names,
            version_ok: true,
            act: self.act.filter(|_| kind.opens()),
            decision: None,
        }
    }

    /// What may be said by one who has everything.
    pub(crate) fn may(&self, side: Side, kind: Kind) -> Result<(), VoidReason> {
        self.history.may(side, kind, self.offer())
    }

    pub(crate) fn own(&self, side: Side) -> impl DoubleEndedIterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.side == side)
    }

    pub(crate) fn last(&self, side: Side) -> Option<EventId> {
        self.own(side).next_back().map(|node| node.id)
    }

    /// The event with this number of a party, from 1.
    pub(crate) fn nth(&self, side: Side, number: u8) -> Option<EventId> {
        usize::from(number).checked_sub(1).and_then(|last| self.own(side).nth(last)).map(|node| node.id)
    }

    pub(crate) fn place(&self, id: EventId) -> usize {
        let own = |id: EventId| (id.as_bytes()[0], id.as_bytes()[1]);
        self.nodes.iter().position(|node| own(node.id) == own(id)).expect("parents are there")
    }

    /// An event and its past.
    pub(crate) fn view(&self, id: EventId) -> u64 {
        let place = self.place(id);
        self.pasts[place] | 1 << place
    }

    fn offer(&self) -> Option<EventId> {
        self.nodes.iter().rfind(|node| node.kind == Kind::TransferOffered).map(|node| node.id)
    }
}
