//! What a person does with their own account: enrol, log in and out, see what others did to it, renew, let a machine act.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::json;
use tonic::Status;
use uput_core::sensitive::Sensitive;
use uput_core::wire;

use super::secrets::{self, Secrets};
use super::{Known, KnownToken};
use crate::access::{Login, Node};
use crate::args::Options;
use crate::code::{self, word_of};
use crate::document::Target;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reference::Reference;
use crate::refusal;
use crate::request::hex;

/// With a code from an administrator.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account enrol --as worker.toml
  uput account enrol --as worker.toml --secrets secrets.toml

The file of secrets is TOML: code, new_password, new_second_factor (base 32), new_second_factor_code.")]
pub(crate) struct EnrolArgs {
    /// File with code and password; `-` reads standard input; asked for where it is left out
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Set no second factor, where the role allows it
    #[arg(long)]
    without_second_factor: bool,
}

/// For some hours.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account log-in --as worker.toml
  uput account log-in --node ./our-node --to session.toml --secrets secrets.toml

The file of secrets is TOML: account (ID or name), password, second_factor_code.")]
pub(crate) struct LogInArgs {
    /// File with account, password and what the second factor shows; `-` reads standard input; asked for where it is left
    /// out
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Access file for the session: a new one, or one that it replaces; left out: the one of --as
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// What was done to it.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account show --as worker.toml
  uput account show --as worker.toml --seen")]
pub(crate) struct ShowArgs {
    /// Say that you have seen the notices
    #[arg(long)]
    seen: bool,
}

/// For nobody else's eyes.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account renew --as worker.toml --to mine.toml
  uput account renew --as machine.toml --to machine-new.toml --valid 30d")]
pub(crate) struct RenewArgs {
    /// Limits the new token to this; may be given again. Never to more than now
    #[arg(long = "scope", value_parser = code::parser::<wire::Scope>())]
    scopes: Vec<wire::Scope>,
    /// How long the token is valid
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = moment::parse_span)]
    valid: u64,
    /// Access file to write; left out: a new name that says nothing, in this folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// For another one.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account password --as worker.toml
  uput account password --as worker.toml --secrets secrets.toml

The file of secrets is TOML: password, second_factor_code, new_password, and for another second factor
new_second_factor (base 32) and new_second_factor_code.")]
pub(crate) struct PasswordArgs {
    /// File with both passwords; `-` reads standard input; asked for where it is left out
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Set another second factor too
    #[arg(long)]
    second_factor: bool,
}

/// A machine.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account delegate 5d5d5d5d --valid 30d --as worker.toml")]
pub(crate) struct DelegateArgs {
    /// ID of the machine's account, or its first 8 digits
    machine: Reference,
    /// How long it may
    #[arg(long, value_name = "SPAN", default_value = "30d", value_parser = moment::parse_span)]
    valid: u64,
}

/// Which.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account recall 7b7b7b7b --as worker.toml")]
pub(crate) struct RecallArgs {
    /// ID of the delegation, or its first 8 digits, as `uput account show` shows it
    delegation: Reference,
}

impl EnrolArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let secrets = Secrets::of(self.secrets.as_deref(), options, || self.ask())?;
        let factor = secrets.factor()?;
        let node = Node::connect_to_log_in(options).await?;
        // Exposed to be sent to one's own node, inside TLS.
        let request = wire::EnrolRequest {
            code: secrets.code.clone(),
            password: secrets.new_password.clone(),
            second_factor: factor.secret.expose().clone(),
            second_factor_code: factor.code.expose().clone(),
        };
        let enrolled = node.sessions().enrol(request).await.map_err(|status| not_let_in(&status))?.into_inner();
        let (account, role) = (hex(&enrolled.account), word_of::<wire::Role>(enrolled.role));
        let mut page = Page::default();
        page.pair("account", &account);
        page.pair("role", label::of_some::<wire::Role>(role.as_ref()));
        page.line("The password is set, and the code is used up; log in: uput account log-in");
        Answer::new(&json!({ "account": account, "role": role }), page)
    }

    fn ask(&self) -> Result<Secrets, Failure> {
        let code = prompt::secret("code: ")?.expose().clone();
        let mut secrets = Secrets::default();
        secrets.code = code;
        secrets.new_password = secrets::new_password()?;
        if !self.without_second_factor {
            (secrets.new_second_factor, secrets.new_second_factor_code) = secrets::new_factor()?;
        }
        Ok(secrets)
    }
}

