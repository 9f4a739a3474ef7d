//! What can be said of a node's folder by whoever has no key of it, while no node runs there.
//!
//! Guarantees that nothing is changed, and that each fault has a reason of its own. Counts, lengths and hashes stand in the
//! clear (specs/node.md, 1.3), so what was flipped, cut off or lost is found. Leaves to the node, which has the keys, what
//! somebody changed on purpose and made to fit.

mod folder;
mod head;
mod journal;
mod keybook;
mod memory;
mod reason;
mod secrets;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use memory::swap;
pub use reason::{Area, Level, Reason};

/// How much there must be. [RST-11]
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Bytes of the reserve.
    pub reserve: u64,
    /// Free bytes below which it is time to look for more.
    pub low: u64,
    /// Free bytes below which nothing is recorded.
    pub gone: u64,
    /// Bytes that the folder may take; none: what its configuration says. [STO-35]
    pub quota: Option<u64>,
}

impl Default for Bounds {
    fn default() -> Self {
        let reserve = crate::storage::Options::default().reserve;
        Self { reserve, low: 1 << 30, gone: reserve / 4, quota: None }
    }
}

/// One line: that an area is in order, or what is wrong there.
#[derive(Debug)]
pub struct Finding {
    /// Where.
    pub area: Area,
    /// What is wrong; none: nothing is.
    pub reason: Option<Reason>,
    /// What was found, in words.
    pub found: String,
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub fn level(&self) -> Level {
        self.reason.map_or(Level::Ok, Reason::level)
    }

    /// Level, area, reason, finding and remedy, with tabs between them. [RST-12]
    #[must_use]
    pub fn line(&self) -> String {
        let (code, remedy) = self.reason.map_or(("-", "-"), |reason| (reason.code(), reason.remedy()));
        [self.level().word(), self.area.word(), code, self.found.as_str(), remedy].join("\t")
    }
}

/// What is known about the folder while it is looked at.
struct Patient<'a> {
    root: &'a Path,
    bounds: &'a Bounds,
    findings: Vec<Finding>,
}

/// Looks at a folder, and changes nothing. [RST-10]
#[must_use]
pub fn examine(folder: &Path, bounds: &Bounds) -> Vec<Finding> {
    let mut patient = Patient { root: folder, bounds, findings: Vec::new() };
    patient.look_at_the_secrets();
    patient.look_at_the_rest();
    if patient.look_at_the_folder() {
        let head = patient.look_at_the_head();
        patient.look_at_the_journal(head.as_ref());
        patient.look_at_the_key_book(head.as_ref());
    }
    patient.findings
}

/// What the system around it lets happen. [RST-7]
#[must_use]
pub fn surroundings() -> Vec<Finding> {
    match swap() {
        Some(device) => {
            let found = format!("{device} is swapped to, and it is not known to be encrypted");
            vec![Finding { area: Area::Memory, reason: Some(Reason::SwapInClear), found }]
        }
        None => {
            let found = "no memory goes to a disk in the clear, and no core dump is written".to_owned();
            vec![Finding { area: Area::Memory, reason: None, found }]
        }
    }
}

impl Patient<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn wrong(&mut self, reason: Reason, found: impl Into<String>) {
        self.findings.push(Finding { area: reason.area(), reason: Some(reason), found: found.into() });
    }

    fn fine(&mut self, area: Area, found: impl Into<String>) {
        self.findings.push(Finding { area, reason: None, found: found.into() });
    }

    /// Says that an area is in order if nothing was found there.
    fn fine_unless_wrong(&mut self, area: Area, found: impl Into<String>) {
        if self.findings.iter().all(|finding| finding.area != area) {
            self.fine(area, found);
        }
    }

    /// A file's bytes: none if it is not there. One that cannot be read is a finding, and none as well.
    fn read(&mut self, name: &str) -> Option<Vec<u8>> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.wrong(Reason::Unreadable, format!("{name}: {error}"));
                None
            }
        }
    }

    /// A file's bytes; one that is not there, or cannot be read, is one finding.
    fn read_or(&mut self, name: &str, missing: Reason) -> Option<Vec<u8>> {
        let before = self.findings.len();
        let bytes = self.read(name);
        if bytes.is_none() && self.findings.len() == before {
            self.wrong(missing, format!("there is no {name}"));
        }
        bytes
    }

    /// Names in a folder, in order; none if it is not there.
    fn names(&self, name: &str) -> Option<Vec<String>> {
        let entries = fs::read_dir(self.path(name)).ok()?;
        let mut names: Vec<String> =
            entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
        names.sort();
        Some(names)
    }
}

/// The number that stands at a place.
fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk::<8>()?))
}

/// The hash that stands at a place.
fn hash(bytes: &[u8], at: usize) -> Option<[u8; 32]> {
    bytes.get(at..)?.first_chunk::<32>().copied()
}

#[cfg(test)]
mod tests;
