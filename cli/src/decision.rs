//! What a body decided.

use clap::{Args, Subcommand};
use uput_core::wire::statement::Kind;
use uput_core::wire::{self, DecisionOutcome, DecisionType};

use crate::access::Node;
use crate::args::Options;
use crate::code;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;
use crate::output::Answer;
use crate::reference::Reference;
use crate::statement::StatementArgs;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum DecisionCommand {
    /// Record a decision in a trail: one's own, or another body's with its evidence
    Record(RecordArgs),
}

/// Which decision.
#[derive(Args)]
#[command(after_help = "Examples:
  uput decision record 3f9a1c20 --type placement --outcome granted --until 2026-12-01T00:00+01:00
  uput decision record 77aa01de --type placement --outcome granted --evidence-trail 3f9a1c20")]
pub(crate) struct RecordArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Of which type
    #[arg(long = "type", value_parser = code::parser::<DecisionType>())]
    kind: DecisionType,
    /// With which outcome
    #[arg(long, value_parser = code::parser::<DecisionOutcome>())]
    outcome: DecisionOutcome,
    /// Until when it counts: 2026-12-01T00:00+01:00, or 30d (from now)
    #[arg(long, value_name = "TIME", value_parser = moment::parse_future)]
    until: Option<u64>,
    /// The trail of this node in which the body itself recorded its decision
    #[arg(long, value_name = "TRAIL")]
    evidence_trail: Option<Reference>,
}

impl DecisionCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self::Record(args) = self;
        args.run(options).await
    }
}

impl RecordArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let fields = self.statement.fields.read()?;
        let node = Node::connect(options).await?;
        let (evidence_trail, evidence) = match &self.evidence_trail {
            Some(reference) => newest_decision(reference.trail(&node, false, None, None).await?)?,
            None => (Vec::new(), Vec::new()),
        };
        let decision = wire::Decision {
            r#type: self.kind as i32,
            outcome: self.outcome as i32,
            expiry: self.until.unwrap_or_default(),
            evidence,
        };
        self.statement.say_with(&node, Kind::Decision(decision), &fields, evidence_trail).await
    }
}

/// The issuer's newest decision in its own trail: the one that later decisions follow. [CLI-46]
fn newest_decision(trail: wire::Trail) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let decision = trail.events.iter().rev().find(|event| {
        let own_word = event.evidence.is_empty() && event.void_reason.is_empty();
        event.kind == "decision" && !event.ours && own_word
    });
    match decision {
        Some(event) => Ok((trail.trail, event.event.clone())),
        None => Err(Failure::new(Exit::Failed, "BAD_EVIDENCE", "there is no decision in that trail")
            .because("its other party has recorded none there")
            .next("name the trail in which the body recorded its decision; see `uput trail show`")),
    }
}
