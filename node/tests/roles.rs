//! The table of roles against a node that runs: every call with every role, over gRPC.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must stop"
)]

mod caller;
mod staffed;

use std::time::Duration;

use caller::{Identity, Who};
use staffed::{ACCOUNTS, FACTOR, PASSWORD, Running, code_of, hex};
use tonic::{Code, Status};
use uput_core::rejection::Rejection;
use uput_core::wire::{self, Role, Scope};
use uput_node::account::roles::{self, Part, ROLES, Row, SCOPES};
use uput_node::rpc::status;

const STATUS: &str = "uput.v1.NodeService/GetNode";

/// Asks for that part of a call, in a way that changes nothing. A new part of a call has its request here.
async fn try_row(who: &Who, row: &Row) -> Result<(), Status> {
    let method = row.method;
    if method.ends_with("/RecordEvent") && row.part == Part::AcknowledgedOrWarned {
        let kind = Some(wire::statement::Kind::Acknowledged(wire::Acknowledged {}));
        let statement = Some(wire::Statement { kind });
        return who.ask(method, wire::RecordEventRequest { statement, ..Default::default() }).await;
    }
    if row.part == Part::Values && method.ends_with("/GetCaseRecord") {
        return who.ask(method, wire::GetCaseRecordRequest { values: true, ..Default::default() }).await;
    }
    if row.part == Part::Values && method.ends_with("/GetTrail") {
        return who.ask(method, wire::GetTrailRequest { values: true, ..Default::default() }).await;
    }
    if row.part == Part::Values && method.ends_with("/ExportTrail") {
        let scope = wire::DisclosureScope::Values.into();
        return who.ask(method, wire::ExportTrailRequest { scope, ..Default::default() }).await;
    }
    if method.ends_with("/RenewToken") {
        return who.ask(method, wire::RenewTokenRequest { valid_seconds: u64::MAX, ..Default::default() }).await;
    }
    if method.ends_with("/Watch") {
        // One that begins would not end.
        return who.ask(method, wire::WatchRequest { cursor: vec![1], ..Default::default() }).await;
    }
    assert_ne!(row.part, Part::Values, "{method}: no request asks for values");
    who.ask(method, ()).await
}

/// Every row that needs somebody, against what is allowed to them; gives how many there were.
async fn try_all(who: &Who, what: &str, allowed: impl Fn(&Row) -> bool) -> usize {
    let rows = roles::rows().iter().filter(|row| !roles::is_open(row.method) && !row.method.ends_with("/LogOut"));
    let mut tried = 0;
    for row in rows {
        let answer = try_row(who, row).await;
        let said = answer.as_ref().err().map(ToString::to_string);
        assert_eq!(is_denied(&answer), !allowed(row), "{what} {row:?}: {said:?}");
        tried += 1;
    }
    let unheard = who.ask::<(), ()>("uput.v1.TrailService/Unheard", ()).await;
    assert!(is_denied(&unheard), "{what}");
    tried
}

fn is_denied(answer: &Result<(), Status>) -> bool {
    answer.as_ref().is_err_and(|status| {
        let denied = status::rejection(status) == Some(Rejection::NotPermitted);
        assert!(!denied || status.code() == Code::PermissionDenied, "{status}");
        assert_ne!(status.code(), Code::Unauthenticated, "{status}");
        assert_ne!(status.code(), Code::Unimplemented, "{status}");
        denied
    })
}

/// [ACC-10] [ACC-11] [ACC-13]
#[tokio::test]
async fn every_call_is_denied_to_every_role_that_the_table_does_not_name() {
    let node = Running::start().await;
    let mut tried = 0;
    for role in ROLES {
        let account = node.account(role).await;
        for scopes in limits(role) {
            let token = node.token(&account, &scopes, 0).await.secret;
            let may = |row: &Row| roles::may(role, &scopes, row.method, row.part);
            tried += try_all(&node.who(&token), &format!("{role:?} {scopes:?}"), may).await;
            let out = node.who(&token).ask::<(), ()>("uput.v1.SessionService/LogOut", ()).await;
            let allowed = roles::may(role, &scopes, "uput.v1.SessionService/LogOut", Part::Whole);
            assert_eq!(is_denied(&out), !allowed);
        }
    }
    let rows = roles::rows().iter().filter(|row| !roles::is_open(row.method)).count() - 1;
    assert_eq!(tried, rows * (6 * (SCOPES.len() + 2) - 1));
}

/// Without limits (a machine has none without scopes), with each scope alone, with all of them.
fn limits(role: Role) -> Vec<Vec<Scope>> {
    let unlimited = [Vec::new()].into_iter().filter(|_| role != Role::Integration);
    unlimited.chain(SCOPES.map(|scope| vec![scope])).chain([SCOPES.to_vec()]).collect()
}

