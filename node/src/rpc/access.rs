//! The files beside the data that let own people and programs in: certificate, token, address.
//!
//! Guarantees that the secret ones are readable by their owner alone, and that a file is replaced whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use super::auth::{Token, TokenDigest};
use crate::tls::{ApiCertificate, TlsError};

/// Where the interface is, and the token: for whoever may use it. [API-1]
pub const ACCESS: &str = "api.toml";
/// The certificate to trust.
pub const CERTIFICATE: &str = "api-certificate.pem";
/// Its private key: for the node alone.
const KEY: &str = "api-key.pem";
/// Digest of the token: what the node checks.
const DIGEST: &str = "api-token.sha256";

/// Why the access files cannot be used. One line.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A file cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// A file does not hold what it must.
    #[error("{0} is damaged; remove it and {KEY}, {CERTIFICATE}, {DIGEST} and {ACCESS} to have all made anew")]
    Damaged(PathBuf),
    /// The certificate cannot be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}

/// What the node needs to serve the local interface.
pub struct Access {
    /// Its certificate.
    pub certificate: ApiCertificate,
    /// What its callers' token must match.
    pub digest: TokenDigest,
}

/// What [`ACCESS`] says, beside the certificate.
#[derive(Deserialize)]
struct AccessFile {
    endpoint: String,
    token: String,
}

impl Access {
    /// Makes certificate and token in a folder that has none.
    ///
    /// # Errors
    /// [`AccessError::File`] if one of the files is there already.
    pub fn create(folder: &Path) -> Result<(), AccessError> {
        let certificate = ApiCertificate::generate()?;
        let token = Token::generate().map_err(|_| AccessError::NoRandomness)?;
        write_new(&folder.join(KEY), certificate.expose_key_pem(), 0o600)?;
        write_new(&folder.join(CERTIFICATE), certificate.certificate_pem(), 0o644)?;
        write_new(&folder.join(DIGEST), &token.digest().to_hex(), 0o600)?;
        // The address is written when the node listens.
        write_new(&folder.join(ACCESS), &text(String::new(), &token), 0o600)
    }

    /// Reads them; makes them if there are none at all.
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn open(folder: &Path) -> Result<Self, AccessError> {
        if [KEY, CERTIFICATE, DIGEST].iter().all(|name| !folder.join(name).exists()) {
            Self::create(folder)?;
        }
        let digest = folder.join(DIGEST);
        Ok(Self {
            digest: TokenDigest::from_hex(&read(&digest)?).ok_or(AccessError::Damaged(digest))?,
            certificate: ApiCertificate::from_pem(read(&folder.join(CERTIFICATE))?, read(&folder.join(KEY))?.into()),
        })
    }

    /// Says in the access file where the interface is. A file that is not there was taken elsewhere on purpose, and
    /// stays away; one that is damaged, or whose token is not the node's, is written anew with a new token. [API-1]
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn announce(&mut self, folder: &Path, address: SocketAddr) -> Result<(), AccessError> {
        let path = folder.join(ACCESS);
        if !path.exists() {
            return Ok(());
        }
        let kept = toml::from_str::<AccessFile>(&Zeroizing::new(read(&path)?))
            .ok()
            .filter(|file| self.digest.matches(&file.token));
        let token = match kept {
            Some(file) if file.endpoint == address.to_string() => return Ok(()),
            Some(mut file) => Token::from_text(Zeroizing::new(std::mem::take(&mut file.token))),
            None => {
                let token = Token::generate().map_err(|_| AccessError::NoRandomness)?;
                self.digest = token.digest();
                replace(&folder.join(DIGEST), &self.digest.to_hex())?;
                token
            }
        };
        replace(&path, &text(address.to_string(), &token))
    }
}

impl Drop for AccessFile {
    fn drop(&mut self) {
        self.token.zeroize();
    }
}

fn text(endpoint: String, token: &Token) -> Zeroizing<String> {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    Zeroizing::new(format!(
        "# Lets in whoever reads this file: keep it like a key.\nendpoint = {}\ncertificate = {}\ntoken = {}\n",
        quoted(&endpoint),
        quoted(CERTIFICATE),
        quoted(token.expose()),
    ))
}

fn read(path: &Path) -> Result<String, AccessError> {
    std::fs::read_to_string(path).map_err(|reason| AccessError::File { path: path.to_owned(), reason })
}

/// Writes a file that must not be there yet.
pub(crate) fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), AccessError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|reason| AccessError::File { path: path.to_owned(), reason })
}

/// Replaces a file, whole, readable by its owner.
fn replace(path: &Path, text: &str) -> Result<(), AccessError> {
    let beside = path.with_extension("new");
    // What a crash left there was never used.
    let _ = std::fs::remove_file(&beside);
    write_new(&beside, text, 0o600)?;
    let rename = || {
        std::fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    rename().map_err(|reason| AccessError::File { path: path.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn file(folder: &Path) -> AccessFile {
        toml::from_str(&read(&folder.join(ACCESS)).unwrap()).unwrap()
    }

    #[test]
    fn secrets_are_readable_by_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        Access::create(folder.path()).unwrap();
        Access::open(folder.path()).unwrap().announce(folder.path(), "127.0.0.1:1".parse().unwrap()).unwrap();
        for name in [ACCESS, KEY, DIGEST] {
            let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert!(Access::create(folder.path()).is_err());
    }

    #[test]
    fn the_address_is_kept_up_to_date_and_the_token_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut access = Access::open(folder.path()).unwrap();
        access.announce(folder.path(), "127.0.0.1:1".parse().unwrap()).unwrap();
        let first = file(folder.path());
        access.announce(folder.path(), "127.0.0.1:2".parse().unwrap()).unwrap();
        let second = file(folder.path());
        assert_eq!((first.endpoint.as_str(), second.endpoint.as_str()), ("127.0.0.1:1", "127.0.0.1:2"));
        assert_eq!(first.token, second.token);
        assert!(Access::open(folder.path()).unwrap().digest.matches(&second.token));
    }

    #[test]
    fn a_damaged_access_file_is_written_anew_and_a_missing_one_stays_away() {
        let folder = tempfile::tempdir().unwrap();
        let mut access = Access::open(folder.path()).unwrap();
        let old = file(folder.path()).token.clone();
        std::fs::write(folder.path().join(ACCESS), "token = \"guess\"").unwrap();
        access.announce(folder.path(), "127.0.0.1:1".parse().unwrap()).unwrap();
        let anew = file(folder.path()).token.clone();
        assert!(access.digest.matches(&anew) && !access.digest.matches(&old));
        assert!(Access::open(folder.path()).unwrap().digest.matches(&anew));
        std::fs::remove_file(folder.path().join(ACCESS)).unwrap();
        access.announce(folder.path(), "127.0.0.1:2".parse().unwrap()).unwrap();
        assert!(!folder.path().join(ACCESS).exists());
    }
}
