//! Decisions of somebody else that an event cites.
//!
//! Guarantees that only what its issuer signed is cited, and that whoever cites it says the same.

use uput_core::{
    envelope::Verified,
    event::{Decision, Event, Statement},
    id::TrailId,
    rejection::Rejection,
};

use crate::node::Node;

impl Node {
    /// The newest decision of a trail that its own issuer signed.
    pub(super) async fn decision_of(&self, trail: &TrailId) -> Result<Verified<Event>, Rejection> {
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let issued = |event: &&Verified<Event>| {
            matches!(event.statement, Statement::Decision(Decision { evidence: None, kind, .. })
                if loaded.agreement.may_decide(&event.author, kind))
        };
        loaded.trail.events().filter(issued).last().cloned().ok_or(Rejection::BadEvidence)
    }
}

/// A decision that cites its issuer's says the same as that.
pub(super) fn citing(statement: &Statement, cited: Option<&Event>) -> Result<Statement, Rejection> {
    match (statement, cited) {
        (Statement::Decision(_), Some(event)) => match event.statement {
            Statement::Decision(issued) => Ok(Statement::Decision(Decision { evidence: Some(event.id), ..issued })),
            _ => Err(Rejection::BadEvidence),
        },
        (_, Some(_)) => Err(Rejection::BadEvidence),
        (statement, None) => Ok(statement.clone()),
    }
}
