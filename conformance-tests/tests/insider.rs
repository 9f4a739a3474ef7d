//! What insiders can obtain equals what the rules allow: a slice of `conformance insider`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::insider::{Extent, run};
use uput_conformance::programs::Programs;

/// [CAS-5] [CAS-6] [CAS-7] [CAS-20] [CAS-21] [CAS-22] [CAS-24] [CAS-36] [CAS-42] [CAS-65] [ACC-10] [ACL-6] [ACL-8] [API-40] [STF-14] [STF-15]
#[tokio::test(flavor = "multi_thread")]
async fn each_insider_obtains_what_the_rules_allow_and_nothing_else() {
    let programs = Programs::find().unwrap();
    let report = run(&programs, Extent { seed: 11, cases: 12, acts: 1 }, |_| ()).await.unwrap();
    assert_eq!(report.differences(), 0, "{report}");
    assert!(report.not_told_apart().is_empty(), "{report}");
    assert!(report.people() == 11 && report.obtained() > 500, "{report}");
}
