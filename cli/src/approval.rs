//! Acts that need a second person: asking one, deciding, and counting afterwards.
//!
//! Guarantees that what is asked is the very request that would be made, and that no value is shown to whoever decides.
//! Leaves to the node what needs two people, and who may be the second.

mod asking;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;
use uput_core::sensitive::Sensitive;
use uput_core::wire::{self, ApprovalKind, ApprovalReason, ApprovalStatus, LegalBasis};

pub(crate) use asking::Asking;

use crate::access::Node;
use crate::act::ActCommand;
use crate::args::{Cli, Command, Options};
use crate::case::CaseCommand;
use crate::code::{self, word_of};
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::notification::NotificationCommand;
use crate::output::{Answer, Page};
use crate::period::PeriodArgs;
use crate::reading;
use crate::reference::Reference;
use crate::referral::ReferralCommand;
use crate::refusal;
use crate::request::hex;
use crate::staff::StaffCommand;
use crate::trail::TrailCommand;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum ApprovalCommand {
    /// Ask a second person to let exactly one command happen
    Request(RequestArgs),
    /// List what you asked, and what waits for you to decide
    #[command(after_help = "Examples:
  uput approval list
  uput approval list --waiting --json | jq '.approvals[] | .approval'")]
    List(ListArgs),
    /// Let it happen, once and within a day
    #[command(after_help = "Examples:
  uput approval approve 5c1f09aa")]
    Approve(DecideArgs),
    /// Do not let it happen
    #[command(after_help = "Examples:
  uput approval refuse 5c1f09aa")]
    Refuse(DecideArgs),
    /// Count what was asked and what became of it, without names
    #[command(after_help = "Examples:
  uput approval count
  uput approval count --since 30d --json | jq '.counts'")]
    Count(PeriodArgs),
}

/// What would happen, and why.
#[derive(Args)]
#[command(after_help = "Examples:
  uput approval request --reason danger -- referral send Clinic --service health --basis vital-interests --fields emergency.toml
  uput approval request --reason child-at-risk -- referral disclose 3f9a1c20 --basis child-best-interests --fields identity.toml
  uput approval request --reason handover --words-file why.txt -- trail export 3f9a1c20 --purpose audit --open values")]
pub(crate) struct RequestArgs {
    /// Why it is needed
    #[arg(long, value_parser = code::parser::<ApprovalReason>())]
    reason: ApprovalReason,
    /// File with a few words on why; `-` reads standard input. Whoever decides reads them; they are sealed at your node
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
    /// The command that needs it, as you will give it: with its --service, --basis, --purpose, --open and --fields. Give
    /// times as dates, and run it later with the same words and --approval
    #[arg(last = true, required = true, value_name = "COMMAND")]
    act: Vec<String>,
}

/// Which.
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Only what waits for you to decide
    #[arg(long)]
    waiting: bool,
}

/// Which.
#[derive(Args)]
pub(crate) struct DecideArgs {
    /// ID of the approval, or its first 8 digits
    approval: Reference,
}

impl ApprovalCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Request(args) => args.run(options).await,
            Self::List(args) => args.run(options).await,
            Self::Approve(args) => args.run(options, true).await,
            Self::Refuse(args) => args.run(options, false).await,
            Self::Count(period) => count(&period, options).await,
        }
    }
}

impl RequestArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let words = match &self.words_file {
            Some(path) => reading::text(path)?,
            None => Sensitive::default(),
        };
        let line = std::iter::once("uput".to_owned()).chain(self.act);
        let parsed = Cli::try_parse_from(line);
        let command = parsed.ok().and_then(|cli| cli.command).filter(takes_two).ok_or_else(|| {
            Failure::usage("no command that can need a second person was given", "give it after --, as it would be run")
        })?;
        let options = Options { asking: Some(Asking::new(self.reason, words)), ..options.clone() };
        // One command inside of another: a future that holds its own kind is boxed.
        Box::pin(command.run(&options)).await
    }
}

