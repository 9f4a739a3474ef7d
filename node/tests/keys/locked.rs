//! New keys of a node whose secrets take a passphrase.

use std::{path::Path, sync::Arc};

use tokio::net::TcpListener;
use uput_core::{
    key::Endpoint,
    keyfile::KeyFile,
    letter,
    time::Span,
    wire::{LetterContent, LostRequest, ReceiptOutcome},
};
use uput_node::{
    clock::SystemEntropy,
    locked::{Bounds, DoorKey, Left, admit_left},
    node::{NewKeys, Post},
    node_key::{self, KeyPlace, Sources},
    peer::{
        Limits, Mailroom, Reason,
        locked::{Answering, Doorstep},
    },
};
use zeroize::Zeroizing;

use crate::{
    house::{ALL, MONTH, begin, newest, open_again, open_by, rotate, two},
    stream::{Lines, moves},
    town::{House, enquiry, reads, until},
};

const WORDS: &str = "an invented passphrase";

/// Whether a file takes the passphrase, and opens with it.
fn is_locked(folder: &Path, name: &str) -> bool {
    let file = KeyFile::parse(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    file.is_locked() && file.open_node_secrets(Some(WORDS)).is_ok()
}

/// [RST-3]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_locked_node_prepares_installs_and_keeps_is_locked() {
    crate::town::listen();
    let house = House::found(1).await;
    drop(begin(&house));
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("words");
    std::fs::write(&file, WORDS).unwrap();
    let sources = Sources { file: Some(file), ..Sources::default() };
    node_key::relock(house.path(), &sources, || Ok(Some(Zeroizing::new(WORDS.to_owned())))).unwrap();
    let place = || KeyPlace::find(house.path(), &sources).unwrap();
    let node = open_by(&house, place());
    node.prepare_keys(ALL()).await.unwrap();
    assert!(is_locked(house.path(), node_key::NEXT));
    // Without grace the old sealing key is taken out at once: the file is written once more.
    let installed = rotate(&house, &node, ALL(), Span(0)).await.unwrap();
    assert_eq!(newest(&installed.chain), 1);
    assert!(is_locked(house.path(), node_key::NODE_KEY));
    drop(node);
    let again = open_by(&house, place());
    assert!(again.me().chain().newest_id() == installed.chain.newest_id());
    assert_eq!(place().read().unwrap().sealing.len(), 1);
}

/// [RST-31] The door key lies in the clear while the secrets are locked and the newest record names it, and only then.
#[tokio::test(flavor = "multi_thread")]
async fn the_door_key_lies_there_as_long_as_the_newest_record_names_it() {
    crate::town::listen();
    let house = House::found(1).await;
    let node = begin(&house);
    let door = |door| NewKeys { door: Some(door), ..NewKeys::default() };
    rotate(&house, &node, door(true), MONTH).await.unwrap();
    assert!(DoorKey::read(house.path()).is_none(), "its secrets take no passphrase");
    drop(node);
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("words");
    std::fs::write(&file, WORDS).unwrap();
    let sources = Sources { file: Some(file), ..Sources::default() };
    node_key::relock(house.path(), &sources, || Ok(Some(Zeroizing::new(WORDS.to_owned())))).unwrap();
    let node = open_by(&house, KeyPlace::find(house.path(), &sources).unwrap());
    let shown = || DoorKey::read(house.path()).map(|key| *key.public());
    // With another TLS key it is another one, which the record names by itself.
    let tls = NewKeys { tls: true, ..NewKeys::default() };
    let installed = rotate(&house, &node, tls, MONTH).await.unwrap();
    assert_eq!(shown(), Some(*DoorKey::of(&installed.tls).public()));
    assert_eq!(shown().as_ref(), installed.chain.newest().door_key());
    assert!(shown() != Some(*DoorKey::of(&house.tls_key()).public()));
    rotate(&house, &node, door(false), MONTH).await.unwrap();
    assert_eq!(shown(), None);
}

/// One socket for two that answer at it one after the other: nobody else gets its port in between.
async fn twice() -> (TcpListener, TcpListener) {
    let first = TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
    let second = first.try_clone().unwrap();
    (TcpListener::from_std(first).unwrap(), TcpListener::from_std(second).unwrap())
}

