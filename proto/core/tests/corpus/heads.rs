//! Heads and challenges: one party's word on where a trail stands, and what it was asked.

use uput_core::{
    codec,
    envelope::{Envelope, MediaType},
    event::Statement,
    head::Head,
    id::Id,
    trust::HeadDemand,
    wire::{self, ClosureReason},
};

use crate::{
    entry::Entry,
    forge::{
        challenge, changed, exported, falsified, replacing_head, sealed, twisted, unchecked, with_challenge, with_head,
    },
    sample::{World, key},
};

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [malformed(&world), signed(&world), agreeing(&world), demanded(&world), challenges(&world)]
        .into_iter()
        .flatten()
        .collect()
}

/// Heads of the receiver that are none: its head is then not here. [BUN-10]
fn malformed(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let jasen = &world.jasen;
    // Beside the good head of the same party, so that nothing is missing.
    let beside = |change: fn(&mut wire::Head)| {
        let mut head: wire::Head = codec::decode(story.signed_head(jasen).body()).unwrap();
        change(&mut head);
        let head = sealed(MediaType::HEAD.as_str(), codec::encode(&head), &[jasen.signing()]);
        changed(&story, |draft| draft.heads.push(head))
    };
    let case = |name, reason, change| {
        Entry::new(name, reason, world, beside(change)).fails(10, "BUN-11", "MALFORMED").breaks(&["BUN-10"])
    };
    let with_more = |more: &[u8]| {
        let body = [story.signed_head(jasen).body(), more].concat();
        let head = sealed(MediaType::HEAD.as_str(), body, &[jasen.signing()]);
        changed(&story, |draft| draft.heads.push(head))
    };
    vec![
        case("a head of no trail", "The trail is empty.", |head| head.trail.clear()),
        case("a head of nobody", "The author is zeros.", |head| head.author = vec![0; 32]),
        case("a head without its author's key record", "The key is empty.", |head| head.key.clear()),
        case("a head without the other party's key record", "The peer's key is empty.", |head| head.peer_key.clear()),
        case("a head at no time", "The time is 0.", |head| head.time = 0),
        case("a head after the year 9999", "The time is a second past it.", |head| head.time = 253_402_300_800),
        case("a count of own events without the last of them", "They come together.", |head| head.own_last.clear()),
        case("a last own event without a count", "They come together.", |head| head.own_count = 0),
        case("a count of seen events without the last of them", "They come together.", |head| head.seen_last.clear()),
        case("a last seen event without a count", "They come together.", |head| head.seen_count = 0),
        case("a nonce of 31 bytes in a head", "It has 32, or none.", |head| head.nonce = vec![7; 31]),
        case("a nonce of zeros in a head", "It is not all zero.", |head| head.nonce = vec![0; 32]),
        Entry::new("a head with a field that nobody knows", "Field 90.", world, with_more(&[0xd2, 0x05, 0x00]))
            .fails(10, "BUN-11", "NOT_CANONICAL")
            .breaks(&["BUN-10", "ENV-6"]),
        Entry::new("a head with its time twice", "Two readers would take two times.", world, with_more(&[0x58, 0x01]))
            .fails(10, "BUN-11", "NOT_CANONICAL")
            .breaks(&["BUN-10", "ENV-6"]),
    ]
}

