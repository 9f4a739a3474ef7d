//! Trails: what was signed, step by step.

pub(crate) mod challenge;
mod compare;
mod convert;
mod export;
mod folder;
mod report;
mod sheet;
mod show;
mod verify;
pub(crate) mod view;

use clap::Subcommand;

use crate::args::Options;
use crate::failure::Failure;
use crate::output::Answer;
use crate::trail::challenge::ChallengeArgs;
use crate::trail::compare::CompareArgs;
use crate::trail::convert::ConvertArgs;
use crate::trail::export::ExportArgs;
pub(crate) use crate::trail::show::ShowArgs;
use crate::trail::verify::VerifyArgs;

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
    /// Challenge the other side to say where the trail stands, also through its witnesses, so that silence can be shown
    Challenge(ChallengeArgs),
    /// Verify a bundle, or a folder of them, offline: what happened, what was checked, what it comes to
    Verify(VerifyArgs),
    /// Hold two bundles of one trail against each other, offline: what did one leave out?
    Compare(CompareArgs),
    /// Turn a bundle into JSON, or such JSON into the bundle again, byte for byte
    Convert(ConvertArgs),
}

impl TrailCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Show(args) => args.timeline(options).await,
            Self::Export(args) => args.run(options).await,
            Self::Challenge(args) => args.run(options).await,
            Self::Verify(args) => args.run(options),
            Self::Compare(args) => args.run(options),
            Self::Convert(args) => args.run(),
        }
    }
}
