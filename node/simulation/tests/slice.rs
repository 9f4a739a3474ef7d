//! The slice of the campaign that is run whenever the repository is checked.
#![allow(missing_docs, reason = "a test")]

use uput_simulation::{Fault, Run, run, tally::Tally};

/// Seeds of the slice, each one day of three houses: so many, and more until everything has happened.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=6;
const MOST: u64 = 24;

/// [SIM-6] [SIM-7] [SIM-8] [SIM-9] [SIM-12]
#[test]
fn networks_keep_what_they_acknowledged_and_come_to_agree() {
    let size = Run { nodes: 3, days: 1, fault: None };
    let all = Tally::default();
    for seed in 1..=MOST {
        if !SEEDS.contains(&seed) && all.missing().is_empty() {
            break;
        }
        let told = run(&size, seed);
        all.join(&told.tally);
        if let Some(broken) = told.broken {
            let story = told.story.join("\n");
            panic!("{story}\nseed {seed}: {}\nagain: cargo simulate --seeds 1 --seed {seed}", broken.why);
        }
    }
    assert_eq!(all.missing(), [""; 0], "what never happened was not tested: {:#?}", all.counts());
}

/// [SIM-1]
#[test]
fn the_same_seed_makes_the_same_things_fail_at_the_same_times() {
    let size = Run { nodes: 3, days: 1, fault: None };
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
        let size = Run { nodes: 3, days: 1, fault: Some(fault) };
        let found = (1..=MOST).find_map(|seed| run(&size, seed).broken.map(|broken| (seed, broken)));
        let (seed, broken) = found.unwrap_or_else(|| panic!("{fault:?} is not found"));
        println!("{fault:?}: seed {seed}: {}", broken.why);
        assert!(broken.why.contains(says), "{fault:?}: {}", broken.why);
    }
}
