//! Failed attempts at an account, and how long it is locked after too many.
//!
//! Guarantees that an account that was tried too often lets nobody in for a while. It is kept in memory alone: whoever
//! guesses must not be able to fill the disk.

use std::{collections::HashMap, hash::Hash};

use uput_core::time::{Seconds, Span};

/// Wrong secrets after which an account is locked. [ACC-7]
pub(super) const MOST: u32 = 10;
/// For how long. Attempts that are older do not count. [ACC-7]
const LOCKED: Span = Span(900);

/// The attempts at every door that had a failed one lately. What is counted as a door, the register says.
pub(super) struct Attempts<D> {
    failed: HashMap<D, Failed>,
}

struct Failed {
    count: u32,
    since: Seconds,
    locked_until: Option<Seconds>,
}

impl<D> Default for Attempts<D> {
    fn default() -> Self {
        Self { failed: HashMap::new() }
    }
}

impl<D: Eq + Hash> Attempts<D> {
    /// Until when a door is locked, if it is.
    pub(super) fn locked_until(&self, door: &D, now: Seconds) -> Option<Seconds> {
        self.failed.get(door)?.locked_until.filter(|until| *until > now)
    }

    /// Counts a wrong secret; says whether the door is locked now and was not before.
    pub(super) fn failed(&mut self, door: D, now: Seconds) -> bool {
        if self.locked_until(&door, now).is_some() {
            return false;
        }
        let failed = self.failed.entry(door).or_insert(Failed { count: 0, since: now, locked_until: None });
        if failed.locked_until.is_some() || failed.since.after(LOCKED) <= now {
            *failed = Failed { count: 0, since: now, locked_until: None };
        }
        failed.count = failed.count.saturating_add(1);
        if failed.count >= MOST {
            failed.locked_until = Some(now.after(LOCKED));
        }
        failed.locked_until.is_some()
    }

    /// The right secret was shown while the door was not locked.
    pub(super) fn succeeded(&mut self, door: &D) {
        self.failed.remove(door);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountId;

    /// [ACC-7]
    #[test]
    fn ten_attempts_in_a_row_lock_for_a_quarter_of_an_hour() {
        let (account, mut attempts) = (AccountId::new([1; 16]), Attempts::default());
        let now = Seconds::new(1_795_298_400).unwrap();
        for _ in 1..MOST {
            assert!(!attempts.failed(account, now));
        }
        assert!(attempts.locked_until(&account, now).is_none());
        assert!(attempts.failed(account, now));
        let until = attempts.locked_until(&account, now).unwrap();
        assert_eq!(until, now.after(LOCKED));
        assert!(!attempts.failed(account, now), "it is said once");
        assert!(attempts.locked_until(&account, until).is_none());
        assert!(!attempts.failed(account, until), "afterwards it begins anew");
    }

    #[test]
    fn old_attempts_and_attempts_before_a_success_do_not_count() {
        let (account, mut attempts) = (AccountId::new([1; 16]), Attempts::default());
        let now = Seconds::new(1_795_298_400).unwrap();
        assert!((1..MOST).all(|_| !attempts.failed(account, now)));
        assert!(!attempts.failed(account, now.after(LOCKED)));
        assert!((2..MOST).all(|_| !attempts.failed(account, now.after(LOCKED))));
        attempts.succeeded(&account);
        assert!(!attempts.failed(account, now.after(LOCKED)));
    }
}
