//! Numbers that a seed decides: the same seed makes the same choices.

use crate::failed::{Failed, Outcome};

/// A stream of numbers (SplitMix64). Not for secrets.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// A stream for a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream that nobody knows beforehand, for IDs that must be new in each run.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn anew() -> Outcome<Self> {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(|error| Failed::because(error.to_string()))?;
        Ok(Self(u64::from_be_bytes(seed)))
    }

    /// A stream of its own for one part of a run.
    #[must_use]
    pub fn part(&self, number: u64) -> Self {
        let mut part = Self(self.0 ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        part.next();
        part
    }

    /// The next number.
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 if there is none.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }

    /// True once in `chances`.
    pub const fn once_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    /// A request ID in the form of a random UUID.
    pub fn request_id(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_and_parts_differ() {
        let draw = Draw::new(7);
        assert_eq!(draw.part(1).request_id(), draw.part(1).request_id());
        assert_ne!(draw.part(1).request_id(), draw.part(2).request_id());
        assert_eq!(draw.part(3).request_id().len(), 36);
    }
}
