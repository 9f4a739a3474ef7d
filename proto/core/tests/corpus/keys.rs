//! Key records: those of a witness that the sender's newest record names. They stand in the bundle and sign nothing else,
//! so a fault in them is one fault.

use uput_core::{
    codec,
    envelope::{Envelope, MediaType},
    key::SigningKey,
    wire,
};

use crate::{
    entry::Entry,
    forge::{changed, exported, falsified, sealed, signed_event, twisted, with_event},
    sample::{Organisation, World, key},
    stolen::disowns,
    weak::{self, MixedKey, enveloped, signed_bytes},
};

pub(crate) fn entries() -> Vec<Entry> {
    let world = witnessed();
    [admitted(&world), places(&world), contents(&world), thefts(&world), signers(&world), chains(&world), signatures()]
        .into_iter()
        .flatten()
        .collect()
}

const BASE: &str = "an enquiry that was held, with a witness";

/// The hotline's newest record names a witness, whose key records travel with the trail.
fn witnessed() -> World {
    let mut world = World::pair();
    let mut witness = Organisation::invented("a witness");
    witness.rotate();
    world.hotline.rotate_with(|draft| draft.witnesses = vec![witness.id]);
    world.others.push(witness);
    world
}

fn witness(world: &World) -> &Organisation {
    &world.others[0]
}

fn record_of(envelope: &Envelope) -> wire::KeyRecord {
    codec::decode(envelope.body()).unwrap()
}

fn helper(name: &str) -> Vec<u8> {
    key(name).public().as_bytes().to_vec()
}

/// All three keys of the witness, as of that record.
fn keys(world: &World, record: usize) -> [SigningKey; 3] {
    let copy = |key: &SigningKey| SigningKey::from_seed(key.expose_seed());
    let witness = witness(world);
    [copy(&witness.key), copy(&witness.signing[record]), key("a witness tls")]
}

/// One of the witness's records, changed and signed anew by all its keys.
fn altered(world: &World, record: usize, change: impl FnOnce(&mut wire::KeyRecord)) -> Envelope {
    let mut own = record_of(&witness(world).records[record]);
    change(&mut own);
    let [organisation, signing, tls] = keys(world, record);
    sealed(MediaType::KEY_RECORD.as_str(), codec::encode(&own), &[&organisation, &signing, &tls])
}

/// The export with other records of the witness.
fn with_chain(world: &World, records: Vec<Envelope>) -> Vec<u8> {
    changed(&world.enquiry(), |draft| {
        let own = draft.chains.iter_mut().find(|chain| chain[0].id() == witness(world).records[0].id());
        *own.unwrap() = records;
    })
}

fn second(world: &World, change: impl FnOnce(&mut wire::KeyRecord)) -> Vec<u8> {
    with_chain(world, vec![witness(world).records[0].clone(), altered(world, 1, change)])
}

fn case(name: &'static str, reason: &'static str, world: &World, rejection: &'static str, bundle: Vec<u8>) -> Entry {
    Entry::new(name, reason, world, bundle).of(BASE).fails(10, "BUN-20", rejection)
}

