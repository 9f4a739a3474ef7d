//! Opening a trail with another organisation.

use clap::Args;
use serde_json::json;
use uput_core::wire::request_approval_request::Act as Asks;
use uput_core::wire::{self, Act, Beside, LegalBasis, ServiceType};

use crate::access::Node;
use crate::args::Options;
use crate::code;
use crate::failure::Failure;
use crate::fields::FieldsArgs;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::reach;
use crate::reference::Reference;
use crate::refusal;
use crate::request::{ApprovalId, RequestArgs, hex};

/// Whom to ask, and what is disclosed.
#[derive(Args)]
pub(crate) struct OpeningArgs {
    /// Name or ID of the other organisation; see `uput peer list`
    peer: String,
    /// The kind of service that is asked for
    #[arg(long, value_parser = code::parser::<ServiceType>())]
    service: ServiceType,
    /// ID of the case that it belongs to, or its first 8 digits; left out: a new case
    #[arg(long, value_name = "CASE")]
    case: Option<Reference>,
    /// ID of the agreement; left out: the only one that allows it
    #[arg(long, value_name = "ID")]
    agreement: Option<Reference>,
    /// What is disclosed.
    #[command(flatten)]
    fields: FieldsArgs,
    /// ID of an earlier trail with this organisation that it is about, or its first 8 digits
    #[arg(long, value_name = "TRAIL")]
    about: Option<Reference>,
    // [NST-11]
    /// Labels whose words do not tell who she is, although the node says so; that you said this is kept
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    knowingly: Vec<String>,
    /// Labels whose values come from the record of the case; see `uput case record`
    #[arg(long, value_name = "LABEL", value_delimiter = ',', requires = "case")]
    from_case: Vec<String>,
    // [ONW-8]
    /// Sign what is said of her, for whoever comes after them: they can pass it on, and that can be checked
    #[arg(long)]
    attest: bool,
    // [TIM-87]
    /// The clock of this computer is doubted, and you open it all the same; that you said this is kept
    #[arg(long)]
    despite_clock: bool,
    /// Until when it is asked: 23:00 (the next), 2026-11-22 20:00 by your clock, or 8h (from now)
    #[arg(long, value_name = "TIME", value_parser = moment::parse_future)]
    expiry: Option<u64>,
    /// When it happened: 02:00 (the last), 2026-11-22 20:00 by your clock, 10min (ago), or now
    #[arg(long, value_name = "TIME", value_parser = moment::parse_past)]
    occurred: Option<u64>,
    /// How the request is made.
    #[command(flatten)]
    request: RequestArgs,
    /// ID of an approval, where it takes a second person; see `uput approval request`
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
}

/// What is asked, and under which basis.
pub(crate) struct Asked {
    pub(crate) act: Act,
    pub(crate) stage: u32,
    pub(crate) basis: LegalBasis,
    pub(crate) article: u32,
    /// Why she is named beside others who were asked the same.
    pub(crate) beside: Option<Beside>,
}

impl OpeningArgs {
    /// Opens the trail.
    pub(crate) async fn open(self, options: &Options, asked: Asked) -> Result<Answer, Failure> {
        reach::check(asked.act, asked.stage)?;
        // What the record has is not asked for.
        let fields = if self.from_case.is_empty() { self.fields.read_or_ask(options)? } else { self.fields.read()? };
        let node = Node::connect(options).await?;
        let request_id = self.request.id()?;
        let agreement = match &self.agreement {
            Some(reference) => reference.agreement_id(&node).await?,
            None => Vec::new(),
        };
        let request = wire::OpenTrailRequest {
            from_case: self.from_case.clone(),
            about: self.about.map(|about| about.bytes()).unwrap_or_default(),
            knowingly: self.knowingly,
            case: self.case.map(|case| case.bytes()).unwrap_or_default(),
            request_id: request_id.clone(),
            validate_only: self.request.dry_run,
            peer: self.peer,
            agreement,
            act: asked.act as i32,
            service_type: self.service as i32,
            stage: asked.stage,
            basis: asked.basis as i32,
            article: asked.article,
            fields: fields.to_wire(),
            expiry: self.expiry.unwrap_or_default(),
            occurred: self.occurred.unwrap_or_default(),
            attest: self.attest,
            despite_clock: self.despite_clock,
            approval: ApprovalId::bytes(self.approval.as_ref()),
            beside: asked.beside.unwrap_or_default().into(),
        };
        if let Some(asking) = node.asking() {
            return asking.ask(&node, Asks::OpenTrail(request)).await;
        }
        let refused = |status| reach::explained(refusal::of_request(&request_id, &status), asked.stage);
        let answer = node.trails().open_trail(request).await.map_err(refused)?;
        opened(&answer.into_inner(), &self.request, &request_id)
    }
}

/// What to do where the answer is lost.
const OPENED: &str =
    "unless it was a --dry-run, the trail is open, and is sent: see `uput inbox --all` before opening another";

fn opened(answer: &wire::OpenTrailResponse, request: &RequestArgs, request_id: &str) -> Result<Answer, Failure> {
    let (trail, dry_run) = (&answer.trail, request.dry_run);
    let mut page = Page::default();
    if dry_run {
        page.line("opened: allowed; nothing was written or sent");
    } else {
        page.line("opened: signed and kept; it is sent now, and again until the other side has it");
        page.pair("trail", hex(trail));
    }
    page.pair("differs", label::fields(&answer.differs));
    request.repeated(&mut page);
    let trail = Some(hex(trail)).filter(|id| !id.is_empty());
    let body = json!({ "trail": trail, "differs": answer.differs, "dry_run": dry_run, "request_id": request_id });
    Ok(Answer::new(&body, page)?.if_lost(OPENED))
}
