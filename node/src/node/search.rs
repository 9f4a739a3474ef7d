//! Finding own cases by words.
//!
//! Guarantees that only cases are found of which the asker sees values, and that how long an answer takes says nothing of
//! the others. Leaves the words to `uput_core::words`, and the index to `search`.

use std::{
    collections::BTreeSet,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use tokio::time::Instant;
use uput_core::{id::TrailId, rejection::Rejection, sensitive::Sensitive, words};

use super::{
    Node,
    case_record::Known,
    journal::{OpenError, all},
    trails::{Loaded, unseal},
    written::Written,
};
use crate::{
    account::Caller,
    case::{Case, CaseId, Sight},
    record::{self, CASE_VALUES, CaseValuesRecord, EventRecord, WORDS},
    search::{self, Digest, Index},
    storage::KeyKind,
};

/// An answer comes after this time, or the next multiple of it, however much was found and not shown. [CAS-66]
const BEAT: Duration = Duration::from_millis(10);
/// Most words of a question.
const MOST_WORDS: usize = 16;

/// The index over own cases.
#[derive(Default)]
pub(super) struct Found(RwLock<Index<Origin>>);

/// Where words come from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Origin {
    /// What is held about her in a case.
    Record(CaseId),
    /// The own file number of a case.
    Number(CaseId),
    /// What was disclosed in a trail.
    Trail(TrailId),
}

/// What is looked for.
pub struct Question {
    /// Words as a person types them.
    pub text: Sensitive<String>,
    /// Digests that the asking program made under a key of its own. [CAS-68]
    pub words: Vec<Digest>,
}

impl Node {
    /// The cases that have all of the words, among those whose values the caller sees, ascending. [CAS-65]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for a question without a word, or with too many.
    pub async fn search_cases(&self, caller: &Caller, question: Question) -> Result<Vec<CaseId>, Rejection> {
        let from = Instant::now();
        let asked = words::of_question(&question.text);
        let key = self.storage.search_key();
        let digests: BTreeSet<Digest> = asked.iter().map(|word| key.digest(word)).chain(question.words).collect();
        if digests.is_empty() || digests.len() > MOST_WORDS {
            return Err(Rejection::BadValue);
        }
        let found = self.having_all(caller, digests.into_iter().collect());
        // [CAS-66]
        let beats = u32::try_from(from.elapsed().as_nanos() / BEAT.as_nanos()).unwrap_or(u32::MAX).saturating_add(1);
        tokio::time::sleep_until(from + BEAT.saturating_mul(beats)).await;
        Ok(found)
    }

    fn having_all(&self, caller: &Caller, mut digests: Vec<Digest>) -> Vec<CaseId> {
        let viewer = self.viewer(caller);
        let index = self.found.0.read().unwrap_or_else(PoisonError::into_inner);
        // The rarest first: the others are looked for among what it found.
        digests.sort_by_key(|digest| index.count(digest));
        let mut found: Option<BTreeSet<CaseId>> = None;
        for digest in &digests {
            let cases = index.find(digest).filter_map(|origin| self.case_found(origin));
            let here: BTreeSet<CaseId> = match &found {
                Some(before) => cases.filter(|case| before.contains(case)).collect(),
                None => cases.filter(|case| self.cases.sight(&viewer, case) == Sight::Values).collect(),
            };
            found = Some(here);
        }
        found.unwrap_or_default().into_iter().collect()
    }

    /// The case that words lead to: the whole one, if it was joined into another.
    fn case_found(&self, origin: Origin) -> Option<CaseId> {
        let mut case = match origin {
            Origin::Trail(trail) => return self.case_of(&trail),
            Origin::Record(case) | Origin::Number(case) => case,
        };
        while let Some(into) = self.case(&case)?.into {
            case = into;
        }
        Some(case)
    }

