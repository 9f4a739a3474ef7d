//! Disclosures of an event: all of it, some of it, and what does not match.

use std::collections::BTreeMap;

use uput_core::{
    codec,
    id::{Id, OrgId},
    slot::{Choice, Disclosed, Extent, open},
    wire::{self, Disclosure, SlotDisclosures, disclosure::Form},
};

use super::{Outcome, Vector, hex, run};
use crate::formula::{Event, disclosure};

const BAD: &str = "BAD_DISCLOSURE";
const MALFORMED: &str = "MALFORMED";
const NOT_CANONICAL: &str = "NOT_CANONICAL";

/// Eight slots: three fields in random places, five empty.
fn event() -> Event {
    let mut fields = vec![(String::new(), String::new()); 8];
    fields[1] = ("age_band".into(), "30_59".into());
    fields[4] = ("name".into(), "Mila Šć".into());
    fields[6] = ("language".into(), "sr-Latn-ME".into());
    let author = OrgId::new([0x44; 32]);
    Event { label_secret: [0x11; 32], value_secret: [0x22; 32], nonce: [0x33; 32], author, fields }
}

fn vector(name: &str, expect: &str, event: &Event, disclosure: &Disclosure, opened: &[&str]) -> Vector {
    raw(name, expect, event, &codec::encode(disclosure), opened)
}

fn raw(name: &str, expect: &str, event: &Event, disclosure: &[u8], opened: &[&str]) -> Vector {
    let vector = Vector::new(name, expect).with("nonce", hex(&event.nonce)).with("author", event.author.to_string());
    let vector = vector.with_bytes("slots", &event.slots()).with_bytes("disclosure", disclosure);
    opened.iter().fold(vector, |vector, line| vector.with("opened", *line))
}

fn cases() -> Vec<Vector> {
    [accepted(), mismatched(), misshapen()].into_iter().flatten().collect()
}

fn accepted() -> Vec<Vector> {
    let event = event();
    let whole = [
        "0 empty",
        "1 age_band = 30_59",
        "2 empty",
        "3 empty",
        "4 name = Mila Šć",
        "5 empty",
        "6 language = sr-Latn-ME",
        "7 empty",
    ];
    let labels: Vec<(u16, bool)> = (0..8).map(|index| (index, false)).collect();
    let closed = ["0 empty", "1 age_band", "2 empty", "3 empty", "4 name", "5 empty", "6 language", "7 empty"];
    let mut foreign = event.clone();
    foreign.fields[0] = ("shelter_address".into(), "Invented street 1".into());
    foreign.fields[2] = ("adults".into(), "two".into());
    let lines = ["0 foreign", "2 foreign", "4 name = Mila Šć"];
    let mut beside = event.clone();
    beside.fields[0] = ("name".into(), "+382 20 000 000".into());
    vec![
        vector("a-whole-event", "ok", &event, &event.whole(), &whole),
        vector("labels-without-values", "ok", &event, &event.some(&labels), &closed),
        vector("one-value-and-nothing-else", "ok", &event, &event.some(&[(6, true)]), &["6 language = sr-Latn-ME"]),
        vector(
            "one-label-and-one-value",
            "ok",
            &event,
            &event.some(&[(1, false), (4, true)]),
            &["1 age_band", "4 name = Mila Šć"],
        ),
        vector(
            "what-the-catalogue-does-not-have-matches-and-is-dropped",
            "ok",
            &foreign,
            &foreign.some(&[(0, true), (2, true), (4, true)]),
            &lines,
        ),
        vector(
            "a-label-beside-a-foreign-slot-of-the-same-label",
            "ok",
            &beside,
            &beside.some(&[(0, true), (4, true)]),
            &["0 foreign", "4 name = Mila Šć"],
        ),
    ]
}

fn mismatched() -> Vec<Vector> {
    let event = event();
    let whole = |change: fn(&mut wire::WholeDisclosure)| {
        let Some(Form::Whole(mut whole)) = event.whole().form else { unreachable!() };
        change(&mut whole);
        disclosure(Form::Whole(whole))
    };
    let mut twice = event.clone();
    twice.fields[0] = ("name".into(), "Ana".into());
    let mut filled = event.clone();
    filled.fields[0] = (String::new(), "hidden in padding".into());
    let mut seven = event.clone();
    seven.fields.truncate(7);
    let bad = |name, event: &Event, disclosure: &Disclosure| vector(name, BAD, event, disclosure, &[]);
    vec![
        bad("a-whole-event-with-another-secret-of-labels", &event, &whole(|whole| whole.label_secret[0] ^= 1)),
        bad("a-whole-event-with-another-secret-of-values", &event, &whole(|whole| whole.value_secret[0] ^= 1)),
        bad("a-whole-event-with-one-slot-less", &event, &whole(|whole| drop(whole.fields.pop()))),
        bad(
            "a-whole-event-with-one-slot-more",
            &event,
            &whole(|whole| whole.fields.push(wire::DisclosedField::default())),
        ),
        bad("a-whole-event-with-two-slots-exchanged", &event, &whole(|whole| whole.fields.swap(1, 4))),
        bad("a-whole-event-with-one-value-changed", &event, &whole(|whole| whole.fields[4].value = "Mila Šč".into())),
        bad("a-whole-event-with-one-value-left-out", &event, &whole(|whole| whole.fields[4].value.clear())),
        moved("slots-that-were-copied-to-another-trail", "nonce"),
        moved("slots-that-were-copied-by-another-author", "author"),
        bad("one-label-twice-in-a-whole-event", &twice, &twice.whole()),
        bad("one-label-twice-among-some-slots", &twice, &twice.some(&[(0, false), (4, true)])),
        bad("an-event-of-seven-slots", &seven, &seven.whole()),
        vector("a-value-without-label-is-dropped", "ok", &filled, &filled.some(&[(0, true)]), &["0 foreign"]),
    ]
}

