//! Versions of one agreement beside each other: which one counts between two parties, and who is suspended.
//!
//! Guarantees that nobody is bound by what it has not signed, and that a suspension ends only by a version that lifts it.
//! It is asked by whoever writes; what is read is judged by the version that its trail is pinned to, for every reader
//! alike. Leaves to the node which versions it knows.

use std::collections::BTreeMap;

use super::SignedAgreement;
use crate::{
    id::{AgreementId, OrgId},
    rejection::Rejection,
    time::Seconds,
};

/// Versions that every party has signed, as far as they are known here.
pub struct Lineage<'a> {
    versions: BTreeMap<AgreementId, &'a SignedAgreement>,
    /// Each with the version that gives it up.
    given_up: BTreeMap<AgreementId, AgreementId>,
}

impl<'a> Lineage<'a> {
    /// Of these.
    #[must_use]
    pub fn new(versions: impl IntoIterator<Item = &'a SignedAgreement>) -> Self {
        let versions: BTreeMap<_, _> = versions.into_iter().map(|version| (version.id(), version)).collect();
        let given_up = versions.values().flat_map(|by| given_up(by, &versions)).collect();
        Self { versions, given_up }
    }

    /// The version by which one was given up, or one that it follows: a version after the same one, which counts. [AGR-76]
    #[must_use]
    pub fn given_up_by(&self, version: &AgreementId) -> Option<AgreementId> {
        let mut next = *version;
        // A version names one before and has a higher number: there is an end.
        loop {
            if let Some(by) = self.given_up.get(&next) {
                return Some(*by);
            }
            let known = self.versions.get(&next)?;
            let before = self.versions.get(&known.previous()?).filter(|before| known.amends(before))?;
            next = before.id();
        }
    }

    fn is_given_up(&self, version: &AgreementId) -> bool {
        self.given_up_by(version).is_some()
    }

    /// Whether one of two parties may open a trail with the other under a version. [AGR-32] [AGR-34]
    ///
    /// # Errors
    /// [`Rejection::PartySuspended`], [`Rejection::VersionGivenUp`], [`Rejection::AgreementReplaced`].
    pub fn may_open(&self, version: &AgreementId, pair: [&OrgId; 2], now: Seconds) -> Result<(), Rejection> {
        self.may_disclose(version, pair, now)?;
        // [AGR-77]
        if self.is_given_up(version) {
            return Err(Rejection::VersionGivenUp);
        }
        self.replaced_by(version, pair, now).map_or(Ok(()), |_| Err(Rejection::AgreementReplaced))
    }

    /// Whether one of them may disclose something new in a trail that is pinned to a version. [AGR-33] [AGR-34]
    ///
    /// # Errors
    /// [`Rejection::PartySuspended`].
    pub fn may_disclose(&self, version: &AgreementId, pair: [&OrgId; 2], now: Seconds) -> Result<(), Rejection> {
        let [one, other] = pair;
        let suspended = self.suspended_by(version, one, other, now).or(self.suspended_by(version, other, one, now));
        suspended.map_or(Ok(()), |_| Err(Rejection::PartySuspended))
    }

    /// The version that has replaced another one between two parties: of those that amend it, have begun and bind both,
    /// the last. That it is over meanwhile changes nothing. [AGR-32]
    #[must_use]
    pub fn replaced_by(&self, version: &AgreementId, pair: [&OrgId; 2], now: Seconds) -> Option<&'a SignedAgreement> {
        let later = self.later(version).into_iter().filter(|later| later.valid_from() <= now);
        let binding = later.filter(|later| pair.iter().all(|party| binds(later, party)));
        binding.max_by_key(|later| (later.version(), later.valid_from(), later.id()))
    }

    /// The version by which a party is suspended towards another one, whatever version of the agreement is meant.
    /// [AGR-34]
    #[must_use]
    pub fn suspended_by(
        &self,
        version: &AgreementId,
        party: &OrgId,
        towards: &OrgId,
        now: Seconds,
    ) -> Option<&'a SignedAgreement> {
        let begun = |version: &&SignedAgreement| version.valid_from() <= now;
        let first = self.first(version)?;
        let family = std::iter::once(first).chain(self.later(&first.id()));
        let suspends = |version: &&SignedAgreement| {
            version.party(party).is_some_and(|party| party.suspended) && binds(version, towards)
        };
        let lifted =
            |by: &&SignedAgreement| self.later(&by.id()).into_iter().filter(begun).any(|later| binds(later, party));
        family.filter(begun).filter(suspends).find(|by| !lifted(by))
    }

    /// Two versions after one that bind one party both: whoever signed both has said two things. [AGR-36]
    #[must_use]
    pub fn forks(&self) -> Vec<(OrgId, [AgreementId; 2])> {
        let mut forks = Vec::new();
        for one in self.versions.values() {
            let twins = self.versions.values().filter(|other| other.id() > one.id() && self.are_twins(one, other));
            for twin in twins {
                let both = one.signing().filter(|party| binds(twin, &party.organisation));
                forks.extend(both.map(|party| (party.organisation, [one.id(), twin.id()])));
            }
        }
        forks
    }

    fn are_twins(&self, one: &SignedAgreement, other: &SignedAgreement) -> bool {
        // [AGR-76] Whoever gave one up has said which of the two holds.
        if self.is_given_up(&one.id()) || self.is_given_up(&other.id()) {
            return false;
        }
        let before = one.previous().and_then(|id| self.versions.get(&id));
        before.is_some_and(|before| one.amends(before) && other.amends(before))
    }

    /// Versions that amend one, directly or through others.
    fn later(&self, version: &AgreementId) -> Vec<&'a SignedAgreement> {
        let mut found: Vec<&'a SignedAgreement> = self.versions.get(version).copied().into_iter().collect();
        let mut next = 0;
        while let Some(before) = found.get(next).copied() {
            // A version names one before and has a higher number: nothing is found twice.
            let standing = self.versions.values().filter(|version| !self.given_up.contains_key(&version.id()));
            found.extend(standing.filter(|version| version.amends(before)));
            next += 1;
        }
        found.into_iter().skip(1).collect()
    }

    /// The first version of its agreement that is known here.
    fn first(&self, version: &AgreementId) -> Option<&'a SignedAgreement> {
        let mut first = self.versions.get(version).copied()?;
        while let Some(before) = first.previous().and_then(|id| self.versions.get(&id)) {
            if !first.amends(before) {
                break;
            }
            first = before;
        }
        Some(first)
    }
}

fn binds(version: &SignedAgreement, party: &OrgId) -> bool {
    version.party(party).is_some_and(|party| !party.suspended)
}

/// What a version gives up: those that follow the same version, as it must. [AGR-76]
fn given_up(
    by: &SignedAgreement,
    versions: &BTreeMap<AgreementId, &SignedAgreement>,
) -> Vec<(AgreementId, AgreementId)> {
    let before = by.previous().and_then(|id| versions.get(&id)).filter(|before| by.amends(before));
    let follows = |id: &&AgreementId| {
        before.zip(versions.get(*id)).is_some_and(|(before, version)| version.previous() == Some(before.id()))
    };
    by.gives_up().iter().filter(follows).map(|id| (*id, by.id())).collect()
}
