//! What a report calls organisations.

use super::{Claim, Organisation};
use crate::{agreement::Agreement, id::OrgId, time::Seconds, trust::TrustFile};

/// Names that an auditor may rely on: the trust file's, then those of an agreement that the trust file names.
pub(super) struct Names<'a> {
    trust: &'a TrustFile,
    agreement: Option<&'a Agreement>,
}

impl<'a> Names<'a> {
    pub(super) fn new(trust: &'a TrustFile, agreement: Option<&'a Agreement>) -> Self {
        Self { trust, agreement: agreement.filter(|agreement| trust.agreement(&agreement.id()).is_some()) }
    }

    pub(super) fn of(&self, organisation: &OrgId) -> String {
        let trusted = self.trust.organisation(organisation).map(|entry| entry.name.clone());
        // An agreement does not lend to one what the trust file calls another.
        let taken = |name: &String| self.trust.organisations.iter().any(|entry| entry.name == *name);
        let agreed = || {
            let party = self.agreement.and_then(|agreement| agreement.party(organisation))?;
            Some(party.name.clone()).filter(|name| !taken(name))
        };
        trusted.or_else(agreed).unwrap_or_else(|| organisation.to_string().chars().take(8).collect())
    }

    pub(super) fn claim(&self, time: Seconds, by: &OrgId) -> Claim {
        Claim { time: time.get(), by: self.show(by) }
    }

    pub(super) fn show(&self, organisation: &OrgId) -> Organisation {
        Organisation { id: organisation.to_string(), name: self.of(organisation) }
    }
}
