//! Where the line to another organisation fails.
//!
//! Guarantees that what the peer says of the way back is shown as its word. Leaves to the node what was tried.

use clap::Args;
use uput_core::wire::{self, CheckLevel};

use crate::access::Node;
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::refusal;
use crate::relay::Route;

/// Which line.
#[derive(Args)]
#[command(after_help = "Examples:
  uput peer check \"Shelter A\"
  uput peer check \"Shelter A\" --json | jq -r .reason")]
pub(crate) struct CheckArgs {
    /// Name or ID of the other organisation
    peer: String,
}

impl CheckArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let request = wire::CheckPeerRequest { peer: self.peer.clone() };
        let answer = node.peers().check_peer(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let result = answer.result.unwrap_or_default();
        let (out, back) = (answer.out.unwrap_or_default(), answer.back.unwrap_or_default());
        let obstacle = result.level() == CheckLevel::Error;
        let relay = answer.relay.map(Route::of);
        let mut page = Page::default();
        page.pair("organisation", &self.peer);
        page.pair("connected", if answer.connected { "yes" } else { "no" });
        page.pair("way there", &out.finding);
        page.pair("way back", said(&back));
        page.pair("without a line", relay.as_ref().map_or_else(|| "letters wait".to_owned(), Route::text));
        page.pair("reason", format!("{}: {}", result.name, result.finding));
        if !result.remedy.is_empty() {
            page.pair("what helps", &result.remedy);
        }
        let body = serde_json::json!({
            "peer": self.peer,
            "reason": result.name,
            "finding": result.finding,
            "remedy": result.remedy,
            "connected": answer.connected,
            "out": out.name,
            "back_as_the_peer_says": Some(back.name).filter(|name| !name.is_empty()),
            "relay": relay,
        });
        // [CLI-190]
        if obstacle { Answer::ending(Exit::Failed, &body, page) } else { Answer::new(&body, page) }
    }
}

/// The way back, which nobody but the peer can see.
fn said(back: &wire::Check) -> String {
    match back.name.as_str() {
        "" => "not asked".to_owned(),
        "ok" => "they say that they reach this node".to_owned(),
        "no-endpoint" => {
            "this node names no address: letters go both ways over the connection that it dials".to_owned()
        }
        _ => "they say that they do not reach this node".to_owned(),
    }
}
