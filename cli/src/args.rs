//! The command line: nouns, verbs, and what holds for all of them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use uput_core::code_list::Language;

use crate::access_log::AccessCommand;
use crate::account::AccountCommand;
use crate::act::ActCommand;
use crate::agreement::AgreementCommand;
use crate::approval::{ApprovalCommand, Asking};
use crate::case::CaseCommand;
use crate::change::ChangeCommand;
use crate::completions::CompletionsArgs;
use crate::decision::DecisionCommand;
use crate::demo::DemoArgs;
use crate::duty::DutyCommand;
use crate::enquiry::EnquiryCommand;
use crate::escalate::EscalateArgs;
use crate::expiring::ExpiringArgs;
use crate::failure::Failure;
use crate::help::HelpArgs;
use crate::inbox::InboxArgs;
use crate::key::KeyCommand;
use crate::label;
use crate::log::LogCommand;
use crate::man::ManArgs;
use crate::node::NodeCommand;
use crate::notification::NotificationCommand;
use crate::output::Answer;
use crate::overrides::OverridesCommand;
use crate::peer::PeerCommand;
use crate::places::PlacesCommand;
use crate::referral::ReferralCommand;
use crate::relay::RelayCommand;
use crate::retention::{HoldCommand, RetentionCommand};
use crate::staff::StaffCommand;
use crate::team::TeamCommand;
use crate::trail::TrailCommand;
use crate::trust::TrustCommand;

/// Operates a Uput node, and verifies referral trails offline.
///
/// Referrals between organisations that protect people from violence, without a central database.
#[derive(Parser)]
#[command(
    name = "uput",
    disable_version_flag = true,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    subcommand_value_name = "NOUN",
    subcommand_help_heading = "Nouns",
    after_help = "Examples:
  uput inbox --node ./our-node --as worker.toml
  uput enquiry send \"Shelter A\" --service shelter --fields enquiry.toml
  uput help exit-codes"
)]
pub(crate) struct Cli {
    /// Print the version
    #[arg(short = 'V', long)]
    pub(crate) version: bool,
    /// What holds for every command.
    #[command(flatten)]
    pub(crate) options: Options,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What holds for every command.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Options {
    /// Data folder of the node
    #[arg(long, global = true, value_name = "DIR", env = "UPUT_NODE", hide_env_values = true)]
    pub(crate) node: Option<PathBuf>,
    /// Access file of the account that asks; left out: the one in the data folder
    #[arg(long = "as", global = true, value_name = "FILE", env = "UPUT_ACCESS", hide_env_values = true)]
    pub(crate) access: Option<PathBuf>,
    /// Print one JSON object; exit codes stay the same
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Do not ask before doing it
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    // [CLI-73]
    /// Language of labels: en, sq, sr-Cyrl, sr-Latn, bs, hr, cnr, mk, rom; left out: that of the system. A star marks a label that no
    /// native speaker has confirmed
    #[arg(long, global = true, value_name = "TAG", value_parser = label::parse)]
    pub(crate) language: Option<Language>,
    /// Never ask; fail instead
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// A second person is asked for what the command would do, and it is not done.
    #[arg(skip)]
    pub(crate) asking: Option<Asking>,
}

/// The nouns.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Your node
    #[command(subcommand)]
    Node(NodeCommand),
    /// Other organisations
    #[command(subcommand)]
    Peer(PeerCommand),
    /// Letters over a third organisation's node, where no line goes
    #[command(subcommand)]
    Relay(RelayCommand),
    /// Your own people and machines
    #[command(subcommand)]
    Account(AccountCommand),
    /// Places: how many a service has, and how many are promised
    #[command(subcommand)]
    Places(PlacesCommand),
    /// Colleagues to whom a case is given together
    #[command(subcommand)]
    Team(TeamCommand),
    /// Your staff key, and what is sealed to your colleagues and you
    #[command(subcommand)]
    Staff(StaffCommand),
    /// What needs a second person
    #[command(subcommand)]
    Approval(ApprovalCommand),
    /// What was done against the ordinary rule, and its later review
    #[command(subcommand)]
    Overrides(OverridesCommand),
    /// What ends when: values and evidence that are erased by the time
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// What must be kept although its time is over
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Agreements between organisations
    #[command(subcommand)]
    Agreement(AgreementCommand),
    /// Cases: what joins one person's trails here, and who has it
    #[command(subcommand)]
    Case(CaseCommand),
    /// Ask without a name
    #[command(subcommand)]
    Enquiry(EnquiryCommand),
    /// Refer a person, and answer
    #[command(subcommand)]
    Referral(ReferralCommand),
    /// Notify as the law demands
    #[command(subcommand)]
    Notification(NotificationCommand),
    /// Transfer, consult, confer, visit, ask, tell
    #[command(subcommand)]
    Act(ActCommand),
    /// Record what a body decided
    #[command(subcommand)]
    Decision(DecisionCommand),
    /// Who is on duty
    #[command(subcommand)]
    Duty(DutyCommand),
    /// What waits for you
    Inbox(InboxArgs),
    /// Ask the next body of the agreement's ladder, because nobody answered
    Escalate(EscalateArgs),
    /// What ends soon, or has ended: consents, holds, stays, measures
    Expiring(ExpiringArgs),
    /// What changed, for consoles and other programs
    #[command(subcommand)]
    Change(ChangeCommand),
    /// What was signed, step by step
    #[command(subcommand)]
    Trail(TrailCommand),
    /// Who looked at a case, and why
    #[command(subcommand)]
    Access(AccessCommand),
    /// Keys of the organisation over time: prepared here, signed at the safe, installed while the node runs
    #[command(subcommand)]
    Key(KeyCommand),
    /// The log: what proves when something was here, and who cosigns it
    #[command(subcommand)]
    Log(LogCommand),
    /// Whom an auditor believes
    #[command(subcommand)]
    Trust(TrustCommand),
    /// Play a night of four invented organisations on this computer, and audit it
    Demo(DemoArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages into a folder
    Man(ManArgs),
    /// Explain a command or a topic
    Help(HelpArgs),
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Node(command) => command.run(options).await,
            Self::Peer(command) => command.run(options).await,
            Self::Relay(command) => command.run(options).await,
            Self::Account(command) => command.run(options).await,
            Self::Places(command) => command.run(options).await,
            Self::Team(command) => command.run(options).await,
            Self::Staff(command) => command.run(options).await,
            Self::Approval(command) => command.run(options).await,
            Self::Overrides(command) => command.run(options).await,
            Self::Retention(command) => command.run(options).await,
            Self::Hold(command) => command.run(options).await,
            Self::Agreement(command) => command.run(options).await,
            Self::Case(command) => command.run(options).await,
            Self::Enquiry(command) => command.run(options).await,
            Self::Referral(command) => command.run(options).await,
            Self::Notification(command) => command.run(options).await,
            Self::Act(command) => command.run(options).await,
            Self::Decision(command) => command.run(options).await,
            Self::Duty(command) => command.run(options).await,
            Self::Inbox(args) => args.run(options).await,
            Self::Escalate(args) => args.run(options).await,
            Self::Expiring(args) => args.run(options).await,
            Self::Change(command) => command.run(options).await,
            Self::Trail(command) => command.run(options).await,
            Self::Access(command) => command.run(options).await,
            Self::Key(command) => command.run(options).await,
            Self::Log(command) => command.run(options).await,
            Self::Trust(command) => command.run(options).await,
            Self::Demo(args) => args.run(options),
            Self::Completions(args) => args.run(),
            Self::Man(args) => args.run(),
            Self::Help(args) => args.run(),
        }
    }
}
