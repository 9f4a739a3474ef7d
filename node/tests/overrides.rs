//! What was done against the ordinary rule, and what somebody who had no part in it said later.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod houses;
mod town;

use std::sync::Arc;

use town::{
    BY, CONSENT, Carrier, Pair, call_as, enquiry, fields, known, pair, reads, reopened, request_id, somebody, until,
    worker,
};
use uput_core::{
    catalogue::Label,
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    safe_contact::Intent,
    time::Span,
    wire::{
        self, ContactChannel, LegalBasis, OverrideKind, ReviewOutcome, ReviewReason, Role,
        override_service_server::OverrideService,
    },
};
use uput_node::{
    access,
    account::{AccountId, Caller, OnBehalfOf},
    case::CaseId,
    clock,
    node::{NewTrail, NewValues, Node, Second, Why},
    on_call::Channels,
    places::Capacity,
    rpc::{Overrides, status},
};

const DIGEST: [u8; 32] = [5; 32];
const FOUND: (ReviewOutcome, ReviewReason) = (ReviewOutcome::UpheldWithLesson, ReviewReason::LessWouldDo);

/// A supervisor of their own.
fn supervisor(number: u8) -> Caller {
    somebody(AccountId::new([number; 16]), number, Role::Supervisor)
}

/// A need in danger to life, in which nobody says until when. [BAS-20]
fn emergency(second: Second) -> NewTrail {
    let fields = fields(&[("danger", "life"), ("language", "sq")]);
    NewTrail { second, stage: 1, basis: LegalBasis::VitalInterests, fields, ..enquiry("shelter-jasen") }
}

/// Two people disclose it.
async fn disclosed(node: &Arc<Node>) -> TrailId {
    let why = Why::new(wire::ApprovalReason::Danger, String::new());
    let asked = node.ask_opening(emergency(Second::Nobody), DIGEST, why).await.unwrap();
    node.decide_approval(&supervisor(9), &asked.approval, true).await.unwrap();
    let second = Second::Approval { id: asked.approval, digest: DIGEST };
    node.open_trail(emergency(second)).await.unwrap().unwrap()
}

/// That she is called, and when.
fn contact(case: CaseId) -> NewValues {
    NewValues {
        knowingly: Vec::new(),
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        fields: fields(&[("safe_contact_channel", "call"), ("safe_contact_telephone", "+38269000111")]),
        taken: Vec::new(),
        removed: Vec::new(),
        marks: Vec::new(),
        words: None,
        label_words: Vec::new(),
    }
}

async fn review(node: &Arc<Node>, by: &Caller, id: &[u8]) -> Result<wire::Override, Rejection> {
    node.review_override(by, id, FOUND.0, FOUND.1).await
}

fn counted(node: &Arc<Node>, kind: OverrideKind) -> wire::OverrideCount {
    let auditor = town::caller_as(Role::Auditor);
    let counts = node.count_overrides(&auditor, 0, 0);
    counts.into_iter().find(|count| count.kind() == kind).unwrap_or_default()
}

/// Whether a list, the trail itself or the list of what ends says that a review is due.
async fn is_due(node: &Arc<Node>, trail: &TrailId) -> [bool; 2] {
    node.nudge(&Channels::default(), clock::now()).await;
    let reviews = |trail: &wire::Trail| trail.endings.iter().any(|ending| ending.what == "review");
    let ending = node.list_ending(&worker(), 50, "").unwrap().trails;
    let shown = node.show(&worker(), trail, false).await.unwrap();
    [ending.iter().any(reviews), reviews(&shown)]
}

