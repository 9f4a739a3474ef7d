//! Evidence against a log, written out of a node.
//!
//! Guarantees that only what verifies is written, under names that follow from what is in it. [LOG-95] [CLI-92] [CLI-93]

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::json;
use uput_core::id::Id;
use uput_core::log::Contradiction;
use uput_core::wire;

use super::verify::word;
use crate::access::Node;
use crate::args::Options;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;
use crate::output::{Answer, Page};
use crate::refusal;
use crate::request::hex;

/// Which, and where to.
#[derive(Args)]
#[command(after_help = "Examples:
  uput log evidence --to evidence
  uput log evidence --peer ministry --to evidence")]
pub(crate) struct EvidenceArgs {
    /// Whose log: name of the peer, or an OrgId; left out: everybody's
    #[arg(long, value_name = "PEER")]
    peer: Option<String>,
    /// Folder to write into; it must be there
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

impl EvidenceArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let request = wire::ListEvidenceRequest { peer: self.peer.unwrap_or_default() };
        let kept = node.logs().list_evidence(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let mut written = Vec::new();
        for piece in &kept.evidence {
            written.push(Written::of(piece, &self.to)?);
        }
        let mut page = Page::default();
        match written.is_empty() {
            true => page.line("Nothing is kept of a log that contradicts itself."),
            false => page.table(["LOG OF", "KIND", "FOUND", "FILE"], written.iter().map(Written::row)),
        }
        Answer::new(&json!({ "evidence": written }), page)
    }
}

/// A piece that was written, as programs read it.
#[derive(Serialize)]
struct Written {
    name: String,
    organisation: String,
    kind: &'static str,
    time: Option<String>,
    file: String,
    #[serde(skip)]
    when: u64,
}

impl Written {
    /// Under a name that follows from what is in it, and says neither who nor which organisation. [CLI-52] [CLI-93]
    fn of(piece: &wire::LogEvidence, folder: &Path) -> Result<Self, Failure> {
        let (found, _) = Contradiction::verify(&piece.file).map_err(|rejection| {
            Failure::new(Exit::Failed, rejection.code(), "what the node keeps is no evidence against a log")
        })?;
        let name: String = hex(Id::of(&piece.file).as_bytes()).chars().take(16).collect();
        let file = folder.join(format!("{name}.uput"));
        // The name says what is in it: what is there already is not written again.
        if std::fs::read(&file).is_ok_and(|there| there == piece.file) {
            return Ok(Self::at(piece, &found, &file));
        }
        Target::file(&file).write(&piece.file)?;
        Ok(Self::at(piece, &found, &file))
    }

    fn at(piece: &wire::LogEvidence, found: &Contradiction, file: &Path) -> Self {
        Self {
            name: piece.name.clone(),
            organisation: found.organisation().to_string(),
            kind: word(found.kind()),
            time: moment::utc(piece.time),
            file: file.display().to_string(),
            when: piece.time,
        }
    }

    fn row(&self) -> [String; 4] {
        [self.name.clone(), self.kind.replace('_', " "), moment::local(self.when), self.file.clone()]
    }
}
