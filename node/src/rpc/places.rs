//! Calls about places. Who may make them says the table of roles.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{
    rejection::Rejection,
    wire::{self, ServiceType, places_service_server::PlacesService},
};

use super::{accounts::broken_off, guard::Admitted, request, status};
use crate::{
    account::roles::Part,
    node::{Node, to_the_end},
    places::Capacity,
};

/// Calls about places.
pub struct PlacesCalls(pub Arc<Node>);

#[tonic::async_trait]
impl PlacesService for PlacesCalls {
    async fn set_places(
        &self,
        call: Request<wire::SetPlacesRequest>,
    ) -> Result<Response<wire::SetPlacesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let (service, node) = (said.service_type(), Arc::clone(&self.0));
        if service == ServiceType::Unspecified {
            return Err(request::invalid("service_type", "specified"));
        }
        let capacity = Capacity { places: said.places, overflow: said.overflow };
        let set = to_the_end(async move { node.set_places(&by, service, capacity).await }).await;
        set.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::BadValue => request::invalid("places and overflow", "at most 10,000 each"),
            other => status::of(other),
        })?;
        Ok(Response::new(wire::SetPlacesResponse { services: self.0.view_places() }))
    }

    async fn list_places(
        &self,
        call: Request<wire::ListPlacesRequest>,
    ) -> Result<Response<wire::ListPlacesResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        Ok(Response::new(wire::ListPlacesResponse { services: self.0.view_places() }))
    }
}
