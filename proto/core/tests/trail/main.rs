//! Trails admit what continues them, and nothing else.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod attention;
mod calls;
mod endings;
mod ladder;
mod one_pass;
mod steps;
mod tasks;

use uput_core::{
    agreement::{Agreement, Origin, Timer, compile},
    bounds::{Bound, Bounded},
    envelope::{Envelope, MediaType, Verified, verify_one},
    event::{Decision, Event, Opening, Statement, Terms},
    id::{EventId, Id, OrgId},
    key::SigningKey,
    rejection::Rejection,
    state::{Headline, Side},
    status::{self, Stands},
    step::{self, Author, Draft, Refused},
    time::{Seconds, Span},
    timer::Steps,
    trail::{Admission, Trail},
    wire,
};

struct Party {
    organisation: OrgId,
    signing: SigningKey,
}

impl Party {
    fn new(seed: u8) -> Self {
        Self { organisation: Id::of(&[seed]).into(), signing: SigningKey::from_seed(&[seed; 32]) }
    }

    fn author(&self) -> Author<'_> {
        Author {
            organisation: self.organisation,
            key_record: Id::of(b"a key record").into(),
            signing: &self.signing,
            incarnation: 0,
        }
    }

    fn sign(&self, event: &Event) -> Verified<Event> {
        let envelope = Envelope::sign(MediaType::EVENT, event.encode(), &[&self.signing]).unwrap();
        let id = envelope.id();
        verify_one(envelope, MediaType::EVENT, self.signing.public(), |body| Event::parse(id, body)).unwrap()
    }
}

fn draft(statement: Statement) -> Draft {
    Draft { statement, terms: None, slots: Vec::new(), time: Seconds::new(60).unwrap(), occurred: None }
}

fn terms(stage: u32) -> Terms {
    Terms { stage, rule: 1, basis: wire::LegalBasis::ExplicitConsent, article: 0 }
}

fn parties() -> (Party, Party) {
    (Party::new(1), Party::new(2))
}

fn opening(opener: &Party, peer: &Party, stage: u32) -> Verified<Event> {
    opening_with(opener, peer, stage, |_| ())
}

fn opening_with(opener: &Party, peer: &Party, stage: u32, change: impl FnOnce(&mut Opening)) -> Verified<Event> {
    let mut opening = Opening {
        peer: peer.organisation,
        peer_key: Id::of(b"another key record").into(),
        agreement: Id::of(b"an agreement").into(),
        act: wire::Act::Referral,
        service_type: wire::ServiceType::Shelter,
        nonce: [3; 32],
        event_version: 1,
        expiry: None,
        about: None,
    };
    change(&mut opening);
    let draft = Draft { terms: Some(terms(stage)), ..draft(Statement::Need) };
    step::open(&opener.author(), opening, draft).unwrap()
}

fn say(trail: &mut Trail, party: &Party, statement: Statement) -> EventId {
    let event = step::append(trail, &party.author(), draft(statement)).unwrap();
    let id = event.id;
    assert_eq!(trail.admit(event).unwrap(), Admission::New);
    id
}

fn held() -> Statement {
    Statement::Held { until: Seconds::new(600).unwrap() }
}

#[test]
fn a_trail_is_answered() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    say(&mut trail, &peer, Statement::Delivered(opened));
    say(&mut trail, &peer, Statement::Accepted);
    say(&mut trail, &opener, Statement::Identity);
    assert_eq!(trail.reading().unwrap().headline, Headline::Accepted);
    assert_eq!(trail.count(Side::Peer), 2);
}

#[test]
fn what_would_be_void_is_not_said() {
    let (opener, peer) = parties();
    let trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let refused = step::append(&trail, &opener.author(), draft(Statement::Identity)).err().unwrap();
    assert!(matches!(refused, Refused::Void(_)), "{refused}");
    assert_eq!(refused.rejection(), Rejection::StepNotAllowed);
}

#[test]
fn a_trail_is_not_opened_within_a_trail() {
    let (opener, peer) = parties();
    let first = opening(&opener, &peer, 0);
    let trail = Trail::open(first.clone(), 0).unwrap();
    for party in [&opener, &peer] {
        let again = Draft { terms: first.terms, ..draft(first.statement.clone()) };
        let refused = step::append(&trail, &party.author(), again).err();
        assert_eq!(refused, Some(Refused::Rejected(Rejection::WrongTrail)));
    }
}

