//! The exhaustive check at bounds that every run of the tests can afford; examples/state_check.rs goes further.

use std::sync::atomic::Ordering::Relaxed;

use uput_core::act::ACTS;
use uput_core::state::{Kind, TABLE, crossed, row};
use uput_core::wire::Act;

use crate::check::{Bounds, Counts, check};
use crate::kinds::{Said, all_kinds, core_kinds, like, transfer_kinds};

// [STA-24]
#[test]
fn nothing_is_violated_by_any_two_chains_of_all_kinds() {
    for (opener, peer) in [(2, 1), (1, 2)] {
        assert!(lawful(opener, peer, all_kinds(), None) > 20_000);
    }
}

// [STA-24]
#[test]
fn nothing_is_violated_by_any_two_chains_of_two_events_of_the_core_kinds() {
    assert!(lawful(2, 2, core_kinds(), None) > 40_000);
}

// [STA-24]
#[test]
fn nothing_is_violated_by_any_two_chains_about_responsibility() {
    assert!(lawful(2, 3, transfer_kinds(), None) > 10_000);
}

// [STA-24] [STA-40]
#[test]
fn nothing_is_violated_in_any_act() {
    for row in ACTS.iter() {
        assert!(lawful(1, 1, all_kinds(), Some(row.act)) > 100, "{:?}", row.act);
    }
}

// [STA-24]
#[test]
fn what_is_taken_as_alike_has_the_same_facts_and_crosses_alike() {
    for kind in Kind::ALL.iter().filter(|kind| like(**kind) != **kind) {
        let rows = [*kind, like(*kind)].map(|kind| TABLE.iter().filter(move |row| row.kind == kind));
        let [facts, others] = rows.map(|rows| rows.map(|row| (row.side, row.facts)).collect::<Vec<_>>());
        assert_eq!(facts, others, "{kind:?}");
        for other in Kind::ALL {
            assert_eq!(crossed(*kind, *other), crossed(like(*kind), *other), "{kind:?} and {other:?}");
            assert_eq!(crossed(*other, *kind), crossed(*other, like(*kind)), "{other:?} and {kind:?}");
        }
        assert!(facts.iter().all(|(side, _)| row(*side, like(*kind)).is_some()));
    }
}

// [STA-24]
#[test]
fn nothing_that_can_be_reached_is_lost_by_taking_pairs_as_one() {
    for (opener, peer, kinds) in [(2, 1, core_kinds()), (1, 2, core_kinds()), (2, 2, transfer_kinds())] {
        let [merged, each] = [true, false].map(|merge| {
            let counts = Counts::default();
            let bounds = Bounds { opener, peer, kinds: kinds.clone(), threads: 2, act: None, merge };
            check(&bounds, &counts).unwrap_or_else(|violation| panic!("{violation:?}"));
            counts
        });
        println!("{opener}+{peer}: {} pairs of {}", merged.pairs.load(Relaxed), each.pairs.load(Relaxed));
        assert!(merged.pairs.load(Relaxed) < each.pairs.load(Relaxed));
        assert_eq!(merged.wholes.all(), each.wholes.all());
    }
}

fn lawful(opener: usize, peer: usize, kinds: Vec<Said>, act: Option<Act>) -> u64 {
    let counts = Counts::default();
    check(&Bounds { opener, peer, kinds, threads: 2, act, merge: true }, &counts)
        .unwrap_or_else(|violation| panic!("{violation:?}"));
    println!("{opener}+{peer}: {} pairs, {} states", counts.pairs.load(Relaxed), counts.wholes.len());
    counts.lawful.load(Relaxed)
}