/// [KEY-2] [KEY-4]
fn admitted(world: &World) -> Vec<Entry> {
    let named = |key: [u8; 32]| {
        let mut own = record_of(&witness(world).records[1]);
        own.signing_key = key.to_vec();
        let [organisation, _, tls] = keys(world, 1);
        let mut record = sealed(MediaType::KEY_RECORD.as_str(), codec::encode(&own), &[&organisation, &tls]).to_wire();
        record.signatures.push(weak::signature_for_everything(&key));
        record.signatures.sort_by(|a, b| a.key_id.cmp(&b.key_id));
        with_chain(world, vec![witness(world).records[0].clone(), Envelope::from_wire(record).unwrap()])
    };
    let weak = |name, reason, key| case(name, reason, world, "WEAK_KEY", named(key)).breaks(&["KEY-2"]);
    let sealing = |name, rejection, reason, change: fn(&mut Vec<u8>)| {
        case(name, reason, world, rejection, second(world, |record| change(&mut record.sealing_keys[0])))
            .breaks(&["KEY-4"])
    };
    vec![
        Entry::new(
            "a witness whose key records are carried is valid",
            "The sender's newest record names it.",
            world,
            { exported(&world.enquiry()) },
        )
        .of(BASE),
        weak("a key that makes one signature valid for every message", "The neutral point.", weak::neutral()),
        weak("a key of order eight", "One signature of it holds for one message in eight.", weak::of_order_eight()),
        weak("a key whose y was not reduced", "The neutral point, with y = p + 1.", weak::neutral_unreduced()),
        weak("a key with the sign of zero", "The neutral point, with a sign on its x of 0.", weak::neutral_signed()),
        weak("a key off the curve", "No point has y = 2.", weak::off_the_curve()),
        case("a signing key of 31 bytes", "A key has 32.", world, "MALFORMED", {
            second(world, |record| record.signing_key.truncate(31))
        })
        .breaks(&["KEY-2"]),
        sealing("a sealing key of 1215 bytes", "MALFORMED", "It has 1216.", |key| key.truncate(1215)),
        sealing("a sealing key with a coefficient beyond 3328", "WEAK_KEY", "Its first coefficient is 4095.", |key| {
            key[..3].copy_from_slice(&[0xff; 3]);
        }),
    ]
}

/// [KEY-6] [KEY-13]
fn places(world: &World) -> Vec<Entry> {
    let first = |change: fn(&mut wire::KeyRecord)| with_chain(world, vec![altered(world, 0, change)]);
    let second = |change: fn(&mut wire::KeyRecord)| second(world, change);
    let case = |name, reason, rejection, bundle| case(name, reason, world, rejection, bundle).breaks(&["KEY-6"]);
    vec![
        case(
            "a first key record with the number 1",
            "The first has the number 0.",
            "MALFORMED",
            first(|r| r.number = 1),
        ),
        case("a first key record that names an organisation", "Its own ID is the OrgId.", "MALFORMED", {
            first(|record| record.organisation = vec![7; 32])
        }),
        case("a first key record that names one before it", "There is none before it.", "MALFORMED", {
            first(|record| record.previous = vec![7; 32])
        }),
        case("a second key record with the number 0", "Only the first has it.", "MALFORMED", second(|r| r.number = 0)),
        case("a second key record without an organisation", "Every later one names it.", "MALFORMED", {
            second(|record| record.organisation.clear())
        }),
        case("a second key record without the one before", "Every later one names it.", "MALFORMED", {
            second(|record| record.previous.clear())
        }),
        case("a second key record with the number 2", "Numbers follow each other.", "BROKEN_CHAIN", {
            second(|record| record.number = 2)
        })
        .breaks(&["KEY-13"]),
        case(
            "a second key record of another organisation",
            "It names an OrgId that is not this chain's.",
            "BROKEN_CHAIN",
            { second(|record| record.organisation = vec![7; 32]) },
        )
        .breaks(&["KEY-13"]),
    ]
}

