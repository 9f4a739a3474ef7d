//! Letters out, and what becomes of them; the node as the transport sees it.

use std::{future::poll_fn, sync::Arc, task::Poll};

use prost::Message;
use uput_core::{
    catalogue::Label,
    envelope::Envelope,
    id::{KeyRecordId, OrgId, TrailId},
    key::KeyChain,
    letter,
    rejection::Rejection,
    wire::{self, LetterContent, ReceiptOutcome},
};

use super::{
    Node,
    journal::{chain_to_wire, encode_chain},
    log::refused,
    outbox::{Batch, Queue},
    trails::unseal,
};
use crate::{
    clock::{self, SystemEntropy},
    peer::{Contact, Copied, Letters, Mailroom, Outgoing, PeerCard, PeerState},
    record::{
        self, AgreementRecord, ChainRecord, ChallengeRecord, EventRecord, Evidence, GoneRecord, HeadRecord,
        ProofRecord, PutRecord, SettledRecord,
    },
    storage::{KeyKind, Position, Record},
};
use zeroize::Zeroizing;

/// Most records in one letter: small enough that one bad item is found soon, large enough to share one sealing.
const BATCH: usize = 16;
/// Content that leaves room for padding in the middle size.
pub(super) const FULL: usize = 30 * 1024;

/// Records of our own that somebody else has made: so many are proof enough.
const PROOFS: usize = 16;

/// Why no letter was made.
pub(super) enum Unmade {
    /// It may be made yet.
    NotNow(Rejection),
    /// It never will.
    Never(Rejection),
}

/// A letter that is being made. If whoever waits for it goes away, what it was to hold waits on. [NOD-30]
struct UnderWay<'a> {
    queue: &'a Queue,
    ticket: Option<u64>,
}

impl UnderWay<'_> {
    fn ends(mut self) {
        self.ticket = None;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.queue.again(ticket, false);
        }
    }
}

impl From<Rejection> for Unmade {
    fn from(rejection: Rejection) -> Self {
        Self::Never(rejection)
    }
}

impl Node {
    /// The next letter to a peer, sealed now to its newest key.
    async fn next_sealed(self: &Arc<Self>, to: &OrgId) -> Outgoing {
        let queue = self.outbox.queue(to);
        loop {
            let batch = queue.next(BATCH).await;
            let ticket = batch.ticket;
            let under_way = UnderWay { queue: &queue, ticket: Some(ticket) };
            let sealed = self.seal_batch(to, batch).await;
            under_way.ends();
            match sealed {
                Ok(Some(letter)) => return Outgoing { ticket, letter },
                // Everything in it is gone by now, for example erased: nothing is owed to the peer.
                Ok(None) => {
                    queue.done(ticket);
                }
                // [NOD-30] What is out of reach now is tried again; only what can never be sent is set aside.
                Err(Unmade::NotNow(rejection)) => {
                    tracing::warn!(%rejection, "a letter could not be made now; it is tried again");
                    self.later(to, ticket);
                }
                // What an item shares its letter with is no fault of it.
                Err(Unmade::Never(rejection))
                    if queue.flying(ticket) > 1 || (queue.flying(ticket) == 1 && queue.asks(ticket)) =>
                {
                    tracing::warn!(%rejection, "a letter could not be made; its items go one by one");
                    queue.again(ticket, true);
                }
                Err(Unmade::Never(rejection)) => {
                    tracing::error!(%rejection, "an item can never be sent and is set aside");
                    self.refused(to, ticket, rejection.number(), true).await;
                }
            }
        }
    }

