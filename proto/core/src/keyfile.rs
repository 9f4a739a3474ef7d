//! Key files: secrets as text, sealed with a passphrase or in clear.
//!
//! Guarantees: a file that opens holds the secret of the public key that it names, unchanged; a hostile file cannot
//! demand more memory or time than [`Cost`] allows; an error names line and rule, and no error shows a secret.
//! Leaves to others: reading and writing files, their permissions, fresh salts, and asking for the passphrase.

mod hex;
mod secret;

use zeroize::Zeroizing;

pub use secret::{Cost, Lock};

use crate::entropy::Entropy;
use crate::key::{PublicKey, SealingSecret, SigningKey};
use crate::rejection::Rejection;
use secret::StoredLock;

const FORMAT: &str = "uput-key-file 1";
/// Hexadecimal digits in a line.
const WIDTH: usize = 64;
/// Most sealing secrets in a file: the newest and those within their grace time. [KEY-20]
const MAX_SEALING: usize = 16;
/// Bytes of every secret.
const SECRET: usize = 32;
/// Longest text: the largest node file with much room for comments.
const MAX_TEXT: usize = 64 * 1024;

/// Why a key file is not read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// The text does not follow the format.
    #[error("line {line}: {rule}")]
    Source {
        /// From 1.
        line: usize,
        /// What the line must be.
        rule: &'static str,
    },
    /// Anything else: [`Rejection::KeyLocked`], [`Rejection::WrongPassphrase`], [`Rejection::BadSource`].
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl KeyFileError {
    /// Its row in the table of rejections.
    #[must_use]
    pub const fn rejection(self) -> Rejection {
        match self {
            Self::Source { .. } => Rejection::BadSource,
            Self::Rejected(rejection) => rejection,
        }
    }
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The organisation key.
    Organisation,
    /// The secrets of a node.
    Node,
    /// The secret of a staff key.
    Staff,
    /// One key of a recovery set. [KEY-26]
    Recovery,
}

/// The secrets of a node. [KEY-20]
pub struct NodeSecrets {
    /// Signs events, heads, bundles, checkpoints.
    pub signing: SigningKey,
    /// The key of the TLS certificate.
    pub tls: SigningKey,
    /// Opens letters; newest first, one to sixteen.
    pub sealing: Vec<SealingSecret>,
    /// What the node's storage is sealed under.
    pub storage: Zeroizing<[u8; SECRET]>,
}

/// A key file that parses, still closed.
pub struct KeyFile {
    holds: Holds,
    public: [u8; SECRET],
    lock: StoredLock,
    sealed: Zeroizing<Vec<u8>>,
}

/// Writes the file of an organisation key. [KEY-19]
///
/// # Errors
/// [`Rejection::WrongPassphrase`] for an empty passphrase.
pub fn write_organisation_key(key: &SigningKey, lock: &Lock<'_>) -> Result<Zeroizing<String>, KeyFileError> {
    write(Holds::Organisation, key.public().as_bytes(), key.expose_seed(), lock)
}

/// Writes the file of one key of a recovery set. [KEY-19]
///
/// # Errors
/// [`Rejection::WrongPassphrase`] for an empty passphrase.
pub fn write_recovery_key(key: &SigningKey, lock: &Lock<'_>) -> Result<Zeroizing<String>, KeyFileError> {
    // Exposed into the file of whose key it is.
    write(Holds::Recovery, key.public().as_bytes(), key.expose_seed(), lock)
}

/// Writes the file of a staff key. [KEY-19]
///
/// # Errors
/// [`Rejection::WrongPassphrase`] for an empty passphrase.
pub fn write_staff_key(key: &SealingSecret, lock: &Lock<'_>) -> Result<Zeroizing<String>, KeyFileError> {
    // Exposed into the file of whose key it is.
    write(Holds::Staff, key.id().as_bytes(), key.expose_seed(), lock)
}

impl NodeSecrets {
    /// Draws new secrets, with one sealing key.
    #[must_use]
    pub fn generate(random: &mut impl Entropy) -> Self {
        let mut draw = || {
            let mut seed = Zeroizing::new([0; SECRET]);
            random.fill(seed.as_mut_slice());
            seed
        };
        Self {
            signing: SigningKey::from_seed(&draw()),
            tls: SigningKey::from_seed(&draw()),
            sealing: vec![SealingSecret::from_seed(&draw())],
            storage: draw(),
        }
    }

