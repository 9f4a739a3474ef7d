//! Finding own cases by words.
//!
//! Guarantees that only cases are found of which the asker sees values, and that how long an answer takes says nothing of
//! the others. Leaves the words to `uput_core::words`, and the index to `search`.

use std::{
    collections::BTreeSet,
    iter::once,
    ops::Range,
    sync::{Arc, PoisonError, RwLock},
};

use uput_core::{
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{AccessKind, AccessReason, Role},
    words,
};

use super::{
    Node,
    case_list::{Closed, Part},
    in_step,
    journal::{OpenError, all},
    known::Known,
    orders::Group,
    trails::{Loaded, unseal},
    written::Written,
};
use crate::{
    access::{Why, standing_of},
    account::Caller,
    case::{Case, CaseId, Sight, Viewer},
    record::{self, CASE_VALUES, CaseValuesRecord, EventRecord, WORDS},
    search::{self, Digest, Index},
    storage::KeyKind,
};

/// Most words of a question.
const MOST_WORDS: usize = 16;
/// How many cases are looked at in one go.
const GO: usize = 256;

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

/// One page of what was found.
pub struct FoundCases {
    /// Ascending.
    pub cases: Vec<CaseId>,
    /// There are more after these.
    pub more: bool,
}

impl Node {
    /// All cases that have all of the words, for whoever need not say why.
    ///
    /// # Errors
    /// As [`Node::search_cases_because`].
    pub async fn search_cases(&self, caller: &Caller, question: Question) -> Result<Vec<CaseId>, Rejection> {
        Ok(self.search_cases_because(caller, question, &Why::default(), 0..usize::MAX).await?.cases)
    }

    /// Some of the cases that have all of the words, among those whose values the caller sees, ascending. Each that is shown
    /// is an access. [CAS-65] [ACL-1]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for a question without a word, or with too many; [`Rejection::NeedsReason`], whatever would be
    /// found; [`Rejection::DiskFull`].
    pub async fn search_cases_because(
        &self,
        caller: &Caller,
        question: Question,
        why: &Why,
        rows: Range<usize>,
    ) -> Result<FoundCases, Rejection> {
        // [ACL-5] Said before anything is looked up: a refusal must not tell that there is something.
        if caller.role == Role::Supervisor && why.code == AccessReason::Unspecified {
            return Err(Rejection::NeedsReason);
        }
        let digests = self.digests_of(&question)?;
        let viewer = self.viewer(caller);
        // What takes a reason is not found without one: that it was found would be in no chain.
        let shown = |case: &Case| needs_no_more(case, &viewer, why);
        // [CAS-66]
        let enough = rows.end.saturating_add(1);
        let found = in_step(|| Ok(self.having_all(&viewer, digests, shown, enough))).await?;
        let more = rows.end < found.len();
        let page = found.into_iter().skip(rows.start).take(rows.len()).collect();
        let cases = self.keep_accesses(caller, &page, AccessKind::Found, why).await?;
        Ok(FoundCases { cases, more })
    }

    /// The first so many cases that would be found, shown to nobody: for whoever measures what it costs.
    ///
    /// # Errors
    /// As [`Node::search_cases`].
    pub fn found_by(&self, caller: &Caller, question: &Question, most: usize) -> Result<Vec<CaseId>, Rejection> {
        Ok(self.having_all(&self.viewer(caller), self.digests_of(question)?, |_| true, most))
    }

    fn digests_of(&self, question: &Question) -> Result<Vec<Digest>, Rejection> {
        let key = self.storage.search_key();
        let asked = words::of_question(&question.text);
        let digests: BTreeSet<Digest> =
            asked.iter().map(|word| key.digest(word)).chain(question.words.iter().copied()).collect();
        let is_a_question = (1..=MOST_WORDS).contains(&digests.len());
        if is_a_question { Ok(digests.into_iter().collect()) } else { Err(Rejection::BadValue) }
    }

