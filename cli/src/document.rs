//! Files that this program writes.
//!
//! Guarantees that a file that exists is not overwritten, that only its owner can read it, and that a name offered for
//! it says neither who nor which organisation. [CLI-51] [CLI-52]

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::request::{hex, random};

/// Where to write: a file, or standard output.
pub(crate) struct Target(PathBuf);

impl Target {
    /// What was named; else a new name in this folder that says nothing.
    pub(crate) fn of(named: Option<&Path>, options: &Options) -> Result<Self, Failure> {
        match named {
            Some(path) if is_stdout(path) && (options.json || io::stdout().is_terminal()) => {
                Err(Failure::usage("these bytes cannot be written to this standard output", "give --to FILE"))
            }
            Some(path) => Ok(Self(path.to_owned())),
            None => Ok(Self(PathBuf::from(neutral_name(&random()?)))),
        }
    }

    /// That file.
    pub(crate) fn file(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Whether it is standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        is_stdout(&self.0)
    }

    /// As a text.
    pub(crate) fn name(&self) -> String {
        self.0.display().to_string()
    }

    /// Writes all of it, to disk.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.claim()?.write(bytes)
    }

    /// Makes the file now, empty, so that what is got afterwards has a place.
    pub(crate) fn claim(&self) -> Result<Claimed, Failure> {
        if self.is_stdout() {
            return Ok(Claimed { file: None, at: self.0.clone(), becomes: None, kept: true });
        }
        Claimed::new(&self.0, None)
    }

    /// The same for a file that is there and is replaced, whole, once the new one is written.
    pub(crate) fn claim_anew(&self) -> Result<Claimed, Failure> {
        Claimed::new(&self.0.with_file_name(neutral_name(&random()?)), Some(self.0.clone()))
    }
}

/// A file that is there, empty; dropped unwritten it is gone.
pub(crate) struct Claimed {
    file: Option<File>,
    at: PathBuf,
    becomes: Option<PathBuf>,
    kept: bool,
}

impl Claimed {
    fn new(at: &Path, becomes: Option<PathBuf>) -> Result<Self, Failure> {
        let mut open = OpenOptions::new();
        open.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let file = open.open(at).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::new(Exit::Failed, "FILE_EXISTS", format!("{} is there already", at.display()))
                    .because("no file is overwritten")
                    .next("give another name with --to FILE")
            }
            _ => Failure::file("write", at, &error),
        })?;
        Ok(Self { file: Some(file), at: at.to_owned(), becomes, kept: false })
    }

    /// Writes all of it, to disk.
    pub(crate) fn write(mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.file {
            Some(file) => file.write_all(bytes).and_then(|()| file.sync_all()),
            None => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
        };
        let named = written.and_then(|()| self.becomes.as_ref().map_or(Ok(()), |name| std::fs::rename(&self.at, name)));
        self.kept |= named.is_ok();
        named.map_err(|error| Failure::file("write", &self.at, &error))
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if !self.kept {
            // What stays behind is empty, or the beginning of what could not be written.
            let _ = std::fs::remove_file(&self.at);
        }
    }
}

fn neutral_name(random: &[u8; 4]) -> String {
    format!("document-{}.uput", hex(random))
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offered_name_says_nothing() {
        assert_eq!(neutral_name(&[1, 2, 3, 4]), "document-01020304.uput");
    }

    #[test]
    fn a_file_that_exists_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target(folder.path().join("document.uput"));
        target.write(b"one").unwrap();
        assert_eq!(&*target.write(b"two").unwrap_err().reason, "FILE_EXISTS");
        assert_eq!(std::fs::read(&target.0).unwrap(), b"one");
    }

    #[test]
    fn a_claimed_file_is_written_whole_or_gone() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target(folder.path().join("document.uput"));
        drop(target.claim().unwrap());
        assert!(!target.0.exists());
        target.write(b"one").unwrap();
        drop(target.claim_anew().unwrap());
        assert_eq!(std::fs::read(&target.0).unwrap(), b"one");
        target.claim_anew().unwrap().write(b"two").unwrap();
        assert_eq!(std::fs::read(&target.0).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
