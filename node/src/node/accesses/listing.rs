//! Who looked at a case, as people here see it.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{
    access_log::AccessEntry,
    id::{PersonTag, TrailId},
    rejection::Rejection,
    wire::{self, AccessKind},
};

use super::Of;
use crate::{
    access::Why,
    account::{AccountId, By, Caller},
    case::{CaseId, Sight},
    node::Node,
    record::{self, AccessRecord},
};

impl Node {
    /// Every access to a case, and to those that were joined into it, the oldest first. [ACL-7]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`] to who sees nothing of it; what refuses to keep the access.
    pub async fn list_accesses(
        &self,
        caller: &Caller,
        case: &CaseId,
        why: &Why,
    ) -> Result<Vec<wire::Access>, Rejection> {
        self.demand_case(caller, case, Sight::Outline)?;
        self.keep_access(caller, Of::Case(*case), AccessKind::LogShown, why).await?;
        let words = self.sight(caller, case) == Sight::Values;
        let mut records: Vec<(AccessRecord, Option<AccessEntry>)> = Vec::new();
        for chain in self.chains_of(case) {
            let own = self.accesses_of(&chain)?;
            records.extend(self.accesses_from_before(&chain, &own)?.into_iter().map(|record| (record, None)));
            records.extend(own.into_iter().map(|(record, entry)| (record, Some(entry))));
        }
        records.sort_by_key(|(record, _)| record.time);
        Ok(records.iter().map(|(record, entry)| self.access_row(record, entry.as_ref(), words)).collect())
    }

    /// Who stands behind a pseudonym in the accesses to a case. [ACL-9]
    ///
    /// # Errors
    /// [`Rejection::NoSuchCase`]; [`Rejection::NoSuchAccount`] if nobody does; what refuses to keep the access.
    pub async fn resolve_pseudonym(
        &self,
        caller: &Caller,
        case: &CaseId,
        pseudonym: &PersonTag,
        why: &Why,
    ) -> Result<Vec<wire::ResolvedAccount>, Rejection> {
        self.demand_case(caller, case, Sight::Outline)?;
        if why.code == wire::AccessReason::Unspecified {
            return Err(Rejection::NeedsReason);
        }
        self.keep_access(caller, Of::Case(*case), AccessKind::PseudonymResolved, why).await?;
        let mut accounts: BTreeSet<AccountId> = BTreeSet::new();
        for chain in self.chains_of(case) {
            for (record, entry) in self.accesses_of(&chain)? {
                let by = By::parse(&record.account).ok_or(Rejection::ReadFailed)?;
                accounts.extend((entry.person == *pseudonym).then_some(by.account));
                accounts.extend(by.on_behalf_of.filter(|_| entry.on_behalf_of == Some(*pseudonym)));
            }
        }
        if accounts.is_empty() {
            return Err(Rejection::NoSuchAccount);
        }
        let resolved = |account: &AccountId| wire::ResolvedAccount {
            account: account.to_vec(),
            name: self.account_name(Some(*account)),
        };
        Ok(accounts.iter().map(resolved).collect())
    }

    /// A case and those that were joined into it, into whatever depth; the case itself first.
    pub(super) fn chains_of(&self, case: &CaseId) -> Vec<CaseId> {
        let (mut chains, mut joined) = (vec![*case], BTreeSet::new());
        let mut next = 0;
        while let Some(case) = chains.get(next).and_then(|id| self.case(id)) {
            let new: Vec<CaseId> = case.joined.iter().filter(|id| joined.insert(**id)).copied().collect();
            chains.extend(new);
            next += 1;
        }
        chains
    }

    /// The accesses of one chain, from the first on. [ACL-3]
    pub(super) fn accesses_of(&self, case: &CaseId) -> Result<Vec<(AccessRecord, AccessEntry)>, Rejection> {
        let positions = self.positions(record::CASE_ACCESSES, &case.to_vec())?;
        let read = |position| {
            let record: AccessRecord = self.at(position)?;
            let entry = record.entry().ok_or(Rejection::ReadFailed)?;
            Ok((record, entry))
        };
        positions.into_iter().map(read).collect()
    }

    /// Accesses to its trails that an earlier version recorded, which are in no chain.
    fn accesses_from_before(
        &self,
        case: &CaseId,
        own: &[(AccessRecord, AccessEntry)],
    ) -> Result<Vec<AccessRecord>, Rejection> {
        let trails = self.case(case).map(|case| case.trails.clone()).unwrap_or_default();
        let mut newest: BTreeMap<TrailId, u64> = BTreeMap::new();
        for trail in trails {
            let position = self.indexed(record::ACCESSES, trail.as_bytes());
            newest.insert(trail, position.map_or(0, |position| position.number().saturating_add(1)));
        }
        // Where a chain knows the trail, what its first access points to is from before.
        for (record, entry) in own.iter().rev() {
            if let Some(trail) = entry.trail {
                newest.insert(trail, record.previous);
            }
        }
        let mut before = Vec::new();
        for mut previous in newest.into_values() {
            while let Some(position) = previous.checked_sub(1) {
                let record: AccessRecord = self.at(crate::storage::Position::new(position))?;
                if !record.case.is_empty() {
                    // It is in the chain of the case in which the trail was then.
                    break;
                }
                previous = record.previous;
                before.push(record);
            }
        }
        Ok(before)
    }

    fn access_row(&self, record: &AccessRecord, entry: Option<&AccessEntry>, words: bool) -> wire::Access {
        let by = By::parse(&record.account);
        let opened = if words && !record.words.is_empty() { self.open_words(record) } else { None };
        let kind = entry.map_or_else(|| kind_from_before(record.what), |entry| entry.kind);
        wire::Access {
            time: record.time,
            number: entry.map_or(0, |entry| entry.number),
            trail: record.trail.clone(),
            account: by.map(|by| by.account.to_vec()).unwrap_or_default(),
            name: self.account_name(by.map(|by| by.account)),
            on_behalf_of: self.account_name(by.and_then(|by| by.on_behalf_of)),
            role: entry.map_or(0, |entry| entry.role.into()),
            kind: kind.into(),
            reason: entry.map_or(0, |entry| entry.reason.into()),
            standing: entry.map_or(0, |entry| entry.standing.into()),
            // Shown to whoever sees the values of the case.
            words: opened.map(|(_, words)| words.expose().clone()).unwrap_or_default(),
            pseudonym: entry.map(|entry| entry.person.to_vec()).unwrap_or_default(),
        }
    }

    /// What people here call an account; empty: nobody, or it was erased.
    pub(super) fn account_name(&self, account: Option<AccountId>) -> String {
        let account = account.and_then(|account| self.accounts.account(&account.to_vec()).ok());
        // Shown to colleagues who may see who looked.
        account.map(|account| account.name.expose().clone()).unwrap_or_default()
    }
}

/// What an earlier version recorded.
const fn kind_from_before(what: u32) -> AccessKind {
    match what {
        0 => AccessKind::ValuesShown,
        1 => AccessKind::Exported,
        _ => AccessKind::ValuesExported,
    }
}
