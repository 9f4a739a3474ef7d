//! Envelopes: [ENV-1] to [ENV-12].

use uput_core::codec;
use uput_core::envelope::{Envelope, MAX_BODY, MAX_SIGNATURES, MediaType, Verified, pae, verify_every, verify_one};
use uput_core::id::Id;
use uput_core::key::PublicKey;
use uput_core::rejection::Rejection;
use uput_core::wire;

use crate::sample::signing_key;

fn sample() -> Envelope {
    Envelope::sign(MediaType::EVENT, b"an invented body".to_vec(), &[&signing_key("signer")]).unwrap()
}

fn verify(bytes: &[u8], key: &PublicKey) -> Result<Verified<Vec<u8>>, Rejection> {
    verify_one(Envelope::parse(bytes)?, MediaType::EVENT, key, |body| Ok(body.to_vec()))
}

fn altered(alter: impl FnOnce(&mut wire::Envelope)) -> Result<Envelope, Rejection> {
    let mut message = sample().to_wire();
    alter(&mut message);
    Envelope::parse(&codec::encode(&message))
}

#[test]
fn what_is_signed_comes_back_verified() {
    let verified = verify(&sample().to_bytes(), signing_key("signer").public()).unwrap();
    assert_eq!(*verified, b"an invented body");
    assert!(verified.id() == Id::of(&pae(MediaType::EVENT.as_str(), b"an invented body")));
    assert!(verified.envelope() == &sample());
}

#[test]
fn the_signed_bytes_are_those_of_dsse() {
    assert_eq!(
        pae("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
}

#[test]
fn the_id_does_not_cover_a_signature() {
    let two =
        Envelope::sign(MediaType::EVENT, sample().body().to_vec(), &[&signing_key("a"), &signing_key("b")]).unwrap();
    assert!(two.id() == sample().id());
}

#[test]
fn every_flipped_bit_is_refused() {
    let (bytes, key) = (sample().to_bytes(), *signing_key("signer").public());
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&flipped, &key).is_err(), "bit {bit}");
    }
}

#[test]
fn every_truncation_and_extension_is_refused() {
    let (bytes, key) = (sample().to_bytes(), *signing_key("signer").public());
    for length in 0..bytes.len() {
        assert!(verify(&bytes[..length], &key).is_err(), "{length} bytes");
    }
    for more in 0..=u8::MAX {
        assert!(verify(&[bytes.as_slice(), &[more]].concat(), &key).is_err(), "{more:02x} after the end");
    }
}

#[test]
fn the_body_is_not_parsed_before_it_has_verified() {
    let mut message = sample().to_wire();
    message.body[0] ^= 1;
    let envelope = Envelope::from_wire(message).unwrap();
    let parsed = verify_one(envelope, MediaType::EVENT, signing_key("signer").public(), |_| -> Result<(), _> {
        panic!("parsed a body that does not verify")
    });
    assert!(parsed.err() == Some(Rejection::BadSignature));
}

#[test]
fn a_body_is_bounded() {
    let sign = |length| Envelope::sign(MediaType::AGREEMENT, vec![1; length], &[&signing_key("signer")]);
    assert!(sign(MAX_BODY).is_ok());
    assert_eq!(sign(MAX_BODY + 1).err(), Some(Rejection::TooLarge));
    assert_eq!(sign(0).err(), Some(Rejection::Malformed));
    let bundle = Envelope::sign(MediaType::BUNDLE, vec![1; MAX_BODY + 1], &[&signing_key("signer")]).unwrap();
    assert!(Envelope::parse(&bundle.to_bytes()).is_ok());
    assert_eq!(altered(|message| message.body = vec![1; MAX_BODY + 1]).err(), Some(Rejection::TooLarge));
}

#[test]
fn signatures_are_bounded() {
    let many = |count: u16| {
        altered(|message| {
            let signature = message.signatures[0].signature.clone();
            let key_id = |n: u16| [vec![1; 30], n.to_be_bytes().to_vec()].concat();
            message.signatures =
                (0..count).map(|n| wire::Signature { key_id: key_id(n), signature: signature.clone() }).collect();
        })
    };
    assert!(many(u16::try_from(MAX_SIGNATURES).unwrap()).is_ok());
    assert_eq!(many(u16::try_from(MAX_SIGNATURES).unwrap() + 1).err(), Some(Rejection::TooLarge));
}

