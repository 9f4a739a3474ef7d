//! Whether a day has passed since a trail was challenged, whatever is done to the clock meanwhile.
//!
//! Guarantees that while this node runs no trail is challenged twice in a day by the counter that runs while the computer
//! does, and that a clock which was set back keeps nobody from challenging again.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use uput_core::{id::TrailId, time::Seconds};

use super::DAY;

/// When trails were challenged in this run, by the counter. [TIM-92]
#[derive(Default)]
pub(in crate::node) struct Lately(Mutex<BTreeMap<TrailId, Instant>>);

impl Lately {
    /// One was challenged.
    pub(super) fn note(&self, trail: TrailId, at: Instant) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|_, before| is_within(*before, at));
        noted.insert(trail, at);
    }

    /// Whether one was less than a day ago.
    pub(super) fn holds(&self, trail: &TrailId, at: Instant) -> bool {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.get(trail).is_some_and(|before| is_within(*before, at))
    }
}

/// Whether a challenge that was stored then is one of today by the clock. One that lies ahead was put before the clock was
/// set back, nobody knows when: it is of no day, else none could be put until the clock has come there again. [TIM-92]
pub(super) fn is_of_today(stored: Seconds, now: Seconds) -> bool {
    stored <= now && now < stored.after(DAY)
}

fn is_within(before: Instant, at: Instant) -> bool {
    at.saturating_duration_since(before) < Duration::from_secs(DAY.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::id::Id;

    /// [TIM-92] [NOD-110]
    #[test]
    fn one_a_day_holds_whatever_the_clock_does() {
        let (lately, trail) = (Lately::default(), TrailId::from(Id::of(b"one")));
        let (start, other) = (Instant::now(), TrailId::from(Id::of(b"another")));
        let later = |seconds| start + Duration::from_secs(seconds);
        assert!(!lately.holds(&trail, start));
        lately.note(trail, start);
        assert!(lately.holds(&trail, later(86_399)) && !lately.holds(&trail, later(86_400)));
        assert!(!lately.holds(&other, start));
        lately.note(other, later(86_400));
        assert_eq!(lately.0.lock().unwrap().len(), 1, "what is over is forgotten");
    }

    /// [TIM-92]
    #[test]
    fn what_lies_ahead_keeps_nobody_from_asking_again() {
        let at = |time| Seconds::new(time).unwrap();
        assert!(is_of_today(at(1_000_000), at(1_000_000)) && is_of_today(at(1_000_000), at(1_086_399)));
        assert!(!is_of_today(at(1_000_000), at(1_086_400)));
        assert!(!is_of_today(at(1_000_000), at(999_999)), "the clock was set back meanwhile");
    }
}
