//! The TOML that people read beside the paper it stands for. [AGR-1]

use std::{collections::BTreeMap, fmt, ops::Range};

use serde::Deserialize;
use toml::Spanned;

/// What is wrong with a source: where, which requirement, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// Of `specs/agreement.md`.
    pub requirement: &'static str,
    /// What is wrong, and what to do.
    pub sentence: String,
}

/// A source as it is written; nothing in it is checked but its shape.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) title: Spanned<String>,
    pub(super) version: Spanned<u32>,
    pub(super) previous: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) gives_up: Vec<Spanned<String>>,
    pub(super) valid_from: Spanned<toml::value::Datetime>,
    pub(super) valid_until: Spanned<toml::value::Datetime>,
    pub(super) grain: Spanned<u32>,
    #[serde(default)]
    pub(super) demonstration: bool,
    #[serde(default)]
    pub(super) party: BTreeMap<String, Spanned<PartySource>>,
    #[serde(default)]
    pub(super) profile: BTreeMap<String, Spanned<ProfileSource>>,
    #[serde(default)]
    pub(super) rule: Vec<Spanned<RuleSource>>,
    #[serde(default)]
    pub(super) article: Vec<Spanned<ArticleSource>>,
    #[serde(default)]
    pub(super) timer: Vec<Spanned<TimerSource>>,
    #[serde(default)]
    pub(super) decision: Vec<Spanned<DecisionSource>>,
    #[serde(default)]
    pub(super) escalation: Vec<Spanned<EscalationSource>>,
    pub(super) retention: Spanned<RetentionSource>,
    pub(super) witnesses: Option<Spanned<WitnessSource>>,
    #[serde(default)]
    pub(super) auditor: BTreeMap<String, Spanned<AuditorSource>>,
    pub(super) amendment: Spanned<AmendmentSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartySource {
    pub(super) organisation: Spanned<String>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    pub(super) services: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) suspended: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileSource {
    #[serde(default)]
    pub(super) enquiry: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) need: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) identity: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) ticked: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) reply: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) staff_only: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSource {
    pub(super) number: u32,
    pub(super) act: Spanned<String>,
    pub(super) sender: String,
    pub(super) receiver: Spanned<String>,
    pub(super) profile: String,
    #[serde(default)]
    pub(super) bases: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) collapsed: bool,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) unverified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArticleSource {
    pub(super) number: u32,
    pub(super) citation: String,
    #[serde(default)]
    pub(super) unverified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimerSource {
    pub(super) act: Spanned<String>,
    pub(super) step: Spanned<String>,
    pub(super) within: Spanned<String>,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) unverified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionSource {
    #[serde(rename = "type")]
    pub(super) kind: Spanned<String>,
    pub(super) issuers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) unverified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EscalationSource {
    pub(super) service: Spanned<String>,
    pub(super) after: Spanned<String>,
    #[serde(default)]
    pub(super) acts: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) timers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) unverified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionSource {
    pub(super) values: Spanned<String>,
    pub(super) evidence: Spanned<String>,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) unverified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WitnessSource {
    pub(super) number: u32,
    #[serde(default)]
    pub(super) independent: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditorSource {
    pub(super) organisation: Spanned<String>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) labels: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AmendmentSource {
    pub(super) threshold: u32,
}

impl Source {
    /// Reads TOML of this shape. [AGR-2]
    pub(super) fn read(text: &str) -> Result<Self, SourceError> {
        toml::from_str(text).map_err(|error| {
            let sentence = format!("{}; correct it or take it out", error.message().trim());
            SourceError::at(text, error.span().unwrap_or_default(), "AGR-2", sentence)
        })
    }
}

impl SourceError {
    pub(super) fn at(text: &str, span: Range<usize>, requirement: &'static str, sentence: String) -> Self {
        let (line, column) = position(text, span.start);
        Self { line, column, requirement, sentence }
    }
}

/// Line and column of a byte, from 1.
pub(super) fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {} [{}]", self.line, self.column, self.sentence, self.requirement)
    }
}

impl std::error::Error for SourceError {}
