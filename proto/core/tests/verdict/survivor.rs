//! What a mutated bundle came to, and whether a survivor is an omission that the report names.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{
    bundle::Bundle,
    codec,
    envelope::Envelope,
    trust::TrustFile,
    verdict::{Entry, Exit, Outcome, Report, verify},
    wire::{self, disclosure::Form},
};

use crate::mutation::{Dice, Kind, Stage};

/// What became of every mutation of one kind.
#[derive(Default)]
pub(crate) struct Tally {
    /// How many failed at which requirement.
    pub(crate) rejected: BTreeMap<&'static str, u64>,
    /// How many survived, by exit code.
    pub(crate) survived: BTreeMap<u8, u64>,
    /// How many changed nothing.
    pub(crate) idle: u64,
}

/// The bundle that nobody touched, and what it came to.
pub(crate) struct Base {
    bytes: Vec<u8>,
    report: Report,
    trust: TrustFile,
}

impl Base {
    pub(crate) fn new(bytes: Vec<u8>, trust: TrustFile) -> Self {
        let report = verify(&bytes, &trust);
        assert_eq!(report.exit, Exit::Valid, "the sample is not valid itself");
        Self { bytes, report, trust }
    }

    /// Whether a bundle comes to less than not authentic, unknown, contradictory or incomplete.
    pub(crate) fn survives(&self, bytes: &[u8]) -> bool {
        survived(&verify(bytes, &self.trust))
    }

    /// Takes one mutated bundle into the tally.
    ///
    /// # Panics
    /// If it survives and is not an omission that the report names, or changes a fact.
    pub(crate) fn judge(&self, kinds: &[Kind], bytes: Option<&[u8]>, may_survive: bool, tally: &mut Tally) {
        let Some(bytes) = bytes.filter(|bytes| *bytes != self.bytes) else {
            tally.idle += 1;
            return;
        };
        let report = verify(bytes, &self.trust);
        if !survived(&report) {
            *tally.rejected.entry(strongest(&report)).or_default() += 1;
            return;
        }
        assert!(may_survive, "{kinds:?} survived without a signature");
        self.check_facts(kinds, &report);
        self.check_named(kinds, bytes, &report);
        *tally.survived.entry(report.exit.code()).or_default() += 1;
    }

    /// Every event of a survivor is one of the untouched bundle, and says the same.
    fn check_facts(&self, kind: &[Kind], report: &Report) {
        let base: BTreeMap<&str, &Entry> =
            self.report.timeline.iter().map(|entry| (entry.event.as_str(), entry)).collect();
        for entry in &report.timeline {
            let before = base.get(entry.event.as_str()).unwrap_or_else(|| panic!("{kind:?} added an event"));
            assert!(entry.fields.iter().all(|field| is_of(field, &before.fields)), "{kind:?} changed a field");
            // What is opened, seen and late depends on what else is here; all else is the event's own.
            let own = |entry: &Entry| Entry {
                closed: 0,
                fields: Vec::new(),
                late: Vec::new(),
                not_after: None,
                seen_by_other: true,
                ..entry.clone()
            };
            assert_eq!(own(entry), own(before), "{kind:?} changed a fact");
        }
    }

    /// The report says in words each thing that is left out, or that was not checked.
    fn check_named(&self, kinds: &[Kind], bytes: &[u8], report: &Report) {
        let before: BTreeSet<&String> = self.report.words.iter().collect();
        let new: Vec<&String> = report.words.iter().filter(|word| !before.contains(word)).collect();
        let omitted = omissions(&content(&self.bytes), &content(bytes));
        assert!(!omitted.is_empty(), "{kinds:?} survived, and nothing is left out");
        for phrase in omitted.into_iter().filter(|phrase| *phrase != UNCHECKED) {
            assert!(new.iter().any(|word| word.contains(phrase)), "{kinds:?}: no word names {phrase:?}: {new:?}");
        }
    }
}

/// What every report says of all that it carries and does not check.
const UNCHECKED: &str = "carried and show nothing";

