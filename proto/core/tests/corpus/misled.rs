//! Proofs that were made to mislead: each of them once made a verdict say more than was shown. [BUN-74] to [BUN-77],
//! [BUN-98] to [BUN-101]

use uput_core::{bundle::BundleDraft, event::Statement, head::Head, id::Id, log::EntryKind, state::Side};

use crate::{
    diary::{Diary, SOON, Scene, show_all},
    entry::Entry,
    sample::{Organisation, Story, TWO_PARTY},
};

/// Twenty-nine hours after midnight, in ticks: the answer was due for some hours.
const LATER: u64 = 29 * 6;
/// Ticks before midnight that each log has.
const BEFORE: u64 = 6;

pub(crate) fn entries() -> Vec<Entry> {
    let scene = Scene::new(TWO_PARTY);
    [handed_over_late(&scene), shown_otherwise(&scene), disowned(&scene)].into_iter().flatten().collect()
}

/// A request that its sender wrote into its log at midnight, and handed over twenty hours later.
fn handed_over_late(scene: &Scene) -> Vec<Entry> {
    let (north, hotline, jasen) = (&scene.north, &scene.world.hotline, &scene.world.jasen);
    let mut held = scene.world.asked();
    held.clock = 20 * 60;
    held.delivered_and(Statement::Held { until: scene.world.at(3600) });
    let opening: Id = held.trail.id().opening().into();
    let size = BEFORE + 123;
    // The receiver's log has all of it from then on, and was cosigned all day.
    let shown = |story: &Story<'_>, draft: &mut BundleDraft| {
        let own = scene.diary(hotline, story, |id| if id == opening { 0 } else { 121 }, size);
        own.show(draft, &own.cosigned(size, &[(north, 600 * 123)]));
        draft.checkpoints.push(own.cosigned(BEFORE + 1, &[(north, SOON)]).to_bytes());
        // The opening is shown under the early checkpoint.
        let early = own.cosigned(BEFORE + 1, &[(north, SOON)]);
        draft.proofs.retain(|proof| proof.party != hotline.id.to_vec() || proof.tick != crate::diary::BASE + BEFORE);
        draft.proofs.extend(own.proofs(&early).iter().map(uput_core::log::LogProof::to_wire));
        let other = scene.diary(jasen, story, |_| 121, size);
        other.show(draft, &other.cosigned(size, &[(north, 600 * 123)]));
        draft.checkpoints.push(other.cosigned(BEFORE + 100, &[(north, 600 * 100)]).to_bytes());
    };
    let never = {
        let mut story = scene.world.asked();
        story.clock = 20 * 60;
        story
    };
    let unknowing = |draft: &mut BundleDraft| {
        let mut head = never.head(jasen);
        (head.seen_count, head.seen_last) = (0, None);
        let signed = head.sign(jasen.signing()).unwrap();
        let own = [(BEFORE, EntryKind::KeyRecord, jasen.records[1].id()), (BEFORE + 121, EntryKind::Head, signed.id())];
        let log = Diary::of(jasen, &own, size);
        log.show(draft, &log.cosigned(size, &[(north, 600 * 123)]));
        draft.checkpoints.push(log.cosigned(BEFORE + 100, &[(north, 600 * 100)]).to_bytes());
        draft.heads[1] = signed;
    };
    vec![
        scene
            .entry(
                "a request that its sender logged and handed over a day later proves no delay",
                "That its sender logged it hands it to nobody: what its receiver had, the receiver's log shows.",
                0,
                scene.bundle(&held, |draft| shown(&held, draft)),
            )
            .doubts("BUN-59")
            .breaks(&["BUN-77"]),
        scene
            .entry(
                "no delivery by a head of the receiver that had not seen the request",
                "Whoever has nothing to deliver is not silent.",
                0,
                scene.bundle(&never, |draft| {
                    let own = Diary::of(hotline, &[(BEFORE, EntryKind::OwnEvent, opening)], BEFORE + 1);
                    own.show(draft, &own.cosigned(BEFORE + 1, &[(north, SOON)]));
                    unknowing(draft);
                }),
            )
            .doubts("BUN-59")
            .breaks(&["BUN-77"]),
        scene
            .entry(
                "a thief says early that its victim had a request that came a day later",
                "What is in doubt says nothing against whose key was stolen.",
                0,
                had_by_a_thief(scene, &held),
            )
            .doubts("BUN-59")
            .also("BUN-30", "Who wrote the last event nobody can say.")
            .breaks(&["BUN-106", "BUN-126"]),
    ]
}

/// The request of the first play, and an event that a thief of the receiver's key dates back to midnight.
fn had_by_a_thief(scene: &Scene, held: &Story<'_>) -> Vec<u8> {
    let (north, hotline, jasen) = (&scene.north, &scene.world.hotline, &scene.world.jasen);
    let (size, opening): (u64, Id) = (BEFORE + 123, held.trail.id().opening().into());
    let other = scene.diary(jasen, held, |_| 121, size);
    let mut after = Organisation::logging(jasen.name, crate::diary::BASE);
    after.rotate_with(|draft| draft.witnesses = vec![north.id, scene.south.id, hotline.id]);
    after.disown(Some((size, other.tree.root_at(size).unwrap().to_vec())));
    assert!(after.records[..2] == jasen.records[..], "the same organisation");
    let stolen = held.next(jasen, Statement::Acknowledged, |event| event.time = scene.world.at(5));
    let received = held.trail.events().filter(|event| event.author == jasen.id).map(|event| event.envelope().id());
    let mut entries =
        vec![(BEFORE, EntryKind::OwnEvent, opening), (BEFORE, EntryKind::KeyRecord, hotline.records[1].id())];
    let received = received.chain([stolen.envelope().id()]);
    entries.extend(received.map(|id| (BEFORE + 121, EntryKind::ReceivedEvent, id)));
    entries.push((BEFORE + 122, EntryKind::KeyRecord, after.records[2].id()));
    let own = Diary::of(hotline, &entries, size);
    scene.bundle(held, |draft| {
        own.show(draft, &own.cosigned(size, &[(north, 600 * 123)]));
        other.show(draft, &other.cosigned(size, &[(north, 600 * 123)]));
        draft.checkpoints.push(other.cosigned(BEFORE + 100, &[(north, 600 * 100)]).to_bytes());
        let chain = draft.chains.iter_mut().find(|chain| chain[0].id() == jasen.records[0].id()).unwrap();
        chain.clone_from(&after.records);
        let head = Head { key: after.newest(), ..held.head(jasen) };
        draft.heads[1] = head.sign(after.signing()).unwrap();
        draft.events.push(stolen.envelope().clone());
    })
}

