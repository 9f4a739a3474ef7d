//! Pairs of events of which neither author had seen the other's, and what comes of each pair.
//!
//! Guarantees that both events of a pair are effective, and that the outcome named for their kinds is what the
//! evaluation gives; a test asserts every cell. Explains; decides nothing. Source: specs/state/crossings.tsv.
//! Leaves to others: whom to alert.

use std::collections::BTreeMap;

use super::fact::Fact;
use super::history::{Entry, History};
use super::kind::{Kind, Side};
use super::node::Verdict;
use super::view::View;
use crate::id::EventId;

/// Two events that crossed, where that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Crossing {
    /// The sender's event.
    pub opener: EventId,
    /// The receiver's event.
    pub peer: EventId,
    /// What came of it, when both became known.
    pub outcome: Crossed,
}

macro_rules! outcomes {
    ($($(#[$doc:meta])* $outcome:ident = $word:literal,)*) => {
        /// What comes of two events that crossed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Crossed {
            $($(#[$doc])* $outcome,)*
        }

        impl Crossed {
            /// Every outcome.
            pub const ALL: &'static [Self] = &[$(Self::$outcome,)*];

            /// The word in the table.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$outcome => $word,)*
                }
            }
        }
    };
}

outcomes! {
    /// Each counts as if the other had been seen.
    Both = "both",
    /// The stop beats the answer; all held values are owed.
    AnswerStopped = "answer_stopped",
    /// The stop or the closing stands, and what happened stays: talk to each other.
    FactStays = "fact_stays",
    /// Both end it; the stronger is the headline.
    BothEnd = "both_end",
    /// The stop stands in the new epoch.
    StopHolds = "stop_holds",
    /// Closed, with the yes shown: reopen if it is wanted.
    YesClosed = "yes_closed",
    /// Closed, the no counts; values are owed.
    NoClosed = "no_closed",
    /// The closing does not reach the reopening: live.
    ClosingMissed = "closing_missed",
    /// Disclosed while the other ended or refused: the values are owed, and are not opened.
    DisclosedCrossed = "disclosed_crossed",
    /// The acceptance was for an earlier need: ask again.
    AskAgain = "ask_again",
    /// The lesser answer counts; what was disclosed stays.
    LesserAnswer = "lesser_answer",
    /// The purge covers only what its author had seen.
    PurgeOfThePast = "purge_of_the_past",
    /// Nothing is left to correct: the correction is owed.
    CorrectionOwed = "correction_owed",
    /// Closed, and the correction counts.
    CorrectionCounts = "correction_counts",
    /// The contact used the old value.
    OldValueUsed = "old_value_used",
    /// One purge answers both.
    OnePurge = "one_purge",
    /// It stands, and the values are owed.
    OwedAnyway = "owed_anyway",
    /// One new epoch, live, without answer.
    OneEpoch = "one_epoch",
    /// It belongs to the old epoch: shown, and asked again.
    OldQuestion = "old_question",
    /// It counts in the new epoch, because it happened.
    FactCounts = "fact_counts",
    /// What the sender said belongs to the earlier epoch; it is said again.
    EarlierEpoch = "earlier_epoch",
    /// Nobody will take the offer: recall it.
    OfferDangling = "offer_dangling",
    /// The offer was recalled: the taking has no effect.
    TakenRecalled = "taken_recalled",
    /// The taking stands; it can be completed only after an acceptance that covers the need, or recalled.
    TakenUncovered = "taken_uncovered",
    /// The ground on which who she is was told was taken away: the sender asks for the purge.
    GroundGone = "ground_gone",
    /// Completed, once.
    CompletedOnce = "completed_once",
    /// The receiver is responsible all the same.
    PeerResponsible = "peer_responsible",
    /// Ended; both are responsible until the offer is recalled.
    BothResponsible = "both_responsible",
}

/// What comes of a sender's and a receiver's event of these kinds that crossed. // [STA-20]
#[must_use]
pub fn crossed(opener: Kind, peer: Kind) -> Crossed {
    match opener {
        Kind::Need | Kind::Identity | Kind::Minutes | Kind::Plan => disclosure_crossed(opener, peer),
        Kind::Corrected => correction_crossed(peer),
        Kind::Withdrawn | Kind::Revoked | Kind::ChosenElsewhere => stop_crossed(peer),
        Kind::Closed => closing_crossed(peer),
        Kind::Reopened => reopening_crossed(peer),
        Kind::Phoned if peer == Kind::Reopened => Crossed::EarlierEpoch,
        Kind::Visited | Kind::VisitedNo => visit_crossed(peer),
        Kind::PurgeAsked => purge_crossed(peer),
        Kind::TransferOffered | Kind::TransferRecalled | Kind::TransferCompleted => transfer_crossed(opener, peer),
        _ => Crossed::Both,
    }
}

fn disclosure_crossed(opener: Kind, peer: Kind) -> Crossed {
    let need = opener == Kind::Need;
    match peer {
        Kind::Declined | Kind::Redirected | Kind::Closed | Kind::Misdirected | Kind::Withdrawn => {
            Crossed::DisclosedCrossed
        }
        Kind::Accepted | Kind::PartlyAccepted if need => Crossed::AskAgain,
        Kind::TransferTaken if need => Crossed::TakenUncovered,
        Kind::Held | Kind::Waitlisted if !need => Crossed::LesserAnswer,
        Kind::Purged | Kind::Retained => Crossed::PurgeOfThePast,
        Kind::Reopened => Crossed::EarlierEpoch,
        Kind::DecisionNo if opener == Kind::Identity => Crossed::GroundGone,
        _ => Crossed::Both,
    }
}

fn correction_crossed(peer: Kind) -> Crossed {
    match peer {
        Kind::Declined | Kind::Redirected | Kind::Misdirected | Kind::Withdrawn => Crossed::DisclosedCrossed,
        Kind::Closed => Crossed::CorrectionCounts,
        Kind::Purged | Kind::Retained => Crossed::CorrectionOwed,
        Kind::ContactMade | Kind::CouldNotReach | Kind::Visited | Kind::VisitedNo => Crossed::OldValueUsed,
        _ => Crossed::Both,
    }
}

fn stop_crossed(peer: Kind) -> Crossed {
    match peer {
        Kind::Held | Kind::Accepted | Kind::PartlyAccepted | Kind::Waitlisted | Kind::Declined | Kind::Redirected => {
            Crossed::AnswerStopped
        }
        Kind::Reopened => Crossed::StopHolds,
        _ => ending_crossed(peer),
    }
}

fn closing_crossed(peer: Kind) -> Crossed {
    match peer {
        Kind::Held | Kind::Accepted | Kind::PartlyAccepted | Kind::Waitlisted => Crossed::YesClosed,
        Kind::Declined | Kind::Redirected => Crossed::NoClosed,
        Kind::Reopened => Crossed::ClosingMissed,
        _ => ending_crossed(peer),
    }
}

fn ending_crossed(peer: Kind) -> Crossed {
    match peer {
        peer if happened(peer) => Crossed::FactStays,
        Kind::Closed | Kind::Misdirected | Kind::Withdrawn => Crossed::BothEnd,
        Kind::TransferTaken => Crossed::BothResponsible,
        _ => Crossed::Both,
    }
}

fn reopening_crossed(peer: Kind) -> Crossed {
    match peer {
        Kind::Reopened => Crossed::OneEpoch,
        Kind::Withdrawn | Kind::Misdirected => Crossed::StopHolds,
        peer if happened(peer) => Crossed::FactCounts,
        Kind::Purged | Kind::Retained => Crossed::PurgeOfThePast,
        Kind::TransferTaken => Crossed::TakenUncovered,
        Kind::Decision | Kind::DecisionNo | Kind::Task => Crossed::Both,
        _ => Crossed::OldQuestion,
    }
}

fn visit_crossed(peer: Kind) -> Crossed {
    match peer {
        Kind::Closed | Kind::Misdirected | Kind::Withdrawn => Crossed::FactStays,
        Kind::Reopened => Crossed::FactCounts,
        _ => Crossed::Both,
    }
}

/// What happened in the world, as the receiver reports it.
const fn happened(peer: Kind) -> bool {
    matches!(
        peer,
        Kind::ContactMade | Kind::CouldNotReach | Kind::Started | Kind::Provided | Kind::Visited | Kind::VisitedNo
    )
}

fn purge_crossed(peer: Kind) -> Crossed {
    match peer {
        Kind::Purged | Kind::Retained => Crossed::OnePurge,
        Kind::Held | Kind::Accepted | Kind::PartlyAccepted | Kind::Waitlisted => Crossed::OwedAnyway,
        peer if happened(peer) => Crossed::OwedAnyway,
        _ => Crossed::Both,
    }
}

fn transfer_crossed(opener: Kind, peer: Kind) -> Crossed {
    let ends = matches!(peer, Kind::Closed | Kind::Misdirected | Kind::Withdrawn);
    let refuses = matches!(peer, Kind::Declined | Kind::Redirected);
    let lessens = matches!(peer, Kind::Held | Kind::Waitlisted | Kind::Reopened | Kind::Purged | Kind::Retained);
    match opener {
        Kind::TransferOffered if ends || refuses => Crossed::OfferDangling,
        Kind::TransferOffered | Kind::TransferRecalled if peer == Kind::TransferTaken => Crossed::TakenRecalled,
        Kind::TransferCompleted if peer == Kind::TransferTaken => Crossed::CompletedOnce,
        Kind::TransferCompleted if ends || refuses || lessens => Crossed::PeerResponsible,
        _ => Crossed::Both,
    }
}

/// The crossings of a view that matter, in the order of their IDs.
pub(super) fn crossings(history: &History, view: &View<'_>) -> Vec<Crossing> {
    let spoken = |side| history.entries(view.within()).filter(move |(_, entry)| speaks(entry, side));
    // By kind, so that a long trail is not searched for what its kinds rule out.
    let mut peers: BTreeMap<Kind, Vec<(usize, &Entry)>> = BTreeMap::new();
    spoken(Side::Peer).for_each(|peer| peers.entry(peer.1.node.kind).or_default().push(peer));
    let mut found = Vec::new();
    for (opener_place, opener) in spoken(Side::Opener) {
        let past = history.past(opener_place);
        let matter = peers.iter().filter(|(kind, _)| crossed(opener.node.kind, **kind) != Crossed::Both);
        for (peer_place, peer) in matter.flat_map(|(_, peers)| peers) {
            let seen = past.contains(*peer_place) || history.past(*peer_place).contains(opener_place);
            let idle = || peer.node.kind == Kind::DecisionNo && !takes_ground(history, opener_place, *peer_place);
            let outcome = if seen || idle() { Crossed::Both } else { outcome(view, opener, peer) };
            if outcome != Crossed::Both {
                found.push(Crossing { opener: opener.node.id, peer: peer.node.id, outcome });
            }
        }
    }
    found.sort_unstable();
    found
}

/// Whether a decision that refuses takes away what an identity rested on: it had neither a yes nor a law. // [STA-21]
fn takes_ground(history: &History, identity: usize, refusal: usize) -> bool {
    let before = View::new(history, history.past(identity).clone());
    // A yes to an enquiry is no right to identity. [STA-71]
    let other = before.stage() >= 1 && (before.under_law() || before.covered());
    !other && !before.grounds().and(&history.taken_away(refusal)).is_empty()
}

fn speaks(entry: &Entry, side: Side) -> bool {
    entry.node.side == side && entry.verdict == Verdict::Effective && entry.node.kind != Kind::Delivered
}

/// The cell, where law and epochs let it apply; a cell that says both stays so. // [STA-21]
fn outcome(view: &View<'_>, opener: &Entry, peer: &Entry) -> Crossed {
    let cell = crossed(opener.node.kind, peer.node.kind);
    let withdrawn = Kind::Withdrawn;
    if view.under_law() && (opener.node.kind == withdrawn || peer.node.kind == withdrawn) {
        return Crossed::Both;
    }
    let (sooner, later) = (opener.epoch < peer.epoch, opener.epoch > peer.epoch);
    match (opener.node.kind, peer.node.kind) {
        (Kind::Reopened, Kind::Reopened) if sooner || later => Crossed::Both,
        (Kind::Reopened, Kind::Accepted | Kind::PartlyAccepted) if !later => Crossed::AskAgain,
        (Kind::Reopened, _) if cell == Crossed::OldQuestion && peer.node.kind != Kind::Reopened && !later => {
            Crossed::Both
        }
        (Kind::Reopened, _) => cell,
        (_, Kind::Reopened) if scoped(opener) && !sooner => Crossed::Both,
        (_, Kind::Reopened) => cell,
        _ if (sooner && scoped(opener)) || (later && scoped(peer)) => Crossed::Both,
        _ => cell,
    }
}

/// Whether an event counts in its own epoch only. // [STA-11]
fn scoped(entry: &Entry) -> bool {
    const SCOPED: &[Fact] = &[Fact::Answer, Fact::End, Fact::Phone, Fact::Notice];
    let row = super::table::row(entry.node.side, entry.node.kind);
    row.is_some_and(|row| row.facts.iter().any(|fact| SCOPED.contains(fact)))
}
