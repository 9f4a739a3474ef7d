//! Who looked at a case: listed, handed out as a document, verified, and what of it is unusual.
//!
//! Guarantees that a document is verified with nothing but files. Leaves to the node who may see what.

mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::wire::{self, AccessKind, AccessReason, AccessStanding, Role, UnusualRule};

use crate::access::Node;
use crate::access_log::verify::VerifyArgs;
use crate::args::Options;
use crate::code::word_of;
use crate::document::Target;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reference::{Nonce, Reference};
use crate::refusal;
use crate::request::hex;
use crate::why::WhyArgs;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum AccessCommand {
    /// List who looked at a case, when and why
    List(ListArgs),
    /// Hand out who looked at a case, as a signed document for her or her advocate
    Export(ExportArgs),
    /// Verify such a document offline: nothing missing, nothing changed since an earlier one
    Verify(VerifyArgs),
    /// List what is unusual about who looked at what
    Unusual(UnusualArgs),
    /// Say who stands behind a pseudonym of such a document
    Resolve(ResolveArgs),
}

/// Which case.
#[derive(Args)]
#[command(after_help = "Examples:
  uput access list 0c5e77d1
  uput access list 0c5e77d1 --reason supervision --json | jq '.accesses[] | select(.standing != \"assigned\")'")]
pub(crate) struct ListArgs {
    /// The case's ID, or at least its first 8 digits
    case: Reference,
    #[command(flatten)]
    why: WhyArgs,
}

/// Which case, and for whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput access export 0c5e77d1 --reason client-request --to stick/accesses.uput
  uput access export 0c5e77d1 --words --yes")]
pub(crate) struct ExportArgs {
    /// The case's ID, or at least its first 8 digits
    case: Reference,
    /// The words of reasons are in it too
    #[arg(long)]
    words: bool,
    /// File to write, `-` for standard output; left out: a new name that says nothing, in this folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Nonce of whoever asked, 64 hexadecimal digits, which shows that it was made for this once
    #[arg(long, value_name = "DIGITS")]
    nonce: Option<Nonce>,
    #[command(flatten)]
    why: WhyArgs,
}

/// Since when.
#[derive(Args)]
#[command(after_help = "Examples:
  uput access unusual
  uput access unusual --since 30d --json | jq '.findings[] | select(.rule == \"many_in_an_hour\")'")]
pub(crate) struct UnusualArgs {
    /// How far back, at most 30 days
    #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = moment::parse_span)]
    since: u64,
}

/// Whose pseudonym.
#[derive(Args)]
#[command(after_help = "Examples:
  uput access resolve 0c5e77d1 3b0c1d90e0c4a37f2f5a0b5f1c1a6e8d9b7c6a5f4e3d2c1b0a99887766554433 --reason proceedings")]
pub(crate) struct ResolveArgs {
    /// The case's ID, or at least its first 8 digits
    case: Reference,
    /// The pseudonym, 64 hexadecimal digits
    pseudonym: Nonce,
    #[command(flatten)]
    why: WhyArgs,
}

impl AccessCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::List(args) => args.run(options).await,
            Self::Export(args) => args.run(options).await,
            Self::Verify(args) => args.run(),
            Self::Unusual(args) => args.run(options).await,
            Self::Resolve(args) => args.run(options).await,
        }
    }
}

impl ListArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let (node, reason) = (Node::connect(options).await?, self.why.reason()?);
        // One page as long as the node gives: each further one would be a look of its own.
        let request =
            wire::ListAccessesRequest { case: self.case.bytes(), page_size: 500, reason, ..Default::default() };
        let answer = node.accesses().list_accesses(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let accesses: Vec<Seen> = answer.accesses.into_iter().map(Seen::of).collect();
        let mut page = Page::default();
        page.table(["WHEN", "WHO", "WHAT", "WHY", "STOOD"], accesses.iter().map(Seen::row));
        if !answer.next_page_token.is_empty() {
            page.line("These are the oldest 500; for all of them: uput access export");
        }
        let more = !answer.next_page_token.is_empty();
        Answer::new(&json!({ "accesses": accesses, "more": more }), page)
    }
}

impl ExportArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let target = Target::of(self.to.as_deref(), options)?;
        if self.words {
            prompt::confirm(options, "The document will hold what colleagues wrote as reasons. Go on?")?;
        }
        let reason = self.why.reason()?;
        let node = Node::connect(options).await?;
        let request = wire::ExportAccessesRequest {
            case: self.case.bytes(),
            nonce: self.nonce.as_ref().map(|nonce| nonce.bytes().to_vec()).unwrap_or_default(),
            words: self.words,
            reason,
        };
        let answer =
            node.accesses().export_accesses(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        target.write(&answer.document)?;
        let mut page = Page::default();
        if !target.is_stdout() {
            page.pair("written to", target.name());
            page.pair("accesses", answer.count.to_string());
            page.pair("words", if self.words { "opened" } else { "closed" });
            page.line("It holds no names. She keeps it: any later one must begin with it.");
        }
        let bytes = answer.document.len();
        let body = json!({ "file": target.name(), "bytes": bytes, "count": answer.count, "words": self.words });
        Answer::new(&body, page)
    }
}

