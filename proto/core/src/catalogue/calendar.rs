//! Dates and times of day as values write them.

use super::Lasts;
use crate::time::Seconds;

/// How long a day is as text.
pub(super) const DAY: usize = 10;

/// By how many seconds the first clock of the earth is ahead of UTC, and the last one behind it.
const EASTERNMOST: i64 = 14 * 3600;
const WESTERNMOST: i64 = -12 * 3600;

/// Whether it is a day of the calendar, `YYYY-MM-DD`, from 1900 to 2199.
pub(super) fn is_date(text: &str) -> bool {
    let Some((year, month, day)) = parts(text) else { return false };
    (1900..2200).contains(&year) && (1..=12).contains(&month) && day >= 1 && day <= days(year, month)
}

/// Whether it is a minute, `YYYY-MM-DDTHH:MMZ`.
pub(super) fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    is_date(date) && time.strip_suffix('Z').is_some_and(is_time)
}

/// Whether it is a day, with or without the offset from UTC of the clock by which it ends. [BAS-45]
pub(super) fn is_last_day(text: &str) -> bool {
    let (day, offset) = text.split_at_checked(DAY).unwrap_or((text, ""));
    is_date(day) && (offset.is_empty() || offset_of(offset).is_some())
}

/// Whether it is a time of day, `HH:MM`.
pub(super) fn is_time(text: &str) -> bool {
    let Some((hour, minute)) = text.split_once(':') else { return false };
    number(hour, 2).is_some_and(|hour| hour < 24) && number(minute, 2).is_some_and(|minute| minute < 60)
}

/// The last second of a day, in UTC.
pub(super) fn end_of_date(text: &str) -> Option<Seconds> {
    Seconds::new((days_since_1970(text)? + 1) * 86_400 - 1)
}

/// The last second of a day, by the clock that it names; without one, by the first clock of the earth and by the last.
/// [BAS-45] [BAS-46]
pub(super) fn ends_of_last_day(text: &str) -> Option<Lasts> {
    let (day, offset) = text.split_at_checked(DAY)?;
    let midnight = i64::try_from((days_since_1970(day)? + 1) * 86_400).ok()?;
    let [first, last] = if offset.is_empty() { [EASTERNMOST, WESTERNMOST] } else { [offset_of(offset)?; 2] };
    let last_second = |offset: i64| Seconds::new(u64::try_from(midnight - offset - 1).ok()?);
    Some(Lasts { at_least: last_second(first)?, at_most: last_second(last)? })
}

/// Seconds by which a clock is ahead of UTC, `+01:00`; nothing is written in two ways.
fn offset_of(text: &str) -> Option<i64> {
    let (ahead, time) = (text.starts_with('+'), text.get(1..).filter(|time| is_time(time))?);
    let (hour, minute) = time.split_once(':')?;
    let seconds = i64::from(number(hour, 2)?) * 3600 + i64::from(number(minute, 2)?) * 60;
    let offset = if ahead { seconds } else { -seconds };
    let written = ahead || (text.starts_with('-') && seconds > 0);
    (written && (WESTERNMOST..=EASTERNMOST).contains(&offset)).then_some(offset)
}

/// The last second of a minute.
pub(super) fn end_of_date_time(text: &str) -> Option<Seconds> {
    let (date, time) = text.split_once('T')?;
    let (hour, minute) = time.strip_suffix('Z')?.split_once(':')?;
    let minutes = u64::from(number(hour, 2)?) * 60 + u64::from(number(minute, 2)?);
    Seconds::new(days_since_1970(date)? * 86_400 + minutes * 60 + 59)
}

/// Seconds of `YYYY-MM-DDTHH:MM:SS`, UTC.
pub(crate) fn seconds_since_1970(text: &str) -> Option<u64> {
    let (date, time) = text.split_once('T')?;
    let (minute, second) = time.split_at_checked(5)?;
    let second = second.strip_prefix(':').and_then(|second| number(second, 2)).filter(|second| *second < 60)?;
    let hour_and_minute = minute.split_once(':').filter(|_| is_time(minute))?;
    let minutes = u64::from(number(hour_and_minute.0, 2)?) * 60 + u64::from(number(hour_and_minute.1, 2)?);
    Some(days_since_1970(date)? * 86_400 + minutes * 60 + u64::from(second))
}

/// A time as people read it, UTC.
pub(crate) fn written(time: Seconds) -> String {
    let ((year, month, day), second) = (day_of(time), time.get() % 86_400);
    let (hour, minute, second) = (second / 3600, second % 3600 / 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Its minute, as a value writes it.
pub(crate) fn minute_of(time: Seconds) -> String {
    let ((year, month, day), second) = (day_of(time), time.get() % 86_400);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}Z", second / 3600, second % 3600 / 60)
}

/// Year, month and day in UTC.
pub(crate) fn day_of(time: Seconds) -> (u32, u32, u64) {
    let mut left = time.get() / 86_400;
    let (mut year, mut month) = (1970_u32, 1_u32);
    let length = |year| if days(year, 2) == 29 { 366 } else { 365 };
    while left >= length(year) {
        left -= length(year);
        year += 1;
    }
    while left >= u64::from(days(year, month)) {
        left -= u64::from(days(year, month));
        month += 1;
    }
    (year, month, left + 1)
}

/// None before 1970.
fn days_since_1970(text: &str) -> Option<u64> {
    let (year, month, day) = if is_date(text) { parts(text)? } else { return None };
    if year < 1970 {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if days(year, 2) == 29 { 366 } else { 365 }).sum();
    let months: u64 = (1..month).map(|month| u64::from(days(year, month))).sum();
    Some(years + months + u64::from(day) - 1)
}

fn parts(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some((number(year, 4)?, number(month, 2)?, number(day, 2)?))
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Exactly so many ASCII digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_do_not_exist_are_no_dates() {
        for date in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "2026-01-32",
            "2026-01-01 ",
            "1899-12-31",
        ] {
            assert!(!is_date(date), "{date}");
        }
        assert!(is_date("2000-02-29") && is_date("2199-12-31"));
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        for (text, seconds) in
            [("1970-01-01T00:00:01", 1), ("2000-02-29T23:59:59", 951_868_799), ("2026-11-22T04:05:06", 1_795_320_306)]
        {
            assert_eq!(seconds_since_1970(text), Some(seconds));
            assert_eq!(written(Seconds::new(seconds).unwrap()), format!("{} UTC", text.replace('T', " ")));
            let minute = minute_of(Seconds::new(seconds).unwrap());
            assert!(is_date_time(&minute) && text.starts_with(minute.trim_end_matches('Z')), "{minute}");
        }
        assert_eq!(seconds_since_1970("2026-11-22T24:00:00"), None);
        assert_eq!(seconds_since_1970("2026-11-22T04:05"), None);
    }
}
