//! One stream from its first frame to its last, whoever dialled.

use std::sync::Arc;

use tokio::sync::watch;

use super::Peers;
use super::conversation::Conversation;
use super::greeting::{Greeted, greet_accepted, greet_dialled};
use super::identity::renewed;
use super::line::{Ending, Line};
use super::link::{Claim, Dialler};
use super::mailroom::{Contact, Difficulty, Mailroom, PeerCard};
use crate::telemetry::short;

/// How this end came to the stream.
pub(super) enum Side {
    /// It dialled this peer.
    Dialled(PeerCard),
    /// It was dialled by somebody with this TLS key.
    Accepted([u8; 32]),
}

impl<M: Mailroom> Peers<M> {
    /// Greets, waits for its turn, and carries letters to the end.
    pub(super) async fn exchange(&self, mut line: Line, side: Side) -> Ending {
        let dialler = if matches!(side, Side::Dialled(_)) { Dialler::Us } else { Dialler::Them };
        let mut renewal = self.identity.renewal();
        let greeting = tokio::select! {
            greeting = tokio::time::timeout(self.limits.greeting, self.greet(&mut line, side)) => greeting,
            () = self.shutdown.requested() => Ok(Err(Ending::Stopped)),
            () = renewed(&mut renewal) => Ok(Err(Ending::Renewed)),
        };
        let greeted = match greeting.unwrap_or(Err(Ending::Failed(Difficulty::Lost))) {
            Ok(greeted) => greeted,
            Err(ending) => {
                line.close(ending, self.limits.closing).await;
                return ending;
            }
        };
        let organisation = greeted.card.organisation;
        let link = self.links.with(organisation);
        link.contact.notify_one();
        let Some(claim) = link.claim(dialler) else {
            line.close(Ending::Superseded, self.limits.closing).await;
            return Ending::Superseded;
        };
        tracing::info!(peer = %short(organisation), by = ?dialler, "connected");
        let ending = self.converse(line, greeted, claim, renewal).await;
        tracing::info!(peer = %short(organisation), by = ?dialler, ?ending, "disconnected");
        if let (Ending::Failed(difficulty), Dialler::Them) = (ending, dialler) {
            self.mailroom.contact(&organisation, Contact::Failed(difficulty));
        }
        ending
    }

    async fn greet(&self, line: &mut Line, side: Side) -> Result<Greeted, Ending> {
        match side {
            Side::Dialled(card) => greet_dialled(&*self.mailroom, line, card).await,
            Side::Accepted(tls_key) => greet_accepted(&*self.mailroom, line, tls_key).await,
        }
    }

    async fn converse(
        &self,
        line: Line,
        greeted: Greeted,
        mut claim: Claim,
        mut renewal: watch::Receiver<u64>,
    ) -> Ending {
        let turn = tokio::select! {
            turn = claim.turn() => turn,
            () = self.shutdown.requested() => {
                line.close(Ending::Stopped, self.limits.closing).await;
                return Ending::Stopped;
            }
        };
        let stop = async {
            tokio::select! {
                () = claim.replaced() => Ending::Superseded,
                () = self.shutdown.requested() => Ending::Stopped,
                // [TRA-24]
                () = renewed(&mut renewal) => Ending::Renewed,
            }
        };
        Conversation::new(Arc::clone(&self.mailroom), line, greeted).run(turn, stop, self.limits.closing).await
    }
}
