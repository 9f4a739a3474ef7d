//! The index is disposable: deleted while letters are queued and half acknowledged, nothing is lost and nothing doubled.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use town::{Carrier, House, Pair, agree, enquiry, introduce, pair, reopened, until, worker};
use uput_core::id::TrailId;
use uput_node::{node::Node, peer::Mailroom};

/// Referrals that are queued.
const QUEUED: usize = 500;
/// Of these, how many the peer has on disk while its receipts were lost.
const HALF: usize = 200;

/// Hands letters over until the peer has so many trails; no receipt comes back.
async fn half_acknowledge(from: &Arc<Node>, to: &Arc<Node>) {
    let (from, to) = (uput_node::node::Post(from.clone()), uput_node::node::Post(to.clone()));
    while to.0.trail_ids().unwrap().len() < HALF {
        let outgoing = from.next_letter(&to.organisation()).await;
        let (_, code) = to.receive(&from.organisation(), outgoing.letter).await;
        assert_eq!(code, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_deleted_with_letters_queued_and_half_acknowledged() {
    let (hotline_house, shelter_house) = (House::found(1).await, House::found(2).await);
    let others = [House::found(3).await, House::found(4).await];
    let (hotline, shelter) = (hotline_house.open(), shelter_house.open());
    let (lipa, centre) = (others[0].open(), others[1].open());
    for (other, name) in [(&shelter, "shelter-jasen"), (&lipa, "shelter-lipa"), (&centre, "centre")] {
        introduce(&hotline, "hotline", other, name).await;
    }
    let carriers: Vec<Carrier> =
        [&shelter, &lipa, &centre].into_iter().flat_map(|other| Carrier::both(&hotline, other)).collect();
    agree(&[
        ("hotline", &hotline_house, &hotline),
        ("shelter-jasen", &shelter_house, &shelter),
        ("shelter-lipa", &others[0], &lipa),
        ("centre", &others[1], &centre),
    ])
    .await;
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    drop(carriers);
    tokio::time::sleep(Duration::from_millis(50)).await;

    let mut opened: BTreeSet<TrailId> = BTreeSet::new();
    for _ in 0..QUEUED {
        opened.insert(hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap());
    }
    half_acknowledge(&hotline, &shelter).await;
    assert_eq!(hotline.queued().items as usize, QUEUED);
    drop((hotline, shelter));

    for house in [&hotline_house, &shelter_house] {
        reopened(house).await;
        until(|| async { std::fs::remove_dir_all(house.path().join("index")).is_ok() }).await;
    }
    let (hotline, shelter) = (reopened(&hotline_house).await, reopened(&shelter_house).await);
    assert_eq!(hotline.queued().items as usize, QUEUED, "what had no receipt still waits");
    let _carriers = Carrier::both(&hotline, &shelter);
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;

    for node in [&hotline, &shelter] {
        let ids: BTreeSet<TrailId> = node.trail_ids().unwrap().into_iter().collect();
        assert!(ids == opened, "0 lost, 0 doubled");
        for id in &opened {
            let kinds: Vec<String> =
                node.show(&worker(), id, false).await.unwrap().events.into_iter().map(|event| event.kind).collect();
            assert_eq!(kinds, ["opened", "delivered"]);
        }
    }
}

/// [NOD-64] The node's doctor looks at the file each time it is asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_others_can_read_is_a_warning_until_it_is_closed() {
    use std::os::unix::fs::PermissionsExt as _;
    let Pair { hotline: node, shelter: _shelter, houses: _houses } = pair().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.key");
    std::fs::write(&file, "invented").unwrap();
    node.look_after_keys(folder.path());
    for (mode, known) in [(0o644, true), (0o600, false), (0o640, true)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let of = |role| node.checks_for(&town::caller_as(role), uput_node::clock::now());
        let checks = of(uput_core::wire::Role::Administrator);
        let found = checks.iter().find(|check| check.name == "key-file");
        assert_eq!(found.is_some(), known, "{mode:o}");
        assert!(of(uput_core::wire::Role::CaseWorker).iter().all(|check| check.name != "key-file"));
        assert!(found.is_none_or(|check| check.level() == uput_core::wire::CheckLevel::Warning));
    }
}
