//! Checks the state of every trail within bounds: `cargo run --release -p uput-core --example state_check -- --opener 3
//! --peer 3 [--kinds all|core|transfer] [--threads 2]`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that prints what it counts")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a check stops where it breaks")]
#![allow(clippy::indexing_slicing, dead_code, reason = "shares its parts with the tests")]

#[path = "../tests/state/chains.rs"]
mod chains;
#[path = "../tests/state/check.rs"]
mod check;
#[path = "../tests/state/invariant.rs"]
mod invariant;
#[path = "../tests/state/random.rs"]
mod random;

use std::time::Instant;

use uput_core::state::Side;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().skip_while(|word| *word != name).nth(1).cloned();
    let number = |name: &str, otherwise: usize| after(name).map_or(otherwise, |word| word.parse().expect("a number"));
    let kinds = match after("--kinds").as_deref() {
        Some("core") => check::core_kinds(),
        Some("transfer") => check::transfer_kinds(),
        _ => check::all_kinds(),
    };
    let bounds = check::Bounds {
        opener: number("--opener", 2),
        peer: number("--peer", 2),
        kinds,
        threads: number("--threads", 2),
    };
    let start = Instant::now();
    let result = check::check(&bounds, |opener, peer, counts| {
        eprintln!("{opener}+{peer} after {:.1} s: {counts:?}", start.elapsed().as_secs_f64());
    });
    match result {
        Ok(counts) => {
            println!(
                "{} + {} kinds, {} + {} events",
                count(&bounds, Side::Opener),
                count(&bounds, Side::Peer),
                bounds.opener,
                bounds.peer
            );
            println!("pairs of chains, up to equal future: {}", counts.pairs);
            println!("lawful steps: {}", counts.lawful);
            println!("void attempts: {}", counts.void);
            println!("full states: {}", counts.states);
            println!("violations: 0, in {:.1} s", start.elapsed().as_secs_f64());
            println!("to read a trail of 20 events: {:.1} us", cost(20));
            println!("to read a trail of 60 events: {:.1} us", cost(60));
        }
        Err(violation) => {
            println!("violated: {violation}");
            std::process::exit(1);
        }
    }
}

/// The fastest of ten rounds over two hundred trails, in microseconds a trail.
fn cost(events: usize) -> f64 {
    let mut random = random::Random(7);
    let trails: Vec<_> = (0..200).map(|_| random::trail(&mut random, events, false)).collect();
    let round = || {
        let start = Instant::now();
        assert!(trails.iter().all(|nodes| uput_core::state::evaluate(nodes).is_ok()));
        start.elapsed().as_secs_f64() * 1e6 / 200.0
    };
    (0..10).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn count(bounds: &check::Bounds, side: Side) -> usize {
    bounds.kinds.iter().filter(|(by, _)| *by == side).count()
}
