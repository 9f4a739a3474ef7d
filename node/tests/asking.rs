//! Several shelters are asked by one request: what each answered, whom she chooses, and what the others never learn.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    sync::{Arc, Mutex},
    task::Poll,
};

use town::{
    BY, CONSENT, Carrier, House, call_as, enquiry, event, everything, fields, holds, introduce, reads, reopened,
    request_id, say, say_with, tapped, until, worker,
};
use uput_core::{
    agreement::compile,
    envelope::{Envelope, MediaType},
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    time::Span,
    wire::{self, Act, Beside, Choice, LegalBasis, Role, ServiceType, enquiry_service_server::EnquiryService},
};
use uput_node::{
    case::CaseId,
    clock,
    node::{NewChange, NewEnquiries, NewEvent, NewFollowUp, NewTrail, Node, Origin, Several},
    places::Capacity,
    rpc::Enquiries,
};

const NAMES: [&str; 4] = ["hotline", "shelter-jasen", "shelter-lipa", "shelter-gora"];
const SHELTERS: [&str; 3] = ["shelter-jasen", "shelter-lipa", "shelter-gora"];
/// What is hers alone, and stands in what only the chosen one is told.
const HERS: [&str; 3] = ["Zvjezdana Canary", "+38269000777", "canary dentist"];
/// Of two: no shelter reads of another one in what it signed.
const AGREEMENT: &str = r#"
title = "A bed for the night, between two invented organisations"
version = 1
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
grain = 1
demonstration = true

[party.hotline]
organisation = "peer:hotline"
name = "Hotline Breza (invented)"
roles = ["hotline"]
services = ["hotline"]

[party.shelter]
organisation = "peer:shelter"
name = "A shelter (invented)"
roles = ["shelter"]
services = ["shelter", "social_work"]

[profile.bed]
enquiry = ["places", "adults", "children"]
need = ["age_band"]
identity = ["name", "safe_contact_telephone", "safe_contact_code_word"]
reply = ["places", "actor"]

[[rule]]
number = 1
act = "referral"
sender = "hotline"
receiver = "shelter"
profile = "bed"
bases = ["explicit_consent"]

[[rule]]
number = 2
act = "consultation"
sender = "hotline"
receiver = "shelter"
profile = "bed"
bases = ["explicit_consent"]

[[rule]]
number = 3
act = "referral"
sender = "hotline"
receiver = "social_work"
profile = "bed"
bases = ["public_task_decision"]
collapsed = true

[retention]
values = "30 d"
evidence = "365 d"

[witnesses]
number = 0

[amendment]
threshold = 2
"#;

struct Town {
    houses: [House; 4],
    nodes: Vec<Arc<Node>>,
}

/// A hotline that has met three shelters, and agreed with each alone. Nobody carries letters.
async fn town() -> Town {
    town::listen();
    let houses = [House::found(1).await, House::found(2).await, House::found(3).await, House::found(4).await];
    let nodes: Vec<Arc<Node>> = houses.iter().map(House::open).collect();
    for (name, (node, house)) in NAMES.iter().zip(nodes.iter().zip(&houses)).skip(1) {
        let _carriers = Carrier::both(&nodes[0], node);
        introduce(&nodes[0], "hotline", node, name).await;
        let peers = BTreeMap::from([("hotline".to_owned(), houses[0].id), ("shelter".to_owned(), house.id)]);
        let compiled = compile(AGREEMENT, &peers).unwrap();
        for (house, node) in [(&houses[0], &nodes[0]), (house, node)] {
            let key = house.organisation_key();
            let signed = Envelope::sign(MediaType::AGREEMENT, compiled.body.clone(), &[&key]).unwrap();
            node.take_agreement(signed, Origin::Account(&BY)).await.unwrap();
        }
        let id = compiled.agreement.id();
        for node in [&nodes[0], node] {
            until(|| async { node.held_agreement(&id).is_some_and(|held| held.signed.is_some()) }).await;
        }
        until(|| async { nodes[0].queued().items + node.queued().items == 0 }).await;
    }
    Town { houses, nodes }
}

