//! What logs and witnesses prove of a trail, and what they do not.

use std::collections::BTreeMap;

use uput_core::{
    bundle::BundleDraft,
    event::Statement,
    id::{Id, OrgId},
    log::{Batch, Checkpoint, Entry, EntryKind, LogProof, Origin, SignedCheckpoint, Tick, Tree},
    state::Side,
    time::Seconds,
    trust::{TrustFile, TrustedOrganisation, WitnessDemand},
    verdict::{Conformance, Exit, Report, verify},
};

use crate::{
    case::{Case, changed},
    sample::{MIDNIGHT, Organisation, Story, TWO_PARTY, World, seed},
    vectors::{file_name, hold, of_case},
};

/// An hour before midnight.
const BASE: u64 = MIDNIGHT / 600 - 6;
/// Seconds after midnight at which the first tick after it is over, and a little more.
const SOON: u64 = 640;

/// Two parties, whose key records name two witnesses and each other.
struct Scene {
    world: World,
    north: Organisation,
    south: Organisation,
}

/// A party's log.
struct Diary<'a> {
    owner: &'a Organisation,
    tree: Tree,
    batches: Vec<(Batch, Vec<Entry>)>,
}

impl Scene {
    fn new(source: &str) -> Self {
        let (mut north, south) = (Organisation::invented("north"), Organisation::invented("south"));
        north.rotate();
        let mut parties = ["hotline", "shelter-jasen"].map(|name| Organisation::logging(name, BASE));
        let others = [parties[1].id, parties[0].id];
        for (party, other) in parties.iter_mut().zip(others) {
            party.rotate_with(|draft| draft.witnesses = vec![north.id, south.id, other]);
        }
        let [hotline, jasen] = parties;
        Self { world: World::between(hotline, jasen, source, Vec::new(), 60), north, south }
    }

    fn trust(&self) -> TrustFile {
        let mut trust = self.world.trust();
        for witness in [&self.north, &self.south] {
            let (name, minimum) = (witness.name.to_owned(), witness.record(0));
            trust.organisations.push(TrustedOrganisation { name, organisation: witness.id, minimum });
        }
        trust.organisations.sort_by_key(|entry| entry.organisation);
        trust
    }

    /// A party's log of a trail: its events, both key records, and its head, each in a tick after midnight.
    fn diary<'a>(
        &'a self,
        owner: &'a Organisation,
        story: &Story<'_>,
        tick: impl Fn(Id) -> u64,
        size: u64,
    ) -> Diary<'a> {
        let mut entries: Vec<(u64, EntryKind, Id)> = Vec::new();
        for event in story.trail.events() {
            let kind = if event.author == owner.id { EntryKind::OwnEvent } else { EntryKind::ReceivedEvent };
            entries.push((6 + tick(event.id.into()), kind, event.id.into()));
        }
        // The hotline opened with its first record, and replaced it then.
        let replaced = usize::from(story.trail.party(Side::Opener) == owner.id);
        entries.insert(replaced, (6, EntryKind::KeyRecord, owner.records[1].id()));
        let head = story.signed_head(owner).id();
        entries.push((6 + tick(head), EntryKind::Head, head));
        Diary::of(owner, &entries, size)
    }

    /// Logs of both parties at once, cosigned soon.
    fn logs(&self, story: &Story<'_>) -> [Diary<'_>; 2] {
        [&self.world.hotline, &self.world.jasen].map(|owner| self.diary(owner, story, |_| 0, 7))
    }

    /// A bundle of a dishonest or honest hotline with what these give it.
    fn bundle(&self, story: &Story<'_>, change: impl FnOnce(&mut BundleDraft)) -> Vec<u8> {
        changed(story, |draft| {
            draft.proofs.clear();
            draft.checkpoints.clear();
            draft.chains.extend([self.north.records.clone(), self.south.records.clone()]);
            change(draft);
        })
    }

    fn case(&self, name: &'static str, exit: Exit, requirement: &'static str, number: u32, bundle: Vec<u8>) -> Case {
        let mut case = Case::new(name, exit, requirement, &self.world, bundle);
        case.trust = TrustFile { witnesses: WitnessDemand { number, independent: true }, ..self.trust() };
        case
    }
}

