//! The part of an agreement on which a mechanism rests, and the agreement without it.

use std::fmt;

use serde::Deserialize;
use toml::{Table, Value};

use crate::failed::{Failed, Outcome};

/// A part of an agreement.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub enum Part {
    /// The rule with that number.
    Rule(i64),
    /// The timer of an act and a step.
    Timer(String, String),
    /// Who may make a decision of that type.
    Decision(String),
    /// The step of the ladder to that service.
    Escalation(String),
    /// A label of a profile, at whatever stage, with its tick.
    Label(String, String),
    /// A basis of the rule with that number.
    Basis(i64, String),
}

impl Part {
    /// The rules that one can delete of an agreement, one at a time: one at least must stay.
    #[must_use]
    pub fn rules(agreement: &Table) -> Vec<i64> {
        let rules = agreement.get("rule").and_then(Value::as_array).into_iter().flatten();
        let numbers: Vec<i64> = rules.filter_map(|rule| rule.get("number")?.as_integer()).collect();
        if numbers.len() > 1 { numbers } else { Vec::new() }
    }

    /// Whether it stands in that rule, or in the profile that the rule names: without the rule it is not there either.
    #[must_use]
    pub fn stands_in(&self, number: i64, agreement: &Table) -> bool {
        let rules = agreement.get("rule").and_then(Value::as_array).into_iter().flatten();
        let names = |profile: &str| rules.clone().any(|rule| is_number(rule, number) && is(rule, "profile", profile));
        match self {
            Self::Rule(own) | Self::Basis(own, _) => *own == number,
            Self::Label(profile, _) => names(profile),
            Self::Timer(..) | Self::Decision(_) | Self::Escalation(_) => false,
        }
    }

    /// Takes it out.
    ///
    /// # Errors
    /// If it is not there.
    pub fn delete(&self, agreement: &mut Table) -> Outcome<()> {
        let before = agreement.clone();
        match self {
            Self::Rule(number) => drop_from(agreement, "rule", |rule| is_number(rule, *number)),
            Self::Timer(act, step) => {
                drop_from(agreement, "timer", |timer| is(timer, "act", act) && is(timer, "step", step));
            }
            Self::Decision(kind) => drop_from(agreement, "decision", |decision| is(decision, "type", kind)),
            Self::Escalation(service) => drop_from(agreement, "escalation", |step| is(step, "service", service)),
            Self::Label(profile, label) => drop_label(agreement, profile, label),
            Self::Basis(number, basis) => drop_basis(agreement, *number, basis),
        }
        if *agreement == before {
            return Err(Failed::because(format!("the agreement has no {self}")));
        }
        Ok(())
    }
}

fn drop_from(agreement: &mut Table, list: &str, fits: impl Fn(&Value) -> bool) {
    if let Some(entries) = agreement.get_mut(list).and_then(Value::as_array_mut) {
        entries.retain(|entry| !fits(entry));
    }
}

fn drop_label(agreement: &mut Table, profile: &str, label: &str) {
    let profile = agreement.get_mut("profile").and_then(|profiles| profiles.get_mut(profile));
    for labels in
        profile.and_then(Value::as_table_mut).into_iter().flatten().filter_map(|(_, list)| list.as_array_mut())
    {
        labels.retain(|entry| entry.as_str() != Some(label));
    }
}

fn drop_basis(agreement: &mut Table, number: i64, basis: &str) {
    let rules = agreement.get_mut("rule").and_then(Value::as_array_mut).into_iter().flatten();
    for bases in rules.filter(|rule| is_number(rule, number)).filter_map(|rule| rule.get_mut("bases")?.as_array_mut()) {
        bases.retain(|entry| entry.as_str() != Some(basis));
    }
}

fn is(entry: &Value, key: &str, word: &str) -> bool {
    entry.get(key).and_then(Value::as_str) == Some(word)
}

fn is_number(rule: &Value, number: i64) -> bool {
    rule.get("number").and_then(Value::as_integer) == Some(number)
}

impl TryFrom<String> for Part {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words: Vec<&str> = text.split(' ').collect();
        let number = |word: &str| word.parse().map_err(|_| format!("{text:?} names no number"));
        Ok(match words.as_slice() {
            ["rule", rule] => Self::Rule(number(rule)?),
            ["timer", act, step] => Self::Timer((*act).into(), (*step).into()),
            ["decision", kind] => Self::Decision((*kind).into()),
            ["escalation", service] => Self::Escalation((*service).into()),
            ["label", label, "of", profile] => Self::Label((*profile).into(), (*label).into()),
            ["basis", basis, "of", "rule", rule] => Self::Basis(number(rule)?, (*basis).into()),
            _ => return Err(format!("{text:?} is no part of an agreement")),
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(number) => write!(f, "rule {number}"),
            Self::Timer(act, step) => write!(f, "timer {act} {step}"),
            Self::Decision(kind) => write!(f, "decision {kind}"),
            Self::Escalation(service) => write!(f, "escalation {service}"),
            Self::Label(profile, label) => write!(f, "label {label} of {profile}"),
            Self::Basis(number, basis) => write!(f, "basis {basis} of rule {number}"),
        }
    }
}
