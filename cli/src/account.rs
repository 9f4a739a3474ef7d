//! The organisation's own people and machines: their accounts at the node, and the files that let them in.
//!
//! Guarantees that a token goes into a file that only its owner can read and is never shown, and that a person's name is
//! no argument. Leaves to the node what a role includes.

mod manage;
mod own;
mod secrets;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::sensitive::Sensitive;
use uput_core::wire;

use crate::access::Node;
use crate::args::Options;
use crate::code::{self, word_of};
use crate::document::Target;
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reading;
use crate::reference::{Nonce, Reference};
use crate::refusal;
use crate::request::hex;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account for a person or a machine
    Create(CreateArgs),
    /// Make an access file for an account
    Token(TokenArgs),
    /// List accounts and their tokens
    #[command(after_help = "Examples:
  uput account list
  uput account list --json | jq '.accounts[] | select(.locked_until) | .account'")]
    List,
    /// End an account for good, with all its tokens
    Disable(DisableArgs),
    /// End one token for good
    Revoke(RevokeArgs),
    /// End everything by which a person is known, and make a new code
    Reset(manage::ResetArgs),
    /// Destroy the name of an account that was ended, for good
    Erase(manage::EraseArgs),
    /// Let whoever holds a certificate's key call as an account
    Pin(manage::PinArgs),
    /// End one certificate for good
    Unpin(manage::UnpinArgs),
    /// List who works here
    #[command(after_help = "Examples:
  uput account colleagues --as worker.toml
  uput account colleagues --json | jq '.colleagues[].account'")]
    Colleagues,
    /// Use your code up: set your password and your second factor
    Enrol(own::EnrolArgs),
    /// Begin a session, kept in an access file
    LogIn(own::LogInArgs),
    /// End the session
    #[command(after_help = "Examples:
  uput account log-out --as worker.toml")]
    LogOut,
    /// Show your own account, and what others did to it
    Show(own::ShowArgs),
    /// Set another password
    Password(own::PasswordArgs),
    /// Make a token that nobody else has seen; the one that you show ends
    Renew(own::RenewArgs),
    /// Let a machine act on your behalf
    Delegate(own::DelegateArgs),
    /// End that
    Recall(own::RecallArgs),
}

/// For whom.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account create --role case-worker --to worker.toml
  uput account create --role supervisor --same-person-as 5c1f09aa
  uput account create --role integration --name-file name.txt")]
pub(crate) struct CreateArgs {
    /// What the account is for; it has one role, for good
    #[arg(long, value_parser = code::parser::<wire::Role>())]
    role: wire::Role,
    /// File whose first line is the name; `-` reads standard input; asked for where it is left out. A person's name is
    /// no argument.
    #[arg(long, value_name = "FILE")]
    name_file: Option<PathBuf>,
    /// ID of an account that the same person has already, or its first 8 digits
    #[arg(long, value_name = "ACCOUNT")]
    same_person_as: Option<Reference>,
    /// Access file to write for its person: with it and the code, they enrol and log in. It lets nobody in yet
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Whose, and what it opens.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account token 5c1f09aa --to worker.toml
  uput account token 5c1f09aa --scope trails --scope open --valid 30d --to machine.toml
  uput inbox --as worker.toml")]
pub(crate) struct TokenArgs {
    /// ID of the account, or its first 8 digits
    account: Reference,
    /// Limits the token to this; may be given again. A machine needs at least one
    #[arg(long = "scope", value_parser = code::parser::<wire::Scope>())]
    scopes: Vec<wire::Scope>,
    /// How long the token is valid
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = moment::parse_span)]
    valid: u64,
    /// Access file to write, for that account only; left out: a new name that says nothing, in this folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// SHA-256 of the subject public key info of a certificate without which the token is worth nothing
    #[arg(long, value_name = "HEX")]
    digest: Option<Nonce>,
}

/// Whose.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account disable 5c1f09aa --yes")]
pub(crate) struct DisableArgs {
    /// ID of the account, or its first 8 digits
    account: Reference,
}

/// Which.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account revoke 77e01b42 --yes")]
pub(crate) struct RevokeArgs {
    /// ID of the token, or its first 8 digits, as `uput account list --json` shows it
    token: Reference,
}

impl AccountCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Create(args) => args.run(options).await,
            Self::Token(args) => args.run(options).await,
            Self::List => list(options).await,
            Self::Disable(args) => args.run(options).await,
            Self::Revoke(args) => args.run(options).await,
            Self::Reset(args) => args.run(options).await,
            Self::Erase(args) => args.run(options).await,
            Self::Pin(args) => args.run(options).await,
            Self::Unpin(args) => args.run(options).await,
            Self::Colleagues => manage::colleagues(options).await,
            Self::Enrol(args) => args.run(options).await,
            Self::LogIn(args) => args.run(options).await,
            Self::LogOut => own::log_out(options).await,
            Self::Show(args) => args.run(options).await,
            Self::Password(args) => args.run(options).await,
            Self::Renew(args) => args.run(options).await,
            Self::Delegate(args) => args.run(options).await,
            Self::Recall(args) => args.run(options).await,
        }
    }
}

