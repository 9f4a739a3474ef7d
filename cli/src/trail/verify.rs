//! Verifying a bundle, or a folder of them, offline, with a trust file that was named.
//!
//! Guarantees that nothing but what is named is read and nothing is asked of anybody. Leaves the verdict to the core.

use std::path::PathBuf;

use clap::Args;
use uput_core::verdict;

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::offline;
use crate::output::{self, Answer, Page};
use crate::progress;
use crate::reading;
use crate::trail::{folder, report, sheet};
use crate::trust;

/// What to verify, by whose word.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trail verify document.uput --trust trust.toml
  uput trail verify document.uput --trust trust.toml --quiet; echo $?
  uput trail verify document.uput --trust trust.toml --html report.html
  uput trail verify exported/ --trust trust.toml
  uput trail verify document.uput --trust trust.toml --json | jq '.checks[] | select(.outcome == \"failed\")'

Exit codes: 0 authentic and conformant, 10 not authentic, 11 incomplete, 12 equivocation, 13 unknown or revoked signer,
14 authentic but not conformant, or not checkable whether it is. Where several hold, the first of 10, 13, 12, 11, 14
wins, over all bundles of a folder too. See `uput help exit-codes`.")]
pub(crate) struct VerifyArgs {
    /// The bundle, `-` reads standard input; or a folder, of which every file that ends in .uput is verified
    #[arg(value_name = "BUNDLE|DIR")]
    bundle: PathBuf,
    /// The trust file; see `uput trust create`
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// Write the verdict as a page for reading and printing too, into a new file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl VerifyArgs {
    pub(crate) fn run(&self, options: &Options) -> Result<Answer, Failure> {
        let trust = trust::read(&self.trust)?;
        if self.bundle.is_dir() {
            return folder::verify(&self.bundle, &trust, self.html.as_deref(), options);
        }
        let spinner = progress::spinner(options, "verifying");
        let bytes = reading::bundle(&self.bundle);
        let report = bytes.map(|bytes| (verdict::verify(&bytes, &trust), bytes));
        spinner.finish_and_clear();
        let (report, bytes) = report?;
        if bytes.is_empty() {
            output::note(options, "the file is empty: export the trail again, and look that the disk is not full");
        }
        let (mut page, trust) = (Page::default(), self.trust.display().to_string());
        report::write(&report, &trust, &mut page);
        if let Some(to) = &self.html {
            sheet::write(&report, &bytes, &trust, to)?;
        }
        Ok(offline::answer(&report, report.exit, page)?.if_lost("nothing was changed: verify it again"))
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
