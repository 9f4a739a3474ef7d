//! Checks the state of every trail within bounds: `cargo run --release -p uput-core --example state_check -- --opener 3
//! --peer 3 [--kinds all|core|transfer] [--act WORD] [--threads 2]`. The bounds count the events after the opening.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that prints what it counts")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a check stops where it breaks")]
#![allow(clippy::indexing_slicing, dead_code, reason = "shares its parts with the tests")]

#[path = "../tests/state/chains.rs"]
mod chains;
#[path = "../tests/state/check.rs"]
mod check;
#[path = "../tests/state/invariant.rs"]
mod invariant;
#[path = "../tests/state/kinds.rs"]
mod kinds;
#[path = "../tests/state/oracle.rs"]
mod oracle;
#[path = "../tests/state/random.rs"]
mod random;
#[path = "../tests/state/views.rs"]
mod views;

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use check::{Bounds, Counts, check};
use uput_core::agreement::Code;
use uput_core::state::Side;
use uput_core::wire::Act;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().skip_while(|word| *word != name).nth(1).cloned();
    let number = |name: &str, otherwise: usize| after(name).map_or(otherwise, |word| word.parse().expect("a number"));
    let kinds = match after("--kinds").as_deref() {
        Some("core") => kinds::core_kinds(),
        Some("transfer") => kinds::transfer_kinds(),
        _ => kinds::all_kinds(),
    };
    let act = after("--act").map(|word| Act::from_word(&word).expect("an act"));
    let (opener, peer) = (number("--opener", 2), number("--peer", 2));
    let bounds = Bounds { opener, peer, kinds, threads: number("--threads", 2), act, merge: true };
    let (start, counts, over) = (Instant::now(), Counts::default(), AtomicBool::new(false));
    let result = std::thread::scope(|scope| {
        scope.spawn(|| tell(&counts, start, &over));
        let result = check(&bounds, &counts);
        over.store(true, Relaxed);
        result
    });
    let said = |side| bounds.kinds.iter().filter(|(by, _)| *by == side).count();
    println!("{} + {} kinds, {opener} + {peer} events after the opening", said(Side::Opener), said(Side::Peer));
    println!("{}", line(&counts, start));
    if let Err(violation) = result {
        println!("violated: {} at {}+{}: {}", violation.broken, violation.opener, violation.peer, violation.pair);
        std::process::exit(1);
    }
    println!("violations: 0");
    println!("to read a trail of 20 events: {:.1} us", cost(20));
    println!("to read a trail of 60 events: {:.1} us", cost(60));
}

/// Says how far it is, on one line of a terminal, or on a new line every minute.
fn tell(counts: &Counts, start: Instant, over: &AtomicBool) {
    let terminal = std::io::stderr().is_terminal();
    let mut told = Instant::now();
    while !over.load(Relaxed) {
        std::thread::sleep(Duration::from_millis(200));
        if terminal {
            eprint!("\r\x1b[K{}", progress(counts, start));
        } else if told.elapsed() > Duration::from_secs(60) {
            eprintln!("{}", progress(counts, start));
            told = Instant::now();
        }
    }
    if terminal {
        eprint!("\r\x1b[K");
    }
}

/// The size, a bar over the pairs that are carried to it, and the counts.
fn progress(counts: &Counts, start: Instant) -> String {
    const WIDTH: u64 = 24;
    let at = |count: &AtomicU64| count.load(Relaxed);
    let (done, all) = (at(&counts.done), at(&counts.all).max(1));
    let full = usize::try_from(done * WIDTH / all).unwrap_or(0);
    let bar = format!("{:<24}", "#".repeat(full));
    format!("{}+{} [{bar}] {done} of {all}; {}", at(&counts.opener), at(&counts.peer), line(counts, start))
}

fn line(counts: &Counts, start: Instant) -> String {
    let at = |count: &AtomicU64| count.load(Relaxed);
    format!(
        "{} pairs of chains up to equal future, {} lawful steps, {} void attempts, {} states ({} up to numbers), {:.1} s",
        at(&counts.pairs),
        at(&counts.lawful),
        at(&counts.void),
        at(&counts.states),
        counts.wholes.len(),
        start.elapsed().as_secs_f64()
    )
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
