//! Referrals: from asking to the end of a stay, for both sides.

mod answer;
mod choose;

use clap::{Args, Subcommand};
use uput_core::wire::statement::Kind;
use uput_core::wire::{
    self, Act, Beside, Channel, ClosureReason, LegalBasis, PhoneAnswer, RevocationReason, WarningCode,
};

use crate::args::Options;
use crate::code;
use crate::failure::Failure;
use crate::opening::{Asked, OpeningArgs};
use crate::output::Answer;
use crate::referral::answer::AnswerCommand;
use crate::referral::choose::ChooseArgs;
use crate::statement::StatementArgs;
use crate::trail::ShowArgs;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum ReferralCommand {
    /// Refer a person: say what is needed, without identity
    Send(SendArgs),
    /// Show where a referral stands
    #[command(after_help = "Examples:
  uput referral show 3f9a1c20
  uput referral show 3f9a1c20 --values")]
    Show(ShowArgs),
    /// Say what is needed, after an enquiry was answered
    #[command(after_help = "Examples:
  uput referral need 3f9a1c20 --basis explicit-consent --fields need.toml")]
    Need(StatementArgs),
    /// Disclose identity and safe contact, after an acceptance
    #[command(after_help = "Examples:
  uput referral disclose 3f9a1c20 --fields identity.toml
  uput referral disclose 3f9a1c20 --from-case name,safe_contact_telephone")]
    Disclose(DiscloseArgs),
    /// Replace values that were disclosed before
    #[command(after_help = "Examples:
  uput referral correct 3f9a1c20 --fields new-contact.toml")]
    Correct(StatementArgs),
    /// Choose one of several, and tell the others; see `uput enquiry list`
    Choose(ChooseArgs),
    /// Warn the other side
    Warn(WarnArgs),
    /// Record that something was given outside the network
    HandedOver(HandedOverArgs),
    /// Record what was answered by telephone
    Phoned(PhonedArgs),
    /// She withdrew: stop, and have her data purged
    #[command(after_help = "Examples:
  uput referral withdraw 3f9a1c20")]
    Withdraw(StatementArgs),
    /// Take it back
    Revoke(RevokeArgs),
    /// End it
    Close(CloseArgs),
    /// Begin again after an end
    #[command(after_help = "Examples:
  uput referral reopen 3f9a1c20 --basis explicit-consent --fields need.toml")]
    Reopen(StatementArgs),
    /// Ask the other side to purge all values
    #[command(after_help = "Examples:
  uput referral ask-purge 3f9a1c20")]
    AskPurge(StatementArgs),
    /// Answers of the receiving side.
    #[command(flatten)]
    Answer(AnswerCommand),
}

/// Whom to refer to.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral send \"Legal aid\" --service legal-aid --basis explicit-consent --fields need.toml
  uput referral send \"Clinic\" --service health --basis vital-interests --stage 2 --fields emergency.toml")]
pub(crate) struct SendArgs {
    #[command(flatten)]
    opening: OpeningArgs,
    /// Why it may be disclosed
    #[arg(long, value_parser = code::parser::<LegalBasis>())]
    basis: LegalBasis,
    /// Number of the article in the agreement
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    article: u32,
    /// How far it goes: 1 need; 2 identity too, where the agreement allows it at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=2))]
    stage: u32,
    /// Why she is named here, in a referral at stage 2, although others who were asked the same have not heard that she chose
    #[arg(long, value_name = "REASON", value_parser = code::parser::<Beside>())]
    beside: Option<Beside>,
}

/// Which warning.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral warn 3f9a1c20 --code do-not-contact")]
pub(crate) struct WarnArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// What it says
    #[arg(long, value_parser = code::parser::<WarningCode>())]
    code: WarningCode,
}

/// What was given, and how.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral handed-over 3f9a1c20 --stage 2 --channel telephone --occurred 10min")]
pub(crate) struct HandedOverArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// What it amounts to: 0 enquiry, 1 need, 2 identity
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=2))]
    stage: u32,
    /// How it was given
    #[arg(long, value_parser = code::parser::<Channel>())]
    channel: Channel,
}

/// What was answered.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral phoned 3f9a1c20 --answer yes --occurred now")]
pub(crate) struct PhonedArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// What was answered
    #[arg(long, value_parser = code::parser::<PhoneAnswer>())]
    answer: PhoneAnswer,
}

/// Why it is taken back.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral revoke 3f9a1c20 --reason wrong-recipient")]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Why
    #[arg(long, value_parser = code::parser::<RevocationReason>())]
    reason: RevocationReason,
}

/// Why it ends.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral close 3f9a1c20 --reason done")]
pub(crate) struct CloseArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Why
    #[arg(long, value_parser = code::parser::<ClosureReason>())]
    reason: ClosureReason,
}

/// Who she is.
#[derive(Args)]
pub(crate) struct DiscloseArgs {
    #[command(flatten)]
    statement: StatementArgs,
    /// Why she is named here although others who were asked the same have not heard that she chose; see `uput referral choose`
    #[arg(long, value_name = "REASON", value_parser = code::parser::<Beside>())]
    beside: Option<Beside>,
}

impl ReferralCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Send(args) => args.run(options).await,
            Self::Show(args) => args.standing(options).await,
            Self::Need(args) => args.say_asking(options, Kind::Need(wire::Need {})).await,
            Self::Disclose(DiscloseArgs { mut statement, beside }) => {
                statement.beside = beside;
                statement.say_asking(options, Kind::Identity(wire::Identity {})).await
            }
            Self::Correct(args) => args.say_asking(options, Kind::Corrected(wire::Corrected {})).await,
            Self::Choose(args) => args.run(options).await,
            Self::Warn(args) => {
                args.statement.say(options, Kind::Warned(wire::Warned { code: args.code as i32 })).await
            }
            Self::HandedOver(args) => {
                let kind = wire::HandedOver { stage: args.stage, channel: args.channel as i32 };
                args.statement.say(options, Kind::HandedOver(kind)).await
            }
            Self::Phoned(args) => {
                args.statement.say(options, Kind::Phoned(wire::Phoned { answer: args.answer as i32 })).await
            }
            Self::Withdraw(args) => args.say(options, Kind::Withdrawn(wire::Withdrawn {})).await,
            Self::Revoke(args) => {
                args.statement.say(options, Kind::Revoked(wire::Revoked { reason: args.reason as i32 })).await
            }
            Self::Close(args) => {
                args.statement.say(options, Kind::Closed(wire::Closed { reason: args.reason as i32 })).await
            }
            Self::Reopen(args) => args.say(options, Kind::Reopened(wire::Reopened {})).await,
            Self::AskPurge(args) => args.say(options, Kind::PurgeAsked(wire::PurgeAsked {})).await,
            Self::Answer(command) => command.run(options).await,
        }
    }
}

impl SendArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let asked = Asked {
            act: Act::Referral,
            stage: self.stage,
            basis: self.basis,
            article: self.article,
            beside: self.beside,
        };
        self.opening.open(options, asked).await
    }
}
