//! Verifying a bundle offline, with a trust file that was named.
//!
//! Guarantees that nothing but the two files is read and nothing is asked of anybody. Leaves the verdict to the core.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use uput_core::envelope::{MAX_BODY, MAX_BUNDLE};
use uput_core::verdict;

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;
use crate::output::{Answer, Page};
use crate::progress;
use crate::trail::report;
use crate::trust;

/// The members of a report that are times.
const TIMES: [&str; 4] = ["time", "occurred", "proven", "due"];

/// What to verify, by whose word.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trail verify document.uput --trust trust.toml
  uput trail verify document.uput --trust trust.toml --quiet; echo $?
  uput trail verify document.uput --trust trust.toml --json | jq '.checks[] | select(.outcome == \"failed\")'

Exit codes: 0 authentic and conformant, 10 not authentic, 11 incomplete, 12 equivocation, 13 unknown or revoked signer,
14 authentic but not conformant, or not checkable whether it is. Where several hold, the first of 10, 13, 12, 11, 14
wins. See `uput help exit-codes`.")]
pub(crate) struct VerifyArgs {
    /// The bundle; `-` reads standard input
    bundle: PathBuf,
    /// The trust file; see `uput trust create`
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

impl VerifyArgs {
    pub(crate) fn run(&self, options: &Options) -> Result<Answer, Failure> {
        let trust = trust::read(&self.trust)?;
        let spinner = progress::spinner(options, "verifying");
        let bytes = read(&self.bundle);
        let report = bytes.map(|bytes| verdict::verify(&bytes, &trust));
        spinner.finish_and_clear();
        let report = report?;
        let mut page = Page::default();
        report::write(&report, &self.trust.display().to_string(), &mut page);
        let mut body = serde_json::to_value(&report)
            .map_err(|_| Failure::new(Exit::Failed, "INTERNAL", "the report cannot be written as JSON"))?;
        // [CLI-71] One word for one thing: times and exit codes are as in every other answer.
        if let Some(object) = body.as_object_mut() {
            object.remove("exit");
            object.remove("schema");
        }
        times(&mut body);
        Answer::ending(report.exit.into(), &body, page)
    }
}

/// Reads at most one byte more than the largest bundle, which the core then refuses.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let limit = u64::try_from(MAX_BUNDLE + MAX_BODY).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map(|_| bytes).map_err(|error| Failure::file("read", path, &error))
}

fn times(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, member) in object.iter_mut() {
                match member.as_u64().filter(|_| TIMES.contains(&name.as_str())) {
                    Some(seconds) => *member = moment::utc(seconds).into(),
                    None => times(member),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(times),
        _ => {}
    }
}

impl From<verdict::Exit> for Exit {
    fn from(exit: verdict::Exit) -> Self {
        match exit {
            verdict::Exit::Valid => Self::Done,
            verdict::Exit::NotAuthentic => Self::NotAuthentic,
            verdict::Exit::Incomplete => Self::Incomplete,
            verdict::Exit::Equivocation => Self::Equivocation,
            verdict::Exit::UnknownSigner => Self::UnknownSigner,
            verdict::Exit::NotConformant => Self::NotConformant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_verdict() {
        for exit in [
            verdict::Exit::Valid,
            verdict::Exit::NotAuthentic,
            verdict::Exit::Incomplete,
            verdict::Exit::Equivocation,
            verdict::Exit::UnknownSigner,
            verdict::Exit::NotConformant,
        ] {
            assert_eq!(Exit::from(exit).code(), exit.code());
        }
    }
}
