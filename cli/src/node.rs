//! One's own node: to make it, and to see how it is.

mod folder;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::{Args, Subcommand};
use serde::Serialize;
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::code::word_of;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::refusal;
use crate::request::hex;

/// What to do with it.
#[derive(Subcommand)]
pub(crate) enum NodeCommand {
    /// Make a node and the organisation's keys; runs `uputd init`
    Init(InitArgs),
    /// Show how the node is
    #[command(after_help = "Examples:
  uput node status --node ./our-node
  uput node status --json | jq .queued")]
    Status,
    /// Write the organisation's key records to a file, for an auditor
    Keys(KeysArgs),
    /// Check the node, and say what to do; if it does not answer, look at its folder
    #[command(after_help = "Examples:
  uput node doctor --node ./our-node
  uput node doctor --node ./our-node --json | jq .checks")]
    Doctor,
}

/// What is handed on to `uputd init`, which checks it.
#[derive(Args)]
#[command(after_help = "Examples:
  uput node init --dir ./our-node --organisation-key stick/organisation.key --zone Europe/Belgrade
  uput node init --dir ./our-node --organisation-key stick/organisation.key --passphrase-file passphrase --peer 0.0.0.0:7420 --endpoint node.shelter.example:7420")]
pub(crate) struct InitArgs {
    /// Folder of the node: empty, or not there yet
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Where the organisation key goes: a file that is not there yet, best on a stick
    #[arg(long, value_name = "FILE")]
    organisation_key: PathBuf,
    /// File whose first line is the passphrase that shall lock the organisation key
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Address and port for peers; without it the node only dials out
    #[arg(long, value_name = "ADDR:PORT")]
    peer: Option<OsString>,
    /// Where peers reach it from outside; up to four times
    #[arg(long, value_name = "HOST:PORT")]
    endpoint: Vec<OsString>,
    /// Loopback address and port for own people and programs
    #[arg(long, value_name = "ADDR:PORT")]
    api: Option<OsString>,
    /// Days after which the key record warns
    #[arg(long, value_name = "DAYS")]
    valid_days: Option<u32>,
    /// Time zone in which your people live, such as Europe/Belgrade; without it no hour is one at which she can be reached
    /// safely
    #[arg(long, value_name = "ZONE")]
    zone: Option<OsString>,
    /// Public key of somebody who may help to replace a lost organisation key, as `uput key create recovery` shows it; up
    /// to sixteen times
    #[arg(long, value_name = "PUBLIC-KEY", requires = "threshold")]
    recovery: Vec<OsString>,
    /// How many of them it takes
    #[arg(long, value_name = "NUMBER", requires = "recovery")]
    threshold: Option<u32>,
}

/// Where to.
#[derive(Args)]
#[command(after_help = "Examples:
  uput node keys --to our-keys.bin")]
pub(crate) struct KeysArgs {
    /// File to write, `-` for standard output; left out: a new name that says nothing, in this folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl NodeCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Init(args) => args.run(),
            Self::Status => status(options).await,
            Self::Keys(args) => {
                let target = Target::of(args.to.as_deref(), options)?;
                let node = ask(&Node::connect(options).await?).await?;
                write_keys(&target, &node.organisation, &node.key_chain)
            }
            Self::Doctor => doctor(options).await,
        }
    }
}

/// Asks the node how it is.
pub(crate) async fn ask(node: &Node) -> Result<wire::GetNodeResponse, Failure> {
    let answer = node.node().get_node(wire::GetNodeRequest {}).await.map_err(|status| refusal::of(&status))?;
    Ok(answer.into_inner())
}

/// Writes the key records of an organisation.
pub(crate) fn write_keys(target: &Target, organisation: &[u8], key_chain: &[u8]) -> Result<Answer, Failure> {
    target.write(key_chain)?;
    let mut page = Page::default();
    if !target.is_stdout() {
        page.pair("organisation", hex(organisation));
        page.pair("written to", target.name());
    }
    Answer::new(&serde_json::json!({ "organisation": hex(organisation), "file": target.name() }), page)
}

impl InitArgs {
    fn run(&self) -> Result<Answer, Failure> {
        let program = sibling()?;
        // [CLI-30] Questions and errors of uputd are its own, on standard error; its one line of data comes to us.
        let ended = Command::new(&program)
            .arg("init")
            .args(self.arguments())
            .stdin(Stdio::inherit())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| {
                Failure::file("run", &program, &error).next("install uputd in the folder in which uput lies")
            })?;
        let said = String::from_utf8_lossy(&ended.stdout);
        match ended.status.code() {
            Some(0) => founded(&said),
            Some(2) => Err(Failure::usage("uputd init does not understand its arguments", "see `uput help node init`")),
            _ => {
                Err(Failure::new(Exit::Failed, "INIT_FAILED", "no node was made").because("uputd init says why above"))
            }
        }
    }
}

