//! The events of a bundle: each verified once, then put together as far as they connect.
//!
//! Guarantees that nothing enters the trail whose signature did not verify by a key of its author's own chain.

use std::collections::{BTreeMap, BTreeSet};

use super::{Exit, Where, demand::Demand, findings::Findings, keyring::Keyring};
use crate::{
    bundle::{Bundle, List, Place},
    envelope::{Envelope, MediaType, Verified, verify_one, verify_signers},
    event::{EVENT_VERSION, Event, EventPrefix, Statement},
    id::{EventId, KeyRecordId, OrgId, TrailId},
    rejection::Rejection,
    time::Seconds,
    trail::Trail,
};

/// Events whose signatures verified.
pub(super) struct Events {
    read: BTreeMap<EventId, Verified<Event>>,
    /// Of a newer version: verified, and not read.
    pub(super) parked: Vec<EventPrefix>,
    places: BTreeMap<EventId, Place>,
}

/// What an event says of its place among those of its author.
pub(super) struct Told {
    pub(super) id: EventId,
    pub(super) author: OrgId,
    pub(super) key: KeyRecordId,
    pub(super) seq: u64,
    pub(super) prev: Option<EventId>,
}

/// The trail, and what could not be connected to it.
pub(super) struct Connected {
    pub(super) trail: Option<Trail>,
    /// Verified events that rest on something that is not here, or not accepted.
    pub(super) loose: Vec<Verified<Event>>,
}

impl Events {
    /// Verifies every event, each signature once. [BUN-30]
    pub(super) fn verify(bundle: &Bundle, keyring: &Keyring, findings: &mut Findings) -> Self {
        let mut events = Self { read: BTreeMap::new(), parked: Vec::new(), places: BTreeMap::new() };
        for (index, (envelope, prefix)) in bundle.events().enumerate() {
            findings.reach(Demand::Signed);
            let id = EventId::from(envelope.id());
            events.places.insert(id, bundle.place(List::Events, index));
            match events.take(envelope, prefix, bundle.trail, keyring) {
                Ok(()) => {}
                Err(rejection @ Rejection::UnknownSigner) => {
                    let place = events.place(&id).field("key");
                    findings.reject(Demand::Signed, Exit::UnknownSigner, place, rejection);
                }
                // [BUN-31] Said here already, as without its opening a trail admits and refuses nothing.
                Err(rejection @ Rejection::WrongTrail) => {
                    findings.reject(Demand::Sequence, Exit::NotAuthentic, events.place(&id), rejection);
                }
                Err(rejection) => findings.reject(Demand::Signed, Exit::NotAuthentic, events.place(&id), rejection),
            }
        }
        events
    }

    fn take(
        &mut self,
        envelope: &Envelope,
        prefix: Result<&EventPrefix, Rejection>,
        trail: TrailId,
        keyring: &Keyring,
    ) -> Result<(), Rejection> {
        let version = EventPrefix::version(envelope.media_type()).ok_or(Rejection::WrongType)?;
        // Read before it is verified only to find the key that must have signed it.
        let prefix = prefix?;
        let key = keyring.signing_key(&prefix.author, &prefix.key)?;
        if version > EVENT_VERSION {
            // Over a body that this program cannot read.
            verify_signers(envelope, &[key])?;
            ours(prefix.trail, trail)?;
            self.parked.push(prefix.clone());
            return Ok(());
        }
        let id = envelope.id();
        let event = verify_one(envelope.clone(), MediaType::EVENT, key, |body| Event::parse(id, body))?;
        ours(event.trail, trail)?;
        self.read.insert(event.id, event);
        Ok(())
    }

    /// The opening, if it is here and verified.
    pub(super) fn opening(&self, bundle: &Bundle) -> Option<&Verified<Event>> {
        self.read.get(&bundle.trail.opening()).filter(|event| event.opening().is_some())
    }

    /// Everybody whose event verified.
    pub(super) fn authors(&self) -> BTreeSet<OrgId> {
        let parked = self.parked.iter().map(|prefix| prefix.author);
        self.read.values().map(|event| event.author).chain(parked).collect()
    }

    /// Whether the bundle has an event of this ID, accepted or not.
    pub(super) fn holds(&self, id: &EventId) -> bool {
        self.places.contains_key(id)
    }

    /// Where an event stands in the file.
    pub(super) fn place(&self, id: &EventId) -> Where {
        self.places.get(id).map_or_else(|| Where::id(id), |place| Where::part(*place).of(id))
    }

    /// Who says what after what, of every event, read or not.
    pub(super) fn told(&self) -> impl Iterator<Item = Told> {
        let read = self.read.values().map(|event| Told {
            id: event.id,
            author: event.author,
            key: event.key,
            seq: event.seq,
            prev: event.prev,
        });
        let parked = self.parked.iter().map(|prefix| Told {
            id: prefix.id,
            author: prefix.author,
            key: prefix.key,
            seq: prefix.seq,
            prev: prefix.prev,
        });
        read.chain(parked)
    }

    /// Leaves out what is signed by a stolen key, and not shown to be its author's. [BUN-104]
    pub(super) fn disown(&mut self, stolen: &BTreeSet<EventId>, findings: &mut Findings) {
        self.parked.retain(|prefix| !stolen.contains(&prefix.id));
        for id in stolen {
            self.read.remove(id);
            let place = self.place(id).field("key");
            findings.reject(Demand::Signed, Exit::UnknownSigner, place, Rejection::RevokedSigner);
        }
    }

