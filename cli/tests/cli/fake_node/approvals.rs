//! What the fake node says of approvals.

use tonic::{Code, Request, Response};
use uput_wire::v1 as wire;
use uput_wire::v1::approval_service_server::ApprovalService;
use uput_wire::v1::request_approval_request::Act;

use super::{Answer, Script, refused, sample};

fn approval(status: wire::ApprovalStatus) -> wire::Approval {
    let decided = status != wire::ApprovalStatus::Asked;
    wire::Approval {
        approval: vec![0x5c; 16],
        kind: wire::ApprovalKind::Disclosure as i32,
        status: status as i32,
        digest: vec![0xd1; 32],
        summary: Some(wire::ApprovalSummary {
            peer: "Clinic".to_owned(),
            event: "opened".to_owned(),
            act: wire::Act::Referral as i32,
            service_type: wire::ServiceType::Health as i32,
            stage: 2,
            basis: wire::LegalBasis::VitalInterests as i32,
            labels: vec!["danger".to_owned(), "name".to_owned()],
            ..wire::ApprovalSummary::default()
        }),
        reason: wire::ApprovalReason::Danger as i32,
        // It tries to steer the terminal.
        words: "He has \u{1b}[2Jfound the house".to_owned(),
        asked_by: vec![0x11; 16],
        asked_by_name: "An Invented Worker".to_owned(),
        decided_by: if decided { vec![0x22; 16] } else { Vec::new() },
        decided_by_name: if decided { "An Invented Supervisor".to_owned() } else { String::new() },
        asked: sample::NIGHT,
        decided: if decided { sample::NIGHT + 60 } else { 0 },
        until: sample::NIGHT + 86_400,
        used: 0,
        may_decide: !decided,
        decided_by_new_account: status == wire::ApprovalStatus::Approved,
    }
}

/// What is asked about a case is told as that.
fn of_act(act: Option<Act>, disclosure: wire::Approval) -> wire::Approval {
    let about = |case, colleague: Vec<u8>| {
        let colleague_name = if colleague.is_empty() { String::new() } else { "Invented Cousin".to_owned() };
        Some(wire::ApprovalSummary { case, colleague, colleague_name, ..wire::ApprovalSummary::default() })
    };
    let (kind, summary) = match act {
        Some(Act::BreakGlass(glass)) => (wire::ApprovalKind::BreakGlass, about(glass.case, Vec::new())),
        Some(Act::DecideExclusion(_)) => (wire::ApprovalKind::Exclusion, about(vec![0x4c; 16], vec![0x5c; 16])),
        Some(Act::SetSealing(_)) => (wire::ApprovalKind::Unsealing, about(Vec::new(), Vec::new())),
        _ => return disclosure,
    };
    wire::Approval { kind: kind as i32, summary, ..disclosure }
}

#[tonic::async_trait]
impl ApprovalService for Script {
    async fn request_approval(
        &self,
        request: Request<wire::RequestApprovalRequest>,
    ) -> Answer<wire::RequestApprovalResponse> {
        // The ID of the request inside is drawn anew each time, and counts for nothing.
        let mut asked = request.into_inner();
        if let Some(Act::RecordEvent(event)) = &mut asked.act {
            event.request_id.clear();
        }
        if let Some(Act::OpenTrail(opening)) = &mut asked.act {
            opening.request_id.clear();
        }
        self.record("RequestApproval", &asked);
        let approval = of_act(asked.act, approval(wire::ApprovalStatus::Asked));
        Ok(Response::new(wire::RequestApprovalResponse { approval: Some(approval) }))
    }

    async fn list_approvals(
        &self,
        request: Request<wire::ListApprovalsRequest>,
    ) -> Answer<wire::ListApprovalsResponse> {
        self.record("ListApprovals", request.get_ref());
        let (approvals, next) = match request.get_ref().page_token.as_str() {
            "" => (vec![approval(wire::ApprovalStatus::Asked)], "2"),
            _ => (vec![approval(wire::ApprovalStatus::Refused)], ""),
        };
        Ok(Response::new(wire::ListApprovalsResponse { approvals, next_page_token: next.to_owned() }))
    }

    async fn approve(&self, request: Request<wire::ApproveRequest>) -> Answer<wire::ApproveResponse> {
        self.record("Approve", request.get_ref());
        if !approval(wire::ApprovalStatus::Asked).approval.starts_with(&request.get_ref().approval) {
            return Err(refused(Code::FailedPrecondition, "BAD_APPROVAL"));
        }
        Ok(Response::new(wire::ApproveResponse { approval: Some(approval(wire::ApprovalStatus::Approved)) }))
    }

    async fn refuse(&self, request: Request<wire::RefuseRequest>) -> Answer<wire::RefuseResponse> {
        self.record("Refuse", request.get_ref());
        Ok(Response::new(wire::RefuseResponse { approval: Some(approval(wire::ApprovalStatus::Refused)) }))
    }

    async fn count_approvals(
        &self,
        request: Request<wire::CountApprovalsRequest>,
    ) -> Answer<wire::CountApprovalsResponse> {
        self.record("CountApprovals", request.get_ref());
        let count = wire::ApprovalCount {
            kind: wire::ApprovalKind::Disclosure as i32,
            asked: 5,
            approved: 3,
            refused: 1,
            expired: 1,
            used: 2,
            approved_by_new_account: 1,
        };
        Ok(Response::new(wire::CountApprovalsResponse { counts: vec![count] }))
    }
}
