//! Which program this is, and what it speaks.

use serde_json::json;

use crate::failure::Failure;
use crate::output::{Answer, Page};

/// The version of the protocol that this program speaks.
const PROTOCOL: u32 = 1;

/// Answers `--version`.
pub(crate) fn answer() -> Result<Answer, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let mut page = Page::default();
    page.line(format!("uput {version} (protocol {PROTOCOL})"));
    Answer::new(&json!({ "version": version, "protocols": [PROTOCOL] }), page)
}
