//! Chains, gaps, twins and incarnations: what the events of a trail say of each other.

use uput_core::{
    envelope::{Envelope, MediaType},
    event::{Event, Statement},
    head::{ClosedIncarnation, Head},
    id::{EventId, Id},
    state::Side,
    wire::{ClosureReason, EventBody, WarningCode},
};

use crate::{
    entry::Entry,
    forge::{changed, exported, falsified, sealed, twisted, with_event},
    sample::{Organisation, Story, World},
};

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [continued(&world), newer(&world), gaps(&world), twins(&world), stale(&world), restored(&world)]
        .into_iter()
        .flatten()
        .collect()
}

/// [BUN-31]
fn continued(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let (hotline, jasen) = (&world.hotline, &world.jasen);
    let case = |name, rejection, reason, bundle| {
        Entry::new(name, reason, world, bundle).fails(10, "BUN-31", rejection).breaks(&["EVT-5", "EVT-11"])
    };
    let next =
        |change: &dyn Fn(&mut EventBody)| with_event(&story, twisted(&story, jasen, Statement::Acknowledged, change));
    let mut warned = world.enquiry();
    warned.say(hotline, Statement::Warned(WarningCode::RiskChanged));
    warned.say(jasen, Statement::Acknowledged);
    let mut second = world.enquiry();
    second.force(jasen, Statement::Acknowledged, |event| event.incarnation = 1);
    let four = World::invented();
    let (night, lipa) = (four.enquiry(), &four.others[0]);
    let opening = story.trail.id().opening();
    vec![
        case("an event of another trail", "WRONG_TRAIL", "What was said of somebody else is shown as said of her.", {
            let other = world.another();
            let event = other.trail.events().last().unwrap().envelope().clone();
            with_event(&story, event)
        })
        .breaks(&["EVT-11"]),
        case("the opening of another trail", "WRONG_TRAIL", "A trail has one opening.", {
            let other = world.another();
            with_event(&story, other.trail.event(&other.trail.id().opening()).unwrap().envelope().clone())
        })
        .breaks(&["EVT-3", "EVT-11"]),
        Entry::new("an event of a third party", "It is by neither of the two.", &four, {
            let mut event = Event::clone(&night.next(&four.jasen, Statement::Acknowledged, |_| {}));
            (event.author, event.key) = (lipa.id, lipa.newest());
            with_event(&night, Envelope::sign(MediaType::EVENT, event.encode(), &[lipa.signing()]).unwrap())
        })
        .fails(10, "BUN-31", "WRONG_TRAIL")
        .breaks(&["EVT-11"]),
        case("an event that skips a number", "BROKEN_SEQUENCE", "What was number 2?", next(&|event| event.seq = 3)),
        case("an event that follows the other party's", "BROKEN_SEQUENCE", "Its predecessor is its author's.", {
            next(&|event| event.prev = opening.to_vec())
        }),
        case("an event that leaves out its predecessor", "BROKEN_SEQUENCE", "It follows the one before that.", {
            let first = story.trail.events().nth(1).unwrap().id;
            next(&|event| event.prev = first.to_vec())
        }),
        case("an incarnation that goes back", "BROKEN_SEQUENCE", "Along a chain it never falls.", {
            let event = twisted(&second, jasen, Statement::ContactMade, |event| event.incarnation = 0);
            with_event(&second, event)
        })
        .breaks(&["EVT-5", "EVT-19"]),
        case("an event that has seen less than the one before it", "BROKEN_SEQUENCE", "What was seen stays seen.", {
            with_event(&warned, twisted(&warned, jasen, Statement::ContactMade, |event| event.seen = opening.to_vec()))
        })
        .breaks(&["EVT-6", "EVT-11"]),
        case(
            "an event that has seen nothing after it had seen the opening",
            "BROKEN_SEQUENCE",
            "What was seen stays seen.",
            { next(&|event| event.seen.clear()) },
        )
        .breaks(&["EVT-6", "EVT-11"]),
        case("an event that has seen its own author's", "BROKEN_SEQUENCE", "What is seen is the other party's.", {
            next(&|event| event.seen = event.prev.clone())
        })
        .breaks(&["EVT-6", "EVT-11"]),
    ]
}

/// The same event as one of a later version.
fn later(event: &Envelope, by: &Organisation, media_type: &str, more: &[u8]) -> Envelope {
    sealed(media_type, [event.body(), more].concat(), &[by.signing()])
}

const V2: &str = "application/vnd.uput.event.v2+protobuf";
const UNKNOWN: [u8; 3] = [0xd2, 0x05, 0x00];

