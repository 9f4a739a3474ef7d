//! Manual pages.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use serde_json::json;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::{Answer, Page};

/// Where the pages go.
#[derive(Args)]
#[command(after_help = "Examples:
  uput man ./man1
  man ./man1/uput-referral-send.1")]
pub(crate) struct ManArgs {
    /// Folder for the pages; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl ManArgs {
    pub(crate) fn run(&self) -> Result<Answer, Failure> {
        std::fs::create_dir_all(&self.folder).map_err(|error| Failure::file("make", &self.folder, &error))?;
        let mut root = Cli::command();
        root.build();
        let mut files = Vec::new();
        self.write(root, &mut files)?;
        files.sort();
        let mut page = Page::default();
        page.line(format!("{} pages in {}", files.len(), self.folder.display()));
        Answer::new(&json!({ "folder": self.folder.display().to_string(), "files": files }), page)
    }

    fn write(&self, command: Command, files: &mut Vec<String>) -> Result<(), Failure> {
        for verb in command.get_subcommands().cloned() {
            self.write(verb, files)?;
        }
        let page = clap_mangen::Man::new(command);
        page.generate_to(&self.folder).map_err(|error| Failure::file("write", &self.folder, &error))?;
        files.push(page.get_filename());
        Ok(())
    }
}
