//! What an administrator did to an account, until it was seen.
//!
//! Guarantees that whoever makes a way into somebody's account cannot keep it from them, nor from the supervisors.

use uput_core::wire::Role;

use super::{Account, AccountId, Register, What};

/// What an administrator did to an account. [ACC-15]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Its number: they are counted.
    pub number: u64,
    /// What was done.
    pub kind: NoticeKind,
    /// To which account.
    pub account: AccountId,
    /// Who did it.
    pub by: AccountId,
    /// Seconds since 1970.
    pub time: u64,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoticeKind {
    /// It was made.
    AccountMade,
    /// Everything by which it is known was ended, and a new code was made.
    AccountReset,
    /// A token of it was made.
    TokenMade,
    /// A certificate was pinned.
    CertificatePinned,
}

impl Register {
    /// The number of the newest notice.
    #[must_use]
    pub fn newest_notice(&self) -> u64 {
        let state = self.read();
        let accounts = state.accounts.values().map(|account| account.notice);
        let tokens = state.tokens.values().map(|token| token.notice);
        let credentials = state.credentials.values().map(|credential| credential.notice);
        accounts.chain(tokens).chain(credentials).max().unwrap_or(0)
    }

    /// What an account is told and has not seen: what was done to it, and for a supervisor what was done to any. [ACC-15]
    #[must_use]
    pub fn notices_of(&self, account: &AccountId) -> Vec<Notice> {
        let Ok(reader) = self.account(&account.to_vec()) else { return Vec::new() };
        let mut notices: Vec<Notice> = self.notices().into_iter().filter(|notice| reader.is_told(notice)).collect();
        notices.sort_unstable_by_key(|notice| notice.number);
        notices
    }

    /// How many notices an account has not seen; looked for only where there may be one.
    #[must_use]
    pub fn unseen(&self, account: &AccountId) -> usize {
        let seen = self.read().accounts.get(account).map_or(u64::MAX, |account| account.seen);
        if seen >= self.newest_notice() { 0 } else { self.notices_of(account).len() }
    }

    /// When an administrator last made a way into an account: the account, a code, a token or a certificate. Seconds since
    /// 1970; none: nobody did. [APR-10]
    #[must_use]
    pub fn newest_way_in(&self, account: &AccountId) -> Option<u64> {
        let ways = self.notices().into_iter().filter(|notice| notice.account == *account);
        ways.map(|notice| notice.time).max()
    }

    fn notices(&self) -> Vec<Notice> {
        let state = self.read();
        let notice = |number, kind, account, by: Option<AccountId>, time| {
            by.filter(|_| number > 0).map(|by| Notice { number, kind, account, by, time })
        };
        let made = state.accounts.values().filter_map(|account| {
            notice(account.notice, NoticeKind::AccountMade, account.id, account.created_by, account.created)
        });
        let tokens = state.tokens.values().filter_map(|token| {
            notice(token.notice, NoticeKind::TokenMade, token.account, token.created_by, token.created)
        });
        let others = state.credentials.values().filter_map(|credential| {
            let kind = match &credential.what {
                What::Certificate(..) | What::Erased(true) => NoticeKind::CertificatePinned,
                _ => NoticeKind::AccountReset,
            };
            notice(credential.notice, kind, credential.account, credential.created_by, credential.created)
        });
        made.chain(tokens).chain(others).collect()
    }
}

impl Account {
    fn is_told(&self, notice: &Notice) -> bool {
        let own = notice.account == self.id && notice.kind != NoticeKind::AccountMade;
        notice.number > self.seen && notice.by != self.id && (own || self.role == Role::Supervisor)
    }
}
