//! Trails: what was signed, step by step.

mod export;
mod show;
pub(crate) mod view;

use clap::Subcommand;

use crate::args::Options;
use crate::failure::Failure;
use crate::output::Answer;
use crate::trail::export::ExportArgs;
pub(crate) use crate::trail::show::ShowArgs;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum TrailCommand {
    /// Show a trail, event by event
    #[command(after_help = "Examples:
  uput trail show 3f9a1c20
  uput trail show 3f9a1c20 --values
  uput trail show 3f9a1c20 --json | jq '.trail.events[] | select(.void_reason != null)'")]
    Show(ShowArgs),
    /// Export a trail as a bundle that verifies offline
    Export(ExportArgs),
}

impl TrailCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Show(args) => args.timeline(options).await,
            Self::Export(args) => args.run(options).await,
        }
    }
}