/// [BUN-11]
fn signed(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let (hotline, jasen) = (&world.hotline, &world.jasen);
    let good = story.signed_head(jasen);
    let beside = |head: Envelope| {
        // Of another time, so that it is another head.
        changed(&story, |draft| draft.heads.push(head))
    };
    let mut later: wire::Head = codec::decode(good.body()).unwrap();
    later.time += 60;
    let body = || codec::encode(&later);
    let by = |keys: &[&uput_core::key::SigningKey]| sealed(MediaType::HEAD.as_str(), body(), keys);
    let case = |name, rejection, reason, head| {
        Entry::new(name, reason, world, beside(head)).fails(10, "BUN-11", rejection).breaks(&["ENV-10"])
    };
    let event = story.trail.events().last().unwrap().envelope().clone();
    vec![
        case(
            "a head of the receiver that the sender signed",
            "WRONG_SIGNERS",
            "The exporter invents it.",
            by(&[hotline.signing()]),
        ),
        case("a head that both parties signed", "WRONG_SIGNERS", "It has one author and one signature.", {
            by(&[hotline.signing(), jasen.signing()])
        }),
        case("a head with one bit of its signature turned", "BAD_SIGNATURE", "It does not verify.", {
            falsified(&by(&[jasen.signing()]))
        })
        .breaks(&["ENV-10", "KEY-3"]),
        case(
            "a head whose time the exporter changed",
            "BAD_SIGNATURE",
            "It would answer the auditor's earliest time.",
            {
                let mut wire = good.to_wire();
                wire.body = body();
                Envelope::from_wire(wire).unwrap()
            },
        )
        .breaks(&["ENV-1", "ENV-10"]),
        case("a head of another trail", "WRONG_TRAIL", "It says where something else stands.", {
            let mut other = later.clone();
            other.trail = vec![7; 32];
            sealed(MediaType::HEAD.as_str(), codec::encode(&other), &[jasen.signing()])
        })
        .breaks(&["BUN-11"]),
        case("an event among the heads", "WRONG_TYPE", "Another type.", event).breaks(&["ENV-9"]),
        Entry::new("a head signed as a head of the next version", "Another type.", world, {
            beside(sealed("application/vnd.uput.head.v2+protobuf", body(), &[jasen.signing()]))
        })
        .fails(10, "BUN-11", "WRONG_TYPE")
        .breaks(&["ENV-9"]),
        Entry::new(
            "a head that names a key record of the other party as its author's",
            "It is not in its author's chain.",
            world,
            {
                let mut other = later.clone();
                other.key = hotline.newest().to_vec();
                beside(sealed(MediaType::HEAD.as_str(), codec::encode(&other), &[jasen.signing()]))
            },
        )
        .fails(13, "BUN-11", "UNKNOWN_SIGNER")
        .breaks(&["BUN-23"]),
    ]
}

/// [BUN-32] [BUN-36]
fn agreeing(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let jasen = &world.jasen;
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle);
    let gap = |name, reason, bundle| case(name, reason, bundle).fails(11, "BUN-32", "");
    let breach = |name, reason, bundle| case(name, reason, bundle).fails(12, "BUN-36", "");
    let dropped = || Id::of(b"a dropped event").as_bytes().to_vec();
    vec![
        gap("a head that counts more events than are here", "The exporter kept some back.", {
            with_head(&story, jasen, |head| (head.own_count, head.own_last) = (9, dropped()))
        }),
        gap("a head that has seen an event that is not here", "The exporter kept an own one back.", {
            with_head(&story, jasen, |head| head.seen_last = dropped())
        }),
        gap("a head that has seen more events than are here", "The exporter kept some of its own back.", {
            with_head(&story, jasen, |head| head.seen_count = 5)
        })
        .breaks(&["BUN-10"]),
        breach("a head that contradicts an event of its author", "Both bear the receiver's signature.", {
            with_head(&story, jasen, |head| head.own_last = dropped())
        }),
        breach("a head that gives its author's last event another number", "The event says it is number 1.", {
            with_head(&story, jasen, |head| head.own_count = 9)
        })
        .breaks(&["BUN-10", "BUN-130"])
        .also("BUN-32", "It counts nine, and two are here: that it contradicts an event does not fill the gap."),
        case("a head that contradicts an event which was refused", "Both bear the receiver's signature.", {
            let refused = twisted(&story, jasen, Statement::ContactMade, |event| event.seen.clear());
            let mut head = story.head(jasen);
            (head.own_count, head.own_last) = (3, Some(Id::of(b"a dropped event").into()));
            let head = head.sign(jasen.signing()).unwrap();
            changed(&story, |draft| {
                draft.events.push(refused);
                draft.heads.retain(|old| Head::parse(old.body()).unwrap().author != jasen.id);
                draft.heads.push(head);
            })
        })
        .fails(10, "BUN-31", "BROKEN_SEQUENCE")
        .breaks(&["BUN-130"])
        .also("BUN-32", "The head counts three, and of these two were accepted: the third may be what is missing.")
        .also("BUN-36", "Whichever is true, the receiver signed two events with number 2."),
        breach("two heads that contradict each other", "They count the same and name two last events.", {
            let longer = {
                let mut longer = world.enquiry();
                longer.say(jasen, Statement::Acknowledged);
                longer
            };
            changed(&longer, |draft| {
                let (mut one, mut two) = (longer.head(jasen), longer.head(jasen));
                (one.own_count, one.own_last) = (7, Some(Id::of(b"one").into()));
                (two.own_count, two.own_last) = (7, Some(Id::of(b"another").into()));
                draft.heads.extend([one, two].map(|head| head.sign(jasen.signing()).unwrap()));
            })
        })
        .also(
            "BUN-32",
            "Of the two last events neither is here: a third statement would be needed to say which is true.",
        ),
    ]
}

