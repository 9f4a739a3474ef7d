//! Key records that fork, that name weak keys, or that do not continue their chain.

use std::time::Duration;

use uput_core::{
    codec,
    envelope::{Envelope, MediaType},
    event::{Event, Statement},
    id::{KeyId, TrailId},
    key::{KeyRecordDraft, sign_key_record},
    letter,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{self, LetterContent, PeerState},
};
use uput_node::{
    clock::now,
    node::{NewTrail, Node, Post},
    peer::Mailroom,
};

use crate::{
    said::{Said, minute, unsaid},
    town::{BY, CONSENT, House, endpoint, enquiry, event, fields, say, worker},
    yard::{STORED, Yard, later, meet, records, refused, yard},
};

/// Two successors of the newest record of an organisation.
fn twins(house: &House) -> [wire::Envelope; 2] {
    let chain = house.chain();
    let keys = [house.organisation_key(), house.signing_key(), house.tls_key()];
    [1, 2].map(|days| {
        let end = minute().after(Span(days * 86_400));
        let draft = KeyRecordDraft::after(chain.newest(), minute(), end);
        sign_key_record(draft, &keys[0], &keys[1], &keys[2], None).unwrap().to_wire()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_not_compared_is_not_heard() {
    let yard = yard().await;
    let line = yard.shelter.invite(&BY, "shelter-lipa", vec![endpoint()], 0).await.unwrap();
    let secret = *uput_core::invitation::Invitation::parse(line.expose()).unwrap().secret().expose();
    assert_eq!(crate::yard::knock(&yard.shelter, &yard.lipa, &secret).await, None);
    Post(yard.shelter.clone()).learn(&yard.lipa.id, twins(&yard.lipa).to_vec()).await.unwrap();
    assert_eq!(yard.say_as(&yard.lipa, &[&yard.enquiry()]).await, later(Rejection::PeerNotConfirmed));
}

/// What the shelter asks of the hotline.
fn support() -> NewTrail {
    let service_type = wire::ServiceType::Psychosocial;
    NewTrail { service_type, fields: fields(&[("adults", "1")]), ..enquiry("hotline") }
}

/// A trail that the shelter opened, and for which the hotline holds a place.
async fn held(yard: &Yard) -> TrailId {
    let trail = yard.shelter.open_trail(support()).await.unwrap().unwrap();
    let statement = Statement::Held { until: Seconds::new(4_000_000_000).unwrap() };
    let held = Event { trail, seen: Some(trail.opening()), ..unsaid(&yard.hotline, statement) };
    assert_eq!(yard.say(&[&Said::sign(&yard.hotline, &held, None)]).await, STORED);
    trail
}

/// What is refused to a user who would disclose something to the hotline.
async fn disclosing(node: &std::sync::Arc<Node>, trail: TrailId) -> [Option<Rejection>; 2] {
    let need = [&CONSENT[..], &[("age_band", "30_59")]].concat();
    let basis = Some(wire::LegalBasis::ExplicitConsent);
    let need = uput_node::node::NewEvent {
        validate_only: true,
        fields: fields(&need),
        basis,
        ..event(trail, Statement::Need)
    };
    let open = NewTrail { validate_only: true, ..support() };
    [
        node.open_trail(open).await.err().map(|refused| refused.rejection()),
        node.record_event(need).await.err().map(|refused| refused.rejection()),
    ]
}

/// [KEY-16]
#[tokio::test(flavor = "multi_thread")]
async fn to_an_organisation_whose_keys_fork_nothing_new_is_disclosed() {
    let yard = yard().await;
    let trail = held(&yard).await;
    assert_eq!(disclosing(&yard.shelter, trail).await, [None, None], "the control");
    Post(yard.shelter.clone()).learn(&yard.hotline.id, twins(&yard.hotline).to_vec()).await.unwrap();
    frozen(&yard, trail).await;
    let yard = yard.restarted().await;
    frozen(&yard, trail).await;
    // It is still heard, and everything that ends something still goes.
    assert_eq!(yard.say(&[&yard.enquiry()]).await, STORED);
    say(&yard.shelter, trail, Statement::Withdrawn).await.unwrap();
    assert_eq!(yard.shelter.show(&worker(), &trail, false).await.unwrap().headline, "withdrawn");
}

/// A fork is refused to whoever would disclose, and shown.
async fn frozen(yard: &Yard, trail: TrailId) {
    assert_eq!(disclosing(&yard.shelter, trail).await, [Some(Rejection::ForkedChain); 2]);
    let peers = yard.shelter.view_peers();
    assert_eq!(peers.iter().map(wire::Peer::state).collect::<Vec<_>>(), [PeerState::Frozen]);
    let check = yard.shelter.checks(now()).into_iter().find(|check| check.name == "peers").unwrap();
    assert_eq!((check.level(), check.finding.as_str()), (wire::CheckLevel::Error, "the keys of a peer fork"));
}

/// [KEY-16]
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_that_somebody_else_shows_counts_too() {
    let yard = yard().await;
    let trail = held(&yard).await;
    meet(&yard.shelter, &yard.lipa, "shelter-lipa").await;
    let mut key_records = records(&[&yard.hotline]);
    key_records.extend(twins(&yard.hotline));
    let sealed = yard.seal(&LetterContent { key_records, ..LetterContent::default() });
    assert_eq!(Post(yard.shelter.clone()).receive(&yard.lipa.id, sealed).await, STORED);
    assert_eq!(disclosing(&yard.shelter, trail).await, [Some(Rejection::ForkedChain); 2]);
}

/// [KEY-16]
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_organisation_whose_keys_fork_does_not_leave() {
    let yard = yard().await;
    let disclosed = yard.shelter.open_trail(support()).await.unwrap().unwrap();
    let delivered = yard.enquiry();
    let post = Post(yard.shelter.clone());
    post.learn(&yard.hotline.id, twins(&yard.hotline).to_vec()).await.unwrap();
    assert_eq!(yard.say(&[&delivered]).await, STORED);
    let secret = [yard.hotline.sealing_secret()];
    let mut events = Vec::new();
    // What discloses nothing goes on, past what waits; after it nothing does.
    let patience = |events: &Vec<_>| Duration::from_millis(if events.is_empty() { 30_000 } else { 300 });
    while let Ok(sent) = tokio::time::timeout(patience(&events), post.next_letter(&yard.hotline.id)).await {
        let content = letter::open(&sent.letter, yard.hotline.id, &secret).unwrap().content;
        assert!(content.disclosures.is_empty());
        events.extend(content.events);
        post.settle(&yard.hotline.id, sent.ticket, wire::ReceiptOutcome::Stored, 0).await;
    }
    assert_eq!(events.len(), 1, "the delivered of what came");
    assert_eq!(yard.shelter.queued().items, 1);
    assert_eq!(yard.shelter.show(&worker(), &disclosed, false).await.unwrap().undelivered, 1);
}

/// The neutral point, and the same in an encoding that is not the one.
fn weak_keys() -> [[u8; 32]; 2] {
    let (mut neutral, mut twisted) = ([0; 32], [0xff; 32]);
    neutral[0] = 1;
    (twisted[0], twisted[31]) = (0xee, 0x7f);
    [neutral, twisted]
}

/// A record that names a weak key, with the signature that would hold for every message.
fn weak_record(record: &wire::Envelope, house: &House, place: usize, weak: [u8; 32]) -> wire::Envelope {
    let mut named: wire::KeyRecord = codec::decode(&record.body).unwrap();
    *[&mut named.organisation_key, &mut named.signing_key, &mut named.tls_key][place] = weak.to_vec();
    let keys = [house.organisation_key(), house.signing_key(), house.tls_key()];
    let others: Vec<_> = keys.iter().enumerate().filter(|(n, _)| *n != place).map(|(_, key)| key).collect();
    let mut signed = Envelope::sign(MediaType::KEY_RECORD, codec::encode(&named), &others).unwrap().to_wire();
    let signature = [weak_keys()[0], [0; 32]].concat();
    signed.signatures.push(wire::Signature { key_id: KeyId::of(&weak).to_vec(), signature });
    signed.signatures.sort_by(|a, b| a.key_id.cmp(&b.key_id));
    signed
}

/// [KEY-2] [KEY-12]
#[tokio::test(flavor = "multi_thread")]
async fn weak_keys_are_refused_wherever_they_are_offered() {
    let yard = yard().await;
    let stranger = House::found(5).await;
    let line = yard.shelter.invite(&BY, "stranger", vec![endpoint()], 0).await.unwrap();
    let secret = *uput_core::invitation::Invitation::parse(line.expose()).unwrap().secret().expose();
    let first = records(&[&stranger]).remove(0);
    let next = twins(&yard.hotline)[0].clone();
    let post = Post(yard.shelter.clone());
    for (place, weak) in (0..3).flat_map(|place| weak_keys().map(|weak| (place, weak))) {
        let bad = weak_record(&first, &stranger, place, weak);
        let tls = if place == 2 { weak } else { *stranger.tls_key().public().as_bytes() };
        let chain = wire::KeyChain { records: vec![bad.clone()] };
        let introduced = post.introduce(&secret, tls, chain).await;
        assert_eq!(introduced.err(), Some(Rejection::WeakKey), "in an introduction");
        let letter = LetterContent { key_records: vec![bad], ..LetterContent::default() };
        assert_eq!(yard.send(&letter).await, refused(Rejection::WeakKey), "in a letter");
        let learnt = post.learn(&yard.hotline.id, vec![weak_record(&next, &yard.hotline, place, weak)]).await;
        assert_eq!(learnt, Err(Rejection::WeakKey), "in a greeting");
    }
    assert_eq!(crate::yard::knock(&yard.shelter, &stranger, &secret).await, None, "the invitation was not used up");
    assert_eq!(yard.say(&[&yard.enquiry()]).await, STORED, "the keys of before still count");
}

/// [KEY-12] [KEY-13]
#[tokio::test(flavor = "multi_thread")]
async fn records_that_do_not_continue_their_chain_change_nothing() {
    let yard = yard().await;
    let post = Post(yard.shelter.clone());
    let learn = async |record: wire::Envelope| post.learn(&yard.hotline.id, vec![record]).await;
    let next = twins(&yard.hotline)[0].clone();
    let mut unsigned = next.clone();
    unsigned.signatures.pop();
    assert_eq!(learn(unsigned).await, Err(Rejection::WrongSigners));
    let mut forged = next.clone();
    forged.signatures[0].signature[5] ^= 1;
    assert_eq!(learn(forged).await, Err(Rejection::BadSignature));
    assert_eq!(learn(twins(&yard.lipa)[0].clone()).await, Err(Rejection::BrokenChain));
    let mut later: wire::KeyRecord = codec::decode(&next.body).unwrap();
    (later.number, later.previous) = (5, vec![5; 32]);
    let keys = [yard.hotline.organisation_key(), yard.hotline.signing_key(), yard.hotline.tls_key()];
    let later = Envelope::sign(MediaType::KEY_RECORD, codec::encode(&later), &[&keys[0], &keys[1], &keys[2]]).unwrap();
    assert_eq!(learn(later.to_wire()).await, Err(Rejection::MissingPredecessor));
    assert_eq!(yard.shelter.view_peers()[0].state(), PeerState::Confirmed);
    let known = post.peer(&yard.hotline.id).unwrap();
    assert_eq!((known.key_records, known.key_record), (1, yard.hotline.chain().newest_id()));
}
