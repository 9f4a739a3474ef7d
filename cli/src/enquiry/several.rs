//! Several organisations are asked the same at once, and who answered what.

use clap::Args;
use serde::Serialize;
use serde_json::json;
use uput_core::wire::{self, Act, Choice, ServiceType};

use crate::access::Node;
use crate::args::Options;
use crate::code::{self, word_of};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fields::FieldsArgs;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;
use crate::request::{RequestArgs, hex};

/// Whom to ask, and what.
#[derive(Args)]
#[command(after_help = "Examples:
  uput enquiry ask-several \"Shelter A\" \"Shelter B\" --service shelter --fields enquiry.toml
  uput enquiry ask-several \"Shelter A\" \"Shelter B\" --service shelter --case 4c1d09aa --fields enquiry.toml --dry-run

Who could not be asked keeps it from nobody else: the answer says why, and repeating the command with its --request-id asks
nobody twice. Then `uput enquiry list` shows who answered what, and `uput referral choose` tells the others.")]
pub(crate) struct SeveralArgs {
    /// Names or IDs of the other organisations, each once; see `uput peer list`
    #[arg(required = true, num_args = 1..=20, value_name = "PEER")]
    peers: Vec<String>,
    /// The kind of service that is asked for
    #[arg(long, value_parser = code::parser::<ServiceType>())]
    service: ServiceType,
    /// ID of the case that they belong to, or its first 8 digits; left out: a new case, one for all
    #[arg(long, value_name = "CASE")]
    case: Option<Reference>,
    /// Ask for advice, which nobody is chosen for
    #[arg(long)]
    consultation: bool,
    /// ID of the agreement; left out: for each the only one that allows it
    #[arg(long, value_name = "ID")]
    agreement: Option<Reference>,
    /// What is said: nothing about a person.
    #[command(flatten)]
    fields: FieldsArgs,
    // [NST-11]
    /// Labels whose words do not tell who she is, although the node says so; that you said this is kept
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    knowingly: Vec<String>,
    /// Labels whose values come from the record of the case; see `uput case record`
    #[arg(long, value_name = "LABEL", value_delimiter = ',', requires = "case")]
    from_case: Vec<String>,
    // [TIM-87]
    /// The clock of this computer is doubted, and you ask all the same; that you said this is kept
    #[arg(long)]
    despite_clock: bool,
    /// Until when it is asked: 23:00 (the next), 2026-11-22 20:00 by your clock, or 8h (from now)
    #[arg(long, value_name = "TIME", value_parser = moment::parse_future)]
    expiry: Option<u64>,
    /// How the request is made.
    #[command(flatten)]
    request: RequestArgs,
}

/// Of which case.
#[derive(Args)]
#[command(after_help = "Examples:
  uput enquiry list 4c1d09aa
  uput enquiry list 4c1d09aa --json | jq '.enquiries[] | select(.choice == \"possible\") | .trail'")]
pub(crate) struct ListArgs {
    /// ID of the case, or its first 8 digits
    case: Reference,
}

impl SeveralArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let fields = if self.from_case.is_empty() { self.fields.read_or_ask(options)? } else { self.fields.read()? };
        let node = Node::connect(options).await?;
        let request_id = self.request.id()?;
        let agreement = match &self.agreement {
            Some(reference) => reference.agreement_id(&node).await?,
            None => Vec::new(),
        };
        let act = if self.consultation { Act::Consultation } else { Act::Referral };
        let request = wire::AskSeveralRequest {
            request_id: request_id.clone(),
            validate_only: self.request.dry_run,
            case: self.case.map(|case| case.bytes()).unwrap_or_default(),
            peers: self.peers,
            act: act.into(),
            service_type: self.service.into(),
            agreement,
            fields: fields.to_wire(),
            expiry: self.expiry.unwrap_or_default(),
            from_case: self.from_case,
            knowingly: self.knowingly,
            despite_clock: self.despite_clock,
        };
        let answer = node.enquiries().ask_several(request).await;
        let answer = answer.map_err(|status| refusal::of_request(&request_id, &status))?;
        asked(answer.into_inner(), self.request.dry_run, &request_id)
    }
}

