//! The archive inside a backup: POSIX ustar, so that `tar` opens it when this program is gone. [BAK-3]
//!
//! Guarantees that nothing is read but what is written here: one spelling of each header, zeros as padding, and the end
//! where it belongs. Leaves to others what the files mean.

use std::io::{self, Read, Write};

use zeroize::Zeroizing;

const BLOCK: usize = 512;
/// The longest name.
const NAME: usize = 100;
/// The largest file, bytes: what eleven octal digits say.
const LARGEST: u64 = (1 << 33) - 1;

/// Writes files one after the other.
pub(super) struct Writer<W>(W);

impl<W: Write> Writer<W> {
    pub(super) const fn new(to: W) -> Self {
        Self(to)
    }

    /// Adds a file.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let header = header(name, bytes.len() as u64).ok_or(io::ErrorKind::InvalidInput)?;
        self.0.write_all(&header)?;
        self.0.write_all(bytes)?;
        let block = [0; BLOCK];
        let (zeros, _) = block.split_at(padding(bytes.len() as u64));
        self.0.write_all(zeros)
    }

    /// Ends the archive and gives back what it was written to.
    pub(super) fn end(mut self) -> io::Result<W> {
        self.0.write_all(&[0; 2 * BLOCK])?;
        Ok(self.0)
    }
}

/// One file of an archive.
pub(super) struct File {
    pub(super) name: String,
    /// Secret: wiped.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Reads files one after the other.
pub(super) struct Reader<R>(R);

impl<R: Read> Reader<R> {
    pub(super) const fn new(from: R) -> Self {
        Self(from)
    }

    /// The next file; none at the end, which must be the end of everything.
    pub(super) fn next(&mut self) -> io::Result<Option<File>> {
        let mut found = [0; BLOCK];
        self.0.read_exact(&mut found)?;
        if found == [0; BLOCK] {
            self.0.read_exact(&mut found)?;
            let more = self.0.read(&mut [0; 1])?;
            return if found == [0; BLOCK] && more == 0 { Ok(None) } else { Err(wrong()) };
        }
        let (name, length) = parse(&found).ok_or_else(wrong)?;
        let mut bytes = Zeroizing::new(Vec::new());
        (&mut self.0).take(length).read_to_end(&mut bytes)?;
        let mut rest = [0; BLOCK];
        let (rest, _) = rest.split_at_mut(padding(length));
        self.0.read_exact(rest)?;
        if bytes.len() as u64 != length || rest.iter().any(|byte| *byte != 0) {
            return Err(wrong());
        }
        Ok(Some(File { name, bytes }))
    }
}

fn wrong() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

const fn padding(length: u64) -> usize {
    let over = (length % BLOCK as u64) as usize;
    if over == 0 { 0 } else { BLOCK - over }
}

/// A regular file, mode 0600, of nobody, of no time. None: it does not fit.
fn header(name: &str, length: u64) -> Option<[u8; BLOCK]> {
    if name.is_empty() || name.len() > NAME || name.bytes().any(|byte| byte == 0) || length > LARGEST {
        return None;
    }
    let mut header = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        let place = header.iter_mut().skip(at);
        place.zip(bytes).for_each(|(to, from)| *to = *from);
    };
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{length:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let mut put = |at: usize, bytes: &[u8]| {
        let place = header.iter_mut().skip(at);
        place.zip(bytes).for_each(|(to, from)| *to = *from);
    };
    put(148, format!("{sum:06o}\0 ").as_bytes());
    Some(header)
}

fn parse(found: &[u8; BLOCK]) -> Option<(String, u64)> {
    let name = found.get(..NAME)?.split(|byte| *byte == 0).next()?;
    let name = std::str::from_utf8(name).ok()?;
    let length = u64::from_str_radix(std::str::from_utf8(found.get(124..135)?).ok()?, 8).ok()?;
    (header(name, length)? == *found).then(|| (name.to_owned(), length))
}
