//! Keys, key records and chains: [KEY-1] to [KEY-16].

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ring::digest::{SHA512, digest};
use ring::signature::{ED25519, UnparsedPublicKey};
use uput_core::codec;
use uput_core::envelope::{Envelope, MediaType};
use uput_core::id::OrgId;
use uput_core::key::{
    Change, Endpoint, KeyChain, KeyRecordDraft, PublicKey, Recovery, SealingPublic, SealingSecret, SigningKey,
    sign_key_record,
};
use uput_core::rejection::Rejection;
use uput_core::wire;

use crate::sample::{Organisation, first_draft, minutes, seed, signing_key};

/// The order of the base point, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// y = p + `more`, with the sign of x.
pub(crate) fn beyond_p(more: u8, negative: bool) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + more;
    bytes[31] = if negative { 0xff } else { 0x7f };
    bytes
}

/// The eight points of small order, and the six other ways to write five of them.
pub(crate) fn small_order_encodings() -> Vec<[u8; 32]> {
    let mut encodings: Vec<_> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    let with_sign = |point: &EdwardsPoint| {
        let mut bytes = point.compress().to_bytes();
        bytes[31] |= 0x80;
        bytes
    };
    // x is 0 in the points of order 1 and 2, and a sign on it makes a second encoding.
    encodings.extend([with_sign(&EIGHT_TORSION[0]), with_sign(&EIGHT_TORSION[4])]);
    encodings.extend([beyond_p(0, false), beyond_p(0, true), beyond_p(1, false), beyond_p(1, true)]);
    encodings.sort_unstable();
    encodings.dedup();
    encodings
}

/// A key with a part of order 8, and a signature by it that only the equation with the cofactor accepts.
pub(crate) fn cofactored_signature() -> (PublicKey, Vec<u8>, [u8; 64]) {
    let secret = Scalar::from_bytes_mod_order(seed("mixed order"));
    let key = (EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[1]).compress();
    let nonce = Scalar::from_bytes_mod_order(seed("nonce"));
    let commitment = EdwardsPoint::mul_base(&nonce).compress();
    for number in 0u8..=255 {
        let message = vec![number];
        let hashed = digest(&SHA512, &[commitment.as_bytes().as_slice(), key.as_bytes(), &message].concat());
        let challenge = Scalar::from_bytes_mod_order_wide(&hashed.as_ref().try_into().unwrap());
        if !challenge.as_bytes()[0].is_multiple_of(8) {
            let response = nonce + challenge * secret;
            let signature = [commitment.to_bytes(), response.to_bytes()].concat();
            return (PublicKey::admit(key.as_bytes()).unwrap(), message, signature.try_into().unwrap());
        }
    }
    panic!("no challenge of 256 has a remainder modulo 8");
}

/// The same signature with S + L.
pub(crate) fn add_order(signature: &[u8; 64]) -> [u8; 64] {
    let mut added = *signature;
    let mut carry = 0;
    for (byte, order) in added[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    added
}

/// Two records of one organisation, the second changed and signed anew by all three keys.
fn altered_second(alter: impl FnOnce(&mut wire::KeyRecord)) -> Result<KeyChain, Rejection> {
    let organisation = Organisation::invented("shelter");
    let second = altered(&organisation, &organisation.next(&organisation.chain()), alter);
    KeyChain::verify(&[organisation.first.clone(), second])
}

fn altered_first(alter: impl FnOnce(&mut wire::KeyRecord)) -> Result<KeyChain, Rejection> {
    let organisation = Organisation::invented("shelter");
    KeyChain::verify(&[altered(&organisation, &organisation.first, alter)])
}

pub(crate) fn altered(
    organisation: &Organisation,
    envelope: &Envelope,
    alter: impl FnOnce(&mut wire::KeyRecord),
) -> Envelope {
    let mut record: wire::KeyRecord = codec::decode(envelope.body()).unwrap();
    alter(&mut record);
    let keys = [&organisation.key, &organisation.signing, &organisation.tls];
    Envelope::sign(MediaType::KEY_RECORD, codec::encode(&record), &keys).unwrap()
}

fn refusal(chain: Result<KeyChain, Rejection>) -> Rejection {
    chain.err().expect("the records must be refused")
}

#[test]
fn all_fourteen_encodings_of_small_order_are_refused() {
    let encodings = small_order_encodings();
    assert_eq!(encodings.len(), 14);
    for encoding in encodings {
        assert_eq!(PublicKey::admit(&encoding), Err(Rejection::WeakKey), "{encoding:02x?}");
    }
}

/// Why admission is needed: the library verifies one signature of any message under the neutral point.
#[test]
fn the_library_alone_would_accept_a_key_for_which_every_message_is_signed() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let signature = [neutral, [0; 32]].concat();
    let library = UnparsedPublicKey::new(&ED25519, neutral);
    assert!(library.verify(b"one", &signature).is_ok() && library.verify(b"another", &signature).is_ok());
    assert_eq!(PublicKey::admit(&neutral), Err(Rejection::WeakKey));
}

