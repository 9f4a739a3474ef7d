//! What is unusual about accesses: rules over counters in memory. [ACL-40]
//!
//! Guarantees that an access costs the same however many came before, and that whoever asks hears nothing of cases that they
//! may not know, nor of themselves. Leaves to the node to feed it, at the start what the last ninety days had.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::wire::{AccessReason, AccessStanding, Role, UnusualRule};

use crate::{
    account::{AccountId, PersonId},
    case::CaseId,
};

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;
/// How far back a person's own habit is looked at. [ACL-41]
const OWN_DAYS: u64 = 30;
/// How far back the organisation's hours are looked at. [ACL-42]
const HOUSE_DAYS: u64 = 60;
/// The longest time that is asked about. [ACL-40]
pub const ASKED_DAYS: u64 = 30;
/// What is kept: what is asked about, and what stood before it.
pub const KEPT: u64 = (ASKED_DAYS + HOUSE_DAYS) * DAY;
/// Cases in an hour, and in a day, that are never unusual. [ACL-41]
const FLOOR_HOUR: usize = 20;
const FLOOR_DAY: usize = 60;
/// How many times one's own mean is unusual. [ACL-41]
const TIMES: usize = 3;
/// An hour is usual that others worked on so many days, or oneself on so many. [ACL-42]
const DAYS_OF_OTHERS: usize = 3;
const OWN_WORKED: usize = 10;
/// Days with accesses before which nothing is said about hours. [ACL-42]
const LEARNT: usize = 14;

/// One access, as far as rules need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Seconds since 1970.
    pub time: u64,
    /// The account of whoever learned it.
    pub account: AccountId,
    /// Who that is.
    pub person: PersonId,
    /// The role.
    pub role: Role,
    /// Which case.
    pub case: CaseId,
    /// In which place they stood.
    pub standing: AccessStanding,
    /// Why.
    pub reason: AccessReason,
}

/// Something unusual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: UnusualRule,
    /// Who.
    pub person: PersonId,
    /// By which account.
    pub account: AccountId,
    /// When: the access, or the beginning of the hour or day.
    pub time: u64,
    /// How many cases.
    pub count: usize,
    /// More than this is unusual.
    pub bound: usize,
    /// Which case, if it is about one, and why they said they looked.
    pub case: Option<(CaseId, AccessReason)>,
}

/// Who asks, and what they may hear of.
pub struct Watcher<'a> {
    /// Nothing about these.
    pub persons: &'a [PersonId],
    /// Nothing about other cases than these.
    pub may_know: &'a dyn Fn(&CaseId) -> bool,
    /// Who was on duty at some moment of the hour that begins then.
    pub on_duty: &'a dyn Fn(&PersonId, u64) -> bool,
}

/// The counters.
#[derive(Default)]
pub struct Unusual {
    people: BTreeMap<PersonId, Person>,
    /// By themselves worth a supervisor's eye, the oldest first.
    marked: Vec<(UnusualRule, Seen)>,
    newest_day: u64,
}

struct Person {
    account: AccountId,
    role: Role,
    /// By number of the hour since 1970: cases, each once.
    hours: BTreeMap<u64, Vec<CaseId>>,
    /// What was assigned to them when they looked.
    assigned: BTreeSet<CaseId>,
}

impl Unusual {
    /// Counts an access. They come in the order of their times.
    pub fn take(&mut self, seen: Seen) {
        self.forget(seen.time / DAY);
        let person = self.people.entry(seen.person).or_insert_with(|| Person {
            account: seen.account,
            role: seen.role,
            hours: BTreeMap::new(),
            assigned: BTreeSet::new(),
        });
        (person.account, person.role) = (seen.account, seen.role);
        let cases = person.hours.entry(seen.time / HOUR).or_default();
        if let Err(place) = cases.binary_search(&seen.case) {
            cases.insert(place, seen.case);
        }
        let rule = match seen.standing {
            AccessStanding::Assigned => {
                person.assigned.insert(seen.case);
                return;
            }
            AccessStanding::BrokeTheGlass => UnusualRule::BrokeTheGlass,
            AccessStanding::Supervisor => UnusualRule::NotAssigned,
            _ if person.assigned.contains(&seen.case) => UnusualRule::NoLongerAssigned,
            _ => return,
        };
        self.marked.push((rule, seen));
    }