impl<'a> Diary<'a> {
    fn of(owner: &'a Organisation, entries: &[(u64, EntryKind, Id)], size: u64) -> Self {
        let (mut tree, mut batches) = (Tree::default(), Vec::new());
        for index in 0..size {
            let entry = |(number, (_, kind, id)): (usize, &(u64, EntryKind, Id))| {
                let nonce = seed(&format!("{} nonce {number}", owner.name));
                Entry { nonce, kind: *kind, id: *id }
            };
            let own: Vec<Entry> = entries.iter().enumerate().filter(|(_, entry)| entry.0 == index).map(entry).collect();
            let random = seed(&format!("{} empty {index}", owner.name));
            let batch = Batch::new(Tick(BASE + index), &own, random).unwrap();
            tree.append(batch.leaf_hash());
            batches.push((batch, own));
        }
        Self { owner, tree, batches }
    }

    fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let origin = Origin { organisation: self.owner.id, incarnation: 0 };
        Checkpoint { origin, size, root: self.tree.root_at(size).unwrap() }.sign(self.owner.signing())
    }

    fn cosigned(&self, size: u64, by: &[(&Organisation, u64)]) -> SignedCheckpoint {
        let mut signed = self.checkpoint(size);
        for (witness, after) in by {
            let time = Seconds::new(MIDNIGHT + after).unwrap();
            signed.add(signed.cosign(&witness.id, witness.signing(), time)).unwrap();
        }
        signed
    }

    /// Everything that it has, under a checkpoint.
    fn proofs(&self, under: &SignedCheckpoint) -> Vec<LogProof> {
        let (mut proofs, size) = (Vec::new(), under.claimed().size);
        for (index, (batch, own)) in (0..size).zip(&self.batches) {
            let shown: Vec<(u32, Entry)> = (0..).zip(own.iter().copied()).collect();
            let path = self.tree.inclusion(index, size).unwrap();
            let proof = LogProof::new(batch, &shown, path, under.claimed()).unwrap();
            proofs.extend((!own.is_empty()).then_some(proof));
        }
        proofs
    }

    /// Puts everything that it has into a bundle.
    fn show(&self, draft: &mut BundleDraft, under: &SignedCheckpoint) {
        draft.proofs.extend(self.proofs(under).iter().map(LogProof::to_wire));
        draft.checkpoints.push(under.to_bytes());
    }
}

