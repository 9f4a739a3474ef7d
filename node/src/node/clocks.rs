//! What this node makes of its own clock, and of those of its peers.
//!
//! Guarantees that a clock which is certainly, or by most peers, wrong is said to be so, and that nothing is destroyed or
//! ended by it meanwhile. No peer's clock is believed: it only makes this node doubt its own.

use uput_core::{
    id::OrgId,
    time::{Seconds, Span},
    wire,
};

use super::{
    Node,
    astray::day,
    report::{AHEAD, check},
};
use crate::{
    clock::{self, Jump},
    peer::{PeerState, Skew},
};

/// How long a node may have been off before its clock needs somebody else's word: a week. [TIM-43]
const ABSENCE: Span = Span(7 * 86_400);

/// What is to be done about a clock that was set. [TIM-91]
const CONFIRMED: &str = "look at a third clock, and set this one back if it is wrong; if it is right, most peers that were met \
    confirm it, and so does whoever starts the node again; until then whoever opens a trail may be asked for `--despite-clock`";

/// How the clocks of confirmed peers stand to ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Peers {
    measured: usize,
    /// How many were measured before our own clock was set to another time. [TIM-43]
    outrun: usize,
    /// Of the measured, how many are further ahead or behind than they may be, and by how many seconds at least.
    ahead: (usize, u64),
    behind: (usize, u64),
}

/// What speaks against our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// It shows a time before our keys were signed.
    BeforeKeys,
    /// It shows a time before one that this node has recorded itself.
    BeforeRecords,
    /// Most of the measured clocks of several peers are ahead of it, or behind it.
    Peers { ahead: bool, off: usize, measured: usize, by: u64 },
    /// It was set to another time while this node runs. [TIM-90]
    Set(Jump),
    /// It and the one other clock that was measured.
    OnePeer { ahead: bool, by: u64 },
}

impl Node {
    /// Tells the clock when this node was certainly there: once, after it was opened. [TIM-42]
    pub fn remember_times(&self) {
        let founded = self.me.chain().newest().time();
        clock::remember(founded, self.outlines.newest().unwrap_or(founded));
    }

    /// Whether what ends by the time may be ended now: nothing speaks against the clock, and if this node was off for long,
    /// a peer's clock speaks for it. [TIM-43]
    #[must_use]
    pub fn may_end_by_time(&self) -> bool {
        let now = clock::system();
        let known = clock::at_least().is_none_or(|since| now <= since.after(ABSENCE));
        let clocks = self.clocks();
        self.doubt(now).is_none() && clocks.outrun == 0 && (known || clocks.measured > 0)
    }

    /// Believes a clock that was set, if the clocks of more than half of the confirmed peers that were measured, before or
    /// since, show the same. [TIM-91]
    pub(super) fn confirm_clock(&self) {
        let Some(jump) = clock::jump() else { return };
        // A time before our own keys nobody confirms.
        let possible = self.me.chain().newest().time() <= jump.shown.after(AHEAD);
        let confirmed = |peer: &OrgId| self.directory.state_of(peer) == Some(PeerState::Confirmed);
        let peers = self.directory.peers().into_iter().filter(|peer| confirmed(&peer.organisation));
        let shown: Vec<bool> =
            peers.filter_map(|peer| peer.measured).map(|measured| measured.shows(jump.shown)).collect();
        if possible && most(&shown) {
            tracing::info!(
                counted = jump.counted.get(),
                shown = jump.shown.get(),
                "peers confirm a clock that was set"
            );
            clock::believe();
        }
    }

    /// [API-26] [TIM-41]
    pub(super) fn check_clock(&self, now: Seconds) -> wire::Check {
        let set =
            "set the clock of this computer, with the zone; until then look twice at every time that is shown here";
        // What the computer shows, not what is made of it.
        match self.doubt(now.min(clock::system())) {
            None => {
                let clocks = self.clocks();
                let said = match clocks.measured {
                    0 => "the clock is past the time of the own key record; no peer's was measured yet".to_owned(),
                    n => {
                        format!("the clock agrees with those of {} of {n} peers", n - clocks.ahead.0 - clocks.behind.0)
                    }
                };
                check("clock", wire::CheckLevel::Ok, &said, "")
            }
            Some(doubt @ Doubt::OnePeer { .. }) => check(
                "clock",
                wire::CheckLevel::Warning,
                &doubt.words(),
                "look at a third clock, and set the one that is wrong; `uput peer list` shows whose was measured",
            ),
            Some(doubt @ Doubt::Set(_)) => check("clock", wire::CheckLevel::Error, &doubt.words(), CONFIRMED),
            Some(doubt) if self.is_astray(now) => {
                let asked = format!("{set}; whoever opens a trail before that says so with `--despite-clock`");
                check("clock", wire::CheckLevel::Error, &doubt.words(), &asked)
            }
            Some(doubt) => check("clock", wire::CheckLevel::Error, &doubt.words(), set),
        }
    }

