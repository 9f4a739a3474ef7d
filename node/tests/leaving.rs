//! What goes with a colleague whose account is ended or erased, and what is said of what stays.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod sealed;
mod town;

use std::sync::Arc;

use sealed::{account, staff_of};
use town::{BY, House, Pair, enquiry, pair, reopened};
use uput_core::{
    rejection::Rejection,
    sensitive::Sensitive,
    time::{Seconds, Span},
    wire::{self, DutyChannel, Role, Scope, case_service_server::CaseService},
};
use uput_node::{
    account::Caller,
    clock,
    node::{Assignee, NewTrail, Node},
    on_call::DutyId,
    record::{self, AccountRecord, DutyRecord},
    rpc::{CaseCalls, guard::admitted},
    storage::{Commit, Position},
};

const DAY: Span = Span(86_400);

fn always(by: &Caller, order: u32) -> wire::Duty {
    let weekly = wire::WeeklyDuty { days: (1..=7).collect(), from: 0, until: 1440 };
    wire::Duty {
        account: by.account.to_vec(),
        order,
        when: Some(wire::duty::When::Weekly(weekly)),
        channel: DutyChannel::Sms.into(),
        address: "+38164000000".to_owned(),
        ..wire::Duty::default()
    }
}

fn soon() -> Seconds {
    clock::now().after(Span(1))
}

fn check_for(node: &Node, by: &Caller, name: &str) -> Option<(wire::CheckLevel, String)> {
    let check = node.checks_for(by, soon()).into_iter().find(|check| check.name == name);
    check.map(|check| (check.level(), check.finding))
}

fn check(node: &Node, name: &str) -> (wire::CheckLevel, String) {
    check_for(node, &town::caller_as(Role::Supervisor), name).unwrap()
}

/// Whether the key that opens the address of a duty is there.
async fn has_address(house: &House, duty: &DutyId) -> bool {
    // The folder is taken by one program at a time.
    drop(reopened(house).await);
    house.open_storage().trail_keys(&record::duty_key_name(duty)).is_some_and(|keys| keys.value.is_some())
}

/// What lets somebody in, what they were to do, and where they were. [ACC-18] [ACC-8]
#[tokio::test(flavor = "multi_thread")]
async fn with_an_account_go_its_ways_in_its_leave_and_its_duties() {
    let house = House::found(1).await;
    let node = house.open();
    let sanja = account(&node, "Sanja, invented", Role::Supervisor).await;
    let [gone, other] = [
        account(&node, "Gordana, invented", Role::CaseWorker).await,
        account(&node, "Olga, invented", Role::CaseWorker).await,
    ];
    let machine = account(&node, "A machine, invented", Role::Integration).await;
    let duty = node.set_duty(&sanja, always(&gone, 1), &[]).await.unwrap();
    let (account, key) = (gone.account.to_vec(), [9; 32]);
    let (token, _) = node.create_token(&BY, &account, vec![Scope::Trails], DAY, None).await.unwrap();
    node.pin_certificate(&BY, &account, key, vec![Scope::Trails], DAY).await.unwrap();
    assert!(node.pin_certificate(&BY, &other.account.to_vec(), key, vec![Scope::Trails], DAY).await.is_err());
    node.delegate(&gone.account, &machine.account.to_vec(), DAY).await.unwrap();
    assert!(node.duty_gaps(soon(), 7).is_empty());

    node.disable_account(&BY, &account).await.unwrap();

    assert!(node.duties().is_empty() && node.on_duty(soon()).is_empty());
    let gaps = node.duty_gaps(soon(), 7);
    assert!(!gaps.is_empty(), "the supervisor who lists the rota is told that nobody is on duty");
    assert!(node.register().token(&token.id.to_vec()).unwrap().revoked);
    assert!(node.register().delegations_of(&gone.account).iter().all(|given| given.revoked));
    let credentials = node.register().credentials_of(&gone.account);
    assert!(!credentials.is_empty() && credentials.iter().all(|credential| credential.ended));
    node.pin_certificate(&BY, &other.account.to_vec(), key, vec![Scope::Trails], DAY).await.unwrap();
    drop(node);
    assert!(!has_address(&house, &duty.id).await, "where they were reached is nobody's business any more");
    let node = house.open();
    assert!(node.duties().is_empty());
    assert!(node.register().delegations_of(&gone.account).iter().all(|given| given.revoked));
    // Leave that a machine had goes with the machine as well.
    node.delegate(&sanja.account, &machine.account.to_vec(), DAY).await.unwrap();
    node.disable_account(&BY, &machine.account.to_vec()).await.unwrap();
    assert!(node.register().delegations_of(&sanja.account).iter().all(|given| given.revoked));
}

