//! Calls about teams. Who may make them says the table of roles. [ACC-62]

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{rejection::Rejection, sensitive::Sensitive, wire, wire::team_service_server::TeamService};

use super::{accounts::broken_off, guard::Admitted, request, status};
use crate::{
    account::{PersonId, Team, roles::Part},
    node::{Node, to_the_end},
};

/// Calls about teams.
pub struct Teams(pub Arc<Node>);

impl Teams {
    #[allow(clippy::result_large_err, reason = "tonic's")]
    fn person(&self, account: &[u8]) -> Result<PersonId, Status> {
        self.0.register().account(account).map(|account| account.person).map_err(status::of)
    }
}

#[tonic::async_trait]
impl TeamService for Teams {
    async fn create_team(
        &self,
        call: Request<wire::CreateTeamRequest>,
    ) -> Result<Response<wire::CreateTeamResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let (node, name) = (Arc::clone(&self.0), Sensitive::new(call.into_inner().name));
        let made = to_the_end(async move { node.create_team(&by, name).await }).await.ok_or_else(broken_off)?;
        let team = made.map_err(|rejection| match rejection {
            Rejection::BadValue => request::invalid("name", "1 to 64 bytes without control characters"),
            other => status::of(other),
        })?;
        Ok(Response::new(wire::CreateTeamResponse { team: Some(view(&team)) }))
    }

    async fn list_teams(
        &self,
        call: Request<wire::ListTeamsRequest>,
    ) -> Result<Response<wire::ListTeamsResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let (teams, next_page_token) = request::page(self.0.register().teams(), said.page_size, &said.page_token, 100)?;
        Ok(Response::new(wire::ListTeamsResponse { teams: teams.iter().map(view).collect(), next_page_token }))
    }

    async fn add_team_member(
        &self,
        call: Request<wire::AddTeamMemberRequest>,
    ) -> Result<Response<wire::AddTeamMemberResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let (node, person) = (Arc::clone(&self.0), self.person(&said.account)?);
        let changed = to_the_end(async move { node.join_team(&by, &said.team, person).await }).await;
        let team = changed.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::AddTeamMemberResponse { team: Some(view(&team)) }))
    }

    async fn remove_team_member(
        &self,
        call: Request<wire::RemoveTeamMemberRequest>,
    ) -> Result<Response<wire::RemoveTeamMemberResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let (node, person) = (Arc::clone(&self.0), self.person(&said.account)?);
        let changed = to_the_end(async move { node.leave_team(&by, &said.team, person).await }).await;
        let team = changed.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::RemoveTeamMemberResponse { team: Some(view(&team)) }))
    }
}

fn view(team: &Team) -> wire::Team {
    wire::Team {
        team: team.id.to_vec(),
        // To the organisation's own people, who name it so.
        name: team.name.expose().clone(),
        members: team.members.iter().map(|person| person.to_vec()).collect(),
    }
}