fn several(peers: &[&str]) -> NewEnquiries {
    NewEnquiries {
        by: worker(),
        request_id: request_id(),
        validate_only: false,
        case: None,
        peers: peers.iter().map(|peer| (*peer).to_owned()).collect(),
        act: Act::Referral,
        service_type: ServiceType::Shelter,
        agreement: None,
        fields: fields(&[("places", "1"), ("adults", "1")]),
        from_case: Vec::new(),
        knowingly: Vec::new(),
        expiry: None,
    }
}

/// The trails of those who were asked.
fn asked(several: &Several) -> Vec<TrailId> {
    several.each.iter().filter_map(|one| one.outcome.as_ref().ok()?.as_ref().copied()).collect()
}

impl Town {
    fn hotline(&self) -> &Arc<Node> {
        &self.nodes[0]
    }

    fn carriers(&self) -> Vec<Carrier> {
        self.nodes.iter().skip(1).flat_map(|node| Carrier::both(&self.nodes[0], node)).collect()
    }

    /// Nothing is on its way any more.
    async fn quiet(&self) {
        until(|| async { self.nodes.iter().all(|node| node.queued().items == 0) }).await;
    }

    /// All three are asked in one case, and have it.
    async fn asked(&self) -> (CaseId, Vec<TrailId>) {
        let all = self.hotline().ask_several(several(&SHELTERS)).await.unwrap();
        let trails = asked(&all);
        for (node, trail) in self.nodes.iter().skip(1).zip(&trails) {
            reads(node, trail, "asked").await;
        }
        self.quiet().await;
        (all.case.unwrap(), trails)
    }

    async fn choice(&self, case: CaseId, trail: &TrailId) -> (String, Choice) {
        let all = self.hotline().list_enquiries(&worker(), &case).await.unwrap();
        let one = all.into_iter().find(|one| one.trail == trail.to_vec()).unwrap();
        (one.headline.clone(), one.choice())
    }
}

fn hold(trail: TrailId, seconds: u64) -> NewEvent {
    event(trail, Statement::Held { until: clock::now().after(Span(seconds)) })
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

async fn refused_choice(node: &Node, case: CaseId, trail: TrailId) -> String {
    let refused = node.follow_up(chosen(case, trail)).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::StepNotAllowed);
    refused.to_string()
}

fn identity(trail: TrailId) -> NewEvent {
    let her = [("name", HERS[0]), ("safe_contact_telephone", HERS[1]), ("safe_contact_code_word", HERS[2])];
    let (list, basis) = (fields(&[&CONSENT[..], &her].concat()), Some(LegalBasis::ExplicitConsent));
    NewEvent { fields: list, basis, beside: Beside::Unspecified, ..event(trail, Statement::Identity) }
}

async fn need(hotline: &Arc<Node>, trail: TrailId) {
    say_with(hotline, trail, Statement::Need, &[&CONSENT[..], &[("age_band", "30_59")]].concat()).await;
}

/// She is told of to a shelter that holds a place: what she needs, its yes, who she is.
async fn named(town: &Town, shelter: usize, trail: TrailId) {
    need(town.hotline(), trail).await;
    until(|| async { town.nodes[shelter].show(&worker(), &trail, false).await.unwrap().stage == 1 }).await;
    say(&town.nodes[shelter], trail, Statement::Accepted).await.unwrap();
    reads(town.hotline(), &trail, "accepted").await;
    town.hotline().record_event(identity(trail)).await.unwrap();
    until(|| async { town.nodes[shelter].show(&worker(), &trail, false).await.unwrap().stage == 2 }).await;
}

