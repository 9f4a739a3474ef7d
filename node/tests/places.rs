//! One last bed is promised once: to whoever asks at the same moment, over a restart, and after a hold has lapsed.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::sync::Arc;

use tokio::task::JoinSet;
use town::{BY, Carrier, Pair, call_as, enquiry, event, fields, pair, reads, reopened, say, until, worker};
use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{self, Overbooking, Role, ServiceType, places_service_server::PlacesService},
};
use uput_node::{
    clock,
    node::{NewEvent, NewTrail, Node, Post, Refused},
    peer::{Contact, Mailroom, Skew},
    places::Capacity,
    rpc::PlacesCalls,
};

fn hold(trail: TrailId, seconds: u64) -> NewEvent {
    event(trail, Statement::Held { until: clock::now().after(Span(seconds)) })
}

/// Enquiries for one bed each, that have arrived.
async fn asked(pair: &Pair, number: usize) -> Vec<TrailId> {
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let mut trails = Vec::new();
    for _ in 0..number {
        let one = NewTrail { fields: fields(&[("places", "1")]), ..enquiry("shelter-jasen") };
        trails.push(pair.hotline.open_trail(one).await.unwrap().unwrap());
    }
    for trail in &trails {
        reads(&pair.shelter, trail, "asked").await;
    }
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
    trails
}

async fn rooms(node: &Arc<Node>, places: u32, overflow: u32) {
    node.set_places(&BY, ServiceType::Shelter, Capacity { places, overflow }).await.unwrap();
}

fn stands(node: &Node) -> wire::ServicePlaces {
    let all = node.view_places();
    all.into_iter().find(|service| service.service_type() == ServiceType::Shelter).unwrap()
}

/// What came of an answer.
fn rejected(answer: Result<Option<uput_core::id::EventId>, Refused>) -> Option<Rejection> {
    answer.err().map(|refused| refused.rejection())
}

/// [PLC-2] [PLC-4] Whatever order the machine gives them, with holds and yeses of different sizes mixed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_last_bed_is_promised_once_however_many_answer_at_once() {
    let pair = pair().await;
    let trails = asked(&pair, 16).await;
    for (round, room) in [1_u32, 3].into_iter().enumerate() {
        rooms(&pair.shelter, room, 0).await;
        let mut answers = JoinSet::new();
        for trail in trails.iter().skip(8 * round).take(8) {
            let (node, new) = (pair.shelter.clone(), hold(*trail, 3_600));
            answers.spawn(async move { rejected(node.record_event(new).await) });
        }
        let said = answers.join_all().await;
        let promised = said.iter().filter(|rejected| rejected.is_none()).count();
        // In the second round the bed of the first is still held.
        assert_eq!(promised, if round == 0 { 1 } else { 2 }, "{said:?}");
        assert!(said.iter().flatten().all(|rejection| *rejection == Rejection::NoPlace));
        assert_eq!((stands(&pair.shelter).held, stands(&pair.shelter).free), (room, 0));
    }
}

/// [PLC-2] [PLC-6] What was promised is promised after a stop, and one that was broken off was promised or was not.
#[tokio::test(flavor = "multi_thread")]
async fn a_promise_outlives_a_stop_and_a_lapsed_hold_gives_the_bed_to_the_next() {
    let pair = pair().await;
    let trails = asked(&pair, 3).await;
    rooms(&pair.shelter, 1, 0).await;
    pair.shelter.record_event(hold(trails[0], 20)).await.unwrap();
    let lapses = clock::now().after(Span(20));
    let Pair { hotline, shelter, houses } = pair;
    drop(shelter);
    let shelter = reopened(&houses[1]).await;
    assert_eq!((stands(&shelter).places, stands(&shelter).held, stands(&shelter).free), (1, 1, 0));
    assert_eq!(rejected(shelter.record_event(hold(trails[1], 3_600)).await), Some(Rejection::NoPlace));
    until(|| async { clock::now() > lapses }).await;
    assert_eq!(stands(&shelter).free, 1, "nobody said anything, and the bed is free");
    shelter.record_event(hold(trails[1], 3_600)).await.unwrap();
    let late = rejected(shelter.record_event(hold(trails[0], 3_600)).await);
    assert_eq!(late, Some(Rejection::NoPlace), "a yes that comes late takes a place anew");
    // It goes back to whoever asks next when the sender takes the enquiry back.
    let _carriers = Carrier::both(&hotline, &shelter);
    say(&hotline, trails[1], Statement::ChosenElsewhere).await.unwrap();
    reads(&shelter, &trails[1], "chosen_elsewhere").await;
    until(|| async { stands(&shelter).free == 1 }).await;
    shelter.record_event(hold(trails[0], 3_600)).await.unwrap();
    shelter.record_event(event(trails[0], Statement::Declined(wire::DeclineReason::NoPlace))).await.unwrap();
    assert_eq!(stands(&shelter).free, 1);
    shelter.record_event(hold(trails[2], 3_600)).await.unwrap();
    assert_eq!(stands(&shelter).free, 0);
}

