//! When a head of a trail is due, ours or the other party's.
//!
//! Guarantees that an idle trail costs less the longer it is idle, that each end of a timer is stated once, and that a
//! time that lies ahead of the clock stops nothing: what a clock that was ahead has said counts as not said.

use uput_core::time::{Seconds, Span};

/// Between two heads by the clock at least.
const SHORTEST: Span = Span(86_400);
/// And at most.
const LONGEST: Span = Span(30 * 86_400);
/// How much later than it should have come a head by the clock is asked for.
const PATIENCE: Span = Span(12 * 3600);
/// The same of one at the end of a timer.
const HOUR: Span = Span(3600);
/// So long after the head before one that says nothing new is kept: a little less than its author has to wait. [NOD-93]
pub(super) const APART: Span = Span(20 * 3600);

/// A head as it counts here: what it claims, and when it was stored.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) claimed: Seconds,
    pub(super) stored: Seconds,
}

/// What is known of a trail.
pub(super) struct Known {
    /// When something last happened in it.
    pub(super) changed: Seconds,
    /// The unit of its times.
    pub(super) grain: Span,
    /// Heads that were given.
    pub(super) given: Vec<Said>,
    /// Heads of the other party.
    pub(super) had: Vec<Said>,
    /// Ends of timers that we owe and have not met.
    pub(super) ours: Vec<Seconds>,
    /// The same of the other party.
    pub(super) theirs: Vec<Seconds>,
    /// A head of ours still waits to be sent.
    pub(super) waits: bool,
    /// When the other one was last asked.
    pub(super) asked: Option<Seconds>,
}

/// What is to be done now, and when to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) give: bool,
    pub(super) ask: bool,
    pub(super) again: Seconds,
}

impl Known {
    /// [NOD-90] [NOD-91]
    pub(super) fn due(&self, now: Seconds) -> Due {
        let regular = self.regular(&self.given, now);
        let regular = if self.waits { regular.max(now.after(HOUR)) } else { regular };
        let give = [Some(regular), self.unstated(&self.ours, &self.given, Span(0), now)];
        let late = self.regular(&self.had, now).after(PATIENCE);
        let ask = [Some(late), self.unstated(&self.theirs, &self.had, HOUR, now)];
        let asked = self.asked.filter(|asked| *asked <= now).map(|asked| asked.after(SHORTEST));
        let (give, ask) = (give.into_iter().flatten().min(), ask.into_iter().flatten().min());
        let ask = ask.map(|ask| asked.map_or(ask, |asked| ask.max(asked)));
        let comes = |time: Option<Seconds>| time.is_some_and(|time| time <= now);
        // What is done now is looked at again when its next time has come.
        let again = |time: Option<Seconds>| time.map(|time| if time <= now { now.after(HOUR) } else { time });
        let next = [again(give), again(ask)].into_iter().flatten().min();
        Due { give: comes(give), ask: comes(ask), again: next.unwrap_or(now.after(SHORTEST)) }
    }

    /// When the next head is due although nothing happens: as long after the last as that was after the last event.
    fn regular(&self, heads: &[Said], now: Seconds) -> Seconds {
        let changed = self.changed.min(now);
        let last = heads.iter().map(|said| said.stored).filter(|stored| *stored <= now).max();
        match last.and_then(|last| Some((last, last.since(changed)?))) {
            Some((last, idle)) => last.after(idle.clamp(SHORTEST, LONGEST)),
            None => changed.after(SHORTEST),
        }
    }

    /// When the first end of a timer is to be stated that no head states.
    fn unstated(&self, ends: &[Seconds], heads: &[Said], patience: Span, now: Seconds) -> Option<Seconds> {
        let said = heads.iter().map(|said| said.claimed).filter(|claimed| *claimed <= now).max();
        let open = ends.iter().filter(|end| said.is_none_or(|said| said <= **end)).min()?;
        // A head claims a time in whole units: the first that is after the end.
        Some(open.after(self.grain).after(patience))
    }
}

