//! The node's clock and randomness: what the pure core takes as arguments.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use uput_core::{
    entropy::Entropy,
    time::{Seconds, Span},
};

/// What is known of the time beside what the computer says.
static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

/// Times at which this node was certainly there.
#[derive(Clone, Copy)]
struct Known {
    /// When its keys were signed: no clock that shows an earlier time is right.
    founded: Seconds,
    /// The latest time that it had recorded when it started.
    recorded: Seconds,
    /// When that was, by the clock that counts on while the computer runs.
    started: Instant,
}

/// The time: the system's, unless that is certainly wrong. It may be wrong all the same: times are claims, and never
/// decide what an event does. A clock that shows a time before this node's own keys were signed, as it does when its battery
/// is empty, is not asked: the time then goes on from the latest that was recorded. [TIM-42]
#[must_use]
pub fn now() -> Seconds {
    let known = *KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.map_or_else(system, |known| known.settle(system(), known.started.elapsed()))
}

/// What the computer's clock shows, right or wrong.
#[must_use]
pub fn system() -> Seconds {
    #[cfg(feature = "simulation")]
    if let Some(time) = crate::simulated::milliseconds().and_then(|time| Seconds::new(time / 1000)) {
        return time;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs().max(1));
    Seconds::new(since).unwrap_or(Seconds::EPOCH)
}

/// The same in milliseconds since 1970.
#[must_use]
pub fn milliseconds() -> u64 {
    #[cfg(feature = "simulation")]
    if let Some(time) = crate::simulated::milliseconds() {
        return time;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// What the time is at least, by the latest that this node had recorded when it started and by how long it runs; none
/// before that was read.
#[must_use]
pub fn at_least() -> Option<Seconds> {
    let known = *KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.map(|known| known.recorded.after(Span(known.started.elapsed().as_secs())))
}

/// Says when this node was certainly there: when its keys were signed, and the latest time in its journal.
pub fn remember(founded: Seconds, recorded: Seconds) {
    let known = Known { founded, recorded: recorded.max(founded), started: Instant::now() };
    *KNOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
}

impl Known {
    fn settle(&self, system: Seconds, since: Duration) -> Seconds {
        // Keys are signed on another computer, whose clock may be a little ahead.
        if system.after(Span(600)) >= self.founded { system } else { self.recorded.after(Span(since.as_secs())) }
    }
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

    /// [TIM-42]
    #[test]
    fn a_clock_that_shows_a_time_before_the_keys_is_not_asked() {
        let at = |time| Seconds::new(time).unwrap();
        let known = Known { founded: at(1_000_000), recorded: at(2_000_000), started: Instant::now() };
        let settled = |system| known.settle(at(system), Duration::from_secs(60)).get();
        assert_eq!(settled(1), 2_000_060, "it goes on from what was recorded");
        assert_eq!(settled(999_300), 2_000_060);
        assert_eq!(settled(999_500), 999_500, "a few minutes are no proof");
        assert_eq!(settled(1_500_000), 1_500_000, "it may be that what was recorded was wrong");
        assert_eq!(settled(9_000_000), 9_000_000);
    }
}