/// [PLC-2] Answers that are broken off in the middle, and a node that stops there: what the trails say is what is counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stop_between_look_and_commit_promises_nothing_twice() {
    let pair = pair().await;
    let trails = asked(&pair, 12).await;
    rooms(&pair.shelter, 2, 0).await;
    let Pair { shelter, houses, hotline: _hotline } = pair;
    let mut node = shelter;
    for round in 0..3 {
        let mut answers = JoinSet::new();
        for trail in trails.iter().skip(4 * round).take(4) {
            let (node, new) = (node.clone(), hold(*trail, 3_600));
            answers.spawn(async move { node.record_event(new).await.map(drop) });
        }
        for _ in 0..(round * 7) {
            tokio::task::yield_now().await;
        }
        answers.shutdown().await;
        drop(node);
        node = reopened(&houses[1]).await;
        let mut held = 0;
        for trail in &trails {
            held += u32::from(node.show(&worker(), trail, false).await.unwrap().headline == "held");
        }
        assert!(held <= 2 && stands(&node).held == held, "{held}");
    }
}

/// [PLC-7] A hold that runs out while she sleeps there, and a sender for whom it is over, empty no bed.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_there_keeps_her_bed_until_the_house_says_otherwise() {
    let pair = pair().await;
    let trails = asked(&pair, 2).await;
    rooms(&pair.shelter, 1, 0).await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    pair.shelter.record_event(hold(trails[0], 2)).await.unwrap();
    let lapses = clock::now().after(Span(2));
    say(&pair.shelter, trails[0], Statement::Started).await.unwrap();
    until(|| async { clock::now() > lapses }).await;
    assert_eq!((stands(&pair.shelter).accepted, stands(&pair.shelter).free), (1, 0));
    reads(&pair.hotline, &trails[0], "started").await;
    say(&pair.hotline, trails[0], Statement::Closed(wire::ClosureReason::Done)).await.unwrap();
    reads(&pair.shelter, &trails[0], "closed").await;
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
    assert_eq!(rejected(pair.shelter.record_event(hold(trails[1], 60)).await), Some(Rejection::NoPlace));
    say(&pair.shelter, trails[0], Statement::Provided(wire::Outcome::NeedMet)).await.unwrap();
    assert_eq!(stands(&pair.shelter).free, 1);
    // Who comes unannounced takes a bed too, and nobody refuses what happened.
    pair.shelter.record_event(hold(trails[1], 60)).await.unwrap();
    say(&pair.shelter, trails[1], Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    assert_eq!(stands(&pair.shelter).free, 1);
    say(&pair.shelter, trails[1], Statement::Started).await.unwrap();
    assert_eq!((stands(&pair.shelter).accepted, stands(&pair.shelter).free), (1, 0));
    say(&pair.shelter, trails[1], Statement::Closed(wire::ClosureReason::Done)).await.unwrap();
    assert_eq!(stands(&pair.shelter).free, 1);
}

/// [PLC-7] A held bed in which somebody slept, and left, is free, while the trail goes on.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_takes_no_bed_also_where_nobody_said_yes_for_good() {
    let pair = pair().await;
    let trails = asked(&pair, 2).await;
    rooms(&pair.shelter, 1, 0).await;
    pair.shelter.record_event(hold(trails[0], 3_600)).await.unwrap();
    say(&pair.shelter, trails[0], Statement::Started).await.unwrap();
    assert_eq!((stands(&pair.shelter).accepted, stands(&pair.shelter).free), (1, 0));
    say(&pair.shelter, trails[0], Statement::Provided(wire::Outcome::NeedMet)).await.unwrap();
    assert_eq!((stands(&pair.shelter).held, stands(&pair.shelter).accepted, stands(&pair.shelter).free), (0, 0, 1));
    // Held anew it is held, and whoever is accepted keeps a bed from one stay to the next.
    pair.shelter.record_event(hold(trails[0], 3_600)).await.unwrap();
    assert_eq!((stands(&pair.shelter).held, stands(&pair.shelter).free), (1, 0));
}

