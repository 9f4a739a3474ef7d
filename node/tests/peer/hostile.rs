//! What somebody may try who has a socket, a certificate, or a paired node that lies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};
use uput_core::id::Id;
use uput_core::key::PublicKey;
use uput_core::rejection::Rejection;
use uput_core::wire::peer_frame::Frame;
use uput_core::wire::peer_service_client::PeerServiceClient;
use uput_core::wire::{
    ExchangeRequest, ExchangeResponse, Hello, KeyRecordQuery, KeyRecordReply, LetterFrame, PeerFrame, Receipt,
    ReceiptOutcome,
};
use uput_node::peer::{Limits, Mailroom};
use uput_node::rpc::status;
use uput_node::tls::{PeerCertificate, peer_client};

use super::node::{Node, limits};
use super::pair;
use super::post::{Organisation, PATIENCE};

/// A paired node that says what the test wants.
pub(crate) struct Liar {
    say: mpsc::UnboundedSender<ExchangeRequest>,
    hear: Streaming<ExchangeResponse>,
}

impl Liar {
    async fn dial(node: &Node, us: &Organisation) -> Self {
        Self::try_dial(node, us).await.unwrap()
    }

    /// None if the node has no place for it.
    pub(crate) async fn try_dial(node: &Node, us: &Organisation) -> Option<Self> {
        let (say, said) = mpsc::unbounded_channel();
        let mut client = PeerServiceClient::new(channel(node, us).await?);
        let hear = client.exchange(UnboundedReceiverStream::new(said)).await.ok()?.into_inner();
        Some(Self { say, hear })
    }

    /// Dials and greets properly.
    pub(crate) async fn greet(node: &Node, us: &Organisation) -> Self {
        let mut liar = Self::dial(node, us).await;
        liar.say(hello(node, us));
        assert!(matches!(liar.hear().await, Ok(Frame::Hello(_))));
        liar
    }

    /// The same, if the node has a place for it.
    pub(crate) async fn try_greet(node: &Node, us: &Organisation) -> Option<Self> {
        let mut liar = Self::try_dial(node, us).await?;
        liar.say(hello(node, us));
        matches!(liar.hear().await, Ok(Frame::Hello(_))).then_some(liar)
    }

    pub(crate) fn say(&self, frame: Frame) {
        // After a refusal nobody listens any more.
        let _ = self.say.send(ExchangeRequest { frame: Some(PeerFrame { frame: Some(frame) }) });
    }

    pub(crate) async fn hear(&mut self) -> Result<Frame, Status> {
        let heard = tokio::time::timeout(PATIENCE, self.hear.message()).await.expect("an answer in time")?;
        heard.and_then(|response| response.frame?.frame).ok_or_else(|| Status::cancelled("the end"))
    }

    /// The status with which the node ends the stream, after whatever else it says.
    async fn refused(&mut self) -> Status {
        loop {
            if let Err(status) = self.hear().await {
                return status;
            }
        }
    }
}

pub(crate) fn hello(node: &Node, us: &Organisation) -> Frame {
    Frame::Hello(Hello {
        versions: vec![1],
        organisation: us.id.to_vec(),
        key_record: us.newest().to_vec(),
        known_key_record: node.post.us.newest().to_vec(),
        event_version: 1,
        time: 0,
    })
}

pub(crate) fn letter(number: u64, length: usize) -> Frame {
    Frame::Letter(LetterFrame { number, letter: vec![9; length] })
}

pub(crate) async fn channel(node: &Node, us: &Organisation) -> Option<Channel> {
    channel_to(node.address, node.post.us.tls_key().public(), us).await
}

pub(crate) async fn channel_to(address: SocketAddr, pinned: &PublicKey, us: &Organisation) -> Option<Channel> {
    let certificate = PeerCertificate::new(&us.tls_key()).unwrap();
    let client = peer_client(&certificate, pinned, None).unwrap();
    let socket = TcpStream::connect(address).await.ok()?;
    let name = ServerName::try_from("uput.invalid").unwrap();
    let mut stream = Some(TlsConnector::from(client).connect(name, socket).await.ok()?);
    let connector = tower::service_fn(move |_| {
        let stream = stream.take().map(TokioIo::new);
        async move { stream.ok_or(std::io::Error::other("used")) }
    });
    Endpoint::from_static("http://uput.invalid").connect_with_connector(connector).await.ok()
}

