//! Who is told next: a pure function of what calls, what was tried, and the time.
//!
//! Guarantees that a call goes on through the order until it stops, that no organisation causes more nudges than the bound,
//! and that the same attempts give the same next step, so that a restart changes nothing. Leaves out who may be told of
//! which call: `may` is that list.

use std::collections::BTreeMap;

use uput_core::{
    id::OrgId,
    time::{Seconds, Span},
};

use super::duty::DutyId;

/// Least time between two nudges to one duty. [ONC-41]
const QUIET: Span = Span(120);
/// How long a duty rests after its first failure; doubled after each further one. [ONC-41]
const REST: u64 = 30;
/// Longest rest.
const LONGEST_REST: u64 = 600;
/// Nudges that an organisation causes before the bound counts. [ONC-42]
const FREE: usize = 6;
/// How long a nudge counts for the bound. [ONC-42]
pub const MEMORY: Span = Span(12 * 3600);
/// What the bound leaves: one nudge in so long. [ONC-42]
const SPACING: Span = Span(3600);

/// A trail that needs a person.
#[derive(Clone, Debug)]
pub struct Call {
    /// The other party.
    pub peer: OrgId,
    /// Since when.
    pub since: Seconds,
    /// How long each person has.
    pub next: Span,
    /// Whom it may be told, in order.
    pub may: Vec<DutyId>,
}

/// A nudge that was tried.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When it began.
    pub time: Seconds,
    /// To whom.
    pub duty: DutyId,
    /// Whose calls were due.
    pub peers: Vec<OrgId>,
    /// It was not handed over.
    pub failed: bool,
}

/// A nudge to be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// To whom.
    pub to: DutyId,
    /// Whose calls are due.
    pub peers: Vec<OrgId>,
}

/// What is to be done now, and when to look again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// One for each duty that is told.
    pub plans: Vec<Plan>,
    /// When the next is due, as far as that is known.
    pub again: Option<Seconds>,
}

/// Forgets attempts that count no more. One that lies ahead, since the clock was set back meanwhile, was made now at the
/// latest: else its duty would rest, and its call wait, until the clock has come there again. [ONC-44]
pub fn settle(attempts: &mut Vec<Attempt>, now: Seconds) {
    attempts.retain(|attempt| attempt.time.after(MEMORY) > now);
    attempts.iter_mut().for_each(|attempt| attempt.time = attempt.time.min(now));
}

/// What is to be done now. `attempts`: those of the last twelve hours at least, the oldest first. [ONC-40]
#[must_use]
pub fn plan(calls: &[Call], attempts: &[Attempt], now: Seconds) -> Step {
    let mut by_age: Vec<&Call> = calls.iter().collect();
    by_age.sort_by_key(|call| call.since);
    let (mut told, mut again): (BTreeMap<OrgId, DutyId>, Option<Seconds>) = (BTreeMap::new(), None);
    for call in by_age {
        let Some((to, when)) = next(call, attempts, now) else { continue };
        // One organisation causes one nudge at a time: its oldest call decides, and the nudge covers the others.
        let first = when <= now && *told.entry(call.peer).or_insert(to) == to;
        if !first {
            let when = when.max(now.after(Span(1)));
            again = Some(again.map_or(when, |again| again.min(when)));
        }
    }
    let mut plans: BTreeMap<DutyId, Vec<OrgId>> = BTreeMap::new();
    told.into_iter().for_each(|(peer, to)| plans.entry(to).or_default().push(peer));
    Step { plans: plans.into_iter().map(|(to, peers)| Plan { to, peers }).collect(), again }
}

/// Whether a call that nobody was told of waits for the bound. [ONC-42]
#[must_use]
pub fn waits_for_bound(calls: &[Call], attempts: &[Attempt], now: Seconds) -> bool {
    calls.iter().any(|call| !is_told(call, attempts) && bound(&call.peer, attempts, now) > now)
}

/// Whether somebody was told of a call.
#[must_use]
pub fn is_told(call: &Call, attempts: &[Attempt]) -> bool {
    attempts.iter().any(|attempt| covers(attempt, call) && !attempt.failed)
}

