//! From a decoded document to an agreement: every bound, every reference.

mod bound;
mod duty;
mod party;
mod profile;
mod rule;

use std::collections::BTreeSet;

use super::{Agreement, Flaw, Place, flaw::demand};
use crate::{id::AgreementId, time::Grain, wire};
use bound::{LONGEST_TITLE, is_line, time};
use duty::{read_articles, read_decisions, read_escalation, read_retention, read_timers, read_witnesses};
use party::{check_auditors, read_auditors, read_parties};
use profile::read_profiles;
use rule::{check_rule, check_rules_differ, read_rules};

/// How many versions one gives up at most. [AGR-75]
const MOST_GIVEN_UP: usize = 16;

/// Reads a document, or says the first thing that is wrong with it.
pub(super) fn read(id: AgreementId, document: wire::Agreement) -> Result<Agreement, Flaw> {
    let agreement = Agreement {
        id,
        previous: read_previous(&document)?,
        gives_up: read_gives_up(&document)?,
        valid_from: time(document.valid_from, "valid_from")?,
        valid_until: time(document.valid_until, "valid_until")?,
        grain: read_grain(&document)?,
        demonstration: document.demonstration,
        parties: read_parties(&document.parties)?,
        articles: read_articles(&document.articles)?,
        profiles: read_profiles(&document.profiles)?,
        rules: read_rules(&document.rules)?,
        timers: read_timers(&document.timers)?,
        decisions: read_decisions(&document.decisions)?,
        escalation: read_escalation(&document.escalation)?,
        retention: read_retention(document.retention)?,
        witnesses: read_witnesses(document.witnesses)?,
        auditors: read_auditors(&document.auditors)?,
        threshold: document.amendment.map(|amendment| amendment.threshold).unwrap_or_default(),
        title: document.title,
        version: document.version,
    };
    check_top(&agreement)?;
    check_auditors(&agreement)?;
    agreement.rules().try_for_each(|rule| check_rule(&agreement, rule))?;
    check_rules_differ(&agreement)?;
    Ok(agreement)
}

/// [AGR-4] Title, version, validity, amendment.
fn check_top(agreement: &Agreement) -> Result<(), Flaw> {
    let title = &agreement.title;
    demand(
        is_line(title, LONGEST_TITLE),
        || Place::Top("title"),
        "AGR-4",
        || format!("the title must be one line of 1 to {LONGEST_TITLE} characters; give it one"),
    )?;
    demand(
        agreement.valid_from < agreement.valid_until,
        || Place::Top("valid_until"),
        "AGR-4",
        || "valid_until must be later than valid_from; choose a later time".into(),
    )?;
    let parties = agreement.parties.len();
    let signing = agreement.signing().count();
    let threshold = usize::try_from(agreement.threshold).unwrap_or(usize::MAX);
    demand(
        threshold > parties / 2 && threshold <= signing,
        || Place::Top("amendment"),
        "AGR-16",
        || {
            format!(
                "amendment.threshold must be more than half of the {parties} parties, and at most the {signing} that are not suspended"
            )
        },
    )?;
    // [AGR-30] Two must be left who are bound.
    demand(
        signing >= 2 && (agreement.version > 1 || signing == parties),
        || Place::Document,
        "AGR-30",
        || "only a later version can suspend a party, and two must stay; correct suspended".into(),
    )
}

fn read_previous(document: &wire::Agreement) -> Result<Option<AgreementId>, Flaw> {
    let previous = AgreementId::parse_optional(&document.previous);
    let fits = document.version > 0 && previous.is_ok_and(|id| id.is_some() == (document.version > 1));
    demand(
        fits,
        || Place::Top("version"),
        "AGR-4",
        || {
            "version 1 has no previous version, and every later version names the one before; correct version or previous"
            .into()
        },
    )?;
    Ok(previous.unwrap_or_default())
}

/// [AGR-75]
fn read_gives_up(document: &wire::Agreement) -> Result<BTreeSet<AgreementId>, Flaw> {
    let given: Option<Vec<AgreementId>> =
        document.gives_up.iter().map(|id| AgreementId::parse_optional(id).ok().flatten()).collect();
    let fits = |given: &Vec<AgreementId>| {
        given.len() <= MOST_GIVEN_UP
            && given.is_sorted_by(|one, other| one < other)
            && given.iter().all(|id| id.as_bytes()[..] != document.previous[..])
            && (document.version > 1 || given.is_empty())
    };
    let given = given.filter(fits).ok_or_else(|| Flaw {
        place: Place::Top("gives_up"),
        requirement: "AGR-75",
        sentence: format!(
            "gives_up names up to {MOST_GIVEN_UP} other versions after the one that this one follows, each once; correct it, or leave it out"
        ),
    })?;
    Ok(given.into_iter().collect())
}

fn read_grain(document: &wire::Agreement) -> Result<Grain, Flaw> {
    match (document.grain, document.demonstration) {
        (60, _) => Ok(Grain::Minute),
        (1, true) => Ok(Grain::Second),
        _ => Err(Flaw {
            place: Place::Top("grain"),
            requirement: "AGR-5",
            sentence: "grain must be 60, or 1 in a demonstration; correct it, or set demonstration = true".into(),
        }),
    }
}
