//! Parties and auditors.

use std::collections::{BTreeMap, BTreeSet};

use super::bound::{LONGEST_TITLE, MOST, WORDS, ascending, codes, is_line, organisation, words};
use crate::{
    agreement::{Agreement, Auditor, Flaw, Party, Place, flaw::demand},
    id::OrgId,
    wire,
};

/// [AGR-6] At least two; each with a name; sorted, and each once.
pub(super) fn read_parties(parties: &[wire::Party]) -> Result<BTreeMap<OrgId, Party>, Flaw> {
    demand(
        (2..=MOST).contains(&parties.len()),
        || Place::Document,
        "AGR-6",
        || format!("an agreement has 2 to {MOST} parties; add or remove some"),
    )?;
    ascending(parties, |party| &party.organisation, || Place::Document, "AGR-6", "party")?;
    let read = parties.iter().map(|party| {
        let organisation = organisation(&party.organisation, "AGR-6")?;
        let place = || Place::Party(organisation);
        demand(is_line(&party.name, LONGEST_TITLE), place, "AGR-6", || {
            "a party needs a name of one line; give it one".into()
        })?;
        demand(words(&party.roles), place, "AGR-6", || WORDS.into())?;
        let services = codes(&party.services, place, "AGR-6")?;
        let (name, roles) = (party.name.clone(), party.roles.iter().cloned().collect());
        let suspended = party.suspended;
        Ok((organisation, Party { organisation, name, roles, services, suspended }))
    });
    let read: BTreeMap<OrgId, Party> = read.collect::<Result<_, Flaw>>()?;
    let names: BTreeSet<&String> = read.values().map(|party| &party.name).collect();
    demand(
        names.len() == read.len(),
        || Place::Document,
        "AGR-6",
        || "two parties have one name; people must be able to tell them apart".into(),
    )?;
    Ok(read)
}

/// [AGR-19] Named, each once.
pub(super) fn read_auditors(auditors: &[wire::Auditor]) -> Result<BTreeMap<OrgId, Auditor>, Flaw> {
    demand(auditors.len() <= MOST, || Place::Document, "AGR-3", || format!("at most {MOST} auditors"))?;
    ascending(auditors, |auditor| &auditor.organisation, || Place::Document, "AGR-19", "auditor")?;
    let read = auditors.iter().map(|auditor| {
        let organisation = organisation(&auditor.organisation, "AGR-19")?;
        demand(
            is_line(&auditor.name, LONGEST_TITLE),
            || Place::Auditor(organisation),
            "AGR-19",
            || "an auditor needs a name of one line; give it one".into(),
        )?;
        Ok((organisation, Auditor { organisation, name: auditor.name.clone(), labels: auditor.labels }))
    });
    read.collect()
}

/// [AGR-19] Nobody audits itself.
pub(super) fn check_auditors(agreement: &Agreement) -> Result<(), Flaw> {
    agreement.auditors().try_for_each(|auditor| {
        let place = || Place::Auditor(auditor.organisation);
        demand(agreement.party(&auditor.organisation).is_none(), place, "AGR-19", || {
            format!("{} is a party and cannot audit itself; name another body", auditor.name)
        })
    })
}
