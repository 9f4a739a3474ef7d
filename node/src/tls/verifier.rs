//! Who may be at the other end: whoever holds an admissible Ed25519 key, or the holder of one certain key.
//!
//! rustls checks with these that the other end signed the handshake; dates, names and issuers are not looked at.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, SignatureScheme};
use uput_core::key::PublicKey;

use super::certificate::{client_key, peer_key};

/// The signature of a handshake is checked as TLS 1.3 has it, and no other. [TRA-2]
macro_rules! checks_tls13_alone {
    () => {
        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(PeerIncompatible::SupportedVersionsExtensionRequired.into())
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
        }
    };
}

/// Lets any admissible key in; a stranger may only introduce itself.
#[derive(Debug)]
pub(super) struct AnyEd25519Client {
    provider: Arc<CryptoProvider>,
}

impl AnyEd25519Client {
    pub(super) const fn new(provider: Arc<CryptoProvider>) -> Self {
        Self { provider }
    }
}

impl ClientCertVerifier for AnyEd25519Client {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        // [TRA-3] Small-order keys end here, before any signature of theirs is looked at.
        peer_key(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        Ok(ClientCertVerified::assertion())
    }

    checks_tls13_alone!();

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

/// Lets a client of the local interface show a certificate of any key, or none: whose it is, the register says.
#[derive(Debug)]
pub(super) struct AnyClient {
    provider: Arc<CryptoProvider>,
}

impl AnyClient {
    pub(super) const fn new(provider: Arc<CryptoProvider>) -> Self {
        Self { provider }
    }
}

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        // [ACC-40] Issuer, names and dates mean nothing: the key is pinned, with an end of its own.
        client_key(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        Ok(ClientCertVerified::assertion())
    }

    checks_tls13_alone!();

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Lets any admissible key answer, and remembers which did.
#[derive(Debug)]
pub struct AnyServer {
    provider: Arc<CryptoProvider>,
    seen: OnceLock<[u8; 32]>,
}

impl AnyServer {
    pub(super) fn new(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, seen: OnceLock::new() }
    }

    /// The key that the other end has shown to hold, once a handshake is over.
    #[must_use]
    pub fn key(&self) -> Option<[u8; 32]> {
        self.seen.get().copied()
    }
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // [TRA-3]
        let key = peer_key(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        // One handshake to one verifier: a second key finds the place taken, and is not the one that is reported.
        match self.seen.get_or_init(|| *key.as_bytes()) == key.as_bytes() {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    checks_tls13_alone!();

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

/// Lets one key in, and another one of the same peer that is worth less.
#[derive(Debug)]
pub(super) struct PinnedServer {
    provider: Arc<CryptoProvider>,
    pinned: [u8; 32],
    door: Option<[u8; 32]>,
}

impl PinnedServer {
    pub(super) fn new(provider: Arc<CryptoProvider>, pinned: &PublicKey, door: Option<&PublicKey>) -> Self {
        Self { provider, pinned: *pinned.as_bytes(), door: door.map(|key| *key.as_bytes()) }
    }
}

impl ServerCertVerifier for PinnedServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = peer_key(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        // [TRA-4]
        if *key.as_bytes() == self.pinned || self.door == Some(*key.as_bytes()) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    checks_tls13_alone!();

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
