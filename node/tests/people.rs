//! The list of what takes how many people, against a node that runs: every kind of event, each author, each basis.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod town;

use std::{collections::BTreeMap, sync::Arc};

use town::{BY, CONSENT, Carrier, House, danger, event, fields, introduce, known, say, somebody, until, worker};
use uput_core::{
    agreement::compile,
    catalogue::Field,
    envelope::{Envelope, MediaType},
    event::{Decision, Statement},
    id::TrailId,
    rejection::Rejection,
    time::Seconds,
    wire::{self, Act, LegalBasis, ServiceType},
};
use uput_node::{
    account::AccountId,
    node::{NewEvent, NewTrail, Node, Origin, Refused, Second, Why},
};

/// The list. [APR-2]
const PEOPLE: &str = include_str!("../../specs/people.tsv");
/// What can be said at all. [STA-1]
const STATES: &str = include_str!("../../specs/state/table.tsv");

const AGREEMENT: &str = r#"
title = "Everything that two invented organisations can say"
version = 1
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
grain = 1
demonstration = true
article = [{ number = 1, citation = "An invented duty", unverified = true }]
decision = [{ type = "placement", issuers = ["social_work"] }, { type = "guardianship", issuers = ["psychosocial"] }]

[party.hotline]
organisation = "peer:hotline"
name = "Hotline Breza (invented)"
roles = ["hotline"]
services = ["psychosocial"]

[party.house]
organisation = "peer:house"
name = "House Jasen (invented)"
services = ["shelter", "social_work"]

[profile.all]
need = ["language", "plan_tasks"]
identity = ["name"]
reply = ["reason_in_words"]

[[rule]]
number = 1
act = "referral"
sender = "hotline"
receiver = "shelter"
profile = "all"
bases = ["explicit_consent", "guardian_consent", "child_best_interests", "vital_interests", "public_task_decision"]

[[rule]]
number = 2
act = "notification"
sender = "hotline"
receiver = "social_work"
profile = "all"
bases = ["legal_duty", "vital_interests", "public_task_decision"]
collapsed = true

[[rule]]
number = 3
act = "transfer"
sender = "hotline"
receiver = "social_work"
profile = "all"
bases = ["explicit_consent", "guardian_consent", "child_best_interests", "legal_duty", "vital_interests", "public_task_decision"]
collapsed = true

[[rule]]
number = 4
act = "conference"
sender = "hotline"
receiver = "social_work"
profile = "all"
bases = ["explicit_consent", "guardian_consent", "child_best_interests", "legal_duty", "vital_interests", "public_task_decision"]
collapsed = true

[retention]
values = "30 d"
evidence = "3650 d"

[amendment]
threshold = 2
"#;

/// A plan of one task.
const PLAN: (&str, &str) = ("plan_tasks", "1 safety_plan social_work 2099-01-31");

/// A row of the list.
struct Row {
    kind: String,
    opener: bool,
    by: String,
    slots: String,
    cells: BTreeMap<String, String>,
}

fn rows() -> Vec<Row> {
    let heads: Vec<&str> = PEOPLE.lines().find(|line| line.starts_with("#kind")).unwrap().split('\t').collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), heads.len(), "{line}");
        let bases = heads.iter().zip(&cells).skip(4).map(|(head, cell)| ((*head).to_owned(), (*cell).to_owned()));
        Row {
            kind: cells[0].to_owned(),
            opener: cells[1] == "O",
            by: cells[2].to_owned(),
            slots: cells[3].to_owned(),
            cells: bases.collect(),
        }
    };
    PEOPLE.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