/// [KEY-5] [KEY-7] [KEY-8] [KEY-9] [KEY-10] [KEY-11]
fn contents(world: &World) -> Vec<Entry> {
    let malformed = |name, reason, breaks, change: fn(&mut wire::KeyRecord)| {
        case(name, reason, world, "MALFORMED", second(world, change)).breaks(breaks)
    };
    let first = |name, reason, change: fn(&mut wire::KeyRecord)| {
        case(name, reason, world, "MALFORMED", with_chain(world, vec![altered(world, 0, change)])).breaks(&["KEY-9"])
    };
    vec![
        malformed("a key record without a suite", "Suite 0 is none.", &["KEY-5"], |record| record.suite = 0),
        case("a key record of the next suite", "Only suite 1 is known.", world, "NEEDS_UPGRADE", {
            second(world, |record| record.suite = 2)
        })
        .breaks(&["KEY-5"]),
        malformed("one key for signing and for TLS", "Three keys are three.", &["KEY-7"], |record| {
            record.tls_key = record.signing_key.clone();
        }),
        malformed("a key record without a sealing key", "There is at least one.", &["KEY-8"], |record| {
            record.sealing_keys.clear();
        }),
        malformed("a key record with one sealing key twice", "No key stands there twice.", &["KEY-8"], |record| {
            record.sealing_keys = vec![record.sealing_keys[0].clone(); 2];
        }),
        malformed("an organisation that is its own witness", "A witness is somebody else.", &["KEY-9"], |record| {
            record.witnesses = vec![record.organisation.clone()];
        }),
        malformed("witnesses out of order", "OrgIds ascend, so that none stands there twice.", &["KEY-9"], |record| {
            record.witnesses = vec![vec![2; 32], vec![1; 32]];
        }),
        malformed(
            "one witness twice to reach a number of witnesses",
            "Two entries are not two witnesses.",
            &["KEY-9"],
            |record| {
                record.witnesses = vec![vec![1; 32], vec![1; 32]];
            },
        ),
        malformed("a door key that is the TLS key", "What is said by the one counts.", &["KEY-40"], |record| {
            record.door_key = record.tls_key.clone();
        }),
        malformed("a door key of 31 bytes", "A key has 32.", &["KEY-40"], |record| record.door_key = vec![1; 31]),
        case("a door key off the curve", "No point has y = 2.", world, "WEAK_KEY", {
            second(world, |record| record.door_key = weak::off_the_curve().to_vec())
        })
        .breaks(&["KEY-40"]),
        malformed("a recovery set smaller than its threshold", "Two of one.", &["KEY-26"], |record| {
            record.recovery = Some(wire::Recovery { threshold: 2, keys: vec![helper("a helper")] });
        }),
        malformed(
            "a recovery set with the threshold 0",
            "Nobody at all could replace the key.",
            &["KEY-26"],
            |record| {
                record.recovery = Some(wire::Recovery { threshold: 0, keys: vec![helper("a helper")] });
            },
        ),
        first("a first key record that disowns a key", "Nothing was stolen before the first.", |record| {
            record.disowned = Some(wire::Disowned { key: vec![1; 32], ..wire::Disowned::default() });
        })
        .breaks(&["KEY-31"]),
        malformed("a disowned key up to a root of 31 bytes", "A root has 32.", &["KEY-31"], |record| {
            let root = vec![1; 31];
            record.disowned = Some(wire::Disowned { key: vec![1; 32], incarnation: 0, size: 1, root });
        }),
        malformed("a disowned key up to a root of nothing", "No leaves have no root.", &["KEY-31"], |record| {
            let root = vec![1; 32];
            record.disowned = Some(wire::Disowned { key: vec![1; 32], incarnation: 0, size: 0, root });
        }),
        first("a first key record with a witness", "It could not yet have been shown to anybody.", |record| {
            record.witnesses = vec![vec![1; 32]];
        }),
        malformed("one key twice in a recovery set", "Two entries are not two people.", &["KEY-26"], |record| {
            record.recovery = Some(wire::Recovery { threshold: 2, keys: vec![helper("a helper"); 2] });
        }),
        malformed(
            "a key record that ends before it begins",
            "Its end is later than its time.",
            &["KEY-10"],
            |record| {
                record.end = record.time - 60;
            },
        ),
        malformed("a key record between two minutes", "Times are whole minutes.", &["KEY-10"], |record| {
            record.time += 1
        }),
        malformed("a log that begins after the year 9999", "The last tick is 422337167.", &["KEY-10"], |record| {
            record.log_base_tick = 422_337_168;
        }),
        malformed("an endpoint with a port beyond 65535", "A port has 16 bits.", &["KEY-11"], |record| {
            record.endpoints = vec![String::from("witness.example:65536")];
        }),
        malformed("one endpoint twice", "None stands there twice.", &["KEY-11"], |record| {
            record.endpoints = vec![String::from("witness.example:7400"); 2];
        }),
    ]
}

