//! What earlier events told that a basis is held against, of all events of a trail.
//!
//! Guarantees that each disclosure is read once for it, however many events come after. Leaves to the agreement what
//! contradicts what. [BAS-22]

use std::collections::BTreeSet;

use super::opened::Opened;
use crate::{
    agreement::{Agreement, Request, Told},
    catalogue::{Field, Label},
    event::Event,
    id::OrgId,
    legal_basis::Basis,
    trail::Trail,
};

/// The disclosures that tell something, in the order of the trail.
pub(super) struct Tellings<'a> {
    trail: &'a Trail,
    all: Vec<Telling>,
    labels: BTreeSet<Label>,
}

struct Telling {
    place: usize,
    author: OrgId,
    fields: Vec<Field>,
}

impl<'a> Tellings<'a> {
    /// Of what is open of a trail.
    pub(super) fn of(trail: &'a Trail, opening: &Event, agreement: &Agreement, opened: &Opened) -> Self {
        let telling = |event: &Event| {
            let (request, disclosed) = (Request::of(opening, event)?, opened.of(&event.id)?);
            let fields = agreement.tells(&request, disclosed, event.slots.len() / 32);
            let place = trail.history().place(event.id).filter(|_| !fields.is_empty())?;
            Some(Telling { place, author: event.author, fields })
        };
        let history = trail.history();
        let all: Vec<Telling> =
            history.disclosures().filter_map(|id| trail.event(&id)).filter_map(|event| telling(event)).collect();
        let labels = all.iter().flat_map(|telling| &telling.fields).map(Field::label).collect();
        Self { trail, all, labels }
    }

    /// What its author had told before an event, of each label the newest, if its basis is held against that.
    pub(super) fn before(&self, event: &Event) -> Told {
        let hears = event.terms.and_then(|terms| Basis::of(terms.basis)).is_some_and(Basis::hears);
        if !hears || self.all.is_empty() {
            return Told::default();
        }
        let known = self.trail.history().told_before(event.id);
        let (mut newest, mut missing) = (Vec::new(), self.labels.clone());
        let mut latest = self.all.iter().rev().filter(|telling| telling.author == event.author);
        while let Some(telling) = latest.by_ref().find(|telling| known.contains(telling.place)) {
            newest.push(&telling.fields);
            missing.retain(|label| telling.fields.iter().all(|field| field.label() != *label));
            if missing.is_empty() {
                break;
            }
        }
        let mut told = Told::default();
        newest.into_iter().rev().for_each(|fields| told.add(fields.clone()));
        told
    }
}
