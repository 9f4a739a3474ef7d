//! The corpus of bundles: each entry is given to `uput trail verify`, which must say what stands beside it.
//!
//! Guarantees that an entry counts only if its exit code, its requirement, the code of its rejection and the list of all
//! requirements that fail are those of `expected.json`, so that none is rejected for another reason; and that every
//! requirement which a bundle can break has an entry that breaks it, or a line that says why no bundle can. Leaves the
//! making of the entries to their generator (specs/adr/0014).

mod coverage;
mod entry;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value};

use crate::failed::{Failed, Outcome};
use crate::programs::Programs;
use crate::tally::Tally;
pub use entry::Entry;

/// What is counted of wrong entries.
pub const WRONG: &str = "wrong in one way";
/// What is counted of valid entries.
pub const VALID: &str = "valid";
/// What is counted of requirements that an entry breaks.
pub const COVERED: &str = "requirements that an entry breaks";
/// What is counted of requirements that no bundle can break.
pub const EXCEPTED: &str = "requirements that no bundle breaks, each with its reason";

/// Verifies every entry of the corpus, and holds the whole against the documents of `specs`.
///
/// # Errors
/// A folder that cannot be read, or a program that cannot be started.
pub fn run(programs: &Programs, corpus: &Path, specs: &Path, step: impl Fn(u64) + Sync) -> Outcome<Tally> {
    let entries = Entry::all(corpus)?;
    let mut tally = Tally::default();
    let reports = verify(&programs.uput, &entries, step)?;
    for (entry, report) in entries.iter().zip(&reports) {
        tally.add(if entry.is_valid() { VALID } else { WRONG }, 1);
        if let Some(complaint) = entry.complaint(report) {
            tally.violated(format!("{}: {complaint}", entry.name));
        }
    }
    coverage::hold(&entries, reports.iter().find_map(checks).unwrap_or_default(), corpus, specs, &mut tally)?;
    Ok(tally)
}

/// The requirements that a report checks.
fn checks(report: &Value) -> Option<Vec<String>> {
    let checks = report["checks"].as_array()?;
    Some(checks.iter().filter_map(|check| check["requirement"].as_str()).map(str::to_owned).collect())
}

/// The report on each entry, by as many programs at once as there are cores.
fn verify(uput: &Path, entries: &[Entry], step: impl Fn(u64) + Sync) -> Outcome<Vec<Value>> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let reports: Mutex<Vec<(usize, Outcome<Value>)>> = Mutex::new(Vec::new());
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = entries.get(place) else { return };
            let report = report(uput, &entry.folder);
            if let Ok(mut reports) = reports.lock() {
                reports.push((place, report));
            }
            step(done.fetch_add(1, Ordering::Relaxed) as u64 + 1);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    let mut reports = reports.into_inner().map_err(|_| Failed::because("a verification ended in a panic"))?;
    reports.sort_by_key(|(place, _)| *place);
    reports.into_iter().map(|(_, report)| report).collect()
}

fn report(uput: &Path, folder: &Path) -> Outcome<Value> {
    let said = Command::new(uput)
        .args(["trail", "verify"])
        .arg(folder.join("bundle.uput"))
        .arg("--trust")
        .arg(folder.join("trust.toml"))
        .arg("--json")
        .stdin(Stdio::null())
        .output()?;
    let mut report: Map<String, Value> = serde_json::from_slice(&said.stdout)?;
    // The number with which the program ended, beside the one that it wrote.
    report.insert(String::from("ended"), said.status.code().into());
    Ok(Value::Object(report))
}

/// Where the corpus and the documents are, seen from this crate.
#[must_use]
pub fn folders() -> (PathBuf, PathBuf) {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    (own.join("corpus"), own.join("../specs"))
}