#[test]
fn an_event_comes_once() {
    let (opener, peer) = parties();
    let first = opening(&opener, &peer, 0);
    let mut trail = Trail::open(first.clone(), 0).unwrap();
    assert_eq!(trail.admit(first).unwrap(), Admission::Known);
    assert_eq!(trail.len(), 1);
}

#[test]
fn two_events_with_one_number_are_both_kept() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let twin = step::append(&trail, &peer.author(), draft(Statement::Acknowledged)).unwrap();
    say(&mut trail, &peer, held());
    assert_eq!(trail.admit(twin).unwrap(), Admission::Twin);
    assert_eq!(trail.numbered(Side::Peer, 0).len(), 2);
    assert_eq!(trail.count(Side::Peer), 1);
}

#[test]
fn an_event_of_another_trail_is_refused() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let other = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let event = step::append(&other, &peer.author(), draft(Statement::Accepted)).unwrap();
    assert_eq!(trail.admit(event).err(), Some(Rejection::WrongTrail));
    assert_eq!(trail.admit(other.opening_event().unwrap().clone()).err(), Some(Rejection::WrongTrail));
}

#[test]
fn a_third_party_has_no_say() {
    let (opener, peer) = parties();
    let trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let stranger = Party::new(9);
    assert_eq!(
        step::append(&trail, &stranger.author(), draft(held())).err(),
        Some(Refused::Rejected(Rejection::WrongTrail))
    );
    let mut event = Event::clone(&step::append(&trail, &peer.author(), draft(held())).unwrap());
    event.author = stranger.organisation;
    assert_eq!(trail.offer(&event).err(), Some(Rejection::WrongTrail));
}

#[test]
fn a_missing_predecessor_is_told_from_a_false_one() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let behind = trail.clone();
    say(&mut trail, &peer, held());
    let next = step::append(&trail, &peer.author(), draft(Statement::Acknowledged)).unwrap();
    assert_eq!(behind.offer(&next).err(), Some(Rejection::MissingPredecessor));
    let mut false_one = Event::clone(&next);
    false_one.prev = Some(trail.id().opening());
    assert_eq!(trail.offer(&false_one).err(), Some(Rejection::BrokenSequence));
    let mut skipping = Event::clone(&next);
    skipping.seq += 1;
    assert_eq!(trail.offer(&skipping).err(), Some(Rejection::BrokenSequence));
}

#[test]
fn what_was_seen_is_never_unseen() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let first = say(&mut trail, &peer, held());
    say(&mut trail, &peer, Statement::Acknowledged);
    say(&mut trail, &opener, Statement::Need);
    let next = step::append(&trail, &opener.author(), draft(Statement::Withdrawn)).unwrap();
    for seen in [None, Some(first), Some(trail.id().opening())] {
        let mut event = Event::clone(&next);
        event.seen = seen;
        assert_eq!(trail.offer(&opener.sign(&event)).err(), Some(Rejection::BrokenSequence));
    }
}

#[test]
fn an_older_incarnation_does_not_continue_a_newer_one() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let restored = Author { incarnation: 1, ..peer.author() };
    trail.admit(step::append(&trail, &restored, draft(held())).unwrap()).unwrap();
    let old = step::append(&trail, &peer.author(), draft(Statement::Acknowledged)).unwrap();
    assert_eq!(trail.offer(&old).err(), Some(Rejection::BrokenSequence));
}

#[test]
fn a_correction_opens_no_new_stage() {
    // [EVT-24]
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    say(&mut trail, &peer, Statement::Accepted);
    let correction = |trail: &Trail, stage| {
        let draft = Draft { terms: Some(terms(stage)), slots: vec![5; 256], ..draft(Statement::Corrected) };
        step::append(trail, &opener.author(), draft).unwrap()
    };
    assert!(!trail.oversteps(&correction(&trail, 1)));
    assert!(trail.oversteps(&correction(&trail, 2)), "nobody has said identity yet");
    say(&mut trail, &opener, Statement::Identity);
    assert!(!trail.oversteps(&correction(&trail, 2)));
}

