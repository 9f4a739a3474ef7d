//! What would happen, for whoever decides on it: checked as if it were made, and told without values.

use uput_core::{
    catalogue::Field,
    event::Statement,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{self, ApprovalKind, ApprovalSummary},
};

use super::{Asking, Second, Why};
use crate::account::{Caller, PersonId};
use crate::case::CaseId;
use crate::node::{Export, NewEvent, NewTrail, Node, Refused, actor::takes_two};
use crate::staff::Sealing;

impl Node {
    /// Asks for a second person for an opening.
    ///
    /// # Errors
    /// What the opening would be refused with; [`Rejection::BadApproval`] if it needs nobody.
    pub async fn ask_opening(&self, new: NewTrail, digest: [u8; 32], why: Why) -> Result<wire::Approval, Refused> {
        let caller = new.by.clone();
        let summary = ApprovalSummary {
            case: new.case.map(|case| case.to_vec()).unwrap_or_default(),
            peer: self.confirmed(&new.peer)?.name,
            event: "opened".to_owned(),
            act: new.act.into(),
            service_type: new.service_type.into(),
            stage: new.stage,
            basis: new.basis.into(),
            labels: labels(&new.fields),
            ..ApprovalSummary::default()
        };
        let excluded = self.named_by(&new.fields);
        self.open_trail(NewTrail { validate_only: true, second: Second::Asked, ..new }).await?;
        Ok(self
            .ask_approval(&caller, Asking { excluded, ..asking(ApprovalKind::Disclosure, digest, summary, why) })
            .await?)
    }

    /// Asks for a second person for an event.
    ///
    /// # Errors
    /// What the event would be refused with; [`Rejection::BadApproval`] if it needs nobody.
    pub async fn ask_event(&self, new: NewEvent, digest: [u8; 32], why: Why) -> Result<wire::Approval, Refused> {
        let caller = new.by.clone();
        let trail = self.line_of(&caller, &new.trail)?;
        let terms = self.terms_of(&new).await?;
        let summary = ApprovalSummary {
            trail: new.trail.to_vec(),
            case: self.case_of(&new.trail).map(|case| case.to_vec()).unwrap_or_default(),
            peer: trail.peer,
            event: new.statement.name().to_owned(),
            act: trail.act,
            service_type: trail.service_type,
            stage: terms.stage,
            basis: terms.basis.into(),
            labels: labels(&new.fields),
            ..ApprovalSummary::default()
        };
        let bare = new.statement == Statement::Reopened && !takes_two(terms.basis);
        let kind = if bare { ApprovalKind::Reopening } else { ApprovalKind::Disclosure };
        let excluded = self.named_by(&new.fields);
        self.record_event(NewEvent { validate_only: true, second: Second::Asked, ..new }).await?;
        Ok(self.ask_approval(&caller, Asking { excluded, ..asking(kind, digest, summary, why) }).await?)
    }

    /// Asks for a second person for a bundle with values.
    ///
    /// # Errors
    /// [`Rejection::NoSuchTrail`]; [`Rejection::BadApproval`] if it needs nobody.
    pub async fn ask_export(&self, export: Export, digest: [u8; 32], why: Why) -> Result<wire::Approval, Rejection> {
        let trail = self.line_of(&export.by, &export.trail)?;
        if !self.exports_in_bulk(&export)? {
            return Err(Rejection::BadApproval);
        }
        let summary = ApprovalSummary {
            trail: export.trail.to_vec(),
            case: self.case_of(&export.trail).map(|case| case.to_vec()).unwrap_or_default(),
            peer: trail.peer,
            act: trail.act,
            service_type: trail.service_type,
            stage: trail.stage,
            ..ApprovalSummary::default()
        };
        self.ask_approval(&export.by, asking(ApprovalKind::BulkExport, digest, summary, why)).await
    }

    /// Asks for a second person to see the values of a case for a day. Every ID is answered alike. [CAS-9]
    ///
    /// # Errors
    /// [`Rejection::TooMany`].
    pub async fn ask_glass(
        &self,
        caller: &Caller,
        case: &CaseId,
        digest: [u8; 32],
        why: Why,
    ) -> Result<wire::Approval, Rejection> {
        let summary = ApprovalSummary { case: case.to_vec(), ..ApprovalSummary::default() };
        self.ask_approval(caller, asking(ApprovalKind::BreakGlass, digest, summary, why)).await
    }

    /// Asks for a second person to lift an exclusion that is not in doubt. [CAS-34]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::NoSuchAccount`] for somebody who is not excluded; [`Rejection::BadApproval`]
    /// if it needs nobody.
    pub async fn ask_lifting(
        &self,
        caller: &Caller,
        case: &CaseId,
        person: &PersonId,
        digest: [u8; 32],
        why: Why,
    ) -> Result<wire::Approval, Rejection> {
        let exclusions = self.exclusions(caller, case)?;
        let exclusion = exclusions.into_iter().find(|(excluded, _)| excluded == person);
        let (_, exclusion) = exclusion.ok_or(Rejection::NoSuchAccount)?;
        if !exclusion.takes_two_to_lift() {
            return Err(Rejection::BadApproval);
        }
        // Whoever decides sees whom it would let in; the name is looked up when it is shown, so that it can be erased.
        let (case, colleague) = (case.to_vec(), person.to_vec());
        let summary = ApprovalSummary { case, colleague, ..ApprovalSummary::default() };
        self.ask_approval(caller, asking(ApprovalKind::Exclusion, digest, summary, why)).await
    }

    /// Asks for a second person to end the sealing of everything. [STF-16]
    ///
    /// # Errors
    /// [`Rejection::BadApproval`] if it needs nobody; [`Rejection::NoStaffKey`].
    pub async fn ask_unsealing(
        &self,
        caller: &Caller,
        sealing: Sealing,
        digest: [u8; 32],
        why: Why,
    ) -> Result<wire::Approval, Rejection> {
        if !self.ends_sealing(sealing) {
            return Err(Rejection::BadApproval);
        }
        self.staff.current(&caller.person).ok_or(Rejection::NoStaffKey)?;
        let summary = ApprovalSummary::default();
        self.ask_approval(caller, asking(ApprovalKind::Unsealing, digest, summary, why)).await
    }
}

fn asking(kind: ApprovalKind, digest: [u8; 32], summary: ApprovalSummary, why: Why) -> Asking {
    Asking { kind, digest, summary, why, excluded: Vec::new() }
}

fn labels(fields: &[Field]) -> Vec<String> {
    fields.iter().map(|field| field.label().name().to_owned()).collect()
}

impl Why {
    /// From what was said.
    #[must_use]
    pub fn new(reason: wire::ApprovalReason, words: String) -> Self {
        Self { reason, words: Sensitive::new(words) }
    }
}
