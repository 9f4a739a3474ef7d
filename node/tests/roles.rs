//! The table of roles against a node that runs: every call with every role, over gRPC.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must stop"
)]

mod caller;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use caller::{call, connect, token_in};
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Code, Status};
use uput_core::rejection::Rejection;
use uput_core::wire::{self, Role, Scope};
use uput_node::account::roles::{self, Part, ROLES, Row, SCOPES};
use uput_node::rpc::status;

const ACCOUNTS: &str = "uput.v1.AccountService/";
const STATUS: &str = "uput.v1.NodeService/GetNode";

/// A node as `uputd init` makes it.
struct Running {
    home: TempDir,
    child: Child,
    channel: Channel,
    administrator: String,
}

impl Running {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let made = Command::new(env!("CARGO_BIN_EXE_uputd"))
            .args(["init", "--api", "127.0.0.1:0", "--dir"])
            .arg(home.path().join("node"))
            .arg("--organisation-key")
            .arg(home.path().join("organisation.key"))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        Self::serve(home).await
    }

    async fn serve(home: TempDir) -> Self {
        let folder = home.path().join("node");
        let mut child = Command::new(env!("CARGO_BIN_EXE_uputd"))
            .arg("--config")
            .arg(folder.join("uput.toml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let api: SocketAddr = line.trim_end().rsplit_once("api=").unwrap().1.parse().unwrap();
        let channel = connect(&folder, api).await;
        let administrator = if folder.join("api.toml").exists() { token_in(&folder) } else { String::new() };
        Self { home, child, channel, administrator }
    }

    /// Ends it in the middle of whatever it does, and starts it anew.
    async fn killed_and_started(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let home = std::mem::replace(&mut self.home, tempfile::tempdir().unwrap());
        Self::serve(home).await
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("node")
    }

    async fn ask<Q, A>(&self, token: &str, method: &str, message: Q) -> Result<A, Status>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        call(&self.channel, token, method, message).await
    }

    async fn administer<Q, A>(&self, method: &str, message: Q) -> Result<A, Status>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        self.ask(&self.administrator, &format!("{ACCOUNTS}{method}"), message).await
    }

    async fn account(&self, role: Role) -> Vec<u8> {
        let request = wire::CreateAccountRequest {
            name: format!("An Invented {role:?}"),
            role: role.into(),
            ..Default::default()
        };
        let made: wire::CreateAccountResponse = self.administer("CreateAccount", request).await.unwrap();
        made.account.unwrap().account
    }

    async fn token(&self, account: &[u8], scopes: &[Scope], valid_seconds: u64) -> wire::CreateTokenResponse {
        let scopes = scopes.iter().map(|scope| (*scope).into()).collect();
        let request = wire::CreateTokenRequest { account: account.to_vec(), scopes, valid_seconds };
        self.administer("CreateToken", request).await.unwrap()
    }

    async fn accounts(&self) -> Vec<wire::Account> {
        let list: wire::ListAccountsResponse =
            self.administer("ListAccounts", wire::ListAccountsRequest::default()).await.unwrap();
        list.accounts
    }

    /// Asks for that part of a call, in a way that changes nothing.
    async fn try_row(&self, token: &str, row: &Row) -> Result<(), Status> {
        let method = row.method;
        if method.ends_with("/RecordEvent") && row.part == Part::AcknowledgedOrWarned {
            let kind = Some(wire::statement::Kind::Acknowledged(wire::Acknowledged {}));
            let statement = Some(wire::Statement { kind });
            return self.ask(token, method, wire::RecordEventRequest { statement, ..Default::default() }).await;
        }
        if row.part == Part::Values && method.ends_with("/GetCaseRecord") {
            return self.ask(token, method, wire::GetCaseRecordRequest { values: true, ..Default::default() }).await;
        }
        if row.part == Part::Values && method.ends_with("/GetTrail") {
            return self.ask(token, method, wire::GetTrailRequest { values: true, ..Default::default() }).await;
        }
        if row.part == Part::Values && method.ends_with("/ExportTrail") {
            let scope = wire::DisclosureScope::Values.into();
            return self.ask(token, method, wire::ExportTrailRequest { scope, ..Default::default() }).await;
        }
        assert_ne!(row.part, Part::Values, "{method}: no request asks for values");
        self.ask(token, method, ()).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
        // Without limits (a machine has none without scopes), with each scope alone, with all of them.
        let unlimited = [Vec::new()].into_iter().filter(|_| role != Role::Integration);
        let limits = unlimited.chain(SCOPES.map(|scope| vec![scope])).chain([SCOPES.to_vec()]);
        for scopes in limits.collect::<Vec<_>>() {
            let token = node.token(&account, &scopes, 0).await.secret;
            for row in roles::rows() {
                let answer = node.try_row(&token, row).await;
                let allowed = roles::may(role, &scopes, row.method, row.part);
                let said = answer.as_ref().err().map(ToString::to_string);
                assert_eq!(is_denied(&answer), !allowed, "{role:?} {scopes:?} {row:?}: {said:?}");
                tried += 1;
            }
            let unheard = node.ask::<(), ()>(&token, "uput.v1.TrailService/Unheard", ()).await;
            assert!(is_denied(&unheard), "{role:?}");
        }
    }
    assert_eq!(tried, roles::rows().len() * (6 * (SCOPES.len() + 2) - 1));
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
