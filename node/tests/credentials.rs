//! Codes, passwords, second factors, sessions, certificates and delegations against a node that runs, over gRPC.

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

use caller::{Identity, Who, connect_as};
use staffed::{ACCOUNTS, ENROL, FACTOR, LOG_IN, PASSWORD, Running, code_of, hex, log_in};
use tonic::{Code, Status};
use uput_core::{
    rejection::Rejection,
    wire::{self, Role, Scope},
};
use uput_node::rpc::status;

const STATUS: &str = "uput.v1.NodeService/GetNode";
const OWN: &str = "uput.v1.SessionService/";

fn rejected<A>(answer: &Result<A, Status>) -> Option<Rejection> {
    answer.as_ref().err().and_then(status::rejection)
}

/// What an attacker can see of an answer.
fn seen<A>(answer: Result<A, Status>) -> (Code, String, Vec<u8>) {
    let status = answer.err().unwrap();
    (status.code(), status.message().to_owned(), status.details().to_vec())
}

async fn is_known(who: &Who) -> bool {
    let answer = who.ask::<(), ()>(STATUS, ()).await;
    assert!(answer.is_ok() || rejected(&answer) == Some(Rejection::NotAuthenticated));
    answer.is_ok()
}

/// Somebody with a password, who logs in without a second factor.
async fn colleague(node: &Running, name: &str, role: Role) -> Vec<u8> {
    let hired = node.hired(name, role).await;
    node.enrol(&hired.code, PASSWORD, &[]).await.unwrap();
    hired.account.unwrap().account
}

async fn own(node: &Running, token: &str) -> wire::GetOwnAccountResponse {
    node.ask(token, &format!("{OWN}GetOwnAccount"), ()).await.unwrap()
}

/// [ACC-63]
#[tokio::test]
async fn whoever_has_no_token_sends_no_more_than_a_little() {
    let node = Running::start().await;
    let nobody = Who { channel: node.channel.clone(), token: None, on_behalf_of: None };
    for (kib, expected) in [(15, Code::Unauthenticated), (17, Code::OutOfRange), (4_000, Code::OutOfRange)] {
        let asked = staffed::log_in("somebody", &"a".repeat(kib * 1024), "");
        let answer = nobody.ask::<_, wire::LogInResponse>(staffed::LOG_IN, asked).await;
        assert_eq!(answer.err().unwrap().code(), expected, "{kib} KiB");
    }
}

/// [ACC-31] [ACC-32] [ACC-34]
#[tokio::test]
async fn a_code_works_once_and_only_for_a_password_and_a_factor_that_will_do() {
    let node = Running::start().await;
    let hired = node.hired("An Invented Supervisor", Role::Supervisor).await;
    assert!(hired.code_until > 0 && hired.account.as_ref().unwrap().code_until == hired.code_until);
    assert_eq!(
        rejected(&node.enrol("0000-0000-0000-0000-0000-0000", PASSWORD, FACTOR).await),
        Some(Rejection::NotAuthenticated)
    );
    assert_eq!(rejected(&node.enrol("no code at all", PASSWORD, FACTOR).await), Some(Rejection::NotAuthenticated));
    // What is wrong with the password says nothing about the code, and does not use it up.
    for (password, factor) in [("too short", FACTOR), (PASSWORD, b"too short".as_slice())] {
        for code in [&hired.code, "0000-0000-0000-0000-0000-0000"] {
            assert_eq!(rejected(&node.enrol(code, password, factor).await), Some(Rejection::BadValue));
        }
    }
    assert_eq!(rejected(&node.enrol(&hired.code, PASSWORD, b"").await), Some(Rejection::BadValue));
    let mut request = wire::EnrolRequest {
        code: hired.code.clone(),
        password: PASSWORD.to_owned(),
        second_factor: FACTOR.to_vec(),
        second_factor_code: code_of(FACTOR, 7),
    };
    assert_eq!(rejected(&node.nobody().ask::<_, ()>(ENROL, request.clone()).await), Some(Rejection::BadValue));
    request.second_factor_code = code_of(FACTOR, -1);
    // Two at the same time: one of them has stolen it.
    let (nobody, again) = (node.nobody(), request.clone());
    let (first, second) = tokio::join!(nobody.ask::<_, ()>(ENROL, request), nobody.ask::<_, ()>(ENROL, again));
    assert!(first.is_ok() != second.is_ok());
    assert_eq!(rejected(&node.enrol(&hired.code, "another password", FACTOR).await), Some(Rejection::NotAuthenticated));
    let account = hired.account.unwrap().account;
    let seen = node.accounts().await.into_iter().find(|seen| seen.account == account).unwrap();
    assert!(seen.enrolled && seen.second_factor && seen.code_until == 0 && seen.tokens.is_empty());
}

