//! Houses whose node has its key file, as one that `uputd init` made, and whose organisation key lies on a stick.

use std::{path::Path, sync::Arc};

use uput_core::{
    key::{KeyChain, Proposal, SealingSecret},
    keyfile::{Lock, NodeSecrets},
    rejection::Rejection,
    time::Span,
};
use uput_node::{
    node::{Installed, NewKeys, Node, Secrets},
    node_key::{self, KeyPlace},
};
use zeroize::Zeroizing;

use crate::town::{BY, Carrier, House, agree, introduce, until};

/// Everything new.
pub(crate) const ALL: fn() -> NewKeys = || NewKeys { signing: true, tls: true, sealing: true, ..NewKeys::default() };
pub(crate) const MONTH: Span = Span(30 * 86_400);

/// A hotline and a shelter that have met and agreed; nobody carries their letters any more.
pub(crate) async fn two() -> ([House; 4], Arc<Node>, Arc<Node>) {
    crate::town::listen();
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let nodes: Vec<Arc<Node>> = houses.iter().map(begin).collect();
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let mut carriers = Vec::new();
    for (name, node) in names.iter().zip(&nodes).skip(1) {
        introduce(&nodes[0], "hotline", node, name).await;
        carriers.extend(Carrier::both(&nodes[0], node));
    }
    let parties = names.iter().zip(&houses).zip(&nodes).map(|((name, house), node)| (*name, house, node));
    agree(&parties.collect::<Vec<_>>()).await;
    until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;
    drop(carriers);
    let [hotline, shelter] = [nodes[0].clone(), nodes[1].clone()];
    (houses, hotline, shelter)
}

/// Writes the key file of a house, and opens its node.
pub(crate) fn begin(house: &House) -> Arc<Node> {
    let secrets = NodeSecrets {
        signing: house.signing_key(),
        tls: house.tls_key(),
        sealing: vec![house.sealing_secret()],
        storage: Zeroizing::new([0; 32]),
    };
    std::fs::write(house.path().join(node_key::NODE_KEY), secrets.write(&Lock::Clear).unwrap().as_bytes()).unwrap();
    let node = house.open();
    node.look_after_keys(house.path());
    node
}

/// Opens a house again with what its key file holds.
pub(crate) fn open_again(house: &House) -> Arc<Node> {
    open_by(house, KeyPlace::from(house.path()))
}

/// Opens a house again with what lies in a place of keys.
pub(crate) fn open_by(house: &House, place: KeyPlace) -> Arc<Node> {
    let storage = house.open_storage();
    let chain = Node::own_chain(&storage).unwrap();
    let secrets = place.settle(place.read().unwrap(), chain.newest()).unwrap();
    let secrets = Secrets { signing: secrets.signing, sealing: secrets.sealing };
    let node = Arc::new(Node::open(storage, secrets).unwrap());
    node.look_after_keys(place);
    node
}

/// What lies in the safe signs what the node has prepared.
pub(crate) fn signed(house: &House, proposal: &[u8]) -> Vec<u8> {
    let mut proposal = Proposal::parse(proposal).unwrap();
    proposal.sign(&house.organisation_key()).unwrap();
    proposal.to_bytes()
}

/// Prepared, signed, installed.
pub(crate) async fn rotate(house: &House, node: &Node, new: NewKeys, grace: Span) -> Result<Installed, Rejection> {
    let proposal = signed(house, &node.prepare_keys(new).await?);
    node.install_keys(&BY, &proposal, grace).await
}

/// Whether the bytes of a secret, or its digits, are in any file below a folder.
pub(crate) fn lies_in(folder: &Path, secret: &SealingSecret) -> bool {
    let seed = secret.expose_seed();
    let digits: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    let found = |bytes: &[u8], mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return lies_in(&path, secret);
        }
        let bytes = std::fs::read(&path).unwrap();
        // A key file breaks its digits into lines.
        let joined: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\n').collect();
        found(&bytes, seed) || found(&joined, digits.as_bytes())
    })
}

pub(crate) fn newest(chain: &KeyChain) -> u32 {
    chain.newest().number()
}
