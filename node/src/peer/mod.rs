//! Other organisations' nodes: who may connect, and how letters travel.
//!
//! Guarantees: nothing but an introduction is answered before a peer has shown the TLS key of its newest key record; one
//! stream per organisation; no letter is acknowledged before the mailroom has it on disk. Leaves to the mailroom what
//! letters say and whose keys are trusted.

mod check;
mod conversation;
mod dialler;
mod door;
mod doorstep;
mod exchange;
mod greeting;
mod identity;
pub mod limits;
mod line;
mod link;
pub mod locked;
pub mod mailroom;
mod pauses;
mod reason;
mod release;
mod service;
#[cfg(feature = "simulation")]
pub mod simulated;
mod skew;
mod successor;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use uput_core::id::OrgId;
use uput_core::key::SigningKey;
use uput_core::wire::peer_service_server::PeerServiceServer;

use crate::shutdown::Shutdown;
use crate::tls::TlsError;
pub use check::Checked;
use check::Looks;
use door::Door;
use identity::Identity;
pub use limits::Limits;
use link::Links;
pub use mailroom::{Contact, Copied, Difficulty, Letters, Mailroom, Outgoing, PeerCard, PeerState};
pub use reason::Reason;
use service::Service;
pub use skew::Skew;

/// The connections of this node with all its peers.
pub struct Peers<M> {
    mailroom: Arc<M>,
    identity: Arc<Identity>,
    limits: Limits,
    links: Links,
    looks: Looks,
    shutdown: Shutdown,
    tasks: Mutex<JoinSet<()>>,
    this: Weak<Self>,
}

impl<M: Mailroom> Peers<M> {
    /// Prepares; nothing is listened to or dialled yet. `tls_key` is the key of the newest own key record.
    ///
    /// # Errors
    /// [`TlsError`] if the key does not serve.
    pub fn new(
        mailroom: Arc<M>,
        tls_key: &SigningKey,
        limits: Limits,
        shutdown: Shutdown,
    ) -> Result<Arc<Self>, TlsError> {
        let identity = Arc::new(Identity::new(tls_key)?);
        let links = Links::new(mailroom.organisation());
        Ok(Arc::new_cyclic(|this| Self {
            mailroom,
            identity,
            limits,
            links,
            looks: Looks::default(),
            shutdown,
            tasks: Mutex::default(),
            this: this.clone(),
        }))
    }

    /// Starts to accept peers.
    pub fn listen(self: &Arc<Self>, listener: TcpListener) {
        let peers = Arc::clone(self);
        let mailroom = Arc::clone(&self.mailroom);
        let knows = move |key: &[u8; 32]| mailroom.peer_by_tls_key(key).is_some();
        let door = Door::new(knows, Arc::clone(&self.identity), self.limits.clone());
        let connections = ReceiverStream::new(door.open(listener, self.shutdown.clone()));
        self.spawn(async move {
            let service = PeerServiceServer::new(Service {
                introductions: introductions(&peers.limits),
                peers: Arc::clone(&peers),
            })
            .max_decoding_message_size(limits::MESSAGE)
            .max_encoding_message_size(limits::MESSAGE);
            // [TRA-8]
            let serving = Server::builder()
                .initial_stream_window_size(limits::STREAM_BYTES)
                .initial_connection_window_size(limits::CONNECTION_BYTES)
                .max_concurrent_streams(limits::STREAMS)
                .http2_max_header_list_size(limits::HEADERS)
                .http2_keepalive_interval(Some(peers.limits.ping))
                .http2_keepalive_timeout(Some(peers.limits.pong))
                .add_service(service)
                .serve_with_incoming_shutdown(connections, peers.shutdown.requested());
            let patience = async {
                peers.shutdown.requested().await;
                // Twice: once for the streams' last words, once for the connections under them.
                tokio::time::sleep(2 * peers.limits.closing).await;
            };
            tokio::select! {
                result = serving => if let Err(error) = result {
                    tracing::error!(%error, "peers are no longer served");
                },
                () = patience => tracing::warn!("some connections did not close in time"),
            }
        });
    }

    /// Starts a dialling worker for every peer that has an endpoint and no worker yet. To be called at the start and
    /// after every change of peers.
    pub fn refresh(&self) {
        for card in self.mailroom.peers().into_iter().filter(|card| !card.endpoints.is_empty()) {
            let link = self.links.with(card.organisation);
            let Some(peers) = self.this.upgrade().filter(|_| link.start_dialling()) else { continue };
            self.spawn(async move {
                peers.keep_dialling(card.organisation, &link).await;
                link.stop_dialling();
            });
        }
    }

    /// Keys of this node are others now: every stream ends in good order and is greeted anew, with the newest own key
    /// record and `tls_key`, which that record names. [TRA-24]
    ///
    /// # Errors
    /// [`TlsError`] if the key does not serve; nothing has changed then.
    pub fn renew(&self, tls_key: &SigningKey) -> Result<(), TlsError> {
        self.identity.renew(tls_key)
    }

    /// After `shutdown` was requested: waits until every stream has finished what was begun and said its last word.
    pub async fn closed(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
    }

    /// Whether a stream with the organisation stands.
    #[must_use]
    pub fn is_connected(&self, organisation: &OrgId) -> bool {
        self.links.with(*organisation).is_used()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }
}

fn introductions(limits: &Limits) -> DefaultDirectRateLimiter {
    RateLimiter::direct(Quota::per_minute(NonZeroU32::new(limits.introductions_per_minute).unwrap_or(NonZeroU32::MIN)))
}
