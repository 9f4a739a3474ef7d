//! The accounts in memory, and who is let in.
//!
//! Guarantees that nobody is let in by a token that is wrong, ended or past its time, nor to an account that is
//! disabled or locked, and that which of these it was cannot be told from outside. Leaves the journal to the node.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use uput_core::{
    rejection::Rejection,
    sensitive::Sensitive,
    time::Seconds,
    wire::{Role, Scope},
};

use super::{
    AccountId, Caller, Credential, CredentialId, Delegation, DelegationId, Door, OnBehalfOf, PersonId, Team, TeamId,
    Token, TokenDigest, TokenId, Work,
    attempts::Attempts,
    sessions::{self, Sessions},
    token,
};

/// A person or a machine of this organisation.
#[derive(Clone)]
pub struct Account {
    /// Which one.
    pub id: AccountId,
    /// Whose it is. [ACC-14]
    pub person: PersonId,
    /// What people here call it; empty where it was erased.
    pub name: Sensitive<String>,
    /// What it is for.
    pub role: Role,
    /// Seconds since 1970.
    pub created: u64,
    /// Who made it; none: the node itself.
    pub created_by: Option<AccountId>,
    /// It was ended.
    pub disabled: bool,
    /// Its name was erased.
    pub erased: bool,
    /// Number of the notice of its making; 0: nobody is told.
    pub notice: u64,
    /// Number of the newest notice that its person has seen.
    pub seen: u64,
}

/// What the node keeps of a token.
#[derive(Clone)]
pub struct KeptToken {
    /// Which one.
    pub id: TokenId,
    /// Whose.
    pub account: AccountId,
    /// What the shown one must match.
    pub digest: TokenDigest,
    /// To what it is limited; empty: to nothing but the role.
    pub scopes: Arc<[Scope]>,
    /// Seconds since 1970.
    pub created: u64,
    /// Who made it; none: the node itself.
    pub created_by: Option<AccountId>,
    /// Seconds since 1970; 0: without end.
    pub until: u64,
    /// It was ended.
    pub revoked: bool,
    /// The certificate without which it is nothing.
    pub key_digest: Option<[u8; 32]>,
    /// Number of the notice of it; 0: nobody is told.
    pub notice: u64,
}

/// What a call shows of who makes it.
#[derive(Clone, Copy, Default)]
pub struct Shown<'a> {
    /// The text of a token or a session.
    pub token: Option<&'a str>,
    /// SHA-256 of the public key of the client's certificate, whose private key it has shown to hold.
    pub key_digest: Option<&'a [u8; 32]>,
    /// The account on whose behalf it calls, in hexadecimal.
    pub on_behalf_of: Option<&'a str>,
}

/// All accounts and tokens.
#[derive(Default)]
pub struct Register {
    state: RwLock<State>,
    attempts: Mutex<Attempts<Door>>,
    sessions: Mutex<Sessions>,
    /// What each attempt at a password costs.
    pub work: Work,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) accounts: BTreeMap<AccountId, Account>,
    pub(super) tokens: BTreeMap<TokenId, KeptToken>,
    pub(super) teams: BTreeMap<TeamId, Team>,
    pub(super) credentials: BTreeMap<CredentialId, Credential>,
    pub(super) delegations: BTreeMap<DelegationId, Delegation>,
}

impl KeptToken {
    /// Whether it still counts.
    #[must_use]
    pub const fn is_valid(&self, now: Seconds) -> bool {
        !self.revoked && (self.until == 0 || now.get() < self.until)
    }

    /// Whether it counts where that key was shown. [ACC-42] Taken away from its certificate it is nothing.
    pub(super) fn lets_in(&self, key: Option<&[u8; 32]>, now: Seconds) -> bool {
        self.key_digest.is_none_or(|bound| key == Some(&bound)) && self.is_valid(now)
    }
}

