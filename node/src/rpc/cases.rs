//! Calls about cases.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{self, case_service_server::CaseService},
};

use super::{guard::Admitted, request, said, status};
use crate::{
    account::{Caller, PersonId, roles::Part},
    case::{Case, CaseId, Exclusion, Ground, Ruling, Sight},
    node::{Assignee, CaseListing, Node, in_step, to_the_end},
};

/// Calls about cases.
pub struct CaseCalls(pub Arc<Node>);

#[tonic::async_trait]
impl CaseService for CaseCalls {
    async fn create_case(
        &self,
        call: Request<wire::CreateCaseRequest>,
    ) -> Result<Response<wire::CreateCaseResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, number) = (Arc::clone(&self.0), Sensitive::new(call.into_inner().external_ref));
        let caller = by.clone();
        let made = finished(async move { node.create_case(&caller, number).await }).await?;
        Ok(Response::new(wire::CreateCaseResponse { case: self.view(&by, &made) }))
    }

    async fn get_case(&self, call: Request<wire::GetCaseRequest>) -> Result<Response<wire::GetCaseResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let id = match (said.case.as_slice(), said.trail.as_slice()) {
            ([], trail) => {
                let trail = request::trail(&self.0, &by, trail)?;
                self.0.case_of(&trail).ok_or_else(|| status::of(Rejection::NoSuchTrail))?
            }
            (case, []) => self.case(&by, case)?,
            _ => return Err(request::invalid("case and trail", "one of them")),
        };
        let case = self.0.demand_case(&by, &id, Sight::Outline).map_err(status::of)?;
        Ok(Response::new(wire::GetCaseResponse { case: self.view(&by, &case) }))
    }

    async fn list_cases(
        &self,
        call: Request<wire::ListCasesRequest>,
    ) -> Result<Response<wire::ListCasesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let number = Sensitive::new(said.external_ref);
        let which = CaseListing {
            mine: said.mine,
            untaken: said.untaken,
            closed: said.closed,
            number: &number,
            most: request::page_size(said.page_size, 50),
            token: &said.page_token,
        };
        let listed = in_step(|| self.0.list_cases(&by, &which)).await.map_err(request::unknown_page)?;
        let cases = listed.cases.iter().filter_map(|case| self.view(&by, case)).collect();
        Ok(Response::new(wire::ListCasesResponse { cases, next_page_token: listed.next }))
    }

    async fn take_case(
        &self,
        call: Request<wire::TakeCaseRequest>,
    ) -> Result<Response<wire::TakeCaseResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let id = self.case(&by, &call.into_inner().case)?;
        let (node, caller) = (Arc::clone(&self.0), by.clone());
        let taken = finished(async move { node.take_case(&caller, &id).await }).await?;
        Ok(Response::new(wire::TakeCaseResponse { case: self.view(&by, &taken) }))
    }

    async fn assign_case(
        &self,
        call: Request<wire::AssignCaseRequest>,
    ) -> Result<Response<wire::AssignCaseResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let id = self.case(&by, &said.case)?;
        let to = match (said.colleague.is_empty(), said.team.is_empty()) {
            (false, true) => Assignee::Person(self.colleague(said.colleague)?),
            (true, false) => Assignee::Team(self.0.team_named(&Sensitive::new(said.team)).map_err(status::of)?),
            _ => return Err(request::invalid("colleague and team", "one of them")),
        };
        let (node, caller) = (Arc::clone(&self.0), by.clone());
        let assigned = finished(async move { node.assign_case(&caller, &id, to, said.remove).await }).await?;
        Ok(Response::new(wire::AssignCaseResponse { case: self.view(&by, &assigned) }))
    }

    async fn join_cases(
        &self,
        call: Request<wire::JoinCasesRequest>,
    ) -> Result<Response<wire::JoinCasesResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let (from, into) = (self.case(&by, &said.from)?, self.case(&by, &said.into)?);
        let (node, caller) = (Arc::clone(&self.0), by.clone());
        let joined = finished(async move { node.join_cases(&caller, &from, &into).await }).await?;
        Ok(Response::new(wire::JoinCasesResponse { case: self.view(&by, &joined) }))
    }

    async fn close_case(
        &self,
        call: Request<wire::CloseCaseRequest>,
    ) -> Result<Response<wire::CloseCaseResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let id = self.case(&by, &call.into_inner().case)?;
        let (node, caller) = (Arc::clone(&self.0), by.clone());
        let closed = finished(async move { node.close_case(&caller, &id, true).await }).await?;
        Ok(Response::new(wire::CloseCaseResponse { case: self.view(&by, &closed) }))
    }

    async fn reopen_case(
        &self,
        call: Request<wire::ReopenCaseRequest>,
    ) -> Result<Response<wire::ReopenCaseResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let id = self.case(&by, &call.into_inner().case)?;
        let (node, caller) = (Arc::clone(&self.0), by.clone());
        let open = finished(async move { node.close_case(&caller, &id, false).await }).await?;
        Ok(Response::new(wire::ReopenCaseResponse { case: self.view(&by, &open) }))
    }

    async fn set_file_number(
        &self,
        call: Request<wire::SetFileNumberRequest>,
    ) -> Result<Response<wire::SetFileNumberResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let id = self.case(&by, &said.case)?;
        let (node, caller, number) = (Arc::clone(&self.0), by.clone(), Sensitive::new(said.external_ref));
        let numbered = finished(async move { node.set_file_number(&caller, &id, number).await }).await?;
        Ok(Response::new(wire::SetFileNumberResponse { case: self.view(&by, &numbered) }))
    }

    async fn exclude_person(
        &self,
        call: Request<wire::ExcludePersonRequest>,
    ) -> Result<Response<wire::ExcludePersonResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let id = self.case(&by, &said.case)?;
        let person = self.colleague(said.colleague)?;
        let node = Arc::clone(&self.0);
        let excluded = finished(async move { node.exclude_person(&by, &id, person).await }).await?;
        Ok(Response::new(wire::ExcludePersonResponse { exclusion: Some(self.view_exclusion(&person, &excluded)) }))
    }

    async fn list_exclusions(
        &self,
        call: Request<wire::ListExclusionsRequest>,
    ) -> Result<Response<wire::ListExclusionsResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let id = self.case(&by, &call.into_inner().case)?;
        let exclusions = self.0.exclusions(&by, &id).map_err(status::of)?;
        let exclusions = exclusions.iter().map(|(person, exclusion)| self.view_exclusion(person, exclusion)).collect();
        Ok(Response::new(wire::ListExclusionsResponse { exclusions }))
    }

    async fn decide_exclusion(
        &self,
        call: Request<wire::DecideExclusionRequest>,
    ) -> Result<Response<wire::DecideExclusionResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let said::Decision { case, person, ruling, second, .. } =
            said::decision(&self.0, &by, call.into_inner(), false)?;
        let node = Arc::clone(&self.0);
        let decide = async move { node.decide_exclusion(&by, &case, person, ruling, &second).await };
        let decided = finished(decide).await?;
        Ok(Response::new(wire::DecideExclusionResponse { exclusion: Some(self.view_exclusion(&person, &decided)) }))
    }

    async fn break_glass(
        &self,
        call: Request<wire::BreakGlassRequest>,
    ) -> Result<Response<wire::BreakGlassResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?;
        let asked = call.into_inner();
        if asked.approval.is_empty() {
            // [CAS-9] Before anything is looked up: the answer is the same for every case, and for none.
            return Err(status::of(Rejection::NeedsApproval));
        }
        let said::Glass { case, second, .. } = said::glass(asked, false)?;
        let node = Arc::clone(&self.0);
        let until = finished(async move { node.break_glass(&by, &case, &second).await }).await?;
        Ok(Response::new(wire::BreakGlassResponse { until }))
    }
}

