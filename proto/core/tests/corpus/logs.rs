//! Logs of both parties: what witnesses show, and every way of which it only looks so. [BUN-63] [BUN-70] to [BUN-77]

use uput_core::{
    bundle::BundleDraft,
    event::Statement,
    id::Id,
    log::{EntryKind, SignedCheckpoint},
    state::Side,
    time::Seconds,
    wire,
};

use crate::{
    diary::{Diary, SOON, Scene, show_all},
    entry::Entry,
    sample::{MIDNIGHT, Organisation, Story, TWO_PARTY, seed},
};

pub(crate) fn entries() -> Vec<Entry> {
    let scene = Scene::new(TWO_PARTY);
    [witnessed(&scene), contradicted(&scene), delayed(&scene), demanded()].into_iter().flatten().collect()
}

const WITNESSED: &str = "an enquiry that was held, in the logs of both, cosigned";

impl Scene {
    pub(crate) fn entry(&self, name: &'static str, reason: &'static str, number: u32, bundle: Vec<u8>) -> Entry {
        let entry = Entry::new(name, reason, &self.world, bundle).of(WITNESSED);
        entry.trusting(|trust| *trust = self.demanding(number))
    }
}

fn witnessed(scene: &Scene) -> Vec<Entry> {
    let (north, south, hotline, jasen) = (&scene.north, &scene.south, &scene.world.hotline, &scene.world.jasen);
    let story = scene.world.enquiry();
    let logs = &scene.logs(&story);
    let both = [(north, SOON), (south, SOON + 20)];
    let with = |by: &[(&Organisation, u64)]| scene.bundle(&story, |draft| show_all(logs, draft, by));
    let unmet = |name, reason, number, bundle| {
        scene.entry(name, reason, number, bundle).fails(11, "BUN-63", "").breaks(&["BUN-70", "BUN-72"])
    };
    let proven = |change: &dyn Fn(&mut BundleDraft)| {
        scene.bundle(&story, |draft| {
            show_all(logs, draft, &both);
            change(draft);
        })
    };
    let cosigned = |make: &dyn Fn(&Diary<'_>) -> SignedCheckpoint| {
        scene.bundle(&story, |draft| logs.iter().for_each(|log| log.show(draft, &make(log))))
    };
    let soon = || Seconds::new(MIDNIGHT + SOON).unwrap();
    vec![
        scene.entry(
            "every event is witnessed by the two that are demanded",
            "Both logs, both witnesses.",
            2,
            with(&both),
        ),
        unmet("witnessed by one where two are demanded", "One is not two.", 2, with(&both[..1]))
            .breaks(&["BUN-70", "BUN-73"]),
        unmet("cosigned by the exporter", "It can sign anything today.", 1, with(&[(hotline, SOON)])),
        unmet("cosigned by a party where parties do not count", "It is not independent.", 1, with(&[(jasen, SOON)])),
        unmet("cosigned before the ticks were over", "A log of the future.", 1, {
            let logs = [hotline, jasen].map(|owner| scene.diary(owner, &story, |_| 0, 8));
            scene.bundle(&story, |draft| logs.iter().for_each(|log| log.show(draft, &log.cosigned(8, &[(north, 0)]))))
        })
        .breaks(&["BUN-70", "BUN-72", "LOG-32"]),
        unmet("one witness under two keys where two are demanded", "It counts once.", 2, {
            cosigned(&|log| {
                let mut signed = log.cosigned(7, &both[..1]);
                signed.add(signed.cosign(&north.id, &north.signing[0], soon())).unwrap();
                signed
            })
        }),
        unmet("cosigned by whom the trust file does not name", "Nothing in a bundle adds trust.", 1, with(&both[..1]))
            .trusting(|trust| trust.organisations.retain(|entry| entry.organisation != north.id)),
        unmet("cosigned in the name of a witness by another", "By the exporter's key.", 1, {
            cosigned(&|log| {
                let mut signed = log.checkpoint(7);
                signed.add(signed.cosign(&north.id, hotline.signing(), soon())).unwrap();
                signed
            })
        })
        .breaks(&["BUN-70", "BUN-72", "LOG-11", "LOG-23", "LOG-24"]),
        unmet("a checkpoint signed in the name of another log", "The witness signed it in the party's name.", 1, {
            cosigned(&|log| {
                let mut signed = log.checkpoint(7).claimed().sign(north.signing());
                signed.add(signed.cosign(&north.id, north.signing(), soon())).unwrap();
                signed
            })
        }),
        unmet(
            "proofs without their checkpoints",
            "They hold under nothing.",
            1,
            proven(&|draft| draft.checkpoints.clear()),
        ),
        unmet(
            "checkpoints without proofs",
            "They show nothing of this trail.",
            1,
            proven(&|draft| draft.proofs.clear()),
        ),
        unmet("a checkpoint that is no note", "It does not parse.", 1, {
            proven(&|draft| draft.checkpoints.iter_mut().for_each(|note| note.truncate(40)))
        })
        .breaks(&["BUN-70", "BUN-72", "LOG-13", "LOG-20"]),
        unmet("a proof of another event", "The nonce and the path are those of this one.", 1, {
            proven(&|draft| {
                for proof in &mut draft.proofs {
                    proof.shown.iter_mut().for_each(|one| one.id = seed("an event of another trail").to_vec());
                }
            })
        })
        .breaks(&["BUN-70", "BUN-72", "LOG-2", "LOG-31"]),
        unmet("a proof with one hash of its path turned", "The root is another one.", 1, {
            proven(&|draft| draft.proofs.iter_mut().for_each(|proof| proof.leaf_path[0][0] ^= 1))
        })
        .breaks(&["BUN-72", "LOG-1", "LOG-7", "LOG-31"]),
        unmet("a proof with another number of entries", "It is bound into the leaf.", 1, {
            proven(&|draft| draft.proofs.iter_mut().for_each(|proof| proof.entries += 1))
        })
        .breaks(&["BUN-72", "LOG-5", "LOG-31"]),
        unmet("a proof of another tick", "The index in the log follows from the tick.", 1, {
            proven(&|draft| draft.proofs.iter_mut().for_each(|proof| proof.tick -= 1))
        })
        .breaks(&["BUN-72", "LOG-6", "LOG-31"]),
        unmet("an event shown as received in its author's own log", "The kind is in the entry.", 1, {
            proven(&|draft| each_shown(draft, |one| one.kind = if one.kind == 1 { 2 } else { 1 }))
        })
        .breaks(&["BUN-70", "BUN-72", "LOG-3", "LOG-31"]),
        unmet("a proof with a nonce of 31 bytes", "It does not parse.", 1, {
            proven(&|draft| each_shown(draft, |one| one.nonce.truncate(31)))
        })
        .breaks(&["BUN-72", "LOG-30"]),
        unmet("a proof with one hash of the batch turned", "The root of the batch is another one.", 1, {
            proven(&|draft| each_shown(draft, |one| one.path.iter_mut().for_each(|hash| hash[0] ^= 1)))
        })
        .breaks(&["BUN-72", "LOG-4", "LOG-31"]),
        unmet("checkpoints of another incarnation than was signed", "The origin is in what is signed.", 1, {
            proven(&|draft| draft.checkpoints.iter_mut().for_each(|note| *note = edited(note, "/0\n", "/1\n")))
        })
        .breaks(&["BUN-72", "LOG-10"]),
        unmet("checkpoints with another key hint", "The first bytes of a signature name its key.", 1, {
            proven(&|draft| draft.checkpoints.iter_mut().for_each(|note| *note = hinted(note)))
        })
        .breaks(&["BUN-72", "LOG-21", "LOG-22"]),
        unmet("the last event is in no cosigned checkpoint", "It is not witnessed yet.", 1, {
            let tick = |id: Id| u64::from(id == story.trail.last(Side::Peer).unwrap().into());
            let logs = [hotline, jasen].map(|owner| scene.diary(owner, &story, tick, 8));
            scene.bundle(&story, |draft| show_all(&logs, draft, &both))
        }),
    ]
}

