//! A slice of the readers that are cut.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::programs::Programs;
use uput_conformance::watch::{Plan, run};

/// [API-42]
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_are_cut_and_nodes_that_are_killed_lose_and_double_no_change() {
    let programs = Programs::find().unwrap();
    let tally = run(&programs, Plan { seed: 7, referrals: 12, kills: 3 }, |_| ()).await.unwrap();
    assert!(tally.violations().is_empty(), "{tally}");
    assert_eq!((tally.count("kills"), tally.count("readers"), tally.count("trails compared")), (3, 4, 60), "{tally}");
    assert!(tally.count("watches that were cut") > 8, "{tally}");
}