/// An answer in time, and a log of its author that seems not to have it.
fn shown_otherwise(scene: &Scene) -> Vec<Entry> {
    let (north, south, hotline, jasen) = (&scene.north, &scene.south, &scene.world.hotline, &scene.world.jasen);
    let mut story = scene.world.enquiry();
    // What was signed after it says nothing of when it was there.
    story.clock = 30 * 60;
    let answer: Id = story.trail.last(Side::Peer).unwrap().into();
    let size = BEFORE + LATER + 2;
    let late = |by: &[(&Organisation, u64)], seen: &[(u64, &Organisation, u64)], draft: &mut BundleDraft| {
        let log = scene.diary(jasen, &story, |id| if id == answer { LATER } else { 0 }, size);
        log.show(draft, &log.cosigned(size, by));
        for (size, witness, time) in seen {
            draft.checkpoints.push(log.cosigned(*size, &[(witness, *time)]).to_bytes());
        }
    };
    let end = 600 * (LATER + 2);
    let past = [(BEFORE + 150, north, 600 * 150)];
    let case = |name, reason, bundle| scene.entry(name, reason, 0, bundle);
    vec![
        case(
            "an answer that the other party's log has in time was not late",
            "Its author's log ran ahead; one sound sign that it was there is enough for whoever is accused.",
            scene.bundle(&story, |draft| {
                late(&[(north, end)], &past, draft);
                let own = scene.diary(hotline, &story, |_| 0, BEFORE + 1);
                own.show(draft, &own.cosigned(BEFORE + 1, &[(north, SOON)]));
            }),
        ),
        case(
            "a checkpoint whose next tick may have had the answer proves no delay",
            "What is committed while a tick is open stands in it, whatever the clock shows.",
            scene.bundle(&story, |draft| {
                late(&[(north, end)], &[(BEFORE + LATER, north, 600 * LATER)], draft);
            }),
        ),
        case(
            "two witnesses that each saw a part of a log prove no delay",
            "Nobody checked that one part continues the other.",
            scene.bundle(&story, |draft| {
                late(&[(north, end)], &[(BEFORE + 150, south, 600 * 150)], draft);
            }),
        ),
        case(
            "no delay by one of two roots of a log",
            "A log with two histories proves nothing but that.",
            scene.bundle(&story, |draft| {
                late(&[(north, end)], &past, draft);
                let other = scene.diary(jasen, &story, |_| 0, size);
                draft.checkpoints.push(other.cosigned(size, &[(south, end)]).to_bytes());
            }),
        )
        .fails(12, "BUN-76", "")
        .breaks(&["BUN-99"]),
    ]
}

/// Logs and lines that were made afterwards.
fn disowned(scene: &Scene) -> Vec<Entry> {
    let (north, hotline, jasen) = (&scene.north, &scene.world.hotline, &scene.world.jasen);
    let story = scene.world.enquiry();
    let opening: Id = story.trail.id().opening().into();
    let retired = [(BEFORE, EntryKind::KeyRecord, hotline.records[1].id()), (BEFORE, EntryKind::OwnEvent, opening)];
    let logs = &scene.logs(&story);
    vec![
        scene.entry(
            "a log that was written afterwards disowns nothing that somebody had before",
            "The other party's log had the event before any witness had seen the record that replaced its key.",
            0,
            scene.bundle(&story, |draft| {
                let own = Diary::of(hotline, &retired, BEFORE + 1);
                own.show(draft, &own.cosigned(BEFORE + 1, &[(north, 600 * LATER)]));
                let other = scene.diary(jasen, &story, |_| 0, BEFORE + 1);
                other.show(draft, &other.cosigned(BEFORE + 1, &[(north, SOON)]));
            }),
        ),
        scene
            .entry(
                "cosigned with a key that the witness had replaced before the record that the trust file demands",
                "Whoever found the old key writes any time with it.",
                1,
                scene.bundle(&story, |draft| {
                    for log in logs {
                        let mut signed = log.checkpoint(BEFORE + 1);
                        let time = scene.world.at(SOON.div_ceil(60));
                        signed.add(signed.cosign(&north.id, &north.signing[0], time)).unwrap();
                        log.show(draft, &signed);
                    }
                }),
            )
            .trusting(|trust| {
                let own = trust.organisations.iter_mut().find(|entry| entry.organisation == north.id).unwrap();
                own.minimum = north.record(1);
            })
            .fails(11, "BUN-63", "")
            .breaks(&["BUN-72"]),
        scene
            .entry(
                "cosigned with the witness's newest key which the trust file demands",
                "The same by the key that counts.",
                1,
                scene.bundle(&story, |draft| show_all(logs, draft, &[(north, SOON)])),
            )
            .trusting(|trust| {
                let own = trust.organisations.iter_mut().find(|entry| entry.organisation == north.id).unwrap();
                own.minimum = north.record(1);
            }),
    ]
}
