//! Certificates: a shell around a key. Their names and dates mean nothing, only the key counts.

use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use uput_core::key::{PublicKey, SigningKey};
use uput_core::rejection::Rejection;
use zeroize::Zeroizing;

use super::TlsError;
use crate::seal::sha256;

/// Algorithm and bit string header that `webpki` gives before an Ed25519 key. Any other form is not Ed25519 (RFC 8410).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A node's own certificate towards peers: self-signed, with the TLS key of its newest key record.
pub struct PeerCertificate {
    der: CertificateDer<'static>,
    pkcs8: Zeroizing<Vec<u8>>,
}

impl PeerCertificate {
    /// Makes the certificate anew from the key; it need not be kept.
    ///
    /// # Errors
    /// [`TlsError::Certificate`] if the key is not accepted.
    pub fn new(key: &SigningKey) -> Result<Self, TlsError> {
        let pkcs8 = key.expose_pkcs8();
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(pkcs8.as_slice()), &PKCS_ED25519)?;
        let der = nameless(Vec::new())?.self_signed(&pair)?.der().clone();
        Ok(Self { der, pkcs8 })
    }

    pub(super) const fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub(super) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pkcs8.to_vec()))
    }
}

/// The certificate of the local interface: P-256, because every gRPC library can check that.
pub struct ApiCertificate {
    certificate_pem: String,
    key_pem: Zeroizing<String>,
}

impl ApiCertificate {
    /// A new key, and a certificate for the loopback address.
    ///
    /// # Errors
    /// [`TlsError::Certificate`] if the system gives no randomness.
    pub fn generate() -> Result<Self, TlsError> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let certificate_pem = nameless(names)?.self_signed(&pair)?.pem();
        Ok(Self { certificate_pem, key_pem: Zeroizing::new(pair.serialize_pem()) })
    }

    /// From files that [`ApiCertificate::generate`] filled.
    #[must_use]
    pub const fn from_pem(certificate_pem: String, key_pem: Zeroizing<String>) -> Self {
        Self { certificate_pem, key_pem }
    }

    /// For the access file: what clients trust.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// For a file that only the node reads.
    #[must_use]
    pub fn expose_key_pem(&self) -> &str {
        &self.key_pem
    }

    pub(super) fn der(&self) -> Result<CertificateDer<'static>, TlsError> {
        CertificateDer::from_pem_slice(self.certificate_pem.as_bytes()).map_err(|_| TlsError::Damaged)
    }

    pub(super) fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(|_| TlsError::Damaged)
    }
}

/// The key of a peer's certificate. [TRA-3]
///
/// # Errors
/// [`Rejection::Malformed`] if it is no certificate or holds no Ed25519 key, [`Rejection::WeakKey`] if the key must not
/// be admitted.
pub fn peer_key(certificate: &CertificateDer<'_>) -> Result<PublicKey, Rejection> {
    let parsed = webpki::EndEntityCert::try_from(certificate).map_err(|_| Rejection::Malformed)?;
    let spki = parsed.subject_public_key_info();
    let key = spki.as_ref().strip_prefix(&ED25519_SPKI).ok_or(Rejection::Malformed)?;
    PublicKey::parse(key)
}

/// Whoever is at the other end of a local connection: the digest of the key that it showed to hold, if it showed one.
#[derive(Clone, Copy, Default)]
pub struct ClientKey(pub Option<[u8; 32]>);

impl ClientKey {
    /// SHA-256 of the subject public key info; nothing of a certificate that does not parse. [ACC-40]
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(client_key(certificate).ok())
    }
}

/// The digest of a client's key; a weak one is none: with such a key, one signature is valid for every message.
pub(super) fn client_key(certificate: &CertificateDer<'_>) -> Result<[u8; 32], Rejection> {
    let parsed = webpki::EndEntityCert::try_from(certificate).map_err(|_| Rejection::Malformed)?;
    let spki = parsed.subject_public_key_info();
    if let Some(key) = spki.as_ref().strip_prefix(&ED25519_SPKI) {
        PublicKey::parse(key)?;
    }
    Ok(sha256(&[spki.as_ref()]))
}

fn nameless(addresses: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(addresses)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "uput");
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_gives_back_its_key() {
        let key = SigningKey::from_seed(&[7; 32]);
        let certificate = PeerCertificate::new(&key).unwrap();
        assert_eq!(peer_key(certificate.der()).unwrap().as_bytes(), key.public().as_bytes());
    }

    /// [ACC-40]
    #[test]
    fn a_client_is_known_by_its_key_alone() {
        let certificate = ApiCertificate::generate().unwrap();
        let key = client_key(&certificate.der().unwrap()).unwrap();
        assert_ne!(key, client_key(&ApiCertificate::generate().unwrap().der().unwrap()).unwrap());
        let signing = SigningKey::from_seed(&[7; 32]);
        let mut der = PeerCertificate::new(&signing).unwrap().der().to_vec();
        assert!(client_key(&CertificateDer::from(der.clone())).is_ok());
        let at = der.windows(32).position(|window| window == signing.public().as_bytes()).unwrap();
        der[at..at + 32].copy_from_slice(&[0; 32]);
        der[at] = 1;
        assert_eq!(client_key(&CertificateDer::from(der)), Err(Rejection::WeakKey));
        assert!(ClientKey::of(&CertificateDer::from(vec![0x30, 0])).0.is_none());
    }

    #[test]
    fn a_certificate_with_another_kind_of_key_is_refused() {
        let certificate = ApiCertificate::generate().unwrap();
        assert_eq!(peer_key(&certificate.der().unwrap()).err(), Some(Rejection::Malformed));
        assert_eq!(peer_key(&CertificateDer::from(vec![0x30, 0x00])).err(), Some(Rejection::Malformed));
    }

    #[test]
    fn a_certificate_with_a_small_order_key_is_refused() {
        let key = SigningKey::from_seed(&[7; 32]);
        let mut der = PeerCertificate::new(&key).unwrap().der().to_vec();
        let at = der.windows(32).position(|window| window == key.public().as_bytes()).unwrap();
        // The identity point: with it, one signature is valid for every message.
        der[at..at + 32].copy_from_slice(&[0; 32]);
        der[at] = 1;
        assert_eq!(peer_key(&CertificateDer::from(der)).err(), Some(Rejection::WeakKey));
    }
}
