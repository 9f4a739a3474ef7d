//! Who can open a backup. [BAK-10]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::str::FromStr;

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use super::BackupError;
use super::error::io;

/// The recipients of a backup: two or more, no two the same.
pub struct Holders(Vec<Recipient>);

impl Holders {
    /// Takes the lines that age-keygen calls public keys.
    ///
    /// # Errors
    /// [`BackupError::NotARecipient`], [`BackupError::TooFewRecipients`].
    pub fn parse(lines: &[String]) -> Result<Self, BackupError> {
        let parse = |line: &String| Recipient::from_str(line).map_err(|_| BackupError::NotARecipient(line.clone()));
        let recipients = lines.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let different: BTreeSet<String> = recipients.iter().map(Recipient::to_string).collect();
        if different.len() < 2 || different.len() != recipients.len() {
            return Err(BackupError::TooFewRecipients);
        }
        Ok(Self(recipients))
    }

    /// Encrypts to them, and to whoever reads it again to see that it is good.
    pub(super) fn encrypt<W: Write>(&self, reader: &Reader, to: W) -> io::Result<age::stream::StreamWriter<W>> {
        let mine = reader.0.to_public();
        let all = self.0.iter().chain([&mine]).map(|recipient| recipient as &dyn age::Recipient);
        Encryptor::with_recipients(all).map_err(io::Error::other)?.wrap_output(to)
    }
}

/// The key by which a backup is read again when it was made. It is never written, and forgotten with the run. [BAK-22]
pub(super) struct Reader(Identity);

impl Reader {
    pub(super) fn new() -> Self {
        Self(Identity::generate())
    }

    pub(super) fn identities(self) -> Identities {
        Identities(vec![self.0])
    }
}

/// Keys that open backups.
pub struct Identities(Vec<Identity>);

impl Identities {
    /// Reads the file of one or more keys that age-keygen writes.
    ///
    /// # Errors
    /// [`BackupError::NotAnIdentity`], [`BackupError::Io`].
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(io("reading", path))?);
        Self::parse(&text).ok_or_else(|| BackupError::NotAnIdentity(path.display().to_string()))
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys = lines.map(|line| Identity::from_str(line).ok()).collect::<Option<Vec<_>>>()?;
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Opens what is encrypted to one of them; `name` is for the error.
    pub(super) fn decrypt<R: Read>(
        &self,
        from: R,
        name: &str,
    ) -> Result<age::stream::StreamReader<BufReader<R>>, BackupError> {
        let damaged = |what| BackupError::Damaged { file: name.to_owned(), what };
        let keys = || self.0.iter().map(|key| key as &dyn age::Identity);
        let opened = Decryptor::new_buffered(BufReader::new(from)).and_then(|found| found.decrypt(keys()));
        opened.map_err(|error| match error {
            DecryptError::NoMatchingKeys => BackupError::WrongKey(name.to_owned()),
            DecryptError::Io(_) => damaged("it ends too early"),
            _ => damaged("its beginning does not open"),
        })
    }
}

/// A new key of the key book, as text: who has it opens the key book. [BAK-13]
pub(super) fn book_key() -> (Identity, Zeroizing<String>) {
    let key = Identity::generate();
    let text = Zeroizing::new(format!("{}\n", key.to_string().expose_secret()));
    (key, text)
}

/// Encrypts to the key of a key book alone.
pub(super) fn under_book_key<W: Write>(key: &Identity, to: W) -> io::Result<age::stream::StreamWriter<W>> {
    let recipient = key.to_public();
    let one = std::iter::once(&recipient as &dyn age::Recipient);
    Encryptor::with_recipients(one).map_err(io::Error::other)?.wrap_output(to)
}

/// Makes a key for somebody who shall be able to open backups; gives the line for `--recipient`. [BAK-11]
///
/// # Errors
/// [`BackupError::Io`]: the file is there already, or cannot be written.
pub fn new_identity(path: &Path) -> Result<String, BackupError> {
    use std::os::unix::fs::OpenOptionsExt;
    let key = Identity::generate();
    let public = key.to_public().to_string();
    let text = Zeroizing::new(format!("# public key: {public}\n{}\n", key.to_string().expose_secret()));
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(io("making", path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io("writing", path))?;
    Ok(public)
}
