//! Calls about other organisations.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::wire::peering_service_server::PeeringService;
use uput_core::{invitation::Invitation, key::Endpoint, rejection::Rejection, wire};

use super::{guard::Admitted, request, status};
use crate::{
    account::roles::Part,
    clock,
    node::{Node, Post, RelayQuota, to_the_end},
    peer::{Difficulty, Peers, Reason},
    storage::Position,
};

/// How long an invitation may be valid, in seconds: thirty days.
const LONGEST: u64 = 30 * 86_400;

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
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        if self.endpoints.is_empty() {
            return Err(Status::failed_precondition(
                "this node has no endpoint, so nobody can dial it; let the other organisation invite you",
            ));
        }
        if said.valid_seconds > LONGEST {
            return Err(request::invalid(
                "valid_seconds",
                "at most 30 days: a line that lies about longer is found by others",
            ));
        }
        let (node, endpoints) = (Arc::clone(&self.node), self.endpoints.clone());
        let invited = async move { node.invite(&by, &said.name, endpoints, said.valid_seconds).await };
        let line = to_the_end(invited).await.ok_or_else(broken_off)?.map_err(name_or)?;
        // To the user who asked for it, over the authenticated connection.
        Ok(Response::new(wire::CreateInvitationResponse { invitation: line.expose().clone() }))
    }

    async fn accept_invitation(
        &self,
        call: Request<wire::AcceptInvitationRequest>,
    ) -> Result<Response<wire::AcceptInvitationResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let line = Invitation::parse(&said.invitation).map_err(|_| status::of(Rejection::BadInvitation))?;
        self.node.may_be_called(&said.name, &line.organisation()).map_err(name_or)?;
        let (node, peers) = (Arc::clone(&self.node), Arc::clone(&self.peers));
        // The other side uses the invitation up when it answers: from then on there is no way back.
        let accepted = async move {
            let chain = peers.introduce(&line).await.map_err(unreachable)?;
            let peer = node.accepted(&by, &line, &said.name, chain).await.map_err(name_or)?;
            peers.refresh();
            Ok::<_, Status>(peer)
        };
        let peer = to_the_end(accepted).await.ok_or_else(broken_off)??;
        Ok(Response::new(wire::AcceptInvitationResponse { peer: Some(self.node.view_peer(&peer)) }))
    }

    async fn confirm_peer(
        &self,
        call: Request<wire::ConfirmPeerRequest>,
    ) -> Result<Response<wire::ConfirmPeerResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let (node, peers) = (Arc::clone(&self.node), Arc::clone(&self.peers));
        let confirmed = async move {
            let peer = node.confirm(&by, &said.peer, &said.safety_number).await;
            peers.refresh();
            peer
        };
        let confirmed = to_the_end(confirmed).await.ok_or_else(broken_off)?;
        let peer = confirmed.map_err(|rejection| match rejection {
            Rejection::BadValue => Status::failed_precondition(
                "the safety numbers differ: do not trust this organisation's keys; compare again by another way",
            ),
            other => status::of(other),
        })?;
        Ok(Response::new(wire::ConfirmPeerResponse { peer: Some(self.node.view_peer(&peer)) }))
    }

    async fn list_peers(
        &self,
        call: Request<wire::ListPeersRequest>,
    ) -> Result<Response<wire::ListPeersResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let peers = self.node.view_peers().into_iter().map(|peer| self.node.peer_for(&by, peer)).collect();
        let (peers, next_page_token) = request::page(peers, said.page_size, &said.page_token, 100)?;
        Ok(Response::new(wire::ListPeersResponse { peers, next_page_token }))
    }

    async fn check_peer(
        &self,
        call: Request<wire::CheckPeerRequest>,
    ) -> Result<Response<wire::CheckPeerResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let organisation = self.node.organisation_of(&call.into_inner().peer).map_err(status::of)?;
        let checked = self.peers.check(&organisation).await.ok_or_else(|| status::of(Rejection::NoSuchPeer))?;
        Ok(Response::new(wire::CheckPeerResponse {
            result: Some(found(checked.result)),
            out: Some(found(checked.out)),
            back: Some(checked.back.map(found).unwrap_or_default()),
            connected: checked.connected,
            relay: self.node.relay_to(&organisation, clock::now()),
        }))
    }

    async fn carry_out(
        &self,
        call: Request<wire::CarryOutRequest>,
    ) -> Result<Response<wire::CarryOutResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let after = match said.page_token.as_str() {
            "" => None,
            token => {
                let wrong = |_| request::invalid("page_token", "give it as the answer before gave it");
                Some(Position::new(token.parse().map_err(wrong)?))
            }
        };
        let pack = self.node.carry_out(&said.peer, after).await.map_err(status::of)?;
        Ok(Response::new(wire::CarryOutResponse {
            letters: pack.letters,
            items: pack.items,
            left: pack.left,
            next_page_token: pack.next.map(|position| position.to_string()).unwrap_or_default(),
        }))
    }

    async fn carry_in(&self, call: Request<wire::CarryInRequest>) -> Result<Response<wire::CarryInResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let node = Arc::clone(&self.node);
        // What is taken is on disk also if whoever asked goes away meanwhile.
        let taken = to_the_end(async move {
            let mut letters = Vec::new();
            for letter in call.into_inner().letters {
                letters.push(node.carry_in(&letter).await);
            }
            letters
        });
        let letters = taken.await.ok_or_else(broken_off)?;
        Ok(Response::new(wire::CarryInResponse { letters }))
    }

    async fn allow_relay(
        &self,
        call: Request<wire::AllowRelayRequest>,
    ) -> Result<Response<wire::AllowRelayResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let quota = RelayQuota { letters: said.letters, bytes: said.bytes, days: said.days };
        let node = Arc::clone(&self.node);
        let allowed =
            async move { node.allow_relay(&by, [&said.first, &said.second], (!said.end).then_some(quota)).await };
        let consent = to_the_end(allowed).await.ok_or_else(broken_off)?.map_err(relay_or)?;
        Ok(Response::new(wire::AllowRelayResponse { consent: Some(consent) }))
    }

    async fn use_relay(
        &self,
        call: Request<wire::UseRelayRequest>,
    ) -> Result<Response<wire::UseRelayResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let node = Arc::clone(&self.node);
        let chosen = async move {
            let relay = (!said.relay.is_empty()).then_some(said.relay.as_str());
            node.use_relay(&by, &said.peer, relay).await
        };
        let route = to_the_end(chosen).await.ok_or_else(broken_off)?.map_err(relay_or)?;
        Ok(Response::new(wire::UseRelayResponse { route: Some(route) }))
    }

    async fn list_relays(
        &self,
        call: Request<wire::ListRelaysRequest>,
    ) -> Result<Response<wire::ListRelaysResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        Ok(Response::new(self.node.relays(clock::now())))
    }
}

