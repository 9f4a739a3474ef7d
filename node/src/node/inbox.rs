//! What comes in: letters from peers.
//!
//! Guarantees: everything well-formed is taken in, once, and is on disk before the peer hears so; one bad item does not
//! keep out the others of its letter; a value that profile, stage and basis do not allow is dropped unread, and said.

mod keeping;

use std::{collections::BTreeSet, sync::Arc};

use uput_core::{
    codec,
    envelope::{Envelope, Verified},
    event::{Event, Statement},
    head::Head,
    id::{EventId, OrgId, TrailId},
    letter::{self, LetterHeader, Passage},
    log::EntryKind,
    rejection::Rejection,
    sensitive::Sensitive,
    slot::Disclosed,
    state::Side,
    step::{self, Draft},
    trail::Admission,
    wire::{self, LetterContent, ReceiptOutcome},
};

use super::{
    Node,
    agreements::Origin,
    challenge::Challenges,
    enclosed::{Arrived, Enclosed, enclosed},
    head::Rest,
    log::Logged,
    put_back::KnowsMore,
    staff_boxes::NewBox,
    trails::{Held, Loaded, new_keys, verify_event},
    written::Written,
};
use crate::{
    clock,
    peer::PeerState,
    record::{EventRecord, HeadRecord, OutlineRecord},
    storage::NewTrailKeys,
};

/// Most requests for a head that one letter gets answered.
pub(super) const MOST_REQUESTS: usize = 64;

/// What a letter leads to on one trail.
#[derive(Default)]
struct Changes {
    keys: Vec<NewTrailKeys>,
    records: Vec<Arrived>,
    /// What the values are sealed to, if that is new.
    boxed: Option<NewBox>,
    /// The trail came to rest: our head is offered. [BUN-40]
    rests: bool,
    head: Option<(Envelope, HeadRecord)>,
    /// How the trail stands after all that is kept. [NOD-37]
    outline: Option<OutlineRecord>,
    /// The names that she excluded. [CAS-30]
    named: Vec<Sensitive<String>>,
    /// She withdrew.
    withdrawn: bool,
    /// A purge by this node itself came back to it. [BAK-55]
    purged: bool,
    /// It brought what its author lost in a restore. [BAK-54]
    returned: bool,
    /// The peer knows more of us than is here.
    more: Option<KnowsMore>,
}

impl Changes {
    /// Whether any of it is sealed to staff.
    fn is_sealed(&self) -> bool {
        self.records.iter().any(|(kept, ..)| kept.sealed_to != 0)
    }
}

/// A trail that a letter added to. Nobody else works on it until that is on disk.
struct Taken {
    held: Held,
    loaded: Loaded,
    changes: Changes,
}

impl Taken {
    /// What the log tells of it. [LOG-60]
    fn logged<'a>(&'a self, from: &'a OrgId) -> impl Iterator<Item = Logged> + 'a {
        let theirs = |event| self.loaded.trail.event(event).is_some_and(|event| event.author == *from);
        // [BAK-54] What a restored node hears of itself is its own all the same.
        let events = self.changes.records.iter().map(move |(_, _, event)| match theirs(event) {
            true => Logged::with(EntryKind::ReceivedEvent, *event, *from),
            false => Logged::with(EntryKind::OwnEvent, *event, *from),
        });
        let heads = self.changes.head.iter().map(|(envelope, _)| envelope.id());
        events.chain(heads.map(|head| Logged::with(EntryKind::Head, head, *from)))
    }
}

impl Node {
    /// Takes a letter in; the answer is given after the commit.
    pub(super) async fn take_letter(self: &Arc<Self>, from: &OrgId, bytes: &[u8]) -> (ReceiptOutcome, u32) {
        match self.take_letter_in(from, bytes).await {
            Ok(()) => (ReceiptOutcome::Stored, 0),
            Err(rejection) => (outcome(rejection), rejection.number()),
        }
    }

    async fn take_letter_in(self: &Arc<Self>, from: &OrgId, bytes: &[u8]) -> Result<(), Rejection> {
        match self.directory.state_of(from) {
            Some(PeerState::Confirmed | PeerState::Frozen) => {}
            _ => return Err(Rejection::PeerNotConfirmed),
        }
        let LetterHeader { recipient, passage, .. } = letter::read_header(bytes)?;
        if recipient != self.me.organisation && passage == Passage::Relayed {
            return self.keep_for(from, &recipient, bytes).await;
        }
        let content = letter::open(bytes, self.me.organisation, &self.me.keys().sealing)?.content;
        match (passage, &content.carriage) {
            (Passage::Relayed, Some(_)) => self.take_relayed(from, content).await,
            (Passage::Direct, None) => self.take_content(from, content).await,
            // [CAR-3] [RLY-17] Else whoever may leave letters with a relay spoke in its name.
            _ => Err(Rejection::Malformed),
        }
    }

