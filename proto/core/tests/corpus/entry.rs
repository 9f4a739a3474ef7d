//! One bundle, one trust file, and what they must come to.

use std::sync::OnceLock;

use serde_json::{Value, json};
use uput_core::{
    trust::TrustFile,
    verdict::{Check, Outcome, Report, verify},
};

use crate::sample::World;

/// A folder of the corpus.
pub(crate) struct Entry {
    /// The sentence.
    pub(crate) name: &'static str,
    base: &'static str,
    exit: u8,
    requirement: Option<&'static str>,
    outcome: Option<Outcome>,
    rejection: Option<&'static str>,
    breaks: &'static [&'static str],
    reason: &'static str,
    also: Vec<(&'static str, &'static str)>,
    trust: TrustFile,
    /// A trust file that does not parse stands here as text.
    source: Option<String>,
    pub(crate) bundle: Vec<u8>,
    report: OnceLock<Report>,
}

impl Entry {
    /// A valid bundle by the trust file of the world; the reason says why it is right.
    pub(crate) fn new(name: &'static str, reason: &'static str, world: &World, bundle: Vec<u8>) -> Self {
        Self {
            name,
            base: "an enquiry that was held",
            exit: 0,
            requirement: None,
            outcome: None,
            rejection: None,
            breaks: &[],
            reason,
            also: Vec::new(),
            trust: world.trust(),
            source: None,
            bundle,
            report: OnceLock::new(),
        }
    }

    /// The story that was changed.
    pub(crate) fn of(self, base: &'static str) -> Self {
        Self { base, ..self }
    }

    /// Exit code, the requirement of bundle.md that fails, the code of rejections.tsv or nothing.
    pub(crate) fn fails(self, exit: u8, requirement: &'static str, rejection: &'static str) -> Self {
        let rejection = Some(rejection).filter(|rejection| !rejection.is_empty());
        Self { exit, requirement: Some(requirement), outcome: Some(Outcome::Failed), rejection, ..self }
    }

    /// It cannot be checked whether this is kept.
    pub(crate) fn doubts(self, requirement: &'static str) -> Self {
        Self { exit: 14, requirement: Some(requirement), outcome: Some(Outcome::NotCheckable), ..self }
    }

    /// What other requirements the change breaks, in every document.
    pub(crate) fn breaks(self, breaks: &'static [&'static str]) -> Self {
        Self { breaks, ..self }
    }

    /// What fails besides, and why it must.
    pub(crate) fn also(mut self, requirement: &'static str, why: &'static str) -> Self {
        self.also.push((requirement, why));
        self
    }

    /// The same by another trust file.
    pub(crate) fn trusting(mut self, change: impl FnOnce(&mut TrustFile)) -> Self {
        change(&mut self.trust);
        self
    }

    /// By a trust file that cannot be read: no verdict.
    pub(crate) fn by_source(self, source: String) -> Self {
        let requirement = Some("BUN-61");
        Self { exit: 1, requirement, rejection: Some("BAD_SOURCE"), source: Some(source), ..self }
    }

    /// The trust file.
    pub(crate) fn trust(&self) -> String {
        self.source.clone().unwrap_or_else(|| self.trust.to_toml())
    }

    /// `expected.json`.
    pub(crate) fn expected(&self) -> String {
        let also = self.also.iter().map(|(requirement, why)| json!({ "requirement": requirement, "why": why }));
        let mut breaks: Vec<&str> = self.breaks.iter().copied().chain(self.requirement).collect();
        breaks.extend(self.also.iter().map(|(requirement, _)| requirement));
        breaks.sort_unstable();
        breaks.dedup();
        let text = serde_json::to_string_pretty(&json!({
            "sentence": self.name,
            "base": self.base,
            "exit_code": self.exit,
            "requirement": self.requirement,
            "outcome": self.outcome,
            "rejection": self.rejection,
            "place": self.place(),
            "reason": self.reason,
            "also": also.collect::<Vec<_>>(),
            "breaks": if self.exit == 0 { Vec::new() } else { breaks },
        }));
        text.unwrap() + "\n"
    }

    /// Where this verifier sees the fault.
    fn place(&self) -> Value {
        if self.source.is_some() {
            return Value::Null;
        }
        let report = self.report();
        let check = report.checks.iter().find(|check| Some(check.requirement) == self.requirement);
        let problem = check.and_then(|check| check.problems.first());
        problem.map_or(Value::Null, |problem| serde_json::to_value(&problem.place).unwrap())
    }

    fn report(&self) -> &Report {
        self.report.get_or_init(|| verify(&self.bundle, &self.trust))
    }

    /// What differs from what is expected.
    pub(crate) fn complaint(&self) -> Option<String> {
        if let Some(source) = &self.source {
            return TrustFile::parse(source).is_ok().then(|| format!("{}: the trust file parses", self.name));
        }
        let report = self.report();
        let failed: Vec<&Check> = report.checks.iter().filter(|check| !check.problems.is_empty()).collect();
        let mut expected: Vec<&str> = self.also.iter().map(|also| also.0).chain(self.requirement).collect();
        expected.sort_by_key(|requirement| report.checks.iter().position(|check| check.requirement == *requirement));
        let own = failed.iter().find(|check| Some(check.requirement) == self.requirement);
        let same = report.exit.code() == self.exit
            && failed.iter().map(|check| check.requirement).collect::<Vec<_>>() == expected
            && own.map(|check| check.outcome) == self.outcome
            && own.and_then(|check| check.problems[0].rejection) == self.rejection;
        (!same).then(|| format!("{}: exit {}, {}", self.name, report.exit.code(), said(&failed)))
    }
}

fn said(failed: &[&Check]) -> String {
    let problems = |check: &Check| {
        let one = |rejection: Option<&str>, sentence: &str| format!("{} {sentence}", rejection.unwrap_or(""));
        let all = check.problems.iter().map(|problem| one(problem.rejection, &problem.sentence));
        format!("{} {:?} [{}]", check.requirement, check.outcome, all.collect::<Vec<_>>().join(" | "))
    };
    failed.iter().map(|check| problems(check)).collect::<Vec<_>>().join("; ")
}
