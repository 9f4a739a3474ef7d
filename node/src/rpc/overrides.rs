//! Calls about overrides.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::wire::{self, override_service_server::OverrideService};

use super::{guard::Admitted, request, status};
use crate::account::roles::Part;
use crate::node::{Node, to_the_end};

/// Calls about overrides.
pub struct Overrides(pub Arc<Node>);

#[tonic::async_trait]
impl OverrideService for Overrides {
    async fn list_overrides(
        &self,
        call: Request<wire::ListOverridesRequest>,
    ) -> Result<Response<wire::ListOverridesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let rows = self.0.list_overrides(&by, said.waiting);
        let (overrides, next_page_token) = request::page(rows, said.page_size, &said.page_token, 50)?;
        Ok(Response::new(wire::ListOverridesResponse { overrides, next_page_token }))
    }

    async fn review_override(
        &self,
        call: Request<wire::ReviewOverrideRequest>,
    ) -> Result<Response<wire::ReviewOverrideResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let (outcome, reason) = (said.outcome(), said.reason());
        if outcome == wire::ReviewOutcome::Unspecified || reason == wire::ReviewReason::Unspecified {
            return Err(request::invalid("outcome and reason", "specified"));
        }
        let node = Arc::clone(&self.0);
        let review = async move { node.review_override(&by, &said.override_id, outcome, reason).await };
        let reviewed = to_the_end(review).await.ok_or_else(|| Status::internal("the node could not finish this"))?;
        Ok(Response::new(wire::ReviewOverrideResponse { reviewed: Some(reviewed.map_err(status::of)?) }))
    }

    async fn count_overrides(
        &self,
        call: Request<wire::CountOverridesRequest>,
    ) -> Result<Response<wire::CountOverridesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let counts = self.0.count_overrides(&by, said.from, said.until);
        Ok(Response::new(wire::CountOverridesResponse { counts }))
    }
}