/// Every kind that there is has a row for each of its authors, and there is no other. [APR-2]
#[test]
fn every_kind_and_author_has_a_row() {
    let key = |line: &str| line.split('\t').take(2).map(str::to_owned).collect::<Vec<_>>();
    let mut said: Vec<Vec<String>> = STATES.lines().filter(|line| !line.starts_with('#')).map(key).collect();
    // Whatever has slots is confirmed by the other's machine.
    said.extend(["O", "P"].map(|author| vec!["delivered".to_owned(), author.to_owned()]));
    // What sets her word aside is a row of its own.
    said.push(vec!["reopened_after_withdrawal".to_owned(), "O".to_owned()]);
    let mut listed: Vec<Vec<String>> = PEOPLE.lines().filter(|line| !line.starts_with('#')).map(key).collect();
    said.sort();
    listed.sort();
    assert_eq!(said, listed);
    for row in rows() {
        let machine = row.by == "machine";
        assert_eq!(row.slots, if machine { "-" } else { "actor actor_role" }, "{}", row.kind);
        assert!(!machine || row.cells.values().all(|cell| cell == "-"), "{}", row.kind);
    }
}

struct Houses {
    _carriers: [Carrier; 2],
    hotline: Arc<Node>,
    house: Arc<Node>,
    _folders: [House; 2],
}

async fn houses() -> Houses {
    let folders = [House::found(1).await, House::found(2).await];
    let (hotline, house) = (folders[0].open(), folders[1].open());
    introduce(&hotline, "hotline", &house, "house").await;
    let carriers = Carrier::both(&hotline, &house);
    let peers = BTreeMap::from([("hotline".to_owned(), folders[0].id), ("house".to_owned(), folders[1].id)]);
    let compiled = compile(AGREEMENT, &peers).unwrap();
    for (folder, node) in folders.iter().zip([&hotline, &house]) {
        let key = folder.organisation_key();
        let envelope = Envelope::sign(MediaType::AGREEMENT, compiled.body.clone(), &[&key]).unwrap();
        node.take_agreement(envelope, Origin::Account(&BY)).await.unwrap();
    }
    let id = compiled.agreement.id();
    for node in [&hotline, &house] {
        until(|| async { node.held_agreement(&id).is_some_and(|held| held.signed.is_some()) }).await;
    }
    Houses { _carriers: carriers, hotline, house, _folders: folders }
}

/// Trails in which what follows can be said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum State {
    Live,
    Conferring,
    Handing,
    Offered,
    Taken,
    Closed,
    Withdrawn,
}

const STATES_OF_A_TRAIL: [State; 7] =
    [State::Live, State::Conferring, State::Handing, State::Offered, State::Taken, State::Closed, State::Withdrawn];

/// What is opened where nothing more is said about it.
const fn referral_or(law: bool) -> Act {
    if law { Act::Notification } else { Act::Referral }
}

/// A law's own trail: opened under a duty, to an authority.
type Trails = BTreeMap<(State, bool), TrailId>;

fn basis_fields(basis: LegalBasis) -> Vec<Field> {
    fields(match basis {
        LegalBasis::ExplicitConsent => &CONSENT,
        LegalBasis::GuardianConsent => &[
            ("guardian_class", "relative"),
            ("guardian_authority", "An invented paper"),
            ("child_assent", "assents"),
            ("consent_form", "written"),
            ("consent_language", "sq"),
            ("consent_purpose", "A bed for tonight"),
            ("consent_until", "2099-12-31"),
        ],
        LegalBasis::ChildBestInterests => {
            &[("best_interests_reason", "no_caregiver"), ("authority_informed", "before")]
        }
        LegalBasis::LegalDuty => &[("client_told", "told"), ("client_told_on", "2026-01-01")],
        LegalBasis::VitalInterests => return fields(&danger()),
        LegalBasis::PublicTaskDecision => &[
            ("decision_reference", "1/2026"),
            ("decision_issuer", "An Invented Centre"),
            ("decision_date", "2026-01-01"),
            ("decision_until", "2099-12-31"),
        ],
        _ => &[],
    })
}

