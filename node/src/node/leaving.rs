//! Ending an account, and erasing one that was ended.
//!
//! Guarantees that what lets an account in, its duties and, with the last account of a person, their places in teams go in
//! the commit that ends it. Leaves the cases of whoever left with them, until a supervisor gives them to somebody: what
//! nobody has could be taken by anybody.

use std::collections::{BTreeMap, BTreeSet};

use uput_core::{rejection::Rejection, sensitive::Sensitive, wire::Role};

use super::{Node, orders::Group};
use crate::{
    account::{Account, AccountId, Credential, Delegation, PersonId, TeamId, What},
    case::Case,
    clock,
    record::{self, AccountRecord},
    storage::{Commit, KeyKind},
};

/// Who is here and can be given a case, and who was.
pub(super) struct Here {
    persons: BTreeSet<PersonId>,
    teams: BTreeMap<TeamId, BTreeSet<PersonId>>,
    gone: BTreeSet<PersonId>,
}

impl Here {
    /// Whether an open case is with nobody but people who left, and teams of nobody who is here. [CAS-19]
    pub(super) fn is_left(&self, case: &Case) -> bool {
        let is_open = case.into.is_none() && case.closed == 0;
        let with_somebody = case.persons.iter().any(|person| self.persons.contains(person));
        is_open && !case.is_nobodys() && !with_somebody && !case.teams.iter().any(|team| self.is_manned(team))
    }

    /// Where all cases are that were left, and others.
    pub(super) fn gone(&self) -> impl Iterator<Item = Group> {
        let teams = self.teams.keys().filter(|team| !self.is_manned(team)).copied();
        self.gone.iter().copied().map(Group::Person).chain(teams.map(Group::Team))
    }

    fn is_manned(&self, team: &TeamId) -> bool {
        self.teams.get(team).is_some_and(|members| !members.is_disjoint(&self.persons))
    }
}

impl Node {
    /// Ends an account for good, and with it what lets anybody into it and what it was to do. [ACC-8] [ACC-18]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`]; [`Rejection::StepNotAllowed`] for the last administrator.
    pub async fn disable_account(&self, by: &AccountId, beginning: &[u8]) -> Result<Account, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let account = self.accounts.account(beginning)?;
        if account.disabled {
            return Ok(account);
        }
        if matches!(self.accounts.administrators().as_slice(), [last] if last.id == account.id) {
            return Err(Rejection::StepNotAllowed);
        }
        let position = self.indexed(record::ACCOUNTS, &account.id.to_vec()).ok_or(Rejection::NoSuchAccount)?;
        let kept: AccountRecord = self.at(position)?;
        let (mut records, ways_in) = self.endings(by, &account.id)?;
        records.push(record::draft(&AccountRecord { disabled: clock::now().get(), disabled_by: by.to_vec(), ..kept }));
        let leave = self.accounts.delegations_with(&account.id);
        records.extend(leave.iter().map(|given| record::draft(&super::sessions::ended(given))));
        let duties = self.duties_of(&account.id);
        for duty in &duties {
            records.push(record::draft(&self.gone(duty, by)?));
        }
        let teams =
            if self.is_last_of_person(&account) { self.teams_without(by, &account.person)? } else { Vec::new() };
        records.extend(teams.iter().map(|(_, kept)| record::draft(kept)));
        self.commit(Commit { keys: Vec::new(), records }).await?;
        let account = Account { disabled: true, ..account };
        self.accounts.set_account(account.clone());
        ways_in.apply(self, &account.id);
        leave.into_iter().for_each(|given| self.accounts.set_delegation(Delegation { revoked: true, ..given }));
        teams.into_iter().for_each(|(team, _)| self.accounts.set_team(team));
        self.take_off_rota(&duties);
        Ok(account)
    }

    /// Destroys the keys of an account that was ended: its name, what it was known by, and where it was reached. [ACC-16]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`]; [`Rejection::StepNotAllowed`] for one that was not ended.
    pub async fn erase_account(&self, beginning: &[u8]) -> Result<Account, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let account = self.accounts.account(beginning)?;
        if !account.disabled {
            return Err(Rejection::StepNotAllowed);
        }
        let mut names = vec![record::account_key_name(&account.id)];
        let actor = record::actor_key_name(&account.person);
        let others = self.accounts.accounts_of(&account.person);
        // [DIS-16] The last account of a person takes along what joined their pseudonyms, if they ever acted.
        if others.iter().all(|other| other.erased || other.id == account.id)
            && self.storage.trail_keys(&actor).is_some()
        {
            names.push(actor);
        }
        // Of a folder from before duties went with their account.
        names.extend(self.duties_of(&account.id).iter().map(|duty| record::duty_key_name(&duty.id)));
        let both = |name| [(name, KeyKind::Value), (name, KeyKind::Evidence)];
        self.storage.erase_all(&names.into_iter().flat_map(both).collect::<Vec<_>>()).map_err(|error| {
            tracing::error!(%error, "a key could not be destroyed");
            Rejection::DiskFull
        })?;
        let account = Account { name: Sensitive::default(), erased: true, ..account };
        self.accounts.set_account(account.clone());
        for credential in self.accounts.credentials_of(&account.id) {
            let what = What::Erased(matches!(credential.what, What::Certificate(..) | What::Erased(true)));
            self.accounts.set_credential(Credential { what, ended: true, ..credential });
        }
        Ok(account)
    }

    /// Everybody with an account that is not disabled.
    pub(super) fn employed(&self) -> BTreeSet<PersonId> {
        let accounts = self.accounts.accounts().into_iter();
        accounts.filter(|account| !account.disabled).map(|account| account.person).collect()
    }

    /// Who is here now.
    pub(super) fn here(&self) -> Here {
        let can_have = |account: &Account| {
            !account.disabled && matches!(account.role, Role::CaseWorker | Role::Supervisor | Role::Integration)
        };
        let (here, others): (Vec<Account>, Vec<Account>) = self.accounts.accounts().into_iter().partition(can_have);
        let persons: BTreeSet<PersonId> = here.iter().map(|account| account.person).collect();
        let gone = others.iter().map(|account| account.person).filter(|person| !persons.contains(person)).collect();
        let teams = self.accounts.teams().into_iter().map(|team| (team.id, team.members)).collect();
        Here { persons, teams, gone }
    }

    fn is_last_of_person(&self, account: &Account) -> bool {
        let others = self.accounts.accounts_of(&account.person);
        others.iter().all(|other| other.disabled || other.id == account.id)
    }
}
