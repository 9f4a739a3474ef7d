//! Roots of ticks in which a node was off: random to everybody who has not the seed. [LOG-63]

use ring::hmac;

/// The root of a tick that was missed.
#[must_use]
pub fn missed_root(seed: &[u8], tick: u64) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, seed);
    let tag = hmac::sign(&key, &[b"uput/node/missed".as_slice(), &tick.to_be_bytes()].concat());
    // cannot fail: HMAC-SHA256 gives 32 bytes.
    tag.as_ref().try_into().unwrap_or([0; 32])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [LOG-63]
    #[test]
    fn roots_of_missed_ticks_differ_by_tick_and_by_seed() {
        assert_ne!(missed_root(&[1; 32], 7), missed_root(&[1; 32], 8));
        assert_ne!(missed_root(&[1; 32], 7), missed_root(&[2; 32], 7));
        assert_eq!(missed_root(&[1; 32], 7), missed_root(&[1; 32], 7));
    }
}