    async fn seal_batch(&self, to: &OrgId, batch: Batch) -> Result<Option<Vec<u8>>, Unmade> {
        let batch = self.of_put_back(to, batch)?;
        let chain = self.directory.chain(to).ok_or(Unmade::NotNow(Rejection::NoSuchPeer))?;
        let mut content = LetterContent::default();
        let mut left = Vec::new();
        for position in batch.positions {
            if content.encoded_len() > FULL {
                left.push(position);
                continue;
            }
            self.enclose(to, &mut content, position).await?;
        }
        if !left.is_empty() {
            self.outbox.queue(to).put_back(batch.ticket, &left);
        }
        for (trail, nonce) in batch.requests {
            content.head_requests.push(wire::HeadRequest { trail: trail.to_vec(), nonce: nonce.to_vec() });
        }
        let incarnation = self.me.incarnation;
        content.lost.extend(batch.lost.into_iter().map(|trail| wire::LostRequest {
            incarnation,
            trail: trail.map(|trail| trail.to_vec()).unwrap_or_default(),
        }));
        if content == LetterContent::default() {
            return Ok(None);
        }
        Ok(Some(letter::seal(chain.newest(), &content, &mut SystemEntropy)?))
    }

    /// [STO-41] To a peer that knows more of us than is here nothing goes but the question for that.
    fn of_put_back(&self, to: &OrgId, batch: Batch) -> Result<Batch, Unmade> {
        self.refuse_proven().map_err(Unmade::NotNow)?;
        match self.refuse_put_back(to) {
            Ok(()) => Ok(batch),
            Err(rejection) if batch.lost.is_empty() => Err(Unmade::NotNow(rejection)),
            Err(_) => {
                self.outbox.queue(to).put_back(batch.ticket, &batch.positions);
                Ok(Batch { positions: Vec::new(), requests: Vec::new(), ..batch })
            }
        }
    }

    /// Puts what a record holds into a letter.
    pub(super) async fn enclose(
        &self,
        to: &OrgId,
        content: &mut LetterContent,
        position: Position,
    ) -> Result<(), Unmade> {
        let kept = self.storage.read(position).map_err(|error| {
            tracing::error!(%error, "a queued record could not be read");
            if error.is_final() { Unmade::Never(Rejection::ReadFailed) } else { Unmade::NotNow(Rejection::ReadFailed) }
        })?;
        if let Some(event) = record::read::<EventRecord>(&kept) {
            return self.enclose_event(to, content, &event).await;
        }
        if let Some(head) = record::read::<HeadRecord>(&kept) {
            return Ok(self.enclose_head(content, &head)?);
        }
        if let Some(proof) = record::read::<ProofRecord>(&kept) {
            return Ok(Self::enclose_proof(content, &proof)?);
        }
        if let Some(challenge) = record::read::<ChallengeRecord>(&kept) {
            return Ok(self.enclose_challenge(content, &challenge)?);
        }
        if let Some(gone) = record::read::<GoneRecord>(&kept) {
            return Ok(self.enclose_gone(content, &gone)?);
        }
        if let Some(put) = record::read::<PutRecord>(&kept) {
            return Ok(self.enclose_put(content, put, position)?);
        }
        Ok(self.enclose_agreement(content, &kept)?)
    }

    async fn enclose_event(&self, to: &OrgId, content: &mut LetterContent, event: &EventRecord) -> Result<(), Unmade> {
        let trail = TrailId::parse(&event.trail)?;
        let keys = self.storage.trail_keys(trail.as_bytes()).ok_or(Rejection::NoSuchTrail)?;
        let evidence = unseal(&keys, &trail, &event.evidence, KeyKind::Evidence, b"evidence")?;
        let evidence = Evidence::decode(evidence.as_slice()).map_err(|_| Rejection::Malformed)?;
        let envelope = Envelope::parse(&evidence.envelope)?;
        #[cfg(feature = "simulation")]
        let envelope = crate::simulated::resent(to, envelope, &self.me.keys().signing);
        content.events.push(envelope.to_wire());
        if !evidence.cited.is_empty() {
            let cited = Envelope::parse(&evidence.cited)?;
            content.key_records.extend(self.signer_records(&cited));
            content.evidence.push(cited.to_wire());
        }
        // Values that were erased meanwhile are not sent; the event still is.
        if !event.values.is_empty() {
            let keys = self.storage.trail_keys(&record::key_name(&trail, event.generation));
            let kept = if event.sealed_to == 0 { &event.values } else { &event.dispatch };
            let values = keys.and_then(|k| unseal(&k, &trail, kept, KeyKind::Value, b"values").ok());
            if let Some(mut values) = values {
                if event.sealed_to != 0 {
                    values = self.on_the_way(&trail, event, &values)?;
                }
                let disclosure = wire::Disclosure::decode(values.as_slice()).map_err(|_| Rejection::Malformed)?;
                if !says_only_who_acted(&disclosure) {
                    // [BAK-58] What the peer destroyed does not go back to it.
                    if self.was_purged(to, &trail, &disclosure).await.map_err(Unmade::NotNow)? {
                        return Ok(());
                    }
                    // [LET-20] The event goes without them, and what ended them after it.
                    if self.withhold(to, &trail, &disclosure).await.map_err(Unmade::NotNow)?.is_some() {
                        return Ok(());
                    }
                    if self.directory.state_of(to) == Some(PeerState::Frozen) {
                        // [KEY-16] What would disclose something waits for people.
                        return Err(Unmade::NotNow(Rejection::ForkedChain));
                    }
                }
                content.key_records.extend(self.copy_records(to, &disclosure));
                content.disclosures.push(disclosure);
            }
        }
        Ok(())
    }

