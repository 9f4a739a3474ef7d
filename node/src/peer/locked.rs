//! What answers at the address of a node that waits for its passphrase.
//!
//! Guarantees that it says nothing but that it is there, and takes nothing but letters, which it hands on as they come.
//! Knows nobody: whose a key is, is asked when the node is unlocked. [TRA-44]

use std::pin::Pin;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};
use uput_core::key::SigningKey;
use uput_core::wire::peer_service_server::{PeerService, PeerServiceServer};
use uput_core::wire::{
    CheckWayRequest, CheckWayResponse, ExchangeRequest, ExchangeResponse, IntroduceRequest, IntroduceResponse,
    LeaveRequest, LeaveResponse,
};

use super::door::Door;
use super::identity::Identity;
use super::limits::{self, Limits};
use super::service::caller;
use crate::shutdown::{self, Shutdown, Stop};
use crate::tls::TlsError;

/// Where letters go that are left, each with the TLS key of whoever left it.
pub trait Doorstep: Send + Sync + 'static {
    /// Keeps one, or does not: nothing is promised to anybody.
    fn keep(&self, by: [u8; 32], letter: &[u8]);
}

/// A locked node that answers.
pub struct Answering {
    stop: Stop,
    serving: JoinHandle<()>,
}

impl Answering {
    /// Begins to answer with the door key.
    ///
    /// # Errors
    /// [`TlsError`] if the key does not serve.
    pub fn begin(
        listener: TcpListener,
        door_key: &SigningKey,
        doorstep: Arc<dyn Doorstep>,
        limits: Limits,
    ) -> Result<Self, TlsError> {
        let identity = Arc::new(Identity::new(door_key)?);
        let (stop, shutdown) = shutdown::channel();
        let (ping, pong, closing) = (limits.ping, limits.pong, limits.closing);
        // It knows nobody, so that everybody has as many connections as a peer, and no more.
        let connections =
            ReceiverStream::new(Door::new(|_: &[u8; 32]| true, identity, limits).open(listener, shutdown.clone()));
        let service = PeerServiceServer::new(Service { doorstep, shutdown: shutdown.clone() })
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE);
        let serving = Server::builder()
            .initial_stream_window_size(limits::STREAM_BYTES)
            .initial_connection_window_size(limits::CONNECTION_BYTES)
            .max_concurrent_streams(limits::STREAMS)
            .http2_max_header_list_size(limits::HEADERS)
            .http2_keepalive_interval(Some(ping))
            .http2_keepalive_timeout(Some(pong))
            .add_service(service);
        let serving = tokio::spawn(async move {
            let patience = async {
                shutdown.requested().await;
                tokio::time::sleep(closing).await;
            };
            tokio::select! {
                _ = serving.serve_with_incoming_shutdown(connections, shutdown.requested()) => (),
                () = patience => (),
            }
        });
        Ok(Self { stop, serving })
    }

    /// Ends every connection, so that whoever left letters comes again.
    pub async fn end(self) {
        self.stop.stop();
        // If it panicked it has ended too.
        let _ = self.serving.await;
    }
}

struct Service {
    doorstep: Arc<dyn Doorstep>,
    shutdown: Shutdown,
}

#[tonic::async_trait]
impl PeerService for Service {
    async fn introduce(&self, _: Request<IntroduceRequest>) -> Result<Response<IntroduceResponse>, Status> {
        Err(locked())
    }

    async fn check_way(&self, _: Request<CheckWayRequest>) -> Result<Response<CheckWayResponse>, Status> {
        Err(locked())
    }

    type ExchangeStream = Pin<Box<dyn Stream<Item = Result<ExchangeResponse, Status>> + Send>>;

    async fn exchange(&self, _: Request<Streaming<ExchangeRequest>>) -> Result<Response<Self::ExchangeStream>, Status> {
        Err(locked())
    }

    type LeaveStream = Pin<Box<dyn Stream<Item = Result<LeaveResponse, Status>> + Send>>;

    async fn leave(&self, request: Request<Streaming<LeaveRequest>>) -> Result<Response<Self::LeaveStream>, Status> {
        let by = caller(&request)?.tls_key;
        let (say, said) = mpsc::channel(1);
        let taking = take(request.into_inner(), by, Arc::clone(&self.doorstep), say);
        let shutdown = self.shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = taking => (),
                () = shutdown.requested() => (),
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(said))))
    }
}

/// One after the other: the next is asked for when the last is on the disk, or is not kept.
async fn take(
    mut letters: Streaming<LeaveRequest>,
    by: [u8; 32],
    doorstep: Arc<dyn Doorstep>,
    say: mpsc::Sender<Result<LeaveResponse, Status>>,
) {
    while let Some(Ok(left)) = letters.next().await {
        let doorstep = Arc::clone(&doorstep);
        // If keeping it panics it is not kept.
        let _ = tokio::task::spawn_blocking(move || doorstep.keep(by, &left.letter)).await;
        if say.send(Ok(LeaveResponse {})).await.is_err() {
            return;
        }
    }
}

fn locked() -> Status {
    Status::unavailable("this node is locked")
}
