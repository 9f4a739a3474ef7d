//! What a node says by itself when a trail ends: that it never opened what crossed the ending, and where the trail stands.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{sync::Arc, time::Duration};

use town::{CONSENT, Carrier, Pair, enquiry, pair, reads, say, say_with, until, worker};
use uput_core::{
    bundle::Bundle,
    event::Statement,
    head::Head,
    id::{OrgId, TrailId},
    time::{Seconds, Span},
    wire::{self, DisclosureScope},
};
use uput_node::{
    node::{Export, Node, Second},
    on_call::Channels,
};

const NEED: [(&str, &str); 1] = [("age_band", "30_59")];

/// An enquiry for which a place is held.
async fn held(pair: &Pair) -> TrailId {
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&pair.shelter, &trail, "asked").await;
    say(&pair.shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
    reads(&pair.hotline, &trail, "held").await;
    quiet(pair).await;
    trail
}

/// The need is disclosed and accepted.
async fn accepted(pair: &Pair) -> TrailId {
    let trail = held(pair).await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    say_with(&pair.hotline, trail, Statement::Need, &[&CONSENT[..], &NEED].concat()).await;
    until(|| async { pair.shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    say(&pair.shelter, trail, Statement::Accepted).await.unwrap();
    reads(&pair.hotline, &trail, "accepted").await;
    quiet(pair).await;
    trail
}

async fn quiet(pair: &Pair) {
    until(|| async { pair.hotline.queued().items == 0 && pair.shelter.queued().items == 0 }).await;
}

async fn kinds(node: &Arc<Node>, trail: &TrailId) -> Vec<String> {
    let mut kinds: Vec<String> =
        node.show(&worker(), trail, false).await.unwrap().events.into_iter().map(|event| event.kind).collect();
    kinds.sort();
    kinds
}

async fn carried(pair: &Pair) {
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    quiet(pair).await;
}

fn declined() -> Statement {
    Statement::Declined(wire::DeclineReason::NoPlace)
}

/// Heads that a node has of a trail, without asking anybody.
async fn heads(node: &Arc<Node>, trail: TrailId) -> Vec<Head> {
    let (purpose, scope) = (wire::Purpose::Audit, DisclosureScope::Nothing);
    let export = Export {
        contact: false,
        by: worker(),
        second: Second::Nobody,
        trail,
        purpose,
        scope,
        nonce: None,
        wait: Duration::ZERO,
    };
    let (bytes, fresh) = node.export(export).await.unwrap();
    assert!(!fresh);
    Bundle::parse(&bytes).unwrap().heads.iter().map(|head| Head::parse(head.body()).unwrap()).collect()
}

async fn head_of(node: &Arc<Node>, trail: TrailId, author: OrgId) -> Option<Head> {
    heads(node, trail).await.into_iter().find(|head| head.author == author)
}

/// [STA-17]
#[tokio::test(flavor = "multi_thread")]
async fn a_need_that_crossed_a_no_is_purged_unopened_without_anybodys_doing() {
    let pair = pair().await;
    let trail = held(&pair).await;
    say_with(&pair.hotline, trail, Statement::Need, &[&CONSENT[..], &NEED].concat()).await;
    say(&pair.shelter, trail, declined()).await.unwrap();
    carried(&pair).await;
    for node in [&pair.hotline, &pair.shelter] {
        let shown = node.show(&worker(), &trail, false).await.unwrap();
        let purged = shown.events.iter().find(|event| event.kind == "purged").unwrap();
        assert_eq!((purged.code.as_str(), purged.void_reason.as_str()), ("unopened", ""));
        assert!(shown.notes.iter().all(|note| !note.contains("purged or retained")), "{:?}", shown.notes);
        assert!(shown.events.iter().all(|event| event.findings.is_empty()));
    }
    let seen = pair.shelter.show(&worker(), &trail, true).await.unwrap();
    assert_eq!(seen.owed, 0);
    let need = seen.events.iter().find(|event| event.kind == "need").unwrap();
    assert!(need.fields.is_empty(), "it was never opened");
}

/// [STA-17] A purge covers all that its author had seen: what was opened before is for a person to decide.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_opened_before_is_left_to_a_person() {
    let pair = pair().await;
    let trail = accepted(&pair).await;
    say_with(&pair.hotline, trail, Statement::Identity, &[&CONSENT[..], &[("name", "Invented Name")]].concat()).await;
    say(&pair.shelter, trail, declined()).await.unwrap();
    carried(&pair).await;
    assert!(!kinds(&pair.shelter, &trail).await.contains(&"purged".to_owned()));
    assert_eq!(pair.shelter.show(&worker(), &trail, false).await.unwrap().owed, 2);
    say(&pair.shelter, trail, Statement::Purged(wire::PurgeManner::Destroyed)).await.unwrap();
    assert_eq!(pair.shelter.show(&worker(), &trail, false).await.unwrap().owed, 0);
}

/// [BUN-40]
#[tokio::test(flavor = "multi_thread")]
async fn both_offer_a_head_when_a_trail_ends() {
    let pair = pair().await;
    let trail = held(&pair).await;
    assert_eq!(heads(&pair.hotline, trail).await.len(), 1, "our own, of the export");
    say(&pair.hotline, trail, Statement::Withdrawn).await.unwrap();
    carried(&pair).await;
    let shelter = head_of(&pair.hotline, trail, pair.houses[1].id).await.unwrap();
    let hotline = head_of(&pair.shelter, trail, pair.houses[0].id).await.unwrap();
    assert_eq!((shelter.own_count, shelter.seen_count), (3, 3), "its held and two delivered, the withdrawal seen");
    let (own, seen) = (hotline.own_count, hotline.seen_count);
    assert_eq!((own, seen), (3, 2), "its opening, delivered and withdrawal; what says that this arrived comes after");
}

/// [BUN-40] A head says what was owed when it was signed; when all is settled there is another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_offered_again_when_nothing_is_owed_any_more() {
    let pair = pair().await;
    let trail = accepted(&pair).await;
    say(&pair.hotline, trail, Statement::Withdrawn).await.unwrap();
    carried(&pair).await;
    let before = head_of(&pair.hotline, trail, pair.houses[1].id).await.unwrap();
    say(&pair.shelter, trail, Statement::Purged(wire::PurgeManner::Destroyed)).await.unwrap();
    carried(&pair).await;
    let after = head_of(&pair.hotline, trail, pair.houses[1].id).await.unwrap();
    assert_eq!(after.own_count, before.own_count + 1);
}

