//! Calls about agreements.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::wire::agreement_service_server::AgreementService;
use uput_core::{envelope::Envelope, id::AgreementId, rejection::Rejection, wire};

use super::{guard::Admitted, request, status};
use crate::{
    account::{AccountId, roles::Part},
    node::{HeldAgreement, Node, Origin, to_the_end},
};

/// Calls about agreements.
pub struct Agreements(pub Arc<Node>);

impl Agreements {
    async fn take(&self, by: &AccountId, bytes: &[u8]) -> Result<wire::AgreementStatus, Rejection> {
        let envelope = Envelope::parse(bytes)?;
        let (node, by) = (Arc::clone(&self.0), *by);
        let taken = to_the_end(async move { node.take_agreement(envelope, Origin::Account(&by)).await }).await;
        let held = taken.unwrap_or(Err(Rejection::ReadFailed))?;
        Ok(self.0.agreement_status(&held))
    }
}

#[tonic::async_trait]
impl AgreementService for Agreements {
    async fn propose_agreement(
        &self,
        call: Request<wire::ProposeAgreementRequest>,
    ) -> Result<Response<wire::ProposeAgreementResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let agreement = if said.validate_only {
            let envelope = Envelope::parse(&said.agreement).map_err(status::of)?;
            let held: HeldAgreement = self.0.check_agreement(envelope).map_err(status::of)?;
            self.0.agreement_status(&held)
        } else {
            self.take(&by, &said.agreement).await.map_err(status::of)?
        };
        Ok(Response::new(wire::ProposeAgreementResponse { agreement: Some(agreement) }))
    }

    async fn sign_agreement(
        &self,
        call: Request<wire::SignAgreementRequest>,
    ) -> Result<Response<wire::SignAgreementResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let agreement = self.take(&by, &call.into_inner().agreement).await.map_err(status::of)?;
        Ok(Response::new(wire::SignAgreementResponse { agreement: Some(agreement) }))
    }

    async fn list_agreements(
        &self,
        call: Request<wire::ListAgreementsRequest>,
    ) -> Result<Response<wire::ListAgreementsResponse>, Status> {
        let said = call.into_inner();
        let (agreements, next_page_token) =
            request::page(self.0.agreement_list(), said.page_size, &said.page_token, 100)?;
        Ok(Response::new(wire::ListAgreementsResponse { agreements, next_page_token }))
    }

    async fn get_agreement(
        &self,
        call: Request<wire::GetAgreementRequest>,
    ) -> Result<Response<wire::GetAgreementResponse>, Status> {
        let id =
            AgreementId::parse(&call.into_inner().agreement).map_err(|_| request::invalid("agreement", "32 bytes"))?;
        let held = self.0.held_agreement(&id).ok_or_else(|| status::of(Rejection::UnknownAgreement))?;
        let (agreement, envelope) = (Some(self.0.agreement_status(&held)), held.envelope.to_bytes());
        Ok(Response::new(wire::GetAgreementResponse { agreement, envelope }))
    }
}
