//! A check of the line, against a peer and a network that are broken in every way that has a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy_bidirectional, duplex};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};
use uput_core::id::OrgId;
use uput_core::wire::peer_service_server::{PeerService, PeerServiceServer};
use uput_core::wire::{
    CheckWayRequest, CheckWayResponse, ExchangeRequest, ExchangeResponse, IntroduceRequest, IntroduceResponse,
    LeaveRequest, LeaveResponse, WayBack,
};
use uput_node::clock;
use uput_node::peer::{Checked, Contact, Letters, Limits, PeerState, Reason};
use uput_node::tls::{PeerCertificate, peer_server};

use super::node::{Node, limits, listener};
use super::post::Organisation;

/// A fault, and the reason that it must be given.
type Fault = (&'static str, Reason, Pin<Box<dyn Future<Output = Checked> + Send>>);

/// Faults that are looked for at the same time.
const AT_ONCE: usize = 4;

/// Long enough for an honest handshake on a machine that is busy: no limit runs out before the fault is seen.
fn patient() -> Limits {
    let second = Duration::from_secs(1);
    Limits {
        handshake: 30 * second,
        dial: 20 * second,
        way_back: 10 * second,
        check: 60 * second,
        check_pause: 3600 * second,
        backoff_min: second,
        backoff_max: second,
        ..limits()
    }
}

/// For a fault that is found when the time to dial has run out: nothing else is waited for.
fn hurried() -> Limits {
    Limits { dial: Duration::from_secs(4), ..patient() }
}

/// Two nodes that dial each other; `seen` is what the other side knows of us.
async fn met(seen: impl FnOnce(&mut Organisation)) -> (Node, Node, OrgId) {
    let (mut us, mut them) = (Organisation::new("invented hotline"), Organisation::new("invented shelter"));
    let ((here, our_endpoint), (there, their_endpoint)) = (listener().await, listener().await);
    (us.endpoints, them.endpoints) = (vec![our_endpoint], vec![their_endpoint]);
    let mut known = us.clone();
    seen(&mut known);
    let other = Node::start_on(there, them.clone(), &[&known], patient());
    let node = Node::start_on(here, us, &[&them], patient());
    (node, other, them.id)
}

/// The same, once a stream stands.
async fn connected() -> (Node, Node, OrgId) {
    let (node, other, id) = met(|_| ()).await;
    node.post.until("connected", |state| state.contacts.contains(&Contact::Connected)).await;
    (node, other, id)
}

/// One node, and what answers at the address of its peer.
async fn facing(endpoint: Option<String>) -> Checked {
    facing_within(patient(), endpoint).await
}

async fn facing_within(limits: Limits, endpoint: Option<String>) -> Checked {
    let (us, mut them) = (Organisation::new("invented hotline"), Organisation::new("invented shelter"));
    them.endpoints.extend(endpoint);
    let node = Node::start(us, &[&them], limits).await;
    node.peers.check(&them.id).await.unwrap()
}

/// Takes connections, says these bytes after the first that it hears, and closes or stays.
async fn answers(said: &'static [u8], stays: bool) -> Option<String> {
    let (listener, endpoint) = listener().await;
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            if !said.is_empty() {
                let _ = socket.read(&mut [0; 2048]).await;
                let _ = socket.write_all(said).await;
            }
            if stays {
                held.push(socket);
            }
        }
    });
    Some(endpoint)
}

/// A web server: TLS 1.3, with a certificate of another kind.
async fn web_server() -> Option<String> {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(["shelter.invalid".to_owned()]).unwrap().self_signed(&key).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    let (listener, endpoint) = listener().await;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let _ = TlsAcceptor::from(Arc::new(config.clone())).accept(socket).await;
        }
    });
    Some(endpoint)
}

/// A port whose queue of callers is full: what comes is not answered.
async fn full_queue() -> (TcpListener, Vec<TcpStream>, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(socket)) = tokio::time::timeout(Duration::from_millis(500), TcpStream::connect(address)).await {
        waiting.push(socket);
    }
    (listener, waiting, address.to_string())
}

/// A peer that answers this when it is asked for the way back.
struct Scripted(fn() -> Result<CheckWayResponse, Status>);

#[tonic::async_trait]
impl PeerService for Scripted {
    async fn introduce(&self, _: Request<IntroduceRequest>) -> Result<Response<IntroduceResponse>, Status> {
        Err(Status::unavailable("invented"))
    }

    type ExchangeStream = Pin<Box<dyn Stream<Item = Result<ExchangeResponse, Status>> + Send>>;

