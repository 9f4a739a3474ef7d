//! Why somebody looks at a record, as the command line takes it.
//!
//! Guarantees that words of a reason are no argument: they may be about a person. Leaves to the node whether one is needed.

use std::path::PathBuf;

use clap::Args;
use uput_core::wire::{self, AccessReason, Purpose};

use crate::code;
use crate::failure::Failure;
use crate::reading;

/// Why.
#[derive(Args)]
pub(crate) struct WhyArgs {
    /// Why you look; may be left out by whoever has the case
    #[arg(long, value_name = "REASON", value_parser = code::parser::<AccessReason>())]
    reason: Option<AccessReason>,
    /// File whose first line says it in words; `-` reads standard input. The node keeps it sealed
    #[arg(long, value_name = "FILE", requires = "reason")]
    reason_file: Option<PathBuf>,
}

impl WhyArgs {
    /// The same; where nothing is said, what follows from the purpose of an export. [ACL-5]
    pub(crate) fn for_purpose(&self, purpose: Purpose) -> Result<Option<wire::Reason>, Failure> {
        let code = match purpose {
            Purpose::Audit => AccessReason::Audit,
            Purpose::Proceedings => AccessReason::Proceedings,
            Purpose::Client => AccessReason::ClientRequest,
            Purpose::Archive | Purpose::Unspecified => AccessReason::OwnWork,
        };
        Ok(Some(self.reason()?.unwrap_or_else(|| wire::Reason { code: code.into(), words: String::new() })))
    }

    /// As the node is asked.
    pub(crate) fn reason(&self) -> Result<Option<wire::Reason>, Failure> {
        let Some(code) = self.reason else { return Ok(None) };
        let words = match &self.reason_file {
            // Exposed to be sent to this organisation's own node, inside TLS.
            Some(path) => reading::text(path)?.expose().lines().next().unwrap_or_default().trim().to_owned(),
            None if code == AccessReason::Other => {
                return Err(Failure::usage(
                    "another reason needs words",
                    "give --reason-file FILE, or - for standard input",
                ));
            }
            None => String::new(),
        };
        Ok(Some(wire::Reason { code: code.into(), words }))
    }
}
