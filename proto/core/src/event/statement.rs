//! What an event says: its kind and codes.

use super::{Opening, body::known, ensure};
use crate::{id::EventId, rejection::Rejection, time::Seconds, wire};
use wire::event_body::Kind;

/// What an event says; codes and IDs only. [EVT-9]
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the schema documents each kind and code")]
pub enum Statement {
    Opening(Opening),
    Delivered(EventId),
    Need,
    Identity,
    Corrected,
    Warned(wire::WarningCode),
    HandedOver { stage: u32, channel: wire::Channel },
    Phoned(wire::PhoneAnswer),
    Decision(Decision),
    ChosenElsewhere,
    Withdrawn,
    Revoked(wire::RevocationReason),
    Closed(wire::ClosureReason),
    Reopened,
    PurgeAsked,
    TransferOffered,
    TransferRecalled,
    TransferCompleted,
    Acknowledged,
    Held { until: Seconds },
    Accepted,
    PartlyAccepted(wire::PartialForm),
    Waitlisted,
    Declined(wire::DeclineReason),
    Redirected(wire::ServiceType),
    Misdirected,
    ContactMade,
    CouldNotReach(wire::NotReachedReason),
    Started,
    Provided(wire::Outcome),
    Purged(wire::PurgeManner),
    Retained { article: u32 },
    TransferTaken(EventId),
    Minutes,
    Plan,
    Task { plan: EventId, number: u32, status: wire::TaskStatus },
    Visited(wire::VisitOutcome),
    Escalated(wire::ServiceType),
}

/// A decision of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Of which type.
    pub kind: wire::DecisionType,
    /// With which outcome.
    pub outcome: wire::DecisionOutcome,
    /// Until when it counts.
    pub expiry: Option<Seconds>,
    /// The issuer's own decision event in another trail; none: the author is the issuer.
    pub evidence: Option<EventId>,
}

impl Statement {
    /// Reads a kind as it is encoded.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] for an unspecified or unknown code, or an ID or time out of bounds.
    pub fn parse(kind: Kind) -> Result<Self, Rejection> {
        Ok(match kind {
            Kind::Opening(x) => Self::Opening(Opening::parse(x)?),
            Kind::Delivered(x) => Self::Delivered(EventId::parse(&x.event)?),
            Kind::Need(_) => Self::Need,
            Kind::Identity(_) => Self::Identity,
            Kind::Corrected(_) => Self::Corrected,
            Kind::Warned(x) => Self::Warned(known(x.code())?),
            Kind::HandedOver(x) => {
                ensure(x.stage <= 2)?;
                Self::HandedOver { stage: x.stage, channel: known(x.channel())? }
            }
            Kind::Phoned(x) => Self::Phoned(known(x.answer())?),
            Kind::Decision(x) => Self::Decision(Decision::parse(&x)?),
            Kind::ChosenElsewhere(_) => Self::ChosenElsewhere,
            Kind::Withdrawn(_) => Self::Withdrawn,
            Kind::Revoked(x) => Self::Revoked(known(x.reason())?),
            Kind::Closed(x) => Self::Closed(known(x.reason())?),
            Kind::Reopened(_) => Self::Reopened,
            Kind::PurgeAsked(_) => Self::PurgeAsked,
            Kind::TransferOffered(_) => Self::TransferOffered,
            Kind::TransferRecalled(_) => Self::TransferRecalled,
            Kind::TransferCompleted(_) => Self::TransferCompleted,
            other => Self::parse_recipients(other)?,
        })
    }

