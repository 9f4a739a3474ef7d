//! A transfer moves responsibility, and not her bed: it is counted once, for as long as one of the trails of her stay takes it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod houses;
mod town;

use std::sync::Arc;

use houses::{Houses, houses, opening};
use town::{BY, event, reopened};
use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    wire::{self, Act, LegalBasis, ServiceType},
};
use uput_node::{
    node::{NewTrail, Node},
    places::Capacity,
};

/// Places that are promised for good, and that are free.
fn stands(node: &Node) -> (u32, u32) {
    let all = node.view_places();
    let shelter = all.into_iter().find(|service| service.service_type() == ServiceType::Shelter).unwrap();
    (shelter.accepted, shelter.free)
}

async fn rooms(node: &Arc<Node>, places: u32) {
    node.set_places(&BY, ServiceType::Shelter, Capacity { places, overflow: 0 }).await.unwrap();
}

impl Houses {
    /// Asks for a bed, or for somebody to take responsibility for whoever lies in one.
    async fn asked(&self, act: Act, about: Option<TrailId>, service_type: ServiceType) -> TrailId {
        let new = opening(1, LegalBasis::ExplicitConsent, act);
        let new = NewTrail { validate_only: false, about, service_type, ..new };
        let trail = self.hotline.open_trail(new).await.unwrap().unwrap();
        self.settled().await;
        trail
    }

    async fn bed(&self) -> TrailId {
        self.asked(Act::Referral, None, ServiceType::Shelter).await
    }

    async fn transfer(&self, about: TrailId) -> TrailId {
        self.asked(Act::Transfer, Some(about), ServiceType::Shelter).await
    }

    async fn full(&self, trail: TrailId) -> bool {
        let answer = self.house.record_event(event(trail, Statement::Accepted)).await;
        answer.err().is_some_and(|refused| refused.rejection() == Rejection::NoPlace)
    }
}

const DONE: Statement = Statement::Closed(wire::ClosureReason::Done);

/// [PLC-7] [PLC-11]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_transferred_keeps_the_bed_to_which_she_came() {
    let town = houses().await;
    rooms(&town.house, 1).await;
    let came = town.bed().await;
    town.say(false, came, Statement::Accepted).await;
    town.say(false, came, Statement::Started).await;
    assert_eq!(stands(&town.house), (1, 0));
    // The house takes responsibility for who lies there, although no other bed is free.
    let transfer = town.transfer(came).await;
    town.say(false, transfer, Statement::Accepted).await;
    assert_eq!(stands(&town.house), (1, 0), "she lies in one bed");
    let offer = town.say(true, transfer, Statement::TransferOffered).await;
    town.say(false, transfer, Statement::TransferTaken(offer)).await;
    town.say(true, transfer, Statement::TransferCompleted).await;
    town.say(false, came, DONE).await;
    assert_eq!(stands(&town.house), (1, 0), "the referral is over, and she is there");
    let next = town.bed().await;
    assert!(town.full(next).await, "nobody is sent to the bed in which she lies");
    // A start knows it too.
    let agreement = town.agreement;
    let folders = town.end().await;
    let house = reopened(&folders[1]).await;
    assert_eq!(stands(&house), (1, 0), "{agreement:?}");
    let answer = house.record_event(event(next, Statement::Accepted)).await;
    assert_eq!(answer.err().map(|refused| refused.rejection()), Some(Rejection::NoPlace));
    // She leaves.
    house.record_event(event(transfer, DONE)).await.unwrap();
    assert_eq!(stands(&house), (0, 1));
    house.record_event(event(next, Statement::Accepted)).await.unwrap();
}

/// [PLC-11] Whichever was answered first, and however many transfers are about one another.
#[tokio::test(flavor = "multi_thread")]
async fn trails_about_one_stay_take_one_bed_in_any_order() {
    let town = houses().await;
    rooms(&town.house, 2).await;
    let came = town.bed().await;
    let transfer = town.transfer(came).await;
    let again = town.transfer(transfer).await;
    for trail in [again, came, transfer] {
        town.say(false, trail, Statement::Accepted).await;
        assert_eq!(stands(&town.house), (1, 1));
    }
    for trail in [came, again] {
        town.say(false, trail, DONE).await;
        assert_eq!(stands(&town.house), (1, 1));
    }
    // What is about no stay of hers, or another service, is counted by itself.
    let other = town.asked(Act::Transfer, None, ServiceType::Shelter).await;
    town.say(false, other, Statement::Accepted).await;
    assert_eq!(stands(&town.house), (2, 0));
    let elsewhere = town.asked(Act::Transfer, Some(other), ServiceType::SocialWork).await;
    town.say(false, elsewhere, Statement::Accepted).await;
    town.say(false, other, Statement::Declined(wire::DeclineReason::NoPlace)).await;
    assert_eq!(stands(&town.house), (1, 1), "the other service keeps no bed of this one");
    town.say(false, transfer, DONE).await;
    assert_eq!(stands(&town.house), (0, 2));
}
