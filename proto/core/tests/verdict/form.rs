//! Cases of the file itself, of keys and of heads.

use uput_core::{
    codec,
    envelope::{Envelope, MediaType},
    event::Statement,
    head::{Challenge, Head},
    id::Id,
    slot::Extent,
    state::Side,
    trust::HeadDemand,
    verdict::Exit,
    wire,
};

use crate::{
    case::{Case, changed, exported, signed_by},
    sample::{Organisation, Story, World},
};

/// The hotline signs a body that no builder of ours would make.
fn disordered(story: &Story<'_>, change: impl FnOnce(&mut wire::Bundle)) -> Vec<u8> {
    let envelope = Envelope::parse(&exported(story)).unwrap();
    let mut bundle: wire::Bundle = codec::decode(envelope.body()).unwrap();
    change(&mut bundle);
    let signing = story.world.hotline.signing();
    Envelope::sign(MediaType::BUNDLE, codec::encode(&bundle), &[signing]).unwrap().to_bytes()
}

fn with_head(story: &Story<'_>, by: &Organisation, change: impl FnOnce(&mut Head)) -> Vec<u8> {
    let mut head = story.head(by);
    change(&mut head);
    changed(story, |draft| {
        draft.heads.retain(|old| Head::parse(old.body()).unwrap().author != by.id);
        draft.heads.push(head.sign(by.signing()).unwrap());
    })
}

pub(crate) fn of_the_file(world: &World) -> Vec<Case> {
    let story = world.enquiry();
    let case = |name, exit, requirement, bundle| Case::new(name, exit, requirement, world, bundle);
    let with_end = [exported(&story).as_slice(), &[0]].concat();
    vec![
        case("an enquiry that was held is valid", Exit::Valid, "", exported(&story)),
        case("the receiver can export it too", Exit::Valid, "", signed_by(&story, &world.jasen, |_| {})),
        case("a byte after the end", Exit::NotAuthentic, "BUN-1", with_end),
        case("a bundle of zero bytes", Exit::NotAuthentic, "BUN-1", Vec::new()),
        case("a head in place of a bundle", Exit::NotAuthentic, "BUN-1", story.signed_head(&world.hotline).to_bytes()),
        case(
            "an event twice",
            Exit::NotAuthentic,
            "BUN-3",
            disordered(&story, |bundle| {
                bundle.events.insert(0, bundle.events[0].clone());
            }),
        ),
        case(
            "events in another order",
            Exit::NotAuthentic,
            "BUN-3",
            disordered(&story, |bundle| {
                bundle.events.swap(1, 2);
            }),
        ),
        case("second successors in another order", Exit::NotAuthentic, "BUN-3", {
            let mut forks = [700, 800].map(|days| world.hotline.fork_until(days));
            forks.sort_by_key(|fork| std::cmp::Reverse(fork.id()));
            disordered(&story, |bundle| {
                let first = world.hotline.records[0].to_wire();
                let chain = bundle.chains.iter_mut().find(|chain| chain.records[0] == first).unwrap();
                chain.records.extend(forks.iter().map(Envelope::to_wire));
            })
        }),
        case("a key record twice", Exit::NotAuthentic, "BUN-3", {
            disordered(&story, |bundle| {
                for chain in &mut bundle.chains {
                    chain.records.extend(chain.records.last().cloned());
                }
            })
        }),
        case("a trail of zeros", Exit::NotAuthentic, "BUN-1", disordered(&story, |bundle| bundle.trail = vec![0; 32])),
        // [BUN-2]
        case("more heads than a bundle may hold", Exit::NotAuthentic, "BUN-1", {
            disordered(&story, |bundle| bundle.heads = vec![bundle.heads[0].clone(); 257])
        }),
        case("signed by the other party in the exporter's name", Exit::NotAuthentic, "BUN-4", {
            story.draft(&world.hotline, &Extent::VALUES).build(world.jasen.signing()).unwrap()
        }),
        case("exported with a key that was replaced", Exit::UnknownSigner, "BUN-4", {
            let mut draft = story.draft(&world.hotline, &Extent::VALUES);
            draft.key = world.hotline.record(0);
            draft.build(world.hotline.author(0).signing).unwrap()
        }),
        case(
            "an agreement that nobody names",
            Exit::NotAuthentic,
            "BUN-6",
            changed(&story, |draft| {
                let other = World::pair_by(&crate::sample::TWO_PARTY.replace(
                    "version = 1",
                    "version = 2\nprevious = \"0101010101010101010101010101010101010101010101010101010101010101\"",
                ));
                draft.agreements.push(other.signed);
            }),
        ),
        case(
            "a head of another trail",
            Exit::NotAuthentic,
            "BUN-11",
            with_head(&story, &world.jasen, |head| {
                head.trail = Id::of(b"another trail").into();
            }),
        ),
        case(
            "a challenge of another trail",
            Exit::NotAuthentic,
            "BUN-14",
            changed(&story, |draft| {
                let (trail, time) = (Id::of(b"another trail").into(), draft.time);
                let challenge = Challenge { trail, to: world.jasen.id, nonce: [5; 32], time };
                let own = world.hotline.signing();
                draft.challenges.push(Envelope::sign(MediaType::CHALLENGE, challenge.encode(), &[own]).unwrap());
            }),
        ),
        case(
            "a challenge that a stranger signed",
            Exit::UnknownSigner,
            "BUN-14",
            changed(&story, |draft| {
                let challenge = Challenge { trail: draft.trail, to: world.jasen.id, nonce: [5; 32], time: draft.time };
                let stranger = uput_core::key::SigningKey::from_seed(&[9; 32]);
                draft.challenges.push(Envelope::sign(MediaType::CHALLENGE, challenge.encode(), &[&stranger]).unwrap());
            }),
        ),
    ]
}

