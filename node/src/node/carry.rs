//! Letters that somebody carries by hand, where no line goes.
//!
//! Guarantees that what waits waits on, whatever becomes of a stick; that nothing is taken but what a peer has signed as its
//! letter; and that what a peer shows to have leaves the queue.

use std::{collections::BTreeSet, sync::Arc};

use prost::Message;
use uput_core::{
    entropy::Entropy,
    id::{OrgId, TrailId},
    key::KeyRecord,
    letter::{
        self, SIZE_CLASSES,
        carriage::{self, Carriage, PACK_LENGTH},
    },
    rejection::Rejection,
    wire::{self, LetterContent, ReceiptOutcome, RelayWord},
};

use super::{Node, inbox::outcome, journal::chain_to_wire, outbox::Waiting, post::FULL, relay::ENOUGH};
use crate::{
    clock::{self, SystemEntropy},
    peer::PeerState,
    storage::Position,
};

/// Most letters of one pack. [CAR-1]
const MOST: usize = 64;
/// Most bytes of one pack. [CAR-1]
const MOST_BYTES: usize = 3 * 1024 * 1024;
/// Bytes that a carriage takes in a letter, without key records.
const CARRIAGE: usize = 512;
/// What a letter needs beside its content, carriage and all, at most.
const SEALING: usize = 2 * 1024;
/// The key records of an organisation go along up to this size, so that a letter holds them beside one full item.
const RECORDS: usize = 60 * 1024;

/// Letters of one pack.
#[derive(Default)]
pub struct Pack {
    /// In order.
    pub letters: Vec<Vec<u8>>,
    /// How many items are in them.
    pub items: u32,
    /// How many cannot go now.
    pub left: u32,
    /// Behind which item the next pack begins; none if nothing more waits.
    pub next: Option<Position>,
}

/// Contents on their way into a pack.
#[derive(Default)]
pub(super) struct Packing {
    pub(super) contents: Vec<LetterContent>,
    /// Which items are in them.
    pub(super) items: Vec<Position>,
    /// Trails of which something stays out: what follows it does too.
    broken: BTreeSet<TrailId>,
}

impl Packing {
    /// Whether another letter of the largest size might be too much, the key records in the first one counted.
    fn is_full(&self) -> bool {
        let largest = SIZE_CLASSES.last().copied().unwrap_or_default();
        let class = |content: &LetterContent| {
            let length = content.encoded_len().saturating_add(SEALING);
            SIZE_CLASSES.into_iter().find(|class| length <= *class).unwrap_or(largest)
        };
        let bytes: usize = self.contents.iter().map(class).sum();
        self.contents.len() >= MOST || bytes.saturating_add(2 * largest) > MOST_BYTES
    }

    /// Whether what there is fills one letter over a relay.
    pub(super) fn has_enough(&self) -> bool {
        self.contents.len() > 1 || self.contents.iter().any(|content| content.encoded_len() >= ENOUGH)
    }

    /// Whether nothing before it in its trail stays out.
    pub(super) fn may_follow(&self, item: &Waiting) -> bool {
        item.trail.is_none_or(|trail| !self.broken.contains(&trail))
    }

    /// Takes what an item puts into a letter; without anything it stays out. Tells whether it does.
    pub(super) fn take(&mut self, position: Position, item: &Waiting, enclosed: Option<LetterContent>) -> bool {
        match enclosed {
            Some(content) if content == LetterContent::default() => false,
            Some(content) => {
                self.add(content);
                self.items.push(position);
                false
            }
            None => {
                self.broken.extend(item.trail);
                true
            }
        }
    }

    /// Puts an item behind the others, into the last letter if there is room.
    fn add(&mut self, item: LetterContent) {
        let length = item.encoded_len();
        match self.contents.last_mut().filter(|last| last.encoded_len().saturating_add(length) <= FULL) {
            Some(last) => append(last, item),
            None => self.contents.push(item),
        }
    }
}

/// What may go by hand, one behind the other; the rest is not in either. [CAR-3]
fn append(content: &mut LetterContent, item: LetterContent) {
    content.events.extend(item.events);
    content.disclosures.extend(item.disclosures);
    content.heads.extend(item.heads);
    content.key_records.extend(item.key_records);
    content.agreements.extend(item.agreements);
    content.proofs.extend(item.proofs);
    content.checkpoints.extend(item.checkpoints);
    content.evidence.extend(item.evidence);
    content.countersignatures.extend(item.countersignatures);
    content.relay_words.extend(item.relay_words);
}

/// Puts words beside what a letter holds; none if that is too much for one letter: then they go alone, first. [RLY-9]
pub(super) fn with_words(mut content: LetterContent, words: &[RelayWord]) -> Option<LetterContent> {
    content.relay_words.extend_from_slice(words);
    (content.encoded_len().saturating_add(CARRIAGE) <= letter::largest_content()).then_some(content)
}

impl Node {
    /// Seals what waits for a peer behind a position to letters of one pack. [CAR-5]
    ///
    /// # Errors
    /// [`Rejection::NoSuchPeer`], [`Rejection::PeerNotConfirmed`].
    pub async fn carry_out(&self, name: &str, after: Option<Position>) -> Result<Pack, Rejection> {
        let to = self.carried_to(name)?;
        let (mut packing, mut pack) = (Packing::default(), Pack::default());
        let mut last = after;
        let waiting = self.outbox.queue(&to).all();
        for (position, item, may_go) in waiting.into_iter().filter(|(position, ..)| Some(*position) > after) {
            if packing.is_full() {
                pack.next = last;
                break;
            }
            last = Some(position);
            let enclosed = if may_go && packing.may_follow(&item) { self.carried(&to, position).await } else { None };
            if packing.take(position, &item, enclosed) {
                pack.left = pack.left.saturating_add(1);
            }
        }
        pack.items = u32::try_from(packing.items.len()).unwrap_or(u32::MAX);
        pack.letters = self.seal_pack(&to, packing.contents)?;
        Ok(pack)
    }

