//! The checks, one by one, and where each failed.

use uput_core::verdict::{Check, Exit, Outcome, Problem, Report};

use crate::output::Page;

/// Writes the checks.
pub(super) fn write(report: &Report, page: &mut Page) {
    page.line("");
    page.line("Checks");
    for check in &report.checks {
        page.line(format!("  {} {:<7} {}", outcome(check), check.requirement, check.sentence));
        for problem in &check.problems {
            page.line(format!("           {}", describe(problem)));
        }
        more(check).iter().for_each(|line| page.line(format!("           {line}")));
    }
}

/// What is not listed is counted. [BUN-102]
pub(in crate::trail) fn more(check: &Check) -> Option<String> {
    let left = check.count.saturating_sub(check.problems.len() as u64);
    (left > 0).then(|| format!("and {left} more of this check, which are not listed"))
}

/// A trail that documents a breach must never look like a failed verification.
pub(in crate::trail) fn outcome(check: &Check) -> &'static str {
    let documents = check.problems.iter().all(|problem| problem.exit == Exit::NotConformant);
    match check.outcome {
        Outcome::Passed => "passed ",
        Outcome::Failed if documents => "BREACH ",
        Outcome::Failed => "FAILED ",
        Outcome::NotCheckable => "unclear",
        Outcome::NotApplicable => "nothing",
    }
}

/// One problem: where, what, and its code.
pub(in crate::trail) fn describe(problem: &Problem) -> String {
    let place = place(problem);
    let at = if place.is_empty() { String::new() } else { format!("at {place}: ") };
    let code = problem.rejection.map(|code| format!(" ({code})")).unwrap_or_default();
    format!("{at}{}{code}", problem.sentence)
}

fn place(problem: &Problem) -> String {
    let place = &problem.place;
    let parts = [
        place.part.clone(),
        place.field.map(|field| format!("field {field}")),
        place.offset.map(|offset| format!("byte {offset}")),
        place.id.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
