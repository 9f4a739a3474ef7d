//! Letters over a third organisation's node: between whom this one relays, and over whom it reaches others.
//!
//! Guarantees nothing itself: the node keeps what was said. Names of organisations are shown, and what lies where.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::rejection::Rejection;
use uput_core::time::Span;
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::refusal;

/// Bytes of a MiB.
const MIB: u64 = 1 << 20;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum RelayCommand {
    /// Let this node relay letters between two organisations
    Allow(AllowArgs),
    /// Relay between two organisations no more: what lies here is still handed out
    End(EndArgs),
    /// Choose the relay over which letters go to an organisation and come from it
    Use(UseArgs),
    /// List between whom this node relays, and over whom it reaches others
    #[command(after_help = "Examples:
  uput relay list
  uput relay list --json | jq '.routes[] | select(.items > 0) | .peer'")]
    List,
}

/// Between whom, and how much.
#[derive(Args)]
#[command(after_help = "Examples:
  uput relay allow \"Hotline\" \"Shelter A\"
  uput relay allow \"Hotline\" \"Shelter A\" --letters 64 --mib 4 --days 7
This node learns who leaves letters for whom, when, and in which of three sizes; it opens none.")]
pub(crate) struct AllowArgs {
    /// Name or ID of one of them
    first: String,
    /// Name or ID of the other one
    second: String,
    /// Most letters that one may leave here for the other, at most 65536
    #[arg(long, value_name = "NUMBER", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    letters: u32,
    /// Most MiB of them, at most 4096
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=4096))]
    mib: u64,
    /// After how many days a letter is removed that nobody fetched, at most 30
    #[arg(long, value_name = "NUMBER", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=30))]
    days: u32,
}

/// Between whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput relay end \"Hotline\" \"Shelter A\"")]
pub(crate) struct EndArgs {
    /// Name or ID of one of them
    first: String,
    /// Name or ID of the other one
    second: String,
}

/// Whom to reach, and over whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput relay use \"Shelter A\" --through \"Centre\"
  uput relay use \"Shelter A\" --none
The relay's operator says `uput relay allow`, and the other side chooses the same relay for you. Chosen once more,
everything that waits is left there anew.")]
pub(crate) struct UseArgs {
    /// Name or ID of the other organisation
    peer: String,
    /// Name or ID of the relay
    #[arg(long, value_name = "PEER", required_unless_present = "none")]
    through: Option<String>,
    /// No relay any more
    #[arg(long, conflicts_with = "through")]
    none: bool,
}

impl RelayCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        match self {
            Self::Allow(AllowArgs { first, second, letters, mib, days }) => {
                let bytes = mib.saturating_mul(MIB);
                allow(&node, wire::AllowRelayRequest { first, second, letters, bytes, days, end: false }).await
            }
            Self::End(EndArgs { first, second }) => {
                allow(&node, wire::AllowRelayRequest { first, second, end: true, ..Default::default() }).await
            }
            Self::Use(args) => choose(&node, args).await,
            Self::List => list(&node).await,
        }
    }
}

async fn allow(node: &Node, request: wire::AllowRelayRequest) -> Result<Answer, Failure> {
    let answer = node.peers().allow_relay(request).await.map_err(|status| refusal::of(&status))?;
    let consent = Consent::of(answer.into_inner().consent.unwrap_or_default());
    let mut page = Page::default();
    page.table(CONSENT, [consent.row()]);
    Answer::new(&json!({ "consent": consent }), page)
}

async fn choose(node: &Node, args: UseArgs) -> Result<Answer, Failure> {
    let request = wire::UseRelayRequest { peer: args.peer, relay: args.through.unwrap_or_default() };
    let answer = node.peers().use_relay(request).await.map_err(|status| refusal::of(&status))?;
    let route = Route::of(answer.into_inner().route.unwrap_or_default());
    let mut page = Page::default();
    page.table(ROUTE, [route.row()]);
    Answer::new(&json!({ "route": route }), page)
}

