//! Calls about what is the caller's own.

use std::sync::Arc;

use tonic::{Request, Response, Status, metadata::MetadataMap};
use uput_core::{
    rejection::Rejection, sensitive::Sensitive, time::Span, wire, wire::session_service_server::SessionService,
};
use zeroize::Zeroizing;

use super::{
    accounts::{VALID, broken_off, scopes, valid, view_account, view_token},
    guard::{self, Admitted},
    request, status,
};
use crate::{
    account::{Delegation, IDLE, Notice, NoticeKind, Token, roles::Part},
    node::{NewPassword, Node, NotSet, to_the_end},
};

/// How long a machine may act for somebody if nothing is said: thirty days. [ACC-52]
const DELEGATED: u64 = 30 * 86_400;
/// The longest: a year.
const LONGEST_DELEGATED: u64 = 366 * 86_400;
/// What a password must be. [ACC-32]
const PASSWORD: &str = "12 to 256 bytes";
/// What a second factor must be. [ACC-34]
const SECOND_FACTOR: &str = "20 to 64 random bytes, with the six digits that it shows now";

/// Calls about what is the caller's own.
pub struct Sessions(pub Arc<Node>);

#[tonic::async_trait]
impl SessionService for Sessions {
    async fn enrol(&self, call: Request<wire::EnrolRequest>) -> Result<Response<wire::EnrolResponse>, Status> {
        let said = call.into_inner();
        let (node, code) = (Arc::clone(&self.0), Sensitive::new(said.code));
        let new = NewPassword {
            password: Sensitive::new(said.password),
            second_factor: Zeroizing::new(said.second_factor),
            code: Sensitive::new(said.second_factor_code),
        };
        let enrolled = to_the_end(async move { node.enrol(&code, new).await }).await.ok_or_else(broken_off)?;
        let account = enrolled.map_err(|refused| not_set(refused, "password", "second_factor"))?;
        Ok(Response::new(wire::EnrolResponse { account: account.id.to_vec(), role: account.role.into() }))
    }

