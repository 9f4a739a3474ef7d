//! Calls about retentions and holds.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{
    rejection::Rejection,
    time::Seconds,
    wire::{self, HoldReason, retention_service_server::RetentionService},
};

use super::{guard::Admitted, request, status};
use crate::account::{Caller, roles::Part};
use crate::clock;
use crate::node::{HoldId, Node, OnWhat, to_the_end};

/// Calls about retentions and holds.
pub struct RetentionCalls(pub Arc<Node>);

#[tonic::async_trait]
impl RetentionService for RetentionCalls {
    async fn list_retentions(
        &self,
        call: Request<wire::ListRetentionsRequest>,
    ) -> Result<Response<wire::ListRetentionsResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let listed = self.0.list_retentions(&by, clock::now());
        let (retentions, next_page_token) = request::page(listed.rows, said.page_size, &said.page_token, 50)?;
        let left_open = u32::try_from(listed.left_open).unwrap_or(u32::MAX);
        Ok(Response::new(wire::ListRetentionsResponse { retentions, next_page_token, left_open }))
    }

    async fn set_hold(&self, call: Request<wire::SetHoldRequest>) -> Result<Response<wire::SetHoldResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let reason = said.reason();
        if reason == HoldReason::Unspecified {
            return Err(request::invalid("reason", "specified"));
        }
        let until = Seconds::new(said.until).ok_or_else(|| request::invalid("until", "a time"))?;
        let on = on_what(&self.0, &by, &said)?;
        let node = Arc::clone(&self.0);
        let hold = finished(async move { node.set_hold(&by, on, reason, until).await }).await?;
        Ok(Response::new(wire::SetHoldResponse { hold: Some(hold) }))
    }

    async fn confirm_hold(
        &self,
        call: Request<wire::ConfirmHoldRequest>,
    ) -> Result<Response<wire::ConfirmHoldResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, id) = (Arc::clone(&self.0), hold_id(&call.into_inner().hold)?);
        let hold = finished(async move { node.confirm_hold(&by, &id).await }).await?;
        Ok(Response::new(wire::ConfirmHoldResponse { hold: Some(hold) }))
    }

    async fn end_hold(&self, call: Request<wire::EndHoldRequest>) -> Result<Response<wire::EndHoldResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, id) = (Arc::clone(&self.0), hold_id(&call.into_inner().hold)?);
        let hold = finished(async move { node.end_hold(&by, &id).await }).await?;
        Ok(Response::new(wire::EndHoldResponse { hold: Some(hold) }))
    }

    async fn list_holds(
        &self,
        call: Request<wire::ListHoldsRequest>,
    ) -> Result<Response<wire::ListHoldsResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let rows = self.0.list_holds(&by);
        let (holds, next_page_token) = request::page(rows, said.page_size, &said.page_token, 50)?;
        Ok(Response::new(wire::ListHoldsResponse { holds, next_page_token }))
    }
}

/// Exactly one of the two.
#[allow(clippy::result_large_err, reason = "tonic's")]
fn on_what(node: &Node, by: &Caller, said: &wire::SetHoldRequest) -> Result<OnWhat, Status> {
    match (said.trail.is_empty(), said.case.is_empty()) {
        (false, true) => Ok(OnWhat::Trail(request::trail(node, by, &said.trail)?)),
        (true, false) => {
            Ok(OnWhat::Case(request::case(node, by, &said.case)?.ok_or_else(|| status::of(Rejection::NoSuchCase))?))
        }
        _ => Err(request::invalid("trail, case", "one of the two")),
    }
}

#[allow(clippy::result_large_err, reason = "tonic's")]
fn hold_id(bytes: &[u8]) -> Result<HoldId, Status> {
    HoldId::parse(bytes).ok_or_else(|| status::of(Rejection::NoSuchHold))
}

/// What was begun is finished, also when whoever asked has hung up. [NOD-31]
async fn finished(
    work: impl Future<Output = Result<wire::Hold, Rejection>> + Send + 'static,
) -> Result<wire::Hold, Status> {
    let done = to_the_end(work).await.ok_or_else(|| Status::internal("the node could not finish this"))?;
    done.map_err(status::of)
}