/// To whom a call goes next, and when.
fn next(call: &Call, attempts: &[Attempt], now: Seconds) -> Option<(DutyId, Seconds)> {
    let last = attempts.iter().rev().find(|attempt| covers(attempt, call));
    let (first, due) = match last {
        None => (0, call.since.after(Span(1))),
        Some(last) => {
            let place = call.may.iter().position(|duty| *duty == last.duty)?;
            let patience = if last.failed { Span(0) } else { call.next };
            (place.saturating_add(1), last.time.after(patience))
        }
    };
    // Whose channel has just failed is passed over while there is another.
    let order = call.may.iter().cycle().skip(first).take(call.may.len());
    let ready = |duty: &DutyId| rests_until(duty, attempts).is_none_or(|until| until <= now);
    let soonest = || call.may.iter().min_by_key(|duty| rests_until(duty, attempts));
    let to = order.clone().find(|duty| ready(duty)).or_else(soonest)?;
    let when = due.max(quiet_until(to, attempts)).max(bound(&call.peer, attempts, now));
    Some((*to, when))
}

/// [ONC-41]
fn covers(attempt: &Attempt, call: &Call) -> bool {
    attempt.time > call.since && call.may.contains(&attempt.duty)
}

/// Until when a duty is left alone.
fn quiet_until(duty: &DutyId, attempts: &[Attempt]) -> Seconds {
    let last = attempts.iter().rev().find(|attempt| attempt.duty == *duty);
    let after = |last: &Attempt| if last.failed { rests_until(duty, attempts) } else { Some(last.time.after(QUIET)) };
    last.and_then(after).unwrap_or(Seconds::EPOCH)
}

/// Until when a duty whose channel failed rests; none if its last attempt did not fail.
fn rests_until(duty: &DutyId, attempts: &[Attempt]) -> Option<Seconds> {
    let own = || attempts.iter().rev().filter(|attempt| attempt.duty == *duty);
    let last = own().next().filter(|last| last.failed)?;
    let failures = own().take_while(|attempt| attempt.failed).count();
    let doubled = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    Some(last.time.after(Span(REST.saturating_mul(1 << doubled).min(LONGEST_REST))))
}

/// From when on an organisation may cause a nudge. [ONC-42]
fn bound(peer: &OrgId, attempts: &[Attempt], now: Seconds) -> Seconds {
    let counts =
        |attempt: &&Attempt| !attempt.failed && attempt.time.after(MEMORY) > now && attempt.peers.contains(peer);
    let caused: Vec<&Attempt> = attempts.iter().filter(counts).collect();
    match caused.last() {
        Some(last) if caused.len() >= FREE => last.time.after(SPACING),
        _ => Seconds::EPOCH,
    }
}

#[cfg(test)]
mod tests {
    use uput_core::id::Id;

    use super::*;

    const TEN: Span = Span(600);

    fn at(minute: u64) -> Seconds {
        Seconds::new(1_795_298_400 + minute * 60).unwrap()
    }

    fn duty(n: u8) -> DutyId {
        DutyId::new([n; 16])
    }

    fn peer(n: u8) -> OrgId {
        Id::of(&[n]).into()
    }

    fn call(by: u8, since: Seconds, may: &[u8]) -> Call {
        Call { peer: peer(by), since, next: TEN, may: may.iter().map(|n| duty(*n)).collect() }
    }

    /// Lets the time run in half minutes; `failing` duties cannot be reached. Gives who was told when, in minutes.
    fn run(calls: impl Fn(Seconds) -> Vec<Call>, failing: &[u8], minutes: u64) -> Vec<(u64, u8, Vec<OrgId>)> {
        let mut attempts = Vec::new();
        let mut told = Vec::new();
        for half in 0..minutes * 2 {
            let now = at(0).after(Span(half * 30));
            for Plan { to, peers } in plan(&calls(now), &attempts, now).plans {
                let failed = failing.iter().any(|n| duty(*n) == to);
                if !failed {
                    told.push((half / 2, to.to_vec()[0], peers.clone()));
                }
                attempts.push(Attempt { time: now, duty: to, peers, failed });
            }
        }
        told
    }

    fn when_and_whom(told: &[(u64, u8, Vec<OrgId>)]) -> Vec<(u64, u8)> {
        told.iter().map(|(minute, duty, _)| (*minute, *duty)).collect()
    }

    /// [ONC-40]
    #[test]
    fn a_call_goes_through_the_order_until_it_stops() {
        let waiting = |now: Seconds| if now < at(25) { vec![call(1, at(0), &[1, 2])] } else { Vec::new() };
        assert_eq!(when_and_whom(&run(waiting, &[], 60)), [(0, 1), (10, 2), (20, 1)]);
        assert_eq!(run(|_| vec![call(1, at(0), &[])], &[], 60), [], "nobody is there");
        assert_eq!(plan(&[call(1, at(5), &[1])], &[], at(5)).plans, [], "in the same second");
    }

