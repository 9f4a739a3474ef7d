//! What ends by the time: values, then evidence; who is told, who can hold it, and what is known afterwards.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "erasing/stopped.rs"]
mod stopped;
mod town;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use town::{
    CONSENT, Carrier, House, Pair, agree_on, enquiry, introduce, known, pair, reads, reopened, say, say_with, somebody,
    until, worker,
};
use uput_core::{
    bundle::Bundle,
    event::Statement,
    id::{AgreementId, TrailId},
    rejection::Rejection,
    time::Seconds,
    trust::{HeadDemand, TrustFile, TrustedAgreement, TrustedOrganisation, WitnessDemand},
    verdict::{self, Exit},
    wire::{
        ClosureReason, DisclosureScope, ErasureReason, HoldReason, HoldState, PurgeManner, Purpose, ReceiptOutcome,
        RetentionPart, RetentionState, Role,
    },
};
use uput_node::{
    account::{AccountId, Caller},
    clock,
    node::{Export, Node, OnWhat, Passed, Post, Second},
    peer::Mailroom as _,
    storage::KeyKind,
};

const DAY: u64 = 86_400;
/// Days of the warning, and under an agreement for demonstration seconds.
const WARNING: u64 = 14;
const NEED: [(&str, &str); 2] = [("age_band", "30_59"), ("language", "sq")];
const RUNNING: Duration = Duration::ZERO;

fn later(seconds: u64) -> Seconds {
    Seconds::new(clock::now().get() + seconds).unwrap()
}

fn supervisor(number: u8) -> Caller {
    somebody(AccountId::new([number; 16]), number, Role::Supervisor)
}

/// Both supervisors of a node, so that their pseudonyms can be told apart.
fn supervisors(node: &Node) -> [Caller; 2] {
    let both = [supervisor(41), supervisor(42)];
    both.iter().for_each(|caller| known(node, caller));
    both
}