    /// The first so many cases that have all of the digests, ascending, of those that are to be shown.
    fn having_all(
        &self,
        viewer: &Viewer,
        mut digests: Vec<Digest>,
        shown: impl Fn(&Case) -> bool,
        most: usize,
    ) -> Vec<CaseId> {
        let index = self.found.0.read().unwrap_or_else(PoisonError::into_inner);
        // The rarest first: the others are looked for in what it leads to.
        digests.sort_by_key(|digest| index.count(digest));
        let Some((rarest, others)) = digests.split_first() else { return Vec::new() };
        let has = |case: &Case, digest: &Digest| origins(case).any(|origin| index.has(&origin, digest));
        let answers = |case: &Arc<Case>| {
            case.sight(viewer) == Sight::Values && others.iter().all(|digest| has(case, digest)) && shown(case)
        };
        if viewer.role == Role::Supervisor && self.is_common(index.count(rarest), others.len(), most) {
            let having = self.cases.in_order(GO).filter(|case| case.into.is_none() && has(case, rarest));
            return having.filter(answers).map(|case| case.id).take(most).collect();
        }
        let led_to = self.led_to(viewer, &index, rarest);
        led_to.iter().filter_map(|case| self.case(case)).filter(answers).map(|case| case.id).take(most).collect()
    }

    /// Whether so many are found sooner among all cases, in order, than among those that have the rarest word. With other words
    /// beside it only where it is in many cases.
    fn is_common(&self, having: usize, others: usize, most: usize) -> bool {
        let all = self.cases.count();
        most.saturating_mul(all) < having.saturating_mul(having) && (others == 0 || having > all / 8)
    }

    /// The cases that have a digest, among them all whose values the viewer sees. Who has few cases looks at those alone:
    /// what others have costs no time. [CAS-66]
    fn led_to(&self, viewer: &Viewer, index: &Index<Origin>, digest: &Digest) -> BTreeSet<CaseId> {
        let own = Group::had_by(viewer);
        if viewer.role == Role::Supervisor || self.case_list.count_in(&own) > index.count(digest) {
            return index.find(digest).filter_map(|origin| self.case_found(origin)).collect();
        }
        let places = self.case_list.next(&Part::Groups(&own, Closed::Too), None, usize::MAX);
        let own = places.iter().filter_map(|place| self.case(place.case()));
        own.filter(|case| origins(case).any(|origin| index.has(&origin, digest))).map(|case| case.id).collect()
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
        let mut merged = BTreeSet::new();
        for kept in all::<CaseValuesRecord>(&self.storage, CASE_VALUES)? {
            let case = CaseId::parse(&kept.case).ok_or(OpenError::Unreadable(Rejection::Malformed))?;
            let known = self.opened_record(&kept).map_err(OpenError::Unreadable)?;
            self.index_record(&case, &known);
            merged.extend(known.merged);
        }
        merged.iter().for_each(|case| self.replace(Origin::Record(*case), &[]));
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
        digests.extend(known.all_given_words());
        self.replace(Origin::Record(*case), &digests);
        // [CAS-119] What it has taken in is found by it alone.
        known.merged.iter().for_each(|merged| self.replace(Origin::Record(*merged), &[]));
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

    /// The same of what is held about her in a case. [CAS-48]
    pub(super) fn forget_case(&self, case: &Case) {
        let mut index = self.found.0.write().unwrap_or_else(PoisonError::into_inner);
        for id in std::iter::once(&case.id).chain(&case.joined) {
            index.remove(&Origin::Record(*id));
            index.remove(&Origin::Number(*id));
        }
    }

    fn replace(&self, origin: Origin, digests: &[Digest]) {
        let mut index = self.found.0.write().unwrap_or_else(PoisonError::into_inner);
        index.remove(&origin);
        if !index.add(origin, digests) {
            tracing::error!("the index of words is full: what comes now is found by its ID only");
        }
    }
}

/// Whence the words of a case come: from what it holds itself, also as what was joined into it, and from its trails.
fn origins(case: &Case) -> impl Iterator<Item = Origin> + '_ {
    let own = once(&case.id).chain(&case.joined).flat_map(|id| [Origin::Record(*id), Origin::Number(*id)]);
    own.chain(case.trails.iter().map(|trail| Origin::Trail(*trail)))
}

/// Whether somebody has said as much as it takes to be shown a case.
fn needs_no_more(case: &Case, viewer: &Viewer, why: &Why) -> bool {
    standing_of(case, viewer).is_some_and(|standing| why.code(standing, AccessKind::Found).is_ok())
}
