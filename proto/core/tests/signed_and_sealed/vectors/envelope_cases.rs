//! The vectors of envelopes, from invented keys and bodies.

use uput_core::codec;
use uput_core::envelope::{Envelope, MediaType, pae};
use uput_core::wire;

use super::file::{Vector, hex};
use crate::key::add_order;
use crate::sample::signing_key;

const BODY: &[u8] = b"an invented body, which no parser of events would take";

fn message() -> wire::Envelope {
    Envelope::sign(MediaType::EVENT, BODY.to_vec(), &[&signing_key("signer")]).unwrap().to_wire()
}

pub(super) fn all() -> Vec<Vector> {
    let mut cases = positive();
    cases.extend(shapes());
    cases.extend(encodings());
    cases.extend(signatures());
    cases.extend(large());
    cases
}

/// An envelope to be parsed only.
fn parse(expect: &str, name: &str, alter: impl FnOnce(&mut wire::Envelope)) -> Vector {
    let mut message = message();
    alter(&mut message);
    Vector::new(expect, name).with("envelope", codec::encode(&message))
}

/// An envelope to be verified as an event signed by "signer".
fn verify(expect: &str, name: &str, alter: impl FnOnce(&mut wire::Envelope)) -> Vector {
    let case = parse(expect, name, alter);
    case.with("type", MediaType::EVENT.as_str()).with("key", signing_key("signer").public().as_bytes())
}

fn two_signatures() -> wire::Envelope {
    let (a, b) = (signing_key("signer"), signing_key("another"));
    Envelope::sign(MediaType::EVENT, BODY.to_vec(), &[&a, &b]).unwrap().to_wire()
}

