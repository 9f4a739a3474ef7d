//! The file of the node's secrets, and the one that is to take its place.
//!
//! Guarantees that there is always a whole file, that what is replaced is overwritten before it is gone, that what is written
//! is locked as what was read, and that after a crash the secrets are those of the newest key record. Leaves to others what a
//! drive keeps below the files.

mod passphrase;
mod relock;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use uput_core::entropy::Entropy;
use uput_core::key::{KeyRecord, SigningKey};
use uput_core::keyfile::{Cost, KeyFile, Lock, NodeSecrets};
use zeroize::Zeroizing;

use crate::clock::SystemEntropy;
use crate::exit::{Exit, Failure};
use crate::locked::DoorKey;
use crate::rpc::access::write_new;

pub use passphrase::{Sources, first_line};
pub use relock::relock;

/// The secrets of a node, in its folder.
pub const NODE_KEY: &str = "node.key";
/// The secrets of a record that was prepared and is not installed. [NOD-80]
pub const NEXT: &str = "node.key.next";
/// What is being written.
pub(crate) const HALF: &str = "node.key.half";
/// What each guess costs: tests of this crate lock often.
const COST: Cost = if cfg!(test) { Cost::LEAST } else { Cost::DEFAULT };

/// Where the secrets of a node lie, and what opens them.
pub struct KeyPlace {
    folder: PathBuf,
    /// The secrets, given to the program by whoever started it: nobody here writes them. [RST-5]
    credential: Option<PathBuf>,
    passphrase: Option<Zeroizing<String>>,
}

impl From<&Path> for KeyPlace {
    /// A folder whose files take no passphrase.
    fn from(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), credential: None, passphrase: None }
    }
}

impl KeyPlace {
    /// Finds the secrets, and the passphrase if they take one. [RST-1] [RST-5]
    ///
    /// # Errors
    /// [`Exit::Key`], also if there are secrets in the folder and others beside it.
    pub fn find(folder: &Path, sources: &Sources) -> Result<Self, Failure> {
        let own = folder.join(NODE_KEY);
        let credential = sources.node_key();
        if credential.is_some() && own.exists() {
            let both = "the secrets lie there and in a credential: destroy the one, or take away the other";
            return Err(failure(&own, &both));
        }
        let place = Self { folder: folder.to_owned(), credential, passphrase: None };
        let path = place.path();
        let passphrase = if parse(&path)?.is_locked() { sources.passphrase("passphrase of the node: ")? } else { None };
        Ok(Self { passphrase, ..place })
    }

    /// Whether secrets lie in the folder that take a passphrase. A file that cannot be read says so when it is opened.
    #[must_use]
    pub fn takes_passphrase(folder: &Path) -> bool {
        parse(&folder.join(NODE_KEY)).is_ok_and(|file| file.is_locked())
    }

    /// Puts the door key where it is found without a passphrase, if `newest` names it and there is one; else none lies
    /// there. [RST-31]
    pub fn show_door(&self, tls: &SigningKey, newest: &KeyRecord) {
        let door = DoorKey::of(tls);
        let shown = if self.is_locked() && newest.door_key() == Some(door.public()) {
            door.write(&self.folder)
        } else {
            DoorKey::remove(&self.folder)
        };
        if let Err(error) = shown {
            tracing::error!(%error, "the door key was not written: while this node is locked, peers do not see that it is");
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the secrets take a passphrase.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.passphrase.is_some()
    }

    /// Reads the secrets.
    ///
    /// # Errors
    /// [`Exit::Key`].
    pub fn read(&self) -> Result<NodeSecrets, Failure> {
        self.open(&self.path())
    }

    /// Reads those that were prepared, if there are any.
    ///
    /// # Errors
    /// [`Exit::Key`] if there are, and they do not open.
    pub fn read_next(&self) -> Result<Option<NodeSecrets>, Failure> {
        let path = self.folder.join(NEXT);
        if path.exists() { self.open(&path).map(Some) } else { Ok(None) }
    }

    /// Whether some were prepared.
    #[must_use]
    pub fn is_next_there(&self) -> bool {
        self.folder.join(NEXT).exists()
    }

    /// Of these secrets and those that were prepared, those of this record; puts them in their place if a crash came between.
    /// [NOD-80]
    ///
    /// # Errors
    /// [`Exit::Key`], also if neither are.
    pub fn settle(&self, now: NodeSecrets, newest: &KeyRecord) -> Result<NodeSecrets, Failure> {
        if fits(&now, newest) {
            return Ok(now);
        }
        match self.read_next()? {
            Some(next) if fits(&next, newest) => {
                self.take_next().map_err(|error| failure(&self.folder.join(NEXT), &error))?;
                Ok(next)
            }
            // Whoever opens the folder says what that means.
            _ => Ok(now),
        }
    }

    /// Writes secrets beside those in use; others that were prepared before are destroyed.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write_next(&self, secrets: &NodeSecrets) -> io::Result<()> {
        self.put(secrets, NEXT)
    }

    /// Writes secrets in place of those in use, which are destroyed. [NOD-82]
    ///
    /// # Errors
    /// What the disk says; then the old ones may still be there, whole.
    pub fn replace(&self, secrets: &NodeSecrets) -> io::Result<()> {
        self.put(secrets, NODE_KEY)
    }

    /// Puts the prepared secrets in place of those in use, which are destroyed; does nothing if there are none.
    ///
    /// # Errors
    /// What the disk says; then either are there, whole.
    pub fn take_next(&self) -> io::Result<()> {
        self.writable()?;
        if self.is_next_there() { take_place(&self.folder, NEXT, NODE_KEY) } else { Ok(()) }
    }

