//! Who is asked next where something is missing, and who ends no deadline of their own. [TIM-20] [EVT-33]

use uput_core::{
    escalation,
    event::{Event, Statement},
    step::{self},
    time::Seconds,
    timer::Steps,
    trail::{Admission, Trail},
    wire,
};

use crate::{Party, agreement, agreement_with, draft, opening, opening_with, parties, say, say_at};

/// [TIM-20] [TIM-23] Step by step, from the end of what is missing first; and not after an answer.
#[test]
fn the_ladder_comes_up_for_what_is_missing_and_never_twice() {
    let (opener, peer) = parties();
    let agreement = agreement(&opener, &peer);
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    let next = |trail: &Trail| {
        let next = escalation::next(trail, &trail.reading().unwrap(), &agreement, |_| None)?;
        Some((next.missed, next.service_type, next.due.get()))
    };
    let (centre, shelter) = (wire::ServiceType::SocialWork, wire::ServiceType::Shelter);
    assert_eq!(next(&trail), Some((wire::TimerKind::Deliver, centre, 60 + 5 + 3)));
    // Its clock is a day ahead: at the sender no timer runs from later than when it had that on disk.
    say_at(&mut trail, &peer, 86_400, Statement::Delivered(opened));
    let stored = |_| Seconds::new(63);
    let silent = escalation::next(&trail, &trail.reading().unwrap(), &agreement, stored).unwrap();
    assert_eq!((silent.missed, silent.due.get()), (wire::TimerKind::Acknowledge, 63 + 5 + 3));
    // For whoever has no such word what the sender says after it has seen that counts.
    say_at(&mut trail, &opener, 66, Statement::Warned(wire::WarningCode::RiskChanged));
    assert_eq!(next(&trail), Some((wire::TimerKind::Acknowledge, centre, 66 + 5 + 3)));
    say_at(&mut trail, &peer, 86_401, Statement::Acknowledged);
    assert_eq!(next(&trail), Some((wire::TimerKind::Answer, centre, 66 + 10 + 3)));
    say_at(&mut trail, &opener, 80, Statement::Escalated(centre));
    assert_eq!(next(&trail), Some((wire::TimerKind::Answer, shelter, 66 + 10 + 60)), "the next step");
    say_at(&mut trail, &opener, 140, Statement::Escalated(shelter));
    assert_eq!(next(&trail), None, "all were asked");
}

