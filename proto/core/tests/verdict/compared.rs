//! Two bundles of one trail beside each other: what one of them left out. [BUN-95] [BUN-96] [BUN-97]

use uput_core::{
    bundle::BundleDraft,
    event::Statement,
    id::{EventId, Id},
    log::EntryKind,
    slot::Extent,
    time::Span,
    verdict::{Comparison, Exit, Uncomparable, Why, compare},
};

use crate::{
    content::newer,
    diary::{Diary, SOON, Scene},
    sample::{Organisation, Story, TWO_PARTY, World},
};

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
fn an_exporter_who_hides_what_it_had_by_its_own_dates_is_asked() {
    let world = World::invented();
    let night = world.night();
    // It exports later than all that happened, and shows a head from before: whole, if one looks at it alone.
    let events = but(&night, 3);
    let comparison = beside(&world, events, |draft| draft.time = world.at(1_000));
    assert_eq!(whys(&comparison, 1), vec![Why::Dated; 3], "dates alone call nobody a liar");
    assert_eq!(comparison.bundles[1].events, events as u64);
    assert_ne!(comparison.bundles[1].exit, Exit::Incomplete, "alone nothing shows it");
    assert_eq!(comparison.exit, Exit::Incomplete);
    assert!(comparison.words[0].contains("by its own dates shelter-jasen had it"), "{:?}", comparison.words);
    assert!(whys(&comparison, 0).is_empty());
}

#[test]
fn whoever_exported_before_has_left_nothing_out() {
    let world = World::invented();
    let night = world.night();
    let comparison = beside(&world, but(&night, 3), |_| {});
    assert_eq!(whys(&comparison, 1), [Why::Unknown; 3], "{:?}", comparison.words);
    assert!(comparison.words.iter().any(|words| words.contains("which is its word")), "{:?}", comparison.words);
    // An event of the exporter's own minute may have been signed after the export.
    let last = night.trail.events().last().unwrap().time;
    let close = beside(&world, but(&night, 1), |draft| {
        draft.time = last.after(Span(59));
    });
    assert_eq!(whys(&close, 1), [Why::Unknown]);
    let far = beside(&world, but(&night, 1), |draft| draft.time = last.after(Span(60)));
    assert_eq!(whys(&far, 1), [Why::Dated]);
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
    assert_eq!(lacks, [(warned.to_string(), Why::Dated)]);
    let mut unseen = story.draft(&world.hotline, &Extent::LABELS);
    unseen.heads = vec![story.signed_head(&world.hotline), story.until(count).signed_head(&world.jasen)];
    let mut draft = story.until(count).draft(&world.jasen, &Extent::NOTHING);
    draft.time = world.at(1_000);
    let comparison = compared(&world, &signed(unseen, &world.hotline), &signed(draft, &world.jasen));
    assert_eq!(whys(&comparison, 1), [Why::Unknown]);
    assert_ne!(comparison.exit, Exit::Incomplete);
}

/// [BUN-97]
#[test]
fn what_the_order_shows_no_date_hides_and_no_clock_makes() {
    let world = World::invented();
    let night = world.night();
    let all: Vec<_> = night.trail.events().map(|event| (event.id, event.author)).collect();
    let whole = night.bundle(&world.hotline, &Extent::LABELS);
    // The shelter leaves out the warning of the hotline, which its own answer has seen, and dates its export back to the
    // beginning: it changes nothing.
    let warned = all.len() - 4;
    for time in [1, 1_000] {
        let mut draft = night.draft(&world.jasen, &Extent::NOTHING);
        draft.time = world.at(time);
        draft.events.retain(|event| EventId::from(event.id()) != all[warned].0);
        let comparison = compared(&world, &whole, &signed(draft, &world.jasen));
        assert_eq!(whys(&comparison, 1), [Why::Withheld], "{:?}", comparison.words);
        assert!(comparison.words[0].contains("what stands in that bundle follows it"));
    }
    // Its own event, which only the other party's head follows.
    let last = all.iter().rposition(|(_, author)| *author == world.jasen.id).unwrap();
    let mut draft = night.draft(&world.jasen, &Extent::NOTHING);
    draft.events.retain(|event| EventId::from(event.id()) != all[last].0);
    draft.heads = vec![night.signed_head(&world.hotline)];
    draft.time = world.at(1);
    let comparison = compared(&world, &whole, &signed(draft, &world.jasen));
    assert_eq!(whys(&comparison, 1), [Why::Withheld]);
    // An honest export by a clock that was days ahead, and was set back: no order shows that it had what came then.
    let comparison = beside(&world, all.len() - 3, |draft| draft.time = world.at(500_000));
    assert_eq!(whys(&comparison, 1), [Why::Dated; 3]);
    assert!(comparison.words[0].contains("a clock that was set back looks the same"), "{:?}", comparison.words);
}