fn each_shown(draft: &mut BundleDraft, change: fn(&mut wire::LogEntryProof)) {
    draft.proofs.iter_mut().flat_map(|proof| &mut proof.shown).for_each(change);
}

/// A note with the first place of some text replaced.
fn edited(note: &[u8], from: &str, to: &str) -> Vec<u8> {
    std::str::from_utf8(note).unwrap().replacen(from, to, 1).into_bytes()
}

/// A note whose first signature, that of the log, names another key: the first digit of its base64 is another one.
fn hinted(note: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(note).unwrap();
    let line = text.lines().find(|line| line.starts_with('\u{2014}')).unwrap();
    let (start, signature) = line.rsplit_once(' ').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    edited(note, line, &format!("{start} {other}{}", &signature[1..]))
}

fn contradicted(scene: &Scene) -> Vec<Entry> {
    let story = scene.world.enquiry();
    let by = [(&scene.north, SOON)];
    let (hotline, logs) = (&scene.world.hotline, &scene.logs(&story));
    let opening: Id = story.trail.id().opening().into();
    let retired = [(6, EntryKind::KeyRecord, hotline.records[1].id()), (6, EntryKind::OwnEvent, opening)];
    vec![
        scene
            .entry(
                "an event that stands in the log after the record that replaced its key",
                "Its key was replaced.",
                0,
                {
                    let own = Diary::of(hotline, &retired, 7);
                    scene.bundle(&story, |draft| own.show(draft, &own.cosigned(7, &by)))
                },
            )
            .fails(13, "BUN-75", "REVOKED_SIGNER"),
        scene.entry("a log that nobody cosigned retires no key", "Its order is its owner's word.", 0, {
            let own = Diary::of(hotline, &retired, 7);
            scene.bundle(&story, |draft| own.show(draft, &own.checkpoint(7)))
        }),
        scene
            .entry("two checkpoints of one size with two roots", "The log showed two histories.", 0, {
                let other = Diary::of(hotline, &retired, 7).cosigned(7, &by);
                scene.bundle(&story, |draft| {
                    show_all(logs, draft, &by);
                    draft.checkpoints.push(other.to_bytes());
                })
            })
            .fails(12, "BUN-76", "")
            .breaks(&["LOG-12", "LOG-50"]),
    ]
}

