//! Copies of what an organisation signed of a person, good and each way of bad. [ONW-1] [ONW-2] [ONW-5] [ONW-7]

use uput_core::{
    attestation::Attestation,
    codec,
    envelope::{Envelope, MediaType},
    key::{KeyChain, SigningKey},
    wire,
};

use super::{Outcome, Vector, file::unhex, hex, ok_or_code, run};
use crate::{
    formula::Event,
    onward::{attester, succeeded},
};

const BAD: &str = "BAD_VALUE";
/// 22 November 2026.
const DAY: u64 = 1_795_305_600;

/// What is signed and what is opened of it, to be changed by a case.
struct Copy {
    fields: Vec<(&'static str, &'static str)>,
    opened: Vec<(u16, bool)>,
    signers: Vec<SigningKey>,
    kind: MediaType,
    body: fn(&mut wire::AttestationBody),
    whole: fn(&mut wire::Attestation),
}

/// Three facts of eight slots, two of them open.
fn copy() -> Copy {
    Copy {
        fields: vec![("age_band", "15_17"), ("", ""), ("name", "Invented Girl"), ("language", "en")],
        opened: vec![(0, true), (2, true)],
        signers: vec![attester(10).0],
        kind: MediaType::ATTESTATION,
        body: |_| {},
        whole: |_| {},
    }
}

impl Copy {
    fn bytes(self) -> Vec<u8> {
        let chain = attester(10).1;
        let mut fields: Vec<(String, String)> =
            self.fields.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
        fields.resize(8, (String::new(), String::new()));
        let (label_secret, value_secret) = ([0x11; 32], [0x22; 32]);
        let event = Event { label_secret, value_secret, nonce: [0x33; 32], author: chain.organisation(), fields };
        let mut body = wire::AttestationBody {
            author: chain.organisation().to_vec(),
            key: chain.newest_id().to_vec(),
            nonce: event.nonce.to_vec(),
            day: DAY,
            slots: event.slots(),
        };
        (self.body)(&mut body);
        let signers: Vec<&SigningKey> = self.signers.iter().collect();
        let envelope = Envelope::sign(self.kind, codec::encode(&body), &signers).unwrap().to_wire();
        let slots = self.opened.iter().map(|(index, value)| event.slot(*index, *value)).collect();
        let mut whole = wire::Attestation { envelope: Some(envelope), slots };
        (self.whole)(&mut whole);
        codec::encode(&whole)
    }

    fn vector(self, name: &str, expect: &str) -> Vector {
        Vector::new(name, expect).with_bytes("copy", &self.bytes())
    }
}

fn cases() -> Vec<Vector> {
    [good(), shapes(), facts(), texts()].into_iter().flatten().collect()
}

fn good() -> Vec<Vector> {
    let two = ["age_band = 15_17", "name = Invented Girl"];
    let chain = || attester(10).1;
    let known = |name, copy: Copy, opened: &[&str], chain: Option<KeyChain>, standing: &str| {
        let records = chain.iter().flat_map(KeyChain::envelopes);
        let vector = records.fold(copy.vector(name, "ok"), |vector, record| {
            vector.with("record", hex(&codec::encode(&record.to_wire())))
        });
        let vector = vector.with("standing", standing).with("author", attester(10).1.organisation().to_string());
        opened.iter().fold(vector.with("day", DAY.to_string()), |vector, line| vector.with("opened", *line))
    };
    let forged = || Copy { signers: vec![attester(30).0], ..copy() };
    vec![
        known("two-facts-of-three", copy(), &two, Some(chain()), "verified"),
        known(
            "one-fact-of-three",
            Copy { opened: vec![(3, true)], ..copy() },
            &["language = en"],
            Some(chain()),
            "verified",
        ),
        known("two-facts-by-nobody-who-is-known", copy(), &two, None, "unknown_signer"),
        known("two-facts-by-the-records-of-somebody-else", copy(), &two, Some(attester(20).1), "unknown_signer"),
        known("two-facts-that-somebody-else-signed", forged(), &two, Some(chain()), "does_not_match"),
        known(
            "two-facts-by-a-key-retired-the-day-before",
            copy(),
            &two,
            Some(succeeded(chain(), DAY - 60)),
            "does_not_match",
        ),
        known("two-facts-by-a-key-retired-that-day", copy(), &two, Some(succeeded(chain(), DAY)), "verified"),
    ]
}

