//! The recipient, and what it says of letters that came over a relay.

use std::sync::Arc;

use uput_core::{
    id::{Id, OrgId},
    letter::carriage::{self, Carriage},
    rejection::Rejection,
    wire::{LetterContent, ReceiptOutcome, RelayWord},
};

use super::left::Pack;
use crate::{
    node::{Node, inbox::outcome},
    record::LeftRecord,
    storage::Position,
};

impl Node {
    /// Takes in what a relay brings. What is answered is for the relay; what became of the content its author hears.
    /// [RLY-9]
    pub(in crate::node) async fn take_relayed(
        self: &Arc<Self>,
        relay: &OrgId,
        content: LetterContent,
    ) -> Result<(), Rejection> {
        let named = Carriage::named_by(&content, &self.me.organisation)?;
        // [CAR-3]
        if named.author == *relay {
            return Err(Rejection::Malformed);
        }
        if !self.is_confirmed(&named.author) {
            return Err(Rejection::PeerNotConfirmed);
        }
        if self.relays.over(&named.author) != Some(*relay) {
            return Err(Rejection::RelayNotChosen);
        }
        let (carriage, content) = self.carried_in(content).await?;
        if (carriage.number, carriage.count) != (1, 1) {
            return Err(Rejection::Malformed);
        }
        let author = carriage.author;
        let says_more = LetterContent { relay_words: Vec::new(), ..content.clone() } != LetterContent::default();
        let taken = self.take_content(&author, content).await;
        self.settle_shown(&author).await;
        let rejection = taken.err();
        if let Some(later) = rejection.filter(|rejection| outcome(*rejection) != ReceiptOutcome::Refused) {
            return Err(later);
        }
        if says_more {
            self.owe_word(&author, &carriage.pack, rejection);
        }
        Ok(())
    }

    fn owe_word(&self, to: &OrgId, pack: &Pack, refused: Option<Rejection>) {
        let word = RelayWord {
            pack: pack.to_vec(),
            letter: Vec::new(),
            outcome: if refused.is_some() { ReceiptOutcome::Refused } else { ReceiptOutcome::Stored }.into(),
            code: refused.map_or(0, Rejection::number),
        };
        self.relays.lock().left.entry(*to).or_default().owe(word);
        self.relays.changed.notify_waiters();
    }

    /// Hears what became of letters that went over a relay. [RLY-10] [RLY-13]
    pub(in crate::node) async fn take_relay_words(self: &Arc<Self>, from: &OrgId, words: Vec<RelayWord>) {
        for word in words {
            let known = ReceiptOutcome::try_from(word.outcome);
            match (Pack::try_from(word.pack.as_slice()), Id::parse(&word.letter), known) {
                (Ok(pack), Err(_), Ok(outcome)) => self.take_recipients_word(from, &pack, outcome, word.code).await,
                (Err(_), Ok(letter), _) => self.take_gone(from, &letter, word.code).await,
                // It names nothing that was left anywhere.
                _ => {}
            }
        }
    }

    /// The recipient's word is its receipt. [RLY-10]
    async fn take_recipients_word(self: &Arc<Self>, from: &OrgId, pack: &Pack, outcome: ReceiptOutcome, code: u32) {
        // [RLY-10] Nothing else is a word on a letter.
        if !matches!(outcome, ReceiptOutcome::Stored | ReceiptOutcome::Refused) {
            return;
        }
        let items = {
            let mut state = self.relays.lock();
            let Some(left) = state.left.get_mut(from) else { return };
            left.heard();
            left.answered(pack)
        };
        if items.is_empty() {
            return;
        }
        let queue = self.outbox.queue(from);
        if outcome == ReceiptOutcome::Refused {
            if let Some(ticket) = queue.refused_for(&items) {
                self.refused_there(from, ticket, code).await;
            }
            self.left_no_more(from, &items).await;
        } else if let Some(ticket) = queue.answered_for(&items) {
            self.settled(from, ticket).await;
        }
    }

    /// A relay does not have a letter any more: its items are left again. [RLY-13]
    async fn take_gone(&self, relay: &OrgId, letter: &Id, code: u32) {
        let beyond = self.relays.beyond(relay);
        let found = {
            let mut state = self.relays.lock();
            beyond.into_iter().find_map(|to| {
                let left = state.left.get_mut(&to)?;
                let pack = left.pack_of(letter)?;
                // A relay that says so of all it is given is not given more and more.
                left.rest(code, tokio::time::Instant::now());
                Some((to, left.take_out(&pack)))
            })
        };
        if let Some((to, items)) = found {
            self.left_no_more(&to, &items).await;
            self.relays.changed.notify_waiters();
        }
    }

    /// After a start they are left again too.
    pub(super) async fn left_no_more(&self, to: &OrgId, items: &[Position]) {
        if items.is_empty() {
            return;
        }
        let positions = items.iter().map(|item| item.number()).collect();
        let record = LeftRecord { organisation: to.to_vec(), positions, ..LeftRecord::default() };
        if let Err(rejection) = self.keep(&record).await {
            tracing::warn!(%rejection, "that letters lie at a relay no more was not kept");
        }
    }

    /// Whose a letter is, verified, and what it holds beside that. [CAR-10]
    pub(in crate::node) async fn carried_in(
        &self,
        mut content: LetterContent,
    ) -> Result<(Carriage, LetterContent), Rejection> {
        let us = self.me.organisation;
        let named = Carriage::named_by(&content, &us)?;
        if !self.is_confirmed(&named.author) {
            return Err(Rejection::PeerNotConfirmed);
        }
        if !named.key_records.is_empty() {
            self.learn(&named.author, named.key_records).await?;
        }
        let chain = self.directory.chain(&named.author).ok_or(Rejection::UnknownSigner)?;
        let carriage = carriage::check(&mut content, &us, &chain)?;
        // [RLY-10] A word takes something from a queue: who has a key that was replaced says none.
        if carriage.key_record != chain.newest_id() {
            content.relay_words.clear();
        }
        Ok((carriage, content))
    }
}
