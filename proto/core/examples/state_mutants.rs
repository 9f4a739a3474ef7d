//! Mutants of the evaluator of states. `cargo run -p uput-core --example state_mutants` plants one for each paradox of
//! specs/state.md, and prints what catches it and on how small a case. Those that are drawn by rule from the sources are in
//! the example `mutants`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a command that stops where it breaks")]
#![allow(clippy::indexing_slicing, reason = "shares its parts with the tests")]
#![allow(clippy::string_slice, clippy::print_stdout, dead_code, reason = "it prints what it counts")]

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
