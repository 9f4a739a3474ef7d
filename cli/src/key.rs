//! Keys of one's own organisation over time: a record that the node prepares, the organisation key signs, the node takes.
//!
//! Guarantees that who signs is shown what changes, and asked, and that signing needs no network. Leaves to the node that the
//! record is its own, and what becomes of the old keys.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::id::OrgId;
use uput_core::key::{KeyRecord, Proposal};
use uput_core::rejection::Rejection;
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;
use crate::organisation_key::OrganisationKeyArgs;
use crate::output::{self, Answer, Page};
use crate::prompt;
use crate::reading::{self, LARGEST_RECORDS};
use crate::refusal;
use crate::request::hex;
use crate::trust::evidence;

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
    /// Sign a prepared key record with the organisation key; needs no node and no network
    Sign(SignArgs),
    /// Put a signed key record into the running node
    Install(InstallArgs),
}

/// What the record says that the one before does not.
#[derive(Args)]
#[command(after_help = "Examples:
  uput key prepare --all --to stick/keys.uput
  uput key prepare --all --witness ministry --witness clinic --to stick/keys.uput
  uput key prepare --endpoint node.shelter.example:7420 --to stick/keys.uput")]
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
    /// Days after which the record warns
    #[arg(long, value_name = "DAYS", default_value_t = 730)]
    valid_days: u32,
    /// File to write
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Which file, and which key.
#[derive(Args)]
#[command(after_help = "Examples:
  uput key sign stick/keys.uput --organisation-key stick/organisation.key --to stick/signed.uput")]
pub(crate) struct SignArgs {
    /// The prepared record
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    key: OrganisationKeyArgs,
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
            organisation_key: Vec::new(),
            set_endpoints: self.no_endpoints || !self.endpoint.is_empty(),
            endpoints: self.endpoint,
            set_witnesses: self.no_witnesses || !self.witness.is_empty(),
            witnesses: self.witness,
            valid_seconds: u64::from(self.valid_days) * DAY,
        };
        let answer = node.keys().prepare_keys(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let proposal = parse(&answer.proposal)?;
        target.write(&answer.proposal)?;
        let mut page = Page::default();
        changes(&proposal).iter().for_each(|change| page.line(change));
        page.pair("written to", self.to.display().to_string());
        page.line("Nothing counts before it is signed and installed: `uput key sign`, then `uput key install`.");
        Answer::new(&written(&proposal, &self.to), page)
    }
}

impl SignArgs {
    /// [CLI-110] [CLI-111]
    fn run(self, options: &Options) -> Result<Answer, Failure> {
        let key = self.key.open(options)?;
        let mut proposal = parse(&reading::bytes(&self.file, LARGEST_RECORDS)?)?;
        if proposal.before().newest().organisation_key() != key.public() {
            return Err(Failure::new(
                Exit::Failed,
                "WRONG_SIGNERS",
                "this organisation key does not sign for that organisation",
            )
            .because("the key records in the file name another organisation key; nothing was signed")
            .next("give the key file of the organisation whose node prepared the record"));
        }
        output::note(options, &format!("organisation {}", proposal.record().organisation()));
        changes(&proposal).iter().for_each(|change| output::note(options, change));
        prompt::confirm(options, "From now on these keys speak for the organisation. Sign?")?;
        let target = Target::file(&self.to).claim()?;
        proposal.sign(&key).and_then(|()| proposal.chain()).map_err(not_signed)?;
        target.write(&proposal.to_bytes())?;
        let mut page = Page::default();
        page.pair("signed", proposal.record().id().to_string());
        page.pair("written to", self.to.display().to_string());
        page.line("Next: `uput key install` on the node.");
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

fn not_signed(rejection: Rejection) -> Failure {
    Failure::new(Exit::Failed, rejection.code(), "it was not signed").because(rejection.to_string())
}

fn written(proposal: &Proposal, file: &std::path::Path) -> serde_json::Value {
    json!({
        "organisation": proposal.record().organisation().to_string(),
        "key_record": Record::of(proposal.record()),
        "before": Record::of(proposal.before().newest()),
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
    all.push(format!("it warns from {} on", moment::local(new.end().get())));
    all
}

fn list(some: &str, none: &str, items: &[&str], changed: bool) -> String {
    let now = if items.is_empty() { none.to_owned() } else { format!("{some} {}", items.join(", ")) };
    format!("{now}{}", if changed { " from now on" } else { ", as before" })
}

/// A key record, as programs read it.
#[derive(Serialize)]
struct Record {
    id: String,
    number: u32,
    time: Option<String>,
    end: Option<String>,
    organisation_key: String,
    signing_key: String,
    tls_key: String,
    sealing_keys: Vec<String>,
    endpoints: Vec<String>,
    witnesses: Vec<String>,
    #[serde(skip)]
    ends: u64,
}

impl Record {
    fn of(record: &KeyRecord) -> Self {
        Self {
            id: record.id().to_string(),
            number: record.number(),
            time: moment::utc(record.time().get()),
            end: moment::utc(record.end().get()),
            organisation_key: record.organisation_key().id().to_string(),
            signing_key: record.signing_key().id().to_string(),
            tls_key: record.tls_key().id().to_string(),
            sealing_keys: record.sealing_keys().iter().map(|key| key.id().to_string()).collect(),
            endpoints: record.endpoints().iter().map(ToString::to_string).collect(),
            witnesses: record.witnesses().iter().map(OrgId::to_string).collect(),
            ends: record.end().get(),
        }
    }

    fn describe(&self, page: &mut Page) {
        page.pair("key record", format!("number {}", self.number));
        page.pair("its ID", &self.id);
        page.pair("warns from", moment::local(self.ends));
        page.pair("organisation key", &self.organisation_key);
        page.pair("signing key", &self.signing_key);
        page.pair("TLS key", &self.tls_key);
        page.pair("sealing keys", self.sealing_keys.join(", "));
        page.pair(
            "reached at",
            if self.endpoints.is_empty() { "nowhere: it dials".to_owned() } else { self.endpoints.join(", ") },
        );
        page.pair("witnesses", if self.witnesses.is_empty() { "none".to_owned() } else { self.witnesses.join(", ") });
    }
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
