//! The local interface over a real socket: who is let in, and what it says no with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must stop"
)]

mod caller;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use uput_core::rejection::Rejection;
use uput_core::sensitive::Sensitive;
use uput_core::wire::Role;
use uput_core::wire::node_service_client::NodeServiceClient;
use uput_core::wire::node_service_server::{NodeService, NodeServiceServer};
use uput_core::wire::{GetCodeListsRequest, GetCodeListsResponse, GetNodeRequest, GetNodeResponse};
use uput_node::account::{Account, AccountId, KeptToken, PersonId, Register, Token};
use uput_node::rpc::access::{self, ACCESS};
use uput_node::rpc::guard::Guard;
use uput_node::rpc::{self, status};
use uput_node::shutdown::{self, Stop};

use caller::{connect, token_in, with_token};

const PATIENCE: Duration = Duration::from_secs(30);

/// Answers that there is no such peer.
struct Refusing;

#[tonic::async_trait]
impl NodeService for Refusing {
    async fn get_node(&self, _: Request<GetNodeRequest>) -> Result<Response<GetNodeResponse>, Status> {
        Err(status::of(Rejection::NoSuchPeer))
    }

    async fn get_code_lists(&self, _: Request<GetCodeListsRequest>) -> Result<Response<GetCodeListsResponse>, Status> {
        Err(status::of(Rejection::NoSuchPeer))
    }
}

/// One invented administrator.
fn register(token: &Token) -> Register {
    let (register, account) = (Register::default(), AccountId::new([1; 16]));
    let (name, role) = (Sensitive::new("an invented administrator".to_owned()), Role::Administrator);
    let person = PersonId::new([2; 16]);
    register.set_account(Account {
        id: account,
        person,
        name,
        role,
        created: 1,
        created_by: None,
        disabled: false,
        erased: false,
        notice: 0,
        seen: 0,
    });
    register.set_token(KeptToken {
        id: token.id(),
        account,
        digest: token.digest(),
        scopes: Arc::new([]),
        created: 1,
        created_by: None,
        until: 0,
        revoked: false,
        key_digest: None,
        notice: 0,
    });
    register
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
        let token = Token::generate().unwrap();
        access::create(folder.path(), &token).unwrap();
        access::announce(folder.path(), address, &token).unwrap();
        let certificate = access::certificate(folder.path()).unwrap();
        let register = Arc::new(register(&token));
        let (stop, shutdown) = shutdown::channel();
        let services = Routes::new(NodeServiceServer::new(Refusing));
        let serving = tokio::spawn(async move {
            let guard = Guard::new(register);
            rpc::serve(listener, &certificate, guard, services, shutdown).await.unwrap();
        });
        Self { folder, address, stop, serving }
    }

    fn token(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join(ACCESS)).unwrap();
        assert!(text.contains(&format!("endpoint = \"{}\"", self.address)));
        token_in(self.folder.path())
    }

    async fn connect(&self) -> Channel {
        connect(self.folder.path(), self.address).await
    }
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