#[test]
fn every_encoding_with_y_beyond_p_is_refused() {
    for more in 0..19 {
        for negative in [false, true] {
            assert_eq!(PublicKey::admit(&beyond_p(more, negative)), Err(Rejection::WeakKey));
        }
    }
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let off: Vec<_> = (2u8..40)
        .map(|y| [[y].as_slice(), &[0; 31]].concat().try_into().unwrap())
        .filter(|bytes: &[u8; 32]| CompressedEdwardsY(*bytes).decompress().is_none())
        .collect();
    assert!(!off.is_empty());
    assert!(off.iter().all(|bytes| PublicKey::admit(bytes) == Err(Rejection::WeakKey)));
    assert_eq!(PublicKey::parse(&[1; 31]), Err(Rejection::Malformed));
}

#[test]
fn a_signature_holds_for_its_key_and_message_only() {
    let key = signing_key("signer");
    let signature = key.sign(b"message");
    assert_eq!(key.public().verify(b"message", &signature), Ok(()));
    assert_eq!(key.public().verify(b"massage", &signature), Err(Rejection::BadSignature));
    assert_eq!(signing_key("another").public().verify(b"message", &signature), Err(Rejection::BadSignature));
}

#[test]
fn a_signature_with_s_beyond_the_order_is_refused() {
    let key = signing_key("signer");
    let added = add_order(&key.sign(b"message"));
    assert_eq!(key.public().verify(b"message", &added), Err(Rejection::BadSignature));
}

#[test]
fn the_equation_has_no_cofactor() {
    let (key, message, signature) = cofactored_signature();
    assert_eq!(key.verify(&message, &signature), Err(Rejection::BadSignature));
}

#[test]
fn secrets_come_back_from_their_seeds() {
    let key = signing_key("signer");
    assert_eq!(SigningKey::from_seed(key.expose_seed()).public(), key.public());
    let library = ring::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key.expose_pkcs8()).unwrap();
    assert_eq!(ring::signature::KeyPair::public_key(&library).as_ref(), key.public().as_bytes());
    let sealing = SealingSecret::from_seed(&seed("sealing"));
    assert!(SealingPublic::parse(&sealing.public().to_vec()).unwrap() == *sealing.public());
}

#[test]
fn a_sealing_key_that_is_not_reduced_or_of_another_length_is_refused() {
    let mut bytes = SealingSecret::from_seed(&seed("sealing")).public().to_vec();
    assert_eq!(SealingPublic::parse(&bytes[1..]).err(), Some(Rejection::Malformed));
    bytes[..3].copy_from_slice(&[0xff; 3]);
    assert_eq!(SealingPublic::parse(&bytes).err(), Some(Rejection::WeakKey));
}

#[test]
fn the_first_record_makes_the_organisation() {
    let organisation = Organisation::invented("shelter");
    let chain = organisation.chain();
    assert_eq!(chain.organisation(), organisation.id());
    assert_eq!(chain.newest_id(), organisation.first.id().into());
    assert_eq!(chain.signing_key_of(&chain.newest_id()), Some(organisation.signing.public()));
    assert_eq!(chain.position(&chain.newest_id()), Some(0));
    assert_eq!(chain.newest().tls_pin(), organisation.tls.public().tls_pin());
}

