//! A node that was restored: where each trail stands it does not know until the other party has said so.
//!
//! Guarantees that nothing is said in a trail, and nothing that waited is sent, before the other party's head has closed
//! the older incarnation and everything that it counts is here; that an honest node is so never convicted of two stories;
//! and that whoever is asked gives back what the other one lost, its own events among it. Leaves to people what nobody
//! else had: it is lost.

use uput_core::{
    event::{Event, Statement},
    head::{ClosedIncarnation, Head},
    id::{EventId, Id, OrgId, TrailId},
    log::{EntryKind, SignedCheckpoint},
    rejection::Rejection,
    time::Seconds,
    wire,
};

use crate::{
    node::{
        Node, OpenError,
        journal::newest,
        log::{Logged, logged},
        outbox::Waiting,
        post::settled,
        trails::Loaded,
    },
    record::{self, CosignedRecord, HeadRecord, OwnRecord},
    storage::{Commit, Position, Storage, StorageError},
};

impl Node {
    /// Begins the next incarnation in a folder that was restored: before anything else is done with it. Gives its number.
    /// [BAK-50] [LOG-34]
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn begin_incarnation(storage: &Storage) -> Result<u32, OpenError> {
        let own: OwnRecord = newest(storage, record::OWN, b"own")?.ok_or(OpenError::NotFounded)?;
        let incarnation =
            next(own.incarnation, crate::clock::now()).ok_or(OpenError::Unreadable(Rejection::Malformed))?;
        let mut records = vec![record::draft(&OwnRecord { incarnation, ..own })];
        if let Some(last) = last_cosigned(storage)? {
            let id = SignedCheckpoint::parse(&last.note).map_err(OpenError::Unreadable)?.claimed().id();
            records.extend(logged([Logged::new(EntryKind::Checkpoint, id)]));
        }
        storage.commit(Commit { keys: Vec::new(), records }).await?;
        Ok(incarnation)
    }

    /// Whether this node may say something in a trail. [BAK-52]
    pub(in crate::node) fn is_resumed(&self, loaded: &Loaded) -> bool {
        let Some(older) = self.me.incarnation.checked_sub(1) else { return true };
        let us = self.me.organisation;
        let Some(side) = loaded.trail.side(&us) else { return false };
        let count = loaded.trail.count(side);
        let opened = loaded.trail.opening_event();
        let begun = opened.is_ok_and(|opening| opening.author == us && opening.incarnation > older);
        let closed = |head: Head| head.closes.is_some_and(|at| at.incarnation >= older && at.count <= count);
        begun || loaded.heads_of(&loaded.other(&us)).any(closed)
    }

    pub(in crate::node) fn demand_resumed(&self, loaded: &Loaded) -> Result<(), Rejection> {
        if self.is_resumed(loaded) { Ok(()) } else { Err(Rejection::NotResumed) }
    }

    /// Asks the other party of each trail where it stands. Asked anew at each start, until it is known. [BAK-51]
    pub async fn ask_to_resume(&self) {
        if self.me.incarnation == 0 {
            return;
        }
        for trail in self.trail_ids().unwrap_or_default() {
            // What a stop cut off is found again: what is answered, and what is owed for it. [BAK-52]
            if let Err(rejection) = self.resume(&trail).await {
                tracing::error!(%rejection, "a trail of before the restore is not asked about until the next start");
            }
        }
    }

    async fn ask_of(&self, id: &TrailId) -> Result<(), Rejection> {
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(id).await;
        self.ensure_loaded(&mut held, id)?;
        let Some(loaded) = held.as_mut() else { return Ok(()) };
        if self.is_resumed(loaded) {
            return Ok(());
        }
        let queue = self.outbox.queue(&loaded.other(&self.me.organisation));
        // [BAK-54] What this node owed to a peer that was restored too waits for no answer.
        if let Some(position) = self.own_closing(loaded, 0)? {
            queue.give([(position, head_of(loaded))]);
        }
        let question = self.question(loaded).await?;
        queue.asks_by(question, head_of(loaded));
        Ok(())
    }

    /// The head that asks where a trail stands, as it is on disk.
    async fn question(&self, loaded: &mut Loaded) -> Result<Position, Rejection> {
        let keys = self.me.keys();
        let head = self.standing_of(loaded, &keys, last_known(loaded))?.sign(&keys.signing)?;
        match self.position_of(loaded, &head.id())? {
            Some(position) => Ok(position),
            None => self.keep_head_at(loaded, head, None, crate::clock::now()).await,
        }
    }

