//! Timers: which event starts one, and which meets or ends it. [EVT-21]

use uput_core::{
    event::{Decision, Event, Statement},
    id::EventId,
    step,
    timer::Steps,
    trail::Trail,
    wire::{self, DecisionOutcome, DecisionType, TimerKind},
};

use crate::{Party, draft, held, opening, opening_with, parties, say, say_at};

/// Each timer of a kind: what started it, what met or ended it, and whether it only ended.
fn timers(trail: &Trail, kind: TimerKind) -> Vec<(EventId, Option<EventId>, bool)> {
    let reading = trail.reading().unwrap();
    let steps = Steps::new(trail, &reading).of(kind);
    assert!(steps.iter().all(|step| step.kind == kind));
    steps.into_iter().map(|step| (step.from.id, step.to.map(|event| event.id), step.ended)).collect()
}

/// What a statement does to the one timer of a kind that runs: `m`eets it, `e`nds it, or nothing; `-`: it has no effect.
fn done(base: &Trail, kind: TimerKind, by: &Party, statement: &Statement) -> char {
    let mut trail = base.clone();
    assert!(matches!(timers(&trail, kind)[..], [(_, None, false)]), "{kind:?} runs");
    if step::append(&trail, &by.author(), draft(statement.clone())).is_err() {
        return '-';
    }
    let said = say(&mut trail, by, statement.clone());
    match timers(&trail, kind)[..] {
        [(_, Some(to), false)] if to == said => 'm',
        [(_, Some(to), true)] if to == said => 'e',
        [(_, None, false)] => '.',
        ref other => panic!("{other:?}"),
    }
}

/// [EVT-21] A stay runs once a service began: then nobody says no any more.
#[test]
fn each_kind_meets_its_timers_ends_others_and_leaves_the_rest_running() {
    let (opener, peer) = parties();
    let mut asked = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = asked.id().opening();
    say(&mut asked, &peer, Statement::Delivered(opened));
    let mut known = asked.clone();
    say(&mut known, &peer, Statement::Accepted);
    let identity = say(&mut known, &opener, Statement::Identity);
    say(&mut known, &peer, Statement::Delivered(identity));
    let mut begun = asked.clone();
    say(&mut begun, &peer, Statement::Started);
    let decided = |outcome| {
        Statement::Decision(Decision { kind: DecisionType::Placement, outcome, expiry: None, evidence: None })
    };
    let closed = || Statement::Closed(wire::ClosureReason::Done);
    // By whom, what; and what becomes of `acknowledge`, `answer`, `decision`, `contact`, `stay`.
    let table = [
        (&peer, Statement::Acknowledged, "m...."),
        (&peer, held(), "mm..."),
        (&peer, Statement::Accepted, "mm..."),
        (&peer, Statement::PartlyAccepted(wire::PartialForm::DistanceSupport), "mm..."),
        (&peer, Statement::Waitlisted, "mm..-"),
        (&peer, Statement::Declined(wire::DeclineReason::NoPlace), "mm.e-"),
        (&peer, Statement::Redirected(wire::ServiceType::Health), "mm.e-"),
        (&peer, Statement::Misdirected, "mmee-"),
        (&peer, Statement::ContactMade, "...m."),
        (&peer, Statement::CouldNotReach(wire::NotReachedReason::NoAnswer), "...m."),
        (&peer, Statement::Visited(wire::VisitOutcome::Met), "...m."),
        (&peer, Statement::Visited(wire::VisitOutcome::NobodyThere), "...m."),
        (&peer, Statement::Started, "...m."),
        (&peer, Statement::Provided(wire::Outcome::NeedMet), "...mm"),
        (&peer, decided(DecisionOutcome::Granted), "..m.."),
        (&peer, decided(DecisionOutcome::Refused), "..m.."),
        (&peer, closed(), "eeeem"),
        (&peer, Statement::Withdrawn, "eeeee"),
        (&peer, Statement::Delivered(opened), "....."),
        (&opener, closed(), "eeeem"),
        (&opener, Statement::Withdrawn, "eeeee"),
        (&opener, Statement::Revoked(wire::RevocationReason::SentInError), "eeeee"),
        (&opener, Statement::ChosenElsewhere, "eeeee"),
        // It is not the opener's to meet.
        (&opener, decided(DecisionOutcome::Granted), "....."),
        (&opener, Statement::Visited(wire::VisitOutcome::Met), "....."),
        (&opener, Statement::PurgeAsked, "....."),
        (&opener, Statement::Escalated(wire::ServiceType::Oversight), "....."),
    ];
    use TimerKind::{Acknowledge, Answer, Contact, Decision as Decides, Stay};
    for (by, statement, expected) in table {
        let bases = [(&asked, Acknowledge), (&asked, Answer), (&asked, Decides), (&known, Contact), (&begun, Stay)];
        let found: String = bases.map(|(base, kind)| done(base, kind, by, &statement)).iter().collect();
        assert_eq!(found, expected, "{} by the opener: {}", statement.name(), std::ptr::eq(by, &opener));
    }
}