#[test]
fn later_records_may_change_everything_but_the_organisation() {
    let organisation = Organisation::invented("shelter");
    let mut chain = organisation.chain();
    let (key, signing, tls) = (signing_key("new key"), signing_key("new signing"), signing_key("new tls"));
    let mut draft = KeyRecordDraft::after(chain.newest(), minutes(5), minutes(500));
    let (one, two) = (Organisation::invented("one").id(), Organisation::invented("two").id());
    draft.sealing_keys.insert(0, SealingSecret::from_seed(&seed("new sealing")).public().clone());
    draft.endpoints = vec![Endpoint::parse("shelter.example:7400").unwrap()];
    draft.witnesses = vec![one, two];
    let helpers = ["one helper", "another helper"].map(|name| *signing_key(name).public());
    draft.recovery = Some(Recovery { threshold: 2, keys: helpers.to_vec() });
    let second = sign_key_record(draft, &key, &signing, &tls, Some(&organisation.key)).unwrap();
    assert_eq!(chain.extend(&second), Ok(Change::Extended));
    assert_eq!(chain.organisation(), organisation.id());
    assert_eq!(chain.newest().number(), 1);
    assert_eq!(chain.newest().signing_key(), signing.public());
    assert_eq!(chain.signing_key_of(&organisation.first.id().into()), Some(organisation.signing.public()));
    assert_eq!(chain.extend(&second), Ok(Change::Known));
    let again = KeyChain::verify(&chain.envelopes().cloned().collect::<Vec<_>>()).unwrap();
    assert_eq!(again.newest_id(), chain.newest_id());
}

#[test]
fn each_missing_signature_is_noticed() {
    let organisation = Organisation::invented("shelter");
    let keys = [&organisation.key, &organisation.signing, &organisation.tls];
    for missing in 0..keys.len() {
        let signers: Vec<_> = (0..keys.len()).filter(|index| *index != missing).map(|index| keys[index]).collect();
        let record = Envelope::sign(MediaType::KEY_RECORD, organisation.first.body().to_vec(), &signers).unwrap();
        assert_eq!(refusal(KeyChain::verify(&[record])), Rejection::WrongSigners);
    }
}

#[test]
fn a_signature_too_many_is_noticed() {
    let organisation = Organisation::invented("shelter");
    let other = signing_key("somebody");
    let keys = [&organisation.key, &organisation.signing, &organisation.tls, &other];
    let record = Envelope::sign(MediaType::KEY_RECORD, organisation.first.body().to_vec(), &keys).unwrap();
    assert_eq!(refusal(KeyChain::verify(&[record])), Rejection::WrongSigners);
}

#[test]
fn each_wrong_signature_is_noticed() {
    let organisation = Organisation::invented("shelter");
    for index in 0..3 {
        let mut message = organisation.first.to_wire();
        message.signatures[index].signature[40] ^= 1;
        let record = Envelope::from_wire(message).unwrap();
        assert_eq!(refusal(KeyChain::verify(&[record])), Rejection::BadSignature);
    }
}

#[test]
fn who_steals_the_node_cannot_replace_the_organisation_key() {
    let organisation = Organisation::invented("shelter");
    let draft = KeyRecordDraft::after(organisation.chain().newest(), minutes(5), minutes(500));
    let thief = signing_key("thief");
    let record = sign_key_record(draft, &thief, &organisation.signing, &organisation.tls, None).unwrap();
    assert_eq!(refusal(KeyChain::verify(&[organisation.first.clone(), record])), Rejection::WrongSigners);
}

#[test]
fn the_old_organisation_key_does_not_become_another_key() {
    let organisation = Organisation::invented("shelter");
    let mut draft = KeyRecordDraft::after(organisation.chain().newest(), minutes(5), minutes(500));
    draft.number = 1;
    let record = sign_key_record(draft, &signing_key("new"), &organisation.key, &organisation.tls, None).unwrap();
    assert_eq!(refusal(KeyChain::verify(&[organisation.first.clone(), record])), Rejection::WrongSigners);
}

