//! Overrides: what was done against the ordinary rule, and whether somebody who had no part in it looked at it later.
//!
//! Guarantees that none is silent: what two people answered for is found by its approval, what one person did by a record
//! of the same commit; that nobody reviews what they had a part in; and that a review is said once. Leaves to people
//! what follows from it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use uput_core::{
    entropy::Entropy as _,
    id::TrailId,
    rejection::Rejection,
    time::Seconds,
    wire::{self, ApprovalKind, Beside, Overbooking, OverrideCount, OverrideKind, ReviewOutcome, ReviewReason, Role},
};

use super::{
    Node,
    journal::{OpenError, all},
    places::Change,
    written::Written,
};
use crate::{
    account::{By, Caller, OverrideId, PersonId},
    case::{CaseId, Sight},
    clock::{self, SystemEntropy},
    record::{self, ApprovalRecord, OverrideRecord, ReviewRecord},
};

/// Within which time an override is to be looked at again. [APR-20]
const DAY: u64 = 86_400;

/// What one person did, and what was reviewed.
#[derive(Default)]
pub(super) struct Overrides {
    alone: Mutex<BTreeMap<OverrideId, OverrideRecord>>,
    reviews: Mutex<BTreeMap<OverrideId, ReviewRecord>>,
}

/// What an override is about.
#[derive(Clone, Copy)]
pub(super) enum About {
    /// A trail.
    Trail(TrailId),
    /// The record of a case.
    Case(CaseId),
}

/// An override, whoever answered for it.
struct Happened {
    id: OverrideId,
    kind: OverrideKind,
    time: u64,
    by: Vec<u8>,
    approved_by: Vec<u8>,
    /// Everybody who had a part in it.
    persons: Vec<Vec<u8>>,
    /// Persons whom she excluded with the very words. [APR-11]
    excluded: Vec<Vec<u8>>,
    trail: Vec<u8>,
    case: Vec<u8>,
    review: Option<ReviewRecord>,
    /// Why, where the request said so by a code: places, others.
    said: (i32, i32),
}

impl Overrides {
    /// Takes in what one person did.
    pub(super) fn set(&self, record: OverrideRecord) {
        if let Some(id) = OverrideId::parse(&record.override_id) {
            lock(&self.alone).insert(id, record);
        }
    }

    fn set_review(&self, record: ReviewRecord) {
        if let Some(id) = OverrideId::parse(&record.override_id) {
            lock(&self.reviews).insert(id, record);
        }
    }

    fn review(&self, id: &OverrideId) -> Option<ReviewRecord> {
        lock(&self.reviews).get(id).cloned()
    }
}

impl Node {
    /// Reads overrides back.
    pub(super) fn read_overrides(&self) -> Result<(), OpenError> {
        for kept in all::<OverrideRecord>(&self.storage, record::OVERRIDES)? {
            self.overrides.set(kept);
        }
        for kept in all::<ReviewRecord>(&self.storage, record::REVIEWS)? {
            self.overrides.set_review(kept);
        }
        Ok(())
    }

    /// What one person is about to do, for the commit of just that. [APR-21]
    pub(super) fn overridden(&self, kind: OverrideKind, by: &By, about: About) -> OverrideRecord {
        let mut id = [0; 16];
        SystemEntropy.fill(&mut id);
        let (trail, case) = match about {
            About::Trail(trail) => (trail.to_vec(), Vec::new()),
            About::Case(case) => (Vec::new(), case.to_vec()),
        };
        let person = self.person_of(&by.to_vec()).map(PersonId::to_vec).unwrap_or_default();
        let (kind, account, time) = (kind.into(), by.to_vec(), clock::now().get());
        let (override_id, overbooking, beside) = (id.to_vec(), 0, 0);
        OverrideRecord { override_id, kind, account, person, trail, case, time, overbooking, beside }
    }

