//! A trail as one file that verifies offline.
//!
//! Guarantees that a file that exists is not overwritten, that only its owner can read it, and that the offered name
//! says nothing. Leaves to the node what the bundle holds.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use uput_core::wire::{self, DisclosureScope, Purpose};

use crate::access::Node;
use crate::args::Options;
use crate::code::{self, word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::progress;
use crate::prompt;
use crate::reference::Reference;
use crate::refusal;
use crate::request::{hex, random};

/// Which trail, and how much of it.
#[derive(Args)]
#[command(after_help = "Examples:
  uput trail export 3f9a1c20 --purpose audit
  uput trail export 3f9a1c20 --purpose proceedings --open labels --to stick/document.uput")]
pub(crate) struct ExportArgs {
    /// The trail's ID, or at least its first 8 digits
    trail: Reference,
    /// Why it is exported
    #[arg(long, value_parser = code::parser::<Purpose>())]
    purpose: Purpose,
    /// What the bundle opens
    #[arg(long, value_name = "SCOPE", value_parser = code::parser::<DisclosureScope>(), default_value = "nothing")]
    open: DisclosureScope,
    /// File to write, `-` for standard output; left out: a new name that says nothing, in this folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Random number of the auditor, 64 hexadecimal digits, that both sides' heads must answer
    #[arg(long, value_name = "DIGITS", value_parser = nonce)]
    nonce: Option<Nonce>,
    /// Seconds to wait for the other side's fresh head
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    wait: u32,
}

/// 32 bytes that an auditor chose.
#[derive(Clone)]
pub(crate) struct Nonce(Vec<u8>);

impl ExportArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let target = self.target(options)?;
        if self.open == DisclosureScope::Values {
            prompt::confirm(
                options,
                "The bundle will hold personal data that anyone who has the file can read. Go on?",
            )?;
        }
        let node = Node::connect(options).await?;
        let request = wire::ExportTrailRequest {
            trail: self.trail.trail_id(&node).await?,
            purpose: self.purpose as i32,
            scope: self.open as i32,
            nonce: self.nonce.clone().map(|nonce| nonce.0).unwrap_or_default(),
            wait_seconds: self.wait,
        };
        let trail = hex(&request.trail);
        let spinner = progress::spinner(options, "waiting for the other side's head");
        let answer = node.trails().export_trail(request).await;
        spinner.finish_and_clear();
        let answer = answer.map_err(|status| refusal::of(&status))?.into_inner();
        write(&target, &answer.bundle)?;
        self.report(&trail, &target, answer)
    }

    fn target(&self, options: &Options) -> Result<PathBuf, Failure> {
        match &self.to {
            Some(path) if is_stdout(path) && (options.json || io::stdout().is_terminal()) => {
                Err(Failure::usage("a bundle cannot be written to this standard output", "give --to FILE"))
            }
            Some(path) => Ok(path.clone()),
            None => Ok(PathBuf::from(neutral_name(&random()?))),
        }
    }

    fn report(&self, trail: &str, target: &Path, answer: wire::ExportTrailResponse) -> Result<Answer, Failure> {
        let mut page = Page::default();
        if !is_stdout(target) {
            page.pair("written to", target.display().to_string());
            page.pair("bytes", answer.bundle.len().to_string());
            page.pair("opens", word(self.open));
            page.pair("their head", if answer.fresh_head { "fresh" } else { "not fresh: they did not answer in time" });
        }
        let body = json!({
            "trail": trail, "file": target.display().to_string(), "bytes": answer.bundle.len(),
            "purpose": word(self.purpose), "opens": word(self.open), "fresh_head": answer.fresh_head,
        });
        Answer::new(&body, page)
    }
}

/// A name that says neither who nor which organisation. [CLI-52]
fn neutral_name(random: &[u8; 4]) -> String {
    format!("document-{}.uput", hex(random))
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

fn write(target: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if is_stdout(target) {
        let mut out = io::stdout().lock();
        return out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Failure::file("write", target, &error));
    }
    let mut open = OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let written = open.open(target).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::new(Exit::Failed, "FILE_EXISTS", format!("{} is there already", target.display()))
                .because("no file is overwritten")
                .next("give another name with --to FILE")
        }
        _ => Failure::file("write", target, &error),
    })
}

fn nonce(text: &str) -> Result<Nonce, String> {
    let reference: Reference = text.parse().map_err(|_| "give 64 hexadecimal digits".to_owned())?;
    let bytes = reference.bytes();
    if bytes.len() == 32 { Ok(Nonce(bytes)) } else { Err("give 64 hexadecimal digits".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offered_name_says_nothing() {
        assert_eq!(neutral_name(&[1, 2, 3, 4]), "document-01020304.uput");
    }

    #[test]
    fn a_file_that_exists_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("document.uput");
        write(&target, b"one").unwrap();
        assert_eq!(&*write(&target, b"two").unwrap_err().reason, "FILE_EXISTS");
        assert_eq!(std::fs::read(&target).unwrap(), b"one");
    }
}
