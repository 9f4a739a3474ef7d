//! Who is on duty at a moment, and when nobody is.
//!
//! Guarantees that single duties lie over weekly ones of the same order and holidays over all weekly ones, and that a change
//! of the clock leaves no gap between duties that follow each other. Works in whole seconds; leaves the zone to the settings.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use uput_core::time::Seconds;

use super::duty::{Duty, Reached, When};

/// Longest time for which gaps are looked for, in days.
const MOST_DAYS: u32 = 92;
const DAY: u64 = 86_400;

/// Duties in a time zone.
pub struct Rota<'a> {
    duties: &'a [Duty],
    zone: &'a TimeZone,
}

/// A time in which nobody is on duty, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// From.
    pub from: u64,
    /// Until.
    pub until: u64,
}

/// A duty for a time, in seconds since 1970.
struct Turn<'a> {
    duty: &'a Duty,
    from: u64,
    until: u64,
}

impl<'a> Rota<'a> {
    /// Of duties that hold in a zone.
    #[must_use]
    pub const fn new(duties: &'a [Duty], zone: &'a TimeZone) -> Self {
        Self { duties, zone }
    }

    /// Who is on duty, in the order in which they are called. [ONC-2]
    #[must_use]
    pub fn on_duty(&self, now: Seconds) -> Vec<(&'a Duty, &'a Reached)> {
        on_duty(&self.turns(now.get(), now.get().saturating_add(1)), now.get())
    }

    /// Everybody who is on duty at some moment of a time. [ACL-42]
    #[must_use]
    pub fn during(&self, from: u64, until: u64) -> Vec<&'a Reached> {
        let turns = self.turns(from, until);
        let begins =
            turns.iter().flat_map(|turn| [turn.from, turn.until]).filter(|moment| (from..until).contains(moment));
        let mut moments: Vec<u64> = begins.chain([from]).collect();
        moments.sort_unstable();
        moments.dedup();
        moments.iter().flat_map(|moment| on_duty(&turns, *moment)).map(|(_, person)| person).collect()
    }

    /// When nobody is on duty in so many days from now. [ONC-6]
    #[must_use]
    pub fn gaps(&self, now: Seconds, days: u32) -> Vec<Gap> {
        let (from, until) = (now.get(), now.get().saturating_add(u64::from(days.min(MOST_DAYS)).saturating_mul(DAY)));
        let turns = self.turns(from, until);
        let mut moments: Vec<u64> = turns.iter().flat_map(|turn| [turn.from, turn.until]).collect();
        moments.extend([from, until]);
        moments.retain(|moment| (from..=until).contains(moment));
        moments.sort_unstable();
        moments.dedup();
        let mut gaps: Vec<Gap> = Vec::new();
        for (from, until) in moments.iter().zip(moments.iter().skip(1)) {
            if !on_duty(&turns, *from).is_empty() {
                continue;
            }
            match gaps.last_mut().filter(|gap| gap.until == *from) {
                Some(gap) => gap.until = *until,
                None => gaps.push(Gap { from: *from, until: *until }),
            }
        }
        gaps
    }

    /// Every turn that touches a time.
    fn turns(&self, from: u64, until: u64) -> Vec<Turn<'a>> {
        let touches = |turn: &Turn<'_>| turn.from < until && turn.until > from;
        let mut turns = Vec::new();
        for duty in self.duties {
            match duty.when {
                When::Once { from, until } => turns.push(Turn { duty, from, until }),
                When::Weekly { days, from: begins, until: ends } => {
                    for date in self.dates(from, until) {
                        if days & bit(date.weekday()) != 0
                            && let Some((from, until)) = self.span(date, begins, ends)
                        {
                            turns.push(Turn { duty, from, until });
                        }
                    }
                }
            }
        }
        turns.retain(touches);
        turns
    }

    /// Every date on which something that touches a time can begin.
    fn dates(&self, from: u64, until: u64) -> impl Iterator<Item = Date> + use<> {
        let date = |moment| timestamp(moment).map(|at| at.to_zoned(self.zone.clone()).date());
        let first = date(from).and_then(|date| date.yesterday().ok());
        let last = date(until);
        std::iter::successors(first, |date| date.tomorrow().ok())
            .take_while(move |date| last.is_some_and(|last| *date <= last))
    }

    fn span(&self, date: Date, begins: u32, ends: u32) -> Option<(u64, u64)> {
        let (end, ends) = match ends {
            0..1440 if ends > begins => (date, ends),
            1440 => (date.tomorrow().ok()?, 0),
            _ => (date.tomorrow().ok()?, ends),
        };
        Some((self.moment(date, begins)?, self.moment(end, ends)?))
    }

    /// When a wall time is. [ONC-3]
    fn moment(&self, date: Date, minute: u32) -> Option<u64> {
        let midnight = date.to_datetime(Time::midnight());
        let wall = midnight.checked_add(i64::from(minute).minutes()).ok()?;
        let at = self.zone.to_ambiguous_zoned(wall).compatible().ok()?;
        u64::try_from(at.timestamp().as_second()).ok()
    }
}

