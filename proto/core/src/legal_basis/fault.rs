//! What the values of one event say against its basis.
//!
//! Guarantees that a basis which has ended, contradicts itself, lasts longer than it may or rests on a mandate that does
//! not reach this far is named by the labels that show it, and that a value which is not there is never held against
//! anybody. Leaves to the agreement whether the basis may be used at all, and to people whether what is said is true.

use std::collections::BTreeSet;

use super::Basis;
use crate::{
    agreement::name_of,
    catalogue::{Field, Label, Lasts, minute_of},
    sensitive::Sensitive,
    time::{Seconds, Span},
    wire::{LegalBasis, ServiceType},
};

/// A label and codes of it.
type Codes = (Label, &'static [&'static str]);

/// What cannot stand together under a basis. [BAS-8] [BAS-44]
struct Contradiction {
    basis: LegalBasis,
    one: Codes,
    other: Option<Codes>,
}

/// Labels of a mandate: all of them, or none. [BAS-9]
const MANDATE: [Label; 4] = [Label::DelegateClass, Label::MandateReference, Label::MandateScope, Label::MandateUntil];

/// Labels that say when something is due under a basis that is for hours. [BAS-10]
const SHORT: [Label; 2] = [Label::BasisUntil, Label::ReviewBy];

/// For how long danger to life stands for a consent. [BAS-10]
const DAY: u64 = 24 * 60 * 60;

/// Suspects who are relatives: a mandate of a `relative` may be theirs. [BAS-44]
const RELATIVES: &[&str] = &["child", "former_partner", "other_family", "parent", "partner", "sibling"];

const CONTRADICTIONS: [Contradiction; 7] = [
    Contradiction { basis: LegalBasis::ExplicitConsent, one: (Label::AgeBand, &["0_5", "6_11"]), other: None },
    Contradiction {
        basis: LegalBasis::ChildBestInterests,
        one: (Label::AgeBand, &["18_29", "30_59", "60_plus"]),
        other: None,
    },
    Contradiction {
        basis: LegalBasis::GuardianConsent,
        one: (Label::PerpetratorRelationship, &["parent"]),
        other: Some((Label::GuardianClass, &["parent"])),
    },
    Contradiction {
        basis: LegalBasis::GuardianConsent,
        one: (Label::PerpetratorRelationship, &["other_family", "sibling"]),
        other: Some((Label::GuardianClass, &["relative"])),
    },
    Contradiction {
        basis: LegalBasis::GuardianConsent,
        one: (Label::AgeBand, &["12_14", "15_17", "18_29", "30_59", "60_plus"]),
        other: Some((Label::ChildAssent, &["too_young"])),
    },
    Contradiction {
        basis: LegalBasis::ExplicitConsent,
        one: (Label::PerpetratorRelationship, RELATIVES),
        other: Some((Label::DelegateClass, &["relative"])),
    },
    Contradiction {
        basis: LegalBasis::GuardianConsent,
        one: (Label::PerpetratorRelationship, RELATIVES),
        other: Some((Label::DelegateClass, &["relative"])),
    },
];

/// Whether a label says something of her that can stand against a basis of a later event. [BAS-22]
#[must_use]
pub fn is_heard(label: Label) -> bool {
    CONTRADICTIONS.iter().any(|of| of.one.0 == label)
}

impl Basis {
    /// Labels that must stand beside those that are there: a mandate is whole, and a delegate has one. [BAS-9]
    #[must_use]
    pub fn completed(&self, present: &BTreeSet<Label>, fields: &[Field]) -> BTreeSet<Label> {
        let has_one = MANDATE.iter().any(|label| present.contains(label));
        let by_delegate = has(fields, (Label::ConsentGivenBy, &["delegate"]));
        let mandate = MANDATE.iter().filter(|label| self.carries(**label) && (has_one || by_delegate));
        self.must.iter().chain(mandate).copied().collect()
    }

    /// Labels whose values show that the basis does not hold at that time for that receiver. Of a day that ends by a clock
    /// which nobody named its first end counts: her consent is not stretched. [BAS-46]
    #[must_use]
    pub fn faults(&self, receiver: ServiceType, time: Seconds, fields: &[Field]) -> Vec<Label> {
        let ended = |lasts: Lasts| lasts.at_least < time;
        self.found(receiver, time, fields, ended)
    }

    /// The same as far as it is certain: of such a day the last end counts. [BAS-46]
    #[must_use]
    pub fn certain_faults(&self, receiver: ServiceType, time: Seconds, fields: &[Field]) -> Vec<Label> {
        let ended = |lasts: Lasts| lasts.at_most < time;
        self.found(receiver, time, fields, ended)
    }