/// [RST-30] [RST-34] [TRA-40] [TRA-41] Over real connections: the hotline dials, the shelter is locked.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_a_node_is_locked_waits_on_both_sides_and_arrives_once() {
    let (houses, hotline, shelter) = two().await;
    let (listener, again) = twice().await;
    let address = listener.local_addr().unwrap();
    let endpoint = Endpoint::parse(&address.to_string()).unwrap();
    let new = NewKeys { endpoints: Some(vec![endpoint]), door: Some(true), ..NewKeys::default() };
    rotate(&houses[1], &shelter, new, MONTH).await.unwrap();
    Post(hotline.clone()).learn(&houses[1].id, Post(shelter.clone()).key_records_from(1)).await.unwrap();
    moves(&houses[0], &hotline, Vec::new(), &shelter).await;
    let folder = houses[1].path();
    drop(shelter);

    let door = DoorKey::of(&houses[1].tls_key());
    let left = Arc::new(Left::open(folder, Bounds::default()));
    let doorstep: Arc<dyn Doorstep> = left.clone();
    let answering = Answering::begin(listener, door.signing(), doorstep, Limits::default()).unwrap();
    let calling = Lines::start(&hotline, &houses[0].tls_key(), None);
    let mut waiting = Vec::new();
    for count in 1..=3 {
        waiting.push(hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap());
        until(|| async { left.numbers().len() == count }).await;
    }
    let seen = hotline.view_peers().into_iter().find(|peer| peer.name == "shelter-jasen").unwrap();
    assert!(!seen.connected && seen.difficulty.contains("locked"), "{}", seen.difficulty);
    assert_eq!(calling.0.check(&houses[1].id).await.unwrap().result, Reason::Locked);
    let (_, letter) = left.read(1).unwrap();
    left.keep([9; 32], &letter);
    assert_eq!(hotline.queued().items, 3, "nothing has arrived");
    // Killed and started again it has what was left.
    assert_eq!(Left::open(folder, Bounds::default()).numbers(), [1, 2, 3, 4]);
    calling.stop().await;
    answering.end().await;

    let shelter = open_again(&houses[1]);
    admit_left(folder, &Post(shelter.clone())).await;
    for trail in &waiting {
        reads(&shelter, trail, "asked").await;
    }
    assert!(left.numbers().is_empty(), "also what a stranger left");
    assert_eq!(hotline.queued().items, 3, "what was left is no receipt");
    let called = Lines::start(&shelter, &houses[1].tls_key(), Some(again));
    let calling = Lines::start(&hotline, &houses[0].tls_key(), None);
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    for trail in &waiting {
        reads(&hotline, trail, "asked").await;
        reads(&shelter, trail, "asked").await;
    }
    calling.stop().await;
    called.stop().await;
}

/// [TRA-41] [CAR-7] Nothing is on its way because of a door: another way takes from the queue while that connection stands.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_at_a_door_leaves_the_queue_by_another_way_while_the_door_stands() {
    let (houses, hotline, shelter) = two().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let endpoint = Endpoint::parse(&address.to_string()).unwrap();
    let new = NewKeys { endpoints: Some(vec![endpoint]), door: Some(true), ..NewKeys::default() };
    rotate(&houses[1], &shelter, new, MONTH).await.unwrap();
    Post(hotline.clone()).learn(&houses[1].id, Post(shelter.clone()).key_records_from(1)).await.unwrap();
    moves(&houses[0], &hotline, Vec::new(), &shelter).await;
    let folder = houses[1].path();
    drop(shelter);

    let door = DoorKey::of(&houses[1].tls_key());
    let left = Arc::new(Left::open(folder, Bounds::default()));
    let doorstep: Arc<dyn Doorstep> = left.clone();
    let answering = Answering::begin(listener, door.signing(), doorstep, Limits::default()).unwrap();
    let calling = Lines::start(&hotline, &houses[0].tls_key(), None);
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    until(|| async { left.numbers().len() == 1 }).await;
    let opened = open_again(&houses[1]);
    for letter in &hotline.carry_out("shelter-jasen", None).await.unwrap().letters {
        assert_eq!(opened.carry_in(letter).await.code, 0);
    }
    reads(&opened, &trail, "asked").await;
    let name = opened.view_peers().first().unwrap().name.clone();
    for letter in &opened.carry_out(&name, None).await.unwrap().letters {
        assert_eq!(hotline.carry_in(letter).await.code, 0);
    }
    until(|| async { hotline.queued().items == 0 }).await;
    assert_eq!(calling.0.check(&houses[1].id).await.unwrap().result, Reason::Locked);
    calling.stop().await;
    answering.end().await;
}

/// [RST-34] Who can write the folder of a locked node puts the key of a peer, which is public, before a letter that anybody
/// can seal: of that nothing is taken in.
#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_the_folder_and_is_not_signed_speaks_in_nobodys_name() {
    let (houses, hotline, shelter) = two().await;
    let left = Left::open(houses[1].path(), Bounds::default());
    let lost = LostRequest { incarnation: u32::MAX, trail: Vec::new() };
    let content = LetterContent { lost: vec![lost], ..LetterContent::default() };
    let letter = letter::seal(shelter.me().chain().newest(), &content, &mut SystemEntropy).unwrap();
    let by = *houses[0].tls_key().public().as_bytes();
    left.keep(by, &letter);
    assert_eq!(left.numbers().len(), 1);
    let post = Post(shelter.clone());
    assert_eq!(post.take_copy(&houses[0].id, letter.clone()).await, ReceiptOutcome::Refused);
    admit_left(houses[1].path(), &post).await;
    assert!(left.numbers().is_empty());
    // On a line it would have been believed.
    assert_eq!(post.receive(&houses[0].id, letter).await.0, ReceiptOutcome::Stored);
    drop(hotline);
}