/// [PLC-8] [PLC-9] Who cannot be asked keeps it from nobody else; a request that is made again asks nobody twice.
#[tokio::test(flavor = "multi_thread")]
async fn one_request_asks_several_once_each_also_when_it_is_broken_off_and_made_again() {
    let mut town = town().await;
    let request_id = request_id();
    let again = |peers: &[&str]| NewEnquiries { request_id: request_id.clone(), ..several(peers) };
    // It stops as soon as the first of it waits to be sent.
    {
        let mut asking = Box::pin(town.nodes[0].ask_several(again(&SHELTERS)));
        poll_fn(|context| match town.nodes[0].queued().items {
            0 => asking.as_mut().poll(context).map(|_| panic!("it ended before anything waited")),
            _ => Poll::Ready(()),
        })
        .await;
    }
    drop(town.nodes.remove(0));
    town.nodes.insert(0, reopened(&town.houses[0]).await);
    let before = town.hotline().visible_trails(&worker());
    assert!((1..3).contains(&before.len()), "{}", before.len());
    let check = town.hotline().ask_several(NewEnquiries { validate_only: true, ..again(&SHELTERS) }).await.unwrap();
    assert!(check.each.iter().all(|one| one.outcome.is_ok()));
    assert_eq!(town.hotline().visible_trails(&worker()).len(), before.len(), "a check asks nobody");
    // Somebody of whom nobody knows is asked too, and by two people at once.
    let names = ["shelter-jasen", "shelter-nowhere", "shelter-lipa", "shelter-gora"];
    let (one, other) =
        tokio::join!(town.hotline().ask_several(again(&names)), town.hotline().ask_several(again(&names)));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((asked(&one).len(), asked(&one)), (3, asked(&other)));
    assert!(before.iter().all(|trail| asked(&one).contains(trail)));
    assert_eq!(one.each[1].outcome.as_ref().err().map(|refused| refused.rejection()), Some(Rejection::NoSuchPeer));
    // One alone, of the same request, is in the same case.
    let last = town.hotline().ask_several(again(&["shelter-gora"])).await.unwrap();
    assert_eq!((asked(&last), last.case), (vec![asked(&one)[2]], one.case));
    assert!(asked(&one).iter().all(|trail| town.hotline().case_of(trail) == one.case));
    let _carriers = town.carriers();
    for (node, trail) in town.nodes.iter().skip(1).zip(asked(&one)) {
        reads(node, &trail, "asked").await;
        assert_eq!(node.visible_trails(&worker()).len(), 1);
    }
}

/// [PLC-8] What is no request.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_by_a_request_that_is_none() {
    let town = town().await;
    let rejected = |new| async { town.hotline().ask_several(new).await.err().map(|refused| refused.rejection()) };
    assert_eq!(rejected(several(&[])).await, Some(Rejection::BadValue));
    assert_eq!(rejected(several(&["shelter-lipa", "shelter-lipa"])).await, Some(Rejection::BadValue));
    let twice = town.houses[2].id.to_string();
    assert_eq!(rejected(several(&["shelter-lipa", &twice])).await, Some(Rejection::BadValue));
    let notice = NewEnquiries { act: Act::Notification, ..several(&SHELTERS) };
    assert_eq!(rejected(notice).await, Some(Rejection::NotOfThisAct));
    let nowhere = NewEnquiries { case: Some(CaseId::new([9; 16])), ..several(&SHELTERS) };
    assert_eq!(rejected(nowhere).await, Some(Rejection::NoSuchCase));
    // A name is beyond every enquiry.
    let names = NewEnquiries { fields: fields(&[("name", HERS[0])]), ..several(&SHELTERS) };
    let all = town.hotline().ask_several(names).await.unwrap();
    assert!(all.each.iter().all(|one| one.outcome.is_err()) && all.case.is_none());
    assert!(town.hotline().visible_trails(&worker()).is_empty());
}