/// A need was said, accepted, and the trail closed. Gives the letter with the opening.
async fn closed(pair: &Pair) -> (TrailId, Vec<u8>) {
    let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    let (from, to) = (Post(pair.hotline.clone()), Post(pair.shelter.clone()));
    let outgoing = from.next_letter(&to.organisation()).await;
    let letter = outgoing.letter.clone();
    let (outcome, code) = to.receive(&from.organisation(), outgoing.letter).await;
    from.settle(&to.organisation(), outgoing.ticket, outcome, code).await;
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    reads(&pair.shelter, &trail, "asked").await;
    say(&pair.shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
    reads(&pair.hotline, &trail, "held").await;
    say_with(&pair.hotline, trail, Statement::Need, &[&CONSENT[..], &NEED].concat()).await;
    until(|| async { pair.shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    say(&pair.shelter, trail, Statement::Accepted).await.unwrap();
    reads(&pair.hotline, &trail, "accepted").await;
    say(&pair.hotline, trail, Statement::Closed(ClosureReason::Done)).await.unwrap();
    reads(&pair.shelter, &trail, "closed").await;
    quiet(pair).await;
    (trail, letter)
}

async fn quiet(pair: &Pair) {
    until(|| async { pair.hotline.queued().items + pair.shelter.queued().items == 0 }).await;
}

/// When the values of a trail end, and the evidence.
fn spans(pair: &Pair) -> (u64, u64) {
    let source = include_str!("../../specs/agreements/demonstration.toml");
    let peers: BTreeMap<_, _> = ["hotline", "shelter-jasen", "shelter-lipa", "centre"]
        .iter()
        .zip(&pair.houses)
        .map(|(name, house)| ((*name).to_owned(), house.id))
        .collect();
    let compiled = uput_core::agreement::compile(source, &peers).unwrap();
    let retention = compiled.agreement.retention();
    (retention.values.0, retention.evidence.0)
}

/// Two looks at one node: one from which on people are told, one when the warning is over.
async fn over(node: &Node, span: u64) -> (Passed, Passed) {
    let noted = node.end_retentions(later(span + 60), RUNNING).await;
    (noted, node.end_retentions(later(span + 60 + WARNING), RUNNING).await)
}

async fn values_of(node: &Arc<Node>, trail: &TrailId) -> usize {
    let shown = node.show(&worker(), trail, true).await.unwrap();
    // Who acted is not about her.
    let about_her = |label: &str| !matches!(label, "actor" | "actor_role");
    let fields = shown.events.iter().flat_map(|event| &event.fields);
    fields.filter(|field| !field.value.is_empty() && about_her(&field.label)).count()
}

async fn exported(node: &Arc<Node>, trail: TrailId, scope: DisclosureScope) -> Result<Vec<u8>, Rejection> {
    let (second, purpose) = (Second::Nobody, Purpose::Client);
    let wait = Duration::ZERO;
    let export = Export { contact: true, by: worker(), second, trail, purpose, scope, nonce: None, wait };
    node.export(export).await.map(|(bundle, _)| bundle)
}

fn trust(pair: &Pair, agreement: &[u8]) -> TrustFile {
    let named = |at: usize| TrustedOrganisation {
        name: ["hotline", "shelter", "lipa", "centre"][at].to_owned(),
        organisation: pair.houses[at].id,
        minimum: pair.houses[at].chain().newest_id(),
    };
    let mut organisations: Vec<_> = (0..4).map(named).collect();
    organisations.sort_by_key(|trusted| trusted.organisation);
    TrustFile {
        made_by: "an invented auditor".to_owned(),
        witnesses: WitnessDemand::default(),
        heads: HeadDemand::default(),
        organisations,
        agreements: vec![TrustedAgreement {
            title: "invented".to_owned(),
            agreement: AgreementId::parse(agreement).unwrap(),
        }],
    }
}

/// [RET-1] [RET-5] [RET-16] [RET-20] [RET-23]
#[tokio::test(flavor = "multi_thread")]
async fn values_end_with_their_retention_and_every_bundle_says_so() {
    let pair = pair().await;
    let (trail, _) = closed(&pair).await;
    let (values, _) = spans(&pair);
    let before = exported(&pair.shelter, trail, DisclosureScope::Values).await.unwrap();
    for node in [&pair.hotline, &pair.shelter] {
        assert!(values_of(node, &trail).await > 0);
        assert_eq!(node.end_retentions(later(values - 60), RUNNING).await, Passed::default(), "nobody is told yet");
        let (noted, ended) = over(node, values).await;
        assert_eq!(
            (noted, ended),
            (Passed { noted: 1, ..Passed::default() }, Passed { values: 1, ..Passed::default() })
        );
        assert_eq!(values_of(node, &trail).await, 0);
        assert_eq!(node.end_retentions(later(values + 600), RUNNING).await, Passed::default(), "once");
    }
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    for node in [&pair.hotline, &pair.shelter] {
        until(|| async { kinds(node, &trail).await.contains(&"purged".to_owned()) }).await;
    }
    quiet(&pair).await;
    let agreement = pair.hotline.show(&worker(), &trail, false).await.unwrap().agreement;
    let trust = trust(&pair, &agreement);
    let old = verdict::verify(&before, &trust);
    assert_eq!(old.exit, Exit::Valid, "{:?}", old.checks);
    for (node, name) in [(&pair.hotline, "hotline"), (&pair.shelter, "shelter")] {
        let bundle = exported(node, trail, DisclosureScope::Values).await.unwrap();
        let report = verdict::verify(&bundle, &trust);
        assert_eq!(report.exit, Exit::Valid, "{:?} {:?}", report.conformant, report.checks);
        let said = report.words.iter().find(|words| words.contains("erased the values of")).unwrap();
        assert!(said.starts_with(name) && said.ends_with("the retention that the agreement sets was over."), "{said}");
        let erased = &Bundle::parse(&bundle).unwrap().erasures;
        assert_eq!((erased.len(), erased[0].reason), (1, ErasureReason::Retention));
        assert!(erased[0].events.len() >= 4, "what both said: {}", erased[0].events.len());
    }
    let listed = pair.shelter.list_retentions(&worker(), clock::now()).rows;
    assert_eq!((listed.len(), listed[0].state(), listed[0].part()), {
        (1, RetentionState::Erased, RetentionPart::Values)
    });
}

async fn kinds(node: &Arc<Node>, trail: &TrailId) -> Vec<String> {
    node.show(&worker(), trail, false).await.unwrap().events.into_iter().map(|event| event.kind).collect()
}

/// [RET-18] What was destroyed and not said is said at the next start; nothing is said twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_between_the_keys_and_the_word_is_gone_on_with() {
    let pair = pair().await;
    let (trail, _) = closed(&pair).await;
    let (values, _) = spans(&pair);
    let Pair { hotline, shelter, houses, .. } = pair;
    assert_eq!(shelter.end_retentions(later(values + 60), RUNNING).await.noted, 1);
    drop((hotline, shelter));
    drop(reopened(&houses[1]).await);
    let storage = houses[1].open_storage();
    tokio::task::block_in_place(|| storage.erase(trail.as_bytes(), KeyKind::Value)).unwrap();
    drop(storage);
    let shelter = reopened(&houses[1]).await;
    let known_as = |node: &Arc<Node>| node.case_of(&trail).is_some();
    assert!(known_as(&shelter));
    let after = later(values + 60 + WARNING);
    assert_eq!(shelter.end_retentions(after, RUNNING).await, Passed { values: 1, ..Passed::default() });
    assert_eq!(shelter.end_retentions(after, RUNNING).await, Passed::default());
    let said = kinds(&shelter, &trail).await;
    assert_eq!(said.iter().filter(|kind| *kind == "purged").count(), 1, "{said:?}");
}

/// [RET-3] [RET-6] [RET-7] The first look after a jump tells people, and each day of the warning takes a day.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_ahead_by_years_erases_nothing_that_nobody_could_have_read_of() {
    let (houses, nodes) = in_earnest().await;
    let (a, b) = (&nodes[0], &nodes[1]);
    let _carriers = Carrier::both(a, b);
    let trail = a.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
    reads(b, &trail, "asked").await;
    say(b, trail, Statement::Declined(uput_core::wire::DeclineReason::NoPlace)).await.unwrap();
    reads(a, &trail, "declined").await;
    say(a, trail, Statement::Closed(ClosureReason::Done)).await.unwrap();
    assert_eq!(houses.len(), 4);
    let jump = 20 * 366 * DAY;
    let first = a.end_retentions(later(jump), RUNNING).await;
    assert_eq!((first.noted, first.values), (2, 0), "values and evidence");
    for _ in 0..100 {
        assert_eq!(a.end_retentions(later(jump), Duration::from_secs(60)).await, Passed::default());
    }
    // A day that comes too soon by the counter counts for nothing.
    for day in 1..100 {
        assert_eq!(a.end_retentions(later(jump + day * DAY), Duration::from_secs(60)).await, Passed::default());
    }
    for day in 1..=WARNING {
        let running = Duration::from_secs(20 * 3_600 * day);
        let passed = a.end_retentions(later(jump + (100 + day) * DAY), running).await;
        assert_eq!(passed.values, usize::from(day == WARNING), "day {day}");
    }
}

/// Four houses under an agreement that is not for demonstration.
async fn in_earnest() -> ([House; 4], Vec<Arc<Node>>) {
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
    let names = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
    let mut carriers = Vec::new();
    for (name, node) in names.iter().zip(&nodes).skip(1) {
        introduce(&nodes[0], "hotline", node, name).await;
        carriers.extend(Carrier::both(&nodes[0], node));
    }
    let text = include_str!("../../specs/agreements/demonstration.toml");
    let text = text.replace("grain = 1\ndemonstration = true", "grain = 60");
    let parties: Vec<_> =
        names.iter().zip(&houses).zip(&nodes).map(|((name, house), node)| (*name, house, node)).collect();
    agree_on(&text, &parties).await;
    until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;
    (houses, nodes)
}

/// [RET-10] [RET-11] [RET-12] [RET-13] [RET-14] [RET-8]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_destroyed_by_nobody_until_two_people_end_it() {
    let pair = pair().await;
    let (trail, _) = closed(&pair).await;
    let (values, _) = spans(&pair);
    let node = &pair.shelter;
    let [sanja, berta] = supervisors(node);
    assert_eq!(node.end_retentions(later(values + 60), RUNNING).await.noted, 1);
    let (reason, until) = (HoldReason::CriminalProceedings, later(values + 100 * DAY));
    let past = node.set_hold(&sanja, OnWhat::Trail(trail), reason, Seconds::new(5).unwrap()).await;
    assert_eq!(past.err(), Some(Rejection::BadValue));
    let hold = node.set_hold(&sanja, OnWhat::Trail(trail), reason, until).await.unwrap();
    assert_eq!(hold.state(), HoldState::Set);
    let id = uput_node::node::HoldId::parse(&hold.hold).unwrap();
    assert_eq!(node.confirm_hold(&sanja, &id).await.err(), Some(Rejection::NotToReview), "another person does");
    let refused = say(node, trail, Statement::Purged(PurgeManner::Destroyed)).await;
    let refused = refused.err().map(|refused| refused.rejection());
    assert_eq!(refused, Some(Rejection::OnHold), "it stands before anybody confirms it");
    assert_eq!(node.confirm_hold(&berta, &id).await.unwrap().state(), HoldState::Confirmed);
    let held = node.end_retentions(later(values + 60 + WARNING), RUNNING).await;
    assert_eq!((held.values, held.held), (0, 1));
    assert!(values_of(node, &trail).await > 0);
    assert_eq!(node.list_retentions(&sanja, later(values + 60)).rows[0].state(), RetentionState::Held);
    assert!(node.list_holds(&worker()).is_empty() && node.list_holds(&sanja).len() == 1);
    assert_eq!(node.confirm_hold(&worker(), &id).await.err(), Some(Rejection::NoSuchHold));
    // One alone ends nothing, however often.
    assert_eq!(node.end_hold(&sanja, &id).await.unwrap().state(), HoldState::Ending);
    assert_eq!(node.end_hold(&sanja, &id).await.unwrap().state(), HoldState::Ending);
    assert_eq!(node.end_retentions(later(values + 120), RUNNING).await.values, 0);
    assert_eq!(node.end_hold(&berta, &id).await.unwrap().state(), HoldState::Ended);
    assert_eq!(node.end_hold(&berta, &id).await.err(), Some(Rejection::NoSuchHold), "it is over");
    say(node, trail, Statement::Purged(PurgeManner::Destroyed)).await.unwrap();
    assert_eq!(values_of(node, &trail).await, 0);
    let bundle = Bundle::parse(&exported(node, trail, DisclosureScope::Labels).await.unwrap()).unwrap();
    assert_eq!(bundle.erasures[0].reason, ErasureReason::Ended, "[RET-17]");
}

