//! The terminal while a secret is typed.
//!
//! Guarantees that it shows nothing meanwhile, and that it is given back as it was however that ends: an interrupt ends the
//! program only then. Leaves the editing of the line to `rpassword`, whose own way with a terminal ends the program first
//! and so leaves a terminal that shows nothing and hears no interrupt.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Write};
use std::rc::Rc;

use rpassword::ConfigBuilder;
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use uput_core::sensitive::Sensitive;

/// The terminal of this program, whatever its standard input is.
const TERMINAL: &str = "/dev/tty";

/// A terminal that shows nothing until this is dropped.
struct Unseen {
    terminal: File,
    before: Termios,
}

/// What is typed, up to an interrupt.
struct Keys {
    terminal: File,
    interrupt: u8,
    interrupted: Rc<Cell<bool>>,
}

/// Asks, and reads a line that is not shown. An interrupt ends the program by that signal. [CLI-15]
///
/// # Errors
/// The terminal's; the end of its input where nothing was typed is one.
pub(crate) fn unseen_line(question: &str) -> io::Result<Sensitive<String>> {
    let mut terminal = File::options().read(true).write(true).open(TERMINAL)?;
    let interrupted = Rc::new(Cell::new(false));
    let typed = {
        let unseen = Unseen::begin(terminal.try_clone()?)?;
        // Only now: what is typed because the question stands there is not shown.
        terminal.write_all(question.as_bytes())?;
        let interrupt = unseen.before.special_codes[SpecialCodeIndex::VINTR];
        let keys = Keys { terminal: terminal.try_clone()?, interrupt, interrupted: Rc::clone(&interrupted) };
        let config = ConfigBuilder::new().input_reader(keys).output_discard().build();
        rpassword::read_password_with_config(config).map(Sensitive::new)
    };
    // The key that ended the line was not shown either.
    terminal.write_all(b"\n")?;
    if interrupted.get() {
        // It ends here, unless whoever started the program had it not hear interrupts.
        kill_process(getpid(), Signal::INT)?;
    }
    typed
}

impl Unseen {
    fn begin(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut unseen = before.clone();
        // Each key by itself, and an interrupt as a key.
        unseen.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        unseen.special_codes[SpecialCodeIndex::VMIN] = 1;
        unseen.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &unseen)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

impl Read for Keys {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.terminal.read(bytes)?;
        if count == 0 {
            // A terminal that went away, and not the end of a line: half a secret is none.
            return Err(io::Error::other("hung up"));
        }
        if bytes.iter().take(count).any(|byte| *byte == self.interrupt) {
            self.interrupted.set(true);
            return Err(io::Error::other("interrupted"));
        }
        Ok(count)
    }
}