/// Whether a command makes one request that can need two people. No other is run here.
const fn takes_two(command: &Command) -> bool {
    use ReferralCommand::{Correct, Disclose, Need, Reopen, Send};
    matches!(
        command,
        Command::Escalate(_)
            | Command::Referral(Send(_) | Need(_) | Disclose(_) | Correct(_) | Reopen(_))
            | Command::Notification(NotificationCommand::Send(_))
            | Command::Act(ActCommand::Send(_) | ActCommand::Minutes(_) | ActCommand::Plan(_))
            | Command::Trail(TrailCommand::Export(_))
            | Command::Case(CaseCommand::BreakGlass(_) | CaseCommand::Lift(_))
            | Command::Staff(StaffCommand::Require(_))
    )
}

impl ListArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let (mut approvals, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = wire::ListApprovalsRequest { page_size: 0, page_token, waiting: self.waiting };
            let answer = node.approvals().list_approvals(request).await.map_err(|status| refusal::of(&status))?;
            let answer = answer.into_inner();
            approvals.extend(answer.approvals.into_iter().map(Known::of));
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let mut page = Page::default();
        page.table(["APPROVAL", "STATUS", "WHAT", "ASKED BY", "WHY", "UNTIL"], approvals.iter().map(Known::row));
        Answer::new(&json!({ "approvals": approvals }), page)
    }
}

impl DecideArgs {
    async fn run(self, options: &Options, approves: bool) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let approval = self.approval.bytes();
        let decided = if approves {
            let answer = node.approvals().approve(wire::ApproveRequest { approval }).await;
            answer.map(|answer| answer.into_inner().approval)
        } else {
            let answer = node.approvals().refuse(wire::RefuseRequest { approval }).await;
            answer.map(|answer| answer.into_inner().approval)
        };
        show(decided.map_err(|status| refusal::of(&status))?.unwrap_or_default())
    }
}

async fn count(period: &PeriodArgs, options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let (from, until) = period.ends();
    let request = wire::CountApprovalsRequest { from, until };
    let answer = node.approvals().count_approvals(request).await.map_err(|status| refusal::of(&status))?;
    let counts: Vec<Count> = answer.into_inner().counts.iter().map(Count::of).collect();
    let mut page = Page::default();
    page.table(
        ["WHAT", "ASKED", "APPROVED", "REFUSED", "EXPIRED", "USED", "BY NEW ACCOUNT"],
        counts.iter().map(Count::row),
    );
    let body = json!({ "since": moment::utc(from), "until": moment::utc(until), "counts": counts });
    Answer::new(&body, page)
}

/// One approval, for people and for programs.
pub(crate) fn show(approval: wire::Approval) -> Result<Answer, Failure> {
    let known = Known::of(approval);
    let mut page = Page::default();
    page.pair("approval", &known.approval);
    page.pair("status", label::of::<ApprovalStatus>(&known.status));
    page.pair("what", known.what());
    page.pair("labels", known.labels.join(" "));
    page.pair("asked by", &known.asked_by_name);
    page.pair("why", known.why());
    page.pair("until", moment::local(known.end));
    if known.decided_by_new_account {
        page.line("Whoever decided has an account into which an administrator made a way less than a week before.");
    }
    Answer::new(&json!({ "approval": known }), page)
}

#[derive(Serialize)]
struct Known {
    approval: String,
    kind: String,
    status: String,
    trail: Option<String>,
    case: Option<String>,
    peer: Option<String>,
    event: Option<String>,
    stage: u32,
    basis: Option<String>,
    labels: Vec<String>,
    colleague: Option<String>,
    colleague_name: Option<String>,
    reason: String,
    words: String,
    asked_by: String,
    asked_by_name: String,
    decided_by: Option<String>,
    decided_by_name: Option<String>,
    asked: Option<String>,
    decided: Option<String>,
    until: Option<String>,
    used: Option<String>,
    may_decide: bool,
    decided_by_new_account: bool,
    digest: String,
    #[serde(skip)]
    end: u64,
}