impl CreateArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let name = name_of(self.name_file.as_deref(), options)?;
        let target = self.to.as_deref().map(|path| Target::of(Some(path), options)).transpose()?;
        // Before the account is made: its person must not be left without the file.
        let claimed = target.as_ref().map(Target::claim).transpose()?;
        let node = Node::connect(options).await?;
        // Exposed to be sent to this organisation's own node, inside TLS.
        let request = wire::CreateAccountRequest {
            name: name.expose().clone(),
            role: self.role.into(),
            same_person_as: self.same_person_as.as_ref().map(Reference::bytes).unwrap_or_default(),
        };
        let made = node.accounts().create_account(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let account = Known::of(made.account.unwrap_or_default());
        if let Some(claimed) = claimed {
            claimed.write(node.account_file(&account.account, None).expose())?;
        }
        let mut page = Page::default();
        account.describe(&mut page);
        if made.code.is_empty() {
            page.line("It can do nothing yet; make its access file: uput account token ACCOUNT --scope ... --to FILE");
        } else {
            code_lines(&mut page, &made.code, made.code_until);
        }
        if let Some(target) = &target {
            page.pair("written to", target.name());
        }
        // To the administrator who asked for it, to be handed over: it opens the account once, and is worth nothing then.
        let code = Some(made.code).filter(|code| !code.is_empty());
        let (until, file) = (moment::utc(made.code_until), target.map(|target| target.name()));
        let body = json!({ "account": account, "code": code, "code_until": until, "file": file });
        Ok(Answer::new(&body, page)?.if_lost(
            "the account was made, and nobody has its code: uput account list, then uput account reset ACCOUNT",
        ))
    }
}

/// The name of a person, a machine or a team: from a file, or from whoever sits here. [CLI-14]
pub(crate) fn name_of(file: Option<&Path>, options: &Options) -> Result<Sensitive<String>, Failure> {
    let text = match file {
        Some(path) => reading::text(path)?,
        None if prompt::possible(options) => prompt::line("name, as people here know it: ")?,
        None => {
            return Err(Failure::usage("no name was given", "give --name-file FILE, or - for standard input"));
        }
    };
    Ok(Sensitive::new(text.expose().lines().next().unwrap_or_default().trim().to_owned()))
}

/// The code with which a person enrols, for whoever hands it over.
fn code_lines(page: &mut Page, code: &str, until: u64) {
    page.pair("code", code);
    page.pair("valid until", moment::local(until));
    page.line("Hand the code over in person or by telephone: whoever has it sets the password, once.");
}

impl TokenArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let target = Target::of(self.to.as_deref(), options)?;
        let node = Node::connect(options).await?;
        let request = wire::CreateTokenRequest {
            account: self.account.bytes(),
            scopes: self.scopes.iter().map(|scope| (*scope).into()).collect(),
            valid_seconds: self.valid,
            key_digest: self.digest.as_ref().map(|digest| digest.bytes().to_vec()).unwrap_or_default(),
        };
        let answer = node.accounts().create_token(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let (token, secret) = (answer.token.unwrap_or_default(), Sensitive::new(answer.secret));
        if let Err(failure) = target.write(node.access_file(&secret).expose()) {
            // A token that nobody has is ended at once.
            let request = wire::RevokeTokenRequest { token: token.token };
            node.accounts().revoke_token(request).await.map_err(|status| refusal::of(&status))?;
            return Err(failure);
        }
        let token = KnownToken::of(token);
        let mut page = Page::default();
        if !target.is_stdout() {
            page.pair("token", &token.token);
            page.pair("scopes", token.limits());
            page.pair("ends", token.ends());
            page.pair("written to", target.name());
            page.line("Whoever has that file is the account: hand it over as you would a key.");
        }
        Answer::new(&json!({ "token": token, "file": target.name() }), page)
    }
}

impl DisableArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        prompt::confirm(options, "End this account for good, with all its tokens and duties?")?;
        let node = Node::connect(options).await?;
        let request = wire::DisableAccountRequest { account: self.account.bytes() };
        let answer = node.accounts().disable_account(request).await.map_err(|status| refusal::of(&status))?;
        let account = Known::of(answer.into_inner().account.unwrap_or_default());
        let mut page = Page::default();
        account.describe(&mut page);
        page.line("A supervisor sees what they leave behind: uput duty list; uput case list --untaken");
        Answer::new(&json!({ "account": account }), page)
    }
}

impl RevokeArgs {
    async fn run(self, options: &Options) -> Result<Answer, Failure> {
        prompt::confirm(options, "End this token for good?")?;
        let node = Node::connect(options).await?;
        let request = wire::RevokeTokenRequest { token: self.token.bytes() };
        let answer = node.accounts().revoke_token(request).await.map_err(|status| refusal::of(&status))?;
        let token = KnownToken::of(answer.into_inner().token.unwrap_or_default());
        let mut page = Page::default();
        page.pair("token", &token.token);
        page.pair("ends", token.ends());
        Answer::new(&json!({ "token": token }), page)
    }
}

