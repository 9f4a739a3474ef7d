//! Three houses, two trails, two lines, and what is on their disks, in their memory and under way.
//!
//! House 0 opened trail 0 with house 1; house 2 opened trail 1 with house 0. So house 0 has one disk and one key for both.

use uput_core::state::{Kind, Side};

use crate::book::{Book, Events, Number};
use crate::few::Few;

/// Opener and peer of each trail.
pub(crate) const ENDS: [[usize; 2]; 2] = [[0, 1], [2, 0]];
/// The house whose keys are stolen and renewed.
pub(crate) const RENEWS: usize = 0;

/// What people say, how much of it, and what is planted.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// By trail and side, in this order; what is not allowed then is not said, nor what follows it.
    pub(crate) says: [[Vec<Kind>; 2]; 2],
    /// Whether house 0 renews its keys, and a thief uses the old ones.
    pub(crate) renews: bool,
    /// Whether a node says by itself that an opening was delivered.
    pub(crate) answers: bool,
    /// How much fails at most on the way to one moment; [`ANY`]: whatever can.
    pub(crate) faults: u8,
    pub(crate) planted: Option<Planted>,
}

/// Faults without a bound.
pub(crate) const ANY: u8 = u8::MAX;

/// A fault of a node, which has to be found. [DEL-48]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    ReceiptBeforeSync,
    ToldBeforeSync,
    SentBeforeSync,
    NewEnvelope,
    ByArrival,
    ForgottenQueue,
    TakenTwice,
    Hurried,
    OldKeyTaken,
}

impl Planted {
    pub(crate) const ALL: [Self; 9] = [
        Self::ReceiptBeforeSync,
        Self::ToldBeforeSync,
        Self::SentBeforeSync,
        Self::NewEnvelope,
        Self::ByArrival,
        Self::ForgottenQueue,
        Self::TakenTwice,
        Self::Hurried,
        Self::OldKeyTaken,
    ];
}

/// A moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) houses: [House; 3],
    /// What is under way, by trail and side of the sender, the oldest first; no two are the same.
    pub(crate) lines: [[Few<Message, 6>; 2]; 2],
    /// What may still fail.
    pub(crate) faults: u8,
    pub(crate) thief_spoke: bool,
    /// Trails in which a thief's event was taken before anybody could know.
    pub(crate) robbed: [bool; 2],
}

/// One organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct House {
    pub(crate) disk: Disk,
    /// Written and not synced, the oldest first.
    pub(crate) commits: Few<Commit, 4>,
    /// By trail, in memory: the letter without a receipt.
    pub(crate) flying: [Events; 2],
    /// By trail, in memory: how many of its own events the other has. When that comes to the disk nobody waits for: after a
    /// crash it is there, or none of it is.
    pub(crate) given: [u8; 2],
    /// By trail, in memory: up to where its own events were ever sent; kept only for faults that need it.
    pub(crate) sent: [u8; 2],
    pub(crate) people: [People; 2],
}

/// What survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Disk {
    pub(crate) trails: [Events; 2],
    /// The newest key record of each house, its own among them.
    pub(crate) keys: [u8; 3],
}

/// Who works there, on one trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct People {
    /// What they were told that it is recorded.
    pub(crate) told: Events,
    /// They asked and were told nothing.
    pub(crate) unsure: bool,
    /// They were told that it is not allowed, and say no more.
    pub(crate) silent: bool,
}

/// What is one write, and what follows when it is on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Commit {
    #[default]
    Nothing,
    /// A person said it, and is told.
    Said(usize, Number),
    /// It came in a letter, whose receipt is due; what the node says to it is of the same commit.
    Took { trail: usize, events: Events, receipt: Events },
    /// A newer key record of a house.
    Knows(usize, u8),
}

/// What travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    pub(crate) what: What,
    pub(crate) events: Events,
    /// The key record under which its line was laid.
    pub(crate) keys: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum What {
    #[default]
    Letter,
    /// A letter of who has the old keys.
    ThiefsLetter,
    Receipt,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody says the next thing, or asks again.
    Speak(usize, usize),
    Sync(usize),
    Send(usize, usize),
    Arrive {
        trail: usize,
        from: Side,
        at: usize,
        /// It will come once more.
        again: bool,
    },
    Lose {
        trail: usize,
        from: Side,
        at: usize,
    },
    LineEnds(usize),
    /// The power fails, and so many of the commits were on disk.
    Crash {
        house: usize,
        kept: usize,
        /// Of what the others have, nothing was on disk yet.
        forgets: bool,
    },
    Renew,
    ThiefSpeaks,
}

impl World {
    /// Before anything happened.
    pub(crate) fn start(bounds: &Bounds) -> Self {
        Self { faults: bounds.faults, ..Self::default() }
    }

    /// Whether a step is a fault, as what a thief does is. A line that ends when no receipt will come over it any more mends one.
    pub(crate) fn fails(&self, step: Step) -> bool {
        match step {
            Step::Lose { .. } | Step::Crash { .. } | Step::ThiefSpeaks => true,
            Step::Arrive { at, again, .. } => at > 0 || again,
            Step::LineEnds(trail) => {
                let under_way = self.lines[trail].iter().any(|line| !line.is_empty());
                under_way || ENDS[trail].iter().any(|house| self.houses[*house].holds(trail))
            }
            _ => false,
        }
    }

    pub(crate) fn line(&self, trail: usize, from: Side) -> &Few<Message, 6> {
        &self.lines[trail][place(from)]
    }

    /// Puts something on a line; what lies there already does not lie there twice.
    pub(crate) fn put(&mut self, trail: usize, from: Side, message: Message) {
        let line = &mut self.lines[trail][place(from)];
        if !line.has(&message) {
            line.push(message);
        }
    }

    pub(crate) fn house(&mut self, trail: usize, side: Side) -> &mut House {
        &mut self.houses[ENDS[trail][place(side)]]
    }
}

impl House {
    /// Own events that wait, or are on their way.
    pub(crate) fn owes(&self, book: &Book, trail: usize, side: Side) -> Events {
        let own = book.of(&self.disk.trails[trail], side);
        own.skip(usize::from(self.given[trail])).collect()
    }

    /// Whether a commit of a trail is under way: nobody else reads or changes it meanwhile. [NOD-31]
    pub(crate) fn holds(&self, of: usize) -> bool {
        self.commits.all().iter().any(|commit| match commit {
            Commit::Said(trail, _) | Commit::Took { trail, .. } => *trail == of,
            _ => false,
        })
    }

    pub(crate) fn learns(&self) -> bool {
        self.commits.all().iter().any(|commit| matches!(commit, Commit::Knows(..)))
    }
}

pub(crate) const SIDES: [Side; 2] = [Side::Opener, Side::Peer];

pub(crate) fn place(side: Side) -> usize {
    usize::from(side == Side::Peer)
}

/// The trails of a house, with its side.
pub(crate) fn trails_of(house: usize) -> impl Iterator<Item = (usize, Side)> {
    let all = (0..ENDS.len()).flat_map(|trail| SIDES.map(|side| (trail, side)));
    all.filter(move |(trail, side)| ENDS[*trail][place(*side)] == house)
}

pub(crate) fn side_of(house: usize, trail: usize) -> Side {
    if ENDS[trail][0] == house { Side::Opener } else { Side::Peer }
}
