//! Letters that were touched, sealed for somebody else, or sent again, and letters of which a part is bad.

use std::collections::BTreeSet;

use uput_core::{
    codec,
    event::Statement,
    id::TrailId,
    key::{KeyRecordDraft, SealingSecret, sign_key_record},
    letter,
    rejection::Rejection,
    time::Span,
    wire::{self, LetterContent, ReceiptOutcome},
};
use uput_node::{clock::SystemEntropy, node::Post, peer::Mailroom};

use crate::{
    said::{Said, content, minute},
    town::until,
    yard::{Receipt, STORED, Yard, later, refused, yard},
};

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_were_touched_are_refused() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let good = yard.seal(&content(&[&opening]));
    for place in [0, 40, 100, 800, good.len() - 1] {
        let mut flipped = good.clone();
        flipped[place] ^= 1;
        let (outcome, code) = yard.bytes(flipped).await;
        assert_ne!(outcome, ReceiptOutcome::Stored, "byte {place}");
        assert_ne!(code, 0);
    }
    assert_eq!(yard.bytes(good[..good.len() - 1].to_vec()).await, refused(Rejection::Malformed));
    assert_eq!(yard.bytes([&good[..], &[0]].concat()).await, refused(Rejection::Malformed));
    assert_eq!(yard.bytes(vec![0; 200_000]).await, refused(Rejection::TooLarge));
    assert_eq!(yard.bytes(Vec::new()).await, refused(Rejection::Malformed));
    let others = letter::seal(yard.lipa.chain().newest(), &content(&[&opening]), &mut SystemEntropy).unwrap();
    assert_eq!(yard.bytes(others).await, refused(Rejection::WrongRecipient));
    assert!(!yard.knows(&opening).await);
    assert_eq!(yard.bytes(good).await, STORED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_an_unknown_key_asks_for_a_newer_one() {
    let yard = yard().await;
    let other = SealingSecret::from_seed(&[99; 32]);
    let chain = yard.shelter_house.chain();
    let draft = KeyRecordDraft {
        sealing_keys: vec![other.public().clone()],
        ..KeyRecordDraft::after(chain.newest(), minute(), minute().after(Span(86_400)))
    };
    let keys = [yard.shelter_house.organisation_key(), yard.shelter_house.signing_key(), yard.shelter_house.tls_key()];
    let next = sign_key_record(draft, &keys[0], &keys[1], &keys[2], None).unwrap();
    let mut longer = chain.clone();
    longer.extend(&next).unwrap();
    let sealed = letter::seal(longer.newest(), &content(&[&yard.enquiry()]), &mut SystemEntropy).unwrap();
    assert_eq!(yard.bytes(sealed).await, (ReceiptOutcome::StaleKey, Rejection::StaleKey.number()));
}

/// [NOD-31]
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_taken_in_whole_though_its_stream_ends() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let sealed = yard.seal(&content(&[&opening]));
    let post = Post(yard.shelter.clone());
    // On a busy machine it can be done before the caller hangs up: that is no failure.
    let _ = tokio::time::timeout(std::time::Duration::ZERO, post.receive(&yard.hotline.id, sealed)).await;
    until(async || yard.shelter.queued().items == 1).await;
    assert!(yard.knows(&opening).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_a_later_suite_waits_and_one_in_another_order_is_refused() {
    let yard = yard().await;
    let good = yard.seal(&content(&[&yard.enquiry()]));
    let mut newer: wire::Letter = codec::decode(&good).unwrap();
    newer.header.as_mut().unwrap().suite = 2;
    assert_eq!(yard.bytes(codec::encode(&newer)).await, later(Rejection::NeedsUpgrade));
    // The same fields, the key before the header: the same message to a careless reader.
    let (header, rest) = good.split_at(72);
    let (encapsulated, ciphertext) = rest.split_at(1123);
    assert_eq!(yard.bytes([encapsulated, header, ciphertext].concat()).await, refused(Rejection::NotCanonical));
    assert!(yard.shelter.trail_ids().unwrap().is_empty());
    assert_eq!(yard.bytes(good).await, STORED);
}

/// [EVT-11] [NOD-30]
#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_referrals_one_bad_one_is_refused_and_the_others_arrive() {
    let yard = yard().await;
    let mut all: Vec<Said> = (0..100).map(|_| yard.opening(&[], |_, _, _| {})).collect();
    all[50].envelope.signatures[0].signature[7] ^= 1;
    assert_eq!(yard.say(&all.iter().collect::<Vec<_>>()).await, refused(Rejection::BadSignature));
    let whole: BTreeSet<TrailId> = yard.shelter.trail_ids().unwrap().into_iter().collect();
    let others: BTreeSet<TrailId> = all.iter().map(Said::trail).filter(|id| *id != all[50].trail()).collect();
    assert!(whole == others, "the ninety-nine are here at once");
    // Whoever sent it sends each alone now.
    let mut answers: Vec<Receipt> = Vec::new();
    for said in &all {
        answers.push(yard.say(&[said]).await);
    }
    let bad = answers.remove(50);
    assert_eq!(bad, refused(Rejection::BadSignature));
    assert!(answers.into_iter().all(|answer| answer == STORED));
    assert_eq!(yard.shelter.trail_ids().unwrap().len(), 99);
    assert_eq!(yard.shelter.queued().items, 99, "each is confirmed once");
}

/// [EVT-17]
#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_events_of_a_trail_those_after_a_bad_one_wait_for_the_good_one() {
    let yard = yard().await;
    let mut all = vec![yard.opening(&[], |_, _, _| {})];
    for seq in 1..100 {
        all.push(yard.next(&all[0], all.last().unwrap(), seq, Statement::Warned(wire::WarningCode::RiskChanged)));
    }
    let mut spoilt = all.clone();
    spoilt[50].envelope.signatures[0].signature[7] ^= 1;
    assert_eq!(yard.say(&spoilt.iter().collect::<Vec<_>>()).await, refused(Rejection::BadSignature));
    assert_eq!(theirs(&yard, &all[0]).await, 50);
    assert_eq!(yard.say(&[&all[51]]).await, later(Rejection::MissingPredecessor));
    assert_eq!(yard.say(&all[50..].iter().collect::<Vec<_>>()).await, STORED);
    assert_eq!(theirs(&yard, &all[0]).await, 100);
}

