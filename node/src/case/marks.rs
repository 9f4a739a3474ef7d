//! What an organisation notes of a case beside what may ever be told: local, and without a label.
//!
//! Guarantees that a note which closes a way of disclosing closes it until somebody says otherwise, and that of two cases
//! which are joined the later word counts. Leaves to the node where it is kept and who reads it.

use std::{collections::BTreeMap, fmt};

use uput_core::{
    catalogue::{Field, Label},
    rejection::Rejection,
    wire::{self, CaseMarkKind, LegalBasis},
};

use crate::record::HeldMark;

/// What is noted: the kind, and for a label that is withheld, which. [CAS-90]
type Key = (CaseMarkKind, Option<Label>);

/// Whether it stands, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word {
    stands: bool,
    since: u64,
}

/// What is noted of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<(i32, Option<Label>), Word>);

/// Why a basis is closed in a case, and what remains. [CAS-91]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The caregiver is suspected.
    CaregiverSuspected,
    /// She withdrew.
    ConsentWithdrawn,
    /// She does not want this told under a consent.
    LabelWithheld(Label),
}

impl Marks {
    /// Of what the record holds.
    ///
    /// # Errors
    /// [`Rejection::ReadFailed`].
    pub fn of(held: &[HeldMark]) -> Result<Self, Rejection> {
        let mut marks = Self::default();
        for one in held {
            let key = key(one.kind, &one.label).ok_or(Rejection::ReadFailed)?;
            marks.put(key, Word { stands: one.stands, since: one.since });
        }
        Ok(marks)
    }

    /// As the record holds them.
    pub fn held(&self) -> impl Iterator<Item = HeldMark> {
        self.0.iter().map(|((kind, label), word)| HeldMark {
            kind: *kind,
            label: label.map(|label| label.name().to_owned()).unwrap_or_default(),
            stands: word.stands,
            since: word.since,
        })
    }

    /// Notes it, or takes it back.
    pub fn set(&mut self, (kind, label): Key, stands: bool, since: u64) {
        self.put((kind.into(), label), Word { stands, since });
    }

    /// What stands.
    #[must_use]
    pub fn has(&self, kind: CaseMarkKind, label: Option<Label>) -> bool {
        self.0.get(&(kind.into(), label)).is_some_and(|word| word.stands)
    }

    /// Adds what another case notes: the later word counts, and of equally late ones the one that stands.
    pub fn join(&mut self, other: Self) {
        for (key, theirs) in other.0 {
            let ours = self.0.get(&key);
            if ours.is_none_or(|ours| (theirs.since, theirs.stands) > (ours.since, ours.stands)) {
                self.put(key, theirs);
            }
        }
    }

    /// Why nothing may be disclosed under a basis, or not these fields. [CAS-91]
    #[must_use]
    pub fn closes(&self, basis: LegalBasis, fields: &[Field]) -> Option<Closed> {
        let consent = matches!(basis, LegalBasis::ExplicitConsent | LegalBasis::GuardianConsent);
        if !consent {
            return None;
        }
        if self.has(CaseMarkKind::ConsentWithdrawn, None) {
            return Some(Closed::ConsentWithdrawn);
        }
        let suspected = basis == LegalBasis::GuardianConsent && self.has(CaseMarkKind::CaregiverSuspected, None);
        if suspected && !is_another_guardian(fields) {
            return Some(Closed::CaregiverSuspected);
        }
        let withheld = |label: &Label| self.has(CaseMarkKind::LabelWithheld, Some(*label));
        fields.iter().map(Field::label).find(withheld).map(Closed::LabelWithheld)
    }

    fn put(&mut self, key: (i32, Option<Label>), word: Word) {
        self.0.insert(key, word);
    }
}

/// Whether whoever consents is named as somebody else than the one who is suspected. [BAS-8]
fn is_another_guardian(fields: &[Field]) -> bool {
    let others = ["other_parent", "other_relative", "appointed_guardian", "temporary_guardian", "institution"];
    let class = fields.iter().find(|field| field.label() == Label::GuardianClass);
    class.is_some_and(|class| others.contains(&class.value().expose().as_str()))
}

/// What a mark of the schema is about; none if it is no mark.
#[must_use]
pub fn mark(said: &wire::CaseMark) -> Option<Key> {
    let (kind, label) = key(said.kind, &said.label)?;
    Some((CaseMarkKind::try_from(kind).ok()?, label))
}

