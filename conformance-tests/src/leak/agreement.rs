//! An agreement that lets as much travel as the catalogue allows at all: every label, to every kind of service.

use toml::{Table, Value};

use super::canary::{Catalogue, Row};
use crate::failed::{Failed, Outcome};

const HEAD: &str = r#"
title = "Everything that the catalogue allows, between two invented organisations"
version = 1
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
grain = 1
demonstration = true
article = [{ number = 1, citation = "An invented duty to report (article not checked)", unverified = true }]
decision = [{ type = "placement", issuers = ["social_work"] }]
timer = [{ act = "referral", step = "answer", within = "10 min" }]

[party.hotline]
organisation = "peer:self"
name = "Hotline Breza (invented)"
roles = ["hotline"]
services = ["hotline"]

[party.shelter_jasen]
organisation = "peer:shelter-jasen"
name = "House Jasen (invented)"
roles = ["shelter"]

[retention]
values = "30 d"
evidence = "3650 d"

[amendment]
threshold = 2
"#;

/// The one kind of service that the hotline gives itself, so that the other side asks for once.
pub(super) const OWN: &str = "hotline";

/// Kinds of service that may be told at once, without an answer. [BAS-4]
const AUTHORITIES: [&str; 3] = ["police", "social_work", "child_protection"];

/// Its source.
pub(super) fn source(catalogue: &Catalogue) -> Outcome<String> {
    let mut source: Table = toml::from_str(HEAD)?;
    let services = catalogue.services();
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    let theirs = services.iter().filter(|service| **service != OWN).map(|service| Value::from(*service)).collect();
    let party = source.get_mut("party").and_then(|party| party.get_mut("shelter_jasen"));
    let party = party.and_then(Value::as_table_mut).ok_or_else(|| Failed::because("no second party"))?;
    party.insert("services".to_owned(), Value::Array(theirs));
    let profiles: Table = services.iter().map(|service| ((*service).to_owned(), profile(catalogue, service))).collect();
    source.insert("profile".to_owned(), Value::Table(profiles));
    let mut rules = Vec::new();
    for service in services {
        let sender = if service == OWN { "shelter" } else { "hotline" };
        rules.push(("referral", sender, service));
        if AUTHORITIES.contains(&service) {
            rules.push(("notification", sender, service));
        }
    }
    let numbered = (1_i64..).zip(rules).map(|(number, what)| rule(number, what)).collect();
    source.insert("rule".to_owned(), Value::Array(numbered));
    toml::to_string(&source).map_err(|error| Failed::because(error.to_string()))
}

/// Everything that a kind of service may have, at the earliest.
fn profile(catalogue: &Catalogue, service: &str) -> Value {
    let list = |wanted: &dyn Fn(&Row) -> bool| {
        Value::Array(catalogue.rows().filter(|row| wanted(row)).map(|row| Value::from(row.label.as_str())).collect())
    };
    let at = |cells: &'static [&'static str]| move |row: &Row| cells.contains(&row.cell(service));
    let mut profile = Table::new();
    profile.insert("enquiry".to_owned(), list(&at(&["0"])));
    profile.insert("need".to_owned(), list(&at(&["1"])));
    profile.insert("identity".to_owned(), list(&at(&["2", "tick", "asked", "law", "life"])));
    profile.insert("ticked".to_owned(), list(&at(&["tick", "asked"])));
    profile.insert("reply".to_owned(), list(&|row| row.beside.contains("reply")));
    Value::Table(profile)
}

fn rule(number: i64, (act, sender, service): (&str, &str, &str)) -> Value {
    let bases: &[&str] = match act {
        "referral" => &["explicit_consent", "guardian_consent", "child_best_interests", "public_task_decision"],
        _ => &["legal_duty", "vital_interests", "public_task_decision"],
    };
    let mut rule = Table::new();
    rule.insert("number".to_owned(), Value::Integer(number));
    for (key, value) in [("act", act), ("sender", sender), ("receiver", service), ("profile", service)] {
        rule.insert(key.to_owned(), Value::from(value));
    }
    rule.insert("bases".to_owned(), Value::Array(bases.iter().map(|basis| Value::from(*basis)).collect()));
    if act == "notification" {
        rule.insert("collapsed".to_owned(), Value::Boolean(true));
    }
    Value::Table(rule)
}
