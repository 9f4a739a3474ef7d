//! A report lists a hundred of a kind, and says how many there are. [BUN-102]

use uput_core::{
    event::Statement,
    id::Id,
    log::EntryKind,
    state::Side,
    time::Seconds,
    verdict::{Check, Conformance, Exit, Report, verify},
    wire::WarningCode,
};

use crate::{
    case::{changed, exported},
    diary::{Diary, SOON, Scene},
    sample::{TWO_PARTY, World},
};

fn check<'r>(report: &'r Report, requirement: &str) -> &'r Check {
    report.checks.iter().find(|check| check.requirement == requirement).unwrap()
}

#[test]
fn of_many_faults_of_one_kind_a_hundred_are_listed_and_all_are_counted() {
    let world = World::pair();
    let mut story = world.enquiry();
    for _ in 0..150 {
        story.force(&world.hotline, Statement::Warned(WarningCode::MayBeSought), |event| {
            event.time = Seconds::new(event.time.get() + 1).unwrap();
        });
    }
    let report = verify(&exported(&story), &world.trust());
    let grain = check(&report, "BUN-58");
    assert_eq!((grain.count, grain.problems.len()), (150, 100));
    let reasons = report.conformant.reasons.iter().filter(|reason| reason.requirement == "BUN-58");
    assert_eq!((reasons.count(), report.conformant.verdict), (100, Conformance::No));
    assert_eq!(report.exit, Exit::NotConformant);
}

/// [BUN-75] One finding an event, however many records replaced its key.
#[test]
fn an_event_after_many_records_is_found_once() {
    let mut scene = Scene::new(TWO_PARTY);
    for _ in 0..5 {
        scene.world.hotline.rotate();
    }
    let scene = scene;
    let hotline = &scene.world.hotline;
    let mut story = scene.world.enquiry();
    for _ in 0..3 {
        story.force(hotline, Statement::Warned(WarningCode::MayBeSought), |event| event.key = hotline.record(0));
    }
    let records = hotline.records.iter().skip(1).map(|record| (6, EntryKind::KeyRecord, record.id()));
    let own = story.trail.events().filter(|event| event.author == hotline.id);
    let events = own.map(|event| (6, EntryKind::OwnEvent, Id::from(event.id)));
    let log = Diary::of(hotline, &records.chain(events).collect::<Vec<_>>(), 7);
    let bundle = scene.bundle(&story, |draft| log.show(draft, &log.cosigned(7, &[(&scene.north, SOON)])));
    let positions = &verify(&bundle, &scene.demanding(0));
    let positions = check(positions, "BUN-75");
    assert_eq!((positions.count, positions.problems.len()), (4, 4));
}

/// [BUN-102] [BUN-127]
#[test]
fn nobody_who_contradicted_itself_is_lost_after_a_hundred_breaches() {
    let world = World::pair();
    let story = world.enquiry();
    let twins = |by, count: u8| {
        let next = |number: u8| {
            let statement = Statement::Warned(WarningCode::MayBeSought);
            story.next(by, statement, |event| event.time = world.at(60 + u64::from(number))).envelope().clone()
        };
        (0..count).map(next).collect::<Vec<_>>()
    };
    // The first of the two by their IDs fills the list, the second one stands after it.
    let [first, second] =
        if world.hotline.id < world.jasen.id { [&world.hotline, &world.jasen] } else { [&world.jasen, &world.hotline] };
    let bundle = changed(&story, |draft| {
        draft.events.extend(twins(first, 130));
        draft.events.extend(twins(second, 2));
    });
    let report = verify(&bundle, &world.trust());
    assert_eq!(report.exit, Exit::Equivocation);
    let names: Vec<_> = report.contradicting().iter().map(|one| one.id.clone()).collect();
    assert_eq!(names, [first.id.to_string(), second.id.to_string()]);
    assert_eq!(report.breaches.iter().filter(|breach| breach.requirement == "BUN-33").count(), 101);
}

/// [BUN-127] Who claims to have seen less than before contradicts nothing.
#[test]
fn who_claims_to_have_seen_less_is_not_named_with_whoever_contradicted_itself() {
    let world = World::pair();
    let mut story = world.enquiry();
    let before = story.trail.last(Side::Opener);
    let stale = story.trail.event(&before.unwrap()).unwrap().seen;
    let head = story.head(&world.hotline);
    story.force(&world.hotline, Statement::Warned(WarningCode::MayBeSought), |event| event.seen = stale);
    let twin = |minutes| {
        let statement = Statement::Warned(WarningCode::RiskChanged);
        story.next(&world.jasen, statement, |event| event.time = world.at(minutes)).envelope().clone()
    };
    let bundle = changed(&story, |draft| {
        draft.heads.push(head.sign(world.hotline.signing()).unwrap());
        draft.events.extend([twin(60), twin(61)]);
    });
    let report = verify(&bundle, &world.trust());
    assert!(report.breaches.iter().any(|breach| breach.requirement == "BUN-34"), "{:?}", report.breaches);
    let names: Vec<_> = report.contradicting().iter().map(|one| one.id.clone()).collect();
    assert_eq!(names, [world.jasen.id.to_string()]);
}
