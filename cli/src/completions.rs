//! Completion scripts.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use serde_json::json;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::{Answer, Page};

/// For which shell.
#[derive(Args)]
#[command(after_help = "Examples:
  uput completions bash > ~/.local/share/bash-completion/completions/uput
  uput completions fish > ~/.config/fish/completions/uput.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "uput", &mut script);
        let script = String::from_utf8_lossy(&script);
        let mut page = Page::default();
        page.own(&script);
        Answer::new(&json!({ "shell": self.shell.to_string(), "script": script }), page)
    }
}
