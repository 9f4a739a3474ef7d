//! Choosing one of several organisations, and telling the others.
//!
//! Guarantees that the chosen trail is never the one that is stopped, and that all is checked before anything is said.

use clap::Args;
use serde_json::json;
use uput_core::wire::{self, statement::Kind};

use crate::access::Node;
use crate::args::Options;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;
use crate::request::{hex, random_uuid};

/// Which, and instead of which.
#[derive(Args)]
#[command(after_help = "Examples:
  uput referral choose 3f9a1c20 --instead-of 77aa01de
  uput referral choose 3f9a1c20 --instead-of 77aa01de --instead-of 90b2c4d6 --dry-run")]
pub(crate) struct ChooseArgs {
    /// The trail with the organisation that is chosen; nothing is said in it
    chosen: Reference,
    /// A trail whose organisation is told `chosen elsewhere`; it stops. Give it once for each
    #[arg(long, value_name = "TRAIL", required = true)]
    instead_of: Vec<Reference>,
    /// Check only: nothing is written or sent
    #[arg(long)]
    dry_run: bool,
}

impl ChooseArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let chosen = self.chosen.trail(&node, false, None, None).await?;
        let mut others = Vec::new();
        for reference in &self.instead_of {
            let other = reference.trail_id(&node).await?;
            if other == chosen.trail || others.contains(&other) {
                return Err(Failure::usage(
                    "one trail was named twice",
                    "name the chosen trail once, and each other once",
                ));
            }
            others.push(other);
        }
        // [CLI-45] First all are checked, so that a refusal leaves nothing half said.
        for other in &others {
            say(&node, other, true, &[]).await?;
        }
        let mut told = Vec::new();
        if !self.dry_run {
            for other in &others {
                let event = say(&node, other, false, &told).await?;
                told.push((other.clone(), event));
            }
        }
        report(&chosen.trail, &others, &told, self.dry_run)
    }
}

async fn say(node: &Node, trail: &[u8], validate_only: bool, told: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<u8>, Failure> {
    let request_id = random_uuid()?;
    let request = wire::RecordEventRequest {
        request_id,
        validate_only,
        trail: trail.to_vec(),
        statement: Some(wire::Statement { kind: Some(Kind::ChosenElsewhere(wire::ChosenElsewhere {})) }),
        ..Default::default()
    };
    let answer = node.trails().record_event(request).await.map_err(|status| {
        let mut failure = refusal::of(&status);
        failure.what = format!("{} in trail {}", failure.what, hex(trail));
        if !told.is_empty() {
            let done: Vec<_> = told.iter().map(|(trail, _)| hex(trail)).collect();
            failure.what = format!("{}; already told: {}", failure.what, done.join(", "));
        }
        failure
    })?;
    Ok(answer.into_inner().event)
}

fn report(chosen: &[u8], others: &[Vec<u8>], told: &[(Vec<u8>, Vec<u8>)], dry_run: bool) -> Result<Answer, Failure> {
    let mut page = Page::default();
    page.pair("chosen", hex(chosen));
    for other in others {
        page.pair(if dry_run { "would be told" } else { "told" }, hex(other));
    }
    let events: Vec<_> =
        told.iter().map(|(trail, event)| json!({ "trail": hex(trail), "event": hex(event) })).collect();
    let others: Vec<_> = others.iter().map(|trail| hex(trail)).collect();
    Answer::new(&json!({ "chosen": hex(chosen), "instead_of": others, "told": events, "dry_run": dry_run }), page)
}
