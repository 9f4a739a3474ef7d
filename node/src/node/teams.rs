//! Teams: making them and saying who is in them, in the journal first.
//!
//! Guarantees that who is in a team now is what its newest record says. What a team has is the cases' matter.

use std::collections::BTreeSet;

use uput_core::{rejection::Rejection, sensitive::Sensitive};

use super::{Node, accounts::checked_name};
use crate::{
    account::{AccountId, PersonId, Team, TeamId},
    clock::{self, SystemEntropy},
    record::{self, TeamRecord},
    seal,
    storage::{Commit, NewTrailKeys},
};

impl Node {
    /// Makes a team of nobody yet. [ACC-60]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for a name that is empty or long.
    pub async fn create_team(&self, by: &AccountId, name: Sensitive<String>) -> Result<Team, Rejection> {
        let name = checked_name(name)?;
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let team = Team { id: TeamId::new(SystemEntropy.bytes()), name, members: BTreeSet::new() };
        let key = NewTrailKeys::generate(record::team_key_name(&team.id)).map_err(|_| Rejection::Malformed)?;
        // Name and key are exposed to seal one under the other.
        let sealed = seal::seal(key.value.expose(), &name_aad(&team.id), team.name.expose().as_bytes());
        let record = team_record(&team, sealed.map_err(|_| Rejection::Malformed)?, by);
        self.commit(Commit { keys: vec![key], records: vec![record::draft(&record)] }).await?;
        self.accounts.set_team(team.clone());
        Ok(team)
    }

    /// Puts a person into a team. [ACC-61]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] where the team is not there.
    pub async fn join_team(&self, by: &AccountId, team: &[u8], person: PersonId) -> Result<Team, Rejection> {
        self.change_team(by, team, |members| members.insert(person)).await
    }

    /// Takes a person out of a team. [ACC-61]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] where the team is not there.
    pub async fn leave_team(&self, by: &AccountId, team: &[u8], person: PersonId) -> Result<Team, Rejection> {
        self.change_team(by, team, |members| members.remove(&person)).await
    }

    async fn change_team(
        &self,
        by: &AccountId,
        beginning: &[u8],
        change: impl FnOnce(&mut BTreeSet<PersonId>) -> bool,
    ) -> Result<Team, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let mut team = self.accounts.team(beginning)?;
        if !change(&mut team.members) {
            return Ok(team);
        }
        let position = self.indexed(record::TEAMS, &team.id.to_vec()).ok_or(Rejection::NoSuchAccount)?;
        let kept: TeamRecord = self.at(position)?;
        self.keep(&team_record(&team, kept.name, by)).await?;
        self.accounts.set_team(team.clone());
        Ok(team)
    }

    /// The teams that a person is in, as they are without them, with their records.
    ///
    /// # Errors
    /// [`Rejection::ReadFailed`].
    pub(super) fn teams_without(
        &self,
        by: &AccountId,
        person: &PersonId,
    ) -> Result<Vec<(Team, TeamRecord)>, Rejection> {
        let mut teams = self.accounts.teams();
        teams.retain_mut(|team| team.members.remove(person));
        let with_record = |team: Team| {
            let position = self.indexed(record::TEAMS, &team.id.to_vec()).ok_or(Rejection::ReadFailed)?;
            let kept: TeamRecord = self.at(position)?;
            let record = team_record(&team, kept.name, by);
            Ok((team, record))
        };
        teams.into_iter().map(with_record).collect()
    }

    pub(super) fn team_of(&self, kept: &TeamRecord) -> Option<Team> {
        let id = TeamId::parse(&kept.team)?;
        let name = self.opened_name(&record::team_key_name(&id), &name_aad(&id), &kept.name);
        let members = kept.members.iter().map(|person| PersonId::parse(person)).collect::<Option<_>>()?;
        Some(Team { id, name, members })
    }
}

fn team_record(team: &Team, name: Vec<u8>, by: &AccountId) -> TeamRecord {
    TeamRecord {
        team: team.id.to_vec(),
        name,
        members: team.members.iter().map(|person| person.to_vec()).collect(),
        changed: clock::now().get(),
        account: by.to_vec(),
    }
}

fn name_aad(team: &TeamId) -> Vec<u8> {
    [b"uput/node/team/".as_slice(), &team.to_vec()].concat()
}
