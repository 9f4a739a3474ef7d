//! What is unusual about accesses: rules over counters in memory. [ACL-40]
//!
//! Guarantees that an access costs the same however many came before; that a question costs the people and the hours in
//! which they worked, and the looks at cases that are kept from the asker, whatever the others; and that whoever asks
//! hears nothing of these, nor of themselves. Leaves to the node to feed it, at the start what the last ninety days had.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::wire::{AccessKind, AccessReason, AccessStanding, Role, UnusualRule};

use super::why::is_outside;
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
const DAYS_OF_OTHERS: u32 = 3;
const OWN_WORKED: u32 = 10;
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
    /// What was given out.
    pub kind: AccessKind,
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
    /// Nothing of these cases.
    pub hidden: &'a BTreeSet<CaseId>,
    /// Who was on duty at some moment of the hour that begins then.
    pub on_duty: &'a dyn Fn(&PersonId, u64) -> bool,
}

/// The counters.
#[derive(Default)]
pub struct Unusual {
    people: BTreeMap<PersonId, Person>,
    /// Who looked at a case in which hours, the oldest first.
    looks: BTreeMap<CaseId, Vec<Look>>,
    /// By themselves worth a supervisor's eye, by day.
    marked: BTreeMap<u64, Vec<(UnusualRule, Seen)>>,
    newest_day: u64,
    people_ever: u32,
}

struct Person {
    /// What looks call this person.
    number: u32,
    account: AccountId,
    role: Role,
    /// By number of the hour since 1970: how many cases.
    hours: BTreeMap<u64, usize>,
    /// By number of the day: how many cases.
    days: BTreeMap<u64, usize>,
    /// What was assigned to them when they looked, and on which day they last did.
    assigned: BTreeMap<CaseId, u64>,
}

/// Somebody looked at a case in an hour.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    person: u32,
    hour: u32,
}

impl Look {
    const fn day(self) -> u32 {
        self.hour / 24
    }
}

impl Unusual {
    /// Counts an access. Those to one case come in the order of their times.
    pub fn take(&mut self, seen: Seen) {
        self.forget(seen.time / DAY);
        let ever = &mut self.people_ever;
        let person = self.people.entry(seen.person).or_insert_with(|| {
            *ever = ever.saturating_add(1);
            Person::new(*ever, &seen)
        });
        (person.account, person.role) = (seen.account, seen.role);
        let look = Look { person: person.number, hour: u32::try_from(seen.time / HOUR).unwrap_or(u32::MAX) };
        let looks = self.looks.entry(seen.case).or_default();
        let today = || looks.iter().rev().take_while(|earlier| earlier.day() == look.day());
        if !today().any(|earlier| *earlier == look) {
            *person.hours.entry(seen.time / HOUR).or_default() += 1;
            if !today().any(|earlier| earlier.person == look.person) {
                *person.days.entry(seen.time / DAY).or_default() += 1;
            }
            looks.push(look);
        }
        // [ACL-45] Whoever has the case too.
        if is_outside(seen.kind) {
            self.marked.entry(seen.time / DAY).or_default().push((UnusualRule::ContactOutside, seen));
        }
        let rule = match seen.standing {
            AccessStanding::Assigned => {
                person.assigned.insert(seen.case, seen.time / DAY);
                return;
            }
            AccessStanding::BrokeTheGlass => UnusualRule::BrokeTheGlass,
            AccessStanding::Supervisor => UnusualRule::NotAssigned,
            _ if person.assigned.contains_key(&seen.case) => UnusualRule::NoLongerAssigned,
            _ => return,
        };
        self.marked.entry(seen.time / DAY).or_default().push((rule, seen));
    }

