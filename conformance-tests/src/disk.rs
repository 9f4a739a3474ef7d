//! A small disk: a file system in memory, to be filled, enlarged, or made read-only while a node uses it.
//!
//! Guarantees that only what the test itself mounted is changed. Needs the right to mount: see [`crate::alone`].

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failed::{Failed, Outcome};
use crate::organisation::said;

/// A mounted disk; it is taken away when this is dropped.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Mounts one of so many MiB over an empty folder.
    ///
    /// # Errors
    /// What `mount` says.
    pub fn mount(folder: &Path, size: u64) -> Outcome<Self> {
        let options = format!("size={size}m,mode=0700");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).output()?;
        said("mount", &done)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes it so many MiB large.
    ///
    /// # Errors
    /// What `mount` says.
    pub fn resize(&self, size: u64) -> Outcome<()> {
        self.remount(&format!("size={size}m"))
    }

    /// From here on nothing on it can be changed. Nobody may have a file open for writing.
    ///
    /// # Errors
    /// What `mount` says.
    pub fn read_only(&self) -> Outcome<()> {
        self.remount("ro")
    }

    /// Somebody else's file grows until there is not a byte left, and goes on growing while `go_on`: so it takes also
    /// what the node gives back.
    ///
    /// # Errors
    /// If it cannot be written for another reason.
    pub fn fill(&self, go_on: impl Fn() -> bool) -> Outcome<u64> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.folder.join("somebody-elses-file"))?;
        let mut written = 0;
        let chunk = vec![0xa5; 64 * 1024];
        let mut size = chunk.len();
        while size > 0 {
            match file.write(chunk.get(..size).unwrap_or_default()) {
                Ok(length) => {
                    written += length as u64;
                    size = chunk.len();
                }
                Err(error) if error.kind() != std::io::ErrorKind::StorageFull => return Err(error.into()),
                Err(_) if size > 1 => size /= 2,
                Err(_) if go_on() => {
                    size = chunk.len();
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                Err(_) => size = 0,
            }
        }
        Ok(written)
    }

    fn remount(&self, option: &str) -> Outcome<()> {
        let done = Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.folder).output()?;
        said("mount", &done).map_err(|failed| Failed::because(format!("{failed}, for {option}")))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // If it is in use still, it goes when the namespace does.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).output();
    }
}
