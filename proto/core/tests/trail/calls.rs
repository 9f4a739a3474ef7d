//! The telephone beside the trail: when somebody is called, and whose word a call is. [ONC-30] [STA-28]

use uput_core::{
    agreement::Timer,
    bounds::Bounded,
    event::{Event, Statement},
    state::Verdict,
    step,
    telephone::{self, Standing},
    time::{Seconds, Span},
    trail::{Admission, Trail},
    wire::{self, Act, PhoneAnswer, TimerKind},
};

use crate::{draft, held, opening, parties, say, say_at, timers};

fn due(trail: &Trail) -> Option<u64> {
    telephone::due(trail, &trail.reading().unwrap(), &timers()).map(Seconds::get)
}

/// [ONC-30]
#[test]
fn a_telephone_is_the_next_step_when_nobody_has_it_or_nobody_reads_it() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    assert_eq!(due(&trail), Some(60 + 300), "it is not delivered");
    let at = |seconds| telephone::now(&trail, &trail.reading().unwrap(), &timers(), Seconds::new(seconds).unwrap());
    assert!(!at(360) && at(361));
    assert!(telephone::due(&trail, &trail.reading().unwrap(), &[]).is_none(), "the agreement has no such timer");
    say_at(&mut trail, &peer, 120, Statement::Delivered(opened));
    assert_eq!(due(&trail), Some(120 + 600), "nobody reads it");
    say_at(&mut trail, &peer, 900, Statement::Acknowledged);
    assert_eq!(due(&trail), None);
}

/// [ONC-30] Delivered when nothing was to be expected any more, it starts no timer; nor does it when it is reopened.
#[test]
fn nobody_telephones_about_what_was_delivered_after_it_was_closed() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    say_at(&mut trail, &opener, 90, Statement::Closed(wire::ClosureReason::NoLongerNeeded));
    say_at(&mut trail, &peer, 120, Statement::Delivered(opened));
    say_at(&mut trail, &opener, 180, Statement::Reopened);
    assert!(trail.reading().unwrap().live);
    assert_eq!(due(&trail), None);
}

/// [ONC-30] A receiver cannot put it off, nor a wrong clock bring it about before it was asked.
#[test]
fn the_receivers_clock_alone_puts_no_telephone_off() {
    for (delivered, expected) in [(3600 * 24, 360 + 600), (1, 60 + 600)] {
        let (opener, peer) = parties();
        let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
        let opened = trail.id().opening();
        say_at(&mut trail, &peer, delivered, Statement::Delivered(opened));
        assert_eq!(due(&trail), Some(expected));
    }
}

/// [ONC-30]
#[test]
fn nobody_telephones_after_an_end_or_after_they_have_spoken() {
    let (opener, peer) = parties();
    for (statement, expected) in [
        (Statement::Phoned(wire::PhoneAnswer::Yes), None),
        (Statement::Phoned(wire::PhoneAnswer::No), None),
        (Statement::Phoned(wire::PhoneAnswer::NoAnswer), Some(360)),
        (Statement::ChosenElsewhere, None),
        (Statement::Withdrawn, None),
    ] {
        let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
        say(&mut trail, &opener, statement);
        assert_eq!(due(&trail), expected);
    }
}

/// [STA-28]
#[test]
fn a_call_is_its_recorders_word_until_the_other_signs() {
    let (opener, peer) = parties();
    let (yes, no) = (wire::PhoneAnswer::Yes, wire::PhoneAnswer::No);
    let standing = |trail: &Trail| -> Vec<Standing> {
        telephone::agreed(trail, &trail.reading().unwrap()).into_iter().map(|agreed| agreed.standing).collect()
    };
    let refused = || Statement::Declined(wire::DeclineReason::NoPlace);
    for (said, answer, confirms) in
        [(yes, held(), true), (yes, refused(), false), (no, refused(), true), (no, held(), false)]
    {
        let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
        say(&mut trail, &opener, Statement::Phoned(said));
        say(&mut trail, &peer, Statement::Acknowledged);
        assert_eq!(standing(&trail), [Standing::Unconfirmed]);
        let by = say(&mut trail, &peer, answer);
        say(&mut trail, &peer, if confirms { refused() } else { held() });
        let first = if confirms { Standing::Confirmed(by) } else { Standing::Contradicted(by) };
        assert_eq!(standing(&trail), [first], "a later change of mind is not about the call");
    }
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    say(&mut trail, &peer, held());
    say(&mut trail, &opener, Statement::Phoned(wire::PhoneAnswer::NoAnswer));
    assert_eq!(standing(&trail), []);
    say(&mut trail, &opener, Statement::Phoned(no));
    assert_eq!(standing(&trail), [Standing::Unconfirmed], "the answer before the call is not about it");
    let again = say(&mut trail, &opener, Statement::Phoned(yes));
    let by = say(&mut trail, &peer, Statement::Accepted);
    assert_eq!(standing(&trail), [Standing::Replaced(again), Standing::Confirmed(by)]);
}

