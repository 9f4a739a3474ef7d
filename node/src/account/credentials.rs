//! Codes, passwords, certificates and delegations in memory: who has which, and how a session begins and ends.
//!
//! Guarantees that an account has at most one password and one code that count. Leaves the journal to the node.

use std::sync::Arc;

use uput_core::{rejection::Rejection, time::Seconds, wire::Scope};

use super::{
    Account, AccountId, Credential, Delegation, Password, Register, Token, TokenId, What,
    register::{State, only},
    sessions::Shown,
    token,
};

/// At what somebody fails: a lock is of one door, so that whoever locks one does not lock the others. [ACC-37]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Door {
    /// Tokens and sessions of an account.
    Token(AccountId),
    /// Its password and codes, for whoever was never here.
    Password(AccountId),
    /// Its password for whoever shows a session of it that has ended. [ACC-38]
    Device(AccountId, TokenId),
}

impl Door {
    /// Whose.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        match self {
            Self::Token(account) | Self::Password(account) | Self::Device(account, _) => account,
        }
    }
}

impl State {
    /// The account that a certificate lets in, and to what it is limited. [ACC-40]
    pub(super) fn pinned(&self, key: &[u8; 32], now: Seconds) -> Option<(AccountId, Arc<[Scope]>)> {
        let valid = self.credentials.values().filter(|credential| credential.is_valid(now));
        valid
            .filter_map(|credential| match &credential.what {
                What::Certificate(pinned, scopes) if pinned == key => Some((credential.account, Arc::clone(scopes))),
                _ => None,
            })
            .next()
    }
}

impl Register {
    /// Takes in a credential, or what it is now.
    pub fn set_credential(&self, credential: Credential) {
        self.write().credentials.insert(credential.id, credential);
    }

    /// Takes in a delegation, or what it is now.
    pub fn set_delegation(&self, delegation: Delegation) {
        self.write().delegations.insert(delegation.id, delegation);
    }

    /// Every credential of an account, the oldest first.
    #[must_use]
    pub fn credentials_of(&self, account: &AccountId) -> Vec<Credential> {
        let state = self.read();
        let mut own: Vec<_> = state.credentials.values().filter(|kept| kept.account == *account).cloned().collect();
        own.sort_by_key(|kept| (kept.created, kept.id));
        own
    }

    /// The credential whose ID begins so.
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] if there is none, or more than one.
    pub fn credential(&self, beginning: &[u8]) -> Result<Credential, Rejection> {
        let state = self.read();
        only(beginning, state.credentials.values().filter(|kept| kept.id.begins(beginning))).cloned()
    }

    /// The password of an account.
    #[must_use]
    pub fn password_of(&self, account: &AccountId, now: Seconds) -> Option<(Credential, Password)> {
        let own = self.credentials_of(account);
        own.into_iter().filter(|kept| kept.is_valid(now)).find_map(|kept| match kept.what.clone() {
            What::Password(password) => Some((kept, password)),
            _ => None,
        })
    }

    /// Whether a certificate lets an account in.
    #[must_use]
    pub fn is_pinned(&self, key: &[u8; 32], now: Seconds) -> bool {
        self.read().pinned(key, now).is_some()
    }

    /// The account that somebody names to log in: its whole ID, or a name that one alone has.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Account> {
        let enabled = || self.accounts().into_iter().filter(|account| !account.disabled);
        if let Some(id) = AccountId::from_hex(name) {
            return enabled().find(|account| account.id == id);
        }
        // Compared with what was typed; nothing of it is kept.
        let mut named = enabled().filter(|account| !account.erased && account.name.expose() == name);
        named.next().filter(|_| named.next().is_none())
    }

    /// The delegation whose ID begins so.
    ///
    /// # Errors
    /// [`Rejection::NoSuchAccount`] if there is none, or more than one.
    pub fn delegation(&self, beginning: &[u8]) -> Result<Delegation, Rejection> {
        let state = self.read();
        only(beginning, state.delegations.values().filter(|kept| kept.id.begins(beginning))).cloned()
    }

    /// Whom an account lets act for it, the oldest first.
    #[must_use]
    pub fn delegations_of(&self, account: &AccountId) -> Vec<Delegation> {
        let state = self.read();
        let mut given: Vec<_> = state.delegations.values().filter(|kept| kept.account == *account).cloned().collect();
        given.sort_by_key(|kept| (kept.created, kept.id));
        given
    }

    /// Leave that an account gave or got and that was not taken back.
    #[must_use]
    pub fn delegations_with(&self, account: &AccountId) -> Vec<Delegation> {
        let state = self.read();
        let concerns = |kept: &&Delegation| (kept.account == *account || kept.machine == *account) && !kept.revoked;
        state.delegations.values().filter(concerns).cloned().collect()
    }

    /// At which door somebody stands who shows this beside the password: whoever had a session of the account before has
    /// one of their own. [ACC-38]
    #[must_use]
    pub fn door(&self, account: &AccountId, shown: &str, now: Seconds) -> Door {
        let had = match self.sessions().look(shown, now) {
            Shown::Ended(of) | Shown::Open(of) if of == *account => token::id_of(shown),
            _ => None,
        };
        had.map_or(Door::Password(*account), |session| Door::Device(*account, session))
    }

    /// Whether a session lets in whoever shows this.
    #[must_use]
    pub fn is_session(&self, shown: &str, now: Seconds) -> bool {
        matches!(self.sessions().look(shown, now), Shown::Open(_))
    }

    /// Begins a session; gives its end. [ACC-36]
    #[must_use]
    pub fn begin_session(&self, account: AccountId, token: &Token, now: Seconds) -> Seconds {
        self.sessions().begin(account, token, now)
    }

    /// Ends the session that is shown; says whether it was one.
    #[must_use]
    pub fn end_session(&self, shown: &str) -> bool {
        token::id_of(shown).is_some_and(|id| self.sessions().end(&id))
    }

    /// Ends all sessions of an account, but for the one that is shown.
    pub fn end_sessions(&self, account: &AccountId, but: &str) {
        self.sessions().end_all(account, token::id_of(but).as_ref());
    }
}