/// [BUN-95]
#[test]
fn what_a_program_cannot_read_is_compared_all_the_same() {
    let world = World::invented();
    let story = world.enquiry();
    let answer = newer(&story.next(&world.jasen, Statement::Acknowledged, |_| {}), &world);
    let id = EventId::from(answer.id()).to_string();
    let mut draft = story.draft(&world.hotline, &Extent::NOTHING);
    draft.events.push(answer);
    let comparison = compared(&world, &signed(draft, &world.hotline), &story.bundle(&world.jasen, &Extent::NOTHING));
    let lacks = &comparison.bundles[1].lacks;
    assert_eq!((lacks.len(), lacks[0].event.clone(), lacks[0].kind.as_str()), (1, id, "needs_upgrade"));
    assert_eq!(comparison.bundles[0].events, comparison.bundles[1].events + 1);
}

/// [BUN-96] Each exporter proves one tick of one log otherwise: both proofs count, and contradict each other.
#[test]
fn two_proofs_of_one_tick_stay_both_and_no_exporter_is_a_witness() {
    let scene = Scene::new(TWO_PARTY);
    let story = scene.world.enquiry();
    let (hotline, jasen) = (&scene.world.hotline, &scene.world.jasen);
    let opening = Id::from(story.trail.id().opening());
    let [one, two] =
        [[EntryKind::OwnEvent, EntryKind::KeyRecord], [EntryKind::KeyRecord, EntryKind::OwnEvent]].map(|kinds| {
            let id = |kind| if kind == EntryKind::OwnEvent { opening } else { hotline.records[1].id() };
            Diary::of(hotline, &kinds.map(|kind| (6, kind, id(kind))), 7)
        });
    let shown = |log: &Diary<'_>, witness: &Organisation| {
        scene.bundle(&story, |draft| log.show(draft, &log.cosigned(7, &[(witness, SOON)])))
    };
    let trust = scene.demanding(0);
    let both = compare(&shown(&one, &scene.north), &shown(&two, &scene.south), &trust).unwrap();
    assert_eq!(both.together.exit, Exit::Equivocation);
    assert!(both.together.breaches.iter().any(|breach| breach.requirement == "BUN-76"));
    assert!(!both.together.failed.contains(&"BUN-3"), "nobody ordered the whole: {:?}", both.together.failed);
    // By a trust file that lets parties count, the shelter's cosignature counts in the hotline's bundle and not beside its own.
    let mut parties = scene.demanding(1);
    parties.witnesses.independent = false;
    let logs = scene.logs(&story);
    let own = scene.bundle(&story, |draft| logs[0].show(draft, &logs[0].cosigned(7, &[(jasen, SOON)])));
    assert!(!compare(&own, &own, &parties).unwrap().together.failed.contains(&"BUN-63"));
    let theirs = story.bundle(jasen, &Extent::VALUES);
    assert!(compare(&own, &theirs, &parties).unwrap().together.failed.contains(&"BUN-63"));
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
