//! Measures two nodes on this machine, and the machine itself in the same run, because only their ratio says something.
//!
//! `cargo run --release --bin bench`. What is printed is measured and nothing else; what is compared:
//! - referrals delivered per second between two `uputd` processes over mutual TLS, both durable;
//! - the cryptography alone that such a referral needs, on the same cores;
//! - the transport alone;
//! - verification of bundles, beside verification of as many signatures.
#![allow(clippy::print_stdout, reason = "a command that prints what it measures")]

mod echo;
mod limit;
mod load;
mod process;
mod town;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use limit::Limit;
use load::Measured;
use town::Town;

/// Why there is no figure.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Referrals at once.
const AT_ONCE: [usize; 3] = [1, 64, 512];
/// How long each is measured.
const SPAN: Duration = Duration::from_secs(3);
/// How long the machine itself is measured, between them.
const LIMIT_SPAN: Duration = Duration::from_millis(700);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            println!("bench: {failed}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failed> {
    let programs = build()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{} cores", cores());
    let town = Town::found(&programs)?;
    let idle = (town.sender.process().resident()?, town.receiver.process().resident()?);
    println!("memory, idle: sender {:.1} MiB, receiver {:.1} MiB", idle.0, idle.1);
    let mut limits = vec![limit::measure(LIMIT_SPAN)?];
    for at_once in AT_ONCE {
        let measured = runtime.block_on(load::measure(&town, at_once, SPAN))?;
        limits.push(limit::measure(LIMIT_SPAN)?);
        let around = limits.last_chunk::<2>().ok_or("no limit")?;
        say(&measured, around);
    }
    let limit = mean(&limits);
    drop(town);
    let echo = runtime.block_on(echo::measure(Duration::from_secs(1)))?;
    println!("cryptography alone: {:.0} us of one core for a referral, {:.0}/s now", limit.cost, limit.rate);
    println!("transport alone: {echo:.0}/s of 1 KiB there and back now");
    verification(&programs)
}

/// What others do on this machine takes time from both, but not in equal parts: processor time is what can be compared
/// there. The limit is what was measured just before and just after.
fn say(measured: &Measured, around: &[Limit; 2]) {
    let limit = mean(around);
    let Measured { at_once, rate, median, p95, cost, asking, polls, resident } = measured;
    println!("{at_once} at once: {rate:.0} delivered/s, {:.1} % of the cryptography alone", 100.0 * rate / limit.rate);
    let share = 100.0 * limit.cost / cost;
    println!(
        "  processor time: both nodes {cost:.0} us each; cryptography alone {:.0} us, {share:.1} % of that",
        limit.cost
    );
    println!("  receipt after {median:.1} ms (half), {p95:.1} ms (95 of 100)");
    println!("  this program beside them: {asking:.0} us and {polls:.1} questions each");
    println!("  memory: sender {:.1} MiB, receiver {:.1} MiB", resident.0, resident.1);
}

fn mean(limits: &[Limit]) -> Limit {
    let count = limits.len().max(1) as f64;
    Limit {
        rate: limits.iter().map(|limit| limit.rate).sum::<f64>() / count,
        cost: limits.iter().map(|limit| limit.cost).sum::<f64>() / count,
    }
}

/// Bundles are verified by the protocol's own code, which this crate does not share: a program of its own measures it.
fn verification(programs: &std::path::Path) -> Result<(), Failed> {
    let measured = Command::new(programs.join("examples/verify_bench")).output()?;
    if !measured.status.success() {
        return Err("verify_bench failed".into());
    }
    println!("{}", String::from_utf8_lossy(&measured.stdout).trim_end());
    Ok(())
}

/// Builds what is measured, so that it is not an older one; tells where it is.
fn build() -> Result<PathBuf, Failed> {
    let programs = std::env::current_exe()?.parent().ok_or("no folder of programs")?.to_owned();
    let Some(cargo) = std::env::var_os("CARGO") else { return Ok(programs) };
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--workspace", "--bin", "uputd", "--bin", "uput", "--example", "verify_bench"]);
    if programs.ends_with("release") {
        command.arg("--release");
    }
    if command.status()?.success() { Ok(programs) } else { Err("the programs could not be built".into()) }
}

/// Cores that this process may use.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
