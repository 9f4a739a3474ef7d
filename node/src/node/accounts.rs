//! Accounts of this organisation's people and machines: making them, and their tokens, in the journal first.
//!
//! Guarantees that there is always an administrator who is not disabled, once there was one, and that nothing of an
//! account is sent to anybody.

use std::sync::Arc;

use uput_core::{
    rejection::Rejection,
    sensitive::Sensitive,
    time::{Seconds, Span},
    wire::{Role, Scope},
};

use super::{
    Node,
    cases::draft_of,
    credentials::credential_draft,
    journal::{OpenError, all},
    sessions::delegation_of,
};
use crate::{
    account::{Account, AccountId, Code, KeptToken, PersonId, Token, TokenDigest, TokenId},
    clock::{self, SystemEntropy},
    record::{self, AccountRecord, CredentialRecord, DelegationRecord, TeamRecord, TokenRecord},
    seal,
    storage::{Commit, CommitError, NewTrailKeys, Storage},
};

/// Longest name.
const MAX_NAME: usize = 64;
/// What the first account is called until somebody makes others.
const FIRST: &str = "the node's first administrator";

/// Writes the first account of a new folder: its administrator, who may make the others. [ACC-2]
///
/// # Errors
/// [`CommitError`].
pub async fn first_account(storage: &Storage, token: &Token) -> Result<(), CommitError> {
    let (commit, _, _) = founding(token).map_err(|_| CommitError::Closed)?;
    storage.commit(commit).await.map(drop)
}

impl Node {
    /// Reads accounts and tokens back.
    pub(super) fn read_accounts(&self) -> Result<(), OpenError> {
        let unreadable = || OpenError::Unreadable(Rejection::Malformed);
        for kept in all::<AccountRecord>(&self.storage, record::ACCOUNTS)? {
            self.accounts.set_account(self.account_of(&kept).ok_or_else(unreadable)?);
        }
        for kept in all::<TokenRecord>(&self.storage, record::TOKENS)? {
            self.accounts.set_token(token_of(&kept).ok_or_else(unreadable)?);
        }
        for kept in all::<CredentialRecord>(&self.storage, record::CREDENTIALS)? {
            self.accounts.set_credential(self.credential_of(&kept).ok_or_else(unreadable)?);
        }
        for kept in all::<DelegationRecord>(&self.storage, record::DELEGATIONS)? {
            self.accounts.set_delegation(delegation_of(&kept).ok_or_else(unreadable)?);
        }
        for kept in all::<TeamRecord>(&self.storage, record::TEAMS)? {
            self.accounts.set_team(self.team_of(&kept).ok_or_else(unreadable)?);
        }
        Ok(())
    }

    /// Makes an account: of the person who has the account that begins so, or of a new one. A person gets a code, with
    /// which they enrol; its end is told. [ACC-31]
    ///
    /// # Errors
    /// [`Rejection::BadValue`] for a name that is empty or long; [`Rejection::NoSuchAccount`].
    pub async fn create_account(
        &self,
        by: &AccountId,
        name: Sensitive<String>,
        role: Role,
        same_person: Option<&[u8]>,
    ) -> Result<(Account, Option<(Code, u64)>), Rejection> {
        let name = checked_name(name)?;
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        // [ACC-14]
        let person = match same_person {
            Some(beginning) => self.accounts.account(beginning)?.person,
            None => PersonId::new(SystemEntropy.bytes()),
        };
        let notice = self.accounts.newest_notice() + 1;
        let (record, key, account) = new_account(person, name, role, Some(*by), notice)?;
        let mut records = vec![record::draft(&record)];
        // [CAS-33] What she said before this colleague came counts, and in the same commit.
        let _names = self.cases.names_change().await;
        let cases = self.exclude_newcomer(person, &account.name);
        records.extend(cases.iter().map(|case| draft_of(case, None)));
        let code = match role {
            Role::Integration => None,
            _ => Some(self.new_code(account.id, Some(*by), 0)?),
        };
        if let Some((_, credential)) = &code {
            records.push(credential_draft(credential, &key.evidence)?);
        }
        self.commit(Commit { keys: vec![key], records }).await?;
        self.accounts.set_account(account.clone());
        cases.into_iter().for_each(|case| self.set_case(case));
        let code = code.map(|(code, credential)| {
            let until = credential.until;
            self.accounts.set_credential(credential);
            (code, until)
        });
        Ok((account, code))
    }

