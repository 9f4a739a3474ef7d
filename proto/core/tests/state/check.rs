//! An exhaustive check: every pair of chains up to a length, with every choice of what each event has seen.
//!
//! Two pairs are one if the same can follow from both ("equal future", `views`): only one of them is carried further.
//! Only effective events take a place; a void one adds nothing, so that nothing later depends on it; nor does a report
//! that no condition reads. Two newest events that crossed come to the same in either order: the sender's first is the
//! one that is carried further. What is checked on each pair is in `invariant`, and is checked before pairs are one.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use uput_core::state::{Kind, Side, TABLE};
use uput_core::wire::Act;

use crate::chains::Chains;
use crate::invariant;
use crate::kinds::{Said, takes_no_place};
use crate::views::{Views, views};

/// How far, and with which kinds.
#[derive(Clone)]
pub(crate) struct Bounds {
    pub(crate) opener: usize,
    pub(crate) peer: usize,
    pub(crate) kinds: Vec<Said>,
    pub(crate) threads: usize,
    /// What each trail asks; none: anything.
    pub(crate) act: Option<Act>,
    /// Whether pairs from which the same can follow are one.
    pub(crate) merge: bool,
}

/// What was counted so far; another thread may read it.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Pairs of chains, up to equal future.
    pub(crate) pairs: AtomicU64,
    /// Steps that their author may take.
    pub(crate) lawful: AtomicU64,
    /// Steps that would be void.
    pub(crate) void: AtomicU64,
    /// Wholes, up to like kinds.
    pub(crate) states: AtomicU64,
    /// The same, whatever number an event has in its chain, and whatever the epoch is.
    pub(crate) wholes: Once,
    /// The size that is being checked: how many events of the sender and of the receiver follow the opening.
    pub(crate) opener: AtomicU64,
    pub(crate) peer: AtomicU64,
    /// Pairs of this size's predecessors: carried further so far, and all.
    pub(crate) done: AtomicU64,
    pub(crate) all: AtomicU64,
}

/// A pair that breaks an invariant.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) broken: String,
    pub(crate) pair: String,
    pub(crate) opener: usize,
    pub(crate) peer: usize,
}

/// A pair of chains: the opening, then each event, by its row of the table, with how many of the other chain it has seen.
#[derive(Clone, Copy)]
struct Pair {
    events: [(u8, u8); LONGEST],
    length: u8,
}

const LONGEST: usize = 16;

/// Checks every pair of chains within the bounds, the smaller ones first.
///
/// # Errors
/// A violation of the smallest size that has one.
pub(crate) fn check(bounds: &Bounds, counts: &Counts) -> Result<(), Box<Violation>> {
    let states = Once::default();
    let mut grid: BTreeMap<(usize, usize), Vec<Pair>> = BTreeMap::from([((0, 0), openings(bounds))]);
    for total in 1..=bounds.opener + bounds.peer {
        for opener in total.saturating_sub(bounds.peer)..=total.min(bounds.opener) {
            let size = Size { bounds, counts, states: &states, opener, peer: total - opener };
            let found = size.check(&grid)?;
            grid.insert((opener, total - opener), found);
        }
        grid.retain(|(opener, peer), _| opener + peer >= total);
    }
    Ok(())
}

fn openings(bounds: &Bounds) -> Vec<Pair> {
    let none = Pair { events: [(0, 0); LONGEST], length: 0 };
    let possible = |kind: Kind| none.with(Side::Opener, kind, 0).within(bounds.act);
    bounds
        .kinds
        .iter()
        .filter(|(_, kind)| kind.opens() && possible(*kind))
        .map(|(side, kind)| none.with(*side, *kind, 0))
        .collect()
}

/// One size of pairs.
struct Size<'a> {
    bounds: &'a Bounds,
    counts: &'a Counts,
    states: &'a Once,
    opener: usize,
    peer: usize,
}

