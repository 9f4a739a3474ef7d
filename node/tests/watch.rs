//! Watches over the wire: when they end, what they say when rights change, and that nobody who does not read costs memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must stop"
)]

mod caller;
mod staffed;

use std::{process::Command, time::Duration};

use caller::{Identity, Who};
use staffed::{ACCOUNTS, FACTOR, PASSWORD, Running, code_of, hex};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming, client::Grpc};
use tonic_prost::ProstCodec;
use uput_core::{
    rejection::Rejection,
    wire::{self, Role, Scope},
};
use uput_node::rpc::status;

const CASES: &str = "uput.v1.CaseService/";
const OWN: &str = "uput.v1.SessionService/";
/// How long something may take on a machine that does other work.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watch under way.
struct Watch(Streaming<wire::WatchResponse>);

impl Watch {
    async fn begin(who: &Who, cursor: Vec<u8>) -> Result<Self, Status> {
        let request = wire::WatchRequest { everything: cursor.is_empty(), cursor, heartbeat_seconds: 1 };
        let mut request = tonic::Request::new(request);
        if let Some(token) = &who.token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        if let Some(account) = &who.on_behalf_of {
            request.metadata_mut().insert("on-behalf-of", account.parse().unwrap());
        }
        let mut client = Grpc::new(who.channel.clone());
        client.ready().await.unwrap();
        let path = "/uput.v1.ChangeService/Watch".parse().unwrap();
        let codec = ProstCodec::<wire::WatchRequest, wire::WatchResponse>::default();
        Ok(Self(client.server_streaming(request, path, codec).await?.into_inner()))
    }

    async fn next(&mut self) -> Result<wire::WatchResponse, Status> {
        timeout(PATIENCE, self.0.message()).await.unwrap().map(|message| message.expect("it ended without a status"))
    }

    /// What it says until nothing more is said.
    async fn settled(&mut self) -> Vec<wire::Change> {
        let mut all = Vec::new();
        loop {
            let message = self.next().await.unwrap();
            if message.changes.is_empty() {
                return all;
            }
            all.extend(message.changes);
        }
    }

    /// Reads on until it ends.
    async fn end(mut self) -> Status {
        loop {
            match self.next().await {
                Ok(message) => assert!(message.changes.is_empty(), "nothing more is said"),
                Err(status) => return status,
            }
        }
    }
}

async fn make_case(node: &Running, token: &str) -> Vec<u8> {
    let request = wire::CreateCaseRequest::default();
    let made: wire::CreateCaseResponse = node.ask(token, &format!("{CASES}CreateCase"), request).await.unwrap();
    made.case.unwrap().case
}

async fn assign(node: &Running, token: &str, case: &[u8], colleague: &[u8], remove: bool) {
    let (case, colleague) = (case.to_vec(), hex(&colleague[..8]));
    let request = wire::AssignCaseRequest { case, colleague, team: String::new(), remove };
    let _: wire::AssignCaseResponse = node.ask(token, &format!("{CASES}AssignCase"), request).await.unwrap();
}

/// Somebody who watches, in one of the ways to be let in, and how that is ended.
struct Way {
    what: &'static str,
    who: Who,
    ended: Ended,
}

/// By whom, and with which call.
struct Ended {
    token: String,
    method: String,
    request: Request,
}

enum Request {
    Token(wire::RevokeTokenRequest),
    Disable(wire::DisableAccountRequest),
    Reset(wire::ResetAccountRequest),
    LogOut,
    Certificate(wire::RevokeCertificateRequest),
    Delegation(wire::RevokeDelegationRequest),
}

impl Ended {
    async fn done(self, node: &Running) {
        let (token, method) = (&self.token, &self.method);
        let done = match self.request {
            Request::Token(request) => node.ask::<_, ()>(token, method, request).await,
            Request::Disable(request) => node.ask::<_, ()>(token, method, request).await,
            Request::Reset(request) => node.ask::<_, ()>(token, method, request).await,
            Request::LogOut => node.ask::<_, ()>(token, method, wire::LogOutRequest::default()).await,
            Request::Certificate(request) => node.ask::<_, ()>(token, method, request).await,
            Request::Delegation(request) => node.ask::<_, ()>(token, method, request).await,
        };
        done.unwrap();
    }
}