/// Whoever is on duty at a moment among these turns.
fn on_duty<'a>(turns: &[Turn<'a>], now: u64) -> Vec<(&'a Duty, &'a Reached)> {
    let now_on = || turns.iter().filter(|turn| (turn.from..turn.until).contains(&now)).map(|turn| turn.duty);
    let single = |duty: &Duty| matches!(duty.when, When::Once { .. });
    let holiday = now_on().any(|duty| duty.person.is_none());
    let taken = |order| now_on().any(|duty| single(duty) && duty.person.as_ref().is_some_and(|by| by.order == order));
    let mut found: Vec<(&Duty, &Reached)> = now_on()
        .filter_map(|duty| Some((duty, duty.person.as_ref()?)))
        .filter(|(duty, person)| single(duty) || !(holiday || taken(person.order)))
        .collect();
    found.sort_by_key(|(duty, person)| (person.order, duty.id));
    found.dedup_by_key(|(duty, _)| duty.id);
    found
}

fn bit(day: Weekday) -> u8 {
    1_u8.checked_shl(day.to_monday_zero_offset().unsigned_abs().into()).unwrap_or_default()
}

fn timestamp(seconds: u64) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;
    use uput_core::sensitive::Sensitive;

    use super::*;
    use crate::{
        account::AccountId,
        on_call::{Channel, DutyId},
    };

    const ALL: u8 = 127;
    const SATURDAY: u8 = 0b10_0000;

    fn belgrade() -> TimeZone {
        TimeZone::get("Europe/Belgrade").unwrap()
    }

    fn duty(n: u8, order: u32, when: When) -> Duty {
        let address = Sensitive::new(String::new());
        let person = Reached { account: AccountId::new([n; 16]), order, channel: Channel::Command, address };
        Duty { id: DutyId::new([n; 16]), when, person: Some(person), created: 0, created_by: None }
    }

    fn weekly(n: u8, order: u32, days: u8, from: u32, until: u32) -> Duty {
        duty(n, order, When::new_weekly(days, from * 60, until * 60).unwrap())
    }

    fn at(year: i16, month: i8, day: i8, hour: i8, minute: i8) -> Seconds {
        let zoned = datetime(year, month, day, hour, minute, 0, 0).to_zoned(belgrade()).unwrap();
        Seconds::new(zoned.timestamp().as_second().try_into().unwrap()).unwrap()
    }

    fn who(duties: &[Duty], now: Seconds) -> Vec<u8> {
        Rota::new(duties, &belgrade()).on_duty(now).iter().map(|(duty, _)| duty.id.to_vec()[0]).collect()
    }

    /// [ONC-2]
    #[test]
    fn a_night_reaches_into_the_next_day_and_orders_are_kept() {
        let duties = [weekly(1, 2, SATURDAY, 22, 6), weekly(2, 1, SATURDAY, 22, 6), weekly(3, 1, ALL, 6, 22)];
        // 2026-11-21 is a Saturday.
        assert_eq!(who(&duties, at(2026, 11, 21, 21, 59)), [3]);
        assert_eq!(who(&duties, at(2026, 11, 21, 22, 0)), [2, 1]);
        assert_eq!(who(&duties, at(2026, 11, 22, 5, 59)), [2, 1]);
        assert_eq!(who(&duties, at(2026, 11, 22, 6, 0)), [3]);
        assert_eq!(who(&duties, at(2026, 11, 22, 23, 0)), [0_u8; 0]);
        let day = [weekly(1, 1, ALL, 0, 24)];
        assert_eq!(who(&day, at(2026, 11, 22, 0, 0)), [1]);
        assert_eq!(Rota::new(&day, &belgrade()).gaps(at(2026, 11, 22, 0, 0), 90), []);
    }

    /// [ACL-42]
    #[test]
    fn whoever_is_on_duty_at_some_moment_of_a_time_is_told() {
        let duties = [weekly(1, 1, SATURDAY, 22, 6), weekly(2, 1, ALL, 6, 22)];
        let during = |from: Seconds, until: Seconds| {
            let zone = belgrade();
            let people = Rota::new(&duties, &zone).during(from.get(), until.get());
            people.iter().map(|person| person.account.to_vec()[0]).collect::<Vec<_>>()
        };
        assert_eq!(during(at(2026, 11, 21, 23, 0), at(2026, 11, 22, 0, 0)), [1]);
        assert_eq!(during(at(2026, 11, 21, 21, 30), at(2026, 11, 21, 22, 30)), [2, 1]);
        assert_eq!(during(at(2026, 11, 20, 23, 0), at(2026, 11, 21, 0, 0)), [0_u8; 0]);
        assert_eq!(during(at(2026, 11, 22, 5, 0), at(2026, 11, 22, 6, 0)), [1], "what begins then is after it");
    }

    /// [ONC-2]
    #[test]
    fn single_duties_lie_over_their_order_and_holidays_over_the_week() {
        let once = |from: Seconds, until: Seconds| When::new_once(from.get(), until.get()).unwrap();
        let (eve, after) = (at(2026, 12, 24, 0, 0), at(2026, 12, 26, 0, 0));
        let holiday = Duty { person: None, ..duty(9, 1, once(eve, after)) };
        let week = [weekly(1, 1, ALL, 0, 24), weekly(2, 2, ALL, 0, 24)];
        let single = duty(3, 1, once(at(2026, 12, 24, 8, 0), at(2026, 12, 25, 8, 0)));
        let with = |more: &[&Duty]| -> Vec<Duty> { week.iter().chain(more.iter().copied()).cloned().collect() };
        let noon = at(2026, 12, 24, 12, 0);
        assert_eq!(who(&with(&[]), noon), [1, 2]);
        assert_eq!(who(&with(&[&single]), noon), [3, 2]);
        assert_eq!(who(&with(&[&holiday]), noon), [0_u8; 0]);
        assert_eq!(who(&with(&[&single, &holiday]), noon), [3]);
        assert_eq!(who(&with(&[&single, &holiday]), after), [1, 2]);
        let duties = with(&[&single, &holiday]);
        let gaps = Rota::new(&duties, &belgrade()).gaps(at(2026, 12, 23, 0, 0), 7);
        let gap = |from: Seconds, until: Seconds| Gap { from: from.get(), until: until.get() };
        assert_eq!(gaps, [gap(eve, at(2026, 12, 24, 8, 0)), gap(at(2026, 12, 25, 8, 0), after)]);
    }

    /// [ONC-6]
    #[test]
    fn a_gap_is_found_and_neighbours_are_one() {
        let duties =
            [weekly(1, 1, ALL & !SATURDAY, 0, 24), weekly(2, 1, SATURDAY, 0, 2), weekly(3, 2, SATURDAY, 6, 24)];
        let gaps = Rota::new(&duties, &belgrade()).gaps(at(2026, 11, 20, 12, 0), 7);
        assert_eq!(gaps, [Gap { from: at(2026, 11, 21, 2, 0).get(), until: at(2026, 11, 21, 6, 0).get() }]);
        let none = Rota::new(&[], &belgrade()).gaps(at(2026, 11, 20, 12, 0), 7);
        assert_eq!(none, [Gap { from: at(2026, 11, 20, 12, 0).get(), until: at(2026, 11, 27, 12, 0).get() }]);
        assert!(
            Rota::new(&[], &belgrade()).gaps(at(2026, 11, 20, 12, 0), u32::MAX)[0].until < at(2027, 3, 1, 0, 0).get()
        );
    }

    /// [ONC-3]
    #[test]
    fn a_change_of_the_clock_leaves_no_gap_wherever_one_duty_follows_another() {
        for minute in (0..6 * 60).step_by(15) {
            let duties = [
                duty(1, 1, When::new_weekly(ALL, minute, 12 * 60).unwrap()),
                duty(2, 1, When::new_weekly(ALL, 12 * 60, minute).unwrap()),
            ];
            let rota = Rota::new(&duties, &TimeZone::get("Europe/Belgrade").unwrap()).gaps(at(2026, 3, 27, 0, 0), 4);
            assert_eq!(rota, [], "spring, at minute {minute}");
            let rota = Rota::new(&duties, &TimeZone::get("Europe/Belgrade").unwrap()).gaps(at(2026, 10, 23, 0, 0), 4);
            assert_eq!(rota, [], "autumn, at minute {minute}");
        }
    }

    /// [ONC-3] 2026-03-29 has no 02:30; 2026-10-25 has it twice.
    #[test]
    fn a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn() {
        let duties = [weekly(1, 1, SATURDAY, 22, 6)];
        let zone = belgrade();
        let length = |night: Seconds| {
            let turns = Rota::new(&duties, &zone);
            let span =
                turns.span(timestamp(night.get()).unwrap().to_zoned(belgrade()).date(), 22 * 60, 6 * 60).unwrap();
            (span.1 - span.0) / 3600
        };
        assert_eq!(length(at(2026, 3, 28, 23, 0)), 7);
        assert_eq!(length(at(2026, 10, 24, 23, 0)), 9);
        assert_eq!(length(at(2026, 11, 21, 23, 0)), 8);
        // Twelve hours of another zone are another time.
        let utc = TimeZone::UTC;
        assert!(Rota::new(&duties, &utc).on_duty(at(2026, 11, 21, 22, 30)).is_empty());
    }
}
