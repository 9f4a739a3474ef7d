//! The vectors of an event's body, one for each rule.

use uput_core::codec;
use uput_core::time::LATEST;
use uput_core::wire::{self, EventBody, event_body::Kind};

use crate::file::Vector;
use crate::sample::{TIME, acknowledged, after, answer, decision, held, id_of, named, need, opening, slots, terms};

pub(crate) fn all() -> Vec<Vector> {
    [sound(), ids(), places(), times(), slotted(), opened(), acts(), encoded(), later(), later_links(), cited()]
        .into_iter()
        .flatten()
        .collect()
}

fn ok(name: &str, body: &EventBody) -> Vector {
    Vector::new("ok", name).with("body", codec::encode(body)).with("id", id_of(body))
}

pub(crate) fn bad(name: &str, body: &EventBody) -> Vector {
    Vector::new("MALFORMED", name).with("body", codec::encode(body))
}

fn identity() -> Kind {
    Kind::Identity(wire::Identity {})
}

fn sound() -> Vec<Vector> {
    let delivered = answer(Kind::Delivered(wire::Delivered { event: id_of(&opening()) }));
    let first = answer(held());
    let with = |stage, count, kind| EventBody { slots: slots(count), terms: terms(stage), ..after(&opening(), kind) };
    let task = wire::Task { plan: named("plan"), number: 16, status: wire::TaskStatus::CannotBeDone.into() };
    vec![
        ok("an opening about an earlier trail", &asking(wire::Act::Referral, 0, "earlier trail")),
        ok("an answer to a request for information", &asking(wire::Act::InformationAnswer, 2, "request")),
        ok("a breach notice", &asking(wire::Act::BreachNotice, 0, "trail that was exposed")),
        ok("a consultation with a need", &asking(wire::Act::Consultation, 1, "")),
        ok("minutes", &with(1, 8, Kind::Minutes(wire::Minutes {}))),
        ok("a plan", &with(2, 16, Kind::Plan(wire::Plan {}))),
        ok("a task of a plan", &answer(Kind::Task(task))),
        ok("a visit", &answer(Kind::Visited(wire::Visited { outcome: wire::VisitOutcome::NotSafe.into() }))),
        ok("an escalation", &after(&opening(), escalated(wire::ServiceType::Oversight as i32))),
        ok("an opening with eight slots", &opening()),
        ok("an opening without slots has terms all the same", &EventBody { slots: Vec::new(), ..opening() }),
        ok("a delivered", &delivered),
        ok("a need with sixteen slots", &with(1, 16, need())),
        ok("an identity with sixty four slots", &with(2, 64, identity())),
        ok("an identity without slots has no terms", &after(&opening(), identity())),
        ok("an answer with slots", &EventBody { slots: slots(8), terms: terms(0), ..answer(held()) }),
        ok("a decision that cites another trail", &answer(decision(wire::DecisionOutcome::Granted, named("decision")))),
        ok("an event of a restored node", &EventBody { incarnation: 1, ..after(&first, acknowledged()) }),
        ok("a time that is no whole minute", &EventBody { time: TIME + 61, ..first.clone() }),
        ok("the last time and what occurred later", &EventBody { time: LATEST - 60, occurred: LATEST, ..first }),
    ]
}

/// An opening of an act at a stage, about another trail if one is named.
fn asking(act: wire::Act, stage: u32, about: &str) -> EventBody {
    let mut body = EventBody { terms: terms(stage), ..opening() };
    if let Some(Kind::Opening(opening)) = &mut body.kind {
        opening.act = act.into();
        opening.about = if about.is_empty() { Vec::new() } else { named(about) };
    }
    body
}

fn escalated(service_type: i32) -> Kind {
    Kind::Escalated(wire::Escalated { service_type })
}

/// [STA-40] [EVT-9] [EVT-28] [EVT-29]
fn acts() -> Vec<Vector> {
    let task = |plan: &str, number, status| {
        let plan = if plan.is_empty() { Vec::new() } else { named(plan) };
        answer(Kind::Task(wire::Task { plan, number, status }))
    };
    vec![
        bad("a consultation with an identity", &asking(wire::Act::Consultation, 2, "")),
        bad("a breach notice with a need", &asking(wire::Act::BreachNotice, 1, "trail that was exposed")),
        bad("a task of no plan", &task("", 1, 1)),
        bad("a task without a number", &task("plan", 0, 1)),
        bad("a task above sixteen", &task("plan", 17, 1)),
        bad("a task without a status", &task("plan", 1, 0)),
        bad("a task with an unknown status", &task("plan", 1, 5)),
        bad("a visit without an outcome", &answer(Kind::Visited(wire::Visited { outcome: 0 }))),
        bad("a visit with an unknown outcome", &answer(Kind::Visited(wire::Visited { outcome: 6 }))),
        bad("an escalation to nobody", &after(&opening(), escalated(0))),
    ]
}