impl Register {
    /// Who makes a call that shows this.
    ///
    /// # Errors
    /// [`Rejection::NotAuthenticated`] for whatever reason; [`Rejection::NotPermitted`] for a call on behalf of somebody who
    /// gave no leave.
    pub fn admit(&self, shown: &Shown<'_>, now: Seconds) -> Result<Caller, Rejection> {
        let caller = match (shown.token, shown.key_digest) {
            // [ACC-41]
            (None, Some(key)) => self.by_certificate(key, now),
            (token, key) => self.by_token(token.unwrap_or_default(), key, now),
        };
        let caller = caller.ok_or(Rejection::NotAuthenticated)?;
        match shown.on_behalf_of {
            None => Ok(caller),
            Some(account) => AccountId::from_hex(account)
                .and_then(|account| self.for_account(caller, &account, now))
                .ok_or(Rejection::NotPermitted),
        }
    }

    /// Whose token or session it is, if it lets anybody in. [ACC-6]
    fn by_token(&self, shown: &str, key: Option<&[u8; 32]>, now: Seconds) -> Option<Caller> {
        if let Some(caller) = self.by_session(shown, now) {
            return Some(caller);
        }
        let state = self.read();
        let kept = token::id_of(shown).and_then(|id| state.tokens.get(&id));
        // Compared with something also where nothing is known, so that both take the same time.
        let right = kept.map_or_else(TokenDigest::nobodys, |kept| kept.digest).matches(shown);
        let kept = kept?;
        let open = self.attempted(Door::Token(kept.account), right, now);
        let account = state.accounts.get(&kept.account)?;
        (open && right && kept.lets_in(key, now)).then(|| account.caller(&kept.scopes)).flatten()
    }

    fn by_session(&self, shown: &str, now: Seconds) -> Option<Caller> {
        let looked = self.sessions().look(shown, now);
        match looked {
            sessions::Shown::Open(account) => {
                let caller = self.read().accounts.get(&account)?.caller(&Arc::from([]))?;
                self.sessions().used(&token::id_of(shown)?, now);
                Some(caller)
            }
            sessions::Shown::Wrong(account) => {
                self.attempted(Door::Token(account), false, now);
                None
            }
            sessions::Shown::Nothing | sessions::Shown::Ended(_) => None,
        }
    }

    pub(super) fn by_certificate(&self, key: &[u8; 32], now: Seconds) -> Option<Caller> {
        let state = self.read();
        let (account, scopes) = state.pinned(key, now)?;
        state.accounts.get(&account)?.caller(&scopes)
    }

    /// The same caller on behalf of whoever gave leave. [ACC-52]
    pub(super) fn for_account(&self, caller: Caller, account: &AccountId, now: Seconds) -> Option<Caller> {
        let state = self.read();
        let person = state.accounts.get(account).filter(|person| !person.disabled)?;
        let given = |delegation: &Delegation| delegation.account == person.id && delegation.machine == caller.account;
        let leave = state.delegations.values().any(|delegation| given(delegation) && delegation.is_valid(now));
        let on_behalf_of = Some(OnBehalfOf { account: person.id, person: person.person, role: person.role });
        (leave && caller.role == Role::Integration).then_some(Caller { on_behalf_of, ..caller })
    }

    /// Counts an attempt; false: the door is locked. [ACC-7] [ACC-37]
    pub fn attempted(&self, door: Door, right: bool, now: Seconds) -> bool {
        let mut attempts = self.attempts();
        if attempts.locked_until(&door, now).is_some() {
            return false;
        }
        if right {
            attempts.succeeded(&door);
        } else if attempts.failed(door, now) {
            // The ID, never the name.
            tracing::warn!(account = %door.account(), "an account is locked after failed attempts");
        }
        true
    }

    /// Takes in an account, or what it is now.
    pub fn set_account(&self, account: Account) {
        self.write().accounts.insert(account.id, account);
    }

    /// Takes in a token, or what it is now.
    pub fn set_token(&self, token: KeptToken) {
        self.write().tokens.insert(token.id, token);
    }

    /// Takes in a team, or what it is now.
    pub fn set_team(&self, team: Team) {
        self.write().teams.insert(team.id, team);
    }

