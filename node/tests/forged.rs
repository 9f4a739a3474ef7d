//! A peer shows key records of ours that we did not make.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::sync::Arc;

use town::{House, Pair, pair, reopened};
use uput_core::{
    envelope::Envelope,
    key::{KeyRecordDraft, SigningKey, sign_key_record},
    letter,
    time::Span,
    wire::{self, CheckLevel, LetterContent, ReceiptOutcome},
};
use uput_node::{
    clock::{SystemEntropy, now},
    node::{Node, Post},
    peer::Mailroom,
};

/// A second record that a thief of the organisation key has signed, with node keys of his own.
fn forged(house: &House, seed: u8) -> wire::Envelope {
    let (signing, tls) = (SigningKey::from_seed(&[seed; 32]), SigningKey::from_seed(&[seed + 1; 32]));
    let draft = KeyRecordDraft::after(house.chain().newest(), house.chain().newest().time(), now().after(Span(86_400)));
    sign_key_record(draft, &house.organisation_key(), &signing, &tls, None).unwrap().to_wire()
}

async fn show(shelter: &Arc<Node>, from: &House, of: &House, records: &[wire::Envelope]) -> ReceiptOutcome {
    let own: Vec<wire::Envelope> = of.chain().envelopes().map(Envelope::to_wire).collect();
    let content = LetterContent { key_records: [&own, records].concat(), ..LetterContent::default() };
    let sealed = letter::seal(shelter.me().chain().newest(), &content, &mut SystemEntropy).unwrap();
    Post(shelter.clone()).receive(&from.id, sealed).await.0
}

fn finding(node: &Arc<Node>) -> Option<String> {
    let checks = node.checks(now()).into_iter();
    let keys = checks.filter(|check| check.name == "key-record" && check.level() == CheckLevel::Error);
    keys.map(|check| check.finding).next()
}

/// [NOD-36]
#[tokio::test(flavor = "multi_thread")]
async fn key_records_of_ours_that_we_did_not_make_are_kept_as_proof_and_shown() {
    let Pair { hotline, shelter, houses } = pair().await;
    drop(hotline);
    let (from, of) = (&houses[0], &houses[1]);
    let own = shelter.own_chain_bytes();
    assert_eq!(show(&shelter, from, of, &[]).await, ReceiptOutcome::Stored);
    assert_eq!(finding(&shelter), None, "what we made ourselves is nothing to speak of");

    assert_eq!(show(&shelter, from, of, &[forged(of, 71)]).await, ReceiptOutcome::Stored);
    let said = finding(&shelter).unwrap();
    assert!(said.contains("hotline showed 1 key records of ours"), "{said}");
    assert_eq!(show(&shelter, from, of, &[forged(of, 81)]).await, ReceiptOutcome::Stored);
    assert!(finding(&shelter).unwrap().contains("showed 2 key records"), "a second successor is proof too");
    assert_eq!(shelter.own_chain_bytes(), own, "they are never used");

    drop(shelter);
    let shelter = reopened(of).await;
    assert!(finding(&shelter).unwrap().contains("hotline showed 2 key records"), "and it is not forgotten");
    assert_eq!(shelter.own_chain_bytes(), own);
}
