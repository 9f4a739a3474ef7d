//! Searches delivery between three organisations to its end within bounds: `cargo run --release -p uput-core --example
//! delivery_check -- [--size 0|1|2|3] [--faults 3|any] [--still] [--planted NAME]`. `--still` leaves out keys that are
//! renewed and the thief of the old ones. [DEL-40]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that prints what it counts")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a check stops where it breaks")]
#![allow(clippy::indexing_slicing, dead_code, reason = "shares its parts with the tests")]

#[path = "../tests/delivery/book.rs"]
mod book;
#[path = "../tests/delivery/few.rs"]
mod few;
#[path = "../tests/delivery/invariant.rs"]
mod invariant;
#[path = "../tests/delivery/node.rs"]
mod node;
#[path = "../tests/delivery/search.rs"]
mod search;
#[path = "../tests/delivery/sizes.rs"]
mod sizes;
#[path = "../tests/delivery/steps.rs"]
mod steps;
#[path = "../tests/delivery/tally.rs"]
mod tally;
#[path = "../tests/delivery/world.rs"]
mod world;

use std::cell::Cell;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use search::search;
use world::{Bounds, Planted};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().skip_while(|word| *word != name).nth(1).cloned();
    let size = after("--size").map_or(1, |word| word.parse().expect("a size"));
    let faults = after("--faults").filter(|word| word != "any").map(|word| word.parse().expect("how many faults"));
    let planted = after("--planted").map(|word| {
        let named = Planted::ALL.into_iter().find(|planted| format!("{planted:?}") == word);
        named.unwrap_or_else(|| panic!("the faults are {:?}", Planted::ALL))
    });
    let renews = !arguments.iter().any(|word| word == "--still");
    let bounds = Bounds { planted, ..sizes::size(size, faults, renews) };
    println!("{bounds:?}");
    let (start, told) = (Instant::now(), Cell::new(Instant::now()));
    let tell = |worlds: usize, depth: usize| {
        if told.get().elapsed() > Duration::from_secs(60) {
            eprintln!("{worlds} worlds, {depth} deep, {} s", start.elapsed().as_secs());
            told.set(Instant::now());
        }
    };
    let found = match search(&bounds, tell) {
        Ok(found) => found,
        Err(violation) => {
            violation.way.iter().for_each(|step| println!("{step}"));
            println!("violated: {}", violation.why);
            return ExitCode::FAILURE;
        }
    };
    found.tally.lines().iter().for_each(|line| println!("{line}"));
    let missing = found.tally.missing(renews);
    missing.iter().for_each(|what| println!("it never happened, so nothing is known of it: {what}"));
    println!("{} worlds, {} steps between them, the farthest {} steps away", found.worlds, found.steps, found.depth);
    println!("{} of them at rest; {} events, {} views of a trail", found.at_rest, found.events, found.views);
    println!("violations: 0; {:.1} s", start.elapsed().as_secs_f64());
    if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