/// [EVT-21]
#[test]
fn only_the_receiver_meets_the_delivery_of_an_opening_and_only_with_that_opening() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let opened = trail.id().opening();
    let held = say(&mut trail, &peer, held());
    say(&mut trail, &opener, Statement::Delivered(opened));
    let need = say(&mut trail, &opener, Statement::Need);
    say(&mut trail, &peer, Statement::Delivered(need));
    assert_eq!(timers(&trail, TimerKind::Deliver), [(opened, None, false)]);
    assert_eq!(timers(&trail, TimerKind::Acknowledge), [], "it begins with the delivery");
    say(&mut trail, &opener, Statement::Delivered(held));
    let delivered = say(&mut trail, &peer, Statement::Delivered(opened));
    say(&mut trail, &peer, Statement::Delivered(opened));
    assert_eq!(timers(&trail, TimerKind::Deliver), [(opened, Some(delivered), false)], "the first");
    assert_eq!(timers(&trail, TimerKind::Unspecified), []);
}

/// [EVT-21] A later need asks again, and whoever has answered before its machine said `delivered` owes nothing more.
#[test]
fn each_need_waits_for_an_answer_of_its_own_unless_it_came_before_the_delivery() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let opened = trail.id().opening();
    let delivered = say(&mut trail, &peer, Statement::Delivered(opened));
    let held = say(&mut trail, &peer, held());
    let first = (delivered, Some(held), false);
    let need = say(&mut trail, &opener, Statement::Need);
    assert_eq!(timers(&trail, TimerKind::Answer), [first]);
    let mut answered = trail.clone();
    let waits = say(&mut trail, &peer, Statement::Delivered(need));
    assert_eq!(timers(&trail, TimerKind::Answer), [first, (waits, None, false)], "the hold was for less");
    assert_eq!(timers(&trail, TimerKind::Contact), [], "nobody knows who she is");
    let yes = say(&mut trail, &peer, Statement::Accepted);
    assert_eq!(timers(&trail, TimerKind::Answer), [first, (waits, Some(yes), false)]);
    say(&mut answered, &peer, Statement::Accepted);
    say(&mut answered, &peer, Statement::Delivered(need));
    assert_eq!(timers(&answered, TimerKind::Answer), [first]);
    assert_eq!(timers(&answered, TimerKind::Acknowledge), [first], "an answer is an acknowledgement");
}

/// [EVT-21] What its author knew when it came decides whether anything was to be expected.
#[test]
fn no_timer_starts_where_the_trail_has_ended_or_the_answer_is_a_no() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    let mut refused = trail.clone();
    say(&mut refused, &peer, Statement::Declined(wire::DeclineReason::NoPlace));
    let began = say(&mut refused, &peer, Statement::Started);
    assert_eq!(timers(&refused, TimerKind::Stay), [], "it was a no");
    say(&mut refused, &peer, Statement::Accepted);
    say(&mut refused, &peer, Statement::Started);
    assert_eq!(timers(&refused, TimerKind::Stay), [], "the first that started, {began}, decides");
    say(&mut trail, &opener, Statement::Closed(wire::ClosureReason::NoLongerNeeded));
    say_at(&mut trail, &peer, 90, Statement::Delivered(opened));
    assert_eq!(timers(&trail, TimerKind::Deliver).len(), 1);
    for kind in [TimerKind::Acknowledge, TimerKind::Answer, TimerKind::Decision] {
        assert_eq!(timers(&trail, kind), [], "{kind:?}");
    }
}