/// [BUN-40] [BUN-63] [BUN-64] [BUN-66]
fn demanded(world: &World) -> Vec<Entry> {
    let mut story = world.enquiry();
    story.say(&world.jasen, Statement::Acknowledged);
    let (hotline, jasen) = (&world.hotline, &world.jasen);
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle);
    let demand = HeadDemand { nonce: Some([7; 32]), earliest: Some(world.at(2)) };
    let carrying = |nonces: [[u8; 32]; 2]| {
        changed(&story, |draft| {
            let head = |(party, nonce)| Head { nonce: Some(nonce), ..story.head(party) }.sign(party.signing()).unwrap();
            draft.heads = [hotline, jasen].into_iter().zip(nonces).map(head).collect();
        })
    };
    let own = Head::nonce_for(&[7; 32], &story.trail.id());
    let other = Head::nonce_for(&[7; 32], &world.another().trail.id());
    let answering = |name, reason, nonces| {
        case(name, reason, carrying(nonces))
            .trusting(|trust| trust.heads = demand)
            .fails(11, "BUN-64", "")
            .breaks(&["BUN-66"])
    };
    let without =
        |author| changed(&story, |draft| draft.heads.retain(|head| Head::parse(head.body()).unwrap().author != author));
    let mut ended = world.asked();
    ended.say(jasen, Statement::Delivered(ended.trail.id().opening()));
    let before = ended.signed_head(jasen);
    ended.say(jasen, Statement::Closed(ClosureReason::NoLongerNeeded));
    vec![
        case("no head of the receiver", "Whether it said more is the exporter's word.", without(jasen.id))
            .fails(11, "BUN-40", ""),
        case("no head of the exporter itself", "It vouches for nothing.", without(hotline.id)).fails(11, "BUN-40", ""),
        case("no head at all", "Nobody vouches for anything.", changed(&story, |draft| draft.heads.clear()))
            .fails(11, "BUN-40", ""),
        case(
            "an older head of the receiver",
            "Up to there it is complete, and the report says how many came after.",
            { replacing_head(&ended, jasen, before) },
        ),
        case("heads that answer the trust file", "Both carry the trail's own nonce.", carrying([own; 2]))
            .trusting(|trust| trust.heads = demand),
        answering(
            "heads that carry the bare nonce of the trust file",
            "It never travels, so anybody may have it.",
            [[7; 32]; 2],
        ),
        answering("a head of the receiver that carries the bare nonce", "It answers nothing.", [own, [7; 32]]),
        answering(
            "heads that answer the trust file for another trail",
            "They were asked about something else.",
            [other; 2],
        ),
        answering("heads that answer another trust file", "Another auditor asked.", {
            [Head::nonce_for(&[8; 32], &story.trail.id()); 2]
        }),
        case("heads without the nonce of the trust file", "They may be old.", exported(&story))
            .trusting(|trust| trust.heads = demand)
            .fails(11, "BUN-64", ""),
        case("heads older than the trust file demands", "They claim a time before the earliest.", exported(&story))
            .trusting(|trust| trust.heads.earliest = Some(world.at(100)))
            .fails(11, "BUN-64", ""),
        case(
            "an answering head that counts less than a newer one that does not answer",
            "The newest head is the one that counts.",
            {
                let less = world.enquiry();
                changed(&story, |draft| {
                    draft.heads = vec![
                        Head { nonce: Some(own), ..story.head(hotline) }.sign(hotline.signing()).unwrap(),
                        Head { nonce: Some(own), ..less.head(jasen) }.sign(jasen.signing()).unwrap(),
                        story.signed_head(jasen),
                    ];
                })
            },
        )
        .trusting(|trust| trust.heads.nonce = Some([7; 32]))
        .fails(11, "BUN-64", "")
        .breaks(&["BUN-41"]),
    ]
}