/// A whole event under another nonce or author.
fn moved(name: &str, key: &str) -> Vector {
    let event = event();
    let mut vector = vector(name, BAD, &event, &event.whole(), &[]);
    vector.lines.iter_mut().filter(|(of, _)| of == key).for_each(|(_, line)| *line = hex(&[0x35; 32]));
    vector
}

fn misshapen() -> Vec<Vector> {
    let event = event();
    let whole = |change: fn(&mut wire::WholeDisclosure)| {
        let Some(Form::Whole(mut whole)) = event.whole().form else { unreachable!() };
        change(&mut whole);
        disclosure(Form::Whole(whole))
    };
    let one = |change: fn(&mut wire::SlotDisclosure)| {
        let mut slot = event.slot(4, true);
        change(&mut slot);
        disclosure(Form::Some(SlotDisclosures { slots: vec![slot] }))
    };
    let bad = |name, disclosure: &Disclosure| vector(name, MALFORMED, &event, disclosure, &[]);
    let mut unknown = codec::encode(&event.some(&[(4, true)]));
    unknown.extend_from_slice(&[0x20, 0x01]);
    let mut cut = codec::encode(&event.some(&[(4, true)]));
    cut.pop();
    vec![
        bad("a-disclosure-of-nothing", &event.some(&[])),
        bad("a-disclosure-without-form", &Disclosure { event: vec![7; 32], form: None }),
        bad("slots-out-of-order", &event.some(&[(4, true), (1, true)])),
        bad("one-slot-twice", &event.some(&[(4, true), (4, true)])),
        bad("a-slot-without-content", &one(|slot| slot.content = None)),
        bad("a-secret-of-labels-of-31-bytes-in-a-whole-event", &whole(|whole| whole.label_secret.truncate(31))),
        bad("a-secret-of-values-of-31-bytes-in-a-whole-event", &whole(|whole| whole.value_secret.truncate(31))),
        bad("a-secret-of-values-of-33-bytes-in-a-whole-event", &whole(|whole| whole.value_secret.push(0))),
        bad("a-key-of-31-bytes", &one(|slot| slot.label_key.truncate(31))),
        raw("an-unknown-field-in-a-disclosure", NOT_CANONICAL, &event, &unknown, &[]),
        raw("a-disclosure-cut-short", MALFORMED, &event, &cut, &[]),
    ]
}

/// Each opened slot; its value as it would be disclosed again.
fn shown(disclosed: &Disclosed) -> Vec<String> {
    let again = disclosed.disclose(&Id::of(b"event").into(), &Extent { labels: Choice::None, ..Extent::VALUES });
    let values: BTreeMap<u32, String> = match again.and_then(|again| again.form) {
        Some(Form::Some(some)) => some.slots.into_iter().filter_map(|slot| Some((slot.index, value(slot)?))).collect(),
        _ => BTreeMap::new(),
    };
    let shown = disclosed.slots().iter().map(|slot| match (slot.label(), values.get(&slot.index().into())) {
        _ if slot.is_foreign() => "foreign".to_owned(),
        (None, _) => "empty".to_owned(),
        (Some(label), Some(value)) if slot.has_value() => format!("{label} = {value}"),
        (Some(label), _) => label.to_string(),
    });
    disclosed.slots().iter().zip(shown).map(|(slot, shown)| format!("{} {shown}", slot.index())).collect()
}

fn value(slot: wire::SlotDisclosure) -> Option<String> {
    match slot.content? {
        wire::slot_disclosure::Content::Opened(opened) => Some(opened.value),
        wire::slot_disclosure::Content::ValueCommitment(_) => None,
    }
}

fn outcome(vector: &Vector) -> Outcome {
    let author = OrgId::new(vector.array("author"));
    let disclosed = codec::decode::<Disclosure>(&vector.bytes("disclosure"))
        .and_then(|disclosure| open(&disclosure, &vector.bytes("slots"), &vector.array("nonce"), &author));
    match disclosed {
        Ok(disclosed) => ("ok".into(), shown(&disclosed)),
        Err(rejection) => (rejection.code().into(), Vec::new()),
    }
}

/// [DIS-4] [DIS-5] [DIS-10] [DIS-11]
#[test]
fn disclosures_open_as_the_vectors_say() {
    run("disclosure", cases(), outcome);
}

/// No byte of a disclosure can change without being noticed.
#[test]
fn every_flipped_bit_and_every_cut_of_a_disclosure_is_noticed() {
    let event = event();
    let slots = event.slots();
    let labels: Vec<(u16, bool)> = (0..8).map(|index| (index, index % 2 == 0)).collect();
    for disclosure in [event.whole(), event.some(&labels)] {
        let bytes = codec::encode(&disclosure);
        let opens = |bytes: &[u8]| {
            let read = codec::decode::<Disclosure>(bytes)?;
            open(&read, &slots, &event.nonce, &event.author)
        };
        assert!(opens(&bytes).is_ok());
        // The first 34 bytes name the event, which the caller looks up.
        for at in 34..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(opens(&flipped).is_err(), "byte {at} bit {bit}");
            }
        }
        assert!((0..bytes.len()).all(|end| opens(&bytes[..end]).is_err()));
    }
}
