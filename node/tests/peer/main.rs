//! Two nodes over real sockets, and strangers who try things.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on must stop, and some print what they measured"
)]

mod abuse;
mod check;
mod hostile;
mod locked;
mod node;
mod post;

use node::{Cable, Node, limits, listener};
use post::{Organisation, Post, SECRET};
use uput_core::invitation::Invitation;
use uput_core::key::Endpoint;
use uput_core::rejection::Rejection;
use uput_core::sensitive::Sensitive;
use uput_core::time::Seconds;
use uput_core::wire::ReceiptOutcome;
use uput_node::peer::{Contact, Difficulty, Mailroom};

fn pair() -> (Organisation, Organisation) {
    let (a, b) = (Organisation::new("invented hotline"), Organisation::new("invented shelter"));
    if a.id < b.id { (a, b) } else { (b, a) }
}

fn letters(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|number| number.to_be_bytes().to_vec()).collect()
}

/// `listening` can be dialled, `dialling` has no endpoint. [TRA-1]
async fn letters_both_ways(mut listening: Organisation, dialling: Organisation) {
    let (socket, endpoint) = listener().await;
    let quiet = Node::start_on(socket, listening.clone(), &[&dialling], limits());
    listening.endpoints = vec![endpoint];
    let active = Node::start(dialling, &[&listening], limits()).await;
    let sent = letters(300);
    for letter in &sent {
        quiet.post.send(&active.post.us.id, letter);
        active.post.send(&quiet.post.us.id, letter);
    }
    for node in [&quiet, &active] {
        node.post.until("all settled", |state| state.settled.len() == sent.len()).await;
        assert!(node.post.look(|state| state.settled.iter().all(|(_, outcome, _)| *outcome == ReceiptOutcome::Stored)));
        // [TRA-16] In order of arrival, which on one stream is the order of sending.
        assert!(node.post.look(|state| state.received == sent));
    }
    active.stop().await;
    quiet.stop().await;
}

#[tokio::test]
async fn letters_go_both_ways_whoever_dialled() {
    let (smaller, larger) = pair();
    letters_both_ways(smaller.clone(), larger.clone()).await;
    letters_both_ways(larger, smaller).await;
}

/// [DEL-6]
#[tokio::test]
async fn of_two_nodes_that_dial_each_other_one_stream_is_used_at_a_time() {
    for _ in 0..10 {
        let (mut a, mut b) = pair();
        let (socket_a, endpoint_a) = listener().await;
        let (socket_b, endpoint_b) = listener().await;
        a.endpoints = vec![endpoint_a];
        b.endpoints = vec![endpoint_b];
        let one = Node::start_on(socket_a, a.clone(), &[&b], limits());
        let other = Node::start_on(socket_b, b.clone(), &[&a], limits());
        for letter in letters(50) {
            one.post.send(&b.id, &letter);
            other.post.send(&a.id, &letter);
        }
        for node in [&one, &other] {
            // The mailroom of the test panics if two workers meet.
            node.post.until("all settled", |state| state.settled.len() == 50).await;
        }
        one.stop().await;
        other.stop().await;
    }
}

