//! What a trail can be beside a referral and a notification: transfers, consultations, conferences, visits, notices.
//!
//! Guarantees that what an event names (a plan, an offer) is the newest of the trail that has effect. Leaves to the node
//! which act has which steps, and to the agreement who may ask whom.

use clap::{Args, Subcommand};
use uput_core::wire::statement::Kind;
use uput_core::wire::{self, Act, LegalBasis, ServiceType, TaskStatus, VisitOutcome};

use crate::access::Node;
use crate::args::Options;
use crate::code;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::opening::{Asked, OpeningArgs};
use crate::output::Answer;
use crate::reach;
use crate::statement::StatementArgs;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum ActCommand {
    /// Open a trail of any act: a transfer, a consultation, a conference, a visit, a request, a notice
    Send(SendArgs),
    /// Offer responsibility, in a transfer
    #[command(after_help = "Examples:
  uput act offer 3f9a1c20")]
    Offer(StatementArgs),
    /// Take the offer back
    #[command(after_help = "Examples:
  uput act recall 3f9a1c20")]
    Recall(StatementArgs),
    /// Take responsibility that is offered
    #[command(after_help = "Examples:
  uput act take 3f9a1c20")]
    Take(StatementArgs),
    /// Give responsibility away, once it is taken
    #[command(after_help = "Examples:
  uput act complete 3f9a1c20")]
    Complete(StatementArgs),
    /// Give the minutes of a meeting
    #[command(after_help = "Examples:
  uput act minutes 3f9a1c20 --fields minutes.toml")]
    Minutes(StatementArgs),
    /// Give a plan: tasks, owners, days
    #[command(after_help = "Examples:
  uput act plan 3f9a1c20 --fields plan.toml")]
    Plan(StatementArgs),
    /// Say what became of a task of the newest plan
    Task(TaskArgs),
    /// Report a visit
    Visit(VisitArgs),
    /// Say that the next body is asked, because nothing came of it here
    Escalated(EscalatedArgs),
}

/// What is asked, and of whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput act send consultation \"Clinic\" --service health --stage 0 --basis none-needed-nonpersonal --fields question.toml
  uput act send conference \"Centre\" --service social-work --basis legal-duty --article 2 --fields invitation.toml
  uput act send information-answer \"Centre\" --service social-work --about 3f9a1c20 --basis legal-duty --fields answer.toml")]
pub(crate) struct SendArgs {
    /// What the trail is
    #[arg(value_parser = code::parser::<Act>())]
    act: Act,
    #[command(flatten)]
    opening: OpeningArgs,
    /// Why it may be disclosed
    #[arg(long, value_parser = code::parser::<LegalBasis>())]
    basis: LegalBasis,
    /// Number of the article in the agreement
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    article: u32,
    /// How far it goes: 0 nothing about her, 1 need, 2 identity too, where the agreement allows it at once; left out: 1, or 0 for an
    /// act in which nothing about her is said
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=2))]
    stage: Option<u32>,
}

/// Which task, and how it stands.
#[derive(Args)]
#[command(after_help = "Examples:
  uput act task 3f9a1c20 --number 2 --status done --occurred now")]
pub(crate) struct TaskArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Number of the task in the plan
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=16))]
    number: u32,
    /// What became of it
    #[arg(long, value_parser = code::parser::<TaskStatus>())]
    status: TaskStatus,
}

/// What a visit found.
#[derive(Args)]
#[command(after_help = "Examples:
  uput act visit 3f9a1c20 --outcome met --occurred 2h")]
pub(crate) struct VisitArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// What it found
    #[arg(long, value_parser = code::parser::<VisitOutcome>())]
    outcome: VisitOutcome,
}

/// Which body is asked now.
#[derive(Args)]
#[command(after_help = "Examples:
  uput act escalated 3f9a1c20 --service oversight")]
pub(crate) struct EscalatedArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// The kind of service that is asked now, in a trail of its own
    #[arg(long, value_parser = code::parser::<ServiceType>())]
    service: ServiceType,
}

impl ActCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Send(args) => {
                let SendArgs { act, opening, basis, article, stage } = args;
                let stage = stage.unwrap_or_else(|| reach::usual(act));
                opening.open(options, Asked { act, stage, basis, article, beside: None }).await
            }
            Self::Offer(args) => args.say(options, Kind::TransferOffered(wire::TransferOffered {})).await,
            Self::Recall(args) => args.say(options, Kind::TransferRecalled(wire::TransferRecalled {})).await,
            Self::Take(args) => {
                let name = |offer| Kind::TransferTaken(wire::TransferTaken { offer });
                say_of_newest(&args, options, "transfer_offered", name).await
            }
            Self::Complete(args) => args.say(options, Kind::TransferCompleted(wire::TransferCompleted {})).await,
            Self::Minutes(args) => args.say_asking(options, Kind::Minutes(wire::Minutes {})).await,
            Self::Plan(args) => args.say_asking(options, Kind::Plan(wire::Plan {})).await,
            Self::Task(TaskArgs { statement, number, status }) => {
                let name = |plan| Kind::Task(wire::Task { plan, number, status: status as i32 });
                say_of_newest(&statement, options, "plan", name).await
            }
            Self::Visit(args) => {
                let visited = wire::Visited { outcome: args.outcome as i32 };
                args.statement.say(options, Kind::Visited(visited)).await
            }
            Self::Escalated(args) => {
                let escalated = wire::Escalated { service_type: args.service as i32 };
                args.statement.say(options, Kind::Escalated(escalated)).await
            }
        }
    }
}

/// Says something that names the newest event of a kind in the same trail. [CLI-49]
async fn say_of_newest(
    statement: &StatementArgs,
    options: &Options,
    kind: &str,
    name: impl FnOnce(Vec<u8>) -> Kind,
) -> Result<Answer, Failure> {
    let fields = statement.fields.read()?;
    let node = Node::connect(options).await?;
    let trail = statement.trail.trail(&node, false, None, None).await?;
    let newest = trail.events.into_iter().rev().find(|event| event.kind == kind && event.void_reason.is_empty());
    let newest = newest.ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            "STEP_NOT_ALLOWED",
            format!("there is no event of the kind {} in that trail", label::shown("kind", kind)),
        )
        .because("what is said here is about one, and none has effect")
        .next("look what was said; see `uput trail show`")
    })?;
    statement.say_with(&node, name(newest.event), &fields, Vec::new()).await
}
