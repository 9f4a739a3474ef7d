//! Agreements between organisations.

mod status;

use clap::Subcommand;
use uput_core::wire;

use crate::access::Node;
use crate::agreement::status::Standing;
use crate::args::Options;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::refusal;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum AgreementCommand {
    /// List the agreements that this node holds
    #[command(after_help = "Examples:
  uput agreement list
  uput agreement list --json | jq '.agreements[] | select(.in_force | not) | .title'")]
    List,
}

impl AgreementCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::List => list(options).await,
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

async fn list(options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let agreements: Vec<Standing> = all(&node).await?.into_iter().map(Standing::of).collect();
    let mut page = Page::default();
    if agreements.is_empty() {
        page.line("No agreement is known here yet: uput agreement propose FILE");
    } else {
        page.table(
            ["AGREEMENT", "TITLE", "VERSION", "SIGNED", "MISSING", "IN FORCE"],
            agreements.iter().map(Standing::row),
        );
    }
    Answer::new(&serde_json::json!({ "agreements": agreements }), page)
}