    /// Takes in what a letter holds, whichever way it came.
    pub(super) async fn take_content(
        self: &Arc<Self>,
        from: &OrgId,
        mut content: LetterContent,
    ) -> Result<(), Rejection> {
        let challenges = Challenges::out_of(&mut content);
        let relay_words = std::mem::take(&mut content.relay_words);
        // What this letter makes this node say is on disk before its keys become others.
        let speaking = self.me.speak().await;
        let mut worst = None;
        let mut note = |result: Result<(), Rejection>| {
            // What can be mended by sending again is said before what cannot.
            if let Err(rejection) = result {
                worst = Some(worst.filter(|worst| outcome(*worst) == ReceiptOutcome::Later).unwrap_or(rejection));
            }
        };
        let keys = self.take_key_records(from, &content).await;
        // [EVT-17] Keys come for what they explain: that is answered for itself, and not refused because of them, least of
        // all because of a third organisation's, which come with a copy.
        let explain = !content.events.is_empty() || !content.agreements.is_empty();
        let refused = keys.is_err_and(|rejection| outcome(rejection) == ReceiptOutcome::Refused);
        note(if explain && refused { Ok(()) } else { keys });
        for agreement in content.agreements {
            note(self.take_offered(from, agreement).await);
        }
        // The transport polls a letter once before the next; what is long is done when it is not waited for.
        tokio::task::yield_now().await;
        let enclosed = enclosed(content.disclosures, content.evidence);
        let mut taken = Vec::new();
        let (trails, misshapen) = by_trail(content.events);
        let mut touched: BTreeSet<TrailId> = trails.iter().map(|(trail, _)| *trail).collect();
        touched.extend(content.heads.iter().filter_map(trail_of_head));
        note(misshapen.map_or(Ok(()), Err));
        for (trail, events) in trails {
            note(self.take_events(from, &trail, events, &enclosed, &mut taken).await);
        }
        note(self.commit_taken(from, taken).await);
        for head in content.heads {
            note(self.take_head(from, head).await);
        }
        note(self.take_proofs(from, &content.proofs, &content.checkpoints).await);
        // Each answer is a commit: a letter full of questions is not answered in whole.
        if content.head_requests.len() > MOST_REQUESTS {
            note(Err(Rejection::TooMany));
        }
        for request in content.head_requests.iter().take(MOST_REQUESTS) {
            note(self.answer_head_request(from, request).await);
        }
        // [BAK-59] For what there is with a peer all trails are looked at: once for a letter.
        let all = content.lost.iter().filter(|lost| lost.trail.is_empty()).count();
        if all > 1 || content.lost.len() > MOST_REQUESTS {
            note(Err(Rejection::TooMany));
        } else {
            for lost in &content.lost {
                note(self.answer_lost(from, lost).await);
            }
        }
        note(self.take_challenges(from, &challenges).await);
        drop(speaking);
        self.take_relay_words(from, relay_words).await;
        for trail in touched {
            self.resume_trail(&trail).await;
        }
        worst.map_or(Ok(()), Err)
    }

    /// Takes the events of one trail in, and says `delivered` where it is due.
    async fn take_events(
        &self,
        from: &OrgId,
        id: &TrailId,
        envelopes: Vec<Envelope>,
        enclosed: &Enclosed,
        taken: &mut Vec<Taken>,
    ) -> Result<(), Rejection> {
        let mut held = self.trails.hold(id).await;
        self.refuse_gone(id, from)?;
        if held.is_none() {
            *held = self.load(id)?;
        }
        self.take_own_events(from, held.as_ref(), &envelopes).await;
        // [STO-41] To take an event is to answer it.
        self.refuse_put_back(from)?;
        // Whoever is no party of a trail hears the same as if it were not here. [EVT-23]
        let foreign = held.as_ref().is_some_and(|loaded| loaded.other(&self.me.organisation) != *from);
        let mut loaded = if foreign { None } else { held.take() };
        let mut changes = Changes::default();
        let mut took = Ok(());
        for envelope in envelopes {
            let whole = changes.records.len();
            took = self.take_event(from, &mut loaded, envelope, enclosed, &mut changes);
            if took.is_err() {
                changes.records.truncate(whole);
                break;
            }
        }
        self.take_word_of_more(from, id, changes.more).await;
        if took == Err(Rejection::MissingPredecessor) && loaded.is_none() {
            // [STO-40] Also of a trail of others: asking tells nobody whether it is here.
            self.outbox.queue(from).ask_whether_more(*id);
        }
        if let Some(loaded) = loaded.filter(|_| !foreign) {
            taken.push(Taken { held, loaded, changes });
        }
        took
    }