/// [BUN-13] [BUN-14]
fn challenges(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let case = |name, rejection, reason, bundle| Entry::new(name, reason, world, bundle).fails(10, "BUN-14", rejection);
    let malformed = |name, reason, change: fn(&mut wire::Challenge)| {
        case(name, "MALFORMED", reason, with_challenge(&story, change)).breaks(&["BUN-13"])
    };
    let body = || challenge(&story).encode();
    let stranger = key("a stranger");
    let signed = |envelope: wire::Envelope| {
        changed(&story, |draft| draft.challenges.push(Envelope::from_wire(envelope).unwrap()))
    };
    let by = |keys: &[&uput_core::key::SigningKey]| unchecked(MediaType::CHALLENGE.as_str(), body(), keys);
    let mut turned = by(&[world.hotline.signing()]);
    turned.signatures[0].signature[3] ^= 1;
    vec![
        malformed("a challenge of no trail", "The trail is empty.", |challenge| challenge.trail.clear()),
        malformed("a challenge to nobody", "It asks a party.", |challenge| challenge.to.clear()),
        malformed("a challenge without a nonce", "Nothing could answer it.", |challenge| challenge.nonce.clear()),
        malformed("a challenge with a nonce of zeros", "It is not all zero.", |challenge| {
            challenge.nonce = vec![0; 32]
        }),
        malformed("a challenge at no time", "The time is 0.", |challenge| challenge.time = 0),
        case("a challenge of another trail", "WRONG_TRAIL", "It asks about something else.", {
            with_challenge(&story, |challenge| challenge.trail = vec![7; 32])
        }),
        case("a challenge to a third party", "WRONG_TRAIL", "It asks no party of this trail.", {
            with_challenge(&story, |challenge| challenge.to = vec![7; 32])
        }),
        Entry::new("a challenge that a stranger signed", "By a key of no chain here.", world, signed(by(&[&stranger])))
            .fails(13, "BUN-14", "UNKNOWN_SIGNER"),
        case(
            "a challenge with one bit of its signature turned",
            "BAD_SIGNATURE",
            "It does not verify.",
            signed(turned),
        )
        .breaks(&["ENV-10", "KEY-3"]),
        case("a challenge that both parties signed", "WRONG_SIGNERS", "It carries one signature.", {
            signed(by(&[world.hotline.signing(), world.jasen.signing()]))
        })
        .breaks(&["ENV-10"]),
        case(
            "a head among the challenges",
            "WRONG_TYPE",
            "Another type.",
            signed(story.signed_head(&world.jasen).to_wire()),
        )
        .breaks(&["ENV-9"]),
    ]
}
