//! Failures in words: what failed, why, what to do next.
//!
//! Guarantees a stable reason code, and no personal data: whoever makes one puts no value into it.

use std::io::{self, ErrorKind};

use crate::exit::Exit;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// For machines: upper case, never changed once published.
    pub(crate) reason: Box<str>,
    /// What failed.
    pub(crate) what: String,
    /// Why.
    pub(crate) why: String,
    /// What to do next.
    pub(crate) next: String,
    /// The ID under which the same request can be repeated safely.
    pub(crate) request_id: Option<Box<str>>,
}

impl Failure {
    /// A failure of a step of this program.
    pub(crate) fn new(exit: Exit, reason: &str, what: impl Into<String>) -> Self {
        Self {
            exit,
            reason: reason.into(),
            what: what.into(),
            why: String::new(),
            next: String::new(),
            request_id: None,
        }
    }

    /// Says why.
    pub(crate) fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Says what to do next.
    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }

    /// Names the request, so that it can be repeated without being done twice.
    pub(crate) fn of_request(mut self, request_id: &str) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// A wrong command line.
    pub(crate) fn usage(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "USAGE", what).next(next)
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(verb: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(Exit::Failed, "FILE", format!("cannot {verb} {}", path.display()))
            .because(said(error))
            .next(mended(error.kind()))
    }
}

/// What the system says of a file, in words.
pub(crate) fn said(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "this user may not".to_owned(),
        ErrorKind::InvalidData => "it is not a UTF-8 text file".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::FileTooLarge => "it is too large".to_owned(),
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        kind => kind.to_string(),
    }
}

fn mended(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull => "make room, and run it again",
        ErrorKind::InvalidData => "name the file you mean, or save it again as a UTF-8 text",
        _ => "check the path and its permissions",
    }
}
