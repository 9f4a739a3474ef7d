//! The slice of the campaign that is run whenever the repository is checked.
#![allow(missing_docs, reason = "a test")]

use uput_simulation::{Fault, Run, run, shrink::shrink, tally::Tally};

/// Seeds of the slice, each one day of three houses: so many, and more until everything has happened.
const SEEDS: u64 = 6;
const MOST: u64 = 40;

fn day(liar: bool, fault: Option<Fault>) -> Run {
    Run { nodes: 3, days: 1, liar, fault, ..Run::default() }
}

/// What should have happened by now. That people and lines do all they can is the matter of the run without a liar.
fn missing(all: &Tally, liar: bool) -> Vec<&'static str> {
    all.missing(liar).into_iter().filter(|what| !liar || what.starts_with("lie: ")).collect()
}

/// Runs seeds until everything happened that has to.
fn holds(size: &Run) {
    let all = Tally::default();
    for seed in 1..=MOST {
        if seed > SEEDS && missing(&all, size.liar).is_empty() {
            break;
        }
        let told = run(size, seed);
        all.join(&told.tally);
        if let Some(broken) = told.broken {
            let (story, liar) = (told.story.join("\n"), if size.liar { " --liar" } else { "" });
            panic!("{story}\nseed {seed}: {}\nagain: cargo simulate --seeds 1 --seed {seed}{liar}", broken.why);
        }
    }
    assert_eq!(missing(&all, size.liar), [""; 0], "what never happened was not tested: {:#?}", all.counts());
}

/// [SIM-6] [SIM-7] [SIM-8] [SIM-9] [SIM-12]
#[test]
fn networks_keep_what_they_acknowledged_and_come_to_agree() {
    holds(&day(false, None));
}

/// [SIM-21] [SIM-22] [SIM-23] [SIM-24] [SIM-25] One of three lies; the two others lose nothing and still trust each other.
#[test]
fn a_liar_with_valid_keys_harms_nobody_but_its_own_trails() {
    holds(&day(true, None));
}

/// [SIM-1] [SIM-26]
#[test]
fn the_same_seed_makes_the_same_things_fail_at_the_same_times() {
    let size = day(false, None);
    let (first, second) = (run(&size, 5), run(&size, 5));
    assert!(first.faults.len() > 20, "{:?}", first.faults);
    assert_eq!(first.faults, second.faults);
}

/// [SIM-20] Each of three faults is found, and the sentence says what is wrong.
#[test]
fn planted_faults_are_found() {
    for (fault, says) in [
        (Fault::NoSync, "does not open"),
        (Fault::NewEnvelope, "still wait"),
        (Fault::DecidedByArrival, "counts differently"),
    ] {
        let size = day(false, Some(fault));
        let found = (1..=MOST).find_map(|seed| run(&size, seed).broken.map(|broken| (seed, broken)));
        let (seed, broken) = found.unwrap_or_else(|| panic!("{fault:?} is not found"));
        println!("{fault:?}: seed {seed}: {}", broken.why);
        assert!(broken.why.contains(says), "{fault:?}: {}", broken.why);
    }
}

/// [SIM-27] What is printed of a seed that fails is a small run, and it still fails in the same way.
#[test]
fn a_seed_that_fails_is_made_smaller() {
    let size = day(false, Some(Fault::NoSync));
    let (seed, whole) =
        (1..=MOST).map(|seed| (seed, run(&size, seed))).find(|(_, told)| told.broken.is_some()).expect("it is found");
    let (small, told) = shrink(&size, seed, 30).expect("it fails again");
    println!("seed {seed}: {} lines became {}: {small:?}", whole.story.len(), told.story.len());
    assert!(told.broken.expect("it still fails").why.contains("does not open"));
    let (left, before) = (told.steps - small.skip.len() as u64, whole.steps);
    assert!(left < before && told.story.len() < whole.story.len(), "{left} of {before} steps are left");
    assert!(run(&small, seed).broken.is_some(), "the smaller run says how to see it again");
}