/// [ACC-33] [ACC-34] [ACC-36] [ACC-6]
#[tokio::test]
async fn whoever_cannot_log_in_hears_the_same_whatever_the_reason() {
    let node = Running::start().await;
    let hired = node.hired("An Invented Worker", Role::CaseWorker).await;
    node.enrol(&hired.code, PASSWORD, FACTOR).await.unwrap();
    let worker = hex(&hired.account.unwrap().account);
    let waiting = hex(&node.hired("An Invented Newcomer", Role::Intake).await.account.unwrap().account);
    let left = colleague(&node, "An Invented Leaver", Role::Auditor).await;
    let session = node.log_in(&hex(&left), PASSWORD, "").await.unwrap().secret;
    node.administer::<_, ()>("DisableAccount", wire::DisableAccountRequest { account: left.clone() }).await.unwrap();
    assert!(!is_known(&node.who(&session)).await, "it ends with the account");

    let code = code_of(FACTOR, 0);
    assert!(node.log_in("An Invented Worker", PASSWORD, &code).await.is_ok());
    let mut answers = Vec::new();
    for (account, password, shown) in [
        (worker.as_str(), PASSWORD, code.as_str()),
        (&worker, PASSWORD, ""),
        (&worker, PASSWORD, "000000"),
        (&worker, "a wrong password", &code_of(FACTOR, 1)),
        (&waiting, PASSWORD, ""),
        (&hex(&left), PASSWORD, ""),
        ("An Invented Stranger", PASSWORD, ""),
        ("", "", ""),
    ] {
        answers.push(seen(node.log_in(account, password, shown).await));
    }
    // A second account of that name: neither is meant.
    node.hired("An Invented Worker", Role::Intake).await;
    answers.push(seen(node.log_in("An Invented Worker", PASSWORD, &code_of(FACTOR, 1)).await));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0].0, Code::Unauthenticated);
    // The code of a minute that was used stays used when the node starts anew.
    let node = node.killed_and_started().await;
    assert!(node.log_in(&worker, PASSWORD, &code).await.is_err());
    assert!(node.log_in(&worker, PASSWORD, &code_of(FACTOR, 1)).await.is_ok());
}

/// [ACC-36] Sessions are in memory; passwords are not.
#[tokio::test]
async fn a_restart_logs_out_and_forgets_no_password() {
    let node = Running::start().await;
    let account = hex(&colleague(&node, "An Invented Worker", Role::CaseWorker).await);
    let begun = node.log_in(&account, PASSWORD, "").await.unwrap();
    assert!(begun.until > 0 && begun.idle_seconds == 1800 && is_known(&node.who(&begun.secret)).await);
    let node = node.killed_and_started().await;
    assert!(!is_known(&node.who(&begun.secret)).await);
    std::fs::remove_dir_all(node.folder().join("index")).unwrap();
    let node = node.killed_and_started().await;
    assert!(node.log_in(&account, PASSWORD, "").await.is_ok());
    // Neither the password nor what it is compared with is anywhere in the folder in the clear.
    let found = std::process::Command::new("grep").args(["-rqa", PASSWORD]).arg(node.folder()).status().unwrap();
    assert_eq!(found.code(), Some(1));
}