    /// [ONC-40] [ONC-41]
    #[test]
    fn whoever_cannot_be_reached_is_passed_over_and_tried_again() {
        let waiting = |_: Seconds| vec![call(1, at(0), &[1, 2])];
        assert_eq!(when_and_whom(&run(waiting, &[1], 22))[..2], [(1, 2), (11, 2)], "at once to the next");
        assert_eq!(run(waiting, &[1, 2], 60), []);
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut times = Vec::new();
        for second in 0..3600 {
            let now = at(0).after(Span(second));
            for Plan { to, peers } in plan(&[call(1, at(0), &[1])], &attempts, now).plans {
                times.push(second);
                attempts.push(Attempt { time: now, duty: to, peers, failed: true });
            }
        }
        let pauses: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 600, 600, 600, 600]);
        let again = plan(&[call(1, at(0), &[1])], &attempts, at(60)).again;
        assert!(again.is_some_and(|again| again > at(60)), "it is never given up");
    }

    /// [ONC-41]
    #[test]
    fn one_nudge_covers_what_waits_and_two_are_two_minutes_apart() {
        let waiting = |now: Seconds| {
            let begun = (0..60_u64).map(|n| at(0).after(Span(n))).filter(|since| *since < now);
            begun.map(|since| call(1, since, &[1])).collect()
        };
        assert_eq!(when_and_whom(&run(waiting, &[], 10)), [(0, 1), (2, 1)]);
    }

    /// [ONC-42]
    #[test]
    fn a_flood_by_one_organisation_rings_seldom_and_hides_nobody_else() {
        let flood = |now: Seconds| -> Vec<Call> {
            let begun = (0..480).map(at).filter(|since| *since < now);
            begun.map(|since| call(1, since, &[1, 2])).collect()
        };
        let told = run(flood, &[], 480);
        assert!(told.len() <= 6 + 8, "{} nudges in eight hours", told.len());
        assert!(waits_for_bound(&flood(at(480)), &attempts_of(&told), at(480)));
        let real = at(200).after(Span(20));
        let with = |now: Seconds| {
            let mut calls = flood(now);
            calls.extend((now > real).then(|| call(2, real, &[1, 2])));
            calls
        };
        let told = run(with, &[], 240);
        let first = told.iter().find(|(_, _, peers)| peers.contains(&peer(2))).unwrap();
        assert!(first.0 <= 202, "told at minute {}", first.0);
        // And not more of the flood than before.
        let of_flood = told.iter().filter(|(_, _, peers)| peers.contains(&peer(1))).count();
        assert!(of_flood <= 6 + 4, "{of_flood}");
    }

    fn attempts_of(told: &[(u64, u8, Vec<OrgId>)]) -> Vec<Attempt> {
        let attempt = |(minute, n, peers): &(u64, u8, Vec<OrgId>)| Attempt {
            time: at(*minute),
            duty: duty(*n),
            peers: peers.clone(),
            failed: false,
        };
        told.iter().map(attempt).collect()
    }

    /// [ONC-44]
    #[test]
    fn a_clock_that_is_set_back_silences_nobody() {
        let sent = |minute| Attempt { time: at(minute), duty: duty(1), peers: vec![peer(1)], failed: false };
        let mut attempts = vec![sent(0), sent(24 * 60), sent(24 * 60 + 10)];
        settle(&mut attempts, at(24 * 60 + 10));
        assert_eq!(attempts.len(), 2, "half a day is remembered");
        // Somebody sets the clock right: it is a day earlier.
        settle(&mut attempts, at(5));
        let calls = [call(1, at(4), &[1, 2])];
        assert_eq!(plan(&calls, &attempts, at(5)).plans, [], "it has just been told");
        settle(&mut attempts, at(15));
        assert_eq!(plan(&calls, &attempts, at(15)).plans, [Plan { to: duty(2), peers: vec![peer(1)] }]);
    }

    /// [ONC-22] [ONC-40]
    #[test]
    fn whoever_may_not_be_told_is_left_out_and_a_new_shift_is_told_at_once() {
        let told = run(|_| vec![call(1, at(0), &[2])], &[], 15);
        assert_eq!(when_and_whom(&told), [(0, 2), (10, 2)]);
        let shift = |now: Seconds| vec![call(1, at(0), if now < at(5) { &[1] } else { &[3] })];
        assert_eq!(when_and_whom(&run(shift, &[], 9)), [(0, 1), (5, 3)]);
    }
}