    /// Where the secrets lie.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.credential.clone().unwrap_or_else(|| self.folder.join(NODE_KEY))
    }

    fn open(&self, path: &Path) -> Result<NodeSecrets, Failure> {
        let words = self.passphrase.as_ref().map(|words| words.as_str());
        parse(path)?.open_node_secrets(words).map_err(|error| failure(path, &error))
    }

    /// [RST-6]
    fn writable(&self) -> io::Result<()> {
        match self.credential {
            Some(_) => Err(io::Error::other("the secrets are a credential, which is changed where it is kept")),
            None => Ok(()),
        }
    }

    /// What is written is locked as what is in use. [RST-3]
    fn put(&self, secrets: &NodeSecrets, name: &str) -> io::Result<()> {
        self.writable()?;
        write(&self.folder, secrets, name, self.passphrase.as_ref())
    }
}

/// Whether these are all the secrets of a record.
#[must_use]
pub fn fits(secrets: &NodeSecrets, record: &KeyRecord) -> bool {
    let held = |key| secrets.sealing.iter().any(|secret| secret.public() == key);
    secrets.signing.public() == record.signing_key()
        && secrets.tls.public() == record.tls_key()
        && record.sealing_keys().iter().all(held)
}

/// Writes them durably in place of others, which are destroyed.
fn write(folder: &Path, secrets: &NodeSecrets, name: &str, words: Option<&Zeroizing<String>>) -> io::Result<()> {
    let lock = match words {
        Some(passphrase) => Lock::Passphrase { passphrase, salt: salt(), cost: COST },
        None => Lock::Clear,
    };
    let text = secrets.write(&lock).map_err(io::Error::other)?;
    let half = folder.join(HALF);
    if half.exists() {
        // What a crash left there was never used, and holds secrets all the same.
        overwrite(&mut OpenOptions::new().write(true).open(&half)?)?;
        fs::remove_file(&half)?;
    }
    write_new(&half, &text, 0o600).map_err(io::Error::other)?;
    take_place(folder, HALF, name)
}

fn salt() -> [u8; 32] {
    let mut salt = [0; 32];
    SystemEntropy.fill(&mut salt);
    salt
}

/// The one becomes the other, durably; only then the other's bytes are overwritten.
fn take_place(folder: &Path, from: &str, to: &str) -> io::Result<()> {
    let to = folder.join(to);
    let old = match OpenOptions::new().write(true).open(&to) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    fs::rename(folder.join(from), to)?;
    File::open(folder)?.sync_all()?;
    old.map_or(Ok(()), |mut old| overwrite(&mut old))
}

fn overwrite(file: &mut File) -> io::Result<()> {
    let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&vec![0; length])?;
    file.sync_all()
}

fn parse(path: &Path) -> Result<KeyFile, Failure> {
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| failure(path, &error))?);
    KeyFile::parse(&text).map_err(|error| failure(path, &error))
}

fn failure(path: &Path, reason: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Key, &format!("{}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::key::{KeyChain, KeyRecordDraft, SigningKey, sign_key_record};
    use uput_core::time::Seconds;

    fn record_of(secrets: &NodeSecrets) -> KeyRecord {
        let minute = |count: u64| Seconds::new(60 * count).unwrap();
        let draft = KeyRecordDraft {
            after: None,
            number: 0,
            sealing_keys: vec![secrets.sealing[0].public().clone()],
            endpoints: Vec::new(),
            witnesses: Vec::new(),
            recovery: None,
            log_base_tick: 0,
            time: minute(1),
            end: minute(9),
            disowned: None,
            door_key: None,
        };
        let organisation = SigningKey::from_seed(&[9; 32]);
        let first = sign_key_record(draft, &organisation, &secrets.signing, &secrets.tls, None).unwrap();
        KeyChain::verify(&[first]).unwrap().newest().clone()
    }

    /// [NOD-80] The record is on disk, and the power was cut before its secrets took their place.
    #[test]
    fn after_a_crash_the_secrets_are_those_of_the_newest_record() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (NodeSecrets::generate(&mut SystemEntropy), NodeSecrets::generate(&mut SystemEntropy));
        let place = KeyPlace::from(folder.path());
        let settled = |record: &KeyRecord| place.settle(place.read().unwrap(), record).unwrap();
        place.replace(&old).unwrap();
        place.write_next(&new).unwrap();
        assert!(settled(&record_of(&old)).signing.public() == old.signing.public());
        assert!(place.is_next_there(), "what was prepared waits");
        for _ in 0..2 {
            assert!(settled(&record_of(&new)).signing.public() == new.signing.public());
            assert!(!place.is_next_there());
        }
        assert!(place.read().unwrap().tls.public() == new.tls.public());
    }

    /// [NOD-82] Also for whoever kept the file open, as somebody does who reads the bytes of a deleted file.
    #[test]
    fn what_is_replaced_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let place = KeyPlace::from(folder.path());
        place.replace(&NodeSecrets::generate(&mut SystemEntropy)).unwrap();
        let mut kept = File::open(folder.path().join(NODE_KEY)).unwrap();
        place.replace(&NodeSecrets::generate(&mut SystemEntropy)).unwrap();
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut kept, &mut bytes).unwrap();
        assert!(bytes.len() > 300 && bytes.iter().all(|byte| *byte == 0));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