/// [EVT-2] Every ID has 32 bytes, not all zero.
fn ids() -> Vec<Vector> {
    type Field = fn(&mut EventBody) -> &mut Vec<u8>;
    let fields: [(&str, Field); 5] = [
        ("trail", |body| &mut body.trail),
        ("author", |body| &mut body.author),
        ("key", |body| &mut body.key),
        ("prev", |body| &mut body.prev),
        ("seen", |body| &mut body.seen),
    ];
    let second = after(&answer(held()), acknowledged());
    let faults: [(&str, &[u8]); 3] = [("31 bytes", &[1; 31]), ("33 bytes", &[1; 33]), ("zeros", &[0; 32])];
    let altered = |(name, field): &(&str, Field), (fault, bytes): &(&str, &[u8])| {
        let mut body = second.clone();
        *field(&mut body) = bytes.to_vec();
        bad(&format!("a field {name} of {fault}"), &body)
    };
    let mut cases: Vec<_> =
        fields.iter().flat_map(|field| faults.iter().map(move |fault| altered(field, fault))).collect();
    cases.push(bad("an event without an author", &EventBody { author: Vec::new(), ..second.clone() }));
    cases.push(bad("an event without a key record", &EventBody { key: Vec::new(), ..second }));
    cases
}

/// [EVT-3] [EVT-5] [EVT-6]
fn places() -> Vec<Vector> {
    let (first, second) = (answer(held()), after(&answer(held()), acknowledged()));
    vec![
        bad("an answer without a trail", &EventBody { trail: Vec::new(), ..first.clone() }),
        bad("an opening with a trail", &EventBody { trail: named("trail"), ..opening() }),
        bad("an opening with a number", &EventBody { seq: 1, prev: named("before"), ..opening() }),
        bad("an opening that has seen something", &EventBody { seen: named("seen"), ..opening() }),
        bad("an opening with a predecessor", &EventBody { prev: named("before"), ..opening() }),
        bad("the first number with a predecessor", &EventBody { prev: named("before"), ..first.clone() }),
        bad("a later number without a predecessor", &EventBody { prev: Vec::new(), ..second }),
        bad("a first answer that has seen nothing", &EventBody { seen: Vec::new(), ..first }),
    ]
}

/// [EVT-10]
fn times() -> Vec<Vector> {
    let event = answer(held());
    vec![
        bad("an event without a time", &EventBody { time: 0, ..event.clone() }),
        bad("a time after the year 9999", &EventBody { time: LATEST + 1, ..event.clone() }),
        bad("an occurrence after the year 9999", &EventBody { occurred: LATEST + 1, ..event }),
    ]
}

/// [EVT-7] [EVT-8]
fn slotted() -> Vec<Vector> {
    let event = |stage, count, kind| EventBody { slots: slots(count), terms: terms(stage), ..after(&opening(), kind) };
    let changed = |change: fn(&mut wire::Terms)| {
        let mut body = event(1, 8, need());
        change(body.terms.as_mut().unwrap());
        body
    };
    let mut cases = vec![
        bad("slots of 255 bytes", &EventBody { slots: vec![1; 255], ..event(1, 8, need()) }),
        bad("slots without terms", &EventBody { terms: None, ..event(1, 8, need()) }),
        bad("terms without slots", &event(1, 0, need())),
        bad("an opening without terms", &EventBody { terms: None, ..opening() }),
        bad("a delivered with slots", &event(0, 8, Kind::Delivered(wire::Delivered { event: named("event") }))),
        bad("a need at stage 2", &event(2, 8, need())),
        bad("a need at stage 0", &event(0, 8, need())),
        bad("an identity at stage 1", &event(1, 8, identity())),
        bad("an answer at stage 3", &event(3, 8, held())),
        bad("terms without a rule", &changed(|terms| terms.rule = 0)),
        bad("terms without a basis", &changed(|terms| terms.basis = 0)),
        bad("terms with an unknown basis", &changed(|terms| terms.basis = 99)),
    ];
    cases
        .extend([1, 7, 9, 24, 128].map(|count| bad(&format!("an event with {count} slots"), &event(1, count, need()))));
    cases
}

