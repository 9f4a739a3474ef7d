//! Bodies of invented events. Every ID follows from a name.

use uput_core::codec;
use uput_core::envelope::{MediaType, pae};
use uput_core::id::Id;
use uput_core::wire::{self, event_body::Kind};

pub(crate) const TIME: u64 = 1_767_225_600;

pub(crate) fn named(name: &str) -> Vec<u8> {
    Id::of(name.as_bytes()).as_bytes().to_vec()
}

/// [EVT-1] The ID of an event is that of its envelope.
pub(crate) fn id(body: &[u8]) -> Id {
    Id::of(&pae(MediaType::EVENT.as_str(), body))
}

pub(crate) fn id_of(body: &wire::EventBody) -> Vec<u8> {
    id(&codec::encode(body)).as_bytes().to_vec()
}

pub(crate) fn terms(stage: u32) -> Option<wire::Terms> {
    let basis = if stage == 0 { wire::LegalBasis::NoneNeededNonpersonal } else { wire::LegalBasis::ExplicitConsent };
    Some(wire::Terms { stage, rule: 1, basis: basis.into(), article: 0 })
}

pub(crate) fn slots(count: usize) -> Vec<u8> {
    (0..count).flat_map(|slot| named(&format!("slot {slot}"))).collect()
}

/// An enquiry with eight slots.
pub(crate) fn opening() -> wire::EventBody {
    wire::EventBody {
        author: named("opener"),
        key: named("key record of the opener"),
        time: TIME,
        slots: slots(8),
        terms: terms(0),
        kind: Some(Kind::Opening(wire::Opening {
            peer: named("peer"),
            peer_key: named("key record of the peer"),
            agreement: named("agreement"),
            act: wire::Act::Referral.into(),
            service_type: wire::ServiceType::Shelter.into(),
            nonce: named("nonce"),
            event_version: 1,
            expiry: 0,
            about: Vec::new(),
        })),
        ..wire::EventBody::default()
    }
}

/// The peer's first event, without slots.
pub(crate) fn answer(kind: Kind) -> wire::EventBody {
    let opening = id_of(&opening());
    wire::EventBody {
        trail: opening.clone(),
        author: named("peer"),
        key: named("key record of the peer"),
        seen: opening,
        time: TIME + 60,
        kind: Some(kind),
        ..wire::EventBody::default()
    }
}

/// The event of the same author after another, that has seen what that had seen.
pub(crate) fn after(before: &wire::EventBody, kind: Kind) -> wire::EventBody {
    let trail = if before.trail.is_empty() { id_of(before) } else { before.trail.clone() };
    wire::EventBody {
        trail,
        seq: before.seq + 1,
        prev: id_of(before),
        time: before.time + 60,
        occurred: 0,
        slots: Vec::new(),
        terms: None,
        kind: Some(kind),
        ..before.clone()
    }
}

pub(crate) fn having_seen(event: wire::EventBody, seen: &wire::EventBody) -> wire::EventBody {
    wire::EventBody { seen: id_of(seen), ..event }
}

pub(crate) fn acknowledged() -> Kind {
    Kind::Acknowledged(wire::Acknowledged {})
}

pub(crate) fn held() -> Kind {
    Kind::Held(wire::Held { until: TIME + 3600 })
}

pub(crate) fn need() -> Kind {
    Kind::Need(wire::Need {})
}

pub(crate) fn decision(outcome: wire::DecisionOutcome, evidence: Vec<u8>) -> Kind {
    Kind::Decision(wire::Decision {
        r#type: wire::DecisionType::Placement.into(),
        outcome: outcome.into(),
        expiry: TIME + 86_400,
        evidence,
    })
}