    async fn exchange(&self, _: Request<Streaming<ExchangeRequest>>) -> Result<Response<Self::ExchangeStream>, Status> {
        Err(Status::unavailable("invented"))
    }

    async fn check_way(&self, _: Request<CheckWayRequest>) -> Result<Response<CheckWayResponse>, Status> {
        (self.0)().map(Response::new)
    }

    type LeaveStream = Pin<Box<dyn Stream<Item = Result<LeaveResponse, Status>> + Send>>;

    async fn leave(&self, _: Request<Streaming<LeaveRequest>>) -> Result<Response<Self::LeaveStream>, Status> {
        Err(Status::unavailable("invented"))
    }
}

async fn scripted(script: fn() -> Result<CheckWayResponse, Status>) -> Option<String> {
    let config = peer_server(&PeerCertificate::new(&Organisation::new("invented shelter").tls_key()).unwrap()).unwrap();
    let (listener, endpoint) = listener().await;
    let (pass, connections) = mpsc::channel::<std::io::Result<DuplexStream>>(4);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut secured) = TlsAcceptor::from(Arc::clone(&config)).accept(socket).await else { continue };
            let (near, mut far) = duplex(64 * 1024);
            tokio::spawn(async move { copy_bidirectional(&mut secured, &mut far).await });
            if pass.send(Ok(near)).await.is_err() {
                return;
            }
        }
    });
    let server = tonic::transport::Server::builder().add_service(PeerServiceServer::new(Scripted(script)));
    tokio::spawn(server.serve_with_incoming(ReceiverStream::new(connections)));
    Some(endpoint)
}

fn ahead() -> Result<CheckWayResponse, Status> {
    let time = clock::milliseconds() + 3_600_000;
    Ok(CheckWayResponse { back: WayBack::Reached.into(), confirmed: true, frozen: false, time })
}

/// A fault of two nodes that are connected.
async fn between(fault: impl FnOnce(&Node, &Node)) -> Checked {
    let (node, other, id) = connected().await;
    fault(&node, &other);
    node.peers.check(&id).await.unwrap()
}

async fn seen_as(seen: impl FnOnce(&mut Organisation)) -> Checked {
    let (node, _other, id) = met(seen).await;
    node.peers.check(&id).await.unwrap()
}

async fn another_node() -> Checked {
    let (us, mut them) = (Organisation::new("invented hotline"), Organisation::new("invented shelter"));
    let (socket, endpoint) = listener().await;
    let thief = Organisation::new("invented thief").tls_key();
    let _there = Node::start_with(socket, them.clone(), &thief, &[&us], patient());
    them.endpoints = vec![endpoint];
    let node = Node::start(us, &[&them], patient()).await;
    node.peers.check(&them.id).await.unwrap()
}

async fn a_full_queue() -> Checked {
    let (_listener, _waiting, endpoint) = full_queue().await;
    facing_within(hurried(), Some(endpoint)).await
}

/// A port at which nobody listens, and which nobody else gets while the socket is kept.
fn closed_port() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = socket.local_addr().unwrap().to_string();
    (socket, endpoint)
}

async fn a_closed_port() -> Checked {
    let (_socket, endpoint) = closed_port();
    facing(Some(endpoint)).await
}

async fn our_closed_port() -> Checked {
    let (_socket, endpoint) = closed_port();
    seen_as(|us| us.endpoints = vec![endpoint]).await
}

/// A label that is too long is refused without a packet.
fn no_name() -> String {
    format!("{}.invalid:7443", "x".repeat(64))
}

async fn asked_twice() -> Checked {
    let (node, _other, id) = connected().await;
    let first = node.peers.check(&id).await.unwrap();
    assert_eq!(first.out, Reason::Good);
    node.peers.check(&id).await.unwrap()
}