/// [APR-25]
#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_of_at_once_because_a_law_demands_it_is_counted_and_looked_at_again() {
    let houses = houses::houses().await;
    let node = &houses.hotline;
    for number in [6, 9] {
        known(node, &supervisor(number));
    }
    let new = |stage| NewTrail {
        validate_only: false,
        ..houses::opening(stage, LegalBasis::LegalDuty, wire::Act::Notification)
    };
    node.open_trail(new(1)).await.unwrap().unwrap();
    assert!(node.list_overrides(&supervisor(6), false).is_empty(), "her name waits for the answer");
    let trail = node.open_trail(new(2)).await.unwrap().unwrap();
    let listed = node.list_overrides(&supervisor(6), true);
    assert_eq!(listed.len(), 1);
    let one = &listed[0];
    assert_eq!((one.kind(), one.trail.as_slice()), (OverrideKind::ToldAtOnce, trail.as_bytes().as_slice()));
    assert_eq!((one.due - one.time, one.approved_by_name.as_str()), (86_400, ""));
    assert_eq!(review(node, &worker(), &one.override_id).await.err(), Some(Rejection::NotToReview), "who did it");
    assert_eq!(counted(node, OverrideKind::ToldAtOnce).happened, 1);
    review(node, &supervisor(6), &one.override_id).await.unwrap();
    assert!(node.list_overrides(&supervisor(6), true).is_empty());
    assert_eq!(counted(node, OverrideKind::ToldAtOnce).upheld_with_lesson, 1);
}

/// [APR-20] [APR-22] [APR-23] [BAS-20] [TIM-12]
#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_in_danger_to_life_is_reviewed_by_a_third_person_once() {
    let Pair { hotline: node, shelter, houses } = pair().await;
    let carriers = Carrier::both(&node, &shelter);
    for number in [6, 9] {
        known(&node, &supervisor(number));
    }
    let trail = disclosed(&node).await;
    reads(&shelter, &trail, "asked").await;
    let shown = node.show(&worker(), &trail, true).await.unwrap();
    let said = |label: &str| {
        let mut fields = shown.events.iter().flat_map(|event| &event.fields);
        fields.find(|field| field.label == label).map(|field| field.value.clone()).unwrap()
    };
    assert_eq!(said("basis_until"), said("review_by"));
    let day: jiff::Timestamp = said("review_by").replace('Z', ":00Z").parse().unwrap();
    let opened = i64::try_from(shown.events[0].time).unwrap();
    assert!((86_341..=86_400).contains(&(day.as_second() - opened)), "the last minute of a day");
    until(|| async { is_due(&node, &trail).await == [true; 2] }).await;

    let listed = node.list_overrides(&supervisor(6), true);
    assert_eq!(listed.len(), 1);
    let one = &listed[0];
    assert_eq!((one.kind(), one.trail.as_slice()), (OverrideKind::Disclosure, trail.as_bytes().as_slice()));
    assert_eq!((one.due - one.time, one.overdue, one.may_review), (86_400, false, true));
    assert!(one.review.is_none() && !one.approved_by_name.is_empty());

    // Neither of the two, with whatever account; no case worker; no machine.
    let twice = Caller { account: AccountId::new([3; 16]), role: Role::Supervisor, ..worker() };
    let machine = Caller {
        on_behalf_of: Some(OnBehalfOf {
            account: supervisor(6).account,
            person: supervisor(6).person,
            role: Role::Supervisor,
        }),
        ..somebody(AccountId::new([4; 16]), 4, Role::Supervisor)
    };
    for wrong in [worker(), twice, supervisor(9), machine] {
        assert_eq!(review(&node, &wrong, &one.override_id).await.err(), Some(Rejection::NotToReview));
    }
    assert_eq!(review(&node, &supervisor(6), &[7; 16]).await.err(), Some(Rejection::NoSuchOverride));
    assert_eq!(review(&node, &supervisor(6), &one.override_id[..3]).await.err(), Some(Rejection::NoSuchOverride));
    assert_eq!(counted(&node, OverrideKind::Disclosure).happened, 1);
    assert_eq!(counted(&node, OverrideKind::Disclosure).upheld_with_lesson, 0);

    let reviewed = review(&node, &supervisor(6), &one.override_id[..4]).await.unwrap();
    let found = reviewed.review.clone().unwrap();
    assert_eq!((found.outcome(), found.reason()), FOUND);
    assert!(!reviewed.may_review && !found.by_name.is_empty());
    assert!(review(&node, &supervisor(6), &one.override_id).await.is_ok(), "said again it stays");
    let otherwise =
        node.review_override(&supervisor(6), &one.override_id, ReviewOutcome::NotUpheld, ReviewReason::Mistake).await;
    assert_eq!(otherwise.err(), Some(Rejection::NotToReview));
    assert_eq!(is_due(&node, &trail).await, [false; 2]);
    drop((carriers, shelter, node));
    let node = reopened(&houses[0]).await;
    known(&node, &supervisor(6));
    assert!(node.list_overrides(&supervisor(6), true).is_empty(), "it outlives a restart");
    assert_eq!(
        node.list_overrides(&supervisor(6), false)[0].review.as_ref().map(|found| found.outcome()),
        Some(FOUND.0)
    );
    assert_eq!(is_due(&node, &trail).await, [false; 2]);
    let count = counted(&node, OverrideKind::Disclosure);
    assert_eq!((count.happened, count.by_two, count.upheld_with_lesson, count.overdue), (1, 1, 1, 0));
    assert!((202_600..210_000).contains(&count.month), "{}", count.month);
}

