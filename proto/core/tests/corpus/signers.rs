//! Whose keys count: the trust file, the record that is named, forks, and chains that were kept short.

use uput_core::{
    bundle::BundleDraft,
    envelope::{Envelope, MediaType},
    event::{Event, Statement},
    head::Head,
    id::Id,
    wire::WarningCode,
};

use crate::{
    entry::Entry,
    forge::{changed, exported, opened_as, replacing_head, sealed, twisted, with_event, with_head},
    sample::World,
};

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [trusted(&world), named(&world), forked(&world)].into_iter().flatten().collect()
}

fn chain_of<'a>(draft: &'a mut BundleDraft, first: &Envelope) -> &'a mut Vec<Envelope> {
    draft.chains.iter_mut().find(|chain| chain[0].id() == first.id()).unwrap()
}

/// [BUN-21] [BUN-22]
fn trusted(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let (hotline, jasen) = (world.hotline.id, world.jasen.id);
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle);
    let four = World::invented();
    let lipa = four.others[0].id;
    vec![
        case("a sender that the trust file does not name", "Nothing in a bundle adds trust.", exported(&story))
            .trusting(|trust| trust.organisations.retain(|entry| entry.organisation != hotline))
            .fails(13, "BUN-21", ""),
        case("a receiver that the trust file does not name", "Nothing in a bundle adds trust.", exported(&story))
            .trusting(|trust| trust.organisations.retain(|entry| entry.organisation != jasen))
            .fails(13, "BUN-21", ""),
        Entry::new(
            "a party of the agreement that the trust file does not name",
            "It signed what all are judged by.",
            &four,
            { exported(&four.night()) },
        )
        .of("a night that kept everything")
        .trusting(|trust| trust.organisations.retain(|entry| entry.organisation != lipa))
        .fails(13, "BUN-21", ""),
        case(
            "keys that end before the record that the trust file demands",
            "They were kept short, or are out of date.",
            { exported(&story) },
        )
        .trusting(|trust| {
            let own = trust.organisations.iter_mut().find(|entry| entry.organisation == jasen);
            own.unwrap().minimum = Id::of(b"a later record").into();
        })
        .fails(13, "BUN-22", "")
        .breaks(&["BUN-62", "BUN-60"]),
        case("the newest key record is demanded and here", "The chain reaches it.", exported(&story)).trusting(
            |trust| {
                let own = trust.organisations.iter_mut().find(|entry| entry.organisation == hotline);
                own.unwrap().minimum = world.hotline.newest();
            },
        ),
    ]
}

/// [BUN-23] [BUN-26] [EVT-18]
fn named(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let (hotline, jasen) = (&world.hotline, &world.jasen);
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle);
    let mut back = world.enquiry();
    back.force(hotline, Statement::Warned(WarningCode::RiskChanged), |_| {});
    back.force(hotline, Statement::ChosenElsewhere, |event| event.key = hotline.record(0));
    let mut later = world.enquiry();
    later.say(hotline, Statement::ChosenElsewhere);
    let old = Head { key: hotline.record(0), ..later.head(hotline) }.sign(hotline.author(0).signing).unwrap();
    vec![
        case("an event that names a key record of another organisation", "It is not in its author's chain.", {
            with_event(
                &story,
                twisted(&story, jasen, Statement::Acknowledged, |event| event.key = hotline.newest().to_vec()),
            )
        })
        .fails(13, "BUN-30", "UNKNOWN_SIGNER")
        .breaks(&["EVT-18", "BUN-23"]),
        case("an event that names a key record that nobody has", "It is not in its author's chain.", {
            with_event(&story, twisted(&story, jasen, Statement::Acknowledged, |event| event.key = vec![7; 32]))
        })
        .fails(13, "BUN-30", "UNKNOWN_SIGNER")
        .breaks(&["EVT-18", "BUN-23"]),
        case("an event by an organisation that is not here", "No key of it is here.", {
            with_event(&story, twisted(&story, jasen, Statement::Acknowledged, |event| event.author = vec![7; 32]))
        })
        .fails(13, "BUN-30", "UNKNOWN_SIGNER")
        .breaks(&["EVT-18"]),
        case(
            "an event signed with the newest key that names an older record",
            "The record says which key must have signed.",
            {
                let mut event = Event::clone(&later.next(hotline, Statement::Acknowledged, |_| {}));
                event.key = hotline.record(0);
                event.statement = Statement::Warned(WarningCode::RiskChanged);
                with_event(&later, sealed(MediaType::EVENT.as_str(), event.encode(), &[hotline.signing()]))
            },
        )
        .fails(10, "BUN-30", "WRONG_SIGNERS")
        .breaks(&["EVT-18", "ENV-10"]),
        case("a later event with an older key", "A key that was replaced signs for the past only.", exported(&back))
            .fails(13, "BUN-23", "REVOKED_SIGNER"),
        case("a head signed with a key that was replaced before", "Its last event names a newer record.", {
            replacing_head(&later, hotline, old)
        })
        .fails(13, "BUN-23", "REVOKED_SIGNER"),
        case(
            "an opening that names a key record of the receiver that is not here",
            "The receiver's chain was cut short.",
            {
                exported(&opened_as(world, |event| {
                    let Statement::Opening(opening) = &mut event.statement else { panic!("no opening") };
                    opening.peer_key = Id::of(b"a later record").into();
                }))
            },
        )
        .fails(13, "BUN-26", "UNKNOWN_SIGNER"),
        case("a head that names a key record that is not here", "The other party's chain was cut short.", {
            with_head(&story, jasen, |head| head.peer_key = vec![7; 32])
        })
        .fails(13, "BUN-26", "UNKNOWN_SIGNER"),
    ]
}

/// [BUN-25] [KEY-16]
fn forked(world: &World) -> Vec<Entry> {
    let story = world.enquiry();
    let hotline = &world.hotline;
    let fork = hotline.fork();
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle);
    let demanding = |minimum: Id| {
        move |trust: &mut uput_core::trust::TrustFile| {
            trust.organisations.iter_mut().for_each(|entry| {
                if entry.organisation == hotline.id {
                    entry.minimum = minimum.into();
                }
            });
        }
    };
    let forked = |draft: &mut BundleDraft| chain_of(draft, &hotline.records[0]).push(fork.clone());
    let stolen = |draft: &mut BundleDraft| {
        forked(draft);
        let mut event = Event::clone(&story.next(hotline, Statement::Warned(WarningCode::RiskChanged), |_| {}));
        event.key = fork.id().into();
        draft.events.push(Envelope::sign(MediaType::EVENT, event.encode(), &[&hotline.key_of_the_fork()]).unwrap());
    };
    vec![
        case("two successors of one key record", "The organisation key was used in two places, or is stolen.", {
            changed(&story, forked)
        })
        .fails(12, "BUN-25", "")
        .breaks(&["KEY-16"]),
        case("an event under the other of two successors", "Both branches verify: the organisation signed both.", {
            changed(&story, stolen)
        })
        .fails(12, "BUN-25", "")
        .breaks(&["KEY-16"]),
        case("an event under the branch that the trust file does not demand", "The thief's branch signs nothing.", {
            changed(&story, stolen)
        })
        .trusting(demanding(hotline.records[1].id()))
        .fails(13, "BUN-30", "UNKNOWN_SIGNER")
        .breaks(&["BUN-25"])
        .also("BUN-25", "The fork is a breach by itself, and what was signed on it is by an unknown signer."),
    ]
}
