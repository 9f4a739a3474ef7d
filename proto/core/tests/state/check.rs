//! An exhaustive check: every pair of chains up to a length, with every choice of what each event has seen.
//!
//! Two pairs are one if every view that either party can still take is the same in both ("equal future"): only one of
//! them is carried further. Only effective events take a place; a void one adds nothing, so that nothing later depends
//! on it; nor does a report that no condition reads. What is checked on each pair is in `invariant`.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{Hash, Hasher};

use uput_core::state::{Fact, Kind, Reading, Side, TABLE, row};

use crate::chains::Chains;
use crate::invariant;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) pairs: u64,
    pub(crate) lawful: u64,
    pub(crate) void: u64,
    pub(crate) states: u64,
}

/// How far, and with which kinds.
#[derive(Clone)]
pub(crate) struct Bounds {
    pub(crate) opener: usize,
    pub(crate) peer: usize,
    pub(crate) kinds: Vec<(Side, Kind)>,
    pub(crate) threads: usize,
}

/// A pair of chains: the opening, then each event with how many of the other chain it has seen.
#[derive(Clone)]
struct Pair(Vec<(Side, Kind, u8)>);

/// Every kind of the table.
pub(crate) fn all_kinds() -> Vec<(Side, Kind)> {
    TABLE.iter().map(|row| (row.side, row.kind)).collect()
}

/// One of each group of like kinds.
pub(crate) fn core_kinds() -> Vec<(Side, Kind)> {
    use Kind::*;
    let opener = [
        Opened0,
        Opened1,
        Opened2,
        Need,
        Identity,
        Corrected,
        ChosenElsewhere,
        Withdrawn,
        Closed,
        Reopened,
        PurgeAsked,
    ];
    let peer = [Held, Accepted, Declined, Misdirected, Started, Withdrawn, Closed, Reopened, Purged];
    by(&opener, &peer)
}

/// Those about responsibility.
pub(crate) fn transfer_kinds() -> Vec<(Side, Kind)> {
    use Kind::*;
    let opener = [Opened1, Need, Closed, Withdrawn, Reopened, TransferOffered, TransferRecalled, TransferCompleted];
    by(&opener, &[Accepted, Declined, Misdirected, Closed, Reopened, TransferTaken])
}

fn by(opener: &[Kind], peer: &[Kind]) -> Vec<(Side, Kind)> {
    let of = |side: Side, kinds: &[Kind]| kinds.iter().map(move |kind| (side, *kind)).collect::<Vec<_>>();
    [of(Side::Opener, opener), of(Side::Peer, peer)].concat()
}

/// Checks every pair of chains within the bounds; `progress` hears of each finished size.
///
/// # Errors
/// The first violation, with the pair that shows it.
pub(crate) fn check(bounds: &Bounds, progress: impl Fn(usize, usize, &Counts)) -> Result<Counts, String> {
    let mut counts = Counts::default();
    let mut states = HashSet::new();
    let mut grid: BTreeMap<(usize, usize), HashMap<u64, Pair>> = BTreeMap::new();
    grid.insert((0, 0), openings(bounds));
    for total in 1..=bounds.opener + bounds.peer {
        for opener in 0..=total.min(bounds.opener) {
            let peer = total - opener;
            if peer > bounds.peer {
                continue;
            }
            let mut found = HashMap::new();
            let before =
                [(Side::Opener, opener.checked_sub(1), Some(peer)), (Side::Peer, Some(opener), peer.checked_sub(1))];
            for (side, before_opener, before_peer) in before {
                let Some(size) = before_opener.zip(before_peer) else { continue };
                let pairs: Vec<&Pair> = grid.get(&size).into_iter().flat_map(HashMap::values).collect();
                extend(bounds, side, &pairs, &mut found, &mut states, &mut counts)?;
            }
            counts.pairs += u64::try_from(found.len()).unwrap();
            progress(opener, peer, &counts);
            grid.insert((opener, peer), found);
        }
        grid.retain(|(opener, peer), _| opener + peer >= total);
    }
    counts.states = u64::try_from(states.len()).unwrap();
    Ok(counts)
}

fn openings(bounds: &Bounds) -> HashMap<u64, Pair> {
    let openings = bounds.kinds.iter().filter(|(_, kind)| kind.opens());
    openings
        .enumerate()
        .map(|(key, (side, kind))| (u64::try_from(key).unwrap(), Pair(vec![(*side, *kind, 0)])))
        .collect()
}

/// Reports that no condition reads are checked, and not carried further: what follows them is what follows without them.
fn takes_no_place(side: Side, kind: Kind) -> bool {
    const UNREAD: &[Fact] = &[Fact::Warning, Fact::Paper, Fact::Notice];
    row(side, kind).is_some_and(|row| row.facts.iter().all(|fact| UNREAD.contains(fact)))
}

/// What one thread found.
#[derive(Default)]
struct Found {
    pairs: HashMap<u64, Pair>,
    states: HashSet<u64>,
    counts: Counts,
}

