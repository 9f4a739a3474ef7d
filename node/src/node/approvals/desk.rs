//! Where approvals are asked, shown, decided and counted.
//!
//! Guarantees that nobody decides on what they asked themselves, whatever account they use; that words and summary are
//! sealed under keys of their own; and that an approval that somebody may not see answers like one that is not there.

use std::sync::Arc;

use prost::Message;
use uput_core::{
    catalogue::{Field, Label},
    id::TrailId,
    rejection::Rejection,
    sensitive::Sensitive,
    time::Seconds,
    wire::{self, AccessKind, ApprovalKind, ApprovalReason, ApprovalStatus, ApprovalSummary, Role},
};

use super::kept::{Approved, DAY};
use crate::{
    access,
    account::{AccountId, ApprovalId, By, Caller, PersonId},
    case::{Case, CaseId, Sight},
    clock::{self, SystemEntropy},
    node::{
        Node,
        accesses::Of,
        journal::{OpenError, all},
    },
    record::{self, ApprovalRecord},
    seal,
    storage::{Commit, KeyKind, NewTrailKeys, StorageError},
};

/// For how long it shows that a way into an account was made by an administrator. [APR-10]
const WEEK: u64 = 7 * 86_400;
/// For how long words on why are kept after an approval ended. [APR-9]
const MONTH: u64 = 30 * 86_400;
/// Most that one person may have asked and nobody decided.
const MOST_OPEN: usize = 32;

/// What is asked, and why.
pub struct Asking {
    /// What takes two people.
    pub kind: ApprovalKind,
    /// Digest of the exact request. [APR-3]
    pub digest: [u8; 32],
    /// What would happen; labels, and no values.
    pub summary: ApprovalSummary,
    /// Why.
    pub why: Why,
    /// Whom she excludes with what would be said. [APR-11]
    pub excluded: Vec<PersonId>,
}

/// Why it is asked.
pub struct Why {
    /// As a code.
    pub reason: ApprovalReason,
    /// In words; may be empty.
    pub words: Sensitive<String>,
}

impl Node {
    /// Reads approvals back.
    pub(in crate::node) fn read_approvals(&self) -> Result<(), OpenError> {
        for kept in all::<ApprovalRecord>(&self.storage, record::APPROVALS)? {
            let id = ApprovalId::parse(&kept.approval).ok_or(OpenError::Unreadable(Rejection::Malformed))?;
            self.approvals.set(id, kept);
        }
        Ok(())
    }

    /// Takes the one use of an approval, if it lets that caller make the request of that digest now.
    ///
    /// # Errors
    /// [`Rejection::BadApproval`], whatever the reason.
    pub fn approved(&self, caller: &Caller, approval: &[u8], digest: &[u8; 32]) -> Result<Approved, Rejection> {
        let approved = self.approvals.take(caller, approval, digest, clock::now())?;
        // Whom she excluded since then lets nothing happen, nor whose account was ended.
        let excluded = |case: Arc<Case>| case.excludes(&approved.approver());
        let excludes = self.case_of_approval(approved.record()).is_some_and(excluded);
        let behalf = caller.on_behalf_of.map(|person| person.account);
        let left = [Some(caller.account), behalf].into_iter().flatten().any(|account| self.was_ended(&account));
        if excludes || left || !self.still_supervises(approved.record()) {
            return Err(Rejection::BadApproval);
        }
        Ok(approved)
    }

    /// Whether an account was ended: what a change waits for is said in a name, and not in that of who has left. [CAS-79]
    fn was_ended(&self, account: &AccountId) -> bool {
        self.accounts.account(&account.to_vec()).is_ok_and(|account| account.disabled)
    }

    /// Whether the account that approved is there, and a supervisor's. [APR-4]
    fn still_supervises(&self, kept: &ApprovalRecord) -> bool {
        let account = account_of(&kept.decided_by).and_then(|id| self.accounts.account(&id.to_vec()).ok());
        account.is_some_and(|account| !account.disabled && account.role == Role::Supervisor)
    }

