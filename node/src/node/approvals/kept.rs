//! The approvals in memory: how each stands, and the one use of each.
//!
//! Guarantees that of two uses at once one fails, and that a use whose commit failed leaves the approval as it was.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uput_core::{
    id::TrailId,
    rejection::Rejection,
    time::Seconds,
    wire::{ApprovalCount, ApprovalReason, ApprovalStatus},
};

use crate::{
    account::{ApprovalId, Caller, PersonId},
    record::{self, ApprovalRecord},
    storage::Draft,
};

/// How long one may wait for a decision, and how long a decision may be used. [APR-4]
pub(super) const DAY: u64 = 86_400;

/// All approvals.
#[derive(Default)]
pub(in crate::node) struct Approvals {
    kept: Arc<Mutex<BTreeMap<ApprovalId, Kept>>>,
    /// Who was shown which since the start, as the access log says.
    shown: Mutex<BTreeSet<(ApprovalId, PersonId)>>,
    /// Held while one is decided, or a key made: each change starts from what the one before left.
    alone: tokio::sync::Mutex<()>,
}

struct Kept {
    record: ApprovalRecord,
    /// A use of it is under way.
    taken: bool,
}

/// Evidence that a second person let exactly this request happen, now and once. Only `Node::approved` makes it. Its
/// [`Approved::draft`] belongs into the commit of what it lets happen; dropped without [`Approved::used`] it was not used.
pub struct Approved {
    kept: Arc<Mutex<BTreeMap<ApprovalId, Kept>>>,
    id: ApprovalId,
    record: ApprovalRecord,
    approver: PersonId,
    done: bool,
}

impl Approvals {
    /// Waits until nobody else changes anything.
    pub(in crate::node) async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.alone.lock().await
    }

    /// Takes in an approval, or what it is now.
    pub(super) fn set(&self, id: ApprovalId, record: ApprovalRecord) {
        lock(&self.kept).insert(id, Kept { record, taken: false });
    }

    /// Every approval, in the order of their IDs.
    pub(super) fn all(&self) -> Vec<(ApprovalId, ApprovalRecord)> {
        lock(&self.kept).iter().map(|(id, kept)| (*id, kept.record.clone())).collect()
    }

    /// Those of which came something.
    pub(in crate::node) fn used_ones(&self) -> Vec<(ApprovalId, ApprovalRecord)> {
        let mut all = self.all();
        all.retain(|(_, record)| record.used != 0);
        all
    }

    /// One of them.
    pub(super) fn get(&self, id: &ApprovalId) -> Option<ApprovalRecord> {
        lock(&self.kept).get(id).map(|kept| kept.record.clone())
    }

    /// Whether the access log says that somebody was shown an approval since the start.
    pub(super) fn was_shown(&self, id: &ApprovalId, to: &PersonId) -> bool {
        lock(&self.shown).contains(&(*id, *to))
    }

    /// The access log says so.
    pub(super) fn set_shown(&self, id: ApprovalId, to: PersonId) {
        lock(&self.shown).insert((id, to));
    }

    /// Takes the one use of an approval, if it lets that caller make the request of that digest. [APR-4]
    ///
    /// # Errors
    /// [`Rejection::BadApproval`], whatever the reason.
    pub(super) fn take(
        &self,
        caller: &Caller,
        id: &[u8],
        digest: &[u8; 32],
        now: Seconds,
    ) -> Result<Approved, Rejection> {
        let mut all = lock(&self.kept);
        let id = ApprovalId::parse(id).ok_or(Rejection::BadApproval)?;
        let kept = all.get_mut(&id).filter(|kept| !kept.taken).ok_or(Rejection::BadApproval)?;
        let record = &kept.record;
        let approver = PersonId::parse(&record.approver).ok_or(Rejection::BadApproval)?;
        let lets = record.stands(now) == ApprovalStatus::Approved
            && record.digest == digest
            && record.is_by(caller)
            && caller.persons().all(|person| person != approver);
        if !lets {
            return Err(Rejection::BadApproval);
        }
        kept.taken = true;
        let record = ApprovalRecord { used: now.get(), ..record.clone() };
        Ok(Approved { kept: Arc::clone(&self.kept), id, record, approver, done: false })
    }

    /// How many were asked in a span, and what became of them, by kind. [APR-8]
    pub(super) fn count(
        &self,
        from: u64,
        until: u64,
        now: Seconds,
        counts_for: impl Fn(&ApprovalRecord) -> bool,
    ) -> Vec<ApprovalCount> {
        let mut counts: BTreeMap<i32, ApprovalCount> = BTreeMap::new();
        let all = self.all();
        let asked = all.iter().map(|(_, record)| record).filter(|record| (from..until).contains(&record.asked));
        for record in asked.filter(|record| counts_for(record)) {
            let stands = record.stands(now);
            let count = counts.entry(record.kind).or_default();
            let one = |holds: bool| u64::from(holds);
            count.kind = record.kind;
            count.asked += 1;
            count.approved += one(record.decided != 0 && !record.refused);
            count.refused += one(stands == ApprovalStatus::Refused);
            count.expired += one(stands == ApprovalStatus::Expired);
            count.used += one(stands == ApprovalStatus::Used);
            count.approved_by_new_account += one(record.decided != 0 && !record.refused && record.fresh);
        }
        counts.into_values().collect()
    }
}

