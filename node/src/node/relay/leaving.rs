//! The sender: what waits for a peer without a line is left with its relay.

use std::time::Duration;

use tokio::time::Instant;
use uput_core::{
    entropy::Entropy,
    id::{Id, KeyId, OrgId},
    letter::{self, carriage::PACK_LENGTH},
    rejection::Rejection,
    time::Seconds,
    wire::{LetterContent, ReceiptOutcome},
};

use super::left::{LeftLetter, Pack};
use crate::{
    clock::{self, SystemEntropy},
    node::{
        Node,
        carry::{Packing, with_words},
    },
    peer::Outgoing,
    record::LeftRecord,
};

/// How often it is looked whether something waits.
const LOOK: Duration = Duration::from_millis(500);

impl Node {
    /// The next letter that is left with a relay. Waits for ever if nobody is reached over it. [RLY-5]
    pub(in crate::node) async fn next_left(&self, relay: &OrgId) -> Outgoing {
        loop {
            let changed = self.relays.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let beyond = self.relays.beyond(relay);
            for to in &beyond {
                if self.may_leave(relay, to)
                    && let Some(outgoing) = self.leave(relay, to).await
                {
                    return outgoing;
                }
            }
            if beyond.is_empty() {
                changed.await;
            } else {
                tokio::select! {
                    () = changed => (),
                    () = tokio::time::sleep(LOOK) => (),
                }
            }
        }
    }

    fn may_leave(&self, relay: &OrgId, to: &OrgId) -> bool {
        let silent = self.refuse_proven().is_err() || self.refuse_put_back(to).is_err();
        if silent || !self.is_confirmed(relay) || !self.is_confirmed(to) {
            return false;
        }
        let on_line = self.directory.peer(to).is_some_and(|peer| peer.connected);
        let mut state = self.relays.lock();
        let left = state.left.entry(*to).or_default();
        if on_line {
            left.on_line();
        }
        !on_line && left.may_leave(Instant::now())
    }

    /// A letter of what waits for a peer and lies nowhere yet; none if nothing does.
    async fn leave(&self, relay: &OrgId, to: &OrgId) -> Option<Outgoing> {
        let chain = self.directory.chain(to)?;
        let sealing_key = chain.newest().sealing_keys().first()?.id();
        self.forget_arrived(to).await;
        let packing = self.pack_one(to, &sealing_key).await;
        let (mut positions, content) = (packing.items, packing.contents.into_iter().next());
        let mut state = self.relays.lock();
        // Another one was chosen meanwhile.
        if state.routes.get(to).is_none_or(|route| route.relay != *relay) {
            return None;
        }
        let left = state.left.entry(*to).or_default();
        if content.is_none() && !left.has_words() {
            return None;
        }
        let words = left.take_words();
        let content = with_words(content.unwrap_or_default(), &words).unwrap_or_else(|| {
            // The items go with the next letter.
            positions.clear();
            LetterContent { relay_words: words.clone(), ..LetterContent::default() }
        });
        let mut pack: Pack = [0; PACK_LENGTH];
        SystemEntropy.fill(&mut pack);
        let carried = self.with_carriage(to, content, pack, 1, 1);
        let sealed = carried.and_then(|(key, content)| letter::seal_relayed(&key, &content, &mut SystemEntropy));
        let Ok(letter) = sealed else {
            words.into_iter().for_each(|word| left.owe(word));
            left.rest(Rejection::TooLarge.number(), Instant::now());
            return None;
        };
        let of_it = LeftLetter { digest: Id::of(&letter), sealing_key, positions, time: clock::now() };
        state.next_ticket = state.next_ticket.wrapping_add(1);
        let ticket = state.next_ticket;
        state.left.entry(*to).or_default().flies(ticket, pack, of_it, words);
        state.flying.insert(ticket, *to);
        Some(Outgoing { ticket, letter })
    }

    /// What waits and lies nowhere, as much as goes into one letter. [CAR-5]
    async fn pack_one(&self, to: &OrgId, key: &KeyId) -> Packing {
        let queue = self.outbox.queue(to);
        let mut packing = Packing::default();
        for (position, item, may_go) in queue.all() {
            let now = clock::now();
            let lies = self.relays.lock().left.get(to).is_some_and(|left| left.has(&position, key, now));
            if lies {
                continue;
            }
            let alone = queue.goes_alone(&position);
            if packing.has_enough() || (alone && !packing.contents.is_empty()) {
                break;
            }
            let enclosed = if may_go && packing.may_follow(&item) { self.carried(to, position).await } else { None };
            packing.take(position, &item, enclosed);
            if alone && !packing.contents.is_empty() {
                break;
            }
        }
        packing
    }

    /// What has arrived some other way lies nowhere. [RLY-6]
    async fn forget_arrived(&self, to: &OrgId) {
        let waiting = self.waiting_for(to);
        let done = {
            let mut state = self.relays.lock();
            state.left.entry(*to).or_default().done_with(|position| waiting.contains(position))
        };
        self.left_no_more(to, &done).await;
    }

    /// The relay's word on a letter that was left with it. [RLY-6] [RLY-7]
    pub(in crate::node) async fn left_there(&self, relay: &OrgId, ticket: u64, outcome: ReceiptOutcome, code: u32) {
        let kept = {
            let mut state = self.relays.lock();
            let Some(to) = state.flying.remove(&ticket) else { return };
            let Some(left) = state.left.get_mut(&to) else { return };
            if outcome == ReceiptOutcome::Stored {
                left.lands(ticket).map(|landed| (to, landed))
            } else {
                if left.falls(ticket, code) {
                    left.rest(code, Instant::now());
                }
                None
            }
        };
        let Some((to, (pack, letter, since))) = kept else { return };
        let record = LeftRecord {
            organisation: to.to_vec(),
            relay: relay.to_vec(),
            pack: pack.to_vec(),
            letter: letter.digest.as_bytes().to_vec(),
            sealing_key: letter.sealing_key.to_vec(),
            positions: letter.positions.iter().map(|position| position.number()).collect(),
            time: letter.time.get(),
            since: since.into_iter().map(Seconds::get).collect(),
        };
        // If this is lost they are left once more, and taken once.
        if let Err(rejection) = self.keep(&record).await {
            tracing::warn!(%rejection, "that letters lie at a relay was not kept");
        }
    }

    /// The line to the relay broke before its receipt.
    pub(in crate::node) fn not_left(&self, ticket: u64) {
        let mut state = self.relays.lock();
        let Some(to) = state.flying.remove(&ticket) else { return };
        if let Some(left) = state.left.get_mut(&to) {
            left.falls(ticket, 0);
        }
    }
}

/// Bytes of content from which on a relayed letter is full: with key records and words it still fits the middle size.
pub(in crate::node) const ENOUGH: usize = letter::SIZE_CLASSES[1] * 3 / 4;
