//! Whoever was let in, and for whom.
//!
//! Guarantees that a machine on behalf of a person may do what both may, and no more. Leaves to the register who that is,
//! and to the node which person gave which machine leave.

use std::sync::Arc;

use uput_core::wire::{Role, Scope};

use super::{AccountId, PersonId, roles};

/// Whoever was let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// Which account.
    pub account: AccountId,
    /// Whose it is: somebody with two tasks has two accounts and is one person. [ACC-14]
    pub person: PersonId,
    /// Its role.
    pub role: Role,
    /// To what it is limited here; empty: to nothing but the role.
    pub scopes: Arc<[Scope]>,
    /// For whom a machine calls. [ACC-50]
    pub on_behalf_of: Option<OnBehalfOf>,
}

/// The person that gave a machine leave to act for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OnBehalfOf {
    /// Which account of theirs.
    pub account: AccountId,
    /// Who it is.
    pub person: PersonId,
    /// The role of that account.
    pub role: Role,
}

/// Who did something, for the record of it: an account, and the one on whose behalf. [ACC-20]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct By {
    /// Which account called.
    pub account: AccountId,
    /// For which one.
    pub on_behalf_of: Option<AccountId>,
}

impl Caller {
    /// Whether it may make some part of a call.
    #[must_use]
    pub fn may_call(&self, method: &str) -> bool {
        self.permitted(|role, scopes| roles::may_call(role, scopes, method))
    }

    /// Whether it may make that part of it.
    #[must_use]
    pub fn may(&self, method: &str, part: roles::Part) -> bool {
        self.permitted(|role, scopes| roles::may(role, scopes, method, part))
    }

    /// [ACC-51] What the machine's scopes name and the person's role includes.
    fn permitted(&self, may: impl Fn(Role, &[Scope]) -> bool) -> bool {
        may(self.role, &self.scopes) && self.on_behalf_of.is_none_or(|person| may(person.role, &[]))
    }

    /// Who did it, for its record: never the ID of the account alone. [ACC-20]
    #[must_use]
    pub fn by(&self) -> By {
        By { account: self.account, on_behalf_of: self.on_behalf_of.map(|person| person.account) }
    }

    /// Who acts: the person on whose behalf a machine calls, or the caller. [EVT-26]
    #[must_use]
    pub fn acting(&self) -> PersonId {
        self.on_behalf_of.map_or(self.person, |person| person.person)
    }

    /// Everybody who learns what is answered: the caller, and on whose behalf.
    pub fn persons(&self) -> impl Iterator<Item = PersonId> {
        std::iter::once(self.person).chain(self.on_behalf_of.map(|person| person.person))
    }
}

impl By {
    /// From a record; `None` also if it names nobody.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (account, on_behalf_of) = bytes.split_at_checked(16)?;
        let on_behalf_of = if on_behalf_of.is_empty() { None } else { Some(AccountId::parse(on_behalf_of)?) };
        Some(Self { account: AccountId::parse(account)?, on_behalf_of })
    }

    /// For a record: 16 bytes, or 32.
    #[must_use]
    pub fn to_vec(self) -> Vec<u8> {
        [self.account.to_vec(), self.on_behalf_of.map(AccountId::to_vec).unwrap_or_default()].concat()
    }
}

impl From<AccountId> for By {
    fn from(account: AccountId) -> Self {
        Self { account, on_behalf_of: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(on_behalf_of: Option<Role>) -> Caller {
        Caller {
            account: AccountId::new([1; 16]),
            person: PersonId::new([2; 16]),
            role: Role::Integration,
            scopes: Arc::from([Scope::Values, Scope::Record, Scope::Export]),
            on_behalf_of: on_behalf_of.map(|role| OnBehalfOf {
                account: AccountId::new([3; 16]),
                person: PersonId::new([4; 16]),
                role,
            }),
        }
    }

    /// [ACC-51]
    #[test]
    fn a_machine_on_behalf_may_do_what_both_may() {
        let (get, record) = ("uput.v1.TrailService/GetTrail", "uput.v1.TrailService/RecordEvent");
        let values = |caller: &Caller| caller.may(get, roles::Part::Values);
        assert!(values(&machine(None)) && values(&machine(Some(Role::CaseWorker))));
        assert!(!values(&machine(Some(Role::Intake))) && !values(&machine(Some(Role::Administrator))));
        assert!(!machine(Some(Role::CaseWorker)).may(get, roles::Part::WithoutValues), "no scope of the machine");
        assert!(machine(Some(Role::Intake)).may(record, roles::Part::AcknowledgedOrWarned));
        assert!(!machine(Some(Role::Intake)).may(record, roles::Part::AnythingElse));
        assert!(!machine(Some(Role::Administrator)).may_call("uput.v1.AccountService/CreateAccount"));
    }

    /// [ACC-20]
    #[test]
    fn a_record_names_both() {
        for (by, length) in [(machine(None).by(), 16), (machine(Some(Role::Intake)).by(), 32)] {
            assert_eq!(by.to_vec().len(), length);
            assert_eq!(By::parse(&by.to_vec()), Some(by));
        }
        assert!([0, 15, 17, 31, 33].into_iter().all(|length| By::parse(&vec![1; length]).is_none()));
        assert_eq!(machine(Some(Role::Intake)).persons().count(), 2);
    }
}
