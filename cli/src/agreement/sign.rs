//! Proposing and signing an agreement with the organisation key.
//!
//! Guarantees that who signs is shown what the signed bytes say, and asked. Leaves to the node who must still sign.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use uput_core::agreement::{Agreement, summary};
use uput_core::envelope::{Envelope, MediaType};
use uput_core::key::SigningKey;
use uput_core::wire;

use crate::access::Node;
use crate::agreement::status::Standing;
use crate::agreement::{Held, source};
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::node;
use crate::organisation_key::OrganisationKeyArgs;
use crate::output::{self, Answer, Page};
use crate::prompt;
use crate::reference::Reference;
use crate::refusal;
use crate::request::hex;
use crate::trust::evidence;

/// Asked before a signature that counts.
const BOUND: &str = "This organisation will be bound by it. Sign?";
/// Asked before one that the own node sees and forgets.
const CHECKED: &str = "Sign it for a check by the own node, which keeps nothing?";

/// Which source.
#[derive(Args)]
#[command(after_help = "Examples:
  uput agreement propose agreement.toml --organisation-key stick/organisation.key --dry-run
  uput agreement propose agreement.toml --organisation-key stick/organisation.key")]
pub(crate) struct ProposeArgs {
    /// The source
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    key: OrganisationKeyArgs,
    /// Check only: nothing is written or sent to anybody
    #[arg(long)]
    dry_run: bool,
}

/// Which agreement.
#[derive(Args)]
#[command(after_help = "Examples:
  uput agreement sign 5c3e1f02 --organisation-key stick/organisation.key")]
pub(crate) struct SignArgs {
    /// The agreement's ID, or at least its first 8 digits
    agreement: Reference,
    #[command(flatten)]
    key: OrganisationKeyArgs,
}

impl ProposeArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        // [CLI-43] A key that does not open is found before anything is tried.
        let key = self.key.open(options)?;
        let node = Node::connect(options).await?;
        is_ours(&node, &key).await?;
        let compiled = source::compiled(&node, &self.file).await?;
        ask(options, &compiled.agreement, if self.dry_run { CHECKED } else { BOUND })?;
        let agreement = signed(compiled.body, &key)?;
        let request = wire::ProposeAgreementRequest { agreement, validate_only: self.dry_run };
        let answer = node.agreements().propose_agreement(request).await.map_err(|status| refusal::of(&status))?;
        report(answer.into_inner().agreement, self.dry_run)
    }
}

impl SignArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let key = self.key.open(options)?;
        let node = Node::connect(options).await?;
        is_ours(&node, &key).await?;
        let held = Held::get(&node, &self.agreement).await?;
        ask(options, &held.agreement, BOUND)?;
        let request = wire::SignAgreementRequest { agreement: signed(held.body, &key)? };
        let answer = node.agreements().sign_agreement(request).await.map_err(|status| refusal::of(&status))?;
        report(answer.into_inner().agreement, false)
    }
}

/// A signature by another organisation's key binds nobody: it is refused before anything is signed. [CLI-90]
async fn is_ours(node: &Node, key: &SigningKey) -> Result<(), Failure> {
    let own = node::ask(node).await?;
    let chain = evidence::chain("the node's own key records", &own.key_chain)?;
    if chain.newest().organisation_key() == key.public() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, "WRONG_SIGNERS", "this is not the organisation key of the node's organisation")
        .because(format!("the key records of {} name another one; nothing was signed", hex(&own.organisation)))
        .next("give the key file that `uputd init` wrote for this organisation"))
}

/// Shows what would be signed, and asks. [CLI-42]
fn ask(options: &Options, agreement: &Agreement, question: &str) -> Result<(), Failure> {
    let sentences = summary(agreement);
    for (at, sentence) in sentences.iter().enumerate() {
        output::note(options, &format!("{:>4}. {sentence}", at + 1));
    }
    label::glossary(&output::words(&sentences.join(" "))).iter().for_each(|line| output::note(options, line));
    prompt::confirm(options, question)
}

fn signed(body: Vec<u8>, key: &SigningKey) -> Result<Vec<u8>, Failure> {
    let envelope = Envelope::sign(MediaType::AGREEMENT, body, &[key]);
    envelope.map(|envelope| envelope.to_bytes()).map_err(|rejection| {
        Failure::new(Exit::Failed, rejection.code(), "it was not signed").because(rejection.to_string())
    })
}

fn report(status: Option<wire::AgreementStatus>, dry_run: bool) -> Result<Answer, Failure> {
    let standing = Standing::of(status.unwrap_or_default());
    let mut page = Page::default();
    if dry_run {
        page.line("allowed; nothing was written or sent");
    }
    standing.describe(&mut page);
    Answer::new(&json!({ "agreement": standing, "dry_run": dry_run }), page)
}