/// [DEL-11]
#[tokio::test]
async fn a_poison_letter_concerns_only_itself() {
    let (mut a, b) = pair();
    let (socket, endpoint) = listener().await;
    let quiet = Node::start_on(socket, a.clone(), &[&b], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(b, &[&a], limits()).await;
    let before = active.post.send(&a.id, b"first");
    let poison = active.post.send(&a.id, b"poison");
    let large = active.post.send(&a.id, &vec![1; 129 * 1024]);
    let after = active.post.send(&a.id, b"last");
    active.post.until("all settled", |state| state.settled.len() == 4).await;
    let mut settled = active.post.look(|state| state.settled.clone());
    settled.sort_by_key(|(ticket, ..)| *ticket);
    let expected = [
        (before, ReceiptOutcome::Stored, 0),
        (poison, ReceiptOutcome::Refused, Rejection::Malformed.number()),
        (large, ReceiptOutcome::Refused, Rejection::TooLarge.number()),
        (after, ReceiptOutcome::Stored, 0),
    ];
    assert_eq!(settled, expected);
    assert!(active.post.look(|state| state.disconnections.is_empty()));
    drop(quiet);
}

/// [DEL-10]
#[tokio::test]
async fn after_a_cut_what_has_no_receipt_is_sent_again() {
    let (mut a, b) = pair();
    let quiet = Node::start(a.clone(), &[&b], limits()).await;
    let cable = Cable::to(quiet.address).await;
    a.endpoints = vec![cable.endpoint.clone()];
    quiet.post.open.send_replace(false);
    let active = Node::start(b, &[&a], limits()).await;
    let ticket = active.post.send(&a.id, b"in the air");
    quiet.post.until("arrived", |state| state.received.len() == 1).await;
    cable.cut();
    active.post.until("told", |state| state.disconnections.contains(&vec![ticket])).await;
    quiet.post.open.send_replace(true);
    cable.mend();
    active.post.until("settled", |state| state.settled == [(ticket, ReceiptOutcome::Stored, 0)]).await;
    assert!(quiet.post.look(|state| state.received == [b"in the air", b"in the air"]));
}

#[tokio::test]
async fn a_half_open_connection_is_noticed_by_both_ends() {
    let (mut a, b) = pair();
    let brisk = || {
        let (ping, pong) = (std::time::Duration::from_millis(500), std::time::Duration::from_secs(5));
        uput_node::peer::Limits { ping, pong, ..limits() }
    };
    let quiet = Node::start(a.clone(), &[&b], brisk()).await;
    let cable = Cable::to(quiet.address).await;
    a.endpoints = vec![cable.endpoint.clone()];
    let active = Node::start(b, &[&a], brisk()).await;
    for node in [&quiet, &active] {
        node.post.until("connected", |state| state.contacts.contains(&Contact::Connected)).await;
    }
    cable.fall_silent();
    for node in [&quiet, &active] {
        let lost = Contact::Failed(Difficulty::Lost);
        node.post.until("noticed", |state| state.contacts.contains(&lost) && !state.disconnections.is_empty()).await;
    }
    cable.mend();
    let ticket = active.post.send(&a.id, b"after the silence");
    active.post.until("settled", |state| state.settled == [(ticket, ReceiptOutcome::Stored, 0)]).await;
}

#[tokio::test]
async fn a_letter_that_is_being_stored_gets_its_receipt_before_the_node_stops() {
    let (mut a, b) = pair();
    let (socket, endpoint) = listener().await;
    let quiet = Node::start_on(socket, a.clone(), &[&b], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(b, &[&a], limits()).await;
    quiet.post.open.send_replace(false);
    let ticket = active.post.send(&a.id, b"just in time");
    quiet.post.until("arrived", |state| state.received.len() == 1).await;
    let post = std::sync::Arc::clone(&quiet.post);
    tokio::join!(quiet.stop(), async { post.open.send_replace(true) });
    active.post.until("settled", |state| state.settled == [(ticket, ReceiptOutcome::Stored, 0)]).await;
}

#[tokio::test]
async fn a_peer_that_is_not_known_is_refused() {
    let (mut a, b) = pair();
    let (socket, endpoint) = listener().await;
    let quiet = Node::start_on(socket, a.clone(), &[], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(b, &[&a], limits()).await;
    let refused = Contact::Failed(Difficulty::RefusedByPeer(Rejection::UnknownSigner));
    active.post.until("refused", |state| state.contacts.contains(&refused)).await;
    assert!(quiet.post.look(|state| state.contacts.is_empty()));
}

#[tokio::test]
async fn a_server_with_another_key_is_not_talked_to() {
    let (mut a, b) = pair();
    let (socket, endpoint) = listener().await;
    let mut impostor = a.clone();
    // Its records do not continue those of the peer.
    impostor.keys = Organisation::new("somebody else").keys;
    let wrong = Node::start_on(socket, impostor, &[&b], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(b, &[&a], limits()).await;
    let refused = Contact::Failed(Difficulty::WrongTlsKey);
    active.post.until("refused", |state| state.contacts.contains(&refused)).await;
    assert!(wrong.post.look(|state| state.contacts.is_empty()));
}

#[tokio::test]
async fn a_peer_with_a_retired_tls_key_is_refused_with_the_reason() {
    let (mut a, b) = pair();
    let mut renewed = b.clone();
    renewed.rotate();
    let (socket, endpoint) = listener().await;
    let _quiet = Node::start_on(socket, a.clone(), &[&renewed], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(b, &[&a], limits()).await;
    let refused = Contact::Failed(Difficulty::RefusedByPeer(Rejection::RevokedSigner));
    active.post.until("refused", |state| state.contacts.contains(&refused)).await;
}

/// [TRA-23]
#[tokio::test]
async fn a_peer_that_answers_with_a_new_key_is_asked_for_its_records_and_then_heard() {
    let (mut a, b) = pair();
    let mut renewed = a.clone();
    // More records than one reply holds.
    (0..20).for_each(|_| renewed.rotate());
    let (socket, endpoint) = listener().await;
    let quiet = Node::start_on(socket, renewed.clone(), &[&b], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(b.clone(), &[&a], limits()).await;
    let ticket = active.post.send(&a.id, b"to the new key");
    active.post.until("settled", |state| state.settled == [(ticket, ReceiptOutcome::Stored, 0)]).await;
    assert_eq!(active.post.peer(&a.id).unwrap().key_record, renewed.newest());
    assert_eq!(quiet.post.peer(&b.id).unwrap().key_record, b.newest());
}

/// [TRA-23] Genuine records in the hands of somebody else do not make him the peer.
#[tokio::test]
async fn who_shows_a_peers_records_without_its_key_is_not_talked_to() {
    let (mut a, b) = pair();
    let mut renewed = a.clone();
    renewed.rotate();
    let (socket, endpoint) = listener().await;
    let thief = Organisation::new("a thief with a key of his own").tls_key();
    let wrong = Node::start_with(socket, renewed.clone(), &thief, &[&b], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(b, &[&a], limits()).await;
    active.post.send(&a.id, b"for the peer alone");
    let refused = Contact::Failed(Difficulty::WrongTlsKey);
    let twice = |contacts: &[Contact]| contacts.iter().filter(|contact| **contact == refused).count() > 2;
    active.post.until("refused", |state| twice(&state.contacts)).await;
    assert_eq!(active.post.peer(&a.id).unwrap().key_record, renewed.newest(), "what is genuine is learnt");
    assert!(wrong.post.look(|state| state.received.is_empty() && state.contacts.is_empty()));
}

#[tokio::test]
async fn a_peer_with_new_keys_shows_them_before_its_first_letter() {
    let (mut a, b) = pair();
    let mut renewed = b.clone();
    // More records than one reply holds.
    (0..20).for_each(|_| renewed.rotate());
    let (socket, endpoint) = listener().await;
    let quiet = Node::start_on(socket, a.clone(), &[&b], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(renewed.clone(), &[&a], limits()).await;
    let ticket = active.post.send(&a.id, b"with a new key");
    active.post.until("settled", |state| state.settled == [(ticket, ReceiptOutcome::Stored, 0)]).await;
    assert_eq!(quiet.post.peer(&b.id).unwrap().key_record, renewed.newest());
}

/// [TRA-12]
#[tokio::test]
async fn a_peer_whose_records_fill_one_reply_to_the_last_is_heard() {
    let (mut a, b) = pair();
    let mut renewed = b.clone();
    (0..15).for_each(|_| renewed.rotate());
    assert_eq!(renewed.records().len(), 16);
    let (socket, endpoint) = listener().await;
    let quiet = Node::start_on(socket, a.clone(), &[&b], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(renewed.clone(), &[&a], limits()).await;
    let ticket = active.post.send(&a.id, b"right behind the sixteenth record");
    active.post.until("settled", |state| state.settled == [(ticket, ReceiptOutcome::Stored, 0)]).await;
    let misbehaved = Contact::Failed(Difficulty::Misbehaved);
    assert!(active.post.look(|state| !state.contacts.contains(&misbehaved)));
    assert_eq!(quiet.post.peer(&b.id).unwrap().key_record, renewed.newest());
}

#[tokio::test]
async fn a_letter_to_a_retired_key_waits_for_new_records() {
    let (mut a, b) = pair();
    let (socket, endpoint) = listener().await;
    let _quiet = Node::start_on(socket, a.clone(), &[&b], limits());
    a.endpoints = vec![endpoint];
    let active = Node::start(b, &[&a], limits()).await;
    let ticket = active.post.send(&a.id, b"stale");
    // The peer has nothing newer to show, so the letter is put back and not sealed again at once.
    let later = [(ticket, ReceiptOutcome::Later, Rejection::StaleKey.number())];
    active.post.until("put back", |state| state.settled == later).await;
}

fn invitation(inviter: &Node, secret: [u8; 16]) -> Invitation {
    Invitation::new(
        inviter.post.us.id,
        *inviter.post.us.tls_key().public(),
        vec![Endpoint::parse(&inviter.address.to_string()).unwrap()],
        Sensitive::new(secret),
        Seconds::new(1_900_000_000).unwrap(),
    )
    .unwrap()
}

#[tokio::test]
async fn a_stranger_with_an_invitation_is_introduced_and_then_known() {
    let (a, b) = pair();
    let inviter = Node::start(a.clone(), &[], limits()).await;
    let invited = Node::start(b.clone(), &[], limits()).await;
    let chain = invited.peers.introduce(&invitation(&inviter, SECRET)).await.unwrap();
    assert!(chain.records == a.records());
    assert_eq!(inviter.post.look(|state| state.introduced.clone()), [*b.tls_key().public().as_bytes()]);
    let mut known = a.clone();
    known.endpoints = vec![inviter.address.to_string()];
    invited.post.meet(&known);
    invited.peers.refresh();
    let ticket = invited.post.send(&a.id, b"now we know each other");
    invited.post.until("settled", |state| state.settled == [(ticket, ReceiptOutcome::Stored, 0)]).await;
}

#[tokio::test]
async fn a_wrong_secret_introduces_nobody_and_many_are_slowed_down() {
    let (a, b) = pair();
    let few = uput_node::peer::Limits { introductions_per_minute: 3, ..limits() };
    let inviter = Node::start(a, &[], few).await;
    let invited = Node::start(b, &[], limits()).await;
    let wrong = invitation(&inviter, [8; 16]);
    for _ in 0..3 {
        let refused = invited.peers.introduce(&wrong).await.err().unwrap();
        assert_eq!(refused, Difficulty::RefusedByPeer(Rejection::BadInvitation));
    }
    assert_eq!(invited.peers.introduce(&wrong).await.err().unwrap(), Difficulty::RefusedByPeer(Rejection::TooMany));
    assert!(inviter.post.look(|state| state.introduced.is_empty()));
}

/// [DEL-5] Whoever starts knocks, also where nobody could knock at it.
#[tokio::test]
async fn a_node_that_starts_fetches_what_waits_for_it_and_brings_what_waits_here() {
    let (mut quiet, starting) = pair();
    let (socket, endpoint) = listener().await;
    let there = Node::start_on(socket, quiet.clone(), &[&starting], limits());
    quiet.endpoints = vec![endpoint];
    there.post.send(&starting.id, b"waited there");
    let post = Post::new(starting.clone());
    post.meet(&quiet);
    post.send(&quiet.id, b"waited here");
    let here = Node::with_post(post, listener().await.0, &starting.tls_key(), limits());
    there.post.until("brought", |state| state.received == [b"waited here"]).await;
    here.post.until("fetched", |state| state.received == [b"waited there"]).await;
}

/// [DEL-4] What the peer answers once is no outage, and a refusal is final.
#[tokio::test]
async fn one_bad_answer_ends_neither_the_stream_nor_what_comes_after_it() {
    let (mut quiet, active) = pair();
    let (socket, endpoint) = listener().await;
    let there = Node::start_on(socket, quiet.clone(), &[&active], limits());
    quiet.endpoints = vec![endpoint];
    let here = Node::start(active, &[&quiet], limits()).await;
    for _ in 0..20 {
        here.post.send(&quiet.id, b"poison");
    }
    let last = here.post.send(&quiet.id, b"and a good one");
    here.post.until("settled", |state| state.settled.len() == 21).await;
    assert!(here.post.look(|state| state.settled.contains(&(last, ReceiptOutcome::Stored, 0))));
    assert!(here.post.look(|state| state.disconnections.is_empty()), "the line stands");
    drop(there);
}