    fn take_event(
        &self,
        from: &OrgId,
        loaded: &mut Option<Loaded>,
        envelope: Envelope,
        enclosed: &Enclosed,
        changes: &mut Changes,
    ) -> Result<(), Rejection> {
        let known = EventId::from(envelope.id());
        // [EVT-14] What comes with an event that is here already is not opened: an old letter undoes no erasure.
        if loaded.as_ref().is_some_and(|loaded| loaded.trail.event(&known).is_some()) {
            return Ok(());
        }
        let event = verify_event(envelope, |organisation| self.chain_of(organisation))?;
        changes.more = loaded.as_ref().and_then(|loaded| loaded.knows_more(&event, &self.me.organisation));
        let cited = self.check_evidence(&event, enclosed)?;
        let rest = loaded.as_ref().filter(|_| Rest::may_follow(&event.statement)).map(Loaded::rest);
        match loaded {
            Some(loaded) => {
                if loaded.other(&self.me.organisation) != *from {
                    return Err(Rejection::WrongTrail);
                }
                if loaded.trail.admit(event.clone())? == Admission::Twin {
                    tracing::warn!("a peer signed two events with one number; both are kept");
                }
            }
            None => *loaded = Some(self.begin(from, event.clone(), changes)?),
        }
        let Some(loaded) = loaded else { return Err(Rejection::MissingPredecessor) };
        let mut written = self.strip(loaded, event, enclosed, cited, &changes.records)?;
        changes.named.append(&mut written.named);
        if written.disclosed.is_some() {
            changes.keys.extend(loaded.renew()?);
            if changes.boxed.is_none() {
                changes.boxed = self.box_for_taken(loaded, &written, !changes.named.is_empty())?;
            }
        }
        let ordinal = loaded.ordinal().saturating_add(u32::try_from(changes.records.len()).unwrap_or(u32::MAX));
        let key = self.key_of(&written.event);
        let (mut kept, evidence) = written.record(loaded, ordinal, None, Vec::new(), None, key)?;
        kept.words = self.sealed_words(loaded, &written)?;
        changes.withdrawn |= written.event.statement == Statement::Withdrawn;
        changes.records.push((kept, evidence, written.event.id));
        if matches!(written.event.statement, Statement::Purged(_)) && written.event.author != *from {
            // What follows it in this letter it did not destroy: that comes under another key.
            loaded.ended = loaded.keys.len();
            changes.purged = true;
        }
        changes.returned |= self.closed_before(loaded, from, &written.event);
        if written.event.wants_delivered() && written.event.author == *from && self.is_resumed(loaded) {
            self.say(loaded, from, Statement::Delivered(written.event.id), changes)?;
            changes.rests |= self.say_unopened(loaded, from, &written.event, changes)?;
        }
        changes.rests |= rest.is_some_and(|before| loaded.rest() > before);
        Ok(())
    }

    /// An opening by a peer for us begins a trail; whatever the agreement does not allow is stripped, she is not turned
    /// away.
    fn begin(&self, from: &OrgId, event: Verified<Event>, changes: &mut Changes) -> Result<Loaded, Rejection> {
        let opening = event.opening().ok_or(Rejection::MissingPredecessor)?;
        // [EVT-4] B that forwards A's opening to C is neither its author nor C its peer. [BAK-54] What we opened and lost comes
        // back from whom we opened it with.
        let (us, lost) = (self.me.organisation, self.me.incarnation > 0);
        let theirs = event.author == *from && opening.peer == us;
        let ours_back = lost && event.author == us && opening.peer == *from;
        if !theirs && !ours_back {
            return Err(Rejection::WrongTrail);
        }
        let held = self.agreements.get(&opening.agreement).ok_or(Rejection::UnknownAgreement)?;
        let agreement = held.signed.as_ref().map(|_| held.agreement.clone()).ok_or(Rejection::AgreementNotSigned)?;
        if agreement.party(from).is_none() || agreement.party(&self.me.organisation).is_none() {
            return Err(Rejection::NoRule);
        }
        let id = event.id.opened_trail();
        // After a crash a trail can have keys and no records yet.
        let keys = match self.storage.trail_keys(id.as_bytes()) {
            Some(keys) => keys,
            None => {
                let (new, keys) = new_keys(&id, 0)?;
                changes.keys.push(new);
                keys
            }
        };
        Loaded::begin(event, agreement, keys)
    }

