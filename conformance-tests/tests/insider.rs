//! What insiders can obtain equals what the rules allow: a slice of `conformance insider`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::insider::run;
use uput_conformance::programs::Programs;

/// [CAS-5] [CAS-6] [CAS-20] [CAS-22] [ACC-10] [STF-15]
#[tokio::test(flavor = "multi_thread")]
async fn each_insider_obtains_what_the_rules_allow_and_nothing_else() {
    let programs = Programs::find().unwrap();
    let report = run(&programs, 11, 10, |_| ()).await.unwrap();
    assert_eq!(report.differences(), 0, "{report}");
    assert!(report.people() == 11 && report.obtained() > 200, "{report}");
    println!("{report}");
}
