//! Calls about the log and its witnesses.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::wire::{self, log_service_server::LogService};

use super::{guard::Admitted, status};
use crate::account::roles::Part;
use crate::clock;
use crate::node::{Node, to_the_end};

/// Calls about the log and its witnesses.
pub struct LogCalls(pub Arc<Node>);

#[tonic::async_trait]
impl LogService for LogCalls {
    async fn get_log(&self, call: Request<wire::GetLogRequest>) -> Result<Response<wire::GetLogResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        Ok(Response::new(self.0.view_log(clock::now())))
    }

    async fn add_witness(
        &self,
        call: Request<wire::AddWitnessRequest>,
    ) -> Result<Response<wire::AddWitnessResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, peer) = (Arc::clone(&self.0), call.into_inner().peer);
        let added = to_the_end(async move { node.add_witness(&by.account, &peer).await }).await;
        let witness = added.ok_or_else(unfinished)?.map_err(status::of)?;
        Ok(Response::new(wire::AddWitnessResponse { witness: Some(witness) }))
    }

    async fn remove_witness(
        &self,
        call: Request<wire::RemoveWitnessRequest>,
    ) -> Result<Response<wire::RemoveWitnessResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, peer) = (Arc::clone(&self.0), call.into_inner().peer);
        let removed = to_the_end(async move { node.remove_witness(&by.account, &peer).await }).await;
        removed.ok_or_else(unfinished)?.map_err(status::of)?;
        Ok(Response::new(wire::RemoveWitnessResponse {}))
    }

    async fn list_evidence(
        &self,
        call: Request<wire::ListEvidenceRequest>,
    ) -> Result<Response<wire::ListEvidenceResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let evidence = self.0.list_evidence(&call.into_inner().peer).map_err(status::of)?;
        Ok(Response::new(wire::ListEvidenceResponse { evidence }))
    }
}

fn unfinished() -> Status {
    Status::internal("the node could not finish this; look at `uput log status` before you try again")
}
