//! An agreement in sentences, for those who sign it.

use std::collections::BTreeSet;

use super::{Agreement, Profile, Rule, name_of};
use crate::{
    catalogue::{Label, written},
    wire::ServiceType,
};

/// What an agreement says, one sentence a rule, in the order in which people ask.
#[must_use]
pub fn summary(agreement: &Agreement) -> Vec<String> {
    let mut sentences = vec![heading(agreement)];
    sentences.extend(parties(agreement));
    sentences.extend(agreement.rules().map(|rule| rule_sentence(agreement, rule)));
    sentences.extend(
        agreement
            .timers()
            .iter()
            .map(|timer| format!("In a {}, {} is due within {}.", name_of(timer.act), name_of(timer.kind), timer.span)),
    );
    sentences.extend(agreement.decisions().iter().map(|decision| {
        format!("A decision on {} is made by {}.", name_of(decision.kind), services(&decision.issuers))
    }));
    sentences.extend(
        agreement
            .escalation()
            .iter()
            .map(|step| format!("What stays unanswered goes to {} after {}.", name_of(step.service_type), step.after)),
    );
    sentences.extend(agreement.articles().map(|article| {
        let doubt = if article.unverified { " (unverified)" } else { "" };
        format!("Article {}: {}{doubt}.", article.number, article.citation)
    }));
    sentences.extend(closing(agreement));
    sentences
}

fn heading(agreement: &Agreement) -> String {
    let (from, until) = (written(agreement.valid_from()), written(agreement.valid_until()));
    let demonstration =
        if agreement.is_demonstration() { " It is for demonstration with invented data only." } else { "" };
    format!(
        "\"{}\", version {}, allows openings from {from} until {until}.{demonstration}",
        agreement.title(),
        agreement.version()
    )
}

fn parties(agreement: &Agreement) -> impl Iterator<Item = String> {
    agreement.parties().map(|party| {
        let roles: Vec<&str> = party.roles.iter().map(String::as_str).collect();
        let asks = if roles.is_empty() { String::new() } else { format!(" It asks as {}.", roles.join(", ")) };
        let gives =
            if party.services.is_empty() { String::new() } else { format!(" It gives {}.", services(&party.services)) };
        format!("{} ({}) is a party.{asks}{gives}", party.name, party.organisation)
    })
}

fn rule_sentence(agreement: &Agreement, rule: &Rule) -> String {
    let bases: Vec<String> = rule.bases.iter().map(|basis| name_of(*basis)).collect();
    let bases = if bases.is_empty() { "no personal data at all".to_owned() } else { bases.join(" or ") };
    let collapsed =
        if rule.collapsed { " The first message may say who she is, where the basis allows it." } else { "" };
    let fields = agreement.profile(rule).map(fields).unwrap_or_default();
    format!(
        "Rule {}: as {}, a party may send a {} to {} on the basis of {bases}.{fields}{collapsed}",
        rule.number,
        rule.sender,
        name_of(rule.act),
        name_of(rule.receiver)
    )
}

fn fields(profile: &Profile) -> String {
    let parts = [
        ("Asking without a name", &profile.enquiry),
        ("With the need", &profile.need),
        ("With the identity", &profile.identity),
        ("Only if she ticks it", &profile.ticked),
        ("Beside answers", &profile.reply),
    ];
    let parts = parts.into_iter().filter(|(_, labels)| !labels.is_empty());
    let fields: String = parts.map(|(when, labels)| format!(" {when}: {}.", names(labels))).collect();
    let sealed = " Either side seals it to its own staff: whoever runs a machine there does not read it from the disk.";
    if profile.staff_only { fields + sealed } else { fields }
}

fn closing(agreement: &Agreement) -> Vec<String> {
    let (retention, witnesses) = (agreement.retention(), agreement.witnesses());
    let mut sentences = vec![format!(
        "After a trail ends, values are kept {} and events and labels {}.",
        retention.values, retention.evidence
    )];
    sentences.push(match (witnesses.number, witnesses.independent) {
        (0, _) => "No witness is demanded.".to_owned(),
        (number, false) => format!("Each checkpoint needs {number} cosignatures."),
        (number, true) => {
            format!("Each checkpoint needs {number} cosignatures by witnesses who are no party of the trail.")
        }
    });
    sentences.extend(agreement.auditors().map(|auditor| {
        let sees = if auditor.labels { "labels but no value" } else { "neither label nor value" };
        format!("{} ({}) may audit and sees {sees}.", auditor.name, auditor.organisation)
    }));
    sentences.push(String::from(
        "Every event that a person writes says who acted, in which role, and who approved it if somebody had to: as a \
         pseudonym that stands for that person in that one trail.",
    ));
    sentences.push(format!(
        "A new version needs the signatures of all its parties, and at least {} of these {} must stay.",
        agreement.threshold(),
        agreement.parties().count()
    ));
    sentences
}

fn services(services: &BTreeSet<ServiceType>) -> String {
    let words: Vec<String> = services.iter().map(|service| name_of(*service)).collect();
    words.join(" or ")
}

fn names(labels: &BTreeSet<Label>) -> String {
    let names: Vec<&str> = labels.iter().map(|label| label.name()).collect();
    names.join(", ")
}
