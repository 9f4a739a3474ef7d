//! Calls at a node's local interface, as any gRPC library would make them.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test harness; each test uses its part"
)]

use std::{net::SocketAddr, path::Path, sync::Arc};

use hyper_util::rt::TokioIo;
use prost::Message;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;
use uput_node::rpc::access::CERTIFICATE;

/// A key of a client, with a certificate that it signed itself.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    /// SHA-256 of the subject public key info.
    pub key_digest: Vec<u8>,
}

impl Identity {
    pub fn generate() -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&pair).unwrap().der().clone();
        let parsed = webpki::EndEntityCert::try_from(&certificate).unwrap();
        let spki = parsed.subject_public_key_info();
        let key_digest = ring::digest::digest(&ring::digest::SHA256, spki.as_ref()).as_ref().to_vec();
        Self { certificate, key: pair.serialize_der(), key_digest }
    }

    /// What a thief of the certificate has.
    pub fn with_the_key_of(&self, other: &Self) -> Self {
        Self { certificate: self.certificate.clone(), key: other.key.clone(), key_digest: self.key_digest.clone() }
    }
}

/// Shows a certificate, whatever is asked for.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A connection that believes the certificate in the folder and no other.
pub async fn connect(folder: &Path, address: SocketAddr) -> Channel {
    connect_as(folder, address, None).await.unwrap()
}

/// As [`connect`], with room for so many bytes of an answer that nobody has read yet.
pub async fn connect_slowly(folder: &Path, address: SocketAddr, bytes: u32) -> Channel {
    let endpoint = Endpoint::from_static("http://localhost").initial_stream_window_size(bytes);
    connect_by(endpoint, folder, address, None).await.unwrap()
}

/// As [`connect`], with a client's certificate.
pub async fn connect_as(folder: &Path, address: SocketAddr, identity: Option<&Identity>) -> std::io::Result<Channel> {
    connect_by(Endpoint::from_static("http://localhost"), folder, address, identity).await
}

async fn connect_by(
    endpoint: Endpoint,
    folder: &Path,
    address: SocketAddr,
    identity: Option<&Identity>,
) -> std::io::Result<Channel> {
    let pem = std::fs::read(folder.join(CERTIFICATE)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::Pkcs8(identity.key.clone().into());
            let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
            // Whether both belong together, the other side must find out.
            config.with_client_cert_resolver(Arc::new(Shows(Arc::new(CertifiedKey::new(
                vec![identity.certificate.clone()],
                key,
            )))))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let name = ServerName::try_from(address.ip().to_string()).unwrap();
    let mut stream = Some(TlsConnector::from(Arc::new(config)).connect(name, socket).await?);
    let connector = tower::service_fn(move |_| {
        let stream = stream.take().map(TokioIo::new);
        async move { stream.ok_or(std::io::Error::other("used")) }
    });
    Ok(endpoint.connect_with_connector(connector).await.unwrap())
}

/// A request that shows a token.
pub fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// What a call shows of who makes it, and over which connection.
#[derive(Clone)]
pub struct Who {
    pub channel: Channel,
    pub token: Option<String>,
    pub on_behalf_of: Option<String>,
}

impl Who {
    /// Makes any call of any service.
    pub async fn ask<Q, A>(&self, method: &str, message: Q) -> Result<A, Status>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        self.answer(method, message).await.map(tonic::Response::into_inner)
    }

    /// The same, with the headers of the answer.
    pub async fn answer<Q, A>(&self, method: &str, message: Q) -> Result<tonic::Response<A>, Status>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            request = with_token(request.into_inner(), token);
        }
        if let Some(account) = &self.on_behalf_of {
            request.metadata_mut().insert("on-behalf-of", account.parse().unwrap());
        }
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.unwrap();
        let path = format!("/{method}").parse().unwrap();
        client.unary(request, path, ProstCodec::<Q, A>::default()).await
    }
}

/// Makes any call of any service.
pub async fn call<Q, A>(channel: &Channel, token: &str, method: &str, message: Q) -> Result<A, Status>
where
    Q: Message + Send + Sync + 'static,
    A: Message + Default + Send + Sync + 'static,
{
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = format!("/{method}").parse().unwrap();
    let answer = client.unary(with_token(message, token), path, ProstCodec::<Q, A>::default()).await;
    answer.map(tonic::Response::into_inner)
}

/// The token in the folder's access file.
pub fn token_in(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("api.toml")).unwrap();
    let file: toml::Table = toml::from_str(&text).unwrap();
    file.get("token").unwrap().as_str().unwrap().to_owned()
}
