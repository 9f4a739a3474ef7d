//! `conformance`: runs a named check against the programs and says what it counted.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use uput_conformance::failed::{Failed, Outcome};
use uput_conformance::programs::Programs;
use uput_conformance::scenario::{matrix, rows};
use uput_conformance::tally::Tally;
use uput_conformance::{corpus, guess, insider, kill, leak, onward, watch};

/// Checks the programs `uputd` and `uput` from outside.
#[derive(Parser)]
#[command(name = "conformance", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Referrals run while either node is killed at random moments: 0 lost, 0 doubled
    Kill(Kill),
    /// A colleague guesses IDs: what is not theirs is answered like what is not there
    Guess(Run),
    /// Readers of changes are cut at random while their node is killed: nothing is left out, nothing told twice
    Watch(Kill),
    /// Planted values are searched for wherever they must not be
    Leak(Run),
    /// What the first of five signed is verified by the fifth, nobody has what it was not sent, and a withdrawal reaches the last
    /// although programs are killed on its way
    Onward(Run),
    /// Retentions end, and an attacker with every copy and every key that is left reads nothing that was planted
    Retention(Run),
    /// What insiders can obtain equals what the rules allow, over random cases
    Insider(Insider),
    /// The mechanisms of the field are played, each under its agreement, and without the part on which it rests
    Scenarios(Scenarios),
    /// Every bundle of the corpus is rejected for its reason, and every requirement that a bundle can break has one
    Corpus,
}

#[derive(Args)]
struct Scenarios {
    /// Numbers of rows to play; left out: all
    #[arg(long, value_delimiter = ',')]
    rows: Vec<u32>,
    /// Play each row without its part too
    #[arg(long)]
    delete: bool,
    /// Play each row without each rule of its agreement in turn: no other one fails the step that rests on its part
    #[arg(long)]
    each_rule: bool,
    /// How many other rows are played beside each deletion
    #[arg(long, default_value_t = usize::MAX)]
    others: usize,
}

#[derive(Args)]
struct Insider {
    /// Decides every choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many cases
    #[arg(long)]
    cases: u64,
    /// At how many cases that are not theirs each person tries each act; looks are tried at all
    #[arg(long, default_value_t = usize::MAX)]
    acts: usize,
}

#[derive(Args)]
struct Kill {
    #[command(flatten)]
    run: Run,
    /// How many times a node is killed
    #[arg(long, default_value_t = 50)]
    kills: u64,
}

#[derive(Args)]
struct Run {
    /// Decides every choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many referrals, stories, or guesses of each kind
    #[arg(long)]
    count: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = run(Arguments::parse().command).await;
    let (text, code) = match &ended {
        Ok((text, well)) => (text.clone(), u8::from(!well)),
        Err(failed) => (format!("conformance: {failed}\n"), 2),
    };
    // If stdout is gone, the number still says it.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::from(code)
}

/// What a run says, and whether it went well.
async fn run(command: Command) -> Outcome<(String, bool)> {
    let programs = Programs::find()?;
    let tally = match command {
        Command::Kill(Kill { run: Run { seed, count }, kills }) => {
            let bar = bar(count * 9)?;
            let plan = kill::Plan { seed, referrals: count, kills };
            kill::run(&programs, plan, move |steps| bar.set_position(steps)).await?
        }
        Command::Guess(Run { seed, count }) => {
            let bar = bar(count * 2)?;
            guess::run(&programs, seed, count, move |guesses| bar.set_position(guesses)).await?
        }
        Command::Watch(Kill { run: Run { seed, count }, kills }) => {
            let bar = bar(count * 11)?;
            let plan = watch::Plan { seed, referrals: count, kills };
            watch::run(&programs, plan, move |steps| bar.set_position(steps)).await?
        }
        Command::Leak(Run { seed, count }) => leaks(&programs, seed, count).await?,
        Command::Onward(Run { seed, count }) => rows_of_five(&programs, seed, count).await?,
        Command::Retention(Run { seed, count }) => {
            let mut all = Tally::default();
            for round in 0..count {
                all.join(leak::retained::run(&programs, seed + round).await?);
            }
            all
        }
        Command::Insider(Insider { seed, cases, acts }) => {
            let bar = bar(insider::steps(cases))?;
            let extent = insider::Extent { seed, cases, acts };
            let report = insider::run(&programs, extent, move |steps| bar.set_position(steps)).await?;
            return Ok((report.to_string(), report.well()));
        }
        Command::Corpus => {
            let (folder, specs) = corpus::folders();
            corpus::run(&programs, &folder, &specs, |_| ())?
        }
        Command::Scenarios(chosen) => return scenarios(&programs, &chosen).await,
    };
    Ok((tally.to_string(), tally.violations().is_empty()))
}

/// The matrix of mechanisms, and whether it is as it must be.
async fn scenarios(programs: &Programs, chosen: &Scenarios) -> Outcome<(String, bool)> {
    let all: Vec<u32> = rows::ROWS.iter().map(|row| row.number).collect();
    let rows = if chosen.rows.is_empty() { &all } else { &chosen.rows };
    let delete = if chosen.delete { rows.as_slice() } else { &[] };
    let each = if chosen.each_rule { rows.as_slice() } else { &[] };
    let bar = bar((rows.len() + delete.len() + each.len()) as u64)?;
    let plan = matrix::Plan { rows, delete, others: chosen.others, each };
    let matrix = matrix::run(programs, plan, move |plays| bar.set_position(plays)).await?;
    Ok((matrix.to_string(), matrix.well()))
}

/// So many stories, each with values of its own.
async fn leaks(programs: &Programs, seed: u64, count: u64) -> Outcome<Tally> {
    let mut all = Tally::default();
    for round in 0..count {
        let bar = bar(10)?;
        all.join(leak::run(programs, seed + round, |places| bar.set_position(places)).await?);
    }
    Ok(all)
}

/// So many rows of five, each killed at moments of its own.
async fn rows_of_five(programs: &Programs, seed: u64, count: u64) -> Outcome<Tally> {
    let (mut all, bar) = (Tally::default(), bar(count)?);
    for round in 0..count {
        all.join(onward::run(programs, seed + round).await?);
        bar.inc(1);
    }
    Ok(all)
}

fn bar(length: u64) -> Outcome<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} of about {duration}");
    Ok(ProgressBar::new(length).with_style(style.map_err(|error| Failed::because(error.to_string()))?))
}
