//! Times as claimed in messages, and spans between them.
//!
//! Guarantees nothing about truth: a claimed time is its author's word.

use std::fmt;

/// A point in time: whole seconds since 1970, UTC, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(u64);

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

/// The unit that an agreement's times are multiples of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// One second: demonstrations with invented data only.
    Second,
    /// One minute.
    Minute,
}

/// The last second that is accepted: the end of the year 9999.
pub const LATEST: u64 = 253_402_300_799;

impl Seconds {
    /// The first second that can be said.
    pub const EPOCH: Self = Self(1);

    /// From a field of a message; `None` for 0 and for what no calendar reaches.
    #[must_use]
    pub const fn new(seconds: u64) -> Option<Self> {
        if seconds == 0 || seconds > LATEST { None } else { Some(Self(seconds)) }
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The grain's last multiple that is not later; the first multiple, if that would be 0.
    #[must_use]
    pub const fn floor(self, grain: Grain) -> Self {
        let floor = self.0 - self.0 % grain.seconds();
        if floor == 0 { Self(grain.seconds()) } else { Self(floor) }
    }

    /// Whether it is a multiple of the grain.
    #[must_use]
    pub const fn fits(self, grain: Grain) -> bool {
        self.0.is_multiple_of(grain.seconds())
    }

    /// So much later, at most [`LATEST`].
    #[must_use]
    pub fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0).min(LATEST))
    }

    /// Its month in UTC: the year times 100, and the month's number from 1.
    #[must_use]
    pub fn month(self) -> u32 {
        let (year, month, _) = crate::catalogue::day_of(self);
        year * 100 + month
    }

    /// How long since `earlier`; `None` if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Span> {
        self.0.checked_sub(earlier.0).map(Span)
    }
}

impl Grain {
    /// Its length in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / 86_400, self.0 % 86_400);
        let (hours, minutes, seconds) = (rest / 3600, rest % 3600 / 60, rest % 60);
        let parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")];
        let mut shown = parts.iter().filter(|(count, _)| *count > 0).peekable();
        if shown.peek().is_none() {
            return write!(f, "0 s");
        }
        let mut first = true;
        for (count, unit) in shown {
            let gap = if first { "" } else { " " };
            write!(f, "{gap}{count} {unit}")?;
            first = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rounded_down_to_its_grain() {
        let time = Seconds::new(119).unwrap();
        assert_eq!(time.floor(Grain::Minute).get(), 60);
        assert_eq!(time.floor(Grain::Second), time);
        assert!(!time.fits(Grain::Minute));
        assert_eq!(Seconds::new(5).unwrap().floor(Grain::Minute).get(), 60);
    }

    #[test]
    fn a_month_is_its_year_and_number() {
        let month = |seconds| Seconds::new(seconds).unwrap().month();
        assert_eq!((month(1), month(951_868_799), month(951_868_800)), (197_001, 200_002, 200_003));
        assert_eq!(month(LATEST), 999_912);
    }

    #[test]
    fn spans_read_like_speech() {
        assert_eq!(Span(0).to_string(), "0 s");
        assert_eq!(Span(604_800 + 61).to_string(), "7 d 1 min 1 s");
    }

    #[test]
    fn no_time_is_zero_or_past_the_calendar() {
        assert!(Seconds::new(0).is_none());
        assert!(Seconds::new(LATEST + 1).is_none());
    }
}
