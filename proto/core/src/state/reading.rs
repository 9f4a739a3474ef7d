//! What can be read from a trail: one headline, and beside it everything that the headline does not say.
//!
//! Guarantees that every line is computed from the effective events and their causal order alone, so that two parties
//! with the same events read the same. Leaves to others: everything that depends on time (`status`).

use std::collections::{BTreeMap, BTreeSet};

use super::crossing::Crossing;
use super::fact::Fact;
use super::finding::{Finding, findings};
use super::history::{Entry, History};
use super::kind::{Kind, Side};
use super::node::Verdict;
use super::set::Set;
use super::view::View;
use crate::id::EventId;

/// The reading of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The opening.
    pub opening: EventId,
    /// Every event, with what became of it.
    pub events: BTreeMap<EventId, Judged>,
    /// What an event shows about the conduct of its author.
    pub findings: BTreeSet<Finding>,
    /// The one line.
    pub headline: Headline,
    /// Whether it is open: no stop, and not closed in the epoch.
    pub live: bool,
    /// The highest stage disclosed in the epoch.
    pub stage: Stage,
    /// How often it was reopened, in causal sequence.
    pub epoch: u32,
    /// The answer that counts in the epoch.
    pub answer: Option<Answer>,
    /// Whether the answer is an acceptance that covers the need: the right to identity.
    pub covering: bool,
    /// Acknowledgements in the epoch: a person has seen it.
    pub acknowledged: BTreeSet<EventId>,
    /// Disclosures that the receiver still holds, for all that is known.
    pub outstanding: BTreeSet<EventId>,
    /// Of those, what it must purge or keep under law, and why.
    pub owed: BTreeMap<EventId, BTreeSet<Duty>>,
    /// Who knows itself responsible for her.
    pub responsible: Responsible,
    /// The offer of responsibility.
    pub offer: Offer,
    /// The stops that stand.
    pub stops: BTreeSet<EventId>,
    /// The closings of the epoch.
    pub closings: BTreeSet<EventId>,
    /// What happened in the world, of all epochs.
    pub world: BTreeSet<EventId>,
    /// Of those, what no reopening has set aside.
    pub world_now: BTreeSet<EventId>,
    /// Withdrawals under law: objections, which stop nothing.
    pub objections: BTreeSet<EventId>,
    /// Warnings.
    pub warnings: BTreeSet<EventId>,
    /// Plans: effective ones, of which a later one stands in place of an earlier.
    pub plans: BTreeSet<EventId>,
    /// Where the sender asked the next body.
    pub escalations: BTreeSet<EventId>,
    /// Decisions that grant, and that no later one of their type has taken away: the grounds that there are.
    pub decisions: BTreeSet<EventId>,
    /// Reopenings that set a withdrawal aside, and so need a fresh basis, with the withdrawals.
    pub fresh_basis: BTreeMap<EventId, BTreeSet<EventId>>,
    /// Whether it was opened under law.
    pub under_law: bool,
    /// Pairs that crossed, where that matters.
    pub crossings: Vec<Crossing>,
}

/// One event of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Judged {
    /// Its author.
    pub side: Side,
    /// What it says.
    pub kind: Kind,
    /// What became of it.
    pub verdict: Verdict,
    /// Its epoch.
    pub epoch: u32,
}

/// The one line, in the order of dominance: the first that holds. // [STA-19]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Headline {
    /// She withdrew.
    Withdrawn,
    /// The sender took it back.
    Revoked,
    /// It came to the wrong receiver.
    Misdirected,
    /// Another recipient was chosen.
    ChosenElsewhere,
    /// Closed.
    Closed,
    /// The service was given.
    Provided,
    /// The service began.
    Started,
    /// No; another kind of service is right.
    Redirected,
    /// No.
    Declined,
    /// Later, perhaps.
    Waitlisted,
    /// A place is held.
    Held,
    /// Yes, in another form.
    PartlyAccepted,
    /// Yes.
    Accepted,
    /// Asked, and not answered.
    Asked,
}

