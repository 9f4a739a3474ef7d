//! Whoever wants to keep others from being heard: while it tries, an honest peer's letters go on, and memory is bounded.
//!
//! `cargo test -p uput-node --test peer abuse -- --nocapture --test-threads 1` prints for each attack how much later the honest
//! peer's receipts come than before it, in the same run.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Mutex, MutexGuard};
use tokio_rustls::TlsConnector;
use uput_core::id::OrgId;
use uput_core::wire::peer_frame::Frame;
use uput_core::wire::peer_service_client::PeerServiceClient;
use uput_core::wire::{ExchangeRequest, KeyRecordQuery};
use uput_node::peer::{Contact, Limits};
use uput_node::tls::{PeerCertificate, peer_client};

use super::hostile::{Liar, channel, hello, letter};
use super::node::{Node, limits, listener};
use super::post::{Organisation, PATIENCE};

/// Letters of the honest peer before an attack and during it.
const LETTERS: usize = 150;
/// What the program of a node may take in all. [DEL-32]
const MEMORY: u64 = 256 << 20;

/// Each siege measures the whole program, and slows down what else runs in it: they take turns.
static TURN: Mutex<()> = Mutex::const_new(());

/// A node with an honest peer that stands connected, and a member that is not honest.
struct Siege {
    node: Arc<Node>,
    honest: Node,
    member: Organisation,
    _turn: MutexGuard<'static, ()>,
}

impl Siege {
    async fn begin() -> Self {
        let turn = TURN.lock().await;
        let [mut us, honest, member] =
            ["invented shelter", "invented hotline", "invented member"].map(Organisation::new);
        let (socket, endpoint) = listener().await;
        let node = Node::start_on(socket, us.clone(), &[&honest, &member], limits());
        us.endpoints = vec![endpoint];
        let honest = Node::start(honest, &[&us], limits()).await;
        honest.post.until("connected", |state| state.contacts.contains(&Contact::Connected)).await;
        Self { node: Arc::new(node), honest, member, _turn: turn }
    }

    /// From a letter to its receipt, one after the other; sorted.
    async fn latencies(&self) -> Vec<Duration> {
        let to: OrgId = self.node.post.us.id;
        let mut latencies = Vec::new();
        for _ in 0..LETTERS {
            let begun = Instant::now();
            let ticket = self.honest.post.send(&to, &[7; 1024]);
            self.honest.post.until("settled", |state| state.settled.last().is_some_and(|last| last.0 == ticket)).await;
            latencies.push(begun.elapsed());
        }
        latencies.sort();
        latencies
    }

    /// The honest peer is heard while `attack` goes on, over the stream that it had before. The attack counts its rounds.
    async fn stands<F: Future<Output = ()> + Send + 'static>(self, name: &str, attack: impl Fn(Attack) -> F) {
        let (calm, memory) = (self.latencies().await, resident());
        let state = Attack {
            node: Arc::clone(&self.node),
            member: self.member.clone(),
            over: Arc::default(),
            rounds: Arc::default(),
        };
        let running: Vec<_> = (0..2).map(|_| tokio::spawn(attack(state.clone()))).collect();
        let begun = Instant::now();
        while state.rounds.load(Ordering::Relaxed) < 2 {
            assert!(begun.elapsed() < PATIENCE && running.iter().all(|one| !one.is_finished()), "it does not begin");
            tokio::task::yield_now().await;
        }
        let busy = self.latencies().await;
        state.over.store(true, Ordering::Relaxed);
        for one in running {
            tokio::time::timeout(PATIENCE, one).await.unwrap().unwrap();
        }
        let grown = resident().saturating_sub(memory);
        let (p50, p99) = (LETTERS / 2, LETTERS * 99 / 100);
        let ratio = |at: usize| busy[at].as_secs_f64() / calm[at].as_secs_f64();
        println!(
            "{name:<36} rounds {:>6}; p50 {:>8.1?} -> {:>8.1?} ({:>4.1}); p99 {:>8.1?} -> {:>8.1?} ({:>4.1}); memory +{} MiB",
            state.rounds.load(Ordering::Relaxed),
            calm[p50],
            busy[p50],
            ratio(p50),
            calm[p99],
            busy[p99],
            ratio(p99),
            grown >> 20
        );
        assert!(self.honest.post.look(|state| state.disconnections.is_empty()), "no error for the honest one");
        assert!(grown < MEMORY, "{grown}");
    }
}