fn shapes() -> Vec<Vector> {
    let body = |name, body: fn(&mut wire::AttestationBody)| Copy { body, ..copy() }.vector(name, BAD);
    let whole = |name, whole: fn(&mut wire::Attestation)| Copy { whole, ..copy() }.vector(name, BAD);
    let mut surplus = copy().bytes();
    surplus.extend([0x1a, 0x00]);
    vec![
        Copy { kind: MediaType::EVENT, ..copy() }.vector("an-envelope-of-another-type", BAD),
        Copy { signers: vec![attester(10).0, attester(20).0], ..copy() }.vector("two-signatures", BAD),
        whole("no-signature", |whole| whole.envelope.as_mut().unwrap().signatures.clear()),
        whole("no-envelope", |whole| whole.envelope = None),
        Vector::new("a-field-that-nobody-knows", BAD).with_bytes("copy", &surplus),
        body("a-day-that-begins-a-minute-late", |body| body.day += 60),
        body("no-day", |body| body.day = 0),
        body("a-nonce-that-is-too-short", |body| body.nonce.truncate(31)),
        body("an-author-that-is-nobody", |body| body.author = vec![0; 32]),
        body("an-author-that-is-too-short", |body| body.author.truncate(31)),
        body("no-key-record", |body| body.key.clear()),
        body("seven-slots", |body| body.slots.truncate(7 * 32)),
        body("no-slots", |body| body.slots.clear()),
        body("another-nonce-than-was-committed-with", |body| body.nonce[0] ^= 1),
        body("another-author-than-was-committed-with", |body| body.author[0] ^= 1),
        body("a-commitment-with-one-bit-turned", |body| body.slots[0] ^= 1),
        whole("a-value-that-was-not-signed", |whole| {
            let Some(wire::slot_disclosure::Content::Opened(opened)) = &mut whole.slots[0].content else {
                unreachable!()
            };
            opened.value = "18_29".into();
        }),
        whole("slots-out-of-their-order", |whole| whole.slots.swap(0, 1)),
        whole("one-slot-twice", |whole| whole.slots.push(whole.slots[1].clone())),
        whole("a-slot-that-it-has-not", |whole| whole.slots[1].index = 8),
        whole("nothing-opened", |whole| whole.slots.clear()),
        whole("an-envelope-in-an-envelope", |whole| {
            let inner = codec::encode(&whole.envelope.clone().unwrap());
            whole.envelope.as_mut().unwrap().body = inner;
        }),
    ]
}

/// Why something may be told, by whom, and how she is reached, is no fact.
fn facts() -> Vec<Vector> {
    let of = |name, label, value| {
        let fields = vec![(label, value), ("language", "en")];
        Copy { fields, opened: vec![(0, true), (1, true)], ..copy() }.vector(name, BAD)
    };
    vec![
        of("a-label-of-a-basis", "consent_form", "written"),
        of("who-acted", "actor", "a1"),
        of("who-approved", "supervisor", "b2"),
        of("how-she-is-reached", "safe_contact_telephone", "+38220000000"),
        of("a-copy-in-a-copy", "provenance", "00"),
        of("a-label-that-the-catalogue-has-not", "shelter_address", "Invented street 1"),
        of("a-value-that-does-not-fit-its-label", "age_band", "old"),
        of("an-empty-slot-that-is-opened", "", ""),
        of("one-label-twice", "language", "sq"),
        Copy { opened: vec![(0, false), (2, true)], ..copy() }.vector("a-label-without-its-value", BAD),
    ]
}

/// Digits as they are written.
fn texts() -> Vec<Vector> {
    let text = |name, text: String| Vector::new(name, BAD).with("text", text);
    let digits = hex(&copy().bytes());
    vec![
        text("digits-in-capitals", digits.to_uppercase()),
        text("a-digit-too-few", digits[1..].to_owned()),
        text("a-space-among-the-digits", format!("{} {}", &digits[..8], &digits[8..])),
        Vector::new("more-digits-than-there-may-be", BAD).with("copy", "00*8193"),
    ]
}

fn outcome(vector: &Vector) -> Outcome {
    let digits = match vector.all("text").first() {
        Some(text) => text.clone(),
        None => hex(&vector.bytes("copy")),
    };
    let read = Attestation::parse(&digits);
    let mut lines = Vec::new();
    if let Ok(copy) = &read {
        assert_eq!(
            (vector.one("author"), vector.one("day")),
            (copy.author().to_string(), copy.day().get().to_string())
        );
        let records = vector
            .all("record")
            .into_iter()
            .map(|line| Envelope::from_wire(codec::decode(&unhex(&line)).unwrap()).unwrap());
        let records: Vec<Envelope> = records.collect();
        let chain = (!records.is_empty()).then(|| KeyChain::verify(&records).unwrap());
        assert_eq!(vector.one("standing"), copy.standing(chain.as_ref()).word(), "{}", vector.name);
        let mut facts: Vec<_> = copy.labels().collect();
        facts.sort_unstable();
        // Each alone, to be shown with its value.
        lines.extend(vector.all("opened").into_iter().filter(|line| {
            let (label, value) = line.split_once(" = ").unwrap();
            let field = crate::scene::field(uput_core::catalogue::Label::parse(label).unwrap(), value);
            copy.narrowed_to(std::slice::from_ref(&field)).is_ok()
        }));
        assert_eq!(lines.len(), facts.len(), "{}: not each fact is expected", vector.name);
    }
    (ok_or_code(&read), lines)
}

/// [ONW-1] [ONW-2] [ONW-5] [ONW-7]
#[test]
fn copies_are_read_and_stand_as_the_vectors_say() {
    run("attestation", cases(), outcome);
}
