//! What was left with a relay for one peer, and what waits to be.
//!
//! Guarantees nothing of what waits in the queue: this only knows what need not be left again now. [RLY-5] [RLY-6]

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;
use uput_core::{
    id::{Id, KeyId},
    letter::carriage::PACK_LENGTH,
    time::Seconds,
    wire::RelayWord,
};

use crate::{record::LeftRecord, storage::Position};

/// How long something lies at a relay before it is left again, at first and at most: as long again as it had lain there,
/// since a relay can have lost it, and the peer's word can be lost too.
const AGAIN: (u64, u64) = (86_400, 31 * 86_400);
/// How long there is no line to a peer before something is left for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// The first pause after a relay did not take something, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(15 * 60));
/// Letters that wait for the relay's receipt.
const WINDOW: usize = 16;
/// Words that wait for a peer.
const WORDS: usize = 1024;

pub(super) type Pack = [u8; PACK_LENGTH];

/// A letter that a relay has, or is being given.
#[derive(Clone)]
pub(super) struct LeftLetter {
    pub(super) digest: Id,
    pub(super) sealing_key: KeyId,
    pub(super) positions: Vec<Position>,
    /// When it was sealed.
    pub(super) time: Seconds,
}

/// A letter without the relay's receipt.
struct Flying {
    pack: Pack,
    words: Vec<RelayWord>,
    /// Items that it was never given before.
    fresh: Vec<Position>,
}

/// What is with a relay for one peer.
#[derive(Default)]
pub(super) struct Left {
    packs: HashMap<Pack, LeftLetter>,
    /// In which pack each item lies.
    lying: BTreeMap<Position, Pack>,
    /// Since when each item was there first, without a word of the peer.
    since: BTreeMap<Position, Seconds>,
    /// Since when each item was given to the relay first, without a word of the peer: also while the relay says nothing.
    given: BTreeMap<Position, Seconds>,
    /// Letters without the relay's receipt.
    flying: HashMap<u64, Flying>,
    words: VecDeque<RelayWord>,
    /// The last code with which something was not taken; 0: it was.
    code: u32,
    rests: Option<(Instant, u32)>,
    /// Since when there is no line to the peer.
    off_line: Option<Instant>,
}

impl Left {
    /// Takes in what lay there before the node was started; none if it is no record of that.
    pub(super) fn restore(&mut self, item: Position, kept: &LeftRecord) -> Option<()> {
        let pack: Pack = kept.pack.as_slice().try_into().ok()?;
        let letter = LeftLetter {
            digest: Id::parse(&kept.letter).ok()?,
            sealing_key: KeyId::parse(&kept.sealing_key).ok()?,
            positions: kept.positions.iter().map(|position| Position::new(*position)).collect(),
            time: Seconds::new(kept.time)?,
        };
        let at = kept.positions.iter().position(|position| *position == item.number());
        let since = at.and_then(|at| kept.since.get(at)).and_then(|since| Seconds::new(*since));
        self.since.insert(item, since.unwrap_or(letter.time));
        self.given.insert(item, since.unwrap_or(letter.time));
        self.packs.insert(pack, letter);
        self.lying.insert(item, pack);
        Some(())
    }

    /// Another relay was chosen, or the same once more: what the one before does not answer holds up nothing, and its answer
    /// means nothing any more. Words that it has not taken are said to the new one. [RLY-5]
    pub(super) fn begin_anew(&mut self) {
        let flying = std::mem::take(&mut self.flying);
        flying.into_values().for_each(|letter| self.unsaid(letter.words));
        (self.packs, self.lying) = (HashMap::new(), BTreeMap::new());
        (self.since, self.given) = (BTreeMap::new(), BTreeMap::new());
        (self.code, self.rests) = (0, None);
    }

    /// A line to the peer stands: nothing is left for it, and its own letters have their receipts.
    pub(super) fn on_line(&mut self) {
        self.off_line = None;
        self.words.clear();
    }

    /// Whether something may be left now.
    pub(super) fn may_leave(&mut self, now: Instant) -> bool {
        let off_line = *self.off_line.get_or_insert(now);
        let rests = self.rests.is_some_and(|(until, _)| now < until);
        now.duration_since(off_line) >= PATIENCE && !rests && self.flying.len() < WINDOW
    }

    /// Whether an item need not be left again, sealed to that key.
    pub(super) fn has(&self, item: &Position, key: &KeyId, now: Seconds) -> bool {
        let letter = self.lying.get(item).and_then(|pack| self.packs.get(pack));
        // What was sealed by a clock that ran ahead is left again: nobody knows for how long it has lain there.
        letter.is_some_and(|letter| {
            letter.sealing_key == *key && letter.time <= now && now.get() < self.again(item, letter.time)
        })
    }

    /// When an item is left again that was sealed then, seconds since 1970.
    fn again(&self, item: &Position, sealed: Seconds) -> u64 {
        let (first, longest) = AGAIN;
        let lay = self.since.get(item).map_or(0, |since| sealed.get().saturating_sub(since.get()));
        sealed.get().saturating_add(lay.clamp(first, longest))
    }

    /// Items that lie somewhere and wait no more.
    pub(super) fn done_with(&mut self, waits: impl Fn(&Position) -> bool) -> Vec<Position> {
        let done: Vec<Position> = self.lying.keys().filter(|item| !waits(item)).copied().collect();
        self.since.retain(|item, _| waits(item));
        self.given.retain(|item, _| waits(item));
        self.forget(&done);
        done
    }

