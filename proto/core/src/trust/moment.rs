//! Points in time as TOML writes them, in UTC.

use toml::value::{Date, Datetime, Offset, Time};

use crate::time::Seconds;

const DAY: u64 = 86_400;

/// Reads a date-time in UTC with whole seconds, from 1970 on.
pub(super) fn read(moment: &Datetime) -> Option<Seconds> {
    let (date, time) = (moment.date?, moment.time?);
    let utc = matches!(moment.offset?, Offset::Z | Offset::Custom { minutes: 0 });
    // A leap second has no number here.
    let whole = time.nanosecond.unwrap_or_default() == 0 && time.second.unwrap_or_default() < 60;
    if !utc || !whole || date.year < 1970 {
        return None;
    }
    let seconds =
        u64::from(time.hour) * 3600 + u64::from(time.minute) * 60 + u64::from(time.second.unwrap_or_default());
    Seconds::new(days_until(date) * DAY + seconds)
}

/// Writes it.
pub(super) fn write(moment: Seconds) -> Datetime {
    let (mut year, mut day) = (1970_u16, moment.get() / DAY);
    while day >= days_of_year(year) {
        day -= days_of_year(year);
        year += 1;
    }
    let mut month = 1_u8;
    while day >= days_of_month(year, month) {
        day -= days_of_month(year, month);
        month += 1;
    }
    let rest = moment.get() % DAY;
    // Each is below 60, and the day below 31.
    let small = |number: u64| u8::try_from(number).unwrap_or_default();
    let time = Time {
        hour: small(rest / 3600),
        minute: small(rest % 3600 / 60),
        second: Some(small(rest % 60)),
        nanosecond: None,
    };
    Datetime { date: Some(Date { year, month, day: small(day) + 1 }), time: Some(time), offset: Some(Offset::Z) }
}

/// Days from 1970 to this date; TOML has checked that it exists.
fn days_until(date: Date) -> u64 {
    let years: u64 = (1970..date.year).map(days_of_year).sum();
    let months: u64 = (1..date.month).map(|month| days_of_month(date.year, month)).sum();
    years + months + u64::from(date.day).saturating_sub(1)
}

fn days_of_year(year: u16) -> u64 {
    (1..=12).map(|month| days_of_month(year, month)).sum()
}

const fn days_of_month(year: u16, month: u8) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_go_both_ways() {
        for (text, seconds) in [
            ("1970-01-01T00:00:01Z", 1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-03-01T00:00:00Z", 1_772_323_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            let read = read(&text.parse().unwrap()).unwrap();
            assert_eq!(read.get(), seconds);
            assert_eq!(write(read).to_string(), text);
        }
    }

    #[test]
    fn a_moment_without_utc_or_before_1970_is_none() {
        for text in ["2026-03-01T00:00:00", "2026-03-01T00:00:00+01:00", "2026-03-01", "1969-12-31T23:59:59Z"] {
            assert_eq!(read(&text.parse().unwrap()), None, "{text}");
        }
    }
}
