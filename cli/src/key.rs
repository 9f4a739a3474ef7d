//! Keys of one's own organisation over time: a record that the node prepares, the organisation key signs, the node takes.
//!
//! Guarantees that who signs is shown what changes, and asked, and that signing needs no network. Leaves to the node that the
//! record is its own, and what becomes of the old keys.

mod create;
mod record;
mod sign;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::id::{KeyId, OrgId};
use uput_core::key::{Proposal, PublicKey};
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;
use crate::output::{Answer, Page};
use crate::reading::{self, LARGEST_RECORDS};
use crate::refusal;
use crate::request::hex;
use crate::trust::evidence;
use create::CreateArgs;
use record::Record;
use sign::SignArgs;

const DAY: u64 = 86_400;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Show which key record counts, and which old sealing keys still open letters
    #[command(after_help = "Examples:
  uput key status
  uput key status --json | jq '.retired[].until'")]
    Status,
    /// Have the node draw new keys, and write the key record that the organisation key shall sign
    Prepare(PrepareArgs),
    /// Make a new organisation key, or a key of the recovery set; needs no node and no network
    Create(CreateArgs),
    /// Sign a prepared key record with the organisation key or a recovery key; needs no node and no network
    Sign(SignArgs),
    /// Put a signed key record into the running node
    Install(InstallArgs),
}

/// What the record says that the one before does not.
#[derive(Args)]
#[command(after_help = "Examples:
  uput key prepare --all --to stick/keys.uput
  uput key prepare --all --witness ministry --witness clinic --to stick/keys.uput
  uput key prepare --endpoint node.shelter.example:7420 --to stick/keys.uput
  uput key prepare --recovery KEY1 --recovery KEY2 --recovery KEY3 --threshold 2 --to stick/keys.uput
  uput key prepare --new-organisation-key KEY --to stick/keys.uput
  uput key prepare --door --to stick/keys.uput
  uput key prepare --stolen --to stick/keys.uput")]
pub(crate) struct PrepareArgs {
    /// New signing key, TLS key and sealing key
    #[arg(long)]
    all: bool,
    /// A new signing key
    #[arg(long)]
    signing: bool,
    /// A new TLS key
    #[arg(long)]
    tls: bool,
    /// A new sealing key
    #[arg(long)]
    sealing: bool,
    /// Peers that cosign the log, in place of those before: name or OrgId, up to sixteen times
    #[arg(long, value_name = "PEER", conflicts_with = "no_witnesses")]
    witness: Vec<String>,
    /// Nobody cosigns the log any more
    #[arg(long)]
    no_witnesses: bool,
    /// "host:port" at which peers reach the node, in place of those before; up to four times
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "no_endpoints")]
    endpoint: Vec<String>,
    /// The node only dials out from now on
    #[arg(long)]
    no_endpoints: bool,
    /// Public key of another organisation key, as `key create organisation` shows it; the old one signs, or the recovery set
    #[arg(long, value_name = "PUBLIC-KEY", value_parser = public_key)]
    new_organisation_key: Option<PublicKey>,
    /// Public key of somebody who may help to replace a lost organisation key, as `key create recovery` shows it, in place of
    /// those before; up to sixteen times
    #[arg(long, value_name = "PUBLIC-KEY", value_parser = public_key, requires = "threshold", conflicts_with = "no_recovery")]
    recovery: Vec<PublicKey>,
    /// How many of them it takes
    #[arg(long, value_name = "NUMBER", requires = "recovery")]
    threshold: Option<u32>,
    /// Nobody may replace a lost organisation key any more
    #[arg(long)]
    no_recovery: bool,
    /// The node keeps copies of letters while it waits for its passphrase, and peers see that it is locked
    #[arg(long, conflicts_with = "no_door")]
    door: bool,
    /// Peers see nothing of a node that waits for its passphrase
    #[arg(long)]
    no_door: bool,
    /// The node's keys were stolen: all are replaced, and of what the signing key signed only what stands in the log counts.
    /// With the ID of an older signing key: that one was stolen
    #[arg(long, value_name = "KEY-ID", num_args = 0..=1, value_parser = key_id)]
    stolen: Option<Option<KeyId>>,
    /// Days after which the record warns
    #[arg(long, value_name = "DAYS", default_value_t = 730)]
    valid_days: u32,
    /// File to write
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Which file.
#[derive(Args)]
#[command(after_help = "Examples:
  uput key install stick/signed.uput
  uput key install stick/signed.uput --grace-days 0")]
