//! What changed at one's own node.
//!
//! Guarantees that a cursor file is moved on only after what it stands for was printed, so that nothing is left out when
//! this program or the node ends in between. Leaves to the node who is told what.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::{Status, Streaming};
use tonic_types::StatusExt as _;
use uput_core::rejection::Rejection;
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::code::word_of;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{self, Answer, Page};
use crate::reading;
use crate::refusal;
use crate::request::hex;

/// How long nothing may be heard of a node that promised a sign of life every 15 seconds.
const SILENCE: Duration = Duration::from_secs(40);
/// Pauses between attempts to reach the node again, the first and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(15)];
/// A day: until this a watch without an end looks at the clock again.
const LONG: Duration = Duration::from_secs(86_400);

/// What to do.
#[derive(Subcommand)]
pub(crate) enum ChangeCommand {
    /// List what changed since the last time
    List(ListArgs),
    /// Print what changes, as it does; with --json one object a line
    Watch(WatchArgs),
}

/// Since when.
#[derive(Args)]
pub(crate) struct Since {
    /// File that remembers where to go on; without one, or before it is there, from now on
    #[arg(long, value_name = "FILE")]
    cursor_file: Option<PathBuf>,
    /// Where nothing is remembered: from the beginning
    #[arg(long)]
    everything: bool,
}

/// Since when, and how many.
#[derive(Args)]
#[command(after_help = "Examples:
  uput change list --everything
  uput change list --cursor-file seen.cursor --wait 30s
  uput change list --cursor-file seen.cursor --json | jq -r '.changes[].trail'")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    since: Since,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: u32,
    /// If nothing changed, wait so long for it; at most 50 seconds
    #[arg(long, value_name = "SPAN", value_parser = moment::parse_span)]
    wait: Option<u64>,
}

/// Since when, and until when.
#[derive(Args)]
#[command(after_help = "Examples:
  uput change watch
  uput change watch --cursor-file seen.cursor --json
  uput change watch --everything --for 10s")]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    since: Since,
    /// End after so long; left out: watch until it is ended, across restarts of the node
    #[arg(long = "for", value_name = "SPAN", value_parser = moment::parse_span)]
    span: Option<u64>,
}

/// One change, as programs read it.
#[derive(Serialize)]
struct ChangeView {
    kind: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    trail: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    case: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    organisation: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    agreement: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    account: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    team: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    approval: String,
}

impl ChangeCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::List(args) => args.run(options).await,
            Self::Watch(args) => args.run(options).await,
        }
    }
}

impl ListArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let cursor = self.since.read()?;
        let request = wire::ListChangesRequest {
            everything: self.since.everything && cursor.is_empty(),
            cursor,
            page_size: self.limit,
            wait_seconds: self.wait.map_or(0, |seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
        };
        let node = Node::connect(options).await?;
        let answer = node.changes().list_changes(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let mut page = Page::default();
        if answer.changes.is_empty() {
            page.line("Nothing changed.");
        } else {
            page.table(["WHAT", "TRAIL", "CASE", "ABOUT"], answer.changes.iter().map(row));
        }
        if answer.more {
            page.line("There may be more; ask again.");
        }
        let changes: Vec<ChangeView> = answer.changes.iter().map(ChangeView::of).collect();
        self.since.remember(&answer.cursor)?;
        Answer::new(&json!({ "changes": changes, "cursor": hex(&answer.cursor), "more": answer.more }), page)
    }
}

