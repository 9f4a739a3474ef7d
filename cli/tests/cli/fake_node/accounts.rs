//! What the fake node says about accounts, sessions and teams.

use tonic::{Code, Request, Response};
use uput_wire::v1 as wire;
use uput_wire::v1::account_service_server::AccountService;
use uput_wire::v1::places_service_server::PlacesService;
use uput_wire::v1::session_service_server::SessionService;
use uput_wire::v1::team_service_server::TeamService;

use super::{Answer, Script, TOKEN, refused, sample};

/// The code that the script knows.
pub(crate) const CODE: &str = "5c5c-5c5c-invented-code";

#[tonic::async_trait]
impl AccountService for Script {
    async fn create_account(
        &self,
        request: Request<wire::CreateAccountRequest>,
    ) -> Answer<wire::CreateAccountResponse> {
        self.record("CreateAccount", request.get_ref());
        let asked = request.into_inner();
        let account = wire::Account { name: asked.name, role: asked.role, tokens: Vec::new(), ..sample::account() };
        let code = if account.role() == wire::Role::Integration { String::new() } else { CODE.to_owned() };
        let code_until = if code.is_empty() { 0 } else { account.created + 7 * 86_400 };
        Ok(Response::new(wire::CreateAccountResponse { account: Some(account), code, code_until }))
    }

    async fn list_accounts(&self, request: Request<wire::ListAccountsRequest>) -> Answer<wire::ListAccountsResponse> {
        self.record("ListAccounts", request.get_ref());
        let (accounts, next) = match request.get_ref().page_token.as_str() {
            "" => (vec![sample::account()], "2"),
            _ => (vec![sample::machine()], ""),
        };
        Ok(Response::new(wire::ListAccountsResponse { accounts, next_page_token: next.to_owned() }))
    }

    async fn disable_account(
        &self,
        request: Request<wire::DisableAccountRequest>,
    ) -> Answer<wire::DisableAccountResponse> {
        self.record("DisableAccount", request.get_ref());
        if !sample::account().account.starts_with(&request.get_ref().account) {
            return Err(refused(Code::NotFound, "NO_SUCH_ACCOUNT"));
        }
        let account = wire::Account { disabled: true, ..sample::account() };
        Ok(Response::new(wire::DisableAccountResponse { account: Some(account) }))
    }

    async fn create_token(&self, request: Request<wire::CreateTokenRequest>) -> Answer<wire::CreateTokenResponse> {
        self.record("CreateToken", request.get_ref());
        let token = wire::Token { scopes: request.into_inner().scopes, ..sample::token() };
        Ok(Response::new(wire::CreateTokenResponse { token: Some(token), secret: TOKEN.to_owned() }))
    }

    async fn revoke_token(&self, request: Request<wire::RevokeTokenRequest>) -> Answer<wire::RevokeTokenResponse> {
        self.record("RevokeToken", request.get_ref());
        let token = wire::Token { revoked: true, ..sample::token() };
        Ok(Response::new(wire::RevokeTokenResponse { token: Some(token) }))
    }

    async fn reset_account(&self, request: Request<wire::ResetAccountRequest>) -> Answer<wire::ResetAccountResponse> {
        self.record("ResetAccount", request.get_ref());
        let account = wire::Account { tokens: Vec::new(), ..sample::account() };
        let code_until = account.created + 7 * 86_400;
        let account = Some(account);
        Ok(Response::new(wire::ResetAccountResponse { account, code: CODE.to_owned(), code_until }))
    }

    async fn erase_account(&self, request: Request<wire::EraseAccountRequest>) -> Answer<wire::EraseAccountResponse> {
        self.record("EraseAccount", request.get_ref());
        let account = wire::Account { name: String::new(), disabled: true, erased: true, ..sample::account() };
        Ok(Response::new(wire::EraseAccountResponse { account: Some(account) }))
    }

    async fn pin_certificate(
        &self,
        request: Request<wire::PinCertificateRequest>,
    ) -> Answer<wire::PinCertificateResponse> {
        self.record("PinCertificate", request.get_ref());
        let asked = request.into_inner();
        let scopes = asked.scopes;
        let certificate = wire::ClientCertificate { key_digest: asked.key_digest, scopes, ..sample::certificate() };
        Ok(Response::new(wire::PinCertificateResponse { certificate: Some(certificate) }))
    }

    async fn revoke_certificate(
        &self,
        request: Request<wire::RevokeCertificateRequest>,
    ) -> Answer<wire::RevokeCertificateResponse> {
        self.record("RevokeCertificate", request.get_ref());
        let certificate = wire::ClientCertificate { revoked: true, ..sample::certificate() };
        Ok(Response::new(wire::RevokeCertificateResponse { certificate: Some(certificate) }))
    }

    async fn list_colleagues(
        &self,
        request: Request<wire::ListColleaguesRequest>,
    ) -> Answer<wire::ListColleaguesResponse> {
        self.record("ListColleagues", request.get_ref());
        let colleagues = vec![sample::colleague(), sample::erased_colleague()];
        Ok(Response::new(wire::ListColleaguesResponse { colleagues, next_page_token: String::new() }))
    }
}

#[tonic::async_trait]
impl SessionService for Script {
    async fn enrol(&self, request: Request<wire::EnrolRequest>) -> Answer<wire::EnrolResponse> {
        self.record("Enrol", request.get_ref());
        if request.get_ref().code != CODE {
            return Err(refused(Code::Unauthenticated, "NOT_AUTHENTICATED"));
        }
        let (account, role) = (sample::account().account, sample::account().role);
        Ok(Response::new(wire::EnrolResponse { account, role }))
    }

