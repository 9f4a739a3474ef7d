//! Help on a command, and on what is no command: the exit codes, the labels.

mod labels;

use clap::{Args, CommandFactory as _};
use serde_json::json;

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Answer, Page};

/// A topic that is not a command.
const EXIT_CODES: &str = "exit-codes";

/// What to explain.
#[derive(Args)]
#[command(after_help = "Examples:
  uput help referral send
  uput help labels
  uput help exit-codes")]
pub(crate) struct HelpArgs {
    /// A command, for example `referral send`, or one of the topics `exit-codes` and `labels`
    #[arg(value_name = "COMMAND")]
    topic: Vec<String>,
}

impl HelpArgs {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        if self.topic == [EXIT_CODES] {
            return exit_codes();
        }
        if self.topic == [labels::TOPIC] {
            return labels::answer();
        }
        let mut root = Cli::command();
        root.build();
        let mut command = &mut root;
        for word in &self.topic {
            command = command
                .find_subcommand_mut(word)
                .ok_or_else(|| Failure::usage("there is no such command", "see `uput help`"))?;
        }
        let text = command.render_long_help().to_string();
        let mut page = Page::default();
        page.own(&text);
        Answer::new(&json!({ "topic": self.topic.join(" "), "text": text }), page)
    }
}

fn exit_codes() -> Result<Answer, Failure> {
    let mut page = Page::default();
    page.line("Exit codes; treat a code that is not listed as a failure.");
    page.line("");
    for exit in Exit::ALL {
        page.line(format!("{:>4}  {}", exit.code(), exit.meaning()));
    }
    page.line("");
    page.line("Where several of `trail verify` hold, the first of 10, 13, 12, 11, 14 is given.");
    let codes: Vec<_> =
        Exit::ALL.iter().map(|exit| json!({ "code": exit.code(), "meaning": exit.meaning() })).collect();
    Answer::new(&json!({ "topic": EXIT_CODES, "exit_codes": codes }), page)
}
