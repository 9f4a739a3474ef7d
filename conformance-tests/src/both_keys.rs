//! The TLS keys of both ends of a connection: who has them stands in the middle and reads what passes.
//!
//! For tests alone: whoever is at either end is taken for the other one without a look.

use std::io;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring::default_provider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, ServerConfig, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::failed::{Failed, Outcome};

/// What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Answers as the one, dials as the other.
pub struct BothKeys {
    answering: TlsAcceptor,
    dialling: Vec<Dialler>,
}

/// Somebody who may call.
struct Dialler {
    public: Vec<u8>,
    as_they_do: TlsConnector,
}

impl BothKeys {
    /// From the seeds of the TLS keys of who is dialled, and of who may dial.
    ///
    /// # Errors
    /// If a key is not one.
    pub fn new(dialled: &[u8; 32], diallers: &[&[u8; 32]]) -> Outcome<Self> {
        let (provider, only) = (Arc::new(default_provider()), [&rustls::version::TLS13]);
        let (certificate, key) = identity(dialled)?;
        let mut answering = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&only)
            .map_err(failed)?
            .with_client_cert_verifier(Arc::new(Anybody(provider)))
            .with_single_cert(vec![certificate], key)
            .map_err(failed)?;
        answering.alpn_protocols = vec![b"h2".to_vec()];
        let dialling = diallers.iter().map(|dialler| Dialler::new(dialler)).collect::<Outcome<_>>()?;
        Ok(Self { answering: Arc::new(answering).into(), dialling })
    }

    /// Answers a caller as the one who is dialled.
    ///
    /// # Errors
    /// If the caller does not take it for that one.
    pub async fn accept(&self, caller: TcpStream) -> io::Result<server::TlsStream<TcpStream>> {
        self.answering.accept(caller).await
    }

    /// Dials as the one who called; as the first, if the caller showed no certificate.
    ///
    /// # Errors
    /// If the caller is nobody whose key is known, or is not let in.
    pub async fn dial_as(
        &self,
        caller: &server::TlsStream<TcpStream>,
        node: TcpStream,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        let shown = caller.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let called = |dialler: &&Dialler| shown.is_none_or(|shown| dialler.showed(shown));
        let dialler = self.dialling.iter().find(called).ok_or(io::ErrorKind::PermissionDenied)?;
        dialler.dial(node).await
    }

    /// Dials as the first of those who may dial.
    ///
    /// # Errors
    /// If it is not let in.
    pub async fn dial(&self, node: TcpStream) -> io::Result<client::TlsStream<TcpStream>> {
        self.dialling.first().ok_or(io::ErrorKind::PermissionDenied)?.dial(node).await
    }
}

impl Dialler {
    fn new(seed: &[u8; 32]) -> Outcome<Self> {
        let provider = Arc::new(default_provider());
        let (certificate, key) = identity(seed)?;
        let mut dialling = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
            .with_client_auth_cert(vec![certificate], key)
            .map_err(failed)?;
        dialling.alpn_protocols = vec![b"h2".to_vec()];
        dialling.enable_sni = false;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| Failed::because("a TLS key is none"))?;
        Ok(Self { public: pair.public_key().as_ref().to_vec(), as_they_do: Arc::new(dialling).into() })
    }

    /// Whether a certificate holds its key.
    fn showed(&self, certificate: &CertificateDer<'_>) -> bool {
        certificate.windows(self.public.len()).any(|part| part == self.public)
    }

    async fn dial(&self, node: TcpStream) -> io::Result<client::TlsStream<TcpStream>> {
        // Nobody looks at the name, and it is not sent.
        let name = ServerName::try_from("localhost").map_err(|_| io::ErrorKind::InvalidInput)?;
        self.as_they_do.connect(name, node).await
    }
}

fn failed(error: Error) -> Failed {
    Failed::because(format!("TLS: {error}"))
}

fn identity(seed: &[u8; 32]) -> Outcome<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
    let failed = |error: rcgen::Error| Failed::because(format!("a certificate: {error}"));
    let key = PrivatePkcs8KeyDer::from([PKCS8.as_slice(), seed].concat());
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ED25519).map_err(failed)?;
    let certificate = CertificateParams::new(Vec::new()).map_err(failed)?.self_signed(&pair).map_err(failed)?;
    Ok((certificate.der().clone(), key.into()))
}

/// Takes anybody who signed the handshake.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::SupportedVersionsExtensionRequired.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for Anybody {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::SupportedVersionsExtensionRequired.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
