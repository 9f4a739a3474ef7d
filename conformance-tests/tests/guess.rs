//! A slice of the guessing campaign: `conformance guess --seed 1 --count 10000` is the whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::guess;
use uput_conformance::programs::Programs;

/// [CAS-20] [CAS-21]
#[tokio::test(flavor = "multi_thread")]
async fn a_guess_at_what_is_not_yours_is_answered_as_one_at_nothing() {
    let programs = Programs::find().unwrap();
    let tally = guess::run(&programs, 7, 300, |_| ()).await.unwrap();
    assert!(tally.violations().is_empty(), "{tally}");
    assert_eq!(tally.count("different answers to the second kind, over seven calls"), 7, "{tally}");
}