async fn list(node: &Node) -> Result<Answer, Failure> {
    let answer = node.peers().list_relays(wire::ListRelaysRequest {}).await;
    let wire::ListRelaysResponse { consents, routes } = answer.map_err(|status| refusal::of(&status))?.into_inner();
    let consents: Vec<Consent> = consents.into_iter().map(Consent::of).collect();
    let routes: Vec<Route> = routes.into_iter().map(Route::of).collect();
    let mut page = Page::default();
    if consents.is_empty() {
        page.line("This node relays between nobody.");
    } else {
        page.table(CONSENT, consents.iter().map(Consent::row));
    }
    if routes.is_empty() {
        page.line("It reaches nobody over a relay.");
    } else {
        page.table(ROUTE, routes.iter().map(Route::row));
    }
    Answer::new(&json!({ "consents": consents, "routes": routes }), page)
}

const CONSENT: [&str; 6] = ["FIRST", "SECOND", "FOR THE FIRST", "FOR THE SECOND", "AT MOST", "FOR"];

/// That this node relays between two.
#[derive(Serialize)]
struct Consent {
    first: String,
    second: String,
    /// 0: nothing is taken in any more.
    letters: u32,
    bytes: u64,
    days: u32,
    for_first: Heap,
    for_second: Heap,
}

/// What lies here for one of them.
#[derive(Serialize)]
struct Heap {
    letters: u32,
    bytes: u64,
    oldest_seconds: u64,
}

impl Consent {
    fn of(consent: wire::RelayConsent) -> Self {
        Self {
            first: consent.first,
            second: consent.second,
            letters: consent.letters,
            bytes: consent.bytes,
            days: consent.days,
            for_first: Heap::of(consent.for_first.unwrap_or_default()),
            for_second: Heap::of(consent.for_second.unwrap_or_default()),
        }
    }

    fn row(&self) -> [String; 6] {
        let most = match self.letters {
            0 => "nothing any more".to_owned(),
            letters => format!("{letters} letters, {} MiB each way", self.bytes / MIB),
        };
        let days = format!("{} days", self.days);
        [self.first.clone(), self.second.clone(), self.for_first.text(), self.for_second.text(), most, days]
    }
}

impl Heap {
    const fn of(heap: wire::RelayHeap) -> Self {
        Self { letters: heap.letters, bytes: heap.bytes, oldest_seconds: heap.oldest_seconds }
    }

    fn text(&self) -> String {
        match self.letters {
            0 => "none".to_owned(),
            letters => format!("{letters}, the oldest for {}", Span(self.oldest_seconds)),
        }
    }
}

const ROUTE: [&str; 4] = ["REACHED", "OVER", "LIES THERE", "LAST REFUSED WITH"];

/// That this node reaches a peer over a relay.
#[derive(Serialize)]
pub(crate) struct Route {
    peer: String,
    /// None: no relay is used.
    relay: Option<String>,
    items: u32,
    oldest_seconds: u64,
    /// None: nothing was.
    refused: Option<String>,
}

impl Route {
    pub(crate) fn of(route: wire::RelayRoute) -> Self {
        let known = |code: u32| Rejection::ALL.iter().find(|known| known.number() == code).map(|known| known.code());
        let refused =
            (route.code != 0).then(|| known(route.code).map_or_else(|| route.code.to_string(), str::to_owned));
        Self {
            peer: route.peer,
            relay: Some(route.relay).filter(|relay| !relay.is_empty()),
            items: route.items,
            oldest_seconds: route.oldest_seconds,
            refused,
        }
    }

    /// In one line, for who asks about the peer. [RLY-19]
    pub(crate) fn text(&self) -> String {
        let over = format!("over {}; lies there: {}", dash(self.relay.as_ref()), self.lies());
        self.refused.as_ref().map_or_else(|| over.clone(), |code| format!("{over}; last refused with {code}"))
    }

    fn lies(&self) -> String {
        match (self.items, self.oldest_seconds) {
            (0, _) => "nothing".to_owned(),
            (items, oldest) => format!("{items}, without a word of theirs for {}", Span(oldest)),
        }
    }

    fn row(&self) -> [String; 4] {
        [self.peer.clone(), dash(self.relay.as_ref()), self.lies(), dash(self.refused.as_ref())]
    }
}

fn dash(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "-".to_owned())
}