/// [EVT-21] [STA-13]
#[test]
fn under_law_an_opening_names_her_and_a_withdrawal_ends_nothing() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 2), 2).unwrap();
    let opened = trail.id().opening();
    let delivered = say(&mut trail, &peer, Statement::Delivered(opened));
    assert_eq!(timers(&trail, TimerKind::Contact), [(delivered, None, false)]);
    say(&mut trail, &opener, Statement::Withdrawn);
    assert_eq!(timers(&trail, TimerKind::Contact), [(delivered, None, false)]);
    assert_eq!(timers(&trail, TimerKind::Purge), [], "an objection makes nothing owed");
    let plain = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    assert_eq!(timers(&plain, TimerKind::Contact), []);
}

/// [EVT-21] Where nobody is named a visit is due all the same.
#[test]
fn a_visit_is_waited_for_at_every_stage_and_of_other_acts_nobody_before_she_is_named() {
    let (opener, peer) = parties();
    for stage in 0..=2 {
        for act in [wire::Act::Visit, wire::Act::Referral] {
            let opening = opening_with(&opener, &peer, stage, |opening| opening.act = act);
            let mut trail = Trail::open(opening, stage).unwrap();
            let opened = trail.id().opening();
            let delivered = say(&mut trail, &peer, Statement::Delivered(opened));
            let waits = act == wire::Act::Visit || stage == 2;
            let expected = waits.then_some((delivered, None, false));
            assert_eq!(timers(&trail, TimerKind::Contact), Vec::from_iter(expected), "{act:?} at stage {stage}");
            if waits {
                let visited = say(&mut trail, &peer, Statement::Visited(wire::VisitOutcome::NobodyThere));
                assert_eq!(timers(&trail, TimerKind::Contact), [(delivered, Some(visited), false)]);
            }
        }
    }
}

/// [EVT-21] Two disclosures that one event made owed are one timer; it is met by what covers the last of them.
#[test]
fn one_purge_timer_for_all_that_one_event_made_owed() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    say(&mut trail, &peer, Statement::Accepted);
    let at_peer = trail.clone();
    say_at(&mut trail, &opener, 100, Statement::Identity);
    assert_eq!(timers(&trail, TimerKind::Purge), [], "nobody owes anything");
    let withdrawn = say_at(&mut trail, &opener, 110, Statement::Withdrawn);
    assert_eq!(timers(&trail, TimerKind::Purge), [(withdrawn, None, false)]);
    // Before these two arrive the receiver closes, and purges what it had.
    let mut behind = at_peer;
    for (seconds, statement) in [
        (120, Statement::Closed(wire::ClosureReason::NoLongerNeeded)),
        (130, Statement::Purged(wire::PurgeManner::Destroyed)),
    ] {
        let draft = step::Draft { time: uput_core::time::Seconds::new(seconds).unwrap(), ..draft(statement) };
        let event = step::append(&behind, &peer.author(), draft).unwrap();
        behind.admit(event.clone()).unwrap();
        trail.admit(event).unwrap();
    }
    assert_eq!(timers(&trail, TimerKind::Purge), [(withdrawn, None, false)], "who she is was not purged");
    let rest = say_at(&mut trail, &peer, 140, Statement::Retained { article: 1 });
    say_at(&mut trail, &peer, 150, Statement::Acknowledged);
    assert_eq!(timers(&trail, TimerKind::Purge), [(withdrawn, Some(rest), false)]);
}