/// [PLC-8] Nothing that two of them receive shows that they were asked of the same woman: all that is equal is equal in any
/// other enquiry of that sender too.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_what_two_receive_is_equal_but_what_every_enquiry_of_that_sender_holds() {
    let town = town().await;
    let heard: [Arc<Mutex<Vec<u8>>>; 3] = Default::default();
    let taps: Vec<_> =
        (0..3).map(|n| tapped(town.hotline(), &town.nodes[n + 1], &town.houses[n + 1], &heard[n])).collect();
    let all = town.hotline().ask_several(several(&["shelter-jasen", "shelter-lipa"])).await.unwrap();
    let other = NewTrail { fields: fields(&[("places", "1"), ("adults", "1")]), ..enquiry("shelter-gora") };
    let other = town.hotline().open_trail(other).await.unwrap().unwrap();
    let trails = [asked(&all), vec![other]].concat();
    for (node, trail) in town.nodes.iter().skip(1).zip(&trails) {
        reads(node, trail, "asked").await;
    }
    taps.iter().for_each(tokio::task::JoinHandle::abort);
    let mut times = Vec::new();
    for trail in &trails {
        times.push(varint(town.hotline().show(&worker(), trail, false).await.unwrap().events[0].time));
    }
    const WINDOW: usize = 12;
    let windows = |n: usize| -> BTreeSet<Vec<u8>> {
        let heard: Vec<u8> = heard[n].lock().unwrap().clone();
        assert!(heard.len() > 500, "the control: a letter was read");
        heard.windows(WINDOW).map(<[u8]>::to_vec).collect()
    };
    let timeless = |window: &Vec<u8>| times.iter().all(|time| !window.windows(time.len()).any(|part| part == time));
    let [jasen, lipa, gora] = [windows(0), windows(1), windows(2)];
    let equal: Vec<_> = jasen
        .intersection(&lipa)
        .filter(|window| timeless(window) && !gora.contains(*window) && !is_plain(window))
        .collect();
    assert!(equal.is_empty(), "{equal:02x?}");
    assert!(jasen.intersection(&lipa).count() > 10, "the control: the sender is the same");
}

/// Of labels, and of slots that hold nothing: who asks two the same says the same, in an order that is drawn for each.
fn is_plain(window: &[u8]) -> bool {
    let words = ["places", "adults", "actor_role", "case_worker"];
    let part = |three: &[u8]| words.iter().any(|word| word.as_bytes().windows(3).any(|part| part == three));
    // Tags, lengths and the value: few bytes of something random are so small.
    let frame = window.iter().filter(|byte| **byte < 0x20 || **byte == b'1').count();
    window.windows(3).any(part) || frame * 2 >= window.len()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// [CAS-80] [CAS-81] What the nodes of those hold who were not chosen: nothing of her, nobody else who was asked, nor who was
/// chosen. The sender's own node, and the chosen one's, are the controls.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_chosen_learns_neither_who_she_is_nor_who_else_was_asked_nor_who_was_chosen() {
    let town = town().await;
    let carriers = town.carriers();
    let (case, trails) = town.asked().await;
    for (node, trail) in town.nodes.iter().skip(1).zip(&trails) {
        node.record_event(hold(*trail, 3_600)).await.unwrap();
        reads(town.hotline(), trail, "held").await;
    }
    town.hotline().follow_up(chosen(case, trails[0])).await.unwrap();
    named(&town, 1, trails[0]).await;
    for (node, trail) in town.nodes.iter().zip([trails[0], trails[0], trails[1], trails[2]]).skip(2) {
        reads(node, &trail, "chosen_elsewhere").await;
    }
    town.quiet().await;
    drop(carriers);
    let Town { houses, nodes } = town;
    let others = |own: usize| {
        let mut marks: Vec<Vec<u8>> = Vec::new();
        for n in (1..4).filter(|n| *n != own) {
            let (id, trail) = (houses[n].id.to_string(), trails[n - 1].to_string());
            marks.extend([houses[n].id.to_vec(), trails[n - 1].to_vec(), id.into(), trail.into(), NAMES[n].into()]);
        }
        marks
    };
    let all_others = [others(1), others(2), others(3)];
    drop(nodes);
    for (n, house) in houses.iter().enumerate() {
        drop(reopened(house).await);
        let all = everything(house);
        for value in HERS {
            assert_eq!(holds(&all, value.as_bytes()), n < 2, "{value} at {}", NAMES[n]);
        }
        let marks = if n == 0 { all_others.concat() } else { all_others[n - 1].clone() };
        for mark in marks.iter().filter(|mark| n > 0 || mark.len() == 32) {
            assert_eq!(holds(&all, mark), n == 0, "{} at {}", String::from_utf8_lossy(mark), NAMES[n]);
        }
    }
}