/// What an attack goes by.
#[derive(Clone)]
struct Attack {
    node: Arc<Node>,
    member: Organisation,
    over: Arc<AtomicBool>,
    rounds: Arc<AtomicUsize>,
}

impl Attack {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    fn round(&self) {
        self.rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// What this process holds in memory.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// Polls once and drops: what was begun is taken back.
async fn begin_and_reset(call: impl Future) {
    let mut call = pin!(call);
    poll_fn(|context| {
        let _ = call.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}

/// [DEL-32]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_reset_as_soon_as_they_are_opened() {
    let attack = |attack: Attack| async move {
        while attack.goes_on() {
            let Some(channel) = channel(&attack.node, &attack.member).await else {
                tokio::task::yield_now().await;
                continue;
            };
            for _ in 0..500 {
                let mut client = PeerServiceClient::new(channel.clone());
                if std::future::poll_fn(|context| tower::Service::poll_ready(&mut channel.clone(), context))
                    .await
                    .is_err()
                {
                    break;
                }
                begin_and_reset(client.exchange(tokio_stream::pending::<ExchangeRequest>())).await;
                attack.round();
                tokio::task::yield_now().await;
            }
        }
    };
    Siege::begin().await.stands("rapid reset", attack).await;
}

/// [DEL-32]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_streams_than_one_connection_may_have() {
    let attack = |attack: Attack| async move {
        while attack.goes_on() {
            let Some(channel) = channel(&attack.node, &attack.member).await else {
                tokio::task::yield_now().await;
                continue;
            };
            let open = |_| {
                let mut client = PeerServiceClient::new(channel.clone());
                tokio::spawn(async move {
                    let called = client.exchange(tokio_stream::pending::<ExchangeRequest>());
                    tokio::time::timeout(Duration::from_millis(200), called).await.is_ok()
                })
            };
            for stream in (0..100).map(open).collect::<Vec<_>>() {
                let _ = stream.await;
                attack.round();
            }
        }
    };
    Siege::begin().await.stands("stream flood", attack).await;
}

/// From an address of its own, as far as the computer has several.
async fn stranger(to: SocketAddr, number: usize) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    let last = u8::try_from(2 + number % 250).ok()?;
    socket.bind(SocketAddr::from(([127, 0, 1, last], 0))).ok()?;
    socket.connect(to).await.ok()
}

/// [DEL-32]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_by_strangers_that_say_nothing_or_garbage() {
    let attack = |attack: Attack| async move {
        let mut held = std::collections::VecDeque::new();
        let mut number = 0;
        while attack.goes_on() {
            number += 1;
            let Some(mut socket) = stranger(attack.node.address, number).await else {
                tokio::task::yield_now().await;
                continue;
            };
            if number % 2 == 0 {
                let _ = socket.write_all(&[0x16; 600]).await;
            }
            held.push_back(socket);
            if held.len() > 100 {
                held.pop_front();
            }
            attack.round();
        }
    };
    Siege::begin().await.stands("handshake flood", attack).await;
}

