//! Files and standard input that this program reads.
//!
//! Guarantees that no more is read than was named, so that a device without an end stops nothing, and that what stood in
//! them leaves memory after use where it may be a secret. [CLI-18] Leaves to others what it says.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use uput_core::envelope::{MAX_BODY, MAX_BUNDLE};
use uput_core::rejection::Rejection;
use uput_core::sensitive::Sensitive;

use crate::exit::Exit;
use crate::failure::Failure;

/// The largest text that is read: fields, a key, words, an invitation, an access file, the source of an agreement.
const LARGEST_TEXT: usize = 1024 * 1024;
/// The largest bundle file.
pub(crate) const LARGEST_BUNDLE: usize = MAX_BUNDLE + MAX_BODY;
/// The largest file of key records, or with an agreement.
pub(crate) const LARGEST_RECORDS: usize = 16 * 1024 * 1024;

/// A text; `-` is standard input.
pub(crate) fn text(path: &Path) -> Result<Sensitive<String>, Failure> {
    text_or_error(path).map_err(|error| not_read(path, &error))
}

/// A text, or what the system says.
pub(crate) fn text_or_error(path: &Path) -> io::Result<Sensitive<String>> {
    let mut text = String::new();
    let read = open(path).and_then(|file| file.take(one_more(LARGEST_TEXT)).read_to_string(&mut text));
    let text = Sensitive::new(text);
    match read? {
        length if length > LARGEST_TEXT => Err(io::ErrorKind::FileTooLarge.into()),
        _ => Ok(text),
    }
}

/// Bytes; `-` is standard input.
pub(crate) fn bytes(path: &Path, largest: usize) -> Result<Vec<u8>, Failure> {
    let bytes = at_most(path, largest)?;
    if bytes.len() > largest {
        return Err(not_read(path, &io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

/// What is said in place of a digest of a file that was not read to its end.
pub(crate) const NOT_WHOLE: &str = "not read whole: it is larger than any bundle";

/// A bundle file as far as one can be, and one byte more of what is none. [CLI-132]
pub(crate) fn bundle(path: &Path) -> Result<Vec<u8>, Failure> {
    at_most(path, LARGEST_BUNDLE)
}

/// Whether these are all bytes of the file.
pub(crate) const fn is_whole(bundle: &[u8]) -> bool {
    bundle.len() <= LARGEST_BUNDLE
}

/// At most one byte more than `largest`, which whoever checks them then refuses; `-` is standard input.
pub(crate) fn at_most(path: &Path, largest: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = open(path).and_then(|file| file.take(one_more(largest)).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| not_read(path, &error))
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if path == Path::new("-") { Ok(Box::new(io::stdin().lock())) } else { Ok(Box::new(File::open(path)?)) }
}

fn one_more(largest: usize) -> u64 {
    u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1)
}

/// The failure of a file that was not read.
pub(crate) fn not_read(path: &Path, error: &io::Error) -> Failure {
    if error.kind() != io::ErrorKind::FileTooLarge {
        return Failure::file("read", path, error);
    }
    Failure::new(Exit::Failed, Rejection::TooLarge.code(), format!("{} is too large", path.display()))
        .because("such a file is never so long")
        .next("check that it is the file you mean")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CLI-18]
    #[test]
    fn a_file_without_an_end_is_refused() {
        let endless = Path::new("/dev/zero");
        if endless.exists() {
            assert_eq!(&*text(endless).map(|_| ()).unwrap_err().reason, "TOO_LARGE");
            assert_eq!(&*bytes(endless, 16).unwrap_err().reason, "TOO_LARGE");
        }
    }

    #[test]
    fn what_is_no_text_and_what_is_not_there_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(text(&path).map(|_| ()).unwrap_err().why, "no such file");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(text(&path).map(|_| ()).unwrap_err().why, "it is not a UTF-8 text file");
        std::fs::write(&path, "žene").unwrap();
        assert_eq!(text(&path).unwrap().expose(), "žene");
    }
}