impl CaseCalls {
    /// A case that the caller sees, by the beginning of its ID.
    #[allow(clippy::result_large_err, reason = "tonic's")]
    fn case(&self, caller: &Caller, beginning: &[u8]) -> Result<CaseId, Status> {
        request::case(&self.0, caller, beginning)?.ok_or_else(|| status::of(Rejection::NoSuchCase))
    }

    #[allow(clippy::result_large_err, reason = "tonic's")]
    fn colleague(&self, said: String) -> Result<PersonId, Status> {
        self.0.colleague(&Sensitive::new(said)).map_err(status::of)
    }

    /// A case as the caller sees it; nothing if that is none.
    fn view(&self, caller: &Caller, case: &Case) -> Option<wire::Case> {
        let viewer = self.0.viewer(caller);
        let sight = case.sight(&viewer);
        let values = sight == Sight::Values;
        // Shown to who sees values.
        let number = case.external_ref.as_ref().filter(|_| values).map(|number| number.text.expose().clone());
        (sight > Sight::None).then(|| wire::Case {
            case: case.id.to_vec(),
            trails: case.trails.iter().map(|trail| trail.to_vec()).collect(),
            persons: case.persons.iter().map(|person| self.view_colleague(person)).collect(),
            teams: self.view_teams(case),
            opened_by: case.opened_by.as_ref().map(|person| self.view_colleague(person)),
            created: case.created,
            closed: case.closed,
            external_ref: number.unwrap_or_default(),
            values,
            mine: case.has(&viewer),
            in_doubt: if viewer.role == wire::Role::Supervisor { in_doubt(case) } else { 0 },
        })
    }