    /// Keeps that somebody asks for a second person. [APR-6]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for words that are no text; [`Rejection::TooMany`] if too much is undecided.
    pub async fn ask_approval(&self, caller: &Caller, asking: Asking) -> Result<wire::Approval, Rejection> {
        let words = match asking.why.words.expose().trim() {
            "" => None,
            // Judged as what is sent would be, and kept sealed.
            _ => Some(Field::typed(Label::ReasonInWords, &asking.why.words)?),
        };
        let _alone = self.approvals.alone().await;
        let now = clock::now();
        let waits = |kept: &ApprovalRecord| kept.concerns(caller) && kept.stands(now) == ApprovalStatus::Asked;
        if self.approvals.all().iter().filter(|(_, kept)| waits(kept)).count() >= MOST_OPEN {
            return Err(Rejection::TooMany);
        }
        let id = ApprovalId::new(SystemEntropy.bytes());
        let keys = NewTrailKeys::generate(record::approval_key_name(&id)).map_err(|_| Rejection::Malformed)?;
        // Keys and words are exposed to seal one under the other.
        let seal = |key: &crate::storage::TrailKey, part: &[u8], text: &[u8]| {
            seal::seal(key.expose(), &aad(&id, part), text).map_err(|_| Rejection::Malformed)
        };
        let words = words.map(|words| seal(&keys.value, b"words", words.value().expose().as_bytes())).transpose()?;
        let kept = ApprovalRecord {
            approval: id.to_vec(),
            kind: asking.kind.into(),
            digest: asking.digest.to_vec(),
            account: caller.by().to_vec(),
            persons: caller.persons().map(|person| person.to_vec()).collect(),
            trail: asking.summary.trail.clone(),
            case: asking.summary.case.clone(),
            summary: seal(&keys.evidence, b"summary", &asking.summary.encode_to_vec())?,
            words: words.unwrap_or_default(),
            reason: asking.why.reason.into(),
            asked: now.get(),
            until: now.get().saturating_add(DAY),
            excluded: asking.excluded.iter().map(|person| person.to_vec()).collect(),
            ..ApprovalRecord::default()
        };
        let _settling = self.settling();
        self.commit(Commit { keys: vec![keys], records: vec![record::draft(&kept)] }).await?;
        self.approvals.set(id, kept.clone());
        Ok(self.view_approval(caller, &id, &kept))
    }

    /// What the caller asked, and for a supervisor what others asked; the newest first. [APR-7]
    #[must_use]
    pub fn list_approvals(&self, caller: &Caller, waiting: bool) -> Vec<wire::Approval> {
        let mut kept: Vec<_> = self.approvals.all();
        kept.retain(|(_, kept)| self.sees_approval(caller, kept));
        kept.retain(|(_, kept)| !waiting || may_decide(caller, kept));
        kept.sort_by_key(|(id, kept)| (std::cmp::Reverse(kept.asked), *id));
        kept.iter().map(|(id, kept)| self.view_approval(caller, id, kept)).collect()
    }