    /// Whether anything speaks against this computer's clock. [TIM-41]
    pub(super) fn is_clock_doubted(&self) -> bool {
        self.doubt(clock::system()).is_some()
    }

    /// Whether a peer's clock was measured, and nothing speaks against this computer's. [PLC-13]
    pub(super) fn is_clock_vouched_for(&self) -> bool {
        let clocks = self.clocks();
        clocks.measured > 0 && clocks.outrun == 0 && !self.is_clock_doubted()
    }

    fn doubt(&self, now: Seconds) -> Option<Doubt> {
        if let Some(jump) = clock::jump() {
            return Some(Doubt::Set(jump));
        }
        if self.me.chain().newest().time() > now.after(AHEAD) {
            return Some(Doubt::BeforeKeys);
        }
        let clocks = self.clocks();
        // What was recorded may itself be of a day when the clock was ahead: then the peers agree with it now.
        let ours_is_later = self.outlines.newest().is_some_and(|newest| newest > now.after(AHEAD));
        let before = (ours_is_later && clocks.measured == 0).then_some(Doubt::BeforeRecords);
        clocks.doubt().or(before)
    }

    fn clocks(&self) -> Peers {
        let (mut clocks, now) = (Peers::default(), clock::system());
        for peer in self.directory.peers() {
            let confirmed = self.directory.state_of(&peer.organisation) == Some(PeerState::Confirmed);
            let Some(measured) = peer.measured.filter(|_| confirmed) else { continue };
            if measured.is_outrun(now) {
                clocks.outrun += 1;
                continue;
            }
            clocks.measured += 1;
            let skew = measured.skew;
            if is_off(&skew) {
                let side = if skew.ahead > 0 { &mut clocks.ahead } else { &mut clocks.behind };
                let by = if side.0 == 0 { skew.at_least() } else { side.1.min(skew.at_least()) };
                *side = (side.0 + 1, by);
            }
        }
        clocks
    }
}

/// Whether a peer's clock and ours are further apart than two right ones can be. [TIM-40]
pub(super) const fn is_off(skew: &Skew) -> bool {
    skew.at_least() > AHEAD.0
}

/// Whether more than half say yes. [TIM-91]
fn most(votes: &[bool]) -> bool {
    votes.iter().filter(|vote| **vote).count().saturating_mul(2) > votes.len()
}

impl Peers {
    /// More than half of the clocks on one side of ours. One alone may be the wrong one.
    const fn doubt(&self) -> Option<Doubt> {
        let (ahead, (off, by)) = if self.ahead.0 >= self.behind.0 { (true, self.ahead) } else { (false, self.behind) };
        if off * 2 <= self.measured {
            return None;
        }
        Some(match self.measured {
            1 => Doubt::OnePeer { ahead, by },
            measured => Doubt::Peers { ahead, off, measured, by },
        })
    }
}

impl Doubt {
    fn words(&self) -> String {
        let side = |ahead: bool| if ahead { "behind" } else { "ahead of" };
        match *self {
            Self::BeforeKeys => {
                "the clock of this computer shows a time before the own key record was signed; the time \
                                 goes on from the latest that this node has recorded"
                    .to_owned()
            }
            Self::Set(Jump { counted, shown }) => format!(
                "the clock of this computer was set while this node runs: it shows {}, and by the counter it is {}; the time \
                 goes on by the counter, and nothing ends by the clock",
                day(shown),
                day(counted)
            ),
            Self::BeforeRecords => {
                "the clock of this computer shows a time before one that this node has recorded itself".to_owned()
            }
            Self::Peers { ahead, off, measured, by } => format!(
                "the clock of this computer is {} those of {off} of {measured} peers, by at least {}",
                side(ahead),
                Span(by)
            ),
            Self::OnePeer { ahead, by } => format!(
                "the clock of this computer is {} that of the one peer that was measured, by at least {}",
                side(ahead),
                Span(by)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [TIM-41]
    #[test]
    fn one_clock_makes_doubt_and_most_of_several_an_error() {
        let clocks =
            |measured, ahead, behind| Peers { measured, outrun: 0, ahead: (ahead, 700), behind: (behind, 900) };
        assert_eq!(clocks(0, 0, 0).doubt(), None);
        assert_eq!(clocks(3, 1, 0).doubt(), None, "that one is wrong");
        assert_eq!(clocks(4, 2, 2).doubt(), None, "nobody knows");
        assert_eq!(clocks(1, 0, 1).doubt(), Some(Doubt::OnePeer { ahead: false, by: 900 }));
        let most = clocks(3, 2, 0).doubt().unwrap();
        assert_eq!(most, Doubt::Peers { ahead: true, off: 2, measured: 3, by: 700 });
        assert!(most.words().contains("behind those of 2 of 3 peers, by at least 11 min 40 s"), "{}", most.words());
    }

    /// [TIM-91]
    #[test]
    fn more_than_half_confirm_a_clock() {
        assert!(most(&[true]) && most(&[true, true, false]));
        assert!(!most(&[]) && !most(&[false]) && !most(&[true, false]));
    }
}
