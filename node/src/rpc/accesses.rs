//! Calls about who looked at what.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{
    id::PersonTag,
    wire::{self, access_service_server::AccessService},
};

use super::{guard::Admitted, request, status};
use crate::{
    access::Why,
    account::roles::Part,
    node::{Node, to_the_end},
};

/// Calls about who looked at what.
pub struct Accesses(pub Arc<Node>);

#[tonic::async_trait]
impl AccessService for Accesses {
    async fn list_accesses(
        &self,
        call: Request<wire::ListAccessesRequest>,
    ) -> Result<Response<wire::ListAccessesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let case = request::named_case(&self.0, &by, &said.case)?;
        let (node, why) = (Arc::clone(&self.0), why(said.reason)?);
        let listed = to_the_end(async move { node.list_accesses(&by, &case, &why).await }).await;
        let rows = listed.ok_or_else(broken_off)?.map_err(status::of)?;
        let (accesses, next_page_token) = request::page(rows, said.page_size, &said.page_token, 100)?;
        Ok(Response::new(wire::ListAccessesResponse { accesses, next_page_token }))
    }

    async fn export_accesses(
        &self,
        call: Request<wire::ExportAccessesRequest>,
    ) -> Result<Response<wire::ExportAccessesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let nonce = match said.nonce.as_slice() {
            [] => None,
            bytes => Some(request::nonce(bytes).ok_or_else(|| request::invalid("nonce", request::NONCE))?),
        };
        let case = request::named_case(&self.0, &by, &said.case)?;
        let (node, why, words) = (Arc::clone(&self.0), why(said.reason)?, said.words);
        let made = to_the_end(async move { node.export_accesses(&by, &case, nonce, words, &why).await }).await;
        let made = made.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::ExportAccessesResponse { document: made.bytes, count: made.count as u64 }))
    }

    async fn list_unusual_accesses(
        &self,
        call: Request<wire::ListUnusualAccessesRequest>,
    ) -> Result<Response<wire::ListUnusualAccessesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let found = self.0.unusual_accesses(&by, call.get_ref().since);
        Ok(Response::new(wire::ListUnusualAccessesResponse { findings: found.findings, unseen: found.unseen }))
    }

    async fn resolve_pseudonym(
        &self,
        call: Request<wire::ResolvePseudonymRequest>,
    ) -> Result<Response<wire::ResolvePseudonymResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let pseudonym = PersonTag::parse(&said.pseudonym).map_err(|_| request::invalid("pseudonym", "32 bytes"))?;
        let case = request::named_case(&self.0, &by, &said.case)?;
        let (node, why) = (Arc::clone(&self.0), why(said.reason)?);
        let resolved = to_the_end(async move { node.resolve_pseudonym(&by, &case, &pseudonym, &why).await }).await;
        let accounts = resolved.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::ResolvePseudonymResponse { accounts }))
    }
}

/// Why, as the call says it. [ACL-5]
#[allow(clippy::result_large_err, reason = "tonic's")]
pub(super) fn why(said: Option<wire::Reason>) -> Result<Why, Status> {
    Why::parse(said).map_err(|_| request::invalid("reason", "a code, with words of one line for another reason"))
}

/// A fault of this program: what it did, if anything, is in the access log.
fn broken_off() -> Status {
    Status::internal("the node could not finish this; look at the access log before you ask again")
}
