//! Answers that leave at a beat.
//!
//! Guarantees that how much was looked at and not shown does not show in the time, as long as it takes less than a beat
//! more or less. Leaves to whoever asks what is looked at.

use std::time::Duration;

use tokio::time::Instant;

/// An answer leaves after this time, or the next multiple of it. [CAS-25] [CAS-66]
const BEAT: Duration = Duration::from_millis(5);

/// Does something, and waits for the beat.
pub async fn in_step<T>(work: impl FnOnce() -> T) -> T {
    let from = Instant::now();
    let done = work();
    let beats = u32::try_from(from.elapsed().as_nanos() / BEAT.as_nanos()).unwrap_or(u32::MAX).saturating_add(1);
    tokio::time::sleep_until(from + BEAT.saturating_mul(beats)).await;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CAS-25]
    #[tokio::test]
    async fn what_takes_nothing_leaves_no_sooner_than_the_beat() {
        for work in [0, 500] {
            let from = Instant::now();
            assert_eq!(in_step(|| std::thread::sleep(Duration::from_micros(work))).await, ());
            assert!(from.elapsed() >= BEAT);
        }
    }
}
