//! How much one person takes out in a day.
//!
//! Guarantees that more than a few trails with values a day leave only with a second person, also if they are taken at
//! once. Counted from the journal, so that a restart forgets nothing.

use std::collections::BTreeSet;

use uput_core::{id::TrailId, rejection::Rejection, wire::DisclosureScope};

use super::{Export, Node};
use crate::{
    account::{By, PersonId},
    clock,
    record::{self, AccessRecord, EXPORTED},
};

/// So many trails with values one person takes in a day alone. [APR-2]
const ALONE: usize = 3;
const DAY: u64 = 86_400;

impl Node {
    /// Whether an export takes two people: it would be one too many of this person's last day. [APR-2]
    ///
    /// # Errors
    /// [`Rejection::ReadFailed`].
    pub(super) fn exports_in_bulk(&self, export: &Export) -> Result<bool, Rejection> {
        if export.scope != DisclosureScope::Values {
            return Ok(false);
        }
        let now = clock::now().get();
        let mut trails = self.exported_since(&export.by.acting(), now.saturating_sub(DAY), now)?;
        trails.insert(export.trail);
        Ok(trails.len() > ALONE)
    }

    /// The trails whose values a person took since then.
    fn exported_since(&self, person: &PersonId, since: u64, now: u64) -> Result<BTreeSet<TrailId>, Rejection> {
        let mut trails = BTreeSet::new();
        for day in [since, now] {
            for position in self.positions(EXPORTED, &record::exported_on(day))? {
                let access: AccessRecord = self.at(position)?;
                if access.time > since && self.person_of(&access.account) == Some(*person) {
                    trails.insert(TrailId::parse(&access.trail).map_err(|_| Rejection::ReadFailed)?);
                }
            }
        }
        Ok(trails)
    }

    /// Whose account did something.
    pub(super) fn person_of(&self, by: &[u8]) -> Option<PersonId> {
        let by = By::parse(by)?;
        let account = by.on_behalf_of.unwrap_or(by.account);
        // An account of before there was a register is a person of its own.
        let known = self.accounts.account(&account.to_vec()).ok().map(|account| account.person);
        known.or_else(|| PersonId::parse(&account.to_vec()))
    }
}
