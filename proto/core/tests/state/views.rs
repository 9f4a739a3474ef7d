//! What two parties can still see of a pair of chains, and when two pairs are one.
//!
//! Two pairs are one if all that either party can still take as its view reads the same in both, whatever number an
//! event has in its chain: an event is told apart from others by what it is in each of these views, as every condition
//! asks whether there is such an event, and never how many. An epoch is told apart by how far it is from the lowest that
//! anybody can still be in, as it is compared with nothing else.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use uput_core::id::EventId;
use uput_core::state::{Duty, Kind, Offer, Reading, Side};

use crate::chains::Chains;
use crate::kinds::like;

/// Every view that a party can still take, by how much of the other chain it has, and the whole.
pub(crate) struct Views<'a> {
    side: Side,
    own: Vec<Reading>,
    others: &'a [Reading],
    pub(crate) full: Reading,
    from: [u8; 2],
}

/// What a party can see of a pair, having seen at least so many of the other chain; the last of them is the whole.
pub(crate) fn views(chains: &Chains, side: Side, seen: u8) -> Vec<Reading> {
    let mut views = partial(chains, side, seen);
    views.push(whole(chains));
    views
}

fn partial(chains: &Chains, side: Side, seen: u8) -> Vec<Reading> {
    let others: Vec<_> = chains.own(side.other()).map(|node| node.id).collect();
    let own = chains.last(side);
    let ids = |cut: usize| own.into_iter().chain(cut.checked_sub(1).map(|last| others[last])).collect::<Vec<_>>();
    let reading = |cut| chains.history.reading_at(&ids(cut)).expect("a view has its opening");
    (usize::from(seen)..others.len()).map(reading).collect()
}

fn whole(chains: &Chains) -> Reading {
    chains.history.reading().expect("a pair has its opening")
}

impl<'a> Views<'a> {
    /// After one party has spoken. `from`: how many of the other chain the newest event of each has seen. `others`: what
    /// the other party could see before, which it still can, the whole of then among it.
    pub(crate) fn of(chains: &Chains, side: Side, from: [u8; 2], others: &'a [Reading]) -> Self {
        let seen = from[usize::from(side == Side::Peer)];
        Self { side, own: partial(chains, side, seen), others, full: whole(chains), from }
    }

    /// Those of a party, without the whole.
    pub(crate) fn by(&self, side: Side) -> &[Reading] {
        if side == self.side { &self.own } else { self.others }
    }

    /// Those that were not looked at before the newest event, but for the whole.
    pub(crate) fn unseen(&self) -> impl Iterator<Item = &Reading> {
        self.own.iter().chain(self.others.last())
    }

    fn all(&self) -> impl Iterator<Item = &Reading> {
        self.by(Side::Opener).iter().chain(self.by(Side::Peer)).chain([&self.full])
    }

    /// Equal for two pairs from which the same can follow: the same views, and the same kinds of what one party has not
    /// seen, with their epochs, as these decide what is shown of a crossing.
    pub(crate) fn key(&self, chains: &Chains) -> u64 {
        let mut digest = Digest::default();
        let floor = self.all().map(|view| view.epoch).min().unwrap_or(0);
        let (mut events, mut nothing) = ([0; EVENTS], 0);
        for view in self.all() {
            scalars(view, floor).into_iter().for_each(|scalar| digest.add(scalar));
            let roles = roles(view);
            events.iter_mut().zip(roles).for_each(|(event, role)| *event = mixed(*event, role));
            nothing = mixed(nothing, 0);
        }
        digest.add_each_once(&mut events, nothing);
        for (side, seen) in [(Side::Peer, self.from[0]), (Side::Opener, self.from[1])] {
            digest.add(self.by(side).len() as u64);
            for node in chains.own(side).skip(usize::from(seen)) {
                let epoch = self.full.events.get(&node.id).map_or(0, |event| event.epoch);
                digest.add(like(node.kind) as u64 | u64::from((epoch + 1).saturating_sub(floor)) << 8);
            }
        }
        digest.0
    }

    /// Equal for two wholes of which the same is read, up to like kinds.
    pub(crate) fn state(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        essence(&self.full, &mut hasher);
        hasher.finish()
    }

    /// The same, whatever number an event has in its chain, and whatever the epoch is.
    pub(crate) fn state_without_numbers(&self) -> u64 {
        let mut digest = Digest::default();
        scalars(&self.full, self.full.epoch).into_iter().for_each(|scalar| digest.add(scalar));
        digest.add_each_once(&mut roles(&self.full), 0);
        digest.0
    }
}

/// Events by their place: their author, and their number in its chain.
const EVENTS: usize = 32;

fn place(id: EventId) -> usize {
    let [author, number, ..] = *id.as_bytes();
    usize::from(author - 1) * (EVENTS / 2) + usize::from(number)
}

