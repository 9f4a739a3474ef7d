//! TLS 1.3 and nothing older, with one provider, chosen here and nowhere else.
//!
//! Guarantees that whoever is at the other end of a peer connection holds the private half of the Ed25519 key that this
//! module reports, and that such a key is admissible. Which key belongs to whom is the mailroom's word.

mod certificate;
mod verifier;

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use uput_core::key::PublicKey;

pub use certificate::{ApiCertificate, ClientKey, PeerCertificate, peer_key};
pub use verifier::AnyServer;
use verifier::{AnyClient, AnyEd25519Client, PinnedServer};

/// What TLS could not be set up with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be made.
    #[error("the TLS certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// The configuration is refused.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
    /// A PEM file that does not hold what it must.
    #[error("the certificate or key file is damaged")]
    Damaged,
}

/// For accepting peers: a client certificate is required, and any admissible Ed25519 key passes; the caller looks at
/// [`peer_key`] and decides what it may do.
///
/// # Errors
/// [`TlsError::Setup`] if the provider cannot do TLS 1.3.
pub fn peer_server(certificate: &PeerCertificate) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = provider();
    // [TRA-2] [TRA-3]
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(AnyEd25519Client::new(provider)))
        .with_single_cert(vec![certificate.der().clone()], certificate.private_key())?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session would skip the look at the certificate.
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// For dialling one peer: only `pinned` passes, and the key that it shows while it is locked. Which one has answered the
/// caller asks of the connection. [TRA-4] [TRA-40]
///
/// # Errors
/// [`TlsError::Setup`] if the provider cannot do TLS 1.3.
pub fn peer_client(
    certificate: &PeerCertificate,
    pinned: &PublicKey,
    door: Option<&PublicKey>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = provider();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedServer::new(provider, pinned, door)))
        .with_client_auth_cert(vec![certificate.der().clone()], certificate.private_key())?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    // The name would be sent in clear and means nothing here.
    config.enable_sni = false;
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// For asking whoever answers for key records: any admissible key passes, and the second value tells which it was. Nothing
/// must be said over it that is not for everybody. [TRA-23]
///
/// # Errors
/// [`TlsError::Setup`] if the provider cannot do TLS 1.3.
pub fn stranger_client(certificate: &PeerCertificate) -> Result<(Arc<ClientConfig>, Arc<AnyServer>), TlsError> {
    let provider = provider();
    let seen = Arc::new(AnyServer::new(Arc::clone(&provider)));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<_>)
        .with_client_auth_cert(vec![certificate.der().clone()], certificate.private_key())?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.enable_sni = false;
    config.resumption = Resumption::disabled();
    Ok((Arc::new(config), seen))
}

/// For the local interface: a client may show a certificate, of whichever key; the register says whose it is. [ACC-40]
///
/// # Errors
/// [`TlsError::Setup`] if key and certificate do not fit.
pub fn api_server(certificate: &ApiCertificate) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = provider();
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(AnyClient::new(provider)))
        .with_single_cert(vec![certificate.der()?], certificate.private_key()?)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    // Each connection shows its certificate itself.
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// For a server that anybody may know, believed by these certificates (PEM) and no others. [ONC-14]
///
/// # Errors
/// [`TlsError::Damaged`] if there is none among them.
pub fn public_client(certificates: &[u8]) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(certificates) {
        // One that this program cannot read is believed by nobody.
        let _ = roots.add(certificate.map_err(|_| TlsError::Damaged)?);
    }
    if roots.is_empty() {
        return Err(TlsError::Damaged);
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The only provider of this program.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
