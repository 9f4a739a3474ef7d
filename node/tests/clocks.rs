//! An opening by a node whose clock others speak against: a person's word is asked for, kept and counted, and no peer alone
//! is a reason.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeMap, sync::Arc};

use town::{BY, House, Pair, enquiry, pair, request_id, worker};
use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    id::OrgId,
    rejection::Rejection,
    time::Seconds,
    wire::{self, CheckLevel, OverrideKind, Role},
};
use uput_node::{
    clock,
    node::{NewEnquiries, NewTrail, Node, Origin, Post},
    peer::{Contact, Difficulty, Mailroom, Skew},
};

const HOUR: i64 = 3_600_000;
const YEAR: i64 = 365 * 24 * HOUR;
const NAMES: [&str; 4] = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];

/// What the hotline measures: of each peer by how many milliseconds its clock is ahead; none: it is not reached.
fn measures(pair: &Pair, ahead: [Option<i64>; 3]) {
    let post = Post(pair.hotline.clone());
    for (house, ahead) in pair.houses.iter().skip(1).zip(ahead) {
        post.contact(&house.id, Contact::Connected);
        match ahead {
            Some(ahead) => post.contact(&house.id, Contact::Clock(Skew { ahead, bound: 10 })),
            None => post.contact(&house.id, Contact::Failed(Difficulty::Unreachable)),
        }
    }
}

async fn opens(node: &Arc<Node>, despite_clock: bool) -> Result<(), Rejection> {
    let opened = node.open_trail(NewTrail { despite_clock, ..enquiry(NAMES[1]) }).await;
    opened.map(drop).map_err(|refused| refused.rejection())
}

fn doubted(node: &Arc<Node>) -> Vec<wire::Override> {
    let all = node.list_overrides(&town::caller_as(Role::Supervisor), false);
    all.into_iter().filter(|one| one.kind() == OverrideKind::ClockDoubted).collect()
}

fn clock_check(node: &Arc<Node>) -> wire::Check {
    node.checks(clock::now()).into_iter().find(|check| check.name == "clock").unwrap()
}

/// [TIM-87]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_by_a_clock_that_most_peers_speak_against_says_that_they_know_it() {
    let pair = pair().await;
    let node = &pair.hotline;
    // Nobody was measured; one, however far off; one of two and of three; several that contradict each other; most by less.
    for nobody in [
        [None, None, None],
        [Some(80 * YEAR), None, None],
        [Some(-20 * YEAR), Some(0), None],
        [Some(5 * HOUR), Some(-7 * HOUR), Some(0)],
        [Some(HOUR / 2), Some(HOUR / 2), Some(HOUR)],
    ] {
        measures(&pair, nobody);
        assert_eq!(opens(node, false).await, Ok(()), "{nobody:?}");
    }
    for most in [
        [Some(2 * HOUR), Some(2 * HOUR), None],
        [Some(-80 * YEAR / 2), Some(-YEAR), Some(0)],
        [Some(2 * HOUR), Some(-2 * HOUR), Some(YEAR)],
    ] {
        measures(&pair, most);
        assert_eq!(opens(node, false).await, Err(Rejection::ClockDoubted), "{most:?}");
        let check = NewTrail { validate_only: true, ..enquiry(NAMES[1]) };
        assert_eq!(
            node.open_trail(check).await.unwrap_err().rejection(),
            Rejection::ClockDoubted,
            "a check says so too"
        );
        let found = clock_check(node);
        assert_eq!(found.level(), CheckLevel::Error, "{}", found.finding);
        assert!(found.remedy.contains("--despite-clock"), "{}", found.remedy);
    }
    assert!(doubted(node).is_empty(), "nothing was opened");
    measures(&pair, [Some(-YEAR), Some(-YEAR), None]);
    let said = node.open_trail(enquiry(NAMES[1])).await.unwrap_err().to_string();
    assert!(said.contains("by 2 of 2 peers that were measured 20"), "{said}");
    assert!(said.contains("set it, or open with `--despite-clock`"), "{said}");
}

/// [TIM-87] A request that asks several is one of them.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_several_is_asked_too() {
    let pair = pair().await;
    measures(&pair, [Some(YEAR), Some(YEAR), Some(YEAR)]);
    let asks = |despite_clock| NewEnquiries {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case: None,
        peers: vec![NAMES[1].to_owned(), NAMES[2].to_owned()],
        act: wire::Act::Referral,
        service_type: wire::ServiceType::Shelter,
        agreement: None,
        fields: town::fields(&[("adults", "1")]),
        from_case: Vec::new(),
        knowingly: Vec::new(),
        expiry: None,
        despite_clock,
    };
    let refused = pair.hotline.ask_several(asks(false)).await.unwrap();
    assert!(refused.each.iter().all(|one| one.outcome.as_ref().unwrap_err().rejection() == Rejection::ClockDoubted));
    let asked = pair.hotline.ask_several(asks(true)).await.unwrap();
    assert!(asked.each.iter().all(|one| one.outcome.is_ok()));
    assert_eq!(doubted(&pair.hotline).len(), 2);
}

