//! The peer service: what may be called over a connection that the door let in.

use std::pin::Pin;
use std::sync::Arc;

use governor::DefaultDirectRateLimiter;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};
use uput_core::rejection::Rejection;
use uput_core::wire::peer_service_server::PeerService;
use uput_core::wire::{
    CheckWayRequest, CheckWayResponse, ExchangeRequest, ExchangeResponse, IntroduceRequest, IntroduceResponse,
    KeyChain, LeaveRequest, LeaveResponse, PeerFrame,
};

use super::Peers;
use super::door::Caller;
use super::exchange::Side;
use super::line::{self, Line};
use super::mailroom::Mailroom;
use crate::rpc::status;

/// Bytes of an invitation's secret.
const SECRET: usize = 16;

/// Answers peers.
pub(super) struct Service<M: Mailroom> {
    pub(super) peers: Arc<Peers<M>>,
    pub(super) introductions: DefaultDirectRateLimiter,
}

type Frames = Pin<Box<dyn Stream<Item = Result<ExchangeResponse, Status>> + Send>>;

#[tonic::async_trait]
impl<M: Mailroom> PeerService for Service<M> {
    async fn introduce(&self, request: Request<IntroduceRequest>) -> Result<Response<IntroduceResponse>, Status> {
        // [TRA-7]
        self.introductions.check().map_err(|_| status::of(Rejection::TooMany))?;
        let caller = caller(&request)?;
        let IntroduceRequest { secret, chain } = request.into_inner();
        if secret.len() != SECRET {
            return Err(status::of(Rejection::BadInvitation));
        }
        let chain: KeyChain = chain.ok_or_else(|| status::of(Rejection::Malformed))?;
        let ours = self.peers.mailroom.introduce(&secret, caller.tls_key, chain).await.map_err(status::of)?;
        self.peers.refresh();
        Ok(Response::new(IntroduceResponse { chain: Some(ours) }))
    }

    async fn check_way(&self, request: Request<CheckWayRequest>) -> Result<Response<CheckWayResponse>, Status> {
        let caller = caller(&request)?;
        self.peers.way_back(&caller.tls_key).await.map(Response::new).map_err(status::of)
    }

    type ExchangeStream = Frames;

    async fn exchange(&self, request: Request<Streaming<ExchangeRequest>>) -> Result<Response<Frames>, Status> {
        let caller = caller(&request)?;
        let (say, said) = line::queue();
        let line = Line::accepted(request.into_inner(), say);
        let peers = Arc::clone(&self.peers);
        tokio::spawn(async move { peers.exchange(line, Side::Accepted(caller.tls_key)).await });
        let frames = ReceiverStream::new(said)
            .map(|frame| frame.map(|frame| ExchangeResponse { frame: Some(PeerFrame { frame: Some(frame) }) }));
        Ok(Response::new(Box::pin(frames)))
    }

    type LeaveStream = Pin<Box<dyn Stream<Item = Result<LeaveResponse, Status>> + Send>>;

    /// This node is not locked: whoever has letters for it says them over its streams.
    async fn leave(&self, _: Request<Streaming<LeaveRequest>>) -> Result<Response<Self::LeaveStream>, Status> {
        Err(Status::unavailable("this node is not locked"))
    }
}

/// The door puts the caller beside every request.
pub(super) fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    request.extensions().get::<Caller>().copied().ok_or_else(|| Status::internal("no caller"))
}