    /// Kinds that mostly the recipient says.
    fn parse_recipients(kind: Kind) -> Result<Self, Rejection> {
        Ok(match kind {
            Kind::Acknowledged(_) => Self::Acknowledged,
            Kind::Held(x) => Self::Held { until: Seconds::new(x.until).ok_or(Rejection::Malformed)? },
            Kind::Accepted(_) => Self::Accepted,
            Kind::PartlyAccepted(x) => Self::PartlyAccepted(known(x.form())?),
            Kind::Waitlisted(_) => Self::Waitlisted,
            Kind::Declined(x) => Self::Declined(known(x.reason())?),
            Kind::Redirected(x) => Self::Redirected(known(x.service_type())?),
            Kind::Misdirected(_) => Self::Misdirected,
            Kind::ContactMade(_) => Self::ContactMade,
            Kind::CouldNotReach(x) => Self::CouldNotReach(known(x.reason())?),
            Kind::Started(_) => Self::Started,
            Kind::Provided(x) => Self::Provided(known(x.outcome())?),
            Kind::Purged(x) => Self::Purged(known(x.manner())?),
            Kind::Retained(x) => {
                ensure(x.article > 0)?;
                Self::Retained { article: x.article }
            }
            Kind::TransferTaken(x) => Self::TransferTaken(EventId::parse(&x.offer)?),
            other => Self::parse_joint(other)?,
        })
    }

    /// Kinds of meetings, visits and ladders. [EVT-28] [EVT-29]
    fn parse_joint(kind: Kind) -> Result<Self, Rejection> {
        Ok(match kind {
            Kind::Minutes(_) => Self::Minutes,
            Kind::Plan(_) => Self::Plan,
            Kind::Task(x) => {
                ensure((1..=16).contains(&x.number))?;
                Self::Task { plan: EventId::parse(&x.plan)?, number: x.number, status: known(x.status())? }
            }
            Kind::Visited(x) => Self::Visited(known(x.outcome())?),
            Kind::Escalated(x) => Self::Escalated(known(x.service_type())?),
            _ => return Err(Rejection::Malformed),
        })
    }

    /// The kind as it is encoded.
    #[must_use]
    pub fn to_wire(&self) -> Kind {
        match self {
            Self::Opening(x) => Kind::Opening(x.to_wire()),
            Self::Delivered(event) => Kind::Delivered(wire::Delivered { event: event.to_vec() }),
            Self::Need => Kind::Need(wire::Need {}),
            Self::Identity => Kind::Identity(wire::Identity {}),
            Self::Corrected => Kind::Corrected(wire::Corrected {}),
            Self::Warned(code) => Kind::Warned(wire::Warned { code: (*code).into() }),
            Self::HandedOver { stage, channel } => {
                Kind::HandedOver(wire::HandedOver { stage: *stage, channel: (*channel).into() })
            }
            Self::Phoned(answer) => Kind::Phoned(wire::Phoned { answer: (*answer).into() }),
            Self::Decision(x) => Kind::Decision(x.to_wire()),
            Self::ChosenElsewhere => Kind::ChosenElsewhere(wire::ChosenElsewhere {}),
            Self::Withdrawn => Kind::Withdrawn(wire::Withdrawn {}),
            Self::Revoked(reason) => Kind::Revoked(wire::Revoked { reason: (*reason).into() }),
            Self::Closed(reason) => Kind::Closed(wire::Closed { reason: (*reason).into() }),
            Self::Reopened => Kind::Reopened(wire::Reopened {}),
            Self::PurgeAsked => Kind::PurgeAsked(wire::PurgeAsked {}),
            Self::TransferOffered => Kind::TransferOffered(wire::TransferOffered {}),
            Self::TransferRecalled => Kind::TransferRecalled(wire::TransferRecalled {}),
            Self::TransferCompleted => Kind::TransferCompleted(wire::TransferCompleted {}),
            other => other.recipients_to_wire(),
        }
    }

