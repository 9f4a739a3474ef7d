//! Delivery between three organisations, searched to its end within bounds: specs/delivery.md, section 5.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that breaks says where")]
#![allow(clippy::expect_used, clippy::print_stdout, dead_code, reason = "shares its parts with the command")]

mod book;
mod few;
mod invariant;
mod node;
mod search;
mod sizes;
mod steps;
mod tally;
mod world;

use search::{Found, search};
use world::{Bounds, Planted};

fn found(bounds: &Bounds) -> Found {
    search(bounds, |_, _| {}).unwrap_or_else(|violation| panic!("{violation:#?}"))
}

/// [DEL-40] [DEL-41] [DEL-42] [DEL-43] [DEL-44] [DEL-45] [DEL-46] [DEL-47] A slice: little is said while anything fails
/// once, and more while nothing does. In both together everything happens.
#[test]
fn what_was_said_arrives_once_and_in_order_whatever_line_power_and_thief_do() {
    let searched = [found(&sizes::size(0, Some(1), true)), found(&sizes::size(1, Some(0), false))];
    for found in &searched {
        println!("{} worlds, {} steps, {} at rest", found.worlds, found.steps, found.at_rest);
        println!("{}", found.tally.lines().join("\n"));
    }
    let [first, second] = searched.map(|found| found.tally.missing(true));
    let nowhere: Vec<_> = first.into_iter().filter(|what| second.contains(what)).collect();
    assert_eq!(nowhere, [""; 0], "what never happened was not searched");
}

/// [DEL-40] The same bounds lead to the same worlds, and each comes to rest in one of those that are counted.
#[test]
fn a_search_is_the_same_again() {
    let bounds = sizes::size(0, Some(0), false);
    let [first, second] = [found(&bounds), found(&bounds)];
    assert!(first.at_rest > 1 && first.worlds > 50, "{first:?}");
    assert_eq!((first.worlds, first.steps, first.depth), (second.worlds, second.steps, second.depth));
}

/// [DEL-48] Each fault of a node is found, and the sentence says what is wrong.
#[test]
fn planted_faults_are_found_and_named() {
    for planted in Planted::ALL {
        let (size, faults, renews, says) = match planted {
            Planted::ReceiptBeforeSync => (0, 0, false, "a receipt is under way for what is not on disk"),
            Planted::ToldBeforeSync => (0, 0, false, "told people what is not on its disk"),
            Planted::SentBeforeSync => (0, 1, false, "lacks what is before it"),
            Planted::NewEnvelope => (0, 1, false, "one end of trail 0 has what the other has not"),
            Planted::ByArrival => (1, 0, false, "counts at one house and not at the other"),
            Planted::ForgottenQueue => (0, 1, false, "thinks that the other has what is not on its disk"),
            Planted::TakenTwice => (0, 1, false, "is there twice"),
            Planted::Hurried => (1, 1, false, "lacks what is before it"),
            Planted::OldKeyTaken => (0, 1, true, "under an older key was taken"),
        };
        let bounds = Bounds { planted: Some(planted), ..sizes::size(size, Some(faults), renews) };
        let violation = search(&bounds, |_, _| {}).err().unwrap_or_else(|| panic!("{planted:?} is not found"));
        println!("{planted:?}: {}, after {:?}", violation.why, violation.way);
        assert!(violation.why.contains(says), "{planted:?}: {} after {:?}", violation.why, violation.way);
    }
}