    /// The team whose ID begins so.
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] if there is none, or more than one.
    pub fn team(&self, beginning: &[u8]) -> Result<Team, Rejection> {
        let state = self.read();
        only(beginning, state.teams.values().filter(|team| team.id.begins(beginning))).cloned()
    }

    /// Every team.
    #[must_use]
    pub fn teams(&self) -> Vec<Team> {
        self.read().teams.values().cloned().collect()
    }

    /// The teams that a person is in. [ACC-61]
    #[must_use]
    pub fn teams_of(&self, person: &PersonId) -> Vec<TeamId> {
        let state = self.read();
        state.teams.values().filter(|team| team.members.contains(person)).map(|team| team.id).collect()
    }

    /// The accounts of a person, the oldest first.
    #[must_use]
    pub fn accounts_of(&self, person: &PersonId) -> Vec<Account> {
        let mut accounts = self.accounts();
        accounts.retain(|account| account.person == *person);
        accounts
    }

    /// What people here call a person: by the oldest account.
    #[must_use]
    pub fn name_of(&self, person: &PersonId) -> Option<Sensitive<String>> {
        let state = self.read();
        let accounts = state.accounts.values().filter(|account| account.person == *person);
        accounts.min_by_key(|account| (account.created, account.id)).map(|account| account.name.clone())
    }

    /// The account whose ID begins so.
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] if there is none, or more than one.
    pub fn account(&self, beginning: &[u8]) -> Result<Account, Rejection> {
        let state = self.read();
        only(beginning, state.accounts.values().filter(|account| account.id.begins(beginning))).cloned()
    }

    /// The token whose ID begins so.
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] if there is none, or more than one.
    pub fn token(&self, beginning: &[u8]) -> Result<KeptToken, Rejection> {
        let state = self.read();
        only(beginning, state.tokens.values().filter(|token| token.id.begins(beginning))).cloned()
    }

    /// Every account, the oldest first.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        let mut accounts: Vec<Account> = self.read().accounts.values().cloned().collect();
        accounts.sort_by_key(|account| (account.created, account.id));
        accounts
    }

    /// The tokens of an account, the oldest first.
    #[must_use]
    pub fn tokens_of(&self, account: &AccountId) -> Vec<KeptToken> {
        let state = self.read();
        let mut tokens: Vec<_> = state.tokens.values().filter(|token| token.account == *account).cloned().collect();
        tokens.sort_by_key(|token| (token.created, token.id));
        tokens
    }

    /// Administrators that are not disabled, the oldest first.
    #[must_use]
    pub fn administrators(&self) -> Vec<Account> {
        let mut accounts = self.accounts();
        accounts.retain(|account| account.role == Role::Administrator && !account.disabled);
        accounts
    }

    /// Whether a token was made here, valid or not any more.
    #[must_use]
    pub fn made(&self, token: &Token) -> bool {
        self.read().tokens.get(&token.id()).is_some_and(|kept| kept.digest.matches(token.expose()))
    }

    /// Until when an account is locked for tokens or passwords of strangers, if it is.
    #[must_use]
    pub fn locked_until(&self, account: &AccountId, now: Seconds) -> Option<Seconds> {
        let attempts = self.attempts();
        let doors = [Door::Token(*account), Door::Password(*account)];
        doors.iter().filter_map(|door| attempts.locked_until(door, now)).max()
    }

    // A panic while a lock was held leaves the maps whole: each change is one insertion.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts<Door>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    /// As a caller, unless it was ended.
    pub(super) fn caller(&self, scopes: &Arc<[Scope]>) -> Option<Caller> {
        (!self.disabled).then(|| Caller {
            account: self.id,
            person: self.person,
            role: self.role,
            scopes: Arc::clone(scopes),
            on_behalf_of: None,
        })
    }
}