    /// What one person overrides with an event: words that are let pass, places that are not there, others who have not
    /// heard, who she is in a first message, a clock that is doubted. [APR-21] [APR-24] [APR-25] [TIM-88]
    pub(super) fn overridden_by(
        &self,
        written: &Written,
        place: Option<&Change>,
        by: &By,
        trail: TrailId,
    ) -> Vec<OverrideRecord> {
        let over = |kind| self.overridden(kind, by, About::Trail(trail));
        let words = written.knowingly.first().map(|_| over(OverrideKind::Words));
        let overbooking = place.map(Change::overbooked).filter(|reason| *reason != Overbooking::Unspecified);
        let places =
            overbooking.map(|reason| OverrideRecord { overbooking: reason.into(), ..over(OverrideKind::Overbooked) });
        let beside = Some(written.beside).filter(|reason| *reason != Beside::Unspecified);
        let named = beside.map(|reason| OverrideRecord { beside: reason.into(), ..over(OverrideKind::NamedBeside) });
        let at_once = tells_at_once(written).then(|| over(OverrideKind::ToldAtOnce));
        let clock = written.despite_clock.then(|| over(OverrideKind::ClockDoubted));
        [words, places, named, at_once, clock].into_iter().flatten().collect()
    }

    /// Overrides of cases that the caller sees, the newest first; what is due first before, if only what waits is asked
    /// for. [APR-20]
    #[must_use]
    pub fn list_overrides(&self, caller: &Caller, waiting: bool) -> Vec<wire::Override> {
        let mut found = self.happened();
        found.retain(|happened| self.may_know_that(caller, happened) && !(waiting && happened.review.is_some()));
        found.sort_by_key(|happened| (happened.time, happened.id));
        if !waiting {
            found.reverse();
        }
        found.iter().map(|happened| self.view_override(caller, happened)).collect()
    }

    /// Says what somebody who had no part in it finds. Said again by the same person, it stays as it is. [APR-22]
    ///
    /// # Errors
    /// [`Rejection::NoSuchOverride`] for one that is not there for the caller; [`Rejection::NotToReview`] to who had a part
    /// in it, and for one that was reviewed otherwise; [`Rejection::DiskFull`].
    pub async fn review_override(
        &self,
        caller: &Caller,
        beginning: &[u8],
        outcome: ReviewOutcome,
        reason: ReviewReason,
    ) -> Result<wire::Override, Rejection> {
        let _alone = self.approvals.alone().await;
        let mut found = self.happened();
        found.retain(|happened| happened.id.begins(beginning) && self.may_know_that(caller, happened));
        let happened = match found.pop() {
            Some(happened) if found.is_empty() && beginning.len() >= 4 => happened,
            _ => return Err(Rejection::NoSuchOverride),
        };
        let said = |review: &ReviewRecord| {
            review.person == caller.person.to_vec()
                && (review.outcome, review.reason) == (outcome.into(), reason.into())
        };
        if happened.review.as_ref().is_some_and(said) {
            return Ok(self.view_override(caller, &happened));
        }
        if !may_review(caller, &happened) {
            return Err(Rejection::NotToReview);
        }
        let review = ReviewRecord {
            override_id: happened.id.to_vec(),
            outcome: outcome.into(),
            reason: reason.into(),
            account: caller.by().to_vec(),
            person: caller.person.to_vec(),
            time: clock::now().get(),
        };
        let _settling = self.settling();
        self.keep(&review).await?;
        self.overrides.set_review(review.clone());
        Ok(self.view_override(caller, &Happened { review: Some(review), ..happened }))
    }

