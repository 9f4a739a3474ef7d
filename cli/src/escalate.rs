//! Asking the next body of the agreement's ladder, where an answer is missing.
//!
//! Guarantees that a person decides, that nothing of the record goes along which the profile does not have at that stage or which
//! needs her tick, and that the trail in which nobody answered says that somebody else is asked.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;
use tonic::{Code, Status};
use uput_core::agreement::{Agreement, Profile};
use uput_core::catalogue::{Cell, Label};
use uput_core::id::OrgId;
use uput_core::wire::request_approval_request::Act as Asks;
use uput_core::wire::statement::Kind;
use uput_core::wire::{self, Act, LegalBasis, ServiceType};

use crate::access::Node;
use crate::agreement::Held;
use crate::args::Options;
use crate::code::{self, word_of};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fields::FieldsArgs;
use crate::label;
use crate::moment;
use crate::output::{Answer, Page};
use crate::peer;
use crate::reach;
use crate::reference::Reference;
use crate::refusal;
use crate::request::{ApprovalId, RequestArgs, hex};
use crate::why::WhyArgs;

/// Whom to ask instead, and with what.
#[derive(Args)]
#[command(after_help = "Examples:
  uput escalate 3f9a1c20
  uput escalate 3f9a1c20 --to \"Police Unit\" --basis legal-duty --article 1 --stage 2 --fields notice.toml
  uput escalate 3f9a1c20 --dry-run")]
pub(crate) struct EscalateArgs {
    /// The trail in which nobody answered: its ID, or at least its first 8 digits
    trail: Reference,
    /// Name of the organisation that is asked, where several can be
    #[arg(long, value_name = "PEER")]
    to: Option<String>,
    /// How far it goes: 0 enquiry, 1 need, 2 identity too; no further than the act by which the next body is asked
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=2))]
    stage: u32,
    /// Why it may be disclosed; an enquiry needs no basis
    #[arg(long, value_parser = code::parser::<LegalBasis>())]
    basis: Option<LegalBasis>,
    /// Number of the article in the agreement
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    article: u32,
    /// What is disclosed beside what the record of the case has.
    #[command(flatten)]
    fields: FieldsArgs,
    // [NST-11]
    /// Labels whose words do not tell who she is, although the node says so; that you said this is kept
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    knowingly: Vec<String>,
    // [TIM-87]
    /// The clock of this computer is doubted, and you ask all the same; that you said this is kept
    #[arg(long)]
    despite_clock: bool,
    /// Take nothing over from the record of the case
    #[arg(long)]
    bare: bool,
    /// Ask before the agreement's time has come
    #[arg(long)]
    early: bool,
    #[command(flatten)]
    why: WhyArgs,
    /// How the request is made.
    #[command(flatten)]
    request: RequestArgs,
    /// ID of an approval, where it takes a second person; see `uput approval request`
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
}

