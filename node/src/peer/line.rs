//! One bidirectional stream of frames, the same whoever dialled.
//!
//! Guarantees that frames leave in the order they are given, and that a peer that does not read fills nothing beyond a
//! bounded queue.

use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt};
use tonic::{Code, Status};
use uput_core::wire::peer_frame::Frame;
use uput_core::wire::{self, PeerFrame};

use super::limits;
use super::mailroom::Difficulty;
use crate::rpc::status;

/// Frames from the peer.
type Inbound = Pin<Box<dyn Stream<Item = Result<Option<PeerFrame>, Status>> + Send>>;
/// Frames to the peer; an error is the last word of the side that was dialled.
pub(super) type Outbound = mpsc::Receiver<Result<Frame, Status>>;

/// This node's end of a stream.
pub(super) struct Line {
    inbound: Inbound,
    outbound: mpsc::Sender<Result<Frame, Status>>,
}

/// Why a stream ends, as far as this end knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// This node shuts down.
    Stopped,
    /// Another stream with this peer is used instead. [TRA-18]
    Superseded,
    /// Keys of one of the two are others now: they greet anew. [TRA-24]
    Renewed,
    /// Something is wrong.
    Failed(Difficulty),
}

/// A queue for outgoing frames.
pub(super) fn queue() -> (mpsc::Sender<Result<Frame, Status>>, Outbound) {
    mpsc::channel(limits::FRAMES)
}

impl Line {
    /// For the side that dialled.
    pub(super) fn dialled(
        inbound: tonic::Streaming<wire::ExchangeResponse>,
        outbound: mpsc::Sender<Result<Frame, Status>>,
    ) -> Self {
        Self { inbound: Box::pin(inbound.map(|item| item.map(|response| response.frame))), outbound }
    }

    /// For the side that was dialled.
    pub(super) fn accepted(
        inbound: tonic::Streaming<wire::ExchangeRequest>,
        outbound: mpsc::Sender<Result<Frame, Status>>,
    ) -> Self {
        Self { inbound: Box::pin(inbound.map(|item| item.map(|request| request.frame))), outbound }
    }

    /// For frames that no connection carries. [SIM-3]
    #[cfg(feature = "simulation")]
    pub(super) fn simulated(
        inbound: mpsc::Receiver<Result<Frame, Status>>,
        outbound: mpsc::Sender<Result<Frame, Status>>,
    ) -> Self {
        let inbound = tokio_stream::wrappers::ReceiverStream::new(inbound);
        Self {
            inbound: Box::pin(inbound.map(|item| item.map(|frame| Some(PeerFrame { frame: Some(frame) })))),
            outbound,
        }
    }

    /// The next frame of the peer.
    pub(super) async fn hear(&mut self) -> Result<Frame, Ending> {
        match self.inbound.next().await {
            Some(Ok(frame)) => frame.and_then(|frame| frame.frame).ok_or(Ending::Failed(Difficulty::Misbehaved)),
            Some(Err(status)) => Err(understand(&status)),
            None => Err(Ending::Failed(Difficulty::Lost)),
        }
    }

    /// Queues a frame. A full queue means that the peer asks for more than it reads. [TRA-16]
    pub(super) fn say(&self, frame: Frame) -> Result<(), Ending> {
        self.outbound.try_send(Ok(frame)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Ending::Failed(Difficulty::Misbehaved),
            mpsc::error::TrySendError::Closed(_) => Ending::Failed(Difficulty::Lost),
        })
    }

    /// Says why, if this side was dialled, and waits a little until the peer has heard it.
    pub(super) async fn close(mut self, ending: Ending, patience: Duration) {
        if let Some(status) = last_word(ending) {
            // If the queue is full or gone, nobody reads: nothing is left to say.
            let _ = self.outbound.try_send(Err(status));
        }
        drop(self.outbound);
        let silence = async { while let Some(Ok(_)) = self.inbound.next().await {} };
        // Running out of patience is as good an end as any.
        let _ = tokio::time::timeout(patience, silence).await;
    }
}

/// What the side that was dialled says at the end. [TRA-19]
fn last_word(ending: Ending) -> Option<Status> {
    match ending {
        Ending::Superseded => Some(Status::aborted("another stream with this organisation is in use")),
        Ending::Failed(Difficulty::RefusedHere(rejection)) => Some(status::of(rejection)),
        Ending::Failed(Difficulty::NoCommonVersion) => Some(Status::unimplemented("no protocol version in common")),
        Ending::Failed(Difficulty::Misbehaved) => Some(Status::invalid_argument("a frame breaks the protocol")),
        Ending::Stopped | Ending::Renewed | Ending::Failed(_) => None,
    }
}

/// What the other side's last word means. [TRA-19]
pub(super) fn understand(said: &Status) -> Ending {
    if let Some(rejection) = status::rejection(said) {
        return Ending::Failed(Difficulty::RefusedByPeer(rejection));
    }
    match said.code() {
        Code::Aborted => Ending::Superseded,
        Code::Unimplemented => Ending::Failed(Difficulty::NoCommonVersion),
        Code::OutOfRange | Code::InvalidArgument => Ending::Failed(Difficulty::Misbehaved),
        _ => Ending::Failed(Difficulty::Lost),
    }
}