    async fn log_in(&self, call: Request<wire::LogInRequest>) -> Result<Response<wire::LogInResponse>, Status> {
        let shown = shown(call.metadata());
        let said = call.into_inner();
        let (name, password) = (Sensitive::new(said.account), Sensitive::new(said.password));
        let (node, code) = (Arc::clone(&self.0), Zeroizing::new(said.second_factor_code));
        let begun = to_the_end(async move { node.log_in(&name, &password, &code, &shown).await }).await;
        let begun = begun.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::LogInResponse {
            account: begun.account.to_vec(),
            // To whoever knows the password, over the connection on which they said it.
            secret: begun.token.expose().to_owned(),
            until: begun.until.get(),
            idle_seconds: IDLE.0,
            notices: count(self.0.register().notices_of(&begun.account).len()),
        }))
    }

    async fn log_out(&self, call: Request<wire::LogOutRequest>) -> Result<Response<wire::LogOutResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        if self.0.register().end_session(&shown(call.metadata())) {
            return Ok(Response::new(wire::LogOutResponse {}));
        }
        Err(Status::failed_precondition("this is a token and no session: revoke it, or renew it"))
    }

    async fn get_own_account(
        &self,
        call: Request<wire::GetOwnAccountRequest>,
    ) -> Result<Response<wire::GetOwnAccountResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let register = self.0.register();
        let account = register.account(&caller.account.to_vec()).map_err(status::of)?;
        Ok(Response::new(wire::GetOwnAccountResponse {
            account: Some(view_account(&register, &account)),
            scopes: caller.scopes.iter().map(|scope| (*scope).into()).collect(),
            teams: register.teams_of(&caller.person).into_iter().map(|team| team.to_vec()).collect(),
            delegations: register.delegations_of(&caller.account).iter().map(view_delegation).collect(),
            notices: register.notices_of(&caller.account).iter().map(view_notice).collect(),
            on_behalf_of: caller.on_behalf_of.map(|person| person.account.to_vec()).unwrap_or_default(),
        }))
    }

    async fn see_notices(
        &self,
        call: Request<wire::SeeNoticesRequest>,
    ) -> Result<Response<wire::SeeNoticesResponse>, Status> {
        let account = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let shown = shown(call.metadata());
        let (node, through) = (Arc::clone(&self.0), call.into_inner().through);
        let left = to_the_end(async move { node.see_notices(&account, &shown, through).await }).await;
        let left = left.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::StepNotAllowed => {
                Status::failed_precondition("notices are seen in a session: uput account log-in")
            }
            other => status::of(other),
        })?;
        Ok(Response::new(wire::SeeNoticesResponse { notices: count(left) }))
    }

    async fn change_password(
        &self,
        call: Request<wire::ChangePasswordRequest>,
    ) -> Result<Response<wire::ChangePasswordResponse>, Status> {
        let account = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let shown = shown(call.metadata());
        let said = call.into_inner();
        let (old, code) = (Sensitive::new(said.password), Zeroizing::new(said.second_factor_code));
        let new = NewPassword {
            password: Sensitive::new(said.new_password),
            second_factor: Zeroizing::new(said.new_second_factor),
            code: Sensitive::new(said.new_second_factor_code),
        };
        let node = Arc::clone(&self.0);
        let changed = async move { node.change_password(&account, &shown, (&old, &code), new).await };
        let changed = to_the_end(changed).await.ok_or_else(broken_off)?;
        changed.map_err(|refused| not_set(refused, "new_password", "new_second_factor"))?;
        Ok(Response::new(wire::ChangePasswordResponse {}))
    }

    async fn renew_token(
        &self,
        call: Request<wire::RenewTokenRequest>,
    ) -> Result<Response<wire::RenewTokenResponse>, Status> {
        let caller = Admitted::demand(call.extensions(), Part::Whole)?;
        let shown = Token::from_text(shown(call.metadata())).map(|token| token.id());
        let said = call.into_inner();
        let (scopes, valid) = (scopes(&said.scopes)?, valid(said.valid_seconds, VALID)?);
        let node = Arc::clone(&self.0);
        let renewed = to_the_end(async move { node.renew_token(&caller, shown, scopes, valid).await }).await;
        let (kept, token) = renewed.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::BadValue => request::invalid("scopes", "among those of the caller"),
            other => status::of(other),
        })?;
        // To its owner, and never again.
        let secret = token.expose().to_owned();
        Ok(Response::new(wire::RenewTokenResponse { token: Some(view_token(&kept)), secret }))
    }

    async fn delegate_account(
        &self,
        call: Request<wire::DelegateAccountRequest>,
    ) -> Result<Response<wire::DelegateAccountResponse>, Status> {
        let account = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        if said.valid_seconds > LONGEST_DELEGATED {
            return Err(request::invalid("valid_seconds", "at most one year"));
        }
        let valid = Span(if said.valid_seconds == 0 { DELEGATED } else { said.valid_seconds });
        let node = Arc::clone(&self.0);
        let given = to_the_end(async move { node.delegate(&account, &said.machine, valid).await }).await;
        let given = given.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::DelegateAccountResponse { delegation: Some(view_delegation(&given)) }))
    }

    async fn revoke_delegation(
        &self,
        call: Request<wire::RevokeDelegationRequest>,
    ) -> Result<Response<wire::RevokeDelegationResponse>, Status> {
        let account = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let (node, delegation) = (Arc::clone(&self.0), call.into_inner().delegation);
        let ended = to_the_end(async move { node.revoke_delegation(&account, &delegation).await }).await;
        let ended = ended.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::RevokeDelegationResponse { delegation: Some(view_delegation(&ended)) }))
    }
}

/// What the caller shows in place of a token; empty: nothing.
fn shown(metadata: &MetadataMap) -> Zeroizing<String> {
    Zeroizing::new(guard::shown(metadata.as_ref()).unwrap_or_default().to_owned())
}

fn not_set(refused: NotSet, password: &'static str, second_factor: &'static str) -> Status {
    match refused {
        NotSet::Refused(rejection) => status::of(rejection),
        NotSet::Password => request::invalid(password, PASSWORD),
        NotSet::SecondFactor => request::invalid(second_factor, SECOND_FACTOR),
        NotSet::NeedsSecondFactor => request::invalid(second_factor, "given: this role needs a second factor"),
    }
}

fn view_delegation(delegation: &Delegation) -> wire::Delegation {
    wire::Delegation {
        delegation: delegation.id.to_vec(),
        account: delegation.account.to_vec(),
        machine: delegation.machine.to_vec(),
        created: delegation.created,
        until: delegation.until,
        revoked: delegation.revoked,
    }
}

fn view_notice(notice: &Notice) -> wire::Notice {
    let kind = match notice.kind {
        NoticeKind::AccountMade => wire::NoticeKind::AccountMade,
        NoticeKind::AccountReset => wire::NoticeKind::AccountReset,
        NoticeKind::TokenMade => wire::NoticeKind::TokenMade,
        NoticeKind::CertificatePinned => wire::NoticeKind::CertificatePinned,
    };
    wire::Notice {
        number: notice.number,
        kind: kind.into(),
        account: notice.account.to_vec(),
        by: notice.by.to_vec(),
        time: notice.time,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
