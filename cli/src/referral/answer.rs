//! What the receiving side says in a referral.

use clap::{Args, Subcommand};
use uput_core::wire::statement::Kind;
use uput_core::wire::{
    self, DeclineReason, NotReachedReason, Outcome, Overbooking, PartialForm, PurgeManner, ServiceType,
};

use crate::args::Options;
use crate::code;
use crate::failure::Failure;
use crate::moment;
use crate::output::Answer;
use crate::prompt;
use crate::statement::StatementArgs;

/// What to say.
#[derive(Subcommand)]
pub(crate) enum AnswerCommand {
    /// Say that a person has seen it
    #[command(after_help = "Examples:
  uput referral acknowledge 3f9a1c20")]
    Acknowledge(StatementArgs),
    /// Hold a place until a time
    Hold(HoldArgs),
    /// Accept, wholly or in another form
    Accept(AcceptArgs),
    /// Put it on the waiting list
    #[command(after_help = "Examples:
  uput referral waitlist 3f9a1c20")]
    Waitlist(StatementArgs),
    /// Decline, with the reason
    Decline(DeclineArgs),
    /// Say which other kind of service is right
    Redirect(RedirectArgs),
    /// Say that it came to the wrong organisation; this is final
    #[command(after_help = "Examples:
  uput referral misdirected 3f9a1c20")]
    Misdirected(StatementArgs),
    /// Record that she was reached
    #[command(after_help = "Examples:
  uput referral reached 3f9a1c20 --occurred now")]
    Reached(StatementArgs),
    /// Record that she was not reached
    NotReached(NotReachedArgs),
    /// Record that the service began
    #[command(after_help = "Examples:
  uput referral start 3f9a1c20 --occurred now")]
    Start(StatementArgs),
    /// Record that the service was given, and what it led to
    Provide(ProvideArgs),
    /// Destroy all values of the trail at this node, and say so
    #[command(after_help = "Examples:
  uput referral purge 3f9a1c20")]
    Purge(StatementArgs),
    /// Say that values are kept because a law demands it
    Retain(RetainArgs),
}

/// Until when.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral hold 3f9a1c20 --until 2h")]
pub(crate) struct HoldArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Until when: 23:00 (the next), 2026-11-22 23:00 by your clock, or 2h (from now)
    #[arg(long, value_name = "TIME", value_parser = moment::parse_future)]
    until: u64,
    /// Why you promise more places than there are; see `uput places list`
    #[arg(long, value_name = "REASON", value_parser = code::parser::<Overbooking>())]
    overbook: Option<Overbooking>,
}

/// Wholly or in part.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral accept 3f9a1c20
  uput referral accept 3f9a1c20 --partly distance-support")]
pub(crate) struct AcceptArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// In which other form
    #[arg(long, value_name = "FORM", value_parser = code::parser::<PartialForm>())]
    partly: Option<PartialForm>,
    /// Why you promise more places than there are; see `uput places list`
    #[arg(long, value_name = "REASON", value_parser = code::parser::<Overbooking>())]
    overbook: Option<Overbooking>,
}

/// Why not.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral decline 3f9a1c20 --reason no-place")]
pub(crate) struct DeclineArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Why
    #[arg(long, value_parser = code::parser::<DeclineReason>())]
    reason: DeclineReason,
}

/// To whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral redirect 3f9a1c20 --service health")]
pub(crate) struct RedirectArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Which kind of service is right
    #[arg(long, value_parser = code::parser::<ServiceType>())]
    service: ServiceType,
}

/// Why she was not reached.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral not-reached 3f9a1c20 --reason no-answer --occurred 5min")]
pub(crate) struct NotReachedArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Why
    #[arg(long, value_parser = code::parser::<NotReachedReason>())]
    reason: NotReachedReason,
}

/// What it led to.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral provide 3f9a1c20 --outcome need-met --occurred now")]
pub(crate) struct ProvideArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// What it led to
    #[arg(long, value_parser = code::parser::<Outcome>())]
    outcome: Outcome,
}

/// Under which article.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral retain 3f9a1c20 --under 3")]
pub(crate) struct RetainArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Number of the article in the agreement that demands it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    under: u32,
}

impl AnswerCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let (statement, kind) = match self {
            Self::Acknowledge(args) => (args, Kind::Acknowledged(wire::Acknowledged {})),
            Self::Hold(args) => {
                (promising(args.statement, args.overbook), Kind::Held(wire::Held { until: args.until }))
            }
            Self::Accept(args) => (promising(args.statement, args.overbook), accepted(args.partly)),
            Self::Waitlist(args) => (args, Kind::Waitlisted(wire::Waitlisted {})),
            Self::Decline(args) => (args.statement, Kind::Declined(wire::Declined { reason: args.reason as i32 })),
            Self::Redirect(args) => {
                (args.statement, Kind::Redirected(wire::Redirected { service_type: args.service as i32 }))
            }
            Self::Misdirected(args) => (args, Kind::Misdirected(wire::Misdirected {})),
            Self::Reached(args) => (args, Kind::ContactMade(wire::ContactMade {})),
            Self::NotReached(args) => {
                (args.statement, Kind::CouldNotReach(wire::CouldNotReach { reason: args.reason as i32 }))
            }
            Self::Start(args) => (args, Kind::Started(wire::Started {})),
            Self::Provide(args) => (args.statement, Kind::Provided(wire::Provided { outcome: args.outcome as i32 })),
            Self::Purge(args) => {
                prompt::confirm(
                    options,
                    "All values of this trail, and what was taken from it into the record of her case, are destroyed \
                     here and cannot be brought back. What she said here herself stays in the record. Purge?",
                )?;
                (args, Kind::Purged(wire::Purged { manner: PurgeManner::Destroyed as i32 }))
            }
            Self::Retain(args) => (args.statement, Kind::Retained(wire::Retained { article: args.under })),
        };
        statement.say(options, kind).await
    }
}

fn promising(mut statement: StatementArgs, overbooking: Option<Overbooking>) -> StatementArgs {
    statement.overbooking = overbooking;
    statement
}

fn accepted(partly: Option<PartialForm>) -> Kind {
    match partly {
        Some(form) => Kind::PartlyAccepted(wire::PartlyAccepted { form: form as i32 }),
        None => Kind::Accepted(wire::Accepted {}),
    }
}