pub(crate) struct InstallArgs {
    /// The signed record
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Days for which old sealing keys still open letters; 0 after a theft: they are destroyed at once
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    grace_days: u32,
}

impl KeyCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Status => status(options).await,
            Self::Prepare(args) => args.run(options).await,
            Self::Create(args) => args.run(options),
            Self::Sign(args) => args.run(options),
            Self::Install(args) => args.run(options).await,
        }
    }
}

async fn status(options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let keys = node.keys().get_keys(wire::GetKeysRequest {}).await.map_err(|status| refusal::of(&status))?.into_inner();
    let chain = evidence::chain("the node's own key records", &keys.key_chain)?;
    let newest = Record::of(chain.newest());
    let mut page = Page::default();
    newest.describe(&mut page);
    page.pair("prepared", if keys.prepared { "keys of a record that is not installed" } else { "nothing" });
    let retired: Vec<Retired> = keys.retired.iter().map(Retired::of).collect();
    if !retired.is_empty() {
        page.line("");
        page.table(
            ["OLD SEALING KEY", "OPENS LETTERS UNTIL"],
            retired.iter().map(|one| [one.key.clone(), one.shown()]),
        );
    }
    Answer::new(&json!({ "key_record": newest, "retired": retired, "prepared": keys.prepared }), page)
}

impl PrepareArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let target = Target::file(&self.to).claim()?;
        let node = Node::connect(options).await?;
        let request = wire::PrepareKeysRequest {
            new_signing_key: self.all || self.signing,
            new_tls_key: self.all || self.tls,
            new_sealing_key: self.all || self.sealing,
            organisation_key: self.new_organisation_key.map(|key| key.as_bytes().to_vec()).unwrap_or_default(),
            set_endpoints: self.no_endpoints || !self.endpoint.is_empty(),
            endpoints: self.endpoint,
            set_witnesses: self.no_witnesses || !self.witness.is_empty(),
            witnesses: self.witness,
            valid_seconds: u64::from(self.valid_days) * DAY,
            set_recovery: self.no_recovery || self.threshold.is_some(),
            recovery: self.threshold.map(|threshold| recovery_set(threshold, &self.recovery)),
            set_door: self.door || self.no_door,
            door: self.door,
            stolen: self.stolen.is_some(),
            stolen_key: self.stolen.flatten().map(|key| key.to_vec()).unwrap_or_default(),
        };
        let answer = node.keys().prepare_keys(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let proposal = parse(&answer.proposal)?;
        target.write(&answer.proposal)?;
        let mut page = Page::default();
        changes(&proposal).iter().for_each(|change| page.line(change));
        page.pair("written to", self.to.display().to_string());
        sign::missing(&proposal).iter().for_each(|missing| page.line(missing));
        page.line("Nothing counts before it is signed and installed: `uput key sign`, then `uput key install`.");
        Answer::new(&written(&proposal, &self.to), page)
    }
}

impl InstallArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let proposal = reading::bytes(&self.file, LARGEST_RECORDS)?;
        let shown = parse(&proposal)?;
        let node = Node::connect(options).await?;
        let request = wire::InstallKeysRequest { proposal, grace_seconds: u64::from(self.grace_days) * DAY };
        // [CLI-112]
        let answer = node.keys().install_keys(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let mut page = Page::default();
        page.pair("key record", format!("number {}", answer.number));
        page.pair("its ID", hex(&answer.key_record));
        changes(&shown).iter().for_each(|change| page.line(change));
        match answer.until {
            0 => page.line("No older sealing key is kept."),
            until => page.pair("older sealing keys", format!("open letters until {}", moment::local(until))),
        }
        page.line("Peers learn it when they are next connected; whoever verifies trails of yours gets it from `uput node keys`.");
        let body = json!({
            "key_record": hex(&answer.key_record),
            "number": answer.number,
            "old_keys_until": moment::utc(answer.until),
        });
        Answer::new(&body, page)
    }
}

