//! Locking the secrets of a node that does not run, under another passphrase or none.
//!
//! Guarantees that nothing is written unless everything opens, that nothing but the key files is written, and that a change
//! which a crash cut off is finished by making it again: each file opens under the old passphrase or the new one.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use uput_core::keyfile::{KeyFile, KeyFileError, NodeSecrets};
use uput_core::rejection::Rejection;
use zeroize::Zeroizing;

use super::{HALF, NEXT, NODE_KEY, Sources, failure, overwrite, parse, write};
use crate::exit::{Exit, Failure};

type Words = Option<Zeroizing<String>>;

/// What a process holds that has the folder open (specs/node.md, 1.3).
const LOCK: &str = "LOCK";

/// Locks the secrets of a folder under what a new passphrase gives, or under none. [RST-2]
///
/// # Errors
/// [`Exit::Folder`] while a node runs there; [`Exit::Key`] if something does not open, and then nothing was changed.
pub fn relock(folder: &Path, old: &Sources, new: impl FnOnce() -> Result<Words, Failure>) -> Result<(), Failure> {
    let _alone = alone(folder)?;
    let files = files(folder)?;
    let locked = files.iter().any(|(_, file)| file.is_locked());
    let old = if locked { old.passphrase("passphrase of the node: ")? } else { None };
    let new = new()?;
    let mut opened = Vec::new();
    for (name, file) in files {
        let secrets = open(&file, &old, &new).map_err(|error| failure(&folder.join(name), &error))?;
        opened.push((name, secrets));
    }
    if new.is_none() {
        // The file in use is opened last: whoever starts the node in between is asked for what opens both.
        opened.reverse();
    }
    for (name, secrets) in opened {
        write(folder, &secrets, name, new.as_ref()).map_err(|error| failure(&folder.join(name), &error))?;
    }
    clear_half(folder).map_err(|error| failure(&folder.join(HALF), &error))
}