    /// Makes a token of an account, for so long. The secret is given out here and nowhere else. [ACC-9]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`], also for a disabled one; [`Rejection::BadValue`] for a machine's without a scope.
    pub async fn create_token(
        &self,
        by: &AccountId,
        beginning: &[u8],
        scopes: Vec<Scope>,
        valid: Span,
        key_digest: Option<[u8; 32]>,
    ) -> Result<(KeptToken, Token), Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let account = self.accounts.account(beginning)?;
        if account.disabled {
            return Err(Rejection::NoSuchAccount);
        }
        if account.role == Role::Integration && scopes.is_empty() {
            return Err(Rejection::BadValue);
        }
        let token = Token::generate().map_err(|_| Rejection::Malformed)?;
        let now = clock::now();
        let (record, kept) = new_token(&token, account.id, scopes, Some(*by), now, now.after(valid).get());
        // [ACC-15] Whoever makes a token of somebody else had it in hand.
        let notice = self.accounts.newest_notice() + 1;
        let record = TokenRecord { key_digest: key_digest.map(Vec::from).unwrap_or_default(), notice, ..record };
        let kept = KeptToken { key_digest, notice, ..kept };
        self.keep(&record).await?;
        self.accounts.set_token(kept.clone());
        Ok((kept, token))
    }

    /// Ends a token for good. [ACC-8]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`].
    pub async fn revoke_token(&self, by: &AccountId, beginning: &[u8]) -> Result<KeptToken, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let token = self.accounts.token(beginning)?;
        if token.revoked {
            return Ok(token);
        }
        let position = self.indexed(record::TOKENS, &token.id.to_vec()).ok_or(Rejection::NoSuchAccount)?;
        let kept: TokenRecord = self.at(position)?;
        self.keep(&TokenRecord { revoked: clock::now().get(), revoked_by: by.to_vec(), ..kept }).await?;
        let token = KeptToken { revoked: true, ..token };
        self.accounts.set_token(token.clone());
        Ok(token)
    }

    /// A token for the oldest administrator, for whoever owns the node's folder; makes that account if there is none,
    /// as in a folder from before there were accounts. [ACC-2]
    ///
    /// # Errors
    /// Why it cannot be written.
    pub async fn restore_access(&self) -> Result<Token, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let token = Token::generate().map_err(|_| Rejection::Malformed)?;
        let Some(administrator) = self.accounts.administrators().into_iter().next() else {
            let (commit, account, kept) = founding(&token)?;
            self.commit(commit).await?;
            self.accounts.set_account(account);
            self.accounts.set_token(kept);
            return Ok(token);
        };
        let (record, kept) = new_token(&token, administrator.id, Vec::new(), None, clock::now(), 0);
        self.keep(&record).await?;
        self.accounts.set_token(kept);
        Ok(token)
    }

    fn account_of(&self, kept: &AccountRecord) -> Option<Account> {
        let id = AccountId::parse(&kept.account)?;
        let person = if kept.person.is_empty() { &kept.account } else { &kept.person };
        Some(Account {
            id,
            person: PersonId::parse(person)?,
            name: self.opened_name(&record::account_key_name(&id), &name_aad(&id), &kept.name),
            erased: self.storage.trail_keys(&record::account_key_name(&id)).is_none_or(|keys| keys.value.is_none()),
            notice: kept.notice,
            seen: kept.seen,
            role: Role::try_from(kept.role).ok()?,
            created: kept.created,
            created_by: AccountId::parse(&kept.created_by),
            disabled: kept.disabled != 0,
        })
    }

    /// The name that a key of its own opens; where that was destroyed, nobody is called anything any more.
    pub(super) fn opened_name(&self, key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Sensitive<String> {
        let key = self.storage.trail_keys(key).and_then(|keys| keys.value);
        let name = key.and_then(|key| seal::open(key.expose(), aad, sealed).ok());
        Sensitive::new(name.and_then(|name| String::from_utf8(name.to_vec()).ok()).unwrap_or_default())
    }
}

