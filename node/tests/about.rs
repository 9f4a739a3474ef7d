//! A trail that is about an earlier one: in whose case it is, who is told which one it is, and which request opened it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::sync::Arc;

use town::{CONSENT, Carrier, enquiry, fields, known, pair, reads, request_id, somebody, until, worker};
use uput_core::{
    id::TrailId,
    rejection::Rejection,
    wire::{CaseMarkKind, LegalBasis, Role, ServiceType},
};
use uput_node::{
    account::{AccountId, Caller},
    case::CaseId,
    node::{Listing, NewTrail, NewValues, Node, Refused},
};

const NOT_HERE: &str = "about a trail that is not here";

/// She withdrew, as noted in a case.
async fn withdrew(node: &Arc<Node>, case: CaseId) {
    let noted = NewValues {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        fields: Vec::new(),
        knowingly: Vec::new(),
        taken: Vec::new(),
        removed: Vec::new(),
        words: None,
        label_words: Vec::new(),
        marks: vec![((CaseMarkKind::ConsentWithdrawn, None), true)],
    };
    node.update_case_record(noted).await.unwrap();
}

fn about(trail: TrailId) -> NewTrail {
    NewTrail { about: Some(trail), ..enquiry("shelter-jasen") }
}

/// What would tell her need, on her word.
fn on_her_word(new: NewTrail) -> NewTrail {
    let need = fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat());
    NewTrail { stage: 1, basis: LegalBasis::ExplicitConsent, fields: need, ..new }
}

fn another(number: u8, role: Role) -> Caller {
    somebody(AccountId::new([number; 16]), number, role)
}

/// What a list says of a trail: which one it is about, and its notes.
async fn listed(node: &Arc<Node>, caller: &Caller, trail: &TrailId) -> (Vec<u8>, Vec<String>) {
    let rows = node.list(caller, &Listing { waiting: false, most: 50, token: "" }).unwrap().trails;
    let row = rows.into_iter().find(|row| row.trail == trail.to_vec()).unwrap();
    let line = node.line_of(caller, trail).unwrap();
    assert_eq!((&row.about, &row.notes), (&line.about, &line.notes));
    let shown = node.show(caller, trail, false).await.unwrap();
    assert_eq!((&row.about, &row.notes), (&shown.about, &shown.notes));
    (row.about, row.notes)
}

/// [CAS-110] [CAS-112]
#[tokio::test(flavor = "multi_thread")]
async fn what_follows_from_a_trail_is_of_its_case_and_bound_by_what_is_noted_there() {
    let pair = pair().await;
    let hotline = &pair.hotline;
    let intake = another(0x21, Role::Intake);
    known(hotline, &intake);
    let earlier =
        hotline.open_trail(NewTrail { by: intake.clone(), ..enquiry("shelter-jasen") }).await.unwrap().unwrap();
    let case = hotline.case_of(&earlier).unwrap();
    hotline.take_case(&worker(), &case).await.unwrap();
    let later = hotline.open_trail(about(earlier)).await.unwrap().unwrap();
    assert_eq!(hotline.case_of(&later), Some(case));
    let named = hotline.open_trail(NewTrail { case: Some(case), ..about(earlier) }).await.unwrap().unwrap();
    assert_eq!(hotline.case_of(&named), Some(case));
    // Another case would leave behind what is noted in this one.
    let other = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let other = hotline.case_of(&other).unwrap();
    let refused = hotline.open_trail(NewTrail { case: Some(other), ..about(earlier) }).await.err().unwrap();
    assert!(matches!(refused, Refused::OtherCase), "{refused}");
    withdrew(hotline, case).await;
    let refused = hotline.open_trail(on_her_word(about(earlier))).await.err().unwrap();
    assert!(matches!(refused, Refused::Closed(_)), "{refused}");
    // Whoever sees the outline alone learns that it may not be, and not why.
    let guess = NewTrail { by: intake, validate_only: true, ..on_her_word(about(earlier)) };
    let refused = hotline.open_trail(guess).await.err().unwrap();
    assert_eq!(refused.to_string(), Rejection::BasisNotAllowed.to_string());
}

/// [CAS-111] [EVT-27]
#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_about_a_trail_joins_its_case_and_names_it_to_whoever_sees_it() {
    let pair = pair().await;
    let (hotline, shelter) = (&pair.hotline, &pair.shelter);
    let _carriers = Carrier::both(hotline, shelter);
    let earlier = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(shelter, &earlier, "asked").await;
    let case = shelter.case_of(&earlier).unwrap();
    let later = hotline.open_trail(about(earlier)).await.unwrap().unwrap();
    until(|| async { shelter.case_of(&later).is_some() }).await;
    assert_eq!(shelter.case_of(&later), Some(case));
    let (named, notes) = listed(shelter, &worker(), &later).await;
    assert_eq!((named, notes.iter().any(|note| note == NOT_HERE)), (earlier.to_vec(), false));
    // A closed case takes no new trail; to whoever does not see that case the earlier one is not here.
    shelter.take_case(&worker(), &case).await.unwrap();
    shelter.close_case(&worker(), &case, true).await.unwrap();
    let last = hotline.open_trail(about(earlier)).await.unwrap().unwrap();
    until(|| async { shelter.case_of(&last).is_some() }).await;
    assert_ne!(shelter.case_of(&last), Some(case));
    let (named, notes) = listed(shelter, &worker(), &last).await;
    assert_eq!((named, notes.iter().any(|note| note == NOT_HERE)), (earlier.to_vec(), false));
    let colleague = another(0x22, Role::CaseWorker);
    known(shelter, &colleague);
    let (named, notes) = listed(shelter, &colleague, &last).await;
    assert_eq!((named, notes.iter().any(|note| note == NOT_HERE)), (Vec::new(), true));
}

/// [NOD-38]
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_asks_something_else_is_not_answered_with_an_earlier_trail() {
    let pair = pair().await;
    let hotline = &pair.hotline;
    let id = request_id();
    let asked = || NewTrail { request_id: id.clone(), ..enquiry("shelter-jasen") };
    let trail = hotline.open_trail(asked()).await.unwrap().unwrap();
    assert_eq!(hotline.open_trail(asked()).await.unwrap(), Some(trail), "the same gives the same");
    let others = [
        NewTrail { peer: "shelter-lipa".to_owned(), ..asked() },
        NewTrail { service_type: ServiceType::Police, ..asked() },
        NewTrail { act: uput_core::wire::Act::Notification, ..asked() },
    ];
    for other in others {
        assert_eq!(hotline.open_trail(other).await.unwrap(), None);
    }
}

/// [API-47]
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_says_nothing_by_itself_because_another_one_is_about_it() {
    let pair = pair().await;
    let (hotline, shelter) = (&pair.hotline, &pair.shelter);
    let _carriers = Carrier::both(hotline, shelter);
    let earlier = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(shelter, &earlier, "asked").await;
    let later = hotline.open_trail(about(earlier)).await.unwrap().unwrap();
    until(|| async { shelter.case_of(&later).is_some() }).await;
    until(|| async { hotline.queued().items + shelter.queued().items == 0 }).await;
    for node in [hotline, shelter] {
        let shown = node.show(&worker(), &earlier, false).await.unwrap();
        let kinds: Vec<&str> = shown.events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!((kinds.as_slice(), shown.headline.as_str()), (["opened", "delivered"].as_slice(), "asked"));
    }
}
