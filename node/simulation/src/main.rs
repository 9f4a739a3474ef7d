//! Simulates networks of nodes by seeds, and says what happened in them. [SIM-1]

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use uput_simulation::{Fault, Run, Told, run, shrink, tally::Tally};

/// Whole networks of nodes over disks, lines and a clock that obey a seed.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Houses in each network.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=12))]
    nodes: u8,
    /// Days that each network lives.
    #[arg(long, default_value_t = 1)]
    days: u64,
    /// The last house of each network lies.
    #[arg(long)]
    liar: bool,
    /// A fault to plant, which has to be found.
    #[arg(long)]
    planted: Option<Fault>,
    /// After how many steps a network comes to rest, if not at the end of its days.
    #[arg(long)]
    steps: Option<u64>,
    /// Steps to leave out, by number.
    #[arg(long, value_delimiter = ',')]
    skip: Vec<u64>,
    /// How often a seed that fails is tried again smaller; 0: its whole story is told.
    #[arg(long, default_value_t = 100)]
    shrink: usize,
    /// Tells the story also of a seed that holds.
    #[arg(long)]
    story: bool,
}

fn main() -> ExitCode {
    let Arguments { seeds, seed, nodes, days, liar, planted, steps, skip, shrink, story } = Arguments::parse();
    let skip = skip.into_iter().collect();
    let size = Run { nodes: nodes.into(), days, liar, fault: planted, steps, skip };
    let (all, mut failed) = (Tally::default(), 0);
    for seed in seed..seed.saturating_add(seeds) {
        let told = run(&size, seed);
        all.join(&told.tally);
        if told.broken.is_some() {
            failed += 1;
            let small = if shrink > 0 { shrink::shrink(&size, seed, shrink) } else { None };
            let (size, told) = small.unwrap_or((size.clone(), told));
            fails(&size, seed, &told);
        } else if story {
            told.story.iter().for_each(|line| println!("{line}"));
        }
    }
    for (what, often) in all.counts() {
        println!("{often:>9}  {what}");
    }
    let missing = all.missing(liar);
    missing.iter().for_each(|what| println!("        0  {what}: it never happened, so nothing is known of it"));
    println!("{seeds} seeds of {nodes} nodes and {days} days, {failed} failed");
    if failed == 0 && missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The story of a seed that fails, and how to see it again.
fn fails(size: &Run, seed: u64, told: &Told) {
    told.story.iter().for_each(|line| println!("{line}"));
    let why = told.broken.as_ref().map(|broken| broken.why.as_str()).unwrap_or_default();
    println!("seed {seed} FAILED: {why}");
    let Run { nodes, days, liar, fault, steps, skip } = size;
    let mut again = format!("--seeds 1 --seed {seed} --nodes {nodes} --days {days} --shrink 0");
    if *liar {
        again.push_str(" --liar");
    }
    if let Some(fault) = fault.and_then(|fault| fault.to_possible_value()) {
        again.push_str(&format!(" --planted {}", fault.get_name()));
    }
    if let Some(steps) = steps {
        again.push_str(&format!(" --steps {steps}"));
    }
    if !skip.is_empty() {
        let skip: Vec<String> = skip.iter().map(u64::to_string).collect();
        again.push_str(&format!(" --skip {}", skip.join(",")));
    }
    println!("again: {again}");
}
