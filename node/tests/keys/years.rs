//! A trail that was said under many key records, and who verifies it with the first ones alone.

use std::{sync::Arc, time::Duration};

use uput_core::{
    event::Statement,
    id::{AgreementId, KeyRecordId},
    time::Span,
    trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand},
    verdict::{self, YesNo},
    wire::{DisclosureScope, Purpose, WarningCode},
};
use uput_node::{
    node::{Export, Node, Post, Second},
    peer::Mailroom,
};

use crate::{
    house::{ALL, open_again, rotate, two},
    rotation::carry,
    town::{House, enquiry, say, take, worker},
};

/// Years, each with new keys on both sides.
const YEARS: usize = 5;

/// Names the organisations by these records, and nothing newer.
fn trust(houses: &[House], minima: &[KeyRecordId], agreement: &[u8]) -> TrustFile {
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

async fn renew(house: &House, node: &Arc<Node>, peer: &Arc<Node>) {
    rotate(house, node, ALL(), Span(0)).await.unwrap();
    let known = Post(peer.clone()).peer(&house.id).unwrap().key_records;
    Post(peer.clone()).learn(&house.id, Post(node.clone()).key_records_from(known)).await.unwrap();
}

/// [KEY-25] [BUN-20] [BUN-23]
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_under_many_key_records_verifies_by_the_first_ones() {
    let (houses, hotline, shelter) = two().await;
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    carry(&hotline, &shelter).await;
    take(&shelter, &trail).await;
    for _ in 0..YEARS {
        renew(&houses[0], &hotline, &shelter).await;
        renew(&houses[1], &shelter, &hotline).await;
        say(&hotline, trail, Statement::Warned(WarningCode::RiskChanged)).await.unwrap();
        say(&shelter, trail, Statement::Acknowledged).await.unwrap();
        carry(&hotline, &shelter).await;
        carry(&shelter, &hotline).await;
        carry(&hotline, &shelter).await;
    }
    drop((hotline, shelter));
    let first: Vec<KeyRecordId> = houses.iter().map(|house| house.chain().newest_id()).collect();
    for (at, other) in [(0, 1), (1, 0)] {
        let node = open_again(&houses[at]);
        let shown = node.show(&worker(), &trail, false).await.unwrap();
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
