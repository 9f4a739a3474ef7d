//! Times that were typed by the wall, and whose wall it was.
//!
//! Guarantees that none is sent where the clock of this computer and that of the people who work there read it otherwise: a
//! computer that keeps UTC would date what happened at half past two by hours. Leaves the two nights of a year to `wall`.
//!
//! Times are read long before the node can be asked where it stands, at a dozen places; what was typed is kept here until it is. A
//! process is one command.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use uput_core::sensitive::Sensitive;

use super::wall::{self, Direction};
use crate::failure::Failure;

/// What was typed without an offset, as this computer reads it.
static TYPED: Mutex<Vec<Typed>> = Mutex::new(Vec::new());
/// The node was asked where it stands, if it had to be.
static HELD: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
enum Typed {
    /// Beside a command, where a refusal may repeat it.
    Time { text: String, direction: Direction, at: Timestamp, here: Timestamp },
    /// In a value, of which nothing is ever shown. [CLI-56]
    Value { text: Sensitive<String>, here: Sensitive<String> },
}

/// Keeps a time that was typed without an offset.
pub(super) fn keep_time(text: &str, direction: Direction, now: &Zoned, here: Timestamp) -> Result<(), String> {
    keep(Typed::Time { text: text.to_owned(), direction, at: now.timestamp(), here }).map_err(str::to_owned)
}

/// Keeps a minute of a value that was typed without an offset.
pub(super) fn keep_value(text: &str, here: &str) -> Result<(), &'static str> {
    keep(Typed::Value { text: Sensitive::new(text.to_owned()), here: Sensitive::new(here.to_owned()) })
}

/// What is typed when nobody will hold it against the house any more would go unheld.
fn keep(typed: Typed) -> Result<(), &'static str> {
    if HELD.load(Ordering::Relaxed) {
        return Err("the node was not asked which clock it keeps: write the offset too");
    }
    // A panic while the lock was held leaves the list whole: each change is one step.
    TYPED.lock().unwrap_or_else(PoisonError::into_inner).push(typed);
    Ok(())
}

/// Whether a time was typed for which the zone of the organisation must be known. What comes later is refused.
pub(crate) fn any() -> bool {
    HELD.store(true, Ordering::Relaxed);
    !TYPED.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
}

/// Refuses what the clock of the organisation's people reads as another time. [TIM-94]
pub(crate) fn hold_against(zone: &str) -> Result<(), Failure> {
    let typed = TYPED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    typed.iter().try_for_each(|typed| typed.agrees(&TimeZone::system(), zone))
}

/// The node does not say which clock it keeps, although a time was typed by the wall. [TIM-94]
pub(crate) fn untold() -> Failure {
    let what = "a time was given without an offset, and this access may not ask the node which clock it keeps";
    Failure::usage(what, "write the offset too, like 2026-11-22T20:00+01:00")
}

impl Typed {
    fn agrees(&self, here: &TimeZone, zone: &str) -> Result<(), Failure> {
        let there = TimeZone::get(zone).ok();
        let what = format!("a time was given without an offset, and this computer does not keep the clock of {zone}");
        match (self, there) {
            (Self::Value { text, here }, Some(there)) if reads_as(text, here, &there) => Ok(()),
            (Self::Time { text, direction, at, here: moment }, Some(there)) => {
                let by_this = wall::written(*moment, here);
                let next = match wall::local(text, &at.to_zoned(there.clone()), *direction) {
                    Some(Ok(read)) if read == *moment => return Ok(()),
                    Some(Ok(read)) => format!("give {} for the clock of {zone}", wall::written(read, &there)),
                    Some(Err(said)) => format!("by the clock of {zone}: {said}"),
                    None => "write the offset too".to_owned(),
                };
                Err(Failure::usage(what, format!("{next}; for that of this computer {by_this}")))
            }
            _ => Err(Failure::usage(what, "write the offset too, like 2026-11-22T20:00+01:00")),
        }
    }
}

