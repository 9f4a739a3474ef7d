//! Whether the time that an opening would claim is far from what others show.
//!
//! Guarantees that one peer alone makes nobody stop, whatever it says of its clock, and that whoever opens a trail by a clock
//! which most peers, or this node's own records, speak against has said that they know it. Leaves the check to `clocks`,
//! and nothing is opened by anybody else's clock.

use std::fmt;

use jiff::Timestamp;
use uput_core::{
    rejection::Rejection,
    time::{Seconds, Span},
};

use super::{Node, refusal::Refused, write::NewTrail};
use crate::{
    clock::{self, Jump},
    peer::{PeerState, Skew},
};

/// From how far on a claimed time takes a person's word: an hour. [TIM-87]
const FAR: Span = Span(3600);

/// How a peer's clock stands to a time that would be claimed.
#[derive(Clone, Copy, Debug)]
struct Shown {
    /// What it shows now.
    time: Seconds,
    /// By how many seconds it is certainly ahead of the time that would be claimed, or behind it.
    apart: u64,
}

/// What speaks against a time that would be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Astray {
    /// The clocks of peers.
    Peers {
        /// What would be claimed.
        claimed: Seconds,
        /// What the first and the last of those that disagree show.
        between: (Seconds, Seconds),
        /// How many disagree.
        off: usize,
        /// How many were measured.
        measured: usize,
    },
    /// A later time that this node has recorded itself, while no peer's clock was measured.
    Records {
        /// What would be claimed.
        claimed: Seconds,
        /// What was recorded.
        newest: Seconds,
    },
    /// A clock that was set while this node runs, while no peer's was measured since. [TIM-91]
    Set(Jump),
    /// An earlier time that this node has recorded itself, with how long it runs. It may have been off so long.
    Absence {
        /// What would be claimed.
        claimed: Seconds,
        /// What the time is at least.
        least: Seconds,
    },
}

impl Node {
    /// Whether a person who opens by a clock that is doubted knows it; false: it is not doubted. [TIM-87] [TIM-88]
    pub(super) fn opens_despite_clock(&self, new: &NewTrail, claimed: Seconds) -> Result<bool, Refused> {
        match self.astray(claimed) {
            None => Ok(false),
            Some(_) if new.despite_clock => Ok(true),
            Some(astray) => Err(Refused::ClockDoubted(astray)),
        }
    }

    /// Why no agreement is in force at a time: that of a clock by which one would be is said. [TIM-89]
    pub(super) fn not_in_force(
        &self,
        rejection: Rejection,
        claimed: Seconds,
        would: &dyn Fn(Seconds) -> bool,
    ) -> Refused {
        if rejection != Rejection::AgreementNotInForce {
            return rejection.into();
        }
        let shown = self.shown_to(claimed);
        let others = most(&shown, claimed).or_else(|| only(&shown, claimed));
        let least = || {
            let least = clock::at_least().filter(|least| shown.is_empty() && claimed > least.after(FAR))?;
            Some(Astray::Absence { claimed, least })
        };
        let found = others.or_else(least).filter(|astray| astray.instead().iter().any(|time| would(*time)));
        found.map_or_else(|| rejection.into(), Refused::NotByThisClock)
    }

    /// Whether whoever opens a trail now is asked for their word. [TIM-87]
    pub(super) fn is_astray(&self, claimed: Seconds) -> bool {
        self.astray(claimed).is_some()
    }

    fn astray(&self, claimed: Seconds) -> Option<Astray> {
        let shown = self.shown_to(claimed);
        let newest = self.outlines.newest().filter(|newest| shown.is_empty() && *newest > claimed.after(FAR));
        let set = clock::jump().filter(|jump| shown.is_empty() && jump.shown.get().abs_diff(claimed.get()) > FAR.0);
        let recorded = || newest.map(|newest| Astray::Records { claimed, newest });
        most(&shown, claimed).or_else(|| set.map(Astray::Set)).or_else(recorded)
    }

    /// What the clocks of confirmed peers show beside a time that would be claimed, as far as they were measured.
    fn shown_to(&self, claimed: Seconds) -> Vec<Shown> {
        let system = clock::system();
        let confirmed =
            |peer: &super::directory::Peer| self.directory.state_of(&peer.organisation) == Some(PeerState::Confirmed);
        let peers = self.directory.peers().into_iter().filter(|peer| confirmed(peer));
        let measured = peers.filter_map(|peer| peer.measured).filter(|measured| !measured.is_outrun(system));
        measured.filter_map(|measured| shown(&measured.skew, system, claimed)).collect()
    }
}

/// A peer's clock beside a time that would be claimed; none if it shows what no calendar has.
fn shown(skew: &Skew, system: Seconds, claimed: Seconds) -> Option<Shown> {
    let time = Seconds::new(system.get().saturating_add_signed(skew.ahead.div_euclid(1000)))?;
    // What was rounded, and what the round trip leaves open, speaks for the time that would be claimed.
    let open = (skew.bound / 1000).saturating_add(2);
    Some(Shown { time, apart: time.get().abs_diff(claimed.get()).saturating_sub(open) })
}

/// More than half of at least two on one side, by more than an hour. [TIM-87]
fn most(all: &[Shown], claimed: Seconds) -> Option<Astray> {
    let far = || all.iter().filter(|shown| shown.apart > FAR.0).map(|shown| shown.time);
    let (later, earlier): (Vec<_>, Vec<_>) = far().partition(|time| *time > claimed);
    let off = if later.len() > earlier.len() { later } else { earlier };
    (all.len() > 1 && off.len() * 2 > all.len()).then(|| disagree(&off, claimed, all.len())).flatten()
}

