//! Whether what let a caller in would still let in the same one.
//!
//! Guarantees that asking counts as no attempt and as no use: a lock against guesses ends nothing that was let in before
//! it, and who only listens becomes idle. Leaves to the register what lets in at all. [API-46]

use std::sync::Arc;

use uput_core::time::Seconds;

use super::{Caller, Register, Shown, TokenId, token};

/// What a call showed, without its secret, which was compared when it was let in.
#[derive(Clone, Copy)]
pub struct Proof {
    token: Option<TokenId>,
    key_digest: Option<[u8; 32]>,
}

impl Shown<'_> {
    /// What is kept of it while the call goes on.
    #[must_use]
    pub fn proof(&self) -> Proof {
        Proof { token: self.token.and_then(token::id_of), key_digest: self.key_digest.copied() }
    }
}

impl Register {
    /// Whether it would let in the same caller now, with the same limits, for the same person.
    #[must_use]
    pub fn still(&self, proof: &Proof, caller: &Caller, now: Seconds) -> bool {
        let Some(again) = self.known_by(proof, now) else { return false };
        let again = match caller.on_behalf_of {
            None => Some(again),
            Some(person) => self.for_account(again, &person.account, now),
        };
        again.as_ref() == Some(caller)
    }

    fn known_by(&self, proof: &Proof, now: Seconds) -> Option<Caller> {
        let (key, Some(token)) = (proof.key_digest.as_ref(), proof.token) else {
            return self.by_certificate(proof.key_digest.as_ref()?, now);
        };
        let session = self.sessions().open(&token, now);
        let state = self.read();
        if let Some(account) = session {
            return state.accounts.get(&account)?.caller(&Arc::from([]));
        }
        let kept = state.tokens.get(&token).filter(|kept| kept.lets_in(key, now))?;
        state.accounts.get(&kept.account)?.caller(&kept.scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{
        Account, AccountId, Credential, CredentialId, Delegation, DelegationId, IDLE, KeptToken, PersonId, Token, What,
    };
    use uput_core::{
        sensitive::Sensitive,
        time::Span,
        wire::{Role, Scope},
    };

    const KEY: [u8; 32] = [5; 32];
    const SCOPES: [Scope; 1] = [Scope::Trails];

    fn now() -> Seconds {
        Seconds::new(1_795_298_400).unwrap()
    }

    fn account(id: u8, role: Role) -> Account {
        Account {
            id: AccountId::new([id; 16]),
            person: PersonId::new([id + 100; 16]),
            name: Sensitive::new("an invented colleague".to_owned()),
            role,
            created: 1,
            created_by: None,
            disabled: false,
            erased: false,
            notice: 0,
            seen: 0,
        }
    }

    fn kept(token: &Token, account: &Account) -> KeptToken {
        KeptToken {
            id: token.id(),
            account: account.id,
            digest: token.digest(),
            scopes: Arc::new([]),
            created: 1,
            created_by: None,
            until: now().get() + 10,
            revoked: false,
            key_digest: None,
            notice: 0,
        }
    }

    fn certificate(account: &Account) -> Credential {
        Credential {
            id: CredentialId::new([9; 16]),
            account: account.id,
            what: What::Certificate(KEY, Arc::from(SCOPES)),
            created: 1,
            created_by: None,
            until: now().get() + 10,
            ended: false,
            notice: 0,
        }
    }

    /// Somebody who was let in, and how.
    fn admitted(register: &Register, shown: &Shown<'_>) -> (Proof, Caller) {
        (shown.proof(), register.admit(shown, now()).unwrap())
    }

    /// [API-46]
    #[test]
    fn a_token_holds_until_it_ends_or_is_ended_or_its_account_is_another() {
        let (register, token, worker) = (Register::default(), Token::generate().unwrap(), account(1, Role::CaseWorker));
        register.set_account(worker.clone());
        register.set_token(kept(&token, &worker));
        let (proof, caller) =
            admitted(&register, &Shown { token: Some(token.expose()), key_digest: Some(&KEY), on_behalf_of: None });
        assert!(register.still(&proof, &caller, now()));
        assert!(!register.still(&proof, &caller, now().after(Span(10))));
        register.set_account(Account { role: Role::Auditor, ..worker.clone() });
        assert!(!register.still(&proof, &caller, now()), "another role");
        register.set_account(Account { disabled: true, ..worker.clone() });
        assert!(!register.still(&proof, &caller, now()), "disabled");
        register.set_account(worker.clone());
        register.set_token(KeptToken { scopes: Arc::from(SCOPES), ..kept(&token, &worker) });
        assert!(!register.still(&proof, &caller, now()), "other limits");
        register.set_token(KeptToken { key_digest: Some(KEY), ..kept(&token, &worker) });
        assert!(register.still(&proof, &caller, now()), "it came by that key");
        register.set_token(KeptToken { key_digest: Some([6; 32]), ..kept(&token, &worker) });
        assert!(!register.still(&proof, &caller, now()), "bound to another key");
        register.set_token(KeptToken { revoked: true, ..kept(&token, &worker) });
        assert!(!register.still(&proof, &caller, now()), "revoked");
    }

    /// [API-46] [ACC-36]
    #[test]
    fn a_session_becomes_idle_while_it_only_listens_and_ends() {
        let (register, token, worker) = (Register::default(), Token::generate().unwrap(), account(1, Role::CaseWorker));
        register.set_account(worker.clone());
        let _ = register.begin_session(worker.id, &token, now());
        let (proof, caller) = admitted(&register, &Shown { token: Some(token.expose()), ..Shown::default() });
        let mut at = now();
        while at < now().after(IDLE) {
            assert!(register.still(&proof, &caller, at));
            at = at.after(Span(60));
        }
        assert!(!register.still(&proof, &caller, now().after(IDLE)), "idle");
        register.end_sessions(&worker.id, "");
        assert!(!register.still(&proof, &caller, now()), "ended");
    }

    /// [API-46] [ACC-40]
    #[test]
    fn a_certificate_holds_until_it_is_ended() {
        let (register, machine) = (Register::default(), account(1, Role::Integration));
        register.set_account(machine.clone());
        register.set_credential(certificate(&machine));
        let (proof, caller) = admitted(&register, &Shown { key_digest: Some(&KEY), ..Shown::default() });
        assert!(register.still(&proof, &caller, now()));
        assert!(!register.still(&proof, &caller, now().after(Span(10))));
        register.set_credential(Credential { ended: true, ..certificate(&machine) });
        assert!(!register.still(&proof, &caller, now()), "ended");
        let other = account(2, Role::Integration);
        register.set_account(other.clone());
        register.set_credential(Credential { id: CredentialId::new([8; 16]), ..certificate(&other) });
        assert!(!register.still(&proof, &caller, now()), "it lets somebody else in");
    }

    /// [API-46] [ACC-52]
    #[test]
    fn leave_to_act_holds_until_it_is_taken_back() {
        let (register, machine, person) =
            (Register::default(), account(1, Role::Integration), account(2, Role::CaseWorker));
        register.set_account(machine.clone());
        register.set_account(person.clone());
        register.set_credential(certificate(&machine));
        let given = Delegation {
            id: DelegationId::new([3; 16]),
            account: person.id,
            machine: machine.id,
            created: 1,
            until: now().get() + 5,
            revoked: false,
        };
        register.set_delegation(given.clone());
        let named = person.id.to_string();
        let shown = Shown { key_digest: Some(&KEY), on_behalf_of: Some(&named), token: None };
        let (proof, caller) = admitted(&register, &shown);
        assert!(register.still(&proof, &caller, now()));
        assert!(!register.still(&proof, &caller, now().after(Span(5))));
        register.set_delegation(Delegation { revoked: true, ..given.clone() });
        assert!(!register.still(&proof, &caller, now()), "taken back");
        register.set_delegation(given);
        register.set_account(Account { disabled: true, ..person });
        assert!(!register.still(&proof, &caller, now()), "who gave it is gone");
    }

    /// [API-46]
    #[test]
    fn asking_counts_as_no_attempt_and_a_lock_ends_nothing() {
        let (register, token, worker) = (Register::default(), Token::generate().unwrap(), account(1, Role::CaseWorker));
        register.set_account(worker.clone());
        register.set_token(kept(&token, &worker));
        let (proof, caller) = admitted(&register, &Shown { token: Some(token.expose()), ..Shown::default() });
        let forged = format!("{}.{}", token.id(), "0".repeat(64));
        while register.locked_until(&worker.id, now()).is_none() {
            assert!(register.admit(&Shown { token: Some(&forged), ..Shown::default() }, now()).is_err());
        }
        assert!(register.still(&proof, &caller, now()));
    }
}