async fn theirs(yard: &Yard, opening: &Said) -> usize {
    yard.shown(opening).await.events.iter().filter(|event| !event.ours).count()
}

/// [EVT-17]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_is_bad_in_a_letter_the_event_arrives() {
    let yard = yard().await;
    let bad = || wire::Envelope { r#type: "x".to_owned(), body: vec![1], signatures: Vec::new() };
    let request = wire::HeadRequest { trail: vec![1], nonce: Vec::new() };
    let others = [
        LetterContent { key_records: vec![bad()], ..LetterContent::default() },
        LetterContent { agreements: vec![bad()], ..LetterContent::default() },
        LetterContent { heads: vec![bad()], ..LetterContent::default() },
        LetterContent { evidence: vec![bad()], ..LetterContent::default() },
        LetterContent { head_requests: vec![request; 100], ..LetterContent::default() },
        LetterContent { disclosures: vec![wire::Disclosure::default(); 100], ..LetterContent::default() },
    ];
    for other in others {
        let good = yard.enquiry();
        let LetterContent { events, mut disclosures, .. } = content(&[&good]);
        disclosures.extend(other.disclosures.clone());
        yard.send(&LetterContent { events, disclosures, ..other }).await;
        assert_eq!(yard.shown(&good).await.events.len(), 2);
    }
}

/// [LET-9]
#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_asked_for_with_32_bytes_that_are_not_all_zero() {
    let yard = yard().await;
    let opening = yard.enquiry();
    assert_eq!(yard.say(&[&opening]).await, STORED);
    let ask = async |nonce: Vec<u8>| {
        let asked = wire::HeadRequest { trail: opening.trail().to_vec(), nonce };
        yard.send(&LetterContent { head_requests: vec![asked], ..LetterContent::default() }).await
    };
    for nonce in [Vec::new(), vec![1; 31], vec![1; 33], vec![0; 32]] {
        assert_eq!(ask(nonce).await, refused(Rejection::Malformed));
    }
    assert_eq!(ask(vec![1; 32]).await, STORED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_letter_changes_nothing() {
    let yard = yard().await;
    let opening = yard.enquiry();
    let old = yard.seal(&content(&[&opening]));
    assert_eq!(yard.bytes(old.clone()).await, STORED);
    assert_eq!(yard.say(&[&yard.next(&opening, &opening, 1, Statement::Withdrawn)]).await, STORED);
    let before = yard.shown(&opening).await;
    for _ in 0..3 {
        assert_eq!(yard.bytes(old.clone()).await, STORED);
    }
    let after = yard.shown(&opening).await;
    assert_eq!(after.headline, "withdrawn");
    assert!(before.events == after.events);
    assert_eq!(yard.shelter.queued().items, 2, "one delivered and one head of the end: nothing is confirmed twice");
}
