//! The whole corpus: `conformance corpus` prints what this test asks.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::corpus::{self, COVERED, EXCEPTED, VALID, WRONG};
use uput_conformance::programs::Programs;

/// [BUN-80]
#[test]
fn every_entry_of_the_corpus_is_rejected_for_its_reason_and_every_requirement_has_one() {
    let (folder, specs) = corpus::folders();
    let tally = corpus::run(&Programs::find().unwrap(), &folder, &specs, |_| ()).unwrap();
    assert!(tally.violations().is_empty(), "{tally}");
    assert!(tally.count(WRONG) >= 120 && tally.count(VALID) >= 10, "{tally}");
    assert!(tally.count(COVERED) > tally.count(EXCEPTED), "{tally}");
}
