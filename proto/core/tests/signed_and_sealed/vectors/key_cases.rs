//! The vectors of keys, key records, chains and safety numbers, from invented organisations.

use uput_core::envelope::{Envelope, MediaType};
use uput_core::id::KeyId;
use uput_core::key::{
    Disowned, Endpoint, KeyChain, KeyRecordDraft, PublicKey, SealingSecret, safety_number, sign_key_record,
};
use uput_core::log::Hash;
use uput_core::rejection::Rejection;
use uput_core::wire;

use super::file::Vector;
use crate::key::{add_order, altered, beyond_p, cofactored_signature, small_order_encodings};
use crate::recovery::{recoverable, recovered, stolen};
use crate::sample::{Organisation, minutes, seed, signing_key};

/// The first vector of RFC 8032, section 7.1: the message is empty.
const RFC_8032_KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const RFC_8032_SIGNATURE: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

pub(super) fn all() -> Vec<Vector> {
    let mut cases = admission();
    cases.extend(signatures());
    cases.extend(other_keys());
    cases.extend(records());
    cases.extend(first_records());
    cases.extend(chains());
    cases.extend(recoveries());
    cases.extend(thefts());
    cases
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn admission() -> Vec<Vector> {
    let key = *signing_key("signer").public();
    let mut cases = vec![
        Vector::new("ok", "a key is admitted")
            .with("key", key.as_bytes())
            .with("id", key.id().as_bytes())
            .with("tls-pin", key.tls_pin()),
        Vector::new("ok", "a key with a part of small order is admitted")
            .with("key", cofactored_signature().0.as_bytes()),
        Vector::new("WEAK_KEY", "a key off the curve is refused").with("key", off_the_curve()),
        Vector::new("WEAK_KEY", "a key with y of p and 18 is refused").with("key", beyond_p(18, false)),
        Vector::new("WEAK_KEY", "a key with y of p and 3 and a sign is refused").with("key", beyond_p(3, true)),
        Vector::new("MALFORMED", "a key of 31 bytes is refused").with("key", &key.as_bytes()[1..]),
    ];
    let weak = small_order_encodings().into_iter().enumerate().map(|(index, key)| {
        Vector::new("WEAK_KEY", &format!("key {} of small order is refused", index + 1)).with("key", key)
    });
    cases.extend(weak);
    cases
}

fn off_the_curve() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    assert_eq!(PublicKey::admit(&bytes), Err(Rejection::WeakKey));
    bytes
}

fn signatures() -> Vec<Vector> {
    let key = signing_key("signer");
    let case = |expect: &str, name: &str, signature: [u8; 64]| {
        let case = Vector::new(expect, name).with("key", key.public().as_bytes()).with("message", b"message");
        case.with("signature", signature)
    };
    let changed = |at: usize| {
        let mut signature = key.sign(b"message");
        signature[at] ^= 1;
        signature
    };
    let (mixed, message, cofactored) = cofactored_signature();
    vec![
        Vector::new("ok", "the first signature of RFC 8032 verifies")
            .with("key", hex(RFC_8032_KEY))
            .with("message", [])
            .with("signature", hex(RFC_8032_SIGNATURE)),
        case("ok", "a signature verifies", key.sign(b"message")),
        case("BAD_SIGNATURE", "a signature over another message is refused", key.sign(b"massage")),
        case("BAD_SIGNATURE", "a signature by another key is refused", signing_key("another").sign(b"message")),
        case("BAD_SIGNATURE", "a signature with another R is refused", changed(0)),
        case("BAD_SIGNATURE", "a signature with another S is refused", changed(32)),
        case("BAD_SIGNATURE", "a signature with S beyond the order is refused", add_order(&key.sign(b"message"))),
        case("BAD_SIGNATURE", "a signature of zeros is refused", [0; 64]),
        Vector::new("BAD_SIGNATURE", "a signature that holds only with the cofactor is refused")
            .with("key", mixed.as_bytes())
            .with("message", message)
            .with("signature", cofactored),
    ]
}

