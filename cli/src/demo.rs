//! The demonstration: four invented organisations on this computer, one night, and an auditor who was not there.
//!
//! Guarantees that everything is done by the public steps that a real organisation takes: this module only runs `uput`
//! and `uputd` as people do, and ends the programs that it started. All data in it is invented.

mod audit;
mod cast;
mod night;
mod stage;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use crate::args::Options;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use cast::Cast;
use stage::Stage;

/// Where it plays.
#[derive(Args)]
#[command(after_help = "Examples:
  uput demo
  uput demo --dir ./demo
  uput demo --json | jq .verifications")]
pub(crate) struct DemoArgs {
    /// Folder for everything that it writes: empty, or not there yet; left out: a new one among temporary files
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl DemoArgs {
    /// Plays it.
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let stage = Stage::set(self.dir, options)?;
        let cast = Cast::assemble(&stage)?;
        let night = night::play(&stage, &cast)?;
        let audit = audit::hold(&stage, &cast, &night)?;
        cast.leave()?;
        stage.curtain();
        let mut page = Page::default();
        page.line("");
        page.line(format!("Everything lies in {}", stage.dir().display()));
        page.line(
            "  one folder for each organisation, and audit/ for whoever checks: bundles, altered copies, trust file",
        );
        page.line("");
        page.line("Three commands to try next:");
        let commands = audit.next_commands(&stage);
        commands.iter().for_each(|command| page.line(format!("  {command}")));
        let body = json!({
            "dir": stage.dir(),
            "invented": true,
            "organisations": cast.describe(),
            "agreement": night.agreement,
            "trails": night.describe(),
            "trust": audit.trust,
            "verifications": audit.verifications,
            "altered": audit.altered,
            "next": commands,
            "milliseconds": u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        Answer::new(&body, page)
    }
}