    /// How many happened in a span, by month and kind, among those of which the caller may know. No names. [APR-23]
    #[must_use]
    pub fn count_overrides(&self, caller: &Caller, from: u64, until: u64) -> Vec<OverrideCount> {
        let (until, now) = (if until == 0 { u64::MAX } else { until }, clock::now().get());
        let mut counts: BTreeMap<(u32, i32), OverrideCount> = BTreeMap::new();
        let all = self.happened().into_iter().filter(|happened| (from..until).contains(&happened.time));
        for happened in all.filter(|happened| self.may_know_that(caller, happened)) {
            let (month, kind) = (Seconds::new(happened.time).map_or(0, Seconds::month), happened.kind.into());
            let count = counts.entry((month, kind)).or_insert(OverrideCount { month, kind, ..Default::default() });
            let found = happened.review.as_ref().map(ReviewRecord::outcome);
            let one = |holds: bool| u64::from(holds);
            count.happened += 1;
            count.by_two += one(!happened.approved_by.is_empty());
            count.upheld += one(found == Some(ReviewOutcome::Upheld));
            count.upheld_with_lesson += one(found == Some(ReviewOutcome::UpheldWithLesson));
            count.not_upheld += one(found == Some(ReviewOutcome::NotUpheld));
            count.overdue += one(happened.is_overdue(now));
        }
        counts.into_values().collect()
    }

    /// Trails of which every disclosure that two people answered for was reviewed. [APR-22]
    pub(super) fn reviewed_trails(&self) -> BTreeSet<Vec<u8>> {
        let disclosed = self.happened().into_iter().filter(|happened| happened.kind == OverrideKind::Disclosure);
        all_reviewed(disclosed.map(|happened| (happened.trail, happened.review.is_some())))
    }

    fn happened(&self) -> Vec<Happened> {
        let approvals = self.approvals.used_ones();
        let by_two = approvals.iter().filter_map(|(id, kept)| Happened::by_two(OverrideId::new(*id.bytes()), kept));
        let alone = lock(&self.overrides.alone);
        let all = by_two.chain(alone.iter().filter_map(|(id, kept)| Happened::alone(*id, kept)));
        all.map(|happened| Happened { review: self.overrides.review(&happened.id), ..happened }).collect()
    }

    /// Whether the caller sees the case, if it concerns one, and is not excluded by what was said. [APR-11]
    fn may_know_that(&self, caller: &Caller, happened: &Happened) -> bool {
        let excluded = caller.persons().any(|person| happened.excluded.contains(&person.to_vec()));
        let case = self.case_that(happened);
        !excluded && case.is_none_or(|case| self.sight(caller, &case) != Sight::None)
    }

    /// Its case, or the one that its trail has moved to.
    fn case_that(&self, happened: &Happened) -> Option<CaseId> {
        let of_trail = TrailId::parse(&happened.trail).ok().and_then(|trail| self.case_of(&trail));
        let case = of_trail.or_else(|| CaseId::parse(&happened.case))?;
        Some(self.case(&case).and_then(|case| case.into).unwrap_or(case))
    }

    fn view_override(&self, caller: &Caller, happened: &Happened) -> wire::Override {
        let review = happened.review.as_ref().map(|review| wire::Review {
            outcome: review.outcome,
            reason: review.reason,
            by_name: self.name_by(&review.account),
            time: review.time,
        });
        wire::Override {
            override_id: happened.id.to_vec(),
            kind: happened.kind.into(),
            time: happened.time,
            case: self.case_that(happened).map(CaseId::to_vec).unwrap_or_default(),
            trail: happened.trail.clone(),
            done_by_name: self.name_by(&happened.by),
            approved_by_name: self.name_by(&happened.approved_by),
            due: happened.time.saturating_add(DAY),
            review,
            may_review: may_review(caller, happened),
            overdue: happened.is_overdue(clock::now().get()),
            overbooking: happened.said.0,
            beside: happened.said.1,
        }
    }
}

impl Happened {
    fn by_two(id: OverrideId, kept: &ApprovalRecord) -> Option<Self> {
        Some(Self {
            id,
            kind: kind_of(ApprovalKind::try_from(kept.kind).ok()?)?,
            time: kept.used,
            by: kept.account.clone(),
            approved_by: kept.decided_by.clone(),
            persons: kept.persons.iter().cloned().chain([kept.approver.clone()]).collect(),
            excluded: kept.excluded.clone(),
            trail: kept.trail.clone(),
            case: kept.case.clone(),
            review: None,
            said: (0, 0),
        })
    }