fn positive() -> Vec<Vector> {
    let id = Envelope::from_wire(message()).unwrap().id();
    let longest = "a".repeat(100);
    vec![
        verify("ok", "an envelope with one signature verifies", |_| ())
            .with("id", id.as_bytes())
            .with("signed", pae(MediaType::EVENT.as_str(), BODY)),
        parse("ok", "an envelope with two signatures has the ID of one with one", |m| *m = two_signatures())
            .with("id", id.as_bytes()),
        parse("ok", "an envelope of a type that is not known parses", |m| {
            m.r#type = "application/vnd.uput.event.v2+protobuf".to_owned();
        }),
        parse("ok", "a type may have 100 bytes", |m| m.r#type = longest),
    ]
}

fn shapes() -> Vec<Vector> {
    vec![
        parse("MALFORMED", "an empty type is refused", |m| m.r#type.clear()),
        parse("MALFORMED", "a type of 101 bytes is refused", |m| m.r#type = "a".repeat(101)),
        parse("MALFORMED", "a type with a space is refused", |m| m.r#type = "event 0 ".to_owned()),
        parse("MALFORMED", "a type with a line end is refused", |m| m.r#type.push('\n')),
        parse("MALFORMED", "a type beyond ASCII is refused", |m| m.r#type.push('č')),
        parse("MALFORMED", "an empty body is refused", |m| m.body.clear()),
        parse("WRONG_SIGNERS", "an envelope without a signature is refused", |m| m.signatures.clear()),
        parse("WRONG_SIGNERS", "signatures in descending order are refused", |m| {
            *m = two_signatures();
            m.signatures.reverse();
        }),
        parse("WRONG_SIGNERS", "two signatures by one key are refused", |m| {
            m.signatures.push(m.signatures[0].clone());
        }),
        parse("MALFORMED", "a signature of 63 bytes is refused", |m| {
            m.signatures[0].signature.pop();
        }),
        parse("MALFORMED", "a signature of 65 bytes is refused", |m| m.signatures[0].signature.push(0)),
        parse("MALFORMED", "an empty signature is refused", |m| m.signatures[0].signature.clear()),
        parse("MALFORMED", "a key ID of 31 bytes is refused", |m| {
            m.signatures[0].key_id.pop();
        }),
        parse("MALFORMED", "a key ID of zeros is refused", |m| m.signatures[0].key_id = vec![0; 32]),
    ]
}

fn encodings() -> Vec<Vector> {
    let bytes = codec::encode(&message());
    let raw = |expect: &str, name: &str, bytes: Vec<u8>| Vector::new(expect, name).with("envelope", bytes);
    let type_end = 2 + MediaType::EVENT.as_str().len();
    let body_end = type_end + 2 + BODY.len();
    let (media_type, body, signatures) = (&bytes[..type_end], &bytes[type_end..body_end], &bytes[body_end..]);
    vec![
        raw("MALFORMED", "no bytes are refused", vec![]),
        raw("MALFORMED", "an envelope without its last byte is refused", bytes[..bytes.len() - 1].to_vec()),
        raw("MALFORMED", "an envelope with a zero after its end is refused", [&bytes, &[0][..]].concat()),
        raw("NOT_CANONICAL", "an unknown field is refused", [&bytes, &[0x20, 0x01][..]].concat()),
        raw("NOT_CANONICAL", "fields out of order are refused", [body, media_type, signatures].concat()),
        raw("NOT_CANONICAL", "the body twice is refused", [media_type, body, body, signatures].concat()),
        raw("NOT_CANONICAL", "a length in more bytes than needed is refused", {
            [&[0x0a, media_type[1] | 0x80, 0x00], &media_type[2..], body, signatures].concat()
        }),
        raw("NOT_CANONICAL", "an unknown field in a signature is refused", {
            let mut inner = signatures[2..].to_vec();
            inner.extend_from_slice(&[0x18, 0x01]);
            let length = u8::try_from(inner.len()).unwrap();
            [media_type, body, &[0x1a, length], &inner].concat()
        }),
        raw("MALFORMED", "a type that is not UTF-8 is refused", {
            let mut bytes = bytes.clone();
            bytes[5] = 0xff;
            bytes
        }),
    ]
}

fn signatures() -> Vec<Vector> {
    let sign =
        |media_type, name: &str| Envelope::sign(media_type, BODY.to_vec(), &[&signing_key(name)]).unwrap().to_wire();
    vec![
        verify("BAD_SIGNATURE", "a changed body does not verify", |m| m.body[0] ^= 1),
        verify("BAD_SIGNATURE", "a changed signature does not verify", |m| m.signatures[0].signature[0] ^= 1),
        verify("BAD_SIGNATURE", "a head renamed to an event does not verify", |m| {
            *m = sign(MediaType::HEAD, "signer");
            m.r#type = MediaType::EVENT.as_str().to_owned();
        }),
        verify("BAD_SIGNATURE", "a signature under the name of another key does not verify", |m| {
            m.signatures[0].signature = sign(MediaType::EVENT, "another").signatures.remove(0).signature;
        }),
        verify("BAD_SIGNATURE", "a signature over the body alone does not verify", |m| {
            m.signatures[0].signature = signing_key("signer").sign(BODY).to_vec();
        }),
        verify("BAD_SIGNATURE", "a signature with S beyond the order does not verify", |m| {
            let signature = m.signatures[0].signature.as_slice().try_into().unwrap();
            m.signatures[0].signature = add_order(&signature).to_vec();
        }),
        verify("WRONG_TYPE", "a head is not taken for an event", |m| *m = sign(MediaType::HEAD, "signer")),
        verify("WRONG_TYPE", "an event of the next version is not taken for one of this", |m| {
            m.r#type = "application/vnd.uput.event.v2+protobuf".to_owned();
        }),
        verify("WRONG_SIGNERS", "an event signed by another key is refused", |m| {
            *m = sign(MediaType::EVENT, "another");
        }),
        verify("WRONG_SIGNERS", "an event with a second signature is refused", |m| *m = two_signatures()),
    ]
}

/// [ENV-3] [ENV-4] Bounds, with repeated bytes in place of large files.
fn large() -> Vec<Vector> {
    const LIMIT: usize = 65_536;
    const BUNDLE_LIMIT: usize = 67_108_864;
    let body = |expect: &str, name: &str, media_type: MediaType, length: usize| {
        let mut empty = message();
        empty.r#type = media_type.as_str().to_owned();
        let signature = codec::encode(&wire::Envelope { signatures: empty.signatures.clone(), ..Default::default() });
        empty.body.clear();
        empty.signatures.clear();
        let before = [codec::encode(&empty), vec![0x12], varint(length)].concat();
        let text = format!("{} 01*{length} {}", hex(&before), hex(&signature));
        Vector::new(expect, name).with_text("envelope", text)
    };
    let signatures = |expect: &str, name: &str, count: usize| {
        let message = message();
        let bare = codec::encode(&wire::Envelope { signatures: Vec::new(), ..message.clone() });
        let one = codec::encode(&wire::Envelope { signatures: message.signatures, ..Default::default() });
        Vector::new(expect, name).with_text("envelope", format!("{} {}*{count}", hex(&bare), hex(&one)))
    };
    vec![
        body("ok", "a body of 65536 bytes parses", MediaType::EVENT, LIMIT),
        body("TOO_LARGE", "a body of 65537 bytes is refused", MediaType::EVENT, LIMIT + 1),
        body("TOO_LARGE", "an agreement of 65537 bytes is refused", MediaType::AGREEMENT, LIMIT + 1),
        body("ok", "a body of 65537 bytes of the bundle type parses", MediaType::BUNDLE, LIMIT + 1),
        body("TOO_LARGE", "a bundle of more than 64 MiB is refused", MediaType::BUNDLE, BUNDLE_LIMIT + 1),
        signatures("WRONG_SIGNERS", "a signature 256 times is not too large", 256),
        signatures("TOO_LARGE", "a signature 257 times is too large", 257),
    ]
}

/// Seven bits a byte, the lowest first.
fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