/// [CAS-82] [PLC-10] Whom she would not get is not chosen, and whoever asks hears what to do.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_chosen_whose_hold_has_run_out_or_who_has_not_said_yes() {
    let town = town().await;
    let _carriers = town.carriers();
    let (case, trails) = town.asked().await;
    let [jasen, lipa, gora] = [trails[0], trails[1], trails[2]];
    assert!(refused_choice(town.hotline(), case, jasen).await.contains("wait for their answer"));
    town.nodes[1].record_event(hold(jasen, 1)).await.unwrap();
    let lapses = clock::now().after(Span(1));
    say(&town.nodes[2], lipa, Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    reads(town.hotline(), &jasen, "held").await;
    reads(town.hotline(), &lipa, "declined").await;
    until(|| async { clock::now() > lapses }).await;
    assert_eq!(town.choice(case, &jasen).await, ("held".to_owned(), Choice::Lapsed));
    assert_eq!(town.choice(case, &lipa).await, ("declined".to_owned(), Choice::No));
    assert_eq!(town.choice(case, &gora).await, ("asked".to_owned(), Choice::NoAnswer));
    assert!(refused_choice(town.hotline(), case, jasen).await.contains("let them hold it again"));
    assert!(refused_choice(town.hotline(), case, lipa).await.contains("they said no"));
    let check = NewFollowUp { validate_only: true, ..chosen(case, jasen) };
    assert!(town.hotline().follow_up(check).await.is_err());
    // Nobody was told anything by it.
    assert_eq!(town.choice(case, &gora).await.0, "asked");
    // They say by telephone that it is still there.
    say(town.hotline(), jasen, Statement::Phoned(wire::PhoneAnswer::Yes)).await.unwrap();
    assert_eq!(town.choice(case, &jasen).await.1, Choice::Possible);
    town.nodes[1].record_event(hold(jasen, 3_600)).await.unwrap();
    let longest = || async {
        let all = town.hotline().list_enquiries(&worker(), &case).await.unwrap();
        all.iter().map(|one| one.until).max().unwrap()
    };
    until(|| async { longest().await > lapses.get() + 1_000 }).await;
    town.hotline().follow_up(chosen(case, jasen)).await.unwrap();
    assert_eq!(town.choice(case, &jasen).await.1, Choice::Chosen);
    assert_eq!(town.choice(case, &gora).await, ("chosen_elsewhere".to_owned(), Choice::Ended));
    assert!(refused_choice(town.hotline(), case, gora).await.contains("the trail has ended"));
}

/// [CAS-81] A name goes to one: while the first one stands it goes to no second, in whatever way.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_goes_to_no_second_while_the_first_stands() {
    let town = town().await;
    let _carriers = town.carriers();
    let (case, trails) = town.asked().await;
    let [jasen, lipa, gora] = [trails[0], trails[1], trails[2]];
    for (node, trail) in town.nodes.iter().skip(1).zip(&trails) {
        node.record_event(hold(*trail, 3_600)).await.unwrap();
        reads(town.hotline(), trail, "held").await;
    }
    town.hotline().follow_up(chosen(case, jasen)).await.unwrap();
    named(&town, 1, jasen).await;
    // Lipa is asked anew, says yes to all, and is not told.
    say(town.hotline(), lipa, Statement::Reopened).await.unwrap();
    reads(&town.nodes[2], &lipa, "asked").await;
    town.nodes[2].record_event(hold(lipa, 3_600)).await.unwrap();
    reads(town.hotline(), &lipa, "held").await;
    need(town.hotline(), lipa).await;
    until(|| async { town.nodes[2].show(&worker(), &lipa, false).await.unwrap().stage == 1 }).await;
    say(&town.nodes[2], lipa, Statement::Accepted).await.unwrap();
    reads(town.hotline(), &lipa, "accepted").await;
    let refused = town.hotline().record_event(identity(lipa)).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::ChooseFirst);
    // Nor by a trail that begins with it.
    let decided = [
        ("decision_reference", "1/2026"),
        ("decision_issuer", "An Invented Centre"),
        ("decision_date", "2026-01-01"),
        ("decision_until", "2099-12-31"),
        ("name", HERS[0]),
    ];
    let at_once = |peer, beside| NewTrail {
        case: Some(case),
        service_type: ServiceType::SocialWork,
        stage: 2,
        basis: LegalBasis::PublicTaskDecision,
        fields: fields(&decided),
        beside,
        ..enquiry(peer)
    };
    town.hotline().open_trail(at_once("shelter-jasen", Beside::Unspecified)).await.unwrap();
    let refused = town.hotline().open_trail(at_once("shelter-gora", Beside::Unspecified)).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::ChooseFirst);
    town.hotline().open_trail(at_once("shelter-gora", Beside::Told)).await.unwrap();
    // She changes her mind: the first hears it, and then the second is told.
    town.hotline().follow_up(chosen(case, lipa)).await.unwrap();
    reads(&town.nodes[1], &jasen, "chosen_elsewhere").await;
    town.hotline().record_event(identity(lipa)).await.unwrap();
    assert_eq!(town.choice(case, &gora).await.1, Choice::Ended);
}

