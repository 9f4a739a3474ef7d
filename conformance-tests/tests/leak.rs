//! Planted values are found nowhere but where they belong.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use uput_conformance::leak::run;
use uput_conformance::programs::Programs;

/// [API-25] [CLI-16] [NOD-9] [NOD-15]
#[tokio::test(flavor = "multi_thread")]
async fn no_planted_value_is_seen_by_anybody_else() {
    let programs = Programs::find().unwrap();
    let tally = run(&programs, 7, |_| ()).await.unwrap();
    assert!(tally.violations().is_empty(), "{tally}");
    // An attestation holds what other labels say: it is not planted by itself.
    let planted = |line: &&str| !line.starts_with('#') && !line.contains("\tattestation\t");
    let labels = include_str!("../../specs/catalogue.tsv").lines().filter(planted).count() as u64;
    // Who acted, the node says itself: three labels that nobody can misuse, one of them a word that is no secret.
    let (planted, misused) = (labels - 1, labels - 3);
    assert_eq!(tally.count("labels misused"), misused, "{tally}");
    for everything in
        ["labels planted", "values found in the letters once they are opened", "values found in a record that leaks"]
    {
        assert_eq!(tally.count(everything), planted, "{everything}\n{tally}");
    }
    let places = tally.count("places searched");
    assert!(places >= 20 && places == tally.count("of them with a control that came there by itself"), "{tally}");
    assert!(tally.count("records opened with the storage key") > 500, "{tally}");
}