    fn view_teams(&self, case: &Case) -> Vec<wire::CaseTeam> {
        if case.teams.is_empty() {
            return Vec::new();
        }
        let teams = self.0.register().teams().into_iter().filter(|team| case.teams.contains(&team.id));
        // Shown to colleagues.
        teams.map(|team| wire::CaseTeam { team: team.id.to_vec(), name: team.name.expose().clone() }).collect()
    }

    fn view_colleague(&self, person: &PersonId) -> wire::CaseColleague {
        let name = self.0.register().name_of(person);
        // Shown to colleagues.
        let name = name.map(|name| name.expose().clone()).unwrap_or_default();
        wire::CaseColleague { person: person.to_vec(), name }
    }

    fn view_exclusion(&self, person: &PersonId, exclusion: &Exclusion) -> wire::CaseExclusion {
        let ground = match exclusion.ground {
            Ground::Doubtful => wire::ExclusionGround::Doubtful,
            Ground::Named => wire::ExclusionGround::Named,
            Ground::ByHand => wire::ExclusionGround::ByHand,
        };
        let ruling = match exclusion.ruling {
            Ruling::Open => wire::ExclusionRuling::Unspecified,
            Ruling::Confirmed => wire::ExclusionRuling::Confirmed,
            Ruling::Lifted => wire::ExclusionRuling::Lifted,
        };
        wire::CaseExclusion {
            colleague: Some(self.view_colleague(person)),
            ground: ground.into(),
            ruling: ruling.into(),
            by: exclusion.by.as_ref().map(|person| self.view_colleague(person)),
            time: exclusion.time,
        }
    }
}

/// How many like names nobody has decided about.
fn in_doubt(case: &Case) -> u32 {
    let open = |exclusion: &&Exclusion| exclusion.ground == Ground::Doubtful && exclusion.ruling == Ruling::Open;
    u32::try_from(case.exclusions.values().filter(open).count()).unwrap_or(u32::MAX)
}

/// Does what was begun to its end, also when the caller hangs up.
async fn finished<T: Send + 'static>(
    act: impl Future<Output = Result<T, Rejection>> + Send + 'static,
) -> Result<T, Status> {
    let done = to_the_end(act).await;
    let broken_off = || Status::internal("the node could not finish this; look at the case before you say it again");
    done.ok_or_else(broken_off)?.map_err(status::of)
}
