//! How many letters a second go over one stream when the mailroom does nothing: the transport's limit.
//!
//! `cargo run --release -p uput-node --example transport_bench`; two nodes in one process, mutual TLS on loopback, a
//! receipt for each letter. Absolute figures belong to one machine on one day: read the ratios.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark stops at the first thing that fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::Notify;
use uput_core::id::{Id, KeyRecordId, OrgId};
use uput_core::key::SigningKey;
use uput_core::rejection::Rejection;
use uput_core::wire::{Envelope, KeyChain, ReceiptOutcome};
use uput_node::peer::{Contact, Limits, Mailroom, Outgoing, PeerCard, PeerState, Peers};
use uput_node::shutdown;

const SPAN: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    for (size, both_ways) in [(1024, false), (8 * 1024, false), (32 * 1024, false), (8 * 1024, true)] {
        let rate = measure(size, both_ways).await;
        let mebibytes = rate * f64::from(u32::try_from(size).unwrap()) / f64::from(1 << 20);
        let ways = if both_ways { "both ways" } else { "one way" };
        println!("letters of {size:>6} B, {ways:<9} {rate:>9.0}/s {mebibytes:>7.0} MiB/s");
    }
}

/// Letters settled per second.
async fn measure(size: usize, both_ways: bool) -> f64 {
    let (stop, shutdown) = shutdown::channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    let keys = [SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32])];
    let receiver = Arc::new(Endless::new(&keys[1], &keys[0], Vec::new(), both_ways.then_some(size)));
    let sender = Arc::new(Endless::new(&keys[0], &keys[1], vec![endpoint], Some(size)));
    let inbound = Peers::new(Arc::clone(&receiver), &keys[1], Limits::default(), shutdown.clone()).unwrap();
    inbound.listen(listener);
    let outbound = Peers::new(Arc::clone(&sender), &keys[0], Limits::default(), shutdown).unwrap();
    outbound.refresh();
    sender.connected.notified().await;
    let settled = || sender.settled.load(Ordering::Relaxed) + receiver.settled.load(Ordering::Relaxed);
    let (before, begin) = (settled(), Instant::now());
    tokio::time::sleep(SPAN).await;
    let count = u32::try_from(settled() - before).unwrap();
    let rate = f64::from(count) / begin.elapsed().as_secs_f64();
    stop.stop();
    tokio::join!(inbound.closed(), outbound.closed());
    rate
}

/// Knows one peer, always has the next letter, keeps nothing.
struct Endless {
    us: OrgId,
    peer: PeerCard,
    size: Option<usize>,
    tickets: AtomicU64,
    settled: AtomicU64,
    connected: Notify,
}

impl Endless {
    fn new(us: &SigningKey, them: &SigningKey, endpoints: Vec<String>, size: Option<usize>) -> Self {
        let peer = PeerCard {
            door_key: None,
            organisation: organisation(them),
            key_record: record(organisation(them)),
            key_records: 1,
            tls_key: *them.public().as_bytes(),
            endpoints,
            state: PeerState::Confirmed,
        };
        let (tickets, settled) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { us: organisation(us), peer, size, tickets, settled, connected: Notify::new() }
    }
}

fn organisation(key: &SigningKey) -> OrgId {
    Id::of(key.public().as_bytes()).into()
}

fn record(organisation: OrgId) -> KeyRecordId {
    Id::of(organisation.as_bytes()).into()
}

impl Mailroom for Endless {
    fn organisation(&self) -> OrgId {
        self.us
    }

    fn own_chain(&self) -> KeyChain {
        KeyChain::default()
    }

    fn newest_key_record(&self) -> KeyRecordId {
        record(self.us)
    }

    fn key_records_from(&self, _: u32) -> Vec<Envelope> {
        Vec::new()
    }

    fn peer_by_tls_key(&self, tls_key: &[u8; 32]) -> Option<PeerCard> {
        (self.peer.tls_key == *tls_key).then(|| self.peer.clone())
    }

    fn peer(&self, _: &OrgId) -> Option<PeerCard> {
        Some(self.peer.clone())
    }

    fn peers(&self) -> Vec<PeerCard> {
        vec![self.peer.clone()]
    }

    async fn introduce(&self, _: &[u8], _: [u8; 32], _: KeyChain) -> Result<KeyChain, Rejection> {
        Err(Rejection::BadInvitation)
    }

    async fn learn(&self, _: &OrgId, _: Vec<Envelope>) -> Result<(), Rejection> {
        Ok(())
    }

    async fn receive(&self, _: &OrgId, _: Vec<u8>) -> (ReceiptOutcome, u32) {
        (ReceiptOutcome::Stored, 0)
    }

    async fn next_letter(&self, _: &OrgId) -> Outgoing {
        match self.size {
            Some(size) => Outgoing { ticket: self.tickets.fetch_add(1, Ordering::Relaxed), letter: vec![0x5a; size] },
            None => std::future::pending().await,
        }
    }

    async fn settle(&self, _: &OrgId, _: u64, _: ReceiptOutcome, _: u32) {
        self.settled.fetch_add(1, Ordering::Relaxed);
    }

    fn disconnected(&self, _: &OrgId, _: Vec<u64>) {}

    fn contact(&self, _: &OrgId, what: Contact) {
        if what == Contact::Connected {
            self.connected.notify_one();
        }
    }
}