    /// What is unusual since then, the newest first. [ACL-40]
    #[must_use]
    pub fn findings(&self, since: u64, watcher: &Watcher<'_>) -> Vec<Finding> {
        let mut found: Vec<Finding> = self.marked_since(since, watcher).collect();
        let house = House::of(&self.people, self.newest_day);
        let hidden = Hidden::of(&self.looks, watcher.hidden);
        for (id, person) in self.people.iter().filter(|(id, _)| !watcher.persons.contains(id)) {
            let known = hidden.less(person.number, &person.hours, &hidden.hours);
            let days = hidden.less(person.number, &person.days, &hidden.days);
            let of = |period, count, bound, rule| Finding {
                rule,
                person: *id,
                account: person.account,
                time: period,
                count,
                bound,
                case: None,
            };
            for (hour, count, bound) in volume(&known, since / HOUR, OWN_DAYS * 24, FLOOR_HOUR) {
                found.push(of(hour * HOUR, count, bound, UnusualRule::ManyInAnHour));
            }
            for (day, count, bound) in volume(&days, since / DAY, OWN_DAYS, FLOOR_DAY) {
                found.push(of(day * DAY, count, bound, UnusualRule::ManyInADay));
            }
            for (hour, count) in house.unusual_hours(id, person, &known, since / HOUR, watcher) {
                found.push(of(hour * HOUR, count, 0, UnusualRule::AtAnUnusualHour));
            }
        }
        found.sort_by_key(|finding| (std::cmp::Reverse(finding.time), finding.rule as i32, finding.person));
        found
    }

