//! Who agrees to what, how much, and for how long.

use std::sync::Arc;

use uput_core::{
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{CheckLevel, ReceiptOutcome},
};
use uput_node::{
    clock,
    node::{Node, Post, RelayQuota},
    peer::Mailroom,
};

use crate::town::{BY, endpoint, until, worker};
use crate::village::{QUOTA, Village, Way, kinds, lying, standing};

const DAY: u64 = 86_400;

fn days_on(days: u64) -> Seconds {
    clock::now().after(Span(days * DAY))
}

fn finding(node: &Node, now: Seconds) -> Option<String> {
    let found = node.checks(now).into_iter().find(|check| check.name == "relay")?;
    assert_eq!(found.level, i32::from(CheckLevel::Warning));
    Some(found.finding)
}

/// [RLY-1] [RLY-2] [RLY-4] [RLY-7] [RLY-16] Each of the three has to say yes; until then what waits waits, and people are told.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_relayed_that_one_of_three_did_not_allow() {
    let village = Village::agreed().await;
    village.relay.allow_relay(&BY, ["hotline", "house"], None).await.unwrap();
    village.house.use_relay(&BY, "hotline", None).await.unwrap();
    let trail = village.refer().await;
    let waits = village.hotline.queued().items;
    let _lines = village.lines();
    until(|| async { standing(&village.hotline).1 == Rejection::WrongRecipient.number() }).await;
    assert!(finding(&village.hotline, clock::now()).unwrap().contains("WRONG_RECIPIENT"));
    village.relay.allow_relay(&BY, ["hotline", "house"], Some(QUOTA)).await.unwrap();
    until(|| async { standing(&village.hotline).1 == Rejection::RelayNotChosen.number() }).await;
    assert_eq!((village.hotline.queued().items, kinds(&village.house, trail).await.len()), (waits, 0));
    village.house.use_relay(&BY, "hotline", Some("relay")).await.unwrap();
    until(|| async { village.waiting() == 0 }).await;
    until(|| async { finding(&village.hotline, clock::now()).is_none() }).await;
}

/// [RLY-1] [RLY-2]
#[tokio::test(flavor = "multi_thread")]
async fn a_consent_and_a_choice_are_of_confirmed_peers_and_within_bounds() {
    let village = Village::found(endpoint()).await;
    let (relay, hotline) = (&village.relay, &village.hotline);
    let too_much = RelayQuota { days: 31, ..QUOTA };
    assert_eq!(relay.allow_relay(&BY, ["hotline", "house"], Some(too_much)).await.err(), Some(Rejection::BadValue));
    assert_eq!(relay.allow_relay(&BY, ["hotline", "hotline"], Some(QUOTA)).await.err(), Some(Rejection::BadValue));
    assert_eq!(relay.allow_relay(&BY, ["hotline", "nobody"], Some(QUOTA)).await.err(), Some(Rejection::NoSuchPeer));
    assert_eq!(hotline.use_relay(&BY, "house", Some("house")).await.err(), Some(Rejection::BadValue));
    assert_eq!(hotline.use_relay(&BY, "house", Some("nobody")).await.err(), Some(Rejection::NoSuchPeer));
    let usual = RelayQuota { letters: 0, bytes: 0, days: 0 };
    let consent = relay.allow_relay(&BY, ["hotline", "house"], Some(usual)).await.unwrap();
    assert_eq!((consent.letters, consent.bytes, consent.days), (256, 16 << 20, 14));
    hotline.use_relay(&BY, "house", Some("relay")).await.unwrap();
    let Village { hotline, relay, folders, .. } = village;
    drop((hotline, relay));
    let kept = folders[2].open().relays(clock::now()).consents.remove(0);
    assert_eq!((kept.letters, kept.bytes, kept.days), (256, 16 << 20, 14), "after a start too");
    assert_eq!(folders[0].open().relays(clock::now()).routes.remove(0).relay, "relay");
}

/// [RLY-4] [RLY-7] A full mailbox says so, and takes the rest when something was fetched.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_lies_at_a_relay_than_was_promised() {
    let village = Village::agreed().await;
    village.say_yes(RelayQuota { letters: 1, ..QUOTA }).await;
    let first = village.refer().await;
    let line = Way::both(&village.hotline, &village.relay);
    until(|| async { lying(&village.relay).1 == 1 }).await;
    let second = village.refer().await;
    until(|| async { standing(&village.hotline).1 == Rejection::MailboxFull.number() }).await;
    assert_eq!(lying(&village.relay).1, 1);
    let by_bytes = RelayQuota { letters: 9, bytes: 8192, days: 1 };
    village.relay.allow_relay(&BY, ["hotline", "house"], Some(by_bytes)).await.unwrap();
    Way::end(line).await;
    let outgoing = village.left().await;
    let relay = Post(Arc::clone(&village.relay));
    let (outcome, code) = relay.receive(&village.folders[0].id, outgoing.letter).await;
    assert_eq!((outcome, code), (ReceiptOutcome::Later, Rejection::MailboxFull.number()), "so it is by bytes");
    Post(Arc::clone(&village.hotline)).settle(&village.folders[2].id, outgoing.ticket, outcome, code).await;
    let _lines = village.lines();
    until(|| async { village.waiting() == 0 }).await;
    assert!(!kinds(&village.house, first).await.is_empty() && !kinds(&village.house, second).await.is_empty());
}

