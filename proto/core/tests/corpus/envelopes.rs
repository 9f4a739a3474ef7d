//! Envelopes inside a bundle: an event, or the agreement, whose envelope is wrong however good its body is.

use uput_core::{envelope::MediaType, event::Statement, wire};

use crate::{
    entry::Entry,
    forge::{changed, falsified, rewritten, sealed, signed_event, twisted, unchecked, with_event},
    sample::{World, key},
};

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [unreadable(&world), signatures(&world), encodings(&world)].into_iter().flatten().collect()
}

/// What no reader can take: the whole bundle is not read.
fn unreadable(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let event = || twisted(&story, &world.jasen, Statement::Acknowledged, |_| {}).to_wire();
    let with = |change: &dyn Fn(&mut wire::Envelope)| {
        let mut event = event();
        change(&mut event);
        rewritten(&story, |bundle| bundle.events.push(event))
    };
    let case = |name, rejection, reason, change: &dyn Fn(&mut wire::Envelope)| {
        Entry::new(name, reason, world, with(change)).fails(10, "BUN-1", rejection)
    };
    let two = |change: &dyn Fn(&mut Vec<wire::Signature>)| {
        rewritten(&story, |bundle| change(&mut bundle.agreements[0].signatures))
    };
    let of_two = |name, reason, change: &dyn Fn(&mut Vec<wire::Signature>)| {
        Entry::new(name, reason, world, two(change)).fails(10, "BUN-1", "WRONG_SIGNERS").breaks(&["ENV-4"])
    };
    vec![
        case(
            "an event of a type with a space",
            "MALFORMED",
            "A type is printable ASCII without the space.",
            &|event| {
                event.r#type = String::from("application/vnd.uput event");
            },
        )
        .breaks(&["ENV-2"]),
        case("an event without a type", "MALFORMED", "A type has at least one byte.", &|event| event.r#type.clear())
            .breaks(&["ENV-2"]),
        case("an event of a type of 101 bytes", "MALFORMED", "A type has at most 100 bytes.", &|event| {
            event.r#type = "x".repeat(101);
        })
        .breaks(&["ENV-2"]),
        case("an event without a body", "MALFORMED", "A body has at least one byte.", &|event| event.body.clear())
            .breaks(&["ENV-3"]),
        case("an event of 65537 bytes", "TOO_LARGE", "A body has at most 65536 bytes.", &|event| {
            event.body.resize(65_537, 7);
        })
        .breaks(&["ENV-3"]),
        case("an event without a signature", "WRONG_SIGNERS", "Nobody signed it.", &|event| event.signatures.clear())
            .breaks(&["ENV-4"]),
        case("a signature of 63 bytes", "MALFORMED", "A signature has 64 bytes.", &|event| {
            event.signatures[0].signature.pop();
        })
        .breaks(&["ENV-4"]),
        case("a signature by a key of zeros", "MALFORMED", "A key ID is not all zero.", &|event| {
            event.signatures[0].key_id = vec![0; 32];
        })
        .breaks(&["ENV-4"]),
        case("an event with 257 signatures", "TOO_LARGE", "There are at most 256.", &|event| {
            let signature = event.signatures[0].signature.clone();
            let signed = |number: u16| wire::Signature {
                key_id: [&number.to_be_bytes()[..], &[7; 30]].concat(),
                signature: signature.clone(),
            };
            event.signatures = (0..257).map(signed).collect();
        })
        .breaks(&["ENV-4"]),
        of_two(
            "one party's signature twice in place of both",
            "No key signs twice: two signatures are not two signers.",
            &|all| {
                all[1] = all[0].clone();
            },
        ),
        of_two("signatures of the agreement in another order", "Key IDs ascend.", &|all| all.swap(0, 1)),
    ]
}

fn signatures(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let (hotline, jasen) = (&world.hotline, &world.jasen);
    let event = twisted(&story, jasen, Statement::Acknowledged, |_| {});
    let body = || event.body().to_vec();
    let by = |keys: &[&uput_core::key::SigningKey]| sealed(MediaType::EVENT.as_str(), body(), keys);
    let case = |name, rejection, reason, event| {
        Entry::new(name, reason, world, with_event(&story, event)).fails(10, "BUN-30", rejection).breaks(&["ENV-10"])
    };
    let stranger = key("a stranger");
    let mut renamed = event.to_wire();
    renamed.signatures[0].key_id = stranger.public().id().to_vec();
    let mut other = event.to_wire();
    other.signatures = twisted(&story, jasen, Statement::Accepted, |_| {}).to_wire().signatures;
    let envelope = |wire| uput_core::envelope::Envelope::from_wire(wire).unwrap();
    vec![
        case("an event that the other party signed", "WRONG_SIGNERS", "The exporter writes in the shelter's name.", {
            by(&[hotline.signing()])
        }),
        case("an event that a stranger signed", "WRONG_SIGNERS", "By a key of no chain here.", by(&[&stranger])),
        case("an event that both parties signed", "WRONG_SIGNERS", "An event has one author and one signature.", {
            by(&[hotline.signing(), jasen.signing()])
        }),
        case("an event with a stranger's signature beside the author's", "WRONG_SIGNERS", "One signature, not two.", {
            by(&[jasen.signing(), &stranger])
        }),
        case(
            "an event that its author signed with the organisation key",
            "WRONG_SIGNERS",
            "Events are signed by the signing key.",
            { by(&[&jasen.key]) },
        )
        .breaks(&["ENV-10", "EVT-18"]),
        case("an event with one bit of its signature turned", "BAD_SIGNATURE", "It does not verify.", {
            falsified(&event)
        })
        .breaks(&["ENV-10", "KEY-3"]),
        case("a good signature under another key's ID", "WRONG_SIGNERS", "Whose key it was is not what it says.", {
            envelope(renamed)
        })
        .breaks(&["ENV-10", "KEY-1"]),
        case(
            "the signature of one event on another",
            "BAD_SIGNATURE",
            "It is good, over what the author said elsewhere.",
            { envelope(other) },
        ),
        case("an event signed as a head", "BAD_SIGNATURE", "The type is inside what is signed.", {
            let head = unchecked(MediaType::HEAD.as_str(), body(), &[jasen.signing()]);
            let mut wire = event.to_wire();
            wire.signatures = head.signatures;
            envelope(wire)
        })
        .breaks(&["ENV-7", "ENV-10"]),
        case("a head among the events", "WRONG_TYPE", "Signed by its author, and no event.", story.signed_head(jasen))
            .breaks(&["ENV-9", "EVT-1"]),
        Entry::new("an event of the receiver changed by the exporter", "One bit of what the shelter said.", world, {
            changed(&story, |draft| {
                let own =
                    draft.events.iter().position(|event| event.id() == story.trail.events().last().unwrap().id.into());
                let mut wire = draft.events[own.unwrap()].to_wire();
                let last = wire.body.len() - 1;
                wire.body[last] ^= 1;
                draft.events[own.unwrap()] = envelope(wire);
            })
        })
        .fails(10, "BUN-30", "BAD_SIGNATURE")
        .breaks(&["ENV-1", "ENV-8", "ENV-10"])
        .also("BUN-32", "What was changed is not what the head names: the ID of the event is another one."),
    ]
}

/// Bodies of events that decode and are encoded in another way than the one.
fn encodings(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let good = twisted(&story, &world.jasen, Statement::Acknowledged, |_| {}).body().to_vec();
    let case = |name, rejection, reason, body| {
        let bundle = with_event(&story, signed_event(&world.jasen, body));
        Entry::new(name, reason, world, bundle).fails(10, "BUN-30", rejection).breaks(&["ENV-5", "ENV-6", "EVT-2"])
    };
    let at = |tag: &[u8]| good.windows(tag.len()).position(|window| window == tag).unwrap();
    let seq = at(&[0x28, 0x02]);
    vec![
        case("an event with a field that nobody knows", "NOT_CANONICAL", "Field 90 hides what no reader sees.", {
            [&good[..], &[0xd2, 0x05, 0x00]].concat()
        }),
        case(
            "an event with two kinds",
            "NOT_CANONICAL",
            "It accepts and acknowledges: the last counts for one reader.",
            { [&good[..], &[0xa2, 0x02, 0x00]].concat() },
        )
        .breaks(&["ENV-6", "EVT-2", "EVT-9"]),
        case("an event with its number twice", "NOT_CANONICAL", "Two readers would take two numbers.", {
            [&good[..seq + 2], &good[seq..]].concat()
        }),
        case("an event with a default that is written", "NOT_CANONICAL", "Incarnation 0 is written.", {
            [&good[..seq], &[0x20, 0x00], &good[seq..]].concat()
        }),
        case("an event with a long number", "NOT_CANONICAL", "The number 2 in two bytes.", {
            [&good[..seq + 1], &[0x82, 0x00], &good[seq + 2..]].concat()
        }),
        case("an event with an incarnation beyond 32 bits", "NOT_CANONICAL", "2^32 + 1 would be read as 1.", {
            [&good[..seq], &[0x20, 0x81, 0x80, 0x80, 0x80, 0x10], &good[seq..]].concat()
        }),
        case("an event cut short", "MALFORMED", "Its last byte is missing.", good[..good.len() - 1].to_vec())
            .breaks(&["ENV-6", "EVT-2"]),
        case("an event whose trail is a number", "MALFORMED", "A known field with another wire type.", {
            [&[0x08, 0x01], &good[34..]].concat()
        })
        .breaks(&["ENV-6", "EVT-2"]),
    ]
}