impl Headline {
    /// Every headline, in the order of dominance.
    pub const ALL: [Self; 14] = [
        Self::Withdrawn,
        Self::Revoked,
        Self::Misdirected,
        Self::ChosenElsewhere,
        Self::Closed,
        Self::Provided,
        Self::Started,
        Self::Redirected,
        Self::Declined,
        Self::Waitlisted,
        Self::Held,
        Self::PartlyAccepted,
        Self::Accepted,
        Self::Asked,
    ];

    /// The line that an event of this kind asks for.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Withdrawn => Self::Withdrawn,
            Kind::Revoked => Self::Revoked,
            Kind::Misdirected => Self::Misdirected,
            Kind::ChosenElsewhere => Self::ChosenElsewhere,
            Kind::Closed => Self::Closed,
            Kind::Provided => Self::Provided,
            Kind::Started => Self::Started,
            Kind::Redirected => Self::Redirected,
            Kind::Declined => Self::Declined,
            Kind::Waitlisted => Self::Waitlisted,
            Kind::Held => Self::Held,
            Kind::PartlyAccepted => Self::PartlyAccepted,
            Kind::Accepted => Self::Accepted,
            _ => Self::Asked,
        }
    }

    /// One word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
            Self::Misdirected => "misdirected",
            Self::ChosenElsewhere => "chosen_elsewhere",
            Self::Closed => "closed",
            Self::Provided => "provided",
            Self::Started => "started",
            Self::Redirected => "redirected",
            Self::Declined => "declined",
            Self::Waitlisted => "waitlisted",
            Self::Held => "held",
            Self::PartlyAccepted => "partly_accepted",
            Self::Accepted => "accepted",
            Self::Asked => "asked",
        }
    }
}

/// How much was disclosed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The enquiry: nothing about a person.
    Enquiry,
    /// The need.
    Need,
    /// Identity and safe contact.
    Identity,
}

/// The answer that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Answer {
    /// Which.
    pub kind: Kind,
    /// The event that gave it; codes and times are there.
    pub event: EventId,
}

/// Why a disclosure is owed. // [STA-17]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duty {
    /// (a) The sender asked for it.
    Asked,
    /// (b) A stop stands, or the answer is a no.
    NoPurpose,
    /// (c) The receiver closed without having seen it.
    UnseenAtClose,
    /// (d) A correction of which no original is left.
    NothingToCorrect,
}

impl Duty {
    /// The letter of the rule.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Asked => 'a',
            Self::NoPurpose => 'b',
            Self::UnseenAtClose => 'c',
            Self::NothingToCorrect => 'd',
        }
    }
}

/// Who knows itself responsible. Both is possible; neither is not. // [STA-18]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Responsible {
    /// The sender.
    pub opener: bool,
    /// The receiver.
    pub peer: bool,
}

/// The offer of responsibility. // [STA-18]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offer {
    /// None stands.
    None,
    /// Made.
    Open(EventId),
    /// Taken, and not yet completed.
    Taken(EventId),
    /// Completed by this event.
    Completed(EventId),
}

impl Reading {
    /// Of a part, without the pairs that crossed.
    pub(super) fn of(opening: EventId, history: &History, view: &View<'_>) -> Self {
        let ids = |set: &Set| set.iter().filter_map(|place| history.id(place)).collect::<BTreeSet<_>>();
        let all = |fact| ids(&view.with(fact));
        Self {
            opening,
            events: history.entries(view.within()).map(|(_, entry)| judged(entry)).collect(),
            findings: findings(history, view),
            headline: headline(history, view),
            live: view.live(),
            stage: stage(view),
            epoch: view.epoch(),
            answer: answer(history, view),
            covering: view.covered(),
            acknowledged: ids(&view.now(Fact::Notice)),
            outstanding: ids(&view.outstanding()),
            owed: owed(history, view),
            responsible: responsible(view),
            offer: offer(history, view),
            stops: ids(&view.stops()),
            closings: ids(&view.now(Fact::End)),
            world: all(Fact::World),
            world_now: ids(&view.standing(Fact::World)),
            objections: if view.under_law() { all(Fact::Withdrawal) } else { BTreeSet::new() },
            warnings: all(Fact::Warning),
            plans: all(Fact::Tasks),
            escalations: all(Fact::Escalation),
            decisions: ids(&view.grounds()),
            fresh_basis: fresh_basis(history, view),
            under_law: view.under_law(),
            crossings: Vec::new(),
        }
    }
}

