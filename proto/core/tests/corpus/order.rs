//! One order, and nothing twice: the same content makes the same bytes. [BUN-3]

use uput_core::{envelope::Envelope, wire};

use crate::{
    entry::Entry,
    forge::{challenge, rewritten, unchecked},
    sample::World,
};

pub(crate) fn entries() -> Vec<Entry> {
    let (world, four) = (World::pair(), World::invented());
    let (story, night) = (world.enquiry(), four.night());
    let case = |name, reason, change: &dyn Fn(&mut wire::Bundle)| {
        Entry::new(name, reason, &world, rewritten(&story, change)).fails(10, "BUN-3", "NOT_CANONICAL")
    };
    let of_night = |name, reason, change: &dyn Fn(&mut wire::Bundle)| {
        Entry::new(name, reason, &four, rewritten(&night, change)).of("a night that kept everything").fails(
            10,
            "BUN-3",
            "NOT_CANONICAL",
        )
    };
    vec![
        case("an event twice", "The same event stands there two times.", &|bundle| {
            bundle.events.insert(0, bundle.events[0].clone());
        }),
        case("events in another order", "By author, number, ID.", &|bundle| bundle.events.swap(1, 2)),
        case("organisations in another order", "Chains ascend by OrgId.", &|bundle| bundle.chains.swap(0, 1)),
        case("a key record twice", "The newest record of a chain stands there two times.", &|bundle| {
            let chain = &mut bundle.chains[0].records;
            chain.extend(chain.last().cloned());
        }),
        case("one organisation's key records as two chains", "An organisation has one chain.", &|bundle| {
            bundle.chains.insert(0, bundle.chains[0].clone());
        }),
        case("second successors in another order", "They stand last, by number and ID.", &|bundle| {
            let mut forks = [700, 800].map(|days| world.hotline.fork_until(days));
            forks.sort_by_key(|fork| std::cmp::Reverse(fork.id()));
            let first = world.hotline.records[0].to_wire();
            let chain = bundle.chains.iter_mut().find(|chain| chain.records[0] == first).unwrap();
            chain.records.extend(forks.iter().map(Envelope::to_wire));
        })
        .also("BUN-25", "Two successors are themselves a breach: without them there is no order of them."),
        case("heads in another order", "Heads ascend by ID.", &|bundle| bundle.heads.swap(0, 1)),
        case("a head twice", "The same head stands there two times.", &|bundle| {
            bundle.heads.insert(0, bundle.heads[0].clone());
        }),
        case("a challenge twice", "The same challenge stands there two times.", &|bundle| {
            let body = challenge(&story).encode();
            let media_type = uput_core::envelope::MediaType::CHALLENGE.as_str();
            bundle.challenges = vec![unchecked(media_type, body, &[world.hotline.signing()]); 2];
        })
        .also("BUN-111", "Nobody answered it: a challenge that is here waits for its answer."),
        case("the agreement twice", "The same version stands there two times.", &|bundle| {
            bundle.agreements = vec![bundle.agreements[0].clone(); 2];
        }),
        of_night("evidence twice", "The same decision stands there two times.", &|bundle| {
            bundle.evidence = vec![bundle.evidence[0].clone(); 2];
        }),
        of_night("disclosures in another order", "They stand in the order of their events.", &|bundle| {
            bundle.disclosures.swap(0, 1);
        }),
        of_night(
            "two disclosures of one event",
            "At most one an event: which of two counts, readers would disagree.",
            &|bundle| {
                bundle.disclosures.insert(0, bundle.disclosures[0].clone());
            },
        ),
        case("log proofs in another order", "By party and tick.", &|bundle| bundle.proofs.swap(0, 1)),
        case("checkpoints in another order", "By their bytes.", &|bundle| bundle.checkpoints.swap(0, 1)),
    ]
}
