//! Enquiries: asking without a name.

mod several;

use clap::{Args, Subcommand};
use uput_core::wire::{Act, LegalBasis};

use crate::args::Options;
use crate::enquiry::several::{ListArgs, SeveralArgs};
use crate::failure::Failure;
use crate::opening::{Asked, OpeningArgs};
use crate::output::Answer;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum EnquiryCommand {
    /// Ask whether help is there, saying nothing about a person
    Send(SendArgs),
    /// Ask several the same at once, in one case, saying nothing about a person
    AskSeveral(SeveralArgs),
    /// List whom a case asked, who answered what, and whom she can choose
    List(ListArgs),
}

/// Whom to ask.
#[derive(Args)]
#[command(after_help = "Examples:
  uput enquiry send \"Shelter A\" --service shelter --fields enquiry.toml
  uput enquiry send \"Shelter A\" --service shelter --fields enquiry.toml --dry-run

The fields file holds labels of the agreement's enquiry profile, for example:
  adults = 1
  children = 2")]
pub(crate) struct SendArgs {
    #[command(flatten)]
    opening: OpeningArgs,
}

impl EnquiryCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Send(args) => args.run(options).await,
            Self::AskSeveral(args) => args.run(options).await,
            Self::List(args) => args.run(options).await,
        }
    }
}

impl SendArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let asked =
            Asked { act: Act::Referral, stage: 0, basis: LegalBasis::NoneNeededNonpersonal, article: 0, beside: None };
        self.opening.open(options, asked).await
    }
}
