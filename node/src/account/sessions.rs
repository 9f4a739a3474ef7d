//! Sessions: what a person has after logging in, for some hours, in memory alone.
//!
//! Guarantees that a session ends when its time is over, when it is idle, and when the node stops. One that ended by
//! itself is remembered for a while as a sign that its bearer was here before, and lets nobody in.

use std::collections::BTreeMap;

use uput_core::time::{Seconds, Span};

use super::{AccountId, Token, TokenDigest, TokenId, token};

/// The longest. [ACC-36]
pub const LONGEST: Span = Span(12 * 3600);
/// Without a call. [ACC-36]
pub const IDLE: Span = Span(30 * 60);
/// Sessions that are remembered of one account; the oldest goes first.
const MOST: usize = 16;
/// How long one that ended by itself says that its bearer was here before. [ACC-38]
const REMEMBERED: Span = Span(30 * 86_400);

/// The sessions of all accounts.
#[derive(Default)]
pub(super) struct Sessions(BTreeMap<TokenId, Session>);

struct Session {
    account: AccountId,
    digest: TokenDigest,
    begun: Seconds,
    used: Seconds,
}

/// What a text is a session of.
pub(super) enum Shown {
    /// Nothing.
    Nothing,
    /// A wrong secret.
    Wrong(AccountId),
    /// One that has ended by itself.
    Ended(AccountId),
    /// One that lets in.
    Open(AccountId),
}

impl Session {
    fn is_open(&self, now: Seconds) -> bool {
        now < self.begun.after(LONGEST) && now < self.used.after(IDLE)
    }
}

impl Sessions {
    /// Begins one; gives its end.
    pub(super) fn begin(&mut self, account: AccountId, token: &Token, now: Seconds) -> Seconds {
        self.0.retain(|_, session| now < session.begun.after(REMEMBERED));
        let oldest_first =
            |(id, session): (&TokenId, &Session)| (session.account == account).then_some((session.used, *id));
        let mut own: Vec<_> = self.0.iter().filter_map(oldest_first).collect();
        own.sort_unstable();
        for (_, id) in own.iter().take((own.len() + 1).saturating_sub(MOST)) {
            self.0.remove(id);
        }
        self.0.insert(token.id(), Session { account, digest: token.digest(), begun: now, used: now });
        now.after(LONGEST)
    }

    /// What a text is. Compared with something also where nothing is known. [ACC-6]
    pub(super) fn look(&self, shown: &str, now: Seconds) -> Shown {
        let session = token::id_of(shown).and_then(|id| self.0.get(&id));
        let right = session.map_or_else(TokenDigest::nobodys, |session| session.digest).matches(shown);
        match session {
            None => Shown::Nothing,
            Some(session) if !right => Shown::Wrong(session.account),
            Some(session) if session.is_open(now) => Shown::Open(session.account),
            Some(session) => Shown::Ended(session.account),
        }
    }

    /// Whose an open one is, of which the secret was compared before. It is not used by that.
    pub(super) fn open(&self, id: &TokenId, now: Seconds) -> Option<AccountId> {
        self.0.get(id).filter(|session| session.is_open(now)).map(|session| session.account)
    }

    /// It was used just now.
    pub(super) fn used(&mut self, id: &TokenId, now: Seconds) {
        if let Some(session) = self.0.get_mut(id) {
            session.used = session.used.max(now);
        }
    }

    /// Ends one; says whether there was one.
    pub(super) fn end(&mut self, id: &TokenId) -> bool {
        self.0.remove(id).is_some()
    }

    /// Ends all of an account but one.
    pub(super) fn end_all(&mut self, account: &AccountId, but: Option<&TokenId>) {
        self.0.retain(|id, session| session.account != *account || but == Some(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Seconds {
        Seconds::new(1_795_298_400).unwrap()
    }

    /// [ACC-36] [ACC-38]
    #[test]
    fn a_session_ends_when_it_is_idle_and_when_its_time_is_over() {
        let (mut sessions, token, account) = (Sessions::default(), Token::generate().unwrap(), AccountId::new([1; 16]));
        assert_eq!(sessions.begin(account, &token, now()), now().after(LONGEST));
        let open = |sessions: &Sessions, at| matches!(sessions.look(token.expose(), at), Shown::Open(_));
        assert!(open(&sessions, now()) && !open(&sessions, now().after(IDLE)));
        let mut at = now();
        while at < now().after(LONGEST) {
            assert!(open(&sessions, at));
            sessions.used(&token.id(), at);
            at = at.after(Span(IDLE.0 - 1));
        }
        assert!(matches!(sessions.look(token.expose(), now().after(LONGEST)), Shown::Ended(of) if of == account));
        let other = Token::generate().unwrap();
        assert!(matches!(sessions.look(other.expose(), now()), Shown::Nothing));
        let forged = format!("{}.{}", token.id(), other.expose().split_once('.').unwrap().1);
        assert!(matches!(sessions.look(&forged, now()), Shown::Wrong(_)));
        assert!(sessions.end(&token.id()) && !sessions.end(&token.id()));
    }

    #[test]
    fn only_so_many_are_remembered() {
        let (mut sessions, account) = (Sessions::default(), AccountId::new([1; 16]));
        let tokens: Vec<Token> = (0..MOST + 2).map(|_| Token::generate().unwrap()).collect();
        for (second, token) in (0..).zip(&tokens) {
            sessions.begin(account, token, now().after(Span(second)));
        }
        assert_eq!(sessions.0.len(), MOST);
        assert!(matches!(sessions.look(tokens[0].expose(), now()), Shown::Nothing));
        sessions.end_all(&account, Some(&tokens[5].id()));
        assert_eq!(sessions.0.len(), 1);
        sessions.begin(account, &tokens[0], now().after(REMEMBERED).after(Span(60)));
        assert_eq!(sessions.0.len(), 1);
    }
}