    /// Records that somebody is shown what others asked, before they are: once for each of them and each start of the
    /// node, as it stays the same. Gives what may be shown. [ACL-1]
    ///
    /// # Errors
    /// [`Rejection::DiskFull`].
    pub async fn show_approvals(
        &self,
        caller: &Caller,
        approvals: Vec<wire::Approval>,
    ) -> Result<Vec<wire::Approval>, Rejection> {
        let mut shown = Vec::new();
        for approval in approvals {
            let found = ApprovalId::parse(&approval.approval).and_then(|id| Some((id, self.approvals.get(&id)?)));
            let Some((id, kept)) = found else { continue };
            match self.show_approval(caller, &id, &kept).await {
                Ok(()) => shown.push(approval),
                // She excluded them meanwhile.
                Err(Rejection::NoSuchTrail | Rejection::NoSuchCase) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(shown)
    }

    async fn show_approval(&self, caller: &Caller, id: &ApprovalId, kept: &ApprovalRecord) -> Result<(), Rejection> {
        // Whoever asked wrote it.
        let Some(case) = self.case_of_approval(kept).filter(|_| !kept.concerns(caller)) else { return Ok(()) };
        if self.approvals.was_shown(id, &caller.person) {
            return Ok(());
        }
        let of = TrailId::parse(&kept.trail).map_or(Of::Case(case.id), Of::Trail);
        self.keep_access(caller, of, AccessKind::ApprovalShown, &access::Why::default()).await?;
        self.approvals.set_shown(*id, caller.person);
        Ok(())
    }

    /// Lets it happen, or not. Said again by whoever said so, it stays as it is. [APR-4]
    ///
    /// # Errors
    /// [`Rejection::BadApproval`] for one that is not there for the caller, or not theirs to decide.
    pub async fn decide_approval(
        &self,
        caller: &Caller,
        beginning: &[u8],
        approves: bool,
    ) -> Result<wire::Approval, Rejection> {
        let _alone = self.approvals.alone().await;
        let (id, kept) = self.find_approval(caller, beginning)?;
        self.show_approval(caller, &id, &kept).await.map_err(|refused| match refused {
            Rejection::NoSuchTrail | Rejection::NoSuchCase => Rejection::BadApproval,
            other => other,
        })?;
        if kept.decided != 0 && kept.decided_by == caller.by().to_vec() && kept.refused != approves {
            return Ok(self.view_approval(caller, &id, &kept));
        }
        if !may_decide(caller, &kept) || (approves && !self.can_be_approved(&kept)) {
            return Err(Rejection::BadApproval);
        }
        let now = clock::now().get();
        // [APR-10] Whoever made a way into the account may be who approves: it is shown and counted.
        let kept = ApprovalRecord {
            fresh: self.is_new(&caller.account),
            decided_by: caller.by().to_vec(),
            approver: caller.person.to_vec(),
            refused: !approves,
            decided: now,
            until: if approves { now.saturating_add(DAY) } else { kept.until },
            ..kept
        };
        let _settling = self.settling();
        self.keep(&kept).await?;
        self.approvals.set(id, kept.clone());
        Ok(self.view_approval(caller, &id, &kept))
    }

    /// Whether an administrator made a way into an account within the last week. [APR-10]
    pub(in crate::node) fn is_new(&self, account: &AccountId) -> bool {
        let way_in = self.accounts.newest_way_in(account);
        way_in.is_some_and(|made| clock::now().get() < made.saturating_add(WEEK))
    }

    /// How an approval stands now; none: it is not there.
    pub(in crate::node) fn approval_stands(&self, approval: &[u8]) -> Option<ApprovalStatus> {
        let kept = ApprovalId::parse(approval).and_then(|id| self.approvals.get(&id));
        kept.map(|kept| kept.stands(clock::now()))
    }

    /// Destroys the keys of words that are kept long enough, and tells how many. [APR-9]
    ///
    /// # Errors
    /// [`Rejection::DiskFull`]: some are still there, and are destroyed the next time.
    pub fn forget_old_words(&self, now: Seconds) -> Result<usize, Rejection> {
        self.forget_words_of_approvals(|kept| now.get() >= kept.ended().saturating_add(MONTH))
    }

    /// Destroys the keys of the words of some approvals.
    pub(in crate::node) fn forget_words_of_approvals(
        &self,
        wanted: impl Fn(&ApprovalRecord) -> bool,
    ) -> Result<usize, Rejection> {
        tokio::task::block_in_place(|| self.destroy_words_of_approvals(wanted)).map_err(|error| {
            tracing::error!(%error, "keys of words were not destroyed");
            Rejection::DiskFull
        })
    }

    /// The same where nobody else runs: at a start.
    pub(in crate::node) fn destroy_words_of_approvals(
        &self,
        wanted: impl Fn(&ApprovalRecord) -> bool,
    ) -> Result<usize, StorageError> {
        let all = self.approvals.all();
        let with_words = all.iter().filter(|(_, kept)| !kept.words.is_empty() && wanted(kept));
        let names = with_words.map(|(id, _)| record::approval_key_name(id));
        let held = |name: &[u8; 32]| self.storage.trail_keys(name).is_some_and(|keys| keys.value.is_some());
        let keys: Vec<_> = names.filter(held).map(|name| (name, KeyKind::Value)).collect();
        if !keys.is_empty() {
            self.storage.erase_all(&keys)?;
        }
        Ok(keys.len())
    }

    /// What changes tell about an approval: nothing, unless the caller could see it now. [API-40]
    pub(in crate::node) fn approval_concerns(&self, caller: &Caller, approval: &[u8]) -> bool {
        let kept = ApprovalId::parse(approval).and_then(|id| self.approvals.get(&id));
        kept.is_some_and(|kept| self.sees_approval(caller, &kept))
    }

    /// How many were asked in a span, and what became of them, among those of which the caller may know. [APR-8]
    #[must_use]
    pub fn count_approvals(&self, caller: &Caller, from: u64, until: u64) -> Vec<wire::ApprovalCount> {
        let until = if until == 0 { u64::MAX } else { until };
        self.approvals.count(from, until, clock::now(), |kept| self.may_know_of(caller, kept))
    }

    /// The one that begins so, if the caller may see it.
    fn find_approval(&self, caller: &Caller, beginning: &[u8]) -> Result<(ApprovalId, ApprovalRecord), Rejection> {
        let mut seen = self.approvals.all();
        seen.retain(|(id, kept)| id.begins(beginning) && self.sees_approval(caller, kept));
        match seen.pop() {
            Some(found) if seen.is_empty() && beginning.len() >= 4 => Ok(found),
            _ => Err(Rejection::BadApproval),
        }
    }

    /// Whether the caller may know of it. [APR-7]
    fn sees_approval(&self, caller: &Caller, kept: &ApprovalRecord) -> bool {
        // [CAS-9] Whoever asks to break the glass sees what they asked, whether there is such a case or not.
        if kept.concerns(caller) && kept.kind == i32::from(ApprovalKind::BreakGlass) {
            return true;
        }
        let supervises = caller.role == Role::Supervisor && self.may_know_of(caller, kept);
        supervises || kept.concerns(caller) && self.sees_case_of(caller, kept)
    }

    /// Whether the caller sees the case, and is not excluded by what is asked. [APR-11]
    fn may_know_of(&self, caller: &Caller, kept: &ApprovalRecord) -> bool {
        let excluded = caller.persons().any(|person| kept.excluded.contains(&person.to_vec()));
        !excluded && self.sees_case_of(caller, kept)
    }

    /// Whether the caller sees the case, if it concerns one.
    fn sees_case_of(&self, caller: &Caller, kept: &ApprovalRecord) -> bool {
        self.case_of_approval(kept).is_none_or(|case| self.sight(caller, &case.id) != Sight::None)
    }

    /// Whether anything could come of it. A glass that cannot be broken is approved to nobody, so that whoever asked learns
    /// neither that the case is not there nor that she excluded them: to them nobody has decided. [CAS-9]
    fn can_be_approved(&self, kept: &ApprovalRecord) -> bool {
        if kept.kind != i32::from(ApprovalKind::BreakGlass) {
            return true;
        }
        let case = self.case_of_approval(kept).filter(|case| case.into.is_none());
        let asked: Option<Vec<PersonId>> = kept.persons.iter().map(|person| PersonId::parse(person)).collect();
        matches!((case, asked), (Some(case), Some(asked)) if !asked.iter().any(|person| case.excludes(person)))
    }

    /// The case that it concerns now: of its trail, where that has moved to another one.
    fn case_of_approval(&self, kept: &ApprovalRecord) -> Option<Arc<Case>> {
        let of_trail = TrailId::parse(&kept.trail).ok().and_then(|trail| self.case_of(&trail));
        of_trail.or_else(|| CaseId::parse(&kept.case)).and_then(|case| self.case(&case))
    }

    fn view_approval(&self, caller: &Caller, id: &ApprovalId, kept: &ApprovalRecord) -> wire::Approval {
        let keys = self.storage.trail_keys(&record::approval_key_name(id));
        let (value, evidence) = keys.map_or((None, None), |keys| (keys.value, keys.evidence));
        // Opened for whoever may see it; where the key was destroyed, nothing is said any more.
        let open = |key: Option<crate::storage::TrailKey>, part: &[u8], sealed: &[u8]| {
            key.and_then(|key| seal::open(key.expose(), &aad(id, part), sealed).ok())
        };
        let summary = open(evidence, b"summary", &kept.summary);
        let words = open(value, b"words", &kept.words).and_then(|words| String::from_utf8(words.to_vec()).ok());
        let (asked_by, decided_by) = (account_of(&kept.account), account_of(&kept.decided_by));
        wire::Approval {
            approval: id.to_vec(),
            kind: kept.kind,
            status: kept.stands(clock::now()).into(),
            digest: kept.digest.clone(),
            summary: summary.and_then(|bytes| self.view_summary(&bytes)),
            reason: kept.reason,
            words: words.unwrap_or_default(),
            asked_by: asked_by.map(AccountId::to_vec).unwrap_or_default(),
            asked_by_name: self.name_of(asked_by),
            decided_by: decided_by.map(AccountId::to_vec).unwrap_or_default(),
            decided_by_name: self.name_of(decided_by),
            asked: kept.asked,
            decided: kept.decided,
            until: kept.until,
            used: kept.used,
            may_decide: may_decide(caller, kept),
            decided_by_new_account: kept.fresh,
        }
    }

    /// What would happen, with the name of the colleague whom it is about.
    fn view_summary(&self, bytes: &[u8]) -> Option<ApprovalSummary> {
        let summary = ApprovalSummary::decode(bytes).ok()?;
        let Some(person) = PersonId::parse(&summary.colleague) else { return Some(summary) };
        // Somebody with two accounts is let in with both.
        let accounts = self.accounts.accounts();
        let names = accounts.iter().filter(|account| account.person == person).map(|account| account.name.expose());
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).map(String::as_str).collect();
        Some(ApprovalSummary { colleague_name: names.join(", "), ..summary })
    }

    /// What people here call the account that somebody acted with.
    pub(in crate::node) fn name_by(&self, by: &[u8]) -> String {
        self.name_of(account_of(by))
    }

    /// What people here call an account, for a colleague.
    fn name_of(&self, account: Option<AccountId>) -> String {
        let account = account.and_then(|id| self.accounts.account(&id.to_vec()).ok());
        account.map(|account| account.name.expose().clone()).unwrap_or_default()
    }
}

/// A supervisor decides, who is nobody of those who ask; a machine never. [APR-4]
fn may_decide(caller: &Caller, kept: &ApprovalRecord) -> bool {
    let supervises = caller.role == Role::Supervisor && caller.on_behalf_of.is_none();
    supervises && !kept.concerns(caller) && kept.stands(clock::now()) == ApprovalStatus::Asked
}

/// Which account somebody acted with: for a machine on behalf of a person, that person's.
fn account_of(by: &[u8]) -> Option<AccountId> {
    By::parse(by).map(|by| by.on_behalf_of.unwrap_or(by.account))
}

fn aad(approval: &ApprovalId, part: &[u8]) -> Vec<u8> {
    [b"uput/node/approval/".as_slice(), part, b"/", &approval.to_vec()].concat()
}
