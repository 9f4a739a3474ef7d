//! From a decoded document to an agreement: every bound, every reference.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Agreement, Article, Auditor, DecisionRule, EscalationStep, Flaw, Party, Place, Profile, Retention, Rule, Timer,
    WitnessRule, flaw::demand, name_of,
};
use crate::{
    catalogue::{Cell, Label},
    id::{AgreementId, OrgId},
    legal_basis::Basis,
    time::{Grain, Seconds, Span},
    wire::{self, LegalBasis},
};

/// Bounds of lists and texts. [AGR-3]
const MOST: usize = 256;
const LONGEST_TITLE: usize = 200;
const LONGEST_WORD: usize = 40;
const LONGEST_SPAN: u64 = 200 * 366 * 86_400;

/// Reads a document, or says the first thing that is wrong with it.
pub(super) fn read(id: AgreementId, document: wire::Agreement) -> Result<Agreement, Flaw> {
    let agreement = Agreement {
        id,
        previous: read_previous(&document)?,
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
    let threshold = usize::try_from(agreement.threshold).unwrap_or(usize::MAX);
    demand(
        threshold > parties / 2 && threshold <= parties,
        || Place::Top("amendment"),
        "AGR-16",
        || format!("amendment.threshold must be more than half of the {parties} parties, and at most all of them"),
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

/// [AGR-6] At least two; each with a name; sorted, and each once.
fn read_parties(parties: &[wire::Party]) -> Result<BTreeMap<OrgId, Party>, Flaw> {
    demand(
        (2..=MOST).contains(&parties.len()),
        || Place::Document,
        "AGR-6",
        || format!("an agreement has 2 to {MOST} parties; add or remove some"),
    )?;
    ascending(parties, |party| party.organisation.clone(), || Place::Document, "AGR-6", "party")?;
    let read = parties.iter().map(|party| {
        let organisation = organisation(&party.organisation, "AGR-6")?;
        let place = || Place::Party(organisation);
        demand(is_line(&party.name, LONGEST_TITLE), place, "AGR-6", || {
            "a party needs a name of one line; give it one".into()
        })?;
        demand(words(&party.roles), place, "AGR-6", || WORDS.into())?;
        let services = codes(&party.services, place, "AGR-6")?;
        let (name, roles) = (party.name.clone(), party.roles.iter().cloned().collect());
        Ok((organisation, Party { organisation, name, roles, services }))
    });
    let read: BTreeMap<OrgId, Party> = read.collect::<Result<_, Flaw>>()?;
    let names: BTreeSet<&String> = read.values().map(|party| &party.name).collect();
    demand(
        names.len() == read.len(),
        || Place::Document,
        "AGR-6",
        || "two parties have one name; people must be able to tell them apart".into(),
    )?;
    Ok(read)
}

/// [AGR-7] Names once; labels of the catalogue, each in one stage.
fn read_profiles(profiles: &[wire::Profile]) -> Result<BTreeMap<String, Profile>, Flaw> {
    demand(profiles.len() <= MOST, || Place::Document, "AGR-3", || format!("at most {MOST} profiles"))?;
    ascending(profiles, |profile| profile.name.clone(), || Place::Document, "AGR-7", "profile")?;
    profiles.iter().map(|profile| Ok((profile.name.clone(), read_profile(profile)?))).collect()
}

fn read_profile(profile: &wire::Profile) -> Result<Profile, Flaw> {
    let place = || Place::Profile(profile.name.clone());
    demand(is_word(&profile.name), place, "AGR-7", || WORDS.into())?;
    let read = |list: &[String]| labels(&profile.name, list);
    let read = Profile {
        name: profile.name.clone(),
        enquiry: read(&profile.enquiry)?,
        need: read(&profile.need)?,
        identity: read(&profile.identity)?,
        ticked: read(&profile.ticked)?,
        reply: read(&profile.reply)?,
    };
    let at = |label: Label| Place::Label(profile.name.clone(), label.name().into());
    let staged = || read.enquiry.iter().chain(&read.need).chain(&read.identity).copied();
    let mut seen = BTreeSet::new();
    for label in staged() {
        demand(
            seen.insert(label),
            || at(label),
            "AGR-7",
            || format!("{label} stands in two stages; leave it in the later one only"),
        )?;
    }
    for label in &read.ticked {
        demand(
            read.need.contains(label) || read.identity.contains(label),
            || at(*label),
            "AGR-8",
            || format!("{label} is ticked but stands neither under need nor under identity; add it there"),
        )?;
    }
    for label in &read.reply {
        demand(
            label.is_reply(),
            || at(*label),
            "AGR-9",
            || format!("{label} is not a label of replies in the catalogue; remove it from reply"),
        )?;
    }
    Ok(read)
}

fn labels(profile: &str, list: &[String]) -> Result<BTreeSet<Label>, Flaw> {
    ascending(list, String::clone, || Place::Profile(profile.into()), "AGR-7", "label")?;
    let read = list.iter().map(|name| {
        Label::parse(name).map_err(|_| Flaw {
            place: Place::Label(profile.into(), name.clone()),
            requirement: "AGR-7",
            sentence: format!("{name:?} is not in the catalogue; what has no label must not travel"),
        })
    });
    read.collect()
}

/// [AGR-10] Numbers once, codes known.
fn read_rules(rules: &[wire::Rule]) -> Result<BTreeMap<u32, Rule>, Flaw> {
    demand(
        (1..=MOST).contains(&rules.len()),
        || Place::Document,
        "AGR-10",
        || format!("an agreement has 1 to {MOST} rules; without a rule nobody may ask anything"),
    )?;
    ascending(rules, |rule| rule.number, || Place::Document, "AGR-10", "rule number")?;
    let read = rules.iter().map(|rule| {
        let place = || Place::Rule(rule.number);
        demand(rule.number > 0, place, "AGR-10", || "rules are numbered from 1".into())?;
        let (act, receiver) = (code(rule.act(), place, "AGR-10")?, code(rule.receiver(), place, "AGR-10")?);
        let bases = codes(&rule.bases, place, "AGR-10")?;
        let (sender, profile) = (rule.sender.clone(), rule.profile.clone());
        Ok((
            rule.number,
            Rule { number: rule.number, act, sender, receiver, profile, bases, collapsed: rule.collapsed },
        ))
    });
    read.collect()
}

/// [AGR-11] [AGR-12] [AGR-13] What a rule names exists, and stays under the catalogue and the law of the bases.
fn check_rule(agreement: &Agreement, rule: &Rule) -> Result<(), Flaw> {
    let place = || Place::Rule(rule.number);
    demand(agreement.parties().any(|party| party.roles.contains(&rule.sender)), place, "AGR-11", || {
        format!("no party has the role {:?}; give it to one, or correct the rule's sender", rule.sender)
    })?;
    demand(agreement.parties().any(|party| party.services.contains(&rule.receiver)), place, "AGR-11", || {
        format!("no party gives the service {}; add it to one, or correct the rule's receiver", name_of(rule.receiver))
    })?;
    let Some(profile) = agreement.profile(rule) else {
        let sentence = format!("there is no profile {:?}; add it, or correct the rule's profile", rule.profile);
        return Err(Flaw { place: place(), requirement: "AGR-11", sentence });
    };
    rule.bases.iter().try_for_each(|basis| check_basis(agreement, rule, *basis))?;
    let collapses = rule.bases.iter().filter_map(|basis| Basis::of(*basis)).any(|basis| basis.collapses(rule.receiver));
    demand(!rule.collapsed || collapses, place, "AGR-13", || {
        let service = name_of(rule.receiver);
        format!(
            "no basis of this rule lets a first message to {service} say who she is; remove collapsed, or add a basis that does"
        )
    })?;
    check_profile(rule, profile)
}

/// [AGR-12] [AGR-14] A basis serves the act; what it cites or what limits it is there.
fn check_basis(agreement: &Agreement, rule: &Rule, code: LegalBasis) -> Result<(), Flaw> {
    let place = || Place::Rule(rule.number);
    let (name, act) = (name_of(code), name_of(rule.act));
    let basis = Basis::of(code).filter(|basis| !basis.nonpersonal);
    demand(basis.is_some(), place, "AGR-12", || {
        format!("{name} is for stage 0, which every rule of a referral has; remove it from bases")
    })?;
    demand(basis.is_some_and(|basis| basis.serves(rule.act)), place, "AGR-12", || {
        format!("{name} cannot carry a {act}; remove it from bases, or change the rule's act")
    })?;
    demand(!basis.is_some_and(|basis| basis.article) || !agreement.articles.is_empty(), place, "AGR-14", || {
        format!("{name} needs an article to name, and the agreement lists none; add an article")
    })
}

/// [AGR-13] The catalogue is the ceiling: an agreement may only narrow it.
fn check_profile(rule: &Rule, profile: &Profile) -> Result<(), Flaw> {
    let stages = [(&profile.enquiry, 0), (&profile.need, 1), (&profile.identity, 2)];
    for (labels, stage) in stages {
        for label in labels {
            let ticked = profile.ticked.contains(label);
            demand(
                fits(label.cell(rule.receiver), stage, ticked),
                || Place::Label(profile.name.clone(), label.name().into()),
                "AGR-13",
                || ceiling(*label, rule),
            )?;
        }
    }
    Ok(())
}

fn fits(cell: Cell, stage: u32, ticked: bool) -> bool {
    match cell {
        Cell::Never => false,
        Cell::Enquiry => true,
        Cell::Need => stage >= 1,
        Cell::Identity | Cell::Law | Cell::Life => stage == 2,
        Cell::Ticked => stage == 2 && ticked,
    }
}

fn ceiling(label: Label, rule: &Rule) -> String {
    let (service, number) = (name_of(rule.receiver), rule.number);
    match label.cell(rule.receiver) {
        Cell::Never => format!("{label} must never go to {service} (rule {number}); remove it"),
        Cell::Enquiry | Cell::Need => {
            format!("{label} may go to {service} with the need at the earliest (rule {number}); move it to need")
        }
        Cell::Ticked => format!(
            "{label} may go to {service} only with the identity and her tick (rule {number}); put it under identity and under ticked"
        ),
        Cell::Identity | Cell::Law | Cell::Life => {
            format!(
                "{label} may go to {service} with the identity at the earliest (rule {number}); move it to identity"
            )
        }
    }
}

/// [AGR-10] No two rules say the same.
fn check_rules_differ(agreement: &Agreement) -> Result<(), Flaw> {
    let mut seen = BTreeSet::new();
    agreement.rules().try_for_each(|rule| {
        let fresh = seen.insert((rule.act, &rule.sender, rule.receiver));
        demand(
            fresh,
            || Place::Rule(rule.number),
            "AGR-10",
            || {
                "another rule has the same act, sender and receiver; join them, so that it is clear which one holds"
                    .into()
            },
        )
    })
}

/// [AGR-14] Numbered, cited.
fn read_articles(articles: &[wire::Article]) -> Result<BTreeMap<u32, Article>, Flaw> {
    demand(articles.len() <= MOST, || Place::Document, "AGR-3", || format!("at most {MOST} articles"))?;
    ascending(articles, |article| article.number, || Place::Document, "AGR-14", "article number")?;
    let read = articles.iter().map(|article| {
        let (number, unverified) = (article.number, article.unverified);
        let fits = number > 0 && is_line(&article.citation, LONGEST_TITLE);
        demand(
            fits,
            || Place::Article(number),
            "AGR-14",
            || "an article has a number from 1 and a citation of one line; correct it".into(),
        )?;
        Ok((number, Article { number, citation: article.citation.clone(), unverified }))
    });
    read.collect()
}

/// [AGR-15] One span for a step of an act.
fn read_timers(timers: &[wire::Timer]) -> Result<Vec<Timer>, Flaw> {
    ascending(timers, |timer| (timer.act, timer.kind), || Place::Document, "AGR-15", "timer")?;
    let read = timers.iter().enumerate().map(|(at, timer)| {
        let place = || Place::Timer(at);
        let (act, kind) = (code(timer.act(), place, "AGR-15")?, code(timer.kind(), place, "AGR-15")?);
        Ok(Timer { act, kind, span: span(timer.seconds, place, "AGR-15")? })
    });
    read.collect()
}

/// [AGR-17] Somebody may make each decision.
fn read_decisions(decisions: &[wire::DecisionRule]) -> Result<Vec<DecisionRule>, Flaw> {
    ascending(decisions, |decision| decision.r#type, || Place::Document, "AGR-17", "decision")?;
    let read = decisions.iter().enumerate().map(|(at, decision)| {
        let place = || Place::Decision(at);
        let issuers = codes(&decision.issuers, place, "AGR-17")?;
        demand(!issuers.is_empty(), place, "AGR-17", || "a decision needs at least one issuer; name one".into())?;
        Ok(DecisionRule { kind: code(decision.r#type(), place, "AGR-17")?, issuers })
    });
    read.collect()
}

/// [AGR-15] In order, each later than the one before.
fn read_escalation(steps: &[wire::EscalationStep]) -> Result<Vec<EscalationStep>, Flaw> {
    demand(steps.len() <= MOST, || Place::Document, "AGR-3", || format!("at most {MOST} steps of escalation"))?;
    ascending(steps, |step| step.after, || Place::Document, "AGR-15", "escalation step")?;
    let read = steps.iter().enumerate().map(|(at, step)| {
        let place = || Place::Escalation(at);
        let service_type = code(step.service_type(), place, "AGR-15")?;
        Ok(EscalationStep { service_type, after: span(step.after, place, "AGR-15")? })
    });
    read.collect()
}

/// [AGR-18] Evidence outlives values.
fn read_retention(retention: Option<wire::Retention>) -> Result<Retention, Flaw> {
    let place = || Place::Top("retention");
    let retention = retention.unwrap_or_default();
    let values = span(retention.values, place, "AGR-18")?;
    let evidence = span(retention.evidence, place, "AGR-18")?;
    demand(evidence >= values, place, "AGR-18", || {
        "evidence must be kept at least as long as values; without it an erasure cannot be shown".into()
    })?;
    Ok(Retention { values, evidence })
}

/// [AGR-19] A number that can be reached.
fn read_witnesses(rule: Option<wire::WitnessRule>) -> Result<WitnessRule, Flaw> {
    let rule = rule.unwrap_or_default();
    let place = || Place::Top("witnesses");
    demand(rule.number <= 16 && (rule.number > 0 || !rule.independent), place, "AGR-19", || {
        "at most 16 witnesses, and independent only if there is at least one; correct witnesses".into()
    })?;
    Ok(WitnessRule { number: rule.number, independent: rule.independent })
}

/// [AGR-19] Named, each once.
fn read_auditors(auditors: &[wire::Auditor]) -> Result<BTreeMap<OrgId, Auditor>, Flaw> {
    demand(auditors.len() <= MOST, || Place::Document, "AGR-3", || format!("at most {MOST} auditors"))?;
    ascending(auditors, |auditor| auditor.organisation.clone(), || Place::Document, "AGR-19", "auditor")?;
    let read = auditors.iter().map(|auditor| {
        let organisation = organisation(&auditor.organisation, "AGR-19")?;
        demand(
            is_line(&auditor.name, LONGEST_TITLE),
            || Place::Auditor(organisation),
            "AGR-19",
            || "an auditor needs a name of one line; give it one".into(),
        )?;
        Ok((organisation, Auditor { organisation, name: auditor.name.clone(), labels: auditor.labels }))
    });
    read.collect()
}

/// [AGR-19] Nobody audits itself.
fn check_auditors(agreement: &Agreement) -> Result<(), Flaw> {
    agreement.auditors().try_for_each(|auditor| {
        let place = || Place::Auditor(auditor.organisation);
        demand(agreement.party(&auditor.organisation).is_none(), place, "AGR-19", || {
            format!("{} is a party and cannot audit itself; name another body", auditor.name)
        })
    })
}

const WORDS: &str =
    "names of roles and profiles are words of 1 to 40 small letters, digits and _, each once; correct them";

fn words(list: &[String]) -> bool {
    list.len() <= MOST && list.iter().all(|word| is_word(word)) && list.is_sorted_by(|a, b| a < b)
}

fn is_word(word: &str) -> bool {
    let plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (1..=LONGEST_WORD).contains(&word.len()) && plain
}

/// One line that shows all it holds.
fn is_line(text: &str, longest: usize) -> bool {
    crate::catalogue::is_line(text, longest)
}

fn organisation(bytes: &[u8], requirement: &'static str) -> Result<OrgId, Flaw> {
    OrgId::parse(bytes).map_err(|_| Flaw {
        place: Place::Document,
        requirement,
        sentence: "an organisation is named by its OrgId of 32 bytes; correct it".into(),
    })
}

fn time(seconds: u64, field: &'static str) -> Result<Seconds, Flaw> {
    Seconds::new(seconds).ok_or_else(|| Flaw {
        place: Place::Top(field),
        requirement: "AGR-4",
        sentence: format!("{field} must be a time from 1970 to 9999; give one"),
    })
}

fn span(seconds: u64, place: impl FnOnce() -> Place, requirement: &'static str) -> Result<Span, Flaw> {
    demand((1..=LONGEST_SPAN).contains(&seconds), place, requirement, || {
        "a span of time must be longer than nothing and at most 200 years; correct it".into()
    })?;
    Ok(Span(seconds))
}

fn code<C: Default + PartialEq>(code: C, place: impl FnOnce() -> Place, requirement: &'static str) -> Result<C, Flaw> {
    demand(code != C::default(), place, requirement, || {
        "a code is missing or unknown to this version; correct it".into()
    })?;
    Ok(code)
}

/// Codes that are known and ascending.
fn codes<C>(list: &[i32], place: impl Fn() -> Place, requirement: &'static str) -> Result<BTreeSet<C>, Flaw>
where
    C: Default + Ord + TryFrom<i32>,
{
    ascending(list, |code| *code, &place, requirement, "code")?;
    list.iter().map(|number| code(C::try_from(*number).unwrap_or_default(), &place, requirement)).collect()
}

/// [AGR-3] Every list is ascending, and so holds nothing twice.
fn ascending<T, K: PartialOrd>(
    list: &[T],
    key: impl Fn(&T) -> K,
    place: impl FnOnce() -> Place,
    requirement: &'static str,
    noun: &str,
) -> Result<(), Flaw> {
    demand(list.is_sorted_by(|a, b| key(a) < key(b)), place, requirement, || {
        format!("a {noun} stands twice, or out of order; leave each once")
    })
}
