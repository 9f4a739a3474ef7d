//! What was told of her before, as far as it can stand against the basis of a later event.
//!
//! Guarantees that only a value that was permitted where it was said counts, and of each label the newest. Leaves to the
//! trail which disclosures come before an event, and to the reader which values there are: what somebody cannot see they
//! hold against nobody.

use std::collections::BTreeSet;

use super::{Agreement, Permitted, Request, minimised::ticks};
use crate::{
    catalogue::{Field, Label},
    legal_basis::is_heard,
    slot::Disclosed,
};

/// Values that were told before. [BAS-22]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told(Vec<Field>);

impl Told {
    /// Adds what a later disclosure told: of one label the newest value counts.
    pub fn add(&mut self, newer: Vec<Field>) {
        self.0.retain(|field| newer.iter().all(|other| other.label() != field.label()));
        self.0.extend(newer);
    }

    /// Of it what the labels of an event do not say anew.
    pub(super) fn beside(&self, labels: &BTreeSet<Label>) -> Vec<Field> {
        self.0.iter().filter(|field| !labels.contains(&field.label())).cloned().collect()
    }
}

impl Agreement {
    /// What a disclosure tells that later ones are held against; `slots` is how many its event has. Nothing, if it was not
    /// permitted or its own basis did not hold. [BAS-22]
    #[must_use]
    pub fn tells(&self, request: &Request<'_>, disclosed: &Disclosed, slots: usize) -> Vec<Field> {
        let Ok(permitted) = self.permit(request) else { return Vec::new() };
        let fields: Vec<Field> = disclosed.fields().cloned().collect();
        let labels: BTreeSet<Label> = disclosed.labels().collect();
        let all = disclosed.slots().len() >= slots;
        let lacks = || !permitted.lacking(&labels, &fields).is_empty() || !permitted.unsaid(&labels).is_empty();
        if !permitted.faults(&fields).is_empty() || (all && lacks()) {
            return Vec::new();
        }
        let ticks = ticks(&fields);
        let passes = |label: Label| {
            is_heard(label)
                && permitted.labels().contains(&label)
                && (!permitted.ticked().contains(&label) || ticks.contains(&label))
        };
        fields.into_iter().filter(|field| passes(field.label())).collect()
    }
}

impl Permitted {
    /// The same after what was told before. [BAS-22]
    #[must_use]
    pub fn after(mut self, told: Told) -> Self {
        self.told = told;
        self
    }

    /// Labels that show that the basis does not stand with what was told before; nothing, while a slot is closed that could
    /// say it anew.
    pub(super) fn belied(&self, labels: &BTreeSet<Label>, fields: &[Field]) -> Vec<Label> {
        let told = self.told.beside(labels);
        self.basis().map(|(basis, _)| basis.contradicted(&told, fields)).unwrap_or_default()
    }
}