/// [ACC-37] [ACC-38] Somebody locks everybody out at three in the morning.
#[tokio::test]
async fn a_stranger_locks_out_strangers_and_nobody_who_was_here_before() {
    let node = Running::start().await;
    let account = hex(&colleague(&node, "An Invented Worker", Role::CaseWorker).await);
    let begun = node.log_in(&account, PASSWORD, "").await.unwrap();
    let token = node.token(&colleague(&node, "An Invented Other", Role::Intake).await, &[], 0).await.secret;
    for _ in 0..10 {
        assert!(node.log_in(&account, "a guess of a stranger", "").await.is_err());
    }
    assert!(node.log_in(&account, PASSWORD, "").await.is_err(), "the right password of a stranger");
    let locked = node.accounts().await.into_iter().find(|seen| hex(&seen.account) == account).unwrap();
    assert!(locked.locked_until > 0, "the administrator sees it");
    // Whoever works goes on, and can log in again from where they worked; a token of another account is no such sign.
    assert!(is_known(&node.who(&begun.secret)).await);
    assert!(node.who(&begun.secret).ask::<_, ()>(LOG_IN, log_in(&account, PASSWORD, "")).await.is_ok());
    assert!(node.who(&token).ask::<_, ()>(LOG_IN, log_in(&account, PASSWORD, "")).await.is_err());
    // Whoever has stolen that sign has ten guesses there, and no more.
    for _ in 0..10 {
        assert!(node.who(&begun.secret).ask::<_, ()>(LOG_IN, log_in(&account, "a guess", "")).await.is_err());
    }
    assert!(node.who(&begun.secret).ask::<_, ()>(LOG_IN, log_in(&account, PASSWORD, "")).await.is_err());
    assert!(is_known(&node.who(&begun.secret)).await);
}

/// [ACC-35] [ACC-15]
#[tokio::test]
async fn a_reset_ends_everything_and_is_told_until_it_was_seen() {
    let node = Running::start().await;
    let account = colleague(&node, "An Invented Worker", Role::CaseWorker).await;
    let session = node.log_in(&hex(&account), PASSWORD, "").await.unwrap().secret;
    let token = node.token(&account, &[], 0).await.secret;
    let boss = node.hired("An Invented Supervisor", Role::Supervisor).await;
    node.enrol(&boss.code, PASSWORD, FACTOR).await.unwrap();
    let boss_id = boss.account.unwrap().account;
    let watching = node.log_in(&hex(&boss_id), PASSWORD, &code_of(FACTOR, 0)).await.unwrap();
    assert_eq!(watching.notices, 3, "two accounts and a token were made");
    let request = wire::ResetAccountRequest { account: account.clone() };
    let reset: wire::ResetAccountResponse = node.administer("ResetAccount", request).await.unwrap();
    assert!(!is_known(&node.who(&session)).await && !is_known(&node.who(&token)).await);
    assert!(node.log_in(&hex(&account), PASSWORD, "").await.is_err());
    node.enrol(&reset.code, "another invented password", &[]).await.unwrap();

    let begun = node.log_in(&hex(&account), "another invented password", "").await.unwrap();
    assert_eq!(begun.notices, 2, "the token and the reset");
    let mine = own(&node, &begun.secret).await.notices;
    let kinds: Vec<_> = mine.iter().map(wire::Notice::kind).collect();
    assert_eq!(kinds, [wire::NoticeKind::TokenMade, wire::NoticeKind::AccountReset]);
    assert!(mine.iter().all(|notice| notice.account == account && notice.by != account && notice.time > 0));
    let header = |answer: &tonic::Response<()>| {
        answer.metadata().get("uput-notices").and_then(|value| value.to_str().unwrap().parse::<u32>().ok())
    };
    let answer = node.who(&watching.secret).answer::<(), ()>(STATUS, ()).await.unwrap();
    assert_eq!(header(&answer), Some(4), "the supervisor hears of it at the next call");
    let through = mine.last().unwrap().number;
    let see = |through| wire::SeeNoticesRequest { through };
    let left: wire::SeeNoticesResponse =
        node.ask(&begun.secret, &format!("{OWN}SeeNotices"), see(through - 1)).await.unwrap();
    assert_eq!(left.notices, 1);
    let node = node.killed_and_started().await;
    let begun = node.log_in(&hex(&account), "another invented password", "").await.unwrap();
    assert_eq!(begun.notices, 1, "a restart neither forgets nor repeats");
    let _: wire::SeeNoticesResponse =
        node.ask(&begun.secret, &format!("{OWN}SeeNotices"), see(u64::MAX)).await.unwrap();
    let answer = node.who(&begun.secret).answer::<(), ()>(STATUS, ()).await.unwrap();
    assert_eq!(header(&answer), None);
    // Nobody has seen what is still to come.
    node.token(&account, &[], 0).await;
    assert_eq!(own(&node, &begun.secret).await.notices.len(), 1);
    let machine = node.account(Role::Integration).await;
    let request = wire::ResetAccountRequest { account: machine };
    let refused = node.administer::<_, ()>("ResetAccount", request).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
}