/// Who was asked, and who was not: then it is not done, and can be repeated. [CLI-53]
fn asked(answer: wire::AskSeveralResponse, dry_run: bool, request_id: &str) -> Result<Answer, Failure> {
    let case = Some(hex(&answer.case)).filter(|id| !id.is_empty());
    let asked: Vec<Asked> = answer.asked.into_iter().map(Asked::of).collect();
    let failed = asked.iter().any(|one| one.refused.is_some());
    let mut page = Page::default();
    if dry_run {
        page.line("checked; nothing was written or sent");
    }
    page.pair("case", case.as_deref().unwrap_or_default());
    page.table(["PEER", "TRAIL", "NOT ASKED BECAUSE"], asked.iter().map(|one| one.row(dry_run)));
    if failed && !dry_run {
        page.line(format!(
            "to ask the others too, mend that and repeat it with --request-id {request_id}: nobody is asked twice"
        ));
    }
    let body = json!({ "case": case, "asked": asked, "dry_run": dry_run, "request_id": request_id });
    Answer::ending(if failed { Exit::Failed } else { Exit::Done }, &body, page)
}

#[derive(Serialize)]
struct Asked {
    peer: String,
    trail: Option<String>,
    refused: Option<String>,
    why: Option<String>,
}

impl Asked {
    fn of(one: wire::AskedOne) -> Self {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        Self { peer: one.peer, trail: given(hex(&one.trail)), refused: given(one.refused), why: given(one.why) }
    }

    fn row(&self, dry_run: bool) -> [String; 3] {
        let asked = if dry_run && self.refused.is_none() { "would be asked" } else { "-" };
        let trail = self.trail.clone().unwrap_or_else(|| asked.to_owned());
        [self.peer.clone(), trail, self.why.clone().unwrap_or_default()]
    }
}

impl ListArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let request = wire::ListEnquiriesRequest { case: self.case.bytes() };
        let answer = node.enquiries().list_enquiries(request).await.map_err(|status| refusal::of(&status))?;
        let enquiries: Vec<Enquiry> = answer.into_inner().enquiries.into_iter().map(Enquiry::of).collect();
        let mut page = Page::default();
        let heading = ["PEER", "SERVICE", "STANDS", "HELD UNTIL", "CHOICE", "TRAIL"];
        page.table(heading, enquiries.iter().map(Enquiry::row));
        Answer::new(&json!({ "enquiries": enquiries }), page)
    }
}

#[derive(Serialize)]
struct Enquiry {
    trail: String,
    peer: String,
    act: Option<String>,
    service: Option<String>,
    asked: Option<String>,
    headline: String,
    stage: u32,
    answer: Option<String>,
    answered: Option<String>,
    held_until: Option<String>,
    undelivered: u64,
    choice: Option<String>,
    #[serde(skip)]
    until: u64,
}

impl Enquiry {
    fn of(one: wire::Enquiry) -> Self {
        Self {
            trail: hex(&one.trail),
            act: word_of::<Act>(one.act),
            service: word_of::<ServiceType>(one.service_type),
            asked: moment::utc(one.asked),
            headline: one.headline,
            stage: one.stage,
            answer: Some(one.answer).filter(|answer| !answer.is_empty()),
            answered: moment::utc(one.answered),
            held_until: moment::utc(one.until),
            undelivered: one.undelivered,
            choice: word_of::<Choice>(one.choice),
            until: one.until,
            peer: one.peer,
        }
    }

    fn row(&self) -> [String; 6] {
        let until = if self.until == 0 { String::new() } else { moment::local(self.until) };
        let stands = match self.undelivered {
            0 => label::word("headline", &self.headline),
            _ => format!("{}, on its way", label::word("headline", &self.headline)),
        };
        let begins = self.trail.get(..16).unwrap_or(&self.trail);
        let service = label::of_some::<ServiceType>(self.service.as_ref());
        [self.peer.clone(), service, stands, until, label::of_some::<Choice>(self.choice.as_ref()), begins.to_owned()]
    }
}
