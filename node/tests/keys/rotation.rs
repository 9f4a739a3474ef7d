//! New keys while letters wait and peers are away, and how old ones end.

use std::{sync::Arc, time::Duration};

use prost::Message;
use uput_core::{
    codec,
    envelope::Envelope,
    event::Statement,
    id::{OrgId, TrailId},
    key::KeyChain,
    letter,
    log::EntryKind,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{self, LetterContent, ReceiptOutcome},
};
use uput_node::{
    clock::{self, SystemEntropy},
    node::{NewKeys, Node, Post},
    node_key,
    peer::Mailroom,
    record::{self, EntriesRecord, EventRecord, Evidence},
    seal,
    storage::Position,
};

use crate::{
    house::{ALL, MONTH, lies_in, newest, open_again, rotate, signed, two},
    town::{BY, House, enquiry, say, worker},
};

/// Carries what waits, as the stream does: a letter to a key that is gone leads to a look at the records. Tells how many
/// were answered so.
pub(crate) async fn carry(from: &Arc<Node>, to: &Arc<Node>) -> usize {
    let (sender, receiver) = (Post(from.clone()), Post(to.clone()));
    let (from_id, to_id) = (sender.organisation(), receiver.organisation());
    let mut stale = 0;
    while from.queued().items > 0 {
        let next = tokio::time::timeout(Duration::from_secs(5), sender.next_letter(&to_id));
        let Ok(outgoing) = next.await else { continue };
        let (outcome, code) = receiver.receive(&from_id, outgoing.letter).await;
        if outcome == ReceiptOutcome::StaleKey {
            stale += 1;
            let known = sender.peer(&to_id).unwrap().key_records;
            sender.learn(&to_id, receiver.key_records_from(known)).await.unwrap();
        }
        sender.settle(&to_id, outgoing.ticket, outcome, code).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stale
}

/// [NOD-81] [NOD-82] [LET-5] [TRA-14]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_queued_letters_are_sealed_anew_for_a_peer_that_rotated() {
    let (houses, hotline, shelter) = two().await;
    let mut trails = Vec::new();
    for _ in 0..100 {
        trails.push(hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap());
    }
    // Nothing that was sealed to the old key opens any more.
    let installed = rotate(&houses[1], &shelter, ALL(), Span(0)).await.unwrap();
    assert_eq!((newest(&installed.chain), installed.until), (1, 0));
    assert!(carry(&hotline, &shelter).await > 0, "the first was sealed to the key that is gone");
    for trail in &trails {
        assert_eq!(shelter.show(&worker(), trail, false).await.unwrap().headline, "asked");
    }
    assert!(Post(hotline.clone()).peer(&houses[1].id).unwrap().key_records == 2);
}

/// [NOD-81] [KEY-25]
#[tokio::test(flavor = "multi_thread")]
async fn what_waited_when_a_node_rotated_is_believed_and_so_is_what_comes_after() {
    let (houses, hotline, shelter) = two().await;
    let mut trails = Vec::new();
    for _ in 0..100 {
        trails.push(hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap());
    }
    rotate(&houses[0], &hotline, ALL(), MONTH).await.unwrap();
    say(&hotline, trails[0], Statement::Warned(wire::WarningCode::DoNotContact)).await.unwrap();
    let (from, to) = (Post(hotline.clone()), Post(shelter.clone()));
    // The greeting: the shelter learns the record before the first letter. [TRA-13]
    to.learn(&houses[0].id, from.key_records_from(1)).await.unwrap();
    assert_eq!(carry(&hotline, &shelter).await, 0, "the shelter's own keys are what they were");
    for trail in &trails {
        assert_eq!(shelter.show(&worker(), trail, false).await.unwrap().headline, "asked");
    }
    assert_eq!(shelter.show(&worker(), &trails[0], false).await.unwrap().events.len(), 4, "each with its `delivered`");
    // What was said under the old record is read again after a restart, under that record.
    drop((hotline, shelter, from, to));
    let shelter = open_again(&houses[1]);
    assert_eq!(shelter.show(&worker(), &trails[99], false).await.unwrap().headline, "asked");
    let hotline = open_again(&houses[0]);
    assert_eq!(newest(&hotline.me().chain()), 1);
    assert_eq!(hotline.show(&worker(), &trails[0], false).await.unwrap().headline, "asked");
}

