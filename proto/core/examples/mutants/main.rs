//! Mutants of what decides: the evaluation of states, agreement and legal basis, timers. `cargo run -p uput-core
//! --example mutants -- --seed 1 --count 60 [--only state,view.rs:offers] [--again] [--turns 2] [--threads 2]
//! [--folder DIR] [--target DIR]` draws so many by rule from the sources (`--count 0`: all) and asks the tests of the core about each.
//!
//! All of them are one program, compiled once from a copy of the sources: each function and table is there once for each
//! of its mutants, and a variable of the environment says which one runs. What is no program is left out. The shipped
//! sources have no switch.
//!
//! It stops with 1 if a mutant survives that conformance-tests/mutants/survivors.tsv does not list, or if one is noticed
//! that it lists. With `--turns`, which asks the quickest tests only, what survives is told and stops nothing: slower ones
//! may notice it. `--count 12 --turns 1` takes the time of compiling the core once for them. What it found stands in `results.tsv` of its folder, and is neither compiled nor asked again while that
//! source stays as it is; `--again` asks again about those that survived.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a command that stops where it breaks")]
#![allow(clippy::indexing_slicing, clippy::string_slice, reason = "places in a text are found in it")]
#![allow(clippy::print_stdout, unreachable_pub, reason = "it prints what it counts")]

mod code;
mod mutant;
mod results;
mod rules;
mod schemata;
mod sets;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use mutant::Mutant;
use results::{Fate, Results, listed};
use sets::GROUPS;
use tree::Tree;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().skip_while(|word| *word != name).nth(1).cloned();
    let number = |name: &str, otherwise: u64| after(name).map_or(otherwise, |word| word.parse().expect("a number"));
    let folder = after("--folder").map_or_else(|| std::env::temp_dir().join("uput-mutants"), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let folder = folder.canonicalize().unwrap();
    let target = after("--target").map_or_else(|| folder.join("target"), PathBuf::from);
    let (seed, count) = (number("--seed", 1), usize::try_from(number("--count", 60)).unwrap());
    let (mut all, firsts) = possible();
    let only = after("--only");
    all.retain(|mutant| only.as_ref().is_none_or(|only| only.split(',').any(|only| is_meant(mutant, only))));
    let possible = all.len();
    shuffle(&mut all, seed);
    all.truncate(if count == 0 { possible } else { count });
    println!("seed {seed}: {} of {possible} mutants", all.len());
    let mut results = Results::open(&folder.join("results.tsv"));
    let again = arguments.iter().any(|word| word == "--again");
    // What is not asked is not compiled.
    let known =
        |(_, mutant): &(usize, &Mutant)| results.of(mutant).is_some_and(|fate| !(again && *fate == Fate::Survived));
    let known: BTreeSet<usize> = all.iter().enumerate().filter(known).map(|(number, _)| number).collect();
    let turns = usize::try_from(number("--turns", 99)).unwrap();
    if known.len() < all.len() {
        let tree = Tree::new(&folder, &std::path::absolute(target).unwrap(), &firsts, &all, known.clone(), turns);
        tree.left_out.difference(&known).for_each(|number| results.add(&all[*number], Fate::NoProgram));
        judge(&all, &tree, &mut results, turns, number("--threads", 1));
    }
    let no_program = |mutant: &&Mutant| results.of(mutant) == Some(&Fate::NoProgram);
    println!("{} of them are no program", all.iter().filter(no_program).count());
    let whole = count == 0 && only.is_none();
    let by_all = GROUPS.iter().all(|group| group.turns.len() <= turns);
    std::process::exit(i32::from(!tell(&all, &results, whole, by_all)));
}

/// By the name of a group, a piece of that of a file, or a file and a function.
fn is_meant(mutant: &Mutant, only: &str) -> bool {
    let (file, part) = only.split_once(':').unwrap_or((only, &mutant.name.part));
    (GROUPS[mutant.group].name == file || mutant.file.contains(file)) && mutant.name.part == part
}

