//! What a report says of somebody who was asked: in words, and by whose word.

use uput_core::{
    head::{Challenge, Countersignature, Head},
    slot::Extent,
    verdict::{Exit, Report, YesNo, verify},
};

use crate::{
    diary::Scene,
    sample::{Story, TWO_PARTY},
};

/// The hotline's export with its challenge to the shelter, and what the witness says that it had heard until then.
fn report(scene: &Scene, story: &Story<'_>, heard: Option<u64>, answers: bool) -> Report {
    let put = story.clock + 60;
    witnessed(scene, story, heard.map(|minutes| (put, put + minutes)), answers)
}

/// The same, with when the witness says that it put it.
fn witnessed(scene: &Scene, story: &Story<'_>, heard: Option<(u64, u64)>, answers: bool) -> Report {
    let (hotline, jasen) = (&scene.world.hotline, &scene.world.jasen);
    let time = scene.world.at(story.clock + 1);
    let challenge = Challenge { trail: story.trail.id(), to: jasen.id, nonce: [5; 32], time };
    let challenge = challenge.sign(hotline.signing()).unwrap();
    let mut draft = story.draft(hotline, &Extent::VALUES);
    draft.chains.push(scene.north.records.clone());
    if let Some((put, until)) = heard {
        let said = Countersignature {
            challenge: challenge.id(),
            to: jasen.id,
            witness: scene.north.id,
            key: scene.north.newest(),
            put: scene.world.at(put),
            until: scene.world.at(until),
            head: None,
        };
        draft.challenges.push(said.sign(scene.north.signing()).unwrap());
    }
    if answers {
        let head = Head { nonce: Some([5; 32]), ..story.head(jasen) };
        draft.heads.retain(|old| Head::parse(old.body()).unwrap().author != jasen.id);
        draft.heads.push(head.sign(jasen.signing()).unwrap());
    }
    draft.challenges.push(challenge);
    verify(&draft.build(hotline.signing()).unwrap(), &scene.trust())
}

const DAY: u64 = 24 * 60;

/// [BUN-110] [BUN-111] [BUN-112]
#[test]
fn a_silence_is_said_with_both_times_and_by_whom() {
    let scene = Scene::new(TWO_PARTY);
    let story = scene.world.enquiry();
    let said = |report: &Report| report.words.iter().find(|words| words.contains("challenge")).cloned().unwrap();
    let silent = report(&scene, &story, Some(DAY), false);
    assert_eq!((silent.exit, silent.completeness.complete), (Exit::Valid, YesNo::Yes));
    let words = said(&silent);
    assert!(words.starts_with("shelter-jasen was silent: north put the challenge of hotline of "), "{words}");
    assert_eq!(words.matches("T").count(), 3, "three times: {words}");
    for (heard, why) in [(None, "nobody says so"), (Some(DAY - 1), "not for a day")] {
        let report = report(&scene, &story, heard, false);
        assert_eq!((report.exit, report.completeness.complete), (Exit::Incomplete, YesNo::No), "{why}");
        assert!(said(&report).ends_with("no answer is here: that there is none is hotline's word."), "{why}");
    }
    let answered = report(&scene, &story, Some(DAY), true);
    assert_eq!(answered.exit, Exit::Valid);
    assert!(said(&answered).starts_with("shelter-jasen answered the challenge of hotline of "));
}

/// [BUN-111] A witness whose clock was behind when it put the challenge, and is right now: nobody was silent before it was
/// asked.
#[test]
fn a_witness_whose_clock_was_behind_makes_nobody_silent() {
    let scene = Scene::new(TWO_PARTY);
    let story = scene.world.enquiry();
    let asked = story.clock + 1;
    let silent = |until| witnessed(&scene, &story, Some((1, until)), false).exit;
    assert_eq!(silent(asked + DAY - 1), Exit::Incomplete);
    assert_eq!(silent(asked + DAY), Exit::Valid);
}

/// [BUN-112]
#[test]
fn silence_breaks_no_timer() {
    let scene = Scene::new(TWO_PARTY);
    let mut story = scene.world.asked();
    story.clock = 30 * 60;
    let verdicts = |report: &Report| report.deadlines.iter().map(|deadline| deadline.verdict).collect::<Vec<_>>();
    let (silent, alone) = (report(&scene, &story, Some(DAY), false), report(&scene, &story, None, false));
    assert_eq!(verdicts(&silent), verdicts(&alone));
    assert_eq!(silent.conformant.verdict, alone.conformant.verdict);
}
