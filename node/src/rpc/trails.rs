//! Calls about trails.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::wire::trail_service_server::TrailService;
use uput_core::{rejection::Rejection, wire};

use super::{accesses, guard::Admitted, request, said, status};
use crate::account::roles::Part;
use crate::node::{Listed, Listing, Node, in_step, to_the_end};

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
        let (new, _, differs) = said::opening(&self.0, by, call.into_inner(), false).await?;
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
        let (new, _, differs) = said::event(&self.0, by, call.into_inner(), false).await?;
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
        let said = call.into_inner();
        let (why, intent) = (accesses::why(said.reason)?, request::intent(said.contact)?);
        let trail = self.0.show_to_reach(&by, &id, values, intent, &why).await.map_err(status::of)?;
        Ok(Response::new(wire::GetTrailResponse { trail: Some(trail) }))
    }

    async fn list_trails(
        &self,
        call: Request<wire::ListTrailsRequest>,
    ) -> Result<Response<wire::ListTrailsResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        if !said.beginning.is_empty() {
            let id = request::trail(&self.0, &caller, &said.beginning)?;
            let trails = vec![self.0.line_of(&caller, &id).map_err(status::of)?];
            return Ok(Response::new(wire::ListTrailsResponse { trails, ..wire::ListTrailsResponse::default() }));
        }
        let most = request::page_size(said.page_size, 50);
        if said.ending {
            let listed = in_step(|| self.0.list_ending(&caller, most, &said.page_token)).await;
            return Ok(Response::new(page(listed.map_err(request::unknown_page)?)));
        }
        let which = Listing { waiting: said.waiting, most, token: &said.page_token };
        let listed = in_step(|| self.0.list(&caller, &which)).await.map_err(request::unknown_page)?;
        Ok(Response::new(page(listed)))
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
        let mut said = call.into_inner();
        let (opened, why) = (std::mem::take(&mut said.opened), accesses::why(said.reason.clone())?);
        let (export, _) = said::export(&self.0, by, said, false)?;
        let node = Arc::clone(&self.0);
        let exported =
            to_the_end(async move { node.export_because(export, opened, why).await }).await.ok_or_else(broken_off)?;
        let (bundle, fresh_head) = exported.map_err(|rejection: Rejection| status::of(rejection))?;
        Ok(Response::new(wire::ExportTrailResponse { bundle, fresh_head }))
    }

    async fn challenge_trail(
        &self,
        call: Request<wire::ChallengeTrailRequest>,
    ) -> Result<Response<wire::ChallengeTrailResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let id = request::trail(&self.0, &by, &call.get_ref().trail)?;
        let node = Arc::clone(&self.0);
        let challenged = to_the_end(async move { node.challenge(&by, &id).await }).await.ok_or_else(broken_off)?;
        let challenge = Some(challenged.map_err(status::of)?);
        Ok(Response::new(wire::ChallengeTrailResponse { challenge, trail: id.to_vec() }))
    }
}

fn page(listed: Listed) -> wire::ListTrailsResponse {
    let unreadable = listed.unreadable.iter().map(|trail| trail.to_vec()).collect();
    wire::ListTrailsResponse { trails: listed.trails, next_page_token: listed.next, unreadable }
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
