//! Mutants of the evaluator of states: one for each paradox, and each is caught by a check.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, dead_code, reason = "a test that breaks says where")]

mod copy;
mod planted;

use std::collections::BTreeSet;

use planted::PLANTED;

// [STA-29]
#[test]
fn every_paradox_has_a_mutant_and_each_is_caught_by_its_check() {
    assert_eq!(PLANTED.iter().map(|planted| planted.paradox).collect::<BTreeSet<_>>(), (1..=16).collect());
    let (even, odd): (Vec<_>, Vec<_>) = PLANTED.iter().enumerate().partition(|(number, _)| number % 2 == 0);
    std::thread::scope(|scope| {
        for half in [even, odd] {
            scope.spawn(move || {
                for (_, planted) in half {
                    let caught = planted
                        .hunt()
                        .unwrap_or_else(|| panic!("P{} is not caught: {}", planted.paradox, planted.says));
                    println!("P{}: {}: {}", planted.paradox, planted.says, caught.violation);
                    assert!(
                        caught.violation.starts_with(&format!("{} ", planted.caught_by)),
                        "{planted:?}: {caught:?}"
                    );
                }
            });
        }
    });
}
