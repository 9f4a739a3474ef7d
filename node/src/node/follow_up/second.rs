//! What a change becomes in a trail where it takes a second person.
//!
//! Guarantees that one is asked for exactly what would be said, that it is said as soon as somebody approves it, and that
//! what nobody approves is left to a person. Leaves to the approvals who is a second person.

use uput_core::{
    event::Statement,
    rejection::Rejection,
    wire::{self, ApprovalReason, ApprovalStatus, LegalBasis},
};

use super::{case_of, saying::Given};
use crate::{
    follow_up::{self, Do},
    node::{Node, Second, Why, actor::takes_two, journal::all, refusal::Refused, request_digest, write::NewEvent},
    record::{FOLLOW_UPS, FOLLOWING, FollowUpRecord, FollowedStep, follow_up_key},
};

/// Why a trail waits.
const NEEDS_APPROVAL: &str = "needs_approval";
/// Why it waits no longer.
pub(super) const NOT_APPROVED: &str = "not_approved";
/// What a second person does.
const APPROVE: &str = "approve";

impl Node {
    /// Goes on with the change that waited for what was decided on now. What cannot be done now is left to the next start.
    /// [CAS-79]
    pub async fn follow_decided(&self, approval: &[u8]) {
        if let Err(rejection) = self.follow_after(approval).await {
            tracing::error!(%rejection, "a change that was approved is not followed further until the next start");
        }
    }

    async fn follow_after(&self, approval: &[u8]) -> Result<(), Rejection> {
        for kept in all::<FollowUpRecord>(&self.storage, FOLLOWING).map_err(|_| Rejection::ReadFailed)? {
            let waits = |kept: &FollowUpRecord| {
                let followed = self.opened_follow_up(kept)?;
                Ok(followed.trails.iter().any(|step| step.approval == approval))
            };
            let case = self.whole_case(&case_of(&kept)?);
            let (Some(case), true) = (case, waits(&kept)?) else { continue };
            let _alone = self.cases.record_changes(&case.id).await;
            // It may have gone on while this waited.
            let newest = self.indexed(FOLLOW_UPS, &follow_up_key(&kept)).ok_or(Rejection::ReadFailed)?;
            let kept: FollowUpRecord = self.at(newest)?;
            if let (true, Some(by)) = (waits(&kept)?, self.caller_of(&kept.account)) {
                self.follow(kept, &by, &Given::default()).await?;
            }
        }
        Ok(())
    }

    /// Says it; where it takes two, asks for the second person and lets it wait, or uses what was approved. [CAS-79]
    ///
    /// # Errors
    /// Why it cannot be said.
    pub(super) async fn say_or_ask(&self, mut event: NewEvent, step: &mut FollowedStep) -> Result<(), Refused> {
        if event.statement != Statement::Corrected {
            return self.record_followed(event).await.map(drop);
        }
        // Said outright, so that exactly this is approved.
        let terms = self.terms_of(&event).await?;
        (event.basis, event.article) = (Some(terms.basis), terms.article);
        if !takes_two(terms.basis) {
            return self.record_followed(event).await.map(drop);
        }
        let digest = exact(&event);
        if step.approval.is_empty() {
            let asked = self.ask_event(event, digest, Why::new(reason(terms.basis), String::new())).await?;
            step.approval = asked.approval;
            (step.why, step.todo) = (NEEDS_APPROVAL.to_owned(), APPROVE.to_owned());
            return Ok(());
        }
        match self.approval_stands(&step.approval) {
            Some(ApprovalStatus::Asked) => Ok(()),
            Some(ApprovalStatus::Approved) => {
                event.second = Second::Approval { id: step.approval.clone(), digest };
                self.record_followed(event).await?;
                step.waits_no_more();
                Ok(())
            }
            _ => Err(Rejection::BadApproval.into()),
        }
    }

    /// Whether a trail still waits for a second person who may say yes, or has said so.
    pub(super) fn may_be_approved(&self, step: &FollowedStep) -> bool {
        matches!(self.approval_stands(&step.approval), Some(ApprovalStatus::Asked | ApprovalStatus::Approved))
    }
}

impl FollowedStep {
    /// It was said.
    pub(super) fn waits_no_more(&mut self) {
        if !self.approval.is_empty() {
            self.approval.clear();
            (self.why, self.todo) = (follow_up::Why::Nothing.word().to_owned(), Do::Nothing.word().to_owned());
        }
    }

    /// It was not said, and a person sees to it.
    pub(super) fn cannot_be_said(&mut self, refused: &Refused) {
        let code = refused.rejection().code().to_ascii_lowercase();
        self.why = if self.approval.is_empty() { code } else { NOT_APPROVED.to_owned() };
        self.todo = Do::Telephone.word().to_owned();
        self.approval.clear();
    }
}

/// Why a second person is asked.
const fn reason(basis: LegalBasis) -> ApprovalReason {
    match basis {
        LegalBasis::ChildBestInterests => ApprovalReason::ChildAtRisk,
        _ => ApprovalReason::Danger,
    }
}

/// The digest of a correction: that of the request with which a person would make it. [APR-3]
fn exact(event: &NewEvent) -> [u8; 32] {
    // Exposed to be hashed.
    let fields = event
        .fields
        .iter()
        .map(|field| wire::Field { label: field.label().name().to_owned(), value: field.value().expose().clone() });
    request_digest(&wire::RecordEventRequest {
        trail: event.trail.to_vec(),
        statement: Some(wire::Statement { kind: Some(wire::statement::Kind::Corrected(wire::Corrected {})) }),
        fields: fields.collect(),
        basis: event.basis.map_or(0, i32::from),
        article: event.article,
        ..wire::RecordEventRequest::default()
    })
}