/// A day and five hours after midnight, when the answer was due for some hours.
const LATER: u64 = 29 * 6;

fn delayed(scene: &Scene) -> Vec<Entry> {
    let (north, jasen) = (&scene.north, &scene.world.jasen);
    let (mut answered, mut silent) = (scene.world.enquiry(), scene.world.asked());
    // Both heads are of the day after: nothing that the other party signed before shows the answer.
    answered.clock = 30 * 60;
    silent.delivered_and(Statement::Acknowledged);
    let answer: Id = answered.trail.last(Side::Peer).unwrap().into();
    let head = silent.signed_head(jasen).id();
    let delayed = |story: &Story<'_>, what: Id, seen: &[(u64, u64)]| {
        let size = 6 + LATER + 2;
        let log = scene.diary(jasen, story, |id| if id == what { LATER } else { 0 }, size);
        scene.bundle(story, |draft| {
            log.show(draft, &log.cosigned(size, &[(north, 600 * (LATER + 2))]));
            for (size, time) in seen {
                draft.checkpoints.push(log.cosigned(6 + size, &[(north, *time)]).to_bytes());
            }
        })
    };
    let past = (150, 600 * 150);
    let case = |name, reason, bundle| scene.entry(name, reason, 0, bundle);
    vec![
        case("an answer dated back that its author's log does not have", "The log reached past the day without it.", {
            delayed(&answered, answer, &[past])
        })
        .fails(14, "BUN-59", "")
        .breaks(&["BUN-74", "BUN-77"]),
        case(
            "no answer by a head that its author's log has later",
            "The log reached past the day without an answer.",
            { delayed(&silent, head, &[past]) },
        )
        .fails(14, "BUN-59", "")
        .breaks(&["BUN-74", "BUN-77"]),
        case("a late entry in a log without a checkpoint before it proves no delay", "One bound proves nothing.", {
            delayed(&answered, answer, &[])
        }),
        case("a checkpoint that lags proves no delay", "It shows no more than what it reaches.", {
            delayed(&answered, answer, &[(20, 600 * 160)])
        }),
    ]
}

/// [BUN-71]
fn demanded() -> Vec<Entry> {
    let scene = Scene::new(&TWO_PARTY.replace("number = 0", "number = 1"));
    let story = scene.world.enquiry();
    let logs = scene.logs(&story);
    let with = |by: &[(&Organisation, u64)]| scene.bundle(&story, |draft| show_all(&logs, draft, by));
    vec![
        scene.entry(
            "the witness that the agreement demands",
            "It cosigned both logs.",
            0,
            with(&[(&scene.north, SOON)]),
        ),
        scene
            .entry(
                "logs of both that nobody cosigned where the agreement demands a witness",
                "A log alone is its owner's word.",
                0,
                with(&[]),
            )
            .doubts("BUN-71"),
    ]
}