/// [ACC-11] [ACC-36] A session is a token without limits; it ends with the call that ends it.
#[tokio::test]
async fn a_session_may_what_its_role_may() {
    let node = Running::start().await;
    for role in ROLES.into_iter().filter(|role| *role != Role::Integration) {
        let hired = node.hired("An Invented Colleague", role).await;
        let account = hex(&hired.account.unwrap().account);
        node.enrol(&hired.code, PASSWORD, FACTOR).await.unwrap();
        let begun = node.log_in(&account, PASSWORD, &code_of(FACTOR, 0)).await.unwrap();
        let who = node.who(&begun.secret);
        try_all(&who, &format!("session {role:?}"), |row| roles::may(role, &[], row.method, row.part)).await;
        who.ask::<(), ()>("uput.v1.SessionService/LogOut", ()).await.unwrap();
        let after = who.ask::<(), ()>(STATUS, ()).await.unwrap_err();
        assert_eq!(status::rejection(&after), Some(Rejection::NotAuthenticated));
    }
}

/// [ACC-11] [ACC-40]
#[tokio::test]
async fn a_certificate_may_what_its_scopes_and_its_role_may() {
    let node = Running::start().await;
    for role in ROLES {
        let account = node.account(role).await;
        for scopes in limits(role) {
            let identity = Identity::generate();
            let request = wire::PinCertificateRequest {
                account: account.clone(),
                key_digest: identity.key_digest.clone(),
                scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
                valid_seconds: 0,
            };
            let _: wire::PinCertificateResponse = node.administer("PinCertificate", request).await.unwrap();
            let who = node.holder(&identity).await;
            let may = |row: &Row| roles::may(role, &scopes, row.method, row.part);
            try_all(&who, &format!("certificate {role:?} {scopes:?}"), may).await;
        }
    }
}

/// [ACC-50] [ACC-51]
#[tokio::test]
async fn a_machine_on_behalf_of_a_person_may_what_both_may() {
    let node = Running::start().await;
    let machine = node.account(Role::Integration).await;
    for role in [Role::Intake, Role::CaseWorker, Role::Supervisor, Role::Auditor] {
        let person = node.account(role).await;
        let persons = node.token(&person, &[], 0).await.secret;
        let request = wire::DelegateAccountRequest { machine: machine.clone(), valid_seconds: 0 };
        let _: wire::DelegateAccountResponse =
            node.ask(&persons, "uput.v1.SessionService/DelegateAccount", request).await.unwrap();
        for scopes in limits(Role::Integration) {
            let token = node.token(&machine, &scopes, 0).await.secret;
            let who = Who { on_behalf_of: Some(hex(&person)), ..node.who(&token) };
            let may = |row: &Row| {
                let of = |role, scopes: &[Scope]| roles::may(role, scopes, row.method, row.part);
                of(Role::Integration, &scopes) && of(role, &[])
            };
            try_all(&who, &format!("for {role:?} {scopes:?}"), may).await;
        }
    }
}

/// [ACC-6] [ACC-7] [ACC-8] [ACC-9]
#[tokio::test]
async fn every_reason_not_to_know_a_caller_sounds_the_same() {
    let node = Running::start().await;
    let worker = node.account(Role::CaseWorker).await;
    let (revoked, brief) = (node.token(&worker, &[], 0).await, node.token(&worker, &[], 1).await);
    let left = node.account(Role::Supervisor).await;
    let of_left = node.token(&left, &[], 0).await;
    let tried = node.account(Role::Auditor).await;
    let of_tried = node.token(&tried, &[], 0).await;
    for token in [&revoked, &of_left, &of_tried] {
        assert!(node.ask::<(), ()>(&token.secret, STATUS, ()).await.is_ok());
    }
    let request = wire::RevokeTokenRequest { token: revoked.token.clone().unwrap().token[..4].to_vec() };
    let ended: wire::RevokeTokenResponse = node.administer("RevokeToken", request).await.unwrap();
    assert!(ended.token.unwrap().revoked);
    let request = wire::DisableAccountRequest { account: left.clone() };
    let ended: wire::DisableAccountResponse = node.administer("DisableAccount", request).await.unwrap();
    assert!(ended.account.unwrap().disabled);

    let forged = |secret: &str| format!("{}.{}", secret.split_once('.').unwrap().0, "0".repeat(64));
    let mut answers = Vec::new();
    for wrong in ["", "guess", &format!("{}.{}", "0".repeat(32), "0".repeat(64)), &revoked.secret, &of_left.secret] {
        answers.push(node.ask::<(), ()>(wrong, STATUS, ()).await.unwrap_err());
    }
    for _ in 0..10 {
        answers.push(node.ask::<(), ()>(&forged(&of_tried.secret), STATUS, ()).await.unwrap_err());
    }
    // Locked by now, for the right secret too, and the administrator sees it.
    answers.push(node.ask::<(), ()>(&of_tried.secret, STATUS, ()).await.unwrap_err());
    let accounts = node.accounts().await;
    let seen = accounts.iter().find(|account| account.account == tried).unwrap();
    assert!(seen.locked_until > 0);
    loop {
        // It ends by itself, after a second.
        match node.ask::<(), ()>(&brief.secret, STATUS, ()).await {
            Ok(()) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(status) => break answers.push(status),
        }
    }
    for answer in &answers {
        let (first, this) = (&answers[0], answer);
        assert_eq!(status::rejection(this), Some(Rejection::NotAuthenticated));
        assert_eq!((this.code(), this.message(), this.details()), (first.code(), first.message(), first.details()));
    }
}

