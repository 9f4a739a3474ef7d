//! Putting the challenges of others, as a witness.
//!
//! Guarantees that what is countersigned is on disk before anybody hears it, that a challenge which the party did not take is
//! never said to have been put, and that nothing is learnt of a trail: what is put is sealed, and named by its ID alone.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use uput_core::{
    head::Countersignature,
    id::{Id, OrgId},
    letter::SIZE_CLASSES,
    rejection::Rejection,
    time::{Seconds, Span},
    wire::{self, LetterContent},
};

use super::{
    super::{Node, outbox::Waiting},
    DAY,
};
use crate::{
    clock,
    peer::PeerState,
    record::{self, Part, PutRecord},
    shutdown::Shutdown,
    storage::Position,
};

/// New challenges of one organisation in a day. [LOG-110]
const MOST: u32 = 24;
/// Days after a challenge was put on which it is said that no answer has come. [LOG-111]
const SAID: [u64; 6] = [1, 2, 4, 8, 16, 30];
/// How often it is looked for what is to be said.
const LOOK: Duration = Duration::from_secs(300);
/// Whose lines all have been down for so long was cut off itself, and says nothing of others. [LOG-111]
const CUT_OFF: Span = Span(3600);

/// Which challenge, and whose.
type Name = (Id, OrgId);

/// What a witness holds of challenges beside the journal.
#[derive(Default)]
pub(in crate::node) struct Putting {
    /// Those that are in letters under way, by the position of their record.
    on_the_way: Mutex<HashMap<Position, Name>>,
    /// Those that were put and not answered: when, and until when that was said.
    waiting: Mutex<BTreeMap<Name, (Seconds, Seconds)>>,
    /// New ones of each organisation: the day, and how many.
    new: Mutex<HashMap<OrgId, (u64, u32)>>,
    /// Held while what is kept of a challenge changes.
    alone: tokio::sync::Mutex<()>,
}

impl Putting {
    fn allow(&self, from: &OrgId, now: Seconds) -> Result<(), Rejection> {
        let day = now.get() / DAY.0;
        // A panic while the lock was held left a count that is one too low.
        let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = new.entry(*from).or_insert((day, 0));
        if *since != day {
            (*since, *count) = (day, 0);
        }
        if *count >= MOST {
            return Err(Rejection::TooMany);
        }
        *count = count.saturating_add(1);
        Ok(())
    }

    /// Takes in how a challenge stands.
    fn note(&self, name: Name, kept: &PutRecord) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let times = Seconds::new(kept.put).zip(Seconds::new(kept.until)).filter(|_| kept.put > 0);
        match times.filter(|times| kept.head.is_empty() && kept.code == 0 && next(*times).is_some()) {
            Some(times) => drop(waiting.insert(name, times)),
            None => drop(waiting.remove(&name)),
        }
    }

    /// Those of which it is to be said now that no answer has come.
    fn due(&self, now: Seconds) -> Vec<Name> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |times: &(Seconds, Seconds)| next(*times).is_some_and(|next| next <= now);
        waiting.iter().filter(|(_, times)| due(times)).map(|(name, _)| *name).collect()
    }

    fn landed(&self, position: Position) -> Option<Name> {
        self.on_the_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&position)
    }
}

/// When it is said next of a challenge that no answer has come; none: never again.
fn next((put, until): (Seconds, Seconds)) -> Option<Seconds> {
    SAID.iter().map(|days| put.after(Span(days * DAY.0))).find(|next| until < *next)
}

impl Node {
    /// Reads which challenges wait for an answer.
    pub(in crate::node) fn read_put(&self) -> Result<(), Rejection> {
        for position in self.positions(record::PUT, &record::put_key(Part::Witness, b"", b""))? {
            let kept: PutRecord = self.at(position)?;
            self.putting.note((Id::parse(&kept.challenge)?, OrgId::parse(&kept.with)?), &kept);
        }
        Ok(())
    }