/// A person is in a team as long as they are here, with one account or another. [ACC-18]
#[tokio::test(flavor = "multi_thread")]
async fn with_the_last_account_of_a_person_go_their_places_in_teams() {
    let house = House::found(1).await;
    let node = house.open();
    let sanja = account(&node, "Sanja, invented", Role::Supervisor).await;
    let gone = account(&node, "Gordana, invented", Role::CaseWorker).await;
    let name = Sensitive::new("Gordana, invented".to_owned());
    let (second, _) = node.create_account(&BY, name, Role::Intake, Some(&gone.account.to_vec())).await.unwrap();
    let mut teams = Vec::new();
    for name in ["Night, invented", "Day, invented"] {
        let team = node.create_team(&sanja.account, Sensitive::new(name.to_owned())).await.unwrap().id.to_vec();
        node.join_team(&sanja.account, &team, gone.person).await.unwrap();
        node.join_team(&sanja.account, &team, sanja.person).await.unwrap();
        teams.push(team);
    }
    node.disable_account(&BY, &gone.account.to_vec()).await.unwrap();
    assert_eq!(node.register().teams_of(&gone.person).len(), 2, "they have another account");
    node.disable_account(&BY, &second.id.to_vec()).await.unwrap();
    assert!(node.register().teams_of(&gone.person).is_empty());
    drop(node);
    let node = reopened(&house).await;
    for team in teams {
        let team = node.register().team(&team).unwrap();
        assert_eq!(team.members.iter().collect::<Vec<_>>(), [&sanja.person]);
        assert!(team.name.expose().ends_with("invented"));
    }
}

async fn untaken(node: &Arc<Node>, by: &Caller) -> Vec<Vec<u8>> {
    let asked = wire::ListCasesRequest { untaken: true, ..wire::ListCasesRequest::default() };
    let call = admitted(by.clone(), "uput.v1.CaseService/ListCases", asked);
    let listed = CaseCalls(node.clone()).list_cases(call).await.unwrap().into_inner();
    listed.cases.into_iter().map(|case| case.case).collect()
}

/// A case stays with whom it was: what nobody has could be taken by anybody. That it is with nobody who is here is said,
/// and a supervisor finds it. [CAS-19]
#[tokio::test(flavor = "multi_thread")]
async fn a_case_of_somebody_who_left_is_said_and_is_not_for_everybody() {
    let Pair { hotline, houses: _houses, .. } = pair().await;
    let sanja = account(&hotline, "Sanja, invented", Role::Supervisor).await;
    let [gone, other] = [
        account(&hotline, "Gordana, invented", Role::CaseWorker).await,
        account(&hotline, "Olga, invented", Role::CaseWorker).await,
    ];
    let opening = NewTrail { by: gone.clone(), ..enquiry("shelter-jasen") };
    let trail = hotline.open_trail(opening).await.unwrap().unwrap();
    let case = hotline.case_of(&trail).unwrap();
    assert_eq!(check(&hotline, "cases").0, wire::CheckLevel::Ok);
    assert!(untaken(&hotline, &sanja).await.is_empty());

    hotline.disable_account(&BY, &gone.account.to_vec()).await.unwrap();
    hotline.erase_account(&gone.account.to_vec()).await.unwrap();

    let said = "a case is with nobody but people whose accounts were ended";
    assert_eq!(check(&hotline, "cases"), (wire::CheckLevel::Warning, said.to_owned()));
    assert!(check_for(&hotline, &other, "cases").is_none(), "it is not theirs to know");
    let administrator = check_for(&hotline, &town::caller_as(Role::Administrator), "cases").unwrap();
    assert_eq!(administrator.0, wire::CheckLevel::Ok, "who ended the account does not learn that it had a case");
    assert_eq!(untaken(&hotline, &sanja).await, [case.to_vec()]);
    assert!(untaken(&hotline, &other).await.is_empty());
    assert!(hotline.take_case(&other, &case).await.is_err(), "it is not there for whoever it is not given to");
    assert!(hotline.case(&case).unwrap().persons.contains(&gone.person), "whose it was stays");

    // To a team of nobody: still nobody.
    let team = hotline.create_team(&sanja.account, Sensitive::new("Night, invented".to_owned())).await.unwrap().id;
    let to = |assignee: Assignee| hotline.assign_case(&sanja, &case, assignee, false);
    to(Assignee::Team(team)).await.unwrap();
    assert_eq!(check(&hotline, "cases").0, wire::CheckLevel::Warning);
    hotline.join_team(&sanja.account, &team.to_vec(), other.person).await.unwrap();
    assert_eq!(check(&hotline, "cases").0, wire::CheckLevel::Ok);
    assert!(untaken(&hotline, &sanja).await.is_empty());
}

