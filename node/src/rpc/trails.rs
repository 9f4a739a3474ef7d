//! Calls about trails.

use std::{sync::Arc, time::Duration};

use tonic::{Request, Response, Status};
use uput_core::wire::trail_service_server::TrailService;
use uput_core::{rejection::Rejection, wire};

use super::{guard::Admitted, request, status};
use crate::account::roles::Part;
use crate::node::{Export, Listing, NewEvent, NewTrail, Node, to_the_end};

/// How long an export waits for the peer's head if nothing is said.
const WAIT: u32 = 5;
/// The longest wait.
const LONGEST_WAIT: u32 = 60;

/// What a request ID must be.
const UNUSED: &str = "not the ID of a request about another trail";

/// Calls about trails.
pub struct Trails(pub Arc<Node>);

#[tonic::async_trait]
impl TrailService for Trails {
    async fn open_trail(
        &self,
        call: Request<wire::OpenTrailRequest>,
    ) -> Result<Response<wire::OpenTrailResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let (act, service_type, basis) = (said.act(), said.service_type(), said.basis());
        if act == wire::Act::Unspecified || service_type == wire::ServiceType::Unspecified {
            return Err(request::invalid("act and service_type", "specified"));
        }
        if basis == wire::LegalBasis::Unspecified || said.stage > 2 {
            return Err(request::invalid("basis and stage", "specified, the stage 0, 1 or 2"));
        }
        let mut new = NewTrail {
            case: request::case(&self.0, &by, &said.case)?,
            by,
            request_id: request::request_id(said.request_id, said.validate_only)?,
            validate_only: said.validate_only,
            peer: said.peer,
            agreement: request::agreement(&said.agreement)?,
            act,
            service_type,
            stage: said.stage,
            basis,
            article: said.article,
            fields: request::fields(said.fields)?,
            expiry: request::time("expiry", said.expiry)?,
            occurred: request::time("occurred", said.occurred)?,
        };
        let differs = self.0.open_from_case(&mut new, &request::labels("from_case", &said.from_case)?);
        let differs = request::names(&differs.map_err(|refused| request::refused(&refused))?);
        let (node, check) = (Arc::clone(&self.0), new.validate_only);
        let opened = to_the_end(async move { node.open_trail(new).await }).await.ok_or_else(broken_off)?;
        let trail = opened.map_err(|refused| request::refused(&refused))?;
        if trail.is_none() && !check {
            return Err(request::invalid("request_id", UNUSED));
        }
        Ok(Response::new(wire::OpenTrailResponse { trail: trail.map(|id| id.to_vec()).unwrap_or_default(), differs }))
    }

    async fn record_event(
        &self,
        call: Request<wire::RecordEventRequest>,
    ) -> Result<Response<wire::RecordEventResponse>, Status> {
        let by = Admitted::demand(call.extensions(), part_of(call.get_ref()))?;
        let said = call.into_inner();
        let basis = said.basis();
        let evidence_trail = match said.evidence_trail.as_slice() {
            [] => None,
            beginning => Some(request::trail(&self.0, &by, beginning)?),
        };
        let mut new = NewEvent {
            trail: request::trail(&self.0, &by, &said.trail)?,
            by,
            request_id: request::request_id(said.request_id, said.validate_only)?,
            validate_only: said.validate_only,
            statement: request::statement(said.statement)?,
            fields: request::fields(said.fields)?,
            basis: (basis != wire::LegalBasis::Unspecified).then_some(basis),
            article: said.article,
            occurred: request::time("occurred", said.occurred)?,
            evidence_trail,
        };
        let differs = self.0.say_from_case(&mut new, &request::labels("from_case", &said.from_case)?).await;
        let differs = request::names(&differs.map_err(|refused| request::refused(&refused))?);
        let (node, check) = (Arc::clone(&self.0), new.validate_only);
        let recorded = to_the_end(async move { node.record_event(new).await }).await.ok_or_else(broken_off)?;
        let event = recorded.map_err(|refused| request::refused(&refused))?;
        if event.is_none() && !check {
            return Err(request::invalid("request_id", UNUSED));
        }
        Ok(Response::new(wire::RecordEventResponse { event: request::event_bytes(event), differs }))
    }

    async fn get_trail(
        &self,
        call: Request<wire::GetTrailRequest>,
    ) -> Result<Response<wire::GetTrailResponse>, Status> {
        let values = call.get_ref().values;
        let by = Admitted::demand(call.extensions(), if values { Part::Values } else { Part::WithoutValues })?;
        let id = request::trail(&self.0, &by, &call.get_ref().trail)?;
        let trail = self.0.show(&by, &id, values).await.map_err(status::of)?;
        Ok(Response::new(wire::GetTrailResponse { trail: Some(trail) }))
    }

    async fn list_trails(
        &self,
        call: Request<wire::ListTrailsRequest>,
    ) -> Result<Response<wire::ListTrailsResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let most = request::page_size(said.page_size, 50);
        let which = Listing { waiting: said.waiting, most, token: &said.page_token };
        let listed = self.0.list(&caller, &which).map_err(request::unknown_page)?;
        Ok(Response::new(wire::ListTrailsResponse { trails: listed.trails, next_page_token: listed.next }))
    }

    async fn export_trail(
        &self,
        call: Request<wire::ExportTrailRequest>,
    ) -> Result<Response<wire::ExportTrailResponse>, Status> {
        let part = match call.get_ref().scope() {
            wire::DisclosureScope::Values => Part::Values,
            _ => Part::WithoutValues,
        };
        let by = Admitted::demand(call.extensions(), part)?;
        let said = call.into_inner();
        let (purpose, scope) = (said.purpose(), said.scope());
        if purpose == wire::Purpose::Unspecified || scope == wire::DisclosureScope::Unspecified {
            return Err(request::invalid("purpose and scope", "specified"));
        }
        let nonce = match said.nonce.as_slice() {
            [] => None,
            bytes => Some(nonce(bytes).ok_or_else(|| request::invalid("nonce", "32 bytes, not all zero, or empty"))?),
        };
        let seconds = if said.wait_seconds == 0 { WAIT } else { said.wait_seconds.min(LONGEST_WAIT) };
        let wait = Duration::from_secs(seconds.into());
        let trail = request::trail(&self.0, &by, &said.trail)?;
        let export = Export { by, trail, purpose, scope, nonce, wait };
        let (node, opened) = (Arc::clone(&self.0), said.opened);
        let exported =
            to_the_end(async move { node.export_opened(export, opened).await }).await.ok_or_else(broken_off)?;
        let (bundle, fresh_head) = exported.map_err(|rejection: Rejection| status::of(rejection))?;
        Ok(Response::new(wire::ExportTrailResponse { bundle, fresh_head }))
    }
}

/// A nonce that somebody drew.
fn nonce(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.try_into().ok().filter(|nonce| *nonce != [0; 32])
}

/// Which part of the table of roles an event belongs to.
fn part_of(said: &wire::RecordEventRequest) -> Part {
    use wire::statement::Kind;
    match said.statement.as_ref().and_then(|statement| statement.kind.as_ref()) {
        Some(Kind::Acknowledged(_) | Kind::Warned(_)) => Part::AcknowledgedOrWarned,
        _ => Part::AnythingElse,
    }
}

/// A fault of this program: what it did, if anything, is in the trail.
fn broken_off() -> Status {
    Status::internal("the node could not finish this; look at the trail before you say it again")
}
