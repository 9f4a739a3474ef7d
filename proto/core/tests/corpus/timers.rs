//! Timers: what was late, by whose clock, and what nobody can call late. [BUN-59] [EVT-21]

use uput_core::{
    event::Statement,
    state::Side,
    wire::{ClosureReason, LegalBasis, Outcome, PurgeManner, WarningCode},
};

use crate::{
    entry::Entry,
    forge::{changed, exported, exported_by},
    sample::{Story, World, known, needed},
};

const DAYS: u64 = 24 * 60;

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    [late(&world), early(&world), dated(&world), of_four()].into_iter().flatten().collect()
}

fn delivered(world: &World) -> Story<'_> {
    let mut story = world.asked();
    story.say(&world.jasen, Statement::Delivered(story.trail.id().opening()));
    story
}

fn known_to(world: &World) -> Story<'_> {
    let mut story = world.enquiry();
    story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
    story.delivered_and(Statement::Accepted);
    story.disclose(Statement::Identity, 2, LegalBasis::ExplicitConsent, 0, known());
    let identity = story.trail.last(Side::Opener).unwrap();
    story.say(&world.jasen, Statement::Delivered(identity));
    story
}

fn late(world: &World) -> Vec<Entry> {
    let case = |name, reason, story: &Story<'_>| Entry::new(name, reason, world, exported(story)).breaks(&["EVT-21"]);
    let held = || Statement::Held { until: world.at(36_000) };
    let mut answered = delivered(world);
    answered.clock += 25 * 60;
    answered.say(&world.jasen, held());
    let mut typed = delivered(world);
    typed.clock += 25 * 60;
    typed.force(&world.jasen, held(), |event| event.occurred = Some(world.at(60)));
    let mut seen = delivered(world);
    seen.clock += 5 * 60;
    seen.say(&world.jasen, held());
    let mut silent = delivered(world);
    silent.clock += 30 * 60;
    let mut off = world.asked();
    off.clock += 90;
    off.say(&world.jasen, Statement::Delivered(off.trail.id().opening()));
    off.say(&world.jasen, held());
    let mut unmet = known_to(world);
    unmet.clock += 80 * 60;
    unmet.say(&world.jasen, Statement::ContactMade);
    let mut kept = known_to(world);
    kept.say(&world.jasen, Statement::Withdrawn);
    kept.clock += 31 * DAYS;
    kept.say(&world.jasen, Statement::Purged(PurgeManner::Destroyed));
    let mut waiting = world.asked();
    waiting.say(&world.jasen, Statement::Delivered(waiting.trail.id().opening()));
    vec![
        case("no answer yet, and none is due", "The day is not over.", &waiting),
        case("an answer too late by the receiver's own clock", "A day and an hour after its delivery.", &answered)
            .fails(14, "BUN-59", ""),
        case(
            "an answer typed too late that was given in time",
            "When it was said counts, and not when it occurred.",
            &typed,
        )
        .fails(14, "BUN-59", "")
        .breaks(&["EVT-21", "TIM-5"]),
        case("seen by a person too late by the receiver's own clock", "Five hours instead of four.", &seen)
            .fails(14, "BUN-59", ""),
        case("no answer by the receiver's own head", "Its own head says that nothing had come.", &silent)
            .fails(14, "BUN-59", ""),
        case("no contact in time by the receiver's own clock", "Eighty hours instead of seventy-two.", &unmet)
            .fails(14, "BUN-59", ""),
        case("purged too late by the receiver's own clock", "A month and a day after it took her withdrawal.", &kept)
            .fails(14, "BUN-59", ""),
        case("delivered too late by two clocks", "One clock is the sender's: nobody can call it late.", &off)
            .doubts("BUN-59"),
        Entry::new(
            "no answer, on the exporter's word",
            "Silence without the silent party's head is nobody's proof.",
            world,
            { changed(&silent, |draft| drop(draft.heads.pop())) },
        )
        .fails(11, "BUN-40", "")
        .also("BUN-59", "That nothing came is the exporter's word as long as the receiver's head is not here."),
    ]
}

