//! One statement in a trail: said once, however often the command is repeated.

use clap::Args;
use serde_json::json;
use uput_core::wire::request_approval_request::Act as Asks;
use uput_core::wire::statement::Kind;
use uput_core::wire::{self, Beside, LegalBasis, Overbooking};

use crate::access::Node;
use crate::args::Options;
use crate::code;
use crate::failure::Failure;
use crate::fields::{Fields, FieldsArgs};
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::reference::Reference;
use crate::refusal;
use crate::request::{ApprovalId, RequestArgs, hex};

/// In which trail, and what is disclosed with it.
#[derive(Args)]
pub(crate) struct StatementArgs {
    /// The trail's ID, or at least its first 8 digits
    pub(crate) trail: Reference,
    /// Fields that go with it.
    #[command(flatten)]
    pub(crate) fields: FieldsArgs,
    // [NST-11]
    /// Labels whose words do not tell who she is, although the node says so; that you said this is kept
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    knowingly: Vec<String>,
    /// Labels whose values come from the record of the case; see `uput case record`
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    from_case: Vec<String>,
    // [ONW-8]
    /// Sign what is said of her, for whoever comes after them: they can pass it on, and that can be checked
    #[arg(long)]
    attest: bool,
    /// Why the fields may be disclosed, if not as in the opening
    #[arg(long, value_parser = code::parser::<LegalBasis>())]
    basis: Option<LegalBasis>,
    /// Number of the article in the agreement
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    article: u32,
    /// When it happened: 02:00 (the last), 2026-11-22 20:00 by your clock, 10min (ago), or now
    #[arg(long, value_name = "TIME", value_parser = moment::parse_past)]
    occurred: Option<u64>,
    /// How the request is made.
    #[command(flatten)]
    request: RequestArgs,
    /// ID of an approval, where it takes a second person; see `uput approval request`
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
    /// Why more places are promised than there are; of the answers that promise.
    #[arg(skip)]
    pub(crate) overbooking: Option<Overbooking>,
    /// Why she is named beside others; of who she is.
    #[arg(skip)]
    pub(crate) beside: Option<Beside>,
}

impl StatementArgs {
    /// Says it, with the fields that were given.
    pub(crate) async fn say(self, options: &Options, kind: Kind) -> Result<Answer, Failure> {
        let fields = self.fields.read()?;
        let node = Node::connect(options).await?;
        self.say_with(&node, kind, &fields, Vec::new()).await
    }

    /// Says it, and asks for the fields where a person sits and none were given.
    pub(crate) async fn say_asking(self, options: &Options, kind: Kind) -> Result<Answer, Failure> {
        // What the record has is not asked for.
        let fields = if self.from_case.is_empty() { self.fields.read_or_ask(options)? } else { self.fields.read()? };
        let node = Node::connect(options).await?;
        self.say_with(&node, kind, &fields, Vec::new()).await
    }

    /// Says it, with evidence that lies in another trail of this node, if that is not empty.
    pub(crate) async fn say_with(
        &self,
        node: &Node,
        kind: Kind,
        fields: &Fields,
        evidence_trail: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let request_id = self.request.id()?;
        let trail = self.trail.trail_id(node).await?;
        let word = word(&kind);
        let request = wire::RecordEventRequest {
            request_id: request_id.clone(),
            validate_only: self.request.dry_run,
            trail: trail.clone(),
            statement: Some(wire::Statement { kind: Some(kind) }),
            fields: fields.to_wire(),
            basis: self.basis.unwrap_or_default() as i32,
            article: self.article,
            occurred: self.occurred.unwrap_or_default(),
            evidence_trail,
            from_case: self.from_case.clone(),
            knowingly: self.knowingly.clone(),
            attest: self.attest,
            approval: ApprovalId::bytes(self.approval.as_ref()),
            overbooking: self.overbooking.unwrap_or_default() as i32,
            beside: self.beside.unwrap_or_default() as i32,
        };
        if let Some(asking) = node.asking() {
            return asking.ask(node, Asks::RecordEvent(request)).await;
        }
        let answer =
            node.trails().record_event(request).await.map_err(|status| refusal::of_request(&request_id, &status))?;
        said(&trail, &answer.into_inner(), word, &self.request, &request_id)
    }
}

/// What to do where the answer is lost.
const SAID: &str =
    "unless it was a --dry-run, it is signed and kept, and is sent: see `uput trail show` before saying it again";

fn said(
    trail: &[u8],
    answer: &wire::RecordEventResponse,
    kind: &str,
    request: &RequestArgs,
    request_id: &str,
) -> Result<Answer, Failure> {
    let (event, dry_run) = (&answer.event, request.dry_run);
    let mut page = Page::default();
    let said = label::shown("kind", kind);
    if dry_run {
        page.line(format!("{said}: allowed; nothing was written or sent"));
    } else {
        page.line(format!("{said}: signed and kept"));
        page.pair("event", hex(event));
    }
    page.pair("trail", hex(trail));
    page.pair("differs", label::fields(&answer.differs));
    request.repeated(&mut page);
    let event = Some(hex(event)).filter(|id| !id.is_empty());
    let body = json!({
        "trail": hex(trail), "event": event, "kind": kind, "differs": answer.differs, "dry_run": dry_run,
        "request_id": request_id,
    });
    Ok(Answer::new(&body, page)?.if_lost(SAID))
}

/// The kind's word, as the node shows it.
pub(crate) const fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Need(_) => "need",
        Kind::Identity(_) => "identity",
        Kind::Corrected(_) => "corrected",
        Kind::Warned(_) => "warned",
        Kind::HandedOver(_) => "handed_over",
        Kind::Phoned(_) => "phoned",
        Kind::Decision(_) => "decision",
        Kind::ChosenElsewhere(_) => "chosen_elsewhere",
        Kind::Withdrawn(_) => "withdrawn",
        Kind::Revoked(_) => "revoked",
        Kind::Closed(_) => "closed",
        Kind::Reopened(_) => "reopened",
        Kind::PurgeAsked(_) => "purge_asked",
        Kind::TransferOffered(_) => "transfer_offered",
        Kind::TransferRecalled(_) => "transfer_recalled",
        Kind::TransferCompleted(_) => "transfer_completed",
        Kind::Acknowledged(_) => "acknowledged",
        Kind::Held(_) => "held",
        Kind::Accepted(_) => "accepted",
        Kind::PartlyAccepted(_) => "partly_accepted",
        Kind::Waitlisted(_) => "waitlisted",
        Kind::Declined(_) => "declined",
        Kind::Redirected(_) => "redirected",
        Kind::Misdirected(_) => "misdirected",
        Kind::ContactMade(_) => "contact_made",
        Kind::CouldNotReach(_) => "could_not_reach",
        Kind::Started(_) => "started",
        Kind::Provided(_) => "provided",
        Kind::Purged(_) => "purged",
        Kind::Retained(_) => "retained",
        Kind::TransferTaken(_) => "transfer_taken",
        Kind::Minutes(_) => "minutes",
        Kind::Plan(_) => "plan",
        Kind::Task(_) => "task",
        Kind::Visited(_) => "visited",
        Kind::Escalated(_) => "escalated",
    }
}
