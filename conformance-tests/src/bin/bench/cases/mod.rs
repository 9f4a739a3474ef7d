//! How long lists and searches take at a node that holds many cases, beside a bare look into an index.
//!
//! The node is filled as nodes are (`filling`). Then each call is made often, one after the other, through the local interface
//! over TLS: by a supervisor, who sees all, and by a case worker who has fifty cases and sees besides what nobody has; once while
//! nothing else happens, and once while another organisation keeps opening trails.

mod calls;
mod filling;
mod quantiles;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use calls::{CALLS, Reader};
use filling::Filled;
use quantiles::{Quantiles, index_lookup};
use uput_wire::v1 as wire;

use crate::Failed;
use crate::town::{Node, Town};

/// How long an answer may take: 99 of 100.
const BOUND: f64 = 20.0;

/// Fills a node and measures it, each call so many times.
pub(crate) async fn measure(programs: &Path, cases: usize, times: usize) -> Result<(), Failed> {
    let town = Town::found(programs)?;
    let filled = filling::fill(&town, cases).await?;
    say_load("the cases are there");
    let receiver = &town.receiver;
    println!("memory of the node that holds them: {:.1} MiB", receiver.process().resident()?);
    let lookup = index_lookup(cases, times)?;
    say("a look into a bare index of as many entries (sled, no TLS, no sealing)", lookup, None);
    let (supervisor, worker) = (filled.supervisor.clone(), filled.worker.clone());
    let reason = wire::Reason { code: wire::AccessReason::Supervision.into(), words: String::new() };
    let readers =
        [Reader::new("supervisor", supervisor, Some(reason)).await?, Reader::new("case worker", worker, None).await?];
    filled.last().await?;
    println!("nothing else happens:");
    let mut late = ask(&readers, &filled, lookup, times).await?;
    let writes = filling::Writes::begin(&town).await?;
    println!("another organisation opens trails meanwhile:");
    late += ask(&readers, &filled, lookup, times).await?;
    println!("trails that were opened meanwhile: {:.0}/s", writes.end().await?);
    say_load("the last call was made");
    println!("calls of which 99 of 100 took more than {BOUND:.0} ms: {late}");
    start_again(receiver, cases)?;
    in_process(programs, receiver)
}

/// Makes every call often as everybody; tells how many were late.
async fn ask(readers: &[Reader], filled: &Filled, lookup: Quantiles, times: usize) -> Result<usize, Failed> {
    let mut late = 0;
    for reader in readers {
        for call in CALLS {
            let mut took = Vec::with_capacity(times);
            let mut rows = 0;
            for number in 0..times {
                let begun = Instant::now();
                rows = reader.ask(call, filled, number).await?;
                took.push(begun.elapsed());
            }
            let measured = Quantiles::of(took);
            late += usize::from(measured.p99 > BOUND);
            say(&format!("  {}, {} ({rows} at the last)", call.name(), reader.name()), measured, Some(lookup));
        }
    }
    Ok(late)
}

fn start_again(node: &Node, cases: usize) -> Result<(), Failed> {
    let begun = Instant::now();
    node.restart()?;
    println!("the node starts with {cases} cases in {:.1} s", begun.elapsed().as_secs_f64());
    println!("memory after that: {:.1} MiB", node.process().resident()?);
    Ok(())
}

/// The same lists without TLS, gRPC and beat are measured by a program of the node's own, on its folder.
fn in_process(programs: &Path, node: &Node) -> Result<(), Failed> {
    let program = programs.join("examples/lists_bench");
    if !program.is_file() {
        println!("without TLS and gRPC: not measured, as examples/lists_bench is not built");
        return Ok(());
    }
    node.stop();
    let measured = Command::new(program).arg(node.folder()).output()?;
    if !measured.status.success() {
        return Err("lists_bench failed".into());
    }
    println!("{}", String::from_utf8_lossy(&measured.stdout).trim_end());
    Ok(())
}

/// What else this machine does decides what a figure is worth.
fn say_load(when: &str) {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(2).collect();
    println!("load of this machine when {when}: {} (1 minute, 5 minutes)", load.join(", "));
}

fn say(name: &str, measured: Quantiles, lookup: Option<Quantiles>) {
    let Quantiles { p50, p99 } = measured;
    let beside = lookup.map(|lookup| {
        format!("; {:.0} and {:.0} times a look into the bare index", p50 / lookup.p50, p99 / lookup.p99)
    });
    println!("{name}: {p50:.3} ms (half), {p99:.3} ms (99 of 100){}", beside.unwrap_or_default());
}