/// [ACC-2] [ACC-3]
#[tokio::test]
async fn accounts_outlive_the_process_and_the_index() {
    let node = Running::start().await;
    let worker = node.account(Role::CaseWorker).await;
    let secret = node.token(&worker, &[], 0).await.secret;
    let before: Vec<_> = node.accounts().await;
    let node = node.killed_and_started().await;
    assert!(node.accounts().await == before);
    std::fs::remove_dir_all(node.folder().join("index")).unwrap();
    let node = node.killed_and_started().await;
    assert!(node.accounts().await == before);
    assert!(node.ask::<(), ()>(&secret, STATUS, ()).await.is_ok());
    let mut names: Vec<&str> = before.iter().map(|account| account.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["An Invented CaseWorker", "the node's first administrator"]);
}

/// [ACC-2] [API-1]
#[tokio::test]
async fn whoever_owns_the_folder_gets_a_new_token_for_the_administrator() {
    let node = Running::start().await;
    let before = node.administrator.clone();
    std::fs::write(node.folder().join("api.toml"), "").unwrap();
    let node = node.killed_and_started().await;
    assert_ne!(node.administrator, before);
    let [only] = <[wire::Account; 1]>::try_from(node.accounts().await).ok().unwrap();
    assert_eq!((only.role(), only.tokens.len()), (Role::Administrator, 2));
    // A token that was ended stays ended, and a file that was taken away stays away.
    let id = only.tokens.iter().find(|token| node.administrator.starts_with(&hex(&token.token))).unwrap();
    let _: wire::RevokeTokenResponse =
        node.administer("RevokeToken", wire::RevokeTokenRequest { token: id.token.clone() }).await.unwrap();
    let node = node.killed_and_started().await;
    let refused = node.ask::<(), ()>(&node.administrator, STATUS, ()).await.unwrap_err();
    assert_eq!(status::rejection(&refused), Some(Rejection::NotAuthenticated));
    std::fs::remove_file(node.folder().join("api.toml")).unwrap();
    let node = node.killed_and_started().await;
    assert!(!node.folder().join("api.toml").exists());
    assert!(node.ask::<(), ()>(&before, STATUS, ()).await.is_ok());
}

/// [ACC-8]
#[tokio::test]
async fn the_last_administrator_stays_and_what_is_wrong_is_refused() {
    let node = Running::start().await;
    let first = node.accounts().await[0].account.clone();
    let disable = |account: Vec<u8>| wire::DisableAccountRequest { account };
    let refused = node.administer::<_, ()>("DisableAccount", disable(first.clone())).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let second = node.account(Role::Administrator).await;
    let token = node.token(&second, &[Scope::Accounts], 0).await.secret;
    node.administer::<_, ()>("DisableAccount", disable(first.clone())).await.unwrap();
    let method = format!("{ACCOUNTS}DisableAccount");
    assert!(node.ask::<_, ()>(&node.administrator, &method, disable(second.clone())).await.is_err());
    assert_eq!(node.ask::<_, ()>(&token, &method, disable(second)).await.unwrap_err().code(), Code::FailedPrecondition);

    let ask = async |verb: &str, request: wire::CreateTokenRequest| {
        let answer = node.ask::<_, ()>(&token, &format!("{ACCOUNTS}{verb}"), request).await;
        status::rejection(&answer.unwrap_err())
    };
    let of = |account: &[u8], valid_seconds| wire::CreateTokenRequest {
        account: account.to_vec(),
        scopes: Vec::new(),
        valid_seconds,
        key_digest: Vec::new(),
    };
    assert_eq!(ask("CreateToken", of(&first, 0)).await, Some(Rejection::NoSuchAccount), "it is disabled");
    assert_eq!(ask("CreateToken", of(&[0; 16], 0)).await, Some(Rejection::NoSuchAccount));
    let role = Role::Integration.into();
    let request = wire::CreateAccountRequest { name: "An invented machine".to_owned(), role, ..Default::default() };
    let made: wire::CreateAccountResponse =
        node.ask(&token, &format!("{ACCOUNTS}CreateAccount"), request).await.unwrap();
    let machine = made.account.unwrap().account;
    assert_eq!(ask("CreateToken", of(&machine, 0)).await, Some(Rejection::BadValue), "it has no scope");
    assert_eq!(ask("CreateToken", of(&machine, 732 * 86_400)).await, Some(Rejection::BadValue), "it is too long");
    for (name, role) in [("", Role::Auditor), ("a\nb", Role::Auditor), ("An invented name", Role::Unspecified)] {
        let request = wire::CreateAccountRequest { name: name.to_owned(), role: role.into(), ..Default::default() };
        let refused = node.ask::<_, ()>(&token, &format!("{ACCOUNTS}CreateAccount"), request).await.unwrap_err();
        assert_eq!(status::rejection(&refused), Some(Rejection::BadValue));
        assert!(name.is_empty() || !refused.message().contains(name));
    }
}
