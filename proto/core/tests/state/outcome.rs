//! Two events that crossed, and what comes of them: read from the state, not from the table of crossings.

use std::collections::BTreeSet;

use uput_core::id::EventId;
use uput_core::state::{Crossed, Duty, Fact, Headline, Kind, Offer, Reading, Side, row};

use crate::chains::Chains;

/// Two events that crossed, and all there is to know about them.
pub(crate) struct Crossing {
    base: Reading,
    reading: Reading,
    peer_alone: Reading,
    in_order: [Option<Reading>; 2],
    all: Chains,
    opener: EventId,
    peer: EventId,
}

/// A base is a list of `O:kind` and `P:kind`; each has seen all before it, up to a `|`. After that neither sees the other.
/// At the end `^n`: the receiver's event forks from its chain after its event number n.
pub(crate) fn cross(base: &str, opener: Kind, peer: Kind) -> Option<Crossing> {
    let mut chains = Chains::default();
    let (base, fork) = base.split_once(" ^").map_or((base, None), |(base, after)| (base, after.parse().ok()));
    let (seen, unseen) = base.split_once(" | ").unwrap_or((base, ""));
    seen.split_whitespace().try_for_each(|word| chains.say(side(word), kind(word)).map(drop))?;
    unseen.split_whitespace().try_for_each(|word| chains.cross(side(word), kind(word)).map(drop))?;
    cross_on(&chains, opener, peer, fork)
}

fn side(word: &str) -> Side {
    if word.starts_with("O:") { Side::Opener } else { Side::Peer }
}

fn kind(word: &str) -> Kind {
    Kind::from_word(&word[2..]).unwrap_or_else(|| panic!("no kind {word}"))
}

fn cross_on(chains: &Chains, opener_kind: Kind, peer_kind: Kind, fork: Option<u8>) -> Option<Crossing> {
    let mut all = chains.clone();
    let peer = match fork {
        Some(after) => all.fork(Side::Peer, peer_kind, after)?,
        None => all.cross(Side::Peer, peer_kind)?,
    };
    let opener = all.cross(Side::Opener, opener_kind)?;
    let order = [(Side::Opener, opener_kind, peer_kind), (Side::Peer, peer_kind, opener_kind)];
    let in_order = order.map(|(side, first, second)| {
        let mut ordered = chains.clone();
        match fork.filter(|_| side == Side::Peer) {
            Some(after) => ordered.fork(side, first, after)?,
            None => ordered.cross(side, first)?,
        };
        ordered.say(side.other(), second)?;
        ordered.history.reading().ok()
    });
    Some(Crossing {
        base: chains.history.reading().ok()?,
        reading: all.history.reading().ok()?,
        peer_alone: all.history.reading_at(&[peer]).ok()?,
        in_order,
        all,
        opener,
        peer,
    })
}

impl Crossing {
    /// Whether the reading names this outcome for the pair.
    pub(crate) fn is_reported_as(&self, outcome: Crossed) -> bool {
        let pair = self.reading.crossings.iter().find(|pair| (pair.opener, pair.peer) == (self.opener, self.peer));
        pair.map_or(Crossed::Both, |pair| pair.outcome) == outcome
    }

    /// The outcomes that the state shows. `both` is said where nothing else is.
    pub(crate) fn outcomes(&self) -> Vec<Crossed> {
        let others = Crossed::ALL.iter().copied().filter(|outcome| *outcome != Crossed::Both);
        let shown: Vec<Crossed> = others.filter(|outcome| self.can_be(*outcome) && self.is(*outcome)).collect();
        if shown.is_empty() && self.is(Crossed::Both) { vec![Crossed::Both] } else { shown }
    }

    /// Whether the two events are such that the outcome says something about them.
    fn can_be(&self, outcome: Crossed) -> bool {
        let facts = |side, event| row(side, self.reading.events[&event].kind).map_or(&[][..], |row| row.facts);
        let (opener, peer) = (facts(Side::Opener, self.opener), facts(Side::Peer, self.peer));
        let (asks, tells) = (|fact| opener.contains(&fact), |fact| peer.contains(&fact));
        // To what was said before: identity, minutes, a plan.
        let adds = asks(Fact::Values) && !asks(Fact::Stage1) && !asks(Fact::Correction) && !asks(Fact::Epoch);
        match outcome {
            Crossed::LesserAnswer => adds,
            Crossed::OldValueUsed => asks(Fact::Correction) && tells(Fact::World) && !tells(Fact::Service),
            Crossed::OnePurge => asks(Fact::Ask) && tells(Fact::Cover),
            Crossed::OwedAnyway => asks(Fact::Ask) && !tells(Fact::Refusal),
            Crossed::OneEpoch => asks(Fact::Epoch) && tells(Fact::Epoch),
            Crossed::EarlierEpoch => tells(Fact::Epoch) && (asks(Fact::Phone) || asks(Fact::Stage1) || adds),
            Crossed::CompletedOnce => asks(Fact::Complete) && tells(Fact::Take),
            Crossed::GroundGone => adds && tells(Fact::NoGrounds),
            Crossed::DisclosedCrossed => asks(Fact::Values) && !tells(Fact::Cover),
            Crossed::PurgeOfThePast => !asks(Fact::Correction),
            _ => true,
        }
    }

