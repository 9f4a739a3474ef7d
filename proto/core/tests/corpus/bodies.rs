//! Bodies of events that their author signed and that no reader may take. [EVT-2] [EVT-3] [EVT-4] [EVT-6] to [EVT-9]

use uput_core::{
    codec,
    envelope::MediaType,
    event::Statement,
    wire::{self, EventBody, event_body::Kind},
};

use crate::{
    entry::Entry,
    forge::{sealed, twisted, with_event},
    sample::World,
};

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [fields(&world), links(&world), slots(&world), kinds(&world), openings(&world)].into_iter().flatten().collect()
}

/// The shelter's next event, changed before the shelter signs it.
fn case(
    world: &World,
    name: &'static str,
    reason: &'static str,
    breaks: &'static [&'static str],
    change: impl FnOnce(&mut EventBody),
) -> Entry {
    let story = world.enquiry();
    let bundle = with_event(&story, twisted(&story, &world.jasen, Statement::Acknowledged, change));
    Entry::new(name, reason, world, bundle).fails(10, "BUN-30", "MALFORMED").breaks(breaks)
}

fn fields(world: &World) -> Vec<Entry> {
    let case = |name, reason, change: fn(&mut EventBody)| case(world, name, reason, &["EVT-2"], change);
    vec![
        case("an event of nobody", "The author is empty.", |event| event.author.clear()),
        case("an event by an author of zeros", "An ID is not all zero.", |event| event.author = vec![0; 32]),
        case("an event without a key record", "The key is empty.", |event| event.key.clear()),
        case("an event of a trail of 31 bytes", "An ID has 32 bytes.", |event| event.trail.truncate(31)),
        case("an event whose predecessor has 33 bytes", "An ID has 32 bytes.", |event| event.prev.push(7)),
        case("an event that has seen zeros", "An ID is not all zero.", |event| event.seen = vec![0; 32]),
        case("an event at no time", "The time is 0.", |event| event.time = 0),
        case("an event after the year 9999", "The time is a second past it.", |event| event.time = 253_402_300_800),
        case("what occurred after the year 9999", "A second past it.", |event| event.occurred = 253_402_300_800),
    ]
}

fn links(world: &World) -> Vec<Entry> {
    let unlinked = &["EVT-2", "EVT-6"];
    vec![
        case(world, "a first event with a predecessor", "Number 0 has none.", &["EVT-2"], |event| event.seq = 0),
        case(world, "a third event without a predecessor", "Only number 0 has none.", &["EVT-2"], |event| {
            event.prev.clear()
        }),
        case(
            world,
            "an event that has neither a predecessor nor seen anything",
            "Only an opening has neither.",
            unlinked,
            |event| {
                event.seq = 0;
                event.prev.clear();
                event.seen.clear();
            },
        ),
        case(world, "an event without a trail that is no opening", "Only the opening has none.", &["EVT-3"], |event| {
            event.trail.clear();
            event.seq = 0;
            event.prev.clear();
            event.seen.clear();
        }),
    ]
}

fn slots(world: &World) -> Vec<Entry> {
    let terms = || wire::Terms { stage: 1, rule: 1, basis: wire::LegalBasis::ExplicitConsent.into(), article: 0 };
    let case = |name, reason, breaks, change: &dyn Fn(&mut EventBody)| case(world, name, reason, breaks, change);
    vec![
        case(
            "an event with nine slots",
            "0, 8, 16, 32 or 64: the number says little.",
            &["EVT-7", "DIS-6"],
            &|event| {
                (event.slots, event.terms) = (vec![6; 9 * 32], Some(terms()));
            },
        ),
        case("an event with a part of a slot", "Slots have 32 bytes.", &["EVT-7"], &|event| {
            (event.slots, event.terms) = (vec![6; 8 * 32 - 1], Some(terms()));
        }),
        case("a delivery with slots", "Machines say no more than that they have it.", &["EVT-7"], &|event| {
            (event.slots, event.terms) = (vec![6; 8 * 32], Some(terms()));
            event.kind = Some(Kind::Delivered(wire::Delivered { event: event.seen.clone() }));
        }),
        case("slots without terms", "Nobody could say on which basis they disclose.", &["EVT-8"], &|event| {
            event.slots = vec![6; 8 * 32];
        }),
        case("terms without slots", "They are the terms of nothing.", &["EVT-8"], &|event| event.terms = Some(terms())),
        case("a disclosure under no rule", "Rule 0 is none.", &["EVT-8"], &|event| {
            (event.slots, event.terms) = (vec![6; 8 * 32], Some(wire::Terms { rule: 0, ..terms() }));
        }),
        case("a disclosure on no basis", "The basis is unspecified.", &["EVT-8"], &|event| {
            (event.slots, event.terms) = (vec![6; 8 * 32], Some(wire::Terms { basis: 0, ..terms() }));
        }),
        case(
            "a disclosure on a basis that nobody knows",
            "No basis has the number 8.",
            &["EVT-8", "BAS-1"],
            &|event| {
                (event.slots, event.terms) = (vec![6; 8 * 32], Some(wire::Terms { basis: 8, ..terms() }));
            },
        ),
        case("a disclosure at stage 3", "Stages are 0, 1 and 2.", &["EVT-8"], &|event| {
            (event.slots, event.terms) = (vec![6; 8 * 32], Some(wire::Terms { stage: 3, ..terms() }));
        }),
    ]
}