/// [EVT-4]
fn opened() -> Vec<Vector> {
    let case = |name: &str, change: fn(&mut wire::Opening)| {
        let mut body = opening();
        if let Some(Kind::Opening(opening)) = &mut body.kind {
            change(opening);
        }
        bad(name, &body)
    };
    vec![
        case("an opening to nobody", |x| x.peer.clear()),
        case("an opening to itself", |x| x.peer = named("opener")),
        case("an opening to a peer of zeros", |x| x.peer = vec![0; 32]),
        case("an opening without the peers key record", |x| x.peer_key.clear()),
        case("an opening with a peers key record of 31 bytes", |x| x.peer_key.truncate(31)),
        case("an opening without an agreement", |x| x.agreement.clear()),
        case("an opening with an agreement of 33 bytes", |x| x.agreement.push(1)),
        case("an opening that asks nothing", |x| x.act = 0),
        case("an opening that asks what nobody knows", |x| x.act = 14),
        case("an opening without a service type", |x| x.service_type = 0),
        case("an opening with an unknown service type", |x| x.service_type = 15),
        case("an opening without a nonce", |x| x.nonce.clear()),
        case("an opening with a nonce of 31 bytes", |x| x.nonce.truncate(31)),
        case("an opening with a nonce of zeros", |x| x.nonce = vec![0; 32]),
        case("an opening without an event version", |x| x.event_version = 0),
        case("an opening that ends after the year 9999", |x| x.expiry = LATEST + 1),
        case("an opening about an ID of 31 bytes", |x| x.about = vec![1; 31]),
        case("an opening about an ID of zeros", |x| x.about = vec![0; 32]),
        case("a consultation about an earlier trail", |x| {
            (x.act, x.about) = (wire::Act::Consultation.into(), named("earlier trail"));
        }),
        case("an answer to no request", |x| x.act = wire::Act::InformationAnswer.into()),
        case("a breach notice about no trail", |x| x.act = wire::Act::BreachNotice.into()),
    ]
}

/// [EVT-1]
fn encoded() -> Vec<Vector> {
    let body = codec::encode(&answer(acknowledged()));
    let other = |name: &str, expect: &str, bytes: Vec<u8>| Vector::new(expect, name).with("body", bytes);
    let kind = [0x92, 0x02, 0x00]; // field 34, empty: acknowledged
    let (fields, rest) = body.split_at(body.len() - kind.len());
    assert_eq!(rest, kind);
    let with = |bytes: &[u8]| [&body, bytes].concat();
    vec![
        other("an event of no bytes", "MALFORMED", Vec::new()),
        other("an event without its last byte", "MALFORMED", body[..body.len() - 1].to_vec()),
        other("an event with a byte after its end", "MALFORMED", with(&[0])),
        other("an event that says nothing", "MALFORMED", fields.to_vec()),
        other("an event that says what nobody knows", "NOT_CANONICAL", [fields, &[0xb2, 0x03, 0x00]].concat()),
        other("an event that says two things", "NOT_CANONICAL", with(&[0x9a, 0x02, 0x02, 0x08, 0x01])),
        other("an event that says one thing twice", "NOT_CANONICAL", with(&kind)),
        other("an event with an unknown field", "NOT_CANONICAL", with(&[0xd2, 0x05, 0x01, 0x07])),
        other("an event with text in it", "NOT_CANONICAL", with(&[0x62, 0x03, b'y', b'e', b's'])),
        other("an event with a number 0 written out", "NOT_CANONICAL", with(&[0x28, 0x00])),
        other("an event whose kind comes first", "NOT_CANONICAL", [&kind, fields].concat()),
        other("a kind with a length in two bytes", "NOT_CANONICAL", [fields, &[0x92, 0x02, 0x80, 0x00]].concat()),
        other("an acknowledged with content", "NOT_CANONICAL", [fields, &[0x92, 0x02, 0x02, 0x08, 0x01]].concat()),
        other("an incarnation of more than 32 bits", "NOT_CANONICAL", {
            let body = codec::encode(&EventBody { incarnation: u32::MAX, ..answer(acknowledged()) });
            let at = body.windows(6).position(|window| window == [0x20, 0xff, 0xff, 0xff, 0xff, 0x0f]).unwrap();
            let mut body = body;
            body[at + 5] = 0x1f;
            body
        }),
    ]
}

