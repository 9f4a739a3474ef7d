//! A command line that does not parse, and requests for help.
//!
//! Guarantees that no word which was typed in the wrong place is printed again: it could be a name.

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::args::{Cli, Options};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;

/// Prints help where it was asked for, or what is wrong with the command line.
pub(crate) fn finish(error: &Error) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp) {
        return output::own(&error.render().ansi().to_string());
    }
    // [CLI-4] Also a command line that does not parse is answered in JSON, if it asked for it.
    let json = std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json");
    if !json && error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return Exit::Usage;
    }
    let options = Options { json, ..Options::default() };
    output::finish(&options, "uput.usage/v1", Err(wrong(error)))
}

fn wrong(error: &Error) -> Failure {
    let place = place(error);
    let what = match error.kind() {
        ErrorKind::InvalidSubcommand => "there is no such command".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("something is missing: {place}"),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "a command is missing".to_owned()
        }
        ErrorKind::ArgumentConflict => format!("{place} cannot be given beside what else is given"),
        ErrorKind::UnknownArgument => format!("there is no such argument{place}"),
        _ => format!("the value for {place} is not one that is understood"),
    };
    let mut failure = Failure::usage(what, hint(error).unwrap_or_else(|| format!("see `uput help{}`", spoken())));
    failure.why = because(error);
    failure
}

/// The argument's name from the definition, never what was typed as a value. [CLI-8]
fn place(error: &Error) -> String {
    let names = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(name)) => vec![name.clone()],
        Some(ContextValue::Strings(names)) => names.clone(),
        _ => Vec::new(),
    };
    if error.kind() == ErrorKind::UnknownArgument {
        // Here the name is what was typed: show an option, not a word.
        let option = names.first().filter(|name| name.starts_with("--"));
        return option.map(|name| format!(": {}", name.split('=').next().unwrap_or(name))).unwrap_or_default();
    }
    names.join(", ")
}

fn because(error: &Error) -> String {
    let source = std::error::Error::source(error).map(|source| match source.is::<std::num::ParseIntError>() {
        true => "it must be a whole number".to_owned(),
        false => source.to_string(),
    });
    source
        .or_else(|| listed(error, ContextKind::ValidValue).map(|values| format!("it may be {values}")))
        .unwrap_or_default()
}

/// The command, as far as its words are known to this program: what else was typed could be a name. [CLI-8]
fn spoken() -> String {
    let (mut command, mut words) = (Cli::command(), String::new());
    for word in std::env::args().skip(1) {
        let Some(inner) = command.find_subcommand(&word).cloned() else { break };
        words.push(' ');
        words.push_str(inner.get_name());
        command = inner;
    }
    words
}

fn hint(error: &Error) -> Option<String> {
    let suggested = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| listed(error, kind));
    suggested.map(|words| format!("did you mean {words}?"))
}

fn listed(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(word) => Some(word.clone()),
        ContextValue::Strings(words) if !words.is_empty() => Some(words.join(", ")),
        _ => None,
    }
}