/// [PLC-1] [PLC-2] [PLC-5]
#[tokio::test(flavor = "multi_thread")]
async fn more_than_there_is_is_promised_knowingly_and_as_much_as_was_said() {
    let pair = pair().await;
    let trails = asked(&pair, 4).await;
    // Nobody said how many there are.
    pair.shelter.record_event(hold(trails[0], 3_600)).await.unwrap();
    assert!(!stands(&pair.shelter).counted && stands(&pair.shelter).held == 1);
    rooms(&pair.shelter, 3, 1).await;
    let two = NewEvent { fields: fields(&[("places", "2")]), ..hold(trails[1], 3_600) };
    pair.shelter.record_event(two).await.unwrap();
    assert_eq!((stands(&pair.shelter).held, stands(&pair.shelter).free), (3, 0));
    let refused = pair.shelter.record_event(hold(trails[2], 3_600)).await.err().unwrap();
    assert!(refused.to_string().contains("0 free, 1 more knowingly"), "{refused}");
    let knowingly = |trail| NewEvent { overbooking: Overbooking::ShortTime, ..hold(trail, 3_600) };
    let check = NewEvent { validate_only: true, ..knowingly(trails[2]) };
    pair.shelter.record_event(check).await.unwrap();
    assert_eq!(stands(&pair.shelter).held, 3, "a check promises nothing");
    pair.shelter.record_event(knowingly(trails[2])).await.unwrap();
    assert_eq!(rejected(pair.shelter.record_event(knowingly(trails[3])).await), Some(Rejection::NoPlace));
    // A hold becomes a yes in its own place.
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    reads(&pair.hotline, &trails[1], "held").await;
    let need = [&town::CONSENT[..], &[("age_band", "30_59")]].concat();
    town::say_with(&pair.hotline, trails[1], Statement::Need, &need).await;
    until(|| async { pair.shelter.show(&worker(), &trails[1], false).await.unwrap().stage == 1 }).await;
    // Also where fewer are left than are promised.
    rooms(&pair.shelter, 2, 2).await;
    pair.shelter.record_event(event(trails[1], Statement::Accepted)).await.unwrap();
    assert_eq!((stands(&pair.shelter).held, stands(&pair.shelter).accepted), (2, 2));
    say(&pair.shelter, trails[1], Statement::Closed(wire::ClosureReason::Done)).await.unwrap();
    assert_eq!((stands(&pair.shelter).held, stands(&pair.shelter).accepted), (2, 0));
}

/// [PLC-3] Over the interface, and by those whom the table of roles lets.
#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_says_how_many_there_are_and_everybody_who_answers_sees_it() {
    let pair = pair().await;
    let calls = PlacesCalls(pair.shelter.clone());
    let set = wire::SetPlacesRequest { service_type: ServiceType::Shelter.into(), places: 12, overflow: 3 };
    let set = calls.set_places(call_as(Role::Supervisor, "PlacesService/SetPlaces", set)).await.unwrap();
    assert_eq!(set.into_inner().services[0].free, 12);
    let many = wire::SetPlacesRequest { service_type: ServiceType::Shelter.into(), places: 10_001, overflow: 0 };
    assert!(calls.set_places(call_as(Role::Supervisor, "PlacesService/SetPlaces", many)).await.is_err());
    let list = call_as(Role::Intake, "PlacesService/ListPlaces", wire::ListPlacesRequest {});
    assert_eq!(calls.list_places(list).await.unwrap().into_inner().services[0].overflow, 3);
}

/// [PLC-13]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_holds_a_place_until_a_time_that_is_past_where_the_clock_is_vouched_for() {
    let pair = pair().await;
    let trails = asked(&pair, 3).await;
    let (shelter, hotline) = (&pair.shelter, Post(pair.hotline.clone()).organisation());
    let over = |trail| event(trail, Statement::Held { until: Seconds::new(clock::now().get() - 7_200).unwrap() });
    let measured = |ahead| Post(shelter.clone()).contact(&hotline, Contact::Clock(Skew { ahead, bound: 10 }));
    // Nobody has said what their clock shows: it may be ours that is ahead.
    assert_eq!(rejected(shelter.record_event(over(trails[0])).await), None);
    measured(0);
    assert_eq!(rejected(shelter.record_event(over(trails[1])).await), Some(Rejection::BadValue));
    assert_eq!(rejected(shelter.record_event(hold(trails[1], 3_600)).await), None);
    measured(-3_600_000);
    assert_eq!(rejected(shelter.record_event(over(trails[2])).await), None, "ours is an hour ahead of the other one");
    reads(shelter, &trails[2], "held").await;
}
