//! Copies of what waits for a peer that is locked, and those that were left here.
//!
//! Guarantees that nothing is on its way because of a copy: the queue stays as it is, and every other way stays open to what
//! is in it; and that of what was left here nothing is taken in that its author has not signed. [TRA-41] [RST-34]

use std::sync::Arc;

use uput_core::{entropy::Entropy, id::OrgId, letter, letter::carriage::PACK_LENGTH, wire::ReceiptOutcome};

use super::{Node, carry::Packing, inbox::outcome};
use crate::{clock::SystemEntropy, peer::Copied, storage::Position};

impl Node {
    /// Waits for something behind a place in the queue, and gives it as a letter that goes by hand. What cannot go now is passed
    /// by.
    pub(super) async fn next_copy(&self, to: &OrgId, behind: Option<Position>) -> Copied {
        let queue = self.outbox.queue(to);
        loop {
            let changed = queue.changes();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(copied) = self.copy(to, behind).await {
                return copied;
            }
            changed.await;
        }
    }

    async fn copy(&self, to: &OrgId, behind: Option<Position>) -> Option<Copied> {
        if self.refuse_proven().is_err() || self.refuse_put_back(to).is_err() {
            return None;
        }
        let (mut packing, mut upto) = (Packing::default(), None);
        for (position, item, may_go) in self.outbox.queue(to).all() {
            if Some(position) <= behind {
                continue;
            }
            if packing.has_enough() {
                break;
            }
            let enclosed = if may_go && packing.may_follow(&item) { self.carried(to, position).await } else { None };
            packing.take(position, &item, enclosed);
            // What begins a second letter goes with the next.
            if packing.contents.len() > 1 {
                break;
            }
            upto = Some(position);
        }
        let content = packing.contents.into_iter().next()?;
        let mut pack = [0; PACK_LENGTH];
        SystemEntropy.fill(&mut pack);
        let (key, content) = self.with_carriage(to, content, pack, 1, 1).ok()?;
        let letter = letter::seal(&key, &content, &mut SystemEntropy).ok()?;
        Some(Copied { upto: upto?.number(), letter })
    }

    /// Takes in what was left here, if that organisation has signed it for this one.
    pub(super) async fn take_copy(self: &Arc<Self>, from: &OrgId, letter: &[u8]) -> ReceiptOutcome {
        let taken = match self.carried_by(letter).await {
            Ok((carriage, _)) if carriage.author != *from => return ReceiptOutcome::Refused,
            Ok((_, content)) => self.take_content(from, content).await,
            Err(rejection) => Err(rejection),
        };
        self.settle_shown(from).await;
        taken.map_or_else(outcome, |()| ReceiptOutcome::Stored)
    }
}