/// [EVT-24] [EVT-30]
#[test]
fn a_reply_is_at_a_stage_that_was_reached_on_a_basis_that_was_said() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 0), 0).unwrap();
    let reply = |trail: &Trail, by: &Party, statement, terms| {
        let draft = Draft { terms: Some(terms), slots: vec![5; 256], ..draft(statement) };
        step::append(trail, &by.author(), draft).unwrap()
    };
    let consent = |stage| Terms { stage, basis: wire::LegalBasis::GuardianConsent, ..terms(stage) };
    let none = Terms { stage: 0, basis: wire::LegalBasis::NoneNeededNonpersonal, ..terms(0) };
    let warned = || Statement::Warned(wire::WarningCode::DoNotContact);
    for (by, statement) in [(&peer, held()), (&opener, warned())] {
        let said = reply(&trail, by, statement, consent(1));
        assert!(trail.oversteps(&said) && trail.is_baseless(&said), "an enquiry has no stage 1 and no consent");
        let plain = reply(&trail, &peer, held(), none);
        assert!(!trail.oversteps(&plain) && !trail.is_baseless(&plain));
    }
    say(&mut trail, &peer, held());
    let need = Draft { terms: Some(consent(1)), slots: vec![5; 256], ..draft(Statement::Need) };
    trail.admit(step::append(&trail, &opener.author(), need).unwrap()).unwrap();
    for (by, statement) in [(&peer, Statement::Accepted), (&opener, warned())] {
        let said = reply(&trail, by, statement.clone(), consent(1));
        assert!(!trail.oversteps(&said) && !trail.is_baseless(&said));
        let other = Terms { basis: wire::LegalBasis::VitalInterests, ..consent(1) };
        assert!(trail.is_baseless(&reply(&trail, by, statement.clone(), other)));
        assert!(trail.is_baseless(&reply(&trail, by, statement, Terms { article: 7, ..consent(1) })));
    }
}

#[test]
fn a_reopening_restates_the_need_and_no_more() {
    // [EVT-24]
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    say(&mut trail, &peer, Statement::Accepted);
    say(&mut trail, &opener, Statement::Identity);
    say(&mut trail, &opener, Statement::Closed(wire::ClosureReason::Done));
    let reopening = |stage| {
        let draft = Draft { terms: Some(terms(stage)), slots: vec![5; 256], ..draft(Statement::Reopened) };
        step::append(&trail, &opener.author(), draft).unwrap()
    };
    assert!(!trail.oversteps(&reopening(1)));
    assert!(trail.oversteps(&reopening(2)));
}

/// [EVT-21] A yes that crossed a closing: which came first is the same for both parties and for a verifier.
#[test]
fn crossed_events_meet_timers_in_one_order_however_they_came() {
    let (opener, peer) = parties();
    let at = |statement, seconds| Draft { time: Seconds::new(seconds).unwrap(), ..draft(statement) };
    let mut base = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let delivered = Statement::Delivered(base.id().opening());
    let event = step::append(&base, &peer.author(), at(delivered, 60)).unwrap();
    base.admit(event).unwrap();
    for (yes_at, no_at) in [(120, 180), (180, 120)] {
        let yes = step::append(&base, &peer.author(), at(Statement::Accepted, yes_at)).unwrap();
        let closed = Statement::Closed(wire::ClosureReason::NoLongerNeeded);
        let closed = step::append(&base, &opener.author(), at(closed, no_at)).unwrap();
        let read = |order: [&Verified<Event>; 2]| {
            let mut trail = base.clone();
            for event in order {
                assert_eq!(trail.admit(event.clone()).unwrap(), Admission::New);
            }
            let reading = trail.reading().unwrap();
            let steps = Steps::new(&trail, &reading);
            let step = steps.of(wire::TimerKind::Answer).remove(0);
            (step.to.map(|event| event.id), step.ended)
        };
        let first = if yes_at < no_at { (Some(yes.id), false) } else { (Some(closed.id), true) };
        assert_eq!(read([&yes, &closed]), first, "as the receiver has them");
        assert_eq!(read([&closed, &yes]), first, "as the sender has them");
    }
}

/// [TIM-2] [TIM-3] What the other party has signed about when an event was signed, and nothing of what its author has.
#[test]
fn an_event_lies_between_what_it_has_seen_and_what_has_seen_it() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    let delivered = say_at(&mut trail, &peer, 90_000, Statement::Delivered(opened));
    let warned = say_at(&mut trail, &opener, 200, Statement::Warned(wire::WarningCode::RiskChanged));
    let yes = say_at(&mut trail, &peer, 300, Statement::Accepted);
    let bounded = Bounded::of(&trail);
    let around = |event| {
        let bounds = bounded.around(event);
        [bounds.after, bounds.before].map(|bound: Option<Bound>| bound.map(|bound| (bound.time.get(), bound.event)))
    };
    assert_eq!(around(opened), [None, Some((300, yes))], "of two that saw it the earlier");
    assert_eq!(around(delivered), [Some((60, opened)), Some((200, warned))]);
    assert_eq!(around(warned), [Some((90_000, delivered)), Some((300, yes))]);
    assert_eq!(around(yes), [Some((200, warned)), None]);
    let again = say_at(&mut trail, &peer, 300, Statement::ContactMade);
    let both = [opened, warned].map(|event| Bounded::of(&trail).around(event).before.unwrap().event);
    assert_eq!(both, [yes, yes], "of two that claim one time the first, and not {again:?}");
    // A receiver whose clock is a day ahead puts nothing off by it.
    assert_eq!(bounded.around(delivered).settle(Seconds::new(90_000).unwrap()).get(), 200);
    let words = [opened, delivered].map(|event| bounded.around(event).before.unwrap().word);
    assert_eq!(words, [peer.organisation, opener.organisation], "it is the other one's word");
}

