//! A trail as one file that verifies offline.
//!
//! Guarantees that values leave only when somebody said so. Leaves to the node what the bundle holds.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use uput_core::wire::request_approval_request::Act as Asks;
use uput_core::wire::{self, DisclosureScope, Purpose};

use crate::access::Node;
use crate::args::Options;
use crate::code::{self, word};
use crate::document::Target;
use crate::failure::Failure;
use crate::label;
use crate::output::{Answer, Page};
use crate::progress;
use crate::prompt;
use crate::reference::{Nonce, Reference};
use crate::refusal;
use crate::request::{ApprovalId, hex};
use crate::staff::opened;
use crate::staff::ring::KeyArgs;
use crate::why::WhyArgs;

/// Which trail, and how much of it.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trail export 3f9a1c20 --purpose audit
  uput trail export 3f9a1c20 --purpose proceedings --open labels --to stick/document.uput")]
pub(crate) struct ExportArgs {
    /// The trail's ID, or at least its first 8 digits
    trail: Reference,
    /// Why it is exported
    #[arg(long, value_parser = code::parser::<Purpose>())]
    purpose: Purpose,
    /// What the bundle opens
    #[arg(long, value_name = "SCOPE", value_parser = code::parser::<DisclosureScope>(), default_value = "nothing")]
    open: DisclosureScope,
    /// File to write, `-` for standard output; left out: a new name that says nothing, in this folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Nonce of the auditor's trust file, 64 hexadecimal digits, that both sides' heads must answer; it goes to no other node
    #[arg(long, value_name = "DIGITS")]
    nonce: Option<Nonce>,
    /// Seconds to wait for the other side's fresh head
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    wait: u32,
    /// With --open values: how to reach her too; a copy outlives every hour that she named, so it needs a reason, and a
    /// supervisor is told
    #[arg(long)]
    reach_outside: bool,
    #[command(flatten)]
    keys: KeyArgs,
    /// ID of an approval, where it takes a second person; see `uput approval request`
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
    #[command(flatten)]
    why: WhyArgs,
}

impl ExportArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let target = Target::of(self.to.as_deref(), options)?;
        if self.open == DisclosureScope::Values && options.asking.is_none() {
            prompt::confirm(
                options,
                "The bundle will hold personal data that anyone who has the file can read. Go on?",
            )?;
        }
        let node = Node::connect(options).await?;
        let reason = self.why.for_purpose(self.purpose)?;
        let opened = match self.open {
            // [STF-17] What is sealed to staff is opened here.
            DisclosureScope::Values if options.asking.is_none() => {
                let mut trail = self.trail.trail(&node, true, None, reason.clone()).await?;
                opened::open(&mut trail, &self.keys, &node, options).await?
            }
            _ => Vec::new(),
        };
        let request = wire::ExportTrailRequest {
            trail: self.trail.trail_id(&node).await?,
            purpose: self.purpose as i32,
            scope: self.open as i32,
            nonce: self.nonce.as_ref().map(|nonce| nonce.bytes().to_vec()).unwrap_or_default(),
            wait_seconds: self.wait,
            opened,
            contact: self.reach_outside,
            approval: ApprovalId::bytes(self.approval.as_ref()),
            reason,
        };
        if let Some(asking) = node.asking() {
            return asking.ask(&node, Asks::ExportTrail(request)).await;
        }
        let trail = hex(&request.trail);
        let spinner = progress::spinner(options, "waiting for the other side's head");
        let answer = node.trails().export_trail(request).await;
        spinner.finish_and_clear();
        let answer = answer.map_err(|status| refusal::of(&status))?.into_inner();
        target.write(&answer.bundle)?;
        self.report(&trail, &target, answer)
    }

    fn report(&self, trail: &str, target: &Target, answer: wire::ExportTrailResponse) -> Result<Answer, Failure> {
        let mut page = Page::default();
        if !target.is_stdout() {
            page.pair("written to", target.name());
            page.pair("bytes", answer.bundle.len().to_string());
            page.pair("opens", label::of::<DisclosureScope>(&word(self.open)));
            page.pair("their head", if answer.fresh_head { "fresh" } else { "not fresh: they did not answer in time" });
        }
        let body = json!({
            "trail": trail, "file": target.name(), "bytes": answer.bundle.len(),
            "purpose": word(self.purpose), "opens": word(self.open), "fresh_head": answer.fresh_head,
        });
        Answer::new(&body, page)
    }
}