    /// Until when it lasts, by what is there. [BAS-6]
    #[must_use]
    pub fn lasts(&self, fields: &[Field]) -> Option<Lasts> {
        let ends = self.until.iter().filter_map(|label| lasts(fields, *label));
        ends.reduce(|one, other| Lasts {
            at_least: one.at_least.min(other.at_least),
            at_most: one.at_most.min(other.at_most),
        })
    }

    fn found(
        &self,
        receiver: ServiceType,
        time: Seconds,
        fields: &[Field],
        ended: impl Fn(Lasts) -> bool,
    ) -> Vec<Label> {
        let over = |label: &Label| lasts(fields, *label).is_some_and(&ended);
        let mut faults: Vec<Label> = self.until.iter().copied().filter(over).collect();
        faults.extend(self.contradictions(fields));
        faults.extend(self.carries(Label::MandateScope).then(|| out_of_scope(receiver, fields)).flatten());
        faults.extend(SHORT.iter().copied().filter(|label| self.carries(*label) && !is_soon(fields, *label, time)));
        faults.extend(self.carries(Label::DecisionDate).then(|| turned(fields)).flatten());
        faults.sort_unstable();
        faults.dedup();
        faults
    }

    /// Labels of a basis for hours that nobody gave, with the latest time that they may have. [BAS-20]
    #[must_use]
    pub fn hours(&self, time: Seconds, fields: &[Field]) -> Vec<Field> {
        let missing = SHORT.iter().filter(|label| self.carries(**label) && value_of(fields, **label).is_none());
        let end = minute_of(time.after(Span(DAY)));
        missing.filter_map(|label| Field::new(*label, Sensitive::new(end.clone())).ok()).collect()
    }

    /// Whether something that was told before can stand against it. [BAS-22]
    #[must_use]
    pub fn hears(&self) -> bool {
        CONTRADICTIONS.iter().any(|of| of.basis == self.code)
    }

    /// Labels that show that the basis does not stand with what was told before. [BAS-22]
    #[must_use]
    pub fn contradicted(&self, told: &[Field], fields: &[Field]) -> Vec<Label> {
        let stands = |of: &&Contradiction| {
            of.basis == self.code && has(told, of.one) && of.other.is_none_or(|other| has(fields, other))
        };
        let found = CONTRADICTIONS.iter().filter(stands);
        let labels = found.flat_map(|of| [Some(of.one.0), of.other.map(|other| other.0)]).flatten();
        labels.collect::<BTreeSet<Label>>().into_iter().collect()
    }

    /// [BAS-8]
    fn contradictions(&self, fields: &[Field]) -> impl Iterator<Item = Label> {
        let stands = |of: &&Contradiction| {
            of.basis == self.code && has(fields, of.one) && of.other.is_none_or(|other| has(fields, other))
        };
        CONTRADICTIONS.iter().filter(stands).flat_map(|of| [Some(of.one.0), of.other.map(|other| other.0)]).flatten()
    }
}

fn value_of(fields: &[Field], label: Label) -> Option<&str> {
    // Compared with codes, days and other values, and never shown.
    fields.iter().find(|field| field.label() == label).map(|field| field.value().expose().as_str())
}

fn has(fields: &[Field], (label, codes): Codes) -> bool {
    value_of(fields, label).is_some_and(|value| codes.contains(&value))
}

fn lasts(fields: &[Field], label: Label) -> Option<Lasts> {
    fields.iter().find(|field| field.label() == label)?.lasts()
}

/// From the time on, and within a day of it; true of what is not there. [BAS-10]
fn is_soon(fields: &[Field], label: Label, time: Seconds) -> bool {
    // The last second of its minute is meant.
    let until = lasts(fields, label).map(|lasts| lasts.at_most);
    until.is_none_or(|until| until >= time && until.get() <= time.get().saturating_add(DAY + 59))
}

/// A mandate for other kinds of service than the receiver's. [BAS-9]
fn out_of_scope(receiver: ServiceType, fields: &[Field]) -> Option<Label> {
    let scope = value_of(fields, Label::MandateScope)?;
    let name = name_of(receiver);
    (!scope.split(' ').any(|code| code == name)).then_some(Label::MandateScope)
}

/// A decision that ended before it was made. [BAS-11]
fn turned(fields: &[Field]) -> Option<Label> {
    let (made, ends) = (value_of(fields, Label::DecisionDate)?, value_of(fields, Label::DecisionUntil)?);
    // Days of one form compare as text; the clock by which one ends stands behind it.
    (ends.get(..made.len())? < made).then_some(Label::DecisionUntil)
}
