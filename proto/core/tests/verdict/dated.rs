//! Claimed times that the causal order contradicts.

use uput_core::{
    event::{Event, Statement},
    verdict::{Conformance, Exit, Outcome, Report, verify},
    wire::{LegalBasis, WarningCode},
};

use crate::{
    case::{Case, exported},
    sample::{Story, TWO_PARTY, World, needed},
};

/// The same world by an agreement that began or ended so many minutes after midnight.
fn lasting(from: u64, until: u64) -> World {
    let minute = |count: u64| format!("2026-11-22T00:{count:02}:00Z");
    let source = TWO_PARTY.replace("2026-01-01T00:00:00Z", &minute(from));
    World::pair_by(&source.replace("2028-01-01T00:00:00Z", &minute(until)))
}

/// The receiver speaks at one minute, then the sender discloses at another.
fn disclosed(world: &World, heard: u64, claimed: u64) -> Story<'_> {
    let mut story = world.enquiry();
    story.clock = heard - 1;
    story.say(&world.jasen, Statement::Acknowledged);
    story.clock = claimed - 1;
    story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
    story
}

/// The sender opens at minute 1, and the receiver's machine has it at another.
fn opened(world: &World, heard: u64) -> Story<'_> {
    let mut story = world.asked();
    let opening = Statement::Delivered(story.trail.id().opening());
    story.force(&world.jasen, opening, |event| event.time = world.at(heard));
    story.say(&world.jasen, Statement::Held { until: world.at(3600) });
    story
}

/// The receiver has the opening at minute 2, answers when it has seen what the sender said so many minutes later, and dates
/// its answer.
fn answered(world: &World, warned: u64, claimed: u64) -> Story<'_> {
    let mut story = world.asked();
    story.say(&world.jasen, Statement::Delivered(story.trail.id().opening()));
    story.clock += warned;
    story.say(&world.hotline, Statement::Warned(WarningCode::RiskChanged));
    story.force(&world.jasen, Statement::Held { until: world.at(9600) }, |event| event.time = world.at(claimed));
    story
}

/// The receiver's machine has the opening a day later by its clock than when the sender, who has seen that, warns; and
/// answers so many minutes after that.
fn put_off(world: &World, minutes: u64) -> Story<'_> {
    let mut story = world.asked();
    let opening = Statement::Delivered(story.trail.id().opening());
    story.force(&world.jasen, opening, |event| event.time = world.at(2 * 24 * 60));
    story.say(&world.hotline, Statement::Warned(WarningCode::RiskChanged));
    story.clock += minutes;
    story.say(&world.jasen, Statement::Held { until: world.at(9600) });
    story
}

pub(crate) fn of_dates(world: &World) -> Vec<Case> {
    let (ended, begins) = (lasting(0, 10), lasting(1, 50));
    vec![
        Case::new("an opening before the agreement began", Exit::NotConformant, "BUN-57", &begins, {
            exported(&begins.opened_as(|event: &mut Event| event.time = begins.at(0)))
        }),
        Case::new("a disclosure dated back to when the agreement lasted", Exit::NotConformant, "BUN-57", &ended, {
            exported(&disclosed(&ended, 12, 9))
        }),
        Case::new("an opening dated on to when the agreement lasts", Exit::NotConformant, "BUN-57", &begins, {
            exported(&opened(&begins, 0))
        }),
        Case::new("a delivery dated on so that nothing was due yet", Exit::NotConformant, "BUN-59", world, {
            exported(&put_off(world, 25 * 60))
        }),
        Case::new("an answer dated back to when it was due", Exit::NotConformant, "BUN-59", world, {
            exported(&answered(world, 25 * 60, 10))
        }),
    ]
}

fn outcome(report: &Report, requirement: &str) -> Outcome {
    report.checks.iter().find(|check| check.requirement == requirement).unwrap().outcome
}

/// One of two words is false, and nobody knows which: nobody is blamed, and nothing is called kept. [BUN-57] [BUN-59]
#[test]
fn a_time_that_the_causal_order_contradicts_proves_nothing_either_way() {
    let world = World::pair();
    for case in of_dates(&world).iter().skip(1) {
        let report = verify(&case.bundle, &case.trust);
        assert_eq!(report.conformant.verdict, Conformance::NotCheckable, "{}", case.name);
        assert_eq!(outcome(&report, case.requirement), Outcome::NotCheckable, "{}", case.name);
        assert!(report.breaches.is_empty(), "{}", case.name);
    }
}

/// A clock that goes wrong within what is allowed changes nothing.
#[test]
fn a_time_out_of_order_that_decides_nothing_is_no_matter() {
    let world = World::pair();
    let (ended, begins) = (lasting(0, 10), lasting(0, 50));
    for story in [disclosed(&ended, 9, 5), opened(&begins, 0), answered(&world, 60, 10)] {
        assert_eq!(verify(&exported(&story), &story.world.trust()).exit, Exit::Valid);
    }
}