/// [CAS-84] She chooses while the hold runs out there and the bed goes to somebody else; the others have been told. Nobody who
/// was not chosen is named, and the others are asked anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_crosses_the_end_of_a_hold_names_nobody_and_the_others_are_asked_anew() {
    let town = town().await;
    let carriers = town.carriers();
    let (case, trails) = town.asked().await;
    let [jasen, lipa] = [trails[0], trails[1]];
    let one = Capacity { places: 1, overflow: 0 };
    town.nodes[1].set_places(&BY, ServiceType::Shelter, one).await.unwrap();
    for (n, seconds) in [(1, 3), (2, 3_600)] {
        town.nodes[n].record_event(hold(trails[n - 1], seconds)).await.unwrap();
        reads(town.hotline(), &trails[n - 1], "held").await;
    }
    let lapses = clock::now().after(Span(3));
    town.quiet().await;
    // The line is down: she chooses in time, and it arrives too late.
    drop(carriers);
    town.hotline().follow_up(chosen(case, jasen)).await.unwrap();
    need(town.hotline(), jasen).await;
    until(|| async { clock::now() > lapses }).await;
    let elsewhere = {
        let _carriers = Carrier::both(town.hotline(), &town.nodes[1]);
        until(|| async { town.nodes[1].show(&worker(), &jasen, false).await.unwrap().stage == 1 }).await;
        let other = town.hotline().open_trail(enquiry("shelter-jasen")).await.unwrap().unwrap();
        reads(&town.nodes[1], &other, "asked").await;
        town.nodes[1]
            .record_event(NewEvent { fields: fields(&[("places", "1")]), ..hold(other, 3_600) })
            .await
            .unwrap();
        other
    };
    assert_ne!(town.hotline().case_of(&elsewhere), Some(case));
    let _carriers = town.carriers();
    let refused = say(&town.nodes[1], jasen, Statement::Accepted).await.err().unwrap();
    assert_eq!(refused.rejection(), Rejection::NoPlace);
    say(&town.nodes[1], jasen, Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    reads(town.hotline(), &jasen, "declined").await;
    assert_eq!(town.choice(case, &jasen).await.1, Choice::No);
    assert!(town.hotline().record_event(identity(jasen)).await.is_err(), "a no gives no right to a name");
    // Lipa had been told; it is asked anew, without a word about her, and holds again.
    reads(&town.nodes[2], &lipa, "chosen_elsewhere").await;
    say(town.hotline(), lipa, Statement::Reopened).await.unwrap();
    reads(&town.nodes[2], &lipa, "asked").await;
    assert_eq!(town.nodes[2].show(&worker(), &lipa, false).await.unwrap().stage, 0);
    town.nodes[2].record_event(hold(lipa, 3_600)).await.unwrap();
    reads(town.hotline(), &lipa, "held").await;
    town.hotline().follow_up(chosen(case, lipa)).await.unwrap();
    named(&town, 2, lipa).await;
    reads(&town.nodes[1], &jasen, "chosen_elsewhere").await;
    assert_eq!(town.choice(case, &lipa).await, ("accepted".to_owned(), Choice::Chosen));
}

