//! Times as the clock on the wall shows them, and the two nights of a year in which that says too little.
//!
//! Guarantees that no hour is guessed: a time that the clock showed twice, or never, is refused with both of its readings,
//! unless only one of them can be meant. Leaves to others what is done with a time.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, Zoned};

use super::typed;

/// Whether what has been is meant, or what will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// At the latest now.
    Behind,
    /// Later than now.
    Ahead,
}

/// What a time on the wall was, or will be.
enum Reading {
    Once(Timestamp),
    /// The clock is set back over it.
    Twice([Timestamp; 2]),
    /// The clock is set forward over it: the moments that were as long after the change as it is, and as long before.
    Never([Timestamp; 2]),
}

/// `2026-11-22T20:00+01:00`, `2026-11-22T19:00Z`, or as it is shown, with a space before the offset.
pub(crate) fn with_offset(text: &str) -> Option<Timestamp> {
    let shown = text.rsplit_once(' ').filter(|(_, offset)| offset.starts_with(['+', '-']));
    let text = shown.map_or_else(|| text.to_owned(), |(wall, offset)| format!("{wall}{offset}"));
    text.parse().ok()
}

/// `2026-11-22 20:00`, or `20:00`: then the last before now, or the first after it. None if it is neither. [CLI-55]
pub(crate) fn local(text: &str, now: &Zoned, direction: Direction) -> Option<Result<Timestamp, String>> {
    // A name of a zone would be read and not used.
    if text.contains('[') {
        return None;
    }
    if let Some(time) = time_of_day(text) {
        return Some(known(now.time_zone()).and_then(|()| nearest(time, now, direction)));
    }
    let wall: DateTime = text.parse().ok()?;
    Some(known(now.time_zone()).and_then(|()| settle(wall, now, direction)))
}

/// A minute of a value, in UTC as values write it, and kept until the node said which clock it keeps; what is no minute by the
/// wall comes back as it was. The error repeats nothing of it. [CLI-56] [TIM-94]
pub(crate) fn value_in_utc(text: &str, zone: &TimeZone) -> Result<String, &'static str> {
    let written = value(text, zone)?;
    if written != text && with_offset(text).is_none() {
        typed::keep_value(text, &written)?;
    }
    Ok(written)
}

/// The same by the clock of a zone.
pub(super) fn value(text: &str, zone: &TimeZone) -> Result<String, &'static str> {
    let wall = || text.parse::<DateTime>().ok().filter(|_| text.contains(':') && !text.contains('['));
    let moment = match (text.ends_with('Z'), with_offset(text)) {
        (true, _) => return Ok(text.to_owned()),
        (false, Some(moment)) => moment,
        (false, None) => match wall() {
            None => return Ok(text.to_owned()),
            Some(_) if zone.is_unknown() => return Err("this computer has no time zone: write the offset too"),
            Some(wall) => match read(wall, zone) {
                Some(Reading::Once(moment)) => moment,
                Some(Reading::Twice(_)) => return Err("the clock shows this time twice: write the offset too"),
                _ => return Err("the clock never shows this time: write the offset too"),
            },
        },
    };
    Ok(moment.strftime("%Y-%m-%dT%H:%MZ").to_string())
}

/// Whether the zone is that of a place.
fn known(zone: &TimeZone) -> Result<(), String> {
    match zone.is_unknown() {
        false => Ok(()),
        true => Err("this computer has no time zone: give the offset too, like 2026-11-22T20:00+01:00".to_owned()),
    }
}

fn time_of_day(text: &str) -> Option<Time> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once(':').filter(|(hour, minute)| digits(hour) && digits(minute)).and_then(|_| text.parse().ok())
}

/// Of today, or else of the day before or after.
fn nearest(time: Time, now: &Zoned, direction: Direction) -> Result<Timestamp, String> {
    let today = now.date();
    let other = match direction {
        Direction::Behind => today.yesterday(),
        Direction::Ahead => today.tomorrow(),
    };
    let days = [Some(today), other.ok()];
    for day in days.into_iter().flatten() {
        if is_meant(day, time, now, direction) {
            return settle(day.to_datetime(time), now, direction);
        }
    }
    Err("too far away".to_owned())
}

