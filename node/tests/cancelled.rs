//! Calls whose caller hangs up: what a node has begun it finishes. [NOD-31]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use town::{House, call_as, introduce, until};
use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    invitation::Invitation,
    key::Endpoint,
    wire::{self, PeerState, agreement_service_server::AgreementService, peering_service_server::PeeringService},
};
use uput_node::{
    node::{Node, Post},
    peer::{Limits, Peers},
    rpc::{Agreements, Peering},
    shutdown::{self, Stop},
};

/// The calls about peers of a node that listens.
async fn peering(house: &House, node: &Arc<Node>) -> (Peering, Stop) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    let (stop, shutdown) = shutdown::channel();
    let post = Arc::new(Post(node.clone()));
    let peers = Peers::new(post, &house.tls_key(), Limits::default(), shutdown).unwrap();
    peers.listen(listener);
    (Peering { node: node.clone(), peers, endpoints: vec![endpoint] }, stop)
}

/// Makes a call and hangs up at once. On a busy machine it can be done by then: that is no failure.
async fn hang_up<T>(call: impl Future<Output = T>) {
    let _ = tokio::time::timeout(Duration::ZERO, call).await;
}

fn state(node: &Arc<Node>, name: &str) -> Option<PeerState> {
    node.view_peers().into_iter().find(|peer| peer.name == name).map(|peer| peer.state())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_an_acceptance_and_a_confirmation_are_finished() {
    let (hotline_house, shelter_house) = (House::found(1).await, House::found(2).await);
    let (hotline, shelter) = (hotline_house.open(), shelter_house.open());
    let (calls, _stop) = peering(&hotline_house, &hotline).await;
    let (others, _other_stop) = peering(&shelter_house, &shelter).await;

    let ask = |name: &str| {
        call_as(
            wire::Role::Administrator,
            "PeeringService/CreateInvitation",
            wire::CreateInvitationRequest { name: name.to_owned(), valid_seconds: 0 },
        )
    };
    hang_up(calls.create_invitation(ask("nobody"))).await;
    until(|| async { state(&hotline, "nobody") == Some(PeerState::Invited) }).await;

    let invitation = calls.create_invitation(ask("shelter")).await.unwrap().into_inner().invitation;
    assert!(Invitation::parse(&invitation).is_ok());
    let accept = wire::AcceptInvitationRequest { invitation, name: "hotline".to_owned() };
    hang_up(others.accept_invitation(call_as(wire::Role::Administrator, "PeeringService/AcceptInvitation", accept)))
        .await;
    until(|| async { state(&shelter, "hotline") == Some(PeerState::Introduced) }).await;
    assert_eq!(state(&hotline, "shelter"), Some(PeerState::Introduced));

    let safety_number = hotline.view_peers().into_iter().find(|peer| peer.name == "shelter").unwrap().safety_number;
    let confirm = wire::ConfirmPeerRequest { peer: "shelter".to_owned(), safety_number };
    hang_up(calls.confirm_peer(call_as(wire::Role::Administrator, "PeeringService/ConfirmPeer", confirm))).await;
    until(|| async { state(&hotline, "shelter") == Some(PeerState::Confirmed) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_is_proposed_is_taken_in() {
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let (hotline, shelter) = (houses[0].open(), houses[1].open());
    introduce(&hotline, "hotline", &shelter, "shelter-jasen").await;
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let peers: BTreeMap<_, _> = names.iter().zip(&houses).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
    let compiled = compile(include_str!("../../specs/agreements/demonstration.toml"), &peers).unwrap();
    let id = compiled.agreement.id();
    let signed = Envelope::sign(MediaType::AGREEMENT, compiled.body, &[&houses[0].organisation_key()]).unwrap();
    let calls = Agreements(hotline.clone());
    let proposal = wire::ProposeAgreementRequest { agreement: signed.to_bytes(), validate_only: false };
    hang_up(calls.propose_agreement(call_as(wire::Role::Administrator, "AgreementService/ProposeAgreement", proposal)))
        .await;
    until(|| async { hotline.held_agreement(&id).is_some() && hotline.queued().items == 1 }).await;
}
