//! Every mechanism is played, and a slice of them without the part on which it rests: `conformance scenarios --delete`
//! is the whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::programs::Programs;
use uput_conformance::scenario::Scenario;
use uput_conformance::scenario::matrix::{Plan, run};

#[tokio::test(flavor = "multi_thread")]
async fn every_mechanism_is_played_and_rests_on_a_part_of_its_agreement() {
    let programs = Programs::find().unwrap();
    let matrix = run(&programs, Plan { rows: &[], delete: &DELETED, others: 2 }, |_| ()).await.unwrap();
    assert!(matrix.well(), "{matrix}");
}

/// One for each kind of part: a rule, a timer, a label, a basis.
const DELETED: [u32; 4] = [4, 22, 14, 9];

#[test]
fn every_agreement_says_on_which_part_it_rests() {
    for scenario in Scenario::all().unwrap() {
        let rests = format!("# Rests on: {}.\n", scenario.script.delete);
        assert!(scenario.row.agreement.contains(&rests), "{}: {rests}", scenario.row.name);
    }
}
