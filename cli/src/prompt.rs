//! Questions to a person, only where a person sits.
//!
//! Guarantees that nothing waits for input unless standard input and standard error are terminals.

use std::io::{self, BufRead, IsTerminal, Write};

use uput_core::sensitive::Sensitive;

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::keyboard;

/// Whether a person can be asked. [CLI-6]
pub(crate) fn possible(options: &Options) -> bool {
    !options.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks to go on; without a person, `--yes` must have been given. [CLI-6]
pub(crate) fn confirm(options: &Options, question: &str) -> Result<(), Failure> {
    // A second person is asked, and nothing is done.
    if options.yes || options.asking.is_some() {
        return Ok(());
    }
    if !possible(options) {
        return Err(
            Failure::usage("nobody can be asked here", "give --yes to go on without being asked").because(question)
        );
    }
    let answer = line(&format!("{question} [y/N] "))?;
    if matches!(answer.expose().as_str(), "y" | "Y" | "yes") { Ok(()) } else { Err(cancelled()) }
}

/// Asks for a line, shown while it is typed.
pub(crate) fn line(question: &str) -> Result<Sensitive<String>, Failure> {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    let answer = Sensitive::new(answer);
    match read {
        // [CLI-15] The end of input is no empty answer.
        Ok(0) => Err(cancelled()),
        Ok(_) => Ok(Sensitive::new(answer.expose().trim().to_owned())),
        Err(_) => Err(unreadable()),
    }
}

/// Asks for a secret, not shown while it is typed.
pub(crate) fn secret(question: &str) -> Result<Sensitive<String>, Failure> {
    keyboard::unseen_line(question).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => cancelled(),
        _ => unreadable(),
    })
}

fn cancelled() -> Failure {
    Failure::new(Exit::Cancelled, "CANCELLED", "cancelled; nothing was done")
}

fn unreadable() -> Failure {
    Failure::new(Exit::Cancelled, "CANCELLED", "no answer could be read from the terminal")
}
