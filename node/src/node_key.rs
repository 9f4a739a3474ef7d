//! The file of the node's secrets, and the one that is to take its place.
//!
//! Guarantees that there is always a whole file, that what is replaced is overwritten before it is gone, and that after a
//! crash the secrets are those of the newest key record. Leaves to others what a drive keeps below the files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use uput_core::key::KeyRecord;
use uput_core::keyfile::{KeyFile, Lock, NodeSecrets};
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};
use crate::rpc::access::write_new;

/// The secrets of a node, in its folder.
pub const NODE_KEY: &str = "node.key";
/// The secrets of a record that was prepared and is not installed. [NOD-80]
pub const NEXT: &str = "node.key.next";
/// What is being written.
const HALF: &str = "node.key.half";

/// Reads the node's secrets from its folder.
///
/// # Errors
/// [`Exit::Key`].
pub fn read(folder: &Path) -> Result<NodeSecrets, Failure> {
    open(&folder.join(NODE_KEY))
}

/// Reads those that were prepared, if there are any.
///
/// # Errors
/// [`Exit::Key`] if there are, and they do not open.
pub fn read_next(folder: &Path) -> Result<Option<NodeSecrets>, Failure> {
    let path = folder.join(NEXT);
    if path.exists() { open(&path).map(Some) } else { Ok(None) }
}

/// Of the secrets in a folder those of this record; puts them in their place if a crash came between. [NOD-80]
///
/// # Errors
/// [`Exit::Key`], also if neither are.
pub fn settle(folder: &Path, newest: &KeyRecord) -> Result<NodeSecrets, Failure> {
    let now = read(folder)?;
    if fits(&now, newest) {
        return Ok(now);
    }
    match read_next(folder)? {
        Some(next) if fits(&next, newest) => {
            take_next(folder).map_err(|error| failure(&folder.join(NEXT), &error))?;
            Ok(next)
        }
        // Whoever opens the folder says what that means.
        _ => Ok(now),
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

/// Writes secrets beside those in use; others that were prepared before are destroyed.
///
/// # Errors
/// What the disk says.
pub fn write_next(folder: &Path, secrets: &NodeSecrets) -> io::Result<()> {
    put(folder, secrets, NEXT)
}

/// Writes secrets in place of those in use, which are destroyed. [NOD-82]
///
/// # Errors
/// What the disk says; then the old ones may still be there, whole.
pub fn replace(folder: &Path, secrets: &NodeSecrets) -> io::Result<()> {
    put(folder, secrets, NODE_KEY)
}

/// Puts the prepared secrets in place of those in use, which are destroyed; does nothing if there are none.
///
/// # Errors
/// What the disk says; then either are there, whole.
pub fn take_next(folder: &Path) -> io::Result<()> {
    if folder.join(NEXT).exists() { take_place(folder, NEXT, NODE_KEY) } else { Ok(()) }
}

fn put(folder: &Path, secrets: &NodeSecrets, name: &str) -> io::Result<()> {
    let text = secrets.write(&Lock::Clear).map_err(io::Error::other)?;
    let half = folder.join(HALF);
    if half.exists() {
        // What a crash left there was never used, and holds secrets all the same.
        overwrite(&mut OpenOptions::new().write(true).open(&half)?)?;
        fs::remove_file(&half)?;
    }
    write_new(&half, &text, 0o600).map_err(io::Error::other)?;
    take_place(folder, HALF, name)
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

fn open(path: &Path) -> Result<NodeSecrets, Failure> {
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| failure(path, &error))?);
    let file = KeyFile::parse(&text).map_err(|error| failure(path, &error))?;
    file.open_node_secrets(None).map_err(|error| failure(path, &error))
}

fn failure(path: &Path, reason: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Key, &format!("{}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemEntropy;
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
        replace(folder.path(), &old).unwrap();
        write_next(folder.path(), &new).unwrap();
        assert!(settle(folder.path(), &record_of(&old)).unwrap().signing.public() == old.signing.public());
        assert!(folder.path().join(NEXT).exists(), "what was prepared waits");
        for _ in 0..2 {
            assert!(settle(folder.path(), &record_of(&new)).unwrap().signing.public() == new.signing.public());
            assert!(!folder.path().join(NEXT).exists());
        }
        assert!(read(folder.path()).unwrap().tls.public() == new.tls.public());
    }

    /// [NOD-82] Also for whoever kept the file open, as somebody does who reads the bytes of a deleted file.
    #[test]
    fn what_is_replaced_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        replace(folder.path(), &NodeSecrets::generate(&mut SystemEntropy)).unwrap();
        let mut kept = File::open(folder.path().join(NODE_KEY)).unwrap();
        replace(folder.path(), &NodeSecrets::generate(&mut SystemEntropy)).unwrap();
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut kept, &mut bytes).unwrap();
        assert!(bytes.len() > 300 && bytes.iter().all(|byte| *byte == 0));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