/// Every way.
async fn ways(node: &Running) -> Vec<Way> {
    let mut ways = Vec::new();
    let by = |token: &str, method: &str, request| Ended {
        token: token.to_owned(),
        method: format!("{OWN}{method}"),
        request,
    };
    let by_administrator = |method: &str, request| Ended {
        token: node.administrator.clone(),
        method: format!("{ACCOUNTS}{method}"),
        request,
    };
    let mut way = |what, who, ended| ways.push(Way { what, who, ended });
    let worker = node.account(Role::CaseWorker).await;
    let token = node.token(&worker, &[], 0).await;
    let revoke = wire::RevokeTokenRequest { token: token.token.unwrap().token };
    way("a token", node.who(&token.secret), by_administrator("RevokeToken", Request::Token(revoke)));

    let gone = node.account(Role::CaseWorker).await;
    let token = node.token(&gone, &[], 0).await.secret;
    let disable = wire::DisableAccountRequest { account: gone };
    way("an account", node.who(&token), by_administrator("DisableAccount", Request::Disable(disable)));

    let reset = node.hired("An Invented Reset", Role::CaseWorker).await.account.unwrap().account;
    let token = node.token(&reset, &[], 0).await.secret;
    let request = wire::ResetAccountRequest { account: reset };
    way("a reset account", node.who(&token), by_administrator("ResetAccount", Request::Reset(request)));

    let hired = node.hired("An Invented Watcher", Role::Supervisor).await;
    node.enrol(&hired.code, PASSWORD, FACTOR).await.unwrap();
    let account = hired.account.unwrap().account;
    let session = node.log_in(&hex(&account), PASSWORD, &code_of(FACTOR, 0)).await.unwrap().secret;
    way("a session", node.who(&session), by(&session, "LogOut", Request::LogOut));

    let (machine, identity) = (node.account(Role::Integration).await, Identity::generate());
    let pin = wire::PinCertificateRequest {
        account: machine.clone(),
        key_digest: identity.key_digest.clone(),
        scopes: vec![Scope::Status.into(), Scope::Trails.into()],
        valid_seconds: 0,
    };
    let pinned: wire::PinCertificateResponse = node.administer("PinCertificate", pin).await.unwrap();
    let revoke = wire::RevokeCertificateRequest { certificate: pinned.certificate.unwrap().certificate };
    let holder = node.holder(&identity).await;
    way("a certificate", holder, by_administrator("RevokeCertificate", Request::Certificate(revoke)));

    let token = node.token(&machine, &[Scope::Status, Scope::Trails], 0).await.secret;
    let persons = node.token(&node.account(Role::CaseWorker).await, &[], 0).await.secret;
    let delegate = wire::DelegateAccountRequest { machine, valid_seconds: 0 };
    let given: wire::DelegateAccountResponse =
        node.ask(&persons, &format!("{OWN}DelegateAccount"), delegate).await.unwrap();
    let delegation = given.delegation.unwrap();
    let who = Who { on_behalf_of: Some(hex(&delegation.account)), ..node.who(&token) };
    let revoke = wire::RevokeDelegationRequest { delegation: delegation.delegation };
    way("a leave to act for somebody", who, by(&persons, "RevokeDelegation", Request::Delegation(revoke)));
    ways
}

/// [API-46] Whatever let somebody in: when it lets nobody in any more, the watch ends, and says nothing of what comes then.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_with_what_let_it_in() {
    let node = Running::start().await;
    let boss = node.token(&node.account(Role::Supervisor).await, &[], 0).await.secret;
    for Way { what, who, ended } in ways(&node).await {
        let mut watch = Watch::begin(&who, Vec::new()).await.unwrap();
        watch.settled().await;
        ended.done(&node).await;
        make_case(&node, &boss).await;
        let end = watch.end().await;
        assert_eq!(status::rejection(&end), Some(Rejection::NotAuthenticated), "{what}: {end:?}");
        assert_eq!(end.code(), Code::Unauthenticated, "{what}");
        let again = Watch::begin(&who, Vec::new()).await.err().unwrap();
        assert!(matches!(again.code(), Code::Unauthenticated | Code::PermissionDenied), "{what}");
    }
}

/// [API-46] A lock against guesses ends no watch: else a stranger could make a console blind.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_a_token_end_no_watch() {
    let node = Running::start().await;
    let account = node.account(Role::Supervisor).await;
    let token = node.token(&account, &[], 0).await.secret;
    let mut watch = Watch::begin(&node.who(&token), Vec::new()).await.unwrap();
    watch.settled().await;
    let wrong = format!("{}.{}", token.split_once('.').unwrap().0, "0".repeat(token.split_once('.').unwrap().1.len()));
    for _ in 0..30 {
        assert!(node.ask::<(), ()>(&wrong, "uput.v1.NodeService/GetNode", ()).await.is_err());
    }
    assert!(node.ask::<(), ()>(&token, "uput.v1.NodeService/GetNode", ()).await.is_err(), "it is locked");
    let other = node.token(&node.account(Role::CaseWorker).await, &[], 0).await.secret;
    let case = make_case(&node, &other).await;
    let told = watch.settled().await;
    assert!(told.iter().any(|change| change.case == case), "{} changes", told.len());
}