/// [KEY-32]
fn thefts(world: &World) -> Vec<Entry> {
    let own = witness(world);
    let [organisation, signing, _] = keys(world, 1);
    let tls = key("a witness tls after a theft");
    let stealing = |change: &dyn Fn(&mut wire::KeyRecord), signing: &SigningKey| {
        let mut record = record_of(&own.records[1]);
        disowns(&mut record, &own.records[0]);
        record.tls_key = tls.public().as_bytes().to_vec();
        change(&mut record);
        let keys = [&organisation, signing, &tls];
        let record = sealed(MediaType::KEY_RECORD.as_str(), codec::encode(&record), &keys);
        with_chain(world, vec![own.records[0].clone(), record])
    };
    let bad = |name, reason, bundle| case(name, reason, world, "WRONG_SIGNERS", bundle).breaks(&["KEY-32"]);
    let stolen = keys(world, 0)[1].public().as_bytes().to_vec();
    let [_, first_signing, first_tls] = keys(world, 0);
    vec![
        Entry::new("a witness that disowns its first signing key", "Everything beside it is new too.", world, {
            stealing(&|_| {}, &signing)
        })
        .of(BASE),
        bad("a disowned key that no record named", "It is nobody's.", {
            stealing(&|record| record.disowned.as_mut().unwrap().key = vec![7; 32], &signing)
        }),
        bad("a disowned key that the record itself names", "It would go on signing.", {
            stealing(&|record| record.signing_key.clone_from(&stolen), &first_signing)
        }),
        bad("a record that keeps the sealing key that lay beside a stolen one", "It was stolen too.", {
            let before = record_of(&own.records[0]).sealing_keys;
            stealing(&|record| record.sealing_keys.clone_from(&before), &signing)
        }),
        bad("a record that keeps the TLS key that lay beside a stolen one", "It was stolen too.", {
            let mut record = record_of(&own.records[1]);
            disowns(&mut record, &own.records[0]);
            let keys = [&organisation, &signing, &first_tls];
            let record = sealed(MediaType::KEY_RECORD.as_str(), codec::encode(&record), &keys);
            with_chain(world, vec![own.records[0].clone(), record])
        }),
        bad("a stolen key that returns two records later", "It never does.", {
            let mut second = record_of(&own.records[1]);
            disowns(&mut second, &own.records[0]);
            second.tls_key = tls.public().as_bytes().to_vec();
            let record =
                sealed(MediaType::KEY_RECORD.as_str(), codec::encode(&second), &[&organisation, &signing, &tls]);
            let mut third = second.clone();
            (third.number, third.previous, third.disowned) = (2, record.id().as_bytes().to_vec(), None);
            third.signing_key.clone_from(&stolen);
            let keys = [&organisation, &first_signing, &tls];
            let third = sealed(MediaType::KEY_RECORD.as_str(), codec::encode(&third), &keys);
            with_chain(world, vec![own.records[0].clone(), record, third])
        }),
    ]
}