fn sealed_to(chain: &KeyChain) -> Vec<u8> {
    let request = wire::HeadRequest { trail: vec![7; 32], nonce: vec![7; 32] };
    let content = LetterContent { head_requests: vec![request], ..LetterContent::default() };
    letter::seal(chain.newest(), &content, &mut SystemEntropy).unwrap()
}

async fn answer(node: &Arc<Node>, from: &OrgId, letter: &[u8]) -> (ReceiptOutcome, u32) {
    Post(node.clone()).receive(from, letter.to_vec()).await
}

/// [NOD-82] [KEY-24]
#[tokio::test(flavor = "multi_thread")]
async fn an_old_sealing_key_opens_until_its_grace_ends_and_is_then_nowhere_in_the_folder() {
    let (houses, hotline, shelter) = two().await;
    let old = houses[1].sealing_secret();
    let recorded = sealed_to(&shelter.me().chain());
    let installed = rotate(&houses[1], &shelter, ALL(), MONTH).await.unwrap();
    let until = Seconds::new(installed.until).unwrap();
    assert_eq!(shelter.view_keys().retired.len(), 1);
    let opened = (ReceiptOutcome::Refused, Rejection::NoSuchTrail.number());
    assert_eq!(answer(&shelter, &houses[0].id, &recorded).await, opened, "opened, and about no trail");
    assert!(lies_in(houses[1].path(), &old));
    // A second rotation leaves the end of the first where it was.
    rotate(&houses[1], &shelter, ALL(), Span(400 * 86_400)).await.unwrap();
    assert_eq!(shelter.view_keys().retired.iter().filter(|one| one.until == until.get()).count(), 1);
    // A record that is prepared meanwhile does not keep it either.
    shelter.prepare_keys(ALL()).await.unwrap();
    assert_eq!(shelter.destroy_retired(Seconds::new(until.get() - 1).unwrap()).await, Ok(0));
    assert!(lies_in(houses[1].path(), &old));
    assert_eq!(shelter.destroy_retired(until).await, Ok(1));
    assert_eq!(shelter.destroy_retired(until).await, Ok(0));
    assert!(!lies_in(houses[1].path(), &old), "not in the key file, not in what was prepared, not in the journal");
    let stale = (ReceiptOutcome::StaleKey, Rejection::StaleKey.number());
    assert_eq!(answer(&shelter, &houses[0].id, &recorded).await, stale);
    drop(shelter);
    let shelter = open_again(&houses[1]);
    assert_eq!(shelter.view_keys().retired.len(), 1, "the one of the second rotation");
    assert_eq!(answer(&shelter, &houses[0].id, &recorded).await, stale);
    drop(hotline);
}

/// The events and key records of a journal in the order in which the log has them: true is a key record of ours, with its
/// ID; false an event of ours, with the record that it names.
fn in_order(house: &House) -> Vec<(bool, Vec<u8>)> {
    let storage = house.open_storage();
    let mut named = std::collections::BTreeMap::new();
    let mut order = Vec::new();
    for kept in storage.records(Position::START) {
        let kept = kept.unwrap();
        if let Some(event) = record::read::<EventRecord>(&kept) {
            let trail = TrailId::parse(&event.trail).unwrap();
            let keys = storage.trail_keys(trail.as_bytes()).unwrap();
            let aad = record::trail_aad(&trail, b"evidence");
            let plain = seal::open(keys.evidence.unwrap().expose(), &aad, &event.evidence).unwrap();
            let envelope = Envelope::parse(&Evidence::decode(plain.as_slice()).unwrap().envelope).unwrap();
            let body: wire::EventBody = codec::decode(envelope.body()).unwrap();
            named.insert(envelope.id().as_bytes().to_vec(), body.key);
        }
        for entry in record::read::<EntriesRecord>(&kept).into_iter().flat_map(|entries| entries.entries) {
            if entry.kind == u32::from(EntryKind::OwnEvent.number()) {
                order.push((false, named.get(&entry.id).unwrap().clone()));
            } else if entry.kind == u32::from(EntryKind::KeyRecord.number()) {
                order.push((true, entry.id));
            }
        }
    }
    order
}

