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
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;
use uput_node::rpc::access::CERTIFICATE;

/// A connection that believes the certificate in the folder and no other.
pub async fn connect(folder: &Path, address: SocketAddr) -> Channel {
    let pem = std::fs::read(folder.join(CERTIFICATE)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let name = ServerName::try_from(address.ip().to_string()).unwrap();
    let mut stream = Some(TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap());
    let connector = tower::service_fn(move |_| {
        let stream = stream.take().map(TokioIo::new);
        async move { stream.ok_or(std::io::Error::other("used")) }
    });
    Endpoint::from_static("http://localhost").connect_with_connector(connector).await.unwrap()
}

/// A request that shows a token.
pub fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
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
