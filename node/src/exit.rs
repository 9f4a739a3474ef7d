//! How `uputd` ends: one line on stderr and one number. [API-22]

use std::fmt;

use uput_core::rejection::Rejection;

use crate::config::ConfigError;
use crate::rpc::access::AccessError;
use crate::storage::StorageError;
use crate::tls::TlsError;

/// Why it ended. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Something failed while it ran.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration cannot be used.
    Configuration = 3,
    /// A key is locked, wrong, or cannot be read.
    Key = 4,
    /// An address is in use or not this computer's.
    Address = 5,
    /// The data folder is foreign, newer, damaged, or in use.
    Folder = 6,
}

/// The number and the line.
#[derive(Debug)]
pub struct Failure {
    /// The number.
    pub exit: Exit,
    sentence: String,
}

impl Failure {
    /// Takes the sentence in; line breaks become spaces.
    #[must_use]
    pub fn new(exit: Exit, sentence: &impl ToString) -> Self {
        Self { exit, sentence: sentence.to_string().split_whitespace().collect::<Vec<_>>().join(" ") }
    }
}

impl Failure {
    /// Says what a person deletes before trying again; nothing: as it was.
    #[must_use]
    pub fn leaving(mut self, left: &str) -> Self {
        if !left.is_empty() {
            self.sentence.push_str(&format!("; half of it was made: delete {left} before trying again"));
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Configuration, &error)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::new(Exit::Folder, &error)
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        Self::new(Exit::Folder, &error)
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::new(Exit::Key, &error)
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        let exit = match rejection {
            Rejection::KeyLocked | Rejection::WrongPassphrase | Rejection::WeakKey => Exit::Key,
            _ => Exit::Failed,
        };
        Self::new(exit, &rejection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line() {
        assert_eq!(Failure::new(Exit::Failed, &"two\n  lines").to_string(), "two lines");
    }
}
