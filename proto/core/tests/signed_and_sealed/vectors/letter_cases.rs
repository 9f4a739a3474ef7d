//! The vectors of letters. Each follows from a seed and from bytes in place of randomness.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, XWing};
use hpke::rand_core::{Infallible, TryCryptoRng, TryRng};
use hpke::{Deserializable, OpModeS, Serializable, single_shot_seal_with_rng};
use uput_core::codec;
use uput_core::entropy::Entropy;
use uput_core::letter::{seal, seal_relayed};
use uput_core::wire;

use super::file::Vector;
use crate::letter::event;
use crate::sample::{Organisation, Predictable, seed};

const ENTROPY: usize = 64;
/// Padded content of the smallest letter, its length included.
const SMALLEST: usize = 6978;

fn content(events: u8) -> wire::LetterContent {
    let events = (0..events).map(|number| event(vec![number; 2000]).to_wire()).collect();
    wire::LetterContent { events, ..wire::LetterContent::default() }
}

fn entropy(name: &str) -> Vec<u8> {
    Predictable::named(name).0[..ENTROPY].to_vec()
}

pub(super) fn all() -> Vec<Vector> {
    let mut cases = positive();
    cases.extend(outside());
    cases.extend(marks());
    cases.extend(inside());
    cases
}

/// A letter and who tries to open it.
fn case(expect: &str, name: &str, letter: impl AsRef<[u8]>) -> Vector {
    let recipient = Organisation::invented("recipient");
    let case = Vector::new(expect, name).with("seed", recipient.sealing.expose_seed());
    case.with("recipient", recipient.id().as_bytes()).with("letter", letter)
}

fn sealed(content: &wire::LetterContent, name: &str) -> Vec<u8> {
    let recipient = Organisation::invented("recipient");
    seal(recipient.chain().newest(), content, &mut Predictable(entropy(name))).unwrap()
}

fn positive() -> Vec<Vector> {
    let whole = |name: &str, content: &wire::LetterContent| {
        case("ok", name, sealed(content, name))
            .with("content", codec::encode(content))
            .with("record", Organisation::invented("recipient").first.to_bytes())
            .with("entropy", entropy(name))
    };
    let mut full = content(0);
    full.checkpoints = vec![vec![7; SMALLEST - 4 - 3]];
    vec![
        whole("a letter with one event has 8 KiB", &content(1)),
        whole("a letter with five events has 32 KiB", &content(5)),
        whole("an empty letter has 8 KiB", &content(0)),
        whole("content without padding fills a letter", &full),
        relayed(),
    ]
}

/// [RLY-17]
fn relayed() -> Vector {
    let name = "a relayed letter with one event has 8 KiB";
    let (content, recipient) = (content(1), Organisation::invented("recipient"));
    let sealed = seal_relayed(recipient.chain().newest(), &content, &mut Predictable(entropy(name))).unwrap();
    case("ok", name, sealed)
        .with("content", codec::encode(&content))
        .with("record", recipient.first.to_bytes())
        .with("entropy", entropy(name))
}

/// A relay's mark that was put on or taken off on the way: the length stays that of a letter. [RLY-17]
fn marks() -> [Vector; 2] {
    let recipient = Organisation::invented("recipient");
    let sealed = seal_relayed(recipient.chain().newest(), &content(1), &mut Predictable(entropy("altered"))).unwrap();
    let mut unmarked: wire::Letter = codec::decode(&sealed).unwrap();
    unmarked.header.as_mut().unwrap().relayed = false;
    unmarked.ciphertext.extend([0; 2]);
    let marked = altered(|letter| {
        letter.header.as_mut().unwrap().relayed = true;
        letter.ciphertext.truncate(letter.ciphertext.len() - 2);
    });
    [
        case("NOT_SEALED_FOR_US", "a letter that somebody marked for a relay", marked),
        case("NOT_SEALED_FOR_US", "a relayed letter whose mark was taken off", codec::encode(&unmarked)),
    ]
}

fn altered(alter: impl FnOnce(&mut wire::Letter)) -> Vec<u8> {
    let mut letter: wire::Letter = codec::decode(&sealed(&content(1), "altered")).unwrap();
    alter(&mut letter);
    codec::encode(&letter)
}