/// [KEY-12]
fn signers(world: &World) -> Vec<Entry> {
    let own = witness(world);
    let body = || own.records[1].body().to_vec();
    let [organisation, signing, tls] = keys(world, 1);
    let stranger = key("a stranger");
    let by = |keys: &[&SigningKey]| {
        with_chain(world, vec![own.records[0].clone(), sealed(MediaType::KEY_RECORD.as_str(), body(), keys)])
    };
    let case = |name, reason, rejection, bundle| case(name, reason, world, rejection, bundle).breaks(&["KEY-12"]);
    let replaced = |signers: &[&SigningKey], change: &dyn Fn(&mut wire::KeyRecord)| {
        let mut record = record_of(&own.records[1]);
        change(&mut record);
        let record = sealed(MediaType::KEY_RECORD.as_str(), codec::encode(&record), signers);
        with_chain(world, vec![own.records[0].clone(), record])
    };
    let new = key("a new key");
    // The record before has a recovery set of two keys, of which one signs.
    let recovered = || {
        let mut keys = vec![helper("a helper"), helper("another helper")];
        keys.sort_unstable();
        let before = altered(world, 1, |record| record.recovery = Some(wire::Recovery { threshold: 2, keys }));
        let mut record = record_of(&own.records[1]);
        (record.number, record.previous) = (2, before.id().as_bytes().to_vec());
        record.organisation_key = new.public().as_bytes().to_vec();
        let by = [&new, &signing, &tls, &key("a helper")];
        let record = sealed(MediaType::KEY_RECORD.as_str(), codec::encode(&record), &by);
        with_chain(world, vec![own.records[0].clone(), before, record])
    };
    let (new_key, old_key) = (new.public().as_bytes().to_vec(), own.key.public().as_bytes().to_vec());
    vec![
        case(
            "a key record without the organisation key's signature",
            "A stolen node replaces no keys.",
            "WRONG_SIGNERS",
            { by(&[&signing, &tls]) },
        ),
        case(
            "a key record without the signing key's signature",
            "Nobody claims a key without its secret.",
            "WRONG_SIGNERS",
            { by(&[&organisation, &tls]) },
        ),
        case(
            "a key record without the TLS key's signature",
            "Nobody claims a key without its secret.",
            "WRONG_SIGNERS",
            { by(&[&organisation, &signing]) },
        ),
        case("a key record with a stranger's signature beside its own", "No other signature.", "WRONG_SIGNERS", {
            by(&[&organisation, &signing, &tls, &stranger])
        }),
        case("a key record with one bit of a signature turned", "It does not verify.", "BAD_SIGNATURE", {
            with_chain(world, vec![own.records[0].clone(), falsified(&own.records[1])])
        }),
        case(
            "a new organisation key without the old one's signature",
            "Nobody replaces it without it.",
            "WRONG_SIGNERS",
            { replaced(&[&new, &signing, &tls], &|record| record.organisation_key = new_key.clone()) },
        ),
        case(
            "one of two who could replace an organisation key together",
            "Two are needed.",
            "WRONG_SIGNERS",
            recovered(),
        )
        .breaks(&["KEY-27"]),
        case("an old organisation key that returns as signing key", "It would have to sign twice.", "WRONG_SIGNERS", {
            replaced(&[&new, &organisation, &tls], &|record| {
                record.organisation_key = new_key.clone();
                record.signing_key = old_key.clone();
            })
        })
        .breaks(&["KEY-12"]),
    ]
}

/// [KEY-13]
fn chains(world: &World) -> Vec<Entry> {
    let own = witness(world);
    let case = |name, reason, rejection, bundle| case(name, reason, world, rejection, bundle).breaks(&["KEY-13"]);
    let third = |change: fn(&mut wire::KeyRecord)| altered(world, 1, change);
    let beyond = third(|record| {
        record.number = 3;
        record.previous = vec![7; 32];
    });
    vec![
        case("key records without the first", "A chain begins with the organisation's first.", "BROKEN_CHAIN", {
            with_chain(world, own.records[1..].to_vec())
        }),
        case("key records with one missing in the middle", "Number 2 is not here.", "MISSING_PREDECESSOR", {
            with_chain(world, [own.records.clone(), vec![beyond]].concat())
        }),
        case("a key record that follows one of nobody", "Its predecessor is not in the chain.", "BROKEN_CHAIN", {
            second(world, |record| record.previous = vec![7; 32])
        }),
        case("an agreement among key records", "Another type.", "WRONG_TYPE", {
            with_chain(world, vec![own.records[0].clone(), world.signed.clone()])
        })
        .breaks(&["ENV-9"]),
    ]
}