impl EscalateArgs {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        // Before the node is asked for anything: the times in them are held against its clock. [TIM-94]
        let fields = self.fields.read()?.to_wire();
        let node = Node::connect(options).await?;
        let trail = self.trail.trail(&node, false, None, self.why.reason()?).await?;
        let next = self.next(&trail)?;
        let to = self.receiver(&trail.trail, &next)?;
        reach::check(Act::try_from(next.act).unwrap_or_default(), self.stage)?;
        let carried = if self.bare { Vec::new() } else { self.carried(&node, &trail, &next, &to, &fields).await? };
        let request_id = self.request.id()?;
        let request = wire::OpenTrailRequest {
            request_id: request_id.clone(),
            validate_only: self.request.dry_run,
            peer: to.clone(),
            agreement: trail.agreement.clone(),
            act: next.act,
            service_type: next.service_type,
            stage: self.stage,
            basis: self.basis() as i32,
            article: self.article,
            fields,
            knowingly: self.knowingly.clone(),
            from_case: carried.clone(),
            case: next.case.clone(),
            approval: ApprovalId::bytes(self.approval.as_ref()),
            despite_clock: self.despite_clock,
            ..Default::default()
        };
        if let Some(asking) = node.asking() {
            return asking.ask(&node, Asks::OpenTrail(request)).await;
        }
        let opened = node.trails().open_trail(request).await;
        let opened = opened.map_err(|status| reach::explained(not_opened(&request_id, &status), self.stage))?;
        let opened = opened.into_inner().trail;
        let event = self.say(&node, &trail.trail, next.service_type, &request_id).await?;
        let asked = if opened.is_empty() { to } else { asked(&node, &opened).await? };
        self.report(&trail.trail, &opened, &event, (&asked, &carried), &request_id)
    }

    /// The next step of the ladder, if it is time for it. [TIM-21]
    fn next(&self, trail: &wire::Trail) -> Result<wire::Escalation, Failure> {
        let failure = |what: &str| Failure::new(Exit::Failed, "NO_NEXT_BODY", what);
        let Some(next) = trail.escalation.clone() else {
            if self.request.repeats() {
                return Err(failure("nobody is left to ask in this trail").because(DONE).next(SEE));
            }
            return Err(failure("nothing is missing in this trail, or everybody on the agreement's ladder was asked")
                .next("see `uput referral show` for what is due, `uput agreement show` for the ladder"));
        };
        if !next.now && !self.early {
            return Err(failure("it is not time yet to ask the next body")
                .because(format!("by the agreement it is from {} on", moment::local(next.due)))
                .next("telephone them; or give --early"));
        }
        Ok(next)
    }

    fn receiver(&self, trail: &[u8], next: &wire::Escalation) -> Result<String, Failure> {
        match (&self.to, next.peers.as_slice()) {
            (Some(to), peers) if peers.contains(to) => Ok(to.clone()),
            (None, [only]) => Ok(only.clone()),
            // [TIM-71]
            (_, []) => {
                let service = word_of::<ServiceType>(next.service_type).unwrap_or_default();
                let why = format!("no rule lets you ask {} of its parties for it", service.replace('_', " "));
                Err(Failure::new(Exit::Failed, "NO_NEXT_BODY", "no party of the agreement can be asked")
                    .because(why)
                    .next(format!(
                        "telephone that body now, then say so with `uput act escalated {} --service {}`",
                        hex(trail),
                        service.replace('_', "-")
                    )))
            }
            (_, peers) => Err(Failure::usage(
                "it must be said who is asked",
                format!("give --to with one of: {}", peers.join(", ")),
            )),
        }
    }

    fn basis(&self) -> LegalBasis {
        self.basis.unwrap_or(LegalBasis::NoneNeededNonpersonal)
    }

    /// Labels that the record of the case has and the rule's profile allows at that stage without her tick. [TIM-22]
    async fn carried(
        &self,
        node: &Node,
        trail: &wire::Trail,
        next: &wire::Escalation,
        to: &str,
        typed: &[wire::Field],
    ) -> Result<Vec<String>, Failure> {
        let reference = hex(&trail.agreement).parse::<Reference>().map_err(|_| unreadable())?;
        let held = Held::get(node, &reference).await?;
        let us = crate::node::ask(node).await?.organisation;
        let them = peer::find(node, to).await?.organisation;
        let allowed = allowed(&held.agreement, next, (&us, &them), self.stage);
        let request = wire::GetCaseRecordRequest {
            case: next.case.clone(),
            values: false,
            reason: self.why.reason()?,
            contact: None,
        };
        let answer = node.follow_ups().get_case_record(request).await.map_err(|status| refusal::of(&status))?;
        let record = answer.into_inner().record.unwrap_or_default();
        let known = record.fields.into_iter().map(|field| field.label);
        Ok(known.filter(|label| allowed.contains(label) && typed.iter().all(|field| field.label != *label)).collect())
    }

    /// In the trail in which nobody answered. The same request gives the same answer. [TIM-23]
    async fn say(&self, node: &Node, trail: &[u8], service_type: i32, request_id: &str) -> Result<Vec<u8>, Failure> {
        let request = wire::RecordEventRequest {
            request_id: format!("{request_id}-escalated"),
            validate_only: self.request.dry_run,
            trail: trail.to_vec(),
            statement: Some(wire::Statement { kind: Some(Kind::Escalated(wire::Escalated { service_type })) }),
            ..Default::default()
        };
        let said = node.trails().record_event(request).await;
        Ok(said.map_err(|status| refusal::of_request(request_id, &status))?.into_inner().event)
    }

    fn report(
        &self,
        from: &[u8],
        opened: &[u8],
        event: &[u8],
        (to, carried): (&str, &[String]),
        request_id: &str,
    ) -> Result<Answer, Failure> {
        let mut page = Page::default();
        match self.request.dry_run {
            true => page.line("allowed; nothing was written or sent"),
            false => page.line("asked: signed and kept; the trail in which nobody answered says so too"),
        }
        let shown = |id: &[u8]| Some(hex(id)).filter(|id| !id.is_empty());
        page.pair("asked", to);
        page.pair("trail", shown(opened).unwrap_or_default());
        page.pair("from the record", label::fields(carried));
        page.pair("instead of", hex(from));
        let body = json!({
            "trail": shown(opened), "to": to, "instead_of": hex(from), "event": shown(event), "carried": carried,
            "dry_run": self.request.dry_run, "request_id": request_id,
        });
        Answer::new(&body, page)
    }
}