/// Every mutant; and the files with the numbers of their first parts.
fn possible() -> (Vec<Mutant>, Vec<(&'static str, usize)>) {
    let (mut all, mut firsts, mut next) = (Vec::new(), Vec::new(), 0);
    for (group, file) in tree::files() {
        let (mutants, parts) = mutant::mutants(group, file, &tree::source(file), next);
        firsts.push((file, next));
        all.extend(mutants);
        next += parts;
    }
    (all, firsts)
}

fn judge(all: &[Mutant], tree: &Tree, results: &mut Results, turns: usize, threads: u64) {
    let left: Vec<(usize, &Mutant)> =
        all.iter().enumerate().filter(|(number, _)| !tree.left_out.contains(number)).collect();
    let reach: Vec<_> = GROUPS
        .iter()
        .enumerate()
        .map(|(number, group)| {
            if left.iter().any(|(_, mutant)| mutant.group == number) {
                tree.reach(&group.turns[..turns.min(group.turns.len())])
            } else {
                Vec::new()
            }
        })
        .collect();
    let (start, next, results) = (Instant::now(), AtomicUsize::new(0), Mutex::new(results));
    let work = || {
        loop {
            let at = next.fetch_add(1, Relaxed);
            let Some((number, mutant)) = left.get(at) else { break };
            let fate = tree.fate(*number, mutant.part, GROUPS[mutant.group].turns, &reach[mutant.group]);
            let mut results = results.lock().unwrap();
            if fate == Fate::Survived {
                let (file, part) = (mutant.file, &mutant.name.part);
                println!("survived {file}, {part}\n    {}\n    {}", mutant.name.from, mutant.name.to);
            }
            results.add(mutant, fate);
            if at % 50 == 49 {
                println!("{} of {}, {:.0} s", at + 1, left.len(), start.elapsed().as_secs_f64());
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
}

/// By file, and what the list of survivors has to say; whether all is as it says, as far as the tests that were asked tell.
fn tell(all: &[Mutant], results: &Results, whole: bool, by_all: bool) -> bool {
    let mut listed = listed();
    let mut files: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    let mut right = true;
    for (mutant, fate) in all.iter().map(|mutant| (mutant, results.of(mutant).unwrap())) {
        if *fate == Fate::NoProgram {
            continue;
        }
        files.entry(mutant.file).or_default()[usize::from(*fate != Fate::Survived)] += 1;
        let (name, reason) = (&mutant.name, listed.remove(&mutant.name));
        let wrong = match (fate, reason) {
            (Fate::Caught(by), Some(_)) => format!("is listed, and noticed by {by}"),
            (Fate::Survived, None) if by_all => "survived, and is not listed".to_owned(),
            _ => continue,
        };
        right = false;
        println!("{}, {}: {wrong}\n    {}\n    {}", name.file, name.part, name.from, name.to);
    }
    if whole && !listed.is_empty() {
        right = false;
        listed.keys().for_each(|name| {
            println!("listed, and no mutant: {}, {}\n    {}\n    {}", name.file, name.part, name.from, name.to)
        });
    }
    let line = |name: &str, [survived, caught]: [usize; 2]| {
        let share = 100.0 * caught as f64 / (survived + caught).max(1) as f64;
        println!("{name:<28} {caught:>5} caught of {:>5} ({share:.1} %)", survived + caught);
    };
    files.iter().for_each(|(file, counts)| line(file, *counts));
    line("together", files.values().fold([0, 0], |sum, counts| [sum[0] + counts[0], sum[1] + counts[1]]));
    right
}

/// By splitmix64.
fn shuffle(all: &mut [Mutant], seed: u64) {
    let mut state = seed;
    for last in (1..all.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let other = usize::try_from((mixed ^ (mixed >> 31)) % (last as u64 + 1)).unwrap();
        all.swap(last, other);
    }
}