/// One early word of whoever owes the answer, and what came after it.
fn early(world: &World) -> Vec<Entry> {
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle).doubts("BUN-59").breaks(&["EVT-21"]);
    let mut month = delivered(world);
    let first = month.signed_head(&world.jasen);
    month.clock += 30 * DAYS;
    let kept = |story: &Story<'_>| vec![story.signed_head(&world.hotline), first.clone()];
    let mut spoken = delivered(world);
    spoken.clock += 20 * DAYS;
    spoken.say(&world.hotline, Statement::Warned(WarningCode::RiskChanged));
    let mut seen = spoken.head(&world.jasen);
    seen.time = world.at(10);
    let seen = seen.sign(world.jasen.signing()).unwrap();
    let back = |heads| {
        exported_by(&spoken, &world.jasen, |draft| {
            draft.heads = heads;
            draft.time = world.at(11);
        })
    };
    vec![
        case(
            "no answer for a month after a head that still had time",
            "The receiver's only head is of the first day: of the time after it says nothing.",
            changed(&month, |draft| draft.heads = kept(&month)),
        ),
        case(
            "an export dated back before an event that it holds",
            "The receiver exports, and dates head and bundle to the first day; the sender's event in it is of the twentieth.",
            back(vec![seen.clone()]),
        )
        .fails(11, "BUN-40", "")
        .also("BUN-59", "The sender's head would tell the day, as its event does."),
        case(
            "an export dated back before a head that it holds",
            "The same, with the sender's head of the twentieth day.",
            back(vec![spoken.signed_head(&world.hotline), seen]),
        ),
    ]
}

/// [TIM-2] [TIM-3]
fn dated(world: &World) -> Vec<Entry> {
    let case = |name, reason, story: &Story<'_>| {
        Entry::new(name, reason, world, exported(story)).doubts("BUN-59").breaks(&["TIM-2", "TIM-3", "TIM-4", "EVT-21"])
    };
    let warned = Statement::Warned(WarningCode::RiskChanged);
    let mut back = delivered(world);
    back.clock += 25 * 60;
    back.say(&world.hotline, warned.clone());
    back.force(&world.jasen, Statement::Held { until: world.at(96_000) }, |event| event.time = world.at(10));
    let mut on = world.asked();
    let opening = Statement::Delivered(on.trail.id().opening());
    on.force(&world.jasen, opening, |event| event.time = world.at(2 * DAYS));
    on.say(&world.hotline, warned);
    on.clock += 25 * 60;
    on.say(&world.jasen, Statement::Held { until: world.at(96_000) });
    vec![
        case("an answer dated back to when it was due", "It has seen what was said a day later.", &back),
        case("a delivery dated on so that nothing was due yet", "The sender had seen it two days before.", &on),
    ]
}

/// By the agreement of four, in seconds: the centre's decision, and the stay.
fn of_four() -> Vec<Entry> {
    let world = World::invented();
    let mut notice = world.notified(&world.hotline);
    notice.say(world.centre(), Statement::Delivered(notice.trail.id().opening()));
    notice.say(world.centre(), Statement::Acknowledged);
    notice.clock += 20;
    notice.say(world.centre(), Statement::Decision(crate::sample::placement()));
    let mut shut = world.notified(&world.hotline);
    shut.say(world.centre(), Statement::Delivered(shut.trail.id().opening()));
    shut.say(world.centre(), Statement::Acknowledged);
    shut.say(world.centre(), Statement::Closed(ClosureReason::Done));
    shut.clock += 20;
    let mut stay = world.enquiry();
    stay.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
    stay.delivered_and(Statement::Accepted);
    stay.disclose(Statement::Identity, 2, LegalBasis::ExplicitConsent, 0, known());
    stay.delivered_and(Statement::Started);
    stay.clock += 20;
    stay.say(&world.jasen, Statement::Provided(Outcome::NeedMet));
    vec![
        Entry::new(
            "a decision too late by the centre's own clock",
            "Twenty seconds, where the demonstration has three.",
            &world,
            { exported(&notice) },
        )
        .of("a notification to a centre")
        .fails(14, "BUN-59", "")
        .breaks(&["EVT-21"]),
        Entry::new(
            "a centre that closes where the law makes it decide",
            "Whom a law makes answer does not end its own deadline.",
            &world,
            exported(&shut),
        )
        .of("a notification to a centre")
        .fails(14, "BUN-59", "")
        .breaks(&["EVT-21", "EVT-33"]),
        Entry::new(
            "a stay longer than it may be",
            "Twenty seconds, where the demonstration has ten.",
            &world,
            exported(&stay),
        )
        .of("a night up to her stay")
        .fails(14, "BUN-59", "")
        .breaks(&["EVT-21"]),
    ]
}