fn judged(entry: &Entry) -> (EventId, Judged) {
    let Entry { node, verdict, epoch, .. } = entry;
    (node.id, Judged { side: node.side, kind: node.kind, verdict: *verdict, epoch: *epoch })
}

// [STA-19]
fn headline(history: &History, view: &View<'_>) -> Headline {
    let mut lines = view.stops();
    lines.join(&view.now(Fact::End));
    lines.join(&view.standing(Fact::World));
    lines.iter().chain(view.answer()).map(|place| Headline::of(history.kind(place))).min().unwrap_or(Headline::Asked)
}

fn stage(view: &View<'_>) -> Stage {
    match view.stage() {
        0 => Stage::Enquiry,
        1 => Stage::Need,
        _ => Stage::Identity,
    }
}

fn answer(history: &History, view: &View<'_>) -> Option<Answer> {
    let place = view.answer()?;
    Some(Answer { kind: history.kind(place), event: history.id(place)? })
}

// [STA-17]
fn owed(history: &History, view: &View<'_>) -> BTreeMap<EventId, BTreeSet<Duty>> {
    let everything = if view.all_owed() { view.outstanding() } else { Set::default() };
    let duties = [
        (Duty::Asked, view.asked()),
        (Duty::NoPurpose, everything),
        (Duty::UnseenAtClose, view.unseen_at_close()),
        (Duty::NothingToCorrect, view.orphaned()),
    ];
    let because = |place| duties.iter().filter(|(_, set)| set.contains(place)).map(|(duty, _)| *duty).collect();
    view.owed().iter().filter_map(|place| Some((history.id(place)?, because(place)))).collect()
}

// [STA-18]
fn responsible(view: &View<'_>) -> Responsible {
    let completed = !view.with(Fact::Complete).is_empty();
    Responsible { opener: !completed, peer: completed || !view.taken().is_empty() }
}

// [STA-18]
fn offer(history: &History, view: &View<'_>) -> Offer {
    let first = |set: &Set| set.iter().filter_map(|place| history.id(place)).min();
    let completed = first(&view.with(Fact::Complete)).map(Offer::Completed);
    let taken = || first(&view.taken()).map(Offer::Taken);
    let open = || first(&view.offers()).map(Offer::Open);
    completed.or_else(taken).or_else(open).unwrap_or(Offer::None)
}

/// Withdrawals stop; one that a reopening sets aside for the first time needs her word again, where anything was said about
/// her at all. // [STA-23]
fn fresh_basis(history: &History, view: &View<'_>) -> BTreeMap<EventId, BTreeSet<EventId>> {
    let set_aside = |place: usize| {
        let before = View::new(history, history.past(place).clone());
        if before.with(Fact::Values).is_empty() {
            return BTreeSet::new();
        }
        let withdrawn = before.stops().and(history.with(Fact::Withdrawal));
        withdrawn.iter().filter_map(|place| history.id(place)).collect::<BTreeSet<_>>()
    };
    let reopenings = view.with(Fact::Epoch);
    let with_withdrawals = reopenings.iter().filter_map(|place| Some((history.id(place)?, set_aside(place))));
    with_withdrawals.filter(|(_, withdrawn)| !withdrawn.is_empty()).collect()
}
