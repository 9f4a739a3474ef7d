//! What an event passes on as signed by another organisation, and what a verdict makes of it.

use uput_core::{
    bundle::BundleDraft,
    event::Statement,
    head::Head,
    id::EventId,
    log::EntryKind,
    slot::Extent,
    trust::TrustedOrganisation,
    verdict::{Conformance, Exit, verify},
};

use crate::{
    case::{Case, changed},
    copied::{copy, first, told, world},
    diary::{Diary, SOON, Scene},
    sample::{MIDNIGHT, Organisation, TWO_PARTY, World},
};

fn with_chain(by: &Organisation) -> impl FnOnce(&mut BundleDraft) {
    let records = by.records.clone();
    move |draft| draft.chains.push(records)
}

fn named(case: Case, by: &Organisation, record: usize) -> Case {
    let entry =
        TrustedOrganisation { name: String::from("hotline-breza"), organisation: by.id, minimum: by.record(record) };
    case.trusting(|trust| {
        trust.organisations.push(entry);
        trust.organisations.sort_by_key(|entry| entry.organisation);
    })
}

/// [BUN-90] [BUN-91] [BUN-92] [BUN-93]
pub(crate) fn cases(world: &World) -> Vec<Case> {
    let by = first();
    let mut later = first();
    later.rotate();
    let mut robbed = first();
    robbed.disown(None);
    let good = told(world, copy(world, &by, by.signing(), 0));
    let forged = told(world, copy(world, &by, world.hotline.signing(), 0));
    let case = |name, exit, requirement, bundle| Case::new(name, exit, requirement, world, bundle);
    // Values closed, and yet whose word it is can be read from the keys beside it.
    let mut telling = good.draft(&world.hotline, &Extent::LABELS);
    telling.chains.push(by.records.clone());
    let telling = telling.build(world.hotline.signing()).unwrap();
    vec![
        named(case("a copy that its author signed", Exit::Valid, "", changed(&good, with_chain(&by))), &by, 0),
        case(
            "a copy by an organisation that the trust file does not name",
            Exit::Valid,
            "",
            changed(&good, with_chain(&by)),
        ),
        named(case("a copy whose key records are not here", Exit::Valid, "", changed(&good, |_| {})), &by, 0),
        named(
            case("a copy by key records that end too early", Exit::Valid, "", changed(&good, with_chain(&by))),
            &later,
            1,
        ),
        named(
            case("a copy by a key that its author disowns", Exit::Valid, "", changed(&good, with_chain(&robbed))),
            &by,
            0,
        ),
        named(
            case(
                "a copy that its author did not sign",
                Exit::NotConformant,
                "BUN-56",
                changed(&forged, with_chain(&by)),
            ),
            &by,
            0,
        ),
        case(
            "a stranger's copy that it did not sign",
            Exit::NotConformant,
            "BUN-56",
            changed(&forged, with_chain(&by)),
        ),
        named(case("key records of a copy whose value is closed", Exit::NotAuthentic, "BUN-6", telling), &by, 0),
    ]
}

/// [BUN-90] [BUN-91] [BUN-92] [BUN-93] [BUN-108]
#[test]
fn a_verdict_says_whose_word_a_fact_is() {
    let world = world();
    let standings = [
        "verified",
        "uncompared",
        "unknown_signer",
        "unknown_signer",
        "unknown_signer",
        "does_not_match",
        "does_not_match",
    ];
    for (case, standing) in cases(&world).iter().zip(standings) {
        let report = verify(&case.bundle, &case.trust);
        assert_eq!(report.exit, case.exit, "{}: {:?}", case.name, report.conformant);
        let shown: Vec<_> = report.timeline.iter().filter_map(|entry| entry.attested.as_ref()).collect();
        assert_eq!(shown.len(), 1, "{}", case.name);
        assert_eq!((shown[0].standing, shown[0].day), (standing, MIDNIGHT), "{}", case.name);
        assert_eq!(shown[0].labels, ["age_band", "language", "risk_level"]);
        let doubted = standing == "does_not_match";
        let expected = if doubted { Conformance::NotCheckable } else { Conformance::Yes };
        assert_eq!(report.conformant.verdict, expected, "{}: {:?}", case.name, report.conformant);
        // Nobody is called by a name that the trust file does not give.
        let named = case.trust.organisation(&first().id).is_some();
        assert!(named || report.words.iter().all(|word| !word.contains("hotline-breza")), "{}", case.name);
    }
}

/// [BUN-94]
#[test]
fn a_verdict_says_when_the_time_of_a_withdrawal_was_over_and_on_whose_word() {
    let world = World::pair();
    let mut night = world.asked();
    let withdrawal = night.say(&world.hotline, Statement::Withdrawn);
    let settled = |by: &Organisation| {
        let mut head = night.head(by);
        head.settled = Some(withdrawal);
        let head = head.sign(by.signing()).unwrap();
        verify(&changed(&night, |draft| draft.heads.push(head)), &world.trust())
    };
    let of = |report: &uput_core::verdict::Report| report.timeline.iter().filter_map(|entry| entry.settled).count();
    assert_eq!(of(&settled(&world.jasen)), 1);
    // The sender's word on the receiver's time is none.
    assert_eq!(of(&settled(&world.hotline)), 0);
}

/// [BUN-94] A head may name what it likes, and say it more than once.
#[test]
fn what_is_no_withdrawal_is_never_settled_and_of_several_times_the_earliest_counts() {
    let scene = Scene::new(TWO_PARTY);
    let (hotline, jasen) = (&scene.world.hotline, &scene.world.jasen);
    let mut night = scene.world.asked();
    let delivered = night.say(jasen, Statement::Delivered(night.trail.id().opening()));
    let withdrawal = night.say(hotline, Statement::Withdrawn);
    let head = |settled, minutes: u64| {
        let head = Head { settled: Some(settled), time: scene.world.at(minutes), ..night.head(jasen) };
        head.sign(jasen.signing()).unwrap()
    };
    let heads = [head(withdrawal, 70), head(withdrawal, 50), head(withdrawal, 60), head(delivered, 40)];
    // Its log shows the one of 70 minutes in the first tick, and the one of 60 in the second.
    let log = [(6, EntryKind::Head, heads[0].id()), (7, EntryKind::Head, heads[2].id())];
    let log = Diary::of(jasen, &log, 8);
    let shown = |order: &[usize], size: u64| {
        let bundle = scene.bundle(&night, |draft| {
            let under = log.cosigned(size, &[(&scene.north, SOON * size)]);
            log.show(draft, &under);
            draft.checkpoints.push(log.cosigned(8, &[(&scene.north, SOON * 8)]).to_bytes());
            draft.heads.extend(order.iter().map(|one| heads[*one].clone()));
        });
        let report = verify(&bundle, &scene.demanding(0));
        let of = |id: EventId| {
            let entry = report.timeline.iter().find(|entry| entry.event == id.to_string()).unwrap();
            (entry.settled, entry.settled_proven)
        };
        assert_eq!(of(delivered), (None, None), "no withdrawal");
        of(withdrawal)
    };
    let earliest = Some(scene.world.at(50).get());
    assert_eq!(shown(&[0, 1, 2, 3], 8), (earliest, Some(MIDNIGHT + SOON * 8)));
    assert_eq!(shown(&[3, 2, 1, 0], 8), (earliest, Some(MIDNIGHT + SOON * 8)));
    assert_eq!(shown(&[0, 1, 3], 7), (earliest, Some(MIDNIGHT + SOON * 7)));
    assert_eq!(shown(&[1, 3], 7), (earliest, None), "what no log shows");
}