    /// [STA-17] [NOD-95] Says that values which crossed an ending, or never came, were never opened. Not while this node has other values of the
    /// trail: a purge covers all that its author had seen, and those a person must decide on. Tells whether a trail that
    /// has ended is at rest again.
    fn say_unopened(
        &self,
        loaded: &mut Loaded,
        to: &OrgId,
        event: &Event,
        changes: &mut Changes,
    ) -> Result<bool, Rejection> {
        if event.opening().is_some() || loaded.trail.side(to) != Some(Side::Opener) {
            return Ok(false);
        }
        let reading = loaded.trail.reading().map_err(|_| Rejection::ReadFailed)?;
        if reading.owed.is_empty() {
            return Ok(false);
        }
        let crossed = reading.owed.contains_key(&event.id);
        for disclosure in &reading.outstanding {
            // [NOD-95] What was here and is gone, a person has done something about, or will.
            let here = match crossed {
                true => self.has_values(loaded, disclosure, changes)?,
                false => !self.kept(loaded, disclosure, changes)?.values.is_empty(),
            };
            if here {
                return Ok(false);
            }
        }
        self.say(loaded, to, Statement::Purged(wire::PurgeManner::Unopened), changes)?;
        Ok(!reading.live)
    }

    /// Whether this node has values of an event that it could show; who acted is none of them.
    fn has_values(&self, loaded: &Loaded, event: &EventId, changes: &Changes) -> Result<bool, Rejection> {
        let of = loaded.trail.event(event).ok_or(Rejection::ReadFailed)?;
        let has = |kept: &EventRecord| {
            let keys = usize::try_from(kept.generation).ok().and_then(|generation| loaded.keys.get(generation));
            let here = !kept.values.is_empty() && keys.is_some_and(|keys| keys.value.is_some());
            // What is there and this node cannot read may be about her.
            let about_her = |values: Disclosed| values.labels().any(|label| !label.is_staff());
            here && loaded.values(of, kept).is_none_or(about_her)
        };
        Ok(has(&self.kept(loaded, event, changes)?))
    }

    /// What is kept of an event, or will be with what a letter led to.
    fn kept(&self, loaded: &Loaded, event: &EventId, changes: &Changes) -> Result<EventRecord, Rejection> {
        if let Some((kept, ..)) = changes.records.iter().find(|(_, _, id)| id == event) {
            return Ok(kept.clone());
        }
        let beside = loaded.beside.get(event).ok_or(Rejection::ReadFailed)?;
        self.at(beside.position)
    }

    /// Says something that this machine owes without anybody's doing: that it has an event [EVT-12], or never opened it.
    fn say(
        &self,
        loaded: &mut Loaded,
        to: &OrgId,
        statement: Statement,
        changes: &mut Changes,
    ) -> Result<(), Rejection> {
        self.refuse_put_back(to)?;
        let time = clock::now().floor(loaded.agreement.grain());
        let draft = Draft { statement, terms: None, slots: Vec::new(), time, occurred: None };
        let said = step::append(&loaded.trail, &self.me.author(&self.me.keys()), draft)
            .map_err(|refused| refused.rejection())?;
        loaded.trail.admit(said.clone())?;
        let ordinal = loaded.ordinal().saturating_add(u32::try_from(changes.records.len()).unwrap_or(u32::MAX));
        let id = said.id;
        let key = self.key_of(&said);
        let (kept, evidence) = Written::plain(said).record(loaded, ordinal, Some(to), Vec::new(), None, key)?;
        changes.records.push((kept, evidence, id));
        Ok(())
    }