impl InitArgs {
    fn arguments(&self) -> Vec<OsString> {
        let days = self.valid_days.map(|days| days.to_string().into());
        let given = [
            ("--dir", Some(self.dir.clone().into())),
            ("--organisation-key", Some(self.organisation_key.clone().into())),
            ("--passphrase-file", self.passphrase_file.clone().map(Into::into)),
            ("--peer", self.peer.clone()),
            ("--api", self.api.clone()),
            ("--valid-days", days),
            ("--zone", self.zone.clone()),
            ("--threshold", self.threshold.map(|number| number.to_string().into())),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let endpoints = self.endpoint.iter().map(|endpoint| ("--endpoint", endpoint.clone()));
        let recovery = self.recovery.iter().map(|key| ("--recovery", key.clone()));
        given.chain(endpoints).chain(recovery).flat_map(|(name, value)| [name.into(), value]).collect()
    }
}

/// Reads `organisation=ID config=FILE`.
fn founded(said: &str) -> Result<Answer, Failure> {
    let line = said.trim_end().strip_prefix("organisation=").and_then(|line| line.split_once(" config="));
    let mut page = Page::default();
    if let Some((organisation, config)) = line {
        page.pair("organisation", organisation);
        page.pair("configuration", config);
        page.pair("start it", format!("uputd --config {config}"));
        page.line(
            "It has one account, the administrator's, which sees no trail. Then make others: uput account create",
        );
    }
    let (organisation, config) = line.unzip();
    Answer::new(&serde_json::json!({ "organisation": organisation, "configuration": config }), page)
}

fn sibling() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(|error| Failure::file("find", "uput".as_ref(), &error))?;
    Ok(own.with_file_name(format!("uputd{}", std::env::consts::EXE_SUFFIX)))
}

#[derive(Serialize)]
struct Status {
    organisation: String,
    version: String,
    key_record: String,
    incarnation: u32,
    peer_address: Option<String>,
    trails: u64,
    queued: u64,
    oldest_queued_seconds: u64,
    time: Option<String>,
    clock_difference_seconds: u64,
    zone: Option<String>,
}

/// The word for what must be done now.
const ERROR: &str = "error";

#[derive(Serialize)]
struct Checked {
    name: String,
    level: String,
    /// What is wrong, for programs; none: the node's own checks have none, and what is in order neither.
    reason: Option<String>,
    finding: String,
    remedy: String,
}

async fn status(options: &Options) -> Result<Answer, Failure> {
    let node = ask(&Node::connect(options).await?).await?;
    let status = Status {
        organisation: hex(&node.organisation),
        version: node.version,
        key_record: hex(&node.key_record),
        incarnation: node.incarnation,
        peer_address: Some(node.peer_address).filter(|address| !address.is_empty()),
        trails: node.trails,
        queued: node.queued,
        oldest_queued_seconds: node.oldest_queued_seconds,
        time: moment::utc(node.time),
        clock_difference_seconds: node.time.abs_diff(moment::now()),
        zone: Some(node.zone).filter(|zone| !zone.is_empty()),
    };
    let mut page = Page::default();
    page.pair("organisation", &status.organisation);
    page.pair("version", &status.version);
    page.pair("key record", &status.key_record);
    page.pair("incarnation", status.incarnation.to_string());
    page.pair("peers reach it", status.peer_address.as_deref().unwrap_or("not at all; it dials out"));
    page.pair("trails", status.trails.to_string());
    page.pair("letters waiting", waiting(status.queued, status.oldest_queued_seconds));
    page.pair("its clock", moment::local(node.time));
    page.pair("its people live by", status.zone.as_deref().unwrap_or("a clock that nobody named"));
    Answer::new(&status, page)
}

/// How many letters wait, and how long the oldest has.
pub(crate) fn waiting(queued: u64, oldest: u64) -> String {
    if queued == 0 { "none".to_owned() } else { format!("{queued}, the oldest for {}", uput_core::time::Span(oldest)) }
}

async fn doctor(options: &Options) -> Result<Answer, Failure> {
    let checks: Vec<Checked> = match look(options).await {
        Ok(node) => node.checks.into_iter().map(checked).collect(),
        Err(failure) => folder::look(options, failure)?,
    };
    let mut page = Page::default();
    for check in &checks {
        let level = label::of::<wire::CheckLevel>(&check.level);
        page.line(format!("{level:<8} {}: {}", check.name, check.finding));
        if !check.remedy.is_empty() {
            page.line(format!("         do: {}", check.remedy));
        }
    }
    // [CLI-13] [CLI-31] A check that needs something done now makes the command fail, so that a timer can call it.
    let bad = checks.iter().any(|check| check.level == ERROR);
    let exit = if bad { Exit::Failed } else { Exit::Done };
    Answer::ending(exit, &serde_json::json!({ "checks": checks }), page)
}

async fn look(options: &Options) -> Result<wire::GetNodeResponse, Failure> {
    ask(&Node::connect(options).await?).await
}

fn checked(check: wire::Check) -> Checked {
    Checked {
        name: check.name,
        level: word_of::<wire::CheckLevel>(check.level).unwrap_or_default(),
        reason: None,
        finding: check.finding,
        remedy: check.remedy,
    }
}
