//! A verdict as people read it: what happened, what was checked, what it comes to.
//!
//! Guarantees that nothing of a report is left out and nothing added: the sentences are the core's.

pub(super) mod checks;
pub(super) mod conclusion;
pub(super) mod timeline;

use uput_core::verdict::{AgreementShown, Report, Standing, YesNo};

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
    pairs(report, trust).iter().for_each(|(name, value)| page.pair(name, value));
}

/// The same, by name.
pub(super) fn pairs(report: &Report, trust: &str) -> Vec<(&'static str, String)> {
    let mut pairs = vec![("trail", report.trail.clone().unwrap_or_else(|| "cannot be read".to_owned()))];
    if let Some(exported) = &report.exported {
        let time = moment::local(exported.time);
        let purpose = label::shown("purpose", &exported.purpose);
        pairs.push(("exported", format!("by {} for {purpose}, {time} by its clock", exported.by.name)));
    }
    pairs.push(("trust file", format!("{trust}, made by {}", report.trust.made_by)));
    pairs.push(("  digest", report.trust.digest.clone()));
    report.agreement.iter().for_each(|agreement| pairs.extend(agreed(agreement)));
    report.standing.iter().for_each(|standing| pairs.extend(stands(standing)));
    pairs
}

fn agreed(agreement: &AgreementShown) -> Vec<(&'static str, String)> {
    let trusted = if agreement.trusted == YesNo::Yes { "" } else { "; the trust file does not name it" };
    let mut pairs = vec![
        ("agreement", format!("{}, version {}{trusted}", agreement.title, agreement.version)),
        ("  ID", agreement.id.clone()),
    ];
    if agreement.demonstration {
        pairs.push(("", "for demonstration with invented data only".to_owned()));
    }
    pairs
}

fn stands(standing: &Standing) -> Vec<(&'static str, String)> {
    let open = if standing.live { "open" } else { "ended" };
    let stage = ["enquiry", "need", "identity"].get(standing.stage as usize).copied().unwrap_or("unknown");
    let headline = label::shown("headline", &standing.headline);
    let mut pairs = vec![("stands at", format!("{headline} ({open}); disclosed: {}", label::shown("stage", stage)))];
    if standing.epoch > 0 {
        pairs.push(("reopened", format!("{} times", standing.epoch)));
    }
    let responsible: Vec<_> = standing.responsible.iter().map(|party| party.name.as_str()).collect();
    pairs.push(("responsible", responsible.join(", ")));
    pairs.extend(standing.owed.iter().map(|event| ("to purge", format!("values of event {event}"))));
    pairs
}
