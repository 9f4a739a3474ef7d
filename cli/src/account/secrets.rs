//! What a person types and nobody else may see: code, password, second factor.
//!
//! Guarantees that none of it is an argument: it comes from a terminal, not shown, or from a file.

use std::path::Path;

use serde::Deserialize;
use uput_core::sensitive::Sensitive;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::args::Options;
use crate::base32;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::prompt;
use crate::reading;
use crate::request::random;

/// Bytes of a new second factor: as many as SHA-1 gives.
const FACTOR: usize = 20;

/// What a file of secrets says, each where it is needed.
#[derive(Default, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The code with which one enrols.
    #[serde(default)]
    pub(crate) code: String,
    /// Account ID or name.
    #[serde(default)]
    pub(crate) account: String,
    /// The password, or the one until now.
    #[serde(default)]
    pub(crate) password: String,
    /// What the second factor shows now.
    #[serde(default)]
    pub(crate) second_factor_code: String,
    /// The password that is to be.
    #[serde(default)]
    pub(crate) new_password: String,
    /// Secret of the second factor that is to be, in base 32.
    #[serde(default)]
    pub(crate) new_second_factor: String,
    /// What that shows now.
    #[serde(default)]
    pub(crate) new_second_factor_code: String,
}

/// A second factor that is to be.
#[derive(Default)]
pub(crate) struct NewFactor {
    /// Its secret; empty: none.
    pub(crate) secret: Sensitive<Vec<u8>>,
    /// What it shows now.
    pub(crate) code: Sensitive<String>,
}

impl Secrets {
    /// From a file, or `-` for standard input.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = reading::text(path)?;
        // The parser's own sentence is not shown: it may quote a secret.
        toml::from_str(text.expose()).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.expose().get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            Failure::new(Exit::Failed, "BAD_SOURCE", format!("the file of secrets does not read: line {line}"))
                .because("it has lines such as: password = \"...\"")
                .next("see `uput help account enrol` for which")
        })
    }

    /// From the file, or from the person at the terminal.
    pub(crate) fn of(
        file: Option<&Path>,
        options: &Options,
        ask: impl FnOnce() -> Result<Self, Failure>,
    ) -> Result<Self, Failure> {
        match file {
            Some(path) => Self::read(path),
            None if prompt::possible(options) => ask(),
            None => Err(Failure::usage("nobody can be asked here", "give --secrets FILE, or - for standard input")),
        }
    }

    /// The second factor that is to be, as the file says.
    pub(crate) fn factor(&self) -> Result<NewFactor, Failure> {
        let secret = base32::decode(&self.new_second_factor);
        let secret =
            secret.ok_or_else(|| Failure::usage("the second factor is no base 32", "copy it as it was shown"))?;
        Ok(NewFactor { secret, code: Sensitive::new(self.new_second_factor_code.clone()) })
    }
}

/// Asks for a password, twice.
pub(crate) fn new_password() -> Result<String, Failure> {
    let (once, again) = (prompt::secret("new password, 12 letters or more: ")?, prompt::secret("the same again: ")?);
    // Compared, then sent to one's own node.
    if once.expose() != again.expose() {
        return Err(Failure::usage("the two are not the same", "try again"));
    }
    Ok(once.expose().clone())
}

/// Draws a second factor and shows it once, to be put into an authenticator; gives it in base 32, with what it shows.
pub(crate) fn new_factor() -> Result<(String, String), Failure> {
    let secret = base32::encode(&random::<FACTOR>()?);
    // Exposed to the person whose it is, on their terminal.
    let question = format!(
        "Put this into your authenticator:\n  {0}\n  otpauth://totp/uput?secret={0}&issuer=uput\nsix digits that it shows: ",
        secret.expose()
    );
    let shown = prompt::line(&question)?;
    Ok((secret.expose().clone(), shown.expose().clone()))
}