/// [API-40] Of a case that was taken away, or from which somebody was excluded, nothing more is said; of others it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_says_nothing_of_what_was_taken_away() {
    let node = Running::start().await;
    let (ana, bo) = (node.account(Role::CaseWorker).await, node.hired("An Invented Bo", Role::CaseWorker).await);
    let bo = bo.account.unwrap().account;
    let [anas, bos] = [node.token(&ana, &[], 0).await.secret, node.token(&bo, &[], 0).await.secret];
    let cases = [make_case(&node, &bos).await, make_case(&node, &bos).await, make_case(&node, &bos).await];
    let mut watch = Watch::begin(&node.who(&anas), Vec::new()).await.unwrap();
    assert!(watch.settled().await.iter().all(|change| change.case.is_empty()), "they are Bo's");
    for case in &cases {
        assign(&node, &bos, case, &ana, false).await;
    }
    let told = watch.settled().await;
    assert!(cases.iter().all(|case| told.iter().any(|change| change.case == *case)), "she has them now");
    assign(&node, &bos, &cases[0], &ana, true).await;
    let request = wire::ExcludePersonRequest { case: cases[1].clone(), colleague: hex(&ana[..8]) };
    node.ask::<_, wire::ExcludePersonResponse>(&bos, &format!("{CASES}ExcludePerson"), request).await.unwrap();
    for case in &cases {
        let request = wire::SetFileNumberRequest { case: case.clone(), external_ref: "1/2026".to_owned() };
        node.ask::<_, wire::SetFileNumberResponse>(&bos, &format!("{CASES}SetFileNumber"), request).await.unwrap();
    }
    let told = watch.settled().await;
    let about: Vec<_> = told.iter().filter(|change| !change.case.is_empty()).map(|change| &change.case).collect();
    assert!(!about.is_empty() && about.iter().all(|case| **case == cases[2]), "only the one that is still hers");
}

/// [API-42] [API-45] A node that is asked to stop says so; one that is killed breaks off; from the last cursor all goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_after_the_node_has_stopped_or_was_killed() {
    let mut node = Running::start().await;
    let token = node.token(&node.account(Role::Supervisor).await, &[], 0).await.secret;
    let (mut heard, mut cursor, mut made) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..4 {
        let mut watch = Watch::begin(&node.who(&token), cursor.clone()).await.unwrap();
        for _ in 0..5 {
            made.push(make_case(&node, &token).await);
        }
        // In some rounds the end comes in the middle of what is said.
        while round % 2 == 0
            || heard.iter().filter(|change: &&wire::Change| !change.case.is_empty()).count() < made.len()
        {
            let message = watch.next().await.unwrap();
            heard.extend(message.changes);
            cursor = message.cursor;
            if round % 2 == 0 {
                break;
            }
        }
        if round < 2 {
            assert!(Command::new("kill").args(["-TERM", &node.id().to_string()]).status().unwrap().success());
            let end = loop {
                match watch.next().await {
                    // What still came is not taken: the cursor stays where it was.
                    Ok(_) => {}
                    Err(end) => break end,
                }
            };
            assert_eq!((end.code(), end.details().len()), (Code::Unavailable, 0), "{end:?}");
        }
        node = node.killed_and_started().await;
        if round >= 2 {
            while watch.next().await.is_ok() {}
        }
    }
    let mut watch = Watch::begin(&node.who(&token), cursor).await.unwrap();
    heard.extend(watch.settled().await);
    let all = Watch::begin(&node.who(&token), Vec::new()).await.unwrap().settled().await;
    assert!(heard == all, "{} were heard, {} are told at once", heard.len(), all.len());
    let cases: Vec<_> = all.iter().filter(|change| !change.case.is_empty()).map(|change| change.case.clone()).collect();
    assert_eq!(cases, made);
}

/// [API-45] Readers who do not read: one message is kept for each, and then they are cut.
#[tokio::test(flavor = "multi_thread")]
async fn readers_who_do_not_read_cost_no_memory_and_are_cut() {
    let node = Running::start().await;
    let token = node.token(&node.account(Role::Supervisor).await, &[], 0).await.secret;
    for _ in 0..250 {
        make_case(&node, &token).await;
    }
    let (before, mut lazy) = (resident(node.id()), Vec::new());
    for _ in 0..8 {
        // A window of a kilobyte: less than one message.
        let channel = caller::connect_slowly(&node.folder(), node.address, 1024).await;
        let who = Who { channel, ..node.who(&token) };
        lazy.push(Watch::begin(&who, Vec::new()).await.unwrap());
    }
    let refused = Watch::begin(&node.who(&token), Vec::new()).await.err().unwrap();
    assert_eq!(status::rejection(&refused), Some(Rejection::TooMany));
    for _ in 0..250 {
        make_case(&node, &token).await;
    }
    let grown = resident(node.id()).saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB more");
    // The places become free when they are cut, after half a minute.
    let mut next = None;
    for _ in 0..600 {
        next = Watch::begin(&node.who(&token), Vec::new()).await.ok();
        if next.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(!next.unwrap().settled().await.is_empty());
    for watch in &mut lazy {
        let end = loop {
            match watch.next().await {
                Ok(message) => assert!(message.changes.len() <= 100),
                Err(end) => break end,
            }
        };
        assert_eq!(status::rejection(&end), Some(Rejection::TooSlow), "{end:?}");
    }
}

/// KiB of memory that a process holds.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}
