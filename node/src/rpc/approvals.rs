//! Calls about approvals.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::wire::{self, approval_service_server::ApprovalService, request_approval_request::Act};

use super::{guard::Admitted, request, said, status};
use crate::account::{Caller, roles::Part};
use crate::case::Ruling;
use crate::node::{Exact, Node, Why, to_the_end};
use uput_core::rejection::Rejection;

/// Calls about approvals.
pub struct Approvals(pub Arc<Node>);

#[tonic::async_trait]
impl ApprovalService for Approvals {
    async fn request_approval(
        &self,
        call: Request<wire::RequestApprovalRequest>,
    ) -> Result<Response<wire::RequestApprovalResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let asked = call.into_inner();
        let reason = asked.reason();
        if reason == wire::ApprovalReason::Unspecified {
            return Err(request::invalid("reason", "specified"));
        }
        let act = asked.act.ok_or_else(|| request::invalid("act", "given"))?;
        let (node, why) = (Arc::clone(&self.0), Why::new(reason, asked.words));
        let approval = to_the_end(async move { ask(&node, by, act, why).await }).await.ok_or_else(broken_off)??;
        Ok(Response::new(wire::RequestApprovalResponse { approval: Some(approval) }))
    }

    async fn list_approvals(
        &self,
        call: Request<wire::ListApprovalsRequest>,
    ) -> Result<Response<wire::ListApprovalsResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let rows = self.0.list_approvals(&by, said.waiting);
        let (approvals, next_page_token) = request::page(rows, said.page_size, &said.page_token, 50)?;
        let node = Arc::clone(&self.0);
        let shown = to_the_end(async move { node.show_approvals(&by, approvals).await }).await;
        let approvals = shown.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::ListApprovalsResponse { approvals, next_page_token }))
    }

    async fn approve(&self, call: Request<wire::ApproveRequest>) -> Result<Response<wire::ApproveResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let approval = self.decide(by, call.into_inner().approval, true).await?;
        Ok(Response::new(wire::ApproveResponse { approval: Some(approval) }))
    }

    async fn refuse(&self, call: Request<wire::RefuseRequest>) -> Result<Response<wire::RefuseResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let approval = self.decide(by, call.into_inner().approval, false).await?;
        Ok(Response::new(wire::RefuseResponse { approval: Some(approval) }))
    }

    async fn count_approvals(
        &self,
        call: Request<wire::CountApprovalsRequest>,
    ) -> Result<Response<wire::CountApprovalsResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let counts = self.0.count_approvals(&by, said.from, said.until);
        Ok(Response::new(wire::CountApprovalsResponse { counts }))
    }
}

impl Approvals {
    async fn decide(&self, by: Caller, approval: Vec<u8>, approves: bool) -> Result<wire::Approval, Status> {
        let node = Arc::clone(&self.0);
        let decide = async move {
            let decided = node.decide_approval(&by, &approval, approves).await?;
            // [CAS-79] What a change waited with is said now, by whoever made it.
            node.follow_decided(&decided.approval).await;
            Ok(decided)
        };
        let decided: Option<Result<wire::Approval, Rejection>> = to_the_end(decide).await;
        decided.ok_or_else(broken_off)?.map_err(status::of)
    }
}

async fn ask(node: &Arc<Node>, by: Caller, act: Act, why: Why) -> Result<wire::Approval, Status> {
    match act {
        Act::OpenTrail(opening) => {
            demand(&by, &opening, Part::Whole)?;
            let (new, digest, _) = said::opening(node, by, opening, true).await?;
            node.ask_opening(new, digest, why).await.map_err(|refused| request::refused(&refused))
        }
        Act::RecordEvent(event) => {
            demand(&by, &event, Part::AnythingElse)?;
            let (new, digest, _) = said::event(node, by, event, true).await?;
            node.ask_event(new, digest, why).await.map_err(|refused| request::refused(&refused))
        }
        Act::ExportTrail(export) => {
            demand(&by, &export, Part::Values)?;
            let (export, digest) = said::export(node, by, export, true)?;
            node.ask_export(export, digest, why).await.map_err(status::of)
        }
        Act::BreakGlass(glass) => {
            demand(&by, &glass, Part::Whole)?;
            let said::Glass { case, digest, .. } = said::glass(glass, true)?;
            node.ask_glass(&by, &case, digest, why).await.map_err(status::of)
        }
        Act::DecideExclusion(decision) => {
            demand(&by, &decision, Part::Whole)?;
            let said::Decision { case, person, ruling, digest, .. } = said::decision(node, &by, decision, true)?;
            if ruling != Ruling::Lifted {
                return Err(status::of(Rejection::BadApproval));
            }
            node.ask_lifting(&by, &case, &person, digest, why).await.map_err(status::of)
        }
        Act::SetSealing(sealing) => {
            demand(&by, &sealing, Part::Whole)?;
            let (sealing, _, digest) = said::sealing(&sealing, true)?;
            node.ask_unsealing(&by, sealing, digest, why).await.map_err(status::of)
        }
    }
}

/// Only what the caller may do is asked. [APR-6]
#[allow(clippy::result_large_err, reason = "tonic's")]
fn demand<R: Exact>(by: &Caller, _asked: &R, part: Part) -> Result<(), Status> {
    if by.may(R::METHOD, part) { Ok(()) } else { Err(status::of(Rejection::NotPermitted)) }
}

/// A fault of this program.
fn broken_off() -> Status {
    Status::internal("the node could not finish this; look at the list before you say it again")
}