/// Signatures on an event of the shelter. [KEY-3]
fn signatures() -> Vec<Entry> {
    let world = World::pair();
    let story = world.enquiry();
    let event = || twisted(&story, &world.jasen, uput_core::event::Statement::Acknowledged, |_| {}).to_wire();
    let case = |name, reason, event: wire::Envelope| {
        let bundle = with_event(&story, Envelope::from_wire(event).unwrap());
        Entry::new(name, reason, &world, bundle).fails(10, "BUN-30", "BAD_SIGNATURE").breaks(&["KEY-3", "ENV-10"])
    };
    let mut malleable = event();
    weak::add_order(&mut malleable.signatures[0].signature);
    let mut zeros = event();
    zeros.signatures[0].signature = vec![0; 64];
    let mut everything = event();
    everything.signatures[0].signature = weak::signature_for_everything(&weak::neutral()).signature;
    let mut all = vec![
        case("a signature with S beyond the order", "S + L: a second signature without the secret.", malleable),
        case("a signature of zeros", "It verifies only where nothing is verified.", zeros),
        case("a signature that a key of small order would have", "The neutral point and 0.", everything),
    ];
    all.extend(mixed());
    all
}

/// The shelter's newest key has a part of small order: it is admitted, and its signatures mean one thing to everybody.
fn mixed() -> [Entry; 3] {
    const BASE: &str = "an enquiry that was held, and acknowledged under a key with a part of small order";
    let world = World::pair();
    let story = world.enquiry();
    let mixed = MixedKey::invented();
    let mut record = record_of(&world.jasen.records[0]);
    record.number = 1;
    record.organisation = world.jasen.id.to_vec();
    record.previous = world.jasen.records[0].id().as_bytes().to_vec();
    record.signing_key = mixed.public().to_vec();
    record.time += 60;
    let tls = key("shelter-jasen tls");
    let mut record =
        sealed(MediaType::KEY_RECORD.as_str(), codec::encode(&record), &[&world.jasen.key, &tls]).to_wire();
    let own = mixed.sign(&signed_bytes(&record), false);
    record.signatures.push(own);
    let record = Envelope::from_wire(enveloped(&record.r#type.clone(), record.body, record.signatures)).unwrap();
    let mut event: wire::EventBody =
        codec::decode(twisted(&story, &world.jasen, uput_core::event::Statement::Acknowledged, |_| {}).body()).unwrap();
    event.key = record.id().as_bytes().to_vec();
    let event = signed_event(&world.jasen, codec::encode(&event)).to_wire();
    let bundle = |signature: wire::Signature| {
        let event = wire::Envelope { signatures: vec![signature], ..event.clone() };
        changed(&story, |draft| {
            let own = draft.chains.iter_mut().find(|chain| chain[0].id() == world.jasen.records[0].id());
            own.unwrap().push(record.clone());
            draft.events.push(Envelope::from_wire(event).unwrap());
        })
    };
    let message = signed_bytes(&event);
    let case = |name, reason, signature| Entry::new(name, reason, &world, bundle(signature)).of(BASE);
    let wrong = |name, reason, signature| {
        case(name, reason, signature).fails(10, "BUN-30", "BAD_SIGNATURE").breaks(&["KEY-3", "ENV-10"])
    };
    [
        case("a signature by a key with a part of small order", "It holds without the cofactor.", {
            mixed.sign(&message, false)
        }),
        wrong(
            "a signature that holds only with the cofactor",
            "A lenient reader would accept it, a strict one not.",
            { mixed.sign(&message, true) },
        ),
        wrong("a signature whose point was not reduced", "R is the neutral point, written with y = p + 1.", {
            mixed.sign_with_unreduced_point(&message)
        }),
    ]
}