impl ApprovalRecord {
    /// How it stands.
    pub(super) const fn stands(&self, now: Seconds) -> ApprovalStatus {
        match (self.used != 0, self.refused, now.get() >= self.until, self.decided != 0) {
            (true, ..) => ApprovalStatus::Used,
            (_, true, ..) => ApprovalStatus::Refused,
            (_, _, true, _) => ApprovalStatus::Expired,
            (.., true) => ApprovalStatus::Approved,
            (.., false) => ApprovalStatus::Asked,
        }
    }

    /// When nothing more could come of it, seconds since 1970.
    pub(super) const fn ended(&self) -> u64 {
        match (self.used, self.refused) {
            (0, true) => self.decided,
            (0, false) => self.until,
            (used, _) => used,
        }
    }

    /// Whether exactly those people asked.
    pub(super) fn is_by(&self, caller: &Caller) -> bool {
        caller.persons().map(PersonId::to_vec).eq(self.persons.iter().cloned())
    }

    /// Whether one of those people asked.
    pub(super) fn concerns(&self, caller: &Caller) -> bool {
        caller.persons().any(|person| self.persons.contains(&person.to_vec()))
    }
}

impl Approved {
    /// Who let it happen.
    #[must_use]
    pub const fn approver(&self) -> PersonId {
        self.approver
    }

    /// Why it was asked.
    #[must_use]
    pub fn reason(&self) -> ApprovalReason {
        ApprovalReason::try_from(self.record.reason).unwrap_or_default()
    }

    /// Whether an administrator had made a way into the account that approved, within a week before. [APR-10]
    #[must_use]
    pub const fn is_by_new_account(&self) -> bool {
        self.record.fresh
    }

    /// What was approved.
    pub(super) const fn record(&self) -> &ApprovalRecord {
        &self.record
    }

    /// It lets something happen in that trail, which it may have been asked to open. [APR-7]
    pub(in crate::node) fn happens_in(&mut self, trail: &TrailId) {
        self.record.trail = trail.to_vec();
    }

    /// The record of its use, for the commit of what it lets happen. [APR-5]
    #[must_use]
    pub fn draft(&self) -> Draft {
        record::draft(&self.record)
    }

    /// That commit is on disk.
    pub fn used(mut self) {
        self.done = true;
        lock(&self.kept).insert(self.id, Kept { record: self.record.clone(), taken: true });
    }
}

impl Drop for Approved {
    fn drop(&mut self) {
        if !self.done
            && let Some(kept) = lock(&self.kept).get_mut(&self.id)
        {
            kept.taken = false;
        }
    }
}