    /// Whether a head of the other party asks where a trail stands, because its node was restored. [BAK-51]
    pub(super) fn resumes(&self, loaded: &Loaded, head: &Head, known: bool) -> bool {
        let Some(older) = head.incarnation.checked_sub(1) else { return false };
        let closes = |own: Head| own.closes.is_some_and(|closes| closes.incarnation >= older);
        // What is here and closes something is an answer that came once more: two nodes would answer each other for ever.
        let again = known && head.closes.is_none();
        head.nonce.is_none() && (again || !loaded.heads_of(&self.me.organisation).any(closes))
    }

    /// Closes the older incarnation of the other party, and gives back what it lost: events first, then the head. [BAK-54]
    pub(super) async fn answer_restored(
        &self,
        from: &OrgId,
        loaded: &mut Loaded,
        head: &Head,
    ) -> Result<(), Rejection> {
        let (us, older) = (self.me.organisation, head.incarnation.saturating_sub(1));
        let lost = |event: &Event| {
            let kept = if event.author == us { head.seen_count } else { head.own_count };
            event.seq >= kept
        };
        let trail = Some(loaded.trail.id());
        let events = loaded.trail.events().filter(|event| lost(event));
        let events = events.filter_map(|event| loaded.beside.get(&event.id));
        let items: Vec<_> =
            events.map(|beside| (beside.position, Waiting { trail, event: false, since: beside.stored })).collect();
        let queue = self.outbox.queue(from);
        queue.give(items);
        if let Some(position) = self.own_closing(loaded, older)? {
            queue.give([(position, head_of(loaded))]);
            return Ok(());
        }
        let (keys, now) = (self.me.keys(), crate::clock::now());
        // [BAK-51] A node that asks itself says nothing of the time since.
        let then = if self.is_resumed(loaded) { now } else { last_known(loaded) };
        let standing = self.standing_of(loaded, &keys, then)?;
        let closes = Some(ClosedIncarnation { incarnation: older, count: standing.seen_count });
        let closing = Head { closes, ..standing }.sign(&keys.signing)?;
        let position = self.keep_head_at(loaded, closing, Some(from), now).await?;
        queue.give([(position, head_of(loaded))]);
        Ok(())
    }

    /// Where our head is that closes an incarnation of the other party, or a later one.
    fn own_closing(&self, loaded: &Loaded, older: u32) -> Result<Option<Position>, Rejection> {
        let own = loaded.heads.iter().filter_map(|known| Some((known.id(), Head::parse(known.body()).ok()?)));
        let mut closing = own.filter(|(_, head)| {
            head.author == self.me.organisation && head.closes.is_some_and(|closes| closes.incarnation >= older)
        });
        let found = closing.next().map(|(id, _)| self.position_of(loaded, &id));
        Ok(found.transpose()?.flatten())
    }

    /// Whether the other party lost an event in a restore, and it came here all the same: it goes back. [BAK-54]
    pub(in crate::node) fn closed_before(&self, loaded: &Loaded, from: &OrgId, event: &Event) -> bool {
        let mut own = loaded.heads_of(&self.me.organisation).filter_map(|head| head.closes);
        event.author == *from && own.any(|closes| closes.incarnation >= event.incarnation)
    }

    /// Goes on with a trail once the other party has said where it stands: what it has is not sent again, and what is owed
    /// is said. [BAK-53]
    pub(in crate::node) async fn resume_trail(&self, id: &TrailId) {
        if self.me.incarnation == 0 {
            return;
        }
        if let Err(rejection) = self.resume(id).await {
            tracing::warn!(%rejection, "a trail of before the restore waits");
        }
    }

    async fn resume(&self, id: &TrailId) -> Result<(), Rejection> {
        let mut held = self.trails.hold(id).await;
        self.ensure_loaded(&mut held, id)?;
        let Some(loaded) = held.as_ref() else { return Ok(()) };
        let other = loaded.other(&self.me.organisation);
        let queue = self.outbox.queue(&other);
        if !self.is_resumed(loaded) {
            // [BAK-54] What was given back did not come before the head that counts it, as after a stop of the peer.
            let short =
                loaded.heads_of(&other).filter_map(|head| head.closes).any(|at| at.count > own_count(loaded, &other));
            drop(held);
            if short {
                queue.ask_for_short(*id)?;
            }
            return if queue.has_asked_about(id) { Ok(()) } else { self.ask_of(id).await };
        }
        if queue.is_resumed(id) {
            return Ok(());
        }
        let seen = loaded.heads_of(&other).filter(|head| head.closes.is_some()).map(|head| head.seen_count).max();
        let has = |position| numbered(loaded, position).zip(seen).is_some_and(|(number, seen)| number < seen);
        let settles = queue.take_answered(id, has);
        let owed = owed(loaded, &other);
        if !settles.is_empty() {
            self.keep_settled(&other, settled(&settles)).await;
        }
        drop(held);
        self.say_owed(id, owed).await?;
        // Last: after a stop or a full disk all of it is found again.
        queue.resume(*id);
        Ok(())
    }