    fn enclose_head(&self, content: &mut LetterContent, head: &HeadRecord) -> Result<(), Rejection> {
        let trail = TrailId::parse(&head.trail)?;
        let keys = self.storage.trail_keys(trail.as_bytes()).ok_or(Rejection::NoSuchTrail)?;
        let envelope = unseal(&keys, &trail, &head.envelope, KeyKind::Evidence, b"head")?;
        content.heads.push(Envelope::parse(&envelope)?.to_wire());
        Ok(())
    }

    /// An agreement goes with the key records of everybody who signed it, so that the signatures can be checked.
    fn enclose_agreement(&self, content: &mut LetterContent, kept: &Record) -> Result<(), Rejection> {
        let Some(agreement) = record::read::<AgreementRecord>(kept) else { return Ok(()) };
        let id = record::agreement_id(&agreement).ok_or(Rejection::Malformed)?;
        // The newest signatures, not those of the time when it was queued.
        let held = self.agreements.get(&id).ok_or(Rejection::UnknownAgreement)?;
        for party in held.agreement.parties() {
            if let Some(chain) = self.chain_of(&party.organisation) {
                content.key_records.extend(chain_to_wire(&chain).records);
            }
        }
        content.agreements.push(held.envelope.to_wire());
        Ok(())
    }

    /// Key records of whoever signed an event.
    fn signer_records(&self, envelope: &Envelope) -> Vec<wire::Envelope> {
        let author = wire::EventPrefix::decode(envelope.body()).ok().and_then(|e| OrgId::parse(&e.author).ok());
        let chain = author.and_then(|author| self.chain_of(&author));
        chain.map(|chain| chain_to_wire(&chain).records).unwrap_or_default()
    }

    /// What a letter holds will never be on the peer's disk: it is kept so, and shown. [NOD-34]
    async fn refused(self: &Arc<Self>, to: &OrgId, ticket: u64, code: u32, unsent: bool) {
        if code == Rejection::NoSuchTrail.number() && self.is_unknown_there(to, ticket) {
            return;
        }
        let time = clock::now().get();
        let refused = self.outbox.queue(to).refuse(ticket, code, unsent, time);
        refused.iter().for_each(|(_, refused)| self.broken_off(refused));
        let positions: Vec<Position> = refused.into_iter().map(|(position, _)| position).collect();
        if !positions.is_empty() {
            let record = SettledRecord { refused: code, unsent, time, ..settled(&positions) };
            if self.keep_settled(to, record).await {
                // [STF-12] What is held from now on never goes either.
                self.arrived(to, &[positions, self.outbox.queue(to).held()].concat());
            }
        }
    }

    /// The peer has a letter on disk.
    pub(super) async fn settled(self: &Arc<Self>, to: &OrgId, ticket: u64) {
        let queue = self.outbox.queue(to);
        let positions = queue.done(ticket);
        if positions.is_empty() {
            return;
        }
        let (node, to) = (Arc::clone(self), *to);
        // A task of its own: it writes for others too, and ends also when nobody waits for it any more.
        let kept = tokio::spawn(async move {
            // [LOG-111] Before the queue forgets it: after a stop it is put again, and said then.
            node.arrived_there(&positions).await;
            let all = queue.received(positions).await;
            if !all.is_empty() && node.keep_settled(&to, settled(&all)).await {
                node.arrived(&to, &all);
            }
        });
        // If it cannot end the node is closing, and the letters go once more.
        let _ = kept.await;
    }