fn other_keys() -> Vec<Vector> {
    let sealing = SealingSecret::from_seed(&seed("sealing"));
    let public = sealing.public().to_vec();
    let mut not_reduced = public.clone();
    not_reduced[..3].copy_from_slice(&[0xff; 3]);
    let (a, b) = (Organisation::invented("shelter").id(), Organisation::invented("hotline").id());
    let number = safety_number(&a, &b).to_string();
    let safety = |name: &str, a: &[u8], b: &[u8]| Vector::new("ok", name).with("a", a).with("b", b);
    vec![
        Vector::new("ok", "a sealing key follows from its seed")
            .with("sealing-key", &public)
            .with("seed", seed("sealing"))
            .with("id", sealing.id().as_bytes()),
        Vector::new("MALFORMED", "a sealing key of 1215 bytes is refused").with("sealing-key", &public[1..]),
        Vector::new("WEAK_KEY", "a sealing key that is not reduced is refused").with("sealing-key", not_reduced),
        safety("a safety number has sixty digits", a.as_bytes(), b.as_bytes()).with("digits", &number),
        safety("a safety number is the same from the other side", b.as_bytes(), a.as_bytes()).with("digits", &number),
    ]
}

/// A chain of records.
fn chain(expect: &str, name: &str, records: &[&Envelope]) -> Vector {
    records.iter().fold(Vector::new(expect, name), |case, record| case.with("record", record.to_bytes()))
}

/// Signed by the organisation's keys whose places are given.
fn signed_by(organisation: &Organisation, body: &[u8], places: &[usize]) -> Envelope {
    let keys = [&organisation.key, &organisation.signing, &organisation.tls];
    let signers: Vec<_> = places.iter().map(|place| keys[*place]).collect();
    Envelope::sign(MediaType::KEY_RECORD, body.to_vec(), &signers).unwrap()
}

/// The first record with another bit in the signature of the key whose place is given.
fn falsified(organisation: &Organisation, place: usize) -> Envelope {
    let key = [&organisation.key, &organisation.signing, &organisation.tls][place].public().id();
    let mut record = organisation.first.to_wire();
    let signature = record.signatures.iter_mut().find(|signature| signature.key_id == *key.as_bytes()).unwrap();
    signature.signature[0] ^= 1;
    Envelope::from_wire(record).unwrap()
}

fn first_records() -> Vec<Vector> {
    let shelter = Organisation::invented("shelter");
    let other = Organisation::invented("hotline").id().to_vec();
    let first = |expect: &str, name: &str, alter: &dyn Fn(&mut wire::KeyRecord)| {
        chain(expect, name, &[&altered(&shelter, &shelter.first, alter)])
    };
    let body = shelter.first.body();
    let stranger = signing_key("stranger");
    let shut = altered(&shelter, &shelter.first, |record| {
        record.door_key = signing_key("door").public().as_bytes().to_vec();
    });
    let four = [&shelter.key, &shelter.signing, &shelter.tls, &stranger];
    let four = Envelope::sign(MediaType::KEY_RECORD, body.to_vec(), &four).unwrap();
    vec![
        chain("ok", "a first record makes the organisation", &[&shelter.first])
            .with("organisation", shelter.id().as_bytes())
            .with("newest", shelter.id().as_bytes()),
        chain(
            "WRONG_SIGNERS",
            "a record without the organisation keys signature",
            &[&signed_by(&shelter, body, &[1, 2])],
        ),
        chain("WRONG_SIGNERS", "a record without the signing keys signature", &[&signed_by(&shelter, body, &[0, 2])]),
        chain("WRONG_SIGNERS", "a record without the TLS keys signature", &[&signed_by(&shelter, body, &[0, 1])]),
        chain("WRONG_SIGNERS", "a record with a strangers signature", &[&four]),
        chain("ok", "a record with a door key which signs nothing", &[&shut])
            .with("organisation", shut.id().as_bytes())
            .with("newest", shut.id().as_bytes()),
        first("MALFORMED", "a record whose door key is its TLS key", &|record| {
            record.door_key = record.tls_key.clone()
        }),
        first("MALFORMED", "a record whose door key is in its recovery set", &|record| {
            record.door_key = signing_key("door").public().as_bytes().to_vec();
            record.recovery = Some(wire::Recovery { threshold: 1, keys: vec![record.door_key.clone()] });
        }),
        first("MALFORMED", "a record with a door key of 31 bytes", &|record| record.door_key = vec![1; 31]),
        first("WEAK_KEY", "a record with a weak door key", &|record| {
            record.door_key = [&[2][..], &[0; 31]].concat();
        }),
        chain("BAD_SIGNATURE", "a record with a false signature of its organisation key", &[&falsified(&shelter, 0)]),
        chain("BAD_SIGNATURE", "a record with a false signature of its signing key", &[&falsified(&shelter, 1)]),
        chain("BAD_SIGNATURE", "a record with a false signature of its TLS key", &[&falsified(&shelter, 2)]),
        first("MALFORMED", "a first record that names an organisation", &|r| r.organisation = other.clone()),
        first("MALFORMED", "a first record that names a record before it", &|r| r.previous = other.clone()),
        first("MALFORMED", "a first record with a number", &|r| r.number = 1),
        first("MALFORMED", "a first record with a witness", &|r| r.witnesses = vec![other.clone()]),
        first("MALFORMED", "a first record with a recovery set that names its organisation key", &|r| {
            r.recovery = Some(wire::Recovery { threshold: 1, keys: vec![r.organisation_key.clone()] });
        }),
    ]
}

