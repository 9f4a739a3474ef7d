//! The list of what takes how many people, against a node that runs: every kind of event, each author, each basis.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod houses;
mod town;

use std::{collections::BTreeMap, sync::Arc};

use houses::{Houses, MINUTES, PLAN, basis_fields, houses, opening, statement};
use town::{event, fields, known, somebody, worker};
use uput_core::{
    catalogue::Field,
    event::{Decision, Statement},
    id::TrailId,
    rejection::Rejection,
    time::Seconds,
    wire::{self, Act, LegalBasis},
};
use uput_node::{
    account::AccountId,
    node::{NewEvent, NewTrail, Node, Refused, Second, Why},
};

/// The list. [APR-2]
const PEOPLE: &str = include_str!("../../specs/people.tsv");
/// What can be said at all. [STA-1]
const STATES: &str = include_str!("../../specs/state/table.tsv");

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

impl Houses {
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
        (true, _) if row.kind == "minutes" => [basis_fields(basis), fields(&MINUTES)].concat(),
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

/// [AGR-70]
#[tokio::test(flavor = "multi_thread")]
async fn who_invites_says_when_and_to_what() {
    let houses = houses().await;
    let of = |label: &str| {
        let mut invited = opening(1, LegalBasis::ExplicitConsent, Act::Conference);
        invited.fields.retain(|field| field.label().name() != label);
        invited
    };
    assert!(houses.hotline.open_trail(of("nothing")).await.is_ok());
    for label in ["agenda", "meeting_when"] {
        let refused = houses.hotline.open_trail(of(label)).await.unwrap_err();
        assert_eq!(refused.rejection(), Rejection::WithoutContent);
        assert!(refused.to_string().ends_with(&format!("(rule 4: {label})")), "{refused}");
    }
}

/// [EVT-36] [TIM-12]
#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_day_is_over_is_listed_for_both_until_its_owner_says_what_became_of_it() {
    let houses = houses().await;
    let new = NewTrail { validate_only: false, ..opening(1, LegalBasis::ExplicitConsent, Act::Conference) };
    let trail = houses.hotline.open_trail(new).await.unwrap().unwrap();
    houses.settled().await;
    houses.say(false, trail, Statement::Accepted).await;
    let tasks = [("plan_tasks", "1 safety_plan social_work 2026-01-31; 2 monitor herself 2099-02-28")];
    let plan = [basis_fields(LegalBasis::ExplicitConsent), fields(&tasks)].concat();
    let plan = NewEvent { fields: plan, ..event(trail, Statement::Plan) };
    let plan = houses.hotline.record_event(plan).await.unwrap().unwrap();
    houses.settled().await;
    let listed = async |node: &Node| {
        let shown = node.show(&worker(), &trail, false).await.unwrap();
        let tasks = shown.endings.into_iter().filter(|ending| ending.what == "task");
        tasks.map(|ending| (ending.stands, ending.ours, ending.until)).collect::<Vec<_>>()
    };
    let over = |ours| vec![("over".to_owned(), ours, 0)];
    assert_eq!((listed(&houses.hotline).await, listed(&houses.house).await), (over(false), over(true)));
    houses.say(true, trail, Statement::Closed(wire::ClosureReason::Done)).await;
    assert_eq!((listed(&houses.hotline).await, listed(&houses.house).await), (over(false), over(true)));
    let done = Statement::Task { plan, number: 1, status: wire::TaskStatus::Done };
    houses.say(false, trail, done).await;
    assert_eq!((listed(&houses.hotline).await, listed(&houses.house).await), (vec![], vec![]));
}

/// [EVT-31]
#[tokio::test(flavor = "multi_thread")]
async fn who_she_is_is_not_told_on_a_decision_that_has_ended() {
    let houses = houses().await;
    let now = uput_node::clock::now().get();
    let name = [basis_fields(LegalBasis::ExplicitConsent), fields(&[("name", "Invented Name")])].concat();
    for (expiry, refusal) in [(now - 60, Some(Rejection::DecisionEnded)), (now + 86_400, None)] {
        let new = NewTrail { validate_only: false, ..opening(1, LegalBasis::ExplicitConsent, Act::Referral) };
        let trail = houses.hotline.open_trail(new).await.unwrap().unwrap();
        houses.settled().await;
        // Nobody has said yes: what was decided is all that lets her be named.
        let (kind, outcome) = (wire::DecisionType::Placement, wire::DecisionOutcome::Granted);
        let decision = Decision { kind, outcome, expiry: Seconds::new(expiry), evidence: None };
        houses.say(false, trail, Statement::Decision(decision)).await;
        let basis = Some(LegalBasis::ExplicitConsent);
        let identity = NewEvent { fields: name.clone(), basis, ..event(trail, Statement::Identity) };
        let said = houses.hotline.record_event(identity).await;
        assert_eq!(said.err().map(|refused| refused.rejection()), refusal);
        let shown = houses.hotline.show(&worker(), &trail, false).await.unwrap();
        assert_eq!(shown.events.iter().any(|event| event.kind == "identity"), refusal.is_none());
    }
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
    assert_eq!(nothing.rejection(), Rejection::WithoutContent);
    assert!(nothing.to_string().ends_with("(rule 4: plan_tasks)"), "{nothing}");
    let plan = [basis, fields(&[PLAN])].concat();
    let plan = NewEvent { fields: plan, ..event(trail, Statement::Plan) };
    let plan = houses.hotline.record_event(plan).await.unwrap().unwrap();
    houses.settled().await;
    for node in [&houses.hotline, &houses.house] {
        let of_opening = node.record_event(task(opened, 1)).await.unwrap_err();
        assert!(matches!(of_opening, Refused::NoPlan), "{of_opening}");
        let second = node.record_event(task(plan, 3)).await.unwrap_err();
        assert_eq!(
            (second.rejection(), second.to_string().as_str()),
            (Rejection::BadValue, "the plan has no task of the number 3")
        );
    }
    // [EVT-35] The first is social work's, which is the house; the second her own, for whom the convenor speaks.
    for (node, theirs, ours) in [(&houses.hotline, 1, 2), (&houses.house, 2, 1)] {
        let of_the_other = node.record_event(task(plan, theirs)).await.unwrap_err();
        assert_eq!(of_the_other.rejection(), Rejection::NotTheOwner, "{of_the_other}");
        assert!(node.record_event(task(plan, ours)).await.unwrap().is_some());
        houses.settled().await;
    }
    let shown = houses.house.show(&worker(), &trail, false).await.unwrap();
    assert_eq!(shown.events.iter().filter(|event| event.kind == "task").count(), 2);
    assert!(shown.events.iter().all(|event| event.findings.is_empty()), "nothing that was written is a finding");
}