fn extend(
    bounds: &Bounds,
    side: Side,
    pairs: &[&Pair],
    found: &mut HashMap<u64, Pair>,
    states: &mut HashSet<u64>,
    counts: &mut Counts,
) -> Result<(), String> {
    let (known, known_states) = (&*found, &*states);
    let parts = pairs.chunks(pairs.len().div_ceil(bounds.threads).max(1));
    let results: Vec<Result<Found, String>> = std::thread::scope(|scope| {
        let work = parts.map(|part| scope.spawn(move || extend_part(bounds, side, part, known, known_states)));
        let running: Vec<_> = work.collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for result in results {
        let part = result?;
        counts.lawful += part.counts.lawful;
        counts.void += part.counts.void;
        found.extend(part.pairs);
        states.extend(part.states);
    }
    Ok(())
}

fn extend_part(
    bounds: &Bounds,
    side: Side,
    pairs: &[&Pair],
    known: &HashMap<u64, Pair>,
    known_states: &HashSet<u64>,
) -> Result<Found, String> {
    let mut found = Found::default();
    for pair in pairs {
        let chains = pair.build();
        let seen = pair.seen(side)..=u8::try_from(chains.own(side.other()).count()).unwrap();
        let spoken = bounds.kinds.iter().filter(|(by, kind)| *by == side && !kind.opens());
        for (kind, seen) in spoken.flat_map(|(_, kind)| seen.clone().map(move |seen| (*kind, seen))) {
            let next = pair.with(side, kind, seen);
            let Some(grown) = chains.grown(side, kind, seen) else {
                found.counts.void += 1;
                continue;
            };
            found.counts.lawful += 1;
            invariant::of_last(&chains, &grown, side, seen).map_err(|broken| next.tell(&broken))?;
            let views = Views::of(&grown, [next.seen(Side::Opener), next.seen(Side::Peer)]);
            let key = views.key();
            if known.contains_key(&key) || found.pairs.contains_key(&key) {
                continue;
            }
            invariant::of_views(&grown, &views).map_err(|broken| next.tell(&broken))?;
            let state = hash(&essence(&views.full));
            if !known_states.contains(&state) && found.states.insert(state) {
                invariant::of_state(&grown, &views.full).map_err(|broken| next.tell(&broken))?;
            }
            if !takes_no_place(side, kind) {
                found.pairs.insert(key, next);
            }
        }
    }
    Ok(found)
}

impl Pair {
    fn build(&self) -> Chains {
        let mut chains = Chains::default();
        for (side, kind, seen) in &self.0 {
            chains = chains.grown(*side, *kind, *seen).expect("only effective events are carried further");
        }
        chains
    }

    fn with(&self, side: Side, kind: Kind, seen: u8) -> Self {
        Self(self.0.iter().copied().chain([(side, kind, seen)]).collect())
    }

    /// How many of the other chain the newest event of a party has seen; the receiver has at least the opening.
    fn seen(&self, side: Side) -> u8 {
        let newest = self.0.iter().rfind(|(by, _, _)| *by == side).map(|(_, _, seen)| *seen);
        newest.unwrap_or(u8::from(side == Side::Peer))
    }

    fn tell(&self, broken: &str) -> String {
        let event = |(side, kind, seen): &(Side, Kind, u8)| format!("{}:{} seen={seen}", side.word(), kind.word());
        format!("{broken}: {}", self.0.iter().map(event).collect::<Vec<_>>().join(", "))
    }
}

/// Every view that a party can still take, by how much of the other chain it has; the last one is the whole.
pub(crate) struct Views {
    pub(crate) opener: Vec<Reading>,
    pub(crate) peer: Vec<Reading>,
    pub(crate) full: Reading,
    from: [u8; 2],
}

impl Views {
    fn of(chains: &Chains, from: [u8; 2]) -> Self {
        let views = |side: Side, from: u8| {
            let others: Vec<_> = chains.own(side.other()).map(|node| node.id).collect();
            let own = chains.last(side);
            let cuts = usize::from(from)..others.len();
            let ids = move |cut: usize| {
                own.into_iter().chain(cut.checked_sub(1).map(|last| others[last])).collect::<Vec<_>>()
            };
            cuts.map(|cut| chains.history.reading_at(&ids(cut)).expect("a view has its opening")).collect::<Vec<_>>()
        };
        let full = chains.history.reading().expect("a pair has its opening");
        Self { opener: views(Side::Opener, from[0]), peer: views(Side::Peer, from[1]), full, from }
    }

    fn key(&self) -> u64 {
        let views: Vec<_> = self.opener.iter().chain(&self.peer).chain([&self.full]).map(essence).collect();
        hash(&(self.from, views))
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// All of a reading that anything later can depend on.
fn essence(reading: &Reading) -> impl Hash {
    let said = |kinds: &[Kind]| reading.events.values().any(|event| kinds.contains(&event.kind));
    let phoned = reading.events.values().any(|event| event.kind == Kind::Phoned && event.epoch == reading.epoch);
    let asks = |kind| matches!(kind, Kind::Need | Kind::Reopened | Kind::Opened1 | Kind::Opened2);
    let questions: Vec<_> = reading
        .events
        .iter()
        .filter(|(_, event)| asks(event.kind) && event.side == Side::Opener)
        .map(|(id, event)| (*id, event.epoch))
        .collect();
    let once = [
        said(&[Kind::ContactMade, Kind::Started, Kind::Provided]),
        said(&[Kind::Misdirected]),
        said(&[Kind::Decision]),
        said(&[Kind::Opened1, Kind::Opened2, Kind::Need, Kind::Identity]),
        phoned,
        reading.under_law,
        reading.live,
        reading.covering,
    ];
    let answer = reading.answer.map(|answer| answer.kind);
    let now = (reading.headline, reading.stage, reading.epoch, answer, reading.offer, reading.responsible);
    let sets = [&reading.outstanding, &reading.stops, &reading.closings, &reading.world_now].map(Clone::clone);
    (once, questions, now, sets, reading.owed.clone())
}
