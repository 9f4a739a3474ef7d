//! The rules of the outbox that a queue alone cannot show: two nodes, their disks, and a long absence.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test, which prints what it measured"
)]

mod town;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use prost::Message;
use tokio::net::TcpSocket;
use town::{House, Pair, agree, enquiry, introduce, known, pair, reopened, say, until, worker};
use uput_core::{event::Statement, id::TrailId, key::Endpoint, letter, time::Span, wire};
use uput_node::{
    clock,
    node::{Node, Post},
    peer::{Limits, Mailroom, Peers},
    shutdown,
};

fn queue_check(node: &Node, later: Span) -> wire::Check {
    let checks = node.checks(clock::now().after(later));
    checks.into_iter().find(|check| check.name == "queue").unwrap()
}

/// The folders outlive whatever still writes into them.
async fn end(nodes: [Arc<Node>; 2], houses: &[House; 4]) {
    drop(nodes);
    for house in &houses[..2] {
        drop(reopened(house).await);
    }
}

async fn open(node: &Arc<Node>) -> TrailId {
    node.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap()
}

/// [DEL-7] [NOD-30] Sealed anew, and the same inside; and whoever has it says what it said.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_is_the_same_and_gets_the_same_receipt() {
    let Pair { hotline, shelter, houses } = pair().await;
    open(&hotline).await;
    let (from, to) = (Post(Arc::clone(&hotline)), Post(Arc::clone(&shelter)));
    let (us, them) = (from.organisation(), to.organisation());
    let mut sent = Vec::new();
    for _ in 0..3 {
        let outgoing = from.next_letter(&them).await;
        let receipt = to.receive(&us, outgoing.letter.clone()).await;
        // The line dies before the receipt is heard.
        from.disconnected(&them, vec![outgoing.ticket]);
        let content = letter::open(&outgoing.letter, them, &[houses[1].sealing_secret()]).unwrap().content;
        let events: Vec<Vec<u8>> = content.events.iter().map(Message::encode_to_vec).collect();
        sent.push((outgoing.letter, events, receipt));
    }
    let [first, second, third] = sent.try_into().unwrap();
    assert_ne!(first.0, second.0, "sealed anew each time");
    assert_eq!((&first.1, first.2), (&second.1, second.2));
    assert_eq!((&first.1, first.2), (&third.1, third.2));
    assert_eq!(first.1.len(), 1);
    assert_eq!(shelter.trail_ids().unwrap().len(), 1);
    drop((from, to));
    end([hotline, shelter], &houses).await;
}

/// [DEL-8] How many, since when, and when the peer was last heard; a start changes neither of the first two.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_shown_with_its_age_and_the_last_contact_also_after_a_start() {
    let Pair { hotline, shelter, houses } = pair().await;
    open(&hotline).await;
    let before = hotline.queued();
    assert_eq!(before.items, 1);
    assert!(before.oldest > 0);
    let shown = |node: &Node| node.view_peers().into_iter().find(|peer| peer.name == "shelter-jasen").unwrap();
    assert_eq!((shown(&hotline).queued, shown(&hotline).last_contact), (1, 0));
    let us = Post(Arc::clone(&hotline));
    us.contact(&Post(Arc::clone(&shelter)).organisation(), uput_node::peer::Contact::Heard);
    assert!(shown(&hotline).last_contact >= before.oldest);
    drop((us, hotline));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let hotline = reopened(&houses[0]).await;
    assert_eq!((hotline.queued().items, hotline.queued().oldest), (before.items, before.oldest));
    assert_eq!(shown(&hotline).queued, 1);
    end([hotline, shelter], &houses).await;
}

/// [DEL-9] [DEL-3] Nothing is dropped, and nobody can say that they were not told.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_peer_is_a_warning_an_alarm_after_a_day_and_never_forgotten() {
    let Pair { hotline, shelter, houses } = pair().await;
    assert_eq!(queue_check(&hotline, Span(0)).level(), wire::CheckLevel::Ok);
    open(&hotline).await;
    assert_eq!(queue_check(&hotline, Span(60)).level(), wire::CheckLevel::Ok);
    assert_eq!(queue_check(&hotline, Span(1000)).level(), wire::CheckLevel::Warning);
    let alarm = queue_check(&hotline, Span(2 * 86_400));
    assert_eq!(alarm.level(), wire::CheckLevel::Error);
    assert!(alarm.finding.contains("shelter-jasen") && !alarm.remedy.is_empty(), "{}", alarm.finding);
    let year = queue_check(&hotline, Span(366 * 86_400));
    assert_eq!((year.level(), hotline.queued().items), (wire::CheckLevel::Error, 1));
    end([hotline, shelter], &houses).await;
}

