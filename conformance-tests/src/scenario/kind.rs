//! What is said, from its words in a script to the message.

use std::time::{SystemTime, UNIX_EPOCH};

use uput_wire::v1 as wire;
use wire::statement::Kind;

use crate::failed::{Failed, Outcome};
use crate::scenario::script::Step;

/// The code that a word stands for, as agreements write it: the schema's name without that of its enumeration.
///
/// # Errors
/// If there is none.
pub fn code<C>(read: impl Fn(&str) -> Option<C>, list: &str, word: Option<&str>) -> Outcome<C> {
    let word = word.ok_or_else(|| Failed::because(format!("a {list} is missing")))?;
    let name = format!("{list}_{}", word.to_uppercase());
    read(&name).ok_or_else(|| Failed::because(format!("there is no {name}")))
}

/// Seconds since 1970, so long before or after now: `2 h`, `3 d`.
///
/// # Errors
/// If it is no span.
pub fn from_now(span: Option<&str>, ahead: bool) -> Outcome<u64> {
    let Some(span) = span else { return Ok(0) };
    let wrong = || Failed::because(format!("{span:?} is no span"));
    let (number, unit) = span.split_once(' ').ok_or_else(wrong)?;
    let unit = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let span = number.parse::<u64>().map_err(|_| wrong())? * unit;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(if ahead { now + span } else { now - span })
}

/// The statement of a step. `offer` is the offer that is taken, `plan` the plan whose task is spoken of.
///
/// # Errors
/// If a word of it stands for nothing.
pub fn of(step: &Step, named: &[u8]) -> Outcome<Kind> {
    let word = step.code.as_deref();
    Ok(match step.say.as_deref().unwrap_or_default() {
        "need" => Kind::Need(wire::Need {}),
        "identity" => Kind::Identity(wire::Identity {}),
        "corrected" => Kind::Corrected(wire::Corrected {}),
        "chosen_elsewhere" => Kind::ChosenElsewhere(wire::ChosenElsewhere {}),
        "withdrawn" => Kind::Withdrawn(wire::Withdrawn {}),
        "reopened" => Kind::Reopened(wire::Reopened {}),
        "purge_asked" => Kind::PurgeAsked(wire::PurgeAsked {}),
        "acknowledged" => Kind::Acknowledged(wire::Acknowledged {}),
        "accepted" => Kind::Accepted(wire::Accepted {}),
        "waitlisted" => Kind::Waitlisted(wire::Waitlisted {}),
        "misdirected" => Kind::Misdirected(wire::Misdirected {}),
        "contact_made" => Kind::ContactMade(wire::ContactMade {}),
        "started" => Kind::Started(wire::Started {}),
        "transfer_offered" => Kind::TransferOffered(wire::TransferOffered {}),
        "transfer_recalled" => Kind::TransferRecalled(wire::TransferRecalled {}),
        "transfer_completed" => Kind::TransferCompleted(wire::TransferCompleted {}),
        "transfer_taken" => Kind::TransferTaken(wire::TransferTaken { offer: named.to_vec() }),
        "minutes" => Kind::Minutes(wire::Minutes {}),
        "plan" => Kind::Plan(wire::Plan {}),
        "task" => {
            let status = code(wire::TaskStatus::from_str_name, "TASK_STATUS", word)?.into();
            Kind::Task(wire::Task { plan: named.to_vec(), number: step.number.unwrap_or_default(), status })
        }
        "held" => Kind::Held(wire::Held { until: from_now(step.until.as_deref(), true)? }),
        "retained" => Kind::Retained(wire::Retained { article: step.article.unwrap_or_default() }),
        "decision" => Kind::Decision(decision(step)?),
        "handed_over" => {
            let channel = code(wire::Channel::from_str_name, "CHANNEL", word)?.into();
            Kind::HandedOver(wire::HandedOver { stage: step.stage.unwrap_or_default(), channel })
        }
        other => coded(other, word)?,
    })
}

/// Kinds that are a code and nothing else.
fn coded(kind: &str, word: Option<&str>) -> Outcome<Kind> {
    Ok(match kind {
        "warned" => {
            Kind::Warned(wire::Warned { code: code(wire::WarningCode::from_str_name, "WARNING_CODE", word)?.into() })
        }
        "phoned" => {
            Kind::Phoned(wire::Phoned { answer: code(wire::PhoneAnswer::from_str_name, "PHONE_ANSWER", word)?.into() })
        }
        "revoked" => {
            let reason = code(wire::RevocationReason::from_str_name, "REVOCATION_REASON", word)?.into();
            Kind::Revoked(wire::Revoked { reason })
        }
        "closed" => Kind::Closed(wire::Closed {
            reason: code(wire::ClosureReason::from_str_name, "CLOSURE_REASON", word)?.into(),
        }),
        "partly_accepted" => {
            let form = code(wire::PartialForm::from_str_name, "PARTIAL_FORM", word)?.into();
            Kind::PartlyAccepted(wire::PartlyAccepted { form })
        }
        "declined" => {
            let reason = code(wire::DeclineReason::from_str_name, "DECLINE_REASON", word)?.into();
            Kind::Declined(wire::Declined { reason })
        }
        "redirected" => {
            let service_type = code(wire::ServiceType::from_str_name, "SERVICE_TYPE", word)?.into();
            Kind::Redirected(wire::Redirected { service_type })
        }
        "visited" => {
            let outcome = code(wire::VisitOutcome::from_str_name, "VISIT_OUTCOME", word)?.into();
            Kind::Visited(wire::Visited { outcome })
        }
        "escalated" => {
            let service_type = code(wire::ServiceType::from_str_name, "SERVICE_TYPE", word)?.into();
            Kind::Escalated(wire::Escalated { service_type })
        }
        "could_not_reach" => {
            let reason = code(wire::NotReachedReason::from_str_name, "NOT_REACHED_REASON", word)?.into();
            Kind::CouldNotReach(wire::CouldNotReach { reason })
        }
        "provided" => {
            Kind::Provided(wire::Provided { outcome: code(wire::Outcome::from_str_name, "OUTCOME", word)?.into() })
        }
        "purged" => {
            Kind::Purged(wire::Purged { manner: code(wire::PurgeManner::from_str_name, "PURGE_MANNER", word)?.into() })
        }
        _ => return Err(Failed::because(format!("there is no kind {kind}"))),
    })
}

fn decision(step: &Step) -> Outcome<wire::Decision> {
    Ok(wire::Decision {
        r#type: code(wire::DecisionType::from_str_name, "DECISION_TYPE", step.decides.as_deref())?.into(),
        outcome: code(wire::DecisionOutcome::from_str_name, "DECISION_OUTCOME", step.code.as_deref())?.into(),
        expiry: from_now(step.until.as_deref(), true)?,
        evidence: Vec::new(),
    })
}
