//! Ends that the sender's clock alone does not decide. [BAS-45] [BAS-46] [BAS-48] [EVT-31] [BUN-57]

use uput_core::{
    event::{Decision, Statement},
    id::Id,
    wire::LegalBasis,
};

use crate::{
    diary::Scene,
    entry::Entry,
    forge::exported,
    sample::{Story, TWO_PARTY, World, needed, placement},
    slots::{Fields, consented, identity, need, opened, tell, with},
};

const BASE: &str = "an enquiry that was held, and her need";

pub(crate) fn entries() -> Vec<Entry> {
    let world = World::pair();
    let mut all = clocks(&world);
    all.extend(bounds(&world));
    all.extend(logged());
    all.extend(decided());
    all.extend(held(&world));
    all
}

/// Her need, claimed at one minute by a sender who has seen what the receiver claims at another.
fn dated(world: &World, heard: u64, claimed: u64, until: &str) -> Vec<u8> {
    let mut story = world.enquiry();
    story.clock = heard - 1;
    story.say(&world.jasen, Statement::Acknowledged);
    told(&mut story, claimed, &with(need(&[]), "consent_until", until))
}

fn told(story: &mut Story<'_>, claimed: u64, said: &Fields) -> Vec<u8> {
    story.clock = claimed - 1;
    let disclosure = tell(story, &story.world.hotline, Statement::Need, consented(1), said);
    opened(story, disclosure)
}

/// Midnight by a clock an hour ahead of UTC is minute 1380.
fn clocks(world: &World) -> Vec<Entry> {
    let told = |claimed, until| told(&mut world.enquiry(), claimed, &with(need(&[]), "consent_until", until));
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle).of(BASE);
    vec![
        case("a consent in the last minute of its day by its clock", "A minute before it ends.", {
            told(1379, "2026-11-22+01:00")
        }),
        case("a consent that ended by its own clock", "By UTC it is still the day.", told(1380, "2026-11-22+01:00"))
            .fails(14, "BUN-55", "")
            .breaks(&["BAS-6", "BAS-45"]),
        case("a consent whose last day is over by some clock", "Nobody said by which clock it ends.", {
            told(1379, "2026-11-22")
        })
        .doubts("BUN-55")
        .breaks(&["BAS-46"]),
        case("a consent whose last day is over by every clock", "It is past noon of the next day.", {
            told(36 * 60, "2026-11-22")
        })
        .fails(14, "BUN-55", "")
        .breaks(&["BAS-6", "BAS-46"]),
    ]
}

fn bounds(world: &World) -> Vec<Entry> {
    let case = |name, reason, bundle| Entry::new(name, reason, world, bundle).of(BASE);
    vec![
        case("a disclosure dated back to when her consent lasted", "Its sender has seen what came after the end.", {
            dated(world, 1400, 1370, "2026-11-22+01:00")
        })
        .doubts("BUN-55")
        .breaks(&["BAS-48"]),
        case("a disclosure dated back within her consent", "It decides nothing.", {
            dated(world, 1379, 1370, "2026-11-22+01:00")
        }),
    ]
}

/// When the sender's log has the need: a day and five hours after midnight.
const LATER: u64 = 29 * 6;

fn logged() -> Vec<Entry> {
    let scene = Scene::new(TWO_PARTY);
    // An agreement that ends at noon.
    let noon = Scene::new(&TWO_PARTY.replace("2028-01-01T00:00:00Z", "2026-11-22T12:00:00Z"));
    let entry = |scene: &Scene, name, reason, until: &str, seen: &[(u64, u64)]| {
        let hotline = &scene.world.hotline;
        let mut story = scene.world.enquiry();
        let said = with(need(&[]), "consent_until", until);
        let disclosure = tell(&mut story, hotline, Statement::Need, consented(1), &said);
        // Both heads are of the day after: nothing that the other party signed before shows the need.
        story.clock = 30 * 60;
        let (size, need): (u64, Id) = (6 + LATER + 2, story.trail.events().last().unwrap().id.into());
        let log = scene.diary(hotline, &story, |id| if id == need { LATER } else { 0 }, size);
        let bundle = scene.bundle(&story, |draft| {
            draft.disclosures.push(disclosure);
            log.show(draft, &log.cosigned(size, &[(&scene.north, 600 * (LATER + 2))]));
            for (size, time) in seen {
                draft.checkpoints.push(log.cosigned(6 + size, &[(&scene.north, *time)]).to_bytes());
            }
        });
        scene.entry(name, reason, 0, bundle).of(BASE)
    };
    // Twenty-five hours after midnight; three.
    let (past, before) = ([(150, 600 * 150)], [(20, 600 * 20)]);
    vec![
        entry(
            &scene,
            "a disclosure dated back that its author's log did not have when her consent had ended",
            "The log reached past the end without it.",
            "2026-11-22+01:00",
            &past,
        )
        .fails(14, "BUN-55", "")
        .breaks(&["BAS-48", "BUN-74"]),
        entry(
            &scene,
            "a disclosure that its author's log did not have when her consent may have ended",
            "By some clock the day was over, and by another it was not.",
            "2026-11-22",
            &past,
        )
        .doubts("BUN-55")
        .breaks(&["BAS-46", "BAS-48"]),
        entry(
            &scene,
            "a late entry in a log whose checkpoints end while her consent lasted",
            "They show that it was later than that, and not by how much.",
            "2026-11-22+01:00",
            &before,
        ),
        entry(
            &noon,
            "a disclosure dated back that its author's log did not have when the agreement had ended",
            "The log reached past the end without it.",
            "2026-12-31+01:00",
            &past,
        )
        .fails(14, "BUN-57", "")
        .breaks(&["BUN-74"]),
    ]
}

/// A decision for seven days, and who she is.
fn decided() -> Vec<Entry> {
    let decides = "[[decision]]\ntype = \"placement\"\nissuers = [\"psychosocial\"]\n\n[retention]";
    let world = World::pair_by(&TWO_PARTY.replacen("[retention]", decides, 1));
    let entry = |name, reason, heard: u64| {
        let mut story = world.enquiry();
        story.disclose(Statement::Need, 1, LegalBasis::ExplicitConsent, 0, needed());
        story.say(&world.hotline, Statement::Decision(Decision { ..placement() }));
        story.clock = heard;
        story.say(&world.jasen, Statement::Acknowledged);
        story.clock = 7 * 24 * 60 - 10;
        let disclosure = tell(&mut story, &world.hotline, Statement::Identity, consented(2), &identity(&[]));
        Entry::new(name, reason, &world, opened(&story, disclosure)).of("an enquiry, her need, and a decision")
    };
    vec![
        entry("who she is dated back to when the decision lasted", "Its sender has seen what came after the end.", {
            7 * 24 * 60 + 10
        })
        .doubts("BUN-52")
        .breaks(&["EVT-31"]),
        entry("who she is on the last day of the decision", "What its sender has seen came before the end.", {
            7 * 24 * 60 - 20
        }),
    ]
}

/// [PLC-14]
fn held(world: &World) -> Vec<Entry> {
    let entry = |name, reason, until| {
        let mut story = world.asked();
        story.say(&world.jasen, Statement::Delivered(story.trail.id().opening()));
        story.force(&world.jasen, Statement::Held { until: world.at(until) }, |event| event.time = world.at(100));
        Entry::new(name, reason, world, exported(&story)).of("an enquiry")
    };
    vec![
        entry("a place held until a time that was over", "Nothing was held, or a clock was ahead.", 99)
            .doubts("BUN-54"),
        entry("a place held until the minute in which it is said", "It lasts to the end of it.", 100),
    ]
}