    async fn log_in(&self, request: Request<wire::LogInRequest>) -> Answer<wire::LogInResponse> {
        self.record("LogIn", request.get_ref());
        if request.get_ref().password != "an invented password" {
            return Err(refused(Code::Unauthenticated, "NOT_AUTHENTICATED"));
        }
        Ok(Response::new(wire::LogInResponse {
            account: sample::account().account,
            secret: TOKEN.to_owned(),
            until: sample::account().created + 12 * 3600,
            idle_seconds: 1800,
            notices: 2,
        }))
    }

    async fn log_out(&self, request: Request<wire::LogOutRequest>) -> Answer<wire::LogOutResponse> {
        self.record("LogOut", request.get_ref());
        Ok(Response::new(wire::LogOutResponse {}))
    }

    async fn get_own_account(
        &self,
        request: Request<wire::GetOwnAccountRequest>,
    ) -> Answer<wire::GetOwnAccountResponse> {
        self.record("GetOwnAccount", request.get_ref());
        Ok(Response::new(sample::own_account()))
    }

    async fn see_notices(&self, request: Request<wire::SeeNoticesRequest>) -> Answer<wire::SeeNoticesResponse> {
        self.record("SeeNotices", request.get_ref());
        Ok(Response::new(wire::SeeNoticesResponse { notices: 0 }))
    }

    async fn change_password(
        &self,
        request: Request<wire::ChangePasswordRequest>,
    ) -> Answer<wire::ChangePasswordResponse> {
        self.record("ChangePassword", request.get_ref());
        Ok(Response::new(wire::ChangePasswordResponse {}))
    }

    async fn renew_token(&self, request: Request<wire::RenewTokenRequest>) -> Answer<wire::RenewTokenResponse> {
        self.record("RenewToken", request.get_ref());
        let token = Some(sample::token());
        Ok(Response::new(wire::RenewTokenResponse { token, secret: TOKEN.to_owned() }))
    }

    async fn delegate_account(
        &self,
        request: Request<wire::DelegateAccountRequest>,
    ) -> Answer<wire::DelegateAccountResponse> {
        self.record("DelegateAccount", request.get_ref());
        Ok(Response::new(wire::DelegateAccountResponse { delegation: Some(sample::delegation()) }))
    }

    async fn revoke_delegation(
        &self,
        request: Request<wire::RevokeDelegationRequest>,
    ) -> Answer<wire::RevokeDelegationResponse> {
        self.record("RevokeDelegation", request.get_ref());
        let delegation = wire::Delegation { revoked: true, ..sample::delegation() };
        Ok(Response::new(wire::RevokeDelegationResponse { delegation: Some(delegation) }))
    }
}

#[tonic::async_trait]
impl TeamService for Script {
    async fn create_team(&self, request: Request<wire::CreateTeamRequest>) -> Answer<wire::CreateTeamResponse> {
        self.record("CreateTeam", request.get_ref());
        let team = wire::Team { name: request.into_inner().name, members: Vec::new(), ..sample::team() };
        Ok(Response::new(wire::CreateTeamResponse { team: Some(team) }))
    }

    async fn list_teams(&self, request: Request<wire::ListTeamsRequest>) -> Answer<wire::ListTeamsResponse> {
        self.record("ListTeams", request.get_ref());
        Ok(Response::new(wire::ListTeamsResponse { teams: vec![sample::team()], next_page_token: String::new() }))
    }

    async fn add_team_member(
        &self,
        request: Request<wire::AddTeamMemberRequest>,
    ) -> Answer<wire::AddTeamMemberResponse> {
        self.record("AddTeamMember", request.get_ref());
        Ok(Response::new(wire::AddTeamMemberResponse { team: Some(sample::team()) }))
    }

    async fn remove_team_member(
        &self,
        request: Request<wire::RemoveTeamMemberRequest>,
    ) -> Answer<wire::RemoveTeamMemberResponse> {
        self.record("RemoveTeamMember", request.get_ref());
        let team = wire::Team { members: Vec::new(), ..sample::team() };
        Ok(Response::new(wire::RemoveTeamMemberResponse { team: Some(team) }))
    }
}

#[tonic::async_trait]
impl PlacesService for Script {
    async fn set_places(&self, request: Request<wire::SetPlacesRequest>) -> Answer<wire::SetPlacesResponse> {
        self.record("SetPlaces", request.get_ref());
        Ok(Response::new(wire::SetPlacesResponse { services: places() }))
    }

    async fn list_places(&self, request: Request<wire::ListPlacesRequest>) -> Answer<wire::ListPlacesResponse> {
        self.record("ListPlaces", request.get_ref());
        Ok(Response::new(wire::ListPlacesResponse { services: places() }))
    }
}

fn places() -> Vec<wire::ServicePlaces> {
    let shelter = wire::ServicePlaces {
        service_type: wire::ServiceType::Shelter.into(),
        counted: true,
        places: 12,
        overflow: 3,
        held: 1,
        accepted: 9,
        free: 2,
    };
    let service_type = wire::ServiceType::LegalAid.into();
    vec![shelter, wire::ServicePlaces { service_type, accepted: 4, ..wire::ServicePlaces::default() }]
}