/// [RET-10] [RET-12] [CAS-125] A hold on a case holds its trails and its record; one that nobody confirms lapses.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_on_a_case_holds_all_of_it_and_lapses_if_nobody_confirms_it() {
    let pair = pair().await;
    let (trail, _) = closed(&pair).await;
    let (values, _) = spans(&pair);
    let node = &pair.hotline;
    let [sanja, _] = supervisors(node);
    let case = node.case_of(&trail).unwrap();
    let until = later(4 * 365 * DAY);
    node.set_hold(&sanja, OnWhat::Case(case), HoldReason::Complaint, until).await.unwrap();
    assert_eq!(node.erase_case_record(&worker(), &case).await.err(), Some(Rejection::OnHold));
    // Within the fourteen days it stands; they are over before the values are.
    assert_eq!(node.end_retentions(later(13 * DAY), RUNNING).await, Passed::default());
    assert_eq!(node.erase_case_record(&worker(), &case).await.err(), Some(Rejection::OnHold));
    let (noted, ended) = over(node, values.max(15 * DAY)).await;
    assert_eq!((noted.noted, ended.values), (1, 1));
    node.erase_case_record(&worker(), &case).await.unwrap();
}

/// [RET-19] [RET-24] Nothing brings back what was erased: no letter, no start, no question.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_ends_after_the_values_and_no_letter_undoes_it() {
    let pair = pair().await;
    let (trail, opening) = closed(&pair).await;
    let (values, evidence) = spans(&pair);
    let Pair { hotline, shelter, houses, .. } = pair;
    over(&shelter, values).await;
    let old = Post(shelter.clone()).receive(&houses[0].id, opening.clone()).await;
    assert_eq!(old, (ReceiptOutcome::Stored, 0), "it is known");
    assert_eq!(values_of(&shelter, &trail).await, 0, "an old letter does not undo an erasure");
    let (noted, ended) = over(&shelter, evidence).await;
    assert_eq!((noted.noted, ended.evidence), (1, 1), "{noted:?} {ended:?}");
    let mut shelter = shelter;
    for _ in 0..2 {
        let shown = shelter.show(&worker(), &trail, true).await;
        assert_eq!(shown.err(), Some(Rejection::RetentionOver));
        let export = exported(&shelter, trail, DisclosureScope::Labels).await;
        assert_eq!(export.err(), Some(Rejection::RetentionOver));
        let code = Rejection::RetentionOver.number();
        let old = Post(shelter.clone()).receive(&houses[0].id, opening.clone()).await;
        assert_eq!(old, (ReceiptOutcome::Refused, code));
        let stranger = Post(shelter.clone()).receive(&houses[2].id, opening.clone()).await;
        assert_ne!(stranger.1, code, "to anybody else it is not here");
        assert_eq!(shelter.queued().items, 0);
        let rows = shelter.list_retentions(&worker(), clock::now()).rows;
        assert_eq!(rows.len(), 2, "the ID stays, with when and why");
        assert!(rows.iter().all(|row| row.state() == RetentionState::Erased && row.trail == trail.to_vec()));
        drop(shelter);
        shelter = reopened(&houses[1]).await;
    }
    let keys = |storage: &uput_node::storage::Storage| storage.trail_keys(trail.as_bytes()).unwrap();
    drop((shelter, hotline));
    drop(reopened(&houses[1]).await);
    let storage = houses[1].open_storage();
    assert!(keys(&storage).value.is_none() && keys(&storage).evidence.is_none());
}

