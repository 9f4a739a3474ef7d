//! How long a worker rests between two tries to reach a peer.
//!
//! Guarantees that pauses grow to a bound and no further, that no two workers keep step, and that whatever is heard of the
//! peer makes the next pause the short one. [TRA-20]

use std::time::Duration;

use tokio::sync::Notify;

use super::limits::Limits;
use crate::clock::SystemEntropy;

/// Doubles from the shortest to the longest.
pub(super) struct Pauses {
    shortest: Duration,
    longest: Duration,
    next: Duration,
}

impl Pauses {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { shortest: limits.backoff_min, longest: limits.backoff_max, next: limits.backoff_min }
    }

    /// The peer is there: the next pause is the short one again.
    pub(super) const fn begin_anew(&mut self) {
        self.next = self.shortest;
    }

    /// Rests; a contact ends the pause, after a short one, which spares a peer that ends every stream at once.
    pub(super) async fn rest(&mut self, contact: &Notify) {
        let pause = self.draw();
        tokio::select! {
            () = tokio::time::sleep(pause) => (),
            // Also if this very attempt reached the peer.
            () = contact.notified() => {
                self.begin_anew();
                tokio::time::sleep(self.draw()).await;
            }
        }
    }

    /// Between half and all of what is due: also at the bound a peer that comes back is not dialled by everybody at once.
    fn draw(&mut self) -> Duration {
        let due = self.next.min(self.longest);
        self.next = due.saturating_mul(2);
        let share = f64::from(u32::from_be_bytes(SystemEntropy.bytes::<4>())) / f64::from(u32::MAX);
        due.mul_f64(f64::midpoint(1.0, share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [TRA-20] [DEL-3]
    #[test]
    fn pauses_double_to_a_quarter_of_an_hour_with_jitter_and_never_end() {
        let limits = Limits::default();
        let mut pauses = Pauses::new(&limits);
        let mut at_the_bound = Vec::new();
        for round in 0..1000_u32 {
            let due = limits.backoff_min * 2_u32.saturating_pow(round.min(20));
            let (pause, due) = (pauses.draw(), due.min(Duration::from_secs(900)));
            assert!(pause >= due / 2 && pause <= due, "round {round}: {pause:?}");
            at_the_bound.extend((round > 10).then_some(pause));
        }
        at_the_bound.sort();
        at_the_bound.dedup();
        assert!(at_the_bound.len() > 900, "everybody would dial in step");
    }

    /// [TRA-20] [DEL-5]
    #[tokio::test]
    async fn any_contact_ends_a_long_pause_and_makes_the_next_ones_short() {
        let (millisecond, hour) = (Duration::from_millis(1), Duration::from_secs(3600));
        let limits = Limits { backoff_min: millisecond, backoff_max: hour, ..Limits::default() };
        let (mut pauses, contact) = (Pauses::new(&limits), Notify::new());
        let long = std::iter::repeat_with(|| pauses.draw()).take(30).last();
        assert!(long >= Some(hour / 2));
        contact.notify_one();
        let rested = tokio::time::timeout(Duration::from_secs(60), pauses.rest(&contact)).await;
        assert!(rested.is_ok(), "it slept on");
        assert!(pauses.draw() <= 2 * millisecond, "and begins anew");
    }
}