/// A name that is neither empty nor long. [ACC-3]
pub(super) fn checked_name(name: Sensitive<String>) -> Result<Sensitive<String>, Rejection> {
    // Looked at to bound it; it goes on as it came.
    let text = name.expose();
    let fits = !text.trim().is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control);
    if fits { Ok(name) } else { Err(Rejection::BadValue) }
}

/// The first account with its first token, which has no end: it lies beside the keys of the node.
fn founding(token: &Token) -> Result<(Commit, Account, KeptToken), Rejection> {
    let (person, name) = (PersonId::new(SystemEntropy.bytes()), Sensitive::new(FIRST.to_owned()));
    let (account_record, key, account) = new_account(person, name, Role::Administrator, None, 0)?;
    let (token_record, kept) = new_token(token, account.id, Vec::new(), None, clock::now(), 0);
    let records = vec![record::draft(&account_record), record::draft(&token_record)];
    Ok((Commit { keys: vec![key], records }, account, kept))
}

fn new_account(
    person: PersonId,
    name: Sensitive<String>,
    role: Role,
    by: Option<AccountId>,
    notice: u64,
) -> Result<(AccountRecord, NewTrailKeys, Account), Rejection> {
    let id = AccountId::new(SystemEntropy.bytes());
    // [ACC-3] A key of its own, so that the name can be erased while what was done stays.
    let key = NewTrailKeys::generate(record::account_key_name(&id)).map_err(|_| Rejection::Malformed)?;
    // Name and key are exposed to seal one under the other.
    let sealed = seal::seal(key.value.expose(), &name_aad(&id), name.expose().as_bytes());
    let created = clock::now().get();
    let (disabled, erased, seen) = (false, false, 0);
    let account = Account { id, person, name, role, created, created_by: by, disabled, erased, notice, seen };
    let record = AccountRecord {
        account: id.to_vec(),
        person: person.to_vec(),
        name: sealed.map_err(|_| Rejection::Malformed)?,
        role: role.into(),
        created: account.created,
        created_by: by.map(AccountId::to_vec).unwrap_or_default(),
        notice,
        ..AccountRecord::default()
    };
    Ok((record, key, account))
}

pub(super) fn new_token(
    token: &Token,
    account: AccountId,
    scopes: Vec<Scope>,
    by: Option<AccountId>,
    now: Seconds,
    until: u64,
) -> (TokenRecord, KeptToken) {
    let record = TokenRecord {
        token: token.id().to_vec(),
        account: account.to_vec(),
        digest: token.digest().to_vec(),
        scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
        created: now.get(),
        created_by: by.map(AccountId::to_vec).unwrap_or_default(),
        until,
        ..TokenRecord::default()
    };
    let kept = KeptToken {
        id: token.id(),
        account,
        digest: token.digest(),
        scopes: Arc::from(scopes),
        created: now.get(),
        created_by: by,
        until,
        revoked: false,
        key_digest: None,
        notice: 0,
    };
    (record, kept)
}

fn token_of(kept: &TokenRecord) -> Option<KeptToken> {
    // A scope that this version does not know must not turn a limited token into an unlimited one.
    let scopes: Vec<Scope> = kept.scopes.iter().map(|scope| Scope::try_from(*scope).ok()).collect::<Option<_>>()?;
    let key_digest = match kept.key_digest.as_slice() {
        [] => None,
        bytes => Some(bytes.try_into().ok()?),
    };
    Some(KeptToken {
        id: TokenId::parse(&kept.token)?,
        account: AccountId::parse(&kept.account)?,
        digest: TokenDigest::parse(&kept.digest)?,
        scopes: Arc::from(scopes),
        created: kept.created,
        created_by: AccountId::parse(&kept.created_by),
        until: kept.until,
        revoked: kept.revoked != 0,
        key_digest,
        notice: kept.notice,
    })
}

fn name_aad(account: &AccountId) -> Vec<u8> {
    [b"uput/node/account/".as_slice(), &account.to_vec()].concat()
}
