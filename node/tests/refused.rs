//! A peer that refuses for good: what follows in that trail is held and shown, and nothing else waits for it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use town::{Carrier, Pair, enquiry, pair, reads, reopened, say, until, worker};
use uput_core::{
    event::Statement,
    id::{OrgId, TrailId},
    rejection::Rejection,
    wire::{CheckLevel, ReceiptOutcome, WarningCode},
};
use uput_node::{
    node::{Listing, Node, Post},
    peer::{Mailroom, Outgoing},
};

async fn opened(node: &Arc<Node>) -> TrailId {
    node.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap()
}

async fn next(node: &Arc<Node>, to: &OrgId) -> Outgoing {
    let post = Post(node.clone());
    tokio::time::timeout(Duration::from_secs(60), post.next_letter(to)).await.unwrap()
}

async fn nothing_goes(node: &Arc<Node>, to: &OrgId) {
    let post = Post(node.clone());
    assert!(tokio::time::timeout(Duration::from_millis(300), post.next_letter(to)).await.is_err());
}

async fn note(node: &Arc<Node>, trail: &TrailId) -> String {
    node.show(&worker(), trail, false).await.unwrap().notes.join("; ")
}

/// [NOD-34]
#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_refused_event_is_held_shown_and_blocks_nothing_else() {
    let pair = pair().await;
    let (post, to) = (Post(pair.hotline.clone()), pair.houses[1].id);
    let trail = opened(&pair.hotline).await;
    let letter = next(&pair.hotline, &to).await;
    post.settle(&to, letter.ticket, ReceiptOutcome::Refused, Rejection::BrokenSequence.number()).await;
    say(&pair.hotline, trail, warned()).await.unwrap();
    // The peer could never admit it.
    nothing_goes(&pair.hotline, &to).await;

    let shown = pair.hotline.show(&worker(), &trail, false).await.unwrap();
    assert!(shown.notes.iter().any(|note| note.contains("broken off") && note.contains("BROKEN_SEQUENCE")));
    assert_eq!(shown.undelivered, 2);
    let checks = pair.hotline.checks(uput_node::clock::now());
    let queue = checks.iter().find(|check| check.name == "queue").unwrap();
    assert_eq!(queue.level(), CheckLevel::Error);
    assert!(queue.finding.contains("shelter-jasen BROKEN_SEQUENCE"), "{}", queue.finding);
    let waiting = Listing { waiting: true, most: 1, token: "" };
    let listed = pair.hotline.list(&worker(), &waiting).unwrap();
    assert_eq!(listed.trails[0].trail, trail.to_vec(), "it waits for us");

    let other = opened(&pair.hotline).await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    reads(&pair.shelter, &other, "asked").await;
    until(|| async { pair.hotline.queued().items == 0 }).await;
    assert_eq!(pair.hotline.queued().held, 1);
    assert!(pair.shelter.show(&worker(), &trail, false).await.is_err());
}

/// [NOD-34] What was refused stays refused, and shown, when the node starts again.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_outlives_a_restart() {
    let Pair { hotline, shelter, houses } = pair().await;
    let to = houses[1].id;
    let trail = opened(&hotline).await;
    let letter = next(&hotline, &to).await;
    Post(hotline.clone()).settle(&to, letter.ticket, ReceiptOutcome::Refused, Rejection::Malformed.number()).await;
    say(&hotline, trail, warned()).await.unwrap();
    drop(hotline);
    let hotline = reopened(&houses[0]).await;
    assert!(note(&hotline, &trail).await.contains("MALFORMED"));
    assert_eq!((hotline.queued().items, hotline.queued().held), (0, 1));
    nothing_goes(&hotline, &to).await;
    let other = opened(&hotline).await;
    next(&hotline, &to).await;
    assert!(!note(&hotline, &other).await.contains("broken off"));
    drop(shelter);
}

/// One refused item of a letter of several: the others go alone and arrive. [NOD-30] [NOD-34]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_event_is_set_aside_alone() {
    let pair = pair().await;
    let (post, to) = (Post(pair.hotline.clone()), pair.houses[1].id);
    let (bad, good) = (opened(&pair.hotline).await, opened(&pair.hotline).await);
    let both = next(&pair.hotline, &to).await;
    post.settle(&to, both.ticket, ReceiptOutcome::Refused, Rejection::Malformed.number()).await;
    let first = next(&pair.hotline, &to).await;
    post.settle(&to, first.ticket, ReceiptOutcome::Refused, Rejection::Malformed.number()).await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    reads(&pair.shelter, &good, "asked").await;
    assert!(note(&pair.hotline, &bad).await.contains("broken off"));
    assert!(!note(&pair.hotline, &good).await.contains("broken off"));
}

/// [NOD-30] [TRA-14] No reason that a peer gives lets it be asked without end: not one that this version does not know,
/// nor a key that is gone and no newer one.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_puts_off_is_asked_ever_more_seldom_whatever_the_reason() {
    let pair = pair().await;
    let (post, to) = (Post(pair.hotline.clone()), pair.houses[1].id);
    let trail = opened(&pair.hotline).await;
    let begun = Instant::now();
    for code in [0, 9_999, Rejection::StaleKey.number(), Rejection::DiskFull.number()] {
        let letter = post.next_letter(&to).await;
        post.settle(&to, letter.ticket, ReceiptOutcome::Later, code).await;
    }
    let letter = post.next_letter(&to).await;
    assert!(begun.elapsed() >= Duration::from_millis(50 + 100 + 200 + 400), "{:?}", begun.elapsed());
    // [TRA-14] With newer keys at hand it goes at once.
    post.settle(&to, letter.ticket, ReceiptOutcome::StaleKey, Rejection::StaleKey.number()).await;
    next(&pair.hotline, &to).await;
    assert_eq!(pair.hotline.show(&worker(), &trail, false).await.unwrap().undelivered, 1);
}

fn warned() -> Statement {
    Statement::Warned(WarningCode::RiskChanged)
}