    /// What it says beside.
    pub(super) fn take_words(&mut self) -> Vec<RelayWord> {
        self.words.drain(..).collect()
    }

    pub(super) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Says a word with the next letter; of one pack the last. [RLY-9]
    pub(super) fn owe(&mut self, word: RelayWord) {
        self.words.retain(|owed| owed.pack != word.pack);
        if self.words.len() >= WORDS {
            self.words.pop_front();
        }
        self.words.push_back(word);
    }

    /// A letter is on its way to the relay.
    pub(super) fn flies(&mut self, ticket: u64, pack: Pack, letter: LeftLetter, words: Vec<RelayWord>) {
        self.lying.extend(letter.positions.iter().map(|position| (*position, pack)));
        let mut fresh = letter.positions.clone();
        fresh.retain(|item| !self.given.contains_key(item));
        self.given.extend(fresh.iter().map(|item| (*item, letter.time)));
        self.packs.insert(pack, letter);
        self.flying.insert(ticket, Flying { pack, words, fresh });
    }

    /// The relay has it. Gives what is to be kept of that: the letter, and since when each of its items was there first.
    pub(super) fn lands(&mut self, ticket: u64) -> Option<(Pack, LeftLetter, Vec<Seconds>)> {
        let Flying { pack, .. } = self.flying.remove(&ticket)?;
        // Only the peer's own word makes the pauses short again: a relay could take each letter and say that it is gone.
        self.code = 0;
        let letter = self.packs.get(&pack).filter(|letter| !letter.positions.is_empty()).cloned();
        let Some(letter) = letter else {
            self.packs.remove(&pack);
            return None;
        };
        let since = letter.positions.iter().map(|item| *self.since.entry(*item).or_insert(letter.time)).collect();
        Some((pack, letter, since))
    }

    /// The relay does not have it, and said that code; 0: it said nothing, and how long it does is still counted. Tells
    /// whether it was asked. [RLY-16]
    pub(super) fn falls(&mut self, ticket: u64, code: u32) -> bool {
        let Some(Flying { pack, words, fresh }) = self.flying.remove(&ticket) else { return false };
        self.take_out(&pack);
        if code != 0 {
            self.given.retain(|item, _| !fresh.contains(item));
        }
        self.unsaid(words);
        true
    }

    /// These words were not taken.
    fn unsaid(&mut self, words: Vec<RelayWord>) {
        words.into_iter().rev().for_each(|word| self.words.push_front(word));
        self.words.truncate(WORDS);
    }

    /// Something was not taken: for a while nothing is tried. [RLY-7]
    pub(super) fn rest(&mut self, code: u32, now: Instant) {
        self.code = code;
        // Of several that were under way one pause is enough.
        if self.rests.is_some_and(|(until, _)| now < until) {
            return;
        }
        let (first, longest) = PAUSES;
        let times = self.rests.map_or(0, |(_, times)| times);
        let pause = first.saturating_mul(2_u32.saturating_pow(times.min(16))).min(longest);
        self.rests = Some((now + pause, times.saturating_add(1)));
    }

    /// The peer was heard. [RLY-7]
    pub(super) fn heard(&mut self) {
        (self.code, self.rests) = (0, None);
    }

    /// The pack of a letter that a relay speaks of.
    pub(super) fn pack_of(&self, digest: &Id) -> Option<Pack> {
        self.packs.iter().find(|(_, letter)| letter.digest == *digest).map(|(pack, _)| *pack)
    }

    /// The peer has answered for a letter, also for one that was left again since. Gives what is in it. [RLY-10]
    pub(super) fn answered(&mut self, pack: &Pack) -> Vec<Position> {
        let Some(letter) = self.packs.remove(pack) else { return Vec::new() };
        letter.positions.iter().for_each(|item| {
            self.since.remove(item);
            self.given.remove(item);
        });
        self.forget(&letter.positions);
        letter.positions
    }

    /// Forgets a letter that the relay does not have, and gives what was there in no other. [RLY-13]
    pub(super) fn take_out(&mut self, pack: &Pack) -> Vec<Position> {
        let Some(letter) = self.packs.remove(pack) else { return Vec::new() };
        let here = |item: &Position| self.lying.get(item) == Some(pack);
        let items: Vec<Position> = letter.positions.into_iter().filter(here).collect();
        items.iter().for_each(|item| {
            self.lying.remove(item);
        });
        items
    }

    fn forget(&mut self, items: &[Position]) {
        items.iter().for_each(|item| {
            self.lying.remove(item);
        });
        let since = &self.since;
        let flying: Vec<Pack> = self.flying.values().map(|letter| letter.pack).collect();
        self.packs.retain(|pack, letter| {
            flying.contains(pack) || letter.positions.iter().any(|item| since.contains_key(item))
        });
    }

    /// Of what still waits: how many items lie there, since when the oldest was given to the relay without a word of the peer,
    /// also if the relay says that it is gone or says nothing, and the last code. [RLY-15] [RLY-16]
    pub(super) fn standing(&self, waits: impl Fn(&Position) -> bool) -> (u32, u64, u32) {
        let under_way: Vec<&Pack> = self.flying.values().map(|letter| &letter.pack).collect();
        let there = self.lying.iter().filter(|(item, pack)| waits(item) && !under_way.contains(pack));
        let since = self.given.iter().filter(|(item, _)| waits(item)).map(|(_, since)| since.get());
        (u32::try_from(there.count()).unwrap_or(u32::MAX), since.min().unwrap_or(0), self.code)
    }
}

#[cfg(test)]
mod tests;