impl Size<'_> {
    /// The pairs of this size, from those that are one event shorter.
    fn check(&self, grid: &BTreeMap<(usize, usize), Vec<Pair>>) -> Result<Vec<Pair>, Box<Violation>> {
        let before = |opener: Option<usize>, peer: Option<usize>| {
            opener.zip(peer).and_then(|size| grid.get(&size)).map(Vec::as_slice).unwrap_or_default()
        };
        let by_opener = before(self.opener.checked_sub(1), Some(self.peer));
        let by_peer = before(Some(self.opener), self.peer.checked_sub(1));
        self.counts.opener.store(self.opener as u64, Relaxed);
        self.counts.peer.store(self.peer as u64, Relaxed);
        self.counts.done.store(0, Relaxed);
        self.counts.all.store((by_opener.len() + by_peer.len()) as u64, Relaxed);
        let (pairs, broken) = (Once::default(), AtomicBool::new(false));
        let mut found = Vec::new();
        for (side, before) in [(Side::Opener, by_opener), (Side::Peer, by_peer)] {
            let worker = Worker { size: self, side, before, pairs: &pairs, broken: &broken, next: &AtomicU64::new(0) };
            let results: Vec<_> = std::thread::scope(|scope| {
                let running: Vec<_> = (0..self.bounds.threads).map(|_| scope.spawn(|| worker.run())).collect();
                running.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            for result in results {
                found.append(&mut result?);
            }
        }
        Ok(found)
    }

    /// Whether pairs of this size are carried further.
    fn is_last(&self) -> bool {
        (self.opener, self.peer) == (self.bounds.opener, self.bounds.peer)
    }
}

/// Takes pairs in turn with the other workers, and lets one party say one thing more.
struct Worker<'a> {
    size: &'a Size<'a>,
    side: Side,
    before: &'a [Pair],
    pairs: &'a Once,
    broken: &'a AtomicBool,
    next: &'a AtomicU64,
}

impl Worker<'_> {
    const AT_ONCE: usize = 64;

    fn run(&self) -> Result<Vec<Pair>, Box<Violation>> {
        let mut found = Vec::new();
        while !self.broken.load(Relaxed) {
            let from = usize::try_from(self.next.fetch_add(Self::AT_ONCE as u64, Relaxed)).unwrap();
            let Some(rest) = self.before.get(from..).filter(|rest| !rest.is_empty()) else { break };
            for pair in rest.iter().take(Self::AT_ONCE) {
                self.grow(pair, &mut found).inspect_err(|_| self.broken.store(true, Relaxed))?;
                self.size.counts.done.fetch_add(1, Relaxed);
            }
        }
        Ok(found)
    }

    fn grow(&self, pair: &Pair, found: &mut Vec<Pair>) -> Result<(), Box<Violation>> {
        let (side, counts) = (self.side, self.size.counts);
        let chains = pair.build(self.size.bounds.act);
        let all = u8::try_from(chains.own(side.other()).count()).unwrap();
        let seen = pair.seen(side)..=all;
        let others = views(&chains, side.other(), pair.seen(side.other()));
        let spoken = self.size.bounds.kinds.iter().filter(|(by, kind)| *by == side && !kind.opens());
        for (kind, seen) in spoken.flat_map(|(_, kind)| seen.clone().map(move |seen| (*kind, seen))) {
            let next = pair.with(side, kind, seen);
            let tell = |broken| Box::new(self.size.violation(broken, &next));
            let Some(grown) = chains.grown(side, kind, seen) else {
                counts.void.fetch_add(1, Relaxed);
                invariant::of_void(side, kind).map_err(tell)?;
                continue;
            };
            counts.lawful.fetch_add(1, Relaxed);
            // The same pair comes of the receiver's newest event, said after this one and without having seen it.
            if side == Side::Opener && seen < all && !takes_no_place(side, kind) {
                invariant::of_last(&chains, &grown, side, seen, None).map_err(tell)?;
                continue;
            }
            let views = Views::of(&grown, side, [next.seen(Side::Opener), next.seen(Side::Peer)], &others);
            invariant::of_last(&chains, &grown, side, seen, Some(&views.full)).map_err(tell)?;
            invariant::of_views(&grown, &views).map_err(tell)?;
            let key = if self.size.bounds.merge { views.key(&grown) } else { next.number() };
            if !self.pairs.is_new(key) {
                continue;
            }
            counts.pairs.fetch_add(1, Relaxed);
            counts.wholes.is_new(views.state_without_numbers());
            if self.size.states.is_new(views.state()) {
                counts.states.fetch_add(1, Relaxed);
                invariant::of_state(&grown, &views.full).map_err(tell)?;
            }
            if !takes_no_place(side, kind) && !self.size.is_last() {
                found.push(next);
            }
        }
        Ok(())
    }
}

