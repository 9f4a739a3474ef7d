//! What is known about her in one case: each label once, in the clear while the node has to read it, or sealed to staff.
//!
//! Guarantees that a value which is sealed is never taken for one that can be read. Leaves to `case_record` who sees it and
//! where it is kept.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{
    catalogue::{Field, Label},
    id::{OrgId, TrailId},
    rejection::Rejection,
    sensitive::Sensitive,
    staff::Place,
    wire,
};

use super::{refusal::Refused, staff_boxes::StaffBox};
use crate::{
    case::{CaseId, Marks},
    record::{HeldField, HeldMark, Holding},
    search::{self, Digest},
};

/// What is known about her in one case.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub(super) fields: BTreeMap<Label, KnownField>,
    pub(super) excluded: BTreeSet<OrgId>,
    pub(super) given_words: Vec<Digest>,
    pub(super) marks: Marks,
    /// Cases that were joined into this one, of which all is here: what they say themselves counts no more. [CAS-119]
    pub(super) merged: BTreeSet<CaseId>,
    /// Labels that a trail told whose values are gone: nothing older comes in their place. [CAS-119]
    pub(super) gone: BTreeSet<Label>,
    pub(super) changed: u64,
}

/// A value, since when it is known, and from where.
#[derive(Clone)]
pub(super) struct KnownField {
    value: Value,
    since: u64,
    taken_from: Option<Source>,
    /// Digests of its words that a program made.
    words: Vec<Digest>,
    /// Whether its words were let pass knowingly. [NST-11]
    knowingly: bool,
}

/// The trail that told a value, and which of its value keys that was under. [CAS-113]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) trail: TrailId,
    pub(super) generation: u32,
}

/// As far as the node can read it. [CAS-47]
#[derive(Clone)]
enum Value {
    /// It can.
    Open(Field),
    /// Sealed to a box, for this case.
    Sealed(CaseId, Vec<u8>),
}

impl KnownField {
    /// Its value, if the node can read it.
    pub(super) const fn open(&self) -> Option<&Field> {
        match &self.value {
            Value::Open(field) => Some(field),
            Value::Sealed(..) => None,
        }
    }

    fn of(label: Label, held: HeldField) -> Result<Self, Rejection> {
        let value = if held.sealed.is_empty() {
            Value::Open(Field::new(label, Sensitive::new(held.value))?)
        } else {
            Value::Sealed(CaseId::parse(&held.sealed_for).ok_or(Rejection::ReadFailed)?, held.sealed)
        };
        let trail = TrailId::parse_optional(&held.taken_from)?;
        let taken_from = trail.map(|trail| Source { trail, generation: held.generation });
        Ok(Self { value, since: held.since, taken_from, words: search::unpack(&held.words), knowingly: held.knowingly })
    }

    fn held(&self, label: Label) -> HeldField {
        let (value, sealed, sealed_for) = match &self.value {
            // Into the record, which is sealed before it is kept.
            Value::Open(field) => (field.value().expose().clone(), Vec::new(), Vec::new()),
            Value::Sealed(case, sealed) => (String::new(), sealed.clone(), case.to_vec()),
        };
        HeldField {
            label: label.name().to_owned(),
            value,
            since: self.since,
            taken_from: self.taken_from.map(|from| from.trail.to_vec()).unwrap_or_default(),
            sealed,
            sealed_for,
            words: search::pack(&self.words),
            knowingly: self.knowingly,
            generation: self.taken_from.map_or(0, |from| from.generation),
            told: Vec::new(),
        }
    }
}

impl Known {
    pub(super) fn of(holding: Holding, changed: u64) -> Result<Self, Rejection> {
        let mut known = Self { changed, given_words: search::unpack(&holding.given_words), ..Self::default() };
        for held in holding.fields {
            let label = Label::parse(&held.label).map_err(|_| Rejection::ReadFailed)?;
            known.fields.insert(label, KnownField::of(label, held).map_err(|_| Rejection::ReadFailed)?);
        }
        let excluded = holding.excluded_organisations.iter().map(|bytes| OrgId::parse(bytes));
        known.marks = Marks::of(&holding.marks)?;
        let merged = holding.merged.iter().map(|bytes| CaseId::parse(bytes).ok_or(Rejection::ReadFailed));
        known.merged = merged.collect::<Result<_, _>>()?;
        known.excluded = excluded.collect::<Result<_, _>>().map_err(|_| Rejection::ReadFailed)?;
        Ok(known)
    }

    pub(super) fn holding(&self) -> Holding {
        Holding {
            fields: self.fields.iter().map(|(label, held)| held.held(*label)).collect(),
            excluded_organisations: self.excluded.iter().map(OrgId::to_vec).collect(),
            given_words: search::pack(&self.given_words),
            marks: self.marks.held().collect(),
            merged: self.merged.iter().map(|case| case.to_vec()).collect(),
            told_words: Vec::new(),
        }
    }

    /// Seals every value that the node could still read to a box of a case. [CAS-47]
    pub(super) fn seal(&mut self, case: &CaseId, held: &StaffBox) -> Result<(), Rejection> {
        for (label, known) in &mut self.fields {
            if let Value::Open(field) = &known.value {
                let place = Place::of_case(&case.to_vec(), *label);
                // Exposed to be sealed; the clear value is wiped when it is replaced.
                let sealed = held.seal_at(&place, field.value().expose().as_bytes())?;
                known.value = Value::Sealed(*case, sealed);
            }
        }
        Ok(())
    }

