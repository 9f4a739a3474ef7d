//! Simulates networks of nodes by seeds, and says what happened in them. [SIM-1]

use std::{
    io::{IsTerminal, stderr},
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::{available_parallelism, scope},
};

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
    /// Seeds at the same time, if not one for each processor.
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let Arguments { seeds, seed, nodes, days, liar, planted, steps, skip, shrink, story, threads } = Arguments::parse();
    let skip = skip.into_iter().collect();
    let size = Run { nodes: nodes.into(), days, liar, fault: planted, steps, skip };
    let threads = threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from)).max(1);
    let (all, failed, next) = (Tally::default(), AtomicU64::new(0), AtomicU64::new(0));
    // One story is told to its end before another begins.
    let telling = Mutex::new(());
    let work = || {
        loop {
            let number = next.fetch_add(1, Relaxed);
            if number >= seeds {
                return;
            }
            far(number, seeds);
            let seed = seed.saturating_add(number);
            let told = run(&size, seed);
            all.join(&told.tally);
            if told.broken.is_some() {
                failed.fetch_add(1, Relaxed);
                let small = if shrink > 0 { shrink::shrink(&size, seed, shrink) } else { None };
                let (size, told) = small.unwrap_or((size.clone(), told));
                let _alone = telling.lock().unwrap_or_else(PoisonError::into_inner);
                fails(&size, seed, &told);
            } else if story {
                let _alone = telling.lock().unwrap_or_else(PoisonError::into_inner);
                told.story.iter().for_each(|line| println!("{line}"));
            }
        }
    };
    scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    for (what, often) in all.counts() {
        println!("{often:>9}  {what}");
    }
    let (missing, failed) = (all.missing(liar), failed.into_inner());
    missing.iter().for_each(|what| println!("        0  {what}: it never happened, so nothing is known of it"));
    println!("{seeds} seeds of {nodes} nodes and {days} days, {failed} failed");
    if failed == 0 && missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says how far it is to somebody who looks on.
fn far(number: u64, seeds: u64) {
    if number.is_multiple_of(10) && stderr().is_terminal() {
        eprint!("\r{number} of {seeds} seeds\r");
    }
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