/// The only one; the beginning of an ID has at least 4 bytes.
pub(super) fn only<'a, T>(beginning: &[u8], mut found: impl Iterator<Item = &'a T>) -> Result<&'a T, Rejection> {
    match (found.next(), found.next()) {
        (Some(one), None) if beginning.len() >= 4 => Ok(one),
        _ => Err(Rejection::NoSuchAccount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::attempts::MOST;
    use uput_core::time::Span;
    use zeroize::Zeroizing;

    fn now() -> Seconds {
        Seconds::new(1_795_298_400).unwrap()
    }

    fn staffed() -> (Register, Token) {
        let (register, token) = (Register::default(), Token::generate().unwrap());
        let account = AccountId::new([1; 16]);
        register.set_account(Account {
            id: account,
            person: PersonId::new([7; 16]),
            name: Sensitive::new("an invented worker".to_owned()),
            role: Role::CaseWorker,
            created: 1,
            created_by: None,
            disabled: false,
            erased: false,
            notice: 0,
            seen: 0,
        });
        let (id, digest) = (token.id(), token.digest());
        register.set_token(KeptToken {
            id,
            account,
            digest,
            scopes: Arc::new([]),
            created: 1,
            created_by: None,
            until: now().get() + 10,
            revoked: false,
            key_digest: None,
            notice: 0,
        });
        (register, token)
    }

    fn admit(register: &Register, token: &str, now: Seconds) -> Option<Caller> {
        register.admit(&Shown { token: Some(token), ..Shown::default() }, now).ok()
    }

    /// The same ID with another secret.
    fn forged(token: &Token) -> String {
        let other = Token::generate().unwrap();
        let (id, _) = token.expose().split_once('.').unwrap();
        let (_, secret) = other.expose().split_once('.').unwrap();
        format!("{id}.{secret}")
    }

    /// [ACC-6]
    #[test]
    fn only_a_valid_token_of_an_enabled_account_lets_in() {
        let (register, token) = staffed();
        let caller = admit(&register, token.expose(), now()).unwrap();
        assert_eq!((caller.account, caller.role), (AccountId::new([1; 16]), Role::CaseWorker));
        let stranger = Token::generate().unwrap();
        for wrong in ["", "guess", stranger.expose(), &forged(&token)] {
            assert!(admit(&register, wrong, now()).is_none());
        }
        assert!(admit(&register, token.expose(), now().after(Span(10))).is_none(), "it has ended");
        let kept = register.token(&token.id().to_vec()).unwrap();
        register.set_token(KeptToken { revoked: true, ..kept.clone() });
        assert!(admit(&register, token.expose(), now()).is_none(), "it was revoked");
        register.set_token(kept);
        let account = register.account(&[1; 4]).unwrap();
        register.set_account(Account { disabled: true, ..account });
        assert!(admit(&register, token.expose(), now()).is_none(), "its account is disabled");
    }

    /// [ACC-7]
    #[test]
    fn a_locked_account_lets_nobody_in_and_opens_again() {
        let (register, token) = staffed();
        for _ in 0..MOST {
            assert!(register.locked_until(&AccountId::new([1; 16]), now()).is_none());
            assert!(admit(&register, &forged(&token), now()).is_none());
        }
        assert!(admit(&register, token.expose(), now()).is_none());
        let until = register.locked_until(&AccountId::new([1; 16]), now()).unwrap();
        let kept = register.token(&token.id().to_vec()).unwrap();
        register.set_token(KeptToken { until: 0, ..kept });
        assert!(admit(&register, token.expose(), until).is_some());
    }

    #[test]
    fn guesses_at_ids_that_nobody_has_lock_nobody() {
        let (register, token) = staffed();
        for _ in 0..10 * MOST {
            assert!(admit(&register, Token::generate().unwrap().expose(), now()).is_none());
        }
        assert!(admit(&register, token.expose(), now()).is_some());
    }

    #[test]
    fn an_id_is_named_by_at_least_four_bytes_that_fit_one() {
        let (register, token) = staffed();
        let other = register.account(&[1; 16]).unwrap();
        register.set_account(Account { id: AccountId::new([1, 1, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), ..other });
        assert!(register.account(&[1; 4]).is_err() && register.account(&[1; 5]).is_ok());
        assert!(register.token(&token.id().to_vec()[..3]).is_err());
        let forged = Token::from_text(Zeroizing::new(forged(&token))).unwrap();
        assert!(register.made(&token) && !register.made(&forged));
    }
}
