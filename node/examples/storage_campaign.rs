//! The storage's campaigns with a seed and a count; `cargo test` runs a slice of each.
//!
//! `cargo run -p uput-node --example storage_campaign -- power|corruption --seed 1 --count 20000`

#![allow(clippy::print_stdout, reason = "a campaign prints its figures")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a campaign stops at what it finds")]
#![allow(dead_code, unused_imports, reason = "what only the tests of these modules use")]

use clap::{Parser, ValueEnum};
use uput_node::storage::{Commit, Draft, IndexHome, NewTrailKeys, Options, Position, Record, Storage, StorageError};
use uput_node::{disk, seal, storage, store};

#[path = "../src/storage/tests/mod.rs"]
mod tests;

#[derive(Parser)]
struct Arguments {
    campaign: Campaign,
    /// Decides every choice.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Points at which the power is cut, or corruptions.
    #[arg(long, default_value_t = 20_000)]
    count: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Campaign {
    /// The power is cut: nothing acknowledged may be missing.
    Power,
    /// Files are damaged: nothing wrong may be served.
    Corruption,
}

fn main() {
    let Arguments { campaign, seed, count } = Arguments::parse();
    match campaign {
        Campaign::Power => {
            let (points, lost) = tests::power::campaign(seed, count);
            lost.iter().for_each(|loss| println!("{loss}"));
            println!("seed {seed}: {points} points in {} models, {} lost", disk::PowerLoss::ALL.len(), lost.len());
            assert!(lost.is_empty());
        }
        Campaign::Corruption => {
            let outcomes = tests::corruption::campaign(seed, count);
            for ((how, what), number) in &outcomes {
                println!("{how:<18} {what:<20} {number:>8}");
            }
            println!("seed {seed}: {}", tests::corruption::shares(&outcomes));
        }
    }
}