    /// Whether it is on disk.
    pub(super) async fn keep_settled(&self, to: &OrgId, settled: SettledRecord) -> bool {
        let record = SettledRecord { organisation: to.to_vec(), ..settled };
        // If this is lost the letters go once more, and the peer has them already.
        let kept = self.keep(&record).await;
        if let Err(rejection) = &kept {
            tracing::warn!(%rejection, "a receipt was not kept");
        }
        kept.is_ok()
    }

    /// Takes a chain in if it is new or longer than what is here. `from` is the peer whose letter brings it; none: its
    /// own organisation does.
    pub(super) async fn take_chain(&self, chain: KeyChain, from: Option<&OrgId>) -> Result<(), Rejection> {
        let organisation = chain.organisation();
        if organisation == self.me.organisation {
            return self.take_own_chain(&chain, from).await;
        }
        let merged = match self.directory.chain(&organisation) {
            None => chain,
            Some(known) => {
                let mut merged = KeyChain::clone(&known);
                let mut news = false;
                for envelope in chain.envelopes() {
                    news |= merged.extend(envelope)? != uput_core::key::Change::Known;
                }
                if !news {
                    return Ok(());
                }
                merged
            }
        };
        self.allow_chain(&merged, from)?;
        let known = self.directory.chain(&organisation).is_some();
        let from = if known { self.directory.bringer(&organisation) } else { from.copied() };
        let from = from.filter(|from| *from != organisation);
        let record = ChainRecord {
            organisation: organisation.to_vec(),
            chain: encode_chain(&merged),
            from: from.map(|from| from.to_vec()).unwrap_or_default(),
        };
        self.keep_logged(&record, self.logged_keys(&merged)).await?;
        if let Some(from) = from {
            self.directory.set_brought(organisation, from);
        }
        self.directory.set_chain(merged);
        Ok(())
    }
}

/// Whether a whole disclosure holds nothing but who acted. [DIS-15]
fn says_only_who_acted(disclosure: &wire::Disclosure) -> bool {
    let Some(wire::disclosure::Form::Whole(whole)) = &disclosure.form else { return false };
    let of_staff = |label: &str| label.is_empty() || Label::parse(label).is_ok_and(Label::is_staff);
    whole.fields.iter().all(|field| of_staff(&field.label))
}

pub(super) fn settled(positions: &[Position]) -> SettledRecord {
    SettledRecord {
        positions: positions.iter().map(|position| position.number()).collect(),
        ..SettledRecord::default()
    }
}

impl Node {
    /// A peer shows key records of this organisation. Any that this node did not make were signed with our organisation
    /// key by somebody else: they are kept as proof, never used, and shown to the operator. [NOD-36]
    async fn take_own_chain(&self, chain: &KeyChain, from: Option<&OrgId>) -> Result<(), Rejection> {
        let mut shown = self.me.shown();
        let before = self.me.forged();
        let mut news = false;
        for record in chain.envelopes() {
            news |= shown.extend(record)? != uput_core::key::Change::Known;
        }
        if !news || before >= PROOFS {
            return Ok(());
        }
        tracing::error!("a peer shows key records of this organisation that were not made here");
        let from = from.copied();
        let record = ChainRecord {
            organisation: self.me.organisation.to_vec(),
            chain: encode_chain(&shown),
            from: from.map(|from| from.to_vec()).unwrap_or_default(),
        };
        self.keep_logged(&record, self.logged_keys(&shown)).await?;
        self.me.set_shown(shown);
        if let Some(from) = from {
            self.directory.set_brought(self.me.organisation, from);
        }
        Ok(())
    }
}

/// Whose letter is on its way: each counts for itself, and to the transport they are one kind.
#[derive(Clone, Copy)]
enum Ticket {
    /// Of what waits here for that peer.
    Own(u64),
    /// Of what lies here for it from somebody else.
    Kept(u64),
    /// Of what is left with it for somebody else.
    Left(u64),
}

