//! What the record of a case has from a trail, as it is kept: under the value key of that trail.
//!
//! Guarantees that it is gone with the values of the trail, in every state that the record ever had. Leaves to `write` when
//! these are destroyed, and to `case_record` who takes what.

use std::{collections::BTreeSet, iter::once};

use prost::Message;
use uput_core::{
    catalogue::Label,
    id::{EventId, TrailId},
    rejection::Rejection,
};
use zeroize::Zeroizing;

use super::{Node, known::Source, trails::Loaded};
use crate::{
    case::CaseId,
    record::{self, EventRecord, HeldField, Holding, TOLD_PART, TOLD_WORDS_PART, Told},
    seal,
    storage::TrailKey,
};

impl Node {
    /// Puts what trails told under their keys. What a trail told whose values are gone is left out. [CAS-113]
    pub(super) fn keep_told(&self, holding: &mut Holding) -> Result<(), Rejection> {
        self.keep_told_words(holding)?;
        let mut kept = Vec::with_capacity(holding.fields.len());
        for mut field in std::mem::take(&mut holding.fields) {
            if let Some(source) = source_of(&field)? {
                let Some(key) = self.value_key(&source) else { continue };
                let told = Told {
                    value: std::mem::take(&mut field.value),
                    sealed: std::mem::take(&mut field.sealed),
                    words: std::mem::take(&mut field.words),
                };
                let plain = Zeroizing::new(told.encode_to_vec());
                // The key seals what is written to the journal.
                let sealed = seal::seal(key.expose(), &record::trail_aad(&source.trail, TOLD_PART), &plain);
                field.told = sealed.map_err(|_| Rejection::Malformed)?;
            }
            kept.push(field);
        }
        holding.fields = kept;
        Ok(())
    }

    /// The same back, as far as the keys are there: the labels that are gone.
    pub(super) fn open_told(&self, holding: &mut Holding) -> Result<BTreeSet<Label>, Rejection> {
        self.open_told_words(holding)?;
        let (mut opened, mut gone) = (Vec::with_capacity(holding.fields.len()), BTreeSet::new());
        for mut field in std::mem::take(&mut holding.fields) {
            if let Some(source) = source_of(&field)? {
                let Some(key) = self.value_key(&source) else {
                    gone.insert(Label::parse(&field.label).map_err(|_| Rejection::ReadFailed)?);
                    continue;
                };
                // The key opens what is read from the journal.
                let bytes = seal::open(key.expose(), &record::trail_aad(&source.trail, TOLD_PART), &field.told);
                let told = Told::decode(bytes.map_err(|_| Rejection::ReadFailed)?.as_slice());
                let told = told.map_err(|_| Rejection::ReadFailed)?;
                (field.value, field.sealed, field.words) = (told.value, told.sealed, told.words);
                field.told.clear();
            }
            opened.push(field);
        }
        holding.fields = opened;
        Ok(gone)
    }

    /// Puts digests of all words together under the keys of all trails that told one of the values, one inside the other; of
    /// which a key is gone, they are left out. [CAS-120]
    fn keep_told_words(&self, holding: &mut Holding) -> Result<(), Rejection> {
        let sources = sources_of(holding)?;
        if sources.is_empty() || holding.given_words.is_empty() {
            return Ok(());
        }
        let mut kept = std::mem::take(&mut holding.given_words);
        for source in &sources {
            let Some(key) = self.value_key(source) else { return Ok(()) };
            // The key seals what is written to the journal.
            let sealed = seal::seal(key.expose(), &record::trail_aad(&source.trail, TOLD_WORDS_PART), &kept);
            kept = sealed.map_err(|_| Rejection::Malformed)?;
        }
        holding.told_words = kept;
        Ok(())
    }

    /// The same back, if every key is there.
    fn open_told_words(&self, holding: &mut Holding) -> Result<(), Rejection> {
        if holding.told_words.is_empty() {
            return Ok(());
        }
        let mut opened = std::mem::take(&mut holding.told_words);
        for source in sources_of(holding)?.iter().rev() {
            let Some(key) = self.value_key(source) else { return Ok(()) };
            // The key opens what is read from the journal.
            let plain = seal::open(key.expose(), &record::trail_aad(&source.trail, TOLD_WORDS_PART), &opened);
            opened = plain.map_err(|_| Rejection::ReadFailed)?.to_vec();
        }
        holding.given_words = opened;
        Ok(())
    }

    /// Whether what a trail told can still be read here.
    pub(super) fn is_told(&self, source: &Source) -> bool {
        self.value_key(source).is_some()
    }

    /// After the values of a trail were destroyed: finds its case by what is left. Hold the case.
    pub(super) fn forget_told(&self, trail: &TrailId) -> Result<(), Rejection> {
        let Some(case) = self.cases.of(trail) else { return Ok(()) };
        let whole = self.known_alone(&case.id)?;
        // [CAS-119] What the whole case has taken in is found by it alone.
        let own = case.joined.iter().filter(|id| !whole.merged.contains(*id));
        once(&case.id).chain(own).try_for_each(|id| self.reindex_record(id))
    }

    /// Under which value key an event's values are.
    pub(super) fn source(&self, loaded: &Loaded, event: &EventId) -> Result<Source, Rejection> {
        let beside = loaded.beside.get(event).ok_or(Rejection::ReadFailed)?;
        let kept: EventRecord = self.at(beside.position)?;
        Ok(Source { trail: loaded.trail.id(), generation: kept.generation })
    }

    fn value_key(&self, source: &Source) -> Option<TrailKey> {
        self.storage.trail_keys(&record::key_name(&source.trail, source.generation))?.value
    }

    fn reindex_record(&self, case: &CaseId) -> Result<(), Rejection> {
        let known = self.known_alone(case)?;
        self.index_record(case, &known);
        Ok(())
    }
}

/// The trails that told values of a record, and under which keys these are, in one order.
fn sources_of(holding: &Holding) -> Result<BTreeSet<Source>, Rejection> {
    let sources = holding.fields.iter().filter_map(|field| source_of(field).transpose());
    sources.collect()
}

fn source_of(field: &HeldField) -> Result<Option<Source>, Rejection> {
    let trail = TrailId::parse_optional(&field.taken_from).map_err(|_| Rejection::ReadFailed)?;
    Ok(trail.map(|trail| Source { trail, generation: field.generation }))
}
