//! The node's clock and randomness: what the pure core takes as arguments.

#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicI64, Ordering};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use uput_core::{
    entropy::Entropy,
    time::{Seconds, Span},
};

/// What is known of the time beside what the computer says.
static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

/// How far the clock may go from the counter before it was set: ten minutes. [TIM-90]
const APART: Span = Span(600);
/// How often what the clock shows is taken as where the counter goes on from: a clock that is a little fast is not one that was set. [TIM-90]
const ANEW: Duration = Duration::from_secs(86_400);

/// By how many milliseconds a test has set this clock. No program that is built with optimisation has it.
#[cfg(debug_assertions)]
static SET: AtomicI64 = AtomicI64::new(0);

/// Times at which this node was certainly there.
#[derive(Clone, Copy)]
struct Known {
    /// When its keys were signed: no clock that shows an earlier time is right.
    founded: Seconds,
    /// The latest time that it had recorded when it started.
    recorded: Seconds,
    /// When that was, by the counter.
    started: Duration,
    /// What the clock showed when it was last believed, and the counter then.
    believed: (Seconds, Duration),
}

/// A clock that was set to another time while this node runs, which nobody has confirmed. [TIM-90]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// What the time is by the counter that runs while the computer does.
    pub counted: Seconds,
    /// What the computer's clock shows.
    pub shown: Seconds,
}

/// The time: the system's, unless that is certainly wrong, or was set to another time while this node runs. It may be wrong all
/// the same: times are claims, and never decide what an event does. A clock that shows a time before this node's own keys
/// were signed, as it does when its battery is empty, is not asked: the time then goes on from the latest that was recorded.
/// One that was set goes on by the counter until somebody confirms it. [TIM-42] [TIM-90]
#[must_use]
pub fn now() -> Seconds {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let shown = system();
    known.as_mut().map_or(shown, |known| known.settle(shown, counter()))
}

/// Whether the clock was set to another time while this node runs, and nobody has confirmed it. [TIM-90]
#[must_use]
pub fn jump() -> Option<Jump> {
    let known = *KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.and_then(|known| known.jump(system(), counter()))
}

/// The clock is believed from here: others confirm what it shows. [TIM-91]
pub fn believe() {
    let believed = (system(), counter());
    if let Some(known) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        known.believed = believed;
    }
}

/// Sets this program's clock by so many milliseconds from what the computer shows, as somebody might set the computer's.
#[cfg(debug_assertions)]
pub fn set(milliseconds: i64) {
    SET.store(milliseconds, Ordering::SeqCst);
}

/// What the computer's clock shows, right or wrong.
#[must_use]
pub fn system() -> Seconds {
    Seconds::new((milliseconds() / 1000).max(1)).unwrap_or(Seconds::EPOCH)
}

/// The same in milliseconds since 1970.
#[must_use]
pub fn milliseconds() -> u64 {
    #[cfg(feature = "simulation")]
    if let Some(time) = crate::simulated::milliseconds() {
        return time;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let since = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    #[cfg(debug_assertions)]
    let since = since.saturating_add_signed(SET.load(Ordering::SeqCst));
    since.max(1)
}

/// How long this computer runs, its sleep with it: nobody sets it.
#[cfg(target_os = "linux")]
pub(crate) fn counter() -> Duration {
    use rustix::time::{DynamicClockId, clock_gettime_dynamic};
    match clock_gettime_dynamic(DynamicClockId::Boottime) {
        Ok(counted) => {
            Duration::new(u64::try_from(counted.tv_sec).unwrap_or(0), u32::try_from(counted.tv_nsec).unwrap_or(0))
        }
        // A kernel without that counter.
        Err(_) => running(),
    }
}

/// What counts on where the system counts no sleep.
#[cfg(not(target_os = "linux"))]
pub(crate) fn counter() -> Duration {
    running()
}

/// How long this program runs. Where the computer sleeps meanwhile, that looks like a clock that was set.
fn running() -> Duration {
    static BEGAN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    BEGAN.elapsed()
}

/// What the time is at least, by the latest that this node had recorded when it started and by how long it runs; none
/// before that was read.
#[must_use]
pub fn at_least() -> Option<Seconds> {
    let known = *KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.map(|known| known.recorded.after(passed(known.started, counter())))
}

/// Says when this node was certainly there: when its keys were signed, and the latest time in its journal.
pub fn remember(founded: Seconds, recorded: Seconds) {
    let started = counter();
    let known = Known { founded, recorded: recorded.max(founded), started, believed: (system(), started) };
    *KNOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
}

impl Known {
    fn settle(&mut self, shown: Seconds, counter: Duration) -> Seconds {
        if let Some(jump) = self.jump(shown, counter) {
            return jump.counted;
        }
        if !self.is_possible(shown) {
            return self.recorded.after(passed(self.started, counter));
        }
        let (believed, at) = self.believed;
        if !self.is_possible(believed) || counter.saturating_sub(at) > ANEW {
            self.believed = (shown, counter);
        }
        shown
    }

    /// What was certainly wrong before may be set at any time.
    fn jump(&self, shown: Seconds, counter: Duration) -> Option<Jump> {
        let (believed, at) = self.believed;
        let counted = believed.after(passed(at, counter));
        let is_set = self.is_possible(believed) && counted.get().abs_diff(shown.get()) > APART.0;
        is_set.then_some(Jump { counted, shown })
    }

    /// Keys are signed on another computer, whose clock may be a little ahead.
    fn is_possible(&self, time: Seconds) -> bool {
        time.after(APART) >= self.founded
    }
}

fn passed(since: Duration, counter: Duration) -> Span {
    Span(counter.saturating_sub(since).as_secs())
}

/// The system's randomness.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, buffer: &mut [u8]) {
        #[cfg(feature = "simulation")]
        if crate::simulated::fill(buffer) {
            return;
        }
        if getrandom::fill(buffer).is_err() {
            // Without randomness every secret made from here on could be guessed: nothing may go on.
            tracing::error!("the system gives no randomness; stopping");
            std::process::abort();
        }
    }
}

