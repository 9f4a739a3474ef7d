//! Several shelters are asked at once, she chooses one, and the others hear that, durably, before she is named anywhere; who
//! she is they never learn.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tokio::task::JoinHandle;
use town::{
    CONSENT, Carrier, House, agree, broken_off, enquiry, event, everything, fields, holds, introduce, reads, reopened,
    request_id, say, say_with, tapped, until, worker,
};
use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    time::Seconds,
    wire::{self, Beside, FollowState, LegalBasis, Role},
};
use uput_node::{
    account::AccountId,
    case::CaseId,
    node::{NewChange, NewEvent, NewFollowUp, NewTrail, Node},
    record::{self, EventRecord},
    storage::Position,
};

const NAMES: [&str; 4] = ["hotline", "shelter-jasen", "shelter-lipa", "centre"];
/// What is hers alone, and stands in what only the chosen one is told.
const HERS: [&str; 3] = ["Zvjezdana Canary", "+38269000777", "canary dentist"];

struct Night {
    houses: [House; 4],
    nodes: Vec<Arc<Node>>,
    /// Everything that Lipa's node was handed, as it reads it.
    heard: Arc<Mutex<Vec<u8>>>,
    tap: JoinHandle<()>,
    _back: Carrier,
    _jasen: [Carrier; 2],
}

async fn night() -> Night {
    town::listen();
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
    let mut carriers = Vec::new();
    for (name, node) in NAMES.iter().zip(&nodes).skip(1) {
        introduce(&nodes[0], "hotline", node, name).await;
        carriers.push(Carrier::both(&nodes[0], node));
    }
    let parties: Vec<_> =
        NAMES.iter().zip(&houses).zip(&nodes).map(|((name, house), node)| (*name, house, node)).collect();
    agree(&parties).await;
    until(|| async { nodes.iter().all(|node| node.queued().items == 0) }).await;
    drop(carriers);
    let heard = Arc::default();
    let tap = tapped(&nodes[0], &nodes[2], &houses[2], &heard);
    let (back, jasen) = (Carrier::new(&nodes[2], &nodes[0]), Carrier::both(&nodes[0], &nodes[1]));
    Night { houses, nodes, heard, tap, _back: back, _jasen: jasen }
}

impl Night {
    /// Both shelters are asked in one case and hold a place; the first one has accepted the need.
    async fn held_by_two(&self) -> (CaseId, TrailId, TrailId) {
        let hotline = &self.nodes[0];
        let jasen = hotline.open_trail(enquiry(NAMES[1])).await.unwrap().unwrap();
        let case = hotline.case_of(&jasen).unwrap();
        let lipa = NewTrail { case: Some(case), ..enquiry(NAMES[2]) };
        let lipa = hotline.open_trail(lipa).await.unwrap().unwrap();
        for (node, trail) in [(&self.nodes[1], &jasen), (&self.nodes[2], &lipa)] {
            reads(node, trail, "asked").await;
            say(node, *trail, Statement::Held { until: Seconds::new(4_000_000_000).unwrap() }).await.unwrap();
            reads(hotline, trail, "held").await;
        }
        let need = [&CONSENT[..], &[("age_band", "30_59")]].concat();
        say_with(hotline, jasen, Statement::Need, &need).await;
        until(|| async { self.nodes[1].show(&worker(), &jasen, false).await.unwrap().stage == 1 }).await;
        say(&self.nodes[1], jasen, Statement::Accepted).await.unwrap();
        reads(hotline, &jasen, "accepted").await;
        (case, jasen, lipa)
    }
}

fn identity(trail: TrailId) -> NewEvent {
    let her = [("name", HERS[0]), ("safe_contact_telephone", HERS[1]), ("safe_contact_code_word", HERS[2])];
    let list = fields(&[&CONSENT[..], &her].concat());
    let (basis, beside) = (Some(LegalBasis::ExplicitConsent), Beside::Unspecified);
    NewEvent { fields: list, basis, beside, ..event(trail, Statement::Identity) }
}

fn chosen(case: CaseId, trail: TrailId) -> NewFollowUp {
    NewFollowUp {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case,
        change: NewChange::Chosen(trail),
        label_words: Vec::new(),
        of_basis: BTreeMap::new(),
    }
}

