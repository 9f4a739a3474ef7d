//! What an administrator does with others' accounts beside making and ending them, and who works here.

use clap::Args;
use serde::Serialize;
use serde_json::json;
use uput_core::wire;

use super::{Known, KnownCertificate, code_lines};
use crate::access::Node;
use crate::args::Options;
use crate::code::{self, word_of};
use crate::failure::Failure;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::prompt;
use crate::reference::{Nonce, Reference};
use crate::refusal;
use crate::request::hex;

/// Whose.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account reset 5c1f09aa --yes")]
pub(crate) struct ResetArgs {
    /// ID of the account, or its first 8 digits
    account: Reference,
}

/// Whose.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account erase 5c1f09aa --yes")]
pub(crate) struct EraseArgs {
    /// ID of an account that was ended, or its first 8 digits
    account: Reference,
}

/// Whose, and which.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account pin 5d5d5d5d --scope trails --valid 365d \\
    --digest 7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a

The digest of a certificate's key:
  openssl x509 -in machine.pem -noout -pubkey | openssl pkey -pubin -outform der | sha256sum")]
pub(crate) struct PinArgs {
    /// ID of the account, or its first 8 digits
    account: Reference,
    /// SHA-256 of the certificate's subject public key info, 64 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    digest: Nonce,
    /// Limits it to this; may be given again. A machine needs at least one
    #[arg(long = "scope", value_parser = code::parser::<wire::Scope>())]
    scopes: Vec<wire::Scope>,
    /// How long it is valid
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = moment::parse_span)]
    valid: u64,
}

/// Which.
#[derive(Args)]
#[command(after_help = "Examples:
  uput account unpin 79797979 --yes")]
pub(crate) struct UnpinArgs {
    /// ID of the certificate here, or its first 8 digits, as `uput account list --json` shows it
    certificate: Reference,
}

impl ResetArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        prompt::confirm(options, "End everything by which this person is known, and make a new code?")?;
        let node = Node::connect(options).await?;
        let request = wire::ResetAccountRequest { account: self.account.bytes() };
        let reset = node.accounts().reset_account(request).await.map_err(|status| refusal::of(&status))?.into_inner();
        let account = Known::of(reset.account.unwrap_or_default());
        let mut page = Page::default();
        account.describe(&mut page);
        code_lines(&mut page, &reset.code, reset.code_until);
        page.line("The person and every supervisor are told of it.");
        let until = moment::utc(reset.code_until);
        // To the administrator who asked for it, to be handed over; it opens nothing twice.
        let body = json!({ "account": account, "code": reset.code, "code_until": until });
        Ok(Answer::new(&body, page)?.if_lost("the account was reset, and nobody has its new code: reset it again"))
    }
}

impl EraseArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        prompt::confirm(options, "Erase this name for good?")?;
        let node = Node::connect(options).await?;
        let request = wire::EraseAccountRequest { account: self.account.bytes() };
        let erased = node.accounts().erase_account(request).await.map_err(|status| refusal::of(&status))?;
        let account = Known::of(erased.into_inner().account.unwrap_or_default());
        let mut page = Page::default();
        account.describe(&mut page);
        Answer::new(&json!({ "account": account }), page)
    }
}

impl PinArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let request = wire::PinCertificateRequest {
            account: self.account.bytes(),
            key_digest: self.digest.bytes().to_vec(),
            scopes: self.scopes.iter().map(|scope| (*scope).into()).collect(),
            valid_seconds: self.valid,
        };
        let pinned = node.accounts().pin_certificate(request).await.map_err(|status| refusal::of(&status))?;
        shown(&KnownCertificate::of(pinned.into_inner().certificate.unwrap_or_default()))
    }
}

impl UnpinArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        prompt::confirm(options, "End this certificate for good?")?;
        let node = Node::connect(options).await?;
        let request = wire::RevokeCertificateRequest { certificate: self.certificate.bytes() };
        let ended = node.accounts().revoke_certificate(request).await.map_err(|status| refusal::of(&status))?;
        shown(&KnownCertificate::of(ended.into_inner().certificate.unwrap_or_default()))
    }
}

fn shown(certificate: &KnownCertificate) -> Result<Answer, Failure> {
    let mut page = Page::default();
    page.pair("certificate", &certificate.certificate);
    page.pair("key", &certificate.key_digest);
    page.pair("ends", certificate.ends());
    Answer::new(&json!({ "certificate": certificate }), page)
}

/// Lists who works here.
pub(crate) async fn colleagues(options: &Options) -> Result<Answer, Failure> {
    let node = Node::connect(options).await?;
    let (mut colleagues, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListColleaguesRequest { page_size: 0, page_token };
        let answer = node.accounts().list_colleagues(request).await.map_err(|status| refusal::of(&status))?;
        let answer = answer.into_inner();
        colleagues.extend(answer.colleagues.into_iter().map(Colleague::of));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut page = Page::default();
    page.table(["ACCOUNT", "PERSON", "NAME", "ROLE"], colleagues.iter().map(Colleague::row));
    Answer::new(&json!({ "colleagues": colleagues }), page)
}

#[derive(Serialize)]
struct Colleague {
    account: String,
    person: String,
    name: String,
    role: String,
    disabled: bool,
    erased: bool,
}

impl Colleague {
    fn of(colleague: wire::Colleague) -> Self {
        Self {
            account: hex(&colleague.account),
            person: hex(&colleague.person),
            // Shown to a colleague.
            name: colleague.name,
            role: word_of::<wire::Role>(colleague.role).unwrap_or_default(),
            disabled: colleague.disabled,
            erased: colleague.erased,
        }
    }

    fn row(&self) -> [String; 4] {
        let short = |id: &str| id.get(..8).unwrap_or_default().to_owned();
        let name = if self.erased { "(erased)".to_owned() } else { self.name.clone() };
        let role = label::of::<wire::Role>(&self.role);
        let role = if self.disabled { format!("{role}, ended") } else { role };
        [short(&self.account), short(&self.person), name, role]
    }
}
