//! Codes, passwords and certificates: making, using up and ending them, in the journal first.
//!
//! Guarantees that a code works once, that no password or second factor is anywhere but under the account's own key, and
//! that who makes a way into somebody's account is told to them. Leaves who may ask to the table of roles.

use prost::Message;
use std::sync::Arc;

use uput_core::{
    rejection::Rejection,
    sensitive::Sensitive,
    time::{Seconds, Span},
    wire::{Role, Scope},
};
use zeroize::Zeroizing;

use super::Node;
use crate::{
    account::{
        Account, AccountId, Code, Credential, CredentialId, Door, Password, SecondFactor, TokenDigest, Typed, What,
    },
    clock::{self, SystemEntropy},
    record::{self, CredentialRecord, CredentialSecret, TokenRecord},
    seal,
    storage::{Commit, Draft, TrailKey},
};

/// How long a code works. [ACC-31]
const CODE: Span = Span(7 * 86_400);

/// With what a person enrols, or changes their password to.
pub struct NewPassword {
    /// The password.
    pub password: Sensitive<String>,
    /// Secret of the second factor; empty: none.
    pub second_factor: Zeroizing<Vec<u8>>,
    /// What it shows now.
    pub code: Sensitive<String>,
}

/// The same, when nothing is wrong with it by itself: the second factor with the step that it shows.
struct Checked {
    password: Sensitive<String>,
    factor: Option<(SecondFactor, u64)>,
}

impl NewPassword {
    /// Looked at without an account: what is wrong says nothing about a code or a password until now. [ACC-32]
    fn checked(self) -> Result<Checked, NotSet> {
        if !Typed::new(&self.password).is_acceptable() {
            return Err(NotSet::Password);
        }
        if self.second_factor.is_empty() {
            return Ok(Checked { password: self.password, factor: None });
        }
        let factor = SecondFactor::parse(self.second_factor).ok_or(NotSet::SecondFactor)?;
        // Compared with what the factor shows; whoever cannot read it off has not kept it.
        let step = factor.step(self.code.expose(), clock::now(), 0).ok_or(NotSet::SecondFactor)?;
        Ok(Checked { password: self.password, factor: Some((factor, step)) })
    }
}

/// Why a password is not set. None of it says anything about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSet {
    /// The rest.
    Refused(Rejection),
    /// It is too short or too long.
    Password,
    /// The second factor is no secret of 20 to 64 bytes, or shows something else.
    SecondFactor,
    /// The role needs a second factor.
    NeedsSecondFactor,
}

impl From<Rejection> for NotSet {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl Node {
    /// Ends everything by which a person is known, and makes a new code. [ACC-35]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`], also for one that was ended; [`Rejection::StepNotAllowed`] for a machine.
    pub async fn reset_account(&self, by: &AccountId, beginning: &[u8]) -> Result<(Account, Code, u64), Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let account = self.accounts.account(beginning)?;
        if account.disabled {
            return Err(Rejection::NoSuchAccount);
        }
        if account.role == Role::Integration {
            return Err(Rejection::StepNotAllowed);
        }
        let (mut records, ended) = self.endings(by, &account.id)?;
        let (code, credential) = self.new_code(account.id, Some(*by), self.accounts.newest_notice() + 1)?;
        records.push(self.credential_draft(&credential)?);
        self.commit(Commit { keys: Vec::new(), records }).await?;
        ended.apply(self, &account.id);
        let until = credential.until;
        self.accounts.set_credential(credential);
        Ok((account, code, until))
    }

    /// Uses a code up and sets the password. [ACC-31] [ACC-32]
    ///
    /// # Errors
    /// [`NotSet`]; a code that is wrong, used, ended or of a locked account is NOT_AUTHENTICATED.
    pub async fn enrol(&self, typed: &Sensitive<String>, new: NewPassword) -> Result<Account, NotSet> {
        let refused = NotSet::Refused(Rejection::NotAuthenticated);
        let new = new.checked()?;
        let code = Code::parse(typed).ok_or(refused)?;
        let credential = self.waiting_code(&code).ok_or(refused)?;
        let account = self.accounts.account(&credential.account.to_vec())?;
        let password = self.worked_on(account.role, new).await?;
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        // Another may have used it, or ended the account, while the password was worked on.
        let credential = self.waiting_code(&code).ok_or(refused)?;
        self.set_password(&account, password, Some(credential), "").await?;
        Ok(account)
    }