impl WatchArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let until = Instant::now() + self.span.map_or(LONG, Duration::from_secs);
        let mut cursor = self.since.read()?;
        let [first, longest] = PAUSES;
        let mut pause = first;
        loop {
            let ended = match self.open(options, &cursor).await {
                Ok(stream) => {
                    let before = cursor.clone();
                    let ended = self.follow(options, stream, &mut cursor, until).await?;
                    // Whoever was heard is tried soon again.
                    pause = if cursor == before { pause } else { first };
                    ended
                }
                Err(failure) if failure.exit == Exit::Unreachable => None,
                Err(failure) => return Err(failure),
            };
            if let Some(status) = ended.filter(|status| !passes(status)) {
                return Err(refusal::of(&status));
            }
            if self.span.is_some() && Instant::now() + pause >= until {
                return Ok(Answer::said());
            }
            output::note(options, "the node is away; trying again");
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    async fn open(&self, options: &Options, cursor: &[u8]) -> Result<Streaming<wire::WatchResponse>, Failure> {
        let node = Node::connect(options).await?;
        let everything = self.since.everything && cursor.is_empty();
        let request = wire::WatchRequest { cursor: cursor.to_vec(), everything, heartbeat_seconds: 0 };
        let answer = node.changes().watch(request).await.map_err(|status| refusal::of(&status))?;
        Ok(answer.into_inner())
    }

    /// Prints what comes until the stream ends, and says why it did; `None`: the time is over, or nothing was heard.
    async fn follow(
        &self,
        options: &Options,
        mut stream: Streaming<wire::WatchResponse>,
        cursor: &mut Vec<u8>,
        until: Instant,
    ) -> Result<Option<Status>, Failure> {
        loop {
            let end = if self.span.is_some() { until.min(Instant::now() + SILENCE) } else { Instant::now() + SILENCE };
            let message = match timeout_at(end, stream.message()).await {
                Err(_) | Ok(Ok(None)) => return Ok(None),
                Ok(Err(status)) => return Ok(Some(status)),
                Ok(Ok(Some(message))) => message,
            };
            if !message.changes.is_empty() {
                say(options, &message)?;
            }
            self.since.remember(&message.cursor)?;
            *cursor = message.cursor;
        }
    }
}

/// Whether a watch that ended so can go on from its cursor.
fn passes(status: &Status) -> bool {
    match status.get_details_error_info() {
        Some(info) => info.reason == Rejection::TooSlow.code() || info.reason == Rejection::TooMany.code(),
        None => refusal::of(status).exit == Exit::Unreachable,
    }
}

fn say(options: &Options, message: &wire::WatchResponse) -> Result<(), Failure> {
    let changes: Vec<ChangeView> = message.changes.iter().map(ChangeView::of).collect();
    let mut page = Page::default();
    for change in &message.changes {
        page.line(row(change).join("  ").trim_end());
    }
    let body = json!({ "changes": changes, "cursor": hex(&message.cursor) });
    let part =
        Answer::new(&body, page)?.if_lost("start it again with the same --cursor-file: it begins where it stopped");
    output::say(options, "uput.change.watch/v1", &part)
}

impl Since {
    /// What is remembered; empty: nothing.
    fn read(&self) -> Result<Vec<u8>, Failure> {
        let Some(path) = &self.cursor_file else { return Ok(Vec::new()) };
        match reading::text_or_error(path) {
            Ok(text) => from_hex(text.expose().trim()).ok_or_else(|| {
                Failure::new(Exit::Failed, "BAD_SOURCE", format!("{} holds no cursor", path.display()))
                    .next("delete it to begin anew, and read what is there")
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(reading::not_read(path, &error)),
        }
    }

    /// Remembers a cursor: the file holds the old one or the new one, never a part. [CLI-28]
    fn remember(&self, cursor: &[u8]) -> Result<(), Failure> {
        let Some(path) = &self.cursor_file else { return Ok(()) };
        let beside = PathBuf::from(format!("{}.new", path.display()));
        let written = write(&beside, &format!("{}\n", hex(cursor))).and_then(|()| std::fs::rename(&beside, path));
        written.map_err(|error| Failure::file("write", path, &error))
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    open.open(path).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
}

impl ChangeView {
    fn of(change: &wire::Change) -> Self {
        Self {
            kind: word_of::<wire::ChangeKind>(change.kind),
            trail: hex(&change.trail),
            case: hex(&change.case),
            organisation: hex(&change.organisation),
            agreement: hex(&change.agreement),
            account: hex(&change.account),
            team: hex(&change.team),
            approval: hex(&change.approval),
        }
    }
}

fn row(change: &wire::Change) -> [String; 4] {
    let short = |id: &[u8]| hex(id.get(..8).unwrap_or(id));
    let about = [&change.organisation, &change.agreement, &change.account, &change.team, &change.approval];
    let about = about.into_iter().find(|id| !id.is_empty()).map(|id| short(id)).unwrap_or_default();
    let kind = label::of_number::<wire::ChangeKind>(change.kind);
    [format!("{kind:<13}"), short(&change.trail), short(&change.case), about]
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
