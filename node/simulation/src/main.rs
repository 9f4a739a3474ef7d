//! Simulates networks of nodes by seeds, and says what happened in them. [SIM-1]

use std::process::ExitCode;

use clap::Parser;
use uput_simulation::{Fault, Run, run, tally::Tally};

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
    /// A fault to plant, which has to be found.
    #[arg(long)]
    planted: Option<Fault>,
    /// Tells the story also of a seed that holds.
    #[arg(long)]
    story: bool,
}

fn main() -> ExitCode {
    let Arguments { seeds, seed, nodes, days, planted, story } = Arguments::parse();
    let size = Run { nodes: nodes.into(), days, fault: planted };
    let (all, mut failed) = (Tally::default(), 0);
    for seed in seed..seed.saturating_add(seeds) {
        let told = run(&size, seed);
        all.join(&told.tally);
        if story || told.broken.is_some() {
            told.story.iter().for_each(|line| println!("{line}"));
        }
        if let Some(broken) = told.broken {
            failed += 1;
            println!("seed {seed} FAILED: {}", broken.why);
            println!("again: --seeds 1 --seed {seed} --nodes {nodes} --days {days}{}", plant(planted));
        }
    }
    for (what, often) in all.counts() {
        println!("{often:>9}  {what}");
    }
    let missing = all.missing();
    missing.iter().for_each(|what| println!("        0  {what}: it never happened, so nothing is known of it"));
    println!("{seeds} seeds of {nodes} nodes and {days} days, {failed} failed");
    if failed == 0 && missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn plant(fault: Option<Fault>) -> String {
    use clap::ValueEnum;
    let name = |fault: Fault| fault.to_possible_value().map(|value| format!(" --planted {}", value.get_name()));
    fault.and_then(name).unwrap_or_default()
}
