//! Invitations that are used again, over, for a name that is taken, or that name a weak key.

use std::sync::Arc;

use ring::digest;
use uput_core::{
    invitation::Invitation,
    rejection::Rejection,
    wire::{AcceptInvitationRequest, KeyChain, peering_service_server::PeeringService},
};
use uput_node::{
    clock::now,
    node::Post,
    peer::{Limits, Mailroom, Peers},
    record::{self, InvitationRecord},
    rpc::{Peering, status},
    shutdown,
    storage::Commit,
};

use crate::{
    town::{BY, House, call_as, endpoint},
    yard::{knock, records, yard},
};

/// [NOD-32]
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_gives_nobody_the_name_of_another() {
    let yard = yard().await;
    let secret = async |name: &str| {
        let line = yard.shelter.invite(&BY, name, vec![endpoint()], 0).await.unwrap();
        *Invitation::parse(line.expose()).unwrap().secret().expose()
    };
    let (centre, again) = (secret("centre").await, secret("centre").await);
    let late = secret("centre").await;
    assert_eq!(knock(&yard.shelter, &yard.hotline, &centre).await, None);
    let introduced = yard.shelter.view_peers().into_iter().filter(|peer| !peer.safety_number.is_empty());
    let names: Vec<String> = introduced.map(|peer| peer.name).collect();
    assert_eq!(names, ["hotline"], "it was compared as hotline and stays that");
    assert_eq!(knock(&yard.shelter, &yard.centre, &centre).await, Some(Rejection::BadInvitation), "used");
    assert_eq!(knock(&yard.shelter, &yard.centre, &again).await, None);
    assert_eq!(knock(&yard.shelter, &yard.lipa, &late).await, Some(Rejection::BadInvitation), "the name is taken");
    assert_eq!(knock(&yard.shelter, &yard.lipa, &[7; 16]).await, Some(Rejection::BadInvitation));
}

/// [TRA-7] [TRA-31]
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_was_used_or_is_over_introduces_nobody() {
    let (house, first, second) = (House::found(1).await, House::found(2).await, House::found(3).await);
    let secrets = [[7; 16], [8; 16]];
    let storage = house.open_storage();
    for (secret, until) in secrets.into_iter().zip([now().get() - 60, now().get() + 3600]) {
        let digest = digest::digest(&digest::SHA256, &secret).as_ref().to_vec();
        let record =
            InvitationRecord { digest, name: format!("until {until}"), until, used: false, account: BY.to_vec() };
        storage.commit(Commit { keys: Vec::new(), records: vec![record::draft(&record)] }).await.unwrap();
    }
    drop(storage);
    let node = house.open();
    assert_eq!(knock(&node, &first, &secrets[0]).await, Some(Rejection::BadInvitation), "over");
    assert_eq!(knock(&node, &first, &secrets[1]).await, None);
    assert_eq!(knock(&node, &second, &secrets[1]).await, Some(Rejection::BadInvitation), "used by another");
    assert_eq!(knock(&node, &first, &secrets[1]).await, Some(Rejection::BadInvitation), "used by itself");
    drop(node);
    let node = crate::town::reopened(&house).await;
    assert_eq!(knock(&node, &second, &secrets[0]).await, Some(Rejection::BadInvitation), "over, after a restart");
    assert_eq!(knock(&node, &second, &secrets[1]).await, Some(Rejection::BadInvitation), "used, after a restart");
    assert_eq!(node.view_peers().len(), 1);
}

/// [TRA-7]
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_with_another_tls_key_than_its_record_names_is_not_introduced() {
    let (house, honest, thief) = (House::found(1).await, House::found(2).await, House::found(3).await);
    let node = house.open();
    let line = node.invite(&BY, "honest", vec![endpoint()], 0).await.unwrap();
    let secret = *Invitation::parse(line.expose()).unwrap().secret().expose();
    let chain = KeyChain { records: records(&[&honest]) };
    let introduced = Post(node.clone()).introduce(&secret, *thief.tls_key().public().as_bytes(), chain).await;
    assert_eq!(introduced.err(), Some(Rejection::WrongSigners));
    let ours = KeyChain { records: records(&[&house]) };
    let introduced = Post(node.clone()).introduce(&secret, *house.tls_key().public().as_bytes(), ours).await;
    assert_eq!(introduced.err(), Some(Rejection::WrongSigners), "nobody meets itself");
    assert_eq!(knock(&node, &honest, &secret).await, None, "the invitation was not used up");
}

/// [KEY-2] [TRA-30]
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_names_a_weak_key_is_not_dialled() {
    let yard = yard().await;
    let vector = include_str!("../../../specs/vectors/invitation/a-tls-key-of-small-order.txt");
    let line = vector.lines().find_map(|line| line.strip_prefix("invitation: ")).unwrap();
    assert_eq!(Invitation::parse(line).err(), Some(Rejection::WeakKey), "the control: nothing else is wrong with it");
    let (_stop, shutdown) = shutdown::channel();
    let post = Arc::new(Post(yard.shelter.clone()));
    let peers = Peers::new(post, &yard.shelter_house.tls_key(), Limits::default(), shutdown).unwrap();
    let api = Peering { node: yard.shelter.clone(), peers, endpoints: vec![endpoint()] };
    let call = AcceptInvitationRequest { invitation: line.to_owned(), name: "somebody".to_owned() };
    let refused = api
        .accept_invitation(call_as(uput_core::wire::Role::Administrator, "PeeringService/AcceptInvitation", call))
        .await
        .err()
        .unwrap();
    assert_eq!(status::rejection(&refused), Some(Rejection::BadInvitation));
    assert_eq!(yard.shelter.view_peers().len(), 1);
}
