//! New keys over real sockets: streams that stand, peers that dial with the old pin, peers that were away.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use uput_core::key::{Endpoint, SigningKey};
use uput_node::{
    node::{NewKeys, Node, Post},
    peer::{Limits, Mailroom, Peers},
    shutdown::{self, Stop},
};

use crate::{
    house::{ALL, MONTH, rotate, two},
    town::{House, enquiry, reads, until},
};

fn limits() -> Limits {
    Limits {
        handshake: Duration::from_secs(5),
        backoff_min: Duration::from_millis(20),
        backoff_max: Duration::from_millis(200),
        closing: Duration::from_secs(2),
        ..Limits::default()
    }
}

/// Connections of a node, and the word to end them.
pub(crate) struct Lines(pub(crate) Arc<Peers<Post>>, Stop);

impl Lines {
    pub(crate) fn start(node: &Arc<Node>, tls: &SigningKey, listener: Option<TcpListener>) -> Self {
        let (stop, shutdown) = shutdown::channel();
        let peers = Peers::new(Arc::new(Post(node.clone())), tls, limits(), shutdown).unwrap();
        if let Some(listener) = listener {
            peers.listen(listener);
        }
        peers.refresh();
        Self(peers, stop)
    }

    pub(crate) async fn stop(self) {
        self.1.stop();
        self.0.closed().await;
    }
}

/// Moves a node without telling its peer, whom a person tells.
pub(crate) async fn moves(house: &House, node: &Arc<Node>, endpoints: Vec<Endpoint>, peer: &Arc<Node>) {
    let new = NewKeys { endpoints: Some(endpoints), ..NewKeys::default() };
    rotate(house, node, new, MONTH).await.unwrap();
    Post(peer.clone()).learn(&house.id, Post(node.clone()).key_records_from(1)).await.unwrap();
}

pub(crate) async fn is_asked(hotline: &Arc<Node>, shelter: &Arc<Node>) {
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(shelter, &trail, "asked").await;
}

pub(crate) fn knows(node: &Arc<Node>, other: &Arc<Node>) -> bool {
    let theirs = other.me();
    Post(node.clone()).peer(&theirs.organisation).unwrap().key_record == theirs.key_record()
}

/// [TRA-23] [TRA-24] [NOD-81] The hotline listens; the shelter can only dial, and knows the old TLS key alone.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_renew_every_key_while_they_talk_and_while_one_is_away() {
    let (houses, hotline, shelter) = two().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    moves(&houses[0], &hotline, vec![endpoint], &shelter).await;
    moves(&houses[1], &shelter, Vec::new(), &hotline).await;
    let called = Lines::start(&hotline, &houses[0].tls_key(), Some(listener));
    let calling = Lines::start(&shelter, &houses[1].tls_key(), None);
    is_asked(&hotline, &shelter).await;

    let installed = rotate(&houses[0], &hotline, ALL(), MONTH).await.unwrap();
    called.0.renew(&installed.tls).unwrap();
    is_asked(&hotline, &shelter).await;
    assert!(knows(&shelter, &hotline), "by the stream, asked as a stranger");

    let installed = rotate(&houses[1], &shelter, ALL(), MONTH).await.unwrap();
    calling.0.renew(&installed.tls).unwrap();
    until(|| async { knows(&hotline, &shelter) }).await;
    is_asked(&hotline, &shelter).await;

    // Nobody is told anything of a key that stays.
    let sealing = NewKeys { sealing: true, ..NewKeys::default() };
    let again = rotate(&houses[0], &hotline, sealing, MONTH).await.unwrap();
    called.0.renew(&again.tls).unwrap();
    until(|| async { knows(&shelter, &hotline) }).await;

    calling.stop().await;
    for _ in 0..2 {
        let installed = rotate(&houses[0], &hotline, ALL(), MONTH).await.unwrap();
        called.0.renew(&installed.tls).unwrap();
    }
    let mut waiting = Vec::new();
    for _ in 0..100 {
        waiting.push(hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap());
    }
    let calling = Lines::start(&shelter, &installed.tls, None);
    for trail in &waiting {
        reads(&shelter, trail, "asked").await;
    }
    assert!(knows(&shelter, &hotline) && shelter.me().key_record() != hotline.me().key_record());
    calling.stop().await;
    called.stop().await;
}