/// Both logs, cosigned by these.
fn show_all(logs: &[Diary<'_>], draft: &mut BundleDraft, by: &[(&Organisation, u64)]) {
    logs.iter().for_each(|log| log.show(draft, &log.cosigned(7, by)));
}

/// What is witnessed, and every way of which it only looks so. [BUN-63] [BUN-70] [BUN-72]
fn of_witnesses(scene: &Scene) -> Vec<Case> {
    let (north, south, hotline, jasen) = (&scene.north, &scene.south, &scene.world.hotline, &scene.world.jasen);
    let story = scene.world.enquiry();
    let logs = &scene.logs(&story);
    let both = [(north, SOON), (south, SOON + 20)];
    let with = |by: &[(&Organisation, u64)]| scene.bundle(&story, |draft| show_all(logs, draft, by));
    let unmet = |name, number, bundle| scene.case(name, Exit::Incomplete, "BUN-63", number, bundle);
    vec![
        scene.case("every event is witnessed by two", Exit::Valid, "", 2, with(&both)),
        scene.case("witnessed by one where none is demanded", Exit::Valid, "", 0, with(&both[..1])),
        unmet("witnessed by one where two are demanded", 2, with(&both[..1])),
        unmet("cosigned by the exporter", 1, with(&[(hotline, SOON)])),
        unmet("cosigned by a party where parties do not count", 1, with(&[(jasen, SOON)])),
        scene
            .case("cosigned by the other party where parties count", Exit::Valid, "", 1, with(&[(jasen, SOON)]))
            .trusting(|trust| trust.witnesses.independent = false),
        unmet("cosigned before so many ticks were over", 1, {
            let logs = [hotline, jasen].map(|owner| scene.diary(owner, &story, |_| 0, 8));
            scene.bundle(&story, |draft| logs.iter().for_each(|log| log.show(draft, &log.cosigned(8, &[(north, 0)]))))
        }),
        unmet("a witness counts once under two keys", 2, {
            scene.bundle(&story, |draft| {
                for log in logs {
                    let mut signed = log.cosigned(7, &both[..1]);
                    let time = Seconds::new(MIDNIGHT + SOON).unwrap();
                    signed.add(signed.cosign(&north.id, &north.signing[0], time)).unwrap();
                    log.show(draft, &signed);
                }
            })
        }),
        unmet("cosigned by somebody whom the trust file does not name", 1, with(&both[..1]))
            .trusting(|trust| trust.organisations.retain(|entry| entry.organisation != north.id)),
        unmet("cosigned in the name of a witness by another", 1, {
            scene.bundle(&story, |draft| {
                for log in logs {
                    let mut signed = log.checkpoint(7);
                    let time = Seconds::new(MIDNIGHT + SOON).unwrap();
                    signed.add(signed.cosign(&north.id, hotline.signing(), time)).unwrap();
                    log.show(draft, &signed);
                }
            })
        }),
        unmet("a checkpoint that another signed in the name of the log", 1, {
            scene.bundle(&story, |draft| {
                for log in logs {
                    let mut signed = log.checkpoint(7).claimed().sign(north.signing());
                    let time = Seconds::new(MIDNIGHT + SOON).unwrap();
                    signed.add(signed.cosign(&north.id, north.signing(), time)).unwrap();
                    log.show(draft, &signed);
                }
            })
        }),
        unmet("a proof that names the checkpoint of another log", 1, {
            scene.bundle(&story, |draft| {
                show_all(logs, draft, &both);
                let [one, two] = [0, 1].map(|index| logs[index].checkpoint(7).claimed().id());
                for proof in &mut draft.proofs {
                    let other = if proof.checkpoint == one.as_bytes() { two } else { one };
                    proof.checkpoint = other.as_bytes().to_vec();
                }
            })
        }),
        unmet("a proof of another event", 1, {
            scene.bundle(&story, |draft| {
                show_all(logs, draft, &both);
                for proof in &mut draft.proofs {
                    proof.shown.iter_mut().for_each(|one| one.id = seed("an event of another trail").to_vec());
                }
            })
        }),
        unmet("the last event is not witnessed yet", 1, {
            let tick = |id: Id| u64::from(id == story.trail.last(Side::Peer).unwrap().into());
            let logs = [hotline, jasen].map(|owner| scene.diary(owner, &story, tick, 8));
            scene.bundle(&story, |draft| show_all(&logs, draft, &both))
        }),
    ]
}

/// Keys by position, and two histories. [BUN-75] [BUN-76]
fn of_logs(scene: &Scene) -> Vec<Case> {
    let story = scene.world.enquiry();
    let by = [(&scene.north, SOON)];
    let (hotline, logs) = (&scene.world.hotline, &scene.logs(&story));
    let opening: Id = story.trail.id().opening().into();
    let retired = [(6, EntryKind::KeyRecord, hotline.records[1].id()), (6, EntryKind::OwnEvent, opening)];
    vec![
        scene.case("an event after the record that replaced its key", Exit::UnknownSigner, "BUN-75", 0, {
            let own = Diary::of(hotline, &retired, 7);
            scene.bundle(&story, |draft| own.show(draft, &own.cosigned(7, &by)))
        }),
        scene.case("a log that nobody cosigned retires no key", Exit::Valid, "", 0, {
            let own = Diary::of(hotline, &retired, 7);
            scene.bundle(&story, |draft| own.show(draft, &own.checkpoint(7)))
        }),
        scene.case("two checkpoints of one size with two roots", Exit::Equivocation, "BUN-76", 0, {
            let other = Diary::of(hotline, &retired, 7).cosigned(7, &by);
            scene.bundle(&story, |draft| {
                show_all(logs, draft, &by);
                draft.checkpoints.push(other.to_bytes());
            })
        }),
    ]
}

/// A day and five hours after midnight, when the answer was due for some hours.
const LATER: u64 = 29 * 6;

/// Late and silent, with both bounds and without. [BUN-74] [BUN-77]
fn of_delays(scene: &Scene) -> Vec<Case> {
    let (north, jasen) = (&scene.north, &scene.world.jasen);
    let (answered, mut silent) = (scene.world.enquiry(), scene.world.asked());
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
    // Twenty-five hours, past what is due by one; three, before anything is.
    let past = (150, 600 * 150);
    let case = |name, exit, requirement, bundle| scene.case(name, exit, requirement, 0, bundle);
    vec![
        case("an answer dated back that the log of its author does not have", Exit::NotConformant, "BUN-59", {
            delayed(&answered, answer, &[past])
        }),
        case("no answer by a head that the log of its author has later", Exit::NotConformant, "BUN-59", {
            delayed(&silent, head, &[past])
        }),
        case("a late entry without a checkpoint before it", Exit::Valid, "", delayed(&answered, answer, &[])),
        case("a checkpoint before the deadline proves no delay", Exit::Valid, "", {
            delayed(&answered, answer, &[(20, 600 * 20)])
        }),
        case("a checkpoint that lags proves no delay, however late it was cosigned", Exit::Valid, "", {
            delayed(&answered, answer, &[(20, 600 * 160)])
        }),
    ]
}

fn check(case: &Case) -> Report {
    let report = verify(&case.bundle, &case.trust);
    let failed: Vec<_> = report
        .checks
        .iter()
        .flat_map(|check| check.problems.iter().map(move |problem| (check.requirement, &problem.sentence)))
        .collect();
    assert_eq!(report.exit, case.exit, "{}: {failed:?}", case.name);
    let expected = failed.iter().any(|(requirement, _)| *requirement == case.requirement);
    assert!(expected || (case.requirement.is_empty() && failed.is_empty()), "{}: {failed:?}", case.name);
    report
}

#[test]
fn every_witnessed_vector_holds() {
    let scene = Scene::new(TWO_PARTY);
    let mut cases = of_witnesses(&scene);
    cases.extend(of_logs(&scene));
    cases.extend(of_delays(&scene));
    cases.iter().for_each(|case| drop(check(case)));
    let generated: BTreeMap<_, _> = cases.iter().map(|case| (file_name(case.name), of_case(case))).collect();
    assert_eq!(generated.len(), cases.len());
    hold("witnessed", &generated);
}

/// [BUN-70] [BUN-73]
#[test]
fn a_report_says_what_is_proven_and_by_whom() {
    let scene = Scene::new(TWO_PARTY);
    let cases = of_witnesses(&scene);
    let report = check(&cases[0]);
    assert_eq!(report.assurance.level, "witnessed");
    // Two are demanded: the time is that of the second.
    assert!(report.timeline.iter().all(|entry| entry.proven == Some(MIDNIGHT + SOON + 20)));
    let sentence = &report.assurance.sentence;
    assert!(sentence.starts_with("Witnessed by 2: of ") && sentence.contains("north") && sentence.contains("south"));
    let shown = |name| {
        format!("Key records of {name} are here up to number 1; which of them counted when is shown by its log.")
    };
    for name in ["hotline", "shelter-jasen"] {
        assert!(report.words.contains(&shown(name)), "{:?}", report.words);
    }
    assert_eq!(check(&cases[1]).timeline[0].proven, Some(MIDNIGHT + SOON));
    let part = check(cases.last().unwrap());
    assert_eq!(part.assurance.level, "partly_witnessed");
    assert!(
        part.assurance.sentence.starts_with("Witnessed in part: 2 of 3 events, by "),
        "{}",
        part.assurance.sentence
    );
    assert_eq!(part.timeline.iter().filter(|entry| entry.proven.is_none()).count(), 1);
    for case in cases.iter().filter(|case| case.exit == Exit::Incomplete && case.trust.witnesses.number == 1) {
        let report = check(case);
        let level = report.assurance.level;
        assert!(level == "not_witnessed" || level == "partly_witnessed", "{}: {level}", case.name);
    }
}

/// [BUN-77]
#[test]
fn late_and_silent_are_proven_with_both_bounds_only() {
    let scene = Scene::new(TWO_PARTY);
    for case in of_delays(&scene) {
        let report = check(&case);
        let answer = report.deadlines.iter().find(|deadline| deadline.timer == "answer").unwrap();
        let proven = case.exit == Exit::NotConformant;
        assert_eq!(answer.verdict, proven.then_some(Conformance::No), "{}", case.name);
        assert_eq!(answer.sentence.ends_with(": proven"), proven, "{}", answer.sentence);
    }
}

/// [BUN-71]
#[test]
fn what_an_agreement_demands_is_met_or_not_checkable() {
    let scene = Scene::new(&TWO_PARTY.replace("number = 0", "number = 1"));
    let story = scene.world.enquiry();
    let logs = scene.logs(&story);
    let with = |by: &[(&Organisation, u64)]| scene.bundle(&story, |draft| show_all(&logs, draft, by));
    check(&scene.case("met", Exit::Valid, "", 0, with(&[(&scene.north, SOON)])));
    check(&scene.case("unmet", Exit::NotConformant, "BUN-71", 0, with(&[])));
    let witness: OrgId = scene.south.id;
    let report = check(&scene.case("two", Exit::Valid, "", 2, with(&[(&scene.north, SOON), (&scene.south, SOON)])));
    assert!(report.assurance.sentence.contains("south"), "{witness}");
}