impl SystemEntropy {
    /// 32 random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(5000);
    const DAY: u64 = 86_400;

    fn at(time: u64) -> Seconds {
        Seconds::new(time).unwrap()
    }

    fn known(founded: u64, recorded: u64, shown: u64) -> Known {
        Known { founded: at(founded), recorded: at(recorded), started: START, believed: (at(shown), START) }
    }

    fn later(seconds: u64) -> Duration {
        START + Duration::from_secs(seconds)
    }

    /// [TIM-42]
    #[test]
    fn a_clock_that_shows_a_time_before_the_keys_is_not_asked() {
        let settled = |shown| known(1_000_000, 2_000_000, shown).settle(at(shown), later(60)).get();
        assert_eq!(settled(1), 2_000_060, "it goes on from what was recorded");
        assert_eq!(settled(999_300), 2_000_060);
        assert_eq!(settled(999_500), 999_500, "a few minutes are no proof");
        assert_eq!(settled(1_500_000), 1_500_000, "it may be that what was recorded was wrong");
        assert_eq!(settled(9_000_000), 9_000_000);
    }

    /// [TIM-90]
    #[test]
    fn a_clock_that_is_set_is_not_asked_until_it_agrees_with_the_counter_again() {
        let began = 20_000 * DAY;
        let mut known = known(began - DAY, began, began);
        for set in [700, 86_400, 365 * 86_400, -700, -3600, -365 * 86_400] {
            let shown = at((began + 60).saturating_add_signed(set));
            assert_eq!(known.jump(shown, later(60)), Some(Jump { counted: at(began + 60), shown }), "{set}");
            assert_eq!(known.settle(shown, later(60)), at(began + 60), "{set}");
            assert_eq!(known.settle(at(began + 120), later(120)), at(began + 120), "it agrees again");
        }
        for little in [590, -590] {
            let shown = at((began + 60).saturating_add_signed(little));
            assert_eq!((known.jump(shown, later(60)), known.settle(shown, later(60))), (None, shown), "{little}");
        }
    }

    /// [TIM-90]
    #[test]
    fn a_clock_that_is_a_little_fast_was_not_set() {
        let began = 20_000 * DAY;
        let mut known = known(began - DAY, began, began);
        for day in 1..=100 {
            let (passed, shown) = (day * (DAY + 1), at(began + day * (DAY + 1 + 60)));
            assert_eq!(known.settle(shown, later(passed)), shown, "after {day} days");
        }
        let (passed, shown) = (101 * (DAY + 1), at(began + 202 * DAY));
        assert!(known.jump(shown, later(passed)).is_some());
    }

    /// [TIM-90] [TIM-42]
    #[test]
    fn a_clock_that_was_certainly_wrong_is_believed_once_it_can_be_right() {
        let founded = 20_000 * DAY;
        let mut known = known(founded, founded + DAY, 5);
        let (right, set) = (at(founded + 9 * DAY), at(founded + 30 * DAY));
        assert_eq!(known.settle(right, later(100)), right);
        assert_eq!(
            known.jump(set, later(100)),
            Some(Jump { counted: right, shown: set }),
            "and from then on it is watched"
        );
    }
}
