//! A node of one organisation with its people, as `uputd init` makes it and over its local interface.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test harness; each test uses its part"
)]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tonic::Status;
use tonic::transport::Channel;
use uput_core::wire::{self, Role, Scope};

use crate::caller::{Identity, Who, call, connect, connect_as, token_in};

pub const ACCOUNTS: &str = "uput.v1.AccountService/";
pub const ENROL: &str = "uput.v1.SessionService/Enrol";
pub const LOG_IN: &str = "uput.v1.SessionService/LogIn";
/// An invented password, and an invented second factor.
pub const PASSWORD: &str = "an invented password";
pub const FACTOR: &[u8] = b"an invented secret of a factor";

pub fn log_in(account: &str, password: &str, shown: &str) -> wire::LogInRequest {
    wire::LogInRequest {
        account: account.to_owned(),
        password: password.to_owned(),
        second_factor_code: shown.to_owned(),
    }
}

/// What a second factor shows, so many half minutes from now (RFC 6238).
pub fn code_of(factor: &[u8], steps: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let step = (now / 30).checked_add_signed(steps).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, factor);
    let digest = ring::hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(digest.as_ref().last().unwrap() & 15);
    let four: [u8; 4] = digest.as_ref().get(offset..offset + 4).unwrap().try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A node as `uputd init` makes it.
pub struct Running {
    home: TempDir,
    child: Child,
    pub address: SocketAddr,
    pub channel: Channel,
    pub administrator: String,
}

impl Running {
    pub async fn start() -> Self {
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

    pub async fn serve(home: TempDir) -> Self {
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
        Self { home, child, address: api, channel, administrator }
    }

    /// Ends it in the middle of whatever it does, and starts it anew.
    pub async fn killed_and_started(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let home = std::mem::replace(&mut self.home, tempfile::tempdir().unwrap());
        Self::serve(home).await
    }

    pub fn folder(&self) -> PathBuf {
        self.home.path().join("node")
    }

    pub async fn ask<Q, A>(&self, token: &str, method: &str, message: Q) -> Result<A, Status>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        call(&self.channel, token, method, message).await
    }

    pub async fn administer<Q, A>(&self, method: &str, message: Q) -> Result<A, Status>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        self.ask(&self.administrator, &format!("{ACCOUNTS}{method}"), message).await
    }

    pub async fn account(&self, role: Role) -> Vec<u8> {
        let request = wire::CreateAccountRequest {
            name: format!("An Invented {role:?}"),
            role: role.into(),
            ..Default::default()
        };
        let made: wire::CreateAccountResponse = self.administer("CreateAccount", request).await.unwrap();
        made.account.unwrap().account
    }

    pub async fn token(&self, account: &[u8], scopes: &[Scope], valid_seconds: u64) -> wire::CreateTokenResponse {
        let scopes = scopes.iter().map(|scope| (*scope).into()).collect();
        let request =
            wire::CreateTokenRequest { account: account.to_vec(), scopes, valid_seconds, key_digest: Vec::new() };
        self.administer("CreateToken", request).await.unwrap()
    }

    pub async fn accounts(&self) -> Vec<wire::Account> {
        let list: wire::ListAccountsResponse =
            self.administer("ListAccounts", wire::ListAccountsRequest::default()).await.unwrap();
        list.accounts
    }

    /// Whoever shows a token.
    pub fn who(&self, token: &str) -> Who {
        Who { channel: self.channel.clone(), token: Some(token.to_owned()), on_behalf_of: None }
    }

    /// Whoever shows nothing.
    pub fn nobody(&self) -> Who {
        Who { channel: self.channel.clone(), token: None, on_behalf_of: None }
    }

    /// Whoever holds a client's key, and shows nothing else.
    pub async fn holder(&self, identity: &Identity) -> Who {
        let channel = connect_as(&self.folder(), self.address, Some(identity)).await.unwrap();
        Who { channel, token: None, on_behalf_of: None }
    }

    /// An account with its code.
    pub async fn hired(&self, name: &str, role: Role) -> wire::CreateAccountResponse {
        let request = wire::CreateAccountRequest { name: name.to_owned(), role: role.into(), ..Default::default() };
        self.administer("CreateAccount", request).await.unwrap()
    }

    /// Uses a code up.
    pub async fn enrol(&self, code: &str, password: &str, factor: &[u8]) -> Result<wire::EnrolResponse, Status> {
        let shown = if factor.is_empty() { String::new() } else { code_of(factor, -1) };
        let request = wire::EnrolRequest {
            code: code.to_owned(),
            password: password.to_owned(),
            second_factor: factor.to_vec(),
            second_factor_code: shown,
        };
        self.nobody().ask(ENROL, request).await
    }

    /// Logs in, showing what another half minute shows: 0 for this one.
    pub async fn log_in(&self, account: &str, password: &str, shown: &str) -> Result<wire::LogInResponse, Status> {
        self.nobody().ask(LOG_IN, log_in(account, password, shown)).await
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
