//! The relay: letters that lie here for others.

use std::{collections::BTreeMap, sync::Arc};

use uput_core::{
    id::{Id, OrgId},
    rejection::Rejection,
    time::Seconds,
    wire::{LetterContent, ReceiptOutcome, RelayWord},
};

use super::Relays;
use crate::{
    clock,
    node::{Node, journal::chain_to_wire, outbox::Waiting, post::to_the_end},
    record::GoneRecord,
};

/// Of how many letters a day a depositor is told that they are gone; of others it hears when it leaves them again. [RLY-18]
const TOLD: usize = 4096;

impl Relays {
    /// Whether a depositor is told of so many letters more today.
    fn may_tell(&self, depositor: &OrgId, letters: usize, now: Seconds) -> bool {
        let today = now.get() / 86_400;
        let mut state = self.lock();
        let (day, told) = state.told.entry(*depositor).or_default();
        if *day != today {
            (*day, *told) = (today, 0);
        }
        told.saturating_add(letters) <= TOLD
    }

    /// It was told of them.
    fn told(&self, depositor: &OrgId, letters: usize) {
        let mut state = self.lock();
        let (_, told) = state.told.entry(*depositor).or_default();
        *told = told.saturating_add(letters);
    }
}

impl Node {
    /// Keeps a letter that a peer leaves here for another one. [RLY-4]
    pub(in crate::node) async fn keep_for(&self, from: &OrgId, to: &OrgId, letter: &[u8]) -> Result<(), Rejection> {
        let known = self.is_confirmed(from) && self.is_confirmed(to);
        // Whom this node knows is no business of whoever asks.
        let quota = self.relays.quota(from, to).filter(|_| known).ok_or(Rejection::WrongRecipient)?;
        let scarce = self.storage.left().map_or(true, |left| left.is_low());
        if self.storage.is_full() || scarce {
            return Err(Rejection::MailboxFull);
        }
        self.mailbox.keep(from, to, letter, quota, clock::now()).await
    }

    /// What became of a letter that was handed out. [RLY-8]
    pub(in crate::node) async fn handed_out(&self, to: &OrgId, number: u64, outcome: ReceiptOutcome, code: u32) {
        match outcome {
            ReceiptOutcome::Stored => self.mailbox.remove(to, number).await,
            ReceiptOutcome::Refused | ReceiptOutcome::StaleKey => {
                let Some((from, digest)) = self.mailbox.lying(to, number) else { return };
                match self.tell_depositor(&from, to, &[digest], code).await {
                    Ok(()) => self.mailbox.remove(to, number).await,
                    // It is refused once more, and told then.
                    Err(_) => self.mailbox.later(to, number),
                }
            }
            ReceiptOutcome::Later | ReceiptOutcome::Unspecified => self.mailbox.later(to, number),
        }
    }

    /// Removes what nobody fetched in its time, and tells who left it. [RLY-12]
    ///
    /// # Errors
    /// [`Rejection::DiskFull`]: then it still lies there.
    pub async fn empty_mailbox(&self, now: Seconds) -> Result<(), Rejection> {
        let mut told = BTreeMap::<(OrgId, OrgId), Vec<(u64, Id)>>::new();
        for (to, number, from, digest) in self.mailbox.expired(now) {
            told.entry((from, to)).or_default().push((number, digest));
        }
        for ((from, to), letters) in told {
            for some in letters.chunks(64) {
                let digests: Vec<Id> = some.iter().map(|(_, digest)| *digest).collect();
                self.tell_depositor(&from, &to, &digests, Rejection::LetterExpired.number()).await?;
                for (number, _) in some {
                    self.mailbox.remove(&to, *number).await;
                }
            }
        }
        Ok(())
    }

    /// Says to a depositor that letters do not lie here any more. [RLY-12]
    async fn tell_depositor(
        &self,
        from: &OrgId,
        recipient: &OrgId,
        letters: &[Id],
        code: u32,
    ) -> Result<(), Rejection> {
        // [RLY-18]
        if !self.relays.may_tell(from, letters.len(), clock::now()) {
            return Ok(());
        }
        let record = GoneRecord {
            to: from.to_vec(),
            recipient: recipient.to_vec(),
            letters: letters.iter().map(|letter| letter.as_bytes().to_vec()).collect(),
            code,
        };
        let position = self.keep(&record).await?;
        // What was not kept is told another time, and does not count.
        self.relays.told(from, letters.len());
        let item = Waiting { trail: None, event: false, since: clock::now().get() };
        self.outbox.queue(from).push([(position, item)]);
        Ok(())
    }

    /// Puts into a letter what a depositor is told. [RLY-12]
    pub(in crate::node) fn enclose_gone(
        &self,
        content: &mut LetterContent,
        gone: &GoneRecord,
    ) -> Result<(), Rejection> {
        let word = |letter: &Vec<u8>| RelayWord {
            pack: Vec::new(),
            letter: letter.clone(),
            outcome: ReceiptOutcome::Refused.into(),
            code: gone.code,
        };
        content.relay_words.extend(gone.letters.iter().map(word));
        if gone.code == Rejection::StaleKey.number()
            && let Some(chain) = self.directory.chain(&OrgId::parse(&gone.recipient)?)
        {
            content.key_records.extend(chain_to_wire(&chain).records);
        }
        Ok(())
    }

    /// Letters that lie here for a peer, one after the other.
    pub(in crate::node) async fn next_kept(self: &Arc<Self>, to: &OrgId) -> (u64, Vec<u8>) {
        loop {
            let (number, letter) = self.mailbox.next(to).await;
            if let Some(letter) = letter {
                return (number, letter);
            }
            tracing::warn!("a letter that lay here for somebody is damaged, and is removed");
            let (node, to) = (Arc::clone(self), *to);
            let told = async move {
                node.handed_out(&to, number, ReceiptOutcome::Refused, Rejection::ReadFailed.number()).await;
            };
            // Whoever waits may go away; the depositor is told all the same. [RLY-12]
            let _ = to_the_end(told).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [RLY-18]
    #[test]
    fn of_so_many_letters_a_day_a_depositor_is_told() {
        let relays = Relays::default();
        let [one, other] = [b"invented hotline", b"invented centre!"].map(|name| OrgId::from(Id::of(name)));
        let at = |day: u64| Seconds::new(day * 86_400).unwrap();
        assert!(relays.may_tell(&one, TOLD, at(9)) && !relays.may_tell(&one, TOLD + 1, at(9)));
        assert!(relays.may_tell(&one, TOLD, at(9)), "who only asks has told nothing");
        relays.told(&one, TOLD - 64);
        assert!(relays.may_tell(&one, 64, at(9)) && !relays.may_tell(&one, 65, at(9)));
        relays.told(&one, 64);
        assert!(!relays.may_tell(&one, 1, at(9)) && relays.may_tell(&other, 1, at(9)));
        assert!(relays.may_tell(&one, 1, at(10)));
    }
}
