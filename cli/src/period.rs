//! A span of past time that something is counted in.
//!
//! Guarantees that a count names the span it is of. Leaves to whoever counts what happened in it.

use clap::Args;

use crate::moment;

/// From when until when.
#[derive(Args)]
pub(crate) struct PeriodArgs {
    /// From then on: 2026-11-01T00:00+01:00, or 30d (ago); left out: from the first
    #[arg(long, value_name = "TIME", value_parser = moment::parse_past)]
    since: Option<u64>,
    /// Until then, not included
    #[arg(long, value_name = "TIME", value_parser = moment::parse_past)]
    until: Option<u64>,
}

impl PeriodArgs {
    /// Both ends in seconds since 1970; 0: open.
    pub(crate) fn ends(&self) -> (u64, u64) {
        (self.since.unwrap_or_default(), self.until.unwrap_or_default())
    }
}