    fn marked_since(&self, since: u64, watcher: &Watcher<'_>) -> impl Iterator<Item = Finding> {
        let told = move |(_, seen): &&(UnusualRule, Seen)| {
            seen.time >= since && !watcher.persons.contains(&seen.person) && !watcher.hidden.contains(&seen.case)
        };
        self.marked.range(since / DAY..).flat_map(|(_, marked)| marked).filter(told).map(|(rule, seen)| Finding {
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
        let oldest = day.saturating_sub(KEPT / DAY);
        self.marked = self.marked.split_off(&oldest);
        for person in self.people.values_mut() {
            person.hours = person.hours.split_off(&(oldest * 24));
            person.days = person.days.split_off(&oldest);
            person.assigned.retain(|_, day| *day >= oldest);
        }
        self.people.retain(|_, person| !person.hours.is_empty());
        self.looks.retain(|_, looks| {
            looks.retain(|look| u64::from(look.day()) >= oldest);
            !looks.is_empty()
        });
    }
}

impl Person {
    const fn new(number: u32, seen: &Seen) -> Self {
        let (account, role) = (seen.account, seen.role);
        Self { number, account, role, hours: BTreeMap::new(), days: BTreeMap::new(), assigned: BTreeMap::new() }
    }
}

/// How many cases somebody may not hear of, by person and hour or day.
struct Hidden {
    hours: BTreeMap<(u32, u64), usize>,
    days: BTreeMap<(u32, u64), usize>,
}

impl Hidden {
    fn of(looks: &BTreeMap<CaseId, Vec<Look>>, cases: &BTreeSet<CaseId>) -> Self {
        let mut hidden = Self { hours: BTreeMap::new(), days: BTreeMap::new() };
        for looks in cases.iter().filter_map(|case| looks.get(case)) {
            for look in looks {
                *hidden.hours.entry((look.person, u64::from(look.hour))).or_default() += 1;
            }
            let days: BTreeSet<(u32, u32)> = looks.iter().map(|look| (look.person, look.day())).collect();
            for (person, day) in days {
                *hidden.days.entry((person, u64::from(day))).or_default() += 1;
            }
        }
        hidden
    }

    /// Counts without what is hidden, ascending; none that are 0.
    fn less(
        &self,
        person: u32,
        counts: &BTreeMap<u64, usize>,
        hidden: &BTreeMap<(u32, u64), usize>,
    ) -> Vec<(u64, usize)> {
        let less = |(period, count): (&u64, &usize)| {
            let not_told = hidden.get(&(person, *period)).copied().unwrap_or_default();
            (*period, count.saturating_sub(not_told))
        };
        counts.iter().map(less).filter(|(_, count)| *count > 0).collect()
    }
}

/// [ACL-41] Periods from the first on with more cases than three times the mean of those within a span before, and than a
/// floor; how many, and what the bound was.
fn volume(periods: &[(u64, usize)], first: u64, span: u64, floor: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let (mut oldest, mut before, mut sum) = (periods.iter().peekable(), 0_usize, 0_usize);
    periods.iter().filter_map(move |(period, count)| {
        while let Some((_, gone)) = oldest.next_if(|(old, _)| *old < period.saturating_sub(span)) {
            (before, sum) = (before.saturating_sub(1), sum.saturating_sub(*gone));
        }
        let bound = floor.max(if before == 0 { 0 } else { (TIMES * sum).div_ceil(before) });
        (before, sum) = (before + 1, sum + count);
        (*period >= first && *count > bound).then_some((*period, *count, bound))
    })
}

/// When people work here: on each day that is kept, in each hour, how many; the oldest first.
struct House {
    first_day: u64,
    days: Vec<[u32; 24]>,
}

impl House {
    fn of(people: &BTreeMap<PersonId, Person>, newest: u64) -> Self {
        let first_day = newest.saturating_sub(KEPT / DAY);
        let mut days = vec![[0; 24]; usize::try_from(newest - first_day + 1).unwrap_or_default()];
        for person in people.values().filter(|person| person.role != Role::Integration) {
            for hour in person.hours.keys() {
                let day = (hour / 24).checked_sub(first_day).and_then(|day| days.get_mut(usize::try_from(day).ok()?));
                if let Some(here) = day.and_then(|day| day.get_mut(hour_of_day(*hour))) {
                    *here += 1;
                }
            }
        }
        Self { first_day, days }
    }

    /// [ACL-42] Hours at which nobody else usually works, nor they themselves. A machine works at any hour.
    fn unusual_hours(
        &self,
        id: &PersonId,
        person: &Person,
        known: &[(u64, usize)],
        first: u64,
        watcher: &Watcher<'_>,
    ) -> Vec<(u64, usize)> {
        if person.role == Role::Integration {
            return Vec::new();
        }
        // The rota last: it is asked about few hours.
        let unusual = |(hour, _): &&(u64, usize)| {
            *hour >= first
                && self.has_learnt(hour / 24)
                && !self.is_usual(*hour, person)
                && !(watcher.on_duty)(id, *hour * HOUR)
        };
        known.iter().filter(unusual).copied().collect()
    }

    /// The days on which rules look back, with their numbers.
    fn before(&self, day: u64) -> impl Iterator<Item = (u64, &[u32; 24])> {
        let skipped = day.saturating_sub(HOUSE_DAYS).saturating_sub(self.first_day);
        let from = self.first_day + skipped;
        let days = self.days.iter().skip(usize::try_from(skipped).unwrap_or(usize::MAX));
        (from..day).zip(days)
    }

    /// Whether there were enough days before that one.
    fn has_learnt(&self, day: u64) -> bool {
        self.before(day).filter(|(_, hours)| hours.iter().any(|people| *people > 0)).count() >= LEARNT
    }

    /// The hours beside count too: clocks change in spring and autumn, and these hours are UTC.
    fn is_usual(&self, hour: u64, person: &Person) -> bool {
        [hour.saturating_sub(1), hour, hour + 1].into_iter().any(|beside| self.is_worked(beside, hour / 24, person))
    }

    fn is_worked(&self, hour: u64, day: u64, person: &Person) -> bool {
        let (weekend, of_day) = (is_weekend(hour / 24), hour_of_day(hour));
        let (mut others, mut own) = (0, 0);
        for (earlier, hours) in self.before(day).filter(|(earlier, _)| is_weekend(*earlier) == weekend) {
            let people = hours.get(of_day).copied().unwrap_or_default();
            let one = u32::from(people > 0 && person.hours.contains_key(&(earlier * 24 + hour % 24)));
            own += one;
            others += u32::from(people > one);
        }
        others >= DAYS_OF_OTHERS || own >= OWN_WORKED
    }
}

/// The first day of 1970 was a Thursday.
const fn is_weekend(day: u64) -> bool {
    (day + 3) % 7 >= 5
}

fn hour_of_day(hour: u64) -> usize {
    usize::try_from(hour % 24).unwrap_or_default()
}

#[cfg(test)]
mod tests;
