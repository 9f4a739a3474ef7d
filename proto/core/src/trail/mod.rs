//! A trail: two chains of verified events between exactly two organisations.
//!
//! Guarantees that every event in it is by one of its two parties, continues its author's chain, and names as seen only
//! events of the other party that are here, never fewer than before. Two events with one number are both kept.
//! Leaves to others: whether a signature verified ([`Verified`] is the evidence), what the events mean (`state`), which
//! stage the agreement lets the opening have (`agreement`).

mod chain;
mod node;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    agreement::Occasion,
    envelope::Verified,
    event::{Decision, Event, Opening, Statement},
    id::{EventId, OrgId, TrailId},
    rejection::Rejection,
    state::{Broken, History, Reading, Set, Side, VoidReason},
    time::Seconds,
    wire::LegalBasis,
};
use chain::Chain;
use node::{kind, names};

/// What became of an event that was offered to a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is new, and continues its author's chain.
    New,
    /// It was here before.
    Known,
    /// It is new, and its author had signed another event with this number: both are kept. [EVT-16]
    Twin,
}

/// The events of one trail.
#[derive(Clone)]
pub struct Trail {
    id: TrailId,
    opener: OrgId,
    peer: OrgId,
    opened_at: u32,
    events: BTreeMap<EventId, Verified<Event>>,
    order: Vec<EventId>,
    chains: [Chain; 2],
    history: History,
    /// What the opener disclosed on each basis.
    rested_on: BTreeMap<Basis, Set>,
}

/// A legal basis, and the number of the article that was cited.
type Basis = (LegalBasis, u32);

impl Trail {
    /// Begins with an opening. `opened_at` is the stage that the agreement lets it have. [EVT-13]
    ///
    /// # Errors
    /// [`Rejection::WrongTrail`] if the event is no opening.
    pub fn open(opening: Verified<Event>, opened_at: u32) -> Result<Self, Rejection> {
        let peer = opening.opening().ok_or(Rejection::WrongTrail)?.peer;
        let (id, opener) = (opening.id.opened_trail(), opening.author);
        let chains = [Chain::default(), Chain::default()];
        let (events, order, history, rested_on) = (BTreeMap::new(), Vec::new(), History::new(), BTreeMap::new());
        let mut trail = Self { id, opener, peer, opened_at, events, order, chains, history, rested_on };
        trail.insert(opening)?;
        Ok(trail)
    }

    /// Its ID.
    #[must_use]
    pub const fn id(&self) -> TrailId {
        self.id
    }

    /// The organisation on a side.
    #[must_use]
    pub const fn party(&self, side: Side) -> OrgId {
        match side {
            Side::Opener => self.opener,
            Side::Peer => self.peer,
        }
    }

    /// The side of an organisation, if it is a party.
    #[must_use]
    pub fn side(&self, organisation: &OrgId) -> Option<Side> {
        [Side::Opener, Side::Peer].into_iter().find(|side| self.party(*side) == *organisation)
    }

    /// The opening event.
    ///
    /// # Errors
    /// Never: a trail is made from its opening.
    pub fn opening_event(&self) -> Result<&Verified<Event>, Rejection> {
        self.events.get(&self.id.opening()).ok_or(Rejection::WrongTrail)
    }

    /// What the opening says.
    ///
    /// # Errors
    /// Never: a trail is made from its opening.
    pub fn opening(&self) -> Result<&Opening, Rejection> {
        self.opening_event()?.opening().ok_or(Rejection::WrongTrail)
    }

    /// The stage that the agreement let the opening have.
    #[must_use]
    pub const fn opened_at(&self) -> u32 {
        self.opened_at
    }

    /// One event.
    #[must_use]
    pub fn event(&self, id: &EventId) -> Option<&Verified<Event>> {
        self.events.get(id)
    }

    /// All events in the order of admission: what an event points to comes before it.
    pub fn events(&self) -> impl Iterator<Item = &Verified<Event>> {
        self.order.iter().filter_map(|id| self.events.get(id))
    }

