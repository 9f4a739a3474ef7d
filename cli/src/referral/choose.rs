//! Choosing one of several organisations, which tells the others.
//!
//! Guarantees nothing by itself: the node tells everybody in the case who was asked the same, and nobody else.

use clap::Args;
use serde_json::json;
use uput_core::wire::{self, follow_up_request::Change};

use crate::access::Node;
use crate::args::Options;
use crate::case_record::Followed;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;
use crate::request::RequestArgs;
use crate::why::WhyArgs;

/// Which.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral choose 3f9a1c20
  uput referral choose 3f9a1c20 --dry-run

`uput enquiry list CASE` shows whom she can choose, `uput case changes CASE` who has heard.")]
pub(crate) struct ChooseArgs {
    /// The trail with the organisation that is chosen; nothing is said in it. The others in its case that were asked the same
    /// are told `chosen elsewhere`, and stop
    chosen: Reference,
    #[command(flatten)]
    why: WhyArgs,
    #[command(flatten)]
    request: RequestArgs,
}

impl ChooseArgs {
    // [CLI-45]
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let (request_id, reason, dry_run) = (self.request.id()?, self.why.reason()?, self.request.dry_run);
        let node = Node::connect(options).await?;
        let request = wire::FollowUpRequest {
            request_id: request_id.clone(),
            validate_only: dry_run,
            change: Some(Change::Chosen(wire::Chosen { trail: self.chosen.bytes() })),
            reason,
            ..wire::FollowUpRequest::default()
        };
        let answer = node.follow_ups().follow_up(request).await;
        let answer = answer.map_err(|status| refusal::of_request(&request_id, &status))?.into_inner();
        let followed = Followed::of(answer.follow_up.unwrap_or_default());
        let mut page = Page::default();
        followed.describe(&mut page);
        Answer::new(&json!({ "change": followed, "dry_run": dry_run, "request_id": request_id }), page)
    }
}
