//! An event as the state sees it.

use super::Trail;
use crate::{
    event::{EVENT_VERSION, Event, Statement},
    id::EventId,
    state::{Kind, Node, Side},
    wire,
};

impl Trail {
    /// An event of this trail as the state sees it.
    pub(super) fn node(&self, event: &Event, side: Side) -> Node {
        let opening = self.opening().ok().or_else(|| event.opening());
        Node {
            id: event.id,
            side,
            kind: kind(&event.statement, self.opened_at),
            prev: event.prev,
            seen: event.seen,
            names: names(&event.statement),
            // [STA-6] An event of this version is never newer than what a trail is pinned to: versions begin here.
            version_ok: opening.is_none_or(|opening| opening.event_version >= EVENT_VERSION),
            act: event.opening().map(|opening| opening.act),
            decision: match &event.statement {
                Statement::Decision(decision) => Some(decision.kind),
                _ => None,
            },
        }
    }
}

/// The event that a statement names.
pub(super) const fn names(statement: &Statement) -> Option<EventId> {
    match statement {
        Statement::Delivered(id) | Statement::TransferTaken(id) | Statement::Task { plan: id, .. } => Some(*id),
        _ => None,
    }
}

/// The kind in the table. Five kinds of the wire are split by one code each; `opened_at` is the stage that
/// the agreement lets an opening have. [STA-5]
pub(super) fn kind(statement: &Statement, opened_at: u32) -> Kind {
    match statement {
        Statement::Opening(_) => {
            [Kind::Opened0, Kind::Opened1].get(opened_at as usize).copied().unwrap_or(Kind::Opened2)
        }
        Statement::HandedOver { stage, .. } => {
            [Kind::HandedOver0, Kind::HandedOver1].get(*stage as usize).copied().unwrap_or(Kind::HandedOver2)
        }
        Statement::Phoned(wire::PhoneAnswer::Yes) => Kind::Phoned,
        Statement::Phoned(_) => Kind::PhonedNo,
        Statement::Decision(decision) => match decision.outcome {
            wire::DecisionOutcome::Granted | wire::DecisionOutcome::GrantedInPart => Kind::Decision,
            _ => Kind::DecisionNo,
        },
        Statement::Visited(wire::VisitOutcome::Met) => Kind::Visited,
        Statement::Visited(_) => Kind::VisitedNo,
        other => plain(other),
    }
}

fn plain(statement: &Statement) -> Kind {
    match statement {
        Statement::Need => Kind::Need,
        Statement::Identity => Kind::Identity,
        Statement::Corrected => Kind::Corrected,
        Statement::Warned(_) => Kind::Warned,
        Statement::ChosenElsewhere => Kind::ChosenElsewhere,
        Statement::Withdrawn => Kind::Withdrawn,
        Statement::Revoked(_) => Kind::Revoked,
        Statement::Closed(_) => Kind::Closed,
        Statement::Reopened => Kind::Reopened,
        Statement::PurgeAsked => Kind::PurgeAsked,
        Statement::TransferOffered => Kind::TransferOffered,
        Statement::TransferRecalled => Kind::TransferRecalled,
        Statement::TransferCompleted => Kind::TransferCompleted,
        Statement::Acknowledged => Kind::Acknowledged,
        Statement::Held { .. } => Kind::Held,
        Statement::Accepted => Kind::Accepted,
        Statement::PartlyAccepted(_) => Kind::PartlyAccepted,
        Statement::Waitlisted => Kind::Waitlisted,
        Statement::Declined(_) => Kind::Declined,
        Statement::Redirected(_) => Kind::Redirected,
        Statement::Misdirected => Kind::Misdirected,
        Statement::ContactMade => Kind::ContactMade,
        Statement::CouldNotReach(_) => Kind::CouldNotReach,
        Statement::Started => Kind::Started,
        Statement::Provided(_) => Kind::Provided,
        Statement::Purged(_) => Kind::Purged,
        Statement::Retained { .. } => Kind::Retained,
        Statement::TransferTaken(_) => Kind::TransferTaken,
        Statement::Minutes => Kind::Minutes,
        Statement::Plan => Kind::Plan,
        Statement::Task { .. } => Kind::Task,
        Statement::Escalated(_) => Kind::Escalated,
        // The other kinds were answered above.
        _ => Kind::Delivered,
    }
}