    fn carried_to(&self, name: &str) -> Result<OrgId, Rejection> {
        let peer = self.directory.find(name)?.organisation;
        match self.directory.state_of(&peer) {
            Some(PeerState::Confirmed | PeerState::Frozen) => Ok(peer),
            _ => Err(Rejection::PeerNotConfirmed),
        }
    }

    /// What an item puts into a letter; none if it cannot go by hand now.
    pub(super) async fn carried(&self, to: &OrgId, position: Position) -> Option<LetterContent> {
        let mut content = LetterContent::default();
        self.enclose(to, &mut content, position).await.ok()?;
        let fits = content.encoded_len().saturating_add(CARRIAGE) <= letter::largest_content();
        (fits && carriage::may_go(&content)).then_some(content)
    }

    fn seal_pack(&self, to: &OrgId, contents: Vec<LetterContent>) -> Result<Vec<Vec<u8>>, Rejection> {
        let mut pack = [0; PACK_LENGTH];
        SystemEntropy.fill(&mut pack);
        let count = u32::try_from(contents.len()).map_err(|_| Rejection::TooMany)?;
        let sealed = |(number, content)| {
            let (key, content) = self.with_carriage(to, content, pack, number, count)?;
            letter::seal(&key, &content, &mut SystemEntropy)
        };
        (1..).zip(contents).map(sealed).collect()
    }

    /// Puts its carriage into one letter of a pack, and says to which record it is sealed. [CAR-2]
    pub(super) fn with_carriage(
        &self,
        to: &OrgId,
        mut content: LetterContent,
        pack: [u8; PACK_LENGTH],
        number: u32,
        count: u32,
    ) -> Result<(KeyRecord, LetterContent), Rejection> {
        let keys = self.me.keys();
        let recipient = self.directory.chain(to).ok_or(Rejection::NoSuchPeer)?;
        let records = chain_to_wire(&keys.chain).records;
        let length: usize = records.iter().map(|record| record.encoded_len().saturating_add(4)).sum();
        let room = letter::largest_content().saturating_sub(content.encoded_len()).saturating_sub(CARRIAGE);
        let key_records = if number == 1 && length <= room.min(RECORDS) { records } else { Vec::new() };
        let carriage = Carriage {
            author: self.me.organisation,
            key_record: keys.chain.newest_id(),
            recipient: *to,
            pack,
            number,
            count,
            content: [0; 32],
            time: clock::now(),
            key_records,
        };
        carriage.seal_into(&mut content, &keys.signing)?;
        Ok((recipient.newest().clone(), content))
    }

    /// Takes a letter in that was carried here, and says what its receipt would have been. [CAR-10]
    pub async fn carry_in(self: &Arc<Self>, letter: &[u8]) -> wire::CarriedLetter {
        let (carriage, taken) = match self.carried_by(letter).await {
            Err(rejection) => (None, Err(rejection)),
            Ok((carriage, content)) => {
                let taken = self.take_content(&carriage.author, content).await;
                self.settle_shown(&carriage.author).await;
                (Some(carriage), taken)
            }
        };
        let (outcome, code) = match taken {
            Ok(()) => (ReceiptOutcome::Stored, 0),
            Err(rejection) => (outcome(rejection), rejection.number()),
        };
        let said = wire::CarriedLetter { outcome: outcome.into(), code, ..wire::CarriedLetter::default() };
        let Some(carriage) = carriage else { return said };
        wire::CarriedLetter {
            peer: self.directory.name(&carriage.author),
            pack: carriage.pack.to_vec(),
            number: carriage.number,
            count: carriage.count,
            ..said
        }
    }

    /// Whose a letter is, and what it holds.
    pub(super) async fn carried_by(&self, letter: &[u8]) -> Result<(Carriage, LetterContent), Rejection> {
        let content = letter::open(letter, self.me.organisation, &self.me.keys().sealing)?.content;
        self.carried_in(content).await
    }

    /// What a peer has shown to have leaves the queue. [CAR-7]
    pub(super) async fn settle_shown(self: &Arc<Self>, to: &OrgId) {
        for ticket in self.outbox.queue(to).take_shown() {
            self.settled(to, ticket).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(code: u32) -> RelayWord {
        RelayWord { code, ..RelayWord::default() }
    }

    fn saying(words: &[RelayWord]) -> LetterContent {
        LetterContent { relay_words: words.to_vec(), ..LetterContent::default() }
    }

    /// [RLY-12]
    #[test]
    fn what_a_depositor_is_told_is_beside_other_items_and_words() {
        let mut content = saying(&[word(1)]);
        append(&mut content, saying(&[word(2)]));
        assert!(with_words(content, &[word(3)]) == Some(saying(&[word(1), word(2), word(3)])));
    }

    /// [RLY-9]
    #[test]
    fn words_that_do_not_fit_beside_an_item_go_alone() {
        let words: Vec<RelayWord> = (0..1024).map(|code| RelayWord { pack: vec![7; 16], ..word(code) }).collect();
        let item = saying(&[RelayWord { pack: vec![7; letter::largest_content() - CARRIAGE - 64], ..word(0) }]);
        assert!(with_words(item.clone(), &[]).is_some() && with_words(item, &words).is_none());
        assert!(with_words(LetterContent::default(), &words).is_some());
    }
}
