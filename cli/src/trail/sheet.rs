//! A verdict as a page that one can print and hand to a court.
//!
//! Guarantees one file that asks nobody for anything, without scripts, with every text escaped; the same bytes for the
//! same bundle, trust file, language and time zone; the sentences of the other answers, and values only where the
//! exporter opened them. [CLI-75] The page proves nothing: the bundle does, and the page says where that is checked.

mod drawing;

use std::path::Path;

use askama::Template;
use uput_core::verdict::{Check, Conformance, Deadline, Entry, Exit, Outcome, Problem, Report};

use self::drawing::Drawing;
use crate::document::Target;
use crate::exit::Exit as Code;
use crate::failure::Failure;
use crate::output::clean;
use crate::reading;
use crate::request::hex;
use crate::trail::report::{self, checks, conclusion, timeline};

/// Everything that stands on the page.
#[derive(Template)]
#[template(path = "trail.html")]
struct Sheet {
    headline: String,
    class: &'static str,
    pairs: Vec<(String, String)>,
    drawing: Drawing,
    events: Vec<Said>,
    timers: Vec<Line>,
    checks: Vec<Checked>,
    sections: Vec<(&'static str, Vec<String>)>,
    verdict: Vec<String>,
    digest: String,
    version: &'static str,
}

/// One event.
struct Said {
    heading: String,
    void: bool,
    details: Vec<(String, String)>,
}

/// A sentence about a timer.
struct Line {
    class: &'static str,
    text: String,
}

/// One check.
struct Checked {
    class: &'static str,
    outcome: &'static str,
    requirement: &'static str,
    sentence: &'static str,
    problems: Vec<String>,
}

/// Writes the page into a new file.
pub(super) fn write(report: &Report, bundle: &[u8], trust: &str, to: &Path) -> Result<(), Failure> {
    let page = Sheet::of(report, bundle, trust).render();
    let page = page.map_err(|_| Failure::new(Code::Failed, "INTERNAL", "the page cannot be written"))?;
    Target::file(to).write(page.as_bytes())
}

impl Sheet {
    fn of(report: &Report, bundle: &[u8], trust: &str) -> Self {
        let pairs = report::pairs(report, trust).into_iter().filter(|(_, value)| !value.is_empty());
        let happened = report.checks.iter().filter(|check| check.outcome != Outcome::NotApplicable);
        let sections = conclusion::sections(report).into_iter();
        Self {
            headline: clean(&conclusion::headline(report)),
            class: of_exit(report.exit),
            pairs: pairs.map(|(name, value)| (name.trim().to_owned(), clean(&value))).collect(),
            drawing: Drawing::of(report),
            events: report.timeline.iter().map(said).collect(),
            timers: report.deadlines.iter().map(timer).collect(),
            checks: happened.map(checked).collect(),
            sections: sections.map(|(title, all)| (title, all.iter().map(|text| clean(text)).collect())).collect(),
            verdict: conclusion::verdict(report).iter().map(|line| clean(line)).collect(),
            // [CLI-132]
            digest: if reading::is_whole(bundle) { digest(bundle) } else { reading::NOT_WHOLE.to_owned() },
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

fn said(entry: &Entry) -> Said {
    let details = timeline::details(entry).into_iter();
    Said {
        heading: clean(&timeline::heading(entry)),
        void: entry.void.is_some(),
        details: details.map(|(name, text)| (clean(&name), clean(&text))).collect(),
    }
}

fn timer(deadline: &Deadline) -> Line {
    let text = clean(&format!("{}; owed by {}", deadline.sentence, deadline.owed_by.name));
    Line { class: of_delay(deadline.verdict), text }
}

fn checked(check: &Check) -> Checked {
    let outcome = checks::outcome(check).trim();
    Checked {
        class: if outcome == "passed" { "good" } else { of_problems(&check.problems) },
        outcome,
        requirement: check.requirement,
        sentence: check.sentence,
        problems: check.problems.iter().map(|one| clean(&checks::describe(one))).chain(checks::more(check)).collect(),
    }
}

/// A trail that documents a breach must never look like a failed verification.
fn of_problems(problems: &[Problem]) -> &'static str {
    if problems.iter().all(|problem| problem.exit == Exit::NotConformant) { "breach" } else { "bad" }
}

const fn of_exit(exit: Exit) -> &'static str {
    match exit {
        Exit::Valid => "good",
        Exit::NotConformant => "breach",
        Exit::NotAuthentic | Exit::UnknownSigner | Exit::Equivocation | Exit::Incomplete => "bad",
    }
}

/// Late on somebody else's clock is no fact against anybody.
const fn of_delay(verdict: Option<Conformance>) -> &'static str {
    match verdict {
        Some(Conformance::No) => "late",
        Some(_) => "doubt",
        None => "kept",
    }
}

/// SHA-256, in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}
