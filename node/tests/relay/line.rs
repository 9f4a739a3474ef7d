//! Three nodes that speak over TLS, two of which never reach each other.

use std::net::TcpListener;

use uput_core::{event::Statement, key::Endpoint};

use crate::houses::Line;
use crate::town::{say, take, until};
use crate::village::{QUOTA, Village, Way, kinds, lying, standing};

/// A socket that stays bound while the node behind it is down.
fn socket() -> (TcpListener, Endpoint) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let endpoint = Endpoint::parse(&socket.local_addr().unwrap().to_string()).unwrap();
    (socket, endpoint)
}

fn listening(socket: &TcpListener) -> tokio::net::TcpListener {
    tokio::net::TcpListener::from_std(socket.try_clone().unwrap()).unwrap()
}

async fn nowhere() -> tokio::net::TcpListener {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap()
}

fn files(village: &Village) -> usize {
    std::fs::read_dir(village.folders[2].path().join("mailbox")).unwrap().count()
}

/// [RLY-3] [RLY-4] [RLY-5] [RLY-8] [RLY-9] [RLY-10] [RLY-14] Agreement, referral and answer, and at the end nothing lies anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn two_that_never_reach_each_other_agree_refer_and_answer_over_a_third() {
    let (socket, endpoint) = socket();
    let village = Village::found(endpoint).await;
    village.say_yes(QUOTA).await;
    let [hotline, house, relay] = &village.folders;
    let _line = Line::lay([
        (relay, &village.relay, listening(&socket)),
        (hotline, &village.hotline, nowhere().await),
        (house, &village.house, nowhere().await),
    ]);
    village.agree().await;
    let trail = village.refer().await;
    until(|| async { kinds(&village.hotline, trail).await.iter().any(|kind| kind == "delivered") }).await;
    take(&village.house, &trail).await;
    say(&village.house, trail, Statement::Accepted).await.unwrap();
    until(|| async { kinds(&village.hotline, trail).await.iter().any(|kind| kind == "accepted") }).await;
    until(|| async { village.waiting() == 0 && lying(&village.relay) == (0, 0) }).await;
    until(|| async { (standing(&village.hotline), standing(&village.house)) == ((0, 0), (0, 0)) }).await;
    assert_eq!(files(&village), 0, "what was fetched is removed");
    let known = village.relay.show(&crate::town::worker(), &trail, false).await;
    assert!(known.is_err(), "to the relay there is no trail");
}

/// [RLY-4] [RLY-8] [RLY-14] The two are never on line together, and the relay stops between the two.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_is_fetched_after_the_relay_was_started_again() {
    let (socket, endpoint) = socket();
    let village = Village::found(endpoint).await;
    village.say_yes(QUOTA).await;
    let direct = Way::both(&village.hotline, &village.house);
    village.agree().await;
    until(|| async { village.waiting() == 0 }).await;
    Way::end(direct).await;
    let trail = village.refer().await;
    let (folders, waits) = (&village.folders, village.hotline.queued().items);
    let line = Line::lay([
        (&folders[2], &village.relay, listening(&socket)),
        (&folders[0], &village.hotline, nowhere().await),
    ]);
    until(|| async { u64::from(standing(&village.hotline).0) == waits }).await;
    line.close().await;
    drop(line);
    assert_eq!(village.hotline.queued().items, waits, "the relay's receipt takes nothing out");
    let Village { hotline, house, relay, folders } = village;
    drop(relay);
    let relay = folders[2].open();
    assert!(lying(&relay).1 > 0);
    let line = Line::lay([(&folders[2], &relay, listening(&socket)), (&folders[1], &house, nowhere().await)]);
    let delivered = |node| async move { kinds(node, trail).await.iter().any(|kind| kind == "delivered") };
    until(|| delivered(&house)).await;
    let left = || standing(&house).0;
    until(|| async { left() > 0 && u64::from(left()) == house.queued().items }).await;
    line.close().await;
    drop(line);
    let line = Line::lay([(&folders[2], &relay, listening(&socket)), (&folders[0], &hotline, nowhere().await)]);
    until(|| delivered(&hotline)).await;
    line.close().await;
    drop(line);
    // What each of them still has to say of the other's letters goes the same way.
    let _line = Line::lay([
        (&folders[2], &relay, listening(&socket)),
        (&folders[0], &hotline, nowhere().await),
        (&folders[1], &house, nowhere().await),
    ]);
    until(|| async { hotline.queued().items + house.queued().items == 0 && lying(&relay) == (0, 0) }).await;
}
