//! A peer that is locked, and one that only says so.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use uput_core::key::SigningKey;
use uput_core::rejection::Rejection;
use uput_core::wire::ReceiptOutcome;
use uput_node::peer::locked::{Answering, Doorstep};
use uput_node::peer::{Contact, Difficulty, Limits, Reason};

use super::hostile::channel_to;
use super::node::{Node, limits, listener};
use super::pair;
use super::post::{Organisation, PATIENCE};

const LOCKED: Contact = Contact::Failed(Difficulty::Locked);

/// What was left, and by whom.
#[derive(Default)]
struct Step(Mutex<Vec<([u8; 32], Vec<u8>)>>);

impl Doorstep for Step {
    fn keep(&self, by: [u8; 32], letter: &[u8]) {
        self.0.lock().unwrap().push((by, letter.to_vec()));
    }
}

impl Step {
    async fn until(&self, count: usize) {
        let wait = async {
            while self.0.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap();
    }
}

fn door_key() -> SigningKey {
    SigningKey::from_seed(&[77; 32])
}

fn with_door(mut organisation: Organisation, endpoint: String) -> Organisation {
    organisation.endpoints = vec![endpoint];
    organisation.door_key = Some(*door_key().public().as_bytes());
    organisation
}

/// [TRA-40] [TRA-41] [TRA-42]
#[tokio::test]
async fn what_was_left_with_a_locked_peer_goes_again_once_it_is_unlocked() {
    let (a, b) = pair();
    let (socket, endpoint) = listener().await;
    let a = with_door(a, endpoint);
    let step = Arc::new(Step::default());
    let again = socket.local_addr().unwrap();
    let answering = Answering::begin(socket, &door_key(), step.clone(), limits()).unwrap();
    let active = Node::start(b.clone(), &[&a], limits()).await;
    let sent: Vec<Vec<u8>> = (0..100_u8).map(|number| vec![number]).collect();
    for letter in &sent {
        active.post.send(&a.id, letter);
    }
    step.until(64).await;
    let left = step.0.lock().unwrap().clone();
    assert!(left.iter().all(|(by, _)| by == b.tls_key().public().as_bytes()));
    assert!(left.iter().map(|(_, letter)| letter).eq(&sent[..left.len()]), "in order, each once");
    assert_eq!(left.len(), 64, "and not more over one connection");
    assert!(active.post.look(|state| state.settled.is_empty() && state.contacts.contains(&LOCKED)));
    assert!(!active.post.look(|state| state.contacts.contains(&Contact::Connected)));
    assert_eq!(active.peers.check(&a.id).await.unwrap().result, Reason::Locked);
    answering.end().await;
    assert!(active.post.look(|state| state.disconnections.is_empty()), "nothing was on its way");

    let socket = bound_again(again).await;
    let unlocked = Node::start_on(socket, a, &[&b], limits());
    active.post.until("all settled", |state| state.settled.len() == sent.len()).await;
    assert!(active.post.look(|state| state.settled.iter().all(|(_, outcome, _)| *outcome == ReceiptOutcome::Stored)));
    let mut came = unlocked.post.look(|state| state.received.clone());
    came.sort();
    assert_eq!(came, sent);
    active.stop().await;
    unlocked.stop().await;
}

/// Another process can hold a port for a moment that was given back.
async fn bound_again(address: SocketAddr) -> TcpListener {
    let bind = async {
        loop {
            if let Ok(listener) = TcpListener::bind(address).await {
                return listener;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, bind).await.unwrap()
}

/// [TRA-42] Whoever has the door key at one address keeps nobody from the node at another.
#[tokio::test]
async fn the_door_key_at_one_address_does_not_hide_the_node_at_another() {
    let (mut a, b) = pair();
    let (door, at_door) = listener().await;
    let (socket, endpoint) = listener().await;
    a.endpoints = vec![at_door, endpoint];
    a.door_key = Some(*door_key().public().as_bytes());
    let answering = Answering::begin(door, &door_key(), Arc::new(Step::default()), limits()).unwrap();
    let unlocked = Node::start_on(socket, a.clone(), &[&b], limits());
    let active = Node::start(b, &[&a], limits()).await;
    active.post.send(&a.id, b"a cry for help");
    active.post.until("settled", |state| state.settled.len() == 1).await;
    assert!(active.post.look(|state| !state.contacts.contains(&LOCKED)));
    assert_eq!(active.peers.check(&a.id).await.unwrap().out, Reason::Good);
    answering.end().await;
    active.stop().await;
    unlocked.stop().await;
}

/// [TRA-42] The node answers elsewhere only later: a door that stands is left, and what was left there is not left twice.
#[tokio::test]
async fn a_door_is_left_after_a_time_and_the_node_looked_for_elsewhere() {
    let (mut a, b) = pair();
    let (door, at_door) = listener().await;
    let (socket, endpoint) = listener().await;
    let elsewhere = socket.local_addr().unwrap();
    drop(socket);
    a.endpoints = vec![at_door, endpoint];
    a.door_key = Some(*door_key().public().as_bytes());
    let step = Arc::new(Step::default());
    let answering = Answering::begin(door, &door_key(), step.clone(), limits()).unwrap();
    let brief = Limits { door_lasts: Duration::from_millis(100), ..limits() };
    let active = Node::start(b.clone(), &[&a], brief).await;
    active.post.send(&a.id, b"a cry for help");
    let doors = |state: &super::post::State| state.contacts.iter().filter(|contact| **contact == LOCKED).count();
    // Each connection is told of when it begins and when it ends.
    active.post.until("dialled anew", |state| doors(state) > 5).await;
    step.until(1).await;
    let unlocked = Node::start_on(bound_again(elsewhere).await, a, &[&b], limits());
    active.post.until("settled", |state| state.settled.len() == 1).await;
    assert_eq!(step.0.lock().unwrap().len(), 1, "once");
    answering.end().await;
    active.stop().await;
    unlocked.stop().await;
}

/// [TRA-41] A thief of the disk has the door key, and runs a whole node with it.
#[tokio::test]
async fn what_is_said_by_the_door_key_is_not_believed() {
    let (a, b) = pair();
    let (socket, endpoint) = listener().await;
    let a = with_door(a, endpoint);
    let thief = Node::start_with(socket, a.clone(), &door_key(), &[&b], limits());
    let active = Node::start(b, &[&a], limits()).await;
    active.post.send(&a.id, b"a cry for help");
    let tries = |state: &super::post::State| state.contacts.iter().filter(|contact| **contact == LOCKED).count();
    active.post.until("tried again and again", |state| tries(state) > 6).await;
    assert!(active.post.look(|state| state.settled.is_empty() && !state.contacts.contains(&Contact::Connected)));
    assert!(thief.post.look(|state| state.received.is_empty()));
    assert_eq!(active.peers.check(&a.id).await.unwrap().result, Reason::Locked);
    active.stop().await;
    thief.stop().await;
}

/// [TRA-43] Who dials with a door key is a stranger.
#[tokio::test]
async fn nobody_is_known_by_a_door_key() {
    let (a, b) = pair();
    let a = with_door(a, "127.0.0.1:1".to_owned());
    let node = Node::start(b.clone(), &[&a], limits()).await;
    let (socket, _) = listener().await;
    let thief = Node::start_with(socket, a.clone(), &door_key(), &[&with_endpoint(b, &node)], limits());
    thief.post.send(&node.post.us.id, b"in her name");
    let refused = Contact::Failed(Difficulty::RefusedByPeer(Rejection::UnknownSigner));
    thief.post.until("refused", |state| state.contacts.contains(&refused)).await;
    assert!(node.post.look(|state| state.received.is_empty()));
    thief.stop().await;
    node.stop().await;
}

fn with_endpoint(mut organisation: Organisation, node: &Node) -> Organisation {
    organisation.endpoints = vec![node.address.to_string()];
    organisation
}

/// [TRA-44] A locked node answers nothing else, and lets everybody stay.
#[tokio::test]
async fn a_locked_node_takes_letters_and_nothing_else() {
    use uput_core::wire::peer_service_client::PeerServiceClient;
    use uput_core::wire::{CheckWayRequest, IntroduceRequest};
    let (_, b) = pair();
    let (socket, endpoint) = listener().await;
    let brief = Limits { stranger: Duration::from_millis(50), ..limits() };
    let answering = Answering::begin(socket, &door_key(), Arc::new(Step::default()), brief).unwrap();
    let mut client =
        PeerServiceClient::new(channel_to(endpoint.parse().unwrap(), door_key().public(), &b).await.unwrap());
    let unavailable = tonic::Code::Unavailable;
    assert_eq!(client.check_way(CheckWayRequest {}).await.err().unwrap().code(), unavailable);
    assert_eq!(client.introduce(IntroduceRequest::default()).await.err().unwrap().code(), unavailable);
    let nothing = tokio_stream::empty::<uput_core::wire::ExchangeRequest>();
    assert_eq!(client.exchange(nothing).await.err().unwrap().code(), unavailable);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(client.check_way(CheckWayRequest {}).await.err().unwrap().code(), unavailable, "not sent away");
    answering.end().await;
}