/// A reason as a check. [DEL-20]
fn found(reason: Reason) -> wire::Check {
    let level = match reason {
        Reason::Good => wire::CheckLevel::Ok,
        reason if reason.is_no_obstacle() => wire::CheckLevel::Warning,
        _ => wire::CheckLevel::Error,
    };
    wire::Check {
        name: reason.word().to_owned(),
        level: level.into(),
        finding: reason.finding().to_owned(),
        remedy: reason.remedy().to_owned(),
    }
}

/// A fault of this program: what it did, if anything, is in the list of peers.
fn broken_off() -> Status {
    Status::internal("the node could not finish this; look at the list of peers before you try again")
}

/// A bad value here is the name.
fn name_or(rejection: Rejection) -> Status {
    match rejection {
        Rejection::BadValue => request::invalid(
            "name",
            "1 to 64 bytes, and neither the name of another organisation here nor one that looks like it (see `uput peer list`): give another name, such as with the town",
        ),
        other => status::of(other),
    }
}

/// A bad value here is one organisation twice, or more than a relay may promise.
fn relay_or(rejection: Rejection) -> Status {
    match rejection {
        Rejection::BadValue => request::invalid(
            "relay",
            "two organisations that are not the same, at most 65,536 letters, 4 GiB and 30 days",
        ),
        other => status::of(other),
    }
}

fn unreachable(difficulty: Difficulty) -> Status {
    match difficulty {
        Difficulty::RefusedByPeer(rejection) | Difficulty::RefusedHere(rejection) => status::of(rejection),
        other => Status::unavailable(other.to_string()),
    }
}
