//! The seed's choices.

use std::sync::{Mutex, PoisonError};

/// A seeded generator (SplitMix64) that all parts of one run share: whoever asks in the same order is told the same.
pub struct Dice(Mutex<u64>);

impl Dice {
    /// By a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// Any number.
    pub fn next(&self) -> u64 {
        let mut seed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One below `bound`; 0 if that is 0.
    pub fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    /// One from `least` to `most`.
    pub fn between(&self, least: usize, most: usize) -> usize {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// Yes, in so many of a hundred cases.
    pub fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
