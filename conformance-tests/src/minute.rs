//! Minutes as values write them.

use std::time::{SystemTime, UNIX_EPOCH};

/// The minute that is so many seconds from now, in UTC: `2026-01-31T22:15Z`.
#[must_use]
pub fn from_now(seconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    written(now + seconds)
}

fn written(time: u64) -> String {
    let (mut days, minutes) = (time / 86_400, time % 86_400 / 60);
    let (mut year, mut month) = (1970, 1);
    while days >= length_of_year(year) {
        days -= length_of_year(year);
        year += 1;
    }
    while days >= length_of_month(year, month) {
        days -= length_of_month(year, month);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}T{:02}:{:02}Z", days + 1, minutes / 60, minutes % 60)
}

const fn length_of_year(year: u64) -> u64 {
    if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) { 366 } else { 365 }
}

const fn length_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 => length_of_year(year) - 337,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_written_as_values_write_it() {
        assert_eq!(written(1_795_305_600), "2026-11-22T00:00Z");
        assert_eq!(written(951_827_699), "2000-02-29T12:34Z");
        assert_eq!(written(1_798_761_599), "2026-12-31T23:59Z");
    }
}