/// [APR-21] Of one person alone: words that were let pass, and a number that was shown outside what she said is safe.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_overrides_is_listed_and_is_not_theirs_to_review() {
    let Pair { hotline: node, shelter, houses: _houses } = pair().await;
    let _carriers = Carrier::both(&node, &shelter);
    known(&node, &supervisor(6));
    known(&node, &worker());
    let consent: Vec<_> = CONSENT.into_iter().filter(|(label, _)| *label != "consent_purpose").collect();
    let words = fields(&[&consent[..], &[("consent_purpose", "Molim +382 69 123 456")]].concat());
    let open = |knowingly: Vec<Label>| NewTrail {
        knowingly,
        stage: 1,
        basis: LegalBasis::ExplicitConsent,
        fields: words.clone(),
        ..enquiry("shelter-jasen")
    };
    assert_eq!(node.open_trail(open(Vec::new())).await.err().unwrap().rejection(), Rejection::WordsTellWho);
    assert!(node.list_overrides(&supervisor(6), false).is_empty(), "a refusal overrides nothing");
    let trail = node.open_trail(open(vec![Label::ConsentPurpose])).await.unwrap().unwrap();
    let listed = node.list_overrides(&supervisor(6), false);
    assert_eq!((listed.len(), listed[0].kind(), listed[0].approved_by_name.as_str()), (1, OverrideKind::Words, ""));

    let case = node.case_of(&trail).unwrap();
    node.update_case_record(contact(case)).await.unwrap();
    let why = access::Why { code: wire::AccessReason::Supervision, ..access::Why::default() };
    for (channel, known) in [(ContactChannel::Call, 1), (ContactChannel::TextMessage, 2)] {
        let intent = Intent { channel, outside: true };
        node.show_case_record_to_reach(&worker(), &case, true, intent, &why).await.unwrap();
        assert_eq!(node.list_overrides(&supervisor(6), false).len(), known, "{channel:?}");
    }
    // They may be of one second: the order is chance then.
    let outside = node.list_overrides(&supervisor(6), false);
    let outside = outside.iter().find(|listed| listed.kind() == OverrideKind::ReachedOutside).unwrap();
    assert_eq!(outside.case.as_slice(), case.to_vec().as_slice());

    let own = Caller { account: BY, role: Role::Supervisor, ..worker() };
    assert_eq!(review(&node, &own, &listed[0].override_id).await.err(), Some(Rejection::NotToReview));
    assert!(review(&node, &supervisor(6), &listed[0].override_id).await.is_ok());
    let count = counted(&node, OverrideKind::Words);
    assert_eq!((count.happened, count.by_two, count.upheld_with_lesson), (1, 0, 1));
}

