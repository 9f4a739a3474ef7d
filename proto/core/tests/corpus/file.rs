//! The file and the message in it: type, fields, bounds, and the signature of the exporter.

use uput_core::{
    envelope::{Envelope, MediaType},
    slot::Extent,
};

use crate::{
    entry::Entry,
    forge::{body, challenge, changed, exported, exported_by, falsified, rebuilt, rewritten, sealed, unchecked},
    sample::{TWO_PARTY, World},
};

/// Where the number of the purpose stands in the body: after three IDs of 34 bytes and its tag.
const PURPOSE: usize = 3 * 34 + 1;

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [bytes(&world), fields(&world), bounds(&world), exporter(&world), surplus(&world)].into_iter().flatten().collect()
}

fn bytes(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let good = exported(&story);
    let case = |name, rejection, reason, bundle| {
        Entry::new(name, reason, world, bundle).fails(10, "BUN-1", rejection).breaks(&["ENV-6"])
    };
    let signed = body(&story);
    vec![
        case("a byte after the end", "MALFORMED", "A zero stands after the envelope.", [&good[..], &[0]].concat()),
        case("a file of zero bytes", "MALFORMED", "There is nothing in it.", Vec::new()),
        case("a file cut off in its last signature", "MALFORMED", "The last byte is missing.", {
            good[..good.len() - 1].to_vec()
        }),
        case("a file cut off in the middle", "MALFORMED", "Half of it is missing.", good[..good.len() / 2].to_vec()),
        case("a field that nobody knows outside what is signed", "NOT_CANONICAL", "Field 15 of the envelope.", {
            [&good[..], &[0x7a, 0x01, 0x41]].concat()
        }),
        case("a field that nobody knows inside what is signed", "NOT_CANONICAL", "Field 90 of the bundle.", {
            rebuilt(&story, [&signed[..], &[0xd2, 0x05, 0x00]].concat())
        }),
        case("the time of the export twice", "NOT_CANONICAL", "Which of the two counts, readers would disagree.", {
            rebuilt(&story, [&signed[..], &[0x28, 0x01]].concat())
        }),
        case("a length with a byte too many", "NOT_CANONICAL", "The trail's length 32 is written as a0 00.", {
            rebuilt(&story, [&signed[..1], &[0xa0, 0x00], &signed[2..]].concat())
        })
        .breaks(&["ENV-5", "ENV-6"]),
        case("the exporter before the trail", "NOT_CANONICAL", "Field 2 stands before field 1.", {
            rebuilt(&story, [&signed[34..68], &signed[..34], &signed[68..]].concat())
        })
        .breaks(&["ENV-5", "ENV-6"]),
        case("a default that is written", "NOT_CANONICAL", "The place of the purpose is written with the number 0.", {
            let mut zero = signed.clone();
            zero[PURPOSE] = 0;
            rebuilt(&story, zero)
        })
        .breaks(&["ENV-5", "ENV-6"]),
        Entry::new("a head in place of a bundle", "The file is a head statement.", world, {
            story.signed_head(&world.hotline).to_bytes()
        })
        .fails(10, "BUN-1", "WRONG_TYPE")
        .breaks(&["ENV-9"]),
        Entry::new("a bundle of a version that nobody knows", "The type says version 2.", world, {
            sealed("application/vnd.uput.bundle.v2+protobuf", signed, &[world.hotline.signing()]).to_bytes()
        })
        .fails(10, "BUN-1", "WRONG_TYPE")
        .breaks(&["ENV-9", "ENV-7"]),
    ]
}

fn fields(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle).fails(10, "BUN-1", "MALFORMED");
    vec![
        case("a trail of zeros", "An ID is not all zero.", rewritten(&story, |bundle| bundle.trail = vec![0; 32])),
        case("a trail of 31 bytes", "An ID has 32 bytes.", rewritten(&story, |bundle| bundle.trail.truncate(31))),
        case("nobody exports it", "The exporter is empty.", rewritten(&story, |bundle| bundle.exporter.clear())),
        case("no key record of the exporter", "The key is empty.", rewritten(&story, |bundle| bundle.key.clear())),
        case("no purpose", "The purpose is unspecified.", rewritten(&story, |bundle| bundle.purpose = 0)),
        case("a purpose that nobody knows", "No purpose has the number 99.", {
            rewritten(&story, |bundle| bundle.purpose = 99)
        }),
        case("exported at no time", "The time is 0.", rewritten(&story, |bundle| bundle.time = 0)),
        case("exported after the year 9999", "The time is a second past it.", {
            rewritten(&story, |bundle| bundle.time = 253_402_300_800)
        }),
        case("a chain without a record", "An empty chain says nothing of anybody.", {
            rewritten(&story, |bundle| bundle.chains[0].records.clear())
        }),
    ]
}

/// [BUN-2]
fn bounds(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let case = |name, reason, bundle| {
        Entry::new(name, reason, world, bundle).fails(10, "BUN-1", "TOO_LARGE").breaks(&["BUN-2"])
    };
    vec![
        case("more heads than a bundle may hold", "257 heads, all the same one.", {
            rewritten(&story, |bundle| bundle.heads = vec![bundle.heads[0].clone(); 257])
        }),
        case("more agreements than a bundle may hold", "17 agreements, all the same one.", {
            rewritten(&story, |bundle| bundle.agreements = vec![bundle.agreements[0].clone(); 17])
        }),
        case("more challenges than a bundle may hold", "257 challenges.", {
            let body = challenge(&story).encode();
            let challenge = unchecked(MediaType::CHALLENGE.as_str(), body, &[world.hotline.signing()]);
            rewritten(&story, |bundle| bundle.challenges = vec![challenge; 257])
        }),
        case("more evidence than a bundle may hold", "257 times one event.", {
            rewritten(&story, |bundle| bundle.evidence = vec![bundle.events[0].clone(); 257])
        }),
    ]
}