    /// Says that the events of the time of the restore are here.
    async fn say_owed(&self, id: &TrailId, owed: Vec<EventId>) -> Result<(), Rejection> {
        for event in owed {
            let request = Id::of(&[b"uput/node/resumed".as_slice(), event.as_bytes()].concat()).as_bytes().to_vec();
            let said = self.record_itself(id, &Statement::Delivered(event), request).await;
            match said.map_err(|refused| refused.rejection()) {
                Err(rejection @ (Rejection::DiskFull | Rejection::ReadFailed)) => return Err(rejection),
                // What cannot be said any more holds up nothing.
                Err(rejection) => tracing::warn!(%rejection, "that an event arrived is not said"),
                Ok(()) => (),
            }
        }
        Ok(())
    }

    /// Gives a peer whose node was restored what it asks for: a head of each trail with it, so that it learns of those that
    /// it lost, and the agreements with it; or all events of one trail. [BAK-57]
    pub(in crate::node) async fn answer_lost(&self, from: &OrgId, lost: &wire::LostRequest) -> Result<(), Rejection> {
        // [STO-40] A trail is asked for by a node that was put back, too, which knows of no other incarnation.
        if let Some(trail) = TrailId::parse_optional(&lost.trail)? {
            return self.give_back(from, &trail).await;
        }
        let older = lost.incarnation.checked_sub(1).ok_or(Rejection::Malformed)?;
        self.outbox.queue(from).allow_all(crate::clock::now().get())?;
        self.give_agreements(from)?;
        let mut named = Ok(());
        for trail in self.trail_ids()? {
            // [BAK-59] What is with others is not read for it.
            if self.outlined_other(&trail).ok().flatten().is_some_and(|other| other != *from) {
                continue;
            }
            match self.name_trail(from, &trail, older).await {
                Ok(()) | Err(Rejection::NoSuchTrail | Rejection::RetentionOver) => (),
                // The peer asks again: a trail that it does not hear of stays lost to it.
                Err(rejection) => {
                    tracing::warn!(%rejection, "a trail was not named to a peer that was restored");
                    named = Err(if rejection == Rejection::DiskFull { rejection } else { Rejection::ReadFailed });
                }
            }
        }
        named
    }

    /// All events of a trail with that peer go once more.
    async fn give_back(&self, from: &OrgId, id: &TrailId) -> Result<(), Rejection> {
        let mut held = self.trails.hold(id).await;
        self.ensure_loaded(&mut held, id)?;
        let loaded = held.as_mut().filter(|loaded| loaded.other(&self.me.organisation) == *from);
        let loaded = loaded.ok_or(Rejection::NoSuchTrail)?;
        let items = loaded.beside.values();
        let items = items.map(|kept| (kept.position, Waiting { trail: Some(*id), event: false, since: kept.stored }));
        let queue = self.outbox.queue(from);
        queue.give(items.collect::<Vec<_>>());
        if !self.is_resumed(loaded) {
            // [BAK-51] Both were restored: only now the other one can answer.
            queue.asks_by(self.question(loaded).await?, head_of(loaded));
        }
        Ok(())
    }

    /// A head of a trail with that peer, unless the peer was told since that incarnation.
    async fn name_trail(&self, from: &OrgId, id: &TrailId, older: u32) -> Result<(), Rejection> {
        let mut held = self.trails.hold(id).await;
        self.ensure_loaded(&mut held, id)?;
        let Some(loaded) = held.as_mut().filter(|loaded| loaded.other(&self.me.organisation) == *from) else {
            return Ok(());
        };
        let us = self.me.organisation;
        if loaded.heads_of(&us).any(|own| own.closes.is_some_and(|closes| closes.incarnation >= older)) {
            return Ok(());
        }
        let queue = self.outbox.queue(from);
        if !self.is_resumed(loaded) {
            // Both were restored: the question names it as well.
            queue.asks_by(self.question(loaded).await?, head_of(loaded));
            return Ok(());
        }
        let head = self.own_head(loaded, None)?;
        match self.position_of(loaded, &head.id())? {
            Some(position) => queue.give([(position, head_of(loaded))]),
            None => self.keep_head(loaded, head, Some(from)).await?,
        }
        Ok(())
    }

    /// Whether a peer said that it destroyed the values of an event. [BAK-58]
    pub(in crate::node) async fn was_purged(
        &self,
        by: &OrgId,
        trail: &TrailId,
        disclosure: &wire::Disclosure,
    ) -> Result<bool, Rejection> {
        let id = EventId::parse(&disclosure.event)?;
        let mut held = self.trails.hold(trail).await;
        self.ensure_loaded(&mut held, trail)?;
        let loaded = held.as_ref().ok_or(Rejection::NoSuchTrail)?;
        let purges = |said: &Event| matches!(said.statement, Statement::Purged(_)) && said.author == *by;
        let mut said = loaded.trail.events().filter(|said| purges(said));
        Ok(said.any(|said| loaded.trail.history().has_seen(said.id, id)))
    }

