//! What a bundle opens.
//!
//! Guarantees that everything here matches the commitments of its event.

use std::collections::BTreeMap;

use super::{Exit, FieldShown, Shown, Where, demand::Demand, events::Events, findings::Findings};
use crate::{
    bundle::{Bundle, List},
    id::EventId,
    slot::{self, Content, Disclosed},
    trail::Trail,
};

/// Opened slots by event.
pub(super) struct Opened(BTreeMap<EventId, Disclosed>);

impl Opened {
    /// Checks every disclosure against its event. [BUN-50]
    pub(super) fn verify(bundle: &Bundle, trail: &Trail, events: &Events, findings: &mut Findings) -> Self {
        let mut opened = BTreeMap::new();
        for (index, disclosure) in bundle.disclosures.iter().enumerate() {
            findings.reach(Demand::Disclosures);
            let place = Where::part(bundle.place(List::Disclosures, index));
            let id = EventId::parse(&disclosure.event).ok();
            let event = id.and_then(|id| trail.event(&id));
            let (Some(event), Ok(opening)) = (event, trail.opening()) else {
                // Of an event that was not accepted, or may be the one that is missing, nothing more is said.
                if !id.is_some_and(|id| events.holds(&id)) && !findings.failed(Demand::Gaps) {
                    let sentence = "it opens slots of an event that is not in the trail";
                    findings.fail(Demand::Disclosures, Exit::NotAuthentic, place, sentence);
                }
                continue;
            };
            match slot::open(disclosure, &event.slots, &opening.nonce, &event.author) {
                Ok(disclosed) => drop(opened.insert(event.id, disclosed)),
                Err(rejection) => {
                    findings.reject(Demand::Disclosures, Exit::NotAuthentic, place.of(event.id), rejection);
                }
            }
        }
        Self(opened)
    }

    /// Says how much is closed. [BUN-50]
    pub(super) fn say_closed(&self, trail: &Trail, findings: &mut Findings) {
        let closed = trail.events().map(|event| self.closed(&event.id, event.slots.len() / 32));
        let closed: Vec<usize> = closed.filter(|closed| *closed > 0).collect();
        if !closed.is_empty() {
            let (slots, events) = (closed.iter().sum::<usize>(), closed.len());
            findings.words.push(format!("{slots} slots of {events} events are closed: what they hold is not shown."));
        }
        let slots = self.0.values().flat_map(Disclosed::slots);
        let values = slots.filter(|slot| matches!(slot.content(), Content::Label(_))).count();
        if values > 0 {
            findings.words.push(format!(
                "The values of {values} slots are closed: only their labels are shown, and not whether a basis held or had ended."
            ));
        }
    }

    /// What is opened of an event.
    pub(super) fn of(&self, event: &EventId) -> Option<&Disclosed> {
        self.0.get(event)
    }

    /// Its fields, without padding and without what the catalogue does not have.
    pub(super) fn fields(&self, event: &EventId) -> Vec<FieldShown> {
        let slots = self.of(event).map(Disclosed::slots).unwrap_or_default();
        slots.iter().filter_map(|slot| field(slot.content())).collect()
    }

    /// How many slots of an event with so many are closed.
    pub(super) fn closed(&self, event: &EventId, slots: usize) -> usize {
        slots.saturating_sub(self.of(event).map_or(0, |disclosed| disclosed.slots().len()))
    }
}

fn field(content: &Content) -> Option<FieldShown> {
    let label = content.label()?.name().to_owned();
    // A value that does not fit its label stays unread.
    let value = content.field().map(|field| Shown(field.value().clone()));
    Some(FieldShown { label, value })
}