    /// Sets another password, for whoever knows the one until now. [ACC-39]
    ///
    /// # Errors
    /// [`NotSet`].
    pub async fn change_password(
        &self,
        account: &AccountId,
        shown: &str,
        old: (&Sensitive<String>, &str),
        new: NewPassword,
    ) -> Result<(), NotSet> {
        let account = self.accounts.account(&account.to_vec())?;
        // What is to be is looked at first: that it is too short says nothing about what was.
        let new = new.checked()?;
        // And worked on first: nothing comes between the proof and the change, no reset and no other use of a code.
        let mut password = match new.factor {
            None => self.hashed(&new.password, None, 0).await?,
            Some(_) => self.worked_on(account.role, new).await?,
        };
        let proven = self.prove(Some(account), old.0, old.1, shown).await?;
        let until_now = &proven.password;
        if password.second_factor.is_none() {
            password.second_factor.clone_from(&until_now.second_factor);
        }
        if password.second_factor == until_now.second_factor {
            password.step = password.step.max(until_now.step);
        }
        let _settling = self.settling();
        self.set_password(&proven.account, password, None, shown).await
    }

    /// Lets whoever holds the key of a certificate call as an account. [ACC-40]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`], also for one that was ended; [`Rejection::BadValue`] for a machine's without a scope;
    /// [`Rejection::StepNotAllowed`] where the certificate lets somebody in already.
    pub async fn pin_certificate(
        &self,
        by: &AccountId,
        beginning: &[u8],
        key: [u8; 32],
        scopes: Vec<Scope>,
        valid: Span,
    ) -> Result<Credential, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let (account, now) = (self.accounts.account(beginning)?, clock::now());
        if account.disabled {
            return Err(Rejection::NoSuchAccount);
        }
        if account.role == Role::Integration && scopes.is_empty() {
            return Err(Rejection::BadValue);
        }
        if self.accounts.is_pinned(&key, now) {
            return Err(Rejection::StepNotAllowed);
        }
        let credential = Credential {
            id: CredentialId::new(SystemEntropy.bytes()),
            account: account.id,
            what: What::Certificate(key, Arc::from(scopes)),
            created: now.get(),
            created_by: Some(*by),
            until: now.after(valid).get(),
            ended: false,
            notice: self.accounts.newest_notice() + 1,
        };
        self.commit(Commit { keys: Vec::new(), records: vec![self.credential_draft(&credential)?] }).await?;
        self.accounts.set_credential(credential.clone());
        Ok(credential)
    }

    /// Ends a certificate for good. [ACC-8]
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] where it is none.
    pub async fn revoke_certificate(&self, by: &AccountId, beginning: &[u8]) -> Result<Credential, Rejection> {
        let _alone = self.changing.lock().await;
        let _settling = self.settling();
        let credential = self.accounts.credential(beginning)?;
        if !matches!(credential.what, What::Certificate(..)) {
            return Err(Rejection::NoSuchAccount);
        }
        if !credential.ended {
            let draft = self.ending(by, &credential)?;
            self.commit(Commit { keys: Vec::new(), records: vec![draft] }).await?;
        }
        let credential = Credential { ended: true, ..credential };
        self.accounts.set_credential(credential.clone());
        Ok(credential)
    }

    /// Lets go of everything by which an account is known: the records of that, and what is to be done in memory then.
    pub(super) fn endings(&self, by: &AccountId, account: &AccountId) -> Result<(Vec<Draft>, Ended), Rejection> {
        let mut credentials = self.accounts.credentials_of(account);
        credentials.retain(|credential| !credential.ended);
        let mut tokens = self.accounts.tokens_of(account);
        tokens.retain(|token| !token.revoked);
        let mut records: Vec<Draft> =
            credentials.iter().map(|credential| self.ending(by, credential)).collect::<Result<_, _>>()?;
        for token in &tokens {
            let position = self.indexed(record::TOKENS, &token.id.to_vec()).ok_or(Rejection::NoSuchAccount)?;
            let kept: TokenRecord = self.at(position)?;
            let record = TokenRecord { revoked: clock::now().get(), revoked_by: by.to_vec(), ..kept };
            records.push(record::draft(&record));
        }
        Ok((records, Ended { credentials, tokens }))
    }

    /// A code for an account, not written yet. [ACC-31]
    pub(super) fn new_code(
        &self,
        account: AccountId,
        by: Option<AccountId>,
        notice: u64,
    ) -> Result<(Code, Credential), Rejection> {
        let (id, now) = (CredentialId::new(SystemEntropy.bytes()), clock::now());
        let code = Code::generate(&id).map_err(|_| Rejection::ReadFailed)?;
        let (what, created) = (What::Code(code.digest()), now.get());
        let until = now.after(CODE).get();
        Ok((code, Credential { id, account, what, created, created_by: by, until, ended: false, notice }))
    }

    /// A credential's record, its secret under the account's key.
    pub(super) fn credential_draft(&self, credential: &Credential) -> Result<Draft, Rejection> {
        let keys = self.storage.trail_keys(&record::account_key_name(&credential.account));
        let key = keys.and_then(|keys| keys.evidence).ok_or(Rejection::NoSuchAccount)?;
        credential_draft(credential, &key)
    }

    /// A credential from its record.
    pub(super) fn credential_of(&self, kept: &CredentialRecord) -> Option<Credential> {
        let (id, account) = (CredentialId::parse(&kept.credential)?, AccountId::parse(&kept.account)?);
        let key = self.storage.trail_keys(&record::account_key_name(&account)).and_then(|keys| keys.evidence);
        let what = match key {
            // Exposed to open what it sealed.
            Some(key) => {
                let bytes = seal::open(key.expose(), &record::credential_aad(&account, &id), &kept.secret).ok()?;
                what_of(&CredentialSecret::decode(bytes.as_slice()).ok()?)?
            }
            None => What::Erased(kept.certificate),
        };
        Some(Credential {
            id,
            account,
            what,
            created: kept.created,
            created_by: AccountId::parse(&kept.created_by),
            until: kept.until,
            ended: kept.ended != 0,
            notice: kept.notice,
        })
    }

    /// The code that somebody typed, if it waits to be used. Wrong ones count. [ACC-37]
    fn waiting_code(&self, code: &Code) -> Option<Credential> {
        let now = clock::now();
        let credential = self.accounts.credential(code.named()).ok()?;
        let What::Code(digest) = &credential.what else { return None };
        let right = digest.is(&code.digest()) && credential.is_valid(now);
        let open = self.accounts.attempted(Door::Password(credential.account), right, now);
        let enabled = self.accounts.account(&credential.account.to_vec()).is_ok_and(|account| !account.disabled);
        (open && right && enabled).then_some(credential)
    }

    /// Works on a password that is to be, with the second factor that the role needs. [ACC-34]
    async fn worked_on(&self, role: Role, new: Checked) -> Result<Password, NotSet> {
        match new.factor {
            None if needs_second_factor(role) => Err(NotSet::NeedsSecondFactor),
            None => Ok(self.hashed(&new.password, None, 0).await?),
            Some((factor, step)) => Ok(self.hashed(&new.password, Some(factor), step).await?),
        }
    }

    async fn hashed(
        &self,
        password: &Sensitive<String>,
        factor: Option<SecondFactor>,
        step: u64,
    ) -> Result<Password, Rejection> {
        self.accounts.work.keep(Typed::new(password), factor, step).await
    }

    /// Writes a password in the place of the one until now, and of the code; ends all sessions but the one shown.
    async fn set_password(
        &self,
        account: &Account,
        password: Password,
        code: Option<Credential>,
        shown: &str,
    ) -> Result<(), NotSet> {
        let now = clock::now();
        let mut ended: Vec<Credential> = code.into_iter().collect();
        ended.extend(self.accounts.password_of(&account.id, now).map(|(credential, _)| credential));
        let drafts = ended.iter().map(|credential| self.ending(&account.id, credential));
        let mut records: Vec<Draft> = drafts.collect::<Result<_, _>>()?;
        let credential = Credential {
            id: CredentialId::new(SystemEntropy.bytes()),
            account: account.id,
            what: What::Password(password),
            created: now.get(),
            created_by: Some(account.id),
            until: 0,
            ended: false,
            notice: 0,
        };
        records.push(self.credential_draft(&credential)?);
        self.commit(Commit { keys: Vec::new(), records }).await?;
        for credential in ended {
            self.accounts.set_credential(Credential { ended: true, ..credential });
        }
        self.accounts.set_credential(credential);
        self.accounts.end_sessions(&account.id, shown);
        Ok(())
    }

    fn ending(&self, by: &AccountId, credential: &Credential) -> Result<Draft, Rejection> {
        let position = self.indexed(record::CREDENTIALS, &credential.id.to_vec()).ok_or(Rejection::NoSuchAccount)?;
        let kept: CredentialRecord = self.at(position)?;
        Ok(record::draft(&CredentialRecord { ended: clock::now().get(), ended_by: by.to_vec(), ..kept }))
    }
}

