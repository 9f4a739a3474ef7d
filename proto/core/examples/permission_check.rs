//! Two parties who try what is lawful and what is not, under random agreements, each decision of the core beside a second
//! implementation of the specification: `cargo run --release -p uput-core --example permission_check -- --seed 1 --count
//! 100000 [--events 9]`. It stops, with the seed of the trail, where two decisions differ.
#![allow(clippy::print_stdout, reason = "a command that prints what it counts")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a check stops where it breaks")]
#![allow(clippy::indexing_slicing, dead_code, reason = "shares its parts with the tests")]

#[path = "../tests/agreement/attempts.rs"]
mod attempts;
#[path = "../tests/agreement/formula.rs"]
mod formula;
#[path = "../tests/agreement/random.rs"]
mod random;
#[path = "../tests/state/reference.rs"]
mod reference;
#[path = "../tests/agreement/ruling.rs"]
mod ruling;
#[path = "../tests/agreement/scene.rs"]
mod scene;
#[path = "../tests/agreement/trails.rs"]
mod trails;

use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, otherwise: u64| {
        let word = arguments.iter().skip_while(|word| *word != name).nth(1);
        word.map_or(otherwise, |word| word.parse().expect("a number"))
    };
    let (seed, count, events) = (number("--seed", 1), number("--count", 1_000), number("--events", 9));
    let (start, mut counts) = (Instant::now(), trails::Counts::default());
    for trail in seed..seed + count {
        trails::play(trail, usize::try_from(events).unwrap(), &mut counts);
    }
    println!("{count} trails from seed {seed}, {counts:?}, {:.0} s", start.elapsed().as_secs_f64());
    println!("differences: 0");
}
