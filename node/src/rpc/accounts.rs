//! Calls about accounts.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uput_core::{
    rejection::Rejection,
    sensitive::Sensitive,
    time::{Seconds, Span},
    wire,
    wire::account_service_server::AccountService,
};

use super::{guard::Admitted, request, status};
use crate::{
    account::{Account, AccountId, Credential, KeptToken, Register, What, roles::Part},
    clock,
    node::{Node, code_until, to_the_end},
};

/// How long a token is valid if nothing is said: ninety days. [ACC-9]
pub(super) const VALID: u64 = 90 * 86_400;
/// The longest: two years.
const LONGEST: u64 = 731 * 86_400;

/// Calls about accounts.
pub struct Accounts(pub Arc<Node>);

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn create_account(
        &self,
        call: Request<wire::CreateAccountRequest>,
    ) -> Result<Response<wire::CreateAccountResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let role = said.role();
        if role == wire::Role::Unspecified {
            return Err(request::invalid("role", "specified"));
        }
        let (node, name, same) = (Arc::clone(&self.0), Sensitive::new(said.name), said.same_person_as);
        let same = (!same.is_empty()).then_some(same);
        let made = to_the_end(async move { node.create_account(&by, name, role, same.as_deref()).await }).await;
        let (account, code) = made.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::BadValue => request::invalid("name", "1 to 64 bytes without control characters"),
            other => status::of(other),
        })?;
        // To the administrator, who hands it over; it opens nothing twice.
        let (code, code_until) = code.map(|(code, until)| (code.expose().to_string(), until)).unwrap_or_default();
        Ok(Response::new(wire::CreateAccountResponse { account: Some(self.view(&account)), code, code_until }))
    }

    async fn list_accounts(
        &self,
        call: Request<wire::ListAccountsRequest>,
    ) -> Result<Response<wire::ListAccountsResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let accounts = self.0.register().accounts();
        let (accounts, next_page_token) = request::page(accounts, said.page_size, &said.page_token, 100)?;
        let accounts = accounts.iter().map(|account| self.view(account)).collect();
        Ok(Response::new(wire::ListAccountsResponse { accounts, next_page_token }))
    }

    async fn disable_account(
        &self,
        call: Request<wire::DisableAccountRequest>,
    ) -> Result<Response<wire::DisableAccountResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let (node, account) = (Arc::clone(&self.0), call.into_inner().account);
        let disabled = to_the_end(async move { node.disable_account(&by, &account).await }).await;
        let account = disabled.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::StepNotAllowed => Status::failed_precondition(
                "this is the last administrator: without one nobody could make accounts; make another one first",
            ),
            other => status::of(other),
        })?;
        Ok(Response::new(wire::DisableAccountResponse { account: Some(self.view(&account)) }))
    }

    async fn reset_account(
        &self,
        call: Request<wire::ResetAccountRequest>,
    ) -> Result<Response<wire::ResetAccountResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let (node, account) = (Arc::clone(&self.0), call.into_inner().account);
        let reset = to_the_end(async move { node.reset_account(&by, &account).await }).await;
        let (account, code, code_until) = reset.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::StepNotAllowed => Status::failed_precondition("a machine has no password: make a token of it"),
            other => status::of(other),
        })?;
        // To the administrator, who hands it over; it opens nothing twice.
        let (account, code) = (Some(self.view(&account)), code.expose().to_string());
        Ok(Response::new(wire::ResetAccountResponse { account, code, code_until }))
    }

    async fn erase_account(
        &self,
        call: Request<wire::EraseAccountRequest>,
    ) -> Result<Response<wire::EraseAccountResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let (node, account) = (Arc::clone(&self.0), call.into_inner().account);
        let erased = to_the_end(async move { node.erase_account(&account).await }).await;
        let account = erased.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::StepNotAllowed => Status::failed_precondition("end the account first: uput account disable"),
            other => status::of(other),
        })?;
        Ok(Response::new(wire::EraseAccountResponse { account: Some(self.view(&account)) }))
    }

    async fn pin_certificate(
        &self,
        call: Request<wire::PinCertificateRequest>,
    ) -> Result<Response<wire::PinCertificateResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let (scopes, valid) = (scopes(&said.scopes)?, valid(said.valid_seconds, VALID)?);
        let (node, key) = (Arc::clone(&self.0), key_digest(&said.key_digest)?);
        let pinned = async move { node.pin_certificate(&by, &said.account, key, scopes, valid).await };
        let pinned = to_the_end(pinned).await.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::BadValue => request::invalid("scopes", "at least one for the certificate of a machine"),
            Rejection::StepNotAllowed => Status::failed_precondition("this certificate lets an account in already"),
            other => status::of(other),
        })?;
        Ok(Response::new(wire::PinCertificateResponse { certificate: view_certificate(&pinned) }))
    }

    async fn revoke_certificate(
        &self,
        call: Request<wire::RevokeCertificateRequest>,
    ) -> Result<Response<wire::RevokeCertificateResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let (node, certificate) = (Arc::clone(&self.0), call.into_inner().certificate);
        let ended = to_the_end(async move { node.revoke_certificate(&by, &certificate).await }).await;
        let ended = ended.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::RevokeCertificateResponse { certificate: view_certificate(&ended) }))
    }

    async fn list_colleagues(
        &self,
        call: Request<wire::ListColleaguesRequest>,
    ) -> Result<Response<wire::ListColleaguesResponse>, Status> {
        Admitted::demand(call.extensions(), Part::Whole)?;
        let said = call.into_inner();
        let accounts = self.0.register().accounts();
        let (accounts, next_page_token) = request::page(accounts, said.page_size, &said.page_token, 100)?;
        let colleagues = accounts.iter().map(view_colleague).collect();
        Ok(Response::new(wire::ListColleaguesResponse { colleagues, next_page_token }))
    }

    async fn create_token(
        &self,
        call: Request<wire::CreateTokenRequest>,
    ) -> Result<Response<wire::CreateTokenResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let (scopes, valid) = (scopes(&said.scopes)?, valid(said.valid_seconds, VALID)?);
        let key = match said.key_digest.as_slice() {
            [] => None,
            bytes => Some(key_digest(bytes)?),
        };
        let node = Arc::clone(&self.0);
        let made = to_the_end(async move { node.create_token(&by, &said.account, scopes, valid, key).await }).await;
        let (kept, token) = made.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::BadValue => request::invalid("scopes", "at least one for the token of a machine"),
            other => status::of(other),
        })?;
        // To the administrator who asked for it, over the authenticated connection, and never again.
        let secret = token.expose().to_owned();
        Ok(Response::new(wire::CreateTokenResponse { token: Some(view_token(&kept)), secret }))
    }

    async fn revoke_token(
        &self,
        call: Request<wire::RevokeTokenRequest>,
    ) -> Result<Response<wire::RevokeTokenResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let (node, token) = (Arc::clone(&self.0), call.into_inner().token);
        let revoked = to_the_end(async move { node.revoke_token(&by, &token).await }).await;
        let token = revoked.ok_or_else(broken_off)?.map_err(status::of)?;
        Ok(Response::new(wire::RevokeTokenResponse { token: Some(view_token(&token)) }))
    }
}