fn opening(stage: u32, basis: LegalBasis, act: Act) -> NewTrail {
    let label: &[(&str, &str)] = if stage > 0 { &[("language", "sq")] } else { &[] };
    NewTrail {
        stays: None,
        knowingly: Vec::new(),
        by: worker(),
        case: None,
        second: Second::Nobody,
        request_id: town::request_id(),
        validate_only: true,
        peer: "house".to_owned(),
        agreement: None,
        act,
        service_type: if act == Act::Referral { ServiceType::Shelter } else { ServiceType::SocialWork },
        stage,
        basis,
        article: u32::from(basis == LegalBasis::LegalDuty),
        fields: [basis_fields(basis), fields(label)].concat(),
        expiry: None,
        occurred: None,
        about: None,
        attest: false,
        rests_on: std::collections::BTreeSet::new(),
        begins: None,
        beside: wire::Beside::Unspecified,
    }
}

impl Houses {
    async fn settled(&self) {
        let still = || self.hotline.queued().items + self.house.queued().items == 0;
        for _ in 0..3 {
            until(|| async { still() }).await;
        }
    }

    async fn say(&self, opener: bool, trail: TrailId, statement: Statement) -> uput_core::id::EventId {
        let node = if opener { &self.hotline } else { &self.house };
        let said = say(node, trail, statement).await.unwrap();
        self.settled().await;
        said
    }

    async fn trails(&self) -> Trails {
        let mut trails = Trails::new();
        for law in [false, true] {
            for state in STATES_OF_A_TRAIL {
                let (stage, basis) = if law { (2, LegalBasis::LegalDuty) } else { (1, LegalBasis::ExplicitConsent) };
                let act = match state {
                    State::Conferring => Act::Conference,
                    State::Handing | State::Offered | State::Taken => Act::Transfer,
                    _ => referral_or(law),
                };
                let new = NewTrail { validate_only: false, ..opening(stage, basis, act) };
                let trail = self.hotline.open_trail(new).await.unwrap().unwrap();
                self.settled().await;
                // A person of the house sees it, and has it.
                self.say(false, trail, Statement::Accepted).await;
                if matches!(state, State::Offered | State::Taken) {
                    let offer = self.say(true, trail, Statement::TransferOffered).await;
                    if state == State::Taken {
                        self.say(false, trail, Statement::TransferTaken(offer)).await;
                    }
                }
                if state == State::Conferring {
                    let plan = [basis_fields(basis), fields(&[PLAN])].concat();
                    let new = NewEvent { fields: plan, ..event(trail, Statement::Plan) };
                    self.hotline.record_event(new).await.unwrap().unwrap();
                    self.settled().await;
                }
                if state == State::Closed {
                    self.say(false, trail, Statement::Closed(wire::ClosureReason::Done)).await;
                }
                if state == State::Withdrawn {
                    self.say(true, trail, Statement::Withdrawn).await;
                    if law {
                        // There it is an objection, and stops nothing.
                        self.say(false, trail, Statement::Closed(wire::ClosureReason::Done)).await;
                    }
                }
                trails.insert((state, law), trail);
            }
        }
        trails
    }

    /// The first event of that kind in a trail.
    async fn first(&self, trail: TrailId, kind: &str) -> uput_core::id::EventId {
        let shown = self.hotline.show(&worker(), &trail, false).await.unwrap();
        let first = shown.events.iter().find(|event| event.kind == kind).unwrap();
        uput_core::id::EventId::parse(&first.event).unwrap()
    }
}

/// Where a kind can be said.
fn state_for(kind: &str, opener: bool) -> State {
    match (kind, opener) {
        ("minutes" | "plan" | "task", _) => State::Conferring,
        ("transfer_offered", _) => State::Handing,
        ("transfer_recalled", _) | ("transfer_taken", _) => State::Offered,
        ("transfer_completed", _) => State::Taken,
        ("reopened_after_withdrawal", _) => State::Withdrawn,
        ("reopened" | "purge_asked", _) | ("purged" | "retained", false) => State::Closed,
        _ => State::Live,
    }
}

