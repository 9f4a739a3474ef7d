//! What a verification comes to, and what the codes leave out.

use uput_core::verdict::{Conformance, Outcome, Report, YesNo};

use crate::exit::Exit;
use crate::output::Page;
use crate::trail::report::checks;

/// The verdicts in one line. [CLI-72]
pub(in crate::trail) fn headline(report: &Report) -> String {
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

/// Who signed what cannot both be true: before everything else, as all that follows rests on one of the two. [BUN-127]
fn contradicting(report: &Report) -> String {
    if Exit::from(report.exit) != Exit::Equivocation {
        return String::new();
    }
    let names: Vec<&str> = report.contradicting().iter().map(|organisation| organisation.name.as_str()).collect();
    format!("EQUIVOCATION BY {}: ", names.join(" AND "))
}

/// Writes how far it goes, what is proven of whom, and the verdicts.
pub(super) fn write(report: &Report, page: &mut Page) {
    for (title, sentences) in sections(report) {
        page.line("");
        page.line(title);
        sentences.iter().for_each(|sentence| page.line(format!("  {sentence}")));
    }
    page.line("");
    page.line("Verdict");
    verdict(report).iter().for_each(|line| page.line(format!("  {line}")));
}

/// How far it goes, what signatures prove of whom, and what the codes leave out; what is empty is left out.
pub(in crate::trail) fn sections(report: &Report) -> Vec<(&'static str, Vec<String>)> {
    let breaches = report.breaches.iter().map(|breach| {
        let proof = breach.proof.join(", ");
        format!("{} ({}): {} Proof: {proof}", breach.by.name, breach.requirement, breach.sentence)
    });
    let mut sections = vec![
        ("How far it goes", report.completeness.parties.iter().map(|party| party.sentence.clone()).collect()),
        ("Breaches that signatures prove", breaches.collect()),
        ("What this does not say", report.words.clone()),
    ];
    sections.retain(|(_, sentences): &(_, Vec<String>)| !sentences.is_empty());
    sections
}

/// What it comes to, line by line; reasons are indented.
pub(in crate::trail) fn verdict(report: &Report) -> Vec<String> {
    let mut lines = vec![format!("authentic      {}", yes_no(report.authentic))];
    let forged = report.checks.iter().filter(|check| check.outcome == Outcome::Failed);
    let forged = forged.filter(|_| report.authentic == YesNo::No).flat_map(|check| &check.problems);
    lines.extend(forged.map(|problem| format!("  {}", checks::describe(problem))));
    lines.push(format!("complete       {}", yes_no(report.completeness.complete)));
    lines.push(format!("conformant     {}", conformant(report.conformant.verdict)));
    lines.extend(report.conformant.reasons.iter().map(|reason| {
        let event = reason.event.as_ref().map(|event| format!(" (event {event})")).unwrap_or_default();
        format!("  {}: {}{event}", reason.requirement, reason.sentence)
    }));
    let met = if report.assurance.met == YesNo::Yes { "" } else { ": fewer witnesses than the trust file demands" };
    lines.push(format!("{}{met}", report.assurance.level.replace('_', " ")));
    lines.push(format!("  {}", report.assurance.sentence));
    let exit = Exit::from(report.exit);
    lines.push(format!("exit code {}: {}", exit.code(), exit.meaning()));
    lines
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
