//! The bundles of a folder.
//!
//! Guarantees the order of their paths, that no link leads out of the folder, and that a part of it which cannot be read
//! is no folder without bundles.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::failure::{self, Failure};

/// How deep folders are looked into.
const DEEPEST: usize = 16;

/// What was found.
pub(super) struct Files {
    folder: PathBuf,
    pub(super) bundles: Vec<PathBuf>,
    /// Files with another ending, and links: not looked at.
    pub(super) others: u64,
}

impl Files {
    /// What a bundle is called from within the folder.
    pub(super) fn name(&self, path: &Path) -> String {
        let parts = path.strip_prefix(&self.folder).unwrap_or(path).components();
        parts.map(|part| told(part.as_os_str())).collect::<Vec<_>>().join("/")
    }
}

/// A name as text, so that two names are never one: bytes that are no text stand as `\xff`, and a backslash twice. [CLI-133]
fn told(name: &OsStr) -> String {
    let mut told = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        told.push_str(&chunk.valid().replace('\\', "\\\\"));
        chunk.invalid().iter().for_each(|byte| told.push_str(&format!("\\x{byte:02x}")));
    }
    told
}

/// Finds them; a folder without any is a mistake.
pub(super) fn find(folder: &Path) -> Result<Files, Failure> {
    let mut files = Files { folder: folder.to_owned(), bundles: Vec::new(), others: 0 };
    look(folder, 0, &mut files)?;
    if files.bundles.is_empty() {
        return Err(Failure::new(Exit::Failed, "NO_BUNDLE", format!("no bundle is in {}", folder.display()))
            .because("no file in it, or in a folder within it, ends in .uput")
            .next("name the folder into which the bundles were exported"));
    }
    files.bundles.sort_unstable();
    Ok(files)
}

fn look(folder: &Path, depth: usize, files: &mut Files) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    for entry in entries.map_err(|error| unreadable(folder, &error))? {
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
        if kind.is_dir() {
            deeper(&path, depth, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "uput") {
            files.bundles.push(path);
        } else {
            files.others += 1;
        }
    }
    Ok(())
}

fn deeper(folder: &Path, depth: usize, files: &mut Files) -> Result<(), Failure> {
    if depth == DEEPEST {
        return Err(Failure::new(Exit::Failed, "TOO_DEEP", format!("{} lies too deep", folder.display()))
            .because(format!("folders are looked into {DEEPEST} levels deep"))
            .next("verify it by itself"));
    }
    look(folder, depth + 1, files)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, "NOT_READ", format!("could not read {}", path.display()))
        .because(failure::said(error))
        .next("nothing was verified: make it readable, or take it out of the folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CLI-133]
    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_stay_apart() {
        use std::os::unix::ffi::OsStrExt;
        let told = |name: &[u8]| told(OsStr::from_bytes(name));
        assert_eq!(told(b"a\xff.uput"), "a\\xff.uput");
        assert_eq!(told(b"a\xfe.uput"), "a\\xfe.uput");
        assert_eq!(told(b"a\\xff.uput"), "a\\\\xff.uput");
        assert_eq!(told("\u{17e}ena.uput".as_bytes()), "\u{17e}ena.uput");
    }
}