/// [EVT-9] [EVT-28]
fn kinds(world: &World) -> Vec<Entry> {
    let case = |name, reason, kind: Option<Kind>| case(world, name, reason, &["EVT-9"], |event| event.kind = kind);
    let staged = |name, reason, stage, kind: Kind| {
        let terms = wire::Terms { stage, rule: 1, basis: wire::LegalBasis::ExplicitConsent.into(), article: 0 };
        let story = world.enquiry();
        let event = twisted(&story, &world.hotline, Statement::ChosenElsewhere, |event| {
            (event.slots, event.terms, event.kind) = (vec![6; 8 * 32], Some(terms), Some(kind));
        });
        Entry::new(name, reason, world, with_event(&story, event)).fails(10, "BUN-30", "MALFORMED").breaks(&["EVT-8"])
    };
    vec![
        case("an event that says nothing", "It has no kind.", None),
        case("a warning of no kind", "The code is unspecified.", Some(Kind::Warned(wire::Warned { code: 0 }))),
        case(
            "a warning that nobody knows",
            "No warning has the number 99.",
            Some(Kind::Warned(wire::Warned { code: 99 })),
        ),
        case("a no for no reason", "The reason is unspecified.", Some(Kind::Declined(wire::Declined { reason: 0 }))),
        case("a place held until no time", "The time is 0.", Some(Kind::Held(wire::Held { until: 0 }))),
        case("values kept under no article", "Article 0 is none.", Some(Kind::Retained(wire::Retained { article: 0 }))),
        case(
            "a delivery of nothing",
            "It names no event.",
            Some(Kind::Delivered(wire::Delivered { event: Vec::new() })),
        ),
        case("a transfer taken of no offer", "It names no event.", {
            Some(Kind::TransferTaken(wire::TransferTaken { offer: Vec::new() }))
        }),
        case("a task with the number 17", "A plan has at most 16.", {
            Some(Kind::Task(wire::Task { plan: vec![7; 32], number: 17, status: 1 }))
        }),
        case("handed over at stage 3", "Stages are 0, 1 and 2.", {
            Some(Kind::HandedOver(wire::HandedOver { stage: 3, channel: 1 }))
        }),
        staged("a need at stage 2", "A need is said at stage 1.", 2, Kind::Need(wire::Need {})),
        staged("an identity at stage 1", "Who she is is said at stage 2.", 1, Kind::Identity(wire::Identity {})),
    ]
}

/// Openings of other trails that the sender signed and slipped in: malformed, whatever trail they would begin.
fn openings(world: &World) -> Vec<Entry> {
    let case = |name, reason, breaks, change: &dyn Fn(&mut EventBody, &mut wire::Opening)| {
        let (story, other) = (world.enquiry(), world.another());
        let opening = other.trail.event(&other.trail.id().opening()).unwrap();
        let mut event: EventBody = codec::decode(opening.envelope().body()).unwrap();
        let Some(Kind::Opening(mut said)) = event.kind.take() else { panic!("no opening") };
        change(&mut event, &mut said);
        event.kind = Some(Kind::Opening(said));
        let body = codec::encode(&event);
        let signed = sealed(MediaType::EVENT.as_str(), body, &[world.hotline.author(0).signing]);
        Entry::new(name, reason, world, with_event(&story, signed)).fails(10, "BUN-30", "MALFORMED").breaks(breaks)
    };
    let of = &["EVT-4"];
    let about = &["EVT-27", "STA-40"];
    vec![
        case("an opening to its own author", "The peer is somebody else.", of, &|event, said| {
            said.peer = event.author.clone()
        }),
        case("an opening to nobody", "The peer is empty.", of, &|_, said| said.peer.clear()),
        case("an opening under no agreement", "A trail is pinned to one.", of, &|_, said| said.agreement.clear()),
        case("an opening of no act", "The act is unspecified.", of, &|_, said| said.act = 0),
        case("an opening of an act that nobody knows", "No act has the number 99.", of, &|_, said| said.act = 99),
        case("an opening for no service", "The service is unspecified.", of, &|_, said| said.service_type = 0),
        case(
            "an opening with a nonce of zeros",
            "Slots would be bound to nothing.",
            &["EVT-4", "DIS-5"],
            &|_, said| {
                said.nonce = vec![0; 32];
            },
        ),
        case("an opening that allows no event version", "At least 1.", of, &|_, said| said.event_version = 0),
        case("an opening with a number", "The opening is number 0.", &["EVT-3"], &|event, _| event.seq = 1),
        case("an opening that has seen something", "Nothing comes before it.", &["EVT-3"], &|event, _| {
            event.seen = vec![7; 32]
        }),
        case("an opening without terms", "It says under which rule it asks.", &["EVT-8"], &|event, _| {
            event.terms = None
        }),
        case(
            "a breach notice about no trail",
            "It says whose values were exposed by naming the trail.",
            about,
            &|_, said| {
                said.act = wire::Act::BreachNotice.into();
            },
        ),
        case("a consultation about a trail", "It would say who she is.", about, &|_, said| {
            said.act = wire::Act::Consultation.into();
            said.about = vec![7; 32];
        }),
    ]
}