#[test]
fn a_type_is_printable_and_bounded() {
    for good in ["a", &"a".repeat(100), "application/vnd.uput.event.v2+protobuf"] {
        assert!(altered(|message| message.r#type = good.to_owned()).is_ok(), "{good}");
    }
    for bad in ["", &"a".repeat(101), "a b", "a\n", "kuća"] {
        assert_eq!(altered(|message| message.r#type = bad.to_owned()).err(), Some(Rejection::Malformed), "{bad}");
    }
}

#[test]
fn one_type_is_not_taken_for_another() {
    let other = verify_one(sample(), MediaType::HEAD, signing_key("signer").public(), |_| Ok(()));
    assert!(other.err() == Some(Rejection::WrongType));
    let renamed = altered(|message| message.r#type = MediaType::HEAD.as_str().to_owned()).unwrap();
    let renamed = verify_one(renamed, MediaType::HEAD, signing_key("signer").public(), |_| Ok(()));
    assert!(renamed.err() == Some(Rejection::BadSignature));
}

#[test]
fn exactly_the_one_key_must_have_signed() {
    let by = |names: &[&str]| {
        let keys: Vec<_> = names.iter().map(|name| signing_key(name)).collect();
        let envelope = Envelope::sign(MediaType::EVENT, vec![1], &keys.iter().collect::<Vec<_>>()).unwrap();
        verify_one(envelope, MediaType::EVENT, signing_key("signer").public(), |_| Ok(())).err()
    };
    assert!(by(&["signer"]).is_none());
    assert_eq!(by(&["another"]), Some(Rejection::WrongSigners));
    assert_eq!(by(&["signer", "another"]), Some(Rejection::WrongSigners));
}

#[test]
fn every_signature_of_an_agreement_must_be_known_and_valid() {
    let (a, b, c) = (signing_key("a"), signing_key("b"), signing_key("c"));
    let envelope = Envelope::sign(MediaType::AGREEMENT, vec![1], &[&a, &b]).unwrap();
    let verify = |envelope: &Envelope, keys: &[&PublicKey]| {
        verify_every(envelope.clone(), MediaType::AGREEMENT, keys, |_| Ok(())).err()
    };
    assert!(verify(&envelope, &[a.public(), b.public(), c.public()]).is_none());
    assert_eq!(verify(&envelope, &[a.public(), c.public()]), Some(Rejection::UnknownSigner));
    let head = Envelope::sign(MediaType::HEAD, vec![1], &[&a]).unwrap();
    assert_eq!(verify(&head, &[a.public()]), Some(Rejection::WrongType));
    let mut message = envelope.to_wire();
    message.signatures[1].signature[0] ^= 1;
    let flipped = Envelope::from_wire(message).unwrap();
    assert_eq!(verify(&flipped, &[a.public(), b.public()]), Some(Rejection::BadSignature));
}

#[test]
fn two_copies_of_an_agreement_join_their_signatures() {
    let (a, b) = (signing_key("a"), signing_key("b"));
    let sign = |keys: &[&_]| Envelope::sign(MediaType::AGREEMENT, vec![1], keys).unwrap();
    let mut merged = sign(&[&a]);
    merged.merge(&sign(&[&b])).unwrap();
    assert!(merged == sign(&[&a, &b]));
    merged.merge(&sign(&[&a])).unwrap();
    assert!(merged == sign(&[&a, &b]), "merging again changes nothing");
    assert_eq!(merged.merge(&sample()), Err(Rejection::Malformed));
    assert!(merged == sign(&[&a, &b]), "a refused merge changes nothing");
}

#[test]
fn nobody_signs_twice_and_somebody_signs() {
    let key = signing_key("signer");
    assert_eq!(Envelope::sign(MediaType::EVENT, vec![1], &[&key, &key]).err(), Some(Rejection::WrongSigners));
    assert_eq!(Envelope::sign(MediaType::EVENT, vec![1], &[]).err(), Some(Rejection::WrongSigners));
}
