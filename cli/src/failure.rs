//! Failures in words: what failed, why, what to do next.
//!
//! Guarantees a stable reason code, and no personal data: whoever makes one puts no value into it.

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
    pub(crate) fn file(verb: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(Exit::Failed, "FILE", format!("cannot {verb} {}", path.display()))
            .because(error.kind().to_string())
            .next("check the path and its permissions")
    }
}
