//! Reaching other nodes: one worker per organisation, patient and for ever.
//!
//! Guarantees that a worker tries again until it stands connected, with growing pauses that any contact shortens, and
//! that nobody but the holder of the pinned key is talked to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use uput_core::id::OrgId;
use uput_core::invitation::Invitation;
use uput_core::key::{Endpoint, PublicKey};
use uput_core::rejection::Rejection;
use uput_core::wire::peer_service_client::PeerServiceClient;
use uput_core::wire::{ExchangeRequest, IntroduceRequest, KeyChain, PeerFrame};

use super::exchange::Side;
use super::limits::{self, Limits};
use super::line::{self, Ending, Line, understand};
use super::mailroom::{Contact, Difficulty, Mailroom, PeerCard};
use super::{Peers, link::Link, pauses::Pauses, reason::Reason};
use crate::tls;

/// A name that no resolver knows; it is never sent.
const NOBODY: &str = "uput.invalid";

impl<M: Mailroom> Peers<M> {
    /// Dials until the organisation is gone from the mailroom or has no endpoint.
    pub(super) async fn keep_dialling(&self, organisation: OrgId, link: &Link) {
        let mut pauses = Pauses::new(&self.limits);
        // Up to where copies lie at a locked peer, as far as it can be known here.
        let mut left = None;
        loop {
            tokio::select! {
                () = link.unused() => (),
                () = self.shutdown.requested() => return,
            }
            let Some(card) = self.mailroom.peer(&organisation).filter(|card| !card.endpoints.is_empty()) else {
                return;
            };
            let begun = Instant::now();
            match self.dial(card, &mut left).await {
                Ending::Stopped => return,
                // It is there, and talks on another stream.
                Ending::Superseded | Ending::Renewed => pauses.begin_anew(),
                Ending::Failed(difficulty) => {
                    // [TRA-42] Perhaps it was unlocked just now.
                    if difficulty == Difficulty::Locked && begun.elapsed() >= self.limits.door_stood {
                        pauses.begin_anew();
                    }
                    self.mailroom.contact(&organisation, Contact::Failed(difficulty));
                }
            }
            tokio::select! {
                () = pauses.rest(&link.contact) => (),
                () = self.shutdown.requested() => return,
            }
        }
    }

    /// One attempt, to the end of the stream.
    async fn dial(&self, card: PeerCard, left: &mut Option<u64>) -> Ending {
        let reached = tokio::select! {
            reached = self.reach(&card.tls_key, card.door_key, card.endpoints.iter().map(String::as_str)) => reached,
            () = self.shutdown.requested() => return Ending::Stopped,
        };
        match reached {
            Ok(Found::Peer(channel)) => {
                *left = None;
                self.talk(channel, card).await
            }
            // [TRA-42] Elsewhere it may show a newer key, because somebody has this one.
            Ok(Found::Door { other_key: true, .. }) if self.is_renewed(&card).await => Ending::Renewed,
            // [TRA-40] Nothing that is said by the door key counts.
            Ok(Found::Door { channel, .. }) => self.leave(channel, card.organisation, left).await,
            // [TRA-23]
            Err(Difficulty::WrongTlsKey) => tokio::select! {
                ending = self.ask_for_keys(&card) => ending,
                () = self.shutdown.requested() => Ending::Stopped,
            },
            Err(difficulty) => Ending::Failed(difficulty),
        }
    }

    /// [TRA-23]
    async fn is_renewed(&self, card: &PeerCard) -> bool {
        tokio::select! {
            ending = self.ask_for_keys(card) => ending == Ending::Renewed,
            () = self.shutdown.requested() => false,
        }
    }

    /// Tries the endpoints in order, until the holder of the TLS key answers; if none does, who showed the door key first.
    /// [TRA-42]
    async fn reach(
        &self,
        tls_key: &[u8; 32],
        door_key: Option<[u8; 32]>,
        endpoints: impl Iterator<Item = &str>,
    ) -> Result<Found, Difficulty> {
        let refuse = |_| Difficulty::RefusedHere(Rejection::WeakKey);
        let pinned = PublicKey::admit(tls_key).map_err(refuse)?;
        let door = door_key.map(|key| PublicKey::admit(&key)).transpose().map_err(refuse)?;
        let client = tls::peer_client(&self.identity.shown().certificate, &pinned, door.as_ref())
            .map_err(|_| Difficulty::RefusedHere(Rejection::WeakKey))?;
        let (mut difficulty, mut at_door, mut other_key) = (Difficulty::Unreachable, None, false);
        for endpoint in endpoints {
            match connect(endpoint, Arc::clone(&client), &self.limits).await {
                Ok(reached) if reached.tls_key == *tls_key => return Ok(Found::Peer(reached.channel)),
                Ok(reached) => at_door = at_door.or(Some(reached.channel)),
                Err(reason) => {
                    difficulty = reason.into();
                    other_key |= difficulty == Difficulty::WrongTlsKey;
                }
            }
        }
        at_door.map(|channel| Found::Door { channel, other_key }).ok_or(difficulty)
    }

