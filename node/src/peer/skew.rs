//! How far a peer's clock is from this one, as far as a question and its answer tell.
//!
//! Guarantees that the true difference lies within the bound, if the peer says what its clock shows. It may lie: nothing
//! is decided by this, it is shown.

use std::time::Duration;

use tokio::time::Instant;
use uput_core::time::LATEST;

use crate::clock;

/// How far a peer's clock is ahead of ours. [TIM-40]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Milliseconds; less than 0: it is behind.
    pub ahead: i64,
    /// By how many milliseconds that can be wrong: half of the round trip.
    pub bound: u64,
}

/// By how many milliseconds our clock may go from the counter while an answer is on its way.
const STEADY: u64 = 60_000;

/// When something was asked.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    wall: u64,
    at: Instant,
}

impl Asked {
    /// Now.
    pub(super) fn now() -> Self {
        Self { wall: clock::milliseconds(), at: Instant::now() }
    }

    /// With what the peer's clock showed when it answered; none if it does not say, or if our clock was set in between: then
    /// the answer would be held against another clock than the one that asked. [TIM-91]
    pub(super) fn answered(&self, theirs: u64) -> Option<Skew> {
        let took = self.at.elapsed();
        let expected = self.wall.saturating_add(u64::try_from(took.as_millis()).ok()?);
        if clock::milliseconds().abs_diff(expected) > STEADY {
            return None;
        }
        self.between(theirs, took)
    }

    fn between(&self, theirs: u64, took: Duration) -> Option<Skew> {
        if theirs == 0 || theirs > LATEST.saturating_mul(1000) {
            return None;
        }
        let half = u64::try_from(took.as_millis() / 2).ok()?.saturating_add(1);
        let ours = i64::try_from(self.wall.saturating_add(half)).ok()?;
        Some(Skew { ahead: i64::try_from(theirs).ok()?.checked_sub(ours)?, bound: half })
    }
}

impl Skew {
    /// By how many seconds the clocks are apart at least.
    #[must_use]
    pub const fn at_least(&self) -> u64 {
        self.ahead.unsigned_abs().saturating_sub(self.bound) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [TIM-91]
    #[test]
    fn an_answer_that_was_on_its_way_while_our_clock_was_set_measures_nothing() {
        let now = Asked::now();
        assert!(now.answered(now.wall).is_some());
        for set in [86_400_000, -86_400_000] {
            let asked = Asked { wall: now.wall.saturating_add_signed(set), ..now };
            assert_eq!(asked.answered(now.wall), None, "{set}");
        }
    }

    /// [TIM-40]
    #[test]
    fn the_true_difference_lies_within_the_bound() {
        let asked = Asked { wall: 1_000_000, at: Instant::now() };
        // The answer was written anywhere in the four seconds that it took, by a clock that is a minute ahead.
        for on_the_way in [0, 1000, 2000, 3000, 4000] {
            let skew = asked.between(1_000_000 + on_the_way + 60_000, Duration::from_secs(4)).unwrap();
            assert!(skew.ahead.abs_diff(60_000) <= skew.bound, "{skew:?}");
            assert!((55..=60).contains(&skew.at_least()), "{skew:?}");
        }
        let behind = asked.between(1, Duration::ZERO).unwrap();
        assert_eq!((behind.ahead, behind.at_least()), (-1_000_000, 999));
        assert_eq!(asked.between(0, Duration::ZERO), None, "it does not say");
        assert_eq!(asked.between(u64::MAX, Duration::ZERO), None);
    }
}
