//! Heads: our word on where a trail stands, and the other party's.

mod due;
mod giving;
mod resuming;

pub(super) use giving::HeadClock;

use uput_core::{
    envelope::Envelope,
    event::Statement,
    head::Head,
    id::{EventId, KeyRecordId, OrgId, TrailId},
    log::EntryKind,
    rejection::Rejection,
    state::Side,
    time::Seconds,
    wire,
};

use super::{
    Node,
    log::{Logged, logged},
    me::Keys,
    outbox::Waiting,
    trails::Loaded,
};
use crate::{clock, record::HeadRecord, storage::Position};

/// How far a trail has come to rest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rest {
    /// It is live.
    Live,
    /// It has ended, and values are owed.
    Ended,
    /// It has ended, and nothing is owed.
    Settled,
}

impl Rest {
    /// Whether a statement can bring a trail to rest.
    pub(super) const fn may_follow(statement: &Statement) -> bool {
        matches!(
            statement,
            Statement::Closed(_)
                | Statement::Withdrawn
                | Statement::Revoked(_)
                | Statement::Misdirected
                | Statement::ChosenElsewhere
                | Statement::Purged(_)
                | Statement::Retained { .. }
        )
    }
}

impl Loaded {
    /// How far it has come to rest.
    pub(super) fn rest(&self) -> Rest {
        match self.trail.reading() {
            Ok(reading) if reading.live => Rest::Live,
            Ok(reading) if reading.owed.is_empty() => Rest::Settled,
            Ok(_) => Rest::Ended,
            Err(_) => Rest::Live,
        }
    }
}

fn head_record(
    loaded: &Loaded,
    envelope: &Envelope,
    to: Option<&OrgId>,
    stored: Seconds,
) -> Result<HeadRecord, Rejection> {
    Ok(HeadRecord {
        trail: loaded.trail.id().to_vec(),
        envelope: loaded.seal_evidence(&envelope.to_bytes(), b"head")?,
        to: to.map(OrgId::to_vec).unwrap_or_default(),
        stored: stored.get(),
    })
}

impl Node {
    /// Signs where a trail stands for us now.
    pub(super) fn own_head(&self, loaded: &Loaded, nonce: Option<[u8; 32]>) -> Result<Envelope, Rejection> {
        self.own_head_at(loaded, nonce, clock::now())
    }

    fn own_head_at(&self, loaded: &Loaded, nonce: Option<[u8; 32]>, now: Seconds) -> Result<Envelope, Rejection> {
        let keys = self.me.keys();
        self.demand_resumed(loaded)?;
        Head { nonce, ..self.standing_of(loaded, &keys, now)? }.sign(&keys.signing)
    }

    /// A head that says that the time of a withdrawal is over here, and the record that sends it. [CAS-103]
    pub(super) fn settled_head(
        &self,
        loaded: &Loaded,
        withdrawal: EventId,
    ) -> Result<(Envelope, HeadRecord), Rejection> {
        let keys = self.me.keys();
        let now = clock::now();
        self.demand_resumed(loaded)?;
        let head = Head { settled: Some(withdrawal), ..self.standing_of(loaded, &keys, now)? }.sign(&keys.signing)?;
        let to = loaded.other(&self.me.organisation);
        let record = head_record(loaded, &head, Some(&to), now)?;
        Ok((head, record))
    }

    /// Where a trail stands for us now, not signed yet.
    fn standing_of(&self, loaded: &Loaded, keys: &Keys, now: Seconds) -> Result<Head, Rejection> {
        let us = self.me.organisation;
        let ours = loaded.trail.side(&us).ok_or(Rejection::WrongTrail)?;
        let theirs: Side = ours.other();
        // [STO-41] A head that counts less than an older one speaks against its author.
        self.refuse_put_back(&loaded.other(&us))?;
        let peer = self.chain_of(&loaded.other(&us)).ok_or(Rejection::UnknownSigner)?;
        Ok(Head {
            trail: loaded.trail.id(),
            author: us,
            key: keys.chain.newest_id(),
            incarnation: self.me.incarnation,
            own_count: loaded.trail.count(ours),
            own_last: loaded.trail.last(ours),
            seen_count: loaded.trail.count(theirs),
            seen_last: loaded.trail.last(theirs),
            peer_key: peer.newest_id(),
            // [BAK-53] What was closed stays closed.
            closes: loaded.heads_of(&us).filter_map(|head| head.closes).last(),
            time: now.floor(loaded.agreement.grain()),
            nonce: None,
            settled: None,
        })
    }

