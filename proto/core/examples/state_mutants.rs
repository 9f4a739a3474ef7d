//! Mutants of the evaluator of states: `cargo run -p uput-core --example state_mutants` plants one for each paradox of
//! specs/state.md, and prints what catches it and on how small a case.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a command that prints what it counts"
)]

#[path = "../tests/mutants/copy.rs"]
mod copy;
#[path = "../tests/mutants/planted.rs"]
mod planted;

use planted::PLANTED;

fn main() {
    let mut caught = 0;
    for planted in PLANTED {
        let found = planted.hunt();
        caught += usize::from(found.is_some());
        let violation = found.map_or_else(|| "NOT CAUGHT".to_owned(), |caught| caught.violation);
        println!("P{:<2} {}\n    {violation}", planted.paradox, planted.says);
    }
    println!("{caught} caught of {} planted, for 16 paradoxes", PLANTED.len());
    if caught < PLANTED.len() {
        std::process::exit(1);
    }
}
