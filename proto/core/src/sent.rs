//! From when on something counts as sent, where witnesses show something of it.
//!
//! Guarantees that a clock which was ahead puts nothing off, that nobody is late by what was dated back, and that a log that was
//! cosigned late puts nobody's call off by more than its ticks are long. Leaves to others which cosignatures count.

use crate::time::{Seconds, Span};

/// How much later than it claims something is in a log that was cosigned in time: the tick in which it stands, and the next one.
const PROMPT: Span = Span(1200);

/// What cosigned logs show of when something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// It was there then: the first time at which as many witnesses as are demanded had cosigned that it is.
    pub by: Seconds,
    /// Its author's own log did not have it yet then; none: nothing shows that.
    pub until: Option<Seconds>,
}

impl Shown {
    /// From when on it counts as sent, of what its author claims. [TIM-85]
    #[must_use]
    pub fn sent(&self, claimed: Seconds) -> Seconds {
        let dated_back = self.until.is_some_and(|until| until > claimed);
        if dated_back { self.by } else { self.by.min(claimed.after(PROMPT)) }
    }

    /// Until when it was not signed yet, unless something shows it before. [TIM-93]
    #[must_use]
    pub fn not_yet(&self) -> Option<Seconds> {
        self.until.filter(|until| self.by >= *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: u64) -> Seconds {
        Seconds::new(time).unwrap()
    }

    /// [TIM-93]
    #[test]
    fn what_a_log_did_not_have_yet_was_not_signed_yet_unless_something_shows_it_before() {
        let not_yet = |by, until: Option<u64>| Shown { by: at(by), until: until.map(at) }.not_yet().map(Seconds::get);
        assert_eq!(not_yet(10_500, Some(9_900)), Some(9_900));
        assert_eq!(not_yet(9_900, Some(9_900)), Some(9_900));
        assert_eq!(not_yet(9_800, Some(9_900)), None, "another log shows it before");
        assert_eq!(not_yet(10_500, None), None);
    }

    /// [TIM-84] [TIM-85]
    #[test]
    fn what_was_sent_counts_from_when_witnesses_have_it_and_no_lag_puts_a_call_off() {
        let sent = |by, until: Option<u64>, claimed| Shown { by: at(by), until: until.map(at) }.sent(at(claimed)).get();
        assert_eq!(sent(10_500, Some(9_900), 10_000), 10_500, "the first time at which witnesses show it");
        assert_eq!(sent(10_500, None, 90_000), 10_500, "its clock was ahead");
        assert_eq!(sent(99_000, Some(9_900), 10_000), 11_200, "the witness was away: nobody waits for it");
        assert_eq!(sent(99_000, None, 10_000), 11_200, "nothing shows that it was not there");
        assert_eq!(sent(99_000, Some(98_400), 10_000), 99_000, "it was dated back: the log did not have it yet");
        assert_eq!(sent(99_000, Some(10_000), 10_000), 11_200, "at the time that it claims is not after it");
    }
}