    fn give_agreements(&self, from: &OrgId) -> Result<(), Rejection> {
        let ours = self.agreements.all();
        let shared = ours.iter().filter(|held| held.agreement.party(from).is_some());
        let found = shared.filter_map(|held| self.indexed(record::AGREEMENTS, held.agreement.id().as_bytes()));
        let item = Waiting { trail: None, event: false, since: crate::clock::now().get() };
        self.outbox.queue(from).give(found.map(|position| (position, item)).collect::<Vec<_>>());
        Ok(())
    }

    /// Whether a letter that was refused asked about a trail that the other party does not have: then nothing of it was lost
    /// there, and what waits goes; after it the question goes once more. [BAK-56]
    pub(in crate::node) fn is_unknown_there(&self, to: &OrgId, ticket: u64) -> bool {
        let queue = self.outbox.queue(to);
        let Some((position, trail)) = queue.asked_in(ticket) else { return false };
        queue.asks_again(ticket, position, trail);
        true
    }

    /// Where a head of a trail is.
    fn position_of(&self, loaded: &Loaded, id: &Id) -> Result<Option<Position>, Rejection> {
        for position in self.positions(record::HEADS, loaded.trail.id().as_bytes())? {
            let kept: HeadRecord = self.at(position)?;
            let bytes = loaded.unseal(&kept.envelope, crate::storage::KeyKind::Evidence, 0, b"head")?;
            if uput_core::envelope::Envelope::parse(&bytes)?.id() == *id {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }
}

/// The incarnation after one, begun at a moment. Two that are restored from one backup do not know of each other: so it is
/// not the next number, but the time, unless that is behind. [BAK-50]
fn next(last: u32, now: Seconds) -> Option<u32> {
    let by_clock = u32::try_from(now.get()).unwrap_or(0);
    last.checked_add(1).map(|next| next.max(by_clock))
}

/// How a head of a trail waits.
fn head_of(loaded: &Loaded) -> Waiting {
    Waiting { trail: Some(loaded.trail.id()), event: false, since: loaded.changed() }
}

/// When something last happened in a trail, as it is here. [BAK-51]
fn last_known(loaded: &Loaded) -> Seconds {
    Seconds::new(loaded.changed()).unwrap_or(Seconds::EPOCH)
}

/// How many own events of a trail with another organisation are here.
fn own_count(loaded: &Loaded, other: &OrgId) -> u64 {
    loaded.trail.side(other).map_or(0, |theirs| loaded.trail.count(theirs.other()))
}

/// The number of the event whose record stands there.
fn numbered(loaded: &Loaded, position: Position) -> Option<u64> {
    let id = loaded.beside.iter().find(|(_, beside)| beside.position == position).map(|(id, _)| *id)?;
    loaded.trail.event(&id).map(|event| event.seq)
}

/// Events of the other party that nobody has called delivered. [EVT-12]
fn owed(loaded: &Loaded, other: &OrgId) -> Vec<EventId> {
    let due = loaded.trail.events().filter(|event| event.author == *other && event.wants_delivered());
    due.filter(|event| loaded.delivered(&event.id).is_none()).map(|event| event.id).collect()
}

/// The newest checkpoint of ours that was cosigned.
fn last_cosigned(storage: &Storage) -> Result<Option<CosignedRecord>, OpenError> {
    let newest = storage.index().with_prefix(record::COSIGNED, b"").next_back();
    let Some(found) = newest else { return Ok(None) };
    let (_, value) = found.map_err(StorageError::from)?;
    let position = record::position(&value).ok_or(OpenError::Unreadable(Rejection::ReadFailed))?;
    crate::node::journal::read_at(storage, position).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [BAK-50] What two restores of one backup have in common is the clock alone.
    #[test]
    fn an_incarnation_is_numbered_by_the_time_and_never_below_the_one_before() {
        let at = |seconds: u64| Seconds::new(seconds).unwrap();
        assert_eq!(
            [next(0, at(1_795_000_000)), next(0, at(1_795_000_001))],
            [Some(1_795_000_000), Some(1_795_000_001)]
        );
        assert_eq!(next(1_795_000_000, at(1_794_000_000)), Some(1_795_000_001), "a clock that is behind");
        assert_eq!(next(7, at(u64::from(u32::MAX) + 5)), Some(8), "after 2106");
        assert_eq!(next(u32::MAX, at(1_795_000_000)), None);
    }
}
