//! What an honest bundle comes to.

use uput_core::{
    slot::Extent,
    verdict::{Conformance, Exit, Outcome, Report, YesNo, verify},
};

use crate::sample::World;

fn failed(report: &Report) -> Vec<String> {
    let failed = report.checks.iter().filter(|check| check.outcome == Outcome::Failed);
    failed
        .flat_map(|check| check.problems.iter().map(|problem| format!("{}: {}", check.requirement, problem.sentence)))
        .collect()
}

#[test]
fn a_night_that_kept_everything_is_valid() {
    let world = World::invented();
    let bundle = world.night().bundle(&world.hotline, &Extent::VALUES);
    let report = verify(&bundle, &world.trust());
    assert_eq!(failed(&report), Vec::<String>::new());
    assert_eq!((report.exit, report.authentic, report.conformant.verdict), (Exit::Valid, YesNo::Yes, Conformance::Yes));
}
