//! The network: one line between two houses, which is laid, delays, goes silent and breaks. [SIM-3]
//!
//! Frames of one stream keep their order, as those of a connection do. What is lost, doubled or overtaken is so because
//! a stream broke, or because a copy of a letter takes another way later, as by a relay or on a stick.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until, timeout},
};
use tonic::Status;
use uput_core::wire::peer_frame::Frame;
use uput_node::peer::{
    Mailroom,
    simulated::{Frames, Met},
};

use crate::{dice::Dice, house::Running, liar::Lie, town::Town};

/// After so long a silence a connection is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// So long a slow reader takes for a frame, at most.
const SLOW_READER: Duration = Duration::from_secs(240);
/// Letters of which copies are kept.
const COPIES: usize = 64;

/// How the line between two houses is.
#[derive(Default)]
pub struct Weather {
    now: Mutex<Now>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Now {
    /// Nothing stands, and nothing can be laid.
    cut: bool,
    /// Nothing comes from that end, counted from the first house.
    silent: Option<usize>,
    /// A frame takes up to so long.
    slow: Duration,
    /// Changes with every cut: a stream ends when it does.
    broken: u64,
}

impl Weather {
    fn now<T>(&self, read: impl FnOnce(&mut Now) -> T) -> T {
        read(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whatever stands on it looks whether it still may.
    pub fn wake(&self) {
        self.changed.send_replace(());
    }

    fn change(&self, change: impl FnOnce(&mut Now)) {
        self.now(change);
        self.wake();
    }

    /// Everything stands again.
    pub fn clear(&self) {
        self.change(|now| (now.cut, now.silent, now.slow) = (false, None, Duration::ZERO));
    }

    /// The line breaks; with `stays` no other can be laid until it clears.
    pub fn cut(&self, stays: bool) {
        self.change(|now| (now.cut, now.broken) = (stays, now.broken + 1));
    }

    /// Nothing comes from one end any more, until it clears.
    pub fn silence(&self, end: usize) {
        self.change(|now| now.silent = Some(end));
    }

    /// Frames take up to so long.
    pub fn slow(&self, most: Duration) {
        self.now(|now| now.slow = most);
    }

    fn broken(&self) -> u64 {
        self.now(|now| now.broken)
    }

    fn can_be_laid(&self) -> bool {
        self.now(|now| !now.cut && now.silent.is_none())
    }

    fn is_silent(&self, end: usize) -> bool {
        self.now(|now| now.silent == Some(end))
    }
}

/// A letter as it travelled.
#[derive(Clone)]
pub struct Copy {
    /// By whom, to whom.
    pub ends: (usize, usize),
    /// Its bytes.
    pub letter: Vec<u8>,
    /// It was lost with its stream.
    pub lost: bool,
}

/// Copies of letters that travelled, the newest last.
#[derive(Default)]
pub struct Copies(Mutex<VecDeque<Copy>>);

impl Copies {
    fn keep(&self, copy: Copy) {
        let mut copies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if copies.len() >= COPIES {
            copies.pop_front();
        }
        copies.push_back(copy);
    }

    /// One of them; with `lost`, one that was lost, if there is any.
    pub fn any(&self, lost: bool, which: impl FnOnce(usize) -> usize) -> Option<Copy> {
        let copies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let some: Vec<&Copy> = copies.iter().filter(|copy| copy.lost || !lost).collect();
        let some = if some.is_empty() { copies.iter().collect() } else { some };
        some.get(which(some.len())).map(|copy| (*copy).clone())
    }
}

/// Lays streams between two houses, one after the other, for ever.
pub async fn keep(town: Arc<Town>, ends: (usize, usize)) {
    // Its own, so that what happens on one line changes no other.
    let dice = Dice::new(town.seed_of(ends));
    loop {
        let Some(weather) = town.weather(ends) else { return };
        if let (Some(first), Some(second), true) = (town.running(ends.0), town.running(ends.1), weather.can_be_laid()) {
            let broken = weather.broken();
            let one = Stream { town: &town, dice: &dice, ends, nodes: (&first, &second), broken };
            // [SIM-3] Both may have dialled: the nodes keep one of the two.
            if dice.chance(15) {
                town.tally.note("line: both dialled");
                let other =
                    Stream { town: &town, dice: &dice, ends: (ends.1, ends.0), nodes: (&second, &first), broken };
                tokio::join!(one.carry(), other.carry());
            } else if dice.chance(50) {
                one.carry().await;
            } else {
                Stream { ends: (ends.1, ends.0), nodes: (&second, &first), ..one }.carry().await;
            }
        }
        // Whoever is told nonsense on each stream waits as after each failure. [SIM-22]
        let more = if town.rambles(ends) { 600_000 } else { 5000 };
        sleep(Duration::from_millis(500 + dice.next() % more)).await;
    }
}

/// One stream; the first of the two ends dialled.
struct Stream<'a> {
    town: &'a Arc<Town>,
    dice: &'a Dice,
    ends: (usize, usize),
    nodes: (&'a Running, &'a Running),
    broken: u64,
}

impl Stream<'_> {
    /// Carries frames until either end has closed, or the line broke.
    async fn carry(&self) {
        let (here, there) = self.nodes;
        let Some(card) = uput_node::node::Post(Arc::clone(&here.node)).peer(&there.node.me().organisation) else {
            return;
        };
        let key = *here.node.me().chain().newest().tls_key().as_bytes();
        let (to_here, heard_here) = mpsc::channel(1);
        let (to_there, heard_there) = mpsc::channel(1);
        let (said_here, talk_here) = here.peers.meet(Met::Dialled(card), heard_here);
        let (said_there, talk_there) = there.peers.meet(Met::Accepted(key), heard_there);
        let swapped = (self.ends.1, self.ends.0);
        tokio::select! {
            () = self.flow(self.ends, said_here, to_there) => {}
            () = self.flow(swapped, said_there, to_here) => {}
            () = self.breaks() => {}
        }
        // Each end sees the line end and closes: it may take its patience for that.
        let _ = tokio::join!(talk_here, talk_there);
    }

