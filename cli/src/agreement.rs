//! Agreements between organisations.

mod diff;
mod explain;
mod sign;
mod source;
mod status;
mod subject;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use uput_core::agreement::Agreement;
use uput_core::codec;
use uput_core::envelope::{MediaType, pae};
use uput_core::id::Id;
use uput_core::wire;

use crate::access::Node;
use crate::agreement::diff::DiffArgs;
use crate::agreement::explain::ExplainArgs;
use crate::agreement::sign::{ProposeArgs, SignArgs};
use crate::agreement::source::{CheckArgs, NamesArgs, describe};
use crate::agreement::status::Standing;
use crate::agreement::subject::Subject;
use crate::args::Options;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum AgreementCommand {
    /// Check the source of an agreement, and say what it means
    Check(CheckArgs),
    /// Propose an agreement to its parties
    Propose(ProposeArgs),
    /// Sign an agreement with the organisation key
    Sign(SignArgs),
    /// List the agreements that this node holds
    #[command(after_help = "Examples:
  uput agreement list
  uput agreement list --json | jq '.agreements[] | select(.in_force | not) | .title'")]
    List,
    /// Show what an agreement says, and who has signed it
    Show(ShowArgs),
    /// Say whether one party may send another this, why, and by which rule
    Explain(ExplainArgs),
    /// Compare two versions, and say what is loosened and who must sign
    Diff(DiffArgs),
    /// Write an agreement with its signatures to a file, for an auditor
    Export(ExportArgs),
}

/// Which one.
#[derive(Args)]
#[command(after_help = "Examples:
  uput agreement show 5c3e1f02
  uput agreement show agreement.toml
  uput agreement show agreement.bin")]
pub(crate) struct ShowArgs {
    /// The agreement's ID, or at least its first 8 digits; or a file: a source, or an agreement that was exported
    #[arg(value_name = "FILE|ID")]
    agreement: Subject,
    #[command(flatten)]
    names: NamesArgs,
}

/// Which one, and where to.
#[derive(Args)]
#[command(after_help = "Examples:
  uput agreement export 5c3e1f02 --to agreement.bin")]
pub(crate) struct ExportArgs {
    /// The agreement's ID, or at least its first 8 digits
    agreement: Reference,
    /// File to write, `-` for standard output; left out: a new name that says nothing, in this folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// An agreement as the node gave it.
pub(crate) struct Held {
    pub(crate) status: wire::AgreementStatus,
    /// Encoded, with the signatures that the node knows, perhaps none yet.
    pub(crate) envelope: Vec<u8>,
    /// What is signed.
    pub(crate) body: Vec<u8>,
    pub(crate) agreement: Agreement,
}

impl AgreementCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Check(args) => args.run(options).await,
            Self::Propose(args) => args.run(options).await,
            Self::Sign(args) => args.run(options).await,
            Self::List => list(options).await,
            Self::Show(args) => args.run(options).await,
            // [CLI-47]
            Self::Explain(args) => args.run(options).await,
            Self::Diff(args) => args.run(options).await,
            Self::Export(args) => args.run(options).await,
        }
    }
}

/// Every agreement that the node holds.
pub(crate) async fn all(node: &Node) -> Result<Vec<wire::AgreementStatus>, Failure> {
    let mut agreements = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListAgreementsRequest { page_size: 0, page_token };
        let answer =
            node.agreements().list_agreements(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        agreements.extend(answer.agreements);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(agreements);
        }
    }
}

impl Held {
    /// Asks the node for it, and reads what would be signed from the signed bytes themselves. [CLI-42]
    pub(crate) async fn get(node: &Node, reference: &Reference) -> Result<Self, Failure> {
        let request = wire::GetAgreementRequest { agreement: reference.agreement_id(node).await? };
        let asked = request.agreement.clone();
        let answer =
            node.agreements().get_agreement(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let unreadable = || unreadable("the node's agreement");
        let envelope: wire::Envelope = codec::decode(&answer.envelope).map_err(|_| unreadable())?;
        let id = Id::of(&pae(MediaType::AGREEMENT.as_str(), &envelope.body));
        let agreement = Agreement::parse(id, &envelope.body).map_err(|_| unreadable())?;
        if envelope.r#type != MediaType::AGREEMENT.as_str() || id.as_bytes().as_slice() != asked {
            return Err(unreadable().because("it is another one than was asked for"));
        }
        Ok(Self {
            status: answer.agreement.unwrap_or_default(),
            envelope: answer.envelope,
            body: envelope.body,
            agreement,
        })
    }
}

fn unreadable(what: &str) -> Failure {
    Failure::new(Exit::Failed, "MALFORMED", format!("{what} cannot be read"))
}

async fn list(options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let agreements: Vec<Standing> = all(&node).await?.into_iter().map(Standing::of).collect();
    let mut page = Page::default();
    if agreements.is_empty() {
        page.line("No agreement is known here yet: uput agreement propose FILE --organisation-key KEY");
    } else {
        page.table(
            ["AGREEMENT", "TITLE", "VERSION", "SIGNED", "MISSING", "IN FORCE"],
            agreements.iter().map(Standing::row),
        );
    }
    Answer::new(&json!({ "agreements": agreements }), page)
}

impl ShowArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let document = self.agreement.read(options, &self.names.peers).await?;
        let sentences = document.sentences();
        let mut page = Page::default();
        if let Some(standing) = &document.standing {
            standing.describe(&mut page);
            page.line("");
        }
        describe(&sentences, &mut page);
        document.describe_unresolved(&mut page);
        label::explain(&mut page);
        Answer::new(&json!({ "agreement": document.standing, "summary": sentences }), page)
    }
}

impl ExportArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let target = Target::of(self.to.as_deref(), options)?;
        let held = Held::get(&Node::connect(options).await?, &self.agreement).await?;
        target.write(&held.envelope)?;
        let mut page = Page::default();
        if !target.is_stdout() {
            page.pair("written to", target.name());
        }
        Answer::new(&json!({ "agreement": held.agreement.id().to_string(), "file": target.name() }), page)
    }
}