/// [CAS-80] [CAS-81] [CAS-54]
#[tokio::test(flavor = "multi_thread")]
async fn she_is_named_to_one_after_the_others_have_heard_also_when_the_node_stops_in_between() {
    let night = night().await;
    let (case, jasen, lipa) = night.held_by_two().await;
    let refused = night.nodes[0].record_event(identity(jasen)).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::ChooseFirst);
    until(|| async { night.nodes.iter().all(|node| node.queued().items == 0) }).await;
    // Nobody carries for a while, and the node stops as soon as the first of it waits to be sent.
    let Night { houses, mut nodes, heard, tap, _back, _jasen } = night;
    tap.abort();
    drop((_back, _jasen));
    let asked = chosen(case, jasen);
    let request_id = asked.request_id.clone();
    broken_off(&nodes[0], asked).await;
    drop(nodes.remove(0));
    let _ = tap.await;
    let hotline = reopened(&houses[0]).await;
    hotline.continue_follow_ups().await.unwrap();
    let again = hotline.follow_up(NewFollowUp { request_id, ..chosen(case, jasen) }).await.unwrap();
    assert!(again.complete && again.change == "chosen");
    let step = |trail: &TrailId| again.trails.iter().find(|step| step.trail == trail.to_vec()).unwrap().clone();
    assert_eq!((step(&lipa).say, step(&lipa).state()), (vec!["chosen_elsewhere".to_owned()], FollowState::OnItsWay));
    assert_eq!((step(&jasen).say.len(), step(&jasen).why.as_str()), (0, "no_rival"));
    // It is on disk here: now she may be named, and once only.
    hotline.record_event(identity(jasen)).await.unwrap();
    let tap = tapped(&hotline, &nodes[1], &houses[2], &heard);
    let _carriers = (Carrier::new(&nodes[1], &hotline), Carrier::both(&hotline, &nodes[0]));
    reads(&nodes[1], &lipa, "chosen_elsewhere").await;
    until(|| async { nodes[0].show(&worker(), &jasen, false).await.unwrap().stage == 2 }).await;
    let told = hotline.show(&worker(), &lipa, false).await.unwrap();
    assert_eq!(told.events.iter().filter(|event| event.kind == "chosen_elsewhere").count(), 1);
    until(|| async { hotline.queued().items + nodes[1].queued().items == 0 }).await;
    tap.abort();
    let _ = tap.await;
    drop(_carriers);
    // Lipa has nothing of her, in no letter and nowhere in the folder; Jasen, the control, has all of it.
    let (jasen_node, lipa_node) = (nodes.remove(0), nodes.remove(0));
    drop((jasen_node, lipa_node));
    let heard = heard.lock().unwrap().clone();
    assert!(holds(&heard, b"adults"), "the control: letters were read");
    for (house, knows) in [(&houses[1], true), (&houses[2], false)] {
        drop(reopened(house).await);
        let all = everything(house);
        for value in HERS {
            assert_eq!(holds(&all, value.as_bytes()), knows, "{value}");
            assert!(!holds(&heard, value.as_bytes()), "{value} in a letter to Lipa");
        }
    }
}

/// [CAS-81]
#[tokio::test(flavor = "multi_thread")]
async fn both_are_told_who_she_is_only_if_somebody_says_why() {
    let night = night().await;
    let (_, jasen, _) = night.held_by_two().await;
    let why = NewEvent { beside: Beside::SheWishes, ..identity(jasen) };
    night.nodes[0].record_event(why).await.unwrap();
    until(|| async { night.nodes[1].show(&worker(), &jasen, false).await.unwrap().stage == 2 }).await;
    // [APR-24]
    let supervisor = town::somebody(AccountId::new([6; 16]), 6, Role::Supervisor);
    let listed = night.nodes[0].list_overrides(&supervisor, true);
    let said: Vec<_> = listed.iter().map(|one| (one.kind(), one.beside(), one.trail.as_slice())).collect();
    assert_eq!(said, [(wire::OverrideKind::NamedBeside, Beside::SheWishes, jasen.as_bytes().as_slice())]);
    let Night { houses, nodes, tap, _back, _jasen, .. } = night;
    tap.abort();
    let _ = tap.await;
    drop((_back, _jasen, nodes));
    drop(reopened(&houses[0]).await);
    let storage = houses[0].open_storage();
    let kept = storage.records(Position::new(0)).filter_map(|entry| record::read::<EventRecord>(&entry.unwrap()));
    let codes: Vec<i32> = kept.map(|kept| kept.beside).filter(|code| *code != 0).collect();
    assert_eq!(codes, [i32::from(Beside::SheWishes)], "it is kept with the event");
}

/// [CAS-80] Whoever was asked for something else hears nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_case_asks_of_somebody_else_goes_on() {
    let night = night().await;
    let (case, jasen, lipa) = night.held_by_two().await;
    let law = NewTrail {
        case: Some(case),
        act: wire::Act::Notification,
        service_type: wire::ServiceType::SocialWork,
        stage: 2,
        basis: LegalBasis::LegalDuty,
        article: 1,
        fields: fields(&[("client_told", "told"), ("client_told_on", "2026-11-22"), ("name", "Invented Name")]),
        ..enquiry(NAMES[3])
    };
    let notice = night.nodes[0].open_trail(law).await.unwrap().unwrap();
    let check = NewFollowUp { validate_only: true, ..chosen(case, jasen) };
    let plan = night.nodes[0].follow_up(check).await.unwrap();
    let said = |trail: &TrailId| plan.trails.iter().find(|step| step.trail == trail.to_vec()).unwrap().say.clone();
    assert_eq!((said(&lipa).len(), said(&notice).len(), said(&jasen).len()), (1, 0, 0));
    let nowhere = chosen(case, TrailId::new([9; 32]));
    assert_eq!(night.nodes[0].follow_up(nowhere).await.err().map(|r| r.rejection()), Some(Rejection::NoSuchTrail));
}