/// [STA-28]
#[test]
fn each_kind_of_answer_is_a_yes_or_a_no_to_what_was_said_by_telephone() {
    let (opener, peer) = parties();
    let answers = [
        (held(), true),
        (Statement::Accepted, true),
        (Statement::PartlyAccepted(wire::PartialForm::DistanceSupport), true),
        (Statement::Waitlisted, false),
        (Statement::Declined(wire::DeclineReason::NoPlace), false),
        (Statement::Redirected(wire::ServiceType::Health), false),
        (Statement::Misdirected, false),
    ];
    for (answer, yes) in answers {
        for (said, heard) in [(PhoneAnswer::Yes, true), (PhoneAnswer::No, false)] {
            let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
            let call = say(&mut trail, &opener, Statement::Phoned(said));
            let by = say(&mut trail, &peer, answer.clone());
            let agreed = telephone::agreed(&trail, &trail.reading().unwrap());
            let standing = if yes == heard { Standing::Confirmed(by) } else { Standing::Contradicted(by) };
            assert_eq!(agreed.len(), 1);
            assert_eq!((agreed[0].event, agreed[0].answer, agreed[0].standing), (call, said, standing), "{answer:?}");
        }
    }
}

/// [STA-28] A no after a service began has no effect, so it says nothing of the call either.
#[test]
fn an_answer_that_is_void_contradicts_no_call() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    say(&mut trail, &opener, Statement::Phoned(PhoneAnswer::Yes));
    say(&mut trail, &peer, Statement::Started);
    let mut void = Event::clone(&step::append(&trail, &peer.author(), draft(Statement::Acknowledged)).unwrap());
    void.statement = Statement::Declined(wire::DeclineReason::NoPlace);
    let void = peer.sign(&void);
    let id = void.id;
    assert_eq!(trail.admit(void).unwrap(), Admission::New);
    let reading = trail.reading().unwrap();
    assert_ne!(reading.events[&id].verdict, Verdict::Effective);
    assert_eq!(telephone::agreed(&trail, &reading)[0].standing, Standing::Unconfirmed);
    let yes = say(&mut trail, &peer, Statement::Accepted);
    assert_eq!(telephone::agreed(&trail, &trail.reading().unwrap())[0].standing, Standing::Confirmed(yes));
}

/// [ONC-30]
#[test]
fn what_is_due_and_how_long_it_waits_comes_from_the_timers_of_the_act() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let other = Timer { act: Act::Notification, kind: TimerKind::Acknowledge, span: Span(7), ..timers()[0].clone() };
    let all: Vec<Timer> = std::iter::once(other.clone()).chain(timers()).collect();
    assert_eq!(telephone::patience(&trail, &all), Some(Span(600)));
    assert_eq!(telephone::patience(&trail, std::slice::from_ref(&other)), None);
    let now = |trail: &Trail, timers: &[Timer]| {
        telephone::now(trail, &trail.reading().unwrap(), timers, Seconds::new(1_000_000).unwrap())
    };
    assert!(now(&trail, &all) && !now(&trail, &[other]), "where nothing is due it is never now");
    say(&mut trail, &peer, Statement::Acknowledged);
    assert!(!now(&trail, &all));
}

/// [ONC-30] They spoke before it was reopened: that was another time.
#[test]
fn after_a_reopening_they_have_not_spoken_yet() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let due = |trail: &Trail| telephone::due(trail, &trail.reading().unwrap(), &timers()).map(Seconds::get);
    say(&mut trail, &opener, Statement::Phoned(PhoneAnswer::Yes));
    assert_eq!(due(&trail), None);
    say(&mut trail, &opener, Statement::Closed(wire::ClosureReason::NoLongerNeeded));
    say(&mut trail, &opener, Statement::Reopened);
    assert_eq!(due(&trail), Some(360));
}

/// [TIM-2] Of two branches of a receiver that has signed twice, the earliest word counts, wherever it stands.
#[test]
fn of_two_branches_the_earlier_word_bounds_an_event() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    let mut branch = trail.clone();
    say_at(&mut branch, &opener, 600, Statement::Warned(wire::WarningCode::RiskChanged));
    let early = say_at(&mut branch, &peer, 100, Statement::Acknowledged);
    say_at(&mut trail, &peer, 500, held());
    for event in branch.events() {
        trail.admit(event.clone()).unwrap();
    }
    assert_eq!(trail.len(), 4);
    let before = Bounded::of(&trail).around(opened).before.unwrap();
    assert_eq!((before.event, before.time.get()), (early, 100));
}
