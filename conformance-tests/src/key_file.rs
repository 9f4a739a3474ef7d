//! The secrets of a node, read from `node.key` as specs/identity.md says: this reader shares no code with the node's.
//!
//! Reads files without a lock only; a test has no passphrase.

use std::path::Path;

use ring::digest::{SHA256, digest};

use crate::failed::{Failed, Outcome};

const SEED: usize = 32;

/// What a node keeps secret. [KEY-20]
pub struct NodeSecrets {
    /// Seed of the key that signs events.
    pub signing: [u8; SEED],
    /// Seed of the TLS key.
    pub tls: [u8; SEED],
    /// The key of the node's storage.
    pub storage: [u8; SEED],
    /// Seeds of the sealing keys, newest first.
    pub sealing: Vec<[u8; SEED]>,
}

impl NodeSecrets {
    /// Reads a node's file.
    ///
    /// # Errors
    /// If it is not one, or is locked.
    pub fn read(path: &Path) -> Outcome<Self> {
        let secret = open(&std::fs::read_to_string(path)?, "node")?;
        let (seeds, rest) = secret.as_chunks::<SEED>();
        match seeds {
            [signing, tls, storage, sealing @ ..] if !sealing.is_empty() && rest.is_empty() => {
                Ok(Self { signing: *signing, tls: *tls, storage: *storage, sealing: sealing.to_vec() })
            }
            _ => Err(Failed::because("a node's key file has no three seeds and one")),
        }
    }

    /// All of it, each under a name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &[u8; SEED])> {
        let first = [("signing seed", &self.signing), ("TLS seed", &self.tls), ("storage key", &self.storage)];
        first.into_iter().chain(self.sealing.iter().map(|seed| ("sealing seed", seed)))
    }
}

/// The secret of a file without a lock. [KEY-19] [KEY-21]
///
/// # Errors
/// If the file is not that.
pub fn open(text: &str, holds: &str) -> Outcome<Vec<u8>> {
    let wrong = || Failed::because(format!("not a {holds} key file without a lock"));
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let (header, digits) = lines.split_at_checked(4).ok_or_else(wrong)?;
    let kept = header.first() == Some(&"uput-key-file 1") && header.get(1) == Some(&format!("holds {holds}").as_str());
    if !kept || header.get(3) != Some(&"lock none") {
        return Err(wrong());
    }
    let header: String = header.iter().map(|line| format!("{line}\n")).collect();
    let bytes = from_hex(&digits.concat()).ok_or_else(wrong)?;
    let (secret, check) = bytes.split_last_chunk::<32>().ok_or_else(wrong)?;
    let expected = digest(&SHA256, &[b"uput/v1/key-file", header.as_bytes(), secret].concat());
    if expected.as_ref() == check { Ok(secret.to_vec()) } else { Err(wrong()) }
}

/// Bytes from pairs of hexadecimal digits.
#[must_use]
pub fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}