/// [EVT-21] What was purged before the withdrawal that crossed it is owed by nobody.
#[test]
fn a_purge_that_came_before_leaves_nothing_to_time() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let mut at_opener = trail.clone();
    say_at(&mut trail, &peer, 100, Statement::Closed(wire::ClosureReason::NoLongerNeeded));
    say_at(&mut trail, &peer, 110, Statement::Purged(wire::PurgeManner::Destroyed));
    say_at(&mut at_opener, &opener, 200, Statement::Withdrawn);
    for event in at_opener.events() {
        trail.admit(event.clone()).unwrap();
    }
    assert_eq!(timers(&trail, TimerKind::Purge), []);
}

/// [EVT-21] Nobody purges what it never got: what crossed a withdrawal is timed from when it came.
#[test]
fn what_crossed_a_withdrawal_is_timed_from_its_own_delivery() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    say(&mut trail, &peer, Statement::Accepted);
    let mut at_opener = trail.clone();
    let withdrawn = say_at(&mut trail, &peer, 100, Statement::Withdrawn);
    let identity = say_at(&mut at_opener, &opener, 110, Statement::Identity);
    for event in at_opener.events() {
        trail.admit(event.clone()).unwrap();
    }
    let first = (withdrawn, None, false);
    assert_eq!(timers(&trail, TimerKind::Purge), [first]);
    say_at(&mut trail, &peer, 120, Statement::Acknowledged);
    assert_eq!(timers(&trail, TimerKind::Purge), [first], "it is read, and not said to be delivered");
    let delivered = say_at(&mut trail, &peer, 130, Statement::Delivered(identity));
    let second = (delivered, None, false);
    assert_eq!(timers(&trail, TimerKind::Purge), [first, second]);
    let purged = say_at(&mut trail, &peer, 140, Statement::Purged(wire::PurgeManner::Destroyed));
    let met = [withdrawn, delivered].map(|from| (from, Some(purged), false));
    assert_eq!(timers(&trail, TimerKind::Purge), met);
}

/// [EVT-21] A no makes values owed and asks nobody to hurry; the request does.
#[test]
fn a_purge_is_timed_from_the_request_and_not_from_the_no() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    say(&mut trail, &peer, Statement::Declined(wire::DeclineReason::NoPlace));
    assert!(!trail.reading().unwrap().owed.is_empty());
    assert_eq!(timers(&trail, TimerKind::Purge), []);
    let asked = say(&mut trail, &opener, Statement::PurgeAsked);
    assert_eq!(timers(&trail, TimerKind::Purge), [(asked, None, false)]);
    let purged = say(&mut trail, &peer, Statement::Purged(wire::PurgeManner::Destroyed));
    assert_eq!(timers(&trail, TimerKind::Purge), [(asked, Some(purged), false)]);
}

/// [EVT-21] A no makes what crossed it owed, and its delivery starts nothing either while nobody has asked for a purge.
#[test]
fn what_crossed_a_no_is_not_timed_from_its_delivery() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    say(&mut trail, &peer, Statement::Accepted);
    let mut at_opener = trail.clone();
    say(&mut trail, &peer, Statement::Declined(wire::DeclineReason::NoPlace));
    let identity = say(&mut at_opener, &opener, Statement::Identity);
    for event in at_opener.events() {
        trail.admit(event.clone()).unwrap();
    }
    say(&mut trail, &peer, Statement::Delivered(identity));
    assert!(trail.reading().unwrap().owed.contains_key(&identity));
    assert_eq!(timers(&trail, TimerKind::Purge), []);
}

/// [EVT-21] [STA-71] A yes to a place before the need was told has no effect, and answers nothing.
#[test]
fn what_has_no_effect_meets_no_timer() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let opened = trail.id().opening();
    let delivered = say(&mut trail, &peer, Statement::Delivered(opened));
    let mut void = Event::clone(&step::append(&trail, &peer.author(), draft(Statement::Acknowledged)).unwrap());
    void.statement = Statement::Accepted;
    trail.admit(peer.sign(&void)).unwrap();
    for kind in [TimerKind::Acknowledge, TimerKind::Answer] {
        assert_eq!(timers(&trail, kind), [(delivered, None, false)], "{kind:?}");
    }
}
