//! Staff keys: one's own, those of colleagues, and what is sealed to them.
//!
//! Guarantees that secrets are made, opened and sealed in this program, and that the node gets public halves and sealed bytes.
//! Leaves to the node who may read what.

pub(crate) mod opened;
pub(crate) mod readers;
pub(crate) mod ring;
mod sealing;
mod shares;
mod team;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::key::SealingSecret;
use uput_core::wire::{self, StaffKeyState};

use crate::access::Node;
use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reference::Reference;
use crate::refusal;
use crate::request::{hex, random};
use crate::staff::readers::ReadersArgs;
use crate::staff::ring::KeyArgs;
use crate::staff::sealing::{RequireArgs, SealArgs};
use crate::staff::shares::{GiveArgs, RecoverArgs, ShareArgs};
use crate::staff::team::TeamArgs;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum StaffCommand {
    /// Make your staff key
    Create(CreateArgs),
    /// List the keys of your colleagues and you
    #[command(after_help = "Examples:
  uput staff list
  uput staff list --json | jq '.keys[] | select(.state == \"new\")'")]
    List,
    /// Say that you compared a colleague's key with them
    Confirm(ConfirmArgs),
    /// Split your key among colleagues, who can bring it back together
    Share(ShareArgs),
    /// Give a colleague who lost their key the share that you hold
    Give(GiveArgs),
    /// Bring your lost key back from the shares that colleagues gave
    Recover(RecoverArgs),
    /// Make a key for a team that you are in
    Team(TeamArgs),
    /// Let colleagues open what they should and cannot
    Readers(ReadersArgs),
    /// Seal what comes in a trail from now on to one person, and nobody else
    Seal(SealArgs),
    /// Show what is sealed to staff here
    #[command(after_help = "Examples:
  uput staff sealing
  uput staff sealing --json | jq .staff_only")]
    Sealing,
    /// Seal everything to staff from now on
    Require(RequireArgs),
}

/// How it is kept.
#[derive(Args)]
#[command(after_help = "Examples:
  uput staff create --as worker.toml
  uput staff create --as worker.toml --passphrase-file passphrase.txt")]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    keys: KeyArgs,
}

/// Which.
#[derive(Args)]
#[command(after_help = "Examples:
  uput staff confirm 5b1c09aa2e4d6f8011223344556677ab --yes")]
pub(crate) struct ConfirmArgs {
    /// At least 32 digits of the key's ID, as its owner reads them out to you
    #[arg(value_name = "ID")]
    compared: Reference,
    #[command(flatten)]
    keys: KeyArgs,
}

impl StaffCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Create(args) => args.run(options).await,
            Self::List => list(options).await,
            Self::Confirm(args) => args.run(options).await,
            Self::Share(args) => args.run(options).await,
            Self::Give(args) => args.run(options).await,
            Self::Recover(args) => args.run(options).await,
            Self::Team(args) => args.run(options).await,
            Self::Readers(args) => args.run(options).await,
            Self::Seal(args) => args.run(options).await,
            Self::Sealing => sealing::show(options).await,
            Self::Require(args) => args.run(options).await,
        }
    }
}

impl CreateArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let secret = SealingSecret::from_seed(&random()?);
        // On disk before anything can be sealed to it.
        let file = self.keys.write(&secret, options)?;
        let request = wire::AddStaffKeyRequest { public: secret.public().to_vec() };
        let answer = node.staff().add_staff_key(request).await.map_err(|status| refusal::of(&status))?;
        let key = Known::of(answer.into_inner().key.unwrap_or_default());
        let mut page = Page::default();
        key.describe(&mut page);
        page.pair("written to", &file);
        if key.state == "new" {
            page.line("It counts when a supervisor says that they compared it: read these digits out to them.");
            page.pair("", groups(&key.key));
        }
        page.line("Split it among colleagues, or a lost file is lost values: uput staff share");
        Answer::new(&json!({ "key": key, "file": file }), page)
    }
}