/// Whether the node still serves its peer.
async fn assert_serves(node: &Node, us: &Organisation) {
    let mut honest = Liar::greet(node, us).await;
    honest.say(letter(1, 10));
    let stored = Receipt { number: 1, outcome: ReceiptOutcome::Stored.into(), code: 0, time: 0 };
    let heard = honest.hear().await;
    // [TIM-40] It says what its clock shows.
    assert!(
        matches!(heard, Ok(Frame::Receipt(receipt)) if receipt.time > 0 && Receipt { time: 0, ..receipt } == stored)
    );
}

#[tokio::test]
async fn a_giant_frame_ends_its_stream_and_nothing_else() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], limits()).await;
    let mut liar = Liar::greet(&node, &b).await;
    liar.say(letter(1, 300 * 1024));
    let refused = liar.refused().await;
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(node.post.look(|state| state.received.is_empty()));
    assert_serves(&node, &b).await;
}

#[tokio::test]
async fn frames_out_of_turn_end_the_stream() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], limits()).await;
    let receipt = |number, outcome: i32| Frame::Receipt(Receipt { number, outcome, code: 0, time: 0 });
    let bad = [letter(2, 1), letter(0, 1), receipt(1, 1), receipt(1, 0), receipt(1, 77), hello(&node, &b)];
    for frame in bad {
        let mut liar = Liar::greet(&node, &b).await;
        liar.say(frame);
        assert_eq!(liar.refused().await.code(), Code::InvalidArgument);
    }
    let mut liar = Liar::dial(&node, &b).await;
    liar.say(letter(1, 1));
    assert_eq!(liar.refused().await.code(), Code::InvalidArgument);
    assert_serves(&node, &b).await;
}

#[tokio::test]
async fn a_hello_without_a_common_version_says_so() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], limits()).await;
    for (versions, code) in
        [(vec![2, 3], Code::Unimplemented), (vec![2, 1], Code::InvalidArgument), (vec![], Code::Unimplemented)]
    {
        let Frame::Hello(mut greeting) = hello(&node, &b) else { unreachable!() };
        greeting.versions = versions;
        let mut liar = Liar::dial(&node, &b).await;
        liar.say(Frame::Hello(greeting));
        assert_eq!(liar.refused().await.code(), code);
    }
}

#[tokio::test]
async fn a_peer_does_not_speak_for_another() {
    let (a, b) = pair();
    let c = Organisation::new("invented third");
    let node = Node::start(a, &[&b, &c], limits()).await;
    let mut liar = Liar::dial(&node, &b).await;
    liar.say(hello(&node, &c));
    assert_eq!(status::rejection(&liar.refused().await), Some(Rejection::UnknownSigner));
}

#[tokio::test]
async fn a_stranger_cannot_find_out_whom_a_node_knows() {
    let (a, b) = pair();
    let stranger = Organisation::new("invented stranger");
    let node = Node::start(a, &[&b], limits()).await;
    let nobody = Organisation::new("invented nobody");
    let mut heard = Vec::new();
    // It claims to be a peer of the node, or somebody unknown, and shows nothing, that one's records, or another's.
    for claimed in [&b, &nobody] {
        for shown in [Vec::new(), claimed.records(), stranger.records()] {
            let mut liar = Liar::dial(&node, &stranger).await;
            let Frame::Hello(mut greeting) = hello(&node, claimed) else { unreachable!() };
            greeting.key_record = stranger.newest().to_vec();
            liar.say(Frame::Hello(greeting));
            let Ok(Frame::Hello(answer)) = liar.hear().await else { panic!("a hello") };
            assert!(answer.known_key_record.is_empty());
            assert!(matches!(liar.hear().await, Ok(Frame::KeyRecordQuery(KeyRecordQuery { known: 0 }))));
            liar.say(Frame::KeyRecordReply(KeyRecordReply { records: shown }));
            let Err(refused) = liar.hear().await else { panic!("refused at once") };
            heard.push((refused.code(), refused.message().to_owned(), refused.details().to_vec()));
        }
    }
    assert!(heard.iter().all(|answer| *answer == heard[0]));
    assert_eq!(node.post.peer(&b.id).unwrap().key_records, 1);
}

