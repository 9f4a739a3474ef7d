//! What is unusual, for a supervisor; for an administrator only whether there is something that no supervisor may see.

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use uput_core::wire::{self, Role, UnusualRule};

use crate::{
    access::{ASKED_DAYS, Finding, Watcher},
    account::{Caller, PersonId},
    case::{Case, CaseId},
    clock,
    node::{Node, on_call::PastDuty},
};

/// What is asked about if nothing is said, in days.
const USUAL_DAYS: u64 = 7;
const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;

/// What is unusual.
pub struct UnusualAccesses {
    /// The newest first.
    pub findings: Vec<wire::UnusualAccess>,
    /// There is something that no supervisor may see.
    pub unseen: bool,
}

/// What tells two findings apart.
type Same = (UnusualRule, PersonId, u64, Option<CaseId>);

/// Who was on duty in which hours, and which cases somebody is excluded from: found when they are first asked for. [ACL-42]
struct Roster<'a> {
    node: &'a Node,
    duties: OnceCell<Vec<PastDuty>>,
    hours: RefCell<BTreeMap<u64, BTreeSet<PersonId>>>,
    excluding: OnceCell<Vec<Arc<Case>>>,
}

impl<'a> Roster<'a> {
    fn new(node: &'a Node) -> Self {
        Self { node, duties: OnceCell::new(), hours: RefCell::default(), excluding: OnceCell::new() }
    }

    fn excluding(&self) -> &[Arc<Case>] {
        self.excluding.get_or_init(|| {
            let mut cases = self.node.cases.all();
            cases.retain(|case| !case.exclusions.is_empty());
            cases
        })
    }

    fn has(&self, person: &PersonId, hour: u64) -> bool {
        let mut hours = self.hours.borrow_mut();
        let read = || self.node.were_on_duty(self.duties(), hour, hour.saturating_add(HOUR));
        hours.entry(hour).or_insert_with(read).contains(person)
    }

    fn duties(&self) -> &[PastDuty] {
        self.duties.get_or_init(|| {
            self.node.every_duty().unwrap_or_else(|error| {
                tracing::error!(%error, "the rota cannot be read: whoever was on duty is listed too");
                Vec::new()
            })
        })
    }
}

impl Node {
    /// What is unusual since then, as far as the caller may know of it. [ACL-40] [ACL-44]
    #[must_use]
    pub fn unusual_accesses(&self, caller: &Caller, since: u64) -> UnusualAccesses {
        let now = clock::now().get();
        let since = if since == 0 { now.saturating_sub(USUAL_DAYS * DAY) } else { since };
        let since = since.max(now.saturating_sub(ASKED_DAYS * DAY));
        if caller.role == Role::Administrator {
            return UnusualAccesses { findings: Vec::new(), unseen: self.is_something_unseen(since) };
        }
        let persons: Vec<PersonId> = caller.persons().collect();
        let findings = self.findings_for(&persons, since, &Roster::new(self));
        UnusualAccesses { findings: findings.iter().map(|finding| self.unusual_row(finding)).collect(), unseen: false }
    }

    /// Findings that these persons may know of: none about themselves, none of cases from which one of them is excluded.
    fn findings_for(&self, persons: &[PersonId], since: u64, roster: &Roster<'_>) -> Vec<Finding> {
        let from_them = |case: &&Arc<Case>| persons.iter().any(|person| case.excludes(person));
        // An access to a case that was joined since is one to the case into which it was joined.
        let excluded = roster.excluding().iter().filter(from_them);
        let hidden: BTreeSet<CaseId> = excluded.flat_map(|case| self.chains_of(&case.id)).collect();
        let on_duty = |person: &PersonId, hour| roster.has(person, hour);
        let watcher = Watcher { persons, hidden: &hidden, on_duty: &on_duty };
        self.accesses.unusual().findings(since, &watcher)
    }

    /// Whether something is unusual that every supervisor is kept from. [ACL-44]
    fn is_something_unseen(&self, since: u64) -> bool {
        let accounts = self.accounts.accounts();
        let supervisors = accounts.iter().filter(|account| account.role == Role::Supervisor && !account.disabled);
        let supervisors: BTreeSet<PersonId> = supervisors.map(|account| account.person).collect();
        let roster = Roster::new(self);
        let seen: BTreeSet<Same> = supervisors
            .iter()
            .flat_map(|person| self.findings_for(&[*person], since, &roster))
            .map(|found| same(&found))
            .collect();
        self.findings_for(&[], since, &roster).iter().any(|finding| !seen.contains(&same(finding)))
    }

    fn unusual_row(&self, finding: &Finding) -> wire::UnusualAccess {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        wire::UnusualAccess {
            rule: finding.rule.into(),
            account: finding.account.to_vec(),
            name: self.account_name(Some(finding.account)),
            time: finding.time,
            count: number(finding.count),
            bound: number(finding.bound),
            case: finding.case.map(|(case, _)| self.name_now(case).to_vec()).unwrap_or_default(),
            reason: finding.case.map_or(0, |(_, reason)| reason.into()),
        }
    }

    /// The case that it is part of by now: nobody is told the ID that it had before. [CAS-16]
    fn name_now(&self, mut case: CaseId) -> CaseId {
        while let Some(into) = self.case(&case).and_then(|case| case.into) {
            case = into;
        }
        case
    }
}

const fn same(finding: &Finding) -> Same {
    let case = match finding.case {
        Some((case, _)) => Some(case),
        None => None,
    };
    (finding.rule, finding.person, finding.time, case)
}