/// [EVT-20] What begins like every event, and goes on as nobody here knows.
fn later() -> Vec<Vector> {
    let fields = EventBody { kind: None, ..answer(acknowledged()) };
    let begins = codec::encode(&fields);
    let unknown = [0xd2, 0x05, 0x01, 0x07]; // field 90
    let case = |expect: &str, name: &str, bytes: Vec<u8>| Vector::new(expect, name).with("prefix", bytes);
    let with = |fields: &EventBody| [codec::encode(fields), unknown.to_vec()].concat();
    vec![
        case("ok", "a later version begins like this one", [&begins[..], &unknown].concat()),
        case(
            "NOT_CANONICAL",
            "a later version with a second author",
            [&begins[..], &unknown, &[0x12, 0x01, 0x01]].concat(),
        ),
        case("NOT_CANONICAL", "a later version whose own fields come first", [&unknown, &begins[..]].concat()),
        case(
            "MALFORMED",
            "a later version without an author",
            with(&EventBody { author: Vec::new(), ..fields.clone() }),
        ),
        case("MALFORMED", "a later version without a time", with(&EventBody { time: 0, ..fields })),
    ]
}

/// [EVT-20] Fields 1 to 9 keep their rules in every version: those of an opening, and of what follows another event.
fn later_links() -> Vec<Vector> {
    let unknown = [0xd2, 0x05, 0x01, 0x07]; // field 90
    let case = |expect: &str, name: &str, body: EventBody| {
        let begins = codec::encode(&EventBody { kind: None, terms: None, ..body });
        Vector::new(expect, name).with("prefix", [&begins[..], &unknown].concat())
    };
    let bad = |name: &str, body| case("MALFORMED", name, body);
    let (first, second) = (answer(acknowledged()), after(&answer(held()), acknowledged()));
    vec![
        case("ok", "a later version may open a trail", opening()),
        case("ok", "a later version may come after another event", second.clone()),
        case("ok", "a later version with slots in a number of its own", EventBody { slots: slots(9), ..first.clone() }),
        bad("a later versions opening with a number", EventBody { seq: 1, prev: named("before"), ..opening() }),
        bad("a later versions opening with a predecessor", EventBody { prev: named("before"), ..opening() }),
        bad("a later versions opening that has seen something", EventBody { seen: named("seen"), ..opening() }),
        bad(
            "a later version with the first number and a predecessor",
            EventBody { prev: named("before"), ..first.clone() },
        ),
        bad("a later version with a number and no predecessor", EventBody { prev: Vec::new(), ..second }),
        bad("a later versions first answer that has seen nothing", EventBody { seen: Vec::new(), ..first.clone() }),
        bad("a later version with a trail of zeros", EventBody { trail: vec![0; 32], ..opening() }),
        bad("a later version after the year 9999", EventBody { time: LATEST + 1, ..first.clone() }),
        bad("a later version that occurred after the year 9999", EventBody { occurred: LATEST + 1, ..first }),
    ]
}

/// [EVT-15]
fn cited() -> Vec<Vector> {
    let issued = EventBody {
        trail: named("notification"),
        author: named("centre"),
        seen: named("notification"),
        ..answer(decision(wire::DecisionOutcome::Granted, Vec::new()))
    };
    let id = id_of(&issued);
    let citing = |outcome| after(&opening(), decision(outcome, id.clone()));
    let case = |expect: &str, name: &str, body: &EventBody, cited: &EventBody| {
        Vector::new(expect, name).with("body", codec::encode(body)).with("cited", codec::encode(cited))
    };
    let granted = wire::DecisionOutcome::Granted;
    let bad = |name: &str, cited: EventBody| {
        let body = after(&opening(), decision(granted, id_of(&cited)));
        case("BAD_EVIDENCE", name, &body, &cited)
    };
    let other = |kind| EventBody { kind: Some(kind), ..issued.clone() };
    let changed = |change: fn(&mut wire::Decision)| {
        let Kind::Decision(mut made) = decision(granted, Vec::new()) else { panic!("a decision") };
        change(&mut made);
        other(Kind::Decision(made))
    };
    vec![
        case("ok", "a decision with the event that it cites", &citing(granted), &issued),
        case("BAD_EVIDENCE", "evidence with another outcome", &citing(wire::DecisionOutcome::Refused), &issued),
        bad("evidence with another type", changed(|made| made.r#type = wire::DecisionType::Court.into())),
        bad("evidence with another end", changed(|made| made.expiry += 60)),
        bad("evidence that itself cites", other(decision(granted, named("another decision")))),
        bad("evidence that is no decision", other(acknowledged())),
        bad("evidence of the same trail", answer(decision(granted, Vec::new()))),
        case(
            "BAD_EVIDENCE",
            "evidence that is not the one cited",
            &citing(granted),
            &EventBody { time: TIME + 120, ..issued.clone() },
        ),
        case("BAD_EVIDENCE", "evidence for what cites nothing", &answer(decision(granted, Vec::new())), &issued),
    ]
}
