//! The second factor: codes of six digits that change every half minute (RFC 6238).
//!
//! Guarantees that a code works once, and only in its own half minute and the one before and after. HMAC is ring's; what
//! stands here is the counting.

use ring::hmac;
use uput_core::time::Seconds;
use zeroize::Zeroizing;

/// Seconds of a step.
const STEP: u64 = 30;
/// Steps that a clock may be off, either way. [ACC-34]
const WINDOW: u64 = 1;
/// Bytes of a secret: what RFC 4226 asks for, up to a block of the hash.
const LENGTHS: std::ops::RangeInclusive<usize> = 20..=64;

/// What a person's own device shares with the node.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor(Zeroizing<Vec<u8>>);

impl SecondFactor {
    /// From a secret of a length that can be trusted.
    #[must_use]
    pub fn parse(secret: Zeroizing<Vec<u8>>) -> Option<Self> {
        LENGTHS.contains(&secret.len()).then_some(Self(secret))
    }

    /// For its sealed record.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The step whose code was shown, if it is near enough and newer than the last one that was used. [ACC-34]
    #[must_use]
    pub fn step(&self, shown: &str, now: Seconds, used: u64) -> Option<u64> {
        let current = now.get() / STEP;
        let steps = current.saturating_sub(WINDOW)..=current + WINDOW;
        // Each is computed, so that the time says nothing.
        steps.fold(None, |found, step| if self.shows(step, shown) && step > used { Some(step) } else { found })
    }

    fn shows(&self, step: u64, shown: &str) -> bool {
        let code = Zeroizing::new(format!("{:06}", self.number(step)));
        let difference = code.bytes().zip(shown.bytes()).fold(0, |all, (code, shown)| all | (code ^ shown));
        std::hint::black_box(difference) == 0 && shown.len() == code.len()
    }

    /// RFC 4226, section 5.3: four bytes of the digest, of which its last half byte says where.
    fn number(&self, step: u64) -> u32 {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let digest = hmac::sign(&key, &step.to_be_bytes());
        let offset = usize::from(digest.as_ref().last().map_or(0, |byte| byte & 15));
        let four = digest.as_ref().iter().skip(offset).take(4);
        four.fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) % (1 << 31) % 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Seconds {
        Seconds::new(seconds).unwrap()
    }

    /// The vectors of RFC 6238, appendix B, cut to six digits. [ACC-34]
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let factor = SecondFactor::parse(Zeroizing::new(b"12345678901234567890".to_vec())).unwrap();
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(factor.step(code, at(time), 0), Some(time / STEP));
        }
    }

    /// [ACC-34]
    #[test]
    fn a_code_works_once_and_near_its_half_minute() {
        let factor = SecondFactor::parse(Zeroizing::new(b"12345678901234567890".to_vec())).unwrap();
        let (time, step) = (1_111_111_109, 1_111_111_109 / STEP);
        for near in [time - STEP, time, time + STEP] {
            assert_eq!(factor.step("081804", at(near), step - 1), Some(step));
            assert_eq!(factor.step("081804", at(near), step), None, "it was used");
        }
        for far in [time - 2 * STEP, time + 2 * STEP] {
            assert_eq!(factor.step("081804", at(far), 0), None);
        }
        for wrong in ["", "08180", "0818040", "081805", "letters"] {
            assert_eq!(factor.step(wrong, at(time), 0), None, "{wrong}");
        }
        assert!(SecondFactor::parse(Zeroizing::new(vec![1; 19])).is_none());
    }
}
