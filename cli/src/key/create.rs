//! A new organisation key, and keys of those who may together replace it.
//!
//! Guarantees that a secret goes into a file that only its owner can read, and that nothing is sent or overwritten. Leaves to
//! people where the files lie: apart from each other.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use uput_core::key::SigningKey;
use uput_core::keyfile::{Cost, Lock, write_organisation_key, write_recovery_key};
use uput_core::sensitive::Sensitive;

use crate::args::Options;
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reading;
use crate::request::{hex, random};

/// What for, and where to.
#[derive(Args)]
#[command(after_help = "Examples:
  uput key create recovery --to stick/recovery.key
  uput key create organisation --to stick/organisation.key --passphrase-file passphrase")]
pub(crate) struct CreateArgs {
    /// What the key is for
    #[arg(value_name = "WHAT")]
    what: What,
    /// File to write
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// File with the passphrase that shall lock it; left out: it is asked for, and may be empty
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// What a key is for.
#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Speaks for the organisation, in place of the one that was lost
    Organisation,
    /// Belongs to one person, who helps to replace a lost organisation key
    Recovery,
}

impl CreateArgs {
    /// [CLI-117]
    pub(super) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let target = Target::file(&self.to).claim()?;
        let key = SigningKey::from_seed(&random()?);
        let passphrase = self.passphrase(options)?;
        let lock = match &passphrase {
            Some(words) => Lock::Passphrase { passphrase: words.expose(), salt: random()?, cost: Cost::DEFAULT },
            None => Lock::Clear,
        };
        let text = match self.what {
            What::Organisation => write_organisation_key(&key, &lock),
            What::Recovery => write_recovery_key(&key, &lock),
        };
        let text = text.map_err(|error| {
            Failure::new(Exit::Failed, error.rejection().code(), "no key was made")
                .because(error.to_string())
                .next("give another passphrase")
        })?;
        // Exposed into the file of whose key it is.
        target.write(text.as_bytes())?;
        let public = hex(key.public().as_bytes());
        let mut page = Page::default();
        page.pair("public key", &public);
        page.pair("written to", self.to.display().to_string());
        page.line(match self.what {
            What::Organisation => "Next: `uput key prepare --new-organisation-key` with this public key.",
            What::Recovery => {
                "Print the file or keep it on a stick, away from the others; give the public key to whoever runs the node."
            }
        });
        Answer::new(&json!({ "public_key": public, "file": self.to.display().to_string() }), page)
    }

    fn passphrase(&self, options: &Options) -> Result<Option<Sensitive<String>>, Failure> {
        match &self.passphrase_file {
            Some(path) => {
                let text = reading::text(path)?;
                Ok(Some(Sensitive::new(text.expose().lines().next().unwrap_or_default().to_owned())))
            }
            None if prompt::possible(options) => {
                let given = prompt::secret("passphrase for the new key; leave it empty for none: ")?;
                Ok(Some(given).filter(|words| !words.expose().is_empty()))
            }
            None => Ok(None),
        }
    }
}