    /// What is unusual since then, the newest first. [ACL-40]
    #[must_use]
    pub fn findings(&self, since: u64, watcher: &Watcher<'_>) -> Vec<Finding> {
        let mut found: Vec<Finding> = self.marked_since(since, watcher).collect();
        let house = House::of(&self.people);
        for (id, person) in self.people.iter().filter(|(id, _)| !watcher.persons.contains(id)) {
            let known = person.known(watcher);
            found.extend(volume(id, person, &known, since, 1, FLOOR_HOUR, UnusualRule::ManyInAnHour));
            found.extend(volume(id, person, &by_day(&known), since, 24, FLOOR_DAY, UnusualRule::ManyInADay));
            found.extend(hours(id, person, &known, since, &house, watcher));
        }
        found.sort_by_key(|finding| (std::cmp::Reverse(finding.time), finding.rule as i32, finding.person));
        found
    }

    fn marked_since(&self, since: u64, watcher: &Watcher<'_>) -> impl Iterator<Item = Finding> {
        let told = move |(_, seen): &&(UnusualRule, Seen)| {
            seen.time >= since && !watcher.persons.contains(&seen.person) && (watcher.may_know)(&seen.case)
        };
        self.marked.iter().filter(told).map(|(rule, seen)| Finding {
            rule: *rule,
            person: seen.person,
            account: seen.account,
            time: seen.time,
            count: 1,
            bound: 0,
            case: Some((seen.case, seen.reason)),
        })
    }

    /// Drops what no rule looks at any more, once a day.
    fn forget(&mut self, day: u64) {
        if day <= self.newest_day {
            return;
        }
        self.newest_day = day;
        let oldest = (day * DAY).saturating_sub(KEPT);
        self.marked.retain(|(_, seen)| seen.time >= oldest);
        for person in self.people.values_mut() {
            person.hours = person.hours.split_off(&(oldest / HOUR));
        }
        self.people.retain(|_, person| !person.hours.is_empty());
    }
}

impl Person {
    /// The hours with the cases that may be spoken of.
    fn known(&self, watcher: &Watcher<'_>) -> BTreeMap<u64, Vec<CaseId>> {
        let known = self.hours.iter().map(|(hour, cases)| {
            let cases: Vec<CaseId> = cases.iter().filter(|case| (watcher.may_know)(case)).copied().collect();
            (*hour, cases)
        });
        known.filter(|(_, cases)| !cases.is_empty()).collect()
    }
}

fn by_day(hours: &BTreeMap<u64, Vec<CaseId>>) -> BTreeMap<u64, Vec<CaseId>> {
    let mut days: BTreeMap<u64, BTreeSet<CaseId>> = BTreeMap::new();
    for (hour, cases) in hours {
        days.entry(hour / 24).or_default().extend(cases);
    }
    days.into_iter().map(|(day, cases)| (day, cases.into_iter().collect())).collect()
}

/// [ACL-41] More cases in an hour, or a day, than three times one's own mean of the thirty days before, and than a floor.
fn volume(
    id: &PersonId,
    person: &Person,
    periods: &BTreeMap<u64, Vec<CaseId>>,
    since: u64,
    hours: u64,
    floor: usize,
    rule: UnusualRule,
) -> Vec<Finding> {
    let first = since / (hours * HOUR);
    let judge = |(period, cases): (&u64, &Vec<CaseId>)| {
        let from = period.saturating_sub(OWN_DAYS * 24 / hours);
        let before = periods.range(from..*period);
        let (count, sum) = before.fold((0, 0), |(count, sum), (_, cases)| (count + 1, sum + cases.len()));
        let bound = floor.max(if count == 0 { 0 } else { (TIMES * sum).div_ceil(count) });
        (cases.len() > bound).then(|| Finding {
            rule,
            person: *id,
            account: person.account,
            time: period * hours * HOUR,
            count: cases.len(),
            bound,
            case: None,
        })
    };
    periods.range(first..).filter_map(judge).collect()
}

