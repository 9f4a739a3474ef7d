//! The local interface over a real socket: who is let in, and what it says no with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must stop"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use uput_core::rejection::Rejection;
use uput_core::wire::node_service_client::NodeServiceClient;
use uput_core::wire::node_service_server::{NodeService, NodeServiceServer};
use uput_core::wire::{GetNodeRequest, GetNodeResponse};
use uput_node::rpc::access::{ACCESS, Access, CERTIFICATE};
use uput_node::rpc::auth::Guard;
use uput_node::rpc::{self, status};
use uput_node::shutdown::{self, Stop};

const PATIENCE: Duration = Duration::from_secs(30);

/// Answers that there is no such peer.
struct Refusing;

#[tonic::async_trait]
impl NodeService for Refusing {
    async fn get_node(&self, _: Request<GetNodeRequest>) -> Result<Response<GetNodeResponse>, Status> {
        Err(status::of(Rejection::NoSuchPeer))
    }
}

struct Api {
    folder: TempDir,
    address: SocketAddr,
    stop: Stop,
    serving: JoinHandle<()>,
}

impl Api {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut access = Access::open(folder.path()).unwrap();
        access.announce(folder.path(), address).unwrap();
        let (stop, shutdown) = shutdown::channel();
        let services = Routes::new(NodeServiceServer::new(Refusing));
        let serving = tokio::spawn(async move {
            let guard = Guard::new(access.digest);
            rpc::serve(listener, &access.certificate, guard, services, shutdown).await.unwrap();
        });
        Self { folder, address, stop, serving }
    }

    fn token(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join(ACCESS)).unwrap();
        let file: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(file["endpoint"].as_str(), Some(self.address.to_string().as_str()));
        file["token"].as_str().unwrap().to_owned()
    }

    async fn connect(&self) -> Channel {
        let pem = std::fs::read(self.folder.path().join(CERTIFICATE)).unwrap();
        // As any gRPC library would: the certificate file is the only root.
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let socket = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from(self.address.ip().to_string()).unwrap();
        let mut stream = Some(TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap());
        let connector = tower::service_fn(move |_| {
            let stream = stream.take().map(TokioIo::new);
            async move { stream.ok_or(std::io::Error::other("used")) }
        });
        Endpoint::from_static("http://localhost").connect_with_connector(connector).await.unwrap()
    }
}

fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

#[tokio::test]
async fn a_call_with_the_token_reaches_the_service_and_its_rejection_comes_back() {
    let api = Api::start().await;
    let mut client = NodeServiceClient::new(api.connect().await);
    let refused = client.get_node(with_token(GetNodeRequest {}, &api.token())).await.err().unwrap();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(status::rejection(&refused), Some(Rejection::NoSuchPeer));
}

#[tokio::test]
async fn a_call_without_the_token_reaches_nothing() {
    let api = Api::start().await;
    let mut client = NodeServiceClient::new(api.connect().await);
    let mut health = HealthClient::new(api.connect().await);
    let none = client.get_node(GetNodeRequest {}).await.err().unwrap();
    let wrong = client.get_node(with_token(GetNodeRequest {}, &"0".repeat(64))).await.err().unwrap();
    let probe = health.check(HealthCheckRequest::default()).await.unwrap_err();
    for refused in [none, wrong, probe] {
        assert_eq!(refused.code(), Code::Unauthenticated);
        assert_eq!(status::rejection(&refused), Some(Rejection::NotAuthenticated));
    }
}

#[tokio::test]
async fn health_is_told_to_the_holder_of_the_token() {
    let api = Api::start().await;
    let mut health = HealthClient::new(api.connect().await);
    let answer = health.check(with_token(HealthCheckRequest::default(), &api.token())).await.unwrap();
    assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
}

#[tokio::test]
async fn it_stops_when_asked() {
    let api = Api::start().await;
    let _connected = api.connect().await;
    api.stop.stop();
    tokio::time::timeout(PATIENCE, api.serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(api.address).await.is_err());
}