pub(crate) fn of_keys(world: &World) -> Vec<Case> {
    let story = world.enquiry();
    let case = |name, exit, requirement, bundle| Case::new(name, exit, requirement, world, bundle);
    let hotline = world.hotline.id;
    let newest = world.hotline.newest();
    let chain_of = |draft: &mut uput_core::bundle::BundleDraft| {
        draft.chains.iter().position(|chain| chain[0].id() == world.hotline.records[0].id()).unwrap()
    };
    let mut back = world.enquiry();
    back.force(&world.hotline, Statement::Acknowledged, |_| {});
    back.force(&world.hotline, Statement::ChosenElsewhere, |event| event.key = world.hotline.record(0));
    vec![
        case(
            "a key record that another key signed",
            Exit::NotAuthentic,
            "BUN-20",
            changed(&story, |draft| {
                let at = chain_of(draft);
                let mut wire = draft.chains[at][1].to_wire();
                wire.signatures[0].signature[7] ^= 1;
                draft.chains[at][1] = Envelope::from_wire(wire).unwrap();
            }),
        ),
        case(
            "key records without the first",
            Exit::NotAuthentic,
            "BUN-20",
            changed(&story, |draft| {
                let at = chain_of(draft);
                draft.chains[at].remove(0);
            }),
        ),
        case("a signer that the trust file does not name", Exit::UnknownSigner, "BUN-21", exported(&story))
            .trusting(|trust| trust.organisations.retain(|entry| entry.organisation != hotline)),
        case("keys that end before the record that the trust file demands", Exit::UnknownSigner, "BUN-22", {
            exported(&story)
        })
        .trusting(|trust| trust.organisations.iter_mut().for_each(|entry| entry.minimum = Id::of(b"later").into())),
        case("the newest key record is demanded and here", Exit::Valid, "", exported(&story)).trusting(|trust| {
            trust
                .organisations
                .iter_mut()
                .filter(|entry| entry.organisation == hotline)
                .for_each(|entry| entry.minimum = newest);
        }),
        case(
            "no key records of the receiver",
            Exit::UnknownSigner,
            "BUN-30",
            changed(&story, |draft| {
                draft.chains.retain(|chain| chain[0].id() != world.jasen.records[0].id());
            }),
        ),
        case("a later event with an older key", Exit::UnknownSigner, "BUN-23", exported(&back)),
        case(
            "two successors of one key record",
            Exit::Equivocation,
            "BUN-25",
            changed(&story, |draft| {
                let at = chain_of(draft);
                draft.chains[at].push(world.hotline.fork());
            }),
        ),
        case(
            "two successors of one key record, and the trust file demands the one that signed nothing",
            Exit::UnknownSigner,
            "BUN-30",
            changed(&story, |draft| {
                let at = chain_of(draft);
                draft.chains[at].push(world.hotline.fork());
                let warned = Statement::Warned(wire::WarningCode::RiskChanged);
                draft.events.push(story.next(&world.hotline, warned, |_| {}).into_envelope());
            }),
        )
        .trusting(|trust| {
            trust
                .organisations
                .iter_mut()
                .filter(|entry| entry.organisation == hotline)
                .for_each(|entry| entry.minimum = world.hotline.fork().id().into());
        }),
        case("an opening that names a key record of the receiver that is not here", Exit::UnknownSigner, "BUN-26", {
            exported(&world.opened_as(|event| {
                let Statement::Opening(opening) = &mut event.statement else { panic!("no opening") };
                opening.peer_key = Id::of(b"a later record").into();
            }))
        }),
        case("a head that names a key record that is not here", Exit::UnknownSigner, "BUN-26", {
            with_head(&story, &world.jasen, |head| head.peer_key = Id::of(b"a later record").into())
        }),
    ]
}

