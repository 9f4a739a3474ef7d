//! Logging in and out, renewing one's own token, and letting a machine act for oneself.
//!
//! Guarantees that whoever fails to log in hears the same after the same work, whatever the reason, and that a code of the
//! second factor is used up in the journal before it lets anybody in.

use tokio::sync::MutexGuard;
use uput_core::{
    rejection::Rejection,
    sensitive::Sensitive,
    time::{Seconds, Span},
    wire::{Role, Scope},
};

use super::{Node, accounts::new_token};
use crate::{
    account::{
        Account, AccountId, Caller, Credential, Delegation, DelegationId, Door, KeptToken, Password, Token, TokenId,
        Typed, What,
    },
    clock::{self, SystemEntropy},
    record::{self, AccountRecord, DelegationRecord, TokenRecord},
    storage::Commit,
};

/// A session that has begun.
pub struct Begun {
    /// Whose.
    pub account: AccountId,
    /// What is shown in place of a token.
    pub token: Token,
    /// When it ends.
    pub until: Seconds,
}

/// Somebody who has shown password and second factor, while nothing else changes.
pub(super) struct Proven<'a> {
    /// Whose they are.
    pub(super) account: Account,
    /// The password, its step used up.
    pub(super) password: Password,
    _alone: MutexGuard<'a, ()>,
}

impl Node {
    /// Begins a session. `shown` is what the caller shows in place of a token: one of the account that has ended says that
    /// they were here before. [ACC-33] [ACC-36]
    ///
    /// # Errors
    /// [`Rejection::NotAuthenticated`] for whatever reason; [`Rejection::TooMany`] if too many wait.
    pub async fn log_in(
        &self,
        name: &Sensitive<String>,
        password: &Sensitive<String>,
        code: &str,
        shown: &str,
    ) -> Result<Begun, Rejection> {
        // Looked up by what was typed.
        let named = self.accounts.named(name.expose());
        let Proven { account, _alone, .. } = self.prove(named, password, code, shown).await?;
        let token = Token::generate().map_err(|_| Rejection::ReadFailed)?;
        let until = self.accounts.begin_session(account.id, &token, clock::now());
        Ok(Begun { account: account.id, token, until })
    }

