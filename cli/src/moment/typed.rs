//! Times that were typed by the wall, and whose wall it was.
//!
//! Guarantees that none is sent where the clock of this computer and that of the people who work there show another time: a
//! computer that keeps UTC would date what happened at half past two by hours. Leaves the two nights of a year to `wall`.
//!
//! Times are read long before the node can be asked where it stands, at a dozen places; what was typed is kept here until it is. A
//! process is one command.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::wall;
use crate::failure::Failure;

/// Whether a refusal may repeat the time: what stands in a value is never shown. [CLI-56]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Repeated,
    Never,
}

/// What was typed without an offset, as this computer reads it.
static TYPED: Mutex<Vec<(Timestamp, Shown)>> = Mutex::new(Vec::new());

/// Keeps a time that was typed without an offset.
pub(super) fn keep(moment: Timestamp, shown: Shown) {
    // A panic while the lock was held leaves the list whole: each change is one step.
    TYPED.lock().unwrap_or_else(PoisonError::into_inner).push((moment, shown));
}

/// Whether a time was typed for which the zone of the organisation must be known.
pub(crate) fn any() -> bool {
    !TYPED.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
}

/// Refuses what the clock of the organisation's people shows as another time. [TIM-94]
pub(crate) fn hold_against(zone: &str) -> Result<(), Failure> {
    let typed = TYPED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    typed.into_iter().try_for_each(|(moment, shown)| agree(moment, shown, &TimeZone::system(), zone))
}

fn agree(moment: Timestamp, shown: Shown, here: &TimeZone, zone: &str) -> Result<(), Failure> {
    let there = TimeZone::get(zone).ok();
    if there.as_ref().is_some_and(|there| there.to_offset(moment) == here.to_offset(moment)) {
        return Ok(());
    }
    let what = format!("a time was given without an offset, and this computer does not keep the clock of {zone}");
    let Some(there) = there.filter(|_| shown == Shown::Repeated) else {
        return Err(Failure::usage(what, "write the offset too, like 2026-11-22T20:00+01:00"));
    };
    let wall = here.to_datetime(moment);
    let of = |zone: &TimeZone| wall::readings(wall, zone).join(" or ");
    let next = format!("give {} for the clock of {zone}, {} for that of this computer", of(&there), of(here));
    Err(Failure::usage(what, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(moment: &str, shown: Shown, here: &str) -> Result<(), String> {
        let here = TimeZone::get(here).unwrap();
        agree(moment.parse().unwrap(), shown, &here, "Europe/Belgrade").map_err(|failure| format!("{failure:?}"))
    }

    /// [TIM-94]
    #[test]
    fn what_the_clock_of_the_house_shows_otherwise_is_asked_for_with_each_reading() {
        for same in ["Europe/Belgrade", "Europe/Tirane", "Europe/Skopje"] {
            assert_eq!(agreed("2026-10-25T01:30:00Z", Shown::Repeated, same), Ok(()), "{same}");
        }
        let refused = agreed("2026-07-01T02:30:00Z", Shown::Repeated, "UTC").unwrap_err();
        assert!(refused.contains("give 2026-07-01T02:30+02:00 for the clock of Europe/Belgrade"), "{refused}");
        assert!(refused.contains("2026-07-01T02:30+00:00 for that of this computer"), "{refused}");
        // In the night with an hour twice the house has two readings of it.
        let refused = agreed("2026-10-25T02:30:00Z", Shown::Repeated, "UTC").unwrap_err();
        assert!(refused.contains("2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00 for the clock"), "{refused}");
        // Clocks that agree in winter alone.
        assert_eq!(agreed("2026-01-15T02:30:00Z", Shown::Repeated, "Africa/Lagos"), Ok(()));
        assert!(agreed("2026-07-15T02:30:00Z", Shown::Repeated, "Africa/Lagos").is_err());
    }

    /// [TIM-94] [CLI-56]
    #[test]
    fn a_time_in_a_value_is_not_repeated() {
        let refused = agreed("2026-07-01T02:30:00Z", Shown::Never, "UTC").unwrap_err();
        assert!(!refused.contains("02:30") && refused.contains("Europe/Belgrade"), "{refused}");
        assert_eq!(agreed("2026-07-01T02:30:00Z", Shown::Never, "Europe/Belgrade"), Ok(()));
    }
}
