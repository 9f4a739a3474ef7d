//! Planted values are found nowhere but where they belong.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::leak::run;
use uput_conformance::programs::Programs;

#[tokio::test(flavor = "multi_thread")]
async fn no_planted_value_is_seen_by_anybody_else() {
    let programs = Programs::find().unwrap();
    let tally = run(&programs, 7, |_| ()).await.unwrap();
    assert!(tally.violations().is_empty(), "{tally}");
    assert!(tally.count("requests refused") > 100 && tally.count("places searched") == 10, "{tally}");
}
