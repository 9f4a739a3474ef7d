//! `uput`: operates one's own node, and verifies trails offline.
//!
//! Guarantees: data on standard output and all else on standard error; one exit code a meaning; no secret and no
//! personal value as an argument. Leaves to the node what is lawful, and to the core what is authentic.

mod access;
mod access_log;
mod account;
mod act;
mod agreement;
mod approval;
mod args;
mod base32;
mod case;
mod case_record;
mod change;
mod code;
mod completions;
mod contact;
mod decision;
mod demo;
mod document;
mod duty;
mod enquiry;
mod escalate;
mod exit;
mod expiring;
mod failure;
mod fields;
mod help;
mod inbox;
mod key;
mod keyboard;
mod label;
mod log;
mod man;
mod moment;
mod node;
mod notification;
mod offline;
mod opening;
mod organisation_key;
mod output;
mod overrides;
mod peer;
mod period;
mod places;
mod process;
mod progress;
mod prompt;
mod reach;
mod reading;
mod reference;
mod referral;
mod refusal;
mod relay;
mod request;
mod retention;
mod staff;
mod statement;
mod team;
mod trail;
mod trust;
mod usage;
mod version;
mod why;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use crate::args::{Cli, Options};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Answer;

fn main() -> ExitCode {
    ExitCode::from(run().code())
}

fn run() -> Exit {
    let parsed = Cli::command().try_get_matches().and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((schema(&matches), cli))
    });
    match parsed {
        Ok((schema, cli)) => {
            let options = cli.options.clone();
            label::speak(options.language);
            output::finish(&options, &schema, answer(cli))
        }
        Err(error) => usage::finish(&error),
    }
}

fn answer(cli: Cli) -> Result<Answer, Failure> {
    process::keep_memory_in()?;
    let Some(command) = cli.command else { return version::answer() };
    if cli.version {
        return version::answer();
    }
    let options: Options = cli.options;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| Failure::new(Exit::Failed, "INTERNAL", "the system gives no event loop"))?
        .block_on(command.run(&options))
}

/// The schema's name: the nouns and verbs of the command. [CLI-4]
fn schema(matches: &ArgMatches) -> String {
    let mut name = "uput".to_owned();
    let mut matches = matches;
    while let Some((word, inner)) = matches.subcommand() {
        name.push('.');
        name.push_str(word);
        matches = inner;
    }
    if name == "uput" { "uput.version/v1".to_owned() } else { format!("{name}/v1") }
}
