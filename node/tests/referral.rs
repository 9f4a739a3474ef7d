//! One referral between two nodes: from the enquiry to the outcome, and its bundle.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{sync::Arc, time::Duration};

use town::{
    CONSENT, Carrier, House, agree, enquiry, event, fields, introduce, reads, reopened, say, say_with, until, worker,
};
use uput_core::{
    event::Statement,
    head::Head,
    id::TrailId,
    rejection::Rejection,
    time::Seconds,
    wire::{self, DisclosureScope, LegalBasis},
};
use uput_node::node::{Export, NewEvent, NewTrail, Node, Second};

struct Night {
    // Dropped in this order: who carries, the nodes, their folders.
    _carriers: Vec<Carrier>,
    hotline: Arc<Node>,
    shelter: Arc<Node>,
    hotline_house: House,
    shelter_house: House,
    _others: [House; 2],
}

async fn night() -> Night {
    town::listen();
    let (hotline_house, shelter_house) = (House::found(1).await, House::found(2).await);
    let others = [House::found(3).await, House::found(4).await];
    let (hotline, shelter) = (hotline_house.open(), shelter_house.open());
    let (lipa, centre) = (others[0].open(), others[1].open());
    introduce(&hotline, "hotline", &shelter, "shelter-jasen").await;
    introduce(&hotline, "hotline", &lipa, "shelter-lipa").await;
    introduce(&hotline, "hotline", &centre, "centre").await;
    let mut carriers: Vec<Carrier> = Vec::new();
    for other in [&shelter, &lipa, &centre] {
        carriers.extend(Carrier::both(&hotline, other));
    }
    agree(&[
        ("hotline", &hotline_house, &hotline),
        ("shelter-jasen", &shelter_house, &shelter),
        ("shelter-lipa", &others[0], &lipa),
        ("centre", &others[1], &centre),
    ])
    .await;
    Night { hotline_house, shelter_house, _others: others, hotline, shelter, _carriers: carriers }
}

/// Whether a field says who acted.
fn of_staff(field: &wire::Field) -> bool {
    matches!(field.label.as_str(), "actor" | "actor_role" | "supervisor")
}

fn held() -> Statement {
    Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }
}

