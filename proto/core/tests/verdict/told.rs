//! What a report tells of deadlines, endings and decisions beside its verdict. [BUN-120] [BUN-121] [BUN-122]

use uput_core::{
    event::{Decision, Statement},
    slot::Extent,
    verdict::{Deadline, Report, verify},
    wire::{ClosureReason, DecisionOutcome},
};

use crate::{
    case::{changed, exported},
    sample::{Story, World, placement},
};

fn of<'r>(report: &'r Report, timer: &str) -> &'r Deadline {
    report.deadlines.iter().find(|deadline| deadline.timer == timer).unwrap()
}

fn delivered(world: &World) -> Story<'_> {
    let mut story = world.asked();
    story.say(&world.jasen, Statement::Delivered(story.trail.id().opening()));
    story
}

#[test]
fn a_deadline_names_what_ended_it_and_whose_word_the_silence_is() {
    let world = World::pair();
    let mut silent = delivered(&world);
    silent.clock += 30 * 60;
    let (own, theirs) = (exported(&silent), changed(&silent, |draft| drop(draft.heads.pop())));
    for (bundle, word, time) in
        [(own, "shelter-jasen", world.at(silent.clock + 1)), (theirs, "hotline", world.at(silent.clock + 2))]
    {
        let report = verify(&bundle, &world.trust());
        let until = of(&report, "answer").until.as_ref().unwrap();
        assert_eq!((until.by.name.as_str(), until.time), (word, time.get()));
        assert_eq!((&of(&report, "answer").ended, report.standing.as_ref().unwrap().ended_by.len()), (&None, 0));
    }
    for closer in [&world.jasen, &world.hotline] {
        let mut ended = delivered(&world);
        let closing = ended.say(closer, Statement::Closed(ClosureReason::NoLongerNeeded)).to_string();
        let report = verify(&exported(&ended), &world.trust());
        let answer = of(&report, "answer");
        assert_eq!((answer.ended.as_ref(), &answer.met, &answer.until), (Some(&closing), &None, &None));
        assert_eq!(report.standing.as_ref().unwrap().ended_by, [closing]);
    }
}

#[test]
fn a_reopened_trail_is_not_ended() {
    let world = World::pair();
    let mut again = delivered(&world);
    again.say(&world.hotline, Statement::Closed(ClosureReason::NoLongerNeeded));
    again.say(&world.hotline, Statement::Reopened);
    assert!(verify(&exported(&again), &world.trust()).standing.unwrap().ended_by.is_empty());
}

#[test]
fn a_decision_says_what_took_it_away() {
    let world = World::invented();
    let decided = |story: &Story<'_>| {
        let bytes = story.bundle(&world.hotline, &Extent::LABELS);
        let shown = verify(&bytes, &world.trust()).timeline.into_iter().filter_map(|entry| entry.decided);
        shown.map(|one| (one.kind, one.expiry, one.taken_away)).collect::<Vec<_>>()
    };
    let mut notice = world.decision(&world.hotline);
    let expiry = placement().expiry.map(uput_core::time::Seconds::get);
    assert_eq!(decided(&notice), [(String::from("placement"), expiry, None)]);
    // One of another type takes nothing away, and one that grants neither.
    let of_kind = |kind, outcome| Statement::Decision(Decision { kind, outcome, expiry: None, evidence: None });
    let (placement, other) = (placement().kind, uput_core::wire::DecisionType::Guardianship);
    notice.say(world.centre(), of_kind(other, DecisionOutcome::Refused));
    notice.say(world.centre(), of_kind(placement, DecisionOutcome::Granted));
    assert!(decided(&notice).iter().all(|(_, _, taken)| taken.is_none()));
    let refused = notice.say(world.centre(), of_kind(placement, DecisionOutcome::Refused)).to_string();
    let taken: Vec<_> = decided(&notice).into_iter().map(|(_, _, taken)| taken).collect();
    assert_eq!(taken, [Some(refused.clone()), None, Some(refused), None]);
}
