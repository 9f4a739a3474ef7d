//! What waits for each peer.
//!
//! Guarantees: what waits is on disk already; within a trail the order is kept, across trails nothing waits for another;
//! an item leaves only when the peer has it on disk or refused it for good. [NOD-30] What follows a refused event in its
//! trail is held: the peer could never admit it. [NOD-34]
//! Memory: eight bytes an item beside the map; the items themselves stay in the journal.

mod carried;
mod restored;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use uput_core::id::{OrgId, TrailId};

use super::inbox::MOST_REQUESTS;
use crate::{peer::Letters, storage::Position};
use restored::{Lost, Restored};

/// The first pause after a peer said "later".
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Letters under way from which on only full ones follow: sealing costs more than most of what is sealed, and while so
/// many travel, what comes up meanwhile can travel together. It waits for the first receipt, for no time.
const ENOUGH: usize = 4;
/// How long receipts wait for others to share a record. A crash meanwhile costs no more than sending again what the peer
/// has already.
const SHARED: Duration = Duration::from_millis(20);

/// Queues of all peers.
#[derive(Default)]
pub(super) struct Outbox {
    queues: Mutex<HashMap<OrgId, Arc<Queue>>>,
    /// The node was restored. [BAK-53]
    restored: bool,
}

/// What waits for one peer.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<Position, Waiting>,
    flying: HashMap<u64, Vec<(Position, Waiting)>>,
    busy: HashSet<TrailId>,
    requests: Vec<(TrailId, [u8; 32])>,
    /// Requests that were sent, to know an answer by.
    asked: VecDeque<(TrailId, [u8; 32])>,
    /// When each letter in flight was handed out.
    handed_out: HashMap<u64, Instant>,
    /// Letters in flight that hold requests.
    asking: HashSet<u64>,
    next_ticket: u64,
    /// Letters that the peer put off: in flight for their trails, but not under way.
    resting: HashSet<u64>,
    /// What the peer has, and no record says yet.
    received: Vec<Position>,
    alone: BTreeSet<Position>,
    refusals: u32,
    round: Round,
    refused: BTreeMap<Position, Refused>,
    /// Trails of which an event was refused: none of their events goes any more.
    broken: HashSet<TrailId>,
    /// How each trail stands of which the peer has not every event.
    standings: HashMap<TrailId, Standing>,
    /// Of a node that was restored: what may go.
    restored: Option<Restored>,
    /// What is not here, and is asked for. [BAK-57] [STO-40]
    lost: Lost,
    /// What the peer has shown to have, and no receipt has said.
    shown: Vec<u64>,
}

/// Letters that the peer put off together: they rest equally long.
#[derive(Clone, Copy, Default)]
struct Round {
    /// The letter that was put off first: the round lasts until it goes again.
    first: u64,
    /// The newest letter that was sent before: what was under way then is of this round, whenever its answer comes.
    sent: u64,
}

/// How a trail stands towards a peer.
#[derive(Clone, Copy, Default)]
pub(super) struct Standing {
    /// How many of its events are not on the peer's disk.
    pub(super) undelivered: u64,
    /// What broke it off: its first event that was refused for good.
    pub(super) broken: Option<Refused>,
}

/// What kind of thing waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    /// The trail that it belongs to, whose order counts.
    pub(super) trail: Option<TrailId>,
    /// It is an event: what comes after it in its trail names it.
    pub(super) event: bool,
    /// When it was queued, seconds since 1970.
    pub(super) since: u64,
}

/// Something that will never be on the peer's disk.
#[derive(Clone, Copy)]
pub(super) struct Refused {
    /// What it was.
    pub(super) item: Waiting,
    /// Number of the rejection.
    pub(super) code: u32,
    /// The peer did not refuse it: it could not be sent any more.
    pub(super) unsent: bool,
    /// When, seconds since 1970.
    pub(super) time: u64,
}