/// [ACL-42] In an hour at which nobody else usually works, nor they themselves. A machine works at any hour.
fn hours(
    id: &PersonId,
    person: &Person,
    known: &BTreeMap<u64, Vec<CaseId>>,
    since: u64,
    house: &House,
    watcher: &Watcher<'_>,
) -> Vec<Finding> {
    if person.role == Role::Integration {
        return Vec::new();
    }
    // The rota last: it is asked about few hours.
    let unusual = known.range(since / HOUR..).filter(|(hour, _)| {
        house.has_learnt(**hour) && !house.is_usual(**hour, id) && !(watcher.on_duty)(id, **hour * HOUR)
    });
    let finding = |(hour, cases): (&u64, &Vec<CaseId>)| Finding {
        rule: UnusualRule::AtAnUnusualHour,
        person: *id,
        account: person.account,
        time: hour * HOUR,
        count: cases.len(),
        bound: 0,
        case: None,
    };
    unusual.map(finding).collect()
}

/// When people work here: by hour of the day, apart for working days and the weekend, who on which day.
struct House {
    slots: BTreeMap<(bool, u64), BTreeMap<u64, Vec<PersonId>>>,
    days: BTreeSet<u64>,
}

impl House {
    fn of(people: &BTreeMap<PersonId, Person>) -> Self {
        let mut house = Self { slots: BTreeMap::new(), days: BTreeSet::new() };
        for (id, person) in people.iter().filter(|(_, person)| person.role != Role::Integration) {
            for hour in person.hours.keys() {
                let days = house.slots.entry(slot(*hour)).or_default();
                days.entry(hour / 24).or_default().push(*id);
                house.days.insert(hour / 24);
            }
        }
        house
    }

    /// Whether there were enough days before that one.
    fn has_learnt(&self, hour: u64) -> bool {
        let day = hour / 24;
        self.days.range(day.saturating_sub(HOUSE_DAYS)..day).count() >= LEARNT
    }

    /// The hours beside count too: clocks change in spring and autumn, and these hours are UTC.
    fn is_usual(&self, hour: u64, person: &PersonId) -> bool {
        [hour.saturating_sub(1), hour, hour + 1].into_iter().any(|beside| self.is_worked(beside, hour / 24, person))
    }

    fn is_worked(&self, hour: u64, day: u64, person: &PersonId) -> bool {
        let Some(days) = self.slots.get(&slot(hour)) else { return false };
        let before = days.range(day.saturating_sub(HOUSE_DAYS)..day);
        let (others, own) = before.fold((0, 0), |(others, own), (_, people)| {
            let other = people.iter().any(|one| one != person);
            (others + usize::from(other), own + usize::from(people.contains(person)))
        });
        others >= DAYS_OF_OTHERS || own >= OWN_WORKED
    }
}

