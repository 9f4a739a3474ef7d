//! Trust files: whom an auditor believes.
//!
//! Guarantees that each ID comes from an input that was named, and that the inputs verify. Leaves to people how they
//! know that the inputs are the right ones.

mod compare;
mod create;
pub(crate) mod evidence;
mod view;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use uput_core::rejection::Rejection;
use uput_core::trust::TrustFile;

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::reading;
use crate::trust::compare::CompareArgs;
use crate::trust::create::CreateArgs;
use crate::trust::view::TrustView;

/// Longest text of a trust file, in bytes: all that it may hold, each entry at its longest, and room for comments.
const LONGEST: usize = 16 * 1024 * 1024;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum TrustCommand {
    /// Write a trust file from key records and agreements that you have
    Create(CreateArgs),
    /// Show whom and what a trust file believes
    Show(ShowArgs),
    /// Say whether two trust files demand the same
    Compare(CompareArgs),
}

/// Which file.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trust show trust.toml
  uput trust show trust.toml --json | jq -r .trust.digest")]
pub(crate) struct ShowArgs {
    /// The trust file
    file: PathBuf,
}

impl TrustCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Create(args) => args.run(options).await,
            Self::Show(args) => args.run(),
            Self::Compare(args) => args.run(),
        }
    }
}

/// Reads a trust file; what is wrong is said with its line. [CLI-60]
pub(crate) fn read(path: &Path) -> Result<TrustFile, Failure> {
    let bytes = reading::bytes(path, LONGEST)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::file("read", path, &ErrorKind::InvalidData.into()))?;
    TrustFile::parse(&text).map_err(|error| {
        Failure::new(Exit::Failed, Rejection::BadSource.code(), format!("{} is not a trust file", path.display()))
            .because(error.to_string())
            .next("make one with `uput trust create`, or correct the line")
    })
}

impl ShowArgs {
    fn run(&self) -> Result<Answer, Failure> {
        let view = TrustView::of(&read(&self.file)?);
        let mut page = Page::default();
        view.describe(&mut page);
        Answer::new(&json!({ "trust": view }), page)
    }
}