/// What goes into one letter.
pub(super) struct Batch {
    /// Its name while it is in flight.
    pub(super) ticket: u64,
    /// Records, oldest first.
    pub(super) positions: Vec<Position>,
    /// Heads that are asked for.
    pub(super) requests: Vec<(TrailId, [u8; 32])>,
    /// What was lost and is asked for: a trail, or none for all of them. [BAK-57]
    pub(super) lost: BTreeSet<Option<TrailId>>,
}

/// How a queue stands.
#[derive(Clone, Copy, Default)]
pub struct Length {
    /// Items that wait or are in flight.
    pub items: u64,
    /// When the oldest was queued, seconds since 1970; 0: none.
    pub oldest: u64,
    /// Items that are held because an event before them was refused for good; they are not among the others.
    pub held: u64,
}

impl Outbox {
    /// Of a node that was restored, or not.
    pub(super) fn new(restored: bool) -> Self {
        Self { restored, ..Self::default() }
    }

    /// The queue of a peer.
    pub(super) fn queue(&self, to: &OrgId) -> Arc<Queue> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.entry(*to).or_insert_with(|| Arc::new(Queue::new(self.restored))).clone()
    }

    /// What was refused for good and may still be news, by whom.
    pub(super) fn refused(&self, since: u64) -> Vec<(OrgId, Refused)> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |(to, queue): (&OrgId, &Arc<Queue>)| {
            queue
                .lock()
                .refused
                .values()
                .filter(|refused| refused.time >= since)
                .map(|one| (*to, *one))
                .collect::<Vec<_>>()
        };
        queues.iter().flat_map(of).collect()
    }

    /// The queue whose oldest item has waited longest, of what somebody may know of. [DEL-9]
    pub(super) fn longest(&self, seen: &dyn Fn(&Waiting) -> bool) -> Option<(OrgId, Length)> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let lengths = queues.iter().map(|(to, queue)| (*to, queue.length_of(seen)));
        lengths.filter(|(_, length)| length.oldest > 0).min_by_key(|(to, length)| (length.oldest, *to))
    }

    /// The longest of all queues. [DEL-9]
    pub(super) fn most(&self, seen: &dyn Fn(&Waiting) -> bool) -> u64 {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.values().map(|queue| queue.length_of(seen).items).max().unwrap_or(0)
    }

    /// All queues together.
    pub(super) fn length(&self) -> Length {
        self.length_of(&|_| true)
    }

    /// The same of what somebody may know of.
    pub(super) fn length_of(&self, seen: &dyn Fn(&Waiting) -> bool) -> Length {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.values().map(|queue| queue.length_of(seen)).fold(Length::default(), Length::with)
    }
}

impl Length {
    fn with(self, other: Self) -> Self {
        let oldest = [self.oldest, other.oldest].into_iter().filter(|since| *since > 0).min().unwrap_or(0);
        Self { items: self.items.saturating_add(other.items), oldest, held: self.held.saturating_add(other.held) }
    }
}