fn records() -> Vec<Vector> {
    let shelter = Organisation::invented("shelter");
    let next = shelter.next(&shelter.chain());
    let second = |expect: &str, name: &str, alter: &dyn Fn(&mut wire::KeyRecord)| {
        chain(expect, name, &[&shelter.first, &altered(&shelter, &next, alter)])
    };
    let malformed = |name: &str, alter: &dyn Fn(&mut wire::KeyRecord)| second("MALFORMED", name, alter);
    let weak = beyond_p(1, false).to_vec();
    vec![
        second("NEEDS_UPGRADE", "a record of the next suite", &|r| r.suite = 2),
        malformed("a record without a suite", &|r| r.suite = 0),
        second("WEAK_KEY", "a record with a weak key", &|r| r.signing_key = weak.clone()),
        malformed("a record with one key for two uses", &|r| r.tls_key = r.signing_key.clone()),
        malformed("a record without a sealing key", &|r| r.sealing_keys.clear()),
        malformed("a record with one sealing key twice", &|r| r.sealing_keys = vec![r.sealing_keys[0].clone(); 2]),
        malformed("a record with an endpoint without a port", &|r| r.endpoints = vec!["shelter.example".to_owned()]),
        malformed("a record with an endpoint in capitals", &|r| r.endpoints = vec!["Shelter.example:1".to_owned()]),
        malformed("a record with five endpoints", &|r| {
            r.endpoints = (1..6).map(|port| format!("shelter.example:{port}")).collect();
        }),
        malformed("a record with one endpoint twice", &|r| r.endpoints = vec!["shelter.example:1".to_owned(); 2]),
        malformed("a record with an endpoint of 256 bytes", &|r| {
            r.endpoints = vec![format!("{}{}:1", "a.".repeat(126), "bb")];
        }),
        malformed("a record with a port beyond 65535", &|r| r.endpoints = vec!["shelter.example:65536".to_owned()]),
        malformed("a record with an IPv6 address that could be shorter", &|r| {
            r.endpoints = vec!["[0::1]:1".to_owned()]
        }),
        malformed("a record with a log that begins after the year 9999", &|r| r.log_base_tick = 422_337_168),
        malformed("a record without a time", &|r| r.time = 0),
        malformed("a record that ends after the year 9999", &|r| r.end = 253_402_300_800),
        malformed("a record with witnesses out of order", &|r| r.witnesses = vec![vec![2; 32], vec![1; 32]]),
        malformed("a record with one witness twice", &|r| r.witnesses = vec![vec![1; 32]; 2]),
        malformed("a record with itself as witness", &|r| r.witnesses = vec![r.organisation.clone()]),
        malformed("a record with a recovery set too small for its threshold", &|r| {
            r.recovery = Some(wire::Recovery { threshold: 2, keys: vec![helper("a helper")] });
        }),
        malformed("a record with one key twice in its recovery set", &|r| {
            r.recovery = Some(wire::Recovery { threshold: 2, keys: vec![helper("a helper"); 2] });
        }),
        second("WEAK_KEY", "a record with a weak key in its recovery set", &|r| {
            r.recovery = Some(wire::Recovery { threshold: 1, keys: vec![weak.clone()] });
        }),
        malformed("a record with a time between two minutes", &|r| r.time += 1),
        malformed("a record that ends when it is made", &|r| r.end = r.time),
    ]
}

