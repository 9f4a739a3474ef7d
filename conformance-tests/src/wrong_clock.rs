//! A wall clock that is wrong for one program, so that nobody waits for what ends by the time.
//!
//! `uputd` has no clock that can be set. The C library's own is replaced in its process, which needs a C compiler: the
//! linker that Rust uses is one. The clock that measures spans stays right.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::failed::Outcome;
use crate::organisation::Organisation;

const SOURCE: &str = include_str!("../tests/clock/wrong.c");

/// What makes clocks wrong.
pub struct WrongClock {
    library: PathBuf,
    _folder: TempDir,
}

impl WrongClock {
    /// Makes it; or says why it cannot be had here.
    ///
    /// # Errors
    /// If nothing can be written.
    pub fn make() -> Outcome<Result<Self, String>> {
        let folder = tempfile::tempdir()?;
        let (source, library) = (folder.path().join("wrong.c"), folder.path().join("wrong.so"));
        std::fs::write(&source, SOURCE)?;
        let made = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).output();
        Ok(match made {
            Ok(output) if output.status.success() => Ok(Self { library, _folder: folder }),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Starts a node whose clock is wrong by so many seconds.
    ///
    /// # Errors
    /// What it said instead of being ready.
    pub async fn start(&self, node: &Organisation, offset: i64) -> Outcome<()> {
        let preload = ("LD_PRELOAD", self.library.as_os_str());
        node.start_with(&[preload, ("UPUT_CLOCK_OFFSET", OsStr::new(&offset.to_string()))]).await
    }
}
