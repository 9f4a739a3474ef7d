//! The vectors of trails: events in the order in which they come, and what becomes of each.

use uput_core::codec;
use uput_core::wire::{self, EventBody, event_body::Kind};

use crate::file::Vector;
use crate::sample::{acknowledged, after, answer, having_seen, held, id_of, named, need, opening, terms};

pub(crate) fn all() -> Vec<Vector> {
    [admitted(), kept(), elsewhere(), sequence(), seen()].into_iter().flatten().collect()
}

fn case(expect: &str, name: &str, events: &[(&EventBody, &str)]) -> Vector {
    let with = |vector: Vector, (body, admission): &(&EventBody, &str)| {
        vector.with("body", codec::encode(*body)).with("admission", admission)
    };
    events.iter().fold(Vector::new(expect, name), with)
}

fn withdrawn() -> Kind {
    Kind::Withdrawn(wire::Withdrawn {})
}

/// [EVT-5] [EVT-6] [EVT-11]
fn admitted() -> Vec<Vector> {
    let first = opening();
    let a = answer(held());
    let b = after(&a, acknowledged());
    let asked = having_seen(after(&first, need()), &b);
    let crossing = after(&first, withdrawn());
    let void = answer(Kind::Accepted(wire::Accepted {}));
    let earlier = EventBody { time: 60, ..b.clone() };
    let restored = EventBody { incarnation: 1, ..b.clone() };
    let strange = answer(Kind::Need(wire::Need {}));
    vec![
        case("ok", "a trail grows from both sides", &[(&first, "new"), (&a, "new"), (&b, "new"), (&asked, "new")]),
        case(
            "ok",
            "an event that comes again is known",
            &[(&first, "new"), (&a, "new"), (&first, "known"), (&a, "known")],
        ),
        case("ok", "two events that crossed are both new", &[(&first, "new"), (&a, "new"), (&crossing, "new")]),
        case("ok", "an event without effect is admitted", &[(&first, "new"), (&void, "new")]),
        case("ok", "an event by the wrong side is admitted", &[(&first, "new"), (&strange, "new")]),
        case(
            "ok",
            "a time before that of the predecessor is admitted",
            &[(&first, "new"), (&a, "new"), (&earlier, "new")],
        ),
        case(
            "ok",
            "a restored node goes on in a newer incarnation",
            &[(&first, "new"), (&a, "new"), (&restored, "new")],
        ),
    ]
}

/// [EVT-16] [EVT-19]
fn kept() -> Vec<Vector> {
    let first = opening();
    let (a, twin) = (answer(held()), answer(acknowledged()));
    let (b, after_twin) = (after(&a, acknowledged()), after(&twin, held()));
    let newer = EventBody { incarnation: 1, ..answer(acknowledged()) };
    let beside =
        having_seen(EventBody { trail: id_of(&first), prev: Vec::new(), seq: 0, ..after(&first, withdrawn()) }, &a);
    vec![
        case("twin", "two events with one number are both kept", &[(&first, "new"), (&a, "new"), (&twin, "twin")]),
        case(
            "twin",
            "a twin is continued like any other",
            &[(&first, "new"), (&a, "new"), (&b, "new"), (&twin, "twin"), (&after_twin, "twin")],
        ),
        case(
            "twin",
            "a number used again in a newer incarnation is kept",
            &[(&first, "new"), (&a, "new"), (&newer, "twin")],
        ),
        case(
            "twin",
            "an event with the number of the opening is kept",
            &[(&first, "new"), (&a, "new"), (&beside, "twin")],
        ),
    ]
}

/// [EVT-3] [EVT-11]
fn elsewhere() -> Vec<Vector> {
    let first = opening();
    let second = EventBody { time: first.time + 60, ..opening() };
    let other = EventBody { trail: id_of(&second), seen: id_of(&second), ..answer(held()) };
    let stranger = EventBody { author: named("a third"), ..answer(held()) };
    vec![
        case("WRONG_TRAIL", "a trail begins with an opening", &[(&answer(held()), "WRONG_TRAIL")]),
        case("WRONG_TRAIL", "a second opening is of another trail", &[(&first, "new"), (&second, "WRONG_TRAIL")]),
        case("WRONG_TRAIL", "an event of another trail", &[(&first, "new"), (&other, "WRONG_TRAIL")]),
        case("WRONG_TRAIL", "a third party has no say", &[(&first, "new"), (&stranger, "WRONG_TRAIL")]),
    ]
}

/// [EVT-5] [EVT-17] [EVT-19]
fn sequence() -> Vec<Vector> {
    let first = opening();
    let a = answer(held());
    let b = after(&a, acknowledged());
    let c = after(&b, acknowledged());
    let asked = having_seen(after(&first, need()), &a);
    let gap = EventBody { seq: 2, ..b.clone() };
    let again = EventBody { seq: b.seq, ..c.clone() };
    let others = EventBody { prev: id_of(&first), ..b.clone() };
    let newer = EventBody { incarnation: 1, ..a.clone() };
    let older = EventBody { incarnation: 0, ..after(&newer, acknowledged()) };
    let broken = "BROKEN_SEQUENCE";
    let missing = "MISSING_PREDECESSOR";
    vec![
        case(
            missing,
            "an event waits for its predecessor",
            &[(&first, "new"), (&b, missing), (&a, "new"), (&b, "new")],
        ),
        case(
            missing,
            "an event waits for what it has seen",
            &[(&first, "new"), (&asked, missing), (&a, "new"), (&asked, "new")],
        ),
        case(broken, "a number is left out", &[(&first, "new"), (&a, "new"), (&gap, broken)]),
        case(broken, "a number stays where it was", &[(&first, "new"), (&a, "new"), (&b, "new"), (&again, broken)]),
        case(broken, "the predecessor is the other partys", &[(&first, "new"), (&a, "new"), (&others, broken)]),
        case(broken, "an older incarnation after a newer one", &[(&first, "new"), (&newer, "new"), (&older, broken)]),
    ]
}

/// [EVT-6]
fn seen() -> Vec<Vector> {
    let first = opening();
    let a = answer(held());
    let b = after(&a, acknowledged());
    let asked = having_seen(after(&first, need()), &b);
    let back = having_seen(after(&asked, withdrawn()), &a);
    let nothing = EventBody { seen: Vec::new(), ..back.clone() };
    let own = having_seen(back.clone(), &first);
    let slots = EventBody { slots: crate::sample::slots(8), terms: terms(1), ..asked.clone() };
    let before = [(&first, "new"), (&a, "new"), (&b, "new"), (&asked, "new")];
    let then = |event| [&before[..], &[(event, "BROKEN_SEQUENCE")]].concat();
    vec![
        case("BROKEN_SEQUENCE", "what was seen is not seen less", &then(&back)),
        case("BROKEN_SEQUENCE", "what was seen is not unseen", &then(&nothing)),
        case("BROKEN_SEQUENCE", "nobody has seen what is its own", &then(&own)),
        case(
            "ok",
            "a need with slots has seen the answer",
            &[(&first, "new"), (&a, "new"), (&b, "new"), (&slots, "new")],
        ),
    ]
}
