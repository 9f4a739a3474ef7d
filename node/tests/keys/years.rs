//! A trail that was said under many key records, and who verifies it with the first ones alone.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    event::Statement,
    id::{AgreementId, KeyRecordId, OrgId},
    time::Span,
    trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand},
    verdict::{self, YesNo},
    wire::{DisclosureScope, Purpose, ReceiptOutcome, WarningCode},
};
use uput_node::{
    node::{Export, NewKeys, Node, Origin, Post, Second, Stolen},
    peer::Mailroom,
};

use crate::{
    house::{ALL, open_again, rotate, two},
    rotation::carry,
    town::{BY, House, enquiry, say, take, worker},
};

/// Years, each with new keys on both sides.
const YEARS: usize = 5;

/// Names the organisations by these records, and nothing newer.
pub(crate) fn trust(houses: &[House], minima: &[KeyRecordId], agreement: &[u8]) -> TrustFile {
    let named = houses.iter().zip(minima).map(|(house, minimum)| TrustedOrganisation {
        name: house.id.to_string(),
        organisation: house.id,
        minimum: *minimum,
    });
    let mut organisations: Vec<TrustedOrganisation> = named.collect();
    organisations.sort_by_key(|trusted| trusted.organisation);
    let agreement = AgreementId::parse(agreement).unwrap();
    TrustFile {
        made_by: "an invented auditor".to_owned(),
        witnesses: WitnessDemand::default(),
        heads: HeadDemand::default(),
        organisations,
        agreements: vec![TrustedAgreement { title: "invented".to_owned(), agreement }],
    }
}

async fn renew(house: &House, node: &Arc<Node>, peer: &Arc<Node>, new: NewKeys) {
    rotate(house, node, new, Span(0)).await.unwrap();
    let known = Post(peer.clone()).peer(&house.id).unwrap().key_records;
    Post(peer.clone()).learn(&house.id, Post(node.clone()).key_records_from(known)).await.unwrap();
}

/// All four sign the version that follows one; both nodes learn it.
async fn amend(houses: &[House; 4], nodes: [&Arc<Node>; 2], before: &AgreementId) -> AgreementId {
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let peers: BTreeMap<String, OrgId> =
        names.iter().zip(houses).map(|(name, house)| ((*name).to_owned(), house.id)).collect();
    let text = include_str!("../../../specs/agreements/demonstration.toml");
    let text = text.replacen("version = 1", &format!("version = 2\nprevious = \"{before}\""), 1);
    let compiled = compile(&text, &peers).unwrap();
    let keys: Vec<_> = houses.iter().map(House::organisation_key).collect();
    let keys: Vec<_> = keys.iter().collect();
    let envelope = Envelope::sign(MediaType::AGREEMENT, compiled.body, &keys).unwrap();
    for node in nodes {
        node.take_agreement(envelope.clone(), Origin::Account(&BY)).await.unwrap();
        // The other two have it from somebody else.
        let post = Post(node.clone());
        for other in &houses[2..] {
            let next = || tokio::time::timeout(Duration::from_millis(300), post.next_letter(&other.id));
            while let Ok(sent) = next().await {
                post.settle(&other.id, sent.ticket, ReceiptOutcome::Stored, 0).await;
            }
        }
        assert!(node.held_agreement(&compiled.agreement.id()).unwrap().signed.is_some());
    }
    compiled.agreement.id()
}

/// [KEY-25] [KEY-31] [BUN-20] [BUN-23] [BUN-105] In the third year the agreement is amended, in the fourth the hotline's keys are
/// stolen.
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_under_many_key_records_verifies_by_the_first_ones() {
    let (houses, hotline, shelter) = two().await;
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    carry(&hotline, &shelter).await;
    take(&shelter, &trail).await;
    let before = AgreementId::parse(&shelter.show(&worker(), &trail, false).await.unwrap().agreement).unwrap();
    let mut amended = before;
    for year in 1..=YEARS {
        let stolen = (year == 4).then_some(Stolen::Current);
        renew(&houses[0], &hotline, &shelter, NewKeys { stolen, ..ALL() }).await;
        renew(&houses[1], &shelter, &hotline, ALL()).await;
        if year == 3 {
            amended = amend(&houses, [&hotline, &shelter], &before).await;
        }
        say(&hotline, trail, Statement::Warned(WarningCode::RiskChanged)).await.unwrap();
        say(&shelter, trail, Statement::Acknowledged).await.unwrap();
        carry(&hotline, &shelter).await;
        carry(&shelter, &hotline).await;
        carry(&hotline, &shelter).await;
    }
    let later = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    carry(&hotline, &shelter).await;
    drop((hotline, shelter));
    let first: Vec<KeyRecordId> = houses.iter().map(|house| house.chain().newest_id()).collect();
    for (at, other) in [(0, 1), (1, 0)] {
        let node = open_again(&houses[at]);
        let shown = node.show(&worker(), &trail, false).await.unwrap();
        assert_eq!(shown.agreement, before.to_vec(), "the version that it was opened under");
        let newer = node.show(&worker(), &later, false).await.unwrap();
        assert_eq!((newer.agreement, before == amended), (amended.to_vec(), false));
        assert_eq!(node.me().chain().records().filter(|record| record.disowned().is_some()).count(), 1 - at);
        let export = Export {
            contact: false,
            by: worker(),
            second: Second::Nobody,
            trail,
            purpose: Purpose::Audit,
            scope: DisclosureScope::Labels,
            nonce: None,
            wait: Duration::ZERO,
        };
        let (bundle, _) = node.export(export).await.unwrap();
        let report = verdict::verify(&bundle, &trust(&houses, &first, &shown.agreement));
        assert_eq!((report.authentic, report.timeline.len()), (YesNo::Yes, shown.events.len()));
        assert!(report.timeline.len() > 2 * YEARS && report.breaches.is_empty());
        // Whoever demands the newest gets it, and whoever demands what is not there is told.
        let mut newest = first.clone();
        newest[at] = node.me().key_record();
        let report = verdict::verify(&bundle, &trust(&houses, &newest, &shown.agreement));
        assert_eq!(report.authentic, YesNo::Yes);
        newest[at] = first[other];
        let report = verdict::verify(&bundle, &trust(&houses, &newest, &shown.agreement));
        assert_eq!(report.exit, verdict::Exit::UnknownSigner);
    }
}