    /// Frames one way, in their order.
    async fn flow(&self, ends: (usize, usize), mut said: Frames, to: mpsc::Sender<Result<Frame, Status>>) {
        let mut under_way = UnderWay { stream: self, dice: Dice::new(self.dice.next()), ends, frames: VecDeque::new() };
        loop {
            let first = under_way.frames.front().map(|(at, _)| *at);
            tokio::select! {
                frame = said.recv(), if under_way.takes_more() => match frame {
                    Some(frame) => under_way.say(frame),
                    None if under_way.frames.is_empty() => return,
                    None => sleep_until(first.unwrap_or_else(Instant::now)).await,
                },
                () = sleep_until(first.unwrap_or_else(Instant::now)), if first.is_some() => (),
            }
            while under_way.frames.front().is_some_and(|(at, _)| *at <= Instant::now()) {
                let Some((_, frame)) = under_way.frames.pop_front() else { break };
                if to.send(frame).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Ends when the line broke, an end is gone, or nothing came one way for too long.
    async fn breaks(&self) {
        let Some(weather) = self.town.weather(self.ends) else { return };
        let mut changes = weather.changed.subscribe();
        let mut silent_since = None;
        loop {
            if !self.both_run() || weather.broken() != self.broken {
                return;
            }
            // Nobody else holds the sender, and the town outlives its lines.
            if weather.can_be_laid() {
                silent_since = None;
                let _ = changes.changed().await;
                continue;
            }
            let left = SILENCE.saturating_sub(silent_since.get_or_insert_with(Instant::now).elapsed());
            if left.is_zero() {
                return;
            }
            let _ = timeout(left, changes.changed()).await;
        }
    }

    fn both_run(&self) -> bool {
        let alive = |end: usize, node: &Running| {
            self.town.running(end).is_some_and(|running| Arc::ptr_eq(&running.node, &node.node))
        };
        alive(self.ends.0, self.nodes.0) && alive(self.ends.1, self.nodes.1)
    }
}

/// Frames that left one end and have not come to the other; what is left of them is lost.
struct UnderWay<'a> {
    stream: &'a Stream<'a>,
    dice: Dice,
    ends: (usize, usize),
    frames: VecDeque<(Instant, Result<Frame, Status>)>,
}

impl UnderWay<'_> {
    fn say(&mut self, frame: Result<Frame, Status>) {
        let town = self.stream.town;
        let node = if self.ends == self.stream.ends { self.stream.nodes.0 } else { self.stream.nodes.1 };
        // What a node says after its power was cut nobody hears.
        if !town.tells(self.ends.0, node) {
            return;
        }
        let Some(weather) = town.weather(self.ends) else { return };
        if weather.is_silent(self.ends.0) {
            town.tally.note("frames: lost");
            return self.note(&frame, true);
        }
        if let (Ok(said), Some(liar)) = (&frame, &town.liar)
            && liar.house == self.ends.0
            && liar.withholds(said)
        {
            return town.tally.note(Lie::WithholdsReceipts.counted());
        }
        let mut most = weather.now(|now| now.slow).max(Duration::from_millis(80));
        if self.is_read_slowly() {
            town.tally.note(Lie::ReadsSlowly.counted());
            most = SLOW_READER;
        }
        let takes = Duration::from_millis(self.dice.next() % u64::try_from(most.as_millis()).unwrap_or(1).max(1));
        let last = self.frames.back().map_or_else(Instant::now, |(at, _)| *at);
        self.note(&frame, false);
        let arrives = last.max(Instant::now() + takes);
        self.frames.push_back((arrives, frame));
        let rambles = town.liar.as_ref().filter(|liar| liar.house == self.ends.0);
        if let Some(nonsense) = rambles.and_then(|liar| liar.rambles(&self.dice)) {
            town.tally.note(Lie::Rambles.counted());
            self.frames.push_back((arrives, Ok(nonsense)));
        }
    }

    /// Whoever reads slowly takes one frame after the other. [SIM-22]
    fn takes_more(&self) -> bool {
        self.frames.is_empty() || !self.is_read_slowly()
    }

    fn is_read_slowly(&self) -> bool {
        let liar = self.stream.town.liar.as_ref();
        liar.is_some_and(|liar| liar.house == self.ends.1 && liar.reads_slowly())
    }

    fn note(&self, frame: &Result<Frame, Status>, lost: bool) {
        if lost && matches!(frame, Ok(Frame::Receipt(_))) {
            self.stream.town.tally.note("receipts: lost");
        }
        if let Ok(Frame::Letter(letter)) = frame {
            let copy = Copy { ends: self.ends, letter: letter.letter.clone(), lost };
            self.stream.town.copies.keep(copy);
            self.stream.town.overhears(self.ends, &letter.letter);
            self.stream.town.tally.note(if lost { "letters: lost, and sent again" } else { "letters" });
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        for (_, frame) in std::mem::take(&mut self.frames) {
            self.stream.town.tally.note("frames: lost");
            self.note(&frame, true);
        }
    }
}