#[tokio::test]
async fn more_letters_than_the_window_end_the_stream() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], limits()).await;
    node.post.open.send_replace(false);
    let mut liar = Liar::greet(&node, &b).await;
    (1..=65).for_each(|number| liar.say(letter(number, 1)));
    node.post.until("a window arrived", |state| state.received.len() == 64).await;
    node.post.open.send_replace(true);
    assert_eq!(liar.refused().await.code(), Code::InvalidArgument);
    assert!(node.post.look(|state| state.received.len() == 64));
}

#[tokio::test]
async fn a_peer_that_asks_and_does_not_read_is_let_go() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], limits()).await;
    let liar = Liar::greet(&node, &b).await;
    (0..20_000).for_each(|_| liar.say(Frame::KeyRecordQuery(KeyRecordQuery { known: 0 })));
    node.post.until("let go", |state| state.disconnections.len() == 1).await;
    assert_serves(&node, &b).await;
}

#[tokio::test]
async fn a_letter_to_a_retired_key_is_sealed_anew_after_the_new_record() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], limits()).await;
    let mut peer = Liar::greet(&node, &b).await;
    let ticket = node.post.send(&b.id, b"letter");
    assert!(matches!(peer.hear().await, Ok(Frame::Letter(frame)) if frame.letter == b"letter"));
    peer.say(Frame::Receipt(Receipt { number: 1, outcome: ReceiptOutcome::StaleKey.into(), code: 13, time: 0 }));
    assert!(matches!(peer.hear().await, Ok(Frame::KeyRecordQuery(KeyRecordQuery { known: 1 }))));
    // Until the answer is here, nothing else is sent.
    let second = node.post.send(&b.id, b"second");
    let mut record = b.records().remove(0);
    record.body[32] = 1;
    peer.say(Frame::KeyRecordReply(KeyRecordReply { records: vec![record] }));
    let mut letters = Vec::new();
    for number in 2..=3 {
        let Ok(Frame::Letter(frame)) = peer.hear().await else { panic!("a letter") };
        assert_eq!(frame.number, number);
        letters.push(frame.letter);
        peer.say(Frame::Receipt(Receipt { number, outcome: ReceiptOutcome::Stored.into(), code: 0, time: 0 }));
    }
    letters.sort();
    assert_eq!(letters, [b"anew letter".to_vec(), b"second".to_vec()]);
    node.post.until("settled", |state| state.settled.len() == 3).await;
    assert_eq!(node.post.look(|state| state.settled[0]), (ticket, ReceiptOutcome::StaleKey, 13));
    assert!(second > ticket);
}

/// [TRA-32] It asks beyond another branch first: a letter then would be a breach, and they would never get further.
#[tokio::test]
async fn who_knows_another_branch_gets_no_letter_before_the_records_that_explain_it() {
    let (mut a, b) = pair();
    a.rotate();
    let (records, elsewhere) = (a.records(), Organisation::new("invented branch").newest());
    let node = Node::start(a, &[&b], limits()).await;
    node.post.send(&b.id, b"letter");
    for (named, beyond, last) in [(elsewhere, &[2, 1, 2, 1, 2, 1][..], 0), (Id::of(&records[0].body).into(), &[], 1)] {
        let mut peer = Liar::dial(&node, &b).await;
        let Frame::Hello(mut greeting) = hello(&node, &b) else { unreachable!() };
        greeting.known_key_record = named.to_vec();
        peer.say(Frame::Hello(greeting));
        assert!(matches!(peer.hear().await, Ok(Frame::Hello(_))));
        for known in beyond.iter().copied().chain([last]) {
            peer.say(Frame::KeyRecordQuery(KeyRecordQuery { known }));
            let Ok(Frame::KeyRecordReply(reply)) = peer.hear().await else { panic!("an answer, and no letter") };
            assert!(reply.records == records[known as usize..]);
        }
        assert!(matches!(peer.hear().await, Ok(Frame::Letter(frame)) if frame.letter == b"letter"));
    }
}

