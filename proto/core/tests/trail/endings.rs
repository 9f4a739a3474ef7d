//! What ends in a trail by its codes and the agreement. [TIM-11]

use uput_core::{
    agreement::Agreement,
    catalogue::Label,
    event::{Decision, Statement},
    id::EventId,
    state::Side,
    status::{self, Ending, Stands, What},
    time::{Seconds, Span},
    trail::Trail,
    wire::{self, Act, DecisionOutcome, DecisionType},
};

use crate::{Party, agreement, held, opening_with, parties, say, say_at};

/// The demonstration is in force before the year 2100, and not in it. [AGR-20]
const LAST: u64 = 4_102_444_799;

fn ends(trail: &Trail, agreement: &Agreement) -> Vec<(What, u64, EventId, Side)> {
    let shown = |ending: Ending| (ending.what, ending.until.get(), ending.event, ending.side);
    status::endings(trail, &trail.reading().unwrap(), agreement).into_iter().map(shown).collect()
}

fn opened(opener: &Party, peer: &Party, act: Act, expiry: Option<u64>) -> Trail {
    let change = |opening: &mut uput_core::event::Opening| {
        opening.act = act;
        opening.expiry = expiry.and_then(Seconds::new);
    };
    Trail::open(opening_with(opener, peer, 1, change), 1).unwrap()
}

/// [TIM-11]
#[test]
fn a_request_ends_until_it_is_answered_a_hold_until_something_else_is_and_nothing_after_an_end() {
    let (opener, peer) = parties();
    let agreement = agreement(&opener, &peer);
    let mut trail = opened(&opener, &peer, Act::Referral, Some(900));
    let event = trail.id().opening();
    let by_agreement = (What::Agreement, LAST, event, Side::Opener);
    let request = (What::Request, 900, event, Side::Opener);
    say(&mut trail, &peer, Statement::Acknowledged);
    assert_eq!(ends(&trail, &agreement), [by_agreement, request], "who has seen it has not answered");
    let first = say(&mut trail, &peer, held());
    assert_eq!(ends(&trail, &agreement), [by_agreement, (What::Hold, 600, first, Side::Peer)]);
    let longer = say(&mut trail, &peer, Statement::Held { until: Seconds::new(960).unwrap() });
    assert_eq!(ends(&trail, &agreement), [by_agreement, (What::Hold, 960, longer, Side::Peer)]);
    say(&mut trail, &peer, Statement::Accepted);
    assert_eq!(ends(&trail, &agreement), [by_agreement]);
    say(&mut trail, &peer, Statement::Closed(wire::ClosureReason::Done));
    assert_eq!(ends(&trail, &agreement), []);
    let without = opened(&opener, &peer, Act::Referral, None);
    assert_eq!(ends(&without, &agreement).iter().map(|ending| ending.0).collect::<Vec<_>>(), [What::Agreement]);
}

/// [TIM-75]
#[test]
fn until_the_end_of_a_hold_whoever_must_choose_decides() {
    let (opener, peer) = parties();
    let agreement = agreement(&opener, &peer);
    let mut trail = Trail::open(opening_with(&opener, &peer, 0, |_| {}), 0).unwrap();
    let hold = say(&mut trail, &peer, held());
    let due =
        |trail: &Trail, side| assert!(ends(trail, &agreement).contains(&(What::Hold, 600, hold, side)), "{side:?}");
    due(&trail, Side::Opener);
    say(&mut trail, &opener, Statement::Need);
    due(&trail, Side::Peer);
}

/// [TIM-11]
#[test]
fn of_each_type_of_decision_the_newest_that_grants_says_when_it_ends_and_is_its_authors() {
    let (opener, peer) = parties();
    let agreement = agreement(&opener, &peer);
    let mut trail = opened(&opener, &peer, Act::Notification, None);
    let decided = |kind, outcome, expiry| {
        Statement::Decision(Decision { kind, outcome, expiry: Seconds::new(expiry), evidence: None })
    };
    let ends = |trail: &Trail| ends(trail, &agreement).split_off(1);
    use DecisionOutcome::{Granted, GrantedInPart, Refused};
    use DecisionType::{Guardianship, Placement};
    let placed = say(&mut trail, &peer, decided(Placement, Granted, 500));
    let guarded = say(&mut trail, &peer, decided(Guardianship, GrantedInPart, 700));
    let guarded = (What::Decision, 700, guarded, Side::Peer);
    assert_eq!(ends(&trail), [(What::Decision, 500, placed, Side::Peer), guarded]);
    say(&mut trail, &peer, decided(Placement, Refused, 550));
    assert_eq!(ends(&trail), [guarded], "it was taken away [STA-70]");
    let longer = say(&mut trail, &opener, decided(Placement, Granted, 800));
    assert_eq!(ends(&trail), [guarded, (What::Decision, 800, longer, Side::Opener)]);
    say(&mut trail, &opener, decided(Placement, Granted, 0));
    assert_eq!(ends(&trail), [guarded], "the newest has no end");
}

/// [TIM-3] [TIM-11]
#[test]
fn a_stay_ends_by_the_time_of_its_beginning_that_stands_until_the_service_was_given() {
    let (opener, peer) = parties();
    let agreement = agreement(&opener, &peer);
    let mut trail = opened(&opener, &peer, Act::Referral, None);
    say(&mut trail, &peer, Statement::Accepted);
    let started = say_at(&mut trail, &peer, 86_400, Statement::Started);
    let stay = |until| (What::Stay, until, started, Side::Peer);
    assert_eq!(ends(&trail, &agreement).split_off(1), [stay(86_400 + 10)]);
    say_at(&mut trail, &opener, 300, Statement::Warned(wire::WarningCode::RiskChanged));
    say_at(&mut trail, &peer, 301, Statement::Started);
    assert_eq!(ends(&trail, &agreement).split_off(1), [stay(300 + 10)], "the first, and by nobody's clock alone");
    say_at(&mut trail, &peer, 320, Statement::Provided(wire::Outcome::NeedMet));
    assert_eq!(ends(&trail, &agreement).len(), 1);
    let mut other = opened(&opener, &peer, Act::Notification, None);
    say(&mut other, &peer, Statement::Started);
    assert_eq!(ends(&other, &agreement).len(), 1, "the agreement has no such timer for a notification");
}

/// [TIM-10] [TIM-11] [TIM-12]
#[test]
fn each_thing_that_ends_has_its_word_and_its_labels() {
    let words = "request hold decision stay consent basis review measure mandate task agreement";
    assert_eq!(What::ALL.map(What::word).join(" "), words);
    let labels = [
        (Label::ConsentUntil, What::Consent),
        (Label::BasisUntil, What::Basis),
        (Label::DecisionUntil, What::Basis),
        (Label::ReviewBy, What::Review),
        (Label::ProtectiveOrderUntil, What::Measure),
        (Label::MandateUntil, What::Mandate),
    ];
    for label in Label::ALL.iter().copied() {
        let what = labels.iter().find(|(known, _)| *known == label).map(|(_, what)| *what);
        assert_eq!(What::of(label), what, "{label}");
    }
    let (opener, peer) = parties();
    let trail = opened(&opener, &peer, Act::Referral, Some(900));
    let endings = status::endings(&trail, &trail.reading().unwrap(), &agreement(&opener, &peer));
    let at = |now| endings[1].stands(Seconds::new(now).unwrap(), Span(100));
    assert_eq!([799, 800, 900, 901].map(at), [Stands::Ahead, Stands::Soon, Stands::Soon, Stands::Over]);
}