    /// Puts values in. Tells the labels that had another one, or one that the node cannot read. Where a value comes from is
    /// said by the last who said it: typed, it is no trail's any more. [CAS-114]
    pub(super) fn put(&mut self, fields: impl IntoIterator<Item = (Field, Option<Source>)>, now: u64) -> Vec<Label> {
        let mut replaced = Vec::new();
        for (field, taken_from) in fields {
            let label = field.label();
            match self.fields.get_mut(&label) {
                Some(known) if known.open() == Some(&field) => {
                    // What she said here stays hers to have here, whoever told it as well.
                    known.taken_from = known.taken_from.and(taken_from);
                }
                known => {
                    replaced.extend(known.is_some().then_some(label));
                    let value = Value::Open(field);
                    self.fields.insert(
                        label,
                        KnownField { value, since: now, taken_from, words: Vec::new(), knowingly: false },
                    );
                }
            }
        }
        replaced
    }

    /// Remembers that the words of labels were let pass knowingly. [NST-11]
    pub(super) fn let_pass(&mut self, labels: &[Label]) {
        for label in labels {
            if let Some(held) = self.fields.get_mut(label) {
                held.knowingly = true;
            }
        }
    }

    /// It is another one from now on: no two states of a record have the same time.
    pub(super) fn touch(&mut self, now: u64) {
        self.changed = now.max(self.changed.saturating_add(1));
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.excluded.is_empty()
    }

    /// Whether there is a value that the node can read.
    pub(super) fn is_open(&self) -> bool {
        self.fields.values().any(|held| held.open().is_some())
    }

    /// Whether a value of these labels is one that the node cannot read.
    pub(super) fn seals(&self, labels: &[Label]) -> bool {
        labels.iter().any(|label| self.fields.get(label).is_some_and(|held| held.open().is_none()))
    }

    /// Takes digests that a program made of the words of labels.
    pub(super) fn set_words(&mut self, words: Vec<(Label, Vec<Digest>)>) {
        for (label, digests) in words {
            if let Some(held) = self.fields.get_mut(&label) {
                held.words = digests;
            }
        }
    }

    /// Digests that programs made.
    pub(super) fn all_given_words(&self) -> impl Iterator<Item = &Digest> {
        self.given_words.iter().chain(self.fields.values().flat_map(|held| &held.words))
    }

    /// Adds what another case knows beside this one: nothing that this one has, or had from a trail that told it, is replaced.
    pub(super) fn join(&mut self, other: Self) {
        for (label, held) in other.fields {
            if !self.gone.contains(&label) {
                self.fields.entry(label).or_insert(held);
            }
        }
        self.gone.extend(other.gone);
        self.excluded.extend(other.excluded);
        self.given_words.extend(other.given_words);
        self.marks.join(other.marks);
        self.changed = self.changed.max(other.changed);
    }

    /// Adds a value to fields that do not have the label.
    pub(super) fn add(&self, label: Label, fields: &mut Vec<Field>) -> Result<(), Rejection> {
        if fields.iter().any(|field| field.label() == label) {
            return Ok(());
        }
        if let Some(held) = self.fields.get(&label) {
            fields.push(held.open().ok_or(Rejection::SealedToStaff)?.clone());
        }
        Ok(())
    }

    /// Adds the values of labels; tells which of the typed ones differ from what is known and can be read.
    pub(super) fn fill(&self, labels: &[Label], fields: &mut Vec<Field>) -> Result<Vec<Label>, Refused> {
        let missing: Vec<Label> = labels.iter().copied().filter(|label| !self.fields.contains_key(label)).collect();
        if !missing.is_empty() {
            return Err(Refused::NotRecorded(missing));
        }
        let known = |field: &Field| self.fields.get(&field.label()).and_then(KnownField::open);
        let other = |field: &&Field| known(field).is_some_and(|known| known != *field);
        let mut differs: Vec<Label> = fields.iter().filter(other).map(Field::label).collect();
        differs.sort_unstable();
        for label in labels {
            self.add(*label, fields)?;
        }
        Ok(differs)
    }

    /// The trails from which values were taken, and of which labels: what is known, and said now as it is known. [CAS-100]
    pub(super) fn sources(&self, fields: &[Field]) -> BTreeMap<TrailId, Vec<Label>> {
        let mut sources = BTreeMap::<TrailId, Vec<Label>>::new();
        for field in fields {
            let known = self.fields.get(&field.label()).filter(|held| held.open() == Some(field));
            if let Some(from) = known.and_then(|held| held.taken_from) {
                sources.entry(from.trail).or_default().push(field.label());
            }
        }
        sources
    }

    pub(super) fn view(&self, case: &CaseId, values: bool) -> wire::CaseRecord {
        let fields = self.fields.iter().map(|(label, held)| {
            // Values to whoever sees them and asked for them; the access is recorded.
            let HeldField { label, value, since, taken_from, sealed, sealed_for, knowingly, .. } = held.held(*label);
            let shown = wire::RecordedField { label, since, taken_from, knowingly, ..wire::RecordedField::default() };
            if values { wire::RecordedField { value, sealed, sealed_for, ..shown } } else { shown }
        });
        wire::CaseRecord {
            case: case.to_vec(),
            fields: fields.collect(),
            excluded_organisations: if values { self.excluded.iter().map(OrgId::to_vec).collect() } else { Vec::new() },
            changed: self.changed,
            marks: if values { self.marks.held().map(shown_mark).collect() } else { Vec::new() },
            ..wire::CaseRecord::default()
        }
    }
}

fn shown_mark(held: HeldMark) -> wire::CaseMark {
    wire::CaseMark { kind: held.kind, label: held.label, stands: held.stands, since: held.since }
}