impl ConfirmArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let keys = ring::all(&node).await?;
        let named = keys.iter().find(|key| self.compared.names(&key.key));
        let whose = named.map(|key| key.name.clone()).unwrap_or_default();
        prompt::confirm(options, &format!("Has {whose} read these digits out to you, in person or by telephone?"))?;
        let proof = match named {
            Some(key) => self.keys.own(options)?.proof(&keys, &ring::public_of(key)?.id())?,
            // The node says that there is none.
            None => Vec::new(),
        };
        let request = wire::ConfirmStaffKeyRequest { key: self.compared.bytes(), proof };
        let answer = node.staff().confirm_staff_key(request).await.map_err(|status| refusal::of(&status))?;
        let key = Known::of(answer.into_inner().key.unwrap_or_default());
        let mut page = Page::default();
        key.describe(&mut page);
        Answer::new(&json!({ "key": key }), page)
    }
}

async fn list(options: &Options) -> Result<Answer, Failure> {
    let keys: Vec<Known> = ring::all(&Node::connect(options).await?).await?.into_iter().map(Known::of).collect();
    let mut page = Page::default();
    if keys.is_empty() {
        page.line("Nobody has a staff key yet: uput staff create");
    } else {
        page.table(["KEY", "WHOSE", "COUNTS", "COMES BACK BY", "MADE"], keys.iter().map(Known::row));
    }
    Answer::new(&json!({ "keys": keys }), page)
}

/// A staff key as programs see it.
#[derive(Serialize)]
struct Known {
    key: String,
    name: String,
    team: bool,
    own: bool,
    state: &'static str,
    created: Option<String>,
    confirmed_by: Option<String>,
    needed: u32,
    made: u32,
    #[serde(skip)]
    since: u64,
}

impl Known {
    fn of(key: wire::StaffKey) -> Self {
        let state = match key.state() {
            StaffKeyState::Current => "current",
            StaffKeyState::Replaced => "replaced",
            StaffKeyState::Stale => "stale",
            StaffKeyState::New | StaffKeyState::Unspecified => "new",
        };
        Self {
            key: hex(&key.key),
            // To colleagues, who must know whose key it is.
            name: key.name,
            team: !key.team.is_empty(),
            own: key.own,
            state,
            created: moment::utc(key.created),
            confirmed_by: Some(hex(&key.confirmed_by)).filter(|id| !id.is_empty()),
            needed: key.needed,
            made: key.made,
            since: key.created,
        }
    }

    fn shared(&self) -> String {
        if self.needed == 0 { "nobody".to_owned() } else { format!("{} of {}", self.needed, self.made) }
    }

    fn row(&self) -> [String; 5] {
        let whose = if self.own { format!("{} (you)", self.name) } else { self.name.clone() };
        let short = self.key.get(..8).unwrap_or_default().to_owned();
        let shared = if self.team { String::new() } else { self.shared() };
        [short, whose, self.state.to_owned(), shared, moment::local(self.since)]
    }

    fn describe(&self, page: &mut Page) {
        page.pair("key", &self.key);
        page.pair("whose", &self.name);
        page.pair("counts", self.state);
        if !self.team {
            page.pair("comes back by", self.shared());
        }
    }
}

/// The digits that people compare, four by four.
fn groups(key: &str) -> String {
    let compared: Vec<char> = key.chars().take(32).collect();
    compared.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// There is no key file, or not that of the key that is meant.
fn no_key() -> Failure {
    Failure::new(Exit::Failed, "NO_STAFF_KEY", "the staff key is not here")
        .because("no file beside the access file holds it")
        .next("give --as FILE; make a key: uput staff create")
}

/// A public half that is none, from the node.
fn unsealed() -> Failure {
    Failure::new(Exit::Failed, "MALFORMED", "what the node gave of a staff key cannot be read")
        .next("try again; if it stays so, the node or its disk is damaged: uput node doctor")
}
