//! What logs and witnesses prove of a trail, and what they do not.

use std::collections::BTreeMap;

use uput_core::{
    event::Statement,
    id::{Id, OrgId},
    log::{EntryKind, LogProof, SignedCheckpoint},
    state::Side,
    time::Seconds,
    verdict::{Conformance, Exit, Report, verify},
};

use crate::{
    case::Case,
    diary::{Diary, SOON, Scene, show_all},
    sample::{MIDNIGHT, Organisation, Story, TWO_PARTY, seed},
    vectors::{file_name, hold, of_case},
};

impl Scene {
    fn case(&self, name: &'static str, exit: Exit, requirement: &'static str, number: u32, bundle: Vec<u8>) -> Case {
        let case = Case::new(name, exit, requirement, &self.world, bundle);
        case.trusting(|trust| *trust = self.demanding(number))
    }
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
    cases.extend(of_orders(&scene).map(|(case, _)| case));
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

/// Whether the log shows which key counted, or its owner says so. [BUN-98] [BUN-101]
fn of_orders(scene: &Scene) -> [(Case, bool); 5] {
    let story = scene.world.enquiry();
    let (north, south, hotline) = (&scene.north, &scene.south, &scene.world.hotline);
    let opening: Id = story.trail.id().opening().into();
    let entries = [(6, EntryKind::OwnEvent, opening), (7, EntryKind::KeyRecord, hotline.records[1].id())];
    let log = Diary::of(hotline, &entries, 8);
    let whole = |at: u64| scene.bundle(&story, |draft| log.show(draft, &log.cosigned(8, &[(north, at)])));
    let parted = |second: &Organisation| {
        scene.bundle(&story, |draft| {
            let views = [log.cosigned(7, &[(north, SOON)]), log.cosigned(8, &[(second, SOON + 600)])];
            let proofs = views.each_ref().map(|view| log.proofs(view));
            draft.proofs.extend([&proofs[0][0], &proofs[1][1]].map(LogProof::to_wire));
            draft.checkpoints.extend(views.iter().map(SignedCheckpoint::to_bytes));
        })
    };
    let case = |name, bundle, shown| (scene.case(name, Exit::Valid, "", 0, bundle), shown);
    [
        case("an order of keys that one checkpoint shows", whole(SOON + 600), true),
        case("an order of keys cosigned an hour after", whole(600 + 3600), true),
        case("an order of keys in a log that was held back", whole(600 + 3601), false),
        case("an order of keys in two checkpoints that one witness saw", parted(north), true),
        case("an order of keys in two checkpoints that two witnesses saw", parted(south), false),
    ]
}

#[test]
fn a_log_shows_which_key_counted_only_as_one_and_cosigned_at_the_time() {
    let shown = "Key records of hotline are here up to number 1; which of them counted when is shown by its log.";
    for (case, shows) in of_orders(&Scene::new(TWO_PARTY)) {
        let report = check(&case);
        assert_eq!(report.words.iter().any(|words| words == shown), shows, "{}: {:?}", case.name, report.words);
    }
}

/// [BUN-99]
#[test]
fn a_log_with_two_histories_proves_nothing() {
    let scene = Scene::new(TWO_PARTY);
    let case = &of_logs(&scene)[2];
    let report = check(case);
    let hotline = report.timeline[0].author.name.as_str();
    assert_eq!(hotline, "hotline");
    // The receiver's log has everything too.
    assert!(report.timeline.iter().all(|entry| entry.proven == Some(MIDNIGHT + SOON)));
    assert!(report.words.iter().any(|words| words.ends_with("which of them counted when is hotline's own word.")));
}
