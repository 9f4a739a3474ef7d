//! One event, as far as the state depends on it, and what becomes of it.
//!
//! Guarantees nothing about the event itself: IDs, authorship and form were checked before. Leaves to others: reading
//! it from the wire (`event`).

use std::fmt;

use super::kind::{Kind, Side};
use super::predicate::Predicate;
use crate::id::EventId;
use crate::wire::{Act, DecisionType};

/// One event of a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// Its ID.
    pub id: EventId,
    /// Its author.
    pub side: Side,
    /// What it says.
    pub kind: Kind,
    /// The author's event before.
    pub prev: Option<EventId>,
    /// The newest event of the other party that the author had admitted.
    pub seen: Option<EventId>,
    /// What it names: `transfer_taken` the offer, `delivered` the event, `task` the plan, others nothing.
    pub names: Option<EventId>,
    /// Whether its version is within what the trail is pinned to. // [STA-6]
    pub version_ok: bool,
    /// What an opening asks; every other event has none. An opening without one asks for anything: no act leaves out a
    /// kind there. It is for checks of the table alone; on the wire every opening has its act. // [STA-40]
    pub act: Option<Act>,
    /// Of a decision, its type: by it a later decision is known to be about the same. None counts as a type of its own. // [STA-70]
    pub decision: Option<DecisionType>,
}

/// What becomes of an event. It never changes, whatever comes later. // [STA-3]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It counts.
    Effective,
    /// It is kept and shown, and adds nothing.
    Void(VoidReason),
}

/// Why an event is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VoidReason {
    /// This party does not say this.
    WrongSide,
    /// The act of the trail leaves this out. // [STA-40]
    NotInAct,
    /// Newer than the version that the trail is pinned to.
    Version,
    /// A condition does not hold in its past: the first that fails in the alternative that came furthest.
    Unmet(Predicate),
    /// The events do not make a trail. Only [`super::may`] says this.
    NoTrail(Broken),
}

impl VoidReason {
    /// The word of each.
    pub fn words() -> impl Iterator<Item = &'static str> {
        let unmet = Predicate::ALL.iter().map(|predicate| predicate.word());
        ["wrong_side", "not_in_act", "version", "no_trail"].into_iter().chain(unmet)
    }
}

impl fmt::Display for VoidReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongSide => f.write_str("wrong_side"),
            Self::NotInAct => f.write_str("not_in_act"),
            Self::Version => f.write_str("version"),
            Self::Unmet(predicate) => f.write_str(predicate.word()),
            Self::NoTrail(_) => f.write_str("no_trail"),
        }
    }
}

/// Why nodes are not one trail. // [STA-2]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Broken {
    /// Not exactly one opening by the opener.
    Openings,
    /// An event points to one that is not there.
    ParentMissing(EventId),
    /// An event other than the opening points to nothing.
    Rootless(EventId),
    /// Events point to each other in a circle.
    Circle,
    /// Two different events have one ID.
    Contradiction(EventId),
}

impl std::error::Error for Broken {}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Openings => f.write_str("a trail has exactly one opening"),
            Self::ParentMissing(id) => write!(f, "an event of the trail is missing: {id}"),
            Self::Rootless(id) => write!(f, "an event is not connected to the opening: {id}"),
            Self::Circle => f.write_str("events point to each other in a circle"),
            Self::Contradiction(id) => write!(f, "two different events have one ID: {id}"),
        }
    }
}