impl LogInArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let login = Login::of(self.to.as_deref(), options)?;
        let secrets = Secrets::of(self.secrets.as_deref(), options, || ask_for_login(login.account()))?;
        let account = if secrets.account.is_empty() { login.account() } else { Some(secrets.account.as_str()) };
        let account =
            account.ok_or_else(|| Failure::usage("whose account?", "say so in the file: account = \"...\""))?;
        let node = Node::connect_to_log_in(options).await?;
        let file = login.claim()?;
        // Exposed to be sent to one's own node, inside TLS.
        let request = wire::LogInRequest {
            account: account.to_owned(),
            password: secrets.password.clone(),
            second_factor_code: secrets.second_factor_code.clone(),
        };
        let begun = node.sessions().log_in(request).await.map_err(|status| not_let_in(&status))?.into_inner();
        let (account, secret) = (hex(&begun.account), Sensitive::new(begun.secret));
        file.write(node.account_file(&account, Some(&secret)).expose())?;
        let mut page = Page::default();
        page.pair("account", &account);
        page.pair(
            "ends",
            format!("{}, or after {} minutes without a call", moment::local(begun.until), begun.idle_seconds / 60),
        );
        page.pair("written to", login.name());
        if begun.notices > 0 {
            page.line(format!("{} notices wait: uput account show", begun.notices));
        }
        let (until, notices, file) = (moment::utc(begun.until), begun.notices, login.name());
        Answer::new(&json!({ "account": account, "until": until, "notices": notices, "file": file }), page)
    }
}

fn ask_for_login(known: Option<&str>) -> Result<Secrets, Failure> {
    let account = match known {
        Some(_) => String::new(),
        None => prompt::line("name, or ID of the account: ")?.expose().clone(),
    };
    let password = prompt::secret("password: ")?.expose().clone();
    let shown = prompt::line("six digits of the second factor (empty if there is none): ")?;
    let mut secrets = Secrets::default();
    (secrets.account, secrets.password, secrets.second_factor_code) = (account, password, shown.expose().clone());
    Ok(secrets)
}

/// The node does not say which of all it was, on purpose. [ACC-33]
fn not_let_in(status: &Status) -> Failure {
    let mut failure = refusal::of(status);
    if failure.exit == Exit::NotAuthenticated {
        "what was shown lets nobody in, or the account is locked for a while".clone_into(&mut failure.why);
        "try again; after ten times wait a quarter of an hour, or ask an administrator for a new code"
            .clone_into(&mut failure.next);
    }
    failure
}

/// Ends the session.
pub(crate) async fn log_out(options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    node.sessions().log_out(wire::LogOutRequest {}).await.map_err(|status| refusal::of(&status))?;
    let mut page = Page::default();
    page.line("The session has ended.");
    Answer::new(&json!({}), page)
}

impl ShowArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let own = node.sessions().get_own_account(wire::GetOwnAccountRequest {}).await;
        let own = own.map_err(|status| refusal::of(&status))?.into_inner();
        let account = Known::of(own.account.unwrap_or_default());
        let notices: Vec<KnownNotice> = own.notices.iter().map(KnownNotice::of).collect();
        let delegations: Vec<KnownDelegation> = own.delegations.iter().map(KnownDelegation::of).collect();
        let teams: Vec<String> = own.teams.iter().map(|team| hex(team)).collect();
        let mut page = Page::default();
        account.describe(&mut page);
        page.table(["DELEGATION", "MACHINE", "ENDS"], delegations.iter().map(KnownDelegation::row));
        page.table(["DONE", "TO", "BY", "WHEN"], notices.iter().map(KnownNotice::row));
        if let Some(newest) = own.notices.last().filter(|_| self.seen) {
            let request = wire::SeeNoticesRequest { through: newest.number };
            node.sessions().see_notices(request).await.map_err(|status| refusal::of(&status))?;
        }
        Answer::new(
            &json!({ "account": account, "teams": teams, "delegations": delegations, "notices": notices }),
            page,
        )
    }
}

impl RenewArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let target = Target::of(self.to.as_deref(), options)?;
        // Before the token that is shown ends.
        let claimed = target.claim()?;
        let node = Node::connect(options).await?;
        let request = wire::RenewTokenRequest {
            scopes: self.scopes.iter().map(|scope| (*scope).into()).collect(),
            valid_seconds: self.valid,
        };
        let renewed = node.sessions().renew_token(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let (token, secret) = (KnownToken::of(renewed.token.unwrap_or_default()), Sensitive::new(renewed.secret));
        claimed.write(node.access_file(&secret).expose())?;
        let mut page = Page::default();
        if !target.is_stdout() {
            page.pair("token", &token.token);
            page.pair("ends", token.ends());
            page.pair("written to", target.name());
            page.line("The token that was shown has ended.");
        }
        Answer::new(&json!({ "token": token, "file": target.name() }), page)
    }
}

