//! Other organisations: meeting them, and knowing them.

mod carry;
mod check;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use uput_core::look_alike::look_alike;
use uput_core::rejection::Rejection;
use uput_core::time::Span;
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::code::word_of;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::node::{waiting, write_keys};
use crate::output::{self, Answer, Page};
use crate::prompt;
use crate::reading;
use crate::refusal;
use crate::request::hex;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum PeerCommand {
    /// Make an invitation line for one organisation
    Invite(InviteArgs),
    /// Accept an invitation line
    Accept(AcceptArgs),
    /// Say that the safety number was compared
    Confirm(ConfirmArgs),
    /// Look where the line to another organisation fails, in both directions
    Check(check::CheckArgs),
    /// Write the key records of another organisation to a file, for an auditor
    Keys(KeysArgs),
    /// Carry letters by hand, where no line goes: out into a file, in out of one
    Carry(carry::CarryArgs),
    /// List the organisations that this node knows
    #[command(after_help = "Examples:
  uput peer list
  uput peer list --json | jq '.peers[] | select(.state != \"confirmed\") | .name'")]
    List,
}

/// Whom to invite.
#[derive(Args)]
#[command(after_help = "Examples:
  uput peer invite \"Shelter A\" > line.txt
  uput peer invite \"Shelter A\" --valid 2d")]
pub(crate) struct InviteArgs {
    /// What this node will call the other organisation
    name: String,
    /// How long the line is valid, at most 30d
    #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = valid)]
    valid: u64,
}

/// Whose invitation.
#[derive(Args)]
#[command(after_help = "Examples:
  uput peer accept \"Hotline\" --invitation line.txt
  uput peer accept \"Hotline\" --invitation - < line.txt")]
pub(crate) struct AcceptArgs {
    /// What this node will call the other organisation
    name: String,
    /// File with the line; `-` reads standard input; asked for where it is left out. The line is a secret and no
    /// argument.
    #[arg(long, value_name = "FILE")]
    invitation: Option<PathBuf>,
}

/// Whose number.
#[derive(Args)]
#[command(after_help = "Examples:
  uput peer confirm \"Shelter A\"
  uput peer confirm \"Shelter A\" --safety-number \"12345 67890 ...\"")]
pub(crate) struct ConfirmArgs {
    /// Name or ID of the other organisation
    peer: String,
    /// The number as the other side reads it out, by telephone or in person; asked for where it is left out
    #[arg(long, value_name = "DIGITS")]
    safety_number: Option<String>,
}

/// Whose, and where to.
#[derive(Args)]
#[command(after_help = "Examples:
  uput peer keys \"Shelter A\" --to shelter-a-keys.bin")]
pub(crate) struct KeysArgs {
    /// Name or ID of the other organisation
    peer: String,
    /// File to write, `-` for standard output; left out: a new name that says nothing, in this folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// The longest that a line may be valid, in seconds.
const LONGEST: u64 = 30 * 86_400;

fn valid(text: &str) -> Result<u64, String> {
    let seconds = moment::parse_span(text)?;
    if seconds <= LONGEST {
        Ok(seconds)
    } else {
        Err("at most 30d: who finds an older line must not come in".to_owned())
    }
}

impl PeerCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Invite(args) => args.run(options).await,
            Self::Accept(args) => args.run(options).await,
            Self::Confirm(args) => args.run(options).await,
            Self::Check(args) => args.run(options).await,
            Self::Keys(args) => args.run(options).await,
            Self::Carry(args) => args.run(options).await,
            Self::List => list(options).await,
        }
    }
}

/// Every organisation that the node knows.
pub(crate) async fn all(node: &Node) -> Result<Vec<wire::Peer>, Failure> {
    let mut peers = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListPeersRequest { page_size: 0, page_token };
        let answer = node.peers().list_peers(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        peers.extend(answer.peers);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(peers);
        }
    }
}

/// Says so where people would take the name for that of an organisation that is known here already. [CLI-91]
async fn warn_of_look_alikes(node: &Node, name: &str, options: &Options) -> Result<(), Failure> {
    for peer in all(node).await?.iter().filter(|peer| look_alike(&peer.name, name)) {
        let known = output::clean(&peer.name);
        output::note(
            options,
            &format!(
                "warning: that name looks like {known}, and is not the same: somebody will take one for the other"
            ),
        );
    }
    Ok(())
}

impl InviteArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        warn_of_look_alikes(&node, &self.name, options).await?;
        let request = wire::CreateInvitationRequest { name: self.name, valid_seconds: self.valid };
        let answer = node.peers().create_invitation(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let ends = moment::now().saturating_add(self.valid);
        output::note(options, &format!("for that organisation only, valid until {}", moment::local(ends)));
        let mut page = Page::default();
        page.line(&answer.invitation);
        let body = serde_json::json!({ "invitation": answer.invitation, "valid_until": moment::utc(ends) });
        Ok(Answer::new(&body, page)?.if_lost("the invitation was made, and nobody has its line: make another one"))
    }
}

impl AcceptArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let line = match &self.invitation {
            Some(path) => reading::text(path)?,
            None if prompt::possible(options) => prompt::secret("invitation line: ")?,
            None => {
                return Err(Failure::usage(
                    "no invitation was given",
                    "give --invitation FILE, or - for standard input",
                ));
            }
        };
        let node = Node::connect(options).await?;
        warn_of_look_alikes(&node, &self.name, options).await?;
        // Exposed to be sent to this organisation's own node, inside TLS.
        let invitation = line.expose().trim().to_owned();
        let request = wire::AcceptInvitationRequest { invitation, name: self.name };
        let answer = node.peers().accept_invitation(request).await.map_err(|status| refusal::of(&status))?;
        let peer = Known::of(answer.into_inner().peer.unwrap_or_default());
        let mut page = Page::default();
        peer.describe(&mut page);
        page.line("Compare the safety number by telephone or in person, then: uput peer confirm NAME");
        Answer::new(&serde_json::json!({ "peer": peer }), page)
    }
}