    /// Somebody asks us to put a challenge to an organisation that names us as its witness. [LOG-110]
    pub(super) async fn put(&self, from: &OrgId, to: &OrgId, put: &wire::PutChallenge) -> Result<(), Rejection> {
        let challenge = Id::parse(&put.challenge)?;
        let confirmed = |peer| self.directory.state_of(peer) == Some(PeerState::Confirmed);
        let names_us = self.directory.chain(to).is_some_and(|c| c.newest().witnesses().contains(&self.me.organisation));
        if to == from || !confirmed(from) || !confirmed(to) || !names_us {
            return Err(Rejection::NotAWitness);
        }
        if SIZE_CLASSES.first() != Some(&put.letter.len()) {
            return Err(Rejection::TooLarge);
        }
        let _alone = self.putting.alone.lock().await;
        if self.part_in(Part::Witness, &challenge, from)?.is_some() {
            return Ok(());
        }
        let now = clock::now();
        if !self.may_end_by_time() {
            return Err(Rejection::TooMany);
        }
        self.putting.allow(from, now)?;
        let record = PutRecord {
            part: Part::Witness.into(),
            challenge: put.challenge.clone(),
            with: from.to_vec(),
            asked: to.to_vec(),
            letter: put.letter.clone(),
            to: to.to_vec(),
            stored: now.get(),
            ..PutRecord::default()
        };
        self.keep_put(record).await
    }

    /// Keeps how a challenge stands, and tells whom it names.
    async fn keep_put(&self, record: PutRecord) -> Result<(), Rejection> {
        let position = self.keep(&record).await?;
        self.putting.note((Id::parse(&record.challenge)?, OrgId::parse(&record.with)?), &record);
        let waiting = Waiting { trail: None, event: false, since: record.stored };
        self.outbox.queue(&OrgId::parse(&record.to)?).push([(position, waiting)]);
        Ok(())
    }

    /// Puts into a letter what is kept of a challenge that goes through a witness.
    pub(in crate::node) fn enclose_put(
        &self,
        content: &mut LetterContent,
        kept: PutRecord,
        position: Position,
    ) -> Result<(), Rejection> {
        let PutRecord { challenge, with, asked, letter, said, head, code, .. } = kept;
        match Part::try_from(kept.part).unwrap_or(Part::Unspecified) {
            Part::Witness if !letter.is_empty() => {
                let name = (Id::parse(&challenge)?, OrgId::parse(&with)?);
                self.putting.on_the_way.lock().unwrap_or_else(PoisonError::into_inner).insert(position, name);
                content.put_challenges.push(wire::PutChallenge { challenge, to: asked, letter });
            }
            Part::Witness if code == 0 => {
                content.countersignatures.push(uput_core::envelope::Envelope::parse(&said)?.to_wire());
            }
            Part::Witness | Part::Asked => content.put_answers.push(wire::PutAnswer { challenge, head, code }),
            Part::Challenger | Part::Unspecified => return Err(Rejection::Malformed),
        }
        Ok(())
    }

    /// A party has on its disk what these records hold: challenges among them were put. [LOG-111]
    pub(in crate::node) async fn arrived_there(&self, positions: &[Position]) {
        for name in positions.iter().filter_map(|position| self.putting.landed(*position)) {
            if let Err(rejection) = self.say_put(&name, clock::now(), None).await {
                tracing::warn!(%rejection, "that a challenge was put could not be said");
            }
        }
    }

    /// Somebody did not take what this record holds; whether that was about a challenge which goes through a witness: then it is
    /// no fault of ours. If it was the challenge itself, whoever challenged is told. [LOG-112]
    pub(in crate::node) async fn not_taken(&self, by: &OrgId, positions: &[Position], code: u32) -> bool {
        let [position] = positions else { return false };
        let Some(name) = self.putting.landed(*position) else {
            return self.at::<PutRecord>(*position).is_ok() || self.not_put(by, *position, code).await;
        };
        let _alone = self.putting.alone.lock().await;
        let kept = self.part_in(Part::Witness, &name.0, &name.1).ok().flatten();
        let Some(kept) = kept.filter(|kept| kept.said.is_empty()) else { return true };
        let (to, stored) = (kept.with.clone(), clock::now().get());
        if let Err(rejection) = self.keep_put(PutRecord { code, letter: Vec::new(), to, stored, ..kept }).await {
            tracing::warn!(%rejection, "that a challenge was not taken could not be said");
        }
        true
    }