fn key(kind: i32, label: &str) -> Option<(i32, Option<Label>)> {
    let known = CaseMarkKind::try_from(kind).ok().filter(|kind| *kind != CaseMarkKind::Unspecified)?;
    match (known, label) {
        (CaseMarkKind::LabelWithheld, label) => Some((kind, Some(Label::parse(label).ok()?))),
        (_, "") => Some((kind, None)),
        _ => None,
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CaregiverSuspected => f.write_str(
                "the caregiver is suspected, and so does not consent; what remains is another guardian, if it is one, the best \
                 interests of the child, with a second person, or a decision of the guardian authority",
            ),
            Self::ConsentWithdrawn => f.write_str(
                "consent was withdrawn in this case, and so nothing is disclosed under one; if she consents anew, say so \
                 first in the record of the case",
            ),
            Self::LabelWithheld(label) => {
                write!(f, "she does not want {label} told; leave it out, or let her say otherwise in the record of the case")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uput_core::sensitive::Sensitive;

    const SUSPECTED: Key = (CaseMarkKind::CaregiverSuspected, None);
    const WITHDRAWN: Key = (CaseMarkKind::ConsentWithdrawn, None);

    #[test]
    fn what_is_noted_closes_consents_and_no_other_basis() {
        let name = [Field::new(Label::Name, Sensitive::new(String::from("Invented"))).unwrap()];
        let mut marks = Marks::default();
        let bases = || (1..=7).map(|n| LegalBasis::try_from(n).unwrap());
        assert!(bases().all(|basis| marks.closes(basis, &name).is_none()));
        marks.set((CaseMarkKind::StatisticsConsent, None), true, 1);
        assert!(bases().all(|basis| marks.closes(basis, &name).is_none()));
        marks.set((CaseMarkKind::LabelWithheld, Some(Label::Name)), true, 1);
        let closed = |marks: &Marks| bases().filter(|basis| marks.closes(*basis, &name).is_some()).collect::<Vec<_>>();
        let consents = [LegalBasis::ExplicitConsent, LegalBasis::GuardianConsent];
        assert_eq!(closed(&marks), consents);
        assert_eq!(marks.closes(consents[0], &[]), None);
        marks.set(SUSPECTED, true, 2);
        assert_eq!(marks.closes(consents[1], &[]), Some(Closed::CaregiverSuspected));
        assert_eq!(marks.closes(consents[0], &[]), None);
        marks.set(WITHDRAWN, true, 3);
        assert_eq!(marks.closes(consents[0], &[]), Some(Closed::ConsentWithdrawn));
        marks.set(WITHDRAWN, false, 4);
        marks.set(SUSPECTED, false, 4);
        marks.set((CaseMarkKind::LabelWithheld, Some(Label::Name)), false, 4);
        assert_eq!(closed(&marks), []);
    }

    #[test]
    fn of_two_cases_the_later_word_counts_and_it_survives_the_record() {
        let (mut one, mut other) = (Marks::default(), Marks::default());
        one.set(SUSPECTED, false, 9);
        other.set(SUSPECTED, true, 5);
        other.set(WITHDRAWN, true, 5);
        one.join(other.clone());
        assert!(!one.has(SUSPECTED.0, None) && one.has(WITHDRAWN.0, None));
        other.set(SUSPECTED, true, 9);
        one.join(other);
        assert!(one.has(SUSPECTED.0, None));
        let held: Vec<HeldMark> = one.held().collect();
        assert_eq!(Marks::of(&held).unwrap(), one);
    }

    #[test]
    fn only_what_is_withheld_names_a_label() {
        let of = |kind: CaseMarkKind, label: &str| {
            mark(&wire::CaseMark { kind: kind.into(), label: label.to_owned(), ..wire::CaseMark::default() })
        };
        assert_eq!(of(CaseMarkKind::LabelWithheld, "name"), Some((CaseMarkKind::LabelWithheld, Some(Label::Name))));
        assert_eq!(of(CaseMarkKind::LabelWithheld, ""), None);
        assert_eq!(of(CaseMarkKind::CaregiverSuspected, "name"), None);
        assert_eq!(of(CaseMarkKind::Unspecified, ""), None);
    }
}
