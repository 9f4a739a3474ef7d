//! The log of this node: how it stands, and who cosigns it.

mod evidence;
mod verify;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::wire;

use self::evidence::EvidenceArgs;
use self::verify::VerifyArgs;
use crate::access::Node;
use crate::args::Options;
use crate::failure::Failure;
use crate::moment;
use crate::output::{Answer, Page};
use crate::refusal;
use crate::request::hex;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum LogCommand {
    /// Show how the log stands, who cosigns it, and whose logs are cosigned here
    #[command(after_help = "Examples:
  uput log status
  uput log status --json | jq '.witnesses[] | select(.behind_ticks > 6) | .name'")]
    Status,
    /// Ask a peer to cosign the log from now on
    Witness(WitnessArgs),
    /// Write what this node keeps of logs that contradict themselves, one file a piece
    Evidence(EvidenceArgs),
    /// Verify such a file offline, by a trust file alone
    Verify(VerifyArgs),
}

/// Who.
#[derive(Args)]
#[command(after_help = "Examples:
  uput log witness ministry
  uput log witness ministry --remove")]
pub(crate) struct WitnessArgs {
    /// Name of the peer, or its OrgId
    peer: String,
    /// Ask it no more
    #[arg(long)]
    remove: bool,
}

impl LogCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Status => status(options).await,
            Self::Witness(args) => args.run(options).await,
            Self::Evidence(args) => args.run(options).await,
            Self::Verify(args) => args.run(),
        }
    }
}

async fn status(options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let log = node.logs().get_log(wire::GetLogRequest {}).await.map_err(|status| refusal::of(&status))?.into_inner();
    let witnesses: Vec<Witness> = log.witnesses.iter().map(|witness| Witness::of(witness, log.size)).collect();
    let witnessed: Vec<Witnessed> = log.witnessed.iter().map(Witnessed::of).collect();
    let mut page = Page::default();
    page.pair("first tick", moment::local(log.base_tick.saturating_mul(600)));
    page.pair("closed", format!("{} ticks of ten minutes", log.size));
    page.pair("root", hex(&log.root));
    if log.behind != 0 {
        page.pair("clock", format!("{} ticks beyond the log", log.behind));
    }
    page.pair("evidence", format!("{} pieces against others", log.evidence));
    page.line("");
    match witnesses.is_empty() {
        true => page.line("Nobody cosigns this log: what it shows is our word alone. See `uput log witness --help`."),
        false => {
            page.table(["WITNESS", "COSIGNED", "BEHIND", "WHEN", "DIFFICULTY"], witnesses.iter().map(Witness::row))
        }
    }
    if !witnessed.is_empty() {
        page.line("");
        page.table(["COSIGNED HERE", "TICKS", "WHEN", "BEGAN ANEW"], witnessed.iter().map(Witnessed::row));
    }
    let body = json!({
        "base_tick": log.base_tick,
        "ticks": log.size,
        "root": hex(&log.root),
        "clock_ahead_ticks": log.behind,
        "evidence": log.evidence,
        "witnesses": witnesses,
        "witnessed": witnessed,
    });
    Answer::new(&body, page)
}

impl WitnessArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let mut page = Page::default();
        if self.remove {
            let request = wire::RemoveWitnessRequest { peer: self.peer.clone() };
            node.logs().remove_witness(request).await.map_err(|status| refusal::of(&status))?;
            page.pair("asked no more", &self.peer);
            return Answer::new(&json!({ "witness": null }), page);
        }
        let request = wire::AddWitnessRequest { peer: self.peer };
        let answer = node.logs().add_witness(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let witness = answer.witness.unwrap_or_default();
        page.pair("witness", &witness.name);
        page.pair("asked", "at the end of each tick of ten minutes, while a connection stands");
        Answer::new(&json!({ "witness": Witness::of(&witness, witness.size) }), page)
    }
}

/// Somebody who is asked to cosign, as programs read it.
#[derive(Serialize)]
struct Witness {
    name: String,
    organisation: String,
    ticks: u64,
    behind_ticks: u64,
    time: Option<String>,
    difficulty: Option<String>,
    by_record: bool,
    #[serde(skip)]
    when: u64,
}

impl Witness {
    fn of(witness: &wire::LogWitness, size: u64) -> Self {
        Self {
            name: witness.name.clone(),
            organisation: hex(&witness.organisation),
            ticks: witness.size,
            behind_ticks: size.saturating_sub(witness.size),
            time: moment::utc(witness.time),
            difficulty: Some(witness.difficulty.clone()).filter(|words| !words.is_empty()),
            by_record: witness.by_record,
            when: witness.time,
        }
    }

    fn row(&self) -> [String; 5] {
        [
            self.name.clone(),
            self.ticks.to_string(),
            self.behind_ticks.to_string(),
            if self.when == 0 { "never".to_owned() } else { moment::local(self.when) },
            self.difficulty.clone().unwrap_or_default(),
        ]
    }
}

/// A log that is cosigned here, as programs read it.
#[derive(Serialize)]
struct Witnessed {
    name: String,
    organisation: String,
    ticks: u64,
    time: Option<String>,
    began_anew: u32,
    #[serde(skip)]
    when: u64,
}

impl Witnessed {
    fn of(log: &wire::WitnessedLog) -> Self {
        Self {
            name: log.name.clone(),
            organisation: hex(&log.organisation),
            ticks: log.size,
            time: moment::utc(log.time),
            began_anew: log.broken,
            when: log.time,
        }
    }

    fn row(&self) -> [String; 4] {
        let began_anew = match self.began_anew {
            0 => String::new(),
            1 => "once, after a loss".to_owned(),
            times => format!("{times} times, after losses"),
        };
        [self.name.clone(), self.ticks.to_string(), moment::local(self.when), began_anew]
    }
}
