//! Mutates a bundle and prints what the verdict says: `mutate -- --count 10000 --pairs 5000 --seed 1`.
//!
//! Stops with an error if anything is accepted that must not be.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a harness prints, and fails by panicking"
)]

#[path = "../tests/verdict/mutation.rs"]
mod mutation;
#[allow(dead_code, reason = "a scene has more in it than one play needs")]
#[path = "../tests/verdict/sample.rs"]
mod sample;
#[path = "../tests/verdict/survivor.rs"]
mod survivor;

use std::{collections::BTreeMap, time::Instant};

use mutation::{Dice, Kind, Stage};
use sample::World;
use survivor::{Base, Tally, flips, mutate, mutate_twice, truncations};

fn argument(name: &str, otherwise: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
    arguments.next().map_or(otherwise, |value| value.parse().expect("a number"))
}

fn main() {
    let (count, pairs, seed) = (argument("--count", 10_000), argument("--pairs", 5_000), argument("--seed", 1));
    let world = World::invented();
    let stage = Stage::new(&world);
    let bytes = stage.bundle();
    let base = Base::new(bytes.clone(), world.trust());
    println!("seed {seed}, a bundle of {} bytes, invented data", bytes.len());

    let started = Instant::now();
    let mut accepted = 0;
    let mut say = |what: &str, (tried, taken): (usize, usize)| {
        println!("{what}: {tried} tried, {taken} accepted");
        accepted += taken;
    };
    say("one bit of every byte flipped", flips(&base, &bytes, 1, 0, false));
    let start = usize::try_from(seed % 16).unwrap();
    say("all eight bits of every sixteenth byte flipped", flips(&base, &bytes, 16, start, true));
    say("cut off at every byte", truncations(&base, &bytes, 1));
    assert_eq!(accepted, 0, "something was accepted that must not be");

    let [outside, dishonest] = mutate(&stage, &base, usize::try_from(count).unwrap(), &mut Dice::new(seed));
    print_tallies("by an outsider", &outside);
    print_tallies("signed again by the exporter", &dishonest);
    let pairs = usize::try_from(pairs).unwrap();
    print_pairs(&mutate_twice(&stage, &base, pairs, &mut Dice::new(seed)));
    println!(
        "{count} mutations and {pairs} of two at once in all; every survivor is an omission that its report names; {:.0?}",
        started.elapsed()
    );
}

/// Two mutations at once: who rejects, and each pair that survives.
fn print_pairs(tallies: &BTreeMap<[Kind; 2], Tally>) {
    println!("\ntwo at once, signed again by the exporter: {} pairs", tallies.len());
    let mut rejected: BTreeMap<&str, u64> = BTreeMap::new();
    let idle: u64 = tallies.values().map(|tally| tally.idle).sum();
    for (requirement, count) in tallies.values().flat_map(|tally| &tally.rejected) {
        *rejected.entry(requirement).or_default() += count;
    }
    let rejected: Vec<String> = rejected.iter().map(|(id, count)| format!("{id} {count}")).collect();
    println!("idle {idle}; requirement that decides: {}", rejected.join(", "));
    for (pair, tally) in tallies.iter().filter(|(_, tally)| !tally.survived.is_empty()) {
        println!("survived {:<50} {:?}", format!("{:?} and {:?}", pair[0], pair[1]), tally.survived);
    }
}

fn print_tallies(by: &str, tallies: &BTreeMap<Kind, Tally>) {
    println!("\n{by}:");
    println!("{:<28} {:>6} {:>9}  requirement that decides", "mutation", "idle", "survived");
    for (kind, tally) in tallies {
        let rejected: Vec<String> = tally.rejected.iter().map(|(id, count)| format!("{id} {count}")).collect();
        let survived: Vec<String> =
            tally.survived.iter().map(|(exit, count)| format!("{count} (exit {exit})")).collect();
        let survived = if survived.is_empty() { String::from("-") } else { survived.join(", ") };
        println!("{:<28} {:>6} {survived:>9}  {}", format!("{kind:?}"), tally.idle, rejected.join(", "));
    }
}
