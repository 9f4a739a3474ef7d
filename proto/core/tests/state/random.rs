//! Random trails, with forks, from a seed.

use uput_core::act::ACTS;
use uput_core::id::EventId;
use uput_core::state::{History, Kind, Node, Side};
use uput_core::wire::DecisionType;

/// A small generator with a printable seed (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn shuffle<T>(&mut self, all: &mut [T]) {
        (1..all.len()).rev().for_each(|last| all.swap(last, self.below(last + 1)));
    }
}

/// A third of the trails is about responsibility, so that transfers get anywhere.
const TRANSFER: &[Kind] = &[
    Kind::Identity,
    Kind::Closed,
    Kind::Reopened,
    Kind::TransferOffered,
    Kind::TransferOffered,
    Kind::TransferOffered,
    Kind::TransferOffered,
    Kind::TransferRecalled,
    Kind::TransferCompleted,
    Kind::TransferCompleted,
    Kind::TransferCompleted,
    Kind::TransferCompleted,
    Kind::TransferCompleted,
    Kind::TransferCompleted,
    Kind::TransferTaken,
    Kind::TransferTaken,
    Kind::TransferTaken,
    Kind::TransferTaken,
    Kind::TransferTaken,
    Kind::TransferTaken,
    Kind::Accepted,
    Kind::Accepted,
    Kind::Accepted,
    Kind::Accepted,
    Kind::Accepted,
    Kind::Declined,
    Kind::Misdirected,
];

/// A trail of so many events, three in four of them lawful for their author; `forks` lets authors restart from an
/// earlier event of theirs.
pub(crate) fn trail(random: &mut Random, events: usize, forks: bool) -> Vec<Node> {
    let theme: Vec<Kind> = match random.below(3) {
        0 => TRANSFER.to_vec(),
        _ => Kind::ALL.iter().copied().filter(|kind| !kind.opens()).collect(),
    };
    let opening = [Kind::Opened0, Kind::Opened1, Kind::Opened1, Kind::Opened2][random.below(4)];
    // A third of the trails are of an act.
    let act = if random.below(3) == 0 { Some(ACTS[random.below(ACTS.len())].act) } else { None };
    let mut nodes = vec![Node { act, ..node(0, Side::Opener, opening) }];
    for number in 1..events {
        let next = continuation(random, &nodes, &theme, number, forks);
        nodes.push(next);
    }
    nodes
}

fn continuation(random: &mut Random, nodes: &[Node], theme: &[Kind], number: usize, forks: bool) -> Node {
    let side = if random.one_in(2) { Side::Opener } else { Side::Peer };
    let own: Vec<&Node> = nodes.iter().filter(|node| node.side == side).collect();
    let others: Vec<&Node> = nodes.iter().filter(|node| node.side != side).collect();
    let fork = forks && random.one_in(6);
    let prev = if fork && !own.is_empty() { Some(own[random.below(own.len())]) } else { own.last().copied() };
    let mut next = node(number, side, Kind::Delivered);
    next.prev = prev.map(|node| node.id);
    next.seen = seen(random, &others, prev);
    next.names = (!others.is_empty()).then(|| others[random.below(others.len())].id);
    next.version_ok = !random.one_in(40);
    if !random.one_in(8) {
        let offer = others.iter().rfind(|node| node.kind == Kind::TransferOffered);
        next.names = offer.map(|node| node.id).or(next.names);
    }
    next.decision = Some([DecisionType::Placement, DecisionType::Court][random.below(2)]);
    next.kind = kind(random, nodes, theme, &next);
    next
}

fn seen(random: &mut Random, others: &[&Node], prev: Option<&Node>) -> Option<EventId> {
    let newest = others.last().map(|node| node.id)?;
    let stale = others[random.below(others.len())].id;
    match (random.below(4), prev) {
        (0, Some(prev)) => prev.seen,
        (1, _) => Some(stale),
        _ => Some(newest),
    }
}

fn kind(random: &mut Random, nodes: &[Node], kinds: &[Kind], next: &Node) -> Kind {
    let mut kind = kinds[random.below(kinds.len())];
    if random.one_in(4) {
        return kind;
    }
    let mut known = History::new();
    nodes.iter().for_each(|node| assert!(known.append(*node).is_ok()));
    for _ in 0..20 {
        let lawful = known.clone().append(Node { kind, version_ok: true, ..*next });
        if matches!(lawful, Ok(uput_core::state::Verdict::Effective)) {
            break;
        }
        kind = kinds[random.below(kinds.len())];
    }
    kind
}

fn node(number: usize, side: Side, kind: Kind) -> Node {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&u64::try_from(number).unwrap().wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    Node {
        id: EventId::new(id),
        side,
        kind,
        prev: None,
        seen: None,
        names: None,
        version_ok: true,
        act: None,
        decision: None,
    }
}
