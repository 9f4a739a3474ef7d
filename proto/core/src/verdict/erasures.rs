//! What the exporter says that it erased of the trail, held against the rest of the bundle.
//!
//! Guarantees that an erasure names events with slots of this trail, and that nothing is open of which the exporter says that
//! it is gone, whatever it is. That it is gone is the exporter's word.

use std::collections::BTreeSet;

use super::{ErasedShown, Exit, Where, demand::Demand, events::Events, findings::Findings};
use crate::{
    agreement::name_of,
    bundle::{Bundle, Erasure, List},
    id::EventId,
    trail::Trail,
    trust::moment,
    wire::{DisclosedField, Disclosure, ErasureReason, disclosure::Form, slot_disclosure::Content},
};

/// Holds each against the trail, and against what is open. [RET-21] [RET-22]
pub(super) fn check(bundle: &Bundle, trail: &Trail, events: &Events, findings: &mut Findings) {
    let open: BTreeSet<EventId> = bundle
        .disclosures
        .iter()
        .filter(|disclosure| has_value(disclosure))
        .filter_map(|disclosure| EventId::parse(&disclosure.event).ok())
        .collect();
    for (index, erasure) in bundle.erasures.iter().enumerate() {
        findings.reach(Demand::Erased);
        findings.reach(Demand::StaysErased);
        let place = || Where::part(bundle.place(List::Erasures, index));
        if erasure.time > bundle.time {
            findings.fail(Demand::Erased, Exit::NotAuthentic, place(), "it is dated after the bundle");
        }
        for id in &erasure.events {
            if !is_here(id, trail, events, findings) {
                let sentence = "it names an event that is not in the trail, or has no slots";
                findings.fail(Demand::Erased, Exit::NotAuthentic, place().of(*id), sentence);
            }
            if open.contains(id) {
                let sentence = "a value is open that the exporter says it erased";
                findings.fail(Demand::StaysErased, Exit::NotAuthentic, place().of(*id), sentence);
            }
        }
    }
}

/// Of an event that was not accepted, or may be the one that is missing, nothing more is said.
fn is_here(id: &EventId, trail: &Trail, events: &Events, findings: &Findings) -> bool {
    match trail.event(id) {
        Some(event) => !event.slots.is_empty(),
        None => events.holds(id) || findings.failed(Demand::Gaps),
    }
}

/// Whether it opens anything but labels and padding. Whether that is a value of the catalogue, fits its label, or matches the
/// event, is not asked: it can be read. [RET-30]
fn has_value(disclosure: &Disclosure) -> bool {
    let is_value = |label: &str, value: &str| !(label.is_empty() && value.is_empty());
    let field = |field: &DisclosedField| is_value(&field.label, &field.value);
    match &disclosure.form {
        Some(Form::Whole(whole)) => whole.fields.iter().any(field),
        Some(Form::Some(some)) => some.slots.iter().any(|slot| match &slot.content {
            Some(Content::Opened(opened)) => is_value(&slot.label, &opened.value),
            _ => false,
        }),
        None => false,
    }
}

/// The erasures as a report shows them. [RET-23]
pub(super) fn show(bundle: &Bundle, name: &str, findings: &mut Findings) -> Vec<ErasedShown> {
    findings.words.extend(bundle.erasures.iter().map(|erasure| sentence(erasure, name)));
    let shown = |erasure: &Erasure| ErasedShown {
        time: erasure.time.get(),
        reason: name_of(erasure.reason),
        events: erasure.events.iter().map(EventId::to_string).collect(),
    };
    bundle.erasures.iter().map(shown).collect()
}

fn sentence(erasure: &Erasure, name: &str) -> String {
    let why = match erasure.reason {
        ErasureReason::Asked => "the other party asked for it",
        ErasureReason::Withdrawn => "she withdrew",
        ErasureReason::Ended => "an ending left them owed",
        ErasureReason::Retention | ErasureReason::Unspecified => "the retention that the agreement sets was over",
    };
    let (count, time) = (erasure.events.len(), moment(erasure.time));
    format!("{name} says that it erased the values of {count} events at {time}: {why}.")
}