/// [APR-20] Whom she excluded learns nothing of it, and nobody whose role has no such call.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_see_the_case_sees_no_override_of_it() {
    let Pair { hotline: node, shelter: _shelter, houses: _houses } = pair().await;
    for number in [6, 9] {
        known(&node, &supervisor(number));
    }
    let trail = disclosed(&node).await;
    let id = node.list_overrides(&supervisor(6), false)[0].override_id.clone();
    let case = node.case_of(&trail).unwrap();
    node.exclude_person(&worker(), &case, supervisor(6).person).await.unwrap();
    assert!(node.list_overrides(&supervisor(6), false).is_empty());
    assert!(node.count_overrides(&supervisor(6), 0, 0).is_empty());
    assert_eq!(review(&node, &supervisor(6), &id).await.err(), Some(Rejection::NoSuchOverride));
    let calls = Overrides(node.clone());
    for role in [Role::Intake, Role::CaseWorker, Role::Administrator, Role::Auditor] {
        let call = call_as(role, "OverrideService/ListOverrides", wire::ListOverridesRequest::default());
        let refused = calls.list_overrides(call).await.err().unwrap();
        assert_eq!(status::rejection(&refused), Some(Rejection::NotPermitted));
    }
}

/// Everything overridden at a node of one kind, as its supervisor sees it.
fn known_of(node: &Arc<Node>, kind: OverrideKind) -> Vec<wire::Override> {
    node.list_overrides(&supervisor(6), false).into_iter().filter(|listed| listed.kind() == kind).collect()
}

/// [APR-24] [PLC-5] A reason that was needed is listed and reviewed; one that was not is none.
#[tokio::test(flavor = "multi_thread")]
async fn more_places_than_there_are_are_an_override_and_free_ones_are_none() {
    let Pair { hotline, shelter: node, houses } = pair().await;
    let carriers = Carrier::both(&hotline, &node);
    known(&node, &supervisor(6));
    known(&node, &worker());
    let mut trails = Vec::new();
    for _ in 0..2 {
        let one = NewTrail { fields: fields(&[("places", "1")]), ..enquiry("shelter-jasen") };
        trails.push(hotline.open_trail(one).await.unwrap().unwrap());
    }
    for trail in &trails {
        reads(&node, trail, "asked").await;
    }
    node.set_places(&BY, wire::ServiceType::Shelter, Capacity { places: 1, overflow: 1 }).await.unwrap();
    let hold = |trail: TrailId| uput_node::node::NewEvent {
        overbooking: wire::Overbooking::Emergency,
        ..town::event(trail, Statement::Held { until: clock::now().after(Span(3_600)) })
    };
    node.record_event(hold(trails[0])).await.unwrap();
    assert!(known_of(&node, OverrideKind::Overbooked).is_empty(), "a place was free");
    node.record_event(hold(trails[1])).await.unwrap();
    let listed = known_of(&node, OverrideKind::Overbooked);
    assert_eq!(listed.len(), 1);
    let one = &listed[0];
    assert_eq!(
        (one.overbooking(), one.trail.as_slice()),
        (wire::Overbooking::Emergency, trails[1].as_bytes().as_slice())
    );
    assert!(one.approved_by_name.is_empty() && one.may_review);
    let own = Caller { account: BY, role: Role::Supervisor, ..worker() };
    assert_eq!(review(&node, &own, &one.override_id).await.err(), Some(Rejection::NotToReview));
    assert!(review(&node, &supervisor(6), &one.override_id).await.is_ok());
    let id = one.override_id.clone();
    drop((carriers, hotline, node));
    let node = reopened(&houses[1]).await;
    known(&node, &supervisor(6));
    let listed = known_of(&node, OverrideKind::Overbooked);
    assert_eq!(
        (listed[0].override_id.as_slice(), listed[0].overbooking()),
        (id.as_slice(), wire::Overbooking::Emergency)
    );
    assert_eq!(counted(&node, OverrideKind::Overbooked).upheld_with_lesson, 1, "it outlives a restart");
}
