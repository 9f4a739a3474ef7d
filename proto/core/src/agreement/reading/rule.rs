//! Rules: what they name exists, and stays under the catalogue and the law of the bases.

use std::collections::{BTreeMap, BTreeSet};

use super::bound::{MOST, ascending, code, codes, origin};
use crate::{
    act::{self, When},
    agreement::{Agreement, Flaw, Place, Profile, Rule, flaw::demand, name_of},
    catalogue::{Cell, Label},
    legal_basis::Basis,
    wire::{self, LegalBasis},
};

/// [AGR-10] Numbers once, codes known.
pub(super) fn read_rules(rules: &[wire::Rule]) -> Result<BTreeMap<u32, Rule>, Flaw> {
    demand(
        (1..=MOST).contains(&rules.len()),
        || Place::Document,
        "AGR-10",
        || format!("an agreement has 1 to {MOST} rules; without a rule nobody may ask anything"),
    )?;
    ascending(rules, |rule| rule.number, || Place::Document, "AGR-10", "rule number")?;
    let read = rules.iter().map(|rule| {
        let place = || Place::Rule(rule.number);
        demand(rule.number > 0, place, "AGR-10", || "rules are numbered from 1".into())?;
        let (act, receiver) = (code(rule.act(), place, "AGR-10")?, code(rule.receiver(), place, "AGR-10")?);
        let bases = codes(&rule.bases, place, "AGR-10")?;
        let (sender, profile) = (rule.sender.clone(), rule.profile.clone());
        let origin = origin(&rule.source, rule.unverified, place)?;
        Ok((
            rule.number,
            Rule { number: rule.number, act, sender, receiver, profile, bases, collapsed: rule.collapsed, origin },
        ))
    });
    read.collect()
}

/// [AGR-10] No two rules say the same.
pub(super) fn check_rules_differ(agreement: &Agreement) -> Result<(), Flaw> {
    let mut seen = BTreeSet::new();
    agreement.rules().try_for_each(|rule| {
        let fresh = seen.insert((rule.act, &rule.sender, rule.receiver));
        demand(
            fresh,
            || Place::Rule(rule.number),
            "AGR-10",
            || {
                "another rule has the same act, sender and receiver; join them, so that it is clear which one holds"
                    .into()
            },
        )
    })
}

/// [AGR-11] [AGR-12] [AGR-13] What a rule names exists, and stays under the catalogue and the law of the bases.
pub(super) fn check_rule(agreement: &Agreement, rule: &Rule) -> Result<(), Flaw> {
    let place = || Place::Rule(rule.number);
    demand(agreement.parties().any(|party| party.roles.contains(&rule.sender)), place, "AGR-11", || {
        format!("no party has the role {:?}; give it to one, or correct the rule's sender", rule.sender)
    })?;
    demand(agreement.parties().any(|party| party.services.contains(&rule.receiver)), place, "AGR-11", || {
        format!("no party gives the service {}; add it to one, or correct the rule's receiver", name_of(rule.receiver))
    })?;
    let Some(profile) = agreement.profile(rule) else {
        let sentence = format!("there is no profile {:?}; add it, or correct the rule's profile", rule.profile);
        return Err(Flaw { place: place(), requirement: "AGR-11", sentence });
    };
    rule.bases.iter().try_for_each(|basis| check_basis(agreement, rule, *basis))?;
    let collapses = rule.bases.iter().filter_map(|basis| Basis::of(*basis)).any(|basis| basis.collapses(rule.receiver));
    demand(!rule.collapsed || collapses, place, "AGR-13", || {
        let service = name_of(rule.receiver);
        format!(
            "no basis of this rule lets a first message to {service} say who she is; remove collapsed, or add a basis that does"
        )
    })?;
    check_profile(rule, profile)?;
    check_content(rule, profile)
}

/// [AGR-69] What an act has to say with a stage can be said.
fn check_content(rule: &Rule, profile: &Profile) -> Result<(), Flaw> {
    let must = act::row(rule.act).map_or(&[][..], |row| row.must);
    let staged = must.iter().filter(|due| matches!(due.when, When::Stage(_)));
    staged.map(|due| due.label).try_for_each(|label| {
        demand(
            profile.stage_of(label).is_some(),
            || Place::Rule(rule.number),
            "AGR-69",
            || {
                let (act, name) = (name_of(rule.act), &profile.name);
                format!("the act {act} has to say {label}, and profile {name:?} does not have it; add it there")
            },
        )
    })
}

/// [AGR-12] [AGR-14] A basis serves the act; what it cites or what limits it is there.
fn check_basis(agreement: &Agreement, rule: &Rule, code: LegalBasis) -> Result<(), Flaw> {
    let place = || Place::Rule(rule.number);
    let (name, act) = (name_of(code), name_of(rule.act));
    let basis = Basis::of(code).filter(|basis| !basis.nonpersonal);
    demand(basis.is_some(), place, "AGR-12", || {
        format!("{name} is for stage 0, which every rule of a referral has; remove it from bases")
    })?;
    demand(basis.is_some_and(|basis| basis.serves(rule.act)), place, "AGR-12", || {
        format!("{name} cannot carry a {act}; remove it from bases, or change the rule's act")
    })?;
    demand(!basis.is_some_and(|basis| basis.article) || !agreement.articles.is_empty(), place, "AGR-14", || {
        format!("{name} needs an article to name, and the agreement lists none; add an article")
    })
}

/// [AGR-13] The catalogue is the ceiling: an agreement may only narrow it.
fn check_profile(rule: &Rule, profile: &Profile) -> Result<(), Flaw> {
    let stages = [(&profile.enquiry, 0), (&profile.need, 1), (&profile.identity, 2)];
    for (labels, stage) in stages {
        for label in labels {
            let ticked = profile.ticked.contains(label);
            demand(
                fits(label.cell(rule.receiver), stage, ticked),
                || Place::Label(profile.name.clone(), label.name().into()),
                "AGR-13",
                || ceiling(*label, rule),
            )?;
        }
    }
    Ok(())
}

fn fits(cell: Cell, stage: u32, ticked: bool) -> bool {
    match cell {
        Cell::Never => false,
        Cell::Enquiry => true,
        Cell::Need => stage >= 1,
        Cell::Identity | Cell::Asked => stage == 2,
        Cell::Ticked => stage == 2 && ticked,
        // Who rests on the law asks for no tick: ticked, it could never be sent.
        Cell::Law | Cell::Life => stage == 2 && !ticked,
    }
}

fn ceiling(label: Label, rule: &Rule) -> String {
    let (service, number) = (name_of(rule.receiver), rule.number);
    match label.cell(rule.receiver) {
        Cell::Never => format!("{label} must never go to {service} (rule {number}); remove it"),
        Cell::Enquiry | Cell::Need => {
            format!("{label} may go to {service} with the need at the earliest (rule {number}); move it to need")
        }
        Cell::Ticked => format!(
            "{label} may go to {service} only with the identity and her tick (rule {number}); put it under identity and under ticked"
        ),
        Cell::Identity | Cell::Asked => {
            format!(
                "{label} may go to {service} with the identity at the earliest (rule {number}); move it to identity"
            )
        }
        Cell::Law | Cell::Life => format!(
            "{label} may go to {service} only with the identity and by law, without a tick (rule {number}); put it under identity and not under ticked"
        ),
    }
}
