//! The exhaustive check at bounds that every run of the tests can afford; examples/state_check.rs goes further.

use crate::check::{Bounds, all_kinds, check, core_kinds};

// [STA-24]
#[test]
fn nothing_is_violated_by_any_two_chains_of_all_kinds() {
    let counts = [(2, 1), (1, 2)].map(|(opener, peer)| {
        let bounds = Bounds { opener, peer, kinds: all_kinds(), threads: 2 };
        check(&bounds, |_, _, _| {}).unwrap_or_else(|violation| panic!("{violation}"))
    });
    println!("{counts:?}");
    assert!(counts.iter().all(|counts| counts.lawful > 30_000 && counts.void > 10_000), "{counts:?}");
}

// [STA-24]
#[test]
fn nothing_is_violated_by_any_two_chains_of_two_events_of_the_core_kinds() {
    let bounds = Bounds { opener: 2, peer: 2, kinds: core_kinds(), threads: 2 };
    let counts = check(&bounds, |_, _, _| {}).unwrap_or_else(|violation| panic!("{violation}"));
    println!("{counts:?}");
    assert!(counts.lawful > 40_000 && counts.void > 30_000, "{counts:?}");
}