/// Two houses that know each other's addresses, and no line.
struct Apart {
    hotline: Arc<Node>,
    shelter: Arc<Node>,
    houses: [House; 4],
    sockets: [TcpSocket; 2],
}

async fn apart() -> Apart {
    let sockets = [bound(), bound()];
    let endpoint = |number: usize| Endpoint::parse(&sockets[number].local_addr().unwrap().to_string()).unwrap();
    let houses = [
        House::found_at(1, Vec::new(), endpoint(0)).await,
        House::found_at(2, Vec::new(), endpoint(1)).await,
        House::found(3).await,
        House::found(4).await,
    ];
    let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    for (node, name) in nodes.iter().zip(names).skip(1) {
        introduce(&nodes[0], "hotline", node, name).await;
    }
    let carriers: Vec<_> = nodes.iter().skip(1).flat_map(|node| town::Carrier::both(&nodes[0], node)).collect();
    let parties: Vec<_> = names.into_iter().zip(&houses).zip(&nodes).map(|((n, h), node)| (n, h, node)).collect();
    agree(&parties).await;
    until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;
    drop(carriers);
    Apart { hotline: Arc::clone(&nodes[0]), shelter: Arc::clone(&nodes[1]), houses, sockets }
}

/// An address of its own that refuses whoever calls, until somebody listens there.
fn bound() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}

/// A node that listens and dials, with the pauses of the specification.
fn lay(node: &Arc<Node>, house: &House, socket: TcpSocket) -> (Arc<Peers<Post>>, shutdown::Stop) {
    let (stop, requested) = shutdown::channel();
    let post = Arc::new(Post(Arc::clone(node)));
    let peers = Peers::new(post, &house.tls_key(), Limits::default(), requested).unwrap();
    peers.listen(socket.listen(1024).unwrap());
    peers.refresh();
    (peers, stop)
}

/// How many wait: 500, or as `UPUT_ABSENCE` says.
fn count() -> usize {
    std::env::var("UPUT_ABSENCE").ok().and_then(|count| count.parse().ok()).unwrap_or(500)
}

/// [DEL-5] [DEL-30] The one that was away comes back, and finds everything, in its order, with nobody's help.
#[tokio::test(flavor = "multi_thread")]
async fn after_an_absence_all_that_waited_arrives_in_order_with_nobodys_help() {
    let Apart { hotline, shelter, houses, sockets: [here, there] } = apart().await;
    let (near, stop_near) = lay(&hotline, &houses[0], here);
    let (begun, mut order) = (Instant::now(), Vec::new());
    // Two events each, and the head of what has ended.
    for _ in 0..count().div_ceil(3) {
        let trail = open(&hotline).await;
        say(&hotline, trail, Statement::Withdrawn).await.unwrap();
        order.push(trail);
    }
    let wrote = begun.elapsed();
    let queued = usize::try_from(hotline.queued().items).unwrap();
    assert!(queued >= count(), "{queued}");
    let of_shelter = || hotline.view_peers().into_iter().find(|peer| peer.name == "shelter-jasen").unwrap();
    until(|| async { !of_shelter().difficulty.is_empty() }).await;
    // Its pauses grow meanwhile; whoever comes back dials by itself.
    let (begun, (far, stop_far)) = (Instant::now(), lay(&shelter, &houses[1], there));
    until(|| async { near.is_connected(&houses[1].id) }).await;
    let contact = Instant::now();
    let arrived = || shelter.trail_ids().unwrap().len();
    while arrived() == 0 {
        assert!(contact.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (first, before) = (contact.elapsed(), contact.duration_since(begun));
    while hotline.queued().items > 0 || shelter.queued().items > 0 || arrived() < order.len() {
        assert!(contact.elapsed() < Duration::from_secs(3600));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let drained = contact.elapsed();
    println!(
        "{queued} queued in {wrote:.1?}; contact {before:.1?} after the start; first delivered {first:.0?} after contact; all after {drained:.1?}"
    );
    known(&shelter, &worker());
    for trail in &order {
        let shown = shelter.show(&worker(), trail, false).await.unwrap();
        let said: Vec<&str> = shown.events.iter().map(|event| event.kind.as_str()).collect();
        let theirs: Vec<&str> = said.iter().copied().filter(|kind| *kind != "delivered").collect();
        assert_eq!(theirs, ["opened", "withdrawn"], "each trail in its order, and nothing twice");
    }
    for (peers, stop) in [(near, stop_near), (far, stop_far)] {
        stop.stop();
        peers.closed().await;
    }
    end([hotline, shelter], &houses).await;
}
