//! The organisation key: a file that only this program opens, never the node.
//!
//! Guarantees that the passphrase comes from a file or a prompt, and leaves memory after use.

use std::path::{Path, PathBuf};

use clap::Args;
use uput_core::key::SigningKey;
use uput_core::keyfile::{Holds, KeyFile, KeyFileError};
use uput_core::rejection::Rejection;
use uput_core::sensitive::Sensitive;

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::prompt;
use crate::reading;

/// Where the organisation key lies.
#[derive(Args)]
pub(crate) struct OrganisationKeyArgs {
    /// Key file of the organisation, perhaps on a stick
    #[arg(long, value_name = "FILE")]
    organisation_key: PathBuf,
    /// File with its passphrase; left out: it is asked for
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl OrganisationKeyArgs {
    /// Opens the key. [CLI-41]
    pub(crate) fn open(&self, options: &Options) -> Result<SigningKey, Failure> {
        open(&self.organisation_key, Holds::Organisation, self.passphrase_file.as_deref(), options)
    }
}

/// Opens the file of an organisation key, or of one of those who may replace it. [CLI-41] [CLI-119]
pub(crate) fn open(
    path: &Path,
    holds: Holds,
    passphrase_file: Option<&Path>,
    options: &Options,
) -> Result<SigningKey, Failure> {
    let text = reading::text(path)?;
    // Exposed to be parsed; the parser's errors name line and rule, never the secret.
    let file = KeyFile::parse(text.expose()).map_err(refused)?;
    let words = if file.is_locked() { passphrase(passphrase_file, options)? } else { None };
    let words = words.as_ref().map(|words| words.expose().as_str());
    let opened = match holds {
        Holds::Recovery => file.open_recovery_key(words),
        _ => file.open_organisation_key(words),
    };
    opened.map_err(refused)
}

fn passphrase(file: Option<&Path>, options: &Options) -> Result<Option<Sensitive<String>>, Failure> {
    match file {
        Some(path) => {
            let text = reading::text(path)?;
            // The first line, as `uputd init` reads it.
            Ok(Some(Sensitive::new(text.expose().lines().next().unwrap_or_default().to_owned())))
        }
        None if prompt::possible(options) => prompt::secret("passphrase of the key: ").map(Some),
        None => Ok(None),
    }
}

fn refused(error: KeyFileError) -> Failure {
    let rejection = error.rejection();
    let exit = match rejection {
        Rejection::KeyLocked | Rejection::WrongPassphrase => Exit::NotAuthenticated,
        _ => Exit::Failed,
    };
    let next = match rejection {
        Rejection::KeyLocked => "give the passphrase at the prompt, or --passphrase-file FILE",
        Rejection::WrongPassphrase => "try again; after a change of keyboard, type it where it can be seen",
        _ => "name the organisation's key file, as `uputd init` wrote it",
    };
    Failure::new(exit, rejection.code(), "the organisation key was not opened").because(error.to_string()).next(next)
}
