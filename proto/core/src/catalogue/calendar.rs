//! Dates and times of day as values write them.

use crate::time::Seconds;

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

/// Whether it is a time of day, `HH:MM`.
pub(super) fn is_time(text: &str) -> bool {
    let Some((hour, minute)) = text.split_once(':') else { return false };
    number(hour, 2).is_some_and(|hour| hour < 24) && number(minute, 2).is_some_and(|minute| minute < 60)
}

/// The last second of a day.
pub(super) fn end_of_date(text: &str) -> Option<Seconds> {
    Seconds::new((days_since_1970(text)? + 1) * 86_400 - 1)
}

/// The last second of a minute.
pub(super) fn end_of_date_time(text: &str) -> Option<Seconds> {
    let (date, time) = text.split_once('T')?;
    let (hour, minute) = time.strip_suffix('Z')?.split_once(':')?;
    let minutes = u64::from(number(hour, 2)?) * 60 + u64::from(number(minute, 2)?);
    Seconds::new(days_since_1970(date)? * 86_400 + minutes * 60 + 59)
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