/// Keeps a node from starting meanwhile.
fn alone(folder: &Path) -> Result<Option<fs::File>, Failure> {
    let wrong = |error: io::Error| Failure::new(Exit::Folder, &format!("{}: {error}", folder.display()));
    let lock = match OpenOptions::new().write(true).open(folder.join(LOCK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(wrong)?,
    };
    let in_use = |_| Failure::new(Exit::Folder, &format!("{}: stop the node first", folder.display()));
    flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(in_use)?;
    Ok(Some(lock))
}

fn files(folder: &Path) -> Result<Vec<(&'static str, KeyFile)>, Failure> {
    let mut files = vec![(NODE_KEY, parse(&folder.join(NODE_KEY))?)];
    if folder.join(NEXT).exists() {
        files.push((NEXT, parse(&folder.join(NEXT))?));
    }
    Ok(files)
}

fn open(file: &KeyFile, old: &Words, new: &Words) -> Result<NodeSecrets, KeyFileError> {
    let by = |words: &Words| file.open_node_secrets(words.as_ref().map(|words| words.as_str()));
    match by(old) {
        // A change that was cut off had come as far as this file; a first one, while nobody knows an old passphrase.
        Err(KeyFileError::Rejected(Rejection::WrongPassphrase | Rejection::KeyLocked)) if new.is_some() => by(new),
        opened => opened,
    }
}

/// What a crash left half written is secret all the same.
fn clear_half(folder: &Path) -> io::Result<()> {
    let half = folder.join(HALF);
    if !half.exists() {
        return Ok(());
    }
    overwrite(&mut OpenOptions::new().write(true).open(&half)?)?;
    fs::remove_file(half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemEntropy;
    use crate::node_key::KeyPlace;
    use std::path::PathBuf;

    /// A folder with both files, in the clear, and the sources of passphrases beside it.
    struct Desk(tempfile::TempDir, NodeSecrets, NodeSecrets);

    impl Desk {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let secrets = [(); 2].map(|()| NodeSecrets::generate(&mut SystemEntropy));
            let place = KeyPlace::from(home.path());
            let [now, next] = secrets;
            place.replace(&now).unwrap();
            place.write_next(&next).unwrap();
            Self(home, now, next)
        }

        fn knows(&self, passphrase: &str) -> Sources {
            let file = PathBuf::from(self.0.path()).join(format!("{passphrase}.txt"));
            fs::write(&file, passphrase).unwrap();
            Sources { file: Some(file), ..Sources::default() }
        }

        fn relock(&self, old: &str, new: Option<&str>) -> Result<(), Failure> {
            let new = new.map(|new| Zeroizing::new(new.to_owned()));
            relock(self.0.path(), &self.knows(old), || Ok(new))
        }

        /// Whether both files open, and hold what they held.
        fn opens(&self, sources: &Sources) -> bool {
            let place = KeyPlace::find(self.0.path(), sources).unwrap();
            let (Ok(now), Ok(Some(next))) = (place.read(), place.read_next()) else { return false };
            now.signing.public() == self.1.signing.public() && next.tls.public() == self.2.tls.public()
        }

        fn files(&self) -> Vec<Vec<u8>> {
            [NODE_KEY, NEXT].map(|name| fs::read(self.0.path().join(name)).unwrap()).into()
        }
    }

    /// [RST-2] [RST-3]
    #[test]
    fn a_passphrase_is_set_changed_and_taken_away() {
        let desk = Desk::new();
        desk.relock("", Some("first")).unwrap();
        assert!(desk.opens(&desk.knows("first")) && !desk.opens(&desk.knows("second")));
        assert!(!desk.opens(&Sources::default()), "locked, and nobody knows the passphrase");
        desk.relock("first", Some("second")).unwrap();
        assert!(desk.opens(&desk.knows("second")) && !desk.opens(&desk.knows("first")));
        desk.relock("second", None).unwrap();
        assert!(desk.opens(&Sources::default()));
    }

    /// [RST-4]
    #[test]
    fn a_wrong_passphrase_changes_nothing() {
        let desk = Desk::new();
        desk.relock("", Some("first")).unwrap();
        let before = desk.files();
        for new in [Some("second"), None] {
            let failure = desk.relock("wrong", new).unwrap_err();
            assert_eq!(failure.exit, Exit::Key);
            assert!(failure.to_string().contains(NODE_KEY), "{failure}");
            assert!(desk.files() == before);
        }
    }

    /// [RST-2] Power is cut after the first of two files was written.
    #[test]
    fn a_change_that_was_cut_off_is_finished_by_making_it_again() {
        let desk = Desk::new();
        desk.relock("", Some("first")).unwrap();
        let next = fs::read(desk.0.path().join(NEXT)).unwrap();
        desk.relock("first", Some("second")).unwrap();
        fs::write(desk.0.path().join(NEXT), next).unwrap();
        fs::write(desk.0.path().join(HALF), "half").unwrap();
        assert!(!desk.opens(&desk.knows("second")));
        desk.relock("first", Some("second")).unwrap();
        assert!(desk.opens(&desk.knows("second")));
        assert!(!desk.0.path().join(HALF).exists());
    }

    /// [RST-2] The same where there was none before: nobody knows an old one.
    #[test]
    fn a_first_lock_that_was_cut_off_is_finished_by_making_it_again() {
        let desk = Desk::new();
        let next = fs::read(desk.0.path().join(NEXT)).unwrap();
        desk.relock("", Some("first")).unwrap();
        fs::write(desk.0.path().join(NEXT), next).unwrap();
        relock(desk.0.path(), &Sources::default(), || Ok(Some(Zeroizing::new("first".to_owned())))).unwrap();
        assert!(desk.opens(&desk.knows("first")));
        assert!(!desk.opens(&Sources::default()), "both are locked");
    }

    /// [RST-2]
    #[test]
    fn nothing_is_locked_under_a_node_that_runs() {
        let desk = Desk::new();
        let lock = fs::File::create(desk.0.path().join(LOCK)).unwrap();
        flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
        let before = desk.files();
        assert_eq!(desk.relock("", Some("first")).unwrap_err().exit, Exit::Folder);
        assert!(desk.files() == before);
        drop(lock);
        desk.relock("", Some("first")).unwrap();
    }

    /// [RST-1] [RST-5] [RST-6]
    #[test]
    fn a_credential_gives_the_passphrase_or_the_secrets_and_is_never_written() {
        let desk = Desk::new();
        desk.relock("", Some("first")).unwrap();
        let given = tempfile::tempdir().unwrap();
        let sources = Sources { credentials: Some(given.path().to_owned()), ..Sources::default() };
        fs::write(given.path().join("uput.passphrase"), "first\n").unwrap();
        assert!(desk.opens(&sources));
        fs::copy(desk.0.path().join(NODE_KEY), given.path().join("uput.node-key")).unwrap();
        let both = KeyPlace::find(desk.0.path(), &sources).err().unwrap();
        assert_eq!((both.exit, both.to_string().contains("credential")), (Exit::Key, true));
        fs::remove_file(desk.0.path().join(NODE_KEY)).unwrap();
        assert!(desk.opens(&sources));
        let place = KeyPlace::find(desk.0.path(), &sources).unwrap();
        let secrets = place.read().unwrap();
        for refused in [place.replace(&secrets), place.write_next(&secrets), place.take_next()] {
            assert!(refused.unwrap_err().to_string().contains("credential"));
        }
        assert!(!desk.0.path().join(NODE_KEY).exists());
    }
}