async fn statement(houses: &Houses, kind: &str, opener: bool, trail: TrailId) -> Statement {
    let decision = |outcome| {
        let kind = if opener { wire::DecisionType::Guardianship } else { wire::DecisionType::Placement };
        Statement::Decision(Decision { kind, outcome, expiry: None, evidence: None })
    };
    let handed_over = |stage| Statement::HandedOver { stage, channel: wire::Channel::Telephone };
    match kind {
        "need" => Statement::Need,
        "identity" => Statement::Identity,
        "corrected" => Statement::Corrected,
        "warned" => Statement::Warned(wire::WarningCode::DoNotContact),
        "handed_over0" => handed_over(0),
        "handed_over1" => handed_over(1),
        "handed_over2" => handed_over(2),
        "phoned" => Statement::Phoned(wire::PhoneAnswer::Yes),
        "phoned_no" => Statement::Phoned(wire::PhoneAnswer::No),
        "chosen_elsewhere" => Statement::ChosenElsewhere,
        "withdrawn" => Statement::Withdrawn,
        "revoked" => Statement::Revoked(wire::RevocationReason::WrongRecipient),
        "closed" => Statement::Closed(wire::ClosureReason::Done),
        "reopened" | "reopened_after_withdrawal" => Statement::Reopened,
        "purge_asked" => Statement::PurgeAsked,
        "transfer_offered" => Statement::TransferOffered,
        "transfer_recalled" => Statement::TransferRecalled,
        "transfer_completed" => Statement::TransferCompleted,
        "decision" => decision(wire::DecisionOutcome::Granted),
        "decision_no" => decision(wire::DecisionOutcome::Refused),
        "acknowledged" => Statement::Acknowledged,
        "held" => Statement::Held { until: Seconds::new(4_000_000_000).unwrap() },
        "accepted" => Statement::Accepted,
        "partly_accepted" => Statement::PartlyAccepted(wire::PartialForm::try_from(1).unwrap()),
        "waitlisted" => Statement::Waitlisted,
        "declined" => Statement::Declined(wire::DeclineReason::try_from(1).unwrap()),
        "redirected" => Statement::Redirected(ServiceType::Police),
        "misdirected" => Statement::Misdirected,
        "contact_made" => Statement::ContactMade,
        "could_not_reach" => Statement::CouldNotReach(wire::NotReachedReason::try_from(1).unwrap()),
        "started" => Statement::Started,
        "provided" => Statement::Provided(wire::Outcome::NeedMet),
        "purged" => Statement::Purged(wire::PurgeManner::Destroyed),
        "retained" => Statement::Retained { article: 1 },
        "transfer_taken" => Statement::TransferTaken(houses.first(trail, "transfer_offered").await),
        "minutes" => Statement::Minutes,
        "plan" => Statement::Plan,
        "task" => {
            let plan = houses.first(trail, "plan").await;
            Statement::Task { plan, number: 1, status: wire::TaskStatus::Done }
        }
        "visited" => Statement::Visited(wire::VisitOutcome::Met),
        "visited_no" => Statement::Visited(wire::VisitOutcome::NobodyThere),
        "escalated" => Statement::Escalated(ServiceType::Oversight),
        other => panic!("no statement for {other}"),
    }
}

/// How many people it took, as the list writes it.
fn people<T>(said: &Result<Option<T>, Refused>, what: &str) -> &'static str {
    match said.as_ref().map_err(Refused::rejection) {
        Ok(None) => "1",
        Ok(Some(_)) => panic!("{what}: it was only to be checked"),
        Err(Rejection::NeedsApproval) => "2",
        Err(Rejection::BasisNotAllowed | Rejection::OutsideProfile) => "-",
        Err(other) => panic!("{what}: {other}"),
    }
}

fn why() -> Why {
    Why::new(wire::ApprovalReason::Danger, String::new())
}

/// A supervisor who is nobody of those who ask says yes.
async fn approved(node: &Arc<Node>, asked: wire::Approval, digest: [u8; 32]) -> Second {
    let supervisor = somebody(AccountId::new([9; 16]), 9, wire::Role::Supervisor);
    known(node, &supervisor);
    node.decide_approval(&supervisor, &asked.approval, true).await.unwrap();
    Second::Approval { id: asked.approval, digest }
}