/// [BUN-24] [BUN-128] [EVT-20]
fn newer(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let four = World::invented();
    let (night, lipa) = (four.enquiry(), &four.others[0]);
    let jasen = &world.jasen;
    let event = twisted(&story, jasen, Statement::Acknowledged, |_| {});
    let v2 = || later(&event, jasen, V2, &UNKNOWN);
    let case = |name, reason, event| Entry::new(name, reason, world, with_event(&story, event)).breaks(&["EVT-20"]);
    vec![
        case("an event of a newer version", "It is verified, and not read.", v2())
            .fails(11, "BUN-24", "NEEDS_UPGRADE")
            .breaks(&["EVT-20", "STA-6"]),
        case("an event of a newer version with a false signature", "It is verified like any other.", falsified(&v2()))
            .fails(10, "BUN-30", "BAD_SIGNATURE"),
        case("an event of a newer version that the other party signed", "It is verified like any other.", {
            sealed(V2, v2().body().to_vec(), &[world.hotline.signing()])
        })
        .fails(10, "BUN-30", "WRONG_SIGNERS"),
        case("an event of a newer version of another trail", "It names its trail where every version does.", {
            let other = world.another();
            later(&twisted(&other, jasen, Statement::Acknowledged, |_| {}), jasen, V2, &UNKNOWN)
        })
        .fails(10, "BUN-31", "WRONG_TRAIL"),
        case("an event of a newer version at no time", "Fields 1 to 9 hold in every version.", {
            later(&twisted(&story, jasen, Statement::Acknowledged, |event| event.time = 0), jasen, V2, &UNKNOWN)
        })
        .fails(10, "BUN-30", "MALFORMED"),
        case("an event of a newer version with a second author", "Fields 1 to 10 stand first, once.", {
            let author = [&[0x12, 0x20], world.hotline.id.as_bytes().as_slice()].concat();
            later(&event, jasen, V2, &author)
        })
        .fails(10, "BUN-30", "NOT_CANONICAL"),
        Entry::new("an event of a newer version by a third party", "No program need be newer to see it.", &four, {
            let mut event = Event::clone(&night.next(&four.jasen, Statement::Acknowledged, |_| {}));
            (event.author, event.key) = (lipa.id, lipa.newest());
            let event = Envelope::sign(MediaType::EVENT, event.encode(), &[lipa.signing()]).unwrap();
            with_event(&night, later(&event, lipa, V2, &UNKNOWN))
        })
        .fails(10, "BUN-31", "WRONG_TRAIL")
        .breaks(&["BUN-128", "EVT-20"]),
        case("an event of version 02", "A version has one way to be written.", {
            later(&event, jasen, "application/vnd.uput.event.v02+protobuf", &UNKNOWN)
        })
        .fails(10, "BUN-30", "WRONG_TYPE")
        .breaks(&["BUN-24", "ENV-9"]),
    ]
}

/// [BUN-32]
fn gaps(world: &World) -> Vec<Entry> {
    let (hotline, jasen) = (&world.hotline, &world.jasen);
    let mut longer = world.enquiry();
    let acknowledged = longer.say(jasen, Statement::Acknowledged);
    let closed = longer.say(jasen, Statement::Closed(ClosureReason::NoLongerNeeded));
    let without = |id: EventId| changed(&longer, |draft| draft.events.retain(|event| event.id() != id.into()));
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle).fails(11, "BUN-32", "");
    vec![
        case("an event is missing in the middle", "What follows it names it.", without(acknowledged))
            .breaks(&["STA-2"]),
        case("the last event that a head counts is missing", "The receiver's head counts one more.", without(closed)),
        case("the opening is missing", "Everything of the trail rests on it.", {
            changed(&longer, |draft| {
                draft.events.retain(|event| event.id() != longer.trail.id().opening().into());
                draft.disclosures.clear();
            })
        }),
        case(
            "no event at all",
            "There is not even an opening.",
            changed(&longer, |draft| {
                draft.events.clear();
                draft.disclosures.clear();
            }),
        ),
        case("an event that has seen what is not here", "The sender left out what the receiver answers.", {
            let mut story = world.enquiry();
            let hidden = story.say(hotline, Statement::Warned(WarningCode::RiskChanged));
            story.say(jasen, Statement::Acknowledged);
            let heads = [story.signed_head(jasen), world.enquiry().signed_head(hotline)];
            changed(&story, |draft| {
                draft.events.retain(|event| event.id() != hidden.into());
                draft.heads = heads.to_vec();
            })
        }),
        case("an event that something names as delivered is missing", "The receiver's machine had it.", {
            let mut story = world.enquiry();
            story.force(jasen, Statement::Delivered(Id::of(b"a dropped event").into()), |_| {});
            exported(&story)
        }),
        case("the answer cut off and the receiver's head left", "Silence is not shown by leaving out the answer.", {
            let mut story = world.asked();
            story.delivered_and(Statement::Held { until: world.at(3600) });
            let answer = story.trail.last(Side::Peer).unwrap();
            story.clock += 3 * 24 * 60;
            changed(&story, |draft| draft.events.retain(|event| event.id() != answer.into()))
        })
        .also("BUN-59", "Without the answer no timer can be called met, and none is called missed either."),
    ]
}

/// Another event with the number of the shelter's last one.
fn twin(story: &Story<'_>, change: impl FnOnce(&mut Event)) -> Envelope {
    let made = story.next(&story.world.jasen, Statement::Acknowledged, |event| {
        event.seq -= 1;
        event.prev = story.trail.event(&event.prev.unwrap()).unwrap().prev;
        change(event);
    });
    made.into_envelope()
}

