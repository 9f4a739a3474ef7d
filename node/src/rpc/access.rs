//! The files beside the data that let the first administrator in: certificate, token, address.
//!
//! Guarantees that the secret ones are readable by their owner alone, and that a file is replaced whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use crate::account::{Register, Token};
use crate::tls::{ApiCertificate, TlsError};

/// Where the interface is, and the token: for whoever may use it. [API-1]
pub const ACCESS: &str = "api.toml";
/// The certificate to trust.
pub const CERTIFICATE: &str = "api-certificate.pem";
/// Its private key: for the node alone.
pub(crate) const KEY: &str = "api-key.pem";

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
    /// The certificate cannot be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// What an access file in the node's folder holds.
pub enum Kept {
    /// It was taken elsewhere on purpose.
    Away,
    /// A token that was made here, valid or not any more.
    Ours(Token),
    /// Something else: damaged, emptied, or from before there were accounts.
    Foreign,
}

/// What an access file says, beside the certificate.
#[derive(Deserialize)]
struct AccessFile {
    token: String,
}

/// Makes the certificate and the first access file in a folder that has none.
///
/// # Errors
/// [`AccessError::File`] if one of the files is there already.
pub fn create(folder: &Path, token: &Token) -> Result<(), AccessError> {
    make_certificate(folder)?;
    // The address is written when the node listens.
    write_new(&folder.join(ACCESS), &text(String::new(), token), 0o600)
}

/// Reads the certificate; makes one if there is none.
///
/// # Errors
/// [`AccessError`].
pub fn certificate(folder: &Path) -> Result<ApiCertificate, AccessError> {
    if [KEY, CERTIFICATE].iter().all(|name| !folder.join(name).exists()) {
        make_certificate(folder)?;
    }
    Ok(ApiCertificate::from_pem(read(&folder.join(CERTIFICATE))?, read(&folder.join(KEY))?.into()))
}

/// Looks at the access file.
///
/// # Errors
/// [`AccessError`] if it is there and cannot be read.
pub fn kept(folder: &Path, register: &Register) -> Result<Kept, AccessError> {
    let path = folder.join(ACCESS);
    if !path.exists() {
        return Ok(Kept::Away);
    }
    let file = toml::from_str::<AccessFile>(&Zeroizing::new(read(&path)?)).ok();
    let token = file.and_then(|mut file| Token::from_text(Zeroizing::new(std::mem::take(&mut file.token))));
    Ok(token.filter(|token| register.made(token)).map_or(Kept::Foreign, Kept::Ours))
}

/// Writes into the access file where the interface is, and the token. [API-1]
///
/// # Errors
/// [`AccessError`].
pub fn announce(folder: &Path, address: SocketAddr, token: &Token) -> Result<(), AccessError> {
    let (path, text) = (folder.join(ACCESS), text(address.to_string(), token));
    if Zeroizing::new(read(&path)?) == text { Ok(()) } else { replace(&path, &text) }
}

fn make_certificate(folder: &Path) -> Result<(), AccessError> {
    let certificate = ApiCertificate::generate()?;
    write_new(&folder.join(KEY), certificate.expose_key_pem(), 0o600)?;
    write_new(&folder.join(CERTIFICATE), certificate.certificate_pem(), 0o644)
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
    use std::sync::Arc;

    use crate::account::{AccountId, KeptToken};

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn content(folder: &Path) -> String {
        read(&folder.join(ACCESS)).unwrap()
    }

    fn register(token: &Token, revoked: bool) -> Register {
        let register = Register::default();
        register.set_token(KeptToken {
            id: token.id(),
            account: AccountId::new([1; 16]),
            digest: token.digest(),
            scopes: Arc::new([]),
            created: 1,
            created_by: None,
            until: 0,
            revoked,
            key_digest: None,
            notice: 0,
        });
        register
    }

    #[test]
    fn secrets_are_readable_by_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let token = Token::generate().unwrap();
        create(folder.path(), &token).unwrap();
        announce(folder.path(), address(1), &token).unwrap();
        for name in [ACCESS, KEY] {
            let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert!(create(folder.path(), &token).is_err());
    }

    #[test]
    fn the_address_is_kept_up_to_date_and_the_token_stays() {
        let folder = tempfile::tempdir().unwrap();
        let token = Token::generate().unwrap();
        create(folder.path(), &token).unwrap();
        for port in [1, 2] {
            let Kept::Ours(kept) = kept(folder.path(), &register(&token, false)).unwrap() else { panic!() };
            announce(folder.path(), address(port), &kept).unwrap();
            let said = content(folder.path());
            assert!(said.contains(&format!("\"127.0.0.1:{port}\"")) && said.contains(token.expose()));
        }
    }

    /// [API-1]
    #[test]
    fn a_damaged_file_is_foreign_a_missing_one_stays_away_and_an_ended_token_stays_ended() {
        let folder = tempfile::tempdir().unwrap();
        let token = Token::generate().unwrap();
        create(folder.path(), &token).unwrap();
        assert!(matches!(kept(folder.path(), &register(&token, true)).unwrap(), Kept::Ours(_)));
        let stranger = Token::generate().unwrap();
        assert!(matches!(kept(folder.path(), &register(&stranger, false)).unwrap(), Kept::Foreign));
        for text in ["token = \"guess\"", ""] {
            std::fs::write(folder.path().join(ACCESS), text).unwrap();
            assert!(matches!(kept(folder.path(), &register(&token, false)).unwrap(), Kept::Foreign));
        }
        std::fs::remove_file(folder.path().join(ACCESS)).unwrap();
        assert!(matches!(kept(folder.path(), &register(&token, false)).unwrap(), Kept::Away));
    }
}