/// A fault of this program: what it did, if anything, is in the list of accounts.
pub(super) fn broken_off() -> Status {
    Status::internal("the node could not finish this; look at the list of accounts before you try again")
}

impl Accounts {
    fn view(&self, account: &Account) -> wire::Account {
        view_account(&self.0.register(), account)
    }
}

/// To what somebody is to be limited.
#[allow(clippy::result_large_err, reason = "tonic's")]
pub(super) fn scopes(said: &[i32]) -> Result<Vec<wire::Scope>, Status> {
    let known = |scope: &i32| wire::Scope::try_from(*scope).ok().filter(|scope| *scope != wire::Scope::Unspecified);
    let scopes: Option<Vec<wire::Scope>> = said.iter().map(known).collect();
    scopes.ok_or_else(|| request::invalid("scopes", "specified"))
}

/// For how long. [ACC-9]
#[allow(clippy::result_large_err, reason = "tonic's")]
pub(super) fn valid(seconds: u64, default: u64) -> Result<Span, Status> {
    if seconds > LONGEST {
        return Err(request::invalid("valid_seconds", "at most two years"));
    }
    Ok(Span(if seconds == 0 { default } else { seconds }))
}

#[allow(clippy::result_large_err, reason = "tonic's")]
fn key_digest(bytes: &[u8]) -> Result<[u8; 32], Status> {
    bytes.try_into().map_err(|_| request::invalid("key_digest", "32 bytes"))
}

/// An account with everything by which it is known, for its person and for administrators.
pub(super) fn view_account(register: &Register, account: &Account) -> wire::Account {
    let (credentials, now) = (register.credentials_of(&account.id), clock::now());
    let password = register.password_of(&account.id, now);
    wire::Account {
        account: account.id.to_vec(),
        person: account.person.to_vec(),
        // To an administrator of this node, who manages accounts by it, or to whose it is.
        name: account.name.expose().clone(),
        role: account.role.into(),
        created: account.created,
        created_by: bytes(account.created_by),
        disabled: account.disabled,
        locked_until: register.locked_until(&account.id, now).map_or(0, Seconds::get),
        tokens: register.tokens_of(&account.id).iter().map(view_token).collect(),
        erased: account.erased,
        enrolled: password.is_some(),
        second_factor: password.is_some_and(|(_, password)| password.second_factor.is_some()),
        code_until: code_until(&credentials, now),
        certificates: credentials.iter().filter_map(view_certificate).collect(),
    }
}

/// Nothing for what is no certificate.
fn view_certificate(credential: &Credential) -> Option<wire::ClientCertificate> {
    let What::Certificate(key, scopes) = &credential.what else { return None };
    Some(wire::ClientCertificate {
        certificate: credential.id.to_vec(),
        key_digest: key.to_vec(),
        scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
        created: credential.created,
        created_by: bytes(credential.created_by),
        until: credential.until,
        revoked: credential.ended,
    })
}

fn view_colleague(account: &Account) -> wire::Colleague {
    wire::Colleague {
        account: account.id.to_vec(),
        person: account.person.to_vec(),
        // To people of the same organisation.
        name: account.name.expose().clone(),
        role: account.role.into(),
        disabled: account.disabled,
        erased: account.erased,
    }
}

pub(super) fn view_token(token: &KeptToken) -> wire::Token {
    wire::Token {
        token: token.id.to_vec(),
        scopes: token.scopes.iter().map(|scope| (*scope).into()).collect(),
        created: token.created,
        created_by: bytes(token.created_by),
        until: token.until,
        revoked: token.revoked,
        key_digest: token.key_digest.map(Vec::from).unwrap_or_default(),
    }
}

fn bytes(account: Option<AccountId>) -> Vec<u8> {
    account.map(AccountId::to_vec).unwrap_or_default()
}
