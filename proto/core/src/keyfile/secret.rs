//! The lock of a key file: none, or a passphrase.
//!
//! Guarantees: with a passphrase, nobody opens or changes the secret without it, and each guess costs what [`Cost`]
//! says; without one, damage is noticed. Leaves to others: a passphrase that cannot be guessed, and a fresh salt.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::hex;
use crate::rejection::Rejection;

const SALT: usize = 32;
const MIN_MEMORY: u32 = 19 * 1024;
const MAX_MEMORY: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
/// Most memory times passes, in KiB: a few seconds of a small computer.
const MAX_WORK: u32 = 4 * 1024 * 1024;

/// What each guess of a passphrase costs (Argon2id). [KEY-22]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// 256 MiB, three passes, one lane: somewhat under a second.
    pub const DEFAULT: Self = Self { memory: 256 * 1024, passes: 3, lanes: 1 };
    /// 19 MiB, two passes, one lane: the least that is written, for a computer with little memory.
    pub const LEAST: Self = Self { memory: MIN_MEMORY, passes: 2, lanes: 1 };

    /// Memory in KiB, passes, lanes; `None` outside the bounds.
    #[must_use]
    pub fn new(memory: u32, passes: u32, lanes: u32) -> Option<Self> {
        let bounded = (MIN_MEMORY..=MAX_MEMORY).contains(&memory)
            && (2..=MAX_PASSES).contains(&passes)
            && (1..=MAX_LANES).contains(&lanes)
            && memory.checked_mul(passes).is_some_and(|work| work <= MAX_WORK);
        bounded.then_some(Self { memory, passes, lanes })
    }
}

/// How a file is to be locked.
pub enum Lock<'a> {
    /// Not at all: who reads the file has the secret.
    Clear,
    /// With a passphrase.
    Passphrase {
        /// Any text but the empty one; compared as NFC.
        passphrase: &'a str,
        /// Random, never used twice.
        salt: [u8; SALT],
        /// What each guess shall cost.
        cost: Cost,
    },
}

impl Lock<'_> {
    pub(super) const fn stored(&self) -> StoredLock {
        match self {
            Self::Clear => StoredLock::None,
            Self::Passphrase { salt, cost, .. } => StoredLock::Passphrase { cost: *cost, salt: *salt },
        }
    }

    pub(super) fn seal(&self, header: &str, secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, Rejection> {
        let mut sealed = Zeroizing::new(Vec::with_capacity(secret.len() + SHA256_OUTPUT_LEN));
        sealed.extend_from_slice(secret);
        match self {
            Self::Clear => {
                let check = check(header, secret);
                sealed.extend_from_slice(&check);
            }
            Self::Passphrase { passphrase, salt, cost } => {
                let key = derive(passphrase, salt, *cost)?;
                key.seal_in_place_append_tag(nonce(), Aad::from(header), &mut *sealed)
                    .map_err(|_| Rejection::BadSource)?;
            }
        }
        Ok(sealed)
    }
}

/// The lock as it stands in the file.
#[derive(Clone, Copy)]
pub(super) enum StoredLock {
    None,
    Passphrase { cost: Cost, salt: [u8; SALT] },
}

impl StoredLock {
    pub(super) const RULE: &'static str =
        "must be \"lock none\", or \"lock argon2id\" with memory in KiB, passes and lanes within bounds, and a salt";

    pub(super) fn parse(line: &str) -> Option<Self> {
        let lock = line.strip_prefix("lock ")?;
        if lock == "none" {
            return Some(Self::None);
        }
        let mut words = lock.strip_prefix("argon2id ")?.split(' ');
        let mut number = || words.next()?.parse::<u32>().ok();
        let cost = Cost::new(number()?, number()?, number()?)?;
        let salt = hex::decode(words.next()?)?.try_into().ok()?;
        let parsed = Self::Passphrase { cost, salt };
        // The one spelling of each number: what is bound to the secret is what stands in the file.
        (parsed.to_string() == lock).then_some(parsed)
    }

    pub(super) const fn is_passphrase(&self) -> bool {
        matches!(self, Self::Passphrase { .. })
    }

    pub(super) fn open(
        &self,
        header: &str,
        sealed: &[u8],
        passphrase: Option<&str>,
    ) -> Result<Zeroizing<Vec<u8>>, Rejection> {
        match self {
            Self::None => {
                let (secret, found) = sealed.split_last_chunk::<SHA256_OUTPUT_LEN>().ok_or(Rejection::BadSource)?;
                if check(header, secret) != *found {
                    return Err(Rejection::BadSource);
                }
                Ok(Zeroizing::new(secret.to_vec()))
            }
            Self::Passphrase { cost, salt } => {
                let key = derive(passphrase.ok_or(Rejection::KeyLocked)?, salt, *cost)?;
                let mut buffer = Zeroizing::new(sealed.to_vec());
                let opened = key.open_in_place(nonce(), Aad::from(header), &mut buffer);
                let length = opened.map_err(|_| Rejection::WrongPassphrase)?.len();
                buffer.truncate(length);
                Ok(buffer)
            }
        }
    }
}

impl fmt::Display for StoredLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Passphrase { cost: Cost { memory, passes, lanes }, salt } => {
                write!(f, "argon2id {memory} {passes} {lanes} {}", hex::encode(salt))
            }
        }
    }
}

/// The key of one file: each has its own salt, so each key seals once, under the nonce zero. [KEY-21]
fn derive(passphrase: &str, salt: &[u8; SALT], cost: Cost) -> Result<LessSafeKey, Rejection> {
    if passphrase.is_empty() {
        return Err(Rejection::WrongPassphrase);
    }
    // Keyboards differ in how they type a letter with its mark.
    let passphrase: Zeroizing<String> = Zeroizing::new(passphrase.nfc().collect());
    let params = Params::new(cost.memory, cost.passes, cost.lanes, None).map_err(|_| Rejection::BadSource)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut key = Zeroizing::new([0; 32]);
    argon2
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| Rejection::WrongPassphrase)?;
    let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).map_err(|_| Rejection::BadSource)?;
    Ok(LessSafeKey::new(key))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// What notices damage in a file without a passphrase. [KEY-21]
fn check(header: &str, secret: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    let input = Zeroizing::new([b"uput/v1/key-file", header.as_bytes(), secret].concat());
    let mut check = [0; SHA256_OUTPUT_LEN];
    check.copy_from_slice(digest(&SHA256, &input).as_ref());
    check
}
