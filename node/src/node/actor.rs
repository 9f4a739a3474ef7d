//! Who acts: the slots that say so in every event that a person causes.
//!
//! Guarantees that one person is one pseudonym in a trail, whatever account they use, that nothing joins the pseudonyms of
//! two trails but the person's key, and that nobody but this node fills these slots. Leaves to the approvals who is a
//! second person.

use std::fmt::Write;

use ring::hmac;
use uput_core::{
    catalogue::{Field, Label},
    id::OrgId,
    legal_basis::Basis,
    rejection::Rejection,
    sensitive::Sensitive,
    wire::{LegalBasis, Role},
};

use super::{
    Node,
    approvals::{Approved, Second},
};
use crate::{
    account::{Caller, PersonId},
    record,
    storage::{Commit, NewTrailKeys, TrailKey},
};

/// Bytes of a pseudonym, before they are written as digits.
const LENGTH: usize = 16;
/// Who would act, where a request is only checked.
const SOMEBODY: &str = "somebody";
/// Who would approve, where it is only checked.
const SOMEBODY_ELSE: &str = "somebody-else";

/// Who acts, and who approved it.
pub(super) struct Acting {
    role: &'static str,
    /// Makes the pseudonym; none where a request is only checked.
    key: Option<TrailKey>,
    approved: Option<(Approved, Option<TrailKey>)>,
    asks: bool,
}

impl Node {
    /// Who acts when that caller does, and who approved it.
    ///
    /// # Errors
    /// [`Rejection::NotPermitted`] for a role that acts in no trail; [`Rejection::BadApproval`].
    pub(super) async fn acting(&self, caller: &Caller, second: &Second, check: bool) -> Result<Acting, Rejection> {
        let role = role_word(caller.on_behalf_of.map_or(caller.role, |person| person.role))?;
        let approved = match second {
            Second::Approval { id, digest } => Some(self.approved(caller, id, digest)?),
            Second::Nobody | Second::Asked => None,
        };
        let key = if check { None } else { Some(self.actor_key(&caller.acting()).await?) };
        let approved = match approved {
            Some(approved) if check => Some((approved, None)),
            Some(approved) => {
                let key = self.actor_key(&approved.approver()).await?;
                Some((approved, Some(key)))
            }
            None => None,
        };
        Ok(Acting { role, key, approved, asks: matches!(second, Second::Asked) })
    }

    /// The key of a person's pseudonyms: made when they first act, destroyed with their name. [DIS-16]
    async fn actor_key(&self, person: &PersonId) -> Result<TrailKey, Rejection> {
        let name = record::actor_key_name(person);
        // Whose key was destroyed acts no more.
        let made = || self.storage.trail_keys(&name).map(|keys| keys.value.ok_or(Rejection::NotPermitted));
        if let Some(key) = made() {
            return key;
        }
        let _alone = self.approvals.alone().await;
        if let Some(key) = made() {
            return key;
        }
        let new = NewTrailKeys::generate(name).map_err(|_| Rejection::Malformed)?;
        let key = new.value.clone();
        self.commit(Commit { keys: vec![new], records: Vec::new() }).await?;
        Ok(key)
    }
}

impl Acting {
    /// The fields that say so in a trail with that nonce; `needs`: it takes two people. [EVT-26]
    ///
    /// # Errors
    /// If a pseudonym does not fit its label, which cannot be.
    pub(super) fn fields(&self, nonce: &[u8; 32], author: &OrgId, needs: bool) -> Result<Vec<Field>, Rejection> {
        let name = |key: &Option<TrailKey>, nobody: &str| {
            key.as_ref().map_or_else(|| nobody.to_owned(), |key| pseudonym(key.expose(), nonce, author))
        };
        let field = |label, value: String| Field::new(label, Sensitive::new(value));
        let mut fields =
            vec![field(Label::Actor, name(&self.key, SOMEBODY))?, field(Label::ActorRole, self.role.to_owned())?];
        match &self.approved {
            Some((_, key)) => fields.push(field(Label::Supervisor, name(key, SOMEBODY_ELSE))?),
            // What is wrong besides is said first.
            None if needs => fields.push(field(Label::Supervisor, SOMEBODY_ELSE.to_owned())?),
            None => {}
        }
        Ok(fields)
    }

    /// Whoever approved it, if it takes two people. [APR-1]
    ///
    /// # Errors
    /// [`Rejection::NeedsApproval`]; [`Rejection::BadApproval`] if one is asked where none is needed.
    pub(super) fn second(self, needs: bool) -> Result<Option<Approved>, Rejection> {
        match (self.approved, needs, self.asks) {
            (Some((approved, _)), _, _) => Ok(Some(approved)),
            (None, true, false) => Err(Rejection::NeedsApproval),
            (None, false, true) => Err(Rejection::BadApproval),
            (None, _, _) => Ok(None),
        }
    }
}

/// Whether a disclosure under that basis takes two people. [APR-2] [BAS-21]
pub(super) fn takes_two(basis: LegalBasis) -> bool {
    Basis::of(basis).is_some_and(Basis::takes_two)
}

/// In place of the second person whom a disclosure under that basis takes, where it is only checked. [BAS-21]
///
/// # Errors
/// None: the word fits its label.
pub(super) fn unsaid_second(basis: LegalBasis) -> Result<Vec<Field>, Rejection> {
    let second = || Field::new(Label::Supervisor, Sensitive::new(SOMEBODY_ELSE.to_owned()));
    takes_two(basis).then(second).into_iter().collect()
}

/// The pseudonym of a person in one trail. [DIS-16]
fn pseudonym(key: &[u8; 32], nonce: &[u8; 32], author: &OrgId) -> String {
    let message = [b"uput/v1/actor".as_slice(), nonce, author.as_bytes()].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &message);
    tag.as_ref().iter().take(LENGTH).fold(String::with_capacity(2 * LENGTH), |mut digits, byte| {
        // cannot fail: a string takes all that is written.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// What the catalogue calls the role in which somebody acts. [EVT-26]
const fn role_word(role: Role) -> Result<&'static str, Rejection> {
    match role {
        Role::Intake => Ok("intake"),
        Role::CaseWorker => Ok("case_worker"),
        Role::Supervisor => Ok("supervisor"),
        Role::Integration => Ok("machine"),
        Role::Administrator | Role::Auditor | Role::Unspecified => Err(Rejection::NotPermitted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::roles::ROLES;

    /// [DIS-16]
    #[test]
    fn a_pseudonym_is_of_one_person_in_one_trail() {
        let (nonce, author) = ([1; 32], OrgId::new([2; 32]));
        let ours = pseudonym(&[3; 32], &nonce, &author);
        assert_eq!(ours, "b587eb96562fd2f067773bd8ca0d91c8");
        assert_eq!(ours, pseudonym(&[3; 32], &nonce, &author));
        let others = [
            pseudonym(&[4; 32], &nonce, &author),
            pseudonym(&[3; 32], &[5; 32], &author),
            pseudonym(&[3; 32], &nonce, &OrgId::new([6; 32])),
        ];
        assert!(others.iter().all(|other| *other != ours));
        assert!(Field::new(Label::Actor, Sensitive::new(ours)).is_ok());
    }

    /// [EVT-26]
    #[test]
    fn whoever_acts_in_trails_has_a_role_of_the_catalogue() {
        for role in ROLES {
            match role_word(role) {
                Ok(word) => assert!(Field::new(Label::ActorRole, Sensitive::new(word.to_owned())).is_ok()),
                Err(_) => assert!(matches!(role, Role::Administrator | Role::Auditor)),
            }
        }
    }
}