/// [NOD-81] Otherwise a verdict would say of an honest organisation that it signed with a key that was replaced. (BUN-75)
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_logged_under_a_record_after_the_one_that_replaced_it() {
    let (houses, hotline, shelter) = two().await;
    let asking = (0..4).map(|_| {
        let hotline = hotline.clone();
        tokio::spawn(async move {
            for _ in 0..25 {
                hotline.open_trail(enquiry("shelter-jasen")).await.unwrap();
            }
        })
    });
    let asking: Vec<_> = asking.collect();
    for _ in 0..3 {
        rotate(&houses[0], &hotline, ALL(), MONTH).await.unwrap();
    }
    for task in asking {
        task.await.unwrap();
    }
    let chain = hotline.me().chain();
    drop((hotline, shelter));
    let records: Vec<Vec<u8>> = chain.records().map(|record| record.id().to_vec()).collect();
    let (mut now, mut counted) = (records[0].clone(), 0);
    for (is_record, id) in in_order(&houses[0]) {
        match is_record {
            true if records.contains(&id) => now = id,
            true => {}
            false => {
                assert_eq!(id, now, "an event names the newest record that stands before it");
                counted += 1;
            }
        }
    }
    assert_eq!((counted, now), (100, records[3].clone()));
}

/// [NOD-80] [KEY-23]
#[tokio::test(flavor = "multi_thread")]
async fn a_record_counts_only_here_and_only_signed() {
    let (houses, hotline, shelter) = two().await;
    let proposal = shelter.prepare_keys(ALL()).await.unwrap();
    let refused = |result: Result<uput_node::node::Installed, Rejection>| result.err().unwrap();
    assert_eq!(refused(shelter.install_keys(&BY, &proposal, MONTH).await), Rejection::WrongSigners);
    let ready = signed(&houses[1], &proposal);
    // Prepared twice: what is signed later than it was replaced has no secrets any more.
    let second = signed(&houses[1], &shelter.prepare_keys(ALL()).await.unwrap());
    assert_eq!(refused(shelter.install_keys(&BY, &ready, MONTH).await), Rejection::KeysNotHere);
    assert_eq!(refused(hotline.install_keys(&BY, &second, MONTH).await), Rejection::BrokenChain);
    let installed = shelter.install_keys(&BY, &second, MONTH).await.unwrap();
    assert_eq!(newest(&installed.chain), 1);
    // Again changes nothing; another successor of the first record would be a fork of our own making.
    assert_eq!(shelter.install_keys(&BY, &second, Span(0)).await.unwrap().until, installed.until);
    assert_eq!(refused(shelter.install_keys(&BY, &ready, MONTH).await), Rejection::BrokenChain);
    assert!(!houses[1].path().join(node_key::NEXT).exists());
    // A record without new keys needs nothing prepared, and names a witness.
    let witness = NewKeys { witnesses: Some(vec![shelter.witness_named("hotline").unwrap()]), ..NewKeys::default() };
    let third = rotate(&houses[1], &shelter, witness, MONTH).await.unwrap();
    assert_eq!((third.chain.newest().witnesses(), newest(&third.chain)), (&[houses[0].id][..], 2));
    assert!(shelter.view_log(clock::now()).witnesses.iter().all(|witness| witness.by_record));
    drop(hotline);
}
