//! Calls about several who are asked the same at once. Who may make them says the table of roles.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{
    rejection::Rejection,
    wire::{self, Act, ServiceType, enquiry_service_server::EnquiryService},
};

use super::{accounts::broken_off, guard::Admitted, request, status};
use crate::{
    account::roles::Part,
    node::{AskedOne, NewEnquiries, Node, to_the_end},
};

/// Calls about several who are asked at once.
pub struct Enquiries(pub Arc<Node>);

#[tonic::async_trait]
impl EnquiryService for Enquiries {
    async fn ask_several(
        &self,
        call: Request<wire::AskSeveralRequest>,
    ) -> Result<Response<wire::AskSeveralResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let (act, service_type) = (said.act(), said.service_type());
        if service_type == ServiceType::Unspecified {
            return Err(request::invalid("service_type", "specified"));
        }
        let new = NewEnquiries {
            case: request::case(&self.0, &by, &said.case)?,
            by,
            request_id: request::request_id(said.request_id, said.validate_only)?,
            validate_only: said.validate_only,
            peers: said.peers,
            act: if act == Act::Unspecified { Act::Referral } else { act },
            service_type,
            agreement: request::agreement(&said.agreement)?,
            fields: request::fields(said.fields)?,
            from_case: request::labels("from_case", &said.from_case)?,
            knowingly: request::labels("knowingly", &said.knowingly)?,
            despite_clock: said.despite_clock,
            expiry: request::time("expiry", said.expiry)?,
        };
        let node = Arc::clone(&self.0);
        let asked = to_the_end(async move { node.ask_several(new).await }).await.ok_or_else(broken_off)?;
        let asked = asked.map_err(|refused| match refused.rejection() {
            Rejection::BadValue => {
                request::invalid("peers", "1 to 20 organisations, each once, under a request_id of its own")
            }
            _ => request::refused(&refused),
        })?;
        let case = asked.case.map(|case| case.to_vec()).unwrap_or_default();
        Ok(Response::new(wire::AskSeveralResponse { case, asked: asked.each.into_iter().map(view).collect() }))
    }

    async fn list_enquiries(
        &self,
        call: Request<wire::ListEnquiriesRequest>,
    ) -> Result<Response<wire::ListEnquiriesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let case = request::case(&self.0, &by, &call.get_ref().case)?;
        let case = case.ok_or_else(|| request::invalid("case", "the ID of a case, or its beginning"))?;
        let enquiries = self.0.list_enquiries(&by, &case).await.map_err(status::of)?;
        Ok(Response::new(wire::ListEnquiriesResponse { enquiries }))
    }
}

fn view(asked: AskedOne) -> wire::AskedOne {
    let AskedOne { peer, outcome } = asked;
    match outcome {
        Ok(trail) => wire::AskedOne {
            peer,
            trail: trail.map(|trail| trail.to_vec()).unwrap_or_default(),
            ..wire::AskedOne::default()
        },
        Err(refused) => wire::AskedOne {
            peer,
            refused: refused.rejection().code().to_owned(),
            why: refused.to_string(),
            ..wire::AskedOne::default()
        },
    }
}