/// One person alone is taken or refused as the list says, and two are taken wherever it says 2. [APR-1] [APR-2]
#[tokio::test(flavor = "multi_thread")]
async fn one_person_alone_says_what_the_list_lets_one_say() {
    let houses = houses().await;
    let trails = houses.trails().await;
    let mut tried = 0_u16;
    for row in rows().iter().filter(|row| row.by != "machine") {
        for (name, cell) in &row.cells {
            let basis = LegalBasis::from_str_name(&format!("LEGAL_BASIS_{}", name.to_uppercase())).unwrap();
            let what = format!("{} under {name}", row.kind);
            let digest = [tried.to_be_bytes(); 16].concat().try_into().unwrap();
            tried += 1;
            let two = if let Some(stage) = row.kind.strip_prefix("opened") {
                let stage = stage.parse().unwrap();
                let new = |second| NewTrail { second, ..opening(stage, basis, referral_or(law(basis, stage))) };
                let alone = houses.hotline.open_trail(new(Second::Nobody)).await;
                assert_eq!(people(&alone, &what), cell, "{what}");
                if cell != "2" {
                    continue;
                }
                let asked = houses.hotline.ask_opening(new(Second::Nobody), digest, why()).await.unwrap();
                let second = approved(&houses.hotline, asked, digest).await;
                houses.hotline.open_trail(new(second)).await
            } else {
                let node = if row.opener { &houses.hotline } else { &houses.house };
                // Only a referral has others beside it, and no duty serves one.
                let law = basis == LegalBasis::LegalDuty && row.kind != "chosen_elsewhere";
                let trail = trails[&(state_for(&row.kind, row.opener), law)];
                let said = statement(&houses, &row.kind, row.opener, trail).await;
                let new = |second| NewEvent { second, ..later(trail, &said, row, basis) };
                let alone = node.record_event(new(Second::Nobody)).await;
                // [EVT-30] A reply rests on what the opener of this trail disclosed on.
                let opened = if law { LegalBasis::LegalDuty } else { LegalBasis::ExplicitConsent };
                let said = discloses(row) || [opened, LegalBasis::NoneNeededNonpersonal].contains(&basis);
                assert_eq!(people(&alone, &what), if said { cell } else { "-" }, "{what}");
                if cell != "2" {
                    continue;
                }
                let asked = node.ask_event(new(Second::Nobody), digest, why()).await.unwrap();
                let second = approved(node, asked, digest).await;
                node.record_event(new(second)).await.map(|said| said.map(|_| trail))
            };
            assert_eq!(people(&two, &what), "1", "{what}, by two");
        }
    }
    assert_eq!(usize::from(tried), rows().iter().filter(|row| row.by != "machine").count() * 7);
}

/// Under which act an opening is asked for; a duty is to report, and only that may say at once who she is.
fn law(basis: LegalBasis, stage: u32) -> bool {
    basis == LegalBasis::LegalDuty || stage == 2
}

fn discloses(row: &Row) -> bool {
    let kinds = ["need", "identity", "corrected", "minutes", "plan"];
    row.opener && (row.kind.starts_with("reopened") || kinds.contains(&row.kind.as_str()))
}

/// An event after the opening, with as much as the basis demands where it discloses, and a word where it does not.
fn later(trail: TrailId, said: &Statement, row: &Row, basis: LegalBasis) -> NewEvent {
    let nothing = basis == LegalBasis::NoneNeededNonpersonal;
    let words: Vec<Field> = match (discloses(row), nothing) {
        (true, true) if row.kind.starts_with("reopened") => Vec::new(),
        (true, _) if row.kind == "plan" => [basis_fields(basis), fields(&[PLAN])].concat(),
        (true, _) => [basis_fields(basis), fields(&[("language", "sq")])].concat(),
        (false, true) => Vec::new(),
        (false, false) => fields(&[("reason_in_words", "An invented reason")]),
    };
    NewEvent {
        validate_only: true,
        fields: words,
        basis: Some(basis),
        article: u32::from(basis == LegalBasis::LegalDuty),
        ..event(trail, said.clone())
    }
}