async fn accepted(night: &Night) -> TrailId {
    let trail = night.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&night.shelter, &trail, "asked").await;
    say(&night.shelter, trail, held()).await.unwrap();
    reads(&night.hotline, &trail, "held").await;
    let need = [&CONSENT[..], &[("age_band", "30_59"), ("language", "sq")]].concat();
    say_with(&night.hotline, trail, Statement::Need, &need).await;
    until(|| async { night.shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    say(&night.shelter, trail, Statement::Accepted).await.unwrap();
    reads(&night.hotline, &trail, "accepted").await;
    trail
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bed_is_found_and_only_then_she_is_named() {
    let night = night().await;
    let trail = accepted(&night).await;
    let identity = [&CONSENT[..], &[("name", "Invented Name"), ("safe_contact_channel", "call")]].concat();
    say_with(&night.hotline, trail, Statement::Identity, &identity).await;
    until(|| async { night.shelter.show(&worker(), &trail, false).await.unwrap().stage == 2 }).await;
    let seen = night.shelter.show(&worker(), &trail, true).await.unwrap();
    let named = seen.events.iter().flat_map(|event| &event.fields).find(|field| field.label == "name").unwrap();
    assert_eq!(named.value, "Invented Name");
    say_with(&night.shelter, trail, Statement::ContactMade, &[("reason_in_words", "She has arrived")]).await;
    for statement in
        [Statement::Started, Statement::Provided(wire::Outcome::NeedMet), Statement::Closed(wire::ClosureReason::Done)]
    {
        say(&night.shelter, trail, statement).await.unwrap();
    }
    reads(&night.hotline, &trail, "closed").await;
    let ours = night.hotline.show(&worker(), &trail, false).await.unwrap();
    assert!(ours.events.iter().all(|event| event.void_reason.is_empty() && event.findings.is_empty()));
    let delivered = ours.events.iter().filter(|event| event.delivered > 0).count();
    assert_eq!(delivered, 9, "all that a person said is confirmed, and no confirmation is");
    // What is answered about her after she was named is read, too. [EVT-14]
    let ours = night.hotline.show(&worker(), &trail, true).await.unwrap();
    let answered = ours.events.iter().filter(|event| event.kind == "contact_made").flat_map(|event| &event.fields);
    let answered = answered.filter(|field| !of_staff(field)).map(|field| field.value.as_str());
    assert_eq!(answered.collect::<Vec<_>>(), ["She has arrived"]);
}

/// [BAS-22]
#[tokio::test(flavor = "multi_thread")]
async fn our_own_node_remembers_whom_the_need_suspects_when_somebody_consents() {
    let night = night().await;
    let trail = night.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&night.shelter, &trail, "asked").await;
    say(&night.shelter, trail, held()).await.unwrap();
    reads(&night.hotline, &trail, "held").await;
    let forms = [&[("guardian_authority", "INV-1"), ("child_assent", "assents")], &CONSENT[1..]].concat();
    let need = async |more: &[(&'static str, &'static str)]| {
        let (fields, basis) = (fields(&[more, &forms[..]].concat()), Some(LegalBasis::GuardianConsent));
        night.hotline.record_event(NewEvent { fields, basis, ..event(trail, Statement::Need) }).await
    };
    need(&[("guardian_class", "other_parent"), ("perpetrator_relationship", "parent")]).await.unwrap();
    let refused = need(&[("guardian_class", "parent")]).await.unwrap_err();
    assert_eq!(refused.rejection(), Rejection::BasisNotAllowed);
    need(&[("guardian_class", "other_parent"), ("language", "sq")]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_before_acceptance_is_refused_by_our_own_node() {
    let night = night().await;
    let trail = night.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let fields = fields(&[&CONSENT[..], &[("name", "Invented Name")]].concat());
    let basis = Some(LegalBasis::ExplicitConsent);
    let refused = night.hotline.record_event(NewEvent { fields, basis, ..event(trail, Statement::Identity) }).await;
    assert_eq!(refused.err().unwrap().rejection(), Rejection::StepNotAllowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_outside_the_profile_is_refused_by_our_own_node() {
    let night = night().await;
    let named = NewTrail { fields: fields(&[("name", "Invented Name")]), ..enquiry("shelter-jasen") };
    assert_eq!(night.hotline.open_trail(named).await.err().unwrap().rejection(), Rejection::OutsideProfile);
    assert!(night.hotline.trail_ids().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_opens_one_trail() {
    let night = night().await;
    let id = town::request_id();
    let again = || NewTrail { request_id: id.clone(), ..enquiry("shelter-jasen") };
    let first = night.hotline.open_trail(again()).await.unwrap();
    assert_eq!(night.hotline.open_trail(again()).await.unwrap(), first);
    assert_eq!(night.hotline.trail_ids().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_queued_goes_out_after_a_restart() {
    let mut night = night().await;
    until(|| async { night.hotline.queued().items == 0 }).await;
    night._carriers.clear();
    let trail = night.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let Night { hotline_house, shelter_house, hotline, shelter, .. } = night;
    assert_eq!(hotline.queued().items, 1);
    drop((hotline, shelter));
    // The tasks of the carriers end when the runtime next turns; the folder is free after that.
    let hotline = reopened(&hotline_house).await;
    let shelter = reopened(&shelter_house).await;
    assert_eq!(hotline.queued().items, 1);
    let _carriers = Carrier::both(&hotline, &shelter);
    reads(&shelter, &trail, "asked").await;
    until(|| async { hotline.queued().items == 0 }).await;
    until(|| async { hotline.show(&worker(), &trail, false).await.unwrap().events.len() == 2 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_carries_both_heads() {
    let night = night().await;
    let trail = accepted(&night).await;
    let export = Export {
        contact: false,
        by: worker(),
        second: Second::Nobody,
        trail,
        purpose: wire::Purpose::Audit,
        scope: DisclosureScope::Labels,
        nonce: None,
        wait: Duration::from_secs(10),
    };
    let (bytes, fresh) = night.hotline.export(export).await.unwrap();
    assert!(fresh);
    assert_eq!(uput_core::bundle::Bundle::parse(&bytes).unwrap().heads.len(), 2);
}

/// Whoever asks both parties with one nonce gets a fresh head from each, and what travels is not that nonce. [BUN-66]
#[tokio::test(flavor = "multi_thread")]
async fn an_auditors_number_is_answered_to_both_parties() {
    let night = night().await;
    let trail = accepted(&night).await;
    for side in [&night.hotline, &night.shelter] {
        let (purpose, scope) = (wire::Purpose::Audit, DisclosureScope::Labels);
        let export = Export {
            contact: false,
            by: worker(),
            second: Second::Nobody,
            trail,
            purpose,
            scope,
            nonce: Some([7; 32]),
            wait: Duration::from_secs(10),
        };
        let (bytes, fresh) = side.export(export).await.unwrap();
        assert!(fresh, "the other party answered");
        let bundle = uput_core::bundle::Bundle::parse(&bytes).unwrap();
        let nonces: Vec<_> = bundle.heads.iter().map(|head| Head::parse(head.body()).unwrap().nonce).collect();
        assert_eq!(nonces, [Some(Head::nonce_for(&[7; 32], &trail)); 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn purged_values_are_gone_and_the_trail_stays() {
    let night = night().await;
    let trail = accepted(&night).await;
    say(&night.hotline, trail, Statement::Withdrawn).await.unwrap();
    reads(&night.shelter, &trail, "withdrawn").await;
    say(&night.shelter, trail, Statement::Purged(wire::PurgeManner::Destroyed)).await.unwrap();
    let seen = night.shelter.show(&worker(), &trail, true).await.unwrap();
    let (purged, before): (Vec<_>, Vec<_>) = seen.events.iter().partition(|event| event.kind == "purged");
    assert!(before.iter().flat_map(|event| &event.fields).all(|field| field.value.is_empty()));
    assert!(purged.iter().flat_map(|event| &event.fields).all(of_staff), "who purged is said under a new key");
    assert!(seen.events.iter().flat_map(|event| &event.fields).any(|field| field.label == "age_band"));
    assert_eq!(seen.owed, 0);
}