    /// Bytes that the index takes, about.
    #[must_use]
    pub fn search_bytes(&self) -> usize {
        self.found.0.read().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    /// Builds the index from the journal. Cases are there already.
    pub(super) fn read_words(&self) -> Result<(), OpenError> {
        for kept in all::<CaseValuesRecord>(&self.storage, CASE_VALUES)? {
            let case = CaseId::parse(&kept.case).ok_or(OpenError::Unreadable(Rejection::Malformed))?;
            let known = self.opened_record(&kept).map_err(OpenError::Unreadable)?;
            self.index_record(&case, &known);
        }
        for case in self.cases.all() {
            self.index_number(&case);
        }
        for kept in all::<EventRecord>(&self.storage, WORDS)? {
            self.index_event(&kept).map_err(OpenError::Unreadable)?;
        }
        Ok(())
    }

    /// Indexes what is held about her, in place of what was.
    pub(super) fn index_record(&self, case: &CaseId, known: &Known) {
        let mut digests = self.words_of(known);
        digests.extend(&known.given_words);
        self.replace(Origin::Record(*case), &digests);
    }

    /// Indexes the own file number of a case, in place of what it was.
    pub(super) fn index_number(&self, case: &Case) {
        let number = case.external_ref.as_ref().map(|number| words::of_text(&number.text));
        let digests = number.map(|words| self.storage.search_key().digests(&words)).unwrap_or_default();
        self.replace(Origin::Number(case.id), &digests);
    }

    /// Indexes what was disclosed with an event, as long as its values are here.
    pub(super) fn index_event(&self, kept: &EventRecord) -> Result<(), Rejection> {
        let trail = TrailId::parse(&kept.trail)?;
        let name = record::key_name(&trail, kept.generation);
        let Some(keys) = self.storage.trail_keys(&name).filter(|keys| keys.value.is_some()) else { return Ok(()) };
        if kept.words.is_empty() {
            return Ok(());
        }
        let bytes = unseal(&keys, &trail, &kept.words, KeyKind::Value, b"words")?;
        let mut index = self.found.0.write().unwrap_or_else(PoisonError::into_inner);
        if !index.add(Origin::Trail(trail), &search::unpack(&bytes)) {
            tracing::error!("the index of words is full: what comes now is found by its ID only");
        }
        Ok(())
    }

    /// Indexes what came with an event that is on disk: whatever fails here undoes nothing, and is mended by a restart.
    pub(super) fn note_words(&self, kept: &EventRecord) {
        if let Err(rejection) = self.index_event(kept) {
            tracing::error!(%rejection, "the words of an event are not in the index until the node is restarted");
        }
    }

    /// The digests of what is disclosed with an event, sealed with its values. [CAS-67]
    pub(super) fn sealed_words(&self, loaded: &Loaded, written: &Written) -> Result<Vec<u8>, Rejection> {
        let Some(disclosed) = &written.disclosed else { return Ok(Vec::new()) };
        // [CAS-68] What the node cannot read it must not be able to guess.
        if !loaded.boxes.is_empty() {
            return Ok(Vec::new());
        }
        let Some(request) = loaded.request(&written.event) else { return Ok(Vec::new()) };
        let kept = loaded.agreement.strip(&request, disclosed).kept;
        let key = self.storage.search_key();
        let mut digests: Vec<Digest> = kept.iter().flat_map(|field| key.digests(&words::of_field(field))).collect();
        digests.sort_unstable();
        digests.dedup();
        digests.truncate(search::MOST);
        if digests.is_empty() { Ok(Vec::new()) } else { loaded.seal_words(&search::pack(&digests)) }
    }

    /// What is erased is found no more. [CAS-67]
    pub(super) fn forget_words(&self, trail: &TrailId) {
        self.found.0.write().unwrap_or_else(PoisonError::into_inner).remove(&Origin::Trail(*trail));
    }

    fn replace(&self, origin: Origin, digests: &[Digest]) {
        let mut index = self.found.0.write().unwrap_or_else(PoisonError::into_inner);
        index.remove(&origin);
        if !index.add(origin, digests) {
            tracing::error!("the index of words is full: what comes now is found by its ID only");
        }
    }
}