impl UnusualArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let since = moment::now().saturating_sub(self.since).max(1);
        let request = wire::ListUnusualAccessesRequest { since };
        let answer = node.accesses().list_unusual_accesses(request).await;
        let answer = answer.map_err(|status| refusal::of(&status))?.into_inner();
        let findings: Vec<Finding> = answer.findings.into_iter().map(Finding::of).collect();
        let mut page = Page::default();
        page.table(["WHEN", "WHO", "RULE", "CASES", "MORE THAN", "CASE", "WHY"], findings.iter().map(Finding::row));
        if answer.unseen {
            page.line("There is something that no supervisor here may see: ask somebody from outside to look.");
        }
        Answer::new(&json!({ "findings": findings, "unseen": answer.unseen }), page)
    }
}

impl ResolveArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let reason = self.why.reason()?;
        let node = Node::connect(options).await?;
        let pseudonym = self.pseudonym.bytes().to_vec();
        let request = wire::ResolvePseudonymRequest { case: self.case.bytes(), pseudonym, reason };
        let answer =
            node.accesses().resolve_pseudonym(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let accounts: Vec<Resolved> = answer.accounts.into_iter().map(Resolved::of).collect();
        let mut page = Page::default();
        page.table(["ACCOUNT", "NAME"], accounts.iter().map(|found| [found.account.clone(), found.shown()]));
        Answer::new(&json!({ "accounts": accounts }), page)
    }
}

/// One access.
#[derive(Serialize)]
struct Seen {
    time: Option<String>,
    number: u64,
    trail: Option<String>,
    account: String,
    name: Option<String>,
    on_behalf_of: Option<String>,
    role: Option<String>,
    kind: Option<String>,
    reason: Option<String>,
    standing: Option<String>,
    words: Option<String>,
    pseudonym: Option<String>,
    #[serde(skip)]
    seconds: u64,
}

/// One finding.
#[derive(Serialize)]
struct Finding {
    rule: Option<String>,
    account: String,
    name: Option<String>,
    time: Option<String>,
    count: u32,
    bound: u32,
    case: Option<String>,
    reason: Option<String>,
    #[serde(skip)]
    seconds: u64,
}

/// An account behind a pseudonym.
#[derive(Serialize)]
struct Resolved {
    account: String,
    name: Option<String>,
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// What a person is called; who has no name any more is an account.
fn called(name: Option<&String>, account: &str) -> String {
    name.cloned().unwrap_or_else(|| format!("account {}", account.get(..8).unwrap_or(account)))
}

impl Seen {
    fn of(access: wire::Access) -> Self {
        Self {
            time: moment::utc(access.time),
            number: access.number,
            trail: some(hex(&access.trail)),
            account: hex(&access.account),
            // Shown to the colleague who asked who looked.
            name: some(access.name),
            on_behalf_of: some(access.on_behalf_of),
            role: word_of::<Role>(access.role),
            kind: word_of::<AccessKind>(access.kind),
            reason: word_of::<AccessReason>(access.reason),
            standing: word_of::<AccessStanding>(access.standing),
            words: some(access.words),
            pseudonym: some(hex(&access.pseudonym)),
            seconds: access.time,
        }
    }

    fn row(&self) -> [String; 5] {
        let mut who = called(self.name.as_ref(), &self.account);
        if let Some(person) = &self.on_behalf_of {
            who = format!("{who} for {person}");
        }
        let mut why = label::of_some::<AccessReason>(self.reason.as_ref());
        if let Some(words) = &self.words {
            why = format!("{why}: {words}");
        }
        [
            moment::local(self.seconds),
            who,
            label::of_some::<AccessKind>(self.kind.as_ref()),
            why,
            label::of_some::<AccessStanding>(self.standing.as_ref()),
        ]
    }
}

impl Finding {
    fn of(finding: wire::UnusualAccess) -> Self {
        Self {
            rule: word_of::<UnusualRule>(finding.rule),
            account: hex(&finding.account),
            name: some(finding.name),
            time: moment::utc(finding.time),
            count: finding.count,
            bound: finding.bound,
            case: some(hex(&finding.case)),
            reason: word_of::<AccessReason>(finding.reason),
            seconds: finding.time,
        }
    }

    fn row(&self) -> [String; 7] {
        let case = self.case.as_deref().and_then(|case| case.get(..8)).unwrap_or_default().to_owned();
        let bound = if self.bound == 0 { String::new() } else { self.bound.to_string() };
        [
            moment::local(self.seconds),
            called(self.name.as_ref(), &self.account),
            label::of_some::<UnusualRule>(self.rule.as_ref()),
            self.count.to_string(),
            bound,
            case,
            label::of_some::<AccessReason>(self.reason.as_ref()),
        ]
    }
}

impl Resolved {
    fn of(found: wire::ResolvedAccount) -> Self {
        Self { account: hex(&found.account), name: some(found.name) }
    }

    fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| "(the name was erased)".to_owned())
    }
}