    fn alone(id: OverrideId, kept: &OverrideRecord) -> Option<Self> {
        Some(Self {
            id,
            kind: OverrideKind::try_from(kept.kind).ok()?,
            time: kept.time,
            by: kept.account.clone(),
            approved_by: Vec::new(),
            persons: vec![kept.person.clone()],
            excluded: Vec::new(),
            trail: kept.trail.clone(),
            case: kept.case.clone(),
            review: None,
            said: (kept.overbooking, kept.beside),
        })
    }

    const fn is_overdue(&self, now: u64) -> bool {
        self.review.is_none() && now >= self.time.saturating_add(DAY)
    }
}

/// What has a review, each time that it is there.
fn all_reviewed<K: Ord>(each: impl Iterator<Item = (K, bool)>) -> BTreeSet<K> {
    let mut all = BTreeMap::new();
    for (what, reviewed) in each {
        *all.entry(what).or_insert(true) &= reviewed;
    }
    all.into_iter().filter_map(|(what, reviewed)| reviewed.then_some(what)).collect()
}

/// A supervisor who had no part in it, and no machine; once. [APR-22]
fn may_review(caller: &Caller, happened: &Happened) -> bool {
    let supervises = caller.role == Role::Supervisor && caller.on_behalf_of.is_none();
    supervises && happened.review.is_none() && !happened.persons.contains(&caller.person.to_vec())
}

/// Whether one person alone told in a first message who she is. [APR-25]
fn tells_at_once(written: &Written) -> bool {
    let opens = written.event.opening().is_some() && written.approved.is_none();
    opens && written.event.terms.is_some_and(|terms| terms.stage == 2)
}

/// What two people answered for.
const fn kind_of(kind: ApprovalKind) -> Option<OverrideKind> {
    Some(match kind {
        ApprovalKind::Unspecified => return None,
        ApprovalKind::Disclosure => OverrideKind::Disclosure,
        ApprovalKind::BreakGlass => OverrideKind::BreakGlass,
        ApprovalKind::BulkExport => OverrideKind::BulkExport,
        ApprovalKind::Unsealing => OverrideKind::Unsealing,
        ApprovalKind::Exclusion => OverrideKind::Exclusion,
        ApprovalKind::Reopening => OverrideKind::Reopening,
    })
}

// A panic while the lock was held leaves each entry whole: they are inserted one by one.
fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, cmp::Ordering, rc::Rc};

    use super::*;

    /// A trail that counts how often it is compared with another one.
    #[derive(Clone)]
    struct Counted(u32, Rc<Cell<u64>>);

    impl Ord for Counted {
        fn cmp(&self, other: &Self) -> Ordering {
            self.1.set(self.1.get() + 1);
            self.0.cmp(&other.0)
        }
    }

    impl PartialOrd for Counted {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl PartialEq for Counted {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other) == Ordering::Equal
        }
    }

    impl Eq for Counted {}

    /// [APR-22]
    #[test]
    fn a_trail_is_reviewed_when_each_disclosure_in_it_is() {
        let each = [(1, true), (2, true), (1, false), (3, false), (2, true), (3, true)];
        assert_eq!(all_reviewed(each.into_iter()), BTreeSet::from([2]));
    }

    /// [APR-22] Eight times as many are looked at with some more than eight times as many comparisons, not sixty-four.
    #[test]
    fn what_reviews_cost_does_not_grow_with_the_square_of_their_number() {
        let cost = |many: u32| {
            let count = Rc::new(Cell::new(0));
            let each = (0..many).map(|n| (Counted(n.wrapping_mul(2_654_435_761), Rc::clone(&count)), n % 2 == 0));
            assert_eq!(all_reviewed(each).len(), many as usize / 2);
            count.get()
        };
        let (few, many) = (cost(1_000), cost(8_000));
        assert!(many < 16 * few, "{few} {many}");
    }
}
