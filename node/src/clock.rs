//! The node's clock and randomness: what the pure core takes as arguments.

use std::time::{SystemTime, UNIX_EPOCH};

use uput_core::{entropy::Entropy, time::Seconds};

/// The system's clock. It may be wrong: times are claims, and never decide what an event does.
#[must_use]
pub fn now() -> Seconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs().max(1));
    Seconds::new(since).unwrap_or(Seconds::EPOCH)
}

/// The system's randomness.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, buffer: &mut [u8]) {
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