#[test]
fn a_weak_key_is_not_admitted_by_a_record() {
    let weak = beyond_p(1, false).to_vec();
    assert_eq!(refusal(altered_first(|record| record.signing_key = weak.clone())), Rejection::WeakKey);
    assert_eq!(refusal(altered_first(|record| record.tls_key = weak.clone())), Rejection::WeakKey);
    assert_eq!(refusal(altered_first(|record| record.organisation_key = weak)), Rejection::WeakKey);
}

#[test]
fn what_a_first_record_must_not_say() {
    let other = Organisation::invented("other").id();
    assert_eq!(refusal(altered_first(|record| record.organisation = other.to_vec())), Rejection::Malformed);
    assert_eq!(refusal(altered_first(|record| record.previous = other.to_vec())), Rejection::Malformed);
    assert_eq!(refusal(altered_first(|record| record.number = 1)), Rejection::Malformed);
    assert_eq!(refusal(altered_first(|record| record.witnesses = vec![other.to_vec()])), Rejection::Malformed);
    // Keys are nobody's records: a first record may name whom it likes. [KEY-26]
    let helper = signing_key("a helper").public().as_bytes().to_vec();
    let recovery = wire::Recovery { threshold: 1, keys: vec![helper] };
    assert!(altered_first(|record| record.recovery = Some(recovery)).is_ok());
}

#[test]
fn bounds_of_a_record() {
    let shelter = Organisation::invented("shelter").id();
    let malformed = |alter: &dyn Fn(&mut wire::KeyRecord)| {
        assert_eq!(refusal(altered_second(alter)), Rejection::Malformed);
    };
    malformed(&|record| record.suite = 0);
    assert_eq!(refusal(altered_second(|record| record.suite = 2)), Rejection::NeedsUpgrade);
    malformed(&|record| record.tls_key = record.signing_key.clone());
    malformed(&|record| record.signing_key = record.organisation_key.clone());
    malformed(&|record| record.sealing_keys.clear());
    malformed(&|record| record.sealing_keys = vec![record.sealing_keys[0].clone(); 2]);
    malformed(&|record| record.endpoints = vec!["no-port".to_owned()]);
    malformed(&|record| record.endpoints = (1..=5).map(|n| format!("host:{n}")).collect());
    malformed(&|record| record.endpoints = vec!["host:1".to_owned(); 2]);
    malformed(&|record| record.witnesses = vec![shelter.to_vec()]);
    malformed(&|record| record.witnesses = vec![vec![2; 32], vec![1; 32]]);
    malformed(&|record| record.witnesses = vec![vec![1; 32]; 2]);
    malformed(&|record| record.witnesses = (1..=17u8).map(|n| vec![n; 32]).collect());
    let helpers = |count: usize| {
        let mut keys: Vec<_> =
            (0..count).map(|n| signing_key(&format!("helper {n}")).public().as_bytes().to_vec()).collect();
        keys.sort_unstable();
        keys
    };
    malformed(&|record| record.recovery = Some(wire::Recovery { threshold: 0, keys: helpers(1) }));
    malformed(&|record| record.recovery = Some(wire::Recovery { threshold: 2, keys: helpers(1) }));
    malformed(&|record| record.recovery = Some(wire::Recovery { threshold: 1, keys: helpers(17) }));
    malformed(&|record| {
        record.recovery = Some(wire::Recovery { threshold: 1, keys: helpers(2).into_iter().rev().collect() });
    });
    malformed(&|record| record.log_base_tick = u64::MAX);
    malformed(&|record| record.time += 1);
    malformed(&|record| record.time = 0);
    malformed(&|record| record.end = record.time);
    assert!(altered_second(|_| ()).is_ok());
}