/// [TIM-11] [TIM-14] A lapsed hold is over, and is the answer still: what must end takes an event.
#[test]
fn what_is_over_changes_no_state() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let until = Seconds::new(600).unwrap();
    let held = say_at(&mut trail, &peer, 120, Statement::Held { until });
    let now = Seconds::new(86_400).unwrap();
    assert_eq!(status::stands(until, now, Span(60)), Stands::Over);
    let reading = trail.reading().unwrap();
    assert_eq!((reading.headline, reading.answer.map(|answer| answer.event)), (Headline::Held, Some(held)));
    say_at(&mut trail, &peer, 86_400, Statement::Declined(wire::DeclineReason::HoldReleased));
    assert_eq!(trail.reading().unwrap().headline, Headline::Declined);
}

/// The demonstration's agreement between two parties; the ladder has two steps.
fn agreement(opener: &Party, peer: &Party) -> Agreement {
    let source = include_str!("../../../../specs/agreements/demonstration.toml");
    let source = format!("{source}\n[[escalation]]\nservice = \"shelter\"\nafter = \"60 s\"\n");
    let peers = [
        ("hotline", opener.organisation),
        ("shelter-jasen", peer.organisation),
        ("shelter-lipa", Id::of(b"lipa").into()),
        ("centre", Id::of(b"centre").into()),
    ];
    compile(&source, &peers.into_iter().map(|(name, id)| (name.to_owned(), id)).collect()).unwrap().agreement
}

/// The same between two parties, with a ladder of its own.
fn agreement_with(ladder: &str, (opener, peer): (&Party, &Party)) -> Agreement {
    let source = include_str!("../../../../specs/agreements/demonstration.toml");
    let (before, after) = source.split_once("[[escalation]]").unwrap();
    let (_, after) = after.split_once("[retention]").unwrap();
    let peers = [
        ("hotline", opener.organisation),
        ("shelter-jasen", peer.organisation),
        ("shelter-lipa", Id::of(b"lipa").into()),
        ("centre", Id::of(b"centre").into()),
    ];
    let source = format!("{before}{ladder}[retention]{after}");
    compile(&source, &peers.into_iter().map(|(name, id)| (name.to_owned(), id)).collect()).unwrap().agreement
}

/// [EVT-32] Advice that was given answers a consultation; a service that was given answers no referral.
#[test]
fn what_is_asked_for_and_given_is_an_answer() {
    use wire::TimerKind::{Acknowledge, Answer};
    let (opener, peer) = parties();
    for (act, met) in [
        (wire::Act::Consultation, true),
        (wire::Act::InformationRequest, true),
        (wire::Act::Conference, true),
        (wire::Act::Referral, false),
    ] {
        let mut trail = Trail::open(opening_with(&opener, &peer, 0, |opening| opening.act = act), 0).unwrap();
        let opened = trail.id().opening();
        say(&mut trail, &peer, Statement::Delivered(opened));
        say(&mut trail, &peer, Statement::Provided(wire::Outcome::NeedMet));
        let reading = trail.reading().unwrap();
        let steps = Steps::new(&trail, &reading);
        let answered = |kind| steps.of(kind).iter().all(|step| step.to.is_some());
        assert_eq!([Answer, Acknowledge].map(answered), [met; 2], "{act:?}");
        assert_eq!(trail.may(Side::Peer, &Statement::Accepted).is_ok(), met, "[STA-71]");
    }
}