impl Ticket {
    const KEPT: u64 = 1 << 62;
    const LEFT: u64 = 1 << 63;

    const fn number(self) -> u64 {
        match self {
            Self::Own(number) => number,
            Self::Kept(number) => number | Self::KEPT,
            Self::Left(number) => number | Self::LEFT,
        }
    }

    const fn of(ticket: u64) -> Self {
        match ticket {
            left if left & Self::LEFT != 0 => Self::Left(left & !Self::LEFT),
            kept if kept & Self::KEPT != 0 => Self::Kept(kept & !Self::KEPT),
            own => Self::Own(own),
        }
    }
}

/// The node, shared with the transport.
pub struct Post(pub Arc<Node>);

impl Mailroom for Post {
    fn organisation(&self) -> OrgId {
        self.0.me.organisation
    }

    fn own_chain(&self) -> wire::KeyChain {
        chain_to_wire(&self.0.me.chain())
    }

    fn newest_key_record(&self) -> KeyRecordId {
        self.0.me.key_record()
    }

    fn key_records_from(&self, known: u32) -> Vec<wire::Envelope> {
        let records = chain_to_wire(&self.0.me.chain()).records;
        records.into_iter().skip(usize::try_from(known).unwrap_or(usize::MAX)).collect()
    }

    fn peer_by_tls_key(&self, tls_key: &[u8; 32]) -> Option<PeerCard> {
        self.0.directory.by_tls_key(tls_key).and_then(|organisation| self.0.directory.card(&organisation))
    }

    fn peer(&self, organisation: &OrgId) -> Option<PeerCard> {
        self.0.directory.card(organisation)
    }

    fn peers(&self) -> Vec<PeerCard> {
        self.0.directory.peers().iter().filter_map(|peer| self.0.directory.card(&peer.organisation)).collect()
    }

    async fn introduce(
        &self,
        secret: &[u8],
        tls_key: [u8; 32],
        chain: wire::KeyChain,
    ) -> Result<wire::KeyChain, Rejection> {
        let (node, secret) = (Arc::clone(&self.0), Zeroizing::new(secret.to_vec()));
        let introduced = to_the_end(async move { node.introduced(&secret, tls_key, chain).await }).await;
        introduced.unwrap_or(Err(Rejection::TooMany))
    }

    async fn learn(&self, organisation: &OrgId, records: Vec<wire::Envelope>) -> Result<(), Rejection> {
        self.0.learn(organisation, records).await
    }

    async fn receive(&self, from: &OrgId, letter: Vec<u8>) -> (ReceiptOutcome, u32) {
        let (node, from) = (Arc::clone(&self.0), *from);
        let taken = async move {
            let taken = node.take_letter(&from, &letter).await;
            node.settle_shown(&from).await;
            taken
        };
        let taken = to_the_end(taken).await;
        let answer = taken.unwrap_or((ReceiptOutcome::Later, Rejection::TooMany.number()));
        if answer.1 != 0 {
            tracing::debug!(code = answer.1, "a letter was not taken in whole");
        }
        answer
    }

    /// Its own letters first, then those that lie here for it, then those that are left with it for others. [RLY-8]
    async fn next_letter(&self, to: &OrgId) -> Outgoing {
        let node = &self.0;
        tokio::select! {
            biased;
            outgoing = node.next_sealed(to) => outgoing,
            (number, letter) = node.next_kept(to) => Outgoing { ticket: Ticket::Kept(number).number(), letter },
            Outgoing { ticket, letter } = node.next_left(to) => {
                Outgoing { ticket: Ticket::Left(ticket).number(), letter }
            }
        }
    }

    async fn next_copy(&self, to: &OrgId, behind: Option<u64>) -> Copied {
        self.0.next_copy(to, behind.map(Position::new)).await
    }

    async fn take_copy(&self, from: &OrgId, letter: Vec<u8>) -> ReceiptOutcome {
        let (node, from) = (Arc::clone(&self.0), *from);
        let taken = to_the_end(async move { node.take_copy(&from, &letter).await }).await;
        taken.unwrap_or(ReceiptOutcome::Later)
    }

