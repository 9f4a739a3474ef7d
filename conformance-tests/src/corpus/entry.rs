//! One folder of the corpus: a bundle, a trust file, and what they come to.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::failed::Outcome;

/// A folder with what is expected of it.
#[derive(Debug)]
pub struct Entry {
    /// Its name, which is the sentence.
    pub name: String,
    pub(super) folder: PathBuf,
    pub(super) expected: Expected,
}

/// `expected.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    sentence: String,
    base: String,
    exit_code: i64,
    pub(super) requirement: Option<String>,
    outcome: Option<String>,
    rejection: Option<String>,
    place: Value,
    reason: String,
    also: Vec<Also>,
    pub(super) breaks: Vec<String>,
}

/// What fails besides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Also {
    requirement: String,
    why: String,
}

impl Entry {
    /// Every folder, by name.
    pub(super) fn all(corpus: &Path) -> Outcome<Vec<Self>> {
        let mut entries = Vec::new();
        for folder in std::fs::read_dir(corpus)? {
            let folder = folder?.path();
            if folder.is_dir() {
                let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let expected = serde_json::from_slice(&std::fs::read(folder.join("expected.json"))?)?;
                entries.push(Self { name, folder, expected });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Whether nothing is wrong with it.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.expected.exit_code == 0
    }

    /// Whether the program has a verdict on it, and not only a complaint about the trust file.
    fn is_judged(&self) -> bool {
        self.expected.exit_code != 1
    }

    /// What the report says otherwise than it must.
    pub(super) fn complaint(&self, report: &Value) -> Option<String> {
        let expected = &self.expected;
        if self.is_shapeless() {
            return Some(String::from("its words are missing, or its name is not its sentence"));
        }
        let codes = [&report["exit_code"], &report["ended"]].map(Value::as_i64);
        if codes != [Some(expected.exit_code); 2] {
            return Some(format!("exit code {codes:?}, not {}", expected.exit_code));
        }
        if !self.is_judged() {
            let reason = report.pointer("/error/reason").and_then(Value::as_str);
            return (reason != expected.rejection.as_deref()).then(|| format!("refused with {reason:?}"));
        }
        let failed = failed(report);
        let (mut names, mut all): (Vec<_>, Vec<_>) =
            (failed.iter().map(|check| check.requirement).collect(), self.all_requirements());
        names.sort_unstable();
        all.sort_unstable();
        if names != all {
            return Some(format!("{names:?} fail, not {all:?}"));
        }
        let own = failed.iter().find(|check| Some(check.requirement) == expected.requirement.as_deref());
        let (outcome, rejection) = own.map_or((None, None), |own| (own.outcome, own.rejection));
        if (outcome, rejection) != (expected.outcome.as_deref(), expected.rejection.as_deref()) {
            return Some(format!("{outcome:?} with {rejection:?}"));
        }
        None
    }

    /// The one that fails, and those that must fail with it.
    fn all_requirements(&self) -> Vec<&str> {
        let also = self.expected.also.iter().map(|also| also.requirement.as_str());
        also.chain(self.expected.requirement.as_deref()).collect()
    }

    /// Whether a reader would miss something.
    fn is_shapeless(&self) -> bool {
        let expected = &self.expected;
        let name = expected.sentence.replace(' ', "-").replace(['\'', ',', ':'], "");
        let silent = [&expected.reason, &expected.base].iter().any(|text| text.is_empty());
        let wrong = expected.requirement.is_some();
        let placed = expected.place.is_object() == (wrong && self.is_judged());
        let listed = expected.breaks.is_empty() != wrong;
        silent || name != self.name || !placed || !listed || expected.also.iter().any(|also| also.why.is_empty())
    }
}

/// A check that something speaks against.
struct Failing<'a> {
    requirement: &'a str,
    outcome: Option<&'a str>,
    rejection: Option<&'a str>,
}

fn failed(report: &Value) -> Vec<Failing<'_>> {
    let checks = report["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let failing = checks.iter().filter_map(|check| {
        let first = check["problems"].as_array()?.first()?;
        let (outcome, rejection) = (check["outcome"].as_str(), first["rejection"].as_str());
        Some(Failing { requirement: check["requirement"].as_str()?, outcome, rejection })
    });
    failing.collect()
}
