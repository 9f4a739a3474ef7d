//! A slice of the kill campaign.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::kill::{Plan, run};
use uput_conformance::programs::Programs;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9_once() {
    let programs = Programs::find().unwrap();
    let tally = run(&programs, Plan { seed: 7, referrals: 60, kills: 6 }, |_| ()).await.unwrap();
    assert!(tally.violations().is_empty(), "{tally}");
    assert_eq!(tally.count("kills"), 6, "{tally}");
    assert_eq!(tally.count("trails compared"), 60, "{tally}");
}
