//! Five running programs pass on what the first signed; she withdraws, and some are killed while that is on its way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::onward;
use uput_conformance::programs::Programs;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_signed_is_verified_by_the_fifth_and_a_withdrawal_reaches_it_and_nobody_has_what_it_was_not_sent()
 {
    let tally = onward::run(&Programs::find().unwrap(), 1).await.unwrap();
    assert!(tally.violations().is_empty(), "{tally}");
    assert_eq!((tally.count("trails compared"), tally.count("kills")), (6, 7), "{tally}");
    assert_eq!(tally.count("facts verified as the word of the first"), 15, "{tally}");
    assert!(tally.count("letters opened") >= 40, "{tally}");
}