/// [CAS-84] A no, and a yes, that cross the choice: whichever comes first, both sides read the same, and places are free again.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_cross_the_choice_end_alike_on_both_sides() {
    let town = town().await;
    let carriers = town.carriers();
    let (case, trails) = town.asked().await;
    let [jasen, lipa, gora] = [trails[0], trails[1], trails[2]];
    let one = Capacity { places: 1, overflow: 0 };
    town.nodes[2].set_places(&BY, ServiceType::Shelter, one).await.unwrap();
    town.nodes[1].record_event(hold(jasen, 3_600)).await.unwrap();
    reads(town.hotline(), &jasen, "held").await;
    town.quiet().await;
    drop(carriers);
    // Here: Jasen is chosen, and what she needs is said. There, before they hear: Jasen says no, Lipa yes, Gora no.
    town.hotline().follow_up(chosen(case, jasen)).await.unwrap();
    need(town.hotline(), jasen).await;
    say(&town.nodes[1], jasen, Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    town.nodes[2].record_event(hold(lipa, 3_600)).await.unwrap();
    say(&town.nodes[3], gora, Statement::Declined(wire::DeclineReason::NoPlace)).await.unwrap();
    assert_eq!(town.nodes[2].view_places()[0].free, 0);
    let _carriers = town.carriers();
    for (n, trail, stands) in [(1, jasen, "declined"), (2, lipa, "chosen_elsewhere"), (3, gora, "chosen_elsewhere")] {
        reads(&town.nodes[n], &trail, stands).await;
        reads(town.hotline(), &trail, stands).await;
    }
    town.quiet().await;
    until(|| async { town.nodes[2].view_places()[0].free == 1 }).await;
    // What crossed Jasen's no its node did not open, and purged by itself.
    let there = town.nodes[1].show(&worker(), &jasen, true).await.unwrap();
    let told = there.events.iter().flat_map(|event| &event.fields).filter(|field| !field.value.is_empty());
    let told: Vec<&str> = told.map(|field| field.label.as_str()).collect();
    let purged = there.events.iter().any(|event| event.kind == "purged");
    assert!(purged && there.owed == 0 && !told.contains(&"age_band"), "{purged} {} {told:?}", there.owed);
    assert_eq!(town.choice(case, &jasen).await.1, Choice::No);
}

/// [PLC-10] Over the interface: by those whom the table of roles lets, and who see the case.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_shown_to_who_sees_the_case() {
    let town = town().await;
    let _carriers = town.carriers();
    let calls = Enquiries(town.hotline().clone());
    let ask = wire::AskSeveralRequest {
        request_id: request_id(),
        peers: vec!["shelter-jasen".into(), "shelter-nowhere".into(), "shelter-lipa".into()],
        service_type: ServiceType::Shelter.into(),
        fields: vec![wire::Field { label: "adults".into(), value: "1".into() }],
        ..wire::AskSeveralRequest::default()
    };
    let said = calls.ask_several(call_as(Role::CaseWorker, "EnquiryService/AskSeveral", ask.clone())).await.unwrap();
    let said = said.into_inner();
    let refused: Vec<&str> = said.asked.iter().map(|one| one.refused.as_str()).collect();
    assert_eq!((refused, said.case.len()), (vec!["", "NO_SUCH_PEER", ""], 16));
    let twice = wire::AskSeveralRequest { peers: vec!["shelter-jasen".into(); 2], ..ask };
    assert!(calls.ask_several(call_as(Role::CaseWorker, "EnquiryService/AskSeveral", twice)).await.is_err());
    let lipa = TrailId::parse(&said.asked[2].trail).unwrap();
    reads(&town.nodes[2], &lipa, "asked").await;
    let before = hold(lipa, 3_600);
    let Statement::Held { until: ends } = before.statement else { panic!("a hold") };
    town.nodes[2].record_event(before).await.unwrap();
    reads(town.hotline(), &lipa, "held").await;
    let list = || {
        call_as(
            Role::CaseWorker,
            "EnquiryService/ListEnquiries",
            wire::ListEnquiriesRequest { case: said.case.clone() },
        )
    };
    let table = calls.list_enquiries(list()).await.unwrap().into_inner().enquiries;
    let shown: Vec<_> =
        table.iter().map(|one| (one.peer.as_str(), one.answer.as_str(), one.until, one.choice())).collect();
    assert_eq!(
        shown,
        [("shelter-jasen", "", 0, Choice::NoAnswer), ("shelter-lipa", "held", ends.get(), Choice::Possible)]
    );
    let nowhere = wire::ListEnquiriesRequest { case: vec![9; 16] };
    assert!(calls.list_enquiries(call_as(Role::CaseWorker, "EnquiryService/ListEnquiries", nowhere)).await.is_err());
}