/// [TIM-13] [TIM-72]
#[tokio::test(flavor = "multi_thread")]
async fn what_ends_is_listed_in_pages_what_is_nearest_first_and_after_a_restart_too() {
    let Pair { hotline, shelter, houses } = pair().await;
    let carriers = Carrier::both(&hotline, &shelter);
    let now = uput_node::clock::now().get();
    let mut trails = Vec::new();
    for until in [now - 40 * 86_400, now + 86_400, now + 400 * 86_400] {
        let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        reads(&shelter, &trail, "asked").await;
        say(&shelter, trail, Statement::Held { until: Seconds::new(until - until % 60).unwrap() }).await.unwrap();
        reads(&hotline, &trail, "held").await;
        trails.push(trail.to_vec());
    }
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    drop((carriers, shelter));
    let listed = async |node: &Arc<Node>, ahead: u64| {
        node.warn_ahead(Span(ahead * 86_400));
        node.look_at_everything();
        while node.nudge(&Channels::default(), uput_node::clock::now()).await == Some(uput_node::clock::now()) {}
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page = node.list_ending(&worker(), 1, &token).unwrap();
            assert!(page.trails.len() <= 1);
            found.extend(page.trails);
            token = page.next;
            if token.is_empty() {
                return found;
            }
        }
    };
    let ids = |rows: &[wire::Trail]| rows.iter().map(|row| row.trail.clone()).collect::<Vec<_>>();
    let near = listed(&hotline, 14).await;
    assert_eq!(ids(&near), [trails[1].clone(), trails[0].clone()], "tomorrow before last month");
    assert!(hotline.list_ending(&worker(), 1, "00").is_err(), "no token of ours");
    drop(hotline);
    let again = town::reopened(&houses[0]).await;
    let all = listed(&again, 365 * 100).await;
    assert_eq!(all.len(), 3);
    let ends_alone = |row: &wire::Trail| row.endings.iter().any(|ending| ending.what == "agreement");
    assert!(all.iter().all(ends_alone), "the agreement ends in each of them");
}

/// [TIM-72] A trail in which nothing ends but by its agreement.
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_ends_only_by_its_agreement_is_known_after_a_restart() {
    let Pair { hotline, shelter, houses } = pair().await;
    let trail = hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let carriers = Carrier::both(&hotline, &shelter);
    reads(&shelter, &trail, "asked").await;
    say(&shelter, trail, Statement::Waitlisted).await.unwrap();
    reads(&hotline, &trail, "waitlisted").await;
    until(|| async { hotline.queued().items == 0 && shelter.queued().items == 0 }).await;
    drop((carriers, hotline));
    drop(shelter);
    let shelter = town::reopened(&houses[1]).await;
    shelter.warn_ahead(Span(365 * 100 * 86_400));
    shelter.look_at_everything();
    shelter.nudge(&Channels::default(), uput_node::clock::now()).await;
    let found = shelter.list_ending(&worker(), 5, "").unwrap().trails;
    assert_eq!(found.iter().map(|row| row.trail.clone()).collect::<Vec<_>>(), [trail.to_vec()]);
    assert!(found[0].endings.iter().all(|ending| ending.what == "agreement"), "{:?}", found[0].endings.len());
}
