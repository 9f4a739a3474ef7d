//! A prepared key record is signed: by the organisation key, or by one after the other of those who replace a lost one.
//!
//! Guarantees that who signs is shown what changes, and asked, that a key that is not asked signs nothing, and that no network
//! is needed. Leaves to people that the records before are those of their organisation.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use uput_core::key::{Missing, Proposal, SigningKey};
use uput_core::keyfile::Holds;
use uput_core::rejection::Rejection;

use super::{changes, parse, written};
use crate::args::Options;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::organisation_key;
use crate::output::{self, Answer, Page};
use crate::prompt;
use crate::reading::{self, LARGEST_RECORDS};

/// Which file, and which key.
#[derive(Args)]
#[command(after_help = "Examples:
  uput key sign stick/keys.uput --organisation-key stick/organisation.key --to stick/signed.uput
  uput key sign stick/keys.uput --recovery-key home/recovery.key")]
pub(crate) struct SignArgs {
    /// The prepared record
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Key file of the organisation, old or new
    #[arg(long, value_name = "FILE", required_unless_present = "recovery_key", conflicts_with = "recovery_key")]
    organisation_key: Option<PathBuf>,
    /// Key file of one of those who may together replace a lost organisation key
    #[arg(long, value_name = "FILE")]
    recovery_key: Option<PathBuf>,
    /// File with its passphrase; left out: it is asked for
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// File to write; left out: the signature goes into the file itself
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Whose signatures are missing, as programs read it.
#[derive(Serialize)]
pub(super) struct Lacking {
    organisation: bool,
    replaced: bool,
    recovery: Option<u32>,
}

impl Lacking {
    pub(super) fn of(proposal: &Proposal) -> Self {
        let missing = proposal.missing();
        Self {
            organisation: missing.is_some_and(|missing| missing.organisation),
            replaced: missing.is_some_and(|missing| missing.approval.is_some()),
            recovery: missing.and_then(|missing| missing.approval.flatten()),
        }
    }
}

impl SignArgs {
    /// [CLI-110] [CLI-111]
    pub(super) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let key = self.key(options)?;
        let mut proposal = parse(&reading::bytes(&self.file, LARGEST_RECORDS)?)?;
        if !proposal.asks(key.public()) {
            return Err(Failure::new(Exit::Failed, "WRONG_SIGNERS", "this key is not asked to sign that record")
                .because("it is none of those that the records in the file name, or another one has signed in its place; nothing was signed")
                .next("give a key file of the organisation whose node prepared the record"));
        }
        output::note(options, &format!("organisation {}", proposal.record().organisation()));
        changes(&proposal).iter().for_each(|change| output::note(options, change));
        prompt::confirm(options, "From now on these keys speak for the organisation. Sign?")?;
        let target = match &self.to {
            Some(to) => Target::file(to).claim()?,
            // [CLI-119] Whoever comes next signs the same file.
            None => Target::file(&self.file).claim_anew()?,
        };
        proposal.sign(&key).map_err(not_signed)?;
        target.write(&proposal.to_bytes())?;
        let to = self.to.unwrap_or(self.file);
        let mut page = Page::default();
        page.pair("signed", proposal.record().id().to_string());
        page.pair("written to", to.display().to_string());
        let missing = missing(&proposal);
        missing.iter().for_each(|missing| page.line(missing));
        if missing.is_empty() {
            page.line("Next: `uput key install` on the node.");
        }
        Answer::new(&written(&proposal, &to), page)
    }

    fn key(&self, options: &Options) -> Result<SigningKey, Failure> {
        let passphrase = self.passphrase_file.as_deref();
        match (&self.organisation_key, &self.recovery_key) {
            (_, Some(path)) => organisation_key::open(path, Holds::Recovery, passphrase, options),
            (Some(path), None) => organisation_key::open(path, Holds::Organisation, passphrase, options),
            (None, None) => {
                Err(Failure::usage("no key is named", "give --organisation-key FILE or --recovery-key FILE"))
            }
        }
    }
}

/// Whose signatures are missing, a sentence each. [CLI-119]
pub(super) fn missing(proposal: &Proposal) -> Vec<String> {
    let Some(Missing { organisation, approval }) = proposal.missing() else { return Vec::new() };
    let mut all = Vec::new();
    if organisation {
        all.push("It lacks the signature of the organisation key that it names.".to_owned());
    }
    match approval {
        None => {}
        Some(None) => all.push("It lacks the signature of the organisation key that it replaces.".to_owned()),
        Some(Some(left)) => all.push(format!(
            "It lacks the signature of the organisation key that it replaces, or of {left} more of the recovery set."
        )),
    }
    all
}

fn not_signed(rejection: Rejection) -> Failure {
    Failure::new(Exit::Failed, rejection.code(), "it was not signed").because(rejection.to_string())
}