/// [TIM-88] [APR-20] [APR-21]
#[tokio::test(flavor = "multi_thread")]
async fn that_they_knew_it_is_kept_with_who_said_it() {
    let pair = pair().await;
    let node = &pair.hotline;
    measures(&pair, [Some(0), Some(0), None]);
    assert_eq!(opens(node, true).await, Ok(()));
    assert!(doubted(node).is_empty(), "it was not needed, and is no override");
    measures(&pair, [Some(YEAR), Some(YEAR), None]);
    let new = NewTrail { despite_clock: true, ..enquiry(NAMES[1]) };
    let again = NewTrail { request_id: new.request_id.clone(), despite_clock: false, ..enquiry(NAMES[1]) };
    let trail = node.open_trail(new).await.unwrap().unwrap();
    assert_eq!(node.open_trail(again).await.unwrap(), Some(trail), "the same request has the same answer");
    let kept = |node: &Arc<Node>| {
        let all = doubted(node);
        assert_eq!(all.len(), 1);
        (all[0].trail.clone(), all[0].due - all[0].time, all[0].approved_by_name.clone(), all[0].may_review)
    };
    let before = kept(node);
    assert_eq!(before, (trail.to_vec(), 86_400, String::new(), true));
    let by = doubted(node)[0].clone();
    let reviewed = |caller| {
        node.review_override(caller, &by.override_id, wire::ReviewOutcome::Upheld, wire::ReviewReason::DangerWasReal)
    };
    assert_eq!(reviewed(&worker()).await.err(), Some(Rejection::NotToReview), "who said it reviews nothing");
    let Pair { hotline, shelter, houses } = pair;
    drop((hotline, shelter));
    let node = houses[0].open();
    assert_eq!(kept(&node), before, "after a start it is still there");
}

/// [TIM-89] [AGR-20]
#[tokio::test(flavor = "multi_thread")]
async fn where_no_agreement_is_in_force_by_this_clock_both_years_are_said() {
    let pair = pair().await;
    let node = &pair.hotline;
    let text = include_str!("../../specs/agreements/demonstration.toml").replacen(
        "valid_from = 2020-01-01T00:00:00Z",
        "valid_from = 2090-01-01T00:00:00Z",
        1,
    );
    let later = agreed(&text, &pair).await;
    let refused = || async {
        let new = NewTrail { agreement: Some(later), despite_clock: true, ..enquiry(NAMES[1]) };
        let refused = node.open_trail(new).await.unwrap_err();
        assert_eq!(refused.rejection(), Rejection::AgreementNotInForce, "{refused}");
        refused.to_string()
    };
    let until = Seconds::new(3_800_000_000).unwrap(); // 2090-06-02
    let ahead = i64::try_from(until.get() - clock::system().get()).unwrap() * 1000;
    let year = clock::now().month() / 100;
    for (measured, said) in [([Some(ahead), Some(ahead), Some(0)], "2 of 3"), ([Some(ahead), None, None], "1 of 1")] {
        measures(&pair, measured);
        let sentence = refused().await;
        assert!(sentence.contains(&format!("by this node it is {year}-")), "{sentence}");
        assert!(sentence.contains(&format!("by {said} peers that were measured 2090-06-0")), "{sentence}");
        assert!(sentence.ends_with("look at a third clock, and set the one of this computer"), "{sentence}");
    }
    // By a clock under which none is in force either, nothing is said of clocks.
    for measured in [[None; 3], [Some(0); 3], [Some(YEAR); 3]] {
        measures(&pair, measured);
        assert_eq!(refused().await, Rejection::AgreementNotInForce.to_string(), "{measured:?}");
    }
}

/// An agreement that all have signed, held by the hotline.
async fn agreed(text: &str, pair: &Pair) -> uput_core::id::AgreementId {
    let peers: BTreeMap<String, OrgId> =
        NAMES.iter().zip(&pair.houses).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
    let compiled = compile(text, &peers).unwrap();
    let keys: Vec<_> = pair.houses.iter().map(House::organisation_key).collect();
    let keys: Vec<_> = keys.iter().collect();
    let envelope = Envelope::sign(MediaType::AGREEMENT, compiled.body, &keys).unwrap();
    pair.hotline.take_agreement(envelope, Origin::Account(&BY)).await.unwrap();
    compiled.agreement.id()
}