const DONE: &str = "if the request of that ID was an escalation of this trail, it was done";
const SEE: &str = "see `uput trail show`: it says `escalated`; leave --request-id out to ask the next body";

/// A request ID that has asked another body is one of an earlier step. [TIM-73]
fn not_opened(request_id: &str, status: &Status) -> Failure {
    if status.code() != Code::InvalidArgument || !status.message().starts_with("request_id ") {
        return refusal::of_request(request_id, status);
    }
    let what = "the request of that ID asked somebody else; nobody is asked now";
    Failure::new(Exit::Failed, "REQUEST_DONE", what).because(DONE).next(SEE).of_request(request_id)
}

/// Who was asked, by the trail that was opened: a repeated request may have opened it earlier. [TIM-73]
async fn asked(node: &Node, opened: &[u8]) -> Result<String, Failure> {
    let request = wire::ListTrailsRequest { beginning: opened.to_vec(), ..Default::default() };
    let answer = node.trails().list_trails(request).await.map_err(|status| refusal::of(&status))?;
    answer.into_inner().trails.into_iter().next().map(|trail| trail.peer).ok_or_else(unreadable)
}

fn unreadable() -> Failure {
    Failure::new(Exit::Failed, "MALFORMED", "the node's agreement cannot be read")
}

fn allowed(agreement: &Agreement, next: &wire::Escalation, (us, them): (&[u8], &[u8]), stage: u32) -> BTreeSet<String> {
    let act = Act::try_from(next.act).unwrap_or_default();
    let service = ServiceType::try_from(next.service_type).unwrap_or_default();
    let (Ok(us), Ok(them)) = (OrgId::parse(us), OrgId::parse(them)) else { return BTreeSet::new() };
    let rule = agreement.rule_for(act, &us, &them, service);
    let found = rule.and_then(|rule| Some((agreement.profile(rule)?, rule.receiver)));
    found.map(|(profile, receiver)| at_stage(profile, receiver, stage)).unwrap_or_default()
}

fn at_stage(profile: &Profile, receiver: ServiceType, stage: u32) -> BTreeSet<String> {
    let need = profile.need.iter().filter(|_| stage >= 1);
    let identity = profile.identity.iter().filter(|_| stage >= 2);
    let labels = profile.enquiry.iter().chain(need).chain(identity);
    let hers = |label: &Label| profile.ticked.contains(label) || label.cell(receiver) == Cell::Asked;
    labels.filter(|label| !hers(label)).map(|label: &Label| label.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: EscalateArgs,
    }

    /// [TIM-73]
    #[test]
    fn a_request_that_asked_somebody_else_is_said_to_be_done() {
        let used = Status::invalid_argument("request_id must be not the ID of a request about another trail");
        let refused = not_opened("0b5f9e2a", &used);
        assert_eq!((&*refused.reason, refused.request_id.as_deref()), ("REQUEST_DONE", Some("0b5f9e2a")));
        assert!(refused.why.contains("it was done"), "{refused:?}");
        let other = not_opened("0b5f9e2a", &Status::invalid_argument("stage must be 0"));
        assert_ne!(&*other.reason, "REQUEST_DONE");
        let args =
            Line::try_parse_from(["escalate", "3f9a1c20", "--request-id", "0b5f9e2a-4c1d-4e8f-9a3b-2d6c7e8f9a0b"]);
        let nobody = args.unwrap().args.next(&wire::Trail::default()).err().unwrap();
        assert!(nobody.why.contains("it was done"), "{nobody:?}");
    }

    /// [TIM-71]
    #[test]
    fn where_nobody_can_be_asked_it_is_said_what_to_do() {
        let args = Line::try_parse_from(["escalate", "3f9a1c20"]).unwrap().args;
        let next = wire::Escalation { service_type: ServiceType::SocialWork.into(), ..Default::default() };
        let refused = args.receiver(&[0x3f; 32], &next).err().unwrap();
        let said = format!("{refused:?}");
        assert!(said.contains("social work") && said.contains("telephone that body now"), "{said}");
        assert!(said.contains(&format!("uput act escalated {} --service social-work", "3f".repeat(32))), "{said}");
    }
}
