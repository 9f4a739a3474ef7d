//! Whatever two parties sign in whatever order, a trail stays readable, and what it admitted it knows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uput_core::codec;
use uput_core::envelope::{Envelope, MediaType, Verified, verify_one};
use uput_core::event::Event;
use uput_core::id::{EventId, Id};
use uput_core::key::SigningKey;
use uput_core::rejection::Rejection;
use uput_core::trail::{Admission, Trail};
use uput_core::wire::{self, EventBody, event_body::Kind};

/// Bytes of one event: author, kind, number, predecessor, seen, incarnation.
const STEP: usize = 6;
/// Events of one run: what a predecessor can be is chosen by one byte.
const MOST: usize = 40;

fuzz_target!(|bytes: &[u8]| {
    let stage = bytes.first().map_or(0, |byte| u32::from(byte % 3));
    let Ok(opening) = signed(&opening(stage)) else { return };
    let mut offered = vec![opening.id];
    let Ok(mut trail) = Trail::open(opening, stage) else { return };
    for step in bytes.chunks_exact(STEP).take(MOST) {
        let Ok(event) = signed(&event(&trail, &offered, step)) else { continue };
        offered.push(event.id);
        let (before, again) = (trail.len(), event.clone());
        match trail.admit(event) {
            Ok(Admission::New | Admission::Twin) => assert!(trail.len() == before + 1, "admitted and not there"),
            Ok(Admission::Known) => assert!(trail.len() == before, "known and there twice"),
            Err(_) => assert!(trail.len() == before && trail.event(&again.id).is_none(), "refused and there"),
        }
        if trail.event(&again.id).is_some() {
            assert!(matches!(trail.admit(again), Ok(Admission::Known)), "there and not known");
        }
    }
    assert!(trail.reading().is_ok(), "a trail that cannot be read");
});

fn name(text: &str) -> Vec<u8> {
    Id::of(text.as_bytes()).as_bytes().to_vec()
}

fn opening(stage: u32) -> EventBody {
    EventBody {
        author: name("opener"),
        key: name("record"),
        time: 60,
        terms: Some(wire::Terms { stage, rule: 1, basis: wire::LegalBasis::ExplicitConsent.into(), article: 0 }),
        kind: Some(Kind::Opening(wire::Opening {
            peer: name("peer"),
            peer_key: name("record"),
            agreement: name("agreement"),
            act: wire::Act::Referral.into(),
            service_type: wire::ServiceType::Shelter.into(),
            nonce: name("nonce"),
            event_version: 1,
            expiry: 0,
            about: Vec::new(),
        })),
        ..EventBody::default()
    }
}

fn event(trail: &Trail, offered: &[EventId], step: &[u8]) -> EventBody {
    let chosen = |byte: u8| offered.get(usize::from(byte) % (offered.len() + 1)).map(|id| id.to_vec());
    let at = |place: usize| step.get(place).copied().unwrap_or_default();
    let before = chosen(at(3));
    let number = before.as_ref().and_then(|id| EventId::parse(id).ok()).and_then(|id| trail.event(&id));
    let next = number.map_or(0, |event| event.seq + 1);
    EventBody {
        trail: trail.id().to_vec(),
        author: name(["opener", "peer", "opener", "peer", "a third"][usize::from(at(0)) % 5]),
        key: name("record"),
        // Mostly the number that follows, so that chains grow.
        seq: if at(2) < 200 { next } else { u64::from(at(2) % 8) },
        prev: before.unwrap_or_default(),
        seen: chosen(at(4)).unwrap_or_default(),
        incarnation: u32::from(at(5) / 128),
        time: 60,
        kind: Some(kind(at(1), offered)),
        ..EventBody::default()
    }
}

fn kind(byte: u8, offered: &[EventId]) -> Kind {
    let named = offered.get(usize::from(byte / 16) % offered.len()).map(|id| id.to_vec()).unwrap_or_default();
    match byte % 16 {
        0 => Kind::Delivered(wire::Delivered { event: named }),
        1 => Kind::Need(wire::Need {}),
        2 => Kind::Identity(wire::Identity {}),
        3 => Kind::Corrected(wire::Corrected {}),
        4 => Kind::Accepted(wire::Accepted {}),
        5 => Kind::Held(wire::Held { until: 60 }),
        6 => Kind::Declined(wire::Declined { reason: 1 }),
        7 => Kind::Withdrawn(wire::Withdrawn {}),
        8 => Kind::Closed(wire::Closed { reason: 1 }),
        9 => Kind::Reopened(wire::Reopened {}),
        10 => Kind::PurgeAsked(wire::PurgeAsked {}),
        11 => Kind::Purged(wire::Purged { manner: 1 }),
        12 => Kind::TransferOffered(wire::TransferOffered {}),
        13 => Kind::TransferTaken(wire::TransferTaken { offer: named }),
        14 => Kind::Started(wire::Started {}),
        _ => Kind::TransferCompleted(wire::TransferCompleted {}),
    }
}

fn signed(body: &EventBody) -> Result<Verified<Event>, Rejection> {
    let key = SigningKey::from_seed(&[1; 32]);
    let envelope = Envelope::sign(MediaType::EVENT, codec::encode(body), &[&key])?;
    let id = envelope.id();
    verify_one(envelope, MediaType::EVENT, key.public(), |body| Event::parse(id, body))
}