    async fn talk(&self, channel: Channel, card: PeerCard) -> Ending {
        let (say, said) = line::queue();
        // An error in the queue is the last word of a side that was dialled; here it only ends the stream.
        let frames = ReceiverStream::new(said)
            .map_while(Result::ok)
            .map(|frame| ExchangeRequest { frame: Some(PeerFrame { frame: Some(frame) }) });
        let mut client = service(channel);
        let opened = tokio::select! {
            opened = tokio::time::timeout(self.limits.greeting, client.exchange(frames)) => opened,
            () = self.shutdown.requested() => return Ending::Stopped,
        };
        match opened {
            Ok(Ok(response)) => self.exchange(Line::dialled(response.into_inner(), say), Side::Dialled(card)).await,
            Ok(Err(status)) => understand(&status),
            Err(_) => Ending::Failed(Difficulty::Lost),
        }
    }

    /// Accepts an invitation: shows own key records, gets the inviter's. The caller checks them. [TRA-7]
    ///
    /// # Errors
    /// Why the inviter could not be reached, or what it said.
    pub async fn introduce(&self, invitation: &Invitation) -> Result<KeyChain, Difficulty> {
        let endpoints = invitation.endpoints().iter().map(Endpoint::as_str);
        match self.reach(invitation.tls_key().as_bytes(), None, endpoints).await? {
            Found::Peer(channel) => self.show_keys(channel, invitation).await,
            Found::Door { .. } => Err(Difficulty::Locked),
        }
    }

    async fn show_keys(&self, channel: Channel, invitation: &Invitation) -> Result<KeyChain, Difficulty> {
        let request = IntroduceRequest {
            // To the inviter, whose key is pinned: the secret is for it alone.
            secret: invitation.secret().expose().to_vec(),
            chain: Some(self.mailroom.own_chain()),
        };
        let answer = tokio::time::timeout(self.limits.greeting, service(channel).introduce(request)).await;
        match answer {
            Ok(Ok(response)) => response.into_inner().chain.ok_or(Difficulty::Misbehaved),
            Ok(Err(status)) => Err(match understand(&status) {
                Ending::Failed(difficulty) => difficulty,
                Ending::Stopped | Ending::Superseded | Ending::Renewed => Difficulty::Lost,
            }),
            Err(_) => Err(Difficulty::Lost),
        }
    }
}

/// Who answers at the endpoints of a peer.
enum Found {
    /// The holder of its TLS key.
    Peer(Channel),
    /// The holder of its door key, and nobody with the TLS key.
    Door {
        channel: Channel,
        /// At another endpoint somebody shows a key that is known as neither.
        other_key: bool,
    },
}

/// A connection, and the key that the other end has shown to hold.
pub(super) struct Reached {
    pub(super) channel: Channel,
    pub(super) tls_key: [u8; 32],
}

/// A connection to the holder of a key that `client` pins.
pub(super) async fn connect(endpoint: &str, client: Arc<ClientConfig>, limits: &Limits) -> Result<Reached, Reason> {
    let mut standing = Reason::NameNotFound;
    let secured = tokio::time::timeout(limits.dial, secure(endpoint, client, &mut standing)).await;
    // What takes too long has failed where it stands.
    let stream = secured.unwrap_or(Err(standing))?;
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).ok_or(Reason::OtherKey)?;
    let tls_key = *tls::peer_key(certificate).map_err(|_| Reason::OtherKey)?.as_bytes();
    let mut once = Some(stream);
    let connector = tower::service_fn(move |_: http::Uri| {
        // A connection is used once: whoever needs another one dials again, and greets again.
        let stream = once.take().map(TokioIo::new).ok_or(io::ErrorKind::NotConnected);
        async move { stream.map_err(io::Error::from) }
    });
    // [TRA-8]
    let connected = tonic::transport::Endpoint::from_static("http://uput.invalid")
        .initial_stream_window_size(limits::STREAM_BYTES)
        .initial_connection_window_size(limits::CONNECTION_BYTES)
        .http2_keep_alive_interval(limits.ping)
        .keep_alive_timeout(limits.pong)
        .keep_alive_while_idle(true)
        .http2_max_header_list_size(limits::HEADERS)
        .connect_with_connector(connector)
        .await;
    Ok(Reached { channel: connected.map_err(|_| Reason::Closed)?, tls_key })
}

/// Name, socket, handshake: `standing` is the reason if it goes no further.
async fn secure(
    endpoint: &str,
    client: Arc<ClientConfig>,
    standing: &mut Reason,
) -> Result<TlsStream<TcpStream>, Reason> {
    let addresses: Vec<SocketAddr> =
        tokio::net::lookup_host(endpoint).await.map_err(|_| Reason::NameNotFound)?.collect();
    *standing = Reason::Silent;
    let socket = TcpStream::connect(addresses.as_slice()).await.map_err(|error| Reason::of_socket(&error))?;
    *standing = Reason::Stalled;
    socket.set_nodelay(true).map_err(|_| Reason::Closed)?;
    let name = ServerName::try_from(NOBODY).map_err(|_| Reason::Closed)?;
    TlsConnector::from(client).connect(name, socket).await.map_err(|error| Reason::of_handshake(&error))
}

pub(super) fn service(channel: Channel) -> PeerServiceClient<Channel> {
    PeerServiceClient::new(channel)
        .max_decoding_message_size(limits::MESSAGE)
        .max_encoding_message_size(limits::MESSAGE)
}