    fn recipients_to_wire(&self) -> Kind {
        match self {
            Self::Held { until } => Kind::Held(wire::Held { until: until.get() }),
            Self::Accepted => Kind::Accepted(wire::Accepted {}),
            Self::PartlyAccepted(form) => Kind::PartlyAccepted(wire::PartlyAccepted { form: (*form).into() }),
            Self::Waitlisted => Kind::Waitlisted(wire::Waitlisted {}),
            Self::Declined(reason) => Kind::Declined(wire::Declined { reason: (*reason).into() }),
            Self::Redirected(service) => Kind::Redirected(wire::Redirected { service_type: (*service).into() }),
            Self::Misdirected => Kind::Misdirected(wire::Misdirected {}),
            Self::ContactMade => Kind::ContactMade(wire::ContactMade {}),
            Self::CouldNotReach(reason) => Kind::CouldNotReach(wire::CouldNotReach { reason: (*reason).into() }),
            Self::Started => Kind::Started(wire::Started {}),
            Self::Provided(outcome) => Kind::Provided(wire::Provided { outcome: (*outcome).into() }),
            Self::Purged(manner) => Kind::Purged(wire::Purged { manner: (*manner).into() }),
            Self::Retained { article } => Kind::Retained(wire::Retained { article: *article }),
            Self::TransferTaken(offer) => Kind::TransferTaken(wire::TransferTaken { offer: offer.to_vec() }),
            Self::Minutes => Kind::Minutes(wire::Minutes {}),
            Self::Plan => Kind::Plan(wire::Plan {}),
            Self::Task { plan, number, status } => {
                Kind::Task(wire::Task { plan: plan.to_vec(), number: *number, status: (*status).into() })
            }
            Self::Visited(outcome) => Kind::Visited(wire::Visited { outcome: (*outcome).into() }),
            Self::Escalated(service) => Kind::Escalated(wire::Escalated { service_type: (*service).into() }),
            // `to_wire` has answered for every other kind.
            _ => Kind::Acknowledged(wire::Acknowledged {}),
        }
    }

    /// The name of the kind, one word of the glossary.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opening(_) => "opened",
            Self::Delivered(_) => "delivered",
            Self::Need => "need",
            Self::Identity => "identity",
            Self::Corrected => "corrected",
            Self::Warned(_) => "warned",
            Self::HandedOver { .. } => "handed_over",
            Self::Phoned(_) => "phoned",
            Self::Decision(_) => "decision",
            Self::ChosenElsewhere => "chosen_elsewhere",
            Self::Withdrawn => "withdrawn",
            Self::Revoked(_) => "revoked",
            Self::Closed(_) => "closed",
            Self::Reopened => "reopened",
            Self::PurgeAsked => "purge_asked",
            Self::TransferOffered => "transfer_offered",
            Self::TransferRecalled => "transfer_recalled",
            Self::TransferCompleted => "transfer_completed",
            Self::Acknowledged => "acknowledged",
            Self::Held { .. } => "held",
            Self::Accepted => "accepted",
            Self::PartlyAccepted(_) => "partly_accepted",
            Self::Waitlisted => "waitlisted",
            Self::Declined(_) => "declined",
            Self::Redirected(_) => "redirected",
            Self::Misdirected => "misdirected",
            Self::ContactMade => "contact_made",
            Self::CouldNotReach(_) => "could_not_reach",
            Self::Started => "started",
            Self::Provided(_) => "provided",
            Self::Purged(_) => "purged",
            Self::Retained { .. } => "retained",
            Self::TransferTaken(_) => "transfer_taken",
            Self::Minutes => "minutes",
            Self::Plan => "plan",
            Self::Task { .. } => "task",
            Self::Visited(_) => "visited",
            Self::Escalated(_) => "escalated",
        }
    }

    /// The number of the task in its plan that it speaks of. [EVT-28]
    #[must_use]
    pub const fn task(&self) -> Option<u32> {
        match self {
            Self::Task { number, .. } => Some(*number),
            _ => None,
        }
    }

    /// Its code as one word, for example `no_place`; empty if it has none.
    #[must_use]
    pub fn code(&self) -> String {
        let (name, prefix) = match self {
            Self::Opening(x) => (x.act.as_str_name(), "ACT_"),
            Self::Warned(code) => (code.as_str_name(), "WARNING_CODE_"),
            Self::HandedOver { channel, .. } => (channel.as_str_name(), "CHANNEL_"),
            Self::Phoned(answer) => (answer.as_str_name(), "PHONE_ANSWER_"),
            Self::Decision(x) => (x.outcome.as_str_name(), "DECISION_OUTCOME_"),
            Self::Revoked(reason) => (reason.as_str_name(), "REVOCATION_REASON_"),
            Self::Closed(reason) => (reason.as_str_name(), "CLOSURE_REASON_"),
            Self::PartlyAccepted(form) => (form.as_str_name(), "PARTIAL_FORM_"),
            Self::Declined(reason) => (reason.as_str_name(), "DECLINE_REASON_"),
            Self::Redirected(service) => (service.as_str_name(), "SERVICE_TYPE_"),
            Self::CouldNotReach(reason) => (reason.as_str_name(), "NOT_REACHED_REASON_"),
            Self::Provided(outcome) => (outcome.as_str_name(), "OUTCOME_"),
            Self::Purged(manner) => (manner.as_str_name(), "PURGE_MANNER_"),
            Self::Task { status, .. } => (status.as_str_name(), "TASK_STATUS_"),
            Self::Visited(outcome) => (outcome.as_str_name(), "VISIT_OUTCOME_"),
            Self::Escalated(service) => (service.as_str_name(), "SERVICE_TYPE_"),
            _ => ("", ""),
        };
        name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()
    }
}