/// Whether a moment of that name is where it is looked for; one that never was is, if the moments around it are.
fn is_meant(day: Date, time: Time, now: &Zoned, direction: Direction) -> bool {
    let fits = |moment: &Timestamp| direction.has(*moment, now);
    match read(day.to_datetime(time), now.time_zone()) {
        Some(Reading::Once(moment)) => fits(&moment),
        Some(Reading::Twice(moments)) => moments.iter().any(fits),
        Some(Reading::Never(moments)) => moments.iter().all(fits),
        None => false,
    }
}

fn settle(wall: DateTime, now: &Zoned, direction: Direction) -> Result<Timestamp, String> {
    let zone = now.time_zone();
    match read(wall, zone) {
        None => Err("too far away".to_owned()),
        Some(Reading::Once(moment)) => Ok(moment),
        Some(Reading::Twice(moments)) => {
            let [first, second] = moments;
            // Nothing that has happened will only be, and the other way round.
            match moments.map(|moment| direction.has(moment, now)) {
                [true, false] => Ok(first),
                [false, true] => Ok(second),
                _ => Err(format!(
                    "the clock was set back and showed {} twice: give {} for the first time, {} for the second",
                    wall.strftime("%H:%M"),
                    written(first, zone),
                    written(second, zone)
                )),
            }
        }
        Some(Reading::Never([earlier, later])) => Err(format!(
            "the clock was set forward and never showed {}: give {} or {}",
            wall.strftime("%H:%M"),
            written(earlier, zone),
            written(later, zone)
        )),
    }
}

fn read(wall: DateTime, zone: &TimeZone) -> Option<Reading> {
    let at = |offset: Offset| offset.to_timestamp(wall).ok();
    Some(match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => Reading::Once(at(offset)?),
        AmbiguousOffset::Fold { before, after } => Reading::Twice([at(before)?, at(after)?]),
        // With the offset of after the change it is the earlier moment.
        AmbiguousOffset::Gap { before, after } => Reading::Never([at(after)?, at(before)?]),
    })
}

/// As a time is typed with its offset.
pub(super) fn written(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
}