/// [ACC-15] Whoever made a token of somebody sees, in their place, nothing of it away.
#[tokio::test]
async fn a_token_that_an_administrator_made_keeps_no_notice_from_whose_it_is() {
    let node = Running::start().await;
    let boss = node.hired("An Invented Supervisor", Role::Supervisor).await;
    node.enrol(&boss.code, PASSWORD, FACTOR).await.unwrap();
    let boss = boss.account.unwrap().account;
    let mut stolen = node.token(&boss, &[], 0).await.secret;
    let see = || wire::SeeNoticesRequest { through: u64::MAX };
    for _ in 0..2 {
        let seen = node.ask::<_, ()>(&stolen, &format!("{OWN}SeeNotices"), see()).await;
        assert_eq!(seen.err().map(|status| status.code()), Some(Code::FailedPrecondition));
        let renew = wire::RenewTokenRequest::default();
        let renewed: wire::RenewTokenResponse = node.ask(&stolen, &format!("{OWN}RenewToken"), renew).await.unwrap();
        stolen = renewed.secret;
    }
    let begun = node.log_in(&hex(&boss), PASSWORD, &code_of(FACTOR, 0)).await.unwrap();
    assert_eq!(begun.notices, 2, "that the account was made, and a token of it");
    let left: wire::SeeNoticesResponse = node.ask(&begun.secret, &format!("{OWN}SeeNotices"), see()).await.unwrap();
    assert_eq!(left.notices, 0);
}

/// [ACC-17] What the administrator had in hand ends.
#[tokio::test]
async fn a_person_and_a_machine_renew_their_own_token() {
    let node = Running::start().await;
    for role in [Role::CaseWorker, Role::Integration] {
        let account = node.account(role).await;
        let given = node.token(&account, &[Scope::Status, Scope::Own], 0).await.secret;
        let renew = |scopes: &[Scope]| wire::RenewTokenRequest {
            scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
            valid_seconds: 3600,
        };
        let method = format!("{OWN}RenewToken");
        let more = node.ask::<_, ()>(&given, &method, renew(&[Scope::Status, Scope::Trails])).await;
        assert_eq!(rejected(&more), Some(Rejection::BadValue), "never to more");
        let renewed: wire::RenewTokenResponse = node.ask(&given, &method, renew(&[])).await.unwrap();
        assert!(!is_known(&node.who(&given)).await && is_known(&node.who(&renewed.secret)).await);
        let token = renewed.token.unwrap();
        assert_eq!((token.scopes.len(), token.created_by), (2, account.clone()));
        let node_again = node.accounts().await;
        assert!(node_again.iter().find(|seen| seen.account == account).unwrap().tokens.iter().any(|kept| kept.revoked));
    }
}

/// [ACC-39]
#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let node = Running::start().await;
    let account = hex(&colleague(&node, "An Invented Worker", Role::CaseWorker).await);
    let (here, there) = (
        node.log_in(&account, PASSWORD, "").await.unwrap().secret,
        node.log_in(&account, PASSWORD, "").await.unwrap().secret,
    );
    let change = |password: &str, factor: &[u8]| wire::ChangePasswordRequest {
        password: password.to_owned(),
        new_password: "another invented password".to_owned(),
        new_second_factor: factor.to_vec(),
        new_second_factor_code: code_of(FACTOR, -1),
        ..Default::default()
    };
    let method = format!("{OWN}ChangePassword");
    let wrong = node.ask::<_, ()>(&here, &method, change("a wrong password", FACTOR)).await;
    assert_eq!(rejected(&wrong), Some(Rejection::NotAuthenticated));
    node.ask::<_, ()>(&here, &method, change(PASSWORD, FACTOR)).await.unwrap();
    assert!(is_known(&node.who(&here)).await && !is_known(&node.who(&there)).await, "other sessions end");
    assert!(node.log_in(&account, PASSWORD, "").await.is_err());
    assert!(node.log_in(&account, "another invented password", &code_of(FACTOR, -1)).await.is_err(), "it was used");
    assert!(node.log_in(&account, "another invented password", &code_of(FACTOR, 0)).await.is_ok());
}

