//! A violation that an evaluator has, as one line: of each set of kinds that is tried the smallest.

use crate::check::{Bounds, Counts, check};
use crate::kinds::{all_kinds, transfer_kinds};

/// Prints it, or nothing: the invariant, the size after the opening, the pair that shows it.
pub(crate) fn print() {
    let sizes = [(1, 1, all_kinds()), (2, 3, transfer_kinds()), (2, 1, all_kinds()), (1, 2, all_kinds())];
    let violations = sizes.into_iter().filter_map(|(opener, peer, kinds)| {
        check(&Bounds { opener, peer, kinds, threads: 1, act: None, merge: true }, &Counts::default()).err()
    });
    if let Some(found) = violations.take(1).next() {
        println!("{} at {}+{}: {}", found.broken, found.opener, found.peer, found.pair);
    }
}
