//! Two bundles of one trail beside each other: what one of them left out. [BUN-95] [BUN-96] [BUN-97]

use uput_core::{
    bundle::BundleDraft,
    event::Statement,
    id::EventId,
    slot::Extent,
    time::Span,
    verdict::{Comparison, Exit, Uncomparable, Why, compare},
};

use crate::sample::{Organisation, Story, World};

/// The whole night by the hotline, and the same up to so many events by the shelter, changed. Of the shelter's heads both
/// show the one from before.
fn beside(world: &World, events: usize, change: impl FnOnce(&mut BundleDraft)) -> Comparison {
    let (night, part) = (world.night(), world.night().until(events));
    let mut whole = night.draft(&world.hotline, &Extent::LABELS);
    whole.heads = vec![night.signed_head(&world.hotline), part.signed_head(&world.jasen)];
    let mut draft = part.draft(&world.jasen, &Extent::NOTHING);
    draft.evidence.clone_from(&whole.evidence);
    change(&mut draft);
    compared(world, &signed(whole, &world.hotline), &signed(draft, &world.jasen))
}

fn signed(draft: BundleDraft, by: &Organisation) -> Vec<u8> {
    draft.build(by.signing()).unwrap()
}

fn compared(world: &World, one: &[u8], two: &[u8]) -> Comparison {
    compare(one, two, &world.trust()).unwrap()
}

fn whys(comparison: &Comparison, which: usize) -> Vec<Why> {
    comparison.bundles[which].lacks.iter().map(|lacking| lacking.why).collect()
}

/// The story until its last event but so many, for whoever wants to hide those.
fn but(story: &Story<'_>, hidden: usize) -> usize {
    story.trail.len() - hidden
}

#[test]
fn two_whole_bundles_lack_nothing() {
    let world = World::invented();
    let night = world.night();
    let [one, two] = [&world.hotline, &world.jasen].map(|party| night.bundle(party, &Extent::LABELS));
    let comparison = compared(&world, &one, &two);
    assert_eq!((whys(&comparison, 0), whys(&comparison, 1)), (vec![], vec![]));
    assert_eq!(comparison.together.events, night.trail.len() as u64);
    assert_eq!(comparison.exit, comparison.bundles[0].exit);
    assert_eq!(comparison.words, ["What both parties leave out, nothing here shows."]);
    let alone = compared(&world, &one, &one);
    assert!(alone.words[0].starts_with("Both were exported by one party"), "{:?}", alone.words);
}

#[test]
fn an_exporter_who_hides_what_it_had_signed_for_is_shown_by_its_own_signature() {
    let world = World::invented();
    let night = world.night();
    // It exports later than all that happened, and shows a head from before: whole, if one looks at it alone.
    let events = but(&night, 3);
    let comparison = beside(&world, events, |draft| draft.time = world.at(1_000));
    assert_eq!(whys(&comparison, 1), vec![Why::Withheld; 3]);
    assert_eq!(comparison.bundles[1].events, events as u64);
    assert_ne!(comparison.bundles[1].exit, Exit::Incomplete, "alone nothing shows it");
    assert_eq!(comparison.exit, Exit::Incomplete);
    assert!(comparison.words[0].contains("had signed before its export that it had it"), "{:?}", comparison.words);
    assert!(whys(&comparison, 0).is_empty());
}

#[test]
fn whoever_exported_before_has_left_nothing_out() {
    let world = World::invented();
    let night = world.night();
    let comparison = beside(&world, but(&night, 3), |_| {});
    assert!(whys(&comparison, 1).iter().all(|why| *why != Why::Withheld), "{:?}", comparison.words);
    assert!(whys(&comparison, 1).contains(&Why::Later));
    // An event of the exporter's own minute may have been signed after the export.
    let last = night.trail.events().last().unwrap().time;
    let close = beside(&world, but(&night, 1), |draft| {
        draft.time = last.after(Span(59));
    });
    assert_eq!(whys(&close, 1), [Why::Unknown]);
    let far = beside(&world, but(&night, 1), |draft| draft.time = last.after(Span(60)));
    assert_eq!(whys(&far, 1), [Why::Withheld]);
}