    /// Whether somebody knows the password of an account and holds its second factor, whose code is used up. Nothing changes
    /// until what was proven is dropped: whoever is reset meanwhile gets nothing by it. [ACC-34] [ACC-35]
    pub(super) async fn prove(
        &self,
        account: Option<Account>,
        password: &Sensitive<String>,
        code: &str,
        shown: &str,
    ) -> Result<Proven<'_>, Rejection> {
        let password_of = |now| account.as_ref().and_then(|account| self.accounts.password_of(&account.id, now));
        let door = account.as_ref().map(|account| self.accounts.door(&account.id, shown, clock::now()));
        let known = matches!(door, Some(Door::Device(..)));
        let kept = password_of(clock::now()).map(|(_, password)| password);
        let right = self.accounts.work.is_right(Typed::new(password), kept.as_ref(), known).await?;
        // Waited for also where there is no such account: a change that takes long would tell. [ACC-33]
        let alone = self.changing.lock().await;
        let _settling = self.settling();
        let now = clock::now();
        // Read again: it may have changed, or its code been used, while the password was worked on.
        let current = password_of(now)
            .filter(|(_, current)| right && kept.as_ref().is_some_and(|kept| kept.salt == current.salt));
        let step = current.as_ref().and_then(|(_, password)| password.factor_step(code, now));
        let open = door.is_some_and(|door| self.accounts.attempted(door, step.is_some(), now));
        let enabled = |account: &Account| self.accounts.account(&account.id.to_vec()).is_ok_and(|it| !it.disabled);
        match (account.filter(enabled), current, step) {
            (Some(account), Some((credential, password)), Some(step)) if open => {
                let password = self.use_step(credential, Password { step, ..password }).await?;
                Ok(Proven { account, password, _alone: alone })
            }
            _ => Err(Rejection::NotAuthenticated),
        }
    }

    async fn use_step(&self, credential: Credential, password: Password) -> Result<Password, Rejection> {
        if password.second_factor.is_some() {
            let credential = Credential { what: What::Password(password.clone()), ..credential };
            let records = vec![self.credential_draft(&credential)?];
            self.commit(Commit { keys: Vec::new(), records }).await?;
            self.accounts.set_credential(credential);
        }
        Ok(password)
    }

    /// Makes a token that nobody else has seen; the one that is shown ends in the same commit. [ACC-17]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for more than the caller has.
    pub async fn renew_token(
        &self,
        caller: &Caller,
        shown: Option<TokenId>,
        scopes: Vec<Scope>,
        valid: Span,
    ) -> Result<(KeptToken, Token), Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let old = shown.and_then(|id| self.accounts.token(&id.to_vec()).ok()).filter(|old| !old.revoked);
        let within = |scope: &Scope| caller.scopes.is_empty() || caller.scopes.contains(scope);
        let scopes = if scopes.is_empty() { caller.scopes.to_vec() } else { scopes };
        if !scopes.iter().all(within) || (caller.role == Role::Integration && scopes.is_empty()) {
            return Err(Rejection::BadValue);
        }
        let token = Token::generate().map_err(|_| Rejection::ReadFailed)?;
        let now = clock::now();
        let key = old.as_ref().and_then(|old| old.key_digest);
        let (record, kept) =
            new_token(&token, caller.account, scopes, Some(caller.account), now, now.after(valid).get());
        let record = TokenRecord { key_digest: key.map(Vec::from).unwrap_or_default(), ..record };
        let kept = KeptToken { key_digest: key, ..kept };
        let mut records = vec![record::draft(&record)];
        if let Some(old) = &old {
            let position = self.indexed(record::TOKENS, &old.id.to_vec()).ok_or(Rejection::NoSuchAccount)?;
            let kept: TokenRecord = self.at(position)?;
            let ended = TokenRecord { revoked: now.get(), revoked_by: caller.account.to_vec(), ..kept };
            records.push(record::draft(&ended));
        }
        self.commit(Commit { keys: Vec::new(), records }).await?;
        if let Some(old) = old {
            self.accounts.set_token(KeptToken { revoked: true, ..old });
        }
        self.accounts.set_token(kept.clone());
        Ok((kept, token))
    }

    /// Says up to which notice an account has seen them; `shown` is what the caller shows. [ACC-15]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`]; [`Rejection::StepNotAllowed`] outside of a session, where the account could have one.
    pub async fn see_notices(&self, account: &AccountId, shown: &str, through: u64) -> Result<usize, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let account = self.accounts.account(&account.to_vec())?;
        // Whoever made a token of somebody would else see, in their place, that it was made.
        let enrolled = self.accounts.password_of(&account.id, clock::now()).is_some();
        if enrolled && !self.accounts.is_session(shown, clock::now()) {
            return Err(Rejection::StepNotAllowed);
        }
        // Nobody sees what is still to come.
        let seen = through.min(self.accounts.newest_notice());
        if seen > account.seen {
            let position = self.indexed(record::ACCOUNTS, &account.id.to_vec()).ok_or(Rejection::NoSuchAccount)?;
            let kept: AccountRecord = self.at(position)?;
            self.keep(&AccountRecord { seen, ..kept }).await?;
            self.accounts.set_account(Account { seen, ..account.clone() });
        }
        Ok(self.accounts.notices_of(&account.id).len())
    }

    /// Lets a machine act for a person. [ACC-52]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] where it is no machine, or was ended.
    pub async fn delegate(&self, account: &AccountId, machine: &[u8], valid: Span) -> Result<Delegation, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let machine = self.accounts.account(machine)?;
        if machine.role != Role::Integration || machine.disabled {
            return Err(Rejection::NoSuchAccount);
        }
        let now = clock::now();
        let delegation = Delegation {
            id: DelegationId::new(SystemEntropy.bytes()),
            account: *account,
            machine: machine.id,
            created: now.get(),
            until: now.after(valid).get(),
            revoked: false,
        };
        self.keep(&delegation_record(&delegation, 0)).await?;
        self.accounts.set_delegation(delegation.clone());
        Ok(delegation)
    }

    /// Ends leave that the account gave. [ACC-52]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] where it gave none of that ID.
    pub async fn revoke_delegation(&self, account: &AccountId, beginning: &[u8]) -> Result<Delegation, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let given = self.accounts.delegation(beginning)?;
        if given.account != *account {
            return Err(Rejection::NoSuchAccount);
        }
        if !given.revoked {
            self.keep(&delegation_record(&given, clock::now().get())).await?;
        }
        let delegation = Delegation { revoked: true, ..given };
        self.accounts.set_delegation(delegation.clone());
        Ok(delegation)
    }
}

impl Password {
    /// The step that a code uses up; without a second factor none is, and nothing may be shown.
    fn factor_step(&self, code: &str, now: Seconds) -> Option<u64> {
        match &self.second_factor {
            Some(factor) => factor.step(code, now, self.step),
            None => Some(self.step),
        }
    }
}

fn delegation_record(delegation: &Delegation, revoked: u64) -> DelegationRecord {
    DelegationRecord {
        delegation: delegation.id.to_vec(),
        account: delegation.account.to_vec(),
        machine: delegation.machine.to_vec(),
        created: delegation.created,
        until: delegation.until,
        revoked,
    }
}

/// The record of leave that ends now.
pub(super) fn ended(delegation: &Delegation) -> DelegationRecord {
    delegation_record(delegation, clock::now().get())
}

/// A delegation from its record.
pub(super) fn delegation_of(kept: &DelegationRecord) -> Option<Delegation> {
    Some(Delegation {
        id: DelegationId::parse(&kept.delegation)?,
        account: AccountId::parse(&kept.account)?,
        machine: AccountId::parse(&kept.machine)?,
        created: kept.created,
        until: kept.until,
        revoked: kept.revoked != 0,
    })
}