    /// A head for the other party, and the record that sends it. [BUN-40]
    pub(super) fn offered(&self, loaded: &Loaded) -> Result<(Envelope, HeadRecord), Rejection> {
        let now = clock::now();
        let head = self.own_head_at(loaded, None, now)?;
        let to = loaded.other(&self.me.organisation);
        let record = head_record(loaded, &head, Some(&to), now)?;
        Ok((head, record))
    }

    /// Says again, by the key that counts, where each trail stands in which a key of ours signed that we disown: so the other
    /// party can show that what is here is ours. What was said before is not said again. [NOD-88]
    pub async fn affirm_disowned(&self) {
        if self.me.chain().records().all(|record| record.disowned().is_none()) {
            return;
        }
        for trail in self.trail_ids().unwrap_or_default() {
            if let Err(rejection) = self.affirm(&trail).await {
                tracing::error!(%rejection, "a trail is not affirmed until the next start");
            }
        }
    }

    async fn affirm(&self, id: &TrailId) -> Result<(), Rejection> {
        let _speaking = self.me.speak().await;
        let mut held = self.trails.hold(id).await;
        self.ensure_loaded(&mut held, id)?;
        let Some(loaded) = held.as_mut() else { return Ok(()) };
        let us = self.me.organisation;
        let ours = loaded.trail.events().filter(|event| event.author == us && self.is_disowned(&us, &event.key));
        let Some(count) = ours.map(|event| event.seq.saturating_add(1)).max() else { return Ok(()) };
        let told = loaded.heads.iter().filter(|known| loaded.told.contains(&known.id()));
        let mut told = told.filter_map(|known| Head::parse(known.body()).ok());
        if told.any(|head| head.author == us && head.own_count >= count && !self.is_disowned(&us, &head.key)) {
            return Ok(());
        }
        let (head, other) = (self.own_head(loaded, None)?, loaded.other(&us));
        self.keep_head(loaded, head, Some(&other)).await
    }

    /// Whether an organisation disowns the key that a record of it names. [KEY-31]
    pub(super) fn is_disowned(&self, organisation: &OrgId, record: &KeyRecordId) -> bool {
        let chain = self.chain_of(organisation);
        chain.is_some_and(|chain| chain.signing_key_of(record).is_some_and(|key| chain.disowning(key).is_some()))
    }

    /// Keeps a head; with `to` it is sent.
    pub(super) async fn keep_head(
        &self,
        loaded: &mut Loaded,
        envelope: Envelope,
        to: Option<&OrgId>,
    ) -> Result<(), Rejection> {
        self.keep_head_at(loaded, envelope, to, clock::now()).await.map(drop)
    }

    async fn keep_head_at(
        &self,
        loaded: &mut Loaded,
        envelope: Envelope,
        to: Option<&OrgId>,
        now: Seconds,
    ) -> Result<Position, Rejection> {
        let record = head_record(loaded, &envelope, to, now)?;
        let other = loaded.other(&self.me.organisation);
        let entries = logged([Logged::with(EntryKind::Head, envelope.id(), other)]);
        let position = self.keep_logged(&record, entries).await?;
        if let Some(to) = to {
            loaded.told.insert(envelope.id());
            let waiting = Waiting { trail: Some(loaded.trail.id()), event: false, since: now.get() };
            self.outbox.queue(to).push([(position, waiting)]);
        }
        loaded.head_times.insert(envelope.id(), now);
        loaded.heads.push(envelope);
        Ok(position)
    }

