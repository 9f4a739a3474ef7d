//! Times as people read them, and as programs do.
//!
//! Guarantees that a shown time says its offset, and that JSON has UTC only. Leaves the hours that a change of the clock
//! skips or repeats to `wall`, and whose wall it is to `typed`.

pub(crate) mod typed;
pub(crate) mod wall;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned, civil};

use self::wall::Direction;

/// In local time with the offset, for example `2026-11-22 20:14 +01:00`; empty for 0. [CLI-9]
pub(crate) fn local(seconds: u64) -> String {
    zoned(seconds, TimeZone::system())
}

/// As RFC 3339 in UTC; `None` for 0. [CLI-9]
pub(crate) fn utc(seconds: u64) -> Option<String> {
    timestamp(seconds).map(|time| time.to_string())
}

/// Seconds since 1970 now.
pub(crate) fn now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or_default()
}

/// A time given on the command line: `2026-11-22T20:00+01:00`, `2026-11-22 20:00` or `20:00` (local, the next), `8h` from
/// now, `now`.
pub(crate) fn parse_future(text: &str) -> Result<u64, String> {
    parse(text, &Zoned::now(), Direction::Ahead)
}

/// A time in the past, likewise: `20:00` is the last, `10min` is ten minutes ago. Relative times are whole minutes.
pub(crate) fn parse_past(text: &str) -> Result<u64, String> {
    let relative = text == "now" || text.parse::<Span>().is_ok();
    let seconds = parse(text, &Zoned::now(), Direction::Behind)?;
    Ok(if relative { seconds - seconds % 60 } else { seconds })
}

/// A length of time given on the command line, for example `7d` or `36h`.
pub(crate) fn parse_span(text: &str) -> Result<u64, String> {
    let seconds = duration(text)?.as_secs();
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).ok_or_else(|| "must be longer than 0".to_owned())
}

/// Whether whole days of 24 hours end at another time by the wall than they began. [TIM-97]
pub(crate) fn days_over_a_change(from: u64, until: u64) -> bool {
    are_days_over_a_change(from, until, &TimeZone::system())
}

fn are_days_over_a_change(from: u64, until: u64, zone: &TimeZone) -> bool {
    let days = until > from && (until - from).is_multiple_of(86_400);
    let offset = |seconds| timestamp(seconds).map(|time| zone.to_offset(time));
    days && offset(from) != offset(until)
}

fn zoned(seconds: u64, zone: TimeZone) -> String {
    let Some(time) = timestamp(seconds) else { return String::new() };
    let shape = if seconds.is_multiple_of(60) { "%Y-%m-%d %H:%M %:z" } else { "%Y-%m-%d %H:%M:%S %:z" };
    time.to_zoned(zone).strftime(shape).to_string()
}

fn timestamp(seconds: u64) -> Option<Timestamp> {
    let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
    Timestamp::from_second(seconds).ok()
}

fn parse(text: &str, now: &Zoned, direction: Direction) -> Result<u64, String> {
    let time = if text == "now" {
        now.timestamp()
    } else if let Some(time) = wall::with_offset(text) {
        time
    } else if let Some(time) = wall::local(text, now, direction) {
        let time = time?;
        typed::keep_time(text, direction, now, time)?;
        time
    } else {
        let span = if direction == Direction::Ahead { duration(text)? } else { -duration(text)? };
        now.timestamp().checked_add(span).map_err(|_| "too far away".to_owned())?
    };
    seconds_of(time)
}

fn seconds_of(time: Timestamp) -> Result<u64, String> {
    u64::try_from(time.as_second()).map_err(|_| "before 1970".to_owned())
}

fn duration(text: &str) -> Result<SignedDuration, String> {
    let span: Span = text.parse().map_err(|_| {
        "give a time like 2026-11-22T20:00+01:00, 2026-11-22 20:00, 20:00, or a span like 8h".to_owned()
    })?;
    span.to_duration(civil::date(2026, 1, 1)).map_err(|_| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_says_its_offset() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(zoned(1_795_376_040, zone.clone()), "2026-11-22 20:34 +01:00");
        assert_eq!(zoned(1_795_376_041, zone), "2026-11-22 20:34:01 +01:00");
        assert_eq!(utc(1_795_376_040).as_deref(), Some("2026-11-22T19:34:00Z"));
        assert_eq!(utc(0), None);
    }

    /// [TIM-97]
    #[test]
    fn seven_days_over_either_night_are_said_to_be_of_24_hours() {
        let belgrade = TimeZone::get("Europe/Belgrade").unwrap();
        let at = |text: &str| u64::try_from(text.parse::<Timestamp>().unwrap().as_second()).unwrap();
        for (began, ends) in [
            ("2026-10-20T22:00+02:00", "2026-10-27 21:00 +01:00"),
            ("2026-03-24T22:00+01:00", "2026-03-31 23:00 +02:00"),
        ] {
            let (from, until) = (at(began), at(began) + 7 * 86_400);
            assert_eq!(zoned(until, belgrade.clone()), ends);
            assert!(are_days_over_a_change(from, until, &belgrade), "{began}");
            assert!(!are_days_over_a_change(from, from + 3600, &belgrade));
            assert!(!are_days_over_a_change(from, from + 7 * 86_400 + 60, &belgrade), "whoever gave a time meant it");
        }
        let winter = at("2026-01-10T22:00+01:00");
        assert!(!are_days_over_a_change(winter, winter + 7 * 86_400, &belgrade));
    }

    #[test]
    fn times_are_absolute_or_relative() {
        let now = Timestamp::from_second(1_000_000).unwrap().to_zoned(TimeZone::UTC);
        let (ahead, behind) = (Direction::Ahead, Direction::Behind);
        assert_eq!(parse("8h", &now, ahead), Ok(1_000_000 + 8 * 3600));
        assert_eq!(parse("10min", &now, behind), Ok(1_000_000 - 600));
        assert_eq!(parse("2026-11-22T20:34+01:00", &now, ahead), Ok(1_795_376_040));
        // As it is shown, so it can be given back.
        assert_eq!(parse("2026-11-22 20:34 +01:00", &now, behind), Ok(1_795_376_040));
        assert!(parse("tomorrow", &now, ahead).is_err());
        assert!(parse("300000y", &now, behind).is_err());
        assert_eq!(parse_span("7d"), Ok(604_800));
        assert!(parse_span("0s").is_err());
    }
}