/// Whether one more head that says nothing new is kept, by those of its author which are here and the ends of timers
/// that it has not met. [NOD-93]
pub(super) fn is_word_of_the_time(head: Seconds, known: &[Said], ends: &[Seconds], now: Seconds) -> bool {
    let last = known.iter().map(|said| said.stored).filter(|stored| *stored <= now).max();
    let apart = last.is_none_or(|last| last.after(APART) <= now);
    let states = |end: &&Seconds| **end < now && head > **end && known.iter().all(|said| said.claimed <= **end);
    apart || ends.iter().any(|end| states(&end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const START: u64 = 1_800_000_000;

    fn at(seconds: u64) -> Seconds {
        Seconds::new(START + seconds).unwrap()
    }

    fn said(seconds: u64) -> Said {
        Said { claimed: at(seconds), stored: at(seconds) }
    }

    fn known() -> Known {
        Known {
            changed: at(0),
            grain: Span(60),
            given: Vec::new(),
            had: Vec::new(),
            ours: Vec::new(),
            theirs: Vec::new(),
            waits: false,
            asked: None,
        }
    }

    /// Gives and asks as often as is due for so long, looking when it says and no sooner.
    fn days(mut known: Known, days: u64, answers: bool) -> (Vec<u64>, Vec<u64>) {
        let (mut gave, mut asked, mut now) = (Vec::new(), Vec::new(), 0);
        while now <= days * DAY {
            let due = known.due(at(now));
            if due.give {
                gave.push(now);
                known.given.push(said(now));
                if answers {
                    known.had.push(said(now));
                }
            }
            if due.ask && !(due.give && answers) {
                asked.push(now);
                known.asked = Some(at(now));
            }
            assert!(due.again > at(now), "it looks without end");
            now = due.again.get() - START;
        }
        (gave, asked)
    }

    /// [NOD-90]
    #[test]
    fn an_idle_trail_is_stated_ever_more_seldom_and_at_least_each_month() {
        let (gave, asked) = days(known(), 365, true);
        let gave: Vec<u64> = gave.into_iter().map(|time| time / DAY).collect();
        assert_eq!(gave, [1, 2, 4, 8, 16, 32, 62, 92, 122, 152, 182, 212, 242, 272, 302, 332, 362]);
        assert_eq!(asked, [0; 0], "the other one's come by themselves");
        let event = Known { changed: at(100 * DAY), given: vec![said(99 * DAY)], ..known() };
        assert!(!event.due(at(101 * DAY - 1)).give);
        assert!(event.due(at(101 * DAY)).give, "what happened begins it anew");
    }

    /// [NOD-91]
    #[test]
    fn whoever_says_nothing_is_asked_once_a_day() {
        let (_, asked) = days(known(), 10, false);
        assert_eq!(asked.len(), 9);
        assert_eq!(asked[0], DAY + PATIENCE.0);
        assert!(asked.windows(2).all(|two| two[1] - two[0] >= DAY));
    }

    /// [NOD-90] [NOD-91]
    #[test]
    fn each_end_of_a_timer_is_stated_once_and_the_other_partys_is_asked_for() {
        let timed = Known { ours: vec![at(1000), at(5000)], given: vec![said(10)], had: vec![said(10)], ..known() };
        let (gave, _) = days(timed, 0, true);
        assert!(gave.is_empty());
        let due = |now, given: Vec<Said>| Known { ours: vec![at(1000), at(5000)], given, ..known() }.due(at(now));
        assert!(!due(1059, vec![said(10)]).give);
        assert_eq!(due(1059, vec![said(10)]).again, at(1060));
        assert!(due(1060, vec![said(10)]).give);
        assert!(!due(1061, vec![said(1060)]).give, "it was said");
        assert!(due(5060, vec![said(1060)]).give);
        let theirs = Known { theirs: vec![at(1000)], had: vec![said(1000)], ..known() };
        assert_eq!((theirs.due(at(4659)).ask, theirs.due(at(4660)).ask), (false, true));
        let said = Known { had: vec![said(1001)], ..theirs };
        assert!(!said.due(at(4660)).ask);
    }

    /// [NOD-92]
    #[test]
    fn a_clock_that_was_ahead_stops_nothing_when_it_is_set_back() {
        let years = 3 * 365 * DAY;
        let back = Known { changed: at(years), given: vec![said(years)], had: vec![said(years)], ..known() };
        let due = back.due(at(0));
        assert_eq!((due.give, due.again <= at(DAY)), (false, true));
        assert!(back.due(at(DAY)).again <= at(2 * DAY));
        let timed = Known { ours: vec![at(100)], ..back };
        assert!(timed.due(at(160)).give, "what was said of the future is not said yet");
    }

    /// [NOD-90]
    #[test]
    fn while_a_head_waits_to_be_sent_none_follows_by_the_clock() {
        let waits = Known { waits: true, given: vec![said(DAY)], ..known() };
        assert!(!waits.due(at(50 * DAY)).give);
        assert!(Known { ours: vec![at(40 * DAY)], ..waits }.due(at(50 * DAY)).give, "a timer has ended");
    }

    /// [NOD-93]
    #[test]
    fn heads_that_say_nothing_new_are_kept_once_in_twenty_hours_and_once_for_a_timer() {
        let (now, ends) = (at(10 * DAY), [at(9 * DAY), at(11 * DAY)]);
        let keeps = |head: u64, known: &[Said]| is_word_of_the_time(at(head), known, &ends, now);
        assert!(keeps(DAY, &[]));
        let long = Said { claimed: at(0), stored: at(10 * DAY - APART.0) };
        assert!(keeps(DAY, &[long]));
        let just = Said { claimed: at(0), stored: at(10 * DAY - 60) };
        assert!(!keeps(9 * DAY, &[just]), "before the end");
        assert!(keeps(9 * DAY + 60, &[just]), "after it");
        assert!(!keeps(9 * DAY + 120, &[just, Said { claimed: at(9 * DAY + 60), ..just }]), "that was said");
        assert!(!keeps(12 * DAY, &[just, Said { claimed: at(9 * DAY + 60), ..just }]), "that end is not over");
        let ahead = Said { claimed: at(0), stored: at(1000 * DAY) };
        assert!(keeps(DAY, &[ahead]), "by a clock that was set back");
    }
}