/// [NOD-60]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_twice_or_of_a_time_that_cannot_be() {
    let houses = houses().await;
    let now = uput_node::clock::now();
    let new = || NewTrail { validate_only: false, ..opening(1, LegalBasis::ExplicitConsent, Act::Transfer) };
    let past = NewTrail { expiry: Some(now), ..new() };
    assert!(matches!(houses.hotline.open_trail(past).await.unwrap_err(), Refused::Expired));
    let tomorrow = Some(now.after(uput_core::time::Span(86_400)));
    let ahead = NewTrail { occurred: tomorrow, ..new() };
    assert!(matches!(houses.hotline.open_trail(ahead).await.unwrap_err(), Refused::NotYet));
    let trail = houses.hotline.open_trail(new()).await.unwrap().unwrap();
    houses.settled().await;
    let ahead = NewEvent { occurred: tomorrow, ..event(trail, Statement::Accepted) };
    assert!(matches!(houses.house.record_event(ahead).await.unwrap_err(), Refused::NotYet));
    houses.say(false, trail, Statement::Accepted).await;
    let offer = houses.say(true, trail, Statement::TransferOffered).await;
    houses.say(false, trail, Statement::TransferTaken(offer)).await;
    let again = houses.house.record_event(event(trail, Statement::TransferTaken(offer))).await.unwrap_err();
    assert!(matches!(again, Refused::TakenAlready), "{again}");
    assert_eq!(again.rejection(), Rejection::StepNotAllowed);
}

/// [EVT-28]
#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_one_of_a_plan_that_is_there() {
    let houses = houses().await;
    let new = NewTrail { validate_only: false, ..opening(1, LegalBasis::ExplicitConsent, Act::Conference) };
    let trail = houses.hotline.open_trail(new).await.unwrap().unwrap();
    houses.settled().await;
    houses.say(false, trail, Statement::Accepted).await;
    let opened = houses.first(trail, "opened").await;
    let task = |plan, number| event(trail, Statement::Task { plan, number, status: wire::TaskStatus::Done });
    let before = houses.hotline.record_event(task(opened, 1)).await.unwrap_err();
    assert_eq!(before.rejection(), Rejection::StepNotAllowed, "{before}");
    assert!(before.to_string().ends_with("no plan of this trail that counts"), "{before}");
    let basis = basis_fields(LegalBasis::ExplicitConsent);
    let nothing = NewEvent { fields: basis.clone(), ..event(trail, Statement::Plan) };
    let nothing = houses.hotline.record_event(nothing).await.unwrap_err();
    assert!(matches!(nothing, Refused::PlanOfNothing), "{nothing}");
    assert_eq!(nothing.rejection(), Rejection::BadValue);
    let plan = [basis, fields(&[PLAN])].concat();
    let plan = NewEvent { fields: plan, ..event(trail, Statement::Plan) };
    let plan = houses.hotline.record_event(plan).await.unwrap().unwrap();
    houses.settled().await;
    for node in [&houses.hotline, &houses.house] {
        let of_opening = node.record_event(task(opened, 1)).await.unwrap_err();
        assert!(matches!(of_opening, Refused::NoPlan), "{of_opening}");
        let second = node.record_event(task(plan, 2)).await.unwrap_err();
        assert_eq!(
            (second.rejection(), second.to_string().as_str()),
            (Rejection::BadValue, "the plan has no task of the number 2")
        );
        assert!(node.record_event(task(plan, 1)).await.unwrap().is_some());
        houses.settled().await;
    }
    let shown = houses.house.show(&worker(), &trail, false).await.unwrap();
    assert_eq!(shown.events.iter().filter(|event| event.kind == "task").count(), 2);
    assert!(shown.events.iter().all(|event| event.findings.is_empty()), "nothing that was written is a finding");
}