/// Folders from before duties went with their account. [ONC-6] [ONC-2] [ACC-16]
#[tokio::test(flavor = "multi_thread")]
async fn a_duty_that_was_left_behind_fills_no_gap_stands_before_nobody_and_is_erased() {
    let house = House::found(1).await;
    let node = house.open();
    let sanja = account(&node, "Sanja, invented", Role::Supervisor).await;
    let gone = account(&node, "Gordana, invented", Role::CaseWorker).await;
    let left = node.set_duty(&sanja, always(&gone, 2), &[]).await.unwrap();
    let now = soon();
    let once = wire::duty::When::Single(wire::SingleDuty { from: now.get(), until: now.get() + 86_400 });
    node.set_duty(&sanja, wire::Duty { when: Some(once), ..always(&gone, 1) }, &[]).await.unwrap();
    drop(node);
    drop(reopened(&house).await);
    let storage = house.open_storage();
    let records = storage.records(Position::new(0)).filter_map(Result::ok);
    let kept = records.filter_map(|kept| record::read::<AccountRecord>(&kept));
    let kept = kept.filter(|kept| kept.account == gone.account.to_vec()).last().unwrap();
    let ended = AccountRecord { disabled: now.get(), ..kept };
    storage.commit(Commit { keys: Vec::new(), records: vec![record::draft(&ended)] }).await.unwrap();
    drop(storage);
    let node = reopened(&house).await;
    assert_eq!(node.duties().len(), 2);
    assert!(!node.duty_gaps(now, 7).is_empty(), "it fills no gap");
    assert_eq!(check(&node, "on-call").1, "a duty is of somebody whose account was ended");
    node.set_duty(&sanja, always(&sanja, 1), &[]).await.unwrap();
    let reached: Vec<_> = node.on_duty(now.after(Span(60))).into_iter().map(|(_, by)| by.account).collect();
    assert_eq!(reached, [sanja.account], "whose order they had is called");
    node.erase_account(&gone.account.to_vec()).await.unwrap();
    drop(node);
    assert!(!has_address(&house, &left.id).await);
}

/// The node stops between taking a duty off the rota and destroying its address. [ONC-5]
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_outlived_its_duty_goes_at_the_next_start() {
    let house = House::found(1).await;
    let node = house.open();
    let sanja = account(&node, "Sanja, invented", Role::Supervisor).await;
    let duty = node.set_duty(&sanja, always(&sanja, 1), &[]).await.unwrap();
    drop(node);
    assert!(has_address(&house, &duty.id).await);
    let storage = house.open_storage();
    let records = storage.records(Position::new(0)).filter_map(Result::ok);
    let kept = records.filter_map(|kept| record::read::<DutyRecord>(&kept)).last().unwrap();
    let removed = DutyRecord { removed: clock::now().get(), removed_by: sanja.account.to_vec(), ..kept };
    storage.commit(Commit { keys: Vec::new(), records: vec![record::draft(&removed)] }).await.unwrap();
    drop(storage);
    assert!(!has_address(&house, &duty.id).await);
}

/// Shares in the hands of people who left bring nothing back, and no new ones get there. [STF-26] [STF-23]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_shares_left_with_colleagues_is_said() {
    let house = House::found(1).await;
    let node = house.open();
    let [sanja, berta, clara] = staff_of(&node).await;
    assert_eq!(check(&node, "staff-keys").0, wire::CheckLevel::Ok);
    node.disable_account(&BY, &clara.caller.account.to_vec()).await.unwrap();
    let said = "too few of those who hold shares of a staff key are still here to bring it back";
    assert_eq!(check(&node, "staff-keys"), (wire::CheckLevel::Warning, said.to_owned()));
    let nada = sealed::person(&node, "Nada, invented", Role::CaseWorker).await;
    sealed::confirm(&node, &sanja, &nada.id()).await.unwrap();
    assert_eq!(sealed::share(&node, &nada, &[&berta, &clara], 2).await.err(), Some(Rejection::NoStaffKey));
    sealed::share(&node, &nada, &[&berta, &sanja], 2).await.unwrap();
}