    /// Puts the events together: what an event points to first, then by claimed time. [BUN-31] [BUN-32]
    pub(super) fn connect(
        &mut self,
        opening: Option<&Verified<Event>>,
        opened_at: u32,
        findings: &mut Findings,
    ) -> Connected {
        let trail = opening.and_then(|opening| Trail::open(opening.clone(), opened_at).ok());
        let Some(mut trail) = trail else {
            return Connected { trail: None, loose: self.read.values().cloned().collect() };
        };
        findings.reach(Demand::Sequence);
        findings.reach(Demand::Gaps);
        let mut refused = BTreeSet::new();
        for id in self.order() {
            let Some(event) = self.read.get(&id).filter(|event| event.id != trail.id().opening()) else { continue };
            if let Err(rejection) = trail.admit(event.clone()) {
                refused.insert(id);
                // What rests on a refused event is said below.
                if rejection != Rejection::MissingPredecessor {
                    findings.reject(Demand::Sequence, Exit::NotAuthentic, self.place(&id), rejection);
                }
            }
        }
        self.refuse_strangers(&trail, findings);
        let loose: Vec<_> = self.read.values().filter(|event| trail.event(&event.id).is_none()).cloned().collect();
        self.say_gaps(&trail, &loose, findings);
        Connected { trail: Some(trail), loose }
    }

    /// Verified events, parents first; among what is free by claimed time, author, number. Those in a gap are left out.
    fn order(&self) -> Vec<EventId> {
        let mut waiting: BTreeMap<EventId, usize> = BTreeMap::new();
        let mut children: BTreeMap<EventId, Vec<EventId>> = BTreeMap::new();
        let mut free: BTreeSet<(Seconds, OrgId, u64, EventId)> = BTreeSet::new();
        let rank = |event: &Event| (event.time, event.author, event.seq, event.id);
        for event in self.read.values() {
            // One that is named twice counts twice, and is its child's parent twice.
            let parents = [event.prev, event.seen].into_iter().flatten();
            for parent in parents.clone() {
                children.entry(parent).or_default().push(event.id);
            }
            match parents.count() {
                0 => drop(free.insert(rank(event))),
                count => drop(waiting.insert(event.id, count)),
            }
        }
        let mut order = Vec::new();
        while let Some((.., id)) = free.pop_first() {
            order.push(id);
            for child in children.remove(&id).unwrap_or_default() {
                let left = waiting.entry(child).or_default();
                *left = left.saturating_sub(1);
                if *left == 0 {
                    free.extend(self.read.get(&child).map(|event| rank(event)));
                }
            }
        }
        order
    }

    /// What cannot be read yet is by a party all the same. [BUN-31] [BUN-128]
    fn refuse_strangers(&mut self, trail: &Trail, findings: &mut Findings) {
        let (own, strange): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.parked).into_iter().partition(|prefix| trail.side(&prefix.author).is_some());
        self.parked = own;
        for prefix in strange {
            findings.reject(Demand::Sequence, Exit::NotAuthentic, self.place(&prefix.id), Rejection::WrongTrail);
        }
    }

    /// Says what is named and not here: by links, and by what statements name.
    fn say_gaps(&self, trail: &Trail, loose: &[Verified<Event>], findings: &mut Findings) {
        let missing = |id: &EventId| !self.read.contains_key(id);
        for event in loose {
            for (field, named) in [("prev", event.prev), ("seen", event.seen)] {
                if let Some(named) = named.filter(missing) {
                    let sentence = format!("it names {named}, which is not here or not accepted");
                    findings.fail(Demand::Gaps, Exit::Incomplete, self.place(&event.id).field(field), sentence);
                }
            }
        }
        for event in trail.events() {
            if let Some(named) = answered(&event.statement).filter(missing) {
                let sentence = format!("it names {named}, which is not here or not accepted");
                findings.fail(Demand::Gaps, Exit::Incomplete, self.place(&event.id).field("kind"), sentence);
            }
        }
    }

    /// Says which events need a newer program. [BUN-24]
    pub(super) fn say_parked(&self, findings: &mut Findings) {
        if !self.read.is_empty() {
            findings.reach(Demand::Readable);
        }
        for prefix in &self.parked {
            findings.reject(Demand::Readable, Exit::Incomplete, self.place(&prefix.id), Rejection::NeedsUpgrade);
        }
    }

    /// Key records along each author's chain never go back. [BUN-23]
    pub(super) fn check_keys(&self, trail: &Trail, keyring: &Keyring, findings: &mut Findings) {
        findings.reach(Demand::NewestKey);
        let number = |author: &OrgId, key: &KeyRecordId| keyring.record(author, key).map(|record| record.number());
        for event in trail.events() {
            let before = event.prev.and_then(|prev| trail.event(&prev));
            let before = before.and_then(|before| number(&before.author, &before.key));
            if number(&event.author, &event.key) < before {
                let place = self.place(&event.id).field("key");
                findings.reject(Demand::NewestKey, Exit::UnknownSigner, place, Rejection::RevokedSigner);
            }
        }
    }
}

fn ours(named: TrailId, trail: TrailId) -> Result<(), Rejection> {
    if named == trail { Ok(()) } else { Err(Rejection::WrongTrail) }
}

/// The event of this trail that a statement answers, and that is missed if it is not here. A plan that a task names is not:
/// what is no plan is found by the state. [BUN-32] [EVT-28]
pub(super) const fn answered(statement: &Statement) -> Option<EventId> {
    match statement {
        Statement::Delivered(id) | Statement::TransferTaken(id) => Some(*id),
        _ => None,
    }
}