#[test]
fn nobody_withholds_on_the_word_of_the_other_party() {
    // The hotline says that it warned; nothing that the shelter signed shows that the warning came.
    let world = World::invented();
    let mut story = world.enquiry();
    let count = story.trail.len();
    let warned = story.say(&world.hotline, Statement::Warned(uput_core::wire::WarningCode::RiskChanged));
    let mut draft = story.until(count).draft(&world.jasen, &Extent::NOTHING);
    draft.time = world.at(1_000);
    let one = story.bundle(&world.hotline, &Extent::LABELS);
    let comparison = compared(&world, &one, &signed(draft, &world.jasen));
    let lacks: Vec<_> =
        comparison.bundles[1].lacks.iter().map(|lacking| (lacking.event.clone(), lacking.why)).collect();
    // Both heads of the hotline's bundle are the shelter's word too: its head there has seen the warning.
    assert_eq!(lacks, [(warned.to_string(), Why::Withheld)]);
    let mut unseen = story.draft(&world.hotline, &Extent::LABELS);
    unseen.heads = vec![story.signed_head(&world.hotline), story.until(count).signed_head(&world.jasen)];
    let mut draft = story.until(count).draft(&world.jasen, &Extent::NOTHING);
    draft.time = world.at(1_000);
    let comparison = compared(&world, &signed(unseen, &world.hotline), &signed(draft, &world.jasen));
    assert_eq!(whys(&comparison, 1), [Why::Unknown]);
    assert_ne!(comparison.exit, Exit::Incomplete);
}

#[test]
fn two_histories_that_are_each_whole_contradict_each_other_together() {
    // [BUN-96] To each party the shelter shows another event under one number.
    let world = World::invented();
    let tell = |statement| {
        let mut story = world.enquiry();
        story.say(&world.jasen, statement);
        story
    };
    let one = tell(Statement::Acknowledged).bundle(&world.hotline, &Extent::LABELS);
    let two = tell(Statement::Declined(uput_core::wire::DeclineReason::NoPlace)).bundle(&world.jasen, &Extent::LABELS);
    let comparison = compared(&world, &one, &two);
    for alone in &comparison.bundles {
        assert_ne!(alone.exit, Exit::Equivocation);
    }
    assert_eq!((comparison.exit, comparison.together.exit), (Exit::Equivocation, Exit::Equivocation));
    let breach = comparison.together.breaches.iter().find(|breach| breach.requirement == "BUN-33").unwrap();
    assert_eq!((breach.by.id.clone(), breach.proof.len()), (world.jasen.id.to_string(), 2));
}

#[test]
fn what_is_no_bundle_of_the_same_trail_is_not_compared() {
    let world = World::invented();
    let night = world.night().bundle(&world.hotline, &Extent::NOTHING);
    let other = world.another().bundle(&world.hotline, &Extent::NOTHING);
    assert_eq!(compare(&night, &other, &world.trust()).unwrap_err(), Uncomparable::OtherTrail);
    let cut = compare(&night, &night[..night.len() - 1], &world.trust()).unwrap_err();
    assert!(matches!(cut, Uncomparable::Unreadable(2, _)), "{cut:?}");
}

#[test]
fn a_forged_event_of_one_bundle_is_held_against_nobody() {
    let world = World::invented();
    let story = world.enquiry();
    let mut draft = story.draft(&world.jasen, &Extent::NOTHING);
    let forged = story.next(&world.jasen, Statement::Acknowledged, |_| {});
    let forged = uput_core::envelope::Envelope::sign(
        uput_core::envelope::MediaType::EVENT,
        forged.encode(),
        &[world.hotline.signing()],
    );
    let forged = forged.unwrap();
    let id: EventId = forged.id().into();
    draft.events.push(forged);
    let comparison = compared(&world, &story.bundle(&world.hotline, &Extent::NOTHING), &signed(draft, &world.jasen));
    assert_eq!(comparison.exit, Exit::NotAuthentic);
    assert!(comparison.bundles[0].lacks.iter().all(|lacking| lacking.event != id.to_string()));
}