    fn is(&self, outcome: Crossed) -> bool {
        let now = &self.reading;
        let owed = |id| now.owed.contains_key(id);
        let all_owed = now.outstanding.iter().all(owed);
        let answered = now.answer.is_some_and(|answer| answer.event == self.peer);
        let stopped = now.stops.contains(&self.opener);
        let closed = now.closings.contains(&self.opener);
        let held = now.outstanding.contains(&self.opener);
        let anew = now.live && now.epoch == self.base.epoch + 1;
        let (opener, peer) = (now.responsible.opener, now.responsible.peer);
        let taking = now.offer;
        match outcome {
            Crossed::Both => self.in_order.iter().all(|ordered| self.equals(ordered.as_ref())),
            Crossed::AnswerStopped => stopped && answered && !now.live && all_owed && self.line(self.opener),
            Crossed::FactStays => self.stays(self.opener, self.peer) || self.stays(self.peer, self.opener),
            Crossed::BothEnd => {
                (stopped || closed)
                    && self.ends(self.peer)
                    && self.line(self.stronger())
                    && (all_owed || now.stops.is_empty())
            }
            Crossed::StopHolds => !now.live && now.epoch == self.base.epoch + 1 && !now.stops.is_empty() && all_owed,
            Crossed::YesClosed => closed && answered && now.owed.is_empty() && now.headline == Headline::Closed,
            Crossed::NoClosed => closed && answered && all_owed && !now.owed.is_empty(),
            Crossed::ClosingMissed => anew && now.events[&self.opener].kind == Kind::Closed,
            Crossed::DisclosedCrossed => held && owed(&self.opener),
            Crossed::GroundGone => held && !self.base.decisions.is_empty() && now.decisions.is_empty(),
            Crossed::AskAgain => now.live && answered && !now.covering && self.peer_alone.covering,
            Crossed::LesserAnswer => now.live && answered && held && !now.covering && now.owed.is_empty(),
            Crossed::PurgeOfThePast => held && now.outstanding.len() == 1 && self.drops(),
            Crossed::CorrectionOwed => now.owed.get(&self.opener).is_some_and(|d| d.contains(&Duty::NothingToCorrect)),
            Crossed::CorrectionCounts => self.ends(self.peer) && held && now.owed.is_empty(),
            Crossed::OldValueUsed => held && now.owed.is_empty() && now.world_now.contains(&self.peer),
            Crossed::OnePurge => now.outstanding.is_empty() && self.drops(),
            Crossed::OwedAnyway => {
                all_owed && self.owed_by(Duty::Asked) && (answered || now.world.contains(&self.peer))
            }
            Crossed::OneEpoch => anew && now.answer.is_none() && self.peer_alone.epoch == now.epoch,
            Crossed::OldQuestion => anew && now.answer.is_none() && self.peer_alone.epoch < now.epoch && self.old(),
            Crossed::FactCounts => anew && (now.world_now.contains(&self.peer) || now.world_now.contains(&self.opener)),
            Crossed::EarlierEpoch => anew && self.peer_alone.epoch == now.epoch && self.said_again(),
            Crossed::OfferDangling => taking == Offer::Open(self.opener) && (!now.live || !now.owed.is_empty()),
            Crossed::TakenRecalled => opener && !peer && self.peer_alone.responsible.peer,
            Crossed::TakenUncovered => now.live && opener && peer && !now.covering && self.peer_alone.covering,
            Crossed::CompletedOnce => taking == Offer::Completed(self.opener) && now.live && !opener && peer,
            Crossed::PeerResponsible => {
                taking == Offer::Completed(self.opener) && !opener && self.in_order[1].is_none()
            }
            Crossed::BothResponsible => (stopped || closed) && opener && peer,
        }
    }

    fn equals(&self, other: Option<&Reading>) -> bool {
        let state = |reading: &Reading| {
            let kinds = |ids: &BTreeSet<EventId>| ids.iter().map(|id| reading.events[id].kind).collect::<BTreeSet<_>>();
            let owed: Vec<_> =
                reading.owed.iter().map(|(id, duties)| (reading.events[id].kind, duties.clone())).collect();
            let answer = reading.answer.map(|answer| answer.kind);
            let head = (reading.headline, reading.live, reading.stage, reading.epoch, answer, reading.covering);
            let sets =
                [&reading.outstanding, &reading.stops, &reading.closings, &reading.world_now, &reading.acknowledged];
            (head, owed.into_iter().collect::<BTreeSet<_>>(), sets.map(kinds), reading.responsible.peer)
        };
        other.is_some_and(|other| state(other) == state(&self.reading))
    }

    fn line(&self, event: EventId) -> bool {
        self.reading.headline == Headline::of(self.reading.events[&event].kind)
    }

    /// One event ended it, and what the other reports happened all the same.
    fn stays(&self, end: EventId, fact: EventId) -> bool {
        self.ends(end) && self.line(end) && self.reading.world_now.contains(&fact)
    }

    fn ends(&self, event: EventId) -> bool {
        self.reading.stops.contains(&event) || self.reading.closings.contains(&event)
    }

    fn stronger(&self) -> EventId {
        let line = |id: &EventId| Headline::of(self.reading.events[id].kind);
        [self.opener, self.peer].into_iter().min_by_key(line).unwrap()
    }

    fn drops(&self) -> bool {
        !self.base.outstanding.is_empty() && self.base.outstanding.is_disjoint(&self.reading.outstanding)
    }

    fn owed_by(&self, duty: Duty) -> bool {
        self.reading.owed.values().any(|duties| duties.contains(&duty)) && self.base.owed.is_empty()
    }

    /// An answer, a closing or an acknowledgement that no longer counts, though it did for its author.
    fn old(&self) -> bool {
        let counted = |reading: &Reading| {
            let answered = reading.answer.is_some_and(|answer| answer.event == self.peer);
            answered || reading.closings.contains(&self.peer) || reading.acknowledged.contains(&self.peer)
        };
        counted(&self.peer_alone) && !counted(&self.reading)
    }

    /// What the sender did counts for nothing more in the new epoch.
    fn said_again(&self) -> bool {
        let again = self.reading.stage == self.peer_alone.stage;
        again && self.all.may(Side::Opener, Kind::Identity).is_err()
    }
}
