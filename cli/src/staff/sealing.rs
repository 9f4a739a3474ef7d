//! What is sealed: a trail to one person, or everything to staff.

use clap::Args;
use serde::Serialize;
use serde_json::json;
use uput_core::wire;
use uput_core::wire::request_approval_request::Act as Asks;

use crate::access::Node;
use crate::args::Options;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reference::Reference;
use crate::refusal;
use crate::request::{ApprovalId, hex};
use crate::staff::ring;

/// What, and to whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput staff seal 3f9a1c20 --to 5b1c09aa --yes")]
pub(crate) struct SealArgs {
    /// The trail's ID, or at least its first 8 digits
    trail: Reference,
    /// The person's current key, or its first 8 digits; see `uput staff list`
    #[arg(long, value_name = "ID")]
    to: Reference,
}

/// How keys come back.
#[derive(Args)]
#[command(after_help = "Examples:
  uput staff require --needed 2 --among 3 --yes
  uput staff require --needed 2 --among 3 --shares-only
  uput approval request --reason mistake -- staff require --needed 2 --among 3 --shares-only
  uput staff require --needed 2 --among 3 --shares-only --approval 5c1f09aa5c1f09aa5c1f09aa5c1f09aa")]
pub(crate) struct RequireArgs {
    /// How many colleagues bring a key back
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(2..=16))]
    needed: u32,
    /// Among how many a key is split
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(2..=16))]
    among: u32,
    /// Only say how keys are split; seal what agreements ask for, and nothing more
    #[arg(long)]
    shares_only: bool,
    /// ID of an approval, where --shares-only ends the sealing of everything; see `uput approval request`
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
}

#[derive(Serialize)]
struct Standing {
    staff_only: bool,
    needed: u32,
    made: u32,
    recoverable: u32,
}

impl SealArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let named = ring::all(&node).await?.into_iter().find(|key| self.to.names(&key.key));
        let whose = named.map(|key| key.name).unwrap_or_default();
        let question = format!("Nobody but {whose} will open what comes in this trail, no supervisor either. Go on?");
        prompt::confirm(options, &question)?;
        let request = wire::SealTrailRequest { trail: self.trail.bytes(), key: self.to.bytes() };
        let answer = node.staff().seal_trail(request).await.map_err(|status| refusal::of(&status))?;
        let held = answer.into_inner().r#box.unwrap_or_default();
        let mut page = Page::default();
        page.pair("trail", hex(&held.subject));
        page.pair("sealed to", &whose);
        page.line("What was disclosed before stays open to whom it was.");
        Answer::new(&json!({ "trail": hex(&held.subject), "sealed_to": whose }), page)
    }
}

impl RequireArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        if !self.shares_only {
            let question =
                "From now on the node keeps no key to any value, and one person alone cannot end that. Go on?";
            prompt::confirm(options, question)?;
        }
        let node = Node::connect(options).await?;
        let (needed, made) = (self.needed, self.among);
        let approval = ApprovalId::bytes(self.approval.as_ref());
        let request = wire::SetSealingRequest { staff_only: !self.shares_only, needed, made, approval };
        if let Some(asking) = node.asking() {
            return asking.ask(&node, Asks::SetSealing(request)).await;
        }
        let answer = node.staff().set_sealing(request).await.map_err(|status| refusal::of(&status))?;
        Standing::of(&answer.into_inner().sealing.unwrap_or_default()).answer()
    }
}

/// What is sealed here.
pub(crate) async fn show(options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let answer = node.staff().get_sealing(wire::GetSealingRequest {}).await;
    Standing::of(&answer.map_err(|status| refusal::of(&status))?.into_inner()).answer()
}

impl Standing {
    fn of(sealing: &wire::GetSealingResponse) -> Self {
        let wire::GetSealingResponse { staff_only, needed, made, recoverable, .. } = *sealing;
        Self { staff_only, needed, made, recoverable }
    }

    fn answer(&self) -> Result<Answer, Failure> {
        let mut page = Page::default();
        page.pair("sealed to staff", if self.staff_only { "every value" } else { "what agreements ask for" });
        let shares = format!("{} of {}", self.needed, self.made);
        page.pair("keys come back by", if self.needed == 0 { "nobody has said" } else { &shares });
        page.pair("people who could", format!("{} with a key that counts and is shared", self.recoverable));
        Answer::new(self, page)
    }
}