// A panic while the lock was held leaves each entry whole: they are replaced one by one.
fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountId, OnBehalfOf};
    use uput_core::wire::{ApprovalKind, Role};

    const ID: [u8; 16] = [9; 16];
    const DIGEST: [u8; 32] = [8; 32];

    fn caller(account: u8, person: u8) -> Caller {
        Caller {
            account: AccountId::new([account; 16]),
            person: PersonId::new([person; 16]),
            role: Role::CaseWorker,
            scopes: Arc::new([]),
            on_behalf_of: None,
        }
    }

    fn record() -> ApprovalRecord {
        ApprovalRecord {
            approval: ID.to_vec(),
            kind: ApprovalKind::Disclosure.into(),
            digest: DIGEST.to_vec(),
            persons: vec![vec![1; 16]],
            asked: 100,
            until: 200 + DAY,
            decided: 200,
            approver: vec![2; 16],
            ..ApprovalRecord::default()
        }
    }

    fn approvals(record: ApprovalRecord) -> Approvals {
        let approvals = Approvals::default();
        approvals.set(ApprovalId::new(ID), record);
        approvals
    }

    fn at(seconds: u64) -> Seconds {
        Seconds::new(seconds).unwrap()
    }

    fn lets(record: ApprovalRecord, who: &Caller, digest: &[u8; 32], now: u64) -> bool {
        approvals(record).take(who, &ID, digest, at(now)).is_ok()
    }

    /// [APR-4]
    #[test]
    fn an_approval_lets_one_request_of_one_person_happen_within_a_day() {
        let asker = caller(1, 1);
        assert!(lets(record(), &asker, &DIGEST, 201));
        assert!(lets(record(), &caller(7, 1), &DIGEST, 201), "another account of the same person");
        assert!(!lets(record(), &caller(1, 3), &DIGEST, 201), "another person");
        assert!(!lets(record(), &asker, &[7; 32], 201), "another request");
        assert!(lets(record(), &asker, &DIGEST, 199 + DAY));
        assert!(!lets(record(), &asker, &DIGEST, 200 + DAY), "the day is over");
        assert!(!lets(ApprovalRecord { decided: 0, approver: Vec::new(), ..record() }, &asker, &DIGEST, 201));
        assert!(!lets(ApprovalRecord { refused: true, ..record() }, &asker, &DIGEST, 201));
        assert!(!lets(ApprovalRecord { used: 150, ..record() }, &asker, &DIGEST, 201));
        assert!(!lets(ApprovalRecord { approver: vec![1; 16], ..record() }, &asker, &DIGEST, 201), "one person alone");
        assert_eq!(approvals(record()).take(&asker, &[1; 16], &DIGEST, at(201)).err(), Some(Rejection::BadApproval));
    }

    /// [APR-4]
    #[test]
    fn a_machine_uses_what_was_approved_for_the_same_two() {
        let behalf = |person| OnBehalfOf {
            account: AccountId::new([5; 16]),
            person: PersonId::new([person; 16]),
            role: Role::CaseWorker,
        };
        let machine = |person| Caller { on_behalf_of: Some(behalf(person)), ..caller(6, 6) };
        let asked = ApprovalRecord { persons: vec![vec![6; 16], vec![1; 16]], ..record() };
        assert!(lets(asked.clone(), &machine(1), &DIGEST, 201));
        assert!(!lets(asked.clone(), &machine(4), &DIGEST, 201));
        assert!(!lets(asked.clone(), &caller(6, 6), &DIGEST, 201) && !lets(asked, &caller(1, 1), &DIGEST, 201));
    }

    /// [APR-5]
    #[test]
    fn of_two_uses_at_once_one_fails_and_a_use_that_failed_was_none() {
        let (approvals, asker) = (approvals(record()), caller(1, 1));
        let take = || approvals.take(&asker, &ID, &DIGEST, at(201));
        let first = take().unwrap();
        assert!(take().is_err());
        drop(first);
        let again = take().unwrap();
        again.used();
        assert!(take().is_err());
        assert_eq!(approvals.all()[0].1.stands(at(201)), ApprovalStatus::Used);
    }

    /// [APR-8]
    #[test]
    fn what_was_asked_in_a_span_is_counted_by_what_became_of_it() {
        let approvals = Approvals::default();
        let asked = ApprovalRecord { decided: 0, until: 100 + DAY, ..record() };
        let of = [
            asked.clone(),
            ApprovalRecord { refused: true, ..record() },
            record(),
            ApprovalRecord { used: 300, ..record() },
            ApprovalRecord { kind: ApprovalKind::BulkExport.into(), ..asked.clone() },
            ApprovalRecord { asked: 99, ..asked },
        ];
        for (n, record) in (0..).zip(of) {
            approvals.set(ApprovalId::new([n; 16]), record);
        }
        let count = |kind: ApprovalKind, asked, approved, refused, expired, used| ApprovalCount {
            kind: kind.into(),
            asked,
            approved,
            refused,
            expired,
            used,
            approved_by_new_account: 0,
        };
        let (disclosure, export) = (ApprovalKind::Disclosure, ApprovalKind::BulkExport);
        assert!(
            approvals.count(100, 1000, at(400), |_| true)
                == [count(disclosure, 4, 2, 1, 0, 1), count(export, 1, 0, 0, 0, 0)]
        );
        let later = approvals.count(100, 1000, at(500 + 2 * DAY), |_| true);
        assert!(later == [count(disclosure, 4, 2, 1, 2, 1), count(export, 1, 0, 0, 1, 0)]);
        assert!(approvals.count(1000, 2000, at(400), |_| true).is_empty());
    }
}