fn faults() -> Vec<Fault> {
    const ALERT: &[u8] = &[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 70];
    const PAGE: &[u8] = b"HTTP/1.1 302 Found\r\nLocation: http://login.invalid/\r\n\r\n";
    let us = || Organisation::new("invented hotline").id;
    let since = Some(Duration::from_secs(90));
    vec![
        ("nothing", Reason::Good, Box::pin(between(|_, _| ()))),
        ("no address, no line", Reason::NoEndpoint, Box::pin(facing(None))),
        ("a name nobody knows", Reason::NameNotFound, Box::pin(facing(Some(no_name())))),
        ("a closed port", Reason::Refused, Box::pin(a_closed_port())),
        ("packets are dropped", Reason::Silent, Box::pin(a_full_queue())),
        ("closed at once", Reason::Closed, Box::pin(async { facing(answers(b"", false).await).await })),
        (
            "open and mute",
            Reason::Stalled,
            Box::pin(async { facing_within(hurried(), answers(b"", true).await).await }),
        ),
        ("a login page", Reason::NotTls, Box::pin(async { facing(answers(PAGE, true).await).await })),
        ("TLS 1.2 alone", Reason::TlsVersion, Box::pin(async { facing(answers(ALERT, true).await).await })),
        ("a web server", Reason::OtherServer, Box::pin(async { facing(web_server().await).await })),
        ("another node", Reason::OtherKey, Box::pin(another_node())),
        ("an old key of ours", Reason::OldKey, Box::pin(seen_as(Organisation::rotate))),
        (
            "not paired there",
            Reason::NotKnownThere,
            Box::pin(seen_as(|us| *us = Organisation::new("invented somebody else"))),
        ),
        (
            "an old program",
            Reason::VersionTooOld,
            Box::pin(async { facing(scripted(|| Err(Status::unimplemented("no such call"))).await).await }),
        ),
        ("asked a moment ago", Reason::AskedTooOften, Box::pin(asked_twice())),
        (
            "their keys fork",
            Reason::FrozenHere,
            Box::pin(between(|node, other| node.post.stand(&other.post.us.id, PeerState::Frozen))),
        ),
        (
            "our keys fork there",
            Reason::FrozenThere,
            Box::pin(between(move |_, other| other.post.stand(&us(), PeerState::Frozen))),
        ),
        (
            "not confirmed here",
            Reason::NotConfirmedHere,
            Box::pin(between(|node, other| node.post.stand(&other.post.us.id, PeerState::Introduced))),
        ),
        (
            "not confirmed there",
            Reason::NotConfirmedThere,
            Box::pin(between(move |_, other| other.post.stand(&us(), PeerState::Introduced))),
        ),
        (
            "no receipts",
            Reason::LettersUnanswered,
            Box::pin(between(move |node, _| node.post.fare(Letters { unanswered: since, put_off: 0 }))),
        ),
        (
            "later, and later",
            Reason::LettersPutOff,
            Box::pin(between(|node, _| node.post.fare(Letters { unanswered: None, put_off: 9 }))),
        ),
        ("clocks an hour apart", Reason::ClockApart, Box::pin(async { facing(scripted(ahead).await).await })),
        ("our port is closed", Reason::NotReachableBack, Box::pin(our_closed_port())),
    ]
}

/// [DEL-20] [DEL-21] Every fault has a reason of its own.
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_given_its_own_reason() {
    let (mut table, mut tried) = (BTreeMap::new(), BTreeSet::new());
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let begin = |(fault, reason, check): Fault| {
        let places = Arc::clone(&places);
        let running = tokio::spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            check.await
        });
        (fault, reason, running)
    };
    for (fault, reason, check) in faults().into_iter().map(begin).collect::<Vec<_>>() {
        tried.insert(reason);
        table.insert(reason, (fault, check.await.unwrap()));
    }
    println!("{:<22} {:<20} {:<20} {:<20} connected", "fault", "reason", "way there", "way back, they say");
    for (fault, found) in table.values() {
        let back = found.back.map_or("not asked", Reason::word);
        println!("{fault:<22} {:<20} {:<20} {back:<20} {}", found.result.word(), found.out.word(), found.connected);
    }
    let off: Vec<_> = table.iter().filter(|(reason, (_, found))| found.result != **reason).collect();
    assert!(off.is_empty(), "off the diagonal: {off:?}");
    // No network of a test is without any way: that one is told from its error alone. Who is locked is asked in `locked`.
    let untried: Vec<_> = Reason::ALL.iter().filter(|reason| !tried.contains(reason)).collect();
    assert_eq!(untried, [&Reason::NoRoute, &Reason::Locked]);
}

/// [DEL-22] Why a way back is closed is nobody's business but of who runs that network.
#[tokio::test]
async fn a_peer_learns_of_its_way_back_neither_why_it_is_closed_nor_how_soon() {
    let told = async |endpoint: String| {
        let (node, _other, id) = met(|us| us.endpoints = vec![endpoint]).await;
        let begun = tokio::time::Instant::now();
        let back = node.peers.check(&id).await.unwrap().back;
        assert!(begun.elapsed() >= patient().way_back, "it is not told sooner than the longest look takes");
        back
    };
    let (_socket, closed) = closed_port();
    let silent = answers(b"", true).await.unwrap();
    let (of_closed, of_silent) = tokio::join!(told(closed), told(silent));
    assert_eq!([of_closed, of_silent], [Some(Reason::NotReachableBack); 2]);
}