/// The one that was measured, if it disagrees: a word in a sentence, and never a reason.
fn only(all: &[Shown], claimed: Seconds) -> Option<Astray> {
    match all {
        [one] if one.apart > FAR.0 => disagree(&[one.time], claimed, 1),
        _ => None,
    }
}

fn disagree(off: &[Seconds], claimed: Seconds, measured: usize) -> Option<Astray> {
    let between = (*off.iter().min()?, *off.iter().max()?);
    Some(Astray::Peers { claimed, between, off: off.len(), measured })
}

impl Astray {
    /// The times that are shown instead.
    const fn instead(&self) -> [Seconds; 2] {
        match *self {
            Self::Peers { between: (first, last), .. } => [first, last],
            Self::Set(Jump { shown: time, .. })
            | Self::Records { newest: time, .. }
            | Self::Absence { least: time, .. } => [time, time],
        }
    }
}

impl fmt::Display for Astray {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peers { claimed, between: (first, last), off, measured } => {
                write!(
                    formatter,
                    "by this node it is {}, by {off} of {measured} peers that were measured ",
                    day(*claimed)
                )?;
                match last.since(*first) {
                    Some(span) if span > FAR => write!(formatter, "between {} and {}", day(*first), day(*last)),
                    _ => formatter.write_str(&day(*first)),
                }
            }
            Self::Set(Jump { counted, shown }) => write!(
                formatter,
                "by this node's counter it is {}, and the clock of its computer was set to {}",
                day(*counted),
                day(*shown)
            ),
            Self::Records { claimed, newest } => {
                write!(formatter, "by this node it is {}, and it has itself recorded {}", day(*claimed), day(*newest))
            }
            Self::Absence { claimed, least } => write!(
                formatter,
                "by this node it is {}, the latest that it has recorded itself is {}, and no peer's clock was measured",
                day(*claimed),
                day(*least)
            ),
        }
    }
}

/// To the minute, in UTC.
pub(super) fn day(time: Seconds) -> String {
    let time = i64::try_from(time.get()).ok().and_then(|time| Timestamp::from_second(time).ok());
    time.map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_435_200;

    fn at(time: u64) -> Seconds {
        Seconds::new(time).unwrap()
    }

    /// Peers whose clocks are ahead of ours by so many seconds, beside what ours shows.
    fn peers(ahead: &[i64]) -> Vec<Shown> {
        let one = |ahead: &i64| shown(&Skew { ahead: ahead * 1000, bound: 10 }, at(NOW), at(NOW)).unwrap();
        ahead.iter().map(one).collect()
    }

    /// [TIM-87]
    #[test]
    fn one_peer_alone_stops_nobody_whatever_it_says() {
        let year = 31_557_600;
        for lie in [-20 * year, -3700, 3700, 80 * year] {
            for honest in [&[][..], &[0], &[0, 1], &[0, -1, 2]] {
                let all = [honest, &[lie]].concat();
                assert_eq!(most(&peers(&all), at(NOW)), None, "{all:?}");
            }
        }
        assert_eq!(most(&peers(&[-year, year]), at(NOW)), None, "they contradict each other");
        assert_eq!(most(&peers(&[-year, -year, year, year]), at(NOW)), None);
        assert_eq!(most(&peers(&[-3600, -3601]), at(NOW)), None, "an hour is not more than an hour");
    }

    /// [TIM-87]
    #[test]
    fn most_of_several_on_one_side_by_more_than_an_hour_do() {
        let off = |ahead: &[i64]| match most(&peers(ahead), at(NOW)) {
            Some(Astray::Peers { off, measured, between, .. }) => {
                Some((off, measured, between.0.get(), between.1.get()))
            }
            _ => None,
        };
        assert_eq!(off(&[-3700, -3800]), Some((2, 2, NOW - 3800, NOW - 3700)));
        assert_eq!(off(&[4000, 0, 5000]), Some((2, 3, NOW + 4000, NOW + 5000)));
        assert_eq!(off(&[4000, -9000, 5000]), Some((2, 3, NOW + 4000, NOW + 5000)));
        assert_eq!(off(&[4000, 0]), None);
        // [TIM-42] Where the computer's clock is not asked, what would be claimed is compared, not what it shows.
        let before = Skew { ahead: 20_000_000, bound: 1 };
        let shown = [shown(&before, at(NOW - 20_000), at(NOW)).unwrap(); 2];
        assert_eq!(most(&shown, at(NOW)), None);
    }

    /// [TIM-89]
    #[test]
    fn both_times_are_said() {
        let year = 365 * 86_400;
        let said = |ahead: &[i64]| most(&peers(ahead), at(NOW)).or_else(|| only(&peers(ahead), at(NOW))).unwrap();
        let begins = "by this node it is 2026-11-23 12:00 UTC, by ";
        for (ahead, rest) in [
            (&[-year, -year][..], "2 of 2 peers that were measured 2025-11-23 12:00 UTC"),
            (
                &[-year, 0, -8000],
                "2 of 3 peers that were measured between 2025-11-23 12:00 UTC and 2026-11-23 09:46 UTC",
            ),
            (&[year], "1 of 1 peers that were measured 2027-11-23 12:00 UTC"),
        ] {
            assert_eq!(said(ahead).to_string(), format!("{begins}{rest}"));
        }
        assert_eq!(only(&peers(&[0]), at(NOW)), None);
    }
}
