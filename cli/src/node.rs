//! One's own node: to make it, and to see how it is.

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
use crate::moment;
use crate::output::{Answer, Page};
use crate::refusal;
use crate::request::hex;

/// What to do with it.
#[derive(Subcommand)]
pub(crate) enum NodeCommand {
    /// Make a node: runs `uputd init` with what follows
    Init(InitArgs),
    /// Show how the node is
    #[command(after_help = "Examples:
  uput node status --node ./our-node
  uput node status --json | jq .queued")]
    Status,
    /// Write the organisation's key records to a file, for an auditor
    Keys(KeysArgs),
    /// Check the node, and say what to do
    #[command(after_help = "Examples:
  uput node doctor --node ./our-node")]
    Doctor,
}

/// What is handed on to `uputd init`.
#[derive(Args)]
#[command(
    disable_help_flag = true,
    after_help = "Examples:
  uput node init --help"
)]
pub(crate) struct InitArgs {
    /// Arguments of `uputd init`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
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
        // Its questions and its report belong to a person: both go to standard error, so that data stays ours.
        let ended = Command::new(&program)
            .arg("init")
            .args(&self.arguments)
            .stdout(Stdio::from(std::io::stderr()))
            .status()
            .map_err(|error| {
                Failure::file("run", &program, &error).next("install uputd in the folder in which uput lies")
            })?;
        match ended.code() {
            Some(0) => Answer::new(&serde_json::json!({ "program": program.display().to_string() }), Page::default()),
            Some(2) => Err(Failure::usage("uputd init does not understand its arguments", "uputd init --help")),
            _ => {
                Err(Failure::new(Exit::Failed, "INIT_FAILED", "no node was made").because("uputd init says why above"))
            }
        }
    }
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
}

#[derive(Serialize)]
struct Checked {
    name: String,
    level: String,
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
    Answer::new(&status, page)
}

/// How many letters wait, and how long the oldest has.
pub(crate) fn waiting(queued: u64, oldest: u64) -> String {
    if queued == 0 { "none".to_owned() } else { format!("{queued}, the oldest for {}", uput_core::time::Span(oldest)) }
}

async fn doctor(options: &Options) -> Result<Answer, Failure> {
    let node = ask(&Node::connect(options).await?).await?;
    let worst = node.checks.iter().map(|check| check.level).max().unwrap_or_default();
    let checks: Vec<Checked> = node.checks.into_iter().map(checked).collect();
    let mut page = Page::default();
    for check in &checks {
        page.line(format!("{:<8} {}: {}", check.level, check.name, check.finding));
        if !check.remedy.is_empty() {
            page.line(format!("         do: {}", check.remedy));
        }
    }
    // [CLI-31] A check that needs something done now makes the command fail, so that a timer can call it.
    let exit = if worst >= wire::CheckLevel::Error as i32 { Exit::Failed } else { Exit::Done };
    Answer::ending(exit, &serde_json::json!({ "checks": checks }), page)
}

fn checked(check: wire::Check) -> Checked {
    Checked {
        name: check.name,
        level: word_of::<wire::CheckLevel>(check.level).unwrap_or_default(),
        finding: check.finding,
        remedy: check.remedy,
    }
}