    /// All events in the one order that does not depend on how they came: what an event points to before it; among those
    /// that crossed by claimed time, author, number, ID. [EVT-21]
    #[must_use]
    pub fn settled(&self) -> Vec<&Verified<Event>> {
        let rank = |event: &Event| (event.time, event.author, event.seq, event.id);
        let mut waiting: BTreeMap<EventId, usize> = BTreeMap::new();
        let mut children: BTreeMap<EventId, Vec<&Verified<Event>>> = BTreeMap::new();
        let mut free: BTreeMap<_, &Verified<Event>> = BTreeMap::new();
        for event in self.events() {
            let parents: BTreeSet<EventId> = [event.prev, event.seen].into_iter().flatten().collect();
            if parents.is_empty() {
                free.insert(rank(event), event);
            }
            waiting.insert(event.id, parents.len());
            parents.into_iter().for_each(|parent| children.entry(parent).or_default().push(event));
        }
        let mut order = Vec::with_capacity(self.len());
        while let Some((_, event)) = free.pop_first() {
            order.push(event);
            for child in children.remove(&event.id).unwrap_or_default() {
                let left = waiting.entry(child.id).or_default();
                *left = left.saturating_sub(1);
                if *left == 0 {
                    free.insert(rank(child), child);
                }
            }
        }
        order
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none: never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many numbers the party on this side has used.
    #[must_use]
    pub fn count(&self, side: Side) -> u64 {
        self.chain(side).count()
    }

    /// The newest event of the party on this side: the first that came with the highest number.
    #[must_use]
    pub fn last(&self, side: Side) -> Option<EventId> {
        self.chain(side).last()
    }

    /// Events with this author and number: more than one is an equivocation.
    #[must_use]
    pub fn numbered(&self, side: Side, seq: u64) -> &[EventId] {
        self.chain(side).numbered(seq)
    }

    /// What admitting an event would do, without its signature being verified yet. [EVT-11]
    ///
    /// # Errors
    /// [`Rejection::WrongTrail`], [`Rejection::MissingPredecessor`], [`Rejection::BrokenSequence`].
    pub fn offer(&self, event: &Event) -> Result<Admission, Rejection> {
        let side = self.side(&event.author).filter(|_| event.trail == self.id).ok_or(Rejection::WrongTrail)?;
        if self.events.contains_key(&event.id) {
            return Ok(Admission::Known);
        }
        // [EVT-3] The ID of the trail is the ID of its one opening.
        if event.opening().is_some() {
            return Err(Rejection::WrongTrail);
        }
        self.check_prev(event)?;
        self.check_seen(event, side)?;
        Ok(if event.seq < self.count(side) { Admission::Twin } else { Admission::New })
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// As [`Trail::offer`].
    pub fn admit(&mut self, event: Verified<Event>) -> Result<Admission, Rejection> {
        let admission = self.offer(&event)?;
        if admission != Admission::Known {
            self.insert(event)?;
        }
        Ok(admission)
    }

    /// What the trail says, by its events alone.
    ///
    /// # Errors
    /// Never for a trail: each event's parents are here.
    pub fn reading(&self) -> Result<Reading, Broken> {
        self.history.reading()
    }

    /// The same without the pairs that crossed; see [`History::reading_without_crossings`].
    ///
    /// # Errors
    /// Never for a trail: each event's parents are here.
    pub fn reading_without_crossings(&self) -> Result<Reading, Broken> {
        self.history.reading_without_crossings()
    }

    /// Whether a statement would have effect if this side said it now, with everything here in its past.
    ///
    /// # Errors
    /// The condition that fails.
    pub fn may(&self, side: Side, statement: &Statement) -> Result<(), VoidReason> {
        self.history.may(side, kind(statement, self.opened_at), names(statement))
    }

    /// The causal order of its events, and what can be read from it.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Whether its author signed another event with its number: one of the two was hidden from somebody. [EVT-16]
    #[must_use]
    pub fn is_contradicted(&self, event: &Event) -> bool {
        let chain = self.side(&event.author).map(|side| self.chain(side));
        let twins =
            chain.map_or(&[][..], |chain| chain.numbered(event.seq)).iter().filter_map(|id| self.events.get(id));
        twins.filter(|twin| twin.id != event.id).any(|twin| twin.incarnation == event.incarnation)
    }

    /// The decisions on which who she is can be told at a time, by one who knows these events and their past: they grant,
    /// nothing of their type has taken them away, and they have not ended. [STA-70] [EVT-31]
    #[must_use]
    pub fn grounds(&self, known: &[EventId], at: Seconds) -> Vec<&Event> {
        let events = self
            .history
            .grounds_at(known)
            .into_iter()
            .filter_map(|id| self.event(&id))
            .map(|event| -> &Event { event });
        let lasts = |event: &&Event| match event.statement {
            Statement::Decision(Decision { expiry, .. }) => expiry.is_none_or(|expiry| at <= expiry),
            _ => false,
        };
        events.filter(lasts).collect()
    }

    /// Whether who she is can be told on a decision alone: no law opened the trail, and no yes covers the need in what is
    /// known. [EVT-14]
    #[must_use]
    pub fn rests_on_decision(&self, known: &[EventId]) -> bool {
        self.opened_at != 2 && !self.history.is_covered_at(known)
    }

    /// Whether an event claims a stage that its author had not reached: then no value of it is read. Only an opening, a need
    /// and an identity open a stage. [EVT-24]
    #[must_use]
    pub fn oversteps(&self, event: &Event) -> bool {
        let most = match event.statement {
            Statement::Opening(_) | Statement::Need | Statement::Identity => return false,
            Statement::Reopened => 1,
            _ => 2,
        };
        let reached = || self.history.stage_at(&past(event).collect::<Vec<_>>());
        event.terms.is_some_and(|terms| terms.stage > most || terms.stage > reached())
    }

    /// Whether a reply rests on a basis on which the opener disclosed nothing in its past: then no value of it is read.
    /// [EVT-30]
    #[must_use]
    pub fn is_baseless(&self, event: &Event) -> bool {
        let wanted = basis(event).filter(|(basis, _)| *basis != LegalBasis::NoneNeededNonpersonal);
        let rests = |basis| self.rested_on.get(&basis).is_some_and(|on| self.history.is_any_known(on, past(event)));
        wanted.is_some_and(|basis| !self.discloses(event) && !rests(basis))
    }

    /// What the author of an event had disclosed before it, as far as the values counted for one who knew its past, the
    /// oldest first. [BAS-22]
    pub fn told_before<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = &'a Verified<Event>> {
        let told = self.history.told_before(event.id).iter().collect::<Vec<_>>();
        let told = told.into_iter().filter_map(|place| self.events.get(&self.history.id(place)?));
        told.filter(move |before| before.author == event.author)
    }

    /// The same for an event that this author would sign now. [BAS-22]
    ///
    /// # Errors
    /// [`Rejection::WrongTrail`] if there is no opening.
    pub fn told_by_now(&self, author: &OrgId) -> Result<Vec<&Verified<Event>>, Rejection> {
        let outstanding = self.reading().map_err(|_| Rejection::WrongTrail)?.outstanding;
        let told = self.history.disclosures().filter(|id| outstanding.contains(id));
        Ok(told.filter_map(|id| self.events.get(&id)).filter(|before| before.author == *author).collect())
    }

    /// [EVT-5] [EVT-19] The predecessor is the author's own event with the number before, in no later incarnation.
    fn check_prev(&self, event: &Event) -> Result<(), Rejection> {
        let Some(prev) = event.prev else { return Ok(()) };
        let prev = self.events.get(&prev).ok_or(Rejection::MissingPredecessor)?;
        let follows = prev.author == event.author
            && prev.seq.checked_add(1) == Some(event.seq)
            && prev.incarnation <= event.incarnation;
        if follows { Ok(()) } else { Err(Rejection::BrokenSequence) }
    }

    /// [EVT-6] What was seen is the other party's, and not older than what the predecessor had seen.
    fn check_seen(&self, event: &Event, side: Side) -> Result<(), Rejection> {
        let before = event.prev.and_then(|prev| self.events.get(&prev)).and_then(|prev| prev.seen);
        let Some(seen) = event.seen else {
            return if before.is_none() { Ok(()) } else { Err(Rejection::BrokenSequence) };
        };
        let seen = self.events.get(&seen).ok_or(Rejection::MissingPredecessor)?;
        let floor = before.and_then(|id| self.events.get(&id)).map_or(0, |event| event.seq);
        let holds = self.side(&seen.author) == Some(side.other()) && seen.seq >= floor;
        if holds { Ok(()) } else { Err(Rejection::BrokenSequence) }
    }

    fn insert(&mut self, event: Verified<Event>) -> Result<(), Rejection> {
        let (id, seq) = (event.id, event.seq);
        let side = self.side(&event.author).ok_or(Rejection::WrongTrail)?;
        self.history.append(self.node(&event, side)).map_err(|_| Rejection::BrokenSequence)?;
        let rests = basis(&event).filter(|_| self.discloses(&event)).zip(self.history.place(id));
        if let Some((basis, place)) = rests {
            self.rested_on.entry(basis).or_default().insert(place);
        }
        let [opener, peer] = &mut self.chains;
        let chain = if side == Side::Opener { opener } else { peer };
        chain.insert(seq, id);
        self.order.push(id);
        self.events.insert(id, event);
        Ok(())
    }

    /// Whether the opener discloses data about her by it.
    fn discloses(&self, event: &Event) -> bool {
        Occasion::of(&event.statement, event.author == self.opener).discloses()
    }

    const fn chain(&self, side: Side) -> &Chain {
        let [opener, peer] = &self.chains;
        match side {
            Side::Opener => opener,
            Side::Peer => peer,
        }
    }
}

/// The basis that an event names, with its article.
fn basis(event: &Event) -> Option<Basis> {
    event.terms.map(|terms| (terms.basis, terms.article))
}

/// The newest that an event names of its past.
fn past(event: &Event) -> impl Iterator<Item = EventId> {
    [event.prev, event.seen].into_iter().flatten()
}
