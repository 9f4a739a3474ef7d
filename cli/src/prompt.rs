//! Questions to a person, only where a person sits.
//!
//! Guarantees that nothing waits for input unless standard input and standard error are terminals.

use std::io::{self, BufRead, IsTerminal, Write};

use uput_core::sensitive::Sensitive;

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;

/// Whether a person can be asked. [CLI-6]
pub(crate) fn possible(options: &Options) -> bool {
    !options.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks to go on; without a person, `--yes` must have been given. [CLI-6]
pub(crate) fn confirm(options: &Options, question: &str) -> Result<(), Failure> {
    if options.yes {
        return Ok(());
    }
    if !possible(options) {
        return Err(
            Failure::usage("nobody can be asked here", "give --yes to go on without being asked").because(question)
        );
    }
    let answer = line(&format!("{question} [y/N] "))?;
    if matches!(answer.expose().as_str(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::new(Exit::Cancelled, "CANCELLED", "cancelled; nothing was done"))
    }
}

/// Asks for a line, shown while it is typed.
pub(crate) fn line(question: &str) -> Result<Sensitive<String>, Failure> {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|_| unreadable())?;
    let trimmed = Sensitive::new(answer.trim().to_owned());
    drop(Sensitive::new(answer));
    Ok(trimmed)
}

/// Asks for a secret, not shown while it is typed.
pub(crate) fn secret(question: &str) -> Result<Sensitive<String>, Failure> {
    rpassword::prompt_password(question).map(Sensitive::new).map_err(|_| unreadable())
}

fn unreadable() -> Failure {
    Failure::new(Exit::Cancelled, "CANCELLED", "no answer could be read from the terminal")
}