fn exporter(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle);
    let good = Envelope::parse(&exported(&story)).unwrap();
    let (hotline, jasen) = (&world.hotline, &world.jasen);
    let four = World::invented();
    vec![
        case("a signature of the exporter with one bit turned", "It does not verify.", falsified(&good).to_bytes())
            .fails(10, "BUN-4", "BAD_SIGNATURE")
            .breaks(&["ENV-10", "KEY-3"]),
        case("a bundle whose purpose was changed after it was signed", "The signature is over other bytes.", {
            let mut wire = good.to_wire();
            assert_eq!(wire.body[PURPOSE - 1], 0x20, "the purpose stands after three IDs");
            wire.body[PURPOSE] = if wire.body[PURPOSE] == 1 { 2 } else { 1 };
            Envelope::from_wire(wire).unwrap().to_bytes()
        })
        .fails(10, "BUN-4", "BAD_SIGNATURE")
        .breaks(&["ENV-1", "ENV-10"]),
        case("the signature of another bundle on this one", "It is good, over other bytes.", {
            let mut wire = good.to_wire();
            let other = Envelope::parse(&exported(&world.another())).unwrap();
            wire.signatures = other.to_wire().signatures;
            Envelope::from_wire(wire).unwrap().to_bytes()
        })
        .fails(10, "BUN-4", "BAD_SIGNATURE")
        .breaks(&["ENV-10"]),
        case("signed over the body alone", "The type is not in what was signed.", {
            let mut wire = good.to_wire();
            wire.signatures[0].signature = hotline.signing().sign(&wire.body).to_vec();
            Envelope::from_wire(wire).unwrap().to_bytes()
        })
        .fails(10, "BUN-4", "BAD_SIGNATURE")
        .breaks(&["ENV-7"]),
        case("signed by the other party in the exporter's name", "The key ID is the other party's.", {
            story.draft(hotline, &Extent::VALUES).build(jasen.signing()).unwrap()
        })
        .fails(10, "BUN-4", "WRONG_SIGNERS")
        .breaks(&["ENV-10"]),
        case("signed by both parties", "A bundle carries one signature.", {
            let body = good.body().to_vec();
            sealed(MediaType::BUNDLE.as_str(), body, &[hotline.signing(), jasen.signing()]).to_bytes()
        })
        .fails(10, "BUN-4", "WRONG_SIGNERS")
        .breaks(&["ENV-10"]),
        case("exported with a key that was replaced", "The record is not the newest of the exporter's chain here.", {
            let mut draft = story.draft(hotline, &Extent::VALUES);
            draft.key = hotline.record(0);
            draft.build(hotline.author(0).signing).unwrap()
        })
        .fails(13, "BUN-4", "REVOKED_SIGNER"),
        case("exported under a key record that is not here", "No record of the exporter has that ID.", {
            changed(&story, |draft| draft.key = jasen.newest())
        })
        .fails(13, "BUN-4", "UNKNOWN_SIGNER"),
        Entry::new("a third party exports it", "It is no party of the trail.", &four, {
            let lipa = &four.others[0];
            exported_by(&four.night(), lipa, |_| {})
        })
        .of("a night that kept everything")
        .fails(10, "BUN-5", ""),
    ]
}

/// [BUN-6]
fn surplus(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let four = World::invented();
    let night = four.night();
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle).fails(10, "BUN-6", "");
    let third = |name, reason, bundle| {
        Entry::new(name, reason, &four, bundle).of("a night that kept everything").fails(10, "BUN-6", "")
    };
    vec![
        case("an agreement that nobody names", "It could be mistaken for the one that counts.", {
            changed(&story, |draft| draft.agreements.push(second_version()))
        }),
        case("key records of a stranger", "Nothing here needs them.", {
            changed(&story, |draft| draft.chains.push(four.centre().records.clone()))
        }),
        third("a head of a third party", "Whoever is no party has no word on where the trail stands.", {
            let lipa = &four.others[0];
            changed(&night, |draft| {
                let head = uput_core::head::Head { author: lipa.id, key: lipa.newest(), ..night.head(&four.jasen) };
                draft.heads.push(head.sign(lipa.signing()).unwrap());
            })
        }),
        Entry::new("evidence that nobody names", "No decision of this trail cites it.", &four, {
            changed(&four.enquiry(), |draft| draft.evidence.extend(night.evidence.clone()))
        })
        .fails(10, "BUN-6", ""),
        case("a sentence of the sender as evidence", "Only decisions are cited.", {
            let other = world.another();
            let event = other.trail.events().last().unwrap().envelope().clone();
            changed(&story, |draft| draft.evidence.push(event))
        }),
    ]
}

fn second_version() -> Envelope {
    let previous = "01".repeat(32);
    World::pair_by(&TWO_PARTY.replace("version = 1", &format!("version = 2\nprevious = \"{previous}\""))).signed
}
