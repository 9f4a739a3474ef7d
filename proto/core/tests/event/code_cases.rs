//! The vectors of what stands inside a kind: no code is missing, none is unknown. [EVT-9]

use uput_core::time::LATEST;
use uput_core::wire::{self, event_body::Kind};

use crate::body_cases::bad;
use crate::file::Vector;
use crate::sample::{answer, named};

/// A kind with one code, and the first code that nobody knows.
type Coded = (&'static str, fn(i32) -> Kind, i32);

const CODED: [Coded; 11] = [
    ("warned", |code| Kind::Warned(wire::Warned { code }), 4),
    ("handed over", |channel| Kind::HandedOver(wire::HandedOver { stage: 1, channel }), 4),
    ("phoned", |answer| Kind::Phoned(wire::Phoned { answer }), 4),
    ("revoked", |reason| Kind::Revoked(wire::Revoked { reason }), 4),
    ("closed", |reason| Kind::Closed(wire::Closed { reason }), 6),
    ("partly accepted", |form| Kind::PartlyAccepted(wire::PartlyAccepted { form }), 6),
    ("declined", |reason| Kind::Declined(wire::Declined { reason }), 10),
    ("redirected", |service_type| Kind::Redirected(wire::Redirected { service_type }), 15),
    ("could not reach", |reason| Kind::CouldNotReach(wire::CouldNotReach { reason }), 5),
    ("provided", |outcome| Kind::Provided(wire::Provided { outcome }), 7),
    ("purged", |manner| Kind::Purged(wire::Purged { manner }), 3),
];

pub(crate) fn all() -> Vec<Vector> {
    let mut cases = Vec::new();
    for (name, kind, unknown) in CODED {
        cases.push(bad(&format!("a {name} without a code"), &answer(kind(0))));
        cases.push(bad(&format!("a {name} with an unknown code"), &answer(kind(unknown))));
    }
    cases.extend(others());
    cases.extend(decisions());
    cases
}

fn others() -> Vec<Vector> {
    let case = |name: &str, kind| bad(name, &answer(kind));
    let handed = |stage| Kind::HandedOver(wire::HandedOver { stage, channel: wire::Channel::Paper.into() });
    vec![
        case("a delivered that names nothing", Kind::Delivered(wire::Delivered { event: Vec::new() })),
        case("a delivered that names 31 bytes", Kind::Delivered(wire::Delivered { event: vec![1; 31] })),
        case("a taking of no offer", Kind::TransferTaken(wire::TransferTaken { offer: Vec::new() })),
        case("a taking of zeros", Kind::TransferTaken(wire::TransferTaken { offer: vec![0; 32] })),
        case("a held without an end", Kind::Held(wire::Held { until: 0 })),
        case("a held that ends after the year 9999", Kind::Held(wire::Held { until: LATEST + 1 })),
        case("a retained without an article", Kind::Retained(wire::Retained { article: 0 })),
        case("a handed over of stage 3", handed(3)),
    ]
}

fn decisions() -> Vec<Vector> {
    let case = |name: &str, change: fn(&mut wire::Decision)| {
        let mut decision = wire::Decision {
            r#type: wire::DecisionType::Placement.into(),
            outcome: wire::DecisionOutcome::Granted.into(),
            expiry: 0,
            evidence: named("decision"),
        };
        change(&mut decision);
        bad(name, &answer(Kind::Decision(decision)))
    };
    vec![
        case("a decision without a type", |x| x.r#type = 0),
        case("a decision with an unknown type", |x| x.r#type = 5),
        case("a decision without an outcome", |x| x.outcome = 0),
        case("a decision with an unknown outcome", |x| x.outcome = 5),
        case("a decision that ends after the year 9999", |x| x.expiry = LATEST + 1),
        case("a decision with evidence of 31 bytes", |x| x.evidence.truncate(31)),
        case("a decision with evidence of zeros", |x| x.evidence = vec![0; 32]),
    ]
}