/// Whether it is the weekend, and the hour of the day. The first day of 1970 was a Thursday.
const fn slot(hour: u64) -> (bool, u64) {
    ((hour / 24 + 3) % 7 >= 5, hour % 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 23 November 2026.
    const MONDAY: u64 = 1_795_392_000;

    fn seen(person: u8, time: u64, case: u32) -> Seen {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&case.to_be_bytes());
        Seen {
            time,
            account: AccountId::new([person; 16]),
            person: PersonId::new([person; 16]),
            role: Role::CaseWorker,
            case: CaseId::new(id),
            standing: AccessStanding::Assigned,
            reason: AccessReason::OwnWork,
        }
    }

    fn everything<'a>() -> Watcher<'a> {
        Watcher { persons: &[], may_know: &|_| true, on_duty: &|_, _| false }
    }

    fn rules(found: &[Finding]) -> Vec<UnusualRule> {
        found.iter().map(|finding| finding.rule).collect()
    }

    /// Two people who open three cases at nine o'clock, on every day of four weeks before Monday.
    fn four_weeks() -> Unusual {
        let mut unusual = Unusual::default();
        for day in (1..=28).rev() {
            for person in [1, 2] {
                for case in 0..3 {
                    unusual.take(seen(person, MONDAY - day * DAY + 9 * HOUR + u64::from(case), 100 + case));
                }
            }
        }
        unusual
    }

    /// [ACL-41]
    #[test]
    fn more_cases_in_an_hour_than_ever_are_found_and_a_busy_hour_is_not() {
        let mut unusual = four_weeks();
        let nine = MONDAY + 9 * HOUR;
        for case in 0..20 {
            unusual.take(seen(1, nine, case));
            unusual.take(seen(1, nine, case));
        }
        assert_eq!(unusual.findings(MONDAY, &everything()), []);
        unusual.take(seen(1, nine + 1, 20));
        let found = unusual.findings(MONDAY, &everything());
        assert_eq!(rules(&found), [UnusualRule::ManyInAnHour]);
        assert_eq!((found[0].count, found[0].bound, found[0].time), (21, 20, nine));
        assert_eq!(found[0].person, PersonId::new([1; 16]));
        assert_eq!(unusual.findings(nine + HOUR, &everything()), [], "it was before");
    }

    /// [ACL-41] Whoever opens many cases each day is held against that.
    #[test]
    fn the_bound_is_three_times_ones_own_mean() {
        let mut unusual = Unusual::default();
        for day in (1..=20).rev() {
            for case in 0..10 {
                unusual.take(seen(1, MONDAY - day * DAY + 9 * HOUR, case));
            }
        }
        for case in 0..30 {
            unusual.take(seen(1, MONDAY + 9 * HOUR, case));
        }
        assert_eq!(unusual.findings(MONDAY, &everything()), []);
        unusual.take(seen(1, MONDAY + 9 * HOUR, 30));
        assert_eq!(rules(&unusual.findings(MONDAY, &everything())), [UnusualRule::ManyInAnHour]);
    }

    /// [ACL-41]
    #[test]
    fn many_cases_of_a_day_are_found_although_no_hour_had_many() {
        let mut unusual = four_weeks();
        let mut take = |cases: std::ops::Range<u32>| {
            for case in cases {
                unusual.take(seen(1, MONDAY + u64::from(case / 15 + 7) * HOUR, case));
            }
            let found = unusual.findings(MONDAY, &everything());
            found.into_iter().filter(|finding| finding.rule == UnusualRule::ManyInADay).collect::<Vec<_>>()
        };
        assert_eq!(take(0..60), []);
        let found = take(60..61);
        assert_eq!((found[0].count, found[0].bound, found[0].time), (61, 60, MONDAY));
    }

    /// [ACL-42]
    #[test]
    fn a_look_at_night_is_found_and_one_in_the_morning_or_on_duty_is_not() {
        let mut unusual = four_weeks();
        let (morning, night) = (MONDAY + 8 * HOUR, MONDAY + 22 * HOUR);
        unusual.take(seen(1, morning, 1));
        assert_eq!(unusual.findings(MONDAY, &everything()), [], "beside a usual hour");
        unusual.take(seen(1, night, 1));
        let found = unusual.findings(MONDAY, &everything());
        assert_eq!((rules(&found), found[0].time), (vec![UnusualRule::AtAnUnusualHour], night));
        let duty = |person: &PersonId, time| *person == PersonId::new([1; 16]) && time == night;
        assert_eq!(unusual.findings(MONDAY, &Watcher { on_duty: &duty, ..everything() }), []);
        let mut machine = four_weeks();
        machine.take(Seen { role: Role::Integration, ..seen(7, night, 1) });
        assert_eq!(machine.findings(MONDAY, &everything()), []);
    }

    /// [ACL-42] Whoever looks at night makes the night usual for nobody else, and for themselves only after ten nights.
    #[test]
    fn nights_become_usual_by_others_or_after_ten_of_ones_own() {
        let nights = |person: u8, count: u64| {
            let mut unusual = Unusual::default();
            let night = |day: u64| MONDAY - day * DAY + 2 * HOUR;
            for day in (1..=28).rev() {
                unusual.take(seen(9, MONDAY - day * DAY + 12 * HOUR, 1));
                // Working days only: the weekend has hours of its own.
                if day <= count * 7 / 5 + 1 && !slot((MONDAY - day * DAY) / HOUR).0 {
                    unusual.take(seen(person, night(day), 1));
                }
            }
            unusual.take(seen(1, night(0), 1));
            unusual.findings(MONDAY, &everything()).len()
        };
        assert_eq!((nights(1, 3), nights(2, 3), nights(1, 15)), (1, 0, 0));
    }

    /// [ACL-42]
    #[test]
    fn a_house_that_has_just_begun_has_no_usual_hours() {
        let mut unusual = Unusual::default();
        for day in (1..=13).rev() {
            unusual.take(seen(1, MONDAY - day * DAY + 9 * HOUR, 1));
        }
        unusual.take(seen(1, MONDAY + 22 * HOUR, 1));
        assert_eq!(unusual.findings(MONDAY, &everything()), []);
    }

    /// [ACL-43]
    #[test]
    fn who_was_not_assigned_is_found_each_time_and_who_was_is_not() {
        let mut unusual = four_weeks();
        let at = MONDAY + 9 * HOUR;
        let stood = |person, case, standing| Seen { standing, ..seen(person, at, case) };
        unusual.take(stood(1, 1, AccessStanding::Assigned));
        unusual.take(stood(3, 2, AccessStanding::NobodyHadIt));
        unusual.take(stood(4, 2, AccessStanding::Auditor));
        assert_eq!(unusual.findings(MONDAY, &everything()), []);
        unusual.take(stood(5, 1, AccessStanding::Supervisor));
        unusual.take(stood(6, 1, AccessStanding::BrokeTheGlass));
        unusual.take(stood(1, 1, AccessStanding::NobodyHadIt));
        let found = unusual.findings(MONDAY, &everything());
        let expected = [UnusualRule::NotAssigned, UnusualRule::BrokeTheGlass, UnusualRule::NoLongerAssigned];
        assert_eq!(rules(&found), expected);
        assert!(found.iter().all(|finding| finding.case == Some((seen(1, at, 1).case, AccessReason::OwnWork))));
    }

    /// [ACL-44]
    #[test]
    fn nobody_hears_of_themselves_nor_of_cases_that_they_may_not_know() {
        let mut unusual = four_weeks();
        let at = MONDAY + 9 * HOUR;
        unusual.take(Seen { standing: AccessStanding::Supervisor, ..seen(5, at, 1) });
        for case in 0..21 {
            unusual.take(seen(1, at, case));
        }
        unusual.take(seen(2, MONDAY + 22 * HOUR, 1));
        assert_eq!(unusual.findings(MONDAY, &everything()).len(), 3);
        let own = [PersonId::new([5; 16])];
        let found = unusual.findings(MONDAY, &Watcher { persons: &own, ..everything() });
        assert_eq!(rules(&found), [UnusualRule::AtAnUnusualHour, UnusualRule::ManyInAnHour]);
        // Without the first case there are twenty, and nothing at night.
        let hidden = seen(1, at, 1).case;
        let found = unusual.findings(MONDAY, &Watcher { may_know: &|case| *case != hidden, ..everything() });
        assert_eq!(found, []);
    }

    /// [ACL-40]
    #[test]
    fn what_no_rule_looks_at_any_more_is_forgotten() {
        let mut unusual = four_weeks();
        unusual.take(Seen { standing: AccessStanding::Supervisor, ..seen(5, MONDAY, 1) });
        unusual.take(seen(6, MONDAY + KEPT + 2 * DAY, 1));
        assert_eq!((unusual.people.len(), unusual.marked.len()), (1, 0));
    }
}
