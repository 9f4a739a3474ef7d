//! Measures two nodes on this machine, and the machine itself in the same run, because only their ratio says something.
//!
//! `cargo run --release --bin bench`. What is printed is measured and nothing else; what is compared:
//! - enquiries, and whole referrals, per second between two `uputd` processes over mutual TLS, both durable;
//! - the cryptography alone that these need, on the same cores;
//! - the transport alone: a bare stream of tonic with mutual TLS;
//! - the disk alone: what a sync takes;
//! - verification of bundles, beside verification of as many signatures.
//!
//! With `-- --cases N` it measures lists at a node that holds N cases instead.
#![allow(clippy::print_stdout, reason = "a command that prints what it measures")]

mod cases;
mod disk;
mod echo;
mod limit;
mod load;
mod process;
mod referral;
mod town;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Parser;
use limit::Limit;
use load::Measured;
use referral::{Story, Work};
use town::Town;

/// Why there is no figure.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What is loaded, and how many at once.
const LOADS: [(Story, usize); 5] =
    [(Story::Enquiry, 1), (Story::Enquiry, 64), (Story::Enquiry, 512), (Story::Referral, 1), (Story::Referral, 64)];
/// How long each is measured.
const SPAN: Duration = Duration::from_secs(3);
/// How long the transport alone is measured, before and after each.
const ECHO_SPAN: Duration = Duration::from_millis(400);
/// How long the machine itself is measured, before and after each.
const LIMIT_SPAN: Duration = Duration::from_millis(700);

/// Measures `uputd` on this machine.
#[derive(Parser)]
struct Arguments {
    /// Measure lists at a node that holds so many cases
    #[arg(long, value_name = "NUMBER")]
    cases: Option<usize>,
    /// How often each call is measured at many cases
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    times: usize,
}

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
    let Arguments { cases, times } = Arguments::parse();
    let programs = build(cases.map_or("verify_bench", |_| "lists_bench"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{} cores", cores());
    if let Some(cases) = cases {
        return runtime.block_on(cases::measure(&programs, cases, times));
    }
    let town = Town::found(&programs)?;
    let idle = (town.sender.process().resident()?, town.receiver.process().resident()?);
    println!("memory, idle: sender {:.1} MiB, receiver {:.1} MiB", idle.0, idle.1);
    let mut echo = runtime.block_on(echo::measure(ECHO_SPAN))?;
    for (story, at_once) in LOADS {
        let sync = disk::measure()?;
        let before = limit::measure(story.work(), LIMIT_SPAN)?;
        let measured = runtime.block_on(load::measure(&town, story, at_once, SPAN))?;
        let after = limit::measure(story.work(), LIMIT_SPAN)?;
        let echo_before = std::mem::replace(&mut echo, runtime.block_on(echo::measure(ECHO_SPAN))?);
        println!("{}, {at_once} at once:", story.name());
        say_rate(&measured, story.work(), &mean(&before, &after), f64::midpoint(echo_before, echo));
        say_times(&measured);
        if matches!((story, at_once), (Story::Enquiry, 1)) {
            say_syncs(sync.median);
        }
    }
    drop(town);
    verification(&programs)
}

/// What others do on this machine takes time from both, but not in equal parts: processor time is what can be compared
/// there. The limits are what was measured just before and just after.
fn say_rate(measured: &Measured, work: Work, limit: &Limit, echo: f64) {
    let Measured { rate, cost, asking, polls, .. } = measured;
    let Work { disclosures, answers } = work;
    let delivered = rate * f64::from(disclosures);
    println!(
        "  {rate:.0}/s, that is {delivered:.0} delivered disclosures/s and {:.0} answers/s",
        rate * f64::from(answers)
    );
    println!(
        "  {:.1} % of the {:.0}/s of the cryptography alone ({disclosures} x sign, seal, open, verify, sign, verify \
         and {answers} x sign, seal, open, verify)",
        100.0 * rate / limit.rate,
        limit.rate
    );
    println!(
        "  {:.1} % by processor time: the cryptography alone {:.0} us, both nodes {cost:.0} us for one",
        100.0 * limit.cost / cost,
        limit.cost
    );
    println!(
        "  {:.3} % of a bare tonic stream with mutual TLS: {echo:.0}/s of 1 KiB there and back, for each disclosure or answer",
        100.0 * rate * f64::from(disclosures + answers) / echo
    );
    println!("  this program beside them: {asking:.0} us and {polls:.1} questions for one");
}

fn say_times(measured: &Measured) {
    let Measured { receipts, stories, resident, .. } = measured;
    println!(
        "  from the sender's commit to the receipt: {:.1} ms (half), {:.1} ms (95 of 100)",
        receipts.median, receipts.p95
    );
    println!("  from beginning to end: {:.1} ms (half), {:.1} ms (95 of 100)", stories.median, stories.p95);
    println!("  memory, loaded: sender {:.1} MiB, receiver {:.1} MiB", resident.0, resident.1);
}

fn say_syncs(sync: f64) {
    let (count, row) = (disk::IN_A_ROW, sync * disk::IN_A_ROW);
    println!("  a sync of this disk alone: {sync:.2} ms (half); a receipt waits for {count:.0} in a row, {row:.1} ms");
}

fn mean(before: &Limit, after: &Limit) -> Limit {
    Limit { rate: f64::midpoint(before.rate, after.rate), cost: f64::midpoint(before.cost, after.cost) }
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
fn build(example: &str) -> Result<PathBuf, Failed> {
    let programs = std::env::current_exe()?.parent().ok_or("no folder of programs")?.to_owned();
    let Some(cargo) = std::env::var_os("CARGO") else { return Ok(programs) };
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--workspace", "--bin", "uputd", "--bin", "uput"]);
    command.args(["--example", example]);
    if programs.ends_with("release") {
        command.arg("--release");
    }
    if command.status()?.success() { Ok(programs) } else { Err("the programs could not be built".into()) }
}

/// Cores that this process may use.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
