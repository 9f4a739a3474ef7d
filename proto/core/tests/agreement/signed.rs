//! Agreements that every party has signed, and those that not every party has.

use std::collections::BTreeMap;

use uput_core::{
    agreement::{SignedAgreement, compile, missing_signatures},
    envelope::{Envelope, MediaType},
    key::{KeyChain, KeyRecordDraft, SealingSecret, SigningKey, sign_key_record},
    rejection::Rejection,
    time::Seconds,
};

use crate::scene::TWO_PARTY;

struct Party {
    organisation: SigningKey,
    chain: KeyChain,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn draft() -> KeyRecordDraft {
    KeyRecordDraft {
        after: None,
        number: 0,
        sealing_keys: vec![SealingSecret::from_seed(&[200; 32]).public().clone()],
        endpoints: Vec::new(),
        witnesses: Vec::new(),
        recovery: None,
        log_base_tick: 1,
        time: Seconds::new(60).unwrap(),
        end: Seconds::new(6000).unwrap(),
        disowned: None,
        door_key: None,
    }
}

fn party(seed: u8) -> Party {
    let record = sign_key_record(draft(), &key(seed), &key(seed + 1), &key(seed + 2), None).unwrap();
    Party { organisation: key(seed), chain: KeyChain::verify(&[record]).unwrap() }
}

/// The template between two parties, as `change` leaves it.
fn body(us: &Party, them: &Party, change: impl Fn(String) -> String) -> Vec<u8> {
    let peers = BTreeMap::from([
        ("self".to_owned(), us.chain.organisation()),
        ("partner".to_owned(), them.chain.organisation()),
    ]);
    compile(&change(TWO_PARTY.to_owned()), &peers).unwrap().body
}

fn sign(body: &[u8], keys: &[&SigningKey]) -> Envelope {
    Envelope::sign(MediaType::AGREEMENT, body.to_vec(), keys).unwrap()
}

fn refusal(envelope: Envelope, chains: &[KeyChain]) -> Option<Rejection> {
    SignedAgreement::verify(envelope, chains).err()
}

#[test]
fn an_agreement_counts_when_each_party_has_signed_it() {
    let (us, them, stranger) = (party(10), party(20), party(30));
    let chains = [us.chain.clone(), them.chain.clone(), stranger.chain.clone()];
    let body = body(&us, &them, |source| source);
    let signed = sign(&body, &[&us.organisation, &them.organisation]);
    let agreement = SignedAgreement::verify(signed.clone(), &chains).unwrap();
    assert_eq!(agreement.id(), signed.id().into());
    assert_eq!(agreement.title(), "Referral to a shelter, between two organisations");
    let half = sign(&body, &[&us.organisation]);
    assert_eq!(refusal(half.clone(), &chains), Some(Rejection::AgreementNotSigned));
    assert_eq!(missing_signatures(&half, &chains).unwrap(), vec![them.chain.organisation()]);
    let third = sign(&body, &[&us.organisation, &them.organisation, &stranger.organisation]);
    assert_eq!(refusal(third, &chains), Some(Rejection::UnknownSigner));
    assert_eq!(refusal(signed, &chains[..1]), Some(Rejection::UnknownSigner));
}

#[test]
fn a_nodes_signing_key_signs_no_agreement() {
    let (us, them) = (party(10), party(20));
    let body = body(&us, &them, |source| source);
    let wrong = sign(&body, &[&us.organisation, &key(21)]);
    assert_eq!(refusal(wrong, &[us.chain, them.chain]), Some(Rejection::AgreementNotSigned));
}

#[test]
fn a_signature_of_another_document_is_found() {
    let (us, them) = (party(10), party(20));
    let (one, other) = (body(&us, &them, |s| s), body(&us, &them, |s| s.replace("24 h", "12 h")));
    let mut wire = sign(&one, &[&us.organisation, &them.organisation]).to_wire();
    wire.body = other;
    let moved = Envelope::from_wire(wire).unwrap();
    assert_eq!(refusal(moved, &[us.chain, them.chain]), Some(Rejection::BadSignature));
}

#[test]
fn the_organisation_key_of_an_older_record_still_counts() {
    let (us, them) = (party(10), party(20));
    let body = body(&us, &them, |source| source);
    let signed = sign(&body, &[&us.organisation, &them.organisation]);
    let (time, end) = (Seconds::new(120).unwrap(), Seconds::new(6000).unwrap());
    let next = KeyRecordDraft::after(them.chain.newest(), time, end);
    let next = sign_key_record(next, &key(40), &key(21), &key(22), Some(&them.organisation)).unwrap();
    let mut chain = them.chain.clone();
    chain.extend(&next).unwrap();
    assert!(SignedAgreement::verify(signed, [&us.chain, &chain]).is_ok());
}

#[test]
fn another_kind_of_envelope_is_no_agreement() {
    let (us, them) = (party(10), party(20));
    let body = body(&us, &them, |source| source);
    let keys = [&us.organisation, &them.organisation];
    let wrong = Envelope::sign(MediaType::HEAD, body, &keys).unwrap();
    let chains = [us.chain, them.chain];
    assert_eq!(missing_signatures(&wrong, &chains).err(), Some(Rejection::WrongType));
    assert_eq!(refusal(wrong, &chains), Some(Rejection::WrongType));
}

#[test]
fn a_successor_names_the_version_before_and_keeps_enough_of_its_parties() {
    let (us, them, third) = (party(10), party(20), party(30));
    let chains = [us.chain.clone(), them.chain.clone(), third.chain.clone()];
    let verify = |body: &[u8], keys: &[&SigningKey]| SignedAgreement::verify(sign(body, keys), &chains).unwrap();
    let first = verify(&body(&us, &them, |source| source), &[&us.organisation, &them.organisation]);
    let second = |source: String| source.replace("version = 1", &format!("version = 2\nprevious = \"{}\"", first.id()));
    let next = verify(&body(&us, &them, second), &[&us.organisation, &them.organisation]);
    assert!(next.amends(&first) && !first.amends(&next) && !first.amends(&first));
    let without = verify(&body(&us, &third, second), &[&us.organisation, &third.organisation]);
    assert!(!without.amends(&first));
}