fn helper(name: &str) -> Vec<u8> {
    signing_key(name).public().as_bytes().to_vec()
}

/// [KEY-27] [KEY-28]
fn recoveries() -> Vec<Vector> {
    let (shelter, helpers) = recoverable();
    let (start, first) = (shelter.chain(), &shelter.first);
    let by = |name: &str, count: usize| recovered(&start, &shelter, name, &helpers[..count].iter().collect::<Vec<_>>());
    let (rescue, theft) = (by("a new key", 3), stolen(&start, &shelter));
    let ends =
        |vector: Vector| vector.with("organisation", first.id().as_bytes()).with("newest", rescue.id().as_bytes());
    vec![
        ends(chain("ok", "three of five replace a lost organisation key", &[first, &rescue])),
        chain("WRONG_SIGNERS", "two of five replace no organisation key", &[first, &by("a new key", 2)]),
        ends(chain("ok", "a thiefs record before that of the recovery set", &[first, &theft, &rescue])),
        ends(chain("ok", "a thiefs record after that of the recovery set", &[first, &rescue, &theft])),
        chain("FORKED_CHAIN", "two recoveries of one record", &[first, &rescue, &by("another new key", 4)]),
    ]
}

/// [KEY-31] [KEY-32]
fn thefts() -> Vec<Vector> {
    let shelter = Organisation::invented("shelter");
    let (start, first) = (shelter.chain(), &shelter.first);
    let stolen = shelter.signing.public().id();
    // Signing key, TLS key and sealing key of the record that follows; what it disowns.
    let next = |chain: &KeyChain, keys: [&str; 3], key: Option<KeyId>, until: Option<(u64, Hash)>| {
        let [signing, tls] = [keys[0], keys[1]].map(|name| match name {
            "stolen" => shelter.signing.expose_seed(),
            "beside" => shelter.tls.expose_seed(),
            name => Box::leak(Box::new(seed(name))),
        });
        let [signing, tls] = [signing, tls].map(uput_core::key::SigningKey::from_seed);
        let mut draft = KeyRecordDraft::after(chain.newest(), minutes(9), minutes(1_000_000));
        if keys[2] != "beside" {
            draft.sealing_keys = vec![SealingSecret::from_seed(&seed(keys[2])).public().clone()];
        }
        draft.disowned = key.map(|key| Disowned { key, incarnation: 4, until });
        sign_key_record(draft, &shelter.key, &signing, &tls, None).unwrap()
    };
    let root = Some((9, Hash::new(seed("an invented root"))));
    let fresh = ["new signing", "new tls", "new sealing"];
    let good = next(&start, fresh, Some(stolen), root);
    let mut after = start.clone();
    after.extend(&good).unwrap();
    let calm = next(&start, fresh, None, None);
    let mut rotated = start.clone();
    rotated.extend(&calm).unwrap();
    let later = next(&rotated, ["newer signing", "new tls", "beside"], Some(stolen), root);
    let two = |name: &str, keys: [&str; 3], key: KeyId| {
        chain("WRONG_SIGNERS", name, &[first, &next(&start, keys, Some(key), root)])
    };
    let ends = |vector: Vector, newest: &Envelope| {
        vector.with("organisation", first.id().as_bytes()).with("newest", newest.id().as_bytes())
    };
    let form = |name: &str, change: &dyn Fn(&mut wire::Disowned)| {
        let own = altered(&shelter, &good, |record| change(record.disowned.as_mut().unwrap()));
        chain("MALFORMED", name, &[first, &own])
    };
    let whole = next(&start, fresh, Some(stolen), None);
    vec![
        ends(chain("ok", "a record that disowns the key before it", &[first, &good]), &good),
        ends(chain("ok", "a record that disowns a key of which nothing counts", &[first, &whole]), &whole),
        ends(chain("ok", "a key that was replaced is disowned later", &[first, &calm, &later]), &later),
        two("a record that disowns a key and keeps it", ["stolen", "new tls", "new sealing"], stolen),
        two(
            "a record that disowns a key and keeps the TLS key beside it",
            ["new signing", "beside", "new sealing"],
            stolen,
        ),
        two(
            "a record that disowns a key and keeps the sealing key beside it",
            ["new signing", "new tls", "beside"],
            stolen,
        ),
        two("a record that disowns a key of nobody", fresh, signing_key("a stranger").public().id()),
        chain(
            "WRONG_SIGNERS",
            "a disowned key that returns",
            &[first, &good, &next(&after, ["stolen", "newer tls", "newer sealing"], None, None)],
        ),
        chain(
            "WRONG_SIGNERS",
            "a disowned key that returns as TLS key",
            &[first, &good, &next(&after, ["newer signing", "stolen", "newer sealing"], None, None)],
        ),
        chain(
            "MALFORMED",
            "a first record that disowns a key",
            &[&altered(&shelter, first, |record| {
                let root = seed("an invented root").to_vec();
                record.disowned = Some(wire::Disowned { key: vec![1; 32], incarnation: 4, size: 9, root });
            })],
        ),
        form("a disowned key up to a root of 31 bytes", &|disowned| disowned.root.truncate(31)),
        form("a disowned key up to no root of nine leaves", &|disowned| disowned.root.clear()),
        form("a disowned key up to a root of no leaves", &|disowned| disowned.size = 0),
        form("a disowned key without a name", &|disowned| disowned.key.clear()),
    ]
}

