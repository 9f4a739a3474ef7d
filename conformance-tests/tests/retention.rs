//! What was erased by the time is found nowhere, by nobody.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::leak::retained::run;
use uput_conformance::programs::Programs;

/// [RET-20] [RET-23] [RET-25] [RET-26] [RET-27]
#[tokio::test(flavor = "multi_thread")]
async fn an_attacker_with_every_copy_and_every_key_that_is_left_reads_nothing_that_was_erased() {
    let programs = Programs::find().unwrap();
    let tally = run(&programs, 11).await.unwrap();
    assert!(tally.violations().is_empty(), "{tally}");
    let planted = tally.count("labels planted");
    assert!(planted > 60 && tally.count("planted values found before") >= 3 * planted, "{tally}");
    assert_eq!(tally.count("planted values found after"), 0, "{tally}");
    assert!(tally.count("places searched after") >= 10, "{tally}");
    assert!(tally.count("bundles that say what was erased") >= 20, "{tally}");
    let verified = tally.count("bundles from after that are authentic, and say what was erased");
    assert_eq!(verified, tally.count("bundles that say what was erased"), "{tally}");
}