/// [EVT-32] Only what is asked for: who was met or visited was not given the advice for it.
#[test]
fn nothing_else_that_is_said_answers_where_advice_is_asked_for() {
    use wire::TimerKind::{Acknowledge, Answer};
    let (opener, peer) = parties();
    let asked = opening_with(&opener, &peer, 0, |opening| opening.act = wire::Act::Consultation);
    let mut trail = Trail::open(asked, 0).unwrap();
    let opened = trail.id().opening();
    say(&mut trail, &peer, Statement::Delivered(opened));
    let met = |trail: &Trail| {
        let reading = trail.reading().unwrap();
        let steps = Steps::new(trail, &reading);
        [Acknowledge, Answer].map(|kind| steps.of(kind)[0].to.map(|event| event.id))
    };
    say(&mut trail, &peer, Statement::ContactMade);
    say(&mut trail, &peer, Statement::Visited(wire::VisitOutcome::Met));
    assert_eq!(met(&trail), [None, None]);
    let acknowledged = say(&mut trail, &peer, Statement::Acknowledged);
    assert_eq!(met(&trail), [Some(acknowledged), None]);
    let provided = say(&mut trail, &peer, Statement::Provided(wire::Outcome::NeedMet));
    assert_eq!(met(&trail), [Some(acknowledged), Some(provided)]);
}

/// [TIM-5] What happened at two and was typed at eight: timers run from eight.
#[test]
fn no_timer_runs_from_when_something_happened() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let opened = trail.id().opening();
    say_at(&mut trail, &peer, 120, Statement::Delivered(opened));
    let eight = Seconds::new(8 * 3600).unwrap();
    let occurred = Seconds::new(2 * 3600);
    let draft = Draft { time: eight, occurred, ..draft(Statement::Started) };
    trail.admit(step::append(&trail, &peer.author(), draft).unwrap()).unwrap();
    let reading = trail.reading().unwrap();
    let stay = Steps::new(&trail, &reading).of(wire::TimerKind::Stay).remove(0);
    assert_eq!((stay.from.time, stay.from.occurred), (eight, occurred));
    assert_eq!(Bounded::of(&trail).around(stay.from.id).settle(stay.from.time), eight);
}

fn say_at(trail: &mut Trail, party: &Party, seconds: u64, statement: Statement) -> EventId {
    let draft = Draft { time: Seconds::new(seconds).unwrap(), ..draft(statement) };
    let event = step::append(trail, &party.author(), draft).unwrap();
    let id = event.id;
    assert_eq!(trail.admit(event).unwrap(), Admission::New);
    id
}

/// Delivered within 5 minutes, acknowledged within 10.
fn timers() -> [Timer; 2] {
    let timer = |kind, minutes: u64| Timer {
        act: wire::Act::Referral,
        kind,
        span: Span(minutes * 60),
        origin: Origin::default(),
    };
    [timer(wire::TimerKind::Deliver, 5), timer(wire::TimerKind::Acknowledge, 10)]
}

/// [EVT-31] [STA-70]
#[test]
fn who_she_is_rests_on_no_decision_that_ended_or_was_taken_away() {
    let (opener, peer) = parties();
    let mut trail = Trail::open(opening(&opener, &peer, 1), 1).unwrap();
    let decided = |kind, outcome, expiry| {
        Statement::Decision(Decision { kind, outcome, expiry: Seconds::new(expiry), evidence: None })
    };
    let (granted, refused) = (wire::DecisionOutcome::Granted, wire::DecisionOutcome::Refused);
    let (placement, court) = (wire::DecisionType::Placement, wire::DecisionType::Court);
    let first = say(&mut trail, &peer, decided(placement, granted, 600));
    let known =
        |trail: &Trail| [Side::Opener, Side::Peer].iter().filter_map(|side| trail.last(*side)).collect::<Vec<_>>();
    let grounds = |trail: &Trail, at| {
        let grounds = trail.grounds(&known(trail), Seconds::new(at).unwrap());
        grounds.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!([grounds(&trail, 600), grounds(&trail, 601)], [vec![first], vec![]], "until the end of its second");
    assert!(trail.rests_on_decision(&known(&trail)));
    say(&mut trail, &opener, decided(court, refused, 0));
    assert_eq!(grounds(&trail, 60), [first], "that was about something else");
    say(&mut trail, &opener, decided(placement, refused, 0));
    assert_eq!(grounds(&trail, 60), []);
    assert!(trail.may(Side::Opener, &Statement::Identity).is_err());
    let second = say(&mut trail, &opener, decided(placement, granted, 0));
    assert_eq!(grounds(&trail, 1_000_000), [second], "it names no end");
    assert!(trail.may(Side::Opener, &Statement::Identity).is_ok());
    say(&mut trail, &peer, Statement::Accepted);
    assert!(!trail.rests_on_decision(&known(&trail)), "the yes is enough");
}