/// [TRA-14] Else a peer could have a letter sealed again without end.
#[tokio::test]
async fn a_record_that_is_known_already_is_no_newer_key() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], limits()).await;
    let mut peer = Liar::greet(&node, &b).await;
    let ticket = node.post.send(&b.id, b"letter");
    assert!(matches!(peer.hear().await, Ok(Frame::Letter(frame)) if frame.letter == b"letter"));
    peer.say(Frame::Receipt(Receipt { number: 1, outcome: ReceiptOutcome::StaleKey.into(), code: 13, time: 0 }));
    assert!(matches!(peer.hear().await, Ok(Frame::KeyRecordQuery(_))));
    peer.say(Frame::KeyRecordReply(KeyRecordReply { records: b.records() }));
    let later = [(ticket, ReceiptOutcome::Later, Rejection::StaleKey.number())];
    node.post.until("put back", |state| state.settled == later).await;
}

#[tokio::test]
async fn a_stranger_does_not_stay() {
    let (a, b) = pair();
    let node = Node::start(a, &[], Limits { stranger: Duration::from_secs(3), ..limits() }).await;
    let mut liar = Liar::dial(&node, &b).await;
    // It says nothing; the connection ends by itself.
    let refused = liar.refused().await;
    assert_ne!(refused.code(), Code::Ok);
}

#[tokio::test]
async fn garbage_and_silence_do_not_stop_the_accept_loop() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], Limits { handshake: Duration::from_secs(3), ..limits() }).await;
    let mut silent = Vec::new();
    for round in 0..100_u8 {
        let mut socket = TcpStream::connect(node.address).await.unwrap();
        match round % 3 {
            0 => silent.push(socket),
            // The node may have hung up already.
            1 => drop(socket.write_all(&[round; 600]).await),
            _ => drop(socket),
        }
    }
    for socket in &mut silent {
        // Each is closed, by the deadline or for want of a place.
        let end = tokio::time::timeout(PATIENCE, socket.read(&mut [0; 64])).await.unwrap();
        assert!(end.is_err() || end.is_ok_and(|count| count == 0));
    }
    assert_serves(&node, &b).await;
}

#[tokio::test]
async fn a_client_without_a_certificate_gets_nothing() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], limits()).await;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let socket = TcpStream::connect(node.address).await.unwrap();
    let name = ServerName::try_from("uput.invalid").unwrap();
    let read = match TlsConnector::from(Arc::new(config)).connect(name, socket).await {
        Ok(mut stream) => stream.read(&mut [0; 64]).await,
        Err(error) => Err(error),
    };
    assert!(read.unwrap_err().to_string().contains("CertificateRequired"));
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let (a, b) = pair();
    let node = Node::start(a, &[&b], limits()).await;
    let mut socket = TcpStream::connect(node.address).await.unwrap();
    // A client hello of TLS 1.2: one ECDHE suite, P-256, ECDSA with SHA-256, no supported_versions.
    let extensions: &[u8] = &[
        0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17, 0x00, 0x0d, 0x00, 0x04, 0x00, 0x02, 0x04, 0x03, 0x00, 0x0b,
        0x00, 0x02, 0x01, 0x00,
    ];
    let mut body = vec![0x03, 0x03];
    body.extend_from_slice(&[0x5a; 32]);
    body.extend_from_slice(&[0x00, 0x00, 0x02, 0xc0, 0x2b, 0x01, 0x00, 0x00, u8::try_from(extensions.len()).unwrap()]);
    body.extend_from_slice(extensions);
    let length = u8::try_from(body.len()).unwrap();
    let mut record = vec![0x16, 0x03, 0x01, 0x00, length + 4, 0x01, 0x00, 0x00, length];
    record.extend_from_slice(&body);
    socket.write_all(&record).await.unwrap();
    let mut alert = [0; 7];
    socket.read_exact(&mut alert).await.unwrap();
    // Fatal, protocol_version.
    assert_eq!((alert[0], alert[5], alert[6]), (21, 2, 70));
}

/// Trusts every server: the test is about the client.
#[derive(Debug)]
struct Anybody(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        unreachable!("TLS 1.3 only")
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        vec![rustls::SignatureScheme::ED25519]
    }
}
