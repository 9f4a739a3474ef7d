//! Whom she excluded: her words against the names of colleagues, before anybody can open what she said.
//!
//! Guarantees that the comparison is made before the commit that holds her words, and an exclusion is in that commit; that
//! whoever comes later is compared with what she said before; and that her words are kept as digests only, sealed. What is
//! a match, `case::name` says.

use std::collections::BTreeMap;

use prost::Message;
use uput_core::{
    catalogue::{Field, Label},
    rejection::Rejection,
    sensitive::Sensitive,
};
use zeroize::Zeroizing;

use super::Node;
use crate::{
    account::{Account, PersonId},
    case::{
        Case, CaseId, Exclusion, Ground,
        name::{GivenNames, Name, NameList},
    },
    clock, record, seal,
    storage::{NewTrailKeys, TrailKey},
};

/// The lists of names that she gave with these fields.
pub(super) fn names_in<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Vec<Sensitive<String>> {
    let named = fields.into_iter().filter(|field| field.label() == Label::ExcludedPersons);
    named.map(|field| field.value().clone()).collect()
}

impl Node {
    /// Excludes from a case whoever bears one of the names that she gave. Commit the case with the keys, and with what
    /// she said; hold it meanwhile. [CAS-30]
    ///
    /// # Errors
    /// [`Rejection::Malformed`] if they cannot be kept.
    pub(super) fn exclude_named(
        &self,
        case: &mut Case,
        lists: &[Sensitive<String>],
        keys: &mut Vec<NewTrailKeys>,
    ) -> Result<(), Rejection> {
        let lists: Vec<GivenNames> = lists.iter().map(GivenNames::new).filter(|list| !list.names.is_empty()).collect();
        if lists.is_empty() {
            return Ok(());
        }
        let mut list = NameList { lists };
        for (person, ground) in matches(&list, &self.accounts.accounts()) {
            case.exclude(person, Exclusion::new(ground, None, clock::now().get()));
        }
        // [CAS-48] After the erasure there is no key under which they could be kept.
        if case.erased != 0 {
            return Ok(());
        }
        list.lists.extend(self.names_of(case, keys).lists);
        self.remember_names(case, &list, keys)
    }

    /// Who bears one of the names that she gives with these fields.
    pub(super) fn named_by(&self, fields: &[Field]) -> Vec<PersonId> {
        let list = NameList { lists: names_in(fields).iter().map(GivenNames::new).collect() };
        matches(&list, &self.accounts.accounts()).into_keys().collect()
    }

    /// Keeps her words, as digests.
    pub(super) fn remember_names(
        &self,
        case: &mut Case,
        list: &NameList,
        keys: &mut Vec<NewTrailKeys>,
    ) -> Result<(), Rejection> {
        let key = self.case_key(&case.id, keys)?;
        case.names = seal_part(&key, &case.id, b"names", &list.encode_to_vec())?;
        Ok(())
    }

    /// What is kept of the names that she gave; nothing where the case was erased.
    pub(super) fn names_of(&self, case: &Case, keys: &[NewTrailKeys]) -> NameList {
        // The key opens the digests that are compared.
        let opened = self
            .case_key_of(&case.id, keys)
            .and_then(|key| seal::open(key.expose(), &record::case_aad(&case.id, b"names"), &case.names).ok());
        opened.and_then(|bytes| NameList::parse(&bytes).ok()).unwrap_or_default()
    }

    /// The cases from which somebody is excluded who gets a name now, as they will be. Hold the accounts' changes, and
    /// commit these with the account. [CAS-33]
    pub(super) fn exclude_newcomer(&self, person: PersonId, name: &Sensitive<String>) -> Vec<Case> {
        let (name, now) = (Name::new(name), clock::now().get());
        let named = self.cases.all().into_iter().filter(|case| !case.names.is_empty());
        let excluded = named.filter_map(|case| {
            let ground = self.names_of(&case, &[]).ground(&name)?;
            let mut case = Case::clone(&case);
            case.exclude(person, Exclusion::new(ground, None, now));
            Some(case)
        });
        excluded.collect()
    }

    /// The key of a case, made if it has none yet: then it is among the keys to be committed with it. [CAS-2]
    ///
    /// # Errors
    /// [`Rejection::StepNotAllowed`] where it was destroyed, or is to be.
    pub(super) fn case_key(&self, case: &CaseId, keys: &mut Vec<NewTrailKeys>) -> Result<TrailKey, Rejection> {
        // [CAS-48] What a stop left over is destroyed at the next start.
        if self.case(case).is_some_and(|case| case.erased != 0) {
            return Err(Rejection::StepNotAllowed);
        }
        if let Some(key) = self.case_key_of(case, keys) {
            return Ok(key);
        }
        let name = record::case_key_name(case);
        if self.storage.trail_keys(&name).is_some() {
            return Err(Rejection::StepNotAllowed);
        }
        let new = NewTrailKeys::generate(name).map_err(|_| Rejection::Malformed)?;
        let key = new.value.clone();
        keys.push(new);
        Ok(key)
    }

    /// The key that a case has, or gets with what is committed next.
    fn case_key_of(&self, case: &CaseId, keys: &[NewTrailKeys]) -> Option<TrailKey> {
        let name = record::case_key_name(case);
        let new = keys.iter().find(|new| new.trail == name).map(|new| new.value.clone());
        new.or_else(|| self.storage.trail_keys(&name)?.value)
    }
}

/// Seals a part of a case's record.
pub(super) fn seal_part(key: &TrailKey, case: &CaseId, part: &[u8], plain: &[u8]) -> Result<Vec<u8>, Rejection> {
    let plain = Zeroizing::new(plain.to_vec());
    // The key seals what is written to the journal.
    seal::seal(key.expose(), &record::case_aad(case, part), &plain).map_err(|_| Rejection::Malformed)
}

/// Whose names are on the list. Somebody with several accounts is excluded by the surest.
fn matches(list: &NameList, accounts: &[Account]) -> BTreeMap<PersonId, Ground> {
    let mut found: BTreeMap<PersonId, Ground> = BTreeMap::new();
    for account in accounts {
        if let Some(ground) = list.ground(&Name::new(&account.name)) {
            let surest = found.entry(account.person).or_insert(ground);
            *surest = ground.max(*surest);
        }
    }
    found
}