/// [TIM-60] A step for an act or a timer comes up for these alone; each timer has its own ladder, and what is due first is next.
#[test]
fn a_step_comes_up_for_the_acts_and_timers_that_it_names() {
    let (opener, peer) = parties();
    let ladder = "
        [[escalation]]
        service = \"police\"
        after = \"1 s\"
        acts = [\"notification\"]

        [[escalation]]
        service = \"oversight\"
        after = \"2 s\"
        timers = [\"acknowledge\"]

        [[escalation]]
        service = \"social_work\"
        after = \"2 s\"
        acts = [\"referral\"]
        timers = [\"answer\", \"decision\"]

        [[escalation]]
        service = \"oversight\"
        after = \"40 s\"\n\n";
    let agreement = agreement_with(ladder, (&opener, &peer));
    let next = |trail: &Trail| {
        let next = escalation::next(trail, &trail.reading().unwrap(), &agreement, |_| None)?;
        Some((next.missed, next.service_type, next.due.get()))
    };
    use wire::{ServiceType::*, TimerKind::*};
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    assert_eq!(next(&trail), Some((Deliver, Oversight, 60 + 5 + 40)), "only the step for everything");
    say_at(&mut trail, &peer, 61, Statement::Delivered(opened));
    assert_eq!(next(&trail), Some((Acknowledge, Oversight, 61 + 5 + 2)));
    say_at(&mut trail, &opener, 70, Statement::Escalated(Oversight));
    // One of its two steps is taken away in the ladder of the timer, and the answer's own body is due before the other.
    assert_eq!(next(&trail), Some((Answer, SocialWork, 61 + 10 + 2)));
    say_at(&mut trail, &opener, 80, Statement::Escalated(SocialWork));
    assert_eq!(next(&trail), Some((Acknowledge, Oversight, 61 + 5 + 40)));
    say_at(&mut trail, &peer, 81, Statement::Acknowledged);
    assert_eq!(next(&trail), None, "of the answer's ladder both were asked");
}

/// [TIM-20] It is the opener's word who was asked: the receiver's has no effect, and takes no step away.
#[test]
fn the_receiver_takes_no_step_of_the_ladder_away() {
    let (opener, peer) = parties();
    let agreement = agreement(&opener, &peer);
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    say(&mut trail, &peer, Statement::Delivered(opened));
    let next = |trail: &Trail| escalation::next(trail, &trail.reading().unwrap(), &agreement, |_| None);
    let before = next(&trail).unwrap();
    let mut said = Event::clone(&step::append(&trail, &peer.author(), draft(Statement::ContactMade)).unwrap());
    said.statement = Statement::Escalated(before.service_type);
    assert_eq!(trail.admit(peer.sign(&said)).unwrap(), Admission::New);
    assert_eq!(next(&trail), Some(before));
}

/// [TIM-20]
#[test]
fn nobody_is_asked_where_nothing_is_missing_or_the_trail_has_ended() {
    let (opener, peer) = parties();
    let agreement = agreement(&opener, &peer);
    for last in [Statement::Accepted, Statement::Declined(wire::DeclineReason::NoPlace)] {
        let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
        let opened = trail.id().opening();
        say_at(&mut trail, &peer, 60, Statement::Delivered(opened));
        assert!(escalation::next(&trail, &trail.reading().unwrap(), &agreement, |_| None).is_some());
        say_at(&mut trail, &peer, 61, last);
        assert_eq!(escalation::next(&trail, &trail.reading().unwrap(), &agreement, |_| None), None);
    }
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    say_at(&mut trail, &opener, 61, Statement::ChosenElsewhere);
    assert_eq!(escalation::next(&trail, &trail.reading().unwrap(), &agreement, |_| None), None);
}

/// [EVT-33] [TIM-20] Whom a law makes answer stays asked when it has closed, and the next body comes up; not after the
/// opener's closing, nor where no law opened the trail.
#[test]
fn who_must_answer_by_law_is_not_freed_by_closing() {
    use wire::TimerKind::{Acknowledge, Decision};
    let (opener, peer) = parties();
    let agreement = agreement(&opener, &peer);
    let closed = || Statement::Closed(wire::ClosureReason::Done);
    for (stage, own, runs) in [(2, closed(), true), (2, Statement::Misdirected, true), (1, closed(), false)] {
        let mut trail = Trail::open(opening(&opener, &peer, stage), stage).unwrap();
        let opened = trail.id().opening();
        say_at(&mut trail, &peer, 60, Statement::Delivered(opened));
        say_at(&mut trail, &peer, 61, own);
        let reading = trail.reading().unwrap();
        let steps = Steps::new(&trail, &reading);
        let unmet = |kind| steps.of(kind).iter().any(|step| step.to.is_none() && !step.ended);
        assert_eq!([Acknowledge, Decision].map(unmet), [runs; 2]);
        assert_eq!(escalation::next(&trail, &reading, &agreement, |_| None).is_some(), runs);
        say_at(&mut trail, &peer, 62, Statement::Acknowledged);
        let reading = trail.reading().unwrap();
        assert!(Steps::new(&trail, &reading).of(Acknowledge)[0].to.is_some());
    }
    let mut trail = Trail::open(opening(&opener, &peer, 2), 2).unwrap();
    let opened = trail.id().opening();
    say_at(&mut trail, &peer, 60, Statement::Delivered(opened));
    say_at(&mut trail, &opener, 61, closed());
    let reading = trail.reading().unwrap();
    assert!(Steps::new(&trail, &reading).of(Decision).iter().all(|step| step.ended));
    assert_eq!(escalation::next(&trail, &reading, &agreement, |_| None), None);
    // Closed first, and said to be delivered after.
    let mut trail = Trail::open(opening(&opener, &peer, 2), 2).unwrap();
    let opened = trail.id().opening();
    say_at(&mut trail, &peer, 60, closed());
    say_at(&mut trail, &peer, 61, Statement::Delivered(opened));
    let reading = trail.reading().unwrap();
    assert!(Steps::new(&trail, &reading).of(Decision).iter().any(|step| step.to.is_none()));
}

/// [EVT-33] [TIM-20] It is asked for what runs on, and for nothing else: not for a delivery once it has closed, and for the
/// decision although it has acknowledged.
#[test]
fn who_closed_under_law_is_asked_for_what_the_law_wants_and_for_nothing_else() {
    let (opener, peer) = parties();
    let ladder = "[[escalation]]\nservice = \"oversight\"\nafter = \"1 s\"\n\n";
    let agreement = agreement_with(ladder, (&opener, &peer));
    let missed = |trail: &Trail| {
        escalation::next(trail, &trail.reading().unwrap(), &agreement, |_| None).map(|next| next.missed)
    };
    let notified = opening_with(&opener, &peer, 2, |opening| opening.act = wire::Act::Notification);
    let mut trail = Trail::open(notified, 2).unwrap();
    let opened = trail.id().opening();
    assert_eq!(missed(&trail), Some(wire::TimerKind::Deliver));
    say(&mut trail, &peer, Statement::Closed(wire::ClosureReason::Done));
    assert_eq!(missed(&trail), None, "what waits for a delivery waits for nobody");
    say_at(&mut trail, &peer, 61, Statement::Delivered(opened));
    say_at(&mut trail, &peer, 62, Statement::Acknowledged);
    assert_eq!(missed(&trail), Some(wire::TimerKind::Decision));
    say_at(&mut trail, &opener, 63, Statement::Revoked(wire::RevocationReason::SentInError));
    assert_eq!(missed(&trail), None, "the opener stops it as ever");
}

/// [EVT-33] Who said that it was delivered after both had ended it starts no deadline: the opener's ending counts.
#[test]
fn no_deadline_starts_after_the_opener_ended_what_the_receiver_had_closed() {
    use wire::TimerKind::{Acknowledge, Decision};
    let (opener, peer) = parties();
    let started = |endings: &[(&Party, Statement)]| {
        let mut trail = Trail::open(opening(&opener, &peer, 2), 2).unwrap();
        let opened = trail.id().opening();
        for (by, statement) in endings {
            say(&mut trail, by, statement.clone());
        }
        say_at(&mut trail, &peer, 90, Statement::Delivered(opened));
        let reading = trail.reading().unwrap();
        let steps = Steps::new(&trail, &reading);
        [Acknowledge, Decision].map(|kind| steps.of(kind).len())
    };
    let closed = (&peer, Statement::Closed(wire::ClosureReason::Done));
    let revoked = (&opener, Statement::Revoked(wire::RevocationReason::SentInError));
    assert_eq!(started(std::slice::from_ref(&closed)), [1, 1]);
    assert_eq!(started(&[closed, revoked]), [0, 0]);
}
