//! What the fake node says about who looked.

use tonic::{Code, Request, Response};
use uput_wire::v1 as wire;
use uput_wire::v1::access_service_server::AccessService;

use super::{Answer, Script, refused, sample};

#[tonic::async_trait]
impl AccessService for Script {
    async fn list_accesses(&self, request: Request<wire::ListAccessesRequest>) -> Answer<wire::ListAccessesResponse> {
        self.record("ListAccesses", request.get_ref());
        match request.get_ref().reason {
            None if request.get_ref().case.starts_with(&[0x5a]) => {
                Err(refused(Code::FailedPrecondition, "NEEDS_REASON"))
            }
            _ => {
                let accesses = sample::accesses();
                Ok(Response::new(wire::ListAccessesResponse { accesses, next_page_token: String::new() }))
            }
        }
    }

    async fn export_accesses(
        &self,
        request: Request<wire::ExportAccessesRequest>,
    ) -> Answer<wire::ExportAccessesResponse> {
        self.record("ExportAccesses", request.get_ref());
        let document = b"an invented document".to_vec();
        Ok(Response::new(wire::ExportAccessesResponse { document, count: 7 }))
    }

    async fn list_unusual_accesses(
        &self,
        _: Request<wire::ListUnusualAccessesRequest>,
    ) -> Answer<wire::ListUnusualAccessesResponse> {
        // Since when depends on the clock.
        self.record("ListUnusualAccesses", &wire::ListUnusualAccessesRequest::default());
        let findings = sample::unusual();
        Ok(Response::new(wire::ListUnusualAccessesResponse { findings, unseen: false }))
    }

    async fn resolve_pseudonym(
        &self,
        request: Request<wire::ResolvePseudonymRequest>,
    ) -> Answer<wire::ResolvePseudonymResponse> {
        self.record("ResolvePseudonym", request.get_ref());
        let account =
            |account: u8, name: &str| wire::ResolvedAccount { account: vec![account; 16], name: name.to_owned() };
        let accounts = vec![account(0x5c, "An Invented Worker"), account(0x5d, "")];
        Ok(Response::new(wire::ResolvePseudonymResponse { accounts }))
    }
}