/// [RET-2] [RET-4] [RET-15] What is owed and was never purged ends all the same; what lives does not end, and is counted.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_ends_too_and_what_lives_is_counted_and_stays() {
    let pair = pair().await;
    let (values, _) = spans(&pair);
    let _carriers = Carrier::both(&pair.hotline, &pair.shelter);
    let mut trails = Vec::new();
    for _ in 0..2 {
        let trail = pair.hotline.open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        reads(&pair.shelter, &trail, "asked").await;
        say(&pair.shelter, trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
        reads(&pair.hotline, &trail, "held").await;
        say_with(&pair.hotline, trail, Statement::Need, &[&CONSENT[..], &NEED].concat()).await;
        until(|| async { pair.shelter.show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
        trails.push(trail);
    }
    say(&pair.hotline, trails[0], Statement::Withdrawn).await.unwrap();
    reads(&pair.shelter, &trails[0], "withdrawn").await;
    assert!(pair.shelter.show(&worker(), &trails[0], false).await.unwrap().owed > 0);
    let (noted, ended) = over(&pair.shelter, values).await;
    assert_eq!((noted.noted, ended.values), (1, 1), "of two one had ended");
    assert_eq!(values_of(&pair.shelter, &trails[0]).await, 0);
    assert_eq!(pair.shelter.show(&worker(), &trails[0], false).await.unwrap().owed, 0, "it said so");
    assert!(values_of(&pair.shelter, &trails[1]).await > 0, "she may be there still");
    let left_open = |seconds| pair.shelter.list_retentions(&worker(), later(seconds)).left_open;
    assert_eq!((left_open(values - 600), left_open(values + 600)), (0, 1));
}