    /// The party names the head that answers a challenge which we put. [LOG-111]
    pub(super) async fn take_named(&self, from: &OrgId, challenge: &Id, head: Id) -> Result<(), Rejection> {
        let of_it = record::put_key(Part::Witness, challenge.as_bytes(), b"");
        let positions = self.positions(record::PUT, &of_it)?;
        if positions.is_empty() {
            return Err(Rejection::NotKept);
        }
        for position in positions {
            let kept: PutRecord = self.at(position)?;
            if kept.asked == from.to_vec() && kept.head.is_empty() {
                self.say_put(&(*challenge, OrgId::parse(&kept.with)?), clock::now(), Some(head)).await?;
            }
        }
        Ok(())
    }

    /// Countersigns: that it was put, and until when no answer has come or which has. [LOG-111]
    async fn say_put(&self, name: &Name, now: Seconds, head: Option<Id>) -> Result<(), Rejection> {
        let _speaking = self.me.speak().await;
        let _alone = self.putting.alone.lock().await;
        let kept = self.part_in(Part::Witness, &name.0, &name.1)?.ok_or(Rejection::NotKept)?;
        let put = Seconds::new(kept.put).filter(|_| kept.put > 0);
        // Said already: a receipt that came twice, or an answer before the receipt.
        if !kept.head.is_empty() || (put.is_some() && head.is_none() && kept.until >= now.get()) {
            return Ok(());
        }
        let keys = self.me.keys();
        let put = put.unwrap_or(now).min(now);
        let said = Countersignature {
            challenge: name.0,
            to: OrgId::parse(&kept.asked)?,
            witness: self.me.organisation,
            key: keys.chain.newest_id(),
            put,
            until: now,
            head,
        };
        let said = said.sign(&keys.signing)?.to_bytes();
        let head = head.map(|head| head.as_bytes().to_vec()).unwrap_or_default();
        let (put, until, stored) = (put.get(), now.get(), clock::now().get());
        let (letter, to) = (Vec::new(), kept.with.clone());
        self.keep_put(PutRecord { letter, to, said, head, put, until, stored, code: 0, ..kept }).await
    }

    /// Says from time to time that no answer has come, until `shutdown`. [LOG-111]
    pub async fn keep_countersigning(&self, shutdown: Shutdown) {
        loop {
            self.countersign(clock::now()).await;
            tokio::select! {
                () = shutdown.requested() => return,
                () = tokio::time::sleep(LOOK) => (),
            }
        }
    }

    /// Says so where it is due at a moment; of how many challenges. Not by a clock that may be wrong, and not by whoever was cut
    /// off itself.
    pub async fn countersign(&self, now: Seconds) -> usize {
        if !self.may_end_by_time() || self.is_cut_off() {
            return 0;
        }
        let mut said = 0;
        for name in self.putting.due(now) {
            match self.say_put(&name, now, None).await {
                Ok(()) => said += 1,
                Err(rejection) => tracing::warn!(%rejection, "a challenge is not spoken of; it is tried again"),
            }
        }
        said
    }

    /// Whether no peer was heard for an hour.
    fn is_cut_off(&self) -> bool {
        let since = clock::now();
        let heard = |last: Seconds| last.after(CUT_OFF) >= since;
        !self.directory.peers().iter().any(|peer| peer.connected || peer.last_contact.is_some_and(heard))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: u64, seconds: u64) -> Seconds {
        Seconds::new(1_800_000_000 + days * DAY.0 + seconds).unwrap()
    }

    /// [LOG-111]
    #[test]
    fn of_one_challenge_it_is_said_six_times_in_a_month_that_no_answer_has_come() {
        let (mut until, mut said) = (at(0, 0), Vec::new());
        while let Some(due) = next((at(0, 0), until)) {
            said.push(due);
            until = due.after(Span(60));
        }
        assert_eq!(said, [1, 2, 4, 8, 16, 30].map(|days| at(days, 0)));
        assert_eq!(next((at(0, 0), at(9, 0))), Some(at(16, 0)), "what was not said in time is not said later");
    }

    /// [LOG-110]
    #[test]
    fn one_organisation_may_put_so_many_in_a_day() {
        let (putting, one, other) = (Putting::default(), OrgId::new([1; 32]), OrgId::new([2; 32]));
        let day = Seconds::new(DAY.0 * 20_000).unwrap();
        assert!((0..MOST).all(|_| putting.allow(&one, day).is_ok()));
        assert_eq!(putting.allow(&one, day), Err(Rejection::TooMany));
        assert_eq!(putting.allow(&other, day), Ok(()));
        assert_eq!(putting.allow(&one, day.after(DAY)), Ok(()), "the next day");
    }
}