/// [BUN-33] [EVT-16]
fn twins(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let hotline = &world.hotline;
    let case =
        |name, reason, bundle| Entry::new(name, reason, world, bundle).fails(12, "BUN-33", "").breaks(&["EVT-16"]);
    let mut told = world.enquiry();
    let before = told.trail.id().opening();
    let first = told.say(hotline, Statement::Warned(WarningCode::MayBeSought));
    told.say(&world.jasen, Statement::Delivered(first));
    let second = told.next(hotline, Statement::Warned(WarningCode::DoNotContact), |event| {
        (event.seq, event.prev) = (1, Some(before));
    });
    vec![
        case("two events with one number", "The receiver told two stories.", with_event(&story, twin(&story, |_| {}))),
        case(
            "two events with one number, and the other party has seen one",
            "The sender told the receiver another story.",
            { with_event(&told, second.into_envelope()) },
        ),
        case(
            "two events with one number, and what one of them has seen is not here",
            "Leaving that out hides nothing.",
            {
                let hidden = story.next(hotline, Statement::Warned(WarningCode::RiskChanged), |_| {});
                with_event(&story, twin(&story, |event| event.seen = Some(hidden.id)))
            },
        )
        .also("BUN-32", "What one of the two has seen was left out, which is what this exporter tries."),
    ]
}

/// [BUN-34]
fn stale(world: &World) -> Vec<Entry> {
    let (hotline, jasen) = (&world.hotline, &world.jasen);
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle).fails(14, "BUN-34", "");
    vec![
        case("an event that has seen less than its author's head before", "The receiver had seen the warning.", {
            let mut story = world.enquiry();
            let before = story.trail.last(Side::Opener);
            story.say(hotline, Statement::Warned(WarningCode::DoNotContact));
            let early = story.signed_head(jasen);
            story.force(jasen, Statement::ContactMade, |event| event.seen = before);
            changed(&story, |draft| draft.heads.push(early))
        }),
        case("a later head that has seen less than an earlier one", "What was seen stays seen.", {
            let mut later = world.enquiry();
            let first = later.trail.id().opening();
            later.say(hotline, Statement::Warned(WarningCode::DoNotContact));
            let before = later.signed_head(jasen);
            later.say(jasen, Statement::Acknowledged);
            let less = Head { seen_count: 1, seen_last: Some(first), ..later.head(jasen) };
            let less = less.sign(jasen.signing()).unwrap();
            changed(&later, |draft| draft.heads = vec![later.signed_head(hotline), before, less])
        }),
        case(
            "a later head that has seen less than one of two earlier ones which count alike",
            "One excuses nothing.",
            {
                let mut later = world.enquiry();
                let first = later.trail.id().opening();
                let less = later.signed_head(jasen);
                later.say(hotline, Statement::Warned(WarningCode::DoNotContact));
                let before = later.signed_head(jasen);
                later.say(jasen, Statement::Acknowledged);
                let again = Head { seen_count: 1, seen_last: Some(first), ..later.head(jasen) };
                let again = again.sign(jasen.signing()).unwrap();
                changed(&later, |draft| draft.heads = vec![later.signed_head(hotline), less, before, again])
            },
        )
        .breaks(&["BUN-131"]),
        case("a delivery of what its author says it has not seen", "It has it, so it has seen it.", {
            let mut story = world.enquiry();
            let before = story.trail.last(Side::Opener);
            let warned = story.say(hotline, Statement::Warned(WarningCode::DoNotContact));
            story.force(jasen, Statement::Delivered(warned), |event| event.seen = before);
            exported(&story)
        })
        .breaks(&["STA-9"]),
    ]
}

/// [BUN-35] [EVT-19]
fn restored(world: &World) -> Vec<Entry> {
    let with = |closes: Option<ClosedIncarnation>| {
        let mut story = world.enquiry();
        let first = story.trail.events().nth(1).unwrap().id;
        story.force(&world.jasen, Statement::Held { until: world.at(600) }, |event| {
            (event.incarnation, event.seq, event.prev) = (1, 1, Some(first));
        });
        let head = Head { closes, ..story.head(&world.hotline) };
        let last = story.trail.events().last().unwrap().id;
        let own = Head { incarnation: 1, own_last: Some(last), ..story.head(&world.jasen) };
        changed(&story, |draft| {
            draft.heads = vec![head.sign(world.hotline.signing()).unwrap(), own.sign(world.jasen.signing()).unwrap()];
        })
    };
    let case =
        |name, reason, bundle| Entry::new(name, reason, world, bundle).of("a restored node that wrote a number again");
    let open = |name, reason, bundle| case(name, reason, bundle).fails(11, "BUN-35", "").breaks(&["EVT-19", "BUN-12"]);
    vec![
        case(
            "a number that was used again after a restore, and closed",
            "A head of the other party closes the older one.",
            { with(Some(ClosedIncarnation { incarnation: 0, count: 1 })) },
        ),
        open("a number that was used again after a restore, and nobody closed it", "It may be an excuse.", with(None)),
        open("a number that was used again although the other party had admitted it", "The head closes behind it.", {
            with(Some(ClosedIncarnation { incarnation: 0, count: 2 }))
        }),
    ]
}