    /// Writes the file of a node's secrets. [KEY-20]
    ///
    /// # Errors
    /// [`Rejection::WrongPassphrase`] for an empty passphrase, [`Rejection::BadSource`] for none or too many sealing
    /// secrets.
    pub fn write(&self, lock: &Lock<'_>) -> Result<Zeroizing<String>, KeyFileError> {
        if !(1..=MAX_SEALING).contains(&self.sealing.len()) {
            return Err(Rejection::BadSource.into());
        }
        let mut secret = Zeroizing::new(Vec::with_capacity((3 + self.sealing.len()) * SECRET));
        secret.extend_from_slice(self.signing.expose_seed());
        secret.extend_from_slice(self.tls.expose_seed());
        secret.extend_from_slice(self.storage.as_slice());
        self.sealing.iter().for_each(|key| secret.extend_from_slice(key.expose_seed()));
        write(Holds::Node, self.signing.public().as_bytes(), &secret, lock)
    }

    fn parse(secret: &[u8]) -> Option<Self> {
        let (secrets, rest) = secret.as_chunks::<SECRET>();
        let [signing, tls, storage, sealing @ ..] = secrets else { return None };
        if !rest.is_empty() || !(1..=MAX_SEALING).contains(&sealing.len()) {
            return None;
        }
        Some(Self {
            signing: SigningKey::from_seed(signing),
            tls: SigningKey::from_seed(tls),
            sealing: sealing.iter().map(SealingSecret::from_seed).collect(),
            storage: Zeroizing::new(*storage),
        })
    }
}

impl KeyFile {
    /// Parses the text; the secret stays closed. [KEY-19]
    ///
    /// # Errors
    /// [`KeyFileError::Source`] with line and rule.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        if text.len() > MAX_TEXT {
            return Err(rule(1, "a key file has at most 65536 bytes"));
        }
        let mut lines = Lines::new(text);
        lines.expect(|line| (line == FORMAT).then_some(()), "must be \"uput-key-file 1\"")?;
        let holds = lines.expect(
            Holds::parse,
            "must be \"holds organisation\", \"holds node\", \"holds staff\" or \"holds recovery\"",
        )?;
        let public = lines.expect(
            |line| parse_public(holds, line),
            "must be \"public\" and a public key, or the ID of a staff key, of 64 hexadecimal digits",
        )?;
        let lock = lines.expect(StoredLock::parse, StoredLock::RULE)?;
        let sealed = lines.rest()?;
        Ok(Self { holds, public, lock, sealed })
    }

    /// What it says it holds.
    #[must_use]
    pub const fn holds(&self) -> Holds {
        self.holds
    }

    /// The key that it names: of the organisation, the node's signing key, one of a recovery set, or the ID of a staff key.
    #[must_use]
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Whether it takes a passphrase to open.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.lock.is_passphrase()
    }

    /// Opens the file of an organisation key. [KEY-21]
    ///
    /// # Errors
    /// [`Rejection::KeyLocked`] if it takes a passphrase and none is given, [`Rejection::WrongPassphrase`] if it does
    /// not open, [`Rejection::BadSource`] if it is damaged or holds something else.
    pub fn open_organisation_key(&self, passphrase: Option<&str>) -> Result<SigningKey, KeyFileError> {
        self.open_signing_key(Holds::Organisation, passphrase)
    }

    /// Opens the file of one key of a recovery set. [KEY-21]
    ///
    /// # Errors
    /// As [`KeyFile::open_organisation_key`].
    pub fn open_recovery_key(&self, passphrase: Option<&str>) -> Result<SigningKey, KeyFileError> {
        self.open_signing_key(Holds::Recovery, passphrase)
    }

    /// Opens the file of a staff key. [KEY-21]
    ///
    /// # Errors
    /// As [`KeyFile::open_organisation_key`].
    pub fn open_staff_key(&self, passphrase: Option<&str>) -> Result<SealingSecret, KeyFileError> {
        let secret = self.open(Holds::Staff, passphrase)?;
        let seed: &[u8; SECRET] = secret.as_slice().try_into().map_err(|_| Rejection::BadSource)?;
        self.expect_public(SealingSecret::from_seed(seed), |key| *key.id().as_bytes())
    }

    /// Opens the file of a node's secrets. [KEY-21]
    ///
    /// # Errors
    /// As [`KeyFile::open_organisation_key`].
    pub fn open_node_secrets(&self, passphrase: Option<&str>) -> Result<NodeSecrets, KeyFileError> {
        let secret = self.open(Holds::Node, passphrase)?;
        let secrets = NodeSecrets::parse(&secret).ok_or(Rejection::BadSource)?;
        self.expect_public(secrets, |secrets| *secrets.signing.public().as_bytes())
    }

    fn open_signing_key(&self, expected: Holds, passphrase: Option<&str>) -> Result<SigningKey, KeyFileError> {
        let secret = self.open(expected, passphrase)?;
        let seed: &[u8; SECRET] = secret.as_slice().try_into().map_err(|_| Rejection::BadSource)?;
        self.expect_public(SigningKey::from_seed(seed), |key| *key.public().as_bytes())
    }

    fn open(&self, expected: Holds, passphrase: Option<&str>) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        if self.holds != expected {
            return Err(rule(2, "the file holds another kind of secret than asked for"));
        }
        let header = header(self.holds, &self.public, &self.lock);
        Ok(self.lock.open(&header, &self.sealed, passphrase)?)
    }

    fn expect_public<T>(&self, secret: T, public: impl Fn(&T) -> [u8; SECRET]) -> Result<T, KeyFileError> {
        if public(&secret) == self.public { Ok(secret) } else { Err(Rejection::BadSource.into()) }
    }
}

