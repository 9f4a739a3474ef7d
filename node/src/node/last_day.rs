//! By which clock a day ends that somebody named as the last one.
//!
//! Guarantees that a last day which leaves this node, or is written into a record, names its clock, if anybody said in which
//! zone people live here. Leaves a day as it was typed where nobody did: then it counts by its first end (BAS-46).

use jiff::{
    civil::{Date, time},
    tz::TimeZone,
};
use uput_core::catalogue::Field;

use super::Node;

impl Node {
    /// Last days with the clock of the zone in which people live, where they name none. [BAS-47]
    pub(super) fn by_her_clock(&self, fields: Vec<Field>) -> Vec<Field> {
        let Some(zone) = self.on_call.settings().lived_in() else { return fields };
        fields.into_iter().map(|field| field.by_clock(|day| offset_at_the_end_of(day, zone))).collect()
    }
}

/// By how much the clocks of a zone are ahead of UTC when a day ends, `+01:00`; none of what no value can say.
fn offset_at_the_end_of(day: &str, zone: &TimeZone) -> Option<String> {
    let end = day.parse::<Date>().ok()?.to_datetime(time(23, 59, 59, 0)).to_zoned(zone.clone()).ok()?;
    let seconds = end.offset().seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    (seconds % 60 == 0).then(|| format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [BAS-47]
    #[test]
    fn a_day_ends_by_the_clock_of_its_last_hour() {
        let ends = |day: &str, zone: &str| offset_at_the_end_of(day, &TimeZone::get(zone).unwrap());
        assert_eq!(ends("2026-01-31", "Europe/Belgrade").unwrap(), "+01:00");
        assert_eq!(ends("2026-07-31", "Europe/Belgrade").unwrap(), "+02:00");
        // The nights in which the clocks are changed, by their later hours.
        assert_eq!(ends("2026-03-29", "Europe/Belgrade").unwrap(), "+02:00");
        assert_eq!(ends("2026-10-25", "Europe/Belgrade").unwrap(), "+01:00");
        assert_eq!(ends("2026-10-24", "Europe/Belgrade").unwrap(), "+02:00");
        assert_eq!(ends("2026-01-31", "America/St_Johns").unwrap(), "-03:30");
        assert_eq!(ends("no day", "Europe/Belgrade"), None);
    }
}
