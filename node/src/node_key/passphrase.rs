//! Where a passphrase, or the whole file of the secrets, comes from.
//!
//! Guarantees that nothing waits for a person where none sits. Leaves to systemd how a credential is kept until then.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::failure;
use crate::exit::{Exit, Failure};
use crate::keyboard;

/// Where systemd puts what it gives to a service.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The credential with the passphrase.
const PASSPHRASE: &str = "uput.passphrase";
/// The credential with the key file itself.
const SECRETS: &str = "uput.node-key";

/// Who may know the passphrase. [RST-1]
#[derive(Clone, Default)]
pub struct Sources {
    /// The file that was named.
    pub file: Option<PathBuf>,
    /// The folder of credentials.
    pub credentials: Option<PathBuf>,
    /// Whether there is a person to ask.
    pub person: bool,
}

impl Sources {
    /// Those of this process.
    #[must_use]
    pub fn here(file: Option<&Path>) -> Self {
        Self {
            file: file.map(Path::to_owned),
            credentials: std::env::var_os(CREDENTIALS).map(PathBuf::from),
            person: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        }
    }

    /// The passphrase: of the file, else of the credential, else of the person, else none. [RST-1]
    ///
    /// # Errors
    /// [`Exit::Key`] for a file that cannot be read or has no first line, and for a person who gives none.
    pub fn passphrase(&self, question: &str) -> Result<Option<Zeroizing<String>>, Failure> {
        match self.file.clone().or_else(|| self.credential(PASSPHRASE)) {
            Some(path) => first_line(&path).map(Some),
            None if self.person => asked(question).map(Some),
            None => Ok(None),
        }
    }

    /// Whether the passphrase is there, so that nobody is waited for.
    #[must_use]
    pub fn has_passphrase(&self) -> bool {
        self.file.clone().or_else(|| self.credential(PASSPHRASE)).is_some_and(|path| is_there(&path))
    }

    /// The file that was named, and is not there yet, or empty. [RST-32]
    #[must_use]
    pub fn awaited(&self) -> Option<&Path> {
        self.file.as_deref().filter(|path| !is_there(path))
    }

    /// A new passphrase, which a person types twice. [RST-2]
    ///
    /// # Errors
    /// [`Exit::Key`], also if both differ or there is none.
    pub fn new_passphrase(&self) -> Result<Zeroizing<String>, Failure> {
        if let Some(path) = &self.file {
            return first_line(path);
        }
        if !self.person {
            let nobody = "nobody can be asked here: give --passphrase-file FILE";
            return Err(Failure::new(Exit::Usage, &nobody));
        }
        let first = asked("new passphrase of the node: ")?;
        if *first == *asked("once more: ")? {
            return Ok(first);
        }
        Err(Failure::new(Exit::Key, &"the two differ; nothing was changed"))
    }

    /// The credential with the secrets. [RST-5]
    pub(super) fn node_key(&self) -> Option<PathBuf> {
        self.credential(SECRETS)
    }

    /// Whether the secrets are given as one. [RST-5]
    pub(crate) fn has_node_key(&self) -> bool {
        self.node_key().is_some()
    }

    fn credential(&self, name: &str) -> Option<PathBuf> {
        self.credentials.as_ref().map(|folder| folder.join(name)).filter(|path| path.exists())
    }
}

/// The first line, without its end.
///
/// # Errors
/// [`Exit::Key`].
pub fn first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| failure(path, &error))?);
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(failure(path, &"its first line must be the passphrase")),
    }
}

fn asked(question: &str) -> Result<Zeroizing<String>, Failure> {
    let nothing = |error| Failure::new(Exit::Key, &format!("no passphrase was given: {error}"));
    keyboard::unseen_line(question).map_err(nothing)
}
/// A shell makes the file before anybody has typed: one that is empty is not there yet.
fn is_there(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() || found.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [RST-32]
    #[test]
    fn an_empty_file_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        let sources = Sources::here(Some(&path));
        assert!(sources.awaited().is_some() && !sources.has_passphrase(), "nothing is there");
        std::fs::write(&path, "").unwrap();
        assert!(sources.awaited().is_some() && !sources.has_passphrase(), "nobody has typed yet");
        std::fs::write(&path, "an invented passphrase\n").unwrap();
        assert!(sources.awaited().is_none() && sources.has_passphrase());
        assert!(
            sources.passphrase("").is_ok_and(|found| found.is_some_and(|words| *words == "an invented passphrase"))
        );
    }
}
