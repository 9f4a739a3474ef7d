//! The key that a locked node shows.
//!
//! Guarantees that whoever has it has no other key of the node: it follows from the TLS key, and nothing leads back. Leaves
//! to peers that nothing which is said by it counts. [RST-31]

use std::fs::{self, File};
use std::io;
use std::path::Path;

use ring::hmac;
use uput_core::key::{PublicKey, SigningKey};
use zeroize::Zeroizing;

use crate::rpc::access::write_new;

/// Where it lies, in the clear.
const FILE: &str = "door.key";
/// What is being written.
const HALF: &str = "door.key.half";
const FIRST_LINE: &str = "uput-door-key 1";

/// A door key.
pub struct DoorKey(SigningKey);

impl DoorKey {
    /// That of a node with this TLS key.
    #[must_use]
    pub fn of(tls: &SigningKey) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, tls.expose_seed());
        let mut seed = Zeroizing::new([0; 32]);
        let tag = hmac::sign(&key, b"uput/node/door-key");
        seed.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        Self(SigningKey::from_seed(&seed))
    }

    /// What the key record names.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        self.0.public()
    }

    /// For TLS.
    #[must_use]
    pub const fn signing(&self) -> &SigningKey {
        &self.0
    }

    /// That of a folder, if there is one. A file that is damaged is none: an unlocked node writes it anew.
    #[must_use]
    pub fn read(folder: &Path) -> Option<Self> {
        let text = Zeroizing::new(fs::read_to_string(folder.join(FILE)).ok()?);
        let mut lines = text.lines();
        let seed = lines.next().filter(|line| *line == FIRST_LINE).and_then(|_| lines.next()).and_then(unhex)?;
        Some(Self(SigningKey::from_seed(&seed)))
    }

    /// Writes it where a locked node finds it.
    ///
    /// # Errors
    /// What the disk says; then the one before may still be there.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        if Self::read(folder).is_some_and(|there| there.public() == self.public()) {
            return Ok(());
        }
        let mut text = Zeroizing::new(String::with_capacity(96));
        text.push_str(FIRST_LINE);
        text.push('\n');
        for byte in self.0.expose_seed() {
            text.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)));
        }
        text.push('\n');
        let half = folder.join(HALF);
        remove(&half)?;
        write_new(&half, &text, 0o600).map_err(io::Error::other)?;
        fs::rename(half, folder.join(FILE))?;
        File::open(folder)?.sync_all()
    }

    /// Removes it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn remove(folder: &Path) -> io::Result<()> {
        remove(&folder.join(HALF))?;
        remove(&folder.join(FILE))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn unhex(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits: Vec<u8> = digits.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let bytes = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    let mut seed = Zeroizing::new([0; 32]);
    seed.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    (digits.len() == 64).then_some(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [RST-31]
    #[test]
    fn it_follows_from_the_tls_key_and_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let key = DoorKey::of(&SigningKey::from_seed(&[7; 32]));
        assert!(key.public() != SigningKey::from_seed(&[7; 32]).public());
        assert!(key.public() != DoorKey::of(&SigningKey::from_seed(&[8; 32])).public());
        assert!(DoorKey::read(folder.path()).is_none());
        for _ in 0..2 {
            key.write(folder.path()).unwrap();
            assert!(DoorKey::read(folder.path()).unwrap().public() == key.public());
        }
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        for damaged in [text.replace("uput-door", "uput-back"), text[..text.len() - 2].to_owned(), String::new()] {
            fs::write(folder.path().join(FILE), damaged).unwrap();
            assert!(DoorKey::read(folder.path()).is_none());
        }
        DoorKey::remove(folder.path()).unwrap();
        DoorKey::remove(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