/// [RLY-5] [RLY-12] [RLY-13] [RLY-16]
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_fetches_in_its_time_is_removed_told_and_left_again() {
    let village = Village::agreed().await;
    village.refer().await;
    let _line = Way::both(&village.hotline, &village.relay);
    until(|| async { lying(&village.relay).1 == 1 && standing(&village.hotline).0 > 0 }).await;
    let waits = village.hotline.queued().items;
    let withheld = finding(&village.hotline, days_on(2)).unwrap();
    assert!(withheld.contains("48 hours") && withheld.contains("relay") && withheld.contains("house"), "{withheld}");
    assert!(finding(&village.hotline, clock::now()).is_none());
    let before = mailbox(&village);
    village.relay.empty_mailbox(days_on(13)).await.unwrap();
    assert_eq!(mailbox(&village), before, "not before its time");
    village.relay.empty_mailbox(days_on(15)).await.unwrap();
    until(|| async { lying(&village.relay).1 == 1 && mailbox(&village) != before }).await;
    assert_eq!(village.hotline.queued().items, waits);
    until(|| async { village.relay.queued().items == 0 }).await;
    let _house = Way::both(&village.house, &village.relay);
    until(|| async { village.waiting() == 0 }).await;
}

fn mailbox(village: &Village) -> Vec<std::ffi::OsString> {
    let files = std::fs::read_dir(village.folders[2].path().join("mailbox")).unwrap();
    files.map(|file| file.unwrap().file_name()).collect()
}

/// [RLY-6] A start leaves nothing twice, and what was taken meanwhile by another way lies nowhere any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_lies_at_a_relay_is_known_after_a_start_and_taken_by_whatever_way_is_first() {
    let village = Village::agreed().await;
    let trail = village.refer().await;
    let outgoing = village.left().await;
    village.has(outgoing.ticket).await;
    let before = standing(&village.hotline);
    assert!(before.0 > 0);
    let Village { hotline, house, relay, folders } = village;
    drop(hotline);
    let village = Village { hotline: folders[0].open(), house, relay, folders };
    assert_eq!(standing(&village.hotline), before);
    let again = tokio::time::timeout(std::time::Duration::from_secs(5), village.left()).await;
    assert!(again.is_err(), "nothing is left twice");
    let direct = Way::both(&village.hotline, &village.house);
    until(|| async { village.waiting() == 0 }).await;
    Way::end(direct).await;
    let events = kinds(&village.house, trail).await;
    assert_eq!(village.bring(&outgoing.letter).await, (ReceiptOutcome::Stored, 0), "[RLY-11]");
    assert_eq!(kinds(&village.house, trail).await, events, "taken once");
    let _lines = village.lines();
    until(|| async { standing(&village.hotline).0 == 0 }).await;
}

/// [RLY-5] Over a line, a relay and a stick: one trail.
#[tokio::test(flavor = "multi_thread")]
async fn one_trail_goes_over_a_line_a_relay_and_a_stick() {
    let village = Village::agreed().await;
    let trail = village.refer().await;
    let lines = village.lines();
    until(|| async { kinds(&village.hotline, trail).await.iter().any(|kind| kind == "delivered") }).await;
    until(|| async { village.waiting() == 0 }).await;
    Way::end(lines).await;
    crate::town::take(&village.house, &trail).await;
    crate::town::say(&village.house, trail, uput_core::event::Statement::Accepted).await.unwrap();
    let pack = village.house.carry_out("hotline", None).await.unwrap();
    for letter in &pack.letters {
        let said = village.hotline.carry_in(letter).await;
        assert_eq!(said.outcome, i32::from(ReceiptOutcome::Stored));
    }
    assert!(kinds(&village.hotline, trail).await.iter().any(|kind| kind == "accepted"));
    crate::town::say(&village.hotline, trail, uput_core::event::Statement::Withdrawn).await.unwrap();
    let _all = (Way::both(&village.hotline, &village.house), village.lines());
    until(|| async { village.waiting() == 0 }).await;
    let shown = village.house.show(&worker(), &trail, false).await.unwrap();
    assert!(shown.events.iter().any(|event| event.kind == "withdrawn"));
}

/// [RLY-5] [RLY-12] What lies under a key that is gone is sealed to the new one, which the relay knows and the sender does not.
#[tokio::test(flavor = "multi_thread")]
async fn what_lies_under_a_key_that_is_gone_is_sealed_anew() {
    let village = Village::agreed().await;
    let trail = village.refer().await;
    let line = Way::both(&village.hotline, &village.relay);
    until(|| async { lying(&village.relay).1 == 1 && standing(&village.hotline).0 > 0 }).await;
    Way::end(line).await;
    village.renew().await;
    let known = || Post(Arc::clone(&village.hotline)).peer(&village.folders[1].id).unwrap().key_records;
    assert_eq!(known(), 1);
    let _lines = village.lines();
    until(|| async { village.waiting() == 0 }).await;
    assert_eq!(known(), 2);
    assert!(!kinds(&village.house, trail).await.is_empty());
}
