//! What of the other party's waits for a person here. [ONC-20]

use uput_core::{
    attention,
    event::{Event, Statement},
    id::{EventId, Id},
    state::Side,
    step,
    trail::{Admission, Trail},
    wire::{self, Act},
};

use crate::{Party, draft, held, opening, opening_with, parties, say};

fn waits(trail: &Trail, side: Side) -> Vec<EventId> {
    attention::waiting(trail, &trail.reading().unwrap(), side).into_iter().map(|event| event.id).collect()
}

/// [ONC-20]
#[test]
fn what_nobody_has_looked_at_waits_for_a_person_and_not_for_a_machine() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    assert_eq!((waits(&trail, Side::Peer), waits(&trail, Side::Opener)), (vec![opened], vec![]));
    say(&mut trail, &peer, Statement::Delivered(opened));
    assert_eq!(waits(&trail, Side::Peer), [opened], "a machine has it");
    assert_eq!(waits(&trail, Side::Opener), [], "that it was delivered wakes nobody");
    let answer = say(&mut trail, &peer, Statement::Accepted);
    assert_eq!((waits(&trail, Side::Peer), waits(&trail, Side::Opener)), (vec![], vec![answer]));
    let warned = say(&mut trail, &opener, Statement::Warned(wire::WarningCode::MayBeSought));
    assert_eq!((waits(&trail, Side::Peer), waits(&trail, Side::Opener)), (vec![warned], vec![]));
}

/// After what, in which act, what is said, and whether it calls.
type Row<'a> = (Vec<(&'a Party, Statement)>, Act, Statement, bool);

/// [ONC-20]
#[test]
fn each_kind_calls_a_person_of_the_other_party_or_nobody() {
    let (opener, peer) = parties();
    let done = || Statement::Closed(wire::ClosureReason::Done);
    let revoked = Statement::Revoked(wire::RevocationReason::SentInError);
    let phoned = Statement::Phoned(wire::PhoneAnswer::NoAnswer);
    let accepted = || vec![(&peer, Statement::Accepted)];
    let after_an_end = || vec![(&peer, Statement::Accepted), (&opener, done())];
    let openers: [Row<'_>; 15] = [
        (vec![], Act::Referral, Statement::Need, true),
        (accepted(), Act::Referral, Statement::Identity, true),
        (vec![], Act::Referral, Statement::Corrected, true),
        (vec![], Act::Referral, Statement::Warned(wire::WarningCode::RiskChanged), true),
        (vec![], Act::Referral, phoned, true),
        (vec![], Act::Referral, Statement::ChosenElsewhere, true),
        (vec![], Act::Referral, Statement::Withdrawn, true),
        (vec![], Act::Referral, revoked, true),
        (after_an_end(), Act::Referral, Statement::Reopened, true),
        (vec![], Act::Transfer, Statement::TransferOffered, true),
        (accepted(), Act::Conference, Statement::Minutes, true),
        (accepted(), Act::Conference, Statement::Plan, true),
        (vec![], Act::Referral, Statement::Escalated(wire::ServiceType::Oversight), true),
        (vec![], Act::Referral, Statement::PurgeAsked, false),
        (vec![], Act::Referral, done(), false),
    ];
    let unreached = Statement::CouldNotReach(wire::NotReachedReason::NoAnswer);
    let task = Statement::Task { plan: Id::of(b"a plan").into(), number: 1, status: wire::TaskStatus::Done };
    let peers = [
        (task, true),
        (held(), true),
        (Statement::Accepted, true),
        (Statement::PartlyAccepted(wire::PartialForm::DistanceSupport), true),
        (Statement::Waitlisted, true),
        (Statement::Declined(wire::DeclineReason::NoPlace), true),
        (Statement::Redirected(wire::ServiceType::Health), true),
        (Statement::Misdirected, true),
        (Statement::Withdrawn, true),
        (unreached, true),
        (Statement::Acknowledged, false),
        (Statement::ContactMade, false),
        (Statement::Started, false),
        (Statement::Provided(wire::Outcome::NeedMet), false),
        (Statement::Visited(wire::VisitOutcome::Met), false),
        (done(), false),
    ];
    let peers = peers.map(|(statement, calls)| (vec![], Act::Referral, statement, calls));
    let said = openers.into_iter().map(|row| (&opener, row)).chain(peers.into_iter().map(|row| (&peer, row)));
    for (by, (before, act, statement, calls)) in said {
        let mut trail = Trail::open(opening_with(&opener, &peer, 1, |opening| opening.act = act), 1).unwrap();
        for (by, statement) in before {
            say(&mut trail, by, statement);
        }
        // Whoever is to be called has written after all that stands there.
        let (other, side) = if std::ptr::eq(by, &opener) { (&peer, Side::Peer) } else { (&opener, Side::Opener) };
        say(&mut trail, other, Statement::Visited(wire::VisitOutcome::NobodyThere));
        let name = statement.name();
        let event = say(&mut trail, by, statement);
        assert_eq!(waits(&trail, side), if calls { vec![event] } else { vec![] }, "{name} in {act:?}");
    }
}

/// [ONC-20]
#[test]
fn what_a_machine_writes_answers_for_nobody_and_what_is_void_calls_nobody() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    say(&mut trail, &peer, Statement::Delivered(opened));
    say(&mut trail, &peer, Statement::Acknowledged);
    let mut void = Event::clone(&step::append(&trail, &opener.author(), draft(Statement::PurgeAsked)).unwrap());
    void.statement = Statement::TransferOffered;
    assert_eq!(trail.admit(opener.sign(&void)).unwrap(), Admission::New);
    assert_eq!(waits(&trail, Side::Peer), [], "nothing is offered in a referral");
    let withdrawn = say(&mut trail, &opener, Statement::Withdrawn);
    say(&mut trail, &peer, Statement::Purged(wire::PurgeManner::Unopened));
    assert_eq!(waits(&trail, Side::Peer), [withdrawn], "a node destroys unopened values by itself");
}