fn chains() -> Vec<Vector> {
    let shelter = Organisation::invented("shelter");
    let other = Organisation::invented("hotline");
    let mut verified = shelter.chain();
    let second = shelter.next(&verified);
    verified.extend(&second).unwrap();
    let (key, signing, tls) = (signing_key("new key"), signing_key("new signing"), signing_key("new tls"));
    let draft = || {
        let mut draft = KeyRecordDraft::after(verified.newest(), minutes(9), minutes(1_000_000));
        draft.endpoints = vec![Endpoint::parse("shelter.example:7400").unwrap()];
        draft.witnesses = vec![other.id()];
        draft
    };
    let third = sign_key_record(draft(), &key, &signing, &tls, Some(&shelter.key)).unwrap();
    let usurped = sign_key_record(draft(), &key, &signing, &tls, None).unwrap();
    let twin = altered(&shelter, &second, |record| record.endpoints = vec!["twin.example:1".to_owned()]);
    let first = &shelter.first;
    let numbered = |number| altered(&shelter, &second, |record| record.number = number);
    vec![
        chain("ok", "three records with every key replaced are a chain", &[first, &second, &third])
            .with("organisation", shelter.id().as_bytes())
            .with("newest", third.id().as_bytes()),
        chain("WRONG_SIGNERS", "a new organisation key without the old ones signature", &[first, &second, &usurped]),
        chain("BROKEN_CHAIN", "a chain that starts at its second record", &[&second, &third]),
        chain("MISSING_PREDECESSOR", "a chain with a gap", &[first, &third]),
        chain("MALFORMED", "a second record with the number 0", &[first, &numbered(0)]),
        chain("BROKEN_CHAIN", "a second record with the number 2", &[first, &numbered(2)]),
        chain("BROKEN_CHAIN", "a first record after a first record", &[first, &other.first]),
        chain("BROKEN_CHAIN", "a record of another organisation in the chain", &[&other.first, &second]),
        chain("FORKED_CHAIN", "two successors of one record", &[first, &second, &twin]),
    ]
}