/// What an event is in a view, as far as anything later can depend on it: one bit for each.
fn roles(view: &Reading) -> [u64; EVENTS] {
    let mut roles = [0; EVENTS];
    let mut is = |id: EventId, role: u32| roles[place(id)] |= 1 << role;
    let kind = |id: EventId| view.events.get(&id).map(|event| event.kind);
    for (id, event) in view.events.iter().filter(|(_, event)| event.side == Side::Opener) {
        match event.kind {
            Kind::Need | Kind::Opened1 | Kind::Opened2 => is(*id, 0),
            Kind::Reopened => is(*id, 1),
            _ => {}
        }
    }
    for id in &view.outstanding {
        is(*id, 2 + u32::from(kind(*id) == Some(Kind::Corrected)));
    }
    for id in &view.stops {
        is(*id, 4 + u32::from(kind(*id) == Some(Kind::Withdrawn)));
    }
    for id in &view.closings {
        is(*id, 6 + u32::from(view.events.get(id).is_some_and(|event| event.side == Side::Peer)));
    }
    let began = |id: &&EventId| matches!(kind(**id), Some(Kind::Started | Kind::Provided));
    view.world_now.iter().filter(began).for_each(|id| is(*id, 8));
    match view.offer {
        Offer::None => {}
        Offer::Open(id) => is(id, 9),
        Offer::Taken(id) => is(id, 10),
        Offer::Completed(id) => is(id, 11),
    }
    view.decisions.iter().for_each(|id| is(*id, 16));
    let duties = [Duty::Asked, Duty::NoPurpose, Duty::UnseenAtClose, Duty::NothingToCorrect];
    for (id, owed) in &view.owed {
        (12..).zip(duties).filter(|(_, duty)| owed.contains(duty)).for_each(|(role, _)| is(*id, role));
    }
    roles
}

/// What a view says of no event in particular.
fn scalars(view: &Reading, floor: u32) -> [u64; 2] {
    let ever = ever(view).into_iter().fold(1, |bits, bit| bits << 1 | u64::from(bit));
    let held = [view.live, view.covering, view.under_law, view.responsible.opener, view.responsible.peer];
    let now = held.into_iter().fold(ever, |bits, bit| bits << 1 | u64::from(bit));
    let answer = view.answer.map_or(0, |answer| 1 + like(answer.kind) as u64);
    [now << 8 | answer, (view.stage as u64) << 32 | u64::from(view.epoch - floor)]
}

/// Whether P ever had to do with her, it ever was misdirected or disclosed, and a yes by telephone counts.
fn ever(view: &Reading) -> [bool; 4] {
    let mut ever = [false; 4];
    for event in view.events.values() {
        let [met, misdirected, valued, phoned] = &mut ever;
        *met |= matches!(event.kind, Kind::ContactMade | Kind::Started | Kind::Provided)
            || (event.kind == Kind::Visited && event.side == Side::Peer);
        *misdirected |= event.kind == Kind::Misdirected;
        *valued |= matches!(
            event.kind,
            Kind::Opened1 | Kind::Opened2 | Kind::Need | Kind::Identity | Kind::Minutes | Kind::Plan
        );
        *phoned |= event.kind == Kind::Phoned && event.epoch == view.epoch;
    }
    ever
}

/// A number made from others, in their order.
#[derive(Default)]
struct Digest(u64);

impl Digest {
    fn add(&mut self, number: u64) {
        self.0 = mixed(self.0, number);
    }

    /// In ascending order, each once, however often it is there.
    fn add_each_once(&mut self, numbers: &mut [u64], without: u64) {
        numbers.sort_unstable();
        let mut before = without;
        for number in numbers.iter().copied().filter(|number| *number != without) {
            if number != before {
                self.add(number);
            }
            before = number;
        }
    }
}

const fn mixed(one: u64, other: u64) -> u64 {
    let mut z = (one ^ other.wrapping_mul(0xff51_afd7_ed55_8ccd)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// All of a reading that anything later can depend on, with the number of each event in its chain.
fn essence(reading: &Reading, hasher: &mut DefaultHasher) {
    for (id, event) in &reading.events {
        let asks = matches!(event.kind, Kind::Need | Kind::Reopened | Kind::Opened1 | Kind::Opened2);
        if asks && event.side == Side::Opener {
            (id, event.epoch, event.kind == Kind::Reopened).hash(hasher);
        }
    }
    let kind = |id| reading.events.get(id).map(|event| event.kind);
    let answer = reading.answer.map(|answer| like(answer.kind));
    let now = (reading.live, reading.covering, reading.under_law, reading.stage, reading.epoch, answer);
    (ever(reading), now, reading.offer, reading.responsible).hash(hasher);
    reading.outstanding.iter().for_each(|id| (id, kind(id) == Some(Kind::Corrected)).hash(hasher));
    reading.stops.iter().for_each(|id| (id, kind(id) == Some(Kind::Withdrawn)).hash(hasher));
    let services = reading.world_now.iter().filter(|id| matches!(kind(id), Some(Kind::Started | Kind::Provided)));
    services.for_each(|id| id.hash(hasher));
    (&reading.closings, &reading.owed).hash(hasher);
}
