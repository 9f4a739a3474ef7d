//! Values that wait for a peer while what they were said for ends: the event goes, they do not.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use town::{
    CONSENT, Carrier, Pair, enquiry, holds, pair, reads, reopened, request_id, say, say_with, tapped, until, worker,
};
use uput_core::{
    event::Statement,
    id::{EventId, TrailId},
    time::Seconds,
    wire::{self, LegalBasis},
};
use uput_node::{
    case::CaseId,
    node::{NewChange, NewFollowUp, NewTrail, Node, Post},
    peer::Mailroom,
};

const NAME: &str = "Invented Name";

/// A trail whose need was accepted, and a name that nobody has carried yet.
async fn named_and_waiting(pair: &Pair) -> (TrailId, EventId) {
    let carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(&pair.shelter, &trail, "asked").await;
    say(&pair.shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
    reads(&pair.hotline, &trail, "held").await;
    say_with(&pair.hotline, trail, Statement::Need, &[&CONSENT[..], &[("age_band", "30_59")]].concat()).await;
    until(|| async { pair.shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    say(&pair.shelter, trail, Statement::Accepted).await.unwrap();
    reads(&pair.hotline, &trail, "accepted").await;
    until(|| async { pair.hotline.queued().items == 0 && pair.shelter.queued().items == 0 }).await;
    drop(carriers);
    let identity =
        say_with(&pair.hotline, trail, Statement::Identity, &[&CONSENT[..], &[("name", NAME)]].concat()).await;
    (trail, identity)
}

/// Carries everything, and gives what was in the hotline's letters.
async fn carried(hotline: &Arc<Node>, pair: &Pair) -> Vec<u8> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let there = tapped(hotline, &pair.shelter, &pair.houses[1], &heard);
    let _back = Carrier::new(&pair.shelter, hotline);
    until(|| async { hotline.queued().items == 0 && pair.shelter.queued().items == 0 }).await;
    there.abort();
    heard.lock().unwrap().clone()
}

async fn findings(node: &Arc<Node>, trail: &TrailId, event: &EventId) -> Vec<String> {
    let shown = node.show(&worker(), trail, true).await.unwrap();
    shown.events.into_iter().find(|shown| shown.event == event.to_vec()).unwrap().findings
}

async fn labels(node: &Arc<Node>, trail: &TrailId) -> Vec<String> {
    town::take(node, trail).await;
    let shown = node.show(&worker(), trail, true).await.unwrap();
    shown.events.into_iter().flat_map(|event| event.fields).map(|field| field.label).collect()
}

async fn exclude(node: &Arc<Node>, case: CaseId, name: &str) {
    let new = NewFollowUp {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        change: NewChange::ExcludedOrganisations(vec![name.to_owned()]),
        label_words: Vec::new(),
        of_basis: BTreeMap::new(),
    };
    node.follow_up(new).await.unwrap();
}

/// [LET-20]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_waits_leaves_after_what_it_was_said_for_has_ended() {
    let stops = [
        (Some(Statement::Withdrawn), "ended_meanwhile"),
        (Some(Statement::Revoked(wire::RevocationReason::WrongRecipient)), "ended_meanwhile"),
        (None, "excluded_organisation"),
    ];
    for (stop, why) in stops {
        let pair = pair().await;
        let (trail, identity) = named_and_waiting(&pair).await;
        match &stop {
            Some(stop) => drop(say(&pair.hotline, trail, stop.clone()).await.unwrap()),
            None => exclude(&pair.hotline, pair.hotline.case_of(&trail).unwrap(), "shelter-jasen").await,
        }
        let heard = carried(&pair.hotline, &pair).await;
        assert!(!holds(&heard, NAME.as_bytes()), "{why}");
        let shown = pair.shelter.show(&worker(), &trail, false).await.unwrap();
        assert!(shown.events.iter().any(|event| event.event == identity.to_vec()), "the event goes: {why}");
        assert!(!labels(&pair.shelter, &trail).await.contains(&"name".to_owned()), "{why}");
        assert_eq!(findings(&pair.hotline, &trail, &identity).await, [why]);
        assert!(findings(&pair.shelter, &trail, &identity).await.is_empty(), "{why}");
    }
}

/// Without a stop the same name goes: what the tests above do not find would be found.
#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_has_ended_goes() {
    let pair = pair().await;
    let (trail, identity) = named_and_waiting(&pair).await;
    assert!(holds(&carried(&pair.hotline, &pair).await, NAME.as_bytes()));
    assert!(labels(&pair.shelter, &trail).await.contains(&"name".to_owned()));
    assert!(findings(&pair.hotline, &trail, &identity).await.is_empty());
}

/// [LET-21] A letter that was made without them and lost, a restart, a reopening: they stay withheld.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_withheld_once_never_goes() {
    let mut pair = pair().await;
    let (trail, identity) = named_and_waiting(&pair).await;
    say(&pair.hotline, trail, Statement::Withdrawn).await.unwrap();
    let post = Post(pair.hotline.clone());
    // Nobody carries it.
    drop(post.next_letter(&pair.houses[1].id).await);
    drop(post);
    assert_eq!(findings(&pair.hotline, &trail, &identity).await, ["ended_meanwhile"]);
    let shelter = pair.shelter.clone();
    let Pair { hotline, houses, .. } = pair;
    drop(hotline);
    let hotline = reopened(&houses[0]).await;
    pair = Pair { hotline: hotline.clone(), shelter, houses };
    assert_eq!(findings(&hotline, &trail, &identity).await, ["ended_meanwhile"]);
    assert!(!holds(&carried(&hotline, &pair).await, NAME.as_bytes()));
    reads(&pair.shelter, &trail, "withdrawn").await;
}

/// [NOD-95] [STA-17]
#[tokio::test(flavor = "multi_thread")]
async fn who_never_got_what_was_withheld_says_by_itself_that_nothing_is_left() {
    let mut pair = pair().await;
    let need = town::fields(&[&CONSENT[..], &[("age_band", "30_59")]].concat());
    let new = NewTrail { stage: 1, basis: LegalBasis::ExplicitConsent, fields: need, ..enquiry("shelter-jasen") };
    let trail = pair.hotline.open_trail(new).await.unwrap().unwrap();
    say(&pair.hotline, trail, Statement::Withdrawn).await.unwrap();
    let hotline = pair.hotline.clone();
    carried(&hotline, &pair).await;
    for node in [&pair.hotline, &pair.shelter] {
        let shown = node.show(&worker(), &trail, false).await.unwrap();
        let purged: Vec<_> = shown.events.iter().filter(|event| event.kind == "purged").collect();
        assert_eq!((purged.len(), shown.owed), (1, 0));
        assert_eq!(purged[0].code, "unopened");
    }
    // Who has any of it is asked by nobody but a person.
    pair.hotline = hotline;
    let (trail, _) = named_and_waiting(&pair).await;
    say(&pair.hotline, trail, Statement::Withdrawn).await.unwrap();
    let hotline = pair.hotline.clone();
    carried(&hotline, &pair).await;
    let shown = pair.shelter.show(&worker(), &trail, false).await.unwrap();
    assert!(shown.owed > 0 && shown.events.iter().all(|event| event.kind != "purged"));
}