    /// A peer asks for our head of a trail with it. [LET-9]
    pub(super) async fn answer_head_request(&self, from: &OrgId, request: &wire::HeadRequest) -> Result<(), Rejection> {
        let id = TrailId::parse(&request.trail)?;
        let nonce: [u8; 32] = request.nonce.as_slice().try_into().map_err(|_| Rejection::Malformed)?;
        let mut held = self.trails.hold(&id).await;
        self.refuse_gone(&id, from)?;
        self.ensure_loaded(&mut held, &id)?;
        let loaded = held.as_mut().ok_or(Rejection::NoSuchTrail)?;
        if loaded.other(&self.me.organisation) != *from {
            return Err(Rejection::NoSuchTrail);
        }
        let head = self.own_head(loaded, Some(nonce))?;
        let said = Head::parse(head.body())?;
        // Asked again with one nonce, when nothing has changed: it was said. What was only exported here was not.
        let told = loaded.heads.iter().filter(|known| loaded.told.contains(&known.id()));
        let mut told = told.filter_map(|known| Head::parse(known.body()).ok());
        if told.any(|known| Head { time: known.time, ..said.clone() } == known) {
            return Ok(());
        }
        loaded.allow_answer(&said.author)?;
        self.keep_head(loaded, head, Some(from)).await
    }

    /// A peer's head of a trail with it.
    pub(super) async fn take_head(&self, from: &OrgId, envelope: wire::Envelope) -> Result<(), Rejection> {
        let chain = self.directory.chain(from).ok_or(Rejection::UnknownSigner)?;
        let head = Head::verify(Envelope::from_wire(envelope)?, &chain)?;
        let mut held = self.trails.hold(&head.trail).await;
        self.refuse_gone(&head.trail, from)?;
        if self.me.incarnation > 0 && held.is_none() && self.load(&head.trail)?.is_none() {
            // [BAK-57] What this node had in it is not here any more: all of it is asked for, and the head with it.
            return self.outbox.queue(from).ask_for_lost(head.trail);
        }
        self.ensure_loaded(&mut held, &head.trail)?;
        // One with others is the same as if it were not here. [EVT-23]
        let with_them = |loaded: &&mut Loaded| loaded.other(&self.me.organisation) == *from;
        let Some(loaded) = held.as_mut().filter(with_them) else {
            // [STO-40] Perhaps it was.
            self.outbox.queue(from).ask_whether_more(head.trail);
            return Err(Rejection::NoSuchTrail);
        };
        let more = loaded.counts_more(&head, &self.me.organisation);
        self.take_word_of_more(from, &head.trail, more).await;
        let known = loaded.heads.iter().any(|known| known.id() == head.id());
        let queue = self.outbox.queue(from);
        let mut asked = head.nonce.filter(|nonce| queue.has_asked(&head.trail, nonce));
        // [NOD-110] What a challenge asks is asked until it is answered, also after a stop.
        if let Some(nonce) = head.nonce.filter(|_| asked.is_none()) {
            asked = Some(nonce).filter(|_| self.answers_challenge(loaded, &nonce).is_ok_and(|answers| answers));
        }
        let news = loaded.is_news(&head);
        // [NOD-35] What says nothing new is not kept, unless the time is the news: what says as much is on disk.
        let resumes = self.resumes(loaded, &head, known).then(|| Head::clone(&head));
        if known || (asked.is_none() && !news && !self.is_word_of_the_time(loaded, &head)?) {
            return match resumes {
                Some(head) => self.answer_restored(from, loaded, &head).await,
                None => Ok(()),
            };
        }
        if asked.is_none() && news {
            loaded.allow_head(from)?;
        }
        let trail = head.trail;
        self.keep_head(loaded, head.into_envelope(), None).await?;
        if let Some(nonce) = asked {
            queue.answered(&trail, &nonce);
        }
        if let Some(head) = resumes {
            self.answer_restored(from, loaded, &head).await?;
        }
        Ok(())
    }

    /// Whether a head of the other party that says nothing new is kept for its time. [NOD-93]
    fn is_word_of_the_time(&self, loaded: &Loaded, head: &Head) -> Result<bool, Rejection> {
        let [_, theirs] = loaded.unmet(&self.me.organisation)?;
        let known = loaded.said(&head.author, |_| true);
        Ok(due::is_word_of_the_time(head.time, &known, &theirs, clock::now()))
    }
}
