//! A stream between two nodes without a socket: for node/simulation alone. [SIM-3]
//!
//! Guarantees that everything above the connection is what a connection would have: greeting, one stream in use, window,
//! receipts. What TLS shows of the caller, whoever lays the stream says.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::Status;
use uput_core::wire::peer_frame::Frame;

use super::Peers;
use super::exchange::Side;
use super::line::{self, Line};
use super::mailroom::{Mailroom, PeerCard};

/// What travels one way: frames, and at the end perhaps the last word of the side that was dialled.
pub type Frames = mpsc::Receiver<Result<Frame, Status>>;

/// How this end came to the stream.
pub enum Met {
    /// It dialled that peer.
    Dialled(PeerCard),
    /// It was dialled by the holder of that TLS key.
    Accepted([u8; 32]),
}

impl<M: Mailroom> Peers<M> {
    /// Talks to the end of the stream. Gives what this end says.
    pub fn meet(self: &Arc<Self>, met: Met, heard: Frames) -> (Frames, JoinHandle<()>) {
        let (say, said) = line::queue();
        let (peers, line) = (Arc::clone(self), Line::simulated(heard, say));
        let side = match met {
            Met::Dialled(card) => Side::Dialled(card),
            Met::Accepted(tls_key) => Side::Accepted(tls_key),
        };
        let talk = tokio::spawn(async move {
            // Whoever laid the stream lays the next one, whatever ended this one.
            let _ = peers.exchange(line, side).await;
        });
        (said, talk)
    }
}
