//! Calls about other organisations.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::wire::peering_service_server::PeeringService;
use uput_core::{invitation::Invitation, key::Endpoint, rejection::Rejection, wire};

use super::{request, status};
use crate::{
    node::{Node, Post},
    peer::{Difficulty, Peers},
};

/// Calls about other organisations.
pub struct Peering {
    /// The node.
    pub node: Arc<Node>,
    /// Its connections.
    pub peers: Arc<Peers<Post>>,
    /// Where it can be dialled.
    pub endpoints: Vec<Endpoint>,
}

#[tonic::async_trait]
impl PeeringService for Peering {
    async fn create_invitation(
        &self,
        call: Request<wire::CreateInvitationRequest>,
    ) -> Result<Response<wire::CreateInvitationResponse>, Status> {
        let said = call.into_inner();
        if self.endpoints.is_empty() {
            return Err(Status::failed_precondition(
                "this node has no endpoint, so nobody can dial it; let the other organisation invite you",
            ));
        }
        let line = self.node.invite(&said.name, self.endpoints.clone(), said.valid_seconds).await;
        let line = line.map_err(name_or)?;
        // To the user who asked for it, over the authenticated connection.
        Ok(Response::new(wire::CreateInvitationResponse { invitation: line.expose().clone() }))
    }

    async fn accept_invitation(
        &self,
        call: Request<wire::AcceptInvitationRequest>,
    ) -> Result<Response<wire::AcceptInvitationResponse>, Status> {
        let said = call.into_inner();
        let line = Invitation::parse(&said.invitation).map_err(|_| status::of(Rejection::BadInvitation))?;
        self.node.may_be_called(&said.name, &line.organisation()).map_err(name_or)?;
        let chain = self.peers.introduce(&line).await.map_err(unreachable)?;
        let peer = self.node.accepted(&line, &said.name, chain).await.map_err(name_or)?;
        self.peers.refresh();
        Ok(Response::new(wire::AcceptInvitationResponse { peer: Some(self.node.view_peer(&peer)) }))
    }

    async fn confirm_peer(
        &self,
        call: Request<wire::ConfirmPeerRequest>,
    ) -> Result<Response<wire::ConfirmPeerResponse>, Status> {
        let said = call.into_inner();
        let peer = self.node.confirm(&said.peer, &said.safety_number).await.map_err(|rejection| match rejection {
            Rejection::BadValue => Status::failed_precondition(
                "the safety numbers differ: do not trust this organisation's keys; compare again by another way",
            ),
            other => status::of(other),
        })?;
        self.peers.refresh();
        Ok(Response::new(wire::ConfirmPeerResponse { peer: Some(self.node.view_peer(&peer)) }))
    }

    async fn list_peers(
        &self,
        call: Request<wire::ListPeersRequest>,
    ) -> Result<Response<wire::ListPeersResponse>, Status> {
        let said = call.into_inner();
        let (peers, next_page_token) = request::page(self.node.view_peers(), said.page_size, &said.page_token, 100)?;
        Ok(Response::new(wire::ListPeersResponse { peers, next_page_token }))
    }
}

/// A bad value here is the name.
fn name_or(rejection: Rejection) -> Status {
    match rejection {
        Rejection::BadValue => request::invalid("name", "1 to 64 bytes, and not the name of another organisation here"),
        other => status::of(other),
    }
}

fn unreachable(difficulty: Difficulty) -> Status {
    match difficulty {
        Difficulty::RefusedByPeer(rejection) | Difficulty::RefusedHere(rejection) => status::of(rejection),
        other => Status::unavailable(other.to_string()),
    }
}