impl Known {
    fn of(approval: wire::Approval) -> Self {
        let summary = approval.summary.unwrap_or_default();
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            approval: hex(&approval.approval),
            kind: word_of::<ApprovalKind>(approval.kind).unwrap_or_default(),
            status: word_of::<ApprovalStatus>(approval.status).unwrap_or_default(),
            trail: text(hex(&summary.trail)),
            case: text(hex(&summary.case)),
            peer: text(summary.peer),
            event: text(summary.event),
            stage: summary.stage,
            basis: word_of::<LegalBasis>(summary.basis),
            labels: summary.labels,
            colleague: text(hex(&summary.colleague)),
            colleague_name: text(summary.colleague_name),
            reason: word_of::<ApprovalReason>(approval.reason).unwrap_or_default(),
            // Shown to whoever asked, and to whoever decides.
            words: approval.words,
            asked_by: hex(&approval.asked_by),
            asked_by_name: approval.asked_by_name,
            decided_by: text(hex(&approval.decided_by)),
            decided_by_name: text(approval.decided_by_name),
            asked: moment::utc(approval.asked),
            decided: moment::utc(approval.decided),
            until: moment::utc(approval.until),
            used: moment::utc(approval.used),
            may_decide: approval.may_decide,
            decided_by_new_account: approval.decided_by_new_account,
            digest: hex(&approval.digest),
            end: approval.until,
        }
    }

    /// For example: disclosure: opened with Clinic, stage 1, under vital interests.
    fn what(&self) -> String {
        let mut what = label::of::<ApprovalKind>(&self.kind);
        let parts = [
            self.event.as_ref().map(|event| format!(": {}", label::shown("kind", event))),
            self.peer.as_ref().map(|peer| format!(" with {peer}")),
            self.trail.as_ref().map(|trail| format!(" in {}", trail.get(..8).unwrap_or_default())),
            self.case.as_ref().filter(|_| self.peer.is_none()).map(|case| format!(" of case {case}")),
            self.colleague
                .as_ref()
                .map(|id| format!(", letting in {} ({})", self.let_in(), id.get(..8).unwrap_or_default())),
            self.basis
                .as_ref()
                .map(|basis| format!(", stage {}, under {}", self.stage, label::of::<LegalBasis>(basis))),
        ];
        what.extend(parts.into_iter().flatten());
        what
    }

    /// The colleague whose exclusion would be lifted.
    fn let_in(&self) -> &str {
        self.colleague_name.as_deref().unwrap_or("somebody whose name was erased")
    }

    fn why(&self) -> String {
        let reason = label::of::<ApprovalReason>(&self.reason);
        if self.words.is_empty() { reason } else { format!("{reason}: {}", self.words) }
    }

    fn row(&self) -> [String; 6] {
        let short = self.approval.get(..8).unwrap_or_default().to_owned();
        [
            short,
            label::of::<ApprovalStatus>(&self.status),
            self.what(),
            self.asked_by_name.clone(),
            self.why(),
            moment::local(self.end),
        ]
    }
}

#[derive(Serialize)]
struct Count {
    kind: String,
    asked: u64,
    approved: u64,
    refused: u64,
    expired: u64,
    used: u64,
    approved_by_new_account: u64,
}

impl Count {
    fn of(count: &wire::ApprovalCount) -> Self {
        let kind = word_of::<ApprovalKind>(count.kind).unwrap_or_default();
        let wire::ApprovalCount { asked, approved, refused, expired, used, approved_by_new_account, .. } = *count;
        Self { kind, asked, approved, refused, expired, used, approved_by_new_account }
    }

    fn row(&self) -> [String; 7] {
        let known = [self.asked, self.approved, self.refused, self.expired, self.used, self.approved_by_new_account];
        let [asked, approved, refused, expired, used, new] = known.map(|number| number.to_string());
        [label::of::<ApprovalKind>(&self.kind), asked, approved, refused, expired, used, new]
    }
}
