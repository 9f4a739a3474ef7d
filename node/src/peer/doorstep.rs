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
    /// Leaves copies of what waits behind `left`, and stays until the other end goes, which it does when it is unlocked, or
    /// until it is time to look whether the peer answers elsewhere. [TRA-41] [TRA-42]
    pub(super) async fn leave(&self, channel: Channel, organisation: OrgId, left: &mut Option<u64>) -> Ending {
        let link = self.links.with(organisation);
        let Some(mut claim) = link.claim(Dialler::Door) else { return Ending::Superseded };
        let mut renewal = self.identity.renewal();
        self.mailroom.contact(&organisation, Contact::Failed(Difficulty::Locked));
        tracing::info!(peer = %short(organisation), "it is locked");
        let _turn = claim.turn().await;
        tokio::select! {
            () = self.leave_all(channel, organisation, left) => Ending::Failed(Difficulty::Locked),
            () = tokio::time::sleep(self.limits.door_lasts) => Ending::Failed(Difficulty::Locked),
            () = claim.replaced() => Ending::Superseded,
            () = self.shutdown.requested() => Ending::Stopped,
            () = renewed(&mut renewal) => Ending::Renewed,
        }
    }

    async fn leave_all(&self, channel: Channel, organisation: OrgId, left: &mut Option<u64>) {
        let (say, said) = mpsc::channel(1);
        let mut client = service(channel);
        let opened = tokio::time::timeout(self.limits.greeting, client.leave(ReceiverStream::new(said))).await;
        let Ok(Ok(answers)) = opened else { return };
        let mut answers: Streaming<LeaveResponse> = answers.into_inner();
        let (mut count, mut said_upto) = (0, None);
        loop {
            tokio::select! {
                copied = self.mailroom.next_copy(&organisation, *left), if said_upto.is_none() && count < LEFT => {
                    count += 1;
                    said_upto = Some(copied.upto);
                    if say.send(LeaveRequest { letter: copied.letter }).await.is_err() {
                        return;
                    }
                }
                answer = answers.next() => match (answer, said_upto.take()) {
                    (Some(Ok(LeaveResponse {})), Some(upto)) => *left = Some(upto),
                    // It went, or answers what nobody said.
                    _ => return,
                },
            }
        }
    }
}