fn parse(bytes: &[u8]) -> Result<Proposal, Failure> {
    Proposal::parse(bytes).map_err(|rejection| {
        Failure::new(Exit::Failed, rejection.code(), "this is no key record that could be signed")
            .because(rejection.to_string())
            .next("prepare one with `uput key prepare`")
    })
}

fn written(proposal: &Proposal, file: &std::path::Path) -> serde_json::Value {
    json!({
        "organisation": proposal.record().organisation().to_string(),
        "key_record": Record::of(proposal.record()),
        "before": Record::of(proposal.before().newest()),
        "missing": sign::Lacking::of(proposal),
        "file": file.display().to_string(),
    })
}

/// What the record says that the one before does not, a sentence each. [CLI-110]
fn changes(proposal: &Proposal) -> Vec<String> {
    let (old, new) = (proposal.before().newest(), proposal.record());
    let key = |what: &str, changed: bool, id: String| {
        if changed { format!("{what} becomes {id}") } else { format!("{what} stays {id}") }
    };
    let mut all = vec![
        format!("key record number {}, made {}", new.number(), moment::local(new.time().get())),
        key(
            "the organisation key",
            old.organisation_key() != new.organisation_key(),
            new.organisation_key().id().to_string(),
        ),
        key("the signing key", old.signing_key() != new.signing_key(), new.signing_key().id().to_string()),
        key("the TLS key", old.tls_key() != new.tls_key(), new.tls_key().id().to_string()),
    ];
    let sealing: Vec<String> = new.sealing_keys().iter().map(|key| key.id().to_string()).collect();
    all.push(key("the sealing key", old.sealing_keys() != new.sealing_keys(), sealing.join(", ")));
    let endpoints: Vec<&str> = new.endpoints().iter().map(|endpoint| endpoint.as_str()).collect();
    all.push(list("peers reach it at", "it only dials out", &endpoints, old.endpoints() != new.endpoints()));
    let witnesses: Vec<String> = new.witnesses().iter().map(OrgId::to_string).collect();
    let witnesses: Vec<&str> = witnesses.iter().map(String::as_str).collect();
    all.push(list("the log is cosigned by", "nobody cosigns the log", &witnesses, old.witnesses() != new.witnesses()));
    all.extend(record::recovery_change(old, new));
    all.extend(record::door_change(old, new));
    all.extend(new.disowned().map(record::theft));
    all.push(format!("it warns from {} on", moment::local(new.end().get())));
    all
}

fn recovery_set(threshold: u32, keys: &[PublicKey]) -> wire::Recovery {
    wire::Recovery { threshold, keys: keys.iter().map(|key| key.as_bytes().to_vec()).collect() }
}

fn key_id(text: &str) -> Result<KeyId, String> {
    KeyId::from_hex(text).map_err(|_| "must be the 64 digits of a key's ID".to_owned())
}

fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::from_hex(text).map_err(|_| "must be the 64 digits of a public key".to_owned())
}

fn list(some: &str, none: &str, items: &[&str], changed: bool) -> String {
    let now = if items.is_empty() { none.to_owned() } else { format!("{some} {}", items.join(", ")) };
    format!("{now}{}", if changed { " from now on" } else { ", as before" })
}

/// A sealing key whose grace runs, as programs read it.
#[derive(Serialize)]
struct Retired {
    key: String,
    until: Option<String>,
    #[serde(skip)]
    end: u64,
}

impl Retired {
    fn of(one: &wire::RetiredSealingKey) -> Self {
        Self { key: hex(&one.key), until: moment::utc(one.until), end: one.until }
    }

    fn shown(&self) -> String {
        moment::local(self.end)
    }
}
