//! A verdict as people read it: what happened, what was checked, what it comes to.
//!
//! Guarantees that nothing of a report is left out and nothing added: the sentences are the core's.

mod checks;
mod conclusion;
mod timeline;

use uput_core::verdict::{Report, YesNo};

use crate::label;
use crate::moment;
use crate::output::Page;

/// Writes the whole report.
pub(crate) fn write(report: &Report, trust: &str, page: &mut Page) {
    page.line(conclusion::headline(report));
    page.line("");
    subject(report, trust, page);
    timeline::write(report, page);
    checks::write(report, page);
    conclusion::write(report, page);
}

/// What was verified, and by whose word.
fn subject(report: &Report, trust: &str, page: &mut Page) {
    page.pair("trail", report.trail.as_deref().unwrap_or("cannot be read"));
    if let Some(exported) = &report.exported {
        let time = moment::local(exported.time);
        page.pair(
            "exported",
            format!("by {} for {}, {time} by its clock", exported.by.name, label::shown("purpose", &exported.purpose)),
        );
    }
    page.pair("trust file", format!("{trust}, made by {}", report.trust.made_by));
    page.pair("  digest", &report.trust.digest);
    if let Some(agreement) = &report.agreement {
        let trusted = if agreement.trusted == YesNo::Yes { "" } else { "; the trust file does not name it" };
        page.pair("agreement", format!("{}, version {}{trusted}", agreement.title, agreement.version));
        page.pair("  ID", &agreement.id);
        if agreement.demonstration {
            page.pair("", "for demonstration with invented data only");
        }
    }
    if let Some(standing) = &report.standing {
        let open = if standing.live { "open" } else { "ended" };
        let stage = ["enquiry", "need", "identity"].get(standing.stage as usize).copied().unwrap_or("unknown");
        page.pair(
            "stands at",
            format!(
                "{} ({open}); disclosed: {}",
                label::shown("headline", &standing.headline),
                label::shown("stage", stage)
            ),
        );
        if standing.epoch > 0 {
            page.pair("reopened", format!("{} times", standing.epoch));
        }
        let responsible: Vec<_> = standing.responsible.iter().map(|party| party.name.as_str()).collect();
        page.pair("responsible", responsible.join(", "));
        standing.owed.iter().for_each(|event| page.pair("to purge", format!("values of event {event}")));
    }
}