#[test]
fn a_chain_starts_at_its_first_record_and_has_no_gap() {
    let organisation = Organisation::invented("shelter");
    let mut chain = organisation.chain();
    let second = organisation.next(&chain);
    chain.extend(&second).unwrap();
    let third = organisation.next(&chain);
    let first = organisation.first.clone();
    let verify = |records: &[&Envelope]| {
        refusal(KeyChain::verify(&records.iter().map(|record| (*record).clone()).collect::<Vec<_>>()))
    };
    assert_eq!(verify(&[]), Rejection::BrokenChain);
    assert_eq!(verify(&[&second, &third]), Rejection::BrokenChain);
    assert_eq!(verify(&[&first, &third]), Rejection::MissingPredecessor);
    assert_eq!(verify(&[&first, &Organisation::invented("other").first]), Rejection::BrokenChain);
    let mut renumbered = |number| {
        let record = altered(&organisation, &third, |record| record.number = number);
        chain.extend(&record)
    };
    assert_eq!(renumbered(1), Err(Rejection::BrokenChain));
    assert_eq!(renumbered(3), Err(Rejection::BrokenChain));
    assert_eq!(renumbered(2), Ok(Change::Extended));
}

#[test]
fn a_record_of_another_organisation_does_not_attach() {
    let other: OrgId = Organisation::invented("other").id();
    assert_eq!(refusal(altered_second(|record| record.organisation = other.to_vec())), Rejection::BrokenChain);
    assert_eq!(refusal(altered_second(|record| record.previous = other.to_vec())), Rejection::BrokenChain);
}

#[test]
fn two_successors_are_both_kept_and_shown() {
    let organisation = Organisation::invented("shelter");
    let mut chain = organisation.chain();
    let second = organisation.next(&chain);
    let twin = altered(&organisation, &second, |record| record.endpoints = vec!["twin.example:1".to_owned()]);
    assert_eq!(chain.extend(&second), Ok(Change::Extended));
    assert!(!chain.is_forked());
    assert_eq!(chain.extend(&twin), Ok(Change::Forked));
    assert!(chain.is_forked());
    assert_eq!(chain.extend(&twin), Ok(Change::Known));
    assert_eq!(chain.newest_id(), second.id().into(), "the twin does not take the place of what was there");
    assert_eq!(chain.twins().map(|record| record.id()).collect::<Vec<_>>(), [twin.id().into()]);
    let again = KeyChain::verify(&chain.envelopes().cloned().collect::<Vec<_>>()).unwrap();
    assert!(again.is_forked(), "the proof of the fork travels with the chain");
}

#[test]
fn an_older_chain_rolls_nothing_back() {
    let organisation = Organisation::invented("shelter");
    let mut chain = organisation.chain();
    let second = organisation.next(&chain);
    chain.extend(&second).unwrap();
    assert_eq!(chain.extend(&organisation.first), Ok(Change::Known));
    assert_eq!(chain.newest_id(), second.id().into());
}

/// [KEY-13] An ID covers no signature.
#[test]
fn a_record_that_is_here_changes_nothing_however_it_is_signed_this_time() {
    let organisation = Organisation::invented("shelter");
    let mut chain = organisation.chain();
    let second = organisation.next(&chain);
    chain.extend(&second).unwrap();
    let before: Vec<_> = chain.envelopes().cloned().collect();
    for record in [&organisation.first, &second] {
        let mut message = record.to_wire();
        message.signatures[0].signature[40] ^= 1;
        assert_eq!(chain.extend(&Envelope::from_wire(message).unwrap()), Ok(Change::Known));
    }
    assert!(chain.envelopes().eq(&before), "the signatures that were checked stay");
}

#[test]
fn a_draft_that_no_chain_would_take_is_not_signed() {
    let organisation = Organisation::invented("shelter");
    let mut draft = first_draft(&organisation.sealing);
    draft.sealing_keys.clear();
    let signed = sign_key_record(draft, &organisation.key, &organisation.signing, &organisation.tls, None);
    assert_eq!(signed.err(), Some(Rejection::Malformed));
    let same = sign_key_record(
        first_draft(&organisation.sealing),
        &organisation.key,
        &organisation.tls,
        &organisation.tls,
        None,
    );
    assert!(same.is_err());
}