impl Size<'_> {
    fn violation(&self, broken: String, pair: &Pair) -> Violation {
        Violation { broken, pair: pair.tell(), opener: self.opener, peer: self.peer }
    }
}

/// What was met before, by all workers together.
#[derive(Debug, Default)]
pub(crate) struct Once([Mutex<HashSet<u64>>; 32]);

impl Once {
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|part| part.lock().unwrap().len()).sum()
    }

    pub(crate) fn all(&self) -> BTreeSet<u64> {
        self.0.iter().flat_map(|part| part.lock().unwrap().iter().copied().collect::<Vec<_>>()).collect()
    }

    fn is_new(&self, key: u64) -> bool {
        self.0[usize::try_from(key % 32).unwrap()].lock().unwrap().insert(key)
    }
}

impl Pair {
    /// Whether the act allows the stage at which it opens.
    fn within(&self, act: Option<Act>) -> bool {
        let stage = match self.events().next() {
            Some((_, Kind::Opened1, _)) => 1,
            Some((_, Kind::Opened2, _)) => 2,
            _ => 0,
        };
        act.and_then(uput_core::act::row).is_none_or(|row| stage <= row.stage)
    }

    fn build(&self, act: Option<Act>) -> Chains {
        let mut chains = Chains::default();
        chains.act = act;
        for (side, kind, seen) in self.events() {
            let seen = chains.nth(side.other(), seen);
            chains.append(side, kind, seen).expect("only effective events are carried further");
        }
        chains
    }

    fn events(&self) -> impl DoubleEndedIterator<Item = (Side, Kind, u8)> {
        let said = |(row, seen): &(u8, u8)| (TABLE[usize::from(*row)].side, TABLE[usize::from(*row)].kind, *seen);
        self.events[..usize::from(self.length)].iter().map(said)
    }

    fn with(mut self, side: Side, kind: Kind, seen: u8) -> Self {
        let row = TABLE.iter().position(|row| (row.side, row.kind) == (side, kind)).unwrap();
        self.events[usize::from(self.length)] = (u8::try_from(row).unwrap(), seen);
        self.length += 1;
        self
    }

    /// How many of the other chain the newest event of a party has seen; the receiver has at least the opening.
    fn seen(&self, side: Side) -> u8 {
        let newest = self.events().rfind(|(by, _, _)| *by == side).map(|(_, _, seen)| seen);
        newest.unwrap_or(u8::from(side == Side::Peer))
    }

    /// Equal for no other pair, in whichever order its events were said.
    fn number(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for side in [Side::Opener, Side::Peer] {
            self.events().filter(|(by, _, _)| *by == side).for_each(|event| event.hash(&mut hasher));
        }
        hasher.finish()
    }

    fn tell(&self) -> String {
        let event = |(side, kind, seen): (Side, Kind, u8)| format!("{}:{} seen={seen}", side.word(), kind.word());
        self.events().map(event).collect::<Vec<_>>().join(", ")
    }
}