async fn list(options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let (mut accounts, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListAccountsRequest { page_size: 0, page_token };
        let answer = node.accounts().list_accounts(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        accounts.extend(answer.accounts.into_iter().map(Known::of));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut page = Page::default();
    page.table(["ACCOUNT", "NAME", "ROLE", "STATE", "TOKENS"], accounts.iter().map(Known::row));
    Answer::new(&json!({ "accounts": accounts }), page)
}

#[derive(Serialize)]
struct Known {
    account: String,
    person: String,
    name: String,
    role: String,
    created: Option<String>,
    created_by: Option<String>,
    disabled: bool,
    erased: bool,
    enrolled: bool,
    second_factor: bool,
    code_until: Option<String>,
    locked_until: Option<String>,
    tokens: Vec<KnownToken>,
    certificates: Vec<KnownCertificate>,
    #[serde(skip)]
    locked: u64,
}

#[derive(Serialize)]
struct KnownToken {
    token: String,
    scopes: Vec<String>,
    created: Option<String>,
    created_by: Option<String>,
    until: Option<String>,
    revoked: bool,
    key_digest: Option<String>,
    #[serde(skip)]
    end: u64,
}

#[derive(Serialize)]
struct KnownCertificate {
    certificate: String,
    key_digest: String,
    scopes: Vec<String>,
    created: Option<String>,
    created_by: Option<String>,
    until: Option<String>,
    revoked: bool,
    #[serde(skip)]
    end: u64,
}

impl Known {
    fn of(account: wire::Account) -> Self {
        Self {
            account: hex(&account.account),
            person: hex(&account.person),
            // Shown to the administrator who asked for it.
            name: account.name,
            role: word_of::<wire::Role>(account.role).unwrap_or_default(),
            created: moment::utc(account.created),
            created_by: Some(hex(&account.created_by)).filter(|id| !id.is_empty()),
            disabled: account.disabled,
            erased: account.erased,
            enrolled: account.enrolled,
            second_factor: account.second_factor,
            code_until: moment::utc(account.code_until),
            locked_until: moment::utc(account.locked_until),
            tokens: account.tokens.into_iter().map(KnownToken::of).collect(),
            certificates: account.certificates.into_iter().map(KnownCertificate::of).collect(),
            locked: account.locked_until,
        }
    }

    fn state(&self) -> String {
        match (self.disabled, self.locked) {
            (true, _) if self.erased => "erased".to_owned(),
            (true, _) => "disabled".to_owned(),
            (false, 0) => "enabled".to_owned(),
            (false, until) => format!("locked until {}", moment::local(until)),
        }
    }

    fn row(&self) -> [String; 5] {
        let short = self.account.get(..8).unwrap_or_default().to_owned();
        let tokens = self.tokens.iter().filter(|token| !token.revoked).map(KnownToken::row).collect::<Vec<_>>();
        [short, self.name.clone(), label::of::<wire::Role>(&self.role), self.state(), tokens.join("; ")]
    }

    fn describe(&self, page: &mut Page) {
        page.pair("account", &self.account);
        page.pair("name", &self.name);
        page.pair("role", label::of::<wire::Role>(&self.role));
        page.pair("state", self.state());
    }
}

impl KnownToken {
    fn of(token: wire::Token) -> Self {
        Self {
            token: hex(&token.token),
            scopes: token.scopes.into_iter().filter_map(word_of::<wire::Scope>).collect(),
            created: moment::utc(token.created),
            created_by: Some(hex(&token.created_by)).filter(|id| !id.is_empty()),
            until: moment::utc(token.until),
            revoked: token.revoked,
            key_digest: Some(hex(&token.key_digest)).filter(|digest| !digest.is_empty()),
            end: token.until,
        }
    }

    fn limits(&self) -> String {
        if self.scopes.is_empty() { "all of its role".to_owned() } else { label::all("scope", &self.scopes) }
    }

    fn ends(&self) -> String {
        match (self.revoked, self.end) {
            (true, _) => "has been ended".to_owned(),
            (false, 0) => "never".to_owned(),
            (false, end) => moment::local(end),
        }
    }

    fn row(&self) -> String {
        let short = self.token.get(..8).unwrap_or_default();
        format!("{short} ({}; ends {})", self.limits(), self.ends())
    }
}

impl KnownCertificate {
    fn of(certificate: wire::ClientCertificate) -> Self {
        Self {
            certificate: hex(&certificate.certificate),
            key_digest: hex(&certificate.key_digest),
            scopes: certificate.scopes.into_iter().filter_map(word_of::<wire::Scope>).collect(),
            created: moment::utc(certificate.created),
            created_by: Some(hex(&certificate.created_by)).filter(|id| !id.is_empty()),
            until: moment::utc(certificate.until),
            revoked: certificate.revoked,
            end: certificate.until,
        }
    }

    fn ends(&self) -> String {
        if self.revoked { "has been ended".to_owned() } else { moment::local(self.end) }
    }
}