    /// Takes an agreement in, if it is well-formed and its signatures the parties'.
    async fn take_offered(&self, from: &OrgId, agreement: wire::Envelope) -> Result<(), Rejection> {
        self.take_agreement(Envelope::from_wire(agreement)?, Origin::Peer(from)).await.map(drop)
    }

    /// Takes key records of organisations that this node has no chain of, or an older one, and needs one. [NOD-35]
    async fn take_key_records(&self, from: &OrgId, content: &LetterContent) -> Result<(), Rejection> {
        if content.key_records.is_empty() {
            return Ok(());
        }
        let welcome = self.welcome(from, content);
        let envelopes = content.key_records.iter().cloned().map(Envelope::from_wire).collect::<Result<Vec<_>, _>>()?;
        let _alone = self.changing.lock().await;
        let mut refused = Ok(());
        for chain in chains(&envelopes)? {
            let taken = match chain {
                Ok(chain) if !self.needs(&welcome, &chain.organisation()) => Err(Rejection::NotKept),
                Ok(chain) => self.take_chain(chain, Some(from)).await,
                Err(rejection) => Err(rejection),
            };
            refused = refused.and(taken);
        }
        refused
    }
}

/// Records of several organisations, each one's in order, as chains.
fn chains(envelopes: &[Envelope]) -> Result<Vec<Result<uput_core::key::KeyChain, Rejection>>, Rejection> {
    let mut starts: Vec<usize> = Vec::new();
    for (n, envelope) in envelopes.iter().enumerate() {
        let record: wire::KeyRecord = codec::decode(envelope.body())?;
        if record.number == 0 {
            starts.push(n);
        }
    }
    starts.push(envelopes.len());
    let ranges = starts.iter().zip(starts.iter().skip(1));
    let chain = |(start, end): (&usize, &usize)| {
        let range = envelopes.get(*start..*end).ok_or(Rejection::BrokenChain)?;
        uput_core::key::KeyChain::verify(range)
    };
    Ok(ranges.map(chain).collect())
}

/// The events of a letter by trail, each trail's in the order of the letter; and what is wrong with one that has none.
fn by_trail(events: Vec<wire::Envelope>) -> (Vec<(TrailId, Vec<Envelope>)>, Option<Rejection>) {
    let mut trails: Vec<(TrailId, Vec<Envelope>)> = Vec::new();
    let mut misshapen = None;
    for event in events {
        let placed = Envelope::from_wire(event).and_then(|envelope| Ok((trail_of(&envelope)?, envelope)));
        let (id, envelope) = match placed {
            Ok(placed) => placed,
            Err(rejection) => {
                misshapen = Some(rejection);
                continue;
            }
        };
        match trails.iter_mut().find(|(trail, _)| *trail == id) {
            Some((_, events)) => events.push(envelope),
            None => trails.push((id, vec![envelope])),
        }
    }
    // In one order everywhere, so that two letters never wait for each other.
    trails.sort_by_key(|(id, _)| *id);
    (trails, misshapen)
}

fn trail_of_head(envelope: &wire::Envelope) -> Option<TrailId> {
    let head = Head::parse(&envelope.body).ok()?;
    Some(head.trail)
}

fn trail_of(envelope: &Envelope) -> Result<TrailId, Rejection> {
    use prost::Message;
    // Only to find the trail; the event itself is parsed strictly after its signature verified.
    let prefix = wire::EventPrefix::decode(envelope.body()).map_err(|_| Rejection::Malformed)?;
    let trail = TrailId::parse_optional(&prefix.trail)?;
    Ok(trail.unwrap_or_else(|| EventId::from(envelope.id()).opened_trail()))
}

/// What the peer is told to do. [EVT-17]
pub(super) const fn outcome(rejection: Rejection) -> ReceiptOutcome {
    match rejection {
        Rejection::StaleKey => ReceiptOutcome::StaleKey,
        Rejection::MissingPredecessor
        | Rejection::UnknownSigner
        | Rejection::UnknownAgreement
        // [STF-10] The values wait at the sender until somebody here can open them.
        | Rejection::NoStaffKey
        | Rejection::AgreementNotSigned
        | Rejection::PeerNotConfirmed
        | Rejection::NeedsUpgrade
        | Rejection::DiskFull
        | Rejection::MailboxFull
        | Rejection::ReadFailed
        // [BAK-52] It is asked, and then says what it owes.
        | Rejection::NotResumed
        | Rejection::TooMany => ReceiptOutcome::Later,
        _ => ReceiptOutcome::Refused,
    }
}