/// What is to be ended in memory, once it is ended in the journal.
pub(super) struct Ended {
    credentials: Vec<Credential>,
    tokens: Vec<crate::account::KeptToken>,
}

impl Ended {
    pub(super) fn apply(self, node: &Node, account: &AccountId) {
        for credential in self.credentials {
            node.accounts.set_credential(Credential { ended: true, ..credential });
        }
        for token in self.tokens {
            node.accounts.set_token(crate::account::KeptToken { revoked: true, ..token });
        }
        node.accounts.end_sessions(account, "");
    }
}

/// Whoever administers, or decides who sees what. [ACC-34]
pub(super) const fn needs_second_factor(role: Role) -> bool {
    matches!(role, Role::Administrator | Role::Supervisor)
}

pub(super) fn credential_draft(credential: &Credential, key: &TrailKey) -> Result<Draft, Rejection> {
    let secret = Zeroizing::new(secret_of(&credential.what).encode_to_vec());
    // Key and secret are exposed to seal one under the other.
    let aad = record::credential_aad(&credential.account, &credential.id);
    let sealed = seal::seal(key.expose(), &aad, &secret).map_err(|_| Rejection::ReadFailed)?;
    Ok(record::draft(&CredentialRecord {
        credential: credential.id.to_vec(),
        account: credential.account.to_vec(),
        secret: sealed,
        created: credential.created,
        created_by: credential.created_by.map(AccountId::to_vec).unwrap_or_default(),
        until: credential.until,
        notice: credential.notice,
        certificate: matches!(credential.what, What::Certificate(..)),
        ..CredentialRecord::default()
    }))
}