impl Direction {
    fn has(self, moment: Timestamp, now: &Zoned) -> bool {
        (moment > now.timestamp()) == (self == Self::Ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Zones of the region; all of them change their clocks in the same nights.
    const ZONES: [&str; 7] = [
        "Europe/Belgrade",
        "Europe/Podgorica",
        "Europe/Sarajevo",
        "Europe/Skopje",
        "Europe/Tirane",
        "Europe/Zagreb",
        "Europe/Ljubljana",
    ];

    fn now(zone: &str, text: &str) -> Zoned {
        text.parse::<Timestamp>().unwrap().to_zoned(TimeZone::get(zone).unwrap())
    }

    fn read_at(zone: &str, at: &str, text: &str, direction: Direction) -> Result<String, String> {
        local(text, &now(zone, at), direction).unwrap().map(|moment| moment.to_string())
    }

    fn past(at: &str, text: &str) -> Result<String, String> {
        read_at("Europe/Belgrade", at, text, Direction::Behind)
    }

    fn ahead(at: &str, text: &str) -> Result<String, String> {
        read_at("Europe/Belgrade", at, text, Direction::Ahead)
    }

    /// [CLI-55]
    #[test]
    fn typed_at_eight_what_happened_at_two_is_this_night() {
        assert_eq!(past("2026-11-22T08:00+01:00", "02:00").unwrap(), "2026-11-22T01:00:00Z");
        assert_eq!(past("2026-11-22T01:30+01:00", "23:40").unwrap(), "2026-11-21T22:40:00Z", "yesterday evening");
        assert_eq!(ahead("2026-11-22T22:00+01:00", "06:00").unwrap(), "2026-11-23T05:00:00Z", "tomorrow morning");
        assert_eq!(past("2026-07-01T08:00+02:00", "2026-01-15 02:00").unwrap(), "2026-01-15T01:00:00Z", "in winter");
    }

    /// [CLI-55]
    #[test]
    fn an_hour_that_came_twice_is_asked_for_with_both_readings() {
        for zone in ZONES {
            for text in ["02:30", "2026-10-25 02:30", "2026-10-25T02:30"] {
                let refused = read_at(zone, "2026-10-25T08:00+01:00", text, Direction::Behind).unwrap_err();
                assert_eq!(
                    refused,
                    "the clock was set back and showed 02:30 twice: give 2026-10-25T02:30+02:00 for the first time, \
                     2026-10-25T02:30+01:00 for the second",
                    "{zone} {text}"
                );
            }
        }
        // What it proposes is understood, and is an hour apart.
        let readings = ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"].map(|text| with_offset(text).unwrap());
        assert_eq!(readings[1].as_second() - readings[0].as_second(), 3600);
    }

    /// [CLI-55]
    #[test]
    fn of_an_hour_that_comes_twice_only_what_can_be_meant_is_meant() {
        // The second 02:30 is still to come.
        assert_eq!(past("2026-10-25T02:40+02:00", "02:30").unwrap(), "2026-10-25T00:30:00Z");
        assert_eq!(ahead("2026-10-25T02:40+02:00", "02:30").unwrap(), "2026-10-25T01:30:00Z");
        assert_eq!(past("2026-10-25T02:10+01:00", "2026-10-25 02:30").unwrap(), "2026-10-25T00:30:00Z");
        assert!(past("2026-10-25T02:40+01:00", "02:30").unwrap_err().contains("twice"));
        assert!(ahead("2026-10-24T22:00+02:00", "02:30").unwrap_err().contains("twice"));
        // The minutes around it come once.
        assert_eq!(past("2026-10-25T08:00+01:00", "01:59").unwrap(), "2026-10-24T23:59:00Z");
        assert_eq!(past("2026-10-25T08:00+01:00", "03:00").unwrap(), "2026-10-25T02:00:00Z");
    }

    /// [CLI-55]
    #[test]
    fn an_hour_that_never_was_is_refused_with_both_readings() {
        for zone in ZONES {
            for text in ["02:30", "2026-03-29 02:30"] {
                let refused = read_at(zone, "2026-03-29T08:00+02:00", text, Direction::Behind).unwrap_err();
                assert_eq!(
                    refused,
                    "the clock was set forward and never showed 02:30: give 2026-03-29T01:30+01:00 or \
                     2026-03-29T03:30+02:00",
                    "{zone} {text}"
                );
            }
        }
        assert!(ahead("2026-03-28T22:00+01:00", "02:30").unwrap_err().contains("never"));
        // Before the change, the last 02:30 was yesterday's.
        assert_eq!(past("2026-03-29T01:10+01:00", "02:30").unwrap(), "2026-03-28T01:30:00Z");
        assert_eq!(past("2026-03-29T08:00+02:00", "01:59").unwrap(), "2026-03-29T00:59:00Z");
        assert_eq!(past("2026-03-29T08:00+02:00", "03:00").unwrap(), "2026-03-29T01:00:00Z");
    }

    /// [CLI-55]
    #[test]
    fn where_the_zone_is_not_known_the_offset_must_be_given() {
        let now = Timestamp::now().to_zoned(TimeZone::unknown());
        for text in ["02:00", "2026-11-22 02:00"] {
            assert!(local(text, &now, Direction::Behind).unwrap().is_err());
        }
        assert!(with_offset("2026-11-22T02:00+01:00").is_some());
    }

    /// [CLI-56]
    #[test]
    fn a_value_is_written_in_utc_whatever_the_wall_says() {
        let belgrade = TimeZone::get("Europe/Belgrade").unwrap();
        for (typed, written) in [
            ("2026-11-22 20:00", "2026-11-22T19:00Z"),
            ("2026-07-22T20:00", "2026-07-22T18:00Z"),
            ("2026-11-22T20:00+01:00", "2026-11-22T19:00Z"),
            ("2026-11-22T19:00Z", "2026-11-22T19:00Z"),
            // What is none is left to the node, which refuses it.
            ("2026-11-22", "2026-11-22"),
            ("tonight", "tonight"),
        ] {
            assert_eq!(value_in_utc(typed, &belgrade).as_deref(), Ok(written));
        }
        assert!(value_in_utc("2026-10-25 02:30", &belgrade).unwrap_err().contains("twice"));
        assert!(value_in_utc("2026-03-29 02:30", &belgrade).unwrap_err().contains("never"));
        assert!(value_in_utc("2026-11-22 20:00", &TimeZone::unknown()).is_err());
    }

    #[test]
    fn what_is_no_wall_time_is_left_to_others() {
        for text in ["8h", "now", "25:00", "2:00", "02:00:00", "2026-11-22T20:00[Europe/Belgrade]", "a name"] {
            assert!(
                local(text, &now("Europe/Belgrade", "2026-11-22T08:00+01:00"), Direction::Behind).is_none(),
                "{text}"
            );
        }
    }
}
