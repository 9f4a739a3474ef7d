//! The terminal while a passphrase is typed.
//!
//! Guarantees that it shows nothing meanwhile, and that it is given back as it was however that ends: an interrupt is an
//! answer that was not given.

use std::fs::File;
use std::io::{self, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// The terminal of this program, whatever its standard input is.
const TERMINAL: &str = "/dev/tty";
/// The most that is typed, bytes.
const LONGEST: usize = 4096;
const INTERRUPT: u8 = 3;
const END: u8 = 4;
const BACK: [u8; 2] = [8, 127];
const CLEAR: u8 = 21;

/// A terminal that shows nothing until this is dropped.
struct Unseen {
    terminal: File,
    before: Termios,
}

/// Asks, and reads a line that is not shown.
///
/// # Errors
/// The terminal's, and an interrupt or the end of input.
pub(crate) fn unseen_line(question: &str) -> io::Result<Zeroizing<String>> {
    let terminal = File::options().read(true).write(true).open(TERMINAL)?;
    let mut unseen = Unseen::begin(terminal)?;
    // Only now: what is typed because the question stands there is not shown.
    unseen.terminal.write_all(question.as_bytes())?;
    let line = line(&mut unseen.terminal);
    // The key that ended the line was not shown either.
    unseen.terminal.write_all(b"\n")?;
    line
}

fn line(keys: &mut impl Read) -> io::Result<Zeroizing<String>> {
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        let mut key = [0];
        keys.read_exact(&mut key)?;
        match key[0] {
            b'\r' | b'\n' => break,
            INTERRUPT => return Err(io::Error::other("interrupted")),
            END if typed.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            END => break,
            CLEAR => typed.clear(),
            key if BACK.contains(&key) => take_back(&mut typed),
            _ if typed.len() == LONGEST => return Err(io::Error::other("it is too long")),
            key => typed.push(key),
        }
    }
    let text = std::str::from_utf8(&typed).map_err(|_| io::Error::other("it is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The last character, however many bytes it has.
fn take_back(typed: &mut Vec<u8>) {
    while typed.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
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

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> Option<String> {
        line(&mut keys.as_bytes()).ok().map(|line| line.to_string())
    }

    /// [RST-1]
    #[test]
    fn a_line_is_what_was_typed_and_an_interrupt_is_none() {
        assert_eq!(typed("two words\nmore").unwrap(), "two words");
        assert_eq!(typed("čš\u{7f}x\r").unwrap(), "čx");
        assert_eq!(typed("wrong\u{15}right\u{4}").unwrap(), "right");
        for none in ["half\u{3}\n", "\u{4}", "no end"] {
            assert_eq!(typed(none), None, "{none:?}");
        }
    }
}