pub(crate) fn of_heads(world: &World) -> Vec<Case> {
    let mut story = world.enquiry();
    let early = story.signed_head(&world.jasen);
    story.say(&world.jasen, Statement::Acknowledged);
    let case = |name, exit, requirement, bundle| Case::new(name, exit, requirement, world, bundle);
    let demand = HeadDemand { nonce: Some([7; 32]), earliest: Some(world.at(2)) };
    let carrying = |nonces: [[u8; 32]; 2]| {
        changed(&story, |draft| {
            draft.heads.clear();
            for (party, nonce) in [&world.hotline, &world.jasen].into_iter().zip(nonces) {
                let head = Head { nonce: Some(nonce), ..story.head(party) };
                draft.heads.push(head.sign(party.signing()).unwrap());
            }
        })
    };
    let trail = story.head(&world.jasen).trail;
    let own = Head::nonce_for(&[7; 32], &trail);
    let answering = |name, exit, requirement, nonces| {
        case(name, exit, requirement, carrying(nonces)).trusting(|trust| trust.heads = demand)
    };
    vec![
        case(
            "an older head of the receiver is named as such",
            Exit::Valid,
            "",
            changed(&story, |draft| {
                draft.heads.retain(|head| Head::parse(head.body()).unwrap().author == world.hotline.id);
                draft.heads.push(early.clone());
            }),
        ),
        case(
            "no head of the receiver",
            Exit::Incomplete,
            "BUN-40",
            changed(&story, |draft| {
                draft.heads.retain(|head| Head::parse(head.body()).unwrap().author == world.hotline.id);
            }),
        ),
        answering("heads that answer the trust file", Exit::Valid, "", [own; 2]),
        answering("heads that carry the bare nonce of the trust file", Exit::Incomplete, "BUN-64", [[7; 32]; 2]),
        answering("a head of the receiver that carries the bare nonce", Exit::Incomplete, "BUN-64", [own, [7; 32]]),
        answering("heads that answer the trust file for another trail", Exit::Incomplete, "BUN-64", {
            [Head::nonce_for(&[7; 32], &Id::of(b"another trail").into()); 2]
        }),
        answering("heads that answer another trust file", Exit::Incomplete, "BUN-64", {
            [Head::nonce_for(&[8; 32], &trail); 2]
        }),
        case("heads without the nonce of the trust file", Exit::Incomplete, "BUN-64", exported(&story))
            .trusting(|trust| trust.heads = demand),
        case("heads older than the trust file demands", Exit::Incomplete, "BUN-64", exported(&story)).trusting(
            |trust| {
                trust.heads.earliest = Some(world.at(100));
            },
        ),
        case("a head that counts more events than are here", Exit::Incomplete, "BUN-32", {
            with_head(&story, &world.jasen, |head| {
                head.own_count = 9;
                head.own_last = Some(Id::of(b"a dropped event").into());
            })
        }),
        case("a head that gives its authors last event another number", Exit::Equivocation, "BUN-36", {
            with_head(&story, &world.jasen, |head| head.own_count = 9)
        }),
        case("a head that has seen an event that is not here", Exit::Incomplete, "BUN-32", {
            with_head(&story, &world.jasen, |head| head.seen_last = Some(Id::of(b"a dropped event").into()))
        }),
        case("a head that contradicts an event of its author", Exit::Equivocation, "BUN-36", {
            with_head(&story, &world.jasen, |head| head.own_last = Some(Id::of(b"a twin").into()))
        }),
        case(
            "a head that contradicts an event of its author and what that one follows is not here",
            Exit::Equivocation,
            "BUN-36",
            changed(&story, |draft| {
                let last = story.trail.event(&story.trail.last(Side::Peer).unwrap()).unwrap();
                draft.events.retain(|event| event.id() != last.prev.unwrap().into());
                draft.heads.retain(|head| *head != story.signed_head(&world.jasen));
                let mut head = story.head(&world.jasen);
                head.own_last = Some(Id::of(b"a twin").into());
                draft.heads.push(head.sign(world.jasen.signing()).unwrap());
            }),
        ),
        case(
            "two heads that contradict each other",
            Exit::Equivocation,
            "BUN-36",
            changed(&story, |draft| {
                let mut twin = story.head(&world.jasen);
                twin.own_last = Some(Id::of(b"a twin").into());
                draft.heads.push(twin.sign(world.jasen.signing()).unwrap());
            }),
        ),
        case("a later head that has seen less than an earlier one", Exit::NotConformant, "BUN-34", {
            let mut later = world.enquiry();
            let first = later.trail.id().opening();
            later.say(&world.hotline, Statement::Warned(wire::WarningCode::DoNotContact));
            let before = later.signed_head(&world.jasen);
            later.say(&world.jasen, Statement::Acknowledged);
            let less = Head { seen_count: 1, seen_last: Some(first), ..later.head(&world.jasen) };
            let less = less.sign(world.jasen.signing()).unwrap();
            changed(&later, |draft| draft.heads = vec![later.signed_head(&world.hotline), before, less])
        }),
        case("a head signed with a key that was replaced before", Exit::UnknownSigner, "BUN-23", {
            let mut later = world.enquiry();
            later.say(&world.hotline, Statement::ChosenElsewhere);
            let mut old = later.head(&world.hotline);
            old.key = world.hotline.record(0);
            changed(&later, |draft| {
                draft.heads.retain(|head| Head::parse(head.body()).unwrap().author == world.jasen.id);
                draft.heads.push(old.sign(world.hotline.author(0).signing).unwrap());
            })
        }),
        case("witnesses that the trust file demands are not there", Exit::Incomplete, "BUN-63", exported(&story))
            .trusting(|trust| trust.witnesses.number = 1),
    ]
}