impl ConfirmArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let safety_number = match self.safety_number {
            Some(digits) => digits,
            None if prompt::possible(options) => {
                prompt::line("safety number, as the other side reads it: ")?.expose().clone()
            }
            None => return Err(Failure::usage("no safety number was given", "give --safety-number \"DIGITS\"")),
        };
        let node = Node::connect(options).await?;
        let request = wire::ConfirmPeerRequest { peer: self.peer, safety_number };
        let answer = node.peers().confirm_peer(request).await.map_err(|status| refusal::of(&status))?;
        let peer = Known::of(answer.into_inner().peer.unwrap_or_default());
        let mut page = Page::default();
        peer.describe(&mut page);
        Answer::new(&serde_json::json!({ "peer": peer }), page)
    }
}

impl KeysArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let target = Target::of(self.to.as_deref(), options)?;
        let peer = find(&Node::connect(options).await?, &self.peer).await?;
        write_keys(&target, &peer.organisation, &peer.key_chain)
    }
}

/// The organisation of that name or ID, as far as its keys are known.
pub(crate) async fn find(node: &Node, named: &str) -> Result<wire::Peer, Failure> {
    let peers = all(node).await?;
    let found = peers.into_iter().find(|peer| {
        !peer.organisation.is_empty() && (peer.name == named || hex(&peer.organisation) == named.to_ascii_lowercase())
    });
    found.ok_or_else(|| {
        let rejection = Rejection::NoSuchPeer;
        Failure::new(
            Exit::Failed,
            rejection.code(),
            "there is no such organisation here, or its keys are not known yet",
        )
        .next("see `uput peer list`")
    })
}

/// The same, if its safety number was compared: nobody else is believed.
pub(crate) async fn find_confirmed(node: &Node, named: &str) -> Result<wire::Peer, Failure> {
    let peer = find(node, named).await?;
    if peer.state == wire::PeerState::Confirmed as i32 {
        return Ok(peer);
    }
    let rejection = Rejection::PeerNotConfirmed;
    Err(Failure::new(Exit::Failed, rejection.code(), "the organisation cannot be believed")
        .because(rejection.to_string())
        .next("compare the safety number, then: uput peer confirm NAME"))
}

async fn list(options: &Options) -> Result<Answer, Failure> {
    let peers: Vec<Known> = all(&Node::connect(options).await?).await?.into_iter().map(Known::of).collect();
    let mut page = Page::default();
    if peers.is_empty() {
        page.line("No organisation is known here yet: uput peer invite NAME");
    } else {
        page.table(
            ["NAME", "STATE", "CONNECTED", "LAST CONTACT", "LETTERS WAITING", "CLOCK", "DIFFICULTY"],
            peers.iter().map(Known::row),
        );
    }
    Answer::new(&serde_json::json!({ "peers": peers }), page)
}

#[derive(Serialize)]
struct Known {
    name: String,
    organisation: Option<String>,
    state: String,
    safety_number: Option<String>,
    endpoints: Vec<String>,
    connected: bool,
    last_contact: Option<String>,
    queued: u64,
    oldest_queued_seconds: u64,
    difficulty: Option<String>,
    clock_ahead_milliseconds: Option<i64>,
    clock_bound_milliseconds: Option<u64>,
    clock_off: bool,
    #[serde(skip)]
    contact: u64,
}

impl Known {
    fn of(peer: wire::Peer) -> Self {
        Self {
            name: peer.name,
            organisation: Some(hex(&peer.organisation)).filter(|id| !id.is_empty()),
            state: word_of::<wire::PeerState>(peer.state).unwrap_or_default(),
            safety_number: Some(peer.safety_number).filter(|digits| !digits.is_empty()),
            endpoints: peer.endpoints,
            connected: peer.connected,
            last_contact: moment::utc(peer.last_contact),
            queued: peer.queued,
            oldest_queued_seconds: peer.oldest_queued_seconds,
            difficulty: Some(peer.difficulty).filter(|words| !words.is_empty()),
            clock_ahead_milliseconds: Some(peer.clock_ahead).filter(|_| peer.clock_bound > 0),
            clock_bound_milliseconds: Some(peer.clock_bound).filter(|bound| *bound > 0),
            clock_off: peer.clock_off,
            contact: peer.last_contact,
        }
    }

    fn row(&self) -> [String; 7] {
        [
            self.name.clone(),
            label::of::<wire::PeerState>(&self.state),
            if self.connected { "yes" } else { "no" }.to_owned(),
            if self.contact == 0 { "never".to_owned() } else { moment::local(self.contact) },
            waiting(self.queued, self.oldest_queued_seconds),
            self.clock(),
            self.difficulty.clone().unwrap_or_default(),
        ]
    }

    /// How far its clock is from the node's, where that is too far. [TIM-40]
    fn clock(&self) -> String {
        let Some(ahead) = self.clock_ahead_milliseconds.filter(|_| self.clock_off) else { return String::new() };
        let by = Span(ahead.unsigned_abs() / 1000);
        format!("OFF: {by} {} ours", if ahead > 0 { "ahead of" } else { "behind" })
    }

    fn describe(&self, page: &mut Page) {
        page.pair("name", &self.name);
        page.pair("organisation", self.organisation.as_deref().unwrap_or_default());
        page.pair("state", label::of::<wire::PeerState>(&self.state));
        page.pair("safety number", self.safety_number.as_deref().unwrap_or_default());
        page.pair("endpoints", self.endpoints.join(", "));
    }
}