impl Queue {
    fn new(restored: bool) -> Self {
        // [BAK-57] Whatever there is with this peer is asked for first.
        let lost = if restored { Lost::all() } else { Lost::default() };
        let state = State { restored: restored.then(Restored::default), lost, ..State::default() };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// Adds what is on disk.
    pub(super) fn push(&self, items: impl IntoIterator<Item = (Position, Waiting)>) {
        let mut state = self.lock();
        for (position, item) in items {
            state.owe(&item);
            state.waiting.insert(position, item);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Asks the peer for its head of a trail. Not kept: whoever asked asks again. The oldest are forgotten first.
    pub(super) fn ask(&self, trail: TrailId, nonce: [u8; 32]) {
        let mut state = self.lock();
        if state.requests.len() >= MOST_REQUESTS {
            state.requests.remove(0);
        }
        state.requests.push((trail, nonce));
        if state.asked.len() >= MOST_REQUESTS {
            state.asked.pop_front();
        }
        state.asked.push_back((trail, nonce));
        drop(state);
        self.changed.notify_waiters();
    }

    /// Whether a head of a trail is still to be sent.
    pub(super) fn has_head(&self, trail: &TrailId) -> bool {
        let state = self.lock();
        let flying = state.flying.values().flatten().map(|(_, item)| item);
        state.waiting.values().chain(flying).any(|item| !item.event && item.trail.as_ref() == Some(trail))
    }

    /// Takes out what waits of a trail, for good; none if something of it is on its way. [RET-19]
    pub(super) fn take_out(&self, trail: &TrailId) -> Option<Vec<(Position, Waiting)>> {
        let mut state = self.lock();
        if state.busy.contains(trail) {
            return None;
        }
        let of_trail = |item: &Waiting| item.trail == Some(*trail);
        let taken: Vec<(Position, Waiting)> = state
            .waiting
            .iter()
            .filter(|(_, item)| of_trail(item))
            .map(|(position, item)| (*position, *item))
            .collect();
        for (position, item) in &taken {
            state.waiting.remove(position);
            state.gave(item);
        }
        Some(taken)
    }

    /// Whether a head with this nonce was asked for, and is not here yet.
    pub(super) fn has_asked(&self, trail: &TrailId, nonce: &[u8; 32]) -> bool {
        self.lock().asked.contains(&(*trail, *nonce))
    }

    /// The head that was asked for is here.
    pub(super) fn answered(&self, trail: &TrailId, nonce: &[u8; 32]) {
        self.lock().asked.retain(|asked| *asked != (*trail, *nonce));
    }

    /// Waits for something to send and takes at most `most` items.
    pub(super) async fn next(&self, most: usize) -> Batch {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(batch) = self.take(most) {
                return batch;
            }
            changed.await;
        }
    }

    /// Takes what may go now: of each trail only if nothing of it is in flight.
    fn take(&self, most: usize) -> Option<Batch> {
        let mut state = self.lock();
        // A question goes without items, and what goes alone without questions: the answer is about that alone.
        let lost = state.lost.take();
        let positions = if lost.is_empty() { state.choose(most) } else { Vec::new() };
        let alone = !lost.is_empty() || positions.iter().any(|position| state.alone.contains(position));
        if state.requests.is_empty()
            && lost.is_empty()
            && (positions.is_empty() || state.better_together(positions.len(), most))
        {
            return None;
        }
        let requests = if alone { Vec::new() } else { std::mem::take(&mut state.requests) };
        state.next_ticket = state.next_ticket.wrapping_add(1);
        let ticket = state.next_ticket;
        if !requests.is_empty() || !lost.is_empty() {
            state.asking.insert(ticket);
        }
        state.lost.flies(ticket, &lost);
        let items: Vec<(Position, Waiting)> =
            positions.iter().filter_map(|position| Some((*position, state.waiting.remove(position)?))).collect();
        let trails: Vec<TrailId> = items.iter().filter_map(|(_, item)| item.trail).collect();
        state.busy.extend(trails);
        state.flying.insert(ticket, items);
        state.handed_out.insert(ticket, Instant::now());
        Some(Batch { ticket, positions, requests, lost })
    }

    /// The peer has them, or refused them for good: they are gone from here. Gives their positions.
    pub(super) fn done(&self, ticket: u64) -> Vec<Position> {
        let items = self.land(ticket);
        let positions = items.iter().map(|(position, _)| *position).collect();
        let mut state = self.lock();
        state.lost.lands(ticket);
        state.refusals = 0;
        for (position, item) in &items {
            state.alone.remove(position);
            state.gave(item);
            if let Some(restored) = &mut state.restored {
                restored.gives.remove(position);
            }
        }
        positions
    }

    /// They will never be on the peer's disk. Of their trails no further event goes. Gives what they were. [NOD-34]
    pub(super) fn refuse(&self, ticket: u64, code: u32, unsent: bool, time: u64) -> Vec<(Position, Refused)> {
        let items = self.land(ticket);
        let refused = items.into_iter().map(|(position, item)| (position, Refused { item, code, unsent, time }));
        let refused: Vec<_> = refused.collect();
        let mut state = self.lock();
        state.lost.lands(ticket);
        refused.iter().for_each(|(position, refused)| state.refuse(*position, *refused));
        refused
    }

    /// What is held for good, because an event before it in its trail was refused. [NOD-34]
    pub(super) fn held(&self) -> Vec<Position> {
        let state = self.lock();
        state.waiting.iter().filter(|(_, item)| state.holds(item)).map(|(position, _)| *position).collect()
    }

    /// Whether no event of a trail goes any more. [NOD-34]
    pub(super) fn is_broken(&self, trail: &TrailId) -> bool {
        self.lock().broken.contains(trail)
    }

    /// Takes in what was refused for good before the node was started.
    pub(super) fn set_refused(&self, refused: impl IntoIterator<Item = (Position, Refused)>) {
        let mut state = self.lock();
        for (position, refused) in refused {
            state.owe(&refused.item);
            state.refuse(position, refused);
        }
    }

    /// Notes what the peer has, and a little later gives all that was noted meanwhile, for one record; nothing, if
    /// somebody else was given it.
    pub(super) async fn received(&self, positions: Vec<Position>) -> Vec<Position> {
        self.lock().received.extend(positions);
        tokio::time::sleep(SHARED).await;
        std::mem::take(&mut self.lock().received)
    }

    /// These items of a letter did not fit in it: they wait for the next.
    pub(super) fn put_back(&self, ticket: u64, left: &[Position]) {
        let mut state = self.lock();
        let Some(items) = state.flying.remove(&ticket) else { return };
        let (back, stay): (Vec<_>, Vec<_>) = items.into_iter().partition(|(position, _)| left.contains(position));
        // A trail with an item in this letter stays busy until the letter lands.
        let stays = |trail: &TrailId| stay.iter().any(|(_, item)| item.trail.as_ref() == Some(trail));
        for trail in back.iter().filter_map(|(_, item)| item.trail).filter(|trail| !stays(trail)) {
            state.busy.remove(&trail);
        }
        state.flying.insert(ticket, stay);
        state.waiting.extend(back);
        drop(state);
        self.changed.notify_waiters();
    }

    /// How long a letter rests before it goes again: longer each round, capped, and new after a success. Whatever reason
    /// the peer gives: none lets it be asked without end. [NOD-30]
    pub(super) fn pause(&self, ticket: u64) -> Duration {
        let mut state = self.lock();
        if ticket > state.round.sent && !state.resting.contains(&state.round.first) {
            state.refusals = state.refusals.saturating_add(1);
            state.round = Round { first: ticket, sent: state.next_ticket };
        }
        state.resting.insert(ticket);
        self.changed.notify_waiters();
        let before = state.refusals.saturating_sub(1);
        (FIRST_PAUSE * 2_u32.saturating_pow(before.min(12))).min(LONGEST_PAUSE)
    }

    /// They go again. With `alone`, each in a letter of its own, so that one bad item holds up no other.
    pub(super) fn again(&self, ticket: u64, alone: bool) {
        let items = self.land(ticket);
        let mut state = self.lock();
        state.lost.again(ticket);
        if alone {
            state.alone.extend(items.iter().map(|(position, _)| *position));
        }
        state.waiting.extend(items);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Whether a letter in flight holds requests.
    pub(super) fn asks(&self, ticket: u64) -> bool {
        self.lock().asking.contains(&ticket)
    }

    /// How many items a letter in flight holds.
    pub(super) fn flying(&self, ticket: u64) -> usize {
        self.lock().flying.get(&ticket).map_or(0, Vec::len)
    }

    /// What a letter in flight holds.
    pub(super) fn carried(&self, ticket: u64) -> Vec<Position> {
        let state = self.lock();
        state.flying.get(&ticket).into_iter().flatten().map(|(position, _)| *position).collect()
    }

    /// How one trail stands.
    pub(super) fn standing(&self, trail: &TrailId) -> Standing {
        self.lock().standings.get(trail).copied().unwrap_or_default()
    }

    /// How it stands.
    pub(super) fn length(&self) -> Length {
        self.length_of(&|_| true)
    }

    /// The same of what somebody may know of.
    pub(super) fn length_of(&self, seen: &dyn Fn(&Waiting) -> bool) -> Length {
        let state = self.lock();
        let flying = state.flying.values().flatten().map(|(_, item)| item);
        let one = |item: &Waiting| match state.holds(item) {
            true => Length { held: 1, ..Length::default() },
            false => Length { items: 1, oldest: item.since, held: 0 },
        };
        state.waiting.values().chain(flying).filter(|item| seen(item)).map(one).fold(Length::default(), Length::with)
    }

    /// How letters fare: what the peer has put off has its answer. [DEL-20]
    pub(super) fn letters(&self) -> Letters {
        let state = self.lock();
        let under_way = state.handed_out.iter().filter(|(ticket, _)| !state.resting.contains(ticket));
        let unanswered = under_way.map(|(_, since)| since.elapsed()).max();
        Letters { unanswered, put_off: state.refusals }
    }

    fn land(&self, ticket: u64) -> Vec<(Position, Waiting)> {
        let mut state = self.lock();
        let items = state.flying.remove(&ticket).unwrap_or_default();
        state.resting.remove(&ticket);
        state.handed_out.remove(&ticket);
        state.asking.remove(&ticket);
        for trail in items.iter().filter_map(|(_, item)| item.trail) {
            state.busy.remove(&trail);
        }
        drop(state);
        self.changed.notify_waiters();
        items
    }

    // A panic while the lock was held could at worst send something twice, which is harmless.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// An event is here that the peer does not have.
    fn owe(&mut self, item: &Waiting) {
        if let Some(trail) = item.trail.filter(|_| item.event) {
            let standing = self.standings.entry(trail).or_default();
            standing.undelivered = standing.undelivered.saturating_add(1);
        }
    }

    /// The peer has an event.
    fn gave(&mut self, item: &Waiting) {
        let Some(trail) = item.trail.filter(|_| item.event) else { return };
        if let Some(standing) = self.standings.get_mut(&trail) {
            standing.undelivered = standing.undelivered.saturating_sub(1);
            if standing.undelivered == 0 {
                self.standings.remove(&trail);
            }
        }
    }

    /// An item will never be on the peer's disk.
    fn refuse(&mut self, position: Position, refused: Refused) {
        self.alone.remove(&position);
        if let Some(trail) = refused.item.trail.filter(|_| refused.item.event) {
            self.broken.insert(trail);
            let standing = self.standings.entry(trail).or_default();
            standing.broken = standing.broken.or(Some(refused));
        }
        self.refused.insert(position, refused);
    }

    /// Whether so many items should wait for more, or for a receipt.
    fn better_together(&self, items: usize, most: usize) -> bool {
        let under_way = self.flying.len().saturating_sub(self.resting.len());
        items < most && under_way >= ENOUGH && self.alone.is_empty()
    }

    /// Whether an item is held for good, because an event before it was refused.
    fn holds(&self, item: &Waiting) -> bool {
        item.event && item.trail.is_some_and(|trail| self.broken.contains(&trail))
    }

    /// Whether an item waits for the peer's word on its trail. [BAK-53]
    fn awaits(&self, position: &Position, item: &Waiting) -> bool {
        let Some((restored, trail)) = self.restored.as_ref().zip(item.trail) else { return false };
        let goes = restored.asks.contains(position) || restored.gives.contains(position);
        !goes && !restored.resumed.contains(&trail)
    }

    fn choose(&self, most: usize) -> Vec<Position> {
        let free = |position: &Position, item: &Waiting| {
            !self.holds(item)
                && !self.awaits(position, item)
                && item.trail.is_none_or(|trail| !self.busy.contains(&trail))
        };
        let mut free = self.waiting.iter().filter(|(position, item)| free(position, item)).peekable();
        if let Some((first, _)) = free.peek()
            && self.alone.contains(first)
        {
            return vec![**first];
        }
        // What goes alone, later, holds back what follows it in its trail.
        let mut behind = HashSet::new();
        let goes = |(position, item): &(&Position, &Waiting)| {
            if self.alone.contains(position) {
                behind.extend(item.trail);
                return false;
            }
            item.trail.is_none_or(|trail| !behind.contains(&trail))
        };
        free.filter(goes).map(|(position, _)| *position).take(most).collect()
    }
}

#[cfg(test)]
mod tests;
