//! Notifications that the law demands.

use clap::{Args, Subcommand};
use uput_core::wire::statement::Kind;
use uput_core::wire::{Acknowledged, Act, LegalBasis};

use crate::args::Options;
use crate::code;
use crate::failure::Failure;
use crate::opening::{Asked, OpeningArgs};
use crate::output::Answer;
use crate::statement::StatementArgs;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum NotificationCommand {
    /// Notify a body as the law demands
    Send(SendArgs),
    /// Say that a person has seen it
    #[command(after_help = "Examples:
  uput notification acknowledge 3f9a1c20")]
    Acknowledge(StatementArgs),
}

/// Whom to notify.
#[derive(Args)]
#[command(after_help = "Examples:
  uput notification send \"Centre\" --service social-work --article 2 --fields notification.toml")]
pub(crate) struct SendArgs {
    #[command(flatten)]
    opening: OpeningArgs,
    /// Why it may be disclosed
    #[arg(long, value_parser = code::parser::<LegalBasis>(), default_value = "legal-duty")]
    basis: LegalBasis,
    /// Number of the article in the agreement that demands it
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    article: u32,
    /// How far it goes: 1 need, 2 identity too, where the rule lets the first message say it
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=2))]
    stage: u32,
}

impl NotificationCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Send(args) => {
                let asked = Asked {
                    act: Act::Notification,
                    stage: args.stage,
                    basis: args.basis,
                    article: args.article,
                    beside: None,
                };
                args.opening.open(options, asked).await
            }
            Self::Acknowledge(args) => args.say(options, Kind::Acknowledged(Acknowledged {})).await,
        }
    }
}
