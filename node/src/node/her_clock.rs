//! The clock by which she lives, and what it may show in the two nights in which clocks are changed.
//!
//! Guarantees that no minute is given while nobody knows it, and both where she, or whoever is at home with her, may not have
//! changed the clock yet. Leaves to the core whether a minute is among her hours.

use jiff::{
    SignedDuration, Timestamp,
    tz::{Offset, TimeZone},
};
use uput_core::{safe_contact::HerMinute, time::Seconds};

use super::Node;
use crate::clock;

/// For so long before and after a change of the clocks either of two may be looked at. [TIM-96]
const AROUND: SignedDuration = SignedDuration::from_hours(1);

impl Node {
    /// The minute of the day by her clock; none where nobody said in which zone this organisation works, and while anything
    /// speaks against this computer's clock: an hour too early is the hour at which he is at home. [SAF-8]
    pub(super) fn her_minute(&self) -> Option<HerMinute> {
        if self.is_clock_doubted() {
            return None;
        }
        minute_of(clock::now(), self.on_call.settings().lived_in()?)
    }

    /// What people call the zone in which they live; none where nobody said it. [TIM-94]
    #[must_use]
    pub fn zone_of_people(&self) -> Option<&str> {
        let settings = self.on_call.settings();
        settings.lived_in().map(|_| settings.zone_name.as_str())
    }
}

/// The minute that clocks of the zone show, and the one that they would show unchanged, or changed already.
fn minute_of(now: Seconds, zone: &TimeZone) -> Option<HerMinute> {
    let now = Timestamp::from_second(i64::try_from(now.get()).ok()?).ok()?;
    let shown = zone.to_offset(now);
    let around = [now.checked_sub(AROUND).ok()?, now.checked_add(AROUND).ok()?];
    let otherwise = around.map(|moment| zone.to_offset(moment)).into_iter().find(|offset| *offset != shown);
    let minute = minute_at(now, shown)?;
    otherwise.map_or(Some(minute), |other| Some(minute.or(minute_at(now, other)?)))
}

fn minute_at(now: Timestamp, offset: Offset) -> Option<HerMinute> {
    let time = offset.to_datetime(now).time();
    HerMinute::new(u16::try_from(time.hour()).ok()?, u16::try_from(time.minute()).ok()?)
}

#[cfg(test)]
mod tests {
    use uput_core::{
        safe_contact::{Intent, guard_trail},
        wire::{self, ContactChannel, ContactFit},
    };

    use super::*;

    /// Whether somebody who calls at that moment is shown her number, where those are her hours.
    fn fits(at: &str, hours: &str) -> bool {
        let zone = TimeZone::get("Europe/Belgrade").unwrap();
        let moment: Timestamp = at.parse().unwrap();
        let minute = minute_of(Seconds::new(moment.as_second().try_into().unwrap()).unwrap(), &zone).unwrap();
        let field = |label: &str, value: &str| wire::Field { label: label.to_owned(), value: value.to_owned() };
        let fields = vec![field("safe_contact_telephone", "+38269000111"), field("safe_contact_hours", hours)];
        let events = vec![wire::TrailEvent { kind: "identity".to_owned(), fields, ..Default::default() }];
        let mut trail = wire::Trail { events, headline: "accepted".to_owned(), ..Default::default() };
        let fit = guard_trail(&mut trail, Intent { channel: ContactChannel::Call, outside: false }, Some(minute));
        assert_eq!(!trail.events[0].fields[0].value.is_empty(), fit == ContactFit::Fits);
        // Whoever opens sealed values judges by what the answer says.
        assert_eq!(HerMinute::from_wire(trail.her_minute, trail.her_minute_otherwise), Some(minute));
        fit == ContactFit::Fits
    }

    /// [TIM-96] [SAF-8]
    #[test]
    fn in_the_night_with_an_hour_twice_nobody_calls_in_an_hour_that_is_hers_by_one_of_two_clocks_only() {
        // (her hours, at the first 02:10, the first 02:40, the second 02:10, the second 02:40, 03:10)
        for (hours, expected) in [
            ("00:00/06:00", [true, true, true, true, true]),
            // He is back at half past two: by the clock that nobody changed, that is the first time.
            ("00:00/02:30", [true, false, false, false, false]),
            // He leaves at half past two: by the clock that nobody changed yet, that is the second time.
            ("02:30/06:00", [false, false, false, true, true]),
            ("02:00/03:00", [false, false, false, false, false]),
            ("03:00/06:00", [false, false, false, false, true]),
            ("09:00/12:30", [false, false, false, false, false]),
        ] {
            let moments = ["02:10+02:00", "02:40+02:00", "02:10+01:00", "02:40+01:00", "03:10+01:00"];
            let found = moments.map(|moment| fits(&format!("2026-10-25T{moment}"), hours));
            assert_eq!(found, expected, "{hours}");
        }
    }

    /// [TIM-96] [SAF-8]
    #[test]
    fn in_the_night_without_an_hour_nobody_calls_in_an_hour_that_is_hers_by_one_of_two_clocks_only() {
        // (her hours, at 01:10, 01:40, 03:10, 03:40, 04:10)
        for (hours, expected) in [
            ("00:00/06:00", [true, true, true, true, true]),
            ("00:00/02:30", [true, false, false, false, false]),
            ("02:30/06:00", [false, false, false, true, true]),
            ("02:00/03:00", [false, false, false, false, false]),
            ("01:00/02:00", [false, false, false, false, false]),
            ("22:00/05:00", [true, true, true, true, true]),
        ] {
            let moments = ["01:10+01:00", "01:40+01:00", "03:10+02:00", "03:40+02:00", "04:10+02:00"];
            let found = moments.map(|moment| fits(&format!("2026-03-29T{moment}"), hours));
            assert_eq!(found, expected, "{hours}");
        }
    }

    /// [TIM-96] Every other night, and the rest of these two, is as ever: an hour of winter, one of summer.
    #[test]
    fn away_from_the_two_changes_one_clock_counts() {
        for (moment, inside) in [
            ("2026-10-25T03:05+01:00", false),
            ("2026-10-26T02:10+01:00", true),
            ("2026-03-29T00:55+01:00", false),
            ("2026-03-30T02:10+02:00", true),
            ("2026-07-01T02:10+02:00", true),
            ("2026-07-01T03:10+02:00", false),
        ] {
            assert_eq!(fits(moment, "02:00/03:00"), inside, "{moment}");
        }
    }
}
