//! One slot: its keys, its commitments, and what opens it.

use uput_core::{
    codec,
    id::OrgId,
    slot::open,
    wire::{Disclosure, OpenedValue, SlotDisclosure, SlotDisclosures, disclosure::Form, slot_disclosure::Content},
};

use super::{Outcome, Vector, file::escaped, hex, ok_or_code, run};
use crate::formula::Event;

const BAD: &str = "BAD_DISCLOSURE";

fn event(label: &str, value: &str) -> Event {
    let mut fields = vec![(String::new(), String::new()); 8];
    fields[3] = (label.into(), value.into());
    let author = OrgId::new([0x44; 32]);
    Event { label_secret: [0x11; 32], value_secret: [0x22; 32], nonce: [0x33; 32], author, fields }
}

/// Slot 3 of 8, as its author made it.
fn vector(name: &str, expect: &str, label: &str, value: &str) -> Vector {
    let event = event(label, value);
    Vector::new(name, expect)
        .with("nonce", hex(&event.nonce))
        .with("author", event.author.to_string())
        .with("label_secret", hex(&event.label_secret))
        .with("value_secret", hex(&event.value_secret))
        .with("index", "3")
        .with("label", escaped(label))
        .with("value", escaped(value))
        .with("s", hex(&event.label_key(3)))
        .with("t", hex(&event.value_key(3)))
        .with("v", hex(&event.value_commitment(3)))
        .with("c", hex(&event.commitment(3)))
}

/// With one line replaced.
fn but(mut vector: Vector, key: &str, value: &str) -> Vector {
    vector.lines.iter_mut().filter(|(of, _)| of == key).for_each(|(_, line)| *line = value.into());
    vector
}

fn cases() -> Vec<Vector> {
    let name = |sentence, expect| vector(sentence, expect, "name", "Mila Šć");
    vec![
        name("a-name-in-the-fourth-slot", "ok"),
        vector("an-empty-slot-is-committed-like-any-other", "ok", "", ""),
        vector("a-label-that-nobody-knows-is-committed-all-the-same", "ok", "shelter_address", "Invented street 1"),
        but(name("another-value-under-the-same-commitment", BAD), "value", "\"Mila Šč\""),
        but(name("another-label-under-the-same-commitment", BAD), "label", "\"perpetrator_name\""),
        but(name("a-letter-moved-from-value-to-label", BAD), "label", "\"nameM\""),
        but(name("another-index-under-the-same-commitment", BAD), "index", "2"),
        but(name("an-index-past-the-last-slot", BAD), "index", "8"),
        but(name("an-index-of-more-than-two-bytes", BAD), "index", "65539"),
        but(name("the-nonce-of-another-trail", BAD), "nonce", &hex(&[0x34; 32])),
        but(name("the-slot-of-another-author", BAD), "author", &hex(&[0x45; 32])),
        but(name("the-key-of-another-label", BAD), "s", &hex(&[0x55; 32])),
        but(name("the-key-of-another-value", BAD), "t", &hex(&[0x55; 32])),
    ]
}

/// The slot opened with its value, and with its label alone.
fn disclosures(vector: &Vector) -> [Disclosure; 2] {
    let value = OpenedValue { value_key: vector.bytes("t"), value: vector.unescaped("value") };
    [Content::Opened(value), Content::ValueCommitment(vector.bytes("v"))].map(|content| {
        let slot = SlotDisclosure {
            index: vector.one("index").parse().unwrap(),
            label_key: vector.bytes("s"),
            label: vector.unescaped("label"),
            content: Some(content),
        };
        Disclosure { event: vec![7; 32], form: Some(Form::Some(SlotDisclosures { slots: vec![slot] })) }
    })
}

fn outcome(vector: &Vector) -> Outcome {
    let (nonce, author) = (vector.array("nonce"), OrgId::new(vector.array("author")));
    let mut slots = vec![0; 8 * 32];
    slots[3 * 32..4 * 32].copy_from_slice(&vector.bytes("c"));
    let [with_value, label] = disclosures(vector).map(|disclosure| {
        let disclosure: Disclosure = codec::decode(&codec::encode(&disclosure)).unwrap();
        open(&disclosure, &slots, &nonce, &author)
    });
    // What fails with its label alone fails with its value.
    assert!(label.is_ok() || with_value.is_err(), "{}", vector.name);
    (ok_or_code(&with_value), Vec::new())
}

/// [DIS-4] [DIS-5]
#[test]
fn slots_open_as_the_vectors_say() {
    run("slot", cases(), outcome);
}
