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
    account::{Account, AccountId, KeptToken, roles::Part},
    clock,
    node::{Node, to_the_end},
};

/// How long a token is valid if nothing is said: ninety days. [ACC-9]
const VALID: u64 = 90 * 86_400;
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
        let account = made.ok_or_else(broken_off)?.map_err(|rejection| match rejection {
            Rejection::BadValue => request::invalid("name", "1 to 64 bytes without control characters"),
            other => status::of(other),
        })?;
        Ok(Response::new(wire::CreateAccountResponse { account: Some(self.view(&account)) }))
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

    async fn create_token(
        &self,
        call: Request<wire::CreateTokenRequest>,
    ) -> Result<Response<wire::CreateTokenResponse>, Status> {
        let by = Admitted::demand(call.extensions(), Part::Whole)?.account;
        let said = call.into_inner();
        let scopes: Option<Vec<wire::Scope>> = said
            .scopes
            .iter()
            .map(|scope| wire::Scope::try_from(*scope).ok().filter(|scope| *scope != wire::Scope::Unspecified))
            .collect();
        let scopes = scopes.ok_or_else(|| request::invalid("scopes", "specified"))?;
        if said.valid_seconds > LONGEST {
            return Err(request::invalid("valid_seconds", "at most two years"));
        }
        let valid = Span(if said.valid_seconds == 0 { VALID } else { said.valid_seconds });
        let node = Arc::clone(&self.0);
        let made = to_the_end(async move { node.create_token(&by, &said.account, scopes, valid).await }).await;
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
fn broken_off() -> Status {
    Status::internal("the node could not finish this; look at the list of accounts before you try again")
}

impl Accounts {
    fn view(&self, account: &Account) -> wire::Account {
        let register = self.0.register();
        wire::Account {
            account: account.id.to_vec(),
            person: account.person.to_vec(),
            // To an administrator of this node, who manages accounts by it.
            name: account.name.expose().clone(),
            role: account.role.into(),
            created: account.created,
            created_by: bytes(account.created_by),
            disabled: account.disabled,
            locked_until: register.locked_until(&account.id, clock::now()).map_or(0, Seconds::get),
            tokens: register.tokens_of(&account.id).iter().map(view_token).collect(),
        }
    }
}

fn view_token(token: &KeptToken) -> wire::Token {
    wire::Token {
        token: token.id.to_vec(),
        scopes: token.scopes.iter().map(|scope| (*scope).into()).collect(),
        created: token.created,
        created_by: bytes(token.created_by),
        until: token.until,
        revoked: token.revoked,
    }
}

fn bytes(account: Option<AccountId>) -> Vec<u8> {
    account.map(AccountId::to_vec).unwrap_or_default()
}
