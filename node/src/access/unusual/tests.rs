//! What is unusual, against the plain rule.

use super::*;

/// Monday, 23 November 2026.
const MONDAY: u64 = 1_795_392_000;

fn seen(person: u8, time: u64, case: u32) -> Seen {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&case.to_be_bytes());
    Seen {
        kind: AccessKind::ValuesShown,
        time,
        account: AccountId::new([person; 16]),
        person: PersonId::new([person; 16]),
        role: Role::CaseWorker,
        case: CaseId::new(id),
        standing: AccessStanding::Assigned,
        reason: AccessReason::OwnWork,
    }
}

static NONE: BTreeSet<CaseId> = BTreeSet::new();

fn everything<'a>() -> Watcher<'a> {
    Watcher { persons: &[], hidden: &NONE, on_duty: &|_, _| false }
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
            if day <= count * 7 / 5 + 1 && !is_weekend((MONDAY - day * DAY) / DAY) {
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
    let hidden = BTreeSet::from([seen(1, at, 1).case]);
    let found = unusual.findings(MONDAY, &Watcher { hidden: &hidden, ..everything() });
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

/// [ACL-41] [ACL-44] The counters against the rule as it is written, over many random accesses.
#[test]
fn counters_say_what_the_rule_says_of_the_accesses_themselves() {
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let begin = MONDAY - 60 * DAY;
    let mut all: Vec<Seen> = (0..20_000)
        .map(|_| {
            let burst = draw(2) == 0;
            let time = if burst { begin + draw(6) * 9 * DAY + draw(3_000) } else { begin + draw(60 * DAY) };
            seen(u8::try_from(draw(3)).unwrap(), time, u32::try_from(draw(300)).unwrap())
        })
        .collect();
    all.sort_by_key(|seen| seen.time);
    let mut unusual = Unusual::default();
    all.iter().for_each(|seen| unusual.take(*seen));
    for hidden in [BTreeSet::new(), (0..40).map(|case| seen(0, 0, case).case).collect::<BTreeSet<_>>()] {
        let told: Vec<&Seen> = all.iter().filter(|seen| !hidden.contains(&seen.case)).collect();
        for (rule, span, floor) in [(UnusualRule::ManyInAnHour, HOUR, 20), (UnusualRule::ManyInADay, DAY, 60)] {
            let mut periods: BTreeMap<(PersonId, u64), BTreeSet<CaseId>> = BTreeMap::new();
            for seen in &told {
                periods.entry((seen.person, seen.time / span)).or_default().insert(seen.case);
            }
            let bound = |person: PersonId, period: u64| {
                let before = periods.range((person, period - 30 * DAY / span)..(person, period));
                let counts: Vec<usize> = before.map(|(_, cases)| cases.len()).collect();
                let mean =
                    if counts.is_empty() { 0 } else { (3 * counts.iter().sum::<usize>()).div_ceil(counts.len()) };
                mean.max(floor)
            };
            let first = (MONDAY - 30 * DAY) / span;
            let late = periods.iter().filter(|((_, period), _)| *period >= first);
            let mut expected: Vec<_> = late
                .map(|((person, period), cases)| (*person, period * span, cases.len(), bound(*person, *period)))
                .filter(|(.., count, bound)| count > bound)
                .collect();
            let found = unusual.findings(MONDAY - 30 * DAY, &Watcher { hidden: &hidden, ..everything() });
            let found = found.iter().filter(|finding| finding.rule == rule);
            let mut found: Vec<_> = found.map(|it| (it.person, it.time, it.count, it.bound)).collect();
            expected.sort_unstable();
            found.sort_unstable();
            assert!(!expected.is_empty());
            assert_eq!(found, expected, "{rule:?}, {} hidden", hidden.len());
        }
    }
}

/// [ACL-45]
#[test]
fn whoever_is_shown_how_to_reach_her_outside_her_word_is_listed_although_the_case_is_theirs() {
    let mut unusual = Unusual::default();
    for kind in [AccessKind::ContactShown, AccessKind::ContactShownOutside, AccessKind::ContactExported] {
        unusual.take(Seen { kind, reason: AccessReason::Emergency, ..seen(5, MONDAY, 1) });
    }
    let found = unusual.findings(MONDAY, &everything());
    assert_eq!(rules(&found), [UnusualRule::ContactOutside; 2]);
    let themselves = [PersonId::new([5; 16])];
    assert!(unusual.findings(MONDAY, &Watcher { persons: &themselves, ..everything() }).is_empty());
}