fn secret_of(what: &What) -> CredentialSecret {
    let mut secret = CredentialSecret::default();
    match what {
        What::Code(digest) => secret.code = digest.to_vec(),
        What::Password(password) => {
            secret.salt = password.salt.to_vec();
            secret.hash = password.hash.to_vec();
            secret.second_factor = password.second_factor.as_ref().map(|it| it.expose().to_vec()).unwrap_or_default();
            secret.step = password.step;
        }
        What::Certificate(key, scopes) => {
            secret.key_digest = key.to_vec();
            secret.scopes = scopes.iter().map(|scope| (*scope).into()).collect();
        }
        What::Erased(_) => {}
    }
    secret
}

fn what_of(secret: &CredentialSecret) -> Option<What> {
    if !secret.code.is_empty() {
        return TokenDigest::parse(&secret.code).map(What::Code);
    }
    if let Ok(key) = secret.key_digest.as_slice().try_into() {
        // A scope that this version does not know must not turn a limited certificate into an unlimited one.
        let scopes: Vec<Scope> =
            secret.scopes.iter().map(|scope| Scope::try_from(*scope).ok()).collect::<Option<_>>()?;
        return Some(What::Certificate(key, Arc::from(scopes)));
    }
    let second_factor = match secret.second_factor.is_empty() {
        true => None,
        false => Some(SecondFactor::parse(Zeroizing::new(secret.second_factor.clone()))?),
    };
    let hash: [u8; 32] = secret.hash.as_slice().try_into().ok()?;
    let salt = secret.salt.as_slice().try_into().ok()?;
    Some(What::Password(Password { salt, hash: Zeroizing::new(hash), second_factor, step: secret.step }))
}

/// Until when a code of an account waits to be used.
pub(crate) fn code_until(credentials: &[Credential], now: Seconds) -> u64 {
    let waits = |kept: &&Credential| kept.is_valid(now) && matches!(kept.what, What::Code(_));
    credentials.iter().find(waits).map_or(0, |code| code.until)
}