/// Whether a value is the same minute by the clock of the house. It is compared, and goes nowhere.
fn reads_as(text: &Sensitive<String>, here: &Sensitive<String>, there: &TimeZone) -> bool {
    wall::value(text.expose(), there).as_ref() == Ok(here.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a computer in a zone says of a time that was typed at a moment, where the house is in Belgrade.
    fn agreed(text: &str, at: &str, direction: Direction, here: &str) -> Result<(), String> {
        let (here, at) = (TimeZone::get(here).unwrap(), at.parse::<Timestamp>().unwrap());
        let moment = wall::local(text, &at.to_zoned(here.clone()), direction).unwrap().unwrap();
        let typed = Typed::Time { text: text.to_owned(), direction, at, here: moment };
        typed.agrees(&here, "Europe/Belgrade").map_err(|failure| format!("{failure:?}"))
    }

    fn behind(text: &str, here: &str) -> Result<(), String> {
        agreed(text, "2026-11-22T08:00:00Z", Direction::Behind, here)
    }

    /// [TIM-94]
    #[test]
    fn what_the_clock_of_the_house_reads_otherwise_is_asked_for_with_each_reading() {
        for same in ["Europe/Belgrade", "Europe/Tirane", "Europe/Skopje"] {
            assert_eq!(behind("2026-07-01 02:30", same), Ok(()), "{same}");
        }
        let refused = behind("2026-07-01 02:30", "UTC").unwrap_err();
        assert!(refused.contains("give 2026-07-01T02:30+02:00 for the clock of Europe/Belgrade"), "{refused}");
        assert!(refused.contains("for that of this computer 2026-07-01T02:30+00:00"), "{refused}");
        // Clocks that agree in winter alone.
        assert_eq!(behind("2026-01-15 02:30", "Africa/Lagos"), Ok(()));
        assert!(behind("2026-07-15 02:30", "Africa/Lagos").is_err());
    }

    /// [TIM-94] An hour of the day is that of the day at the house.
    #[test]
    fn an_hour_without_a_day_is_read_by_the_day_of_the_house() {
        let evening = "2026-07-01T19:30:00Z";
        let refused = agreed("20:00", evening, Direction::Behind, "UTC").unwrap_err();
        assert!(refused.contains("give 2026-07-01T20:00+02:00"), "half an hour ago, not a day: {refused}");
        let refused = agreed("20:00", evening, Direction::Ahead, "UTC").unwrap_err();
        assert!(refused.contains("give 2026-07-02T20:00+02:00"), "tomorrow at the house: {refused}");
        let refused = agreed("00:30", "2026-07-01T22:45:00Z", Direction::Behind, "UTC").unwrap_err();
        assert!(refused.contains("give 2026-07-02T00:30+02:00"), "past midnight at the house: {refused}");
    }

    /// [TIM-94] [TIM-95] A computer whose clock nobody changes reads once what the house saw twice, or never.
    #[test]
    fn an_hour_that_came_twice_at_the_house_is_chosen_there() {
        for here in ["Africa/Lagos", "Africa/Algiers", "Africa/Maputo", "UTC"] {
            let refused = behind("2026-10-25 02:30", here).unwrap_err();
            assert!(refused.contains("twice: give 2026-10-25T02:30+02:00 for the first time"), "{here}: {refused}");
            assert!(behind("2026-03-29 02:30", here).unwrap_err().contains("never showed 02:30"), "{here}");
        }
        // Before the second time only the first can be meant, and by either clock it is the same.
        assert_eq!(agreed("02:30", "2026-10-25T00:40:00Z", Direction::Behind, "Africa/Maputo"), Ok(()));
    }

    /// [TIM-94] [CLI-56]
    #[test]
    fn a_time_in_a_value_is_not_repeated() {
        let value = |text: &str, here: &str| {
            let here = wall::value(text, &TimeZone::get(here).unwrap()).unwrap();
            let typed = Typed::Value { text: Sensitive::new(text.to_owned()), here: Sensitive::new(here) };
            typed.agrees(&TimeZone::UTC, "Europe/Belgrade").map_err(|failure| format!("{failure:?}"))
        };
        let refused = value("2026-07-01 02:30", "UTC").unwrap_err();
        assert!(!refused.contains("02:30") && refused.contains("Europe/Belgrade"), "{refused}");
        assert_eq!(value("2026-07-01 02:30", "Europe/Belgrade"), Ok(()));
        assert!(value("2026-10-25 02:30", "Africa/Lagos").is_err(), "the house saw it twice");
    }
}
