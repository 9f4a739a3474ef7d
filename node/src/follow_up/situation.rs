//! How a trail stands, as far as a change in the case asks.

use std::collections::BTreeSet;

use uput_core::{
    id::EventId,
    state::{History, Kind, Reading, Verdict},
    wire::LegalBasis,
};

use super::table::words;

words! {
    /// Which side this organisation is.
    Side {
        /// It opened the trail.
        Opener = "opener",
        /// It received it.
        Peer = "peer",
    }
    /// Whether the other side has what the change is about. [CAS-51]
    Reach {
        /// It was never told.
        None = "none",
        /// It has it, for all that is known.
        Held = "held",
        /// It keeps it under law.
        Kept = "kept",
        /// It purged it.
        Purged = "purged",
    }
    /// How the trail goes on. [CAS-51]
    Stand {
        /// Nothing ended it.
        Live = "live",
        /// It was closed.
        Closed = "closed",
        /// No stop, and values are to be purged.
        Owed = "owed",
        /// A stop stands.
        Stopped = "stopped",
    }
    /// On what its disclosures about her rest. [CAS-51]
    Basis {
        /// There is none.
        None = "none",
        /// All on a consent.
        Consent = "consent",
        /// None on a consent.
        Other = "other",
        /// Some on a consent.
        Mixed = "mixed",
    }
    /// Whether the new values may go there now. [CAS-51]
    Allowed {
        /// They may.
        Yes = "yes",
        /// With a later stage.
        Later = "later",
        /// She excluded the other side.
        Excluded = "excluded",
        /// They may not.
        No = "no",
    }
}

/// How a trail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Which side this organisation is.
    pub side: Side,
    /// Whether the other side has it.
    pub reach: Reach,
    /// How it goes on.
    pub stand: Stand,
    /// On what it rests.
    pub basis: Basis,
    /// Whether the new values may go.
    pub allowed: Allowed,
}

impl Situation {
    /// Of a trail by its history and reading. `told`: the disclosures that the change is about; `bases`: those of every
    /// effective disclosure about her.
    #[must_use]
    pub fn of(
        side: Side,
        history: &History,
        reading: &Reading,
        told: &BTreeSet<EventId>,
        bases: impl IntoIterator<Item = LegalBasis>,
        allowed: Allowed,
    ) -> Self {
        let (reach, stand) = (Reach::of(history, reading, told), Stand::of(reading));
        Self { side, reach, stand, basis: Basis::of(bases), allowed }
    }
}

impl Reach {
    fn of(history: &History, reading: &Reading, told: &BTreeSet<EventId>) -> Self {
        if told.is_empty() {
            return Self::None;
        }
        if !told.is_disjoint(&reading.outstanding) {
            return Self::Held;
        }
        let covered = |disclosure: &EventId, by: Kind| {
            let mut effective = reading.events.iter().filter(|(_, judged)| judged.verdict == Verdict::Effective);
            effective.any(|(id, judged)| judged.kind == by && history.has_seen(*id, *disclosure))
        };
        let kept = |disclosure: &EventId| covered(disclosure, Kind::Retained) && !covered(disclosure, Kind::Purged);
        if told.iter().any(kept) { Self::Kept } else { Self::Purged }
    }
}

impl Stand {
    /// As a reading says.
    fn of(reading: &Reading) -> Self {
        if !reading.stops.is_empty() {
            Self::Stopped
        } else if !reading.owed.is_empty() {
            Self::Owed
        } else if reading.live {
            Self::Live
        } else {
            Self::Closed
        }
    }
}

impl Basis {
    fn of(bases: impl IntoIterator<Item = LegalBasis>) -> Self {
        let kinds: BTreeSet<bool> = bases.into_iter().map(is_consent).collect();
        match (kinds.contains(&true), kinds.contains(&false)) {
            (false, false) => Self::None,
            (true, false) => Self::Consent,
            (false, true) => Self::Other,
            (true, true) => Self::Mixed,
        }
    }
}

