//! What a verification comes to, and what the codes leave out.

use uput_core::verdict::{Conformance, Outcome, Report, YesNo};

use crate::exit::Exit;
use crate::output::Page;
use crate::trail::report::checks;

/// The verdicts in one line. [CLI-72]
pub(super) fn headline(report: &Report) -> String {
    let authentic = match report.authentic {
        YesNo::Yes => "AUTHENTIC",
        YesNo::No => "NOT AUTHENTIC",
    };
    let conformant = match report.conformant.verdict {
        Conformance::Yes => "CONFORMANT",
        Conformance::No => "NOT CONFORMANT",
        Conformance::NotCheckable => "CONFORMANCE NOT CHECKABLE",
    };
    let complete = match report.completeness.complete {
        YesNo::Yes => "COMPLETE",
        YesNo::No => "INCOMPLETE",
    };
    let level = report.assurance.level.replace('_', " ").to_uppercase();
    format!("{}{authentic}, {complete}, {conformant}, {level}", contradicting(report))
}

/// Who signed what cannot both be true: before everything else, as all that follows rests on one of the two. [BUN-80]
fn contradicting(report: &Report) -> String {
    if Exit::from(report.exit) != Exit::Equivocation {
        return String::new();
    }
    let mut names: Vec<&str> = report.breaches.iter().map(|breach| breach.by.name.as_str()).collect();
    names.dedup();
    format!("EQUIVOCATION BY {}: ", names.join(" AND "))
}

/// Writes how far it goes, what is proven of whom, and the verdicts.
pub(super) fn write(report: &Report, page: &mut Page) {
    section("How far it goes", report.completeness.parties.iter().map(|party| party.sentence.clone()), page);
    let breaches = report.breaches.iter().map(|breach| {
        let proof = breach.proof.join(", ");
        format!("{} ({}): {} Proof: {proof}", breach.by.name, breach.requirement, breach.sentence)
    });
    section("Breaches that signatures prove", breaches, page);
    section("What this does not say", report.words.iter().cloned(), page);
    page.line("");
    page.line("Verdict");
    page.line(format!("  authentic      {}", yes_no(report.authentic)));
    for check in report.checks.iter().filter(|check| report.authentic == YesNo::No && check.outcome == Outcome::Failed)
    {
        check.problems.iter().for_each(|problem| page.line(format!("    {}", checks::describe(problem))));
    }
    page.line(format!("  complete       {}", yes_no(report.completeness.complete)));
    page.line(format!("  conformant     {}", conformant(report.conformant.verdict)));
    for reason in &report.conformant.reasons {
        let event = reason.event.as_ref().map(|event| format!(" (event {event})")).unwrap_or_default();
        page.line(format!("    {}: {}{event}", reason.requirement, reason.sentence));
    }
    let met = if report.assurance.met == YesNo::Yes { "" } else { ": fewer witnesses than the trust file demands" };
    page.line(format!("  {}{met}", report.assurance.level.replace('_', " ")));
    page.line(format!("    {}", report.assurance.sentence));
    let exit = Exit::from(report.exit);
    page.line(format!("  exit code {}: {}", exit.code(), exit.meaning()));
}

fn section(title: &str, sentences: impl Iterator<Item = String>, page: &mut Page) {
    let mut sentences = sentences.peekable();
    if sentences.peek().is_none() {
        return;
    }
    page.line("");
    page.line(title);
    sentences.for_each(|sentence| page.line(format!("  {sentence}")));
}

const fn yes_no(answer: YesNo) -> &'static str {
    match answer {
        YesNo::Yes => "yes",
        YesNo::No => "NO",
    }
}

const fn conformant(verdict: Conformance) -> &'static str {
    match verdict {
        Conformance::Yes => "yes",
        Conformance::No => "NO",
        Conformance::NotCheckable => "not checkable",
    }
}
