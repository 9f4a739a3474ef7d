//! Verifying evidence against a log offline.
//!
//! Guarantees that nothing but the named files is read and nothing is asked of anybody. Leaves the proof to the core.
//! [LOG-51] [CLI-92]

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use uput_core::key::KeyChain;
use uput_core::log::{Checkpoint, Contradiction, ContradictionKind};
use uput_core::rejection::Rejection;
use uput_core::trust::{TrustFile, TrustedOrganisation};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::reading;
use crate::request::hex;
use crate::trust;

/// The longest file read, bytes.
const LARGEST: usize = 1 << 20;

/// What to verify, by whose word.
#[derive(Args)]
#[command(after_help = "Examples:
  uput log verify evidence/0c9d2f61a5b47e83.uput --trust trust.toml
  uput log verify evidence/0c9d2f61a5b47e83.uput --trust trust.toml --json | jq -r .kind

Exit codes: 0 the log has contradicted itself, and the file proves it; 10 the file proves nothing: it is malformed, altered, or
both checkpoints can be; 13 the trust file does not name the log's organisation, or the key is none of its records. See
`uput help exit-codes`.")]
pub(crate) struct VerifyArgs {
    /// The file, as `uput log evidence` wrote it; `-` reads standard input
    file: PathBuf,
    /// The trust file; see `uput trust create`
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

impl VerifyArgs {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        let trust = trust::read(&self.trust)?;
        let bytes = reading::at_most(&self.file, LARGEST)?;
        let proven = Contradiction::verify(&bytes).map_err(|rejection| (rejection, rejection.to_string()));
        let proven = proven.and_then(|(found, chain)| Ok((named(&trust, &chain)?, found)));
        match proven {
            Ok((organisation, found)) => self.proven(&organisation.name, &found, &trust.made_by),
            Err((rejection, why)) => unproven(rejection, &why),
        }
    }

    fn proven(&self, name: &str, found: &Contradiction, made_by: &str) -> Result<Answer, Failure> {
        let (first, second) = (found.first(), found.second());
        let mut page = Page::default();
        page.line("THE LOG CONTRADICTS ITSELF (exit code 0)");
        page.line("");
        page.pair("log of", name);
        page.pair("  ID", found.organisation().to_string());
        page.pair("incarnation", first.origin.incarnation.to_string());
        page.pair("kind", word(found.kind()).replace('_', " "));
        for checkpoint in [first, second] {
            page.pair("checkpoint", format!("{} ticks, root {}", checkpoint.size, hex(&checkpoint.root.to_vec())));
            page.pair("  ID", hex(checkpoint.id().as_bytes()));
        }
        page.pair("trust file", format!("{}, made by {made_by}", self.trust.display()));
        page.line("");
        let sentence = words(found.kind(), name);
        page.line(&sentence);
        // [CLI-94]
        page.line(
            "A key that was stolen signs contradictions too: the file shows that the key did it, not who held it.",
        );
        let body = json!({
            "organisation": { "name": name, "id": found.organisation().to_string() },
            "incarnation": first.origin.incarnation,
            "kind": word(found.kind()),
            "checkpoints": [checkpoint(first), checkpoint(second)],
            "rejection": null,
            "sentence": sentence,
        });
        Answer::ending(Exit::Done, &body, page)
    }
}

fn checkpoint(one: &Checkpoint) -> serde_json::Value {
    json!({ "id": hex(one.id().as_bytes()), "ticks": one.size, "root": hex(&one.root.to_vec()) })
}

fn unproven(rejection: Rejection, why: &str) -> Result<Answer, Failure> {
    let exit = if rejection == Rejection::UnknownSigner { Exit::UnknownSigner } else { Exit::NotAuthentic };
    let mut page = Page::default();
    page.line(format!("NOTHING IS PROVEN (exit code {})", exit.code()));
    page.line("");
    page.line(format!("{why} ({})", rejection.code()));
    let body = json!({
        "organisation": null,
        "incarnation": null,
        "kind": null,
        "checkpoints": [],
        "rejection": rejection.code(),
        "sentence": why,
    });
    Answer::ending(exit, &body, page)
}

/// The log's organisation as the trust file names it, if the file's key records hold the one that it demands. [CLI-94]
fn named<'a>(trust: &'a TrustFile, chain: &KeyChain) -> Result<&'a TrustedOrganisation, (Rejection, String)> {
    let stranger = |why: &str| (Rejection::UnknownSigner, why.to_owned());
    let trusted = trust.organisation(&chain.organisation());
    let trusted = trusted.ok_or_else(|| stranger("the trust file does not name the organisation of this log"))?;
    let held = chain.records().chain(chain.twins()).any(|record| record.id() == trusted.minimum);
    let ends = || stranger("the key records of this file end before the one that the trust file demands");
    held.then_some(trusted).ok_or_else(ends)
}

pub(super) const fn word(kind: ContradictionKind) -> &'static str {
    match kind {
        ContradictionKind::SplitView => "split_view",
        ContradictionKind::Rollback => "rollback",
    }
}

fn words(kind: ContradictionKind, name: &str) -> String {
    match kind {
        ContradictionKind::SplitView => {
            format!("The log of {name} was shown with two contents of one size, both signed by its key.")
        }
        ContradictionKind::Rollback => {
            format!("The log of {name} was shown with another beginning than it had before, both signed by its key.")
        }
    }
}