impl Decision {
    fn parse(decision: &wire::Decision) -> Result<Self, Rejection> {
        Ok(Self {
            kind: known(decision.r#type())?,
            outcome: known(decision.outcome())?,
            expiry: super::parse_occurred(decision.expiry)?,
            evidence: EventId::parse_optional(&decision.evidence)?,
        })
    }

    fn to_wire(self) -> wire::Decision {
        wire::Decision {
            r#type: self.kind.into(),
            outcome: self.outcome.into(),
            expiry: self.expiry.map(Seconds::get).unwrap_or_default(),
            evidence: self.evidence.map(|id| id.to_vec()).unwrap_or_default(),
        }
    }
}

/// One statement of every kind but the opening.
#[cfg(test)]
pub(crate) fn examples() -> Vec<Statement> {
    use crate::id::Id;
    let event = EventId::from(Id::of(b"named"));
    let until = Seconds::new(600).unwrap();
    vec![
        Statement::Delivered(event),
        Statement::Need,
        Statement::Identity,
        Statement::Corrected,
        Statement::Warned(wire::WarningCode::RiskChanged),
        Statement::HandedOver { stage: 2, channel: wire::Channel::Paper },
        Statement::Phoned(wire::PhoneAnswer::Yes),
        Statement::Decision(Decision {
            kind: wire::DecisionType::Placement,
            outcome: wire::DecisionOutcome::Granted,
            expiry: Some(until),
            evidence: Some(event),
        }),
        Statement::ChosenElsewhere,
        Statement::Withdrawn,
        Statement::Revoked(wire::RevocationReason::SentInError),
        Statement::Closed(wire::ClosureReason::Done),
        Statement::Reopened,
        Statement::PurgeAsked,
        Statement::TransferOffered,
        Statement::TransferRecalled,
        Statement::TransferCompleted,
        Statement::Acknowledged,
        Statement::Held { until },
        Statement::Accepted,
        Statement::PartlyAccepted(wire::PartialForm::DistanceSupport),
        Statement::Waitlisted,
        Statement::Declined(wire::DeclineReason::NoPlace),
        Statement::Redirected(wire::ServiceType::Health),
        Statement::Misdirected,
        Statement::ContactMade,
        Statement::CouldNotReach(wire::NotReachedReason::NoAnswer),
        Statement::Started,
        Statement::Provided(wire::Outcome::NeedMet),
        Statement::Purged(wire::PurgeManner::Unopened),
        Statement::Retained { article: 1 },
        Statement::TransferTaken(event),
        Statement::Minutes,
        Statement::Plan,
        Statement::Task { plan: event, number: 16, status: wire::TaskStatus::Done },
        Statement::Visited(wire::VisitOutcome::Met),
        Statement::Escalated(wire::ServiceType::Oversight),
    ]
}