/// Whether a basis is a consent, which can be withdrawn.
const fn is_consent(basis: LegalBasis) -> bool {
    matches!(basis, LegalBasis::ExplicitConsent | LegalBasis::GuardianConsent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_up::{Change, Say, answer};
    use std::collections::HashSet;
    use uput_core::id::Id;
    use uput_core::state::{Node, Side as Party};

    const OPENER: [Kind; 14] = [
        Kind::Need,
        Kind::Identity,
        Kind::Corrected,
        Kind::Warned,
        Kind::Phoned,
        Kind::ChosenElsewhere,
        Kind::Withdrawn,
        Kind::Revoked,
        Kind::Closed,
        Kind::Reopened,
        Kind::PurgeAsked,
        Kind::Decision,
        Kind::TransferOffered,
        Kind::HandedOver2,
    ];
    const PEER: [Kind; 11] = [
        Kind::Held,
        Kind::Accepted,
        Kind::Declined,
        Kind::Misdirected,
        Kind::Started,
        Kind::Withdrawn,
        Kind::Closed,
        Kind::Reopened,
        Kind::Purged,
        Kind::Retained,
        Kind::Waitlisted,
    ];

    /// A trail in which everybody has seen everything.
    #[derive(Clone)]
    struct Walk {
        history: History,
        last: [Option<EventId>; 2],
        kinds: Vec<Kind>,
    }

    impl Walk {
        fn with(&self, side: Party, kind: Kind) -> Option<Self> {
            let mut next = self.clone();
            next.kinds.push(kind);
            let id = EventId::from(Id::of(format!("{:?}{side:?}", next.kinds).as_bytes()));
            let (own, other) = if side == Party::Opener { (0, 1) } else { (1, 0) };
            let (prev, seen) = (self.last[own], self.last[other]);
            if !kind.opens() && self.history.may(side, kind, None).is_err() {
                return None;
            }
            let node = Node { id, side, kind, prev, seen, names: None, version_ok: true, act: None, decision: None };
            assert_eq!(next.history.append(node).unwrap(), Verdict::Effective);
            next.last[own] = Some(id);
            Some(next)
        }

        fn steps(&self) -> impl Iterator<Item = Self> {
            let opener = OPENER.iter().filter_map(|kind| self.with(Party::Opener, *kind));
            opener.chain(PEER.iter().filter_map(|kind| self.with(Party::Peer, *kind)))
        }
    }

    const fn kind_of(say: Say) -> Kind {
        match say {
            Say::Corrected => Kind::Corrected,
            Say::DoNotContact | Say::RiskChanged => Kind::Warned,
            Say::Withdrawn => Kind::Withdrawn,
            Say::ChosenElsewhere => Kind::ChosenElsewhere,
        }
    }

    /// In every situation that lawful trails of up to five events reach, what the table says may be said, one after the other;
    /// where it keeps silent about new values although they may go, no correction would have effect. [CAS-52]
    #[test]
    fn what_the_table_says_has_effect_in_every_trail() {
        let nothing = Walk { history: History::new(), last: [None, None], kinds: Vec::new() };
        let openings = [Kind::Opened0, Kind::Opened1, Kind::Opened2];
        let mut front: Vec<Walk> = openings.iter().filter_map(|kind| nothing.with(Party::Opener, *kind)).collect();
        let (mut reached, mut tried, mut said) = (HashSet::new(), 0, 0);
        for _ in 0..5 {
            for walk in &front {
                let reading = walk.history.reading().unwrap();
                let told: BTreeSet<EventId> = walk.history.disclosures().collect();
                for bases in [&[][..], &[LegalBasis::ExplicitConsent], &[LegalBasis::LegalDuty]] {
                    let of = |allowed| {
                        let bases = bases.iter().copied();
                        Situation::of(Side::Opener, &walk.history, &reading, &told, bases, allowed)
                    };
                    let yes = of(Allowed::Yes);
                    reached.insert((yes.reach, yes.stand));
                    let every = Change::ALL.iter().flat_map(|c| Allowed::ALL.iter().map(move |a| (*c, *a)));
                    // [CAS-80] Only what is live has a choice to hear of.
                    let later = [Allowed::Later, Allowed::No];
                    let every = every.filter(|(c, a)| *c != Change::Chosen || reading.live || later.contains(a));
                    tried += every.clone().count();
                    let says: BTreeSet<Vec<Say>> = every.map(|(change, a)| answer(change, &of(a)).say).collect();
                    for say in says.iter().filter(|say| !say.is_empty()) {
                        let mut after = walk.clone();
                        for word in say {
                            let next = after.with(Party::Opener, kind_of(*word));
                            after = next.unwrap_or_else(|| panic!("{say:?} after {:?}", walk.kinds));
                            said += 1;
                        }
                    }
                    let corrects = answer(Change::SafeContact, &yes).say.contains(&Say::Corrected);
                    let may = walk.history.may(Party::Opener, Kind::Corrected, None).is_ok();
                    assert_eq!(corrects, may, "after {:?}", walk.kinds);
                }
            }
            let next: Vec<Walk> = front.iter().flat_map(Walk::steps).collect();
            // Of the many last ones a part, spread over all.
            let every = next.len().div_ceil(1500);
            front = next.into_iter().step_by(every).collect();
        }
        assert!(tried > 100_000 && said > 5_000, "{tried} {said}");
        // Nothing is owed or kept that was not told; all other pairs were reached.
        for stand in Stand::ALL {
            for reach in [Reach::Held, Reach::Kept, Reach::Purged] {
                let never = *stand == Stand::Owed && reach != Reach::Held;
                assert_eq!(reached.contains(&(reach, *stand)), !never, "{reach:?} {stand:?}");
            }
        }
    }
}
