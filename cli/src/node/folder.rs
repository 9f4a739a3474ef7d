//! The folder of a node that does not answer.
//!
//! Guarantees that it is only looked at. Leaves that to `uputd doctor`, which needs no key.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{Checked, ERROR, sibling};
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;

/// What its folder shows, after that it does not answer; if no folder was named, or the node answered otherwise, what it
/// said. [CLI-161]
pub(super) fn look(options: &Options, failure: Failure) -> Result<Vec<Checked>, Failure> {
    let Some(folder) = options.node.as_deref().filter(|_| failure.exit == Exit::Unreachable) else {
        return Err(failure);
    };
    let Some(ended) = run(folder) else { return Err(failure) };
    let said = String::from_utf8_lossy(&ended.stdout);
    let found: Option<Vec<Checked>> = said.lines().map(parse).collect();
    match (ended.status.code(), found) {
        (Some(0 | 1), Some(found)) if !found.is_empty() => Ok([silent(&failure)].into_iter().chain(found).collect()),
        _ => Err(failure),
    }
}

/// None: there is no `uputd` beside this program.
fn run(folder: &Path) -> Option<Output> {
    let mut doctor = Command::new(sibling().ok()?);
    doctor.args(["doctor", "--dir"]).arg(folder);
    // What it complains of is in its lines too.
    doctor.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()
}

fn silent(failure: &Failure) -> Checked {
    Checked {
        name: "node".to_owned(),
        level: ERROR.to_owned(),
        reason: Some("no-answer".to_owned()),
        finding: format!("{}; what follows is what its folder shows without keys", failure.what),
        remedy: "start it: uputd --config, and the uput.toml of its folder".to_owned(),
    }
}

/// Level, area, reason, finding, remedy.
fn parse(line: &str) -> Option<Checked> {
    let mut fields = line.split('\t').map(str::to_owned);
    let mut next = || fields.next();
    let (level, name, reason, finding, remedy) = (next()?, next()?, next()?, next()?, next()?);
    let said = |text: String| Some(text).filter(|text| text != "-");
    Some(Checked { name, level, reason: said(reason), finding, remedy: said(remedy).unwrap_or_default() })
}