impl PasswordArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let secrets = Secrets::of(self.secrets.as_deref(), options, || self.ask())?;
        let factor = secrets.factor()?;
        let node = Node::connect(options).await?;
        // Exposed to be sent to one's own node, inside TLS.
        let request = wire::ChangePasswordRequest {
            password: secrets.password.clone(),
            second_factor_code: secrets.second_factor_code.clone(),
            new_password: secrets.new_password.clone(),
            new_second_factor: factor.secret.expose().clone(),
            new_second_factor_code: factor.code.expose().clone(),
        };
        node.sessions().change_password(request).await.map_err(|status| refusal::of(&status))?;
        let mut page = Page::default();
        page.line("The password is another one now; your other sessions have ended.");
        Answer::new(&json!({}), page)
    }

    fn ask(&self) -> Result<Secrets, Failure> {
        let password = prompt::secret("password until now: ")?.expose().clone();
        let shown = prompt::line("six digits of the second factor until now (empty if there is none): ")?;
        let new_password = secrets::new_password()?;
        let second_factor_code = shown.expose().clone();
        let mut secrets = Secrets::default();
        (secrets.password, secrets.second_factor_code, secrets.new_password) =
            (password, second_factor_code, new_password);
        if self.second_factor {
            (secrets.new_second_factor, secrets.new_second_factor_code) = secrets::new_factor()?;
        }
        Ok(secrets)
    }
}

impl DelegateArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let request = wire::DelegateAccountRequest { machine: self.machine.bytes(), valid_seconds: self.valid };
        let given = node.sessions().delegate_account(request).await.map_err(|status| refusal::of(&status))?;
        shown(&KnownDelegation::of(&given.into_inner().delegation.unwrap_or_default()))
    }
}

impl RecallArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let request = wire::RevokeDelegationRequest { delegation: self.delegation.bytes() };
        let ended = node.sessions().revoke_delegation(request).await.map_err(|status| refusal::of(&status))?;
        shown(&KnownDelegation::of(&ended.into_inner().delegation.unwrap_or_default()))
    }
}

fn shown(delegation: &KnownDelegation) -> Result<Answer, Failure> {
    let mut page = Page::default();
    page.pair("delegation", &delegation.delegation);
    page.pair("machine", &delegation.machine);
    page.pair("ends", delegation.ends());
    Answer::new(&json!({ "delegation": delegation }), page)
}

#[derive(Serialize)]
struct KnownDelegation {
    delegation: String,
    machine: String,
    created: Option<String>,
    until: Option<String>,
    revoked: bool,
    #[serde(skip)]
    end: u64,
}

#[derive(Serialize)]
struct KnownNotice {
    number: u64,
    kind: String,
    account: String,
    by: String,
    time: Option<String>,
    #[serde(skip)]
    when: u64,
}

impl KnownDelegation {
    fn of(delegation: &wire::Delegation) -> Self {
        Self {
            delegation: hex(&delegation.delegation),
            machine: hex(&delegation.machine),
            created: moment::utc(delegation.created),
            until: moment::utc(delegation.until),
            revoked: delegation.revoked,
            end: delegation.until,
        }
    }

    fn ends(&self) -> String {
        if self.revoked { "has been ended".to_owned() } else { moment::local(self.end) }
    }

    fn row(&self) -> [String; 3] {
        [short(&self.delegation), short(&self.machine), self.ends()]
    }
}

impl KnownNotice {
    fn of(notice: &wire::Notice) -> Self {
        Self {
            number: notice.number,
            kind: word_of::<wire::NoticeKind>(notice.kind).unwrap_or_default(),
            account: hex(&notice.account),
            by: hex(&notice.by),
            time: moment::utc(notice.time),
            when: notice.time,
        }
    }

    fn row(&self) -> [String; 4] {
        [label::of::<wire::NoticeKind>(&self.kind), short(&self.account), short(&self.by), moment::local(self.when)]
    }
}

fn short(id: &str) -> String {
    id.get(..8).unwrap_or_default().to_owned()
}