/// Of each thing that differs from the untouched bundle, how the words that name it read.
fn omissions(base: &wire::Bundle, left: &wire::Bundle) -> BTreeSet<&'static str> {
    let disclosure = |bundle: &wire::Bundle, event: &[u8]| {
        bundle.disclosures.iter().find(|part| part.event == event).and_then(|part| part.form.clone())
    };
    let mut omitted = BTreeSet::new();
    let mut differs = |holds: bool, phrase| {
        if holds {
            omitted.insert(phrase);
        }
    };
    differs(base.events != left.events || base.heads != left.heads, "omplete up to");
    differs(base.chains != left.chains, "Key records of");
    differs((base.purpose, base.time) != (left.purpose, left.time), "Exported by");
    differs(
        base.proofs.len() != left.proofs.len() || base.checkpoints.len() != left.checkpoints.len(),
        "Not witnessed",
    );
    let events = left.events.iter().map(|event| Envelope::from_wire(event.clone()).unwrap().id());
    for event in events {
        let event = event.as_bytes();
        let slots = |form: &Option<Form>| match form {
            Some(Form::Whole(whole)) => (whole.fields.len(), whole.fields.len()),
            Some(Form::Some(some)) => (some.slots.len(), some.slots.iter().filter(|slot| is_open(slot)).count()),
            None => (0, 0),
        };
        let ((labels, _), (left_labels, left_values)) =
            (slots(&disclosure(base, event)), slots(&disclosure(left, event)));
        differs(left_labels < labels, "slots of");
        differs(left_values < left_labels, "values of");
    }
    differs(base.proofs != left.proofs && base.proofs.len() == left.proofs.len(), UNCHECKED);
    differs(base.checkpoints != left.checkpoints && base.checkpoints.len() == left.checkpoints.len(), UNCHECKED);
    omitted
}

fn is_open(slot: &wire::SlotDisclosure) -> bool {
    matches!(slot.content, Some(wire::slot_disclosure::Content::Opened(_)))
}

fn survived(report: &Report) -> bool {
    matches!(report.exit, Exit::Valid | Exit::NotConformant)
}

/// A value may be closed that was open before; nothing else may change.
fn is_of(field: &uput_core::verdict::FieldShown, before: &[uput_core::verdict::FieldShown]) -> bool {
    before.iter().any(|open| open.label == field.label && (field.value.is_none() || open.value == field.value))
}

/// The requirement of the first problem that decides the exit code.
fn strongest(report: &Report) -> &'static str {
    let problems = report.checks.iter().filter(|check| check.outcome == Outcome::Failed);
    let deciding = problems.clone().find(|check| check.problems.iter().any(|problem| problem.exit == report.exit));
    deciding.map_or("none", |check| check.requirement)
}

fn content(bytes: &[u8]) -> wire::Bundle {
    assert!(Bundle::parse(bytes).is_ok(), "a survivor does not parse");
    codec::decode(Envelope::parse(bytes).unwrap().body()).unwrap()
}

/// Mutates `count` times, every kind in turn, half by an outsider and half by the exporter.
pub(crate) fn mutate(stage: &Stage<'_>, base: &Base, count: usize, dice: &mut Dice) -> [BTreeMap<Kind, Tally>; 2] {
    let mut tallies = [BTreeMap::new(), BTreeMap::new()];
    for number in 0..count {
        let kind = Kind::ALL[number / 2 % Kind::ALL.len()];
        let dishonest = number % 2;
        let bytes = if dishonest == 1 { stage.dishonest(&[kind], dice) } else { stage.outside(&[kind], dice) };
        base.judge(&[kind], bytes.as_deref(), dishonest == 1, tallies[dishonest].entry(kind).or_default());
    }
    tallies
}

/// Mutates `count` times in two ways at once, by the exporter; any two of all in turn.
pub(crate) fn mutate_twice(
    stage: &Stage<'_>,
    base: &Base,
    count: usize,
    dice: &mut Dice,
) -> BTreeMap<[Kind; 2], Tally> {
    let mut tallies = BTreeMap::new();
    let kinds = Kind::ALL.len();
    // A step that shares no factor with their number passes through every pair before any comes again.
    let pairs = (0..count).map(|number| number * 100 % (kinds * kinds));
    for pair in pairs.map(|number| [Kind::ALL[number / kinds], Kind::ALL[number % kinds]]) {
        let bytes = stage.dishonest(&pair, dice);
        base.judge(&pair, bytes.as_deref(), true, tallies.entry(pair).or_default());
    }
    tallies
}

/// How many of these single-bit flips are accepted: one bit of every `step`-th byte, or all eight.
pub(crate) fn flips(base: &Base, bytes: &[u8], step: usize, start: usize, all_bits: bool) -> (usize, usize) {
    let mut tried = 0;
    let mut accepted = 0;
    let mut flipped = bytes.to_vec();
    for place in (start..bytes.len()).step_by(step) {
        let bits = if all_bits { 0..8 } else { (place % 8)..(place % 8 + 1) };
        for bit in bits {
            flipped[place] ^= 1 << bit;
            tried += 1;
            accepted += usize::from(base.survives(&flipped));
            flipped[place] ^= 1 << bit;
        }
    }
    (tried, accepted)
}

/// How many of these truncations are accepted.
pub(crate) fn truncations(base: &Base, bytes: &[u8], step: usize) -> (usize, usize) {
    let lengths = (0..bytes.len()).step_by(step);
    let tried = lengths.clone().count();
    (tried, lengths.filter(|length| base.survives(&bytes[..*length])).count())
}