/// [DEL-31] Every place for strangers is taken: who was here before gets in all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_that_hold_every_handshake_do_not_keep_a_peer_from_coming_back() {
    let (us, peer) = (Organisation::new("invented shelter"), Organisation::new("invented hotline"));
    let handshake = Duration::from_secs(600);
    let node = Node::start(us, &[&peer], Limits { handshake, ..limits() }).await;
    drop(Liar::greet(&node, &peer).await);
    let mut held = Vec::new();
    while held.len() < 100 {
        held.push(stranger(node.address, held.len()).await.unwrap());
    }
    // Those for whom there is no place are closed; when that is so for the last, the others have theirs.
    let mut last = stranger(node.address, 249).await.unwrap();
    let closed = tokio::time::timeout(PATIENCE, last.read(&mut [0; 8])).await.unwrap();
    assert!(closed.is_err() || closed.is_ok_and(|read| read == 0));
    drop(Liar::greet(&node, &peer).await);
    drop(held);
}

/// [DEL-32]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_asks_and_does_not_read() {
    let attack = |attack: Attack| async move {
        while attack.goes_on() {
            let Some(liar) = Liar::try_greet(&attack.node, &attack.member).await else {
                tokio::task::yield_now().await;
                continue;
            };
            for _ in 0..2000 {
                liar.say(Frame::KeyRecordQuery(KeyRecordQuery { known: 0 }));
            }
            attack.round();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    Siege::begin().await.stands("slow reader", attack).await;
}

/// [DEL-32]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_writes_one_byte_after_the_other() {
    let attack = |attack: Attack| async move {
        while attack.goes_on() {
            let certificate = PeerCertificate::new(&attack.member.tls_key()).unwrap();
            let client = peer_client(&certificate, attack.node.post.us.tls_key().public(), None).unwrap();
            let Ok(socket) = TcpStream::connect(attack.node.address).await else {
                tokio::task::yield_now().await;
                continue;
            };
            let name = ServerName::try_from("uput.invalid").unwrap();
            let Ok(mut stream) = TlsConnector::from(client).connect(name, socket).await else {
                tokio::task::yield_now().await;
                continue;
            };
            for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0" {
                if !attack.goes_on() || stream.write_all(&[*byte]).await.is_err() || stream.flush().await.is_err() {
                    break;
                }
                attack.round();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    Siege::begin().await.stands("slow writer", attack).await;
}

/// [DEL-32]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_sends_letters_as_fast_as_it_can() {
    let attack = |attack: Attack| async move {
        while attack.goes_on() {
            let Some(mut liar) = Liar::try_greet(&attack.node, &attack.member).await else {
                tokio::task::yield_now().await;
                continue;
            };
            (1..=64).for_each(|number| liar.say(letter(number, 1024)));
            for number in 65..5000 {
                match liar.hear().await {
                    Ok(Frame::Receipt(_)) if attack.goes_on() => liar.say(letter(number, 1024)),
                    _ => break,
                }
                attack.round();
            }
        }
    };
    Siege::begin().await.stands("valid nonsense at full speed", attack).await;
}

/// [DEL-32]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_sends_what_is_too_large() {
    let attack = |attack: Attack| async move {
        while attack.goes_on() {
            let Some(mut liar) = Liar::try_greet(&attack.node, &attack.member).await else {
                tokio::task::yield_now().await;
                continue;
            };
            (1..=8).for_each(|number| liar.say(letter(number, 200 * 1024)));
            liar.say(letter(9, 300 * 1024));
            while liar.hear().await.is_ok() {}
            attack.round();
        }
    };
    Siege::begin().await.stands("giant messages", attack).await;
}

/// [DEL-32] [TIM-40]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_whose_clock_lies() {
    let attack = |attack: Attack| async move {
        for time in [u64::MAX, 1, u64::MAX / 2, 4_102_444_800_000].into_iter().cycle() {
            if !attack.goes_on() {
                return;
            }
            let Some(liar) = Liar::try_dial(&attack.node, &attack.member).await else {
                tokio::task::yield_now().await;
                continue;
            };
            let Frame::Hello(mut greeting) = hello(&attack.node, &attack.member) else { unreachable!() };
            greeting.time = time;
            liar.say(Frame::Hello(greeting));
            attack.round();
            tokio::task::yield_now().await;
        }
    };
    Siege::begin().await.stands("clock lies", attack).await;
}