    async fn settle(&self, to: &OrgId, ticket: u64, outcome: ReceiptOutcome, code: u32) {
        match Ticket::of(ticket) {
            Ticket::Kept(number) => return self.0.handed_out(to, number, outcome, code).await,
            Ticket::Left(ticket) => return self.0.left_there(to, ticket, outcome, code).await,
            Ticket::Own(_) => {}
        }
        let queue = self.0.outbox.queue(to);
        match outcome {
            ReceiptOutcome::Stored => self.0.settled(to, ticket).await,
            ReceiptOutcome::Refused => self.0.refused_there(to, ticket, code).await,
            // [TRA-14] The peer's newer keys are here: sealed to those it goes at once.
            ReceiptOutcome::StaleKey => queue.again(ticket, queue.flying(ticket) > 1),
            ReceiptOutcome::Later | ReceiptOutcome::Unspecified => self.0.later(to, ticket),
        }
    }

    async fn next_query(&self, to: &OrgId) -> wire::WitnessQuery {
        self.0.next_query(to).await
    }

    async fn answered(&self, by: &OrgId, reply: wire::WitnessReply) {
        let (node, by) = (Arc::clone(&self.0), *by);
        // Cut off by the end of the node it is asked again.
        let _ = to_the_end(async move { node.take_reply(&by, reply).await }).await;
    }

    async fn witness(&self, of: &OrgId, query: wire::WitnessQuery) -> wire::WitnessReply {
        let (node, of) = (Arc::clone(&self.0), *of);
        let reply = to_the_end(async move { node.witness(&of, query).await }).await;
        reply.unwrap_or_else(|| refused(Rejection::ReadFailed))
    }

    fn disconnected(&self, to: &OrgId, unsettled: Vec<u64>) {
        let queue = self.0.outbox.queue(to);
        for ticket in unsettled {
            match Ticket::of(ticket) {
                Ticket::Own(ticket) => queue.again(ticket, false),
                Ticket::Kept(number) => self.0.mailbox.again(to, number),
                Ticket::Left(ticket) => self.0.not_left(ticket),
            }
        }
    }

    fn letters(&self, to: &OrgId) -> Letters {
        self.0.outbox.queue(to).letters()
    }

    fn contact(&self, organisation: &OrgId, what: Contact) {
        self.0.directory.contact(organisation, what, clock::now());
        self.0.confirm_clock();
    }
}

/// Does work that must not stop half-way, even if nobody waits for it any more: a commit that is under way is on disk
/// soon, and whoever reads or queues meanwhile must not do so without it. `None` if it panicked. [NOD-31]
pub(crate) async fn to_the_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let mut work = Box::pin(work);
    // Polled here once, so that the order of the callers is kept.
    match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        Poll::Ready(done) => Some(done),
        Poll::Pending => tokio::spawn(work).await.ok(),
    }
}

impl Node {
    /// The peer refused a letter for good.
    pub(super) async fn refused_there(self: &Arc<Self>, to: &OrgId, ticket: u64, code: u32) {
        let queue = self.outbox.queue(to);
        // One bad item in a letter of many: each goes alone, and the bad one is refused alone.
        if queue.flying(ticket) > 1 || queue.asks(ticket) {
            // What the peer does not answer, or does not know to ask, is not asked again.
            queue.forget_lost(ticket);
            queue.again(ticket, true);
        // [LOG-112] What was put for somebody else is theirs to hear of, and no fault here.
        } else if self.not_taken(to, &queue.carried(ticket), code).await {
            self.settled(to, ticket).await;
        } else {
            tracing::warn!(code, "a peer refused a letter for good");
            self.refused(to, ticket, code, false).await;
        }
    }

    /// A letter goes again: after a pause, so that a peer that is not ready is not asked without end.
    fn later(&self, to: &OrgId, ticket: u64) {
        let queue = self.outbox.queue(to);
        let many = queue.flying(ticket) > 1;
        let pause = queue.pause(ticket);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            queue.again(ticket, many);
        });
    }
}