fn write(
    holds: Holds,
    public: &[u8; SECRET],
    secret: &[u8],
    lock: &Lock<'_>,
) -> Result<Zeroizing<String>, KeyFileError> {
    let stored = lock.stored();
    let header = header(holds, public, &stored);
    let digits = Zeroizing::new(hex::encode(&lock.seal(&header, secret)?));
    let comment = format!(
        "# {}: the secret of {} {}.\n{}\n",
        holds.title(),
        if holds == Holds::Staff { "the key with ID" } else { "public key" },
        hex::encode(public),
        holds.warning()
    );
    let mut text = Zeroizing::new(String::with_capacity(comment.len() + header.len() + 2 * digits.len()));
    text.push_str(&comment);
    text.push_str(&header);
    for line in digits.as_bytes().chunks(WIDTH) {
        text.extend(line.iter().map(|digit| char::from(*digit)));
        text.push('\n');
    }
    Ok(text)
}

/// The lines that the secret is bound to.
fn header(holds: Holds, public: &[u8; SECRET], lock: &StoredLock) -> String {
    format!("{FORMAT}\nholds {}\npublic {}\nlock {lock}\n", holds.word(), hex::encode(public))
}

impl Holds {
    const fn word(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Node => "node",
            Self::Staff => "staff",
            Self::Recovery => "recovery",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Organisation => "Organisation key",
            Self::Node => "Secrets of a node",
            Self::Staff => "Staff key",
            Self::Recovery => "Recovery key",
        }
    }

    const fn warning(self) -> &'static str {
        match self {
            Self::Organisation => {
                "# Who can open this file speaks for the organisation. Keep it apart from the node, and a copy on paper."
            }
            Self::Node => {
                "# Who can open this file reads the node's letters and signs its events. It never leaves the node."
            }
            Self::Staff => {
                "# Who can open this file, and is let in to the node, reads what is sealed to its owner. It belongs to one person."
            }
            Self::Recovery => {
                "# Together with others like it, it replaces a lost organisation key. Keep it at home, away from the others; print it."
            }
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let word = line.strip_prefix("holds ")?;
        [Self::Organisation, Self::Node, Self::Staff, Self::Recovery].into_iter().find(|holds| holds.word() == word)
    }
}

fn parse_public(holds: Holds, line: &str) -> Option<[u8; SECRET]> {
    let bytes: [u8; SECRET] = hex::decode(line.strip_prefix("public ")?)?.try_into().ok()?;
    // The ID of a staff key is a digest: any 32 bytes are one.
    let admitted = holds == Holds::Staff || PublicKey::parse(&bytes).is_ok();
    admitted.then_some(bytes)
}

const fn rule(line: usize, rule: &'static str) -> KeyFileError {
    KeyFileError::Source { line, rule }
}

/// Lines without comments and empty ones, with their numbers in the file.
struct Lines<'a> {
    lines: core::iter::Enumerate<core::str::Lines<'a>>,
    last: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { lines: text.lines().enumerate(), last: 0 }
    }

    fn next(&mut self) -> Option<&'a str> {
        let (index, line) = self.lines.by_ref().find(|(_, line)| !line.is_empty() && !line.starts_with('#'))?;
        self.last = index + 1;
        Some(line)
    }

    fn expect<T>(&mut self, parse: impl Fn(&str) -> Option<T>, text: &'static str) -> Result<T, KeyFileError> {
        let line = self.next();
        let number = if line.is_some() { self.last } else { self.last + 1 };
        line.and_then(parse).ok_or(rule(number, text))
    }

    /// All that remains, as hexadecimal digits.
    fn rest(&mut self) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_TEXT / 2));
        while let Some(line) = self.next() {
            let decoded = hex::decode(line).filter(|_| line.len() <= WIDTH).map(Zeroizing::new);
            let decoded = decoded.ok_or(rule(self.last, "must be at most 64 hexadecimal digits, in pairs"))?;
            bytes.extend_from_slice(&decoded);
        }
        Ok(bytes)
    }
}
