//! Leaving copies of letters with a peer that is locked.
//!
//! Guarantees that nothing which the other end says is believed: whatever was left waits here as before, and goes again over
//! a stream; that one letter at a time is under way; and that any stream with the peer takes the place of this connection.
//! Leaves to the mailroom what waits.

use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;
use uput_core::id::OrgId;
use uput_core::wire::{LeaveRequest, LeaveResponse};

use super::Peers;
use super::dialler::service;
use super::identity::renewed;
use super::limits::LEFT;
use super::line::Ending;
use super::link::Dialler;
use super::mailroom::{Contact, Difficulty, Mailroom};
use crate::telemetry::short;

impl<M: Mailroom> Peers<M> {
    /// Leaves what waits, and stays until the other end goes, which it does when it is unlocked. [TRA-41]
    pub(super) async fn leave(&self, channel: Channel, organisation: OrgId) -> Ending {
        let link = self.links.with(organisation);
        let Some(mut claim) = link.claim(Dialler::Door) else { return Ending::Superseded };
        let mut renewal = self.identity.renewal();
        self.mailroom.contact(&organisation, Contact::Failed(Difficulty::Locked));
        tracing::info!(peer = %short(organisation), "it is locked");
        let _turn = claim.turn().await;
        let mut handed_out = Vec::new();
        let ending = tokio::select! {
            () = self.leave_all(channel, organisation, &mut handed_out) => Ending::Failed(Difficulty::Locked),
            () = claim.replaced() => Ending::Superseded,
            () = self.shutdown.requested() => Ending::Stopped,
            () = renewed(&mut renewal) => Ending::Renewed,
        };
        // [TRA-41] No letter has arrived, whatever was answered.
        self.mailroom.disconnected(&organisation, handed_out);
        ending
    }

    async fn leave_all(&self, channel: Channel, organisation: OrgId, handed_out: &mut Vec<u64>) {
        let (say, said) = mpsc::channel(1);
        let mut client = service(channel);
        let opened = tokio::time::timeout(self.limits.greeting, client.leave(ReceiverStream::new(said))).await;
        let Ok(Ok(answers)) = opened else { return };
        let mut answers: Streaming<LeaveResponse> = answers.into_inner();
        let mut ready = true;
        loop {
            tokio::select! {
                outgoing = self.mailroom.next_letter(&organisation), if ready && handed_out.len() < LEFT => {
                    handed_out.push(outgoing.ticket);
                    ready = false;
                    if say.send(LeaveRequest { letter: outgoing.letter }).await.is_err() {
                        return;
                    }
                }
                answer = answers.next() => match answer {
                    Some(Ok(LeaveResponse {})) => ready = true,
                    Some(Err(_)) | None => return,
                },
            }
        }
    }
}