/// What is refused by what a carrier sees, or does not open.
fn outside() -> Vec<Vector> {
    let letter = sealed(&content(1), "altered");
    let somebody = Organisation::invented("somebody else");
    let header = |letter: &mut wire::Letter, alter: fn(&mut wire::LetterHeader)| {
        alter(letter.header.as_mut().unwrap());
    };
    let stale = Vector::new("STALE_KEY", "a letter sealed to a key that is gone")
        .with("seed", seed("newer"))
        .with("recipient", Organisation::invented("recipient").id().as_bytes())
        .with("letter", &letter);
    let wrong = Vector::new("WRONG_RECIPIENT", "a letter to somebody else")
        .with("seed", somebody.sealing.expose_seed())
        .with("recipient", somebody.id().as_bytes())
        .with("letter", &letter);
    let renamed = Vector::new("NOT_SEALED_FOR_US", "a letter whose recipient was exchanged")
        .with("seed", Organisation::invented("recipient").sealing.expose_seed())
        .with("recipient", somebody.id().as_bytes())
        .with("letter", altered(|l| l.header.as_mut().unwrap().recipient = somebody.id().to_vec()));
    vec![
        wrong,
        stale,
        renamed,
        case("MALFORMED", "a letter without its last byte", &letter[..letter.len() - 1]),
        case("MALFORMED", "a letter with a byte after its end", [&letter, &[0][..]].concat()),
        case("MALFORMED", "a letter of no bytes", []),
        case(
            "NOT_SEALED_FOR_US",
            "a letter with another bit in its last byte",
            altered(|l| {
                *l.ciphertext.last_mut().unwrap() ^= 1;
            }),
        ),
        case(
            "NOT_SEALED_FOR_US",
            "a letter with another bit in its ML-KEM ciphertext",
            altered(|l| l.encapsulated[0] ^= 1),
        ),
        case(
            "NOT_SEALED_FOR_US",
            "a letter with another highest bit in its X25519 share",
            altered(|l| {
                *l.encapsulated.last_mut().unwrap() ^= 0x80;
            }),
        ),
        case("NEEDS_UPGRADE", "a letter of the next suite", altered(|l| header(l, |h| h.suite = 2))),
        case(
            "MALFORMED",
            "a letter whose encapsulated key is one byte short",
            altered(|l| {
                l.encapsulated.pop();
                l.ciphertext.push(0);
            }),
        ),
        case(
            "MALFORMED",
            "a letter without a header",
            altered(|l| {
                l.header = None;
                l.ciphertext.extend([0; 72]);
            }),
        ),
        case("MALFORMED", "a letter whose recipient is zeros", altered(|l| header(l, |h| h.recipient = vec![0; 32]))),
    ]
}

/// What opens and is refused by what is inside: sealed by a sender who breaks the rules.
fn inside() -> Vec<Vector> {
    let padded = |content: &[u8], length: usize| {
        let mut padded = u32::try_from(length).unwrap().to_be_bytes().to_vec();
        padded.extend_from_slice(content);
        padded.resize(SMALLEST, 0);
        padded
    };
    let bytes = codec::encode(&content(1));
    let mut marked = padded(&bytes, bytes.len());
    *marked.last_mut().unwrap() = 1;
    // Field 2047, a number.
    let unknown = [bytes.as_slice(), &[0xf8, 0x7f, 0x01]].concat();
    let mut info_aside = sealed_raw(&padded(&bytes, bytes.len()), b"uput/v2/letter");
    info_aside.truncate(8192);
    let mut longer = padded(&bytes, bytes.len());
    longer.push(0);
    vec![
        case("MALFORMED", "a letter that would open and has another size", sealed_raw(&longer, b"uput/v1/letter")),
        case("NOT_CANONICAL", "a letter whose padding is not zeros", sealed_raw(&marked, b"uput/v1/letter")),
        case("MALFORMED", "a letter whose length points past its end", {
            sealed_raw(&padded(&bytes, SMALLEST - 3), b"uput/v1/letter")
        }),
        case("NOT_CANONICAL", "a letter whose length cuts its content", {
            sealed_raw(&padded(&bytes, bytes.len() - 1), b"uput/v1/letter")
        }),
        case("NOT_CANONICAL", "a letter with an unknown field in its content", {
            sealed_raw(&padded(&unknown, unknown.len()), b"uput/v1/letter")
        }),
        case("NOT_SEALED_FOR_US", "a letter sealed for another purpose", info_aside),
    ]
}

/// Seals any padded content under any purpose, to the recipient's key.
fn sealed_raw(padded: &[u8], purpose: &[u8]) -> Vec<u8> {
    let recipient = Organisation::invented("recipient");
    let header = wire::LetterHeader {
        suite: 1,
        recipient: recipient.id().to_vec(),
        sealing_key: recipient.sealing.id().to_vec(),
        relayed: false,
    };
    let info = [purpose, &codec::encode(&header)].concat();
    let key = <XWing as Kem>::PublicKey::from_bytes(&recipient.sealing.public().to_vec()).unwrap();
    let (encapsulated, ciphertext) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::Base,
        &key,
        &info,
        padded,
        &[],
        &mut Drawn(Predictable(entropy("raw"))),
    )
    .unwrap();
    codec::encode(&wire::Letter { header: Some(header), encapsulated: encapsulated.to_bytes().to_vec(), ciphertext })
}

/// Bytes in place of randomness, as the sealing library asks for them.
pub(crate) struct Drawn(pub(crate) Predictable);

impl TryRng for Drawn {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("encapsulation draws bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("encapsulation draws bytes")
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(buffer);
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}

/// The first vector of draft-connolly-cfrg-xwing-kem-06: seed, encapsulation seed, digests of key and ciphertext.
#[test]
fn the_kem_is_that_of_the_draft() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let digest = |bytes: &[u8]| uput_core::id::OrgId::from(uput_core::id::Id::of(bytes)).to_string();
    let secret = hex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
    let secret = <XWing as Kem>::PrivateKey::from_bytes(&secret).unwrap();
    let public = XWing::sk_to_pk(&secret);
    assert_eq!(digest(&public.to_bytes()), "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb");
    let seed = "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2\
                35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2";
    let (encapsulated, _) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::Base,
        &public,
        b"",
        b"",
        &[],
        &mut Drawn(Predictable(hex(seed))),
    )
    .unwrap();
    assert_eq!(digest(&encapsulated.to_bytes()), "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33");
}
