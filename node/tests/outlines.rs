//! The list of trails says what each trail says, whatever happened to it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{fs, sync::Arc};

use town::{CONSENT, Carrier, Pair, caller_as, enquiry, event, fields, pair, reopened, request_id, until};
use uput_core::{
    event::Statement,
    id::TrailId,
    time::Seconds,
    wire::{self, LegalBasis},
};
use uput_node::node::{Listing, NewEvent, Node};

const WARNED: Statement = Statement::Warned(wire::WarningCode::DoNotContact);

/// A stream of numbers that a seed decides.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn statement(&mut self) -> Statement {
        let all = [
            Statement::Need,
            Statement::Need,
            Statement::Held { until: Seconds::new(4_000_000_000).unwrap() },
            Statement::Held { until: Seconds::new(4_000_000_000).unwrap() },
            Statement::Accepted,
            Statement::Accepted,
            Statement::Acknowledged,
            WARNED,
            Statement::Waitlisted,
            Statement::Declined(wire::DeclineReason::NoPlace),
            Statement::Closed(wire::ClosureReason::Done),
            Statement::Withdrawn,
            Statement::ChosenElsewhere,
            Statement::Misdirected,
            Statement::Reopened,
            Statement::Reopened,
            Statement::PurgeAsked,
            Statement::Purged(wire::PurgeManner::Destroyed),
            Statement::ContactMade,
            Statement::Started,
            Statement::TransferOffered,
        ];
        all[self.below(all.len())].clone()
    }
}

/// Says it, if the trail's state allows it.
async fn say(node: &Arc<Node>, trail: TrailId, statement: Statement) -> bool {
    let discloses = statement == Statement::Need;
    let new = NewEvent {
        request_id: request_id(),
        fields: if discloses { fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat()) } else { Vec::new() },
        basis: discloses.then_some(LegalBasis::ExplicitConsent),
        ..event(trail, statement)
    };
    node.record_event(new).await.is_ok()
}

/// Every row, in pages of that size.
fn rows(node: &Arc<Node>, waiting: bool, most: usize) -> Vec<wire::Trail> {
    let caller = caller_as(wire::Role::Supervisor);
    let (mut rows, mut token) = (Vec::new(), String::new());
    loop {
        let page = node.list(&caller, &Listing { waiting, most, token: &token }).unwrap();
        assert!(page.trails.len() <= most);
        // [TIM-13] What ends is told when a trail was looked at after it changed.
        rows.extend(page.trails.into_iter().map(|row| wire::Trail { endings: Vec::new(), ..row }));
        token = page.next;
        if token.is_empty() {
            return rows;
        }
    }
}

/// Whether the next step is ours, read off a trail.
fn waits(trail: &wire::Trail) -> bool {
    let runs = trail.deadlines.iter().any(|deadline| deadline.ours && deadline.met == 0);
    trail.owed > 0 || runs || trail.notes.iter().any(|note| note.starts_with("broken off"))
}

/// What the list would be if every trail were read.
async fn slowly(node: &Arc<Node>) -> Vec<wire::Trail> {
    let mut trails = Vec::new();
    for id in node.trail_ids().unwrap() {
        // A trail that has just come is in the index before it is in its case; then the two ways differ, and it is read again.
        let Ok(shown) = node.show(&town::worker(), &id, false).await else { continue };
        trails.push(wire::Trail { events: Vec::new(), endings: Vec::new(), ..shown });
    }
    trails.sort_by_key(|trail| (!waits(trail), u64::MAX - trail.changed, trail.trail.clone()));
    trails
}

async fn lists_what_is_there(node: &Arc<Node>, most: usize) {
    // A letter may be on its way between the two ways to read.
    until(|| async {
        let slow = slowly(node).await;
        let waiting: Vec<_> = slow.iter().filter(|trail| waits(trail)).cloned().collect();
        rows(node, false, most) == slow && rows(node, true, most) == waiting && node.trail_count() == slow.len()
    })
    .await;
}

/// [NOD-37] [API-9]
#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_what_every_trail_says_after_any_history() {
    let mut pair = pair().await;
    let mut draw = Draw(20_261_122);
    let (mut trails, mut said, mut restarts) = (Vec::new(), 0, 0);
    for round in 0..40 {
        if trails.len() < 30 {
            trails.push(pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap());
        }
        {
            // In two rounds of three they talk; in the third what both say crosses.
            let _carriers = (draw.below(3) > 0).then(|| Carrier::both(&pair.hotline, &pair.shelter));
            for _ in 0..draw.below(12) {
                let node = if draw.below(2) == 0 { &pair.hotline } else { &pair.shelter };
                let trail = trails[draw.below(trails.len())];
                said += u32::from(say(node, trail, draw.statement()).await);
            }
            let most = 1 + draw.below(5);
            lists_what_is_there(&pair.hotline, most).await;
            lists_what_is_there(&pair.shelter, most).await;
        }
        if round % 10 == 9 {
            let Pair { hotline, shelter, houses } = pair;
            drop((hotline, shelter));
            if round % 20 == 19 {
                drop(reopened(&houses[0]).await);
                fs::remove_dir_all(houses[0].path().join("index")).unwrap();
            }
            let (hotline, shelter) = (reopened(&houses[0]).await, reopened(&houses[1]).await);
            lists_what_is_there(&hotline, 3).await;
            lists_what_is_there(&shelter, 3).await;
            pair = Pair { hotline, shelter, houses };
            restarts += 1;
        }
    }
    let seen = rows(&pair.hotline, false, 50);
    let headlines: std::collections::BTreeSet<_> = seen.iter().map(|trail| trail.headline.clone()).collect();
    assert!(said > 40 && restarts == 4 && headlines.len() > 2, "{said} {restarts} {headlines:?}");
}

/// [API-9]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_serves_whoever_got_it_and_nobody_else() {
    let pair = pair().await;
    for _ in 0..3 {
        pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    }
    let (one, mut other) = (caller_as(wire::Role::Supervisor), caller_as(wire::Role::Supervisor));
    other.account = uput_node::account::AccountId::new([3; 16]);
    let token = pair.hotline.list(&one, &Listing { waiting: false, most: 1, token: "" }).unwrap().next;
    let list = |caller, token: &str| pair.hotline.list(caller, &Listing { waiting: false, most: 1, token }).map(|_| ());
    assert!(list(&one, &token).is_ok());
    assert_eq!(list(&other, &token), Err(uput_core::rejection::Rejection::BadCursor));
    let altered = token.replacen(|c: char| c != '0', "0", 1);
    for wrong in ["1", "zz", altered.as_str(), &token[2..]] {
        assert_eq!(list(&one, wrong), Err(uput_core::rejection::Rejection::BadCursor), "{wrong}");
    }
}
