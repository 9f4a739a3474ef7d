//! A hotline, and three shelters that share no agreement with each other; what is asked of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    time::Span,
    wire::{Act, Beside, Choice, LegalBasis, ServiceType},
};
use uput_node::{
    case::CaseId,
    clock,
    node::{NewChange, NewEnquiries, NewEvent, NewFollowUp, Node, Origin, Several},
};

use crate::town::{
    self, BY, CONSENT, Carrier, House, event, fields, introduce, reads, request_id, say, say_with, until, worker,
};

pub(crate) const NAMES: [&str; 4] = ["hotline", "shelter-jasen", "shelter-lipa", "shelter-gora"];
pub(crate) const SHELTERS: [&str; 3] = ["shelter-jasen", "shelter-lipa", "shelter-gora"];
/// What is hers alone, and stands in what only the chosen one is told.
pub(crate) const HERS: [&str; 3] = ["Zvjezdana Canary", "+38269000777", "canary dentist"];
/// Of two: no shelter reads of another one in what it signed.
pub(crate) const AGREEMENT: &str = r#"
title = "A bed for the night, between two invented organisations"
version = 1
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
grain = 1
demonstration = true

[party.hotline]
organisation = "peer:hotline"
name = "Hotline Breza (invented)"
roles = ["hotline"]
services = ["hotline"]

[party.shelter]
organisation = "peer:shelter"
name = "A shelter (invented)"
roles = ["shelter"]
services = ["shelter", "social_work"]

[profile.bed]
enquiry = ["agenda", "places", "adults", "children"]
need = ["age_band"]
identity = ["name", "safe_contact_telephone", "safe_contact_code_word"]
reply = ["places", "actor"]

[[rule]]
number = 1
act = "referral"
sender = "hotline"
receiver = "shelter"
profile = "bed"
bases = ["explicit_consent"]

[[rule]]
number = 2
act = "consultation"
sender = "hotline"
receiver = "shelter"
profile = "bed"
bases = ["explicit_consent"]

[[rule]]
number = 3
act = "referral"
sender = "hotline"
receiver = "social_work"
profile = "bed"
bases = ["public_task_decision"]
collapsed = true

[retention]
values = "30 d"
evidence = "365 d"

[witnesses]
number = 0

[amendment]
threshold = 2
"#;

pub(crate) struct Town {
    pub(crate) houses: [House; 4],
    pub(crate) nodes: Vec<Arc<Node>>,
}

/// A hotline that has met three shelters, and agreed with each alone. Nobody carries letters.
pub(crate) async fn town() -> Town {
    town::listen();
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
    for (name, (node, house)) in NAMES.iter().zip(nodes.iter().zip(&houses)).skip(1) {
        let _carriers = Carrier::both(&nodes[0], node);
        introduce(&nodes[0], "hotline", node, name).await;
        let peers = BTreeMap::from([("hotline".to_owned(), houses[0].id), ("shelter".to_owned(), house.id)]);
        let compiled = compile(AGREEMENT, &peers).unwrap();
        for (house, node) in [(&houses[0], &nodes[0]), (house, node)] {
            let key = house.organisation_key();
            let signed = Envelope::sign(MediaType::AGREEMENT, compiled.body.clone(), &[&key]).unwrap();
            node.take_agreement(signed, Origin::Account(&BY)).await.unwrap();
        }
        let id = compiled.agreement.id();
        for node in [&nodes[0], node] {
            until(|| async { node.held_agreement(&id).is_some_and(|held| held.signed.is_some()) }).await;
        }
        until(|| async { nodes[0].queued().items + node.queued().items == 0 }).await;
    }
    Town { houses, nodes }
}

pub(crate) fn several(peers: &[&str]) -> NewEnquiries {
    NewEnquiries {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case: None,
        peers: peers.iter().map(|peer| (*peer).to_owned()).collect(),
        act: Act::Referral,
        service_type: ServiceType::Shelter,
        agreement: None,
        fields: fields(&[("places", "1"), ("adults", "1")]),
        from_case: Vec::new(),
        knowingly: Vec::new(),
        expiry: None,
        despite_clock: false,
    }
}

/// The trails of those who were asked.
pub(crate) fn asked(several: &Several) -> Vec<TrailId> {
    several.each.iter().filter_map(|one| one.outcome.as_ref().ok()?.as_ref().copied()).collect()
}

impl Town {
    pub(crate) fn hotline(&self) -> &Arc<Node> {
        &self.nodes[0]
    }

    pub(crate) fn carriers(&self) -> Vec<Carrier> {
        self.nodes.iter().skip(1).flat_map(|node| Carrier::both(&self.nodes[0], node)).collect()
    }

    /// Nothing is on its way any more.
    pub(crate) async fn quiet(&self) {
        until(|| async { self.nodes.iter().all(|node| node.queued().items == 0) }).await;
    }

    /// All three are asked in one case, and have it.
    pub(crate) async fn asked(&self) -> (CaseId, Vec<TrailId>) {
        let all = self.hotline().ask_several(several(&SHELTERS)).await.unwrap();
        let trails = asked(&all);
        for (node, trail) in self.nodes.iter().skip(1).zip(&trails) {
            reads(node, trail, "asked").await;
        }
        self.quiet().await;
        (all.case.unwrap(), trails)
    }

    pub(crate) async fn choice(&self, case: CaseId, trail: &TrailId) -> (String, Choice) {
        let all = self.hotline().list_enquiries(&worker(), &case).await.unwrap();
        let one = all.into_iter().find(|one| one.trail == trail.to_vec()).unwrap();
        (one.headline.clone(), one.choice())
    }
}

pub(crate) fn hold(trail: TrailId, seconds: u64) -> NewEvent {
    event(trail, Statement::Held { until: clock::now().after(Span(seconds)) })
}

pub(crate) fn chosen(case: CaseId, trail: TrailId) -> NewFollowUp {
    NewFollowUp {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        change: NewChange::Chosen(trail),
        label_words: Vec::new(),
        of_basis: BTreeMap::new(),
    }
}

pub(crate) async fn refused_choice(node: &Node, case: CaseId, trail: TrailId) -> String {
    let refused = node.follow_up(chosen(case, trail)).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::StepNotAllowed);
    refused.to_string()
}

pub(crate) fn identity(trail: TrailId) -> NewEvent {
    let her = [("name", HERS[0]), ("safe_contact_telephone", HERS[1]), ("safe_contact_code_word", HERS[2])];
    let (list, basis) = (fields(&[&CONSENT[..], &her].concat()), Some(LegalBasis::ExplicitConsent));
    NewEvent { fields: list, basis, beside: Beside::Unspecified, ..event(trail, Statement::Identity) }
}

pub(crate) async fn need(hotline: &Arc<Node>, trail: TrailId) {
    say_with(hotline, trail, Statement::Need, &[&CONSENT[..], &[("age_band", "30_59")]].concat()).await;
}

/// She is told of to a shelter that holds a place: what she needs, its yes, who she is.
pub(crate) async fn named(town: &Town, shelter: usize, trail: TrailId) {
    need(town.hotline(), trail).await;
    until(|| async { town.nodes[shelter].show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    say(&town.nodes[shelter], trail, Statement::Accepted).await.unwrap();
    reads(town.hotline(), &trail, "accepted").await;
    town.hotline().record_event(identity(trail)).await.unwrap();
    until(|| async { town.nodes[shelter].show(&worker(), &trail, false).await.unwrap().stage == 2 }).await;
}