/// [ACC-40] [ACC-41] [ACC-42]
#[tokio::test]
async fn a_certificate_lets_in_its_own_account_and_no_other() {
    let node = Running::start().await;
    let (machine, other) = (node.account(Role::Integration).await, node.account(Role::Integration).await);
    let (pinned, strange) = (Identity::generate(), Identity::generate());
    let pin = |account: &[u8], identity: &Identity, valid_seconds| wire::PinCertificateRequest {
        account: account.to_vec(),
        key_digest: identity.key_digest.clone(),
        scopes: vec![Scope::Status.into()],
        valid_seconds,
    };
    let made: wire::PinCertificateResponse =
        node.administer("PinCertificate", pin(&machine, &pinned, 0)).await.unwrap();
    let holder = node.holder(&pinned).await;
    assert!(is_known(&holder).await && !is_known(&node.holder(&strange).await).await);
    assert!(!is_known(&node.nobody()).await);
    let twice = node.administer::<_, ()>("PinCertificate", pin(&other, &pinned, 0)).await.unwrap_err();
    assert_eq!(twice.code(), Code::FailedPrecondition);
    // A wrong token beside a right certificate is a wrong token.
    assert!(!is_known(&Who { token: Some("guess".to_owned()), ..holder.clone() }).await);

    // A token bound to a certificate is nothing with another one, or none.
    let request = wire::CreateTokenRequest {
        account: other.clone(),
        scopes: vec![Scope::Status.into()],
        valid_seconds: 0,
        key_digest: strange.key_digest.clone(),
    };
    let bound: wire::CreateTokenResponse = node.administer("CreateToken", request).await.unwrap();
    let shows = |who: Who| Who { token: Some(bound.secret.clone()), ..who };
    assert!(is_known(&shows(node.holder(&strange).await)).await);
    assert!(!is_known(&shows(holder.clone())).await && !is_known(&shows(node.nobody())).await);

    let brief = Identity::generate();
    let _: wire::PinCertificateResponse = node.administer("PinCertificate", pin(&machine, &brief, 1)).await.unwrap();
    let ending = node.holder(&brief).await;
    let mut tries = 0;
    while is_known(&ending).await {
        tries += 1;
        assert!(tries < 100, "it does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let certificate = made.certificate.unwrap().certificate;
    let node = node.killed_and_started().await;
    let holder = node.holder(&pinned).await;
    assert!(is_known(&holder).await);
    node.administer::<_, ()>("RevokeCertificate", wire::RevokeCertificateRequest { certificate }).await.unwrap();
    assert!(!is_known(&holder).await, "from the next call on, on the same connection");
    // A certificate of somebody else's key does not get through the handshake's signature.
    let stolen = pinned.with_the_key_of(&strange);
    let connected = connect_as(&node.folder(), node.address, Some(&stolen)).await;
    let known = match connected {
        Ok(channel) => Who { channel, token: None, on_behalf_of: None }.ask::<(), ()>(STATUS, ()).await.is_ok(),
        Err(_) => false,
    };
    assert!(!known);
}

/// [ACC-50] [ACC-51] [ACC-52] [ACC-20]
#[tokio::test]
async fn a_machine_acts_only_for_whoever_lets_it_and_not_after() {
    let node = Running::start().await;
    let (machine, other) = (node.account(Role::Integration).await, node.account(Role::Integration).await);
    let scopes = [Scope::Status, Scope::Own];
    let (token, of_other) =
        (node.token(&machine, &scopes, 0).await.secret, node.token(&other, &scopes, 0).await.secret);
    let worker = node.account(Role::CaseWorker).await;
    let persons = node.token(&worker, &[], 0).await.secret;
    let behalf = |token: &str| Who { on_behalf_of: Some(hex(&worker)), ..node.who(token) };
    let denied = async |who: Who| rejected(&who.ask::<(), ()>(STATUS, ()).await) == Some(Rejection::NotPermitted);
    assert!(denied(behalf(&token)).await, "nobody let it");
    let delegate =
        |machine: &[u8], valid_seconds| wire::DelegateAccountRequest { machine: machine.to_vec(), valid_seconds };
    let method = format!("{OWN}DelegateAccount");
    let given: wire::DelegateAccountResponse = node.ask(&persons, &method, delegate(&machine, 0)).await.unwrap();
    let own: wire::GetOwnAccountResponse = behalf(&token).ask(&format!("{OWN}GetOwnAccount"), ()).await.unwrap();
    assert_eq!((own.account.unwrap().account, own.on_behalf_of), (machine.clone(), worker.clone()));
    assert!(denied(behalf(&of_other)).await && denied(behalf(&persons)).await, "it was let, and no other");
    for wrong in ["", "guess", &hex(&machine), &hex(&worker)[..8]] {
        assert!(denied(Who { on_behalf_of: Some(wrong.to_owned()), ..node.who(&token) }).await, "{wrong}");
    }
    // Nobody lets a person act for them, and no machine lets a machine.
    assert_eq!(
        rejected(&node.ask::<_, ()>(&persons, &method, delegate(&worker, 0)).await),
        Some(Rejection::NoSuchAccount)
    );
    assert_eq!(
        rejected(&behalf(&token).ask::<_, ()>(&method, delegate(&machine, 0)).await),
        Some(Rejection::NotPermitted)
    );
    let long = node.ask::<_, ()>(&persons, &method, delegate(&machine, 367 * 86_400)).await;
    assert_eq!(rejected(&long), Some(Rejection::BadValue));
    let delegation = given.delegation.unwrap().delegation;
    let revoke = |delegation: &[u8]| wire::RevokeDelegationRequest { delegation: delegation.to_vec() };
    let strangers = node.token(&node.account(Role::Intake).await, &[], 0).await.secret;
    let method = format!("{OWN}RevokeDelegation");
    let strange = node.ask::<_, ()>(&strangers, &method, revoke(&delegation)).await;
    assert_eq!(rejected(&strange), Some(Rejection::NoSuchAccount));
    let _: wire::RevokeDelegationResponse = node.ask(&persons, &method, revoke(&delegation)).await.unwrap();
    assert!(denied(behalf(&token)).await, "from the next call on");
    let node = node.killed_and_started().await;
    assert!(denied(Who { on_behalf_of: Some(hex(&worker)), ..node.who(&token) }).await);
}

/// [ACC-60] [ACC-61] [ACC-62]
#[tokio::test]
async fn a_supervisor_says_who_is_in_a_team() {
    let node = Running::start().await;
    let worker = node.account(Role::CaseWorker).await;
    let boss = node.token(&node.account(Role::Supervisor).await, &[], 0).await.secret;
    let teams = |method: &str| format!("uput.v1.TeamService/{method}");
    let create = wire::CreateTeamRequest { name: "An Invented Team".to_owned() };
    assert_eq!(
        rejected(&node.ask::<_, ()>(&node.administrator, &teams("CreateTeam"), create.clone()).await),
        Some(Rejection::NotPermitted)
    );
    let made: wire::CreateTeamResponse = node.ask(&boss, &teams("CreateTeam"), create).await.unwrap();
    let team = made.team.unwrap().team;
    let add = wire::AddTeamMemberRequest { team: team.clone(), account: worker.clone() };
    let _: wire::AddTeamMemberResponse = node.ask(&boss, &teams("AddTeamMember"), add).await.unwrap();
    let node = node.killed_and_started().await;
    let token = node.token(&worker, &[], 0).await.secret;
    assert_eq!(own(&node, &token).await.teams, std::slice::from_ref(&team));
    let list: wire::ListTeamsResponse = node.ask(&token, &teams("ListTeams"), ()).await.unwrap();
    assert_eq!((list.teams[0].name.as_str(), list.teams[0].members.len()), ("An Invented Team", 1));
    let remove = wire::RemoveTeamMemberRequest { team, account: worker };
    let left: wire::RemoveTeamMemberResponse = node.ask(&boss, &teams("RemoveTeamMember"), remove).await.unwrap();
    assert!(left.team.unwrap().members.is_empty() && own(&node, &token).await.teams.is_empty());
}

/// [ACC-14] [ACC-16]
#[tokio::test]
async fn a_colleague_who_left_is_erased_and_what_they_did_stays() {
    let node = Running::start().await;
    let account = colleague(&node, "An Invented Leaver", Role::CaseWorker).await;
    let request = wire::CreateAccountRequest {
        name: "An Invented Leaver".to_owned(),
        role: Role::Auditor.into(),
        same_person_as: account.clone(),
    };
    let second: wire::CreateAccountResponse = node.administer("CreateAccount", request).await.unwrap();
    let erase = wire::EraseAccountRequest { account: account.clone() };
    let early = node.administer::<_, ()>("EraseAccount", erase.clone()).await.unwrap_err();
    assert_eq!(early.code(), Code::FailedPrecondition);
    node.administer::<_, ()>("DisableAccount", wire::DisableAccountRequest { account: account.clone() }).await.unwrap();
    let erased: wire::EraseAccountResponse = node.administer("EraseAccount", erase).await.unwrap();
    let erased = erased.account.unwrap();
    assert!(erased.erased && erased.name.is_empty() && erased.disabled);
    assert_eq!(second.account.unwrap().person, erased.person, "a person with two accounts");
    let node = node.killed_and_started().await;
    let colleagues: wire::ListColleaguesResponse = node.administer("ListColleagues", ()).await.unwrap();
    let seen = |id: &[u8]| colleagues.colleagues.iter().find(|seen| seen.account == id).unwrap();
    assert!(seen(&account).erased && seen(&account).name.is_empty());
    assert_eq!(colleagues.colleagues.iter().filter(|seen| seen.name == "An Invented Leaver").count(), 1);
    assert!(node.log_in(&hex(&account), PASSWORD, "").await.is_err());
    let method = format!("{ACCOUNTS}ListColleagues");
    let machine = node.token(&node.account(Role::Integration).await, &[Scope::Directory], 0).await.secret;
    assert_eq!(rejected(&node.ask::<_, ()>(&machine, &method, ()).await), Some(Rejection::NotPermitted));
}

/// [ACC-33] A flood of log-ins takes neither the memory nor the interface.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_ins_keeps_memory_bounded_and_others_at_work() {
    let node = Running::start().await;
    let account = hex(&colleague(&node, "An Invented Worker", Role::CaseWorker).await);
    let begun = node.log_in(&account, PASSWORD, "").await.unwrap();
    let before = peak(node.id());
    let mut flood = tokio::task::JoinSet::new();
    for guess in 0..20 {
        let who = Who { channel: connect_as(&node.folder(), node.address, None).await.unwrap(), ..node.nobody() };
        for _ in 0..20 {
            let (who, account) = (who.clone(), account.clone());
            flood.spawn(async move {
                let request = log_in(&account, &format!("guess {guess} of a flood"), "");
                who.ask::<_, ()>(LOG_IN, request).await.unwrap_err()
            });
        }
    }
    // Whoever was here before has a place of their own.
    assert!(node.who(&begun.secret).ask::<_, ()>(LOG_IN, log_in(&account, PASSWORD, "")).await.is_ok());
    let answers = flood.join_all().await;
    let mut too_many = 0;
    for answer in &answers {
        match status::rejection(answer) {
            Some(Rejection::TooMany) => too_many += 1,
            other => assert_eq!(other, Some(Rejection::NotAuthenticated), "{answer}"),
        }
    }
    let grown = peak(node.id()) - before;
    assert!(too_many > 100 && grown < 100 * 1024, "{too_many} {grown} KiB");
    assert!(is_known(&node.who(&begun.secret)).await);
}

/// The most memory that a process ever had, in KiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
