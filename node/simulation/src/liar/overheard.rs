//! What a liar knows: letters that it sent and that reached it, opened with its own keys, or as its node made them.

use std::collections::{BTreeMap, VecDeque};

use uput_core::{
    codec,
    envelope::Envelope,
    id::{EventId, OrgId, TrailId},
    key::SealingSecret,
    letter,
    wire::{self, EventBody, disclosure::Form, event_body::Kind},
};

/// Letters that it keeps, to send them again.
const LETTERS: usize = 32;
/// Disclosures of its own that it keeps.
const DISCLOSURES: usize = 8;

/// An event as it travelled.
#[derive(Clone)]
pub struct Heard {
    /// Its ID.
    pub id: EventId,
    /// What is signed.
    pub body: EventBody,
    /// As it was signed.
    pub envelope: wire::Envelope,
}

/// A trail that the liar is a party of.
#[derive(Clone)]
pub struct Known {
    /// With which house.
    pub with: usize,
    /// By the liar, by number.
    pub own: BTreeMap<u64, Heard>,
    /// By the other, by number.
    pub theirs: BTreeMap<u64, Heard>,
}

/// An identity that reached the liar.
#[derive(Clone, Copy)]
pub struct Reached {
    /// By which house.
    pub by: usize,
    /// In which trail.
    pub trail: TrailId,
    /// By which event.
    pub event: EventId,
}

/// All of it.
#[derive(Clone)]
pub struct Overheard {
    liar: OrgId,
    name: String,
    /// By trail.
    pub trails: BTreeMap<TrailId, Known>,
    /// Of the liar: to whom, which bytes.
    pub letters: VecDeque<(usize, Vec<u8>)>,
    /// Of the liar: with which event.
    pub disclosures: VecDeque<(TrailId, wire::Envelope, wire::Disclosure)>,
    /// A value that is another's.
    pub leaked: Option<String>,
    /// Identities that reached it.
    pub identities: Vec<Reached>,
}

impl Overheard {
    /// Nothing yet.
    pub fn new(liar: OrgId, name: String) -> Self {
        Self {
            liar,
            name,
            trails: BTreeMap::new(),
            letters: VecDeque::new(),
            disclosures: VecDeque::new(),
            leaked: None,
            identities: Vec::new(),
        }
    }

    /// A letter by the liar or to it.
    pub fn letter(&mut self, own: bool, ends: (usize, usize), bytes: &[u8], sealed_to: (OrgId, SealingSecret)) {
        let Ok(opened) = letter::open(bytes, sealed_to.0, &[sealed_to.1]) else { return };
        let other = if own { ends.1 } else { ends.0 };
        let events: Vec<(TrailId, Heard)> = opened.content.events.into_iter().filter_map(heard).collect();
        if own {
            keep(&mut self.letters, LETTERS, (other, bytes.to_vec()));
            self.own_disclosures(&events, opened.content.disclosures);
        } else {
            opened.content.disclosures.iter().for_each(|disclosed| self.look(disclosed));
            let identities = events.iter().filter(|(_, heard)| matches!(heard.body.kind, Some(Kind::Identity(_))));
            let reached = identities.map(|(trail, heard)| Reached { by: other, trail: *trail, event: heard.id });
            self.identities.extend(reached);
        }
        events.into_iter().for_each(|(trail, heard)| self.add(other, trail, heard));
    }

    /// What the liar has said now.
    pub fn said(&mut self, said: Vec<(usize, TrailId, Heard)>) {
        said.into_iter().for_each(|(with, trail, heard)| self.add(with, trail, heard));
    }

    fn add(&mut self, with: usize, trail: TrailId, heard: Heard) {
        let known = self.trails.entry(trail).or_insert(Known { with, own: BTreeMap::new(), theirs: BTreeMap::new() });
        let side = if heard.body.author == self.liar.to_vec() { &mut known.own } else { &mut known.theirs };
        side.entry(heard.body.seq).or_insert(heard);
    }

    fn own_disclosures(&mut self, events: &[(TrailId, Heard)], disclosures: Vec<wire::Disclosure>) {
        for disclosed in disclosures {
            let of = events.iter().find(|(_, heard)| heard.id.to_vec() == disclosed.event);
            if let Some((trail, heard)) = of {
                keep(&mut self.disclosures, DISCLOSURES, (*trail, heard.envelope.clone(), disclosed));
            }
        }
    }

    /// [SIM-24] People write into a name for whom it is meant.
    fn look(&mut self, disclosed: &wire::Disclosure) {
        let Some(Form::Whole(whole)) = &disclosed.form else { return };
        for field in &whole.fields {
            if let Some(meant_for) = field.value.strip_prefix(crate::people::NAME)
                && meant_for != self.name
            {
                self.leaked = Some(format!("{} was told a name that was meant for {meant_for}", self.name));
            }
        }
    }
}

fn keep<T>(queue: &mut VecDeque<T>, most: usize, new: T) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(new);
}

/// Reads an event, whatever it says.
pub fn heard(envelope: wire::Envelope) -> Option<(TrailId, Heard)> {
    let body: EventBody = codec::decode(&envelope.body).ok()?;
    let id = EventId::from(Envelope::from_wire(envelope.clone()).ok()?.id());
    let trail = TrailId::parse_optional(&body.trail).ok()?.unwrap_or_else(|| id.opened_trail());
    Some((trail, Heard { id, body, envelope }))
}
